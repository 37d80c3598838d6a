//! Articles that are not where they were.

use std::sync::PoisonError;

use super::page::is_html;
use super::{ABSENT_LOOKS, Exam, Read};
use crate::archive::{Disposition, PageResult};
use crate::article::Article;
use crate::capture::{Capture, Digest};
use crate::extract::Page;

/// Texts of 404 pages that are remembered of a site.
const MISSING_TEXTS: usize = 16;
/// Characters that a page must say for its text to be known again.
const SHORTEST_NOTICE: usize = 10;

impl Exam<'_> {
    /// Nothing here: where an article stood it is missed, else the URL is given up, unless it leads.
    pub(super) fn missing(&self, name: &'static str) -> Read {
        if self.claimed.has_article() {
            (name, PageResult::Missing, Disposition::Done)
        } else {
            (name, PageResult::Nothing, self.not_yet(ABSENT_LOOKS))
        }
    }

    /// Remembers what the site says where nothing stands, to know it when it says it with status 200.
    pub(super) fn learn_missing(&mut self, capture: &Capture) {
        let mut known = self.rules.missing_texts.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MISSING_TEXTS && is_html(capture) {
            let (_, article) = Page::parse_keeping(&self.rules.attributes, capture).read(None);
            self.missing_text = article_digest(&article).filter(|text| known.insert(*text));
        }
    }

    /// Whether a page says what the site says where nothing stands.
    pub(super) fn says_missing(&self, article: &Article) -> bool {
        let known = self.rules.missing_texts.lock().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && article_digest(article).is_some_and(|text| known.contains(&text))
    }
}

/// What tells two pages of a site apart that say that nothing is here: title and text without figures.
fn article_digest(article: &Article) -> Option<Digest> {
    let words = [&article.title, &article.text];
    let text: String =
        words.iter().flat_map(|text| text.chars().chain(['\n'])).filter(|c| !c.is_numeric()).collect();
    (text.chars().count() > SHORTEST_NOTICE).then(|| Digest::of(text.as_bytes()))
}
