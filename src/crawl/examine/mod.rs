//! What an answer means: from a capture to everything that is committed of it. Pure.

mod lists;
mod missing;
mod page;
mod parts;
mod sources;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::archive::{Claimed, Disposition, ListRole, Outcome, PageResult};
use crate::capture::{Capture, Digest};
use crate::crawl::counted::Counted;
use crate::dedup::Boilerplate;
use crate::discover::{SeenLinks, SeenLists, Territory, Yield, Yields};
use crate::extract::parts::Continuation;
use crate::extract::{Attributes, PageKind};
use crate::fetch::FetchError;
use crate::frontier::{Candidate, Kind, Via};
use crate::politeness::{HostState, Refusal, Reply, retry};
use crate::profile::{Profile, Profiles};
use crate::url::CanonicalUrl;
use crate::watch::{Traits, Watch};

use page::is_html;
pub(super) use sources::profile_sources;

/// Runs that may fail before a URL is given up for good.
pub(super) const PATIENCE: u32 = 5;
/// Days for which a page that comes damaged each time is asked for again before it is taken as it is.
const DAMAGED_DAYS: u32 = 3;
/// Further looks at a URL that was never an article's where nothing stands.
const ABSENT_LOOKS: u32 = 2;
/// Days after which a known article that can't be read is tried again at the latest.
const LONGEST_REFUSAL: i32 = 30;
/// Until a page that ends processes is tried again, in a process of its own: time enough for a new version.
const SET_ASIDE_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What the decisions depend on besides the answer.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) site: i64,
    pub(super) territory: Territory,
    pub(super) profiles: Arc<Profiles>,
    /// What the rules and the profiles read of a page.
    pub(super) attributes: Attributes,
    pub(super) seen: Arc<SeenLinks>,
    /// What lists have shown.
    pub(super) lists: Arc<SeenLists>,
    /// The articles that pages of each form yielded.
    pub(super) yields: Arc<Yields>,
    /// What stood under counted numbers.
    pub(super) counted: Arc<Mutex<Counted>>,
    /// What stands below the site's posts.
    pub(super) boilerplate: Arc<Boilerplate>,
    /// What the site's articles are like, once one of them was fetched.
    pub(super) watch: Arc<OnceCell<Mutex<Watch>>>,
    /// What the site says where nothing stands.
    pub(super) missing_texts: Arc<Mutex<HashSet<Digest>>>,
    /// Tries after the first.
    pub(super) retries: u32,
    /// Redirects in a row.
    pub(super) redirects: u32,
}

/// What an answer came to.
#[derive(Debug)]
pub(super) enum Examined {
    /// It is understood: the outcome, and the profile that the page's fingerprint gave.
    Done { outcome: Box<Outcome>, profile: Option<Arc<Profile>> },
    /// The article goes on at another URL.
    GoesOn { pages: Pages, url: CanonicalUrl },
}

/// The pages of an answer: one, and the further parts of its article that were fetched so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) captures: Vec<Capture>,
    /// What the first page came to, once it was read.
    first: Option<Box<First>>,
}

/// What the first page of an article on several came to.
#[derive(Debug)]
struct First {
    read: Read,
    profile: Option<Arc<Profile>>,
    continuation: Option<Continuation>,
    candidates: Vec<Candidate>,
    missing: Vec<&'static str>,
}

/// Examines an answer. `may_go_on` is false when no more can be had.
pub(super) fn answer(
    rules: &Rules,
    claimed: &Claimed,
    Pages { mut captures, first }: Pages,
    host: (i64, HostState),
    may_go_on: bool,
) -> Examined {
    let parts = captures.split_off(1);
    let mut exam = Exam::new(rules, claimed, captures[0].fetched_at);
    let (name, mut result, disposition) = match first {
        Some(first) => exam.resume(*first),
        None => exam.read(&captures[0]),
    };
    if let PageResult::Article { article, .. } = &mut result {
        let next = exam.next_part(&captures[0], &parts);
        if let Some(url) = next.filter(|_| may_go_on) {
            captures.extend(parts);
            let first = Some(Box::new(exam.pause((name, result, disposition))));
            return Examined::GoesOn { pages: Pages { captures, first }, url };
        }
        exam.join_parts(&captures[0], &parts, article);
        rules.boilerplate.cut(article);
        let traits = Traits::of(captures[0].url.as_str(), article);
        if let Some(watch) = rules.watch.get() {
            article.unusual = watch.lock().unwrap_or_else(PoisonError::into_inner).note(traits);
        }
    }
    exam.note_yield(name, &result);
    let mut capture = captures.pop();
    if let Some(capture) = capture.as_mut().filter(|_| !matches!(result, PageResult::Article { .. })) {
        // Nobody keeps it, and sitemaps are large.
        capture.body = Vec::new();
    }
    let outcome = Outcome {
        url: claimed.id,
        site: rules.site,
        name,
        result,
        disposition,
        copies: claimed.copies,
        candidates: exam.candidates,
        list: exam.list,
        missing: exam.missing,
        missing_text: exam.missing_text,
        profile: exam.profile.as_ref().map(|profile| profile.key.clone()),
        host,
        at: exam.at,
        capture,
        parts,
    };
    Examined::Done { outcome: Box::new(outcome), profile: exam.profile }
}

/// What becomes of a URL that gave no answer.
pub(super) fn failure(
    rules: &Rules,
    claimed: &Claimed,
    error: &FetchError,
    host: (i64, HostState),
    at: Timestamp,
) -> Outcome {
    let mut exam = Exam::new(rules, claimed, at);
    let disposition = if error.is_transient() { exam.retry(None) } else { exam.refused() };
    exam.guess_on_after_last_try();
    let outcome = without_answer(rules, claimed, error.outcome(), disposition, host, at);
    Outcome { candidates: exam.candidates, ..outcome }
}

/// What becomes of a URL whose answer could not be examined, by a fault of ours.
pub(super) fn panicked(rules: &Rules, claimed: &Claimed, host: (i64, HostState), at: Timestamp) -> Outcome {
    let disposition = Exam::new(rules, claimed, at).retry(None);
    without_answer(rules, claimed, "panicked", disposition, host, at)
}

/// What becomes of a URL whose page ends the process that examines it.
pub(super) fn set_aside(rules: &Rules, claimed: &Claimed, host: (i64, HostState), at: Timestamp) -> Outcome {
    without_answer(rules, claimed, "set_aside", Disposition::SetAside(at + SET_ASIDE_FOR), host, at)
}

/// The alarm for it.
pub(super) fn set_aside_alarm(claimed: &Claimed, why: &str) -> String {
    format!(
        "`{}` is set aside for {} days, since its page ended the process that examined it ({why}); everything else is crawled: please report the page as a fault of jianbao",
        claimed.url,
        SET_ASIDE_FOR.as_hours() / 24
    )
}

/// An outcome without a request, or without its answer.
pub(super) fn without_answer(
    rules: &Rules,
    claimed: &Claimed,
    name: &'static str,
    disposition: Disposition,
    host: (i64, HostState),
    at: Timestamp,
) -> Outcome {
    Outcome {
        url: claimed.id,
        site: rules.site,
        name,
        capture: None,
        parts: Vec::new(),
        result: PageResult::Nothing,
        disposition,
        copies: claimed.copies,
        candidates: Vec::new(),
        list: None,
        missing: Vec::new(),
        missing_text: None,
        profile: None,
        host,
        at,
    }
}

/// What came of a request, as far as refusals go.
pub(super) fn reply(outcome: &Outcome) -> Reply {
    let Some(capture) = &outcome.capture else { return Reply::None };
    let refusal = match Refusal::of_status(capture.status) {
        None if outcome.name == PageKind::Challenge.as_str() => Some(Refusal::Forbidden(capture.status)),
        refusal => refusal,
    };
    refusal.map_or(Reply::Served, Reply::Refused)
}

/// Whether the host says that it is overloaded.
pub(super) fn is_overload(capture: &Capture) -> bool {
    matches!(capture.status, 429 | 503)
}

/// Until when the answer asks to be left alone.
pub(super) fn retry_after(capture: &Capture) -> Option<Timestamp> {
    retry::retry_after(capture.header("retry-after")?, capture.fetched_at)
}

type Read = (&'static str, PageResult, Disposition);

struct Exam<'a> {
    rules: &'a Rules,
    claimed: &'a Claimed,
    at: Timestamp,
    profile: Option<Arc<Profile>>,
    /// Where the first page says that its article goes on.
    continuation: Option<Continuation>,
    candidates: Vec<Candidate>,
    /// What kind of list it turned out to be.
    list: Option<ListRole>,
    missing: Vec<&'static str>,
    missing_text: Option<Digest>,
}

impl<'a> Exam<'a> {
    fn new(rules: &'a Rules, claimed: &'a Claimed, at: Timestamp) -> Self {
        Self {
            rules,
            claimed,
            at,
            profile: None,
            continuation: None,
            candidates: Vec::new(),
            list: None,
            missing: Vec::new(),
            missing_text: None,
        }
    }

    /// Notes the yield of a page: an error says nothing of its form, nor a known article.
    fn note_yield(&self, name: &str, result: &PageResult) {
        let is_page = |found: &Candidate| found.kind != Kind::Sitemap;
        let gave = match (result, name) {
            (PageResult::Article { article, .. }, _) => Yield::Article(article.text_digest()),
            (_, "list" | "list_repeats") => Yield::Links,
            (_, "sitemap") if self.candidates.iter().any(is_page) => Yield::Links,
            (_, "no_article" | "no_text" | "soft_404" | "login" | "challenge" | "sitemap") => Yield::Nothing,
            _ => return,
        };
        if !self.claimed.has_article() {
            self.rules.yields.note(&self.claimed.url, self.claimed.kind, gave, &self.candidates);
        }
    }

    /// Keeps what the first page came to until its article's next part is there.
    fn pause(self, read: Read) -> First {
        let Self { profile, continuation, candidates, missing, .. } = self;
        First { read, profile, continuation, candidates, missing }
    }

    fn resume(&mut self, first: First) -> Read {
        self.profile = first.profile;
        self.continuation = first.continuation;
        self.candidates = first.candidates;
        self.missing = first.missing;
        first.read
    }

    fn read(&mut self, capture: &Capture) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        match capture.status {
            200..=299 => self.read_body(capture),
            _ if capture.is_redirect() => self.redirect(capture),
            304 if self.claimed.etag.is_some() || self.claimed.last_modified.is_some() => {
                self.note_archive(&capture.url);
                ("not_modified", PageResult::NotModified, Disposition::Done)
            }
            400..=499 if !matches!(capture.status, 408 | 429) && self.claimed.kind.is_listing() => {
                self.missed(true)
            }
            404 | 410 if self.claimed.is_counted() && !self.claimed.has_article() => {
                nothing("id_missing", Disposition::GivenUp)
            }
            404 | 410
                if self.claimed.kind == Kind::List && !self.claimed.leads && !self.claimed.has_article() =>
            {
                self.learn_missing(capture);
                nothing("list_ended", Disposition::Done)
            }
            404 => {
                self.learn_missing(capture);
                self.missing("not_found")
            }
            410 => self.missing("gone"),
            429 => nothing("too_many_requests", self.retry(retry_after(capture))),
            503 => nothing("unavailable", self.retry(retry_after(capture))),
            408 | 500..=599 => {
                self.guess_on_after_last_try();
                nothing("server_error", self.retry(None))
            }
            // Who is refused once may be let in another day.
            _ => nothing("refused", self.not_yet(PATIENCE)),
        }
    }

    fn read_body(&mut self, capture: &Capture) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        if capture.body.iter().all(u8::is_ascii_whitespace) {
            return nothing("empty_body", self.retry(None));
        }
        if capture.damage.is_some() && self.waits_for_whole() {
            return nothing("damaged_body", self.retry(None));
        }
        if self.claimed.kind.is_listing() {
            return self.read_listing(capture);
        }
        if is_html(capture) { self.read_page(capture) } else { nothing("not_html", self.refused()) }
    }

    /// Whether a body that was cut off or changed on its way is left for another try. It never stands in for a known
    /// article. Of a list, what can be read is taken in the same run, since only its links are; an article that stays
    /// damaged is taken after some days, with that fact.
    fn waits_for_whole(&self) -> bool {
        let days = match self.claimed.kind {
            Kind::Post | Kind::Other => DAMAGED_DAYS,
            Kind::List | Kind::Feed | Kind::Sitemap | Kind::Api => 0,
        };
        self.claimed.has_article() || self.claimed.failures < self.rules.retries + days
    }

    fn redirect(&mut self, capture: &Capture) -> Read {
        let refused = |name| (name, PageResult::Nothing, self.refused());
        let target = match capture.redirect_target() {
            None => return refused("redirect_without_target"),
            Some(Err(_)) => return refused("bad_redirect"),
            Some(Ok(target)) => target,
        };
        if target.key() == capture.url.key() {
            return refused("redirect_loop");
        }
        if self.claimed.kind.is_listing()
            && (target.is_front_page() || !self.rules.territory.contains(&target))
        {
            return self.missed(true);
        }
        if self.claimed.hops + 1 > self.rules.redirects {
            return refused("too_many_redirects");
        }
        if !self.rules.territory.contains(&target) {
            return refused("redirected_off_site");
        }
        if self.claimed.has_article() && target.is_front_page() {
            return self.missing("redirected_home");
        }
        let kind = match self.rules.territory.kind(&target) {
            Kind::Other => self.claimed.kind,
            kind => kind,
        };
        let candidate = Candidate::new(target.clone(), kind, Via::Redirect, self.claimed.depth);
        let entry = self.claimed.entry.clone();
        self.candidates.push(Candidate { hops: self.claimed.hops + 1, entry, ..candidate });
        ("redirect", PageResult::Redirect(target), Disposition::Done)
    }

    /// To be tried again: soon in this run, then tomorrow, at last not at all.
    fn retry(&self, at: Option<Timestamp>) -> Disposition {
        let failures = self.claimed.failures + 1;
        if failures <= self.rules.retries {
            let backoff = self.at + retry::backoff(failures);
            Disposition::Retry(at.map_or(backoff, |at| at.max(self.at)))
        } else if failures <= self.rules.retries + PATIENCE || self.claimed.has_article() {
            Disposition::Retry(self.at + DAY)
        } else {
            self.given_up()
        }
    }

    /// Not to be tried again, unless an article stood there.
    fn refused(&self) -> Disposition {
        if self.claimed.has_article() { self.later() } else { self.given_up() }
    }

    /// Nothing is to be had there: it is looked at again for so many days, since what is announced may stand
    /// there tomorrow.
    fn not_yet(&self, looks: u32) -> Disposition {
        let may_come = !self.claimed.kind.is_listing() && !self.claimed.is_counted();
        if may_come && self.claimed.failures < looks { self.later() } else { self.refused() }
    }

    /// Not to be tried again; where new articles are shown, at its next turn all the same.
    fn given_up(&self) -> Disposition {
        if self.claimed.leads { Disposition::Done } else { Disposition::GivenUp }
    }

    /// Tomorrow, and each time a day later.
    fn later(&self) -> Disposition {
        let days = i32::try_from(self.claimed.failures + 1).unwrap_or(i32::MAX).min(LONGEST_REFUSAL);
        Disposition::Retry(self.at + DAY * days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::OnlyBy;
    use crate::config::{Config, SiteConfig};

    fn rules(seed: &str) -> Rules {
        let site: SiteConfig = toml::from_str(&format!("name = 'a'\nseeds = ['{seed}']")).unwrap();
        let config = Config { sites: vec![site], ..Config::default() };
        let site = config.resolved_sites().unwrap().remove(0);
        Rules {
            site: 1,
            territory: Territory { site: Arc::new(site), profile: None },
            profiles: Arc::new(Profiles::built_in().unwrap()),
            attributes: Attributes::ALL,
            seen: Arc::default(),
            lists: Arc::default(),
            yields: Arc::default(),
            counted: Arc::default(),
            boilerplate: Arc::default(),
            watch: Arc::default(),
            missing_texts: Arc::default(),
            retries: 3,
            redirects: 5,
        }
    }

    #[test]
    fn the_body_of_a_list_does_not_travel_to_the_archive() {
        let url = CanonicalUrl::parse("http://a.example/", None).unwrap();
        let claimed = Claimed {
            id: 1,
            url: url.clone(),
            kind: Kind::List,
            depth: 0,
            hops: 0,
            etag: None,
            last_modified: None,
            failures: 0,
            entry: None,
            known: None,
            only_by: OnlyBy::Others,
            is_new: true,
            crashes: 0,
            has_worked: false,
            leads: true,
            copies: 0,
            rank: 0,
        };
        let page = b"<title>a</title><a href=/1.html>one</a>".to_vec();
        let capture = Capture::of_page(url, Timestamp::UNIX_EPOCH, Some("text/html"), page);
        let (length, digest) = (capture.wire_length, capture.digest);
        let pages = Pages { captures: vec![capture], first: None };
        let examined = answer(&rules("http://a.example/"), &claimed, pages, (1, HostState::default()), true);
        let Examined::Done { outcome, .. } = examined else { panic!("{examined:?}") };
        assert_eq!((outcome.name, outcome.candidates.is_empty()), ("list", false));
        let capture = outcome.capture.unwrap();
        assert_eq!((capture.body.len(), capture.wire_length, capture.digest), (0, length, digest));
    }
}
