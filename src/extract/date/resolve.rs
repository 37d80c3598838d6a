//! Turns what a text says into a moment with its limits.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp, ToSpan, Zoned};
use std::fmt::Write as _;

use super::time::TimeOfDay;
use super::{Context, Moment, NoDate};
use crate::article::{Precision, Published};

/// The widest offsets in use: a local time without a zone lies between these.
const EASTERNMOST: SignedDuration = SignedDuration::from_hours(14);
const WESTERNMOST: SignedDuration = SignedDuration::from_hours(12);

/// Clocks differ, and a post may be dated in another zone's tomorrow.
const FUTURE_SLACK: SignedDuration = SignedDuration::from_hours(26);

/// Resolves one moment; `age` is an age printed beside it ("3个月前 (12-01)").
pub(super) fn resolve(moment: &Moment, age: Option<&Moment>, context: &Context) -> Result<Published, NoDate> {
    let zone = context.zone.clone().or_else(|| context.home.clone()).unwrap_or(TimeZone::UTC);
    let now = context.reference.to_zoned(zone);
    let published = match moment {
        Moment::Calendar { year, month, day, time } => on_calendar(*year, *month, *day, *time, context),
        Moment::MonthDay { month, day, time } => {
            let year = year_of(*month, *day, &now, age);
            year.and_then(|year| on_calendar(year, Some(*month), Some(*day), *time, context))
        }
        Moment::Ago { count, unit } => ago(*count, *unit, &now, context),
        Moment::Now => ago(0.0, Precision::Minute, &now, context),
        Moment::DaysBack { days, time } => now.date().checked_sub(days.days()).ok().and_then(|date| {
            let precise = time.map(|t| TimeOfDay { precision: t.precision.max(Precision::Minute), ..t });
            on_calendar(date.year(), Some(date.month()), Some(date.day()), precise, context)
        }),
        Moment::LastWeek { weekday, time } => {
            let today = i64::from(now.date().weekday().to_monday_zero_offset());
            let date = now.date().checked_sub((today + 7 - weekday).days()).ok();
            date.and_then(|date| {
                on_calendar(date.year(), Some(date.month()), Some(date.day()), *time, context)
            })
        }
        Moment::MonthsBack(months) => now
            .date()
            .checked_sub(months.months())
            .ok()
            .and_then(|date| on_calendar(date.year(), Some(date.month()), None, None, context)),
        Moment::YearsBack { years, month, day, time } => {
            on_calendar(now.year() - years, *month, *day, *time, context)
        }
        Moment::WeeksBack(weeks) => {
            let mut week = now.date().checked_sub(weeks.weeks()).ok().and_then(|date| {
                on_calendar(date.year(), Some(date.month()), Some(date.day()), None, context)
            });
            if let Some(week) = &mut week {
                week.precision = Precision::Week;
                week.approximate = true;
                week.from = week.from.saturating_sub(6.days_in_hours()).unwrap_or(week.from);
                week.to = week.to.saturating_add(6.days_in_hours()).unwrap_or(week.to);
            }
            week
        }
        Moment::Impossible => return Err(NoDate::Impossible),
    };
    let published = published.ok_or(NoDate::Impossible)?;
    if published.from > context.reference + FUTURE_SLACK {
        return Err(NoDate::Future);
    }
    Ok(published)
}

/// Days as hours, since a timestamp knows no calendar.
trait DaysInHours {
    fn days_in_hours(self) -> Span;
}

impl DaysInHours for i64 {
    fn days_in_hours(self) -> Span {
        (self * 24).hours()
    }
}

fn on_calendar(
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    time: Option<TimeOfDay>,
    context: &Context,
) -> Option<Published> {
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let (precision, start, span) = match (month, day, time) {
        (None, ..) => (Precision::Year, first.to_datetime(Time::midnight()), 1.year()),
        (Some(_), None, _) => (Precision::Month, first.to_datetime(Time::midnight()), 1.month()),
        (Some(_), Some(_), None) => (Precision::Day, first.to_datetime(Time::midnight()), 1.day()),
        (Some(_), Some(_), Some(time)) => {
            let span = match time.precision {
                Precision::Second => 1.second(),
                Precision::Minute => 1.minute(),
                _ => 1.hour(),
            };
            (time.precision, first.to_datetime(time.at), span)
        }
    };
    let end = start.checked_add(span).ok()?;
    between(start, end, precision, time.and_then(|time| time.offset), context)
}

/// A local interval as a [`Published`]: `end` is excluded.
fn between(
    start: DateTime,
    end: DateTime,
    precision: Precision,
    offset: Option<i32>,
    context: &Context,
) -> Option<Published> {
    let printed = match offset {
        Some(seconds) => Some(TimeZone::fixed(Offset::from_seconds(seconds).ok()?)),
        None => context.zone.clone(),
    };
    let last = SignedDuration::from_secs(1);
    let Some(printed) = printed else {
        let utc = |local: DateTime| TimeZone::UTC.to_timestamp(local).ok();
        return Some(Published {
            value: write(start, None, precision),
            precision,
            approximate: false,
            from: utc(start)? - EASTERNMOST,
            to: utc(end)? + WESTERNMOST - last,
        });
    };
    let from = printed.to_timestamp(start).ok()?;
    let to = printed.to_timestamp(end).ok()? - last;
    // What carries its own offset is shown in the site's time, when that is known.
    let shown =
        from.to_zoned(if offset.is_some() { context.zone.clone().unwrap_or(printed) } else { printed });
    let value = if precision < Precision::Hour {
        write(start, None, precision)
    } else {
        write(shown.datetime(), Some(shown.offset()), precision)
    };
    Some(Published { value, precision, approximate: false, from, to })
}

fn write(at: DateTime, offset: Option<Offset>, precision: Precision) -> String {
    let format = match precision {
        Precision::Year => "%Y",
        Precision::Month => "%Y-%m",
        Precision::Week | Precision::Day => "%Y-%m-%d",
        Precision::Hour | Precision::Minute => "%Y-%m-%dT%H:%M",
        Precision::Second => "%Y-%m-%dT%H:%M:%S",
    };
    let mut value = at.strftime(format).to_string();
    if let Some(offset) = offset {
        let minutes = offset.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let _ = write!(value, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    }
    value
}

/// The year of a day printed without one: by the age beside it, else the latest that has passed.
fn year_of(month: i8, day: i8, now: &Zoned, age: Option<&Moment>) -> Option<i16> {
    let candidates =
        || (now.year() - 8..=now.year()).rev().filter_map(|year| Date::new(year, month, day).ok());
    let target = match age {
        Some(Moment::Ago { count, unit }) => before(now, *count, *unit).map(|at| at.date()),
        _ => None,
    };
    match target {
        Some(target) => candidates()
            .filter(|date| *date <= now.date())
            .min_by_key(|date| date.since(target).map_or(i32::MAX, |span| span.get_days().abs()))
            .map(Date::year),
        None => candidates().find(|date| *date <= now.date()).map(Date::year),
    }
}

/// The moment so many units before `now`.
fn before(now: &Zoned, count: f64, unit: Precision) -> Option<Zoned> {
    #[expect(clippy::cast_possible_truncation, reason = "ages have at most four digits")]
    let whole = count as i64;
    let span = match unit {
        Precision::Year => whole.years(),
        Precision::Month => whole.months(),
        Precision::Week => whole.weeks(),
        Precision::Day => whole.days(),
        Precision::Hour => whole.hours(),
        Precision::Minute => whole.minutes(),
        Precision::Second => whole.seconds(),
    };
    now.checked_sub(span).ok()
}

/// An age. Some sites round it (2.5 days are 3), others cut it (2.9 days are 2): the limits cover both.
fn ago(count: f64, unit: Precision, now: &Zoned, context: &Context) -> Option<Published> {
    let at = before(now, count, unit)?;
    let unit_length = match unit {
        Precision::Year => SignedDuration::from_hours(24 * 366),
        Precision::Month => SignedDuration::from_hours(24 * 31),
        Precision::Week => SignedDuration::from_hours(24 * 7),
        Precision::Day => SignedDuration::from_hours(24),
        Precision::Hour => SignedDuration::from_hours(1),
        Precision::Minute => SignedDuration::from_mins(1),
        Precision::Second => SignedDuration::from_secs(1),
    };
    let precision = if unit == Precision::Second { Precision::Minute } else { unit };
    let offset = context.zone.as_ref().map(|_| at.offset());
    Some(Published {
        value: write(at.datetime(), offset.filter(|_| precision >= Precision::Hour), precision),
        precision,
        approximate: true,
        from: at.timestamp() - unit_length,
        to: limit(at.timestamp() + unit_length / 2, context.reference),
    })
}

/// Nothing is published after it was read.
fn limit(at: Timestamp, reference: Timestamp) -> Timestamp {
    at.min(reference)
}
