//! What an answer means: from a capture to everything that is committed of it. Pure.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::archive::{Claimed, Disposition, Outcome, PageResult, Revision};
use crate::article::{Article, Origin, Published};
use crate::capture::{Capture, Digest};
use crate::config::Route;
use crate::dedup::Boilerplate;
use crate::discover::{self, SeenLinks, Territory};
use crate::extract::parts::{self, Continuation, MAX_PARTS};
use crate::extract::{Page, PageKind};
use crate::fetch::FetchError;
use crate::frontier::{Candidate, Kind, Via};
use crate::politeness::{HostState, retry};
use crate::profile::{Field, Profile, Profiles};
use crate::url::CanonicalUrl;
use crate::watch::{Traits, Watch};

/// Runs that may fail before a URL is given up for good.
const PATIENCE: u32 = 5;
/// Texts of 404 pages that are remembered of a site.
const MISSING_TEXTS: usize = 16;
/// Characters that a page must say for its text to be known again.
const SHORTEST_NOTICE: usize = 10;
/// Days after which a known article that can't be read is tried again at the latest.
const LONGEST_REFUSAL: i32 = 30;
/// Looks at a URL that should be an article's before it is believed to be none.
const POST_LOOKS: u32 = 10;
const DAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// What the decisions depend on besides the answer.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub(super) site: i64,
    pub(super) territory: Territory,
    pub(super) profiles: Arc<Profiles>,
    pub(super) seen: Arc<SeenLinks>,
    /// What stands below the site's posts.
    pub(super) boilerplate: Arc<Boilerplate>,
    /// What the site's articles are like.
    pub(super) watch: Arc<Mutex<Watch>>,
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
    GoesOn { captures: Vec<Capture>, url: CanonicalUrl },
}

/// Examines an answer: the page, and the further parts of its article that were fetched so far.
/// `may_go_on` is false when no more can be had.
pub(super) fn answer(
    rules: &Rules,
    claimed: &Claimed,
    mut captures: Vec<Capture>,
    host: (i64, HostState),
    may_go_on: bool,
) -> Examined {
    let parts = captures.split_off(1);
    let mut exam = Exam::new(rules, claimed, captures[0].fetched_at);
    let (name, mut result, disposition) = exam.read(&captures[0]);
    if let PageResult::Article { article, .. } = &mut result {
        let next = exam.next_part(&captures[0], &parts);
        if let Some(url) = next.filter(|_| may_go_on) {
            captures.extend(parts);
            return Examined::GoesOn { captures, url };
        }
        exam.join_parts(&captures[0], &parts, article);
        rules.boilerplate.cut(article);
        let traits = Traits::of(captures[0].url.as_str(), article);
        article.unusual = rules.watch.lock().unwrap_or_else(PoisonError::into_inner).note(traits);
    }
    let capture = captures.pop();
    let outcome = Outcome {
        url: claimed.id,
        site: rules.site,
        name,
        result,
        disposition,
        candidates: exam.candidates,
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
    let exam = Exam::new(rules, claimed, at);
    let disposition = if error.is_transient() { exam.retry(None) } else { exam.refused() };
    without_answer(rules, claimed, error.outcome(), disposition, host, at)
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
        candidates: Vec::new(),
        missing: Vec::new(),
        missing_text: None,
        profile: None,
        host,
        at,
    }
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
            missing: Vec::new(),
            missing_text: None,
        }
    }

    /// Where the article goes on behind its last part.
    fn next_part(&self, first: &Capture, parts: &[Capture]) -> Option<CanonicalUrl> {
        if parts.len() + 1 >= MAX_PARTS || parts.first().is_some_and(|part| self.is_whole(part)) {
            return None;
        }
        let next = match parts.last() {
            None => self.continuation.clone(),
            Some(last) => Page::parse(last).continuation(&first.url, parts.len() + 1),
        };
        let (Continuation::Next(url) | Continuation::Whole(url)) = next?;
        let is_new = url.key() != first.url.key() && parts.iter().all(|part| part.url.key() != url.key());
        (is_new && self.rules.territory.contains(&url)).then_some(url)
    }

    /// Whether the part is the page that shows all parts in one.
    fn is_whole(&self, part: &Capture) -> bool {
        matches!(&self.continuation, Some(Continuation::Whole(url)) if url.key() == part.url.key())
    }

    /// Joins the parts' bodies in order; a page with everything takes the place of the first.
    fn join_parts(&mut self, first: &Capture, parts: &[Capture], article: &mut Article) {
        let profile = self.profile.clone().or_else(|| self.rules.territory.profile.clone());
        let whole = parts.first().is_some_and(|part| self.is_whole(part));
        for part in parts {
            let (_, read) = Page::parse(part).read(profile.as_deref());
            if !whole {
                parts::append(article, &read);
            } else if read.text.len() > article.text.len() {
                article.text = read.text;
                article.markdown = read.markdown;
                article.images = read.images;
            }
        }
        if !whole && self.next_part(first, parts).is_some() {
            self.missing.push("part");
        }
    }

    fn read(&mut self, capture: &Capture) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        match capture.status {
            200..=299 => self.read_body(capture),
            301 | 302 | 303 | 307 | 308 => self.redirect(capture),
            304 if self.claimed.etag.is_some() || self.claimed.last_modified.is_some() => {
                ("not_modified", PageResult::NotModified, Disposition::Done)
            }
            404 | 410 if self.claimed.kind == Kind::Sitemap => nothing("no_sitemap", Disposition::Done),
            404 | 410 if self.claimed.kind == Kind::Feed => nothing("no_feed", Disposition::Done),
            404 => {
                self.learn_missing(capture);
                self.missing("not_found")
            }
            410 => self.missing("gone"),
            429 => nothing("too_many_requests", self.retry(retry_after(capture))),
            503 => nothing("unavailable", self.retry(retry_after(capture))),
            408 | 500..=599 => nothing("server_error", self.retry(None)),
            _ => nothing("refused", self.refused()),
        }
    }

    fn read_body(&mut self, capture: &Capture) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        if capture.body.iter().all(u8::is_ascii_whitespace) {
            return nothing("empty_body", self.retry(None));
        }
        // A body that was cut off is asked for again; what there is of it is taken at the last try.
        if capture.damage.is_some() && self.claimed.failures < self.rules.retries {
            return nothing("damaged_body", self.retry(None));
        }
        match self.claimed.kind {
            Kind::Feed => nothing(self.read_feed(capture), Disposition::Done),
            Kind::Sitemap => nothing(self.read_sitemap(capture), Disposition::Done),
            _ if !is_html(capture) => nothing("not_html", Disposition::GivenUp),
            _ => self.read_page(capture),
        }
    }

    fn redirect(&mut self, capture: &Capture) -> Read {
        let given_up = |name| (name, PageResult::Nothing, self.refused());
        let Some(location) = capture.header("location") else { return given_up("redirect_without_target") };
        let Ok(target) = CanonicalUrl::parse(location, Some(&capture.url)) else {
            return given_up("bad_redirect");
        };
        if target.key() == capture.url.key() {
            return given_up("redirect_loop");
        }
        if self.claimed.hops + 1 > self.rules.redirects {
            return given_up("too_many_redirects");
        }
        if !self.rules.territory.contains(&target) {
            return given_up("redirected_off_site");
        }
        if self.claimed.has_article && target.is_front_page() {
            return self.missing("redirected_home");
        }
        let kind = match self.rules.territory.kind(&target) {
            Kind::Other => self.claimed.kind,
            kind => kind,
        };
        let candidate = Candidate::new(target.clone(), kind, Via::Redirect, self.claimed.depth);
        self.candidates.push(Candidate { hops: self.claimed.hops + 1, ..candidate });
        ("redirect", PageResult::Redirect(target), Disposition::Done)
    }

    fn read_feed(&mut self, capture: &Capture) -> &'static str {
        let Some(items) = discover::feed::items(capture) else { return "not_a_feed" };
        for item in items {
            if let Some(candidate) = self.listed(item.url, Via::Feed) {
                self.candidates.push(Candidate { published: item.published, ..candidate });
            }
        }
        "feed"
    }

    fn read_sitemap(&mut self, capture: &Capture) -> &'static str {
        let Some(sitemap) = discover::sitemap::read(capture) else { return "not_a_sitemap" };
        for url in sitemap.sitemaps.into_iter().filter(|url| self.rules.territory.contains(url)) {
            let depth = self.claimed.depth + 1;
            // An index of indexes may list itself; five levels are more than any site has.
            if depth <= 5 {
                self.candidates.push(Candidate::new(url, Kind::Sitemap, Via::Sitemap, depth));
            }
        }
        for url in sitemap.pages {
            let candidate = self.listed(url, Via::Sitemap);
            self.candidates.extend(candidate);
        }
        "sitemap"
    }

    /// What a feed or sitemap lists. Where article URLs have known forms, the rest is left out.
    fn listed(&self, url: CanonicalUrl, via: Via) -> Option<Candidate> {
        let territory = &self.rules.territory;
        let kind = match territory.kind(&url) {
            Kind::Other if territory.knows_articles() && via == Via::Sitemap => return None,
            Kind::Other => Kind::Post,
            kind => kind,
        };
        territory.contains(&url).then(|| Candidate::new(url, kind, via, 1))
    }

    fn read_page(&mut self, capture: &Capture) -> Read {
        let page = Page::parse(capture);
        if page.is_garbage() {
            return ("not_html", PageResult::Nothing, self.refused());
        }
        let profile = self.profile_for(&page);
        let territory = Territory { profile: profile.clone(), ..self.rules.territory.clone() };
        // What the front page or an unknown page is shows once the profile is known.
        let kind = match territory.kind(&capture.url) {
            Kind::Other => self.claimed.kind,
            kind => kind,
        };
        if let Some(first) = page.first_part().filter(|_| !self.claimed.has_article) {
            self.candidates.push(Candidate::new(first, kind, Via::Related, self.claimed.depth));
            return ("article_part", PageResult::Nothing, Disposition::Done);
        }
        self.candidates.extend(discover::from_page(
            &page,
            &territory,
            kind,
            self.claimed.depth,
            &self.rules.seen,
        ));
        self.find_feeds(&territory, capture, kind);
        if kind == Kind::List {
            return ("list", PageResult::Nothing, Disposition::Done);
        }
        let is_known_post = kind == Kind::Post || !territory.knows_articles();
        let (shown, mut article) = page.read(profile.as_deref());
        if self.says_missing(&article) {
            return self.missing("soft_404");
        }
        if shown != PageKind::Article || !(is_known_post || self.claimed.has_article) {
            return self.no_article(&page, shown);
        }
        self.continuation = page.continuation(&capture.url, 1);
        if self.continuation.is_some() {
            // They are fetched with the first part, and are no articles of their own.
            self.candidates.retain(|candidate| !parts::is_part(&capture.url, &candidate.url));
        }
        self.join_hint(&mut article, profile.as_deref());
        self.missing = missing_fields(&article, profile.as_deref());
        let revision = Arc::new(Revision {
            profile: profile.as_ref().map(|p| p.key.clone()).unwrap_or_default(),
            toml: profile.as_ref().map(|p| p.toml.clone()).unwrap_or_default()
                + &self.rules.boilerplate.to_toml(),
        });
        let canonical = Self::canonical(&page, &territory);
        (
            "article",
            PageResult::Article { article: Box::new(article), revision, canonical },
            Disposition::Done,
        )
    }

    /// Nothing here: where an article stood it is missed, else the URL is given up.
    fn missing(&self, name: &'static str) -> Read {
        if self.claimed.has_article {
            (name, PageResult::Missing, Disposition::Done)
        } else {
            (name, PageResult::Nothing, Disposition::GivenUp)
        }
    }

    /// Remembers what the site says where nothing stands, to know it when it says it with status 200.
    fn learn_missing(&mut self, capture: &Capture) {
        let mut known = self.rules.missing_texts.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MISSING_TEXTS && is_html(capture) {
            let (_, article) = Page::parse(capture).read(None);
            self.missing_text = article_digest(&article).filter(|text| known.insert(*text));
        }
    }

    fn says_missing(&self, article: &Article) -> bool {
        let known = self.rules.missing_texts.lock().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && article_digest(article).is_some_and(|text| known.contains(&text))
    }

    fn no_article(&self, page: &Page<'_>, kind: PageKind) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        match kind {
            // Who is kept out today may be let in tomorrow.
            PageKind::Challenge | PageKind::Login => nothing(kind.as_str(), self.retry(None)),
            PageKind::Missing => self.missing("soft_404"),
            _ if page.survey.is_noindex() && self.claimed.has_article => self.missing("noindex"),
            PageKind::Shell | PageKind::Stub => nothing(kind.as_str(), self.seen()),
            _ if page.survey.title.is_none() && page.survey.anchors.is_empty() => {
                nothing("no_text", self.seen())
            }
            _ => nothing("no_article", self.seen()),
        }
    }

    /// Looked at and done with, unless an article stands or should stand there.
    fn seen(&self) -> Disposition {
        let is_post = self.claimed.kind == Kind::Post && self.claimed.failures < POST_LOOKS;
        if is_post || self.claimed.has_article { self.later() } else { Disposition::Done }
    }

    fn profile_for(&mut self, page: &Page<'_>) -> Option<Arc<Profile>> {
        if let Some(profile) = &self.rules.territory.profile {
            return Some(Arc::clone(profile));
        }
        let found = self.rules.profiles.for_page(page.html(), self.at)?;
        self.profile = Some(Arc::clone(&found));
        Some(found)
    }

    /// Feeds that the profile knows and the site's first page leads to.
    fn find_feeds(&mut self, territory: &Territory, capture: &Capture, kind: Kind) {
        let newly_matched = self.profile.is_some();
        let Some(profile) = territory.profile.as_ref().filter(|_| newly_matched && kind == Kind::List) else {
            return;
        };
        self.candidates.extend(profile_sources(profile, territory, &capture.url));
    }

    /// The feed has the exact time; the page has an age in words.
    fn join_hint(&self, article: &mut Article, profile: Option<&Profile>) {
        let Some(at) = self.claimed.hint else { return };
        let hint = Published::exactly(at, profile.and_then(|profile| profile.timezone.as_ref()));
        let joined = match &article.published {
            None => Some(hint),
            Some(shown) => shown.sharpen(&hint),
        };
        if let Some(joined) = joined {
            if joined.from == at && joined.to == at {
                article.note_origin("published", &Origin::Feed);
            }
            article.published = Some(joined);
        }
    }

    /// What `rel=canonical` names, when it may be another address of this article.
    fn canonical(page: &Page<'_>, territory: &Territory) -> Option<CanonicalUrl> {
        let named = page.canonical().filter(|url| url.key() != page.url().key() && !url.is_front_page())?;
        let is_article = !territory.knows_articles() || territory.kind(&named) == Kind::Post;
        (territory.contains(&named) && is_article).then_some(named)
    }

    /// To be tried again: soon in this run, then tomorrow, at last not at all.
    fn retry(&self, at: Option<Timestamp>) -> Disposition {
        let failures = self.claimed.failures + 1;
        if failures <= self.rules.retries {
            let backoff = self.at + retry::backoff(failures);
            Disposition::Retry(at.map_or(backoff, |at| at.max(self.at)))
        } else if failures <= self.rules.retries + PATIENCE || self.claimed.has_article {
            Disposition::Retry(self.at + DAY)
        } else {
            Disposition::GivenUp
        }
    }

    /// Not to be tried again, unless an article stood there.
    fn refused(&self) -> Disposition {
        if self.claimed.has_article { self.later() } else { Disposition::GivenUp }
    }

    /// Tomorrow, and each time a day later.
    fn later(&self) -> Disposition {
        let days = i32::try_from(self.claimed.failures + 1).unwrap_or(i32::MAX).min(LONGEST_REFUSAL);
        Disposition::Retry(self.at + DAY * days)
    }
}

/// What tells two pages of a site apart that say that nothing is here: title and text without figures.
fn article_digest(article: &Article) -> Option<Digest> {
    let words = [&article.title, &article.text];
    let text: String =
        words.iter().flat_map(|text| text.chars().chain(['\n'])).filter(|c| !c.is_numeric()).collect();
    (text.chars().count() > SHORTEST_NOTICE).then(|| Digest::of(text.as_bytes()))
}

/// Feeds and sitemaps that a profile names, as candidates.
pub(super) fn profile_sources(
    profile: &Profile,
    territory: &Territory,
    home: &CanonicalUrl,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (route, kind, via, forms) in [
        (Route::Feeds, Kind::Feed, Via::Seed, &profile.discover.feeds),
        (Route::Sitemaps, Kind::Sitemap, Via::Seed, &profile.discover.sitemaps),
    ] {
        for form in forms.iter().filter(|form| form.is_literal() && territory.uses(route)) {
            found.extend(
                CanonicalUrl::parse(form.as_str(), Some(home))
                    .ok()
                    .map(|url| Candidate::new(url, kind, via, 0)),
            );
        }
    }
    found
}

/// Fields that the profile has a rule for, or requires, and that the article lacks.
fn missing_fields(article: &Article, profile: Option<&Profile>) -> Vec<&'static str> {
    let lacks = |field: &Field| match field {
        Field::Title => article.title.is_empty(),
        Field::Body => article.text.is_empty(),
        Field::Author => article.author.is_none(),
        Field::Source => article.source.is_none(),
        Field::Category => article.category.is_none(),
        Field::Views => article.views.is_none(),
        Field::Published => article.published.is_none(),
        Field::Tags => article.tags.is_empty(),
    };
    let mut wanted = vec![Field::Title, Field::Body, Field::Published];
    if let Some(profile) = profile {
        wanted.extend(&profile.required);
        wanted.extend(profile.article.author.is_some().then_some(Field::Author));
        wanted.extend(profile.article.category.is_some().then_some(Field::Category));
        wanted.extend(profile.article.views.is_some().then_some(Field::Views));
    }
    let mut missing: Vec<&'static str> =
        wanted.iter().filter(|field| lacks(field)).map(|field| field.as_str()).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Whether an answer is a page: by its label, and by its first bytes where the label is missing or
/// vague.
fn is_html(capture: &Capture) -> bool {
    let kind = capture
        .content_type()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let labelled = kind.is_empty() || kind.contains("html") || kind.contains("xml") || kind == "text/plain";
    let head = &capture.body[..capture.body.len().min(1024)];
    let magic: [&[u8]; 9] = [
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"%PDF-",
        b"PK\x03\x04",
        b"\x1f\x8b",
        b"RIFF",
        b"Rar!",
        b"\x7fELF",
    ];
    let is_binary = magic.iter().any(|magic| head.starts_with(magic));
    // Every other byte of UTF-16 is zero; a text in another encoding has none.
    let has_zeros = |most: usize| head.iter().filter(|byte| **byte == 0).nth(most).is_some();
    let is_utf16 =
        head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) || has_zeros(head.len() / 3);
    let has_markup = capture.body.contains(&b'<');
    labelled && !is_binary && has_markup && (is_utf16 || !has_zeros(16))
}
