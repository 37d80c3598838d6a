//! When an article was published and when it was edited: what the page states to machines, checked
//! against what it shows to readers.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use super::Page;
use super::body::{LinePlace, Reading};
use super::date::{self, Context};
use super::structured::Structured;
use super::survey::{element, script_text};
use crate::article::{Found, Origin, Precision, Published};
use crate::profile::squeeze;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) published: Option<Found<Published>>,
    pub(super) modified: Option<Found<Published>>,
    /// What contradicts itself, in words.
    pub(super) notes: Vec<String>,
}

/// Half characters, at most, of a line of the body that is nothing but a date,
const DATE_LINE: u32 = 44;
/// of a line that is there for its date,
const SHORT_LINE: u32 = 70;
/// and of one that has author, source and counters in it too.
const INFO_LINE: u32 = 160;

pub(super) fn times(page: &Page<'_>, structured: &Structured, reading: &Reading, context: &Context) -> Times {
    let shown = shown(reading, context);
    let modified = structured
        .modified
        .first()
        .cloned()
        .or_else(|| shown.modified.clone().map(|date| Found::new(date, Origin::Generic)));
    let mut times = Times { modified, ..Times::default() };
    let generic = |date: Option<Published>| date.map(|date| Found::new(date, Origin::Generic));
    times.published = match (structured.published.first(), shown.published.as_ref()) {
        (Some(stated), Some(shown)) => Some(agree(stated, shown, structured, &mut times.notes)),
        (Some(stated), None) => Some(stated.clone()),
        (None, shown) => generic(shown.cloned()),
    };
    let same_day =
        |a: &Published, b: &Published| a.value.get(5..10).is_some_and(|day| b.value.get(5..10) == Some(day));
    times.published = times
        .published
        .or_else(|| generic(shown.head))
        .or_else(|| of_time_elements(page, context))
        .or_else(|| of_marks(page, reading, context))
        .or_else(|| generic(shown.below))
        .or_else(|| generic(shown.labelled))
        .or_else(|| of_scripts(page, context))
        .or_else(|| of_url(page, context))
        .or_else(|| generic(only_day(reading, context)))
        // A day without a year, and the time of the last edit on that day.
        .or_else(|| {
            times.modified.clone().filter(|m| shown.vague.as_ref().is_some_and(|v| same_day(v, &m.value)))
        })
        .or_else(|| generic(shown.vague))
        .or_else(|| times.modified.clone());
    if times.modified.as_ref().map(|m| &m.value) == times.published.as_ref().map(|p| &p.value) {
        times.modified = None;
    }
    times
}

fn day(date: &Published) -> Option<&str> {
    date.value.get(..10)
}

/// Which of two is right. A reader sees the shown one, so it wins where the stated one is off by a
/// time zone or is younger; but what is shown may be the day of the last edit.
fn agree(
    stated: &Found<Published>,
    shown: &Published,
    structured: &Structured,
    notes: &mut Vec<String>,
) -> Found<Published> {
    let (Some(stated_day), Some(shown_day)) = (day(&stated.value), day(shown)) else { return stated.clone() };
    if stated_day == shown_day {
        return stated.clone();
    }
    notes.push(format!("the date stated to machines ({stated_day}) contradicts the one shown ({shown_day})"));
    let is_edit = structured.modified.iter().any(|modified| day(&modified.value) == Some(shown_day));
    // 11/01/2021 is the first of November where the page's language would not have it so.
    let is_swapped = stated_day.get(..4) == shown_day.get(..4)
        && stated_day.get(5..7) == shown_day.get(8..10)
        && stated_day.get(8..10) == shown_day.get(5..7);
    if !is_edit && !is_swapped && shown.from <= stated.value.to && !is_next_day(stated, shown) {
        return Found::new(shown.clone(), Origin::Generic);
    }
    stated.clone()
}

/// A local day beside the same moment elsewhere; a stated offset tells which is meant.
fn is_next_day(stated: &Found<Published>, shown: &Published) -> bool {
    let hours = shown.from.duration_since(stated.value.from).as_hours().abs();
    hours <= 48 && !stated.value.value.ends_with("+00:00") && !stated.value.value.ends_with('Z')
}

/// Dates that stand on the page for readers.
#[derive(Debug, Default)]
struct Shown {
    /// In a line that is there for it, at the head.
    published: Option<Published>,
    modified: Option<Published>,
    /// At the head among other words.
    head: Option<Published>,
    /// Below the body.
    below: Option<Published>,
    /// Elsewhere, in a line that says what it is.
    labelled: Option<Published>,
    /// Days without a year and ages that were rounded.
    vague: Option<Published>,
}

fn shown(reading: &Reading, context: &Context) -> Shown {
    let mut found = Shown::default();
    for line in reading.lines() {
        let limit = match line.place {
            LinePlace::Head | LinePlace::Tail => INFO_LINE,
            LinePlace::Body(from_begin, to_end) if from_begin < 4 || to_end < 3 => DATE_LINE,
            LinePlace::Elsewhere if line.is_info => INFO_LINE,
            LinePlace::Elsewhere | LinePlace::Body(..) => continue,
        };
        if line.width > limit || !may_hold_date(line.text) {
            continue;
        }
        let Ok(dates) = date::read(line.text, context) else { continue };
        let modified = dates.modified.filter(|date| !date.approximate);
        if let Some(date) = dates.published.filter(|date| date.precision >= Precision::Day) {
            let is_exact = !date.approximate && names_year(line.text, &date);
            let is_edit = modified.as_ref() == Some(&date);
            let place = match line.place {
                _ if is_edit => &mut found.modified,
                // 今日开园 in a headline tells no date.
                _ if !is_exact && line.is_heading => continue,
                _ if !is_exact => &mut found.vague,
                _ if line.is_heading => &mut found.below,
                LinePlace::Head
                    if line.is_by_heading
                        && (line.width <= DATE_LINE || line.is_info && line.width <= SHORT_LINE) =>
                {
                    &mut found.published
                }
                LinePlace::Head | LinePlace::Body(0..4, _) => &mut found.head,
                LinePlace::Elsewhere => &mut found.labelled,
                _ => &mut found.below,
            };
            place.get_or_insert(date);
        }
        if let Some(date) = modified {
            found.modified.get_or_insert(date);
        }
    }
    found
}

/// Whether there are digits enough for a date, or numbers in Han characters.
fn may_hold_date(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= 2
        || text.contains(['年', '月', '日', '前', '昨', '今', '刚', '剛'])
}

/// The one day that short lines of the page name, when they name no other.
fn only_day(reading: &Reading, context: &Context) -> Option<Published> {
    let lines = reading.lines().filter(|line| line.place == LinePlace::Elsewhere && line.width <= SHORT_LINE);
    let mut only: Option<Published> = None;
    for line in lines.filter(|line| may_hold_date(line.text)) {
        let date = date::read(line.text, context).ok().and_then(|dates| dates.published);
        let Some(date) =
            date.filter(|d| !d.approximate && d.precision >= Precision::Day && names_year(line.text, d))
        else {
            continue;
        };
        if only.as_ref().is_some_and(|known| day(known) != day(&date)) {
            return None;
        }
        only = Some(date);
    }
    only
}

/// Whether the line says the year: a day without one is read as the latest such day.
fn names_year(line: &str, date: &Published) -> bool {
    let Some(year) = date.value.get(..4) else { return false };
    let has = |digits: &str| line.contains(digits);
    has(year)
        || has(&year[2..])
        || line.contains('年') && !has("20") && !line.contains(|c: char| c.is_ascii_digit())
        || line.contains("民國")
        || line.contains("民国")
        || line.contains("令和")
}

/// The first `<time>` behind the headline; teasers carry theirs further down.
fn of_time_elements(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
    let time = |id: &ego_tree::NodeId| {
        let time = element(&page.html, *id)?;
        let read = |text: &str| date::read(text, context).ok().and_then(|dates| dates.published);
        let stated = time.attr("datetime").and_then(read);
        let shown = read(&squeeze(time.text().take(8)));
        let shown = shown.filter(|shown| !shown.approximate && shown.precision >= Precision::Day);
        match (stated, shown) {
            (Some(stated), Some(shown)) if day(&stated) != day(&shown) => Some(shown),
            (stated, shown) => stated.or(shown),
        }
    };
    let heading = page.survey.headings.first();
    let behind = |id: &&ego_tree::NodeId| heading.is_none_or(|heading| *id > heading);
    let found = page.survey.times.iter().filter(behind).find_map(time);
    found.or_else(|| page.survey.times.iter().find_map(time)).map(|date| Found::new(date, Origin::Microdata))
}

/// An element whose class speaks of a date, behind the headline or right above it.
fn of_marks(page: &Page<'_>, reading: &Reading, context: &Context) -> Option<Found<Published>> {
    let read = |id: &ego_tree::NodeId| {
        let element = element(&page.html, *id)?;
        let text = squeeze(element.text().take(12));
        let date = date::read(&text, context).ok()?.published?;
        let is_exact = !date.approximate && date.precision >= Precision::Day && names_year(&text, &date);
        (is_exact && text.chars().count() <= 60).then_some(date)
    };
    let begin = reading.head_begins();
    let mut marks = page.survey.dates.iter().filter(|id| begin.is_none_or(|begin| **id >= begin));
    marks.find_map(read).map(|date| Found::new(date, Origin::Generic))
}

/// Variables of scripts that hold the time, as WeChat's `ct`.
static SCRIPT_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:\b|_)(?:ct|createtime|create_time|publishtime|publish_time|publish_date|publishdate|pubtime|pub_time|pubdate|ptime|newstime|news_time|datepublished|date_published|published_at|publishedat|first_published_at)\\?["']?\s*[:=]\s*\\?["']?(\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?|1\d{9}(?:\d{3})?\b)"#,
    )
    .ok()
});

/// A date that a short script writes into the page: `showDate("2020/04/17 01:43:09")`, or sets on an
/// element called `publish_time`, as WeChat does.
fn of_call(script: &str, read: &dyn Fn(&str) -> Option<Published>) -> Option<Published> {
    let names_time = script.contains("publish_time") && script.len() < 2000;
    let writes_date = script.len() < 120 && script.to_ascii_lowercase().contains("date(");
    if !names_time && !writes_date {
        return None;
    }
    let pattern = ISO_DAY.as_ref()?;
    pattern.find(script).and_then(|found| read(&found.as_str().replace('/', "-")))
}

static ISO_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b20\d\d[-/]\d{1,2}[-/]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?").ok());

fn of_scripts(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
    let pattern = SCRIPT_TIME.as_ref()?;
    let read = |text: &str| -> Option<Published> {
        if text.contains('-') {
            return date::read(text, context).ok()?.published;
        }
        let number: i64 = text.parse().ok()?;
        let seconds = if text.len() > 10 { number / 1000 } else { number };
        let at = Timestamp::from_second(seconds).ok().filter(|at| *at <= context.reference)?;
        Some(Published::exactly(at, context.zone.as_ref()))
    };
    page.survey.scripts.iter().find_map(|id| {
        let text = script_text(&page.html, *id);
        if let Some(date) = of_call(&text, &read) {
            return Some(Found::new(date, Origin::Generic));
        }
        let date = pattern.captures_iter(&text).find_map(|found| read(found.get(1)?.as_str()))?;
        Some(Found::new(date, Origin::Generic))
    })
}

/// A day in the path: `/2024/05/18/`, `/2024-05/18/`, `/20240518/`, `t20240518_`.
static URL_DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:^|[^0-9])((?:19|20)\d\d)([-/_]?)(0[1-9]|1[0-2])[-/_]?(0[1-9]|[12]\d|3[01])(?:[^0-9]|$)")
        .ok()
});

fn of_url(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
    let path = page.url().as_str();
    let found = URL_DAY.as_ref()?.captures(path)?;
    let text = format!("{}-{}-{}", found.get(1)?.as_str(), found.get(3)?.as_str(), found.get(4)?.as_str());
    let date = date::read(&text, context).ok()?.published?;
    Some(Found::new(date, Origin::Derived))
}
