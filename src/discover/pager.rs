//! A list's pager: which page is next, by the profile, by counting, or by what its links say, and where a
//! script makes it, by the form of the list's URLs; and what it announces.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ego_tree::NodeId;
use regex::Regex;
use scraper::ElementRef;

use super::Period;
use super::links::Finder;
use super::pager_label::Label;
use crate::extract::survey::{attribute, element};
use crate::extract::{Page, parts};
use crate::url::{CanonicalUrl, UrlKey};

/// Parameters that number the pages of a list,
const PAGE_KEYS: [&str; 8] = ["page", "paged", "p", "pg", "pageno", "pagenum", "pageindex", "page_index"];
/// and those that count the items before a page.
const OFFSET_KEYS: [&str; 7] = ["start", "offset", "from", "skip", "begin", "startrow", "startindex"];

/// Characters of a text that announces a number of pages, at most.
const SHORT: usize = 60;

static ANNOUNCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)共\s*(\d{1,6})\s*[页頁]|第?\s*\d{1,6}\s*/\s*(\d{1,6})\s*[页頁]|page\s+\d{1,6}\s+of\s+(\d{1,6})",
    )
    .ok()
});
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)[?&](?:page|paged|p|pg|pageno|pagenum|page_?index)=(\d{1,6})(?:&|$)|(\d{1,6})(?:/|\.[a-z]+)?$",
    )
    .ok()
});

/// A link, what it says, and where it leads.
type PagerLink = (NodeId, Label, CanonicalUrl);

/// The links of a list's page that lead to its other pages.
#[derive(Debug, Default)]
pub(super) struct Pager {
    links: Vec<PagerLink>,
    /// The page after this one.
    pub(super) next: Option<CanonicalUrl>,
}

impl Pager {
    /// Whether a link is one of them.
    pub(super) fn holds(&self, anchor: NodeId, url: &CanonicalUrl) -> bool {
        self.next.as_ref().is_some_and(|next| next.key() == url.key())
            || self.links.iter().any(|(link, ..)| *link == anchor)
    }
}

impl<'a> Finder<'a> {
    /// The links that lead to the list's other pages, and which is next: by the profile's rule, by
    /// counting, by what they say, or by its form.
    pub(super) fn pager(&self) -> Pager {
        let links = self.pager_links();
        let here = self.page.url();
        // A calendar's next month is no next page.
        let may_be = |url: &CanonicalUrl| {
            url.key() != here.key()
                && !(Period::of(url).is_some() && Period::of(here).is_some())
                && !is_beyond(self.page, url)
        };
        let named = self.page.survey.next.as_deref().and_then(|next| self.absolute(next));
        let known = [self.next_by_rule(), self.next_by_number(), named];
        let likely = likely_next(&links, here).cloned();
        let next = known.into_iter().flatten().chain(likely).chain(self.next_by_form()).find(may_be);
        Pager { links, next }
    }

    /// Links that say so. Where the same words lead to several pages, as below teasers, they are no pager's.
    fn pager_links(&self) -> Vec<PagerLink> {
        let said = |anchor: ElementRef<'_>| {
            let label = Label::of(anchor)?;
            let url = self.absolute(attribute(anchor, "href")?)?;
            let is_page = match label {
                Label::Page(page) => is_page(page, &url),
                _ => true,
            };
            is_page.then_some((anchor.id(), label, url))
        };
        let mut links: Vec<_> = self.anchors().filter_map(said).collect();
        let mut targets: HashMap<Label, HashSet<UrlKey>> = HashMap::new();
        for (_, label, url) in &links {
            targets.entry(label.clone()).or_default().insert(url.key());
        }
        let leads_to_one = |label: &Label| targets.get(label).is_some_and(|targets| targets.len() == 1);
        links.retain(|(_, label, _)| matches!(label, Label::Page(_)) || leads_to_one(label));
        links
    }

    fn next_by_rule(&self) -> Option<CanonicalUrl> {
        let css = self.territory.profile.as_deref()?.discover.next.as_ref()?;
        let anchor = self.page.html().select(css.selector()).next()?;
        self.absolute(attribute(anchor, "href")?)
    }

    fn next_by_number(&self) -> Option<CanonicalUrl> {
        let list = self.list_rule()?;
        let here = self.page.url();
        let number = list.url.page_number(here).unwrap_or(1);
        self.anchors()
            .filter_map(|anchor| self.absolute(attribute(anchor, "href")?))
            .find(|url| list.url.page_number(url) == Some(number + 1))
    }

    /// The page that the profile's form gives, where nothing on this one says which are there: neither a link
    /// that the profile names, nor one to the pages before.
    fn next_by_form(&self) -> Option<CanonicalUrl> {
        let list = self.list_rule()?;
        let here = self.page.url();
        let number = list.url.page_number(here).unwrap_or(1);
        let profile = self.territory.profile.as_deref()?;
        let linked = self.anchors().filter_map(|anchor| self.absolute(attribute(anchor, "href")?));
        let known = linked.filter_map(|url| list.url.page_number(&url)).max();
        if profile.discover.next.is_some() || known.is_some_and(|last| last <= number) {
            return None;
        }
        let others = list.url.others(here).or_else(|| list.first.as_ref()?.others(here))?;
        self.absolute(&list.url.with_page(number.checked_add(1)?, &others)?)
    }

    fn anchors(&self) -> impl Iterator<Item = ElementRef<'a>> {
        let page = self.page;
        page.survey.anchors.iter().filter_map(move |id| element(page.html(), *id))
    }
}

/// The pages that may be the next one, the likeliest first: by words, by number, by a sign.
fn likely_next<'a>(links: &'a [PagerLink], here: &'a CanonicalUrl) -> impl Iterator<Item = &'a CanonicalUrl> {
    let said = |in_words: bool| {
        let is_next = move |label: &Label| matches!(label, Label::Next(text) if text.contains(char::is_alphanumeric) == in_words);
        links.iter().filter(move |(_, label, _)| is_next(label))
    };
    let is_numbered =
        |label: &Label, url: &CanonicalUrl| matches!(label, Label::Page(page) if follows(*page, url, here));
    let numbered = links.iter().filter(move |(_, label, url)| is_numbered(label, url));
    said(true).chain(numbered).chain(said(false)).map(|(_, _, url)| url)
}

/// Whether a URL has the number that its link says.
fn is_page(said: u32, url: &CanonicalUrl) -> bool {
    number(url) == Some(said) || counter(url).is_some_and(|counter| counter.may_be(said))
}

/// Whether the page of a number is the one after `here`.
fn follows(said: u32, url: &CanonicalUrl, here: &CanonicalUrl) -> bool {
    let is_second = said == 2 && number(url) == Some(2) && parts::is_part(here, url);
    is_second
        || number(url) == Some(said) && said == number(here).unwrap_or(1) + 1
        || counter(url).is_some_and(|counter| counter.follows(said, here))
}

/// A parameter that tells a list's pages apart.
struct Counter {
    value: u32,
    /// What all pages have in common.
    rest: String,
    /// It counts items, not pages.
    is_offset: bool,
}

impl Counter {
    /// From one page to the next, where this is the page `said`; pages count from 1, items from 0 or the
    /// first page's.
    fn steps(&self, said: u32) -> impl Iterator<Item = u32> {
        let places = [Some(said), said.checked_sub(1)].into_iter().flatten().filter(|place| *place > 0);
        let (value, is_offset) = (self.value, self.is_offset);
        let steps = places.filter(move |place| value > 0 && value.is_multiple_of(*place));
        steps.map(move |place| value / place).filter(move |step| is_offset || *step == 1)
    }

    fn may_be(&self, said: u32) -> bool {
        self.value == 0 && said == 1 || self.steps(said).next().is_some()
    }

    fn follows(&self, said: u32, here: &CanonicalUrl) -> bool {
        match counter(here) {
            Some(before) => {
                before.rest == self.rest
                    && self.steps(said).any(|step| before.value.checked_add(step) == Some(self.value))
            }
            None => said == 2 && here.path_and_query() == self.rest && self.may_be(said),
        }
    }
}

fn counter(url: &CanonicalUrl) -> Option<Counter> {
    let (path, query) = url.path_and_query().split_once('?')?;
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let is_key = |keys: &[&str], name: &str| keys.contains(&name.to_ascii_lowercase().as_str());
    let counts = |(name, _): &&(&str, &str)| is_key(&PAGE_KEYS, name) || is_key(&OFFSET_KEYS, name);
    let (name, value) = pairs.iter().find(counts)?;
    let others: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
    let rest = if others.is_empty() { path.to_owned() } else { format!("{path}?{}", others.join("&")) };
    Some(Counter { value: value.parse().ok()?, rest, is_offset: is_key(&OFFSET_KEYS, name) })
}

/// Whether `next` would be a page behind the last one that the page announces.
fn is_beyond(page: &Page<'_>, next: &CanonicalUrl) -> bool {
    let (Some(here), Some(next)) = (number(page.url()), number(next)) else { return false };
    next == here + 1 && announced(page).is_some_and(|last| here >= last)
}

/// The last page, as text says: 共12页, 3/12页, Page 3 of 12.
fn announced(page: &Page<'_>) -> Option<u32> {
    let regex = ANNOUNCED.as_ref()?;
    let mut texts = page.html().root_element().text().filter(|text| text.len() <= SHORT);
    let found = texts.find_map(|text| regex.captures(text))?;
    found.iter().skip(1).flatten().next()?.as_str().parse().ok()
}

/// The number of a list's page in its URL.
fn number(url: &CanonicalUrl) -> Option<u32> {
    let found = NUMBER.as_ref()?.captures(url.path_and_query())?;
    found.iter().skip(1).flatten().next()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    #[test]
    fn the_page_behind_the_last_one_is_known() {
        for (here, text, next, want) in [
            ("/list_3.html", "共3页", "/list_4.html", true),
            ("/list_2.html", "共3页", "/list_3.html", false),
            ("/news?page=12&c=5", "第12/12页", "/news?page=13&c=5", true),
            ("/news/page/3/", "Page 3 of 3", "/news/page/4/", true),
            ("/news/page/3/", "in 3 pages", "/news/page/4/", false),
            ("/2023/02/", "共1页", "/2023/01/", false),
        ] {
            let url = CanonicalUrl::parse(&format!("http://e.com{here}"), None).unwrap();
            let next = CanonicalUrl::parse(next, Some(&url)).unwrap();
            let html = format!("<title>t</title><p>{text}</p>").into_bytes();
            let capture =
                Capture::of_page(url, jiff::Timestamp::UNIX_EPOCH, Some("text/html;charset=utf-8"), html);
            assert_eq!(is_beyond(&Page::parse(&capture), &next), want, "{here} {text}");
        }
    }
}
