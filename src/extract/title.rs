//! The headline: what a page calls itself in several places, by vote.

use scraper::ElementRef;

use super::heading::{headline_of, is_of_path, leads_home, parts_of};
use super::line::squashed;
use super::structured::Structured;
use super::survey::element;
use super::{Page, listed};
use crate::article::{Found, Origin};
use crate::entry::Listing;
use crate::profile::squeeze;

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
    /// A heading in the path to the page says the same.
    is_of_path: bool,
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
    let (in_path, headings): (Vec<_>, Vec<_>) = page
        .survey
        .headings
        .iter()
        .filter_map(|id| element(&page.html, *id))
        .filter(|heading| heading.text().any(|text| !text.trim().is_empty()))
        .filter(|heading| !leads_home(*heading, page))
        .partition(|heading| is_of_path(*heading));
    let mut said = said_by_headings(&headings, above_body);
    said.extend(told(page, structured));
    let mut found: Vec<Candidate> =
        said.iter().flat_map(|(place, text)| candidates_of(*place, text, &site)).collect();
    add_beginnings(&mut found);
    add_ending(&mut found);
    let in_path: Vec<String> = in_path.iter().map(|heading| squashed(&squeeze(heading.text()))).collect();
    for candidate in &mut found {
        let text = candidate.squashed.as_str();
        candidate.is_of_path = in_path.iter().any(|name| name.starts_with(text) || text.starts_with(name));
    }
    found
}

/// The text of one place as it stands, where it may go on with the site's name, and without that.
fn candidates_of(place: Place, text: &str, site: &SiteNames) -> Vec<Candidate> {
    let text: String = squeeze(std::iter::once(text)).chars().take(LONGEST).collect();
    let stripped = site.strip(&text, place.is_visible());
    // With the site's name, what is stated as the headline is `<title>` once more.
    let place = if place == Place::JsonLd && stripped != text { Place::Document } else { place };
    let whole = (!place.is_visible() && text != stripped).then_some(text);
    std::iter::once(stripped)
        .chain(whole)
        .map(|text| Candidate { place, squashed: squashed(&text), text, is_of_path: false })
        .filter(|candidate| !candidate.squashed.is_empty() && !site.is_one(&candidate.squashed))
        .collect()
}

/// What readers are shown: the headings, and the line above the body, which is often one of them.
fn said_by_headings(headings: &[ElementRef<'_>], mut above_body: Option<&str>) -> Vec<(Place, String)> {
    let mut said = Vec::new();
    let place = if headings.len() == 1 { Place::Heading } else { Place::OneOfHeadings };
    for heading in headings {
        let all = headline_of(*heading);
        said.push((place, all.clone()));
        if above_body.is_some_and(|line| line != all && line == squeeze(heading.text())) {
            above_body = None;
            said.push((Place::AboveBody, all.clone()));
        }
        let parts = parts_of(*heading).into_iter().filter(|part| *part != all);
        said.extend(parts.map(|part| (Place::HeadingsPart, part)));
    }
    said.extend(above_body.map(|line| (Place::AboveBody, line.to_owned())));
    said
}

/// What machines are told.
fn told(page: &Page<'_>, structured: &Structured) -> Vec<(Place, String)> {
    const OTHERS: [&str; 6] =
        ["twitter:title", "dc.title", "dcterms.title", "headline", "articletitle", "parsely-title"];
    let headlines = structured.headlines.iter().map(|title| {
        let place = if title.origin == Origin::JsonLd { Place::JsonLd } else { Place::Microdata };
        (place, title.value.as_str())
    });
    let metas = [
        (Place::OpenGraph, page.survey.meta(&["og:title"])),
        (Place::OtherMeta, page.survey.meta(&OTHERS)),
        (Place::Document, page.survey.title.as_deref()),
    ];
    let metas = metas.into_iter().filter_map(|(place, text)| Some((place, text?)));
    let listed = page.entry.and_then(|entry| Some((Place::Entry(entry.from), entry.title.as_deref()?)));
    // Some listings cut long titles.
    let listed = listed.filter(|(_, title)| !title.ends_with(['…', '.']));
    headlines.chain(metas).chain(listed).map(|(place, text)| (place, text.to_owned())).collect()
}

/// A title that begins with what is shown as a headline, up to a separator, speaks for it: what
/// follows is the site's, however long.
fn add_beginnings(found: &mut Vec<Candidate>) {
    let shown: Vec<String> =
        found.iter().filter(|c| c.place.is_visible()).map(|c| c.squashed.clone()).collect();
    let mut beginnings = Vec::new();
    for candidate in found.iter().filter(|candidate| !candidate.place.is_visible()) {
        for squashed in &shown {
            if let Some(text) = beginning(&candidate.text, &candidate.squashed, squashed) {
                let squashed = squashed.clone();
                let text = text.to_owned();
                beginnings.push(Candidate { place: candidate.place, text, squashed, is_of_path: false });
            }
        }
    }
    found.extend(beginnings);
}

/// A line above the body that ends with the title for sharing shows it, with another line before it.
fn add_ending(found: &mut Vec<Candidate>) {
    let line = found.iter().find(|c| c.place == Place::AboveBody).map(|c| c.squashed.clone());
    let ends = |c: &&Candidate| {
        c.place == Place::OpenGraph
            && c.squashed.chars().count() >= 10
            && line.as_ref().is_some_and(|line| *line != c.squashed && line.ends_with(c.squashed.as_str()))
    };
    let ending = found.iter().find(ends).map(|c| Candidate { place: Place::AboveBody, ..c.clone() });
    found.extend(ending);
}

/// The part of a title that reads like the headline, when a separator follows it.
fn beginning<'a>(title: &'a str, squashed_title: &str, headline: &str) -> Option<&'a str> {
    if !squashed_title.starts_with(headline) || squashed_title == headline {
        return None;
    }
    title.match_indices(['-', '_', '|', '–', '—', '｜', '·', ':', '：', '»']).find_map(|(at, _)| {
        let text = title[..at].trim_end();
        (squashed(text) == headline).then_some(text)
    })
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
        let votes: f32 = places.iter().map(|place| place.weight()).sum();
        // Its name in the path is for search engines, where readers are shown another one. What goes on
        // from somewhere is the line below the headline.
        let goes_on = candidate.text.starts_with(['…', '.']);
        if candidate.is_of_path || goes_on { votes / 2.0 } else { votes }
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
            let is_site = if only_names { self.is_one(&squashed(before)) } else { self.names(before) };
            if !is_site || after.trim().is_empty() {
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
