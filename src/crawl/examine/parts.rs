//! Articles on several pages.

use super::Exam;
use crate::article::Article;
use crate::capture::Capture;
use crate::extract::Page;
use crate::extract::parts::{self, Continuation, MAX_PARTS};
use crate::url::CanonicalUrl;

impl Exam<'_> {
    /// Where the article goes on behind its last part.
    pub(super) fn next_part(&self, first: &Capture, parts: &[Capture]) -> Option<CanonicalUrl> {
        if parts.len() + 1 >= MAX_PARTS || parts.first().is_some_and(|part| self.is_whole(part)) {
            return None;
        }
        let next = match parts.last() {
            None => self.continuation.clone(),
            Some(last) => {
                Page::parse_keeping(&self.rules.attributes, last).continuation(&first.url, parts.len() + 1)
            }
        };
        let (Continuation::Next(url) | Continuation::Whole(url)) = next?;
        let is_new = url.key() != first.url.key() && parts.iter().all(|part| part.url.key() != url.key());
        (is_new && self.rules.territory.contains(&url)).then_some(url)
    }

    fn is_whole(&self, part: &Capture) -> bool {
        parts::is_whole(self.continuation.as_ref(), part)
    }

    /// Joins the parts' bodies.
    pub(super) fn join_parts(&mut self, first: &Capture, parts: &[Capture], article: &mut Article) {
        let profile = self.profile.clone().or_else(|| self.rules.territory.profile.clone());
        let (continuation, attributes) = (self.continuation.as_ref(), &self.rules.attributes);
        parts::join(article, parts, continuation, attributes, profile.as_deref());
        let is_whole = parts.first().is_some_and(|part| self.is_whole(part));
        if !is_whole && self.next_part(first, parts).is_some() {
            self.missing.push("part");
        }
    }
}
