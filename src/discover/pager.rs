//! A list's pager: which page is next, by the profile, by counting, or by its words, and where a script
//! makes it, by the form of the list's URLs; and what it announces.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::Period;
use super::links::Finder;
use crate::extract::Page;
use crate::extract::survey::{attribute, element};
use crate::profile::squeeze;
use crate::url::CanonicalUrl;

/// What the link to the next page says.
const NEXT: [&str; 14] = [
    "下一页",
    "下页",
    "后一页",
    "下一頁",
    "下頁",
    "next",
    "next page",
    "next »",
    "older posts",
    "older",
    "›",
    "»",
    ">",
    "→",
];
/// What the other links of a pager say.
const OTHERS: [&str; 18] = [
    "上一页",
    "上页",
    "上一頁",
    "上頁",
    "尾页",
    "末页",
    "尾頁",
    "末頁",
    "最后一页",
    "prev",
    "previous",
    "newer",
    "newer posts",
    "last",
    "‹",
    "«",
    "<",
    "←",
];

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
        r"[?&](?:page|paged|p|pg|pageno|pagenum|page_?index)=(\d{1,6})(?:&|$)|(\d{1,6})(?:/|\.[a-z]+)?$",
    )
    .ok()
});

impl<'a> Finder<'a> {
    /// The page after this one: by the profile's rule, by counting, by its words, or by its form.
    pub(super) fn next_page(&self) -> Option<CanonicalUrl> {
        let profile = self.territory.profile.as_deref();
        let by_rule = || {
            let css = profile?.discover.next.as_ref()?;
            let anchor = self.page.html().select(css.selector()).next()?;
            self.absolute(attribute(anchor, "href")?)
        };
        let next = by_rule()
            .or_else(|| self.next_by_number())
            .or_else(|| self.next_by_words())
            .or_else(|| self.next_by_text())
            .or_else(|| self.next_by_form());
        // A calendar's next month is no next page.
        let is_page = |url: &CanonicalUrl| {
            url.key() != self.page.url().key()
                && !(Period::of(url).is_some() && Period::of(self.page.url()).is_some())
                && !is_beyond(self.page, url)
        };
        next.filter(is_page)
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

    fn next_by_words(&self) -> Option<CanonicalUrl> {
        if let Some(next) = &self.page.survey.next {
            return self.absolute(next);
        }
        let says_next = |anchor: &ElementRef<'_>| {
            let text = squeeze(anchor.text()).to_lowercase();
            text.chars().count() <= 12
                && NEXT.contains(&text.trim_end_matches(['>', '»', '›', '→']).trim_end())
                || NEXT.contains(&text.as_str())
        };
        self.anchors().filter(says_next).find_map(|anchor| self.absolute(attribute(anchor, "href")?))
    }

    /// The link that says 2 on the first page, where its URL says so too.
    fn next_by_text(&self) -> Option<CanonicalUrl> {
        let wanted = number(self.page.url()).unwrap_or(1) + 1;
        let says_so = |anchor: &ElementRef<'_>| squeeze(anchor.text()).parse() == Ok(wanted);
        let mut urls =
            self.anchors().filter(says_so).filter_map(|anchor| self.absolute(attribute(anchor, "href")?));
        urls.find(|url| number(url) == Some(wanted))
    }

    fn anchors(&self) -> impl Iterator<Item = ElementRef<'a>> {
        let page = self.page;
        page.survey.anchors.iter().filter_map(move |id| element(page.html(), *id))
    }
}

/// Whether a link belongs to a pager: it says so, or it says the number of a page that its URL has too.
pub(super) fn is_pager(anchor: ElementRef<'_>, url: &CanonicalUrl) -> bool {
    let text = squeeze(anchor.text()).to_lowercase();
    let text = text.trim_matches(['[', ']']);
    NEXT.contains(&text)
        || OTHERS.contains(&text)
        || text.parse::<u32>().is_ok_and(|said| said > 0 && number(url) == Some(said))
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
