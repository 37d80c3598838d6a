//! When an article was published and when it was edited: what the page states to machines, checked
//! against what it shows to readers.

mod marks;
mod scripts;
mod shown;

use std::sync::LazyLock;

use regex::Regex;

use super::Page;
use super::body::Reading;
use super::date::{self, Context};
use super::structured::Structured;
use crate::article::{Found, Origin, Published};
use marks::{of_marks, of_time_elements};
use scripts::of_scripts;
use shown::{Shown, only_day, shown};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) published: Option<Found<Published>>,
    pub(super) modified: Option<Found<Published>>,
    /// What contradicts itself, in words.
    pub(super) notes: Vec<String>,
}

pub(super) fn times(page: &Page<'_>, structured: &Structured, reading: &Reading, context: &Context) -> Times {
    let shown = shown(reading, context);
    let generic = |date: &Option<Published>| date.clone().map(|date| Found::new(date, Origin::Generic));
    let modified = structured.modified.first().cloned().or_else(|| generic(&shown.modified));
    let mut times = Times { modified, ..Times::default() };
    times.published = match (structured.published.first(), shown.published.first()) {
        (Some(stated), Some(_)) => Some(agree(stated, &shown, structured, &mut times.notes)),
        (Some(stated), None) => Some(stated.clone()),
        (None, first) => generic(&first.cloned()),
    };
    times.published = times
        .published
        .or_else(|| generic(&shown.head))
        .or_else(|| of_time_elements(page, context))
        .or_else(|| of_marks(page, reading, context))
        .or_else(|| generic(&shown.below))
        .or_else(|| generic(&shown.labelled))
        .or_else(|| of_scripts(page, context))
        .or_else(|| of_url(page, context))
        .or_else(|| generic(&only_day(reading, context)))
        .or_else(|| times.modified.clone().filter(|m| is_vaguely(&shown, &m.value)))
        .or_else(|| generic(&shown.vague))
        .or_else(|| times.modified.clone());
    if times.modified.as_ref().map(|m| &m.value) == times.published.as_ref().map(|p| &p.value) {
        times.modified = None;
    }
    times
}

/// Whether the day that is shown without a year is the day of `date`, which has a year.
fn is_vaguely(shown: &Shown, date: &Published) -> bool {
    let day = |date: &Published| date.value.get(5..10).map(str::to_owned);
    shown.vague.as_ref().is_some_and(|vague| day(vague).is_some() && day(vague) == day(date))
}

/// The dates that readers are shown, each with where it stands, in lines for a reader.
pub(super) fn explain(reading: &Reading, context: &Context) -> Vec<String> {
    let shown = shown(reading, context);
    [
        ("by the headline", shown.published.into_iter().next()),
        ("as an edit", shown.modified),
        ("at the head", shown.head),
        ("below the body", shown.below),
        ("elsewhere, labelled", shown.labelled),
        ("vaguely", shown.vague),
    ]
    .into_iter()
    .filter_map(|(place, date)| date.map(|date| format!("shown {} {place}", date.value)))
    .collect()
}

fn day(date: &Published) -> Option<&str> {
    date.value.get(..10)
}

/// Which of two is right. A reader sees the shown one, so it wins where the stated one is off by a
/// time zone or is younger, and where it is the day of the last edit but not called so: then the
/// article was written anew under that day.
fn agree(
    stated: &Found<Published>,
    shown: &Shown,
    structured: &Structured,
    notes: &mut Vec<String>,
) -> Found<Published> {
    let Some(stated_day) = day(&stated.value) else { return stated.clone() };
    if shown.published.iter().any(|shown| day(shown) == Some(stated_day)) {
        return stated.clone();
    }
    let Some((shown, shown_day)) = shown.published.first().and_then(|shown| Some((shown, day(shown)?))) else {
        return stated.clone();
    };
    notes.push(format!("the date stated to machines ({stated_day}) contradicts the one shown ({shown_day})"));
    let is_edit = structured.modified.iter().any(|modified| day(&modified.value) == Some(shown_day));
    // 11/01/2021 is the first of November where the page's language would not have it so.
    let is_swapped = stated_day.get(..4) == shown_day.get(..4)
        && stated_day.get(5..7) == shown_day.get(8..10)
        && stated_day.get(8..10) == shown_day.get(5..7);
    let is_older = shown.from <= stated.value.to && !is_swapped && !is_next_day(stated, shown);
    if is_edit || is_older { Found::new(shown.clone(), Origin::Generic) } else { stated.clone() }
}

/// A local day beside the same moment elsewhere; a stated offset tells which is meant.
fn is_next_day(stated: &Found<Published>, shown: &Published) -> bool {
    let hours = shown.from.duration_since(stated.value.from).as_hours().abs();
    hours <= 48 && !stated.value.value.ends_with("+00:00") && !stated.value.value.ends_with('Z')
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
