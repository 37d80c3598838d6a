//! Sites that moved as a whole: http to https, to or from `www.`. Two redirects that lead to the same
//! path on another origin prove it for all paths, and the others need not be asked for.

use std::collections::{HashMap, HashSet};

use crate::capture::Capture;
use crate::url::CanonicalUrl;

/// Different paths that have to redirect before their origin counts as moved.
const PROOF: usize = 2;

/// Redirects that kept the path, by origin and target.
#[derive(Debug, Default)]
pub(super) struct Moves(HashMap<(String, String), HashSet<String>>);

impl Moves {
    /// Notes an answer, if it is such a redirect.
    pub(super) fn note(&mut self, capture: &Capture) {
        if !matches!(capture.status, 301 | 308) {
            return;
        }
        let target =
            capture.header("location").and_then(|to| CanonicalUrl::parse(to, Some(&capture.url)).ok());
        if let Some(target) = target.filter(|target| is_twin(&capture.url, target)) {
            let key = (capture.url.origin().to_owned(), target.origin().to_owned());
            self.0.entry(key).or_default().insert(capture.url.path_and_query().to_owned());
        }
    }

    /// Where the URL has moved to, once that is proved.
    pub(super) fn target(&self, url: &CanonicalUrl) -> Option<CanonicalUrl> {
        let moved = |((from, _), paths): &(&(String, String), &HashSet<String>)| {
            from == url.origin() && paths.len() >= PROOF
        };
        let ((_, to), _) = self.0.iter().find(moved)?;
        url.with_origin(to).ok()
    }
}

/// The same path and host, but for the scheme and a leading `www.`.
fn is_twin(url: &CanonicalUrl, target: &CanonicalUrl) -> bool {
    let bare = |url: &CanonicalUrl| url.host().trim_start_matches("www.").to_owned();
    url.origin() != target.origin()
        && bare(url) == bare(target)
        && url.path_and_query() == target.path_and_query()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(from: &str, to: &str) -> Capture {
        let url = CanonicalUrl::parse(from, None).unwrap();
        let mut capture = Capture::of_page(url, jiff::Timestamp::UNIX_EPOCH, None, Vec::new());
        capture.status = 301;
        capture.headers = vec![("location".into(), to.into())];
        capture
    }

    #[test]
    fn two_paths_prove_a_move_and_one_does_not() {
        let mut moves = Moves::default();
        let url = CanonicalUrl::parse("http://e.com/3?a=1", None).unwrap();
        moves.note(&redirect("http://e.com/1", "https://www.e.com/1"));
        moves.note(&redirect("http://e.com/1", "https://www.e.com/1"));
        moves.note(&redirect("http://e.com/x", "https://www.e.com/"));
        moves.note(&redirect("http://e.com/y", "https://other.com/y"));
        assert_eq!(moves.target(&url), None);
        moves.note(&redirect("http://e.com/2", "https://www.e.com/2"));
        assert_eq!(moves.target(&url).unwrap().as_str(), "https://www.e.com/3?a=1");
        assert_eq!(moves.target(&CanonicalUrl::parse("https://e.com/3", None).unwrap()), None);
    }
}
