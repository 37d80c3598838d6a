//! What a listing said of the article beforehand: a witness of title and author, the exact date, and
//! the text where the page shows none.

use std::collections::HashSet;

use super::date::{self, Context};
use super::line::squashed;
use super::text::{Leave, render};
use super::{Page, PageKind, fields, fragment};
use crate::article::{Article, Origin, Published};
use crate::entry::{Entry, Listing};

/// Characters of a listing's text from which on it may stand for an empty page's.
const ENOUGH: usize = 60;
/// Clocks differ, and days begin elsewhere first.
const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What a value of a listing is said to come from.
pub(super) fn origin(listing: Listing) -> Origin {
    match listing {
        Listing::Feed => Origin::Feed,
        Listing::Api => Origin::Api,
        Listing::Sitemap => Origin::Sitemap,
    }
}

/// Takes from the entry what the page does not say, or says less exactly, and notes where the two
/// contradict each other. Gives what the page is by then.
pub(super) fn join(page: &Page<'_>, context: &Context, kind: PageKind, article: &mut Article) -> PageKind {
    let Some(entry) = page.entry else { return kind };
    let kind = if lacks_text(kind, article, entry) { take_text(page, entry, kind, article) } else { kind };
    if kind != PageKind::Article {
        return kind;
    }
    note_other_title(entry, article);
    join_published(entry, context, article);
    if let (None, Some(modified)) = (&article.modified, &entry.modified)
        && let Some(modified) = moment(modified, context)
    {
        article.modified = Some(modified);
        article.note_origin("modified", &origin(entry.from));
    }
    if let (None, Some(category)) = (&article.category, &entry.category) {
        article.category = Some(category.clone());
        article.note_origin("category", &origin(entry.from));
    }
    if article.tags.is_empty() && !entry.tags.is_empty() {
        article.tags.clone_from(&entry.tags);
        article.note_origin("tags", &origin(entry.from));
    }
    kind
}

/// Whether the page is empty, and the listing is not.
fn lacks_text(kind: PageKind, article: &Article, entry: &Entry) -> bool {
    entry.body.is_some()
        && match kind {
            PageKind::Shell => true,
            PageKind::Other => article.text.chars().nth(ENOUGH).is_none(),
            _ => false,
        }
}

fn take_text(page: &Page<'_>, entry: &Entry, kind: PageKind, article: &mut Article) -> PageKind {
    let html = fragment(entry.body.as_deref().unwrap_or_default());
    let nothing = HashSet::new();
    let leave = Leave { elements: &nothing, lines: &nothing, hidden: true };
    let body = render(&[html.root_element()], &leave, &page.base);
    if body.text().chars().nth(ENOUGH).is_none() {
        return kind;
    }
    fields::set_body(article, body, &origin(entry.from));
    // What an empty page calls itself is its program's name.
    if let Some(title) = &entry.title {
        article.title.clone_from(title);
        article.note_origin("title", &origin(entry.from));
    }
    if let (None, Some(author)) = (&article.author, &entry.author) {
        article.author = Some(author.clone());
        article.note_origin("author", &origin(entry.from));
    }
    PageKind::Article
}

/// Another headline altogether: neither is the beginning or a part of the other.
fn note_other_title(entry: &Entry, article: &mut Article) {
    let Some(said) = &entry.title else { return };
    let (said_squashed, shown) = (squashed(said), squashed(&article.title));
    if !said_squashed.is_empty()
        && !shown.is_empty()
        && !said_squashed.contains(&shown)
        && !shown.contains(&said_squashed)
    {
        let from = entry.from.as_str();
        article.notes.push(format!("the {from} calls it `{said}`, the page `{}`", article.title));
    }
}

/// The listing has the exact time; the page has a day, or an age in words.
fn join_published(entry: &Entry, context: &Context, article: &mut Article) {
    let said = entry.published.as_deref().and_then(|text| moment(text, context));
    // Nothing is published tomorrow.
    let Some(said) = said.filter(|said| said.from <= context.reference + SLACK) else { return };
    let Some(shown) = &article.published else {
        article.published = Some(said);
        article.note_origin("published", &origin(entry.from));
        return;
    };
    if let Some(joined) = shown.sharpen(&said) {
        if joined.from == said.from && joined.to == said.to && joined.value == said.value {
            article.note_origin("published", &origin(entry.from));
        }
        article.published = Some(joined);
        return;
    }
    let from = entry.from.as_str();
    article.notes.push(format!("the {from} dates it {}, the page {}", said.value, shown.value));
    // What was found without a rule may be the day of the last edit; a listing made anew dates later.
    let is_guess = article.origins.get("published").is_some_and(|from| *from == Origin::Generic.to_string());
    if is_guess && said.to < shown.from {
        article.published = Some(said);
        article.note_origin("published", &origin(entry.from));
    }
}

fn moment(text: &str, context: &Context) -> Option<Published> {
    match text.parse() {
        Ok(at) => Some(Published::exactly(at, context.zone.as_ref())),
        Err(_) => date::read(text, context).ok().and_then(|dates| dates.published),
    }
}
