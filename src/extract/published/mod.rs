//! When an article was published and when it was edited: what the page states to machines, checked
//! against what it shows to readers.

mod guesses;
mod marks;
mod scripts;
mod shown;

use jiff::SignedDuration;

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
    let sources = Sources { page, structured, reading, context, shown: shown(reading, context) };
    let mut notes = structured.notes.clone();
    let modified = structured.modified.first().cloned().or_else(|| generic(sources.shown.modified.as_ref()));
    let (published, place) = sources
        .at_head(&mut notes)
        .or_else(|| sources.marked(&mut notes))
        .or_else(|| sources.guessed(modified.as_ref()))
        .map_or((None, ""), |(date, place)| (Some(date), place));
    let is_same = modified.as_ref().map(|m| &m.value) == published.as_ref().map(|p| &p.value);
    Times { published, place, modified: modified.filter(|_| !is_same), notes }
}

fn generic(date: Option<&Published>) -> Option<Found<Published>> {
    date.map(|date| Found::new(date.clone(), Origin::Generic))
}

/// A date and the name of the place where it was found.
type Placed = Option<(Found<Published>, &'static str)>;

fn at(place: &'static str, date: Option<Found<Published>>) -> Placed {
    date.map(|date| (date, place))
}

/// All that may name the day; each group of places is asked only when the one before names none.
struct Sources<'a> {
    page: &'a Page<'a>,
    structured: &'a Structured,
    reading: &'a Reading,
    context: &'a Context,
    shown: Shown,
}

impl Sources<'_> {
    /// What the page states of itself, and what stands around the headline.
    fn at_head(&self, notes: &mut Vec<String>) -> Placed {
        if let Some(date) = stated(self.structured, &self.shown, notes) {
            let address = of_url(self.page, self.context).filter(|day| is_long_before(day, &date));
            return address.map(|day| (day, "the address")).or(Some((date, "what is stated")));
        }
        let time = self.of_times(Which::Head, notes);
        let first = self.shown.published.first();
        // The element of the day that is shown may know the hour.
        let time_of = |shown| time.clone().filter(|time| day(&time.value) == day(shown));
        at("by the headline", first.and_then(time_of).or_else(|| generic(first)))
            .or_else(|| at("a time element at the head", time.clone()))
            .or_else(|| at("at the head", generic(self.shown.head.as_ref())))
            .or_else(|| at("a meta date", self.structured.dated.first().cloned()))
    }

    /// What is marked as a day of publication anywhere, and days that are called an edit.
    fn marked(&self, notes: &mut Vec<String>) -> Placed {
        let Self { page, structured, reading, context, shown } = self;
        let labelled = |label| generic(labelled(label, reading, context).as_ref());
        at("a time element", self.of_times(Which::All, notes))
            .or_else(|| at("a marked element", of_marks(page, reading, context)))
            .or_else(|| at("the address", of_url(page, context)))
            .or_else(|| at("the month of the address", of_url_month(page, reading, context)))
            .or_else(|| at("a line that says so", labelled(Label::Published)))
            .or_else(|| at("a script", of_scripts(page, structured, context)))
            .or_else(|| at("called an edit", generic(shown.modified.as_ref())))
            .or_else(|| at("a time element of an edit", self.of_times(Which::Edits, notes)))
    }

    /// Days that may be of something else, and days without a year.
    fn guessed(&self, modified: Option<&Found<Published>>) -> Placed {
        let Self { reading, context, shown, .. } = self;
        let edited = || generic(labelled(Label::Modified, reading, context).as_ref());
        at("below the body", generic(shown.below.as_ref()))
            .or_else(|| at("elsewhere, in a line of facts", generic(shown.elsewhere.as_ref())))
            .or_else(|| at("a dateline", generic(dateline(reading, context).as_ref())))
            .or_else(|| at("a line that calls it an edit", edited()))
            .or_else(|| at("the only day", generic(only_day(reading, context).as_ref())))
            .or_else(|| {
                at(
                    "the last edit, on the day that is shown",
                    modified.filter(|m| self.is_vaguely(&m.value)).cloned(),
                )
            })
            .or_else(|| at("vaguely", generic(shown.vague.as_ref())))
            .or_else(|| at("the last edit", modified.cloned()))
    }

    fn of_times(&self, which: Which, notes: &mut Vec<String>) -> Option<Found<Published>> {
        of_time_elements(self.page, self.reading, self.context, which, notes)
    }

    /// Whether the day that is shown without a year is the day of `date`, which has a year.
    fn is_vaguely(&self, date: &Published) -> bool {
        let vague = self.shown.vague.as_ref().and_then(|vague| vague.value.get(5..10));
        vague.is_some() && vague == date.value.get(5..10)
    }
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

/// An address is given once, a stated date anew when a site moves to another system.
fn is_long_before(address: &Found<Published>, stated: &Found<Published>) -> bool {
    const LONG: SignedDuration = SignedDuration::from_hours(90 * 24);
    stated.value.from.duration_since(address.value.to) > LONG
}

/// A local day beside the same moment elsewhere; a stated offset tells which is meant.
fn is_next_day(stated: &Found<Published>, shown: &Published) -> bool {
    let hours = shown.from.duration_since(stated.value.from).as_hours().abs();
    hours <= 48 && !stated.value.value.ends_with("+00:00") && !stated.value.value.ends_with('Z')
}
