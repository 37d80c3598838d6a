//! Sites that show one page for every number: counting them would never end.

use std::collections::{HashMap, HashSet};

use crate::capture::Digest;
use crate::url::{CanonicalUrl, UrlKey};

/// Numbers with one text that prove it to be nobody's.
const SAME: usize = 3;

/// What was found under numbers that nothing but counting leads to.
#[derive(Debug, Default)]
pub struct Counted {
    /// A number that no article can have.
    probe: Option<UrlKey>,
    texts: HashMap<Digest, HashSet<UrlKey>>,
    never_missing: Option<CanonicalUrl>,
}

impl Counted {
    /// Takes up what the archive knows: texts with the URLs that only counting led to.
    pub fn remember(&mut self, known: impl IntoIterator<Item = (Digest, UrlKey)>) {
        for (text, url) in known {
            self.texts.entry(text).or_default().insert(url);
        }
    }

    /// Asks a number that no article can have: what stands there is what the site shows for nothing.
    pub fn probe(&mut self, url: &CanonicalUrl) {
        self.probe = Some(url.key());
    }

    /// Whether the text under a counted number is what the site shows for any number: it stands at the
    /// probe, or the same stands under three numbers.
    pub fn is_nothing(&mut self, url: &CanonicalUrl, text: Digest) -> bool {
        let urls = self.texts.entry(text).or_default();
        urls.insert(url.key());
        let is_probe = self.probe.is_some_and(|probe| urls.contains(&probe));
        if is_probe || urls.len() >= SAME {
            self.never_missing.get_or_insert_with(|| url.clone());
            return true;
        }
        false
    }

    /// A number that gave a page though nothing can be there, once that was found out.
    pub fn never_missing(&self) -> Option<&CanonicalUrl> {
        self.never_missing.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(n: u32) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("http://e.com/post/{n}.html"), None).unwrap()
    }

    #[test]
    fn what_stands_at_the_probe_is_nothing_and_so_is_what_stands_under_three_numbers() {
        let mut counted = Counted::default();
        counted.probe(&url(900));
        assert!(!counted.is_nothing(&url(1), Digest::of(b"one")));
        assert!(counted.is_nothing(&url(900), Digest::of(b"nothing")));
        assert!(counted.is_nothing(&url(2), Digest::of(b"nothing")));
        let mut counted = Counted::default();
        counted.remember([(Digest::of(b"same"), url(1).key())]);
        assert!(!counted.is_nothing(&url(2), Digest::of(b"same")));
        assert!(!counted.is_nothing(&url(2), Digest::of(b"same")));
        assert_eq!(counted.never_missing(), None);
        assert!(counted.is_nothing(&url(3), Digest::of(b"same")));
        assert_eq!(counted.never_missing(), Some(&url(3)));
    }
}
