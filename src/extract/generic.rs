//! An article read by rules that know no site.

use super::Page;
use super::body::{Hints, Reading};
use super::fields::{fall_through, set_body};
use super::structured::{self, Structured};
use super::title;
use crate::article::{Article, Origin};

/// A text of this many characters is an article even when no date stands on the page.
const ENOUGH_CHARS: usize = 200;

pub(super) fn article(page: &Page<'_>) -> Option<Article> {
    let found = anything(page)?;
    let is_article = found.published.is_some() || found.text.chars().count() >= ENOUGH_CHARS;
    (is_article && !page.url().is_front_page()).then_some(found)
}

/// Whatever is found, on a page of any kind.
pub(super) fn anything(page: &Page<'_>) -> Option<Article> {
    let structured = structured::read(page, &page.date_context(None));
    let reading = read(page, &structured);
    let mut article = Article::default();
    if let Some(body) = reading.body(&page.html, &page.base) {
        set_body(&mut article, body, &Origin::Generic);
    }
    fall_through(page, &structured, Some(&reading), &mut article);
    let is_empty = article.text.is_empty() && article.title.is_empty() && article.images.is_empty();
    (!is_empty).then_some(article)
}

/// The page cut into blocks and judged, by what it says of itself.
pub(super) fn read(page: &Page<'_>, structured: &Structured) -> Reading {
    let descriptions = ["og:description", "description", "twitter:description"];
    let hints = Hints {
        title: title::choose(&title::candidates(page, structured, None)).map(|found| found.value),
        descriptions: descriptions
            .iter()
            .filter_map(|name| page.survey.meta(&[name]))
            .map(str::to_owned)
            .collect(),
        body: structured.body.clone(),
    };
    Reading::of(&page.html, &hints)
}
