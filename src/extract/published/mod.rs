//! When an article was published and when it was edited: what the page states to machines, checked
//! against what it shows to readers.

mod guesses;
mod marks;
mod scripts;
mod shown;

use super::Page;
use super::body::Reading;
use super::date::{Context, Label};
use super::structured::Structured;
use crate::article::{Found, Origin, Published};
use guesses::{dateline, labelled, of_url, of_url_month, only_day};
use marks::{Which, of_marks, of_time_elements};
use scripts::of_scripts;
use shown::{Shown, shown};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) published: Option<Found<Published>>,
    pub(super) modified: Option<Found<Published>>,
    /// Where the day of publication was found, in words.
    pub(super) place: &'static str,
    /// What contradicts itself, in words.
    pub(super) notes: Vec<String>,
}

pub(super) fn times(page: &Page<'_>, structured: &Structured, reading: &Reading, context: &Context) -> Times {
    let shown = shown(reading, context);
    let generic = |date: &Option<Published>| date.clone().map(|date| Found::new(date, Origin::Generic));
    let modified = structured.modified.first().cloned().or_else(|| generic(&shown.modified));
    let mut stated_notes = Vec::new();
    let mut times = Times { modified, notes: structured.notes.clone(), ..Times::default() };
    let notes = &mut times.notes;
    let at = |place: &'static str, date: &Option<Published>| {
        date.clone().map(|date| (Found::new(date, Origin::Generic), place))
    };
    let mut of_times = |which| of_time_elements(page, reading, context, which, notes);
    let chosen = stated(structured, &shown, &mut stated_notes)
        .map(|date| (date, "what is stated"))
        .or_else(|| at("by the headline", &shown.published.first().cloned()))
        .or_else(|| of_times(Which::Head).map(|date| (date, "a time element at the head")))
        .or_else(|| at("at the head", &shown.head))
        .or_else(|| structured.dated.first().map(|date| (date.clone(), "a meta date")))
        .or_else(|| of_times(Which::All).map(|date| (date, "a time element")))
        .or_else(|| of_marks(page, reading, context).map(|date| (date, "a marked element")))
        .or_else(|| of_url(page, context).map(|date| (date, "the address")))
        .or_else(|| at("the month of the address", &of_url_month(page, reading, context)))
        .or_else(|| at("a line that says so", &labelled(Label::Published, reading, context)))
        .or_else(|| of_scripts(page, structured, context).map(|date| (date, "a script")))
        .or_else(|| at("called an edit", &shown.modified))
        .or_else(|| of_times(Which::Edits).map(|date| (date, "a time element of an edit")))
        .or_else(|| at("below the body", &shown.below))
        .or_else(|| at("elsewhere, in a line of facts", &shown.elsewhere))
        .or_else(|| at("a dateline", &dateline(reading, context)))
        .or_else(|| at("a line that calls it an edit", &labelled(Label::Modified, reading, context)))
        .or_else(|| at("the only day", &only_day(reading, context)))
        .or_else(|| {
            times.modified.clone().filter(|m| is_vaguely(&shown, &m.value)).map(|m| (m, "vaguely, edit"))
        })
        .or_else(|| at("vaguely", &shown.vague))
        .or_else(|| times.modified.clone().map(|date| (date, "the last edit")));
    times.notes.extend(stated_notes);
    if let Some((date, place)) = chosen {
        times.published = Some(date);
        times.place = place;
    }
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
        ("elsewhere, in a line of facts", shown.elsewhere),
        ("vaguely", shown.vague),
    ]
    .into_iter()
    .filter_map(|(place, date)| date.map(|date| format!("shown {} {place}", date.value)))
    .collect()
}

fn day(date: &Published) -> Option<&str> {
    date.value.get(..10)
}

/// A note of what contradicts itself.
pub(super) fn contradiction(stated: &Published, shown: &Published) -> Option<String> {
    let (stated, shown) = (day(stated)?, day(shown)?);
    Some(format!("the date stated to machines ({stated}) contradicts the one shown ({shown})"))
}

/// The date stated to machines, or the one shown by the headline where that is right.
///
/// A reader sees the shown one, so it wins where the stated one is off by a time zone or is younger,
/// and where it is the day of the last edit but not called so: then the article was written anew
/// under that day. Of several that are stated, one that is shown is right.
fn stated(structured: &Structured, shown: &Shown, notes: &mut Vec<String>) -> Option<Found<Published>> {
    let stated = structured.published.first()?;
    let stated_day = day(&stated.value)?;
    let is_shown = |stated: &&Found<Published>| {
        shown.published.iter().chain(&shown.head).any(|shown| day(shown) == day(&stated.value))
    };
    if let Some(confirmed) = structured.published.iter().find(is_shown) {
        return Some(confirmed.clone());
    }
    let Some((shown, shown_day)) = shown.published.first().and_then(|shown| Some((shown, day(shown)?)))
    else {
        return Some(stated.clone());
    };
    notes.extend(contradiction(&stated.value, shown));
    let is_edit = structured.modified.iter().any(|modified| day(&modified.value) == Some(shown_day));
    // 11/01/2021 is the first of November where the page's language would not have it so.
    let is_swapped = stated_day.get(..4) == shown_day.get(..4)
        && stated_day.get(5..7) == shown_day.get(8..10)
        && stated_day.get(8..10) == shown_day.get(5..7);
    let is_older = shown.from <= stated.value.to && !is_swapped && !is_next_day(stated, shown);
    let is_right = is_edit || is_older;
    Some(if is_right { Found::new(shown.clone(), Origin::Generic) } else { stated.clone() })
}

/// A local day beside the same moment elsewhere; a stated offset tells which is meant.
fn is_next_day(stated: &Found<Published>, shown: &Published) -> bool {
    let hours = shown.from.duration_since(stated.value.from).as_hours().abs();
    hours <= 48 && !stated.value.value.ends_with("+00:00") && !stated.value.value.ends_with('Z')
}
