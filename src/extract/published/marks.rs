//! Dates that elements mark as such: `<time>`, and classes that speak of a date.

use scraper::ElementRef;

use super::{contradiction, day};
use crate::article::{Found, Origin, Precision, Published};
use crate::extract::Page;
use crate::extract::body::{Reading, class_kinds};
use crate::extract::date::{self, Context, Label};
use crate::extract::survey::{attribute, element, opening};

/// Which `<time>` elements are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// Between the headline and the body.
    Head,
    /// All but those that are called an edit.
    All,
    /// Those that are called an edit.
    Edits,
}

/// The first `<time>` behind the headline; teasers carry theirs further down.
pub(super) fn of_time_elements(
    page: &Page<'_>,
    reading: &Reading,
    context: &Context,
    which: Which,
    notes: &mut Vec<String>,
) -> Option<Found<Published>> {
    let heading = page.survey.headings.first();
    let body = reading.body_begins();
    let is_behind = |id: &ego_tree::NodeId| heading.is_none_or(|heading| id > heading);
    let is_head = |id: &ego_tree::NodeId| is_behind(id) && body.is_none_or(|body| *id < body);
    let own = || {
        let ids = page.survey.times.iter().filter(|id| which != Which::Head || is_head(id));
        let elements = ids.filter_map(|id| Some((id, element(&page.html, *id)?)));
        elements.filter(|(_, time)| {
            is_edit(*time, context) == (which == Which::Edits) && !is_of_others(page, *time)
        })
    };
    let behind = own().filter(|(id, _)| is_behind(id)).find_map(|(_, time)| of_time(time, context, notes));
    let found = behind.or_else(|| own().find_map(|(_, time)| of_time(time, context, notes)));
    found.map(|date| Found::new(date, Origin::Microdata))
}

/// What is shown is right where it contradicts what is stated: some state local time as UTC.
fn of_time(time: ElementRef<'_>, context: &Context, notes: &mut Vec<String>) -> Option<Published> {
    let read = |text: &str| date::read(text, context).ok().and_then(|dates| dates.published);
    let stated = attribute(time, "datetime").and_then(read);
    let shown = read(&opening(time, 8));
    let shown = shown.filter(|shown| !shown.approximate && shown.precision >= Precision::Day);
    match (stated, shown) {
        (Some(stated), Some(shown)) if day(&stated) != day(&shown) => {
            notes.extend(contradiction(&stated, &shown));
            Some(shown)
        }
        (stated, shown) => stated.or(shown),
    }
}

/// Whether its words or its class call it the time of an edit.
fn is_edit(time: ElementRef<'_>, context: &Context) -> bool {
    let class = attribute(time, "class").unwrap_or_default();
    let says = |word: &str| class.contains(word);
    let dates = date::each(&opening(time, 8), context).unwrap_or_default();
    dates.iter().any(|named| named.label == Label::Modified)
        || (says("updated") || says("modified")) && !says("publish")
}

/// Whether it belongs to a comment, to another article or to the page's frame: to a box that does
/// not begin before the headline.
fn is_of_others(page: &Page<'_>, element: ElementRef<'_>) -> bool {
    let heading = page.survey.headings.first();
    let boxes = element.ancestors().filter_map(ElementRef::wrap);
    let mut own = boxes.take_while(|around| heading.is_none_or(|heading| around.id() > *heading));
    own.any(|around| {
        matches!(around.value().name(), "aside" | "footer" | "nav") || class_kinds(around).is_of_others()
    })
}

/// An element whose class speaks of a date, behind the headline or right above it.
pub(super) fn of_marks(page: &Page<'_>, reading: &Reading, context: &Context) -> Option<Found<Published>> {
    let read = |id: &ego_tree::NodeId| {
        let element = element(&page.html, *id)?;
        let text = opening(element, 12);
        let dates = date::each(&text, context).ok().filter(|_| text.chars().count() <= 60)?;
        let named = dates.into_iter().find(|named| named.is_day() && named.label != Label::Modified)?;
        (!is_of_others(page, element)).then_some(named.date)
    };
    let begin = reading.head_begins();
    let mut marks = page.survey.dates.iter().filter(|id| begin.is_none_or(|begin| **id >= begin));
    marks.find_map(read).map(|date| Found::new(date, Origin::Generic))
}
