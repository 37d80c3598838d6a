//! An article read by rules that know no site.

use super::Page;
use super::around;
use super::body::{Hints, Reading};
use super::fields::{fall_through, set_body};
use super::heading::as_shown;
use super::kind::{PageKind, kind};
use super::line::squashed;
use super::structured::{self, Structured};
use super::title;
use crate::article::{Article, Origin};

/// What a page is and what was found on it.
pub(super) fn article(page: &Page<'_>) -> (PageKind, Article) {
    let context = page.date_context(None);
    let structured = structured::read(page, &context);
    let reading = read(page, &structured);
    let mut article = Article::default();
    if let Some(body) = reading.body(&page.html, &page.base) {
        set_body(&mut article, body, &Origin::Generic);
    }
    fall_through(page, &structured, Some(&reading), &context, &mut article);
    let lead_image = structured.image.as_ref().map(|found| found.value.as_str());
    around::fill(page, lead_image, &reading, &mut article);
    (kind(page, &structured, &reading, &article), article)
}

/// The page cut into blocks and judged, by what it says of itself.
pub(super) fn read(page: &Page<'_>, structured: &Structured) -> Reading {
    let descriptions = ["og:description", "description", "twitter:description"];
    let title = title::choose(&title::candidates(page, structured, None));
    let hints = Hints {
        title: title.map(|found| as_shown(page, found.value)),
        descriptions: descriptions
            .iter()
            .filter_map(|name| page.survey.meta(&[name]))
            .map(str::to_owned)
            .collect(),
        body: structured.body.clone(),
        known: page.known.unwrap_or_default().lines().map(squashed).collect(),
    };
    Reading::of(&page.html, &hints)
}
