//! What a heading says, and whether it is the headline of an article at all.

use std::cell::LazyCell;

use ego_tree::{NodeId, NodeRef};
use rustc_hash::FxHashSet;
use scraper::{ElementRef, Node};

use super::Page;
use super::survey::{attribute, element, opening};
use crate::profile::squeeze;
use crate::url::CanonicalUrl;

/// A heading that is nothing but a link to the front page names the site.
pub(super) fn leads_home(heading: ElementRef<'_>, page: &Page<'_>) -> bool {
    let text = LazyCell::new(|| squeeze(heading.text()));
    heading.descendent_elements().filter(|element| element.value().name() == "a").any(|link| {
        let target =
            attribute(link, "href").and_then(|href| CanonicalUrl::parse(href, Some(page.base())).ok());
        target.is_some_and(|url| url.is_front_page()) && squeeze(link.text()) == *text
    })
}

/// A heading in the path to the page is its name in the menu and for search engines.
pub(super) fn is_of_path(heading: ElementRef<'_>) -> bool {
    std::iter::once(heading).chain(heading.ancestors().filter_map(ElementRef::wrap).take(2)).any(|element| {
        let mut attributes = element.value().attrs();
        element.value().name() == "nav"
            || attributes.any(|(name, value)| {
                name.contains("breadcrumb")
                    || name == "class" && value.to_ascii_lowercase().contains("breadcrumb")
            })
    })
}

/// Words in the classes of what stands in a heading beside the headline: the line over it, the line
/// under it, and what only a screen reader reads out.
const BESIDE: [&str; 12] = [
    "kicker",
    "overline",
    "eyebrow",
    "topline",
    "roofline",
    "dachzeile",
    "subtitle",
    "subheadline",
    "offscreen",
    "visually-hidden",
    "visuallyhidden",
    "sr-only",
];

/// A date, or what a class sets apart; a line over the headline that ends with a colon is a part of it.
fn is_beside(element: ElementRef<'_>) -> bool {
    /// Texts that are read: a line over the headline is short.
    const LOOKED_AT: usize = 20;
    let class = attribute(element, "class").unwrap_or_default().to_ascii_lowercase();
    let is_named = || BESIDE.iter().any(|word| class.contains(word));
    element.value().name() == "time" || is_named() && !announces(&opening(element, LOOKED_AT))
}

/// What ends with a colon is the beginning of a headline.
fn announces(text: &str) -> bool {
    text.ends_with([':', '：'])
}

/// The text of a heading, without what stands beside the headline.
pub(super) fn headline_of(heading: ElementRef<'_>) -> String {
    let beside: FxHashSet<NodeId> =
        heading.descendent_elements().skip(1).filter(|e| is_beside(*e)).map(|element| element.id()).collect();
    if beside.is_empty() {
        return squeeze(heading.text());
    }
    let is_headline = |node: &NodeRef<'_, Node>| {
        !node.ancestors().take_while(|n| n.id() != heading.id()).any(|n| beside.contains(&n.id()))
    };
    let headline = squeeze(heading.descendants().filter(is_headline).filter_map(text_of));
    if headline.is_empty() { squeeze(heading.text()) } else { headline }
}

/// The whole text of the heading that shows a headline: how it reads as a line of the page.
pub(super) fn as_shown(page: &Page<'_>, headline: String) -> String {
    let headings = page.survey.headings.iter().filter_map(|id| element(&page.html, *id));
    let shows = headings.into_iter().find(|heading| headline_of(*heading) == headline);
    shows.map_or(headline, |heading| squeeze(heading.text()))
}

fn text_of(node: NodeRef<'_, Node>) -> Option<&str> {
    node.value().as_text().map(|text| &**text)
}

/// What may be the headline alone: each nested element, and the text nodes of the heading itself.
pub(super) fn parts_of(heading: ElementRef<'_>) -> Vec<String> {
    const LOOKED_AT: usize = 6;
    let nested = heading.child_elements().take(LOOKED_AT).filter(|child| !is_beside(*child));
    nested
        .map(|child| squeeze(child.text()))
        .chain([squeeze(heading.children().filter_map(text_of))])
        .filter(|part| !announces(part))
        .collect()
}
