//! Archives by dates: `/2023/02/`, `/2023/02/27/`, `?m=202302`, `/date-2023-2.html`. They are lists, and
//! a calendar has links for ever: none before the web or in the future is asked for.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use regex::Regex;

use crate::url::CanonicalUrl;

/// Nothing was published on the web before.
const FIRST_YEAR: i16 = 1990;

/// The forms of paths and queries: a year alone only where nothing else could be meant.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = [
        r"^(?:/index\.php)?(?:/(?:archives?|date))?/(?<y>\d{4})/?$",
        r"^(?:/[a-z][\w.-]*){0,3}/(?<y>\d{4})[/-](?<m>\d{1,2})(?:[/-](?<d>\d{1,2}))?/?$",
        r"^(?:/index\.php)?/date-(?<y>\d{4})-(?<m>\d{1,2})(?:-(?<d>\d{1,2}))?(?:\.html|/)?$",
        r"^(?:/index\.php|/)?\?m=(?<y>\d{4})(?:(?<m>\d{2})(?<d>\d{2})?)?$",
        r"^[^?]*\?date=(?<y>\d{4})-(?<m>\d{1,2})(?:-(?<d>\d{1,2}))?$",
        r"^[^?]*\?year=(?<y>\d{4})(?:&month(?:num)?=(?<m>\d{1,2})(?:&day=(?<d>\d{1,2}))?)?$",
    ];
    // A name may stand once in a pattern.
    let numbered = forms.iter().enumerate().map(|(n, form)| {
        form.replace("?<y>", &format!("?<y{n}>"))
            .replace("?<m>", &format!("?<m{n}>"))
            .replace("?<d>", &format!("?<d{n}>"))
    });
    Regex::new(&numbered.collect::<Vec<_>>().join("|")).ok()
});

/// A year, a month or a day that an archive page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    first: Date,
}

impl Period {
    /// The period of an archive page, by its URL.
    pub fn of(url: &CanonicalUrl) -> Option<Self> {
        let text = url.path_and_query();
        // Most URLs have no year, and need no closer look.
        let digits = |part: &str| part.bytes().take_while(u8::is_ascii_digit).count();
        if !text.split(['/', '=', '-']).any(|part| matches!(digits(part), 4 | 6 | 8)) {
            return None;
        }
        let found = FORMS.as_ref()?.captures(text)?;
        let number = |name: char| {
            (0..6)
                .find_map(|n| found.name(&format!("{name}{n}")).map(|part| part.as_str().parse::<i16>().ok()))
        };
        let (year, month, day) = (number('y')??, number('m'), number('d'));
        let part = |part: Option<Option<i16>>| match part {
            None => Some(1),
            Some(number) => number.and_then(|number| i8::try_from(number).ok()),
        };
        let first = Date::new(year, part(month)?, part(day)?).ok()?;
        Some(Self { first })
    }

    /// Whether articles may have been published in it, as seen from `now`; a day may begin earlier
    /// elsewhere.
    pub fn has_been(self, now: Timestamp) -> bool {
        let begins = self.first.to_zoned(jiff::tz::TimeZone::UTC);
        begins.is_ok_and(|at| {
            at.year() >= FIRST_YEAR && at.timestamp() <= now + jiff::SignedDuration::from_hours(14)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(path: &str) -> Option<Period> {
        Period::of(&CanonicalUrl::parse(&format!("http://e.com{path}"), None).unwrap())
    }

    #[test]
    fn archives_are_told_from_articles() {
        for (path, first) in [
            ("/2023/", "2023-01-01"),
            ("/archives/2023", "2023-01-01"),
            ("/2023/02/", "2023-02-01"),
            ("/2023/02/27/", "2023-02-27"),
            ("/archives/2023/02", "2023-02-01"),
            ("/index.php/2023/02/", "2023-02-01"),
            ("/news/2023-02/", "2023-02-01"),
            ("/?m=202302", "2023-02-01"),
            ("/?m=20230227", "2023-02-27"),
            ("/?year=2023&monthnum=2", "2023-02-01"),
            ("/index.php?date=2023-2", "2023-02-01"),
            ("/date-2023-2.html", "2023-02-01"),
        ] {
            assert_eq!(period(path).map(|period| period.first), first.parse().ok(), "{path}");
        }
        for path in [
            "/post/2023",
            "/2023/02/a-title/",
            "/post/17328.html",
            "/12345/02/",
            "/",
            "/2023/02/27/1.html",
            "/?id=2023",
            "/news/2023/1234",
            "/news/2023/45",
            "/2023/02/30/",
        ] {
            assert_eq!(period(path), None, "{path}");
        }
    }

    #[test]
    fn neither_the_future_nor_what_was_before_the_web_is_asked_for() {
        let now = "2024-05-18T09:00:00Z".parse().unwrap();
        for (path, want) in [
            ("/2024/05/", true),
            ("/2024/05/18/", true),
            ("/2024/06/", false),
            ("/2025/", false),
            ("/1990/01/", true),
            ("/1989/12/", false),
        ] {
            assert_eq!(period(path).unwrap().has_been(now), want, "{path}");
        }
    }
}
