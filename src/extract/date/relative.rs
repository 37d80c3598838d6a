//! Finds ages and named days: `3天前`, `昨天 12:30`, `2 hours ago`, `刚刚`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};

use super::time::{TimeOfDay, read_after_date, read_time};
use super::words::DayPart;
use super::{Hit, Moment};
use crate::article::Precision;

/// A part of whatever the patterns below find: most lines have none of them.
static NEEDED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = ["前", "刚", "今", "昨", "去", "上", "本", "这", "ago", "now", "today", "yesterday", "last "];
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
});

static AGO: LazyLock<Regex> = static_regex!(
    r"(\d+(?:\.\d+)?|半)\s*个?\s*(?:多|来)?\s*(秒钟|秒|分钟|分|刻钟|小时|钟头|天|日|周|星期|礼拜|月|年)(?:多)?\s*(?:之|以)?前"
);
static AGO_ENGLISH: LazyLock<Regex> = static_regex!(
    r"(?i)\b(\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten)\s*(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w|months?|mos?|years?|yrs?|y)\.?\s+ago\b"
);
static NOW: LazyLock<Regex> = static_regex!(r"(?i)刚刚|刚才|片刻前|几秒前|\bjust now\b|\bmoments? ago\b");
static DAY: LazyLock<Regex> = static_regex!(
    r"(?i)(大前天|今天|今日|今|昨天|昨日|昨|前天|前日)(晨|早|晚|夜)?|\b(today|yesterday)\b,?(?:\s+at\b)?"
);
static LAST_WEEKDAY: LazyLock<Regex> = static_regex!(r"上个?(?:周|星期|礼拜)([一二三四五六日天])");
static NAMED: LazyLock<Regex> = static_regex!(
    r"(今年|去年|前年)|(本月|这个月|上个月|上月)|(本周|这周|上周|上星期|上个星期)|(?i)\b(last (?:week|month|year))\b"
);

/// In years: "2020年前" means before 2020, and no post is older than this.
const OLDEST_AGE: f64 = 100.0;

/// Adds ages and named days to `hits`, outside of what was found already.
pub(super) fn find(text: &str, hits: &mut Vec<Hit>) {
    if NEEDED.as_ref().is_some_and(|needed| !needed.is_match(text)) {
        return;
    }
    let mut add = |start: usize, end: usize, moment: Moment| {
        if !hits.iter().any(|hit| hit.range.start < end && start < hit.range.end) {
            hits.push(Hit { range: start..end, moment });
        }
    };
    for found in AGO.captures_iter(text).chain(AGO_ENGLISH.captures_iter(text)) {
        if let (Some(whole), Some(moment)) = (found.get(0), age(&found)) {
            add(whole.start(), whole.end(), moment);
        }
    }
    for found in NOW.find_iter(text) {
        add(found.start(), found.end(), Moment::Now);
    }
    for found in DAY.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        if let Some((moment, length)) = named_day(&found, &text[whole.end()..]) {
            add(whole.start(), whole.end() + length, moment);
        }
    }
    for found in LAST_WEEKDAY.captures_iter(text) {
        let (Some(whole), Some(day)) = (found.get(0), "一二三四五六日".find(&found[1].replace('天', "日")))
        else {
            continue;
        };
        // Han characters take three bytes each.
        let weekday = i64::try_from(day / 3).unwrap_or(0);
        let time = read_after_date(&text[whole.end()..]);
        let (time, length) = time.map_or((None, 0), |(time, length)| (Some(time), length));
        add(whole.start(), whole.end() + length, Moment::LastWeek { weekday, time });
    }
    for found in NAMED.captures_iter(text) {
        let (Some(whole), Some(moment)) = (found.get(0), named(&found)) else { continue };
        add(whole.start(), whole.end(), moment);
    }
}

fn age(found: &Captures<'_>) -> Option<Moment> {
    let count = match found[1].to_lowercase().as_str() {
        "半" => 0.5,
        "a" | "an" => 1.0,
        word => match ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
            .iter()
            .position(|name| *name == word)
        {
            Some(number) => f64::from(u8::try_from(number).ok()?),
            None => word.parse().ok()?,
        },
    };
    let unit = found[2].to_lowercase();
    let (unit, factor) = match unit.as_str() {
        "刻钟" => (Precision::Minute, 15.0),
        _ if unit.starts_with('秒') || unit.starts_with('s') => (Precision::Second, 1.0),
        "mo" | "mos" | "月" | "month" | "months" => (Precision::Month, 1.0),
        _ if unit.starts_with('分') || unit.starts_with('m') => (Precision::Minute, 1.0),
        "小时" | "钟头" => (Precision::Hour, 1.0),
        _ if unit.starts_with('h') => (Precision::Hour, 1.0),
        "天" | "日" => (Precision::Day, 1.0),
        _ if unit.starts_with('d') => (Precision::Day, 1.0),
        "年" => (Precision::Year, 1.0),
        _ if unit.starts_with('y') => (Precision::Year, 1.0),
        _ => (Precision::Week, 1.0),
    };
    let (count, unit) = whole(count * factor, unit);
    (count * years(unit) <= OLDEST_AGE).then_some(Moment::Ago { count, unit })
}

/// A fraction in the next smaller unit: half a year is six months, 1.5 hours are 90 minutes.
fn whole(count: f64, unit: Precision) -> (f64, Precision) {
    if count.fract() == 0.0 {
        return (count, unit);
    }
    let (parts, smaller) = match unit {
        Precision::Year => (12.0, Precision::Month),
        Precision::Month => (30.0, Precision::Day),
        Precision::Week => (7.0, Precision::Day),
        Precision::Day => (24.0, Precision::Hour),
        Precision::Hour => (60.0, Precision::Minute),
        Precision::Minute | Precision::Second => (60.0, Precision::Second),
    };
    ((count * parts).round(), smaller)
}

/// The length of a unit in years, roughly.
fn years(unit: Precision) -> f64 {
    let days = match unit {
        Precision::Year => 365.0,
        Precision::Month => 30.0,
        Precision::Week => 7.0,
        Precision::Day => 1.0,
        Precision::Hour => 1.0 / 24.0,
        Precision::Minute => 1.0 / 1440.0,
        Precision::Second => 1.0 / 86_400.0,
    };
    days / 365.0
}

fn named_day(found: &Captures<'_>, rest: &str) -> Option<(Moment, usize)> {
    let word = found.get(1).or_else(|| found.get(3))?.as_str().to_lowercase();
    let part = found.get(2).map(|m| match m.as_str() {
        "晚" | "夜" => DayPart::Evening,
        _ => DayPart::Morning,
    });
    let days = match word.as_str() {
        "今天" | "今日" | "today" => 0,
        // 今 and 昨 alone are parts of other words.
        "今" if part.is_some() => 0,
        "昨天" | "昨日" | "yesterday" => 1,
        "昨" if part.is_some() => 1,
        "前天" | "前日" => 2,
        "大前天" => 3,
        _ => return None,
    };
    let gap = rest.len() - rest.trim_start_matches([' ', ',', '，', '的']).len();
    let (time, length): (Option<TimeOfDay>, usize) = match read_time(&rest[gap..], part) {
        Some((time, length)) => (Some(time), gap + length),
        None => (None, 0),
    };
    Some((Moment::DaysBack { days, time }, length))
}

fn named(found: &Captures<'_>) -> Option<Moment> {
    Some(match found[0].to_lowercase().as_str() {
        "今年" => Moment::YearsBack { years: 0, month: None, day: None, time: None },
        "去年" | "last year" => Moment::YearsBack { years: 1, month: None, day: None, time: None },
        "前年" => Moment::YearsBack { years: 2, month: None, day: None, time: None },
        "本月" | "这个月" => Moment::MonthsBack(0),
        "上个月" | "上月" | "last month" => Moment::MonthsBack(1),
        "本周" | "这周" => Moment::WeeksBack(0),
        "上周" | "上星期" | "上个星期" | "last week" => Moment::WeeksBack(1),
        _ => return None,
    })
}
