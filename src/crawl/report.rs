//! What a run did: counted from receipts, printed at its end, stored with it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::site::End;
use crate::archive::{Receipt, Verdict};
use crate::dedup::Change;
use crate::discover::{LeftAside, MAX_LINKS};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Nothing was left to do, or an alarm says why it could not be done.
    Finished,
    /// A budget was reached; the next run goes on.
    Budget,
    /// It was asked to stop; the next run goes on.
    Interrupted,
}

impl RunOutcome {
    /// The name in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Budget => "budget",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Articles by what a look at them found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArticleCounts {
    /// Never seen before.
    pub new: u64,
    /// Text or fields changed.
    pub revised: u64,
    /// Nothing changed that counts.
    pub unchanged: u64,
    /// New, with the text of another article.
    pub duplicate: u64,
    /// Confirmed to be gone from the site.
    pub gone: u64,
}

impl ArticleCounts {
    /// Each count with its name.
    pub fn by_verdict(&self) -> [(&'static str, u64); 5] {
        [
            ("new", self.new),
            ("revised", self.revised),
            ("unchanged", self.unchanged),
            ("duplicate", self.duplicate),
            ("gone", self.gone),
        ]
    }
}

/// Counts of a run or of one site in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests sent, robots.txt included.
    pub requests: u64,
    /// Answers that the page is the same (304).
    pub not_modified: u64,
    /// Bytes of bodies as sent.
    pub bytes: u64,
    /// Articles.
    pub articles: ArticleCounts,
    /// URLs that gave nothing: errors of the server, of the network, of the page.
    pub failed: u64,
    /// URLs that robots.txt forbids.
    pub excluded: u64,
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        // Every field is named, so that a new one can't be forgotten.
        let Self { requests, not_modified, bytes, articles, failed, excluded } = other;
        let ArticleCounts { new, revised, unchanged, duplicate, gone } = articles;
        self.requests += requests;
        self.not_modified += not_modified;
        self.bytes += bytes;
        self.failed += failed;
        self.excluded += excluded;
        self.articles.new += new;
        self.articles.revised += revised;
        self.articles.unchanged += unchanged;
        self.articles.duplicate += duplicate;
        self.articles.gone += gone;
    }
}

/// One site of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SiteReport {
    /// The site's name.
    pub site: String,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Field → articles that should have it and have not.
    pub missing: BTreeMap<Cow<'static, str>, u64>,
    /// What needs attention.
    pub alarms: Vec<String>,
    /// Outcome → URLs.
    pub outcomes: BTreeMap<Cow<'static, str>, u64>,
    /// Articles that were read from an answer that was cut off or changed on its way.
    #[serde(default)]
    pub damaged: u64,
    /// URLs found for the first time.
    pub discovered: u64,
    /// Forms of URLs that were left to a later run, since pages like them yielded no article.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_aside: Vec<LeftAside>,
}

/// A run: the object of `crawl --json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    /// Row in `run`.
    pub run: i64,
    /// ISO 8601.
    pub started: String,
    /// ISO 8601.
    pub finished: String,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Which budget was reached, when one was.
    pub budget: Option<Cow<'static, str>>,
    /// All sites together.
    #[serde(flatten)]
    pub counts: Counts,
    /// What needs attention and is no site's: the disk, the clock.
    #[serde(default)]
    pub alarms: Vec<String>,
    /// Site by site.
    pub sites: Vec<SiteReport>,
}

/// Whether an outcome is a failure of the URL.
fn is_failure(name: &str) -> bool {
    !matches!(
        name,
        "article"
            | "list"
            | "feed"
            | "sitemap"
            | "redirect"
            | "moved"
            | "not_modified"
            | "no_article"
            | "article_part"
            | "robots_excluded"
            | "no_sitemap"
            | "not_a_sitemap"
            | "no_feed"
            | "not_a_feed"
            | "api"
            | "no_api"
            | "not_an_api"
            | "list_repeats"
            | "list_ended"
            | "feed_cut"
            | "feed_damaged"
            | "sitemap_cut"
            | "sitemap_damaged"
            | "id_missing"
            | "left_aside"
    )
}

/// The outcome of a URL that waits behind all others: it was not looked at.
const POSTPONED: &str = "postponed";

/// So many known articles that changed in one run, and more than did not, are no edits.
const MANY_CHANGES: u64 = 10;

impl SiteReport {
    /// Counts a committed outcome.
    pub(super) fn count(&mut self, receipt: &Receipt) {
        if receipt.name == POSTPONED {
            return;
        }
        *self.outcomes.entry(receipt.name.into()).or_default() += 1;
        self.discovered += receipt.shown.new as u64;
        let is_new = matches!(receipt.verdict, Verdict::Article(Change::New) | Verdict::Duplicate);
        self.damaged += u64::from(is_new && receipt.is_damaged);
        self.counts.bytes += receipt.bytes;
        self.counts.not_modified += u64::from(receipt.name == "not_modified");
        self.counts.excluded += u64::from(receipt.name == "robots_excluded");
        // An article that is missed was looked at with success.
        let is_missed = receipt.verdict == Verdict::Missing;
        self.counts.failed += u64::from(is_failure(receipt.name) && !is_missed);
        let articles = &mut self.counts.articles;
        match receipt.verdict {
            Verdict::Article(Change::New) => articles.new += 1,
            Verdict::Article(Change::Revised) => articles.revised += 1,
            Verdict::Article(Change::Unchanged | Change::Sharpened) | Verdict::Alias => {
                articles.unchanged += 1;
            }
            Verdict::Duplicate => articles.duplicate += 1,
            Verdict::Missing | Verdict::Foreign | Verdict::None => {}
        }
        for field in &receipt.missing {
            *self.missing.entry((*field).into()).or_default() += 1;
        }
    }

    /// Takes an outcome back that was no final one: its URL was tried again.
    pub(super) fn forget(&mut self, before: &Receipt) {
        if let Some(count) = self.outcomes.get_mut(before.name) {
            *count -= 1;
            if *count == 0 {
                self.outcomes.remove(before.name);
            }
        }
        let is_missed = before.verdict == Verdict::Missing;
        self.counts.failed -= u64::from(is_failure(before.name) && !is_missed);
    }

    /// Takes how the site's crawl ended, and tells the alarms that follow from the counts.
    pub(super) fn conclude(&mut self, end: &End) {
        self.counts.requests = end.requests;
        self.counts.articles.gone = end.gone;
        self.alarms.extend(end.alarms.iter().cloned());
        let told = self.alarms.len();
        self.judge_counts();
        if end.is_barren && self.alarms.is_empty() {
            let outcomes = self.outcomes.iter().map(|(name, count)| format!("{name} {count}"));
            let outcomes = outcomes.collect::<Vec<_>>().join(", ");
            self.alarms.push(format!("no article was ever found here; what was looked at gave: {outcomes}"));
        }
        for alarm in &self.alarms[told..] {
            warn!(site = %self.site, "{alarm}");
        }
    }

    fn judge_counts(&mut self) {
        let looked_at = self.outcomes.get("article").copied().unwrap_or(0);
        for (field, count) in &self.missing {
            if *count >= 3 && count * 5 >= looked_at {
                self.alarms.push(format!(
                    "{field} is missing on {count} of {looked_at} articles: did the layout change?"
                ));
            }
        }
        for (name, what) in [
            ("challenge", "asked for a proof of being human or said that access is blocked"),
            ("login", "asked for a name and a password"),
            ("shell", "were empty without scripts"),
            (
                "foreign_text",
                "show one text in place of articles that were known before: a notice, or a wrong page",
            ),
        ] {
            let count = self.outcomes.get(name).copied().unwrap_or(0);
            if count >= 3 && count * 5 >= looked_at {
                self.alarms.push(format!("{count} pages {what}"));
            }
        }
        if self.damaged > 0 {
            self.alarms.push(format!(
                "{} articles were archived from answers that came damaged for days: `capture.damage` in exports and `damage` in the view `articles` name them",
                self.damaged
            ));
        }
        let ArticleCounts { revised, unchanged, .. } = self.counts.articles;
        if revised >= MANY_CHANGES && revised > unchanged {
            let known = revised + unchanged;
            self.alarms.push(format!(
                "{revised} of {known} known articles have changed: does the site show something else in their place, or more, or less?"
            ));
        }
        let cut = self.outcomes.get("feed_cut").copied().unwrap_or(0);
        if cut > 0 {
            self.alarms.push(format!(
                "feeds with more than {MAX_LINKS} entries: {cut}; only the newest were read, or the first where they have no dates"
            ));
        }
        let others = self.outcomes.get("no_article").copied().unwrap_or(0);
        if looked_at == 0 && others >= 10 {
            self.alarms
                .push(format!("{others} pages were read and none is an article: did the layout change?"));
        }
        let answers: u64 = self.outcomes.values().sum();
        if self.counts.failed >= 5 && self.counts.failed * 2 > answers {
            self.alarms.push(format!("{} of {answers} URLs failed", self.counts.failed));
        }
        if looked_at == 0
            && answers > 0
            && self.alarms.is_empty()
            && self.counts.not_modified == 0
            && self.discovered == 0
            && self.counts.failed == answers
        {
            self.alarms.push("no page could be read".to_owned());
        }
    }
}

impl RunReport {
    /// Puts the sites' reports together.
    pub(super) fn new(
        run: i64,
        (started, finished): (Timestamp, Timestamp),
        (outcome, budget): (RunOutcome, Option<&'static str>),
        (alarms, sites): (Vec<String>, Vec<SiteReport>),
    ) -> Self {
        let mut counts = Counts::default();
        for site in &sites {
            counts += &site.counts;
        }
        let iso = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        Self {
            run,
            started: iso(started),
            finished: iso(finished),
            outcome,
            budget: budget.map(Into::into),
            counts,
            alarms,
            sites,
        }
    }

    /// Whether somebody should look at it.
    pub fn needs_attention(&self) -> bool {
        !self.alarms.is_empty() || self.sites.iter().any(|site| !site.alarms.is_empty())
    }
}
