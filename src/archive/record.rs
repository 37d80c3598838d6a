//! What goes into the archive and comes back from it while a crawl runs.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::basis::Beforehand;
use crate::article::Article;
use crate::capture::{Capture, Digest};
use crate::dedup::Change;
use crate::entry::Entry;
use crate::frontier::{Candidate, Kind, POSTPONED_RANK, Via};
use crate::politeness::HostState;
use crate::url::CanonicalUrl;

/// A site as the archive knows it.
#[derive(Debug, Clone)]
pub struct SiteRecord {
    /// Row in `site`.
    pub id: i64,
    /// The profile that earlier runs found to fit.
    pub profile: Option<String>,
    /// Runs of it that were begun before this one.
    pub runs: u32,
    /// Its hosts, by origin.
    pub hosts: HashMap<String, HostRecord>,
}

/// A host as the archive knows it.
#[derive(Debug, Clone)]
pub struct HostRecord {
    /// Row in `host`.
    pub id: i64,
    /// Its stored robots.txt.
    pub robots: Option<RobotsCopy>,
    /// Its schedule.
    pub state: HostState,
}

/// A robots.txt as it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsCopy {
    /// HTTP status; 0 when the host did not answer.
    pub status: u16,
    /// The body; empty unless the status is 2xx.
    pub body: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// How a run begins a site.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beginning {
    /// Every known article is due.
    pub full: bool,
    /// Lists are turned to the end.
    pub sweep: bool,
    /// Digest of the profile's text: what could not be read with another one is due again.
    pub layout: Option<Digest>,
}

/// A run that has begun.
#[derive(Debug, Clone, Copy)]
pub struct RunRecord {
    /// Row in `run`.
    pub id: i64,
    /// Start of the first of the runs that this one continues.
    pub chain_start: Timestamp,
    /// An interrupted run is continued.
    pub continues: bool,
    /// The latest moment that the last run noted, when it lies in the future.
    pub ahead: Option<Timestamp>,
}

/// A URL handed out to be fetched.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Row in `url`.
    pub id: i64,
    /// Where.
    pub url: CanonicalUrl,
    /// What it seems to be.
    pub kind: Kind,
    /// Links from a seed.
    pub depth: u32,
    /// Redirects that led here.
    pub hops: u32,
    /// Validator of the last answer.
    pub etag: Option<String>,
    /// Validator of the last answer.
    pub last_modified: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// What a listing says of the article.
    pub entry: Option<Box<Entry>>,
    /// The text of the article that is known here.
    pub known: Option<String>,
    /// The only way that led here, where that matters.
    pub only_by: OnlyBy,
    /// It was found by this run or one that it continues.
    pub is_new: bool,
    /// Of a feed, sitemap or API: it was one before.
    pub has_worked: bool,
    /// It shows where articles are: a feed, a sitemap, the first page of a list.
    pub leads: bool,
    /// Copies in a row that led here: pages that say what another page of the site says.
    pub copies: u32,
    /// Processes in a row that died, or were ended, while its page was examined.
    pub crashes: u32,
    /// Its place in the queue.
    pub rank: i64,
}

/// The only way that led to a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyBy {
    /// Counting numbers.
    Counting,
    /// A guess: nothing names it, and such a file is usually there.
    Guess,
    /// Another way, or several.
    Others,
}

impl OnlyBy {
    /// Reads the names of a URL's routes, with commas between them.
    pub fn of(routes: &str) -> Self {
        match routes {
            _ if routes == Via::Id.as_str() || routes == Via::Probe.as_str() => Self::Counting,
            _ if routes == Via::Guess.as_str() => Self::Guess,
            _ => Self::Others,
        }
    }
}

impl Claimed {
    /// Whether an article is known here.
    pub fn has_article(&self) -> bool {
        self.known.is_some()
    }

    /// Whether nothing but counting led here.
    pub fn is_counted(&self) -> bool {
        self.only_by == OnlyBy::Counting
    }

    /// Whether it was put behind all others.
    pub fn is_postponed(&self) -> bool {
        self.rank >= POSTPONED_RANK
    }

    /// Whether nothing but its form tells that it is worth a request: no article was seen there, no listing
    /// describes one, and it is not the first page of a list.
    pub fn is_unproved(&self) -> bool {
        let is_first_page = self.leads && self.kind == Kind::List;
        !self.has_article() && self.entry.is_none() && !is_first_page
    }
}

/// What is known of a counted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberState {
    /// It was never heard of.
    Unknown,
    /// An article stands there.
    Article,
    /// There is none, as this run or one that it continues found, or nobody knows yet.
    Missing,
    /// There was none at an earlier run.
    MissingBefore,
}

/// What a fetch came to: committed whole or not at all.
#[derive(Debug)]
pub struct Outcome {
    /// The URL.
    pub url: i64,
    /// Its site.
    pub site: i64,
    /// The stable name, such as `article`, `not_found`, `timeout`.
    pub name: &'static str,
    /// The answer, when there was one; without its body where that is no article's.
    pub capture: Option<Capture>,
    /// Further pages of the article, in order.
    pub parts: Vec<Capture>,
    /// What the answer held.
    pub result: PageResult,
    /// What becomes of the URL.
    pub disposition: Disposition,
    /// Copies in a row that led to the URL.
    pub copies: u32,
    /// What was found on it.
    pub candidates: Vec<Candidate>,
    /// What kind of list it turned out to be.
    pub list: Option<ListRole>,
    /// The host's row and schedule after it.
    pub host: (i64, HostState),
    /// Fields that the article should have and has not.
    pub missing: Vec<&'static str>,
    /// The text of a page that says that nothing is here.
    pub missing_text: Option<Digest>,
    /// The profile that the page's fingerprint gave, when the site had none.
    pub profile: Option<String>,
    /// When this was decided.
    pub at: Timestamp,
}

impl Outcome {
    /// Whether it rests on an answer that was cut off or changed on its way.
    pub fn is_damaged(&self) -> bool {
        self.capture.as_ref().is_some_and(|capture| capture.damage.is_some())
    }

    /// Whether a part of the article may be missing: its answer was damaged, or a further page did not come.
    pub fn is_partial(&self) -> bool {
        self.is_damaged() || self.missing.contains(&"part")
    }

    /// The stable name once it is known what the look meant.
    pub fn name_after(&self, verdict: Verdict) -> &'static str {
        if verdict == Verdict::Foreign { "foreign_text" } else { self.name }
    }
}

/// What an answer held.
#[derive(Debug)]
pub enum PageResult {
    /// An article.
    Article {
        /// What was extracted.
        article: Box<Article>,
        /// With what.
        revision: Arc<Revision>,
        /// What `rel=canonical` names, when it is another page of the site.
        canonical: Option<Candidate>,
        /// The listing entry and the known text by which it was read.
        beforehand: Box<Beforehand>,
    },
    /// A redirect to a page of the site.
    Redirect(CanonicalUrl),
    /// The validators still hold (304).
    NotModified,
    /// Nothing, where an article stood.
    Missing,
    /// Nothing that is kept: a list, a feed, an error.
    Nothing,
}

/// A profile's text and the program's version: enough to compute a version again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Revision {
    /// The profile's key; empty for the generic rules.
    pub profile: String,
    /// The profile as it was.
    pub toml: String,
}

/// What is to be seen on a list from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRole {
    /// New articles: it is looked at by its rate.
    Leads,
    /// Nothing new, as on the archive of a month that has ended.
    Over,
}

/// What becomes of a URL after a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Done; articles come back when they are due.
    Done,
    /// To be tried again then.
    Retry(Timestamp),
    /// Nothing was there; to be looked at again then.
    Rest(Timestamp),
    /// Not looked at yet; behind all others.
    Postponed,
    /// Its page ends the process that examines it; to be tried again then.
    SetAside(Timestamp),
    /// Not to be tried again.
    GivenUp,
    /// robots.txt forbids it.
    Excluded,
}

/// What a commit found out about an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Compared with the look before.
    Article(Change),
    /// New, and equal in text to another article.
    Duplicate,
    /// No article of its own: another URL's, proved equal.
    Alias,
    /// An article that was there is not there now.
    Missing,
    /// A known article's URL shows another article's text: a notice, most likely. The article stays as it was.
    Foreign,
    /// No article.
    None,
}

/// The URLs that a page showed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// Never seen before.
    pub new: usize,
    /// Of a list that goes on: items that are known articles.
    pub articles: usize,
}

/// What the writer tells after a commit.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The site.
    pub site: i64,
    /// The URL.
    pub url: i64,
    /// As in [`Outcome::name`].
    pub name: &'static str,
    /// What it meant for the archive.
    pub verdict: Verdict,
    /// The URLs that the page showed.
    pub shown: Shown,
    /// The page, where it is one of a list that goes on.
    pub turned: Option<CanonicalUrl>,
    /// It rests on a damaged answer.
    pub is_damaged: bool,
    /// It is tried again, perhaps in this run.
    pub is_retried: bool,
    /// Bytes of the body as sent.
    pub bytes: u64,
    /// An answer came.
    pub answered: bool,
    /// Fields that the article should have and has not.
    pub missing: Vec<&'static str>,
}

/// What the looks of the last days say of articles that are missing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GoneCheck {
    /// Articles that are gone, confirmed now.
    pub confirmed: u64,
    /// So many are missing, of so many looked at, that it can't be taken for a fact.
    pub mass: Option<(u64, u64)>,
}
