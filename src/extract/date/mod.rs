//! Dates as pages print them: a pure function of the text and the moment it was read.
//!
//! Nothing is invented: what a text does not say is not in the answer, an age that was rounded
//! makes an approximate date, an impossible day makes none.

mod absolute;
mod normal;
mod relative;
mod resolve;
mod time;
mod words;

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::article::{Precision, Published};
use resolve::resolve;
use time::TimeOfDay;
pub(super) use words::Label;

/// Texts longer than this many characters are not read to their end: a date line is short.
const MAX_CHARS: usize = 400;

/// What a text without a year or without an offset is read against.
#[derive(Debug, Clone)]
pub struct Context {
    /// The moment the text was read: ages count back from it.
    pub reference: Timestamp,
    /// The site's time zone, when known.
    pub zone: Option<TimeZone>,
    /// The zone whose day `yesterday` counts back from when the site's is not known: where the
    /// page's language is at home. No date is printed in it.
    pub home: Option<TimeZone>,
    /// What `03/04/2023` and `31.10.23` mean.
    pub order: Order,
}

/// In which order a text writes day and month in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Not known: what could be read in two ways is not read.
    #[default]
    Unknown,
    /// 3/4/2023 is the third of April, and a year may have two digits.
    DayFirst,
    /// 3/4/2023 is the fourth of March.
    MonthFirst,
}

impl Order {
    /// What is usual in a language, given as BCP 47 such as `de` or `en-US`.
    pub fn of_language(language: &str) -> Self {
        let language = language.to_ascii_lowercase().replace('_', "-");
        let day_first = [
            "de", "fr", "es", "it", "pt", "nl", "ru", "uk", "pl", "cs", "sk", "ro", "tr", "ar", "id", "vi",
            "el", "da", "nb", "no", "fi", "bg", "hr", "sr", "sl", "he", "th", "ca", "gl",
        ];
        match language.as_str() {
            "en-us" => Self::MonthFirst,
            "en-gb" | "en-au" | "en-nz" | "en-ie" | "en-in" | "en-za" => Self::DayFirst,
            other if day_first.contains(&other.split('-').next().unwrap_or_default()) => Self::DayFirst,
            _ => Self::Unknown,
        }
    }
}

/// Where a language is at home, as far as that is one time zone without summer time.
pub fn home_of_language(language: &str) -> Option<TimeZone> {
    let hours = match language.to_ascii_lowercase().split(['-', '_']).next()? {
        "zh" => 8,
        "ja" | "ko" => 9,
        "th" | "vi" => 7,
        _ => return None,
    };
    Some(TimeZone::fixed(jiff::tz::offset(hours)))
}

/// The dates that a text names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dates {
    /// When it was published; the date of the last edit when there is no other.
    pub published: Option<Published>,
    /// When it was last edited.
    pub modified: Option<Published>,
}

/// A piece of the text that names a moment.
#[derive(Debug, Clone)]
struct Hit {
    range: Range<usize>,
    moment: Moment,
}

/// What the piece says, before it is resolved against the context.
#[derive(Debug, Clone, PartialEq)]
enum Moment {
    /// A calendar date, as far as it was given.
    Calendar { year: i16, month: Option<i8>, day: Option<i8>, time: Option<TimeOfDay> },
    /// A day of a year that is not said.
    MonthDay { month: i8, day: i8, time: Option<TimeOfDay> },
    /// An age: so many units before the reference.
    Ago { count: f64, unit: Precision },
    /// A named day: 0 is today, 1 yesterday.
    DaysBack { days: i64, time: Option<TimeOfDay> },
    /// 上个月: so many months before the reference's month.
    MonthsBack(i32),
    /// 去年, 去年2月 or 去年2月27日: a year counted back, perhaps with a month and a day.
    YearsBack { years: i16, month: Option<i8>, day: Option<i8>, time: Option<TimeOfDay> },
    /// 上周五: a day of the week before, counted from Monday as 0.
    LastWeek { weekday: i64, time: Option<TimeOfDay> },
    /// 上周: so many weeks before the reference.
    WeeksBack(i64),
    /// 刚刚.
    Now,
    /// It looks like a date and cannot be one (February 30).
    Impossible,
}

/// Why a text gave no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoDate {
    /// No date stands in the text.
    Absent,
    /// What looks like a date cannot be one.
    Impossible,
    /// The date lies after the reference.
    Future,
}

impl NoDate {
    /// The reason in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "no date in the text",
            Self::Impossible => "no such day",
            Self::Future => "the date lies in the future",
        }
    }
}

/// A date of a text, with what the text says of it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) label: Label,
    pub(super) date: Published,
    /// The text says the year: it is no age, and no day of whichever year was the latest.
    pub(super) has_year: bool,
}

impl Named {
    /// Whether the text names a certain day.
    pub(super) fn is_day(&self) -> bool {
        self.has_year && !self.date.approximate && self.date.precision >= Precision::Day
    }
}

/// Reads the dates of a short text such as an article's information line.
pub fn read(text: &str, context: &Context) -> Result<Dates, NoDate> {
    choose(&each(text, context)?).ok_or(NoDate::Absent)
}

/// Every date of a short text, in order; never empty.
pub(super) fn each(text: &str, context: &Context) -> Result<Vec<Named>, NoDate> {
    let short: String = text.chars().take(MAX_CHARS).collect();
    let text = normal::normalise(&short);
    let mut hits = absolute::find(&text, context.order);
    relative::find(&text, &mut hits);
    hits.sort_by_key(|hit| hit.range.start);

    let ages: Vec<Moment> = hits
        .iter()
        .filter(|hit| matches!(hit.moment, Moment::Ago { .. }))
        .map(|hit| hit.moment.clone())
        .collect();
    let has_calendar =
        hits.iter().any(|hit| matches!(hit.moment, Moment::Calendar { .. } | Moment::MonthDay { .. }));
    let mut failure = NoDate::Absent;
    let mut read: Vec<Named> = Vec::new();
    let mut previous_end = 0;
    for hit in &hits {
        let label = words::label(&text[previous_end..hit.range.start]);
        previous_end = hit.range.end;
        // "3个月前 (12-01)": the age only tells the year.
        if label == Label::Other || has_calendar && matches!(hit.moment, Moment::Ago { .. } | Moment::Now) {
            continue;
        }
        let has_year = matches!(hit.moment, Moment::Calendar { .. });
        match resolve(&hit.moment, ages.first(), context) {
            Ok(date) => read.push(Named { label, date, has_year }),
            Err(reason) => failure = reason,
        }
    }
    if read.is_empty() { Err(failure) } else { Ok(read) }
}

fn choose(read: &[Named]) -> Option<Dates> {
    let labelled =
        |wanted: Label| read.iter().find(|named| named.label == wanted).map(|named| named.date.clone());
    let modified = labelled(Label::Modified);
    let places = [Label::Published, Label::Date, Label::None];
    let published = places.into_iter().find_map(labelled).or_else(|| modified.clone())?;
    Some(Dates { modified: modified.filter(|date| *date != published), published: Some(published) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-03-10 08:00 in Shanghai.
    fn read_at_shanghai(text: &str) -> Option<Published> {
        let context = Context {
            reference: "2025-03-10T08:00:00+08:00".parse().unwrap(),
            zone: Some(TimeZone::get("Asia/Shanghai").unwrap()),
            home: None,
            order: Order::Unknown,
        };
        read(text, &context).ok().and_then(|dates| dates.published)
    }

    #[test]
    fn the_seed_theme_s_shapes_are_read() {
        for (text, value, precision, approximate) in [
            ("2年前 (2023-02-27)", "2023-02-27", "day", false),
            ("3个月前 (12-01)", "2024-12-01", "day", false),
            ("12个月前 (03-20)", "2024-03-20", "day", false),
            ("2周前 (02-22)", "2025-02-22", "day", false),
            ("1周前 (03-01)", "2025-03-01", "day", false),
            ("3天前", "2025-03-07", "day", true),
            ("5小时前", "2025-03-10T03:00+08:00", "hour", true),
            ("20分钟前", "2025-03-10T07:40+08:00", "minute", true),
            ("30秒前", "2025-03-10T07:59+08:00", "minute", true),
            ("刚刚", "2025-03-10T08:00+08:00", "minute", true),
            ("2023-02-27", "2023-02-27", "day", false),
            ("2023-02-27 15:05", "2023-02-27T15:05+08:00", "minute", false),
            ("2023-02-27 15:05:09", "2023-02-27T15:05:09+08:00", "second", false),
            ("2023年02月27日", "2023-02-27", "day", false),
            ("2023年02月27日 15:05", "2023-02-27T15:05+08:00", "minute", false),
            ("2023年02月27日 15:05:09", "2023-02-27T15:05:09+08:00", "second", false),
            ("2年前", "2023", "year", true),
            ("去年2月27日 15:05", "2024-02-27T15:05+08:00", "minute", false),
            ("23年2月27日", "2023-02-27", "day", false),
            ("民國一百一十二年二月二十七日", "2023-02-27", "day", false),
            ("民國112/02/27", "2023-02-27", "day", false),
            ("令和5年2月27日", "2023-02-27", "day", false),
            ("1.5小时前", "2025-03-10T06:30+08:00", "minute", true),
            ("10000天前", "1997-10-23", "day", true),
            ("上周五 10:30", "2025-03-07T10:30+08:00", "minute", false),
            ("202302271505", "2023-02-27T15:05+08:00", "minute", false),
        ] {
            let published = read_at_shanghai(text).unwrap_or_else(|| panic!("{text}: no date"));
            assert_eq!(
                (published.value.as_str(), published.precision.as_str(), published.approximate),
                (value, precision, approximate),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_is_invented() {
        for text in [
            "新闻中心",
            "873",
            "阅读(2023)",
            "2023-02-30",
            "13月45日",
            "沪ICP备2023012345号-1",
            "192.168.20.23",
            "2023-2024学年",
            "400-820-2023",
            "09:30",
            "2031-01-01",
            "第2023期",
            "v2023.2.27",
            "第三年2月27日",
            "10000年前",
            "999999999999999999999天前",
            "2020年前",
        ] {
            assert_eq!(read_at_shanghai(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_in_the_order_of_the_language() {
        let read_in = |language: &str, text: &str| {
            let order = Order::of_language(language);
            let context =
                Context { reference: "2025-03-10T00:00:00Z".parse().unwrap(), zone: None, home: None, order };
            read(text, &context).ok().and_then(|dates| dates.published).map(|published| published.value)
        };
        assert_eq!(read_in("fr", "03/04/2023").as_deref(), Some("2023-04-03"));
        assert_eq!(read_in("en-US", "03/04/2023").as_deref(), Some("2023-03-04"));
        assert_eq!(read_in("en", "03/04/2023"), None);
        assert_eq!(read_in("de", "31.10.23").as_deref(), Some("2023-10-31"));
        assert_eq!(read_in("de", "Version 1.10.23"), None);
        assert_eq!(read_in("zh", "31.10.23"), None);
    }

    #[test]
    fn published_and_modified_are_kept_apart() {
        let context = Context {
            reference: "2025-03-10T00:00:00Z".parse().unwrap(),
            zone: None,
            home: None,
            order: Order::Unknown,
        };
        let dates = read("更新时间：2024-03-01 09:00 发布时间：2024-02-27 15:05", &context).unwrap();
        assert_eq!(dates.published.unwrap().value, "2024-02-27T15:05");
        assert_eq!(dates.modified.unwrap().value, "2024-03-01T09:00");
    }

    #[test]
    fn a_date_without_a_known_zone_spans_all_zones() {
        let context = Context {
            reference: "2025-03-10T00:00:00Z".parse().unwrap(),
            zone: None,
            home: None,
            order: Order::Unknown,
        };
        let published = read("2024-02-27", &context).unwrap().published.unwrap();
        assert_eq!(published.from.to_string(), "2024-02-26T10:00:00Z");
        assert_eq!(published.to.to_string(), "2024-02-28T11:59:59Z");
    }
}
