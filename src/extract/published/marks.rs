//! Dates that elements mark as such: `<time>`, and classes that speak of a date.

use super::day;
use crate::article::{Found, Origin, Precision, Published};
use crate::extract::Page;
use crate::extract::body::Reading;
use crate::extract::date::{self, Context, Named};
use crate::extract::survey::element;
use crate::profile::squeeze;

/// The first `<time>` behind the headline; teasers carry theirs further down.
pub(super) fn of_time_elements(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
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
pub(super) fn of_marks(page: &Page<'_>, reading: &Reading, context: &Context) -> Option<Found<Published>> {
    let read = |id: &ego_tree::NodeId| {
        let element = element(&page.html, *id)?;
        let text = squeeze(element.text().take(12));
        let dates = date::each(&text, context).ok().filter(|_| text.chars().count() <= 60)?;
        dates.into_iter().find(Named::is_day).map(|named| named.date)
    };
    let begin = reading.head_begins();
    let mut marks = page.survey.dates.iter().filter(|id| begin.is_none_or(|begin| **id >= begin));
    marks.find_map(read).map(|date| Found::new(date, Origin::Generic))
}
