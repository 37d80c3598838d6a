//! Dates that are found when no place of their own holds one: in lines anywhere on the page.

use std::sync::LazyLock;

use regex::Regex;

use super::day;
use super::shown::may_hold_date;
use crate::article::{Found, Origin, Published};
use crate::extract::Page;
use crate::extract::body::{LinePlace, PageLine, Reading};
use crate::extract::date::{self, Context, Label, Named};

/// Half characters, at most, of a line that is there for its date.
const SHORT_LINE: u32 = 70;
/// Characters, at most, of the place and the day that a report begins with.
const DATELINE: usize = 48;

/// Lines of a page that are asked for a day, at most.
const MAX_LINES: usize = 1000;

/// The days of the lines that `is_asked` holds for.
fn days<'a>(
    reading: &'a Reading,
    context: &'a Context,
    is_asked: impl Fn(&PageLine<'_>) -> bool + 'a,
) -> impl Iterator<Item = Named> + 'a {
    let lines = reading.lines().filter(move |line| is_asked(line) && may_hold_date(line.text));
    let dates = lines.take(MAX_LINES).filter_map(|line| date::each(line.text, context).ok());
    dates.flatten().filter(Named::is_day)
}

/// The day, when there is but one.
fn only(dates: impl Iterator<Item = Published>) -> Option<Published> {
    let mut only: Option<Published> = None;
    for date in dates {
        if only.as_ref().is_some_and(|known| day(known) != day(&date)) {
            return None;
        }
        only = Some(date);
    }
    only
}

/// The day in the first short line that says what day it is, as imprints below an article do.
pub(super) fn labelled(label: Label, reading: &Reading, context: &Context) -> Option<Published> {
    let is_asked = |line: &PageLine<'_>| line.width <= SHORT_LINE && !line.is_link && !line.is_of_others;
    let is_meant =
        |named: &Named| named.label == label || label == Label::Published && named.label == Label::Date;
    days(reading, context, is_asked).find(is_meant).map(|named| named.date)
}

/// The one day that short lines of the page name, when they name no other.
pub(super) fn only_day(reading: &Reading, context: &Context) -> Option<Published> {
    let is_asked = |line: &PageLine<'_>| {
        line.place == LinePlace::Elsewhere && line.width <= SHORT_LINE && !line.is_comment
    };
    only(days(reading, context, is_asked).map(|named| named.date))
}

/// The day that a report begins with: `Berlin, 12. November 2021 – Die …`.
pub(super) fn dateline(reading: &Reading, context: &Context) -> Option<Published> {
    const WORDS: usize = 5;
    let day_at_begin = |text: &str| {
        let begin = text.split([')', '–', '—', '|', '/']).next()?.split(" - ").next()?.trim();
        let is_short = begin.chars().count() <= DATELINE && begin.split_whitespace().count() <= WORDS;
        let ends_in_year = begin.ends_with(|c: char| c.is_ascii_digit());
        let dates = date::each(begin, context).ok();
        let dates = dates.filter(|_| begin.len() < text.len() && is_short && ends_in_year)?;
        dates.into_iter().find(Named::is_day).map(|named| named.date)
    };
    let mut first = reading.lines().filter(|line| matches!(line.place, LinePlace::Body(0..3, _)));
    first.find_map(|line| day_at_begin(line.text))
}

/// A day in the path: `/2024/05/18/`, `/2024-05/18/`, `/2024/5/8/`, `/20240518/`, `t20240518_`.
static URL_DAY: LazyLock<Regex> = static_regex!(
    r"(?:^|[^0-9])((?:19|20)\d\d)(?:[-/_]?(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])|/([1-9]|1[0-2])/([1-9]|[12]\d|3[01]))(?:[^0-9]|$)"
);
/// A month in the path: `/2024/05/`.
static URL_MONTH: LazyLock<Regex> = static_regex!(r"/((?:19|20)\d\d)[-/](0?[1-9]|1[0-2])(?:/|$)");

pub(super) fn of_url(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
    let found = URL_DAY.captures(page.url().as_str())?;
    let part = |one: usize, other: usize| found.get(one).or_else(|| found.get(other)).map(|m| m.as_str());
    let text = format!("{}-{}-{}", &found[1], part(2, 4)?, part(3, 5)?);
    let date = date::read(&text, context).ok()?.published?;
    Some(Found::new(date, Origin::Derived))
}

/// The one day of the page that lies in the month of its address.
pub(super) fn of_url_month(
    page: &Page<'_>,
    reading: &Reading,
    context: &Context,
) -> Option<Found<Published>> {
    const EDGE: usize = 3;
    let found = URL_MONTH.captures(page.url().as_str())?;
    let month = format!("{}-{:0>2}-", &found[1], &found[2]);
    let is_prose = |line: &PageLine<'_>| matches!(line.place, LinePlace::Body(from_begin, to_end) if from_begin >= EDGE && to_end >= EDGE);
    let days = days(reading, context, move |line| !is_prose(line) && !line.is_of_others);
    let day = only(days.map(|named| named.date).filter(|date| date.value.starts_with(&month)));
    day.map(|date| Found::new(date, Origin::Generic))
}
