//! Reading undoes printing: the theme's formatter prints an age for thousands of pairs of moments, and
//! what is read from it must hold the moment that it was printed for.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use jianbao::article::Precision;
use jianbao::demo::printed_age;
use jianbao::extract::date::{Context, Order, read};

/// What a page shows: the formatter's output without its markup.
fn shown(html: &str) -> String {
    html.replace("<span class=\"datetime\">", "").replace("</span>", "")
}

#[test]
fn the_limits_of_a_date_hold_the_moment_it_was_printed_for() {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let (mut pairs, mut exact, mut days, mut right_days) = (0, 0, 0, 0);
    for start in 0..60 {
        let published: Timestamp = "2021-01-03T04:05:06Z".parse().unwrap();
        let published = published + SignedDuration::from_hours(start * 173 + start);
        // Every age from seconds to three years, closer together where the theme prints finer.
        let mut minutes = 0_i64;
        while minutes < 3 * 366 * 1440 {
            let before = SignedDuration::from_mins(minutes) + SignedDuration::from_secs(start % 60);
            let text = shown(&printed_age(published, before));
            let context = Context {
                reference: published + before,
                zone: Some(zone.clone()),
                home: None,
                order: Order::Unknown,
            };
            let date = read(&text, &context).unwrap().published.unwrap();
            assert!(date.from <= published && published <= date.to, "{text} at +{minutes} min: {date:?}");
            pairs += 1;
            let day = published.to_zoned(zone.clone()).date().to_string();
            if !date.approximate {
                exact += 1;
                assert_eq!((date.precision, date.value.as_str()), (Precision::Day, day.as_str()), "{text}");
            } else if date.precision == Precision::Day {
                days += 1;
                right_days += usize::from(date.value == day);
            }
            minutes += (minutes / 40).max(1);
        }
    }
    assert!(pairs > 20_000 && exact > 8_000, "{pairs} {exact}");
    // "N days ago" is rounded: the day may be one off, and so it is marked.
    assert!(days > 500 && right_days * 10 > days * 6, "{right_days} of {days}");
}
