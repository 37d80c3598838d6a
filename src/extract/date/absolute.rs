//! Finds calendar dates: `2023年2月27日`, `民國112年2月27日`, `27 Feb 2023`, `(02-27)`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::time::{TimeOfDay, read_after_date, read_time};
use super::words::month;
use super::{Hit, Moment, Order};

static YEAR_MONTH_DAY: LazyLock<Regex> = static_regex!(
    r"((?:19|20)\d{2})\s*(?:年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?|-\s?(\d{1,2})\s?-\s?(\d{1,2})|/\s?(\d{1,2})\s?/\s?(\d{1,2})|\.\s?(\d{1,2})\s?\.\s?(\d{1,2}))"
);
/// A year of an era: 民国 in Taiwan, 令和 and its forerunners in Japan.
static ERA: LazyLock<Regex> = static_regex!(
    r"(民国|令和|平成|昭和)\s*(\d{1,3})\s*(?:年|[/.-])\s*(?:(\d{1,2})\s*(?:月|[/.-])\s*(?:(\d{1,2})\s*[日号]?)?)?"
);
static SHORT_YEAR: LazyLock<Regex> = static_regex!(r"(\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?");
static DAY_THEN_MONTH: LazyLock<Regex> =
    static_regex!(r"^(\d{1,2})\s*日?\s+((?:19|20)\d{2})\s*[-/.年]\s*(\d{1,2})\s*月?$");
static COMPACT: LazyLock<Regex> =
    static_regex!(r"^((?:19|20)\d{2})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?$");
static DAY_MONTH_NAME_YEAR: LazyLock<Regex> = static_regex!(
    r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?[\s-]+(?:of\s+|de\s+)?(\p{L}[\p{L}\p{M}]{2,14})\.?,?[\s-]+(?:de\s+)?((?:19|20)\d{2})"
);
static MONTH_NAME_DAY_YEAR: LazyLock<Regex> =
    static_regex!(r"(\p{L}[\p{L}\p{M}]{2,14})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\s*,?\s+((?:19|20)\d{2})");
static UNIX: LazyLock<Regex> =
    static_regex!(r"(\p{L}{3})\s+(\d{1,2})\s+(\d{1,2}:\d{2}:\d{2})\s+(?:[A-Z]{3,4}\s+)?((?:19|20)\d{2})");
static DAY_MONTH_YEAR: LazyLock<Regex> =
    static_regex!(r"(\d{1,2})(?:\.\s?(\d{1,2})\.\s?|/(\d{1,2})/|-(\d{1,2})-)((?:19|20)\d{2})");
static DAY_MONTH_SHORT_YEAR: LazyLock<Regex> = static_regex!(r"(\d{1,2})\.(\d{1,2})\.(\d{2})\b");
/// Vietnamese: ngày 3 tháng 5 năm 2024.
static DAY_MONTH_YEAR_NAMED: LazyLock<Regex> =
    static_regex!(r"(\d{1,2})\s+tháng\s+(\d{1,2})(?:,|\s+năm)?\s+((?:19|20)\d{2})");
/// Hungarian: 2024. május 3.
static YEAR_MONTH_NAME_DAY: LazyLock<Regex> =
    static_regex!(r"((?:19|20)\d{2})\.?,?\s+(\p{L}[\p{L}\p{M}]{2,14})\.?\s+(\d{1,2})\b\.?");
static YEAR_MONTH: LazyLock<Regex> = static_regex!(r"((?:19|20)\d{2})\s*年\s*(\d{1,2})\s*月(?:份)?");
static YEAR_MONTH_ALONE: LazyLock<Regex> = static_regex!(r"^((?:19|20)\d{2})[-/.](\d{1,2})$");
static MONTH_NAME_YEAR: LazyLock<Regex> =
    static_regex!(r"^(\p{L}[\p{L}\p{M}]{2,14})\.?,?\s+((?:19|20)\d{2})$");
static YEAR_ALONE: LazyLock<Regex> = static_regex!(r"^(?:公元)?((?:19|20)\d{2})\s*年$");
static MONTH_DAY: LazyLock<Regex> =
    static_regex!(r"(今年|去年|前年)?\s*(\d{1,2})月\s*(?:(\d{1,2})\s*[日号]?)?");
static MONTH_DAY_NUMERIC: LazyLock<Regex> = static_regex!(r"(\()?\b(\d{1,2})[-/](\d{1,2})\b(\))?");

/// All calendar dates of a normalised text, none inside another.
pub(super) fn find(text: &str, order: Order) -> Vec<Hit> {
    let has_year = text.contains("19") || text.contains("20");
    let with_year = if has_year { text } else { "" };
    let mut finder = Finder { text, with_year, order, hits: Vec::new() };
    finder.years_first();
    finder.named_months();
    finder.months();
    finder.without_a_year();
    finder.hits
}

struct Finder<'a> {
    text: &'a str,
    /// The text if a year may stand in it, else nothing: most lines need no search for one.
    with_year: &'a str,
    order: Order,
    hits: Vec<Hit>,
}

impl Finder<'_> {
    fn years_first(&mut self) {
        for found in YEAR_MONTH_DAY.captures_iter(self.with_year) {
            let dotted = found.get(8).is_some();
            if self.touches_digits(&found, dotted) {
                continue;
            }
            let part = |index: [usize; 4]| {
                index.iter().find_map(|i| found.get(*i)).and_then(|m| m.as_str().parse().ok())
            };
            self.dated(&found, number(&found, 1), part([2, 4, 6, 8]), part([3, 5, 7, 9]));
        }
        for found in ERA.captures_iter(self.text) {
            let before_first = match &found[1] {
                "民国" => 1911,
                "令和" => 2018,
                "平成" => 1988,
                _ => 1925,
            };
            let year = number::<i16>(&found, 2).map(|year| year + before_first);
            self.dated(&found, year, number(&found, 3), number(&found, 4));
        }
        for found in SHORT_YEAR.captures_iter(self.text) {
            let before = self.text[..whole(&found).start].chars().next_back();
            if !before.is_some_and(|c| c.is_ascii_digit()) {
                let year =
                    number::<i16>(&found, 1).map(|year| if year < 70 { 2000 + year } else { 1900 + year });
                self.dated(&found, year, number(&found, 2), number(&found, 3));
            }
        }
        if let Some(found) = DAY_THEN_MONTH.captures(self.with_year) {
            self.dated(&found, number(&found, 2), number(&found, 3), number(&found, 1));
        }
        if let Some(found) = COMPACT.captures(self.with_year) {
            let clock = |i: usize| found.get(i).map(|m| m.as_str());
            let seconds = clock(6).map_or(String::new(), |s| format!(":{s}"));
            let time = clock(4).zip(clock(5)).map(|(h, m)| format!("{h}:{m}{seconds}"));
            let time = time.and_then(|time| read_time(&time, None)).map(|(time, _)| time);
            self.push(whole(&found), calendar(number(&found, 1), number(&found, 2), number(&found, 3), time));
        }
    }

    fn named_months(&mut self) {
        for found in UNIX.captures_iter(self.with_year) {
            let Some(month) = month(&found[1]) else { continue };
            let time = read_time(&found[3], None).map(|(time, _)| time);
            self.push(whole(&found), calendar(number(&found, 4), Some(month), number(&found, 2), time));
        }
        for found in DAY_MONTH_NAME_YEAR.captures_iter(self.with_year) {
            if let Some(month) = month(&found[2]) {
                self.dated(&found, number(&found, 3), Some(month), number(&found, 1));
            }
        }
        for found in DAY_MONTH_YEAR_NAMED.captures_iter(self.with_year) {
            self.dated(&found, number(&found, 3), number(&found, 2), number(&found, 1));
        }
        for found in YEAR_MONTH_NAME_DAY.captures_iter(self.with_year) {
            if let Some(month) = month(&found[2]) {
                self.dated(&found, number(&found, 1), Some(month), number(&found, 3));
            }
        }
        for found in MONTH_NAME_DAY_YEAR.captures_iter(self.with_year) {
            if let Some(month) = month(&found[1]) {
                self.dated(&found, number(&found, 3), Some(month), number(&found, 2));
            }
        }
    }

    fn months(&mut self) {
        for found in DAY_MONTH_YEAR.captures_iter(self.with_year) {
            if self.touches_digits(&found, found.get(2).is_some()) {
                continue;
            }
            let second = [2, 3, 4].iter().find_map(|i| number::<i8>(&found, *i));
            let (Some(first), Some(second)) = (number::<i8>(&found, 1), second) else { continue };
            // 03/04/2023 is March or April: only a number above 12, or German points, decide.
            let (day, month) = match found.get(2) {
                Some(_) => (first, second),
                None if first > 12 => (first, second),
                None if second > 12 || first == second => (second, first),
                None => match self.order {
                    Order::DayFirst => (first, second),
                    Order::MonthFirst => (second, first),
                    Order::Unknown => continue,
                },
            };
            self.dated(&found, number(&found, 5), Some(month), Some(day));
        }
        for found in DAY_MONTH_SHORT_YEAR.captures_iter(self.text) {
            let before = self.text[..whole(&found).start].trim_end().chars().next_back();
            if self.order != Order::DayFirst
                || self.touches_digits(&found, true)
                || before.is_some_and(char::is_alphabetic)
            {
                continue;
            }
            let year = number::<i16>(&found, 3).map(|year| 2000 + year);
            self.dated(&found, year, number(&found, 2), number(&found, 1));
        }
        for found in YEAR_MONTH.captures_iter(self.with_year).chain(YEAR_MONTH_ALONE.captures(self.with_year))
        {
            let range = whole(&found);
            if !self.text[range.end..].starts_with(|c: char| c.is_ascii_digit()) {
                self.push(range, calendar(number(&found, 1), number(&found, 2), None, None));
            }
        }
        if let Some(found) = MONTH_NAME_YEAR.captures(self.with_year)
            && let Some(month) = month(&found[1])
        {
            self.push(whole(&found), calendar(number(&found, 2), Some(month), None, None));
        }
        if let Some(found) = YEAR_ALONE.captures(self.with_year) {
            self.push(whole(&found), calendar(number(&found, 1), None, None, None));
        }
    }

    fn without_a_year(&mut self) {
        for found in MONTH_DAY.captures_iter(self.text) {
            let years = found.get(1).map(|m| match m.as_str() {
                "今年" => 0,
                "去年" => 1,
                _ => 2,
            });
            let Some(month) = number::<i8>(&found, 2) else { continue };
            let range = whole(&found);
            // The year that stands before it was not understood: no other is invented.
            if years.is_none() && self.text[..range.start].trim_end().ends_with('年') {
                continue;
            }
            let (time, end) = self.time_behind(range.end);
            match (years, number::<i8>(&found, 3)) {
                (None, None) => {}
                (Some(years), None) => {
                    self.push(range, Moment::YearsBack { years, month: Some(month), day: None, time: None });
                }
                (_, Some(day)) if !exists_in_some_year(month, day) => self.push(range, Moment::Impossible),
                // 今年2月27日 is the latest such day that has passed.
                (None | Some(0), Some(day)) => {
                    self.push(range.start..end, Moment::MonthDay { month, day, time });
                }
                (Some(years), Some(day)) => {
                    let moment = Moment::YearsBack { years, month: Some(month), day: Some(day), time };
                    self.push(range.start..end, moment);
                }
            }
        }
        for found in MONTH_DAY_NUMERIC.captures_iter(self.text) {
            let (Some(month), Some(day)) = (number::<i8>(&found, 2), number::<i8>(&found, 3)) else {
                continue;
            };
            let range = whole(&found);
            let in_brackets = found.get(1).is_some() && found.get(4).is_some();
            let (time, end) = self.time_behind(range.end);
            let alone = self.text[..range.start].trim().is_empty() && self.text[end..].trim().is_empty();
            let opens_with_time = self.text[..range.start].trim().is_empty() && time.is_some();
            if !(in_brackets || alone || opens_with_time) || self.touches_digits(&found, false) {
                continue;
            }
            let possible = exists_in_some_year(month, day);
            self.push(
                range.start..end,
                if possible { Moment::MonthDay { month, day, time } } else { Moment::Impossible },
            );
        }
    }

    /// A date with the time that follows it.
    fn dated(&mut self, found: &Captures<'_>, year: Option<i16>, month: Option<i8>, day: Option<i8>) {
        let range = whole(found);
        let (time, end) = self.time_behind(range.end);
        self.push(range.start..end, calendar(year, month, day, time));
    }

    fn time_behind(&self, end: usize) -> (Option<TimeOfDay>, usize) {
        match read_after_date(&self.text[end..]) {
            Some((time, length)) => (Some(time), end + length),
            None => (None, end),
        }
    }

    fn push(&mut self, range: Range<usize>, moment: Moment) {
        if !self.hits.iter().any(|hit| hit.range.start < range.end && range.start < hit.range.end) {
            self.hits.push(Hit { range, moment });
        }
    }

    /// Part of a longer number, an address or a phone number.
    fn touches_digits(&self, found: &Captures<'_>, dotted: bool) -> bool {
        let range = whole(found);
        let before = self.text[..range.start].chars().next_back();
        let mut after = self.text[range.end..].chars();
        let next = after.next();
        let joins = |c: char| c.is_ascii_digit() || (dotted && c == '.');
        let ends_in_digit = self.text[..range.end].ends_with(|c: char| c.is_ascii_digit());
        let is_version = |c: char| dotted && c.is_ascii_alphabetic();
        before.is_some_and(|c| joins(c) || is_version(c) || c == '-' || c == '/' && !dotted)
            || (ends_in_digit && next.is_some_and(|c| c.is_ascii_digit()))
            || (next.is_some_and(|c| matches!(c, '.' | '-' | '/'))
                && after.next().is_some_and(|c| c.is_ascii_digit()))
    }
}

fn whole(found: &Captures<'_>) -> Range<usize> {
    found.get(0).map_or(0..0, |m| m.range())
}

fn number<T: std::str::FromStr>(found: &Captures<'_>, index: usize) -> Option<T> {
    found.get(index).and_then(|m| m.as_str().parse().ok())
}

fn calendar(year: Option<i16>, month: Option<i8>, day: Option<i8>, time: Option<TimeOfDay>) -> Moment {
    let Some(year) = year else { return Moment::Impossible };
    let exists = match (month, day) {
        (Some(month), Some(day)) => jiff::civil::Date::new(year, month, day).is_ok(),
        (Some(month), None) => (1..=12).contains(&month),
        (None, _) => true,
    };
    if exists { Moment::Calendar { year, month, day, time } } else { Moment::Impossible }
}

fn exists_in_some_year(month: i8, day: i8) -> bool {
    jiff::civil::Date::new(2024, month, day).is_ok()
}
