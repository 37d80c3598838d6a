//! Sites that moved as a whole: http to https, to or from `www.`. Two redirects that lead to the same
//! path on another origin prove it for all paths, where that origin shows pages and the old one none; the
//! others need not be asked for.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::capture::Capture;
use crate::url::CanonicalUrl;

/// Different paths that have to redirect before their origin counts as moved.
const PROOF: usize = 2;

/// Redirects to one other host before it is named, and their least share of all answers.
const ELSEWHERE: u64 = 3;

/// Where a site's redirects lead.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// Redirects that kept the path, by origin and target.
    twins: BTreeMap<(String, String), HashSet<String>>,
    /// Origins that showed pages: none of them has moved, and only to one of them can another have moved.
    alive: HashSet<String>,
    /// Redirects to hosts that are not the site's.
    elsewhere: HashMap<String, u64>,
    answers: u64,
}

impl Moves {
    /// Notes an answer; `is_own` tells the site's URLs from others.
    pub(super) fn note(&mut self, capture: &Capture, is_own: impl Fn(&CanonicalUrl) -> bool) {
        self.answers += 1;
        if matches!(capture.status, 200..=299 | 304) && !self.alive.contains(capture.url.origin()) {
            self.alive.insert(capture.url.origin().to_owned());
        }
        let Some(Ok(target)) = capture.redirect_target() else { return };
        if is_twin(&capture.url, &target) && matches!(capture.status, 301 | 308) {
            let key = (capture.url.origin().to_owned(), target.origin().to_owned());
            self.twins.entry(key).or_default().insert(capture.url.path_and_query().to_owned());
        } else if !is_own(&target) {
            *self.elsewhere.entry(target.origin().to_owned()).or_default() += 1;
        }
    }

    /// The other host that most of the site leads to, and how many of how many answers did.
    pub(super) fn elsewhere(&self) -> Option<(&str, u64, u64)> {
        let (host, count) = self.elsewhere.iter().max_by_key(|(host, count)| (**count, *host))?;
        let is_most = *count >= ELSEWHERE && *count * 2 >= self.answers;
        is_most.then_some((host.as_str(), *count, self.answers))
    }

    /// Where the URL has moved to, once that is proved.
    pub(super) fn target(&self, url: &CanonicalUrl) -> Option<CanonicalUrl> {
        if self.alive.contains(url.origin()) {
            return None;
        }
        let proved = |((from, to), paths): &(&(String, String), &HashSet<String>)| {
            from == url.origin() && paths.len() >= PROOF && self.alive.contains(to)
        };
        let ((_, to), _) = self.twins.iter().find(proved)?;
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

    fn page(url: &str) -> Capture {
        Capture { status: 200, headers: Vec::new(), ..redirect(url, "") }
    }

    #[test]
    fn what_leads_in_a_circle_or_shows_pages_has_not_moved() {
        let (bare, www) = ("http://e.com", "http://www.e.com");
        let url = CanonicalUrl::parse("http://e.com/3", None).unwrap();
        let mut moves = Moves::default();
        for path in ["1", "2"] {
            moves.note(&redirect(&format!("{bare}/{path}"), &format!("{www}/{path}")), |_| true);
            moves.note(&redirect(&format!("{www}/{path}"), &format!("{bare}/{path}")), |_| true);
        }
        assert_eq!(moves.target(&url), None, "neither shows a page");
        moves.note(&page("http://e.com/"), |_| true);
        moves.note(&page("http://www.e.com/"), |_| true);
        assert_eq!(moves.target(&url), None, "both do");
    }

    #[test]
    fn two_paths_prove_a_move_and_one_does_not() {
        let mut moves = Moves::default();
        moves.note(&page("https://www.e.com/"), |_| true);
        let url = CanonicalUrl::parse("http://e.com/3?a=1", None).unwrap();
        moves.note(&redirect("http://e.com/1", "https://www.e.com/1"), |_| true);
        moves.note(&redirect("http://e.com/1", "https://www.e.com/1"), |_| true);
        moves.note(&redirect("http://e.com/x", "https://www.e.com/"), |_| true);
        moves.note(&redirect("http://e.com/y", "https://other.com/y"), |_| true);
        assert_eq!(moves.target(&url), None);
        moves.note(&redirect("http://e.com/2", "https://www.e.com/2"), |_| true);
        assert_eq!(moves.target(&url).unwrap().as_str(), "https://www.e.com/3?a=1");
        assert_eq!(moves.target(&CanonicalUrl::parse("https://e.com/3", None).unwrap()), None);
    }

    #[test]
    fn a_site_whose_answers_lead_elsewhere_has_moved() {
        let mut moves = Moves::default();
        let own = |url: &CanonicalUrl| url.host() == "e.com";
        for path in ["", "a", "b"] {
            assert_eq!(moves.elsewhere(), None);
            moves.note(&redirect(&format!("http://e.com/{path}"), "https://new.org/"), own);
        }
        assert_eq!(moves.elsewhere(), Some(("https://new.org", 3, 3)));
        for path in ["c", "d", "e", "f"] {
            moves.note(&redirect(&format!("http://e.com/{path}"), "http://e.com/g"), own);
        }
        assert_eq!(moves.elsewhere(), None);
    }
}
