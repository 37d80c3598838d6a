//! The time of day behind a date: `下午3:05`, `15时05分09秒`, `T15:05:09+08:00`, `晚8点半`.

use std::sync::LazyLock;

use jiff::civil::Time;
use regex::Regex;

use super::words::{DayPart, day_part};
use crate::article::Precision;

/// A time of day as far as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    pub(super) at: Time,
    pub(super) precision: Precision,
    /// Seconds east of UTC.
    pub(super) offset: Option<i32>,
}

/// What may stand between a date and its time: white space, a weekday, a `T`.
static GAP: LazyLock<Regex> = static_regex!(
    r"(?i)^\.?[\s,，]*(?:T|at\b|um\b|à\b|-\s)?\s*(?:\(?(?:星期|周|礼拜)[一二三四五六日天]\)?|\(?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?\)?)?[\s,，|]*"
);

static TIME: LazyLock<Regex> = static_regex!(
    r"(?x)^(?:(?<part>凌晨|清晨|早上|早晨|上午|中午|午间|下午|傍晚|晚上|晚间|夜间|深夜|夜里|早|晚|晨|夜|[AaPp]\.?[Mm]\.?)\s*)?
    (?<hour>\d{1,2})\s*
    (?: (?:[:h]|[点时])\s* (?: (?<minute>\d{1,2})\s*分? (?: :(?<second>\d{2}) (?:[.,]\d{1,9})? | \s*(?<second_han>\d{1,2})\s*秒 )? | (?<half>半) | (?<quarter>[13一三])刻 )? (?:钟|整)? )
    \s*(?<part_after>[AaPp]\.?[Mm]\b\.?)?
    \s*(?<zone>Z\b|UTC|GMT|[+-]\d{2}:?\d{2}\b)?"
);

/// Reads the time that `rest` (the text behind a date) starts with; the second value is how many
/// bytes it takes.
pub(super) fn read_after_date(rest: &str) -> Option<(TimeOfDay, usize)> {
    let gap = GAP.find(rest).map_or(0, |found| found.end());
    let (time, length) = read_time(&rest[gap..], None)?;
    Some((time, gap + length))
}

/// Reads a time at the start of `text`; `part` is a half of the day named before it.
pub(super) fn read_time(text: &str, part: Option<DayPart>) -> Option<(TimeOfDay, usize)> {
    let found = TIME.captures(text)?;
    let number = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<i8>().ok());
    let part =
        ["part", "part_after"].iter().find_map(|n| found.name(n)).and_then(|m| day_part(m.as_str())).or(part);
    let hour = hour_of_day(number("hour")?, part)?;
    let minute = number("minute")
        .or_else(|| found.name("half").map(|_| 30))
        .or_else(|| found.name("quarter").map(|m| if "1一".contains(m.as_str()) { 15 } else { 45 }));
    let second = number("second").or_else(|| number("second_han"));
    let precision = match (minute, second) {
        (_, Some(_)) => Precision::Second,
        (Some(_), None) => Precision::Minute,
        // 晚8点 names a moment, 15时 an hour of the clock; both are as good as the hour.
        (None, None) if found[0].contains(':') => return None,
        (None, None) => Precision::Hour,
    };
    let at = Time::new(hour, minute.unwrap_or(0), second.unwrap_or(0), 0).ok()?;
    let offset = found.name("zone").and_then(|m| offset(m.as_str()));
    Some((TimeOfDay { at, precision, offset }, found[0].trim_end().len()))
}

fn hour_of_day(hour: i8, part: Option<DayPart>) -> Option<i8> {
    let hour = match part {
        Some(DayPart::Morning) if hour == 12 => 0,
        Some(DayPart::Noon) if hour < 4 => hour + 12,
        Some(DayPart::Evening) if hour < 12 => hour + 12,
        _ => hour,
    };
    (0..24).contains(&hour).then_some(hour)
}

/// `Z`, `UTC` and `+0800` in seconds; CST is left out, since it names three zones.
fn offset(zone: &str) -> Option<i32> {
    if !zone.starts_with(['+', '-']) {
        return Some(0);
    }
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..4)?.parse::<i32>().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    // No clock on Earth is further from UTC.
    if seconds > 14 * 3600 || minutes > 59 {
        return None;
    }
    Some(if zone.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_world_are_read() {
        for (text, want, precision) in [
            (" 15:05", "15:05:00", Precision::Minute),
            ("下午3:05", "15:05:00", Precision::Minute),
            (" 下午12:10", "12:10:00", Precision::Minute),
            ("凌晨12:10", "00:10:00", Precision::Minute),
            ("晚8点半", "20:30:00", Precision::Minute),
            (" 星期一 15:05:09", "15:05:09", Precision::Second),
            ("15时05分09秒", "15:05:09", Precision::Second),
            ("T15:05:09.000+08:00", "15:05:09", Precision::Second),
            (" 3:05 PM", "15:05:00", Precision::Minute),
            (" 15时", "15:00:00", Precision::Hour),
        ] {
            let (time, _) = read_after_date(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((time.at.to_string().as_str(), time.precision), (want, precision), "{text}");
        }
        assert_eq!(read_after_date(" 15:05 +0800").unwrap().0.offset, Some(28_800));
        assert!(read_after_date(" 25:05").is_none());
        assert!(read_after_date(" 2023").is_none());
    }
}
