//! What a page says of itself to machines: JSON-LD, microdata, `<meta>` and `<time>`.
//!
//! Everything found is kept, each with where it stands; who needs one value chooses.

mod json_ld;
mod meta;
mod microdata;

use super::date::{self, Context};
use super::{Page, fragment};
use crate::article::{Found, Origin, Published};
use crate::profile::squeeze;

/// Values found, in the order of how far they are to be trusted.
#[derive(Debug, Default)]
pub(super) struct Structured {
    pub(super) headlines: Vec<Found<String>>,
    /// One name each.
    pub(super) authors: Vec<Found<String>>,
    /// Those of them that are said to be no persons.
    pub(super) organisations: Vec<String>,
    pub(super) published: Vec<Found<Published>>,
    pub(super) modified: Vec<Found<Published>>,
    /// Dates of which the page does not say what they are.
    pub(super) dated: Vec<Found<Published>>,
    /// What contradicts itself among the dates, in words.
    pub(super) notes: Vec<String>,
    pub(super) category: Option<Found<String>>,
    pub(super) tags: Option<Found<Vec<String>>>,
    pub(super) breadcrumbs: Option<Found<Vec<String>>>,
    pub(super) site_name: Option<Found<String>>,
    pub(super) image: Option<Found<String>>,
    /// The whole text, without markup.
    pub(super) body: Option<String>,
    /// The page calls itself an article.
    pub(super) is_article: bool,
    /// The page calls itself something that is no article, such as a list.
    pub(super) is_list: bool,
}

/// What a page says that a date is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateKind {
    Published,
    Modified,
    Undefined,
}

pub(super) fn read(page: &Page<'_>, context: &Context) -> Structured {
    let mut found = Structured::default();
    json_ld::read(page, context, &mut found);
    microdata::read(page, context, &mut found);
    meta::read(page, context, &mut found);
    found
}

impl Structured {
    fn note_date(&mut self, kind: DateKind, text: &str, origin: Origin, context: &Context) {
        // Some write no date as zeros or as the epoch.
        if text.starts_with("0000") || text.starts_with("1970-01-01") || text.starts_with("0001") {
            return;
        }
        if let Some(date) = read_date(text, context) {
            self.dates(kind).push(Found::new(date, origin));
        }
    }

    fn dates(&mut self, kind: DateKind) -> &mut Vec<Found<Published>> {
        match kind {
            DateKind::Published => &mut self.published,
            DateKind::Modified => &mut self.modified,
            DateKind::Undefined => &mut self.dated,
        }
    }
}

fn read_date(text: &str, context: &Context) -> Option<Published> {
    date::read(text, context).ok().and_then(|dates| dates.published)
}

/// White space collapsed; markup and character references, which some write into JSON, undone.
fn clean(text: &str) -> String {
    if text.contains('<') || text.contains('&') {
        return squeeze(fragment(text).root_element().text());
    }
    squeeze(std::iter::once(text))
}

fn split_keywords(text: &str) -> Vec<String> {
    text.split([',', '，', ';', '；', '、']).map(clean).filter(|t| !t.is_empty()).collect()
}
