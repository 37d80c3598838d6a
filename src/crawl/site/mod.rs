//! One site's crawl: a loop that asks what is next, waits its turn, fetches, and hands the answer
//! to a thread that examines it.

mod admission;
mod answers;
mod conclude;
mod examination;
mod prepare;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinError, JoinSet};
use tracing::warn;

use super::Shared;
use super::budget::Share;
use super::examine::{self, Pages, Rules};
use super::gate::Hosts;
use super::ids::{Counter, Counting};
use super::moves::Moves;
use super::watchdog::{Doing, Pulse};
use crate::archive::{ArchiveError, Claimed, Disposition, Outcome};
use crate::capture::Capture;
use crate::discover::Yields;
use crate::fetch::{FetchError, Request};
use crate::frontier::First;
use crate::politeness::{Refusals, Reply, Schedule};
use crate::profile::Profile;
use crate::url::CanonicalUrl;

/// URLs taken from the archive at a time.
const CLAIM: usize = 64;
/// Answers being examined at the same time; more would only fill memory.
const EXAMINED_AT_ONCE: usize = 6;

/// How long a run that is to end waits for examinations: an ordinary page takes a hundredth of it.
const EXAMINED_AT_THE_END: Duration = Duration::from_millis(1500);

/// The largest feed, sitemap or page of an API, in bytes: sitemaps.org's limit.
const MAX_LISTING: u64 = 50 << 20;

/// How a site's crawl ended.
#[derive(Debug)]
pub(super) struct End {
    pub(super) site: i64,
    pub(super) requests: u64,
    pub(super) alarms: Vec<String>,
    /// Articles that were found to be gone.
    pub(super) gone: u64,
    /// The budget that ended it while there was more to do.
    pub(super) cut_short: Option<&'static str>,
    /// It was crawled to its end, and no run has ever found an article there.
    pub(super) is_barren: bool,
}

impl End {
    /// Of a crawl that a fault of this program ended.
    pub(super) fn broken(site: i64, pulse: &Pulse, fault: &JoinError) -> Self {
        let alarm = format!("its crawl broke off by a fault of jianbao, the next run goes on: {fault}");
        warn!(site = pulse.name, "{alarm}");
        let requests = pulse.requests();
        Self { site, requests, alarms: vec![alarm], gone: 0, cut_short: None, is_barren: false }
    }
}

/// A site being crawled.
#[derive(Debug)]
pub(super) struct SiteCrawl {
    shared: Arc<Shared>,
    rules: Rules,
    schedule: Schedule,
    hosts: Hosts,
    queue: VecDeque<Job>,
    /// URLs that are being fetched or examined.
    busy: HashSet<i64>,
    /// Of these, feeds and the like: articles wait for what they say.
    leading: HashSet<i64>,
    /// Feeds, sitemaps and pages of an API under way: one at a time, since they are large.
    listings: HashSet<i64>,
    fetching: JoinSet<Fetched>,
    examining: JoinSet<Examined>,
    share: Share,
    /// Refusals in a row.
    refusals: Refusals,
    alarms: Vec<String>,
    /// Articles that were found to be gone.
    gone: u64,
    cut_short: Option<&'static str>,
    /// Articles in the second half of a budget: lists have the first, however many there are.
    first: First,
    /// A seed was read, by this run or one that it continues, or an alarm says why not.
    begun: bool,
    ids: Option<Counter>,
    moves: Moves,
    /// Nothing more is fetched; an alarm says why.
    closed: bool,
    /// It was crawled to its end, and no run has ever found an article there.
    is_barren: bool,
    /// Tells the watchdog what takes long.
    pulse: Arc<Pulse>,
}

/// A URL to be looked at.
#[derive(Debug)]
struct Job {
    claimed: Claimed,
    /// What is asked for next: the URL itself, or a further page of its article.
    url: CanonicalUrl,
    /// The pages of the article so far.
    pages: Pages,
}

impl From<Claimed> for Job {
    fn from(claimed: Claimed) -> Self {
        Self { url: claimed.url.clone(), claimed, pages: Pages::default() }
    }
}

impl Job {
    /// Whether a further page of an article is asked for.
    fn is_part(&self) -> bool {
        !self.pages.captures.is_empty()
    }
}

/// What an examination came to.
#[derive(Debug)]
enum Step {
    /// The URL is committed.
    Committed {
        url: i64,
        /// The profile that its page gave.
        profile: Option<Arc<Profile>>,
        reply: Reply,
        alarm: Option<String>,
    },
    /// The run ends before the page could be examined; the next one asks for it again.
    Left(i64),
    /// Its article goes on at another URL.
    GoesOn(Box<Job>),
}

type Examined = Result<Step, ArchiveError>;

/// The end of one request.
#[derive(Debug)]
struct Fetched {
    job: Job,
    answer: Result<Capture, FetchError>,
}

impl SiteCrawl {
    pub(super) fn id(&self) -> i64 {
        self.rules.site
    }

    /// Whether crawl.toml says to begin there.
    fn is_seed(&self, url: &CanonicalUrl) -> bool {
        self.rules.territory.site.seeds.contains(url)
    }

    /// The articles that its pages yield.
    pub(super) fn yields(&self) -> Arc<Yields> {
        Arc::clone(&self.rules.yields)
    }

    fn name(&self) -> &str {
        &self.rules.territory.site.name
    }

    /// Crawls until nothing is due, a budget is reached, or the run is asked to stop; or until the
    /// watchdog abandons the site, which drops whatever is under way.
    pub(super) async fn run(mut self) -> Result<End, ArchiveError> {
        let pulse = Arc::clone(&self.pulse);
        let crawled = tokio::select! {
            crawled = self.crawl() => crawled,
            reason = pulse.abandoned() => {
                self.alarm(reason);
                Ok(())
            }
        };
        pulse.end();
        crawled?;
        let watch = self.rules.watch.get();
        let drift = watch.map(|watch| watch.lock().unwrap_or_else(PoisonError::into_inner).alarms());
        for alarm in drift.into_iter().flatten() {
            self.alarm(alarm);
        }
        Ok(End {
            site: self.id(),
            requests: self.share.used(),
            alarms: self.alarms,
            gone: self.gone,
            cut_short: self.cut_short,
            is_barren: self.is_barren,
        })
    }

    async fn crawl(&mut self) -> Result<(), ArchiveError> {
        while !self.closed && !self.shared.stop.is_set() {
            if let Some(budget) = self.reached() {
                self.cut_short = self.has_more().await?.then_some(budget);
                break;
            }
            self.turn_to_articles();
            self.collect_finished()?;
            if self.shared.in_step {
                if self.is_working() {
                    self.wait(None).await?;
                    continue;
                }
                self.shared.store.flush().await?;
            }
            if self.queue.is_empty() && self.leading.is_empty() {
                self.refill().await?;
            }
            if self.queue.is_empty() {
                if !self.wait_for_more().await? {
                    break;
                }
                continue;
            }
            self.advance().await?;
        }
        self.wind_down().await?;
        if self.shared.stop.is_set() { Ok(()) } else { self.conclude().await }
    }

    /// The budget that is reached: the run's, or the site's.
    fn reached(&mut self) -> Option<&'static str> {
        self.shared.budget(self.shared.clock.now()).or_else(|| self.share.reached())
    }

    /// Puts articles first once half of a budget is used; lists that were claimed wait. An article on several
    /// pages that was read where a list was expected goes on.
    fn turn_to_articles(&mut self) {
        if self.first == First::Lists && self.share.is_half_used(self.shared.clock.now()) {
            self.first = First::Articles;
            self.queue.retain(|job| !job.claimed.leads || job.is_part());
        }
    }

    /// Whether the run would go on: something is due, or will be before long.
    async fn has_more(&self) -> Result<bool, ArchiveError> {
        let now = self.shared.clock.now();
        let due = self.claim(now, 1).await?;
        Ok(!self.queue.is_empty() || !due.is_empty() || self.next_due_in_time(now).await?.is_some())
    }

    /// When the next URL becomes due, if that is worth waiting for.
    async fn next_due_in_time(&self, now: Timestamp) -> Result<Option<Timestamp>, ArchiveError> {
        let next = self.shared.store.next_due(self.id()).await?;
        Ok(next.filter(|at| at.duration_since(now) <= self.max_wait()))
    }

    /// The longest wait inside one run.
    fn max_wait(&self) -> SignedDuration {
        let wait = self.rules.territory.site.politeness.max_wait.0;
        SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
    }

    async fn refill(&mut self) -> Result<(), ArchiveError> {
        let mut claimed = self.claim(self.shared.clock.now(), CLAIM).await?;
        // Where articles are first, those that one list shows come before the next list.
        if self.first == First::Articles && claimed.iter().any(|claimed| claimed.leads) {
            claimed.truncate(1);
        }
        self.queue.extend(claimed.into_iter().map(Job::from));
        Ok(())
    }

    async fn claim(&self, now: Timestamp, most: usize) -> Result<Vec<Claimed>, ArchiveError> {
        let busy = self.busy.iter().copied().collect();
        self.shared.store.claim(self.id(), now, (self.first, most), busy).await
    }

    /// Waits for work under way, or for the next URL to become due; `false` when neither is to come.
    async fn wait_for_more(&mut self) -> Result<bool, ArchiveError> {
        if self.is_working() {
            self.wait(None).await?;
            return Ok(true);
        }
        match self.next_due_in_time(self.shared.clock.now()).await? {
            Some(at) => {
                self.wait(Some(at)).await?;
                Ok(true)
            }
            None => self.count_on().await,
        }
    }

    /// Whether a request or an examination is under way.
    fn is_working(&self) -> bool {
        !self.fetching.is_empty() || !self.examining.is_empty()
    }

    /// Goes on counting ids once nothing else is left; `false` when there is nothing to count.
    async fn count_on(&mut self) -> Result<bool, ArchiveError> {
        let now = self.shared.clock.now();
        let (store, rules) = (&self.shared.store, &self.rules);
        let Some(counter) = &mut self.ids else {
            self.ids = Counter::begin(&rules.territory, &rules.counted, store, rules.site, now).await?;
            return Ok(self.ids.is_some());
        };
        let goes_on = matches!(counter.advance(store, rules.site, now).await?, Counting::GoesOn);
        if let Some(url) = counter.never_missing() {
            self.alarm(format!(
                "`{url}` shows a page though nothing is there, as any number would: what says the same counts as missing"
            ));
        }
        Ok(goes_on)
    }

    fn count_requests(&mut self, requests: u64) {
        self.share.count(requests);
        self.pulse.count_requests(requests);
    }

    fn fetch(&mut self, job: Job) {
        self.count_requests(1);
        self.busy.insert(job.claimed.id);
        if job.claimed.leads {
            self.leading.insert(job.claimed.id);
        }
        if job.claimed.kind.is_listing() {
            self.listings.insert(job.claimed.id);
        }
        let (shared, pulse) = (Arc::clone(&self.shared), Arc::clone(&self.pulse));
        self.fetching.spawn(async move {
            if let Err(error) = shared.web.resolve(&job.url).await {
                return Fetched { job, answer: Err(error) };
            }
            let _connection = shared.connections.acquire().await;
            let _step = pulse.begin(format_args!("asking for `{}`", job.url), shared.config.fetch.timeout.0);
            let validators = Some(&job.claimed).filter(|_| !job.is_part());
            let request = Request {
                etag: validators.and_then(|claimed| claimed.etag.clone()),
                last_modified: validators.and_then(|claimed| claimed.last_modified.clone()),
                max_body: job.claimed.kind.is_listing().then_some(MAX_LISTING),
                ..Request::new(job.url.clone())
            };
            let answer = shared.web.fetch(&request).await;
            Fetched { job, answer }
        });
    }

    /// Waits for a request, an examination, a moment or the order to stop, whichever is first.
    async fn wait(&mut self, until: Option<Timestamp>) -> Result<(), ArchiveError> {
        let shared = Arc::clone(&self.shared);
        // In step, time stands still while a request is under way.
        let deadline = shared.spent.deadline.filter(|_| !shared.in_step || until.is_some());
        let until = [until, deadline].into_iter().flatten().min();
        let _step = self.wait_step(until);
        let moment = async {
            match until {
                Some(at) => shared.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(fetched) = self.fetching.join_next() => {
                if let Ok(fetched) = fetched {
                    self.fetched(fetched);
                }
            }
            Some(examined) = self.examining.join_next() => self.examined(examined)?,
            () = moment => {}
            () = shared.stop.asked() => {}
        }
        Ok(())
    }

    /// What the watchdog is told of a wait: requests and examinations speak for themselves.
    fn wait_step(&self, until: Option<Timestamp>) -> Option<Doing> {
        let now = self.shared.clock.now();
        let limit = until.and_then(|at| Duration::try_from(at.duration_since(now)).ok()).unwrap_or_default();
        (!self.is_working()).then(|| self.pulse.begin("waiting for the site's turn", limit))
    }

    fn collect_finished(&mut self) -> Result<(), ArchiveError> {
        while let Some(examined) = self.examining.try_join_next() {
            self.examined(examined)?;
        }
        while let Some(Ok(fetched)) = self.fetching.try_join_next() {
            self.fetched(fetched);
        }
        Ok(())
    }

    /// Commits an outcome that needs no request.
    async fn without_request(
        &mut self,
        name: &'static str,
        disposition: Disposition,
    ) -> Result<(), ArchiveError> {
        let Some(job) = self.queue.pop_front() else { return Ok(()) };
        if job.is_part() {
            self.examine(job, None);
            return Ok(());
        }
        let outcome = self.outcome_without_request(&job.claimed, name, disposition);
        self.commit(&job.claimed, outcome).await
    }

    fn outcome_without_request(
        &self,
        claimed: &Claimed,
        name: &'static str,
        disposition: Disposition,
    ) -> Outcome {
        let host = (self.hosts.0.get(claimed.url.origin()).map_or(0, |host| host.id), self.schedule.state());
        examine::without_answer(&self.rules, claimed, name, disposition, host, self.shared.clock.now())
    }

    async fn commit(&self, claimed: &Claimed, outcome: Outcome) -> Result<(), ArchiveError> {
        if outcome.disposition != Disposition::Postponed {
            answers::log(self.name(), claimed, &outcome);
        }
        self.shared.store.hand_over(outcome).await
    }

    /// Ends the site's crawl for this run, with an alarm.
    fn close(&mut self, alarm: String) {
        self.alarm(alarm);
        self.closed = true;
    }

    /// Tells the report and the log what needs attention, once.
    fn alarm(&mut self, alarm: String) {
        if !self.alarms.contains(&alarm) {
            warn!(site = %self.name(), "{alarm}");
            self.alarms.push(alarm);
        }
    }

    /// Waits for examinations under way; `false` when the run is to end and one of them does not.
    async fn end_examinations(&mut self) -> Result<bool, ArchiveError> {
        let shared = Arc::clone(&self.shared);
        let late = async {
            shared.cut().await;
            tokio::time::sleep(EXAMINED_AT_THE_END).await;
        };
        tokio::pin!(late);
        loop {
            tokio::select! {
                examined = self.examining.join_next() => match examined {
                    Some(examined) => self.examined(examined)?,
                    None => return Ok(true),
                },
                () = &mut late => {
                    // The thread can't be ended; the page stays known as one that is being examined.
                    self.examining.detach_all();
                    return Ok(false);
                }
            }
        }
    }

    /// Lets examinations end, so that nothing fetched is lost; where the run is to end now, requests under way
    /// are dropped. Of an article on several pages, what there is of it is taken, unless the next run is to go
    /// on with it.
    async fn wind_down(&mut self) -> Result<(), ArchiveError> {
        let is_stopped = self.shared.stop.is_set();
        if self.shared.is_cut() {
            self.fetching.abort_all();
        }
        while let Some(fetched) = self.fetching.join_next().await {
            if let Ok(fetched) = fetched {
                self.fetched(fetched);
            }
        }
        loop {
            if !self.end_examinations().await? {
                return Ok(());
            }
            match self.queue.pop_front() {
                Some(job) if job.is_part() && !is_stopped => self.examine(job, None),
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }
}
