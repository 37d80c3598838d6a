//! The headline: what a page calls itself in several places, by vote.

use scraper::{ElementRef, Node};

use super::line::squashed;
use super::structured::Structured;
use super::survey::element;
use super::{Page, listed};
use crate::article::{Found, Origin};
use crate::entry::Listing;
use crate::profile::squeeze;
use crate::url::CanonicalUrl;

/// A place that names the headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The only `<h1>`.
    Heading,
    /// One of several `<h1>`.
    OneOfHeadings,
    /// A part of an `<h1>`: its own text, without what is nested in it, or a nested element.
    HeadingsPart,
    JsonLd,
    Microdata,
    OpenGraph,
    OtherMeta,
    /// `<title>`.
    Document,
    /// A heading or bold line right above the body.
    AboveBody,
    /// The entry of a feed, an API or a news sitemap.
    Entry(Listing),
}

impl Place {
    /// How much its word counts. A headline needs no more than one strong witness, but two weak ones
    /// that agree beat it.
    fn weight(self) -> f32 {
        match self {
            Self::JsonLd | Self::Microdata => 3.0,
            Self::Entry(_) => 2.95,
            Self::Heading => 2.9,
            Self::OneOfHeadings => 2.6,
            Self::AboveBody => 2.2,
            Self::Document => 2.1,
            Self::OpenGraph => 1.9,
            Self::OtherMeta => 0.8,
            Self::HeadingsPart => 0.6,
        }
    }

    /// Whether it shows the headline alone, where others add the site's name.
    fn is_visible(self) -> bool {
        !matches!(self, Self::OpenGraph | Self::OtherMeta | Self::Document)
    }

    fn origin(self) -> Origin {
        match self {
            Self::JsonLd => Origin::JsonLd,
            Self::Microdata => Origin::Microdata,
            Self::OpenGraph | Self::OtherMeta => Origin::Meta,
            Self::Entry(listing) => listed::origin(listing),
            _ => Origin::Generic,
        }
    }
}

/// What one place says.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub(super) place: Place,
    pub(super) text: String,
    squashed: String,
}

/// Characters of a title that are read.
const LONGEST: usize = 500;

/// Every place's word, without the name of the site.
pub(super) fn candidates(
    page: &Page<'_>,
    structured: &Structured,
    above_body: Option<&str>,
) -> Vec<Candidate> {
    let site = SiteNames::of(page, structured);
    let mut found = Vec::new();
    let mut note = |place: Place, text: &str| {
        let text: String = squeeze(std::iter::once(text)).chars().take(LONGEST).collect();
        let stripped = site.strip(&text, place.is_visible());
        for text in [Some(&stripped), Some(&text).filter(|text| **text != stripped && !place.is_visible())] {
            let Some(text) = text else { continue };
            let squashed = squashed(text);
            if !squashed.is_empty() && !site.is_one(&squashed) {
                found.push(Candidate { place, text: text.clone(), squashed });
            }
        }
    };
    let headings: Vec<ElementRef<'_>> = page
        .survey
        .headings
        .iter()
        .filter_map(|id| element(&page.html, *id))
        .filter(|heading| heading.text().any(|text| !text.trim().is_empty()))
        .filter(|heading| !leads_home(*heading, page))
        .collect();
    let place = if headings.len() == 1 { Place::Heading } else { Place::OneOfHeadings };
    for heading in headings {
        let all = squeeze(heading.text());
        note(place, &all);
        let nested = heading.child_elements().take(6).map(|child| squeeze(child.text()));
        for part in nested.chain([own_text(heading)]).filter(|part| *part != all) {
            note(Place::HeadingsPart, &part);
        }
    }
    for title in &structured.headlines {
        note(if title.origin == Origin::JsonLd { Place::JsonLd } else { Place::Microdata }, &title.value);
    }
    if let Some(title) = page.survey.meta(&["og:title"]) {
        note(Place::OpenGraph, title);
    }
    let others = ["twitter:title", "dc.title", "dcterms.title", "headline", "articletitle", "parsely-title"];
    if let Some(title) = page.survey.meta(&others) {
        note(Place::OtherMeta, title);
    }
    if let Some(title) = &page.survey.title {
        note(Place::Document, title);
    }
    if let Some(title) = above_body {
        note(Place::AboveBody, title);
    }
    if let Some((entry, title)) = page.entry.and_then(|entry| Some((entry, entry.title.as_deref()?))) {
        note(Place::Entry(entry.from), title);
    }
    add_beginnings(&mut found);
    found
}

/// A heading that is nothing but a link to the front page names the site.
fn leads_home(heading: ElementRef<'_>, page: &Page<'_>) -> bool {
    heading.descendent_elements().filter(|element| element.value().name() == "a").any(|link| {
        let target = link.attr("href").and_then(|href| CanonicalUrl::parse(href, Some(page.base())).ok());
        target.is_some_and(|url| url.is_front_page()) && squeeze(link.text()) == squeeze(heading.text())
    })
}

/// A title that begins with what is shown as a headline, up to a separator, speaks for it: what
/// follows is the site's, however long.
fn add_beginnings(found: &mut Vec<Candidate>) {
    let shown: Vec<String> = found.iter().filter(|c| c.place.is_visible()).map(|c| c.text.clone()).collect();
    let mut beginnings = Vec::new();
    for candidate in found.iter().filter(|candidate| !candidate.place.is_visible()) {
        for text in &shown {
            let rest = candidate.text.strip_prefix(text.as_str()).map(str::trim_start);
            if rest.is_some_and(|rest| {
                rest.starts_with(['-', '_', '|', '–', '—', '｜', '·', ':', '：', '»', '('])
            }) {
                beginnings.push(Candidate {
                    place: candidate.place,
                    text: text.clone(),
                    squashed: squashed(text),
                });
            }
        }
    }
    found.extend(beginnings);
}

/// What each place says and how much its word counts, for a reader.
pub(super) fn explain(candidates: &[Candidate]) -> Vec<String> {
    candidates.iter().map(|c| format!("{:.1}  {:?}: {}", c.place.weight(), c.place, c.text)).collect()
}

/// The candidate that most places agree on; the earlier of equals.
pub(super) fn choose(candidates: &[Candidate]) -> Option<Found<String>> {
    let votes = |candidate: &Candidate| -> f32 {
        let mut places: Vec<Place> = Vec::new();
        for other in candidates.iter().filter(|c| c.squashed == candidate.squashed) {
            if !places.contains(&other.place) {
                places.push(other.place);
            }
        }
        places.iter().map(|place| place.weight()).sum()
    };
    let mut best: Option<(f32, &Candidate)> = None;
    for candidate in candidates {
        let votes = votes(candidate);
        if best.is_none_or(|(most, _)| votes > most) {
            best = Some((votes, candidate));
        }
    }
    let (_, best) = best?;
    let plain = candidates.iter().find(|other| is_without_badge(other, best)).unwrap_or(best);
    Some(Found::new(plain.text.clone(), best.place.origin()))
}

/// Whether one title is the other without a badge or a counter that stands in the heading: 原创, 241.
fn is_without_badge(plain: &Candidate, badged: &Candidate) -> bool {
    let rest = badged
        .squashed
        .strip_prefix(plain.squashed.as_str())
        .or_else(|| badged.squashed.strip_suffix(plain.squashed.as_str()));
    let is_badge = |rest: &str| {
        (1..=4).contains(&rest.chars().count())
            && (rest.chars().all(|c| c.is_ascii_digit()) || rest.chars().all(|c| c >= '\u{2e80}'))
    };
    !plain.place.is_visible()
        && badged.place.is_visible()
        && plain.squashed.chars().count() >= 6
        && rest.is_some_and(is_badge)
}

/// The text nodes of the element itself and of its plainly inline children.
fn own_text(heading: ElementRef<'_>) -> String {
    squeeze(heading.children().filter_map(|child| match child.value() {
        Node::Text(text) => Some(&**text),
        _ => None,
    }))
}

/// What the site calls itself, squashed.
struct SiteNames {
    names: Vec<String>,
    /// The labels of its host: `example` of `www.example.co.uk`.
    labels: Vec<String>,
}

/// What stands between a headline and the name of the site.
const SEPARATORS: [&str; 14] =
    [" | ", "|", "｜", "_", " - ", " – ", " — ", " :: ", " » ", " · ", " • ", "--", "-", "—"];

impl SiteNames {
    fn of(page: &Page<'_>, structured: &Structured) -> Self {
        let names = structured.site_name.iter().map(|found| found.value.as_str());
        let metas = page.survey.meta(&["og:site_name", "application-name", "twitter:site", "publisher"]);
        let names = names.chain(metas).map(squashed).filter(|name| name.chars().count() > 1).collect();
        let host = page.url().host();
        let labels = host
            .split('.')
            .filter(|label| {
                label.len() > 3 && !matches!(*label, "localhost" | "blog" | "news" | "page" | "blogs")
            })
            .map(squashed)
            .collect();
        Self { names, labels }
    }

    fn is_one(&self, squashed: &str) -> bool {
        self.names.iter().any(|name| name == squashed)
    }

    /// Whether a part of a title names the site.
    fn names(&self, part: &str) -> bool {
        let part = squashed(part);
        let is_close = |name: &String| {
            part == *name
                || (part.contains(name.as_str()) && part.len() < name.len() * 3)
                || (name.contains(&part) && part.len() * 2 > name.len())
        };
        !part.is_empty()
            && (self.names.iter().any(is_close)
                || self.labels.iter().any(|label| {
                    part == *label
                        || (part.contains(label.as_str()) && part.len() < label.len() * 2)
                        || (label.contains(&part) && part.len() * 3 > label.len() * 2)
                }))
    }

    /// Cuts the site's name, and what stands between it and the headline; `only_names` leaves what
    /// may belong to the headline.
    fn strip(&self, title: &str, only_names: bool) -> String {
        let mut title = title.trim();
        while let Some((before, after, sure)) = last_part(title) {
            let (width_before, width_after) = (width(before), width(after));
            let is_site = self.names(after);
            // A dash may belong to the headline: without a known name only a short tail goes.
            let is_tail = if sure {
                width_after <= 40 && width_before >= 10
            } else {
                width_after <= 20 && width_before > 2 * width_after
            };
            if before.is_empty() || !(is_site || !only_names && is_tail && width_before > width_after) {
                break;
            }
            title = before;
        }
        while let Some((before, after)) =
            [" | ", " - ", " – ", " :: ", ": "].iter().find_map(|s| title.split_once(s))
        {
            if !self.names(before) || after.trim().is_empty() {
                break;
            }
            title = after.trim();
        }
        title.to_owned()
    }
}

/// What stands before and behind the last separator, and whether it is one that headlines rarely have.
fn last_part(title: &str) -> Option<(&str, &str, bool)> {
    let (start, separator) = SEPARATORS
        .iter()
        .filter_map(|separator| title.rfind(separator).map(|start| (start, *separator)))
        .max_by_key(|(start, separator)| (start + separator.len(), separator.len()))?;
    let (before, after) = (title[..start].trim(), title[start + separator.len()..].trim());
    // A hyphen within a Latin word joins.
    let within_word = matches!(separator, "-" | "—" | "--")
        && before.chars().next_back().is_some_and(is_joined)
        && after.chars().next().is_some_and(is_joined);
    (!within_word).then_some((before, after, matches!(separator, " | " | "|" | "｜" | "_" | " :: " | " » ")))
}

/// A letter of a script that joins words with hyphens.
fn is_joined(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2e80}'
}

/// Half characters: a Han character is as wide as two letters.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}
