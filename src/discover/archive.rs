//! Archives by dates: `/2023/02/`, `/2023/02/27/`, `?m=202302`, `/date-2023-2.html`. They are lists, and
//! a calendar has links for ever: none before the web or in the future is asked for. Numbers of articles
//! have the same forms (`/archives/2023`, `/news/2023/5`), so the page has the last word.

use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use regex::Regex;

use crate::url::CanonicalUrl;

/// Nothing was published on the web before.
const FIRST_YEAR: i16 = 1990;
/// What is smaller is a number and no year.
const FIRST_CENTURY: i16 = 1900;

/// What a path names before a year when it can mean nothing else.
const CALENDARS: [&str; 5] = ["", "index.php", "archive", "archives", "date"];
/// What the title of an archive says besides its period.
const WORDS: [&str; 34] = [
    "archives",
    "archive",
    "monthly",
    "yearly",
    "daily",
    "annual",
    "posts",
    "post",
    "year",
    "month",
    "day",
    "from",
    "for",
    "in",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "may",
    "归档",
    "歸檔",
    "存档",
    "档案",
    "文章",
    "年",
    "月",
    "日",
];

/// The forms of paths and queries, those first that may be numbers of articles too.
static FORMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = [
        r"^(?:/index\.php)?(?:/(?:archives?|date))?/(?<y>\d{4})/?$",
        r"^(?<s>(?:/[a-z][\w.-]*){0,3})/(?<y>\d{4})[/-](?<m>\d{1,2})(?:[/-](?<d>\d{1,2}))?/?$",
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
    /// The first day after it.
    next: Date,
    is_sure: bool,
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
        let (form, year) = (0..6).find_map(|n| Some((n, found.name(&format!("y{n}"))?)))?;
        let part = |name: char| found.name(&format!("{name}{form}")).map(|part| part.as_str());
        let (month, day) = (part('m'), part('d'));
        let number = |part: Option<&str>| part.map_or(Some(1), |part| part.parse::<i8>().ok());
        let first = Date::new(year.as_str().parse().ok()?, number(month)?, number(day)?).ok()?;
        let section = found.name("s").and_then(|section| section.as_str().rsplit('/').next());
        let is_sure = match form {
            0 => false,
            1 => {
                let is_calendar = section.is_none_or(|name| CALENDARS.contains(&name));
                is_calendar || day.is_some() || month.is_some_and(|month| month.starts_with('0'))
            }
            _ => true,
        };
        let length = match (month, day) {
            (None, _) => 1.year(),
            (_, None) => 1.month(),
            _ => 1.day(),
        };
        let next = first.checked_add(length).ok()?;
        Some(Self { first, next, is_sure: is_sure && first.year() >= FIRST_CENTURY })
    }

    /// Whether its URL is hardly that of an article: `/2023/02/` is not, `/archives/2023` may be.
    pub fn is_sure(self) -> bool {
        self.is_sure
    }

    /// Whether a page's title names the period and little else, as that of an archive does:
    /// `Monthly Archives: May 2024 | Site`.
    pub fn is_named_by(self, title: &str) -> bool {
        let year = self.first.year().to_string();
        let says_year = |part: &str| part.split(|c: char| !c.is_ascii_digit()).any(|number| number == year);
        let says_no_more = |part: &str| {
            let rest = WORDS.iter().fold(part.to_lowercase(), |rest, word| rest.replace(word, ""));
            !rest.contains(char::is_alphabetic)
        };
        title
            .split(['|', '_', '–', '—', '·', '»', '›'])
            .flat_map(|part| part.split(" - "))
            .any(|part| says_year(part) && says_no_more(part))
    }

    /// Whether nothing can be published in it any more; a day may end later elsewhere.
    pub fn is_over(self, now: Timestamp) -> bool {
        let ends = self.next.to_zoned(jiff::tz::TimeZone::UTC);
        ends.is_ok_and(|at| at.timestamp() + jiff::SignedDuration::from_hours(12) <= now)
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
    fn what_may_be_the_number_of_an_article_is_not_sure() {
        for (path, want) in [
            ("/2023/", false),
            ("/archives/2023", false),
            ("/archives/1226", false),
            ("/news/2023/5", false),
            ("/news/2023/11/", false),
            ("/news/1234/05", false),
            ("/2023/02/", true),
            ("/2023/11/", true),
            ("/archives/2023/11", true),
            ("/index.php/2023/12/", true),
            ("/news/2023/02/", true),
            ("/news/2023/5/18", true),
            ("/?m=202302", true),
            ("/date-2023-2.html", true),
        ] {
            assert_eq!(period(path).unwrap().is_sure(), want, "{path}");
        }
    }

    #[test]
    fn the_title_of_an_archive_says_its_period_and_no_more() {
        for (title, want) in [
            ("2024年5月", true),
            ("2024年5月归档_园区网", true),
            ("Monthly Archives: May 2024 | Park", true),
            ("2024 - Park", true),
            ("Day: May 18, 2024 – Park", true),
            ("2024年5月工作总结", false),
            ("2024-05-18 园区日报", false),
            ("招生简章 - 园区网", false),
            ("12024年", false),
        ] {
            assert_eq!(period("/2024/05/").unwrap().is_named_by(title), want, "{title}");
        }
    }

    #[test]
    fn a_period_is_over_when_it_has_ended_everywhere() {
        for (path, last) in [
            ("/2024/", "2025-01-01T12:00:00Z"),
            ("/2024/02/", "2024-03-01T12:00:00Z"),
            ("/2024/02/29/", "2024-03-01T12:00:00Z"),
        ] {
            let (period, last): (Period, Timestamp) = (period(path).unwrap(), last.parse().unwrap());
            assert!(period.is_over(last), "{path}");
            assert!(!period.is_over(last - jiff::SignedDuration::from_secs(1)), "{path}");
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
