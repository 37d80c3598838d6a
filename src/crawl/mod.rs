//! The crawl: the one place that wires deciding and doing.
//!
//! Each site is one task that asks its archive what is next, its schedule whether it may, the
//! client for the page, a thread for the extraction, and hands the outcome to the archive.

mod budget;
mod counted;
mod examine;
mod gate;
mod gauge;
mod ids;
mod metrics;
mod moves;
mod once;
mod report;
mod site;
mod tally;
mod trial;
mod watchdog;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{RwLock, Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tracing::warn;

use crate::archive::{
    ArchiveError, LINGER, Lock, PATIENCE, Place, Receipt, RunRecord, Store, StoreSettings, Writer,
};
use crate::clock::Clock;
use crate::config::{Config, Site};
use crate::fetch::{ClientError, Fetch};
use crate::profile::{ProfileError, Profiles};
use crate::url::CanonicalUrl;

pub use budget::Budget;
use budget::{Share, Spent, foremost};
use gauge::{Gauge, Known};
use once::client_for;
pub use once::{FetchOnceError, check_contact, fetch_once};
pub use report::{ArticleCounts, Counts, RunOutcome, RunReport, SiteReport};
use site::SiteCrawl;
use tally::Tally;
pub use trial::Trials;
use watchdog::{Pulse, Watchdog, Watched};

/// What a crawl needs.
#[derive(Debug, Clone)]
pub struct CrawlSettings {
    /// The configuration.
    pub config: Config,
    /// The sites to crawl.
    pub sites: Vec<Site>,
    /// All profiles.
    pub profiles: Arc<Profiles>,
    /// Where the archive is.
    pub archive: Place,
    /// Every known article is due.
    pub full: bool,
    /// Where to stop.
    pub budget: Budget,
    /// How a page that may have ended an earlier run is tried; `None` examines it in this process.
    pub trials: Option<Trials>,
    /// One thing after the other: sites one by one, and each answer examined and committed before the
    /// next request. Slower, and the same from run to run under a clock of its own.
    pub in_step: bool,
}

/// What a crawl happens in.
#[derive(Debug, Clone)]
pub struct World {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Answers requests.
    pub web: Arc<dyn Fetch>,
}

/// Why a crawl could not be done at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrawlError {
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The client could not be set up.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A profile is missing.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A remote host would be asked by nobody in particular.
    #[error(
        "`identity.contact` is empty, and `{host}` is not this machine: fill in a URL or an e-mail address in crawl.toml"
    )]
    NoContact {
        /// The first such host.
        host: String,
    },
    /// The clock was never set.
    #[error(
        "this machine's clock shows {0}, before this program was written: set it, or articles are archived under a wrong date"
    )]
    Clock(Timestamp),
    /// Metrics can't go there.
    #[error(
        "metrics can't be written to `{0}`, which is no regular file: name a file, there or still to be made"
    )]
    Metrics(String),
    /// Nothing to crawl.
    #[error("no site is configured: add a [[site]] with a name and seeds to crawl.toml")]
    NoSites,
}

/// Is told how a crawl goes.
pub trait Progress: Send + Sync + std::fmt::Debug {
    /// An outcome was committed.
    fn committed(&self, site: &str, receipt: &Receipt);

    /// The crawl can't be ended from within: `step` is stuck. A program that has nothing else to do
    /// should end its process; what was committed is safe.
    fn hangs(&self, step: &str) {
        let _ = step;
    }
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn committed(&self, _site: &str, _receipt: &Receipt) {}
}

/// Asks a crawl to stop; it ends cleanly within two seconds.
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::channel(false).0)
    }
}

impl Stop {
    /// Asks.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it is asked.
    async fn asked(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives as long as `self`.
        let _ = receiver.wait_for(|stop| *stop).await;
    }
}

/// What all sites of a run share.
#[derive(Debug)]
struct Shared {
    store: Store,
    web: Arc<dyn Fetch>,
    profiles: Arc<Profiles>,
    clock: Arc<dyn Clock>,
    stop: Stop,
    config: Config,
    /// Requests at the same time, all sites together.
    connections: Arc<Semaphore>,
    /// Extractions at the same time.
    workers: Arc<Semaphore>,
    /// Held by the examination of a feed, a sitemap or an API's page, which may be large.
    listings: Arc<Semaphore>,
    /// Held by each examination, or by one alone.
    examining: Arc<RwLock<()>>,
    trials: Option<Trials>,
    full: bool,
    in_step: bool,
    started: Timestamp,
    spent: Arc<Spent>,
}

/// Crawls the sites over the network; as [`crawl_in`].
pub async fn crawl(
    settings: CrawlSettings,
    clock: Arc<dyn Clock>,
    stop: Stop,
    progress: Arc<dyn Progress>,
) -> Result<RunReport, CrawlError> {
    let seeds: Vec<CanonicalUrl> = settings.sites.iter().flat_map(|site| site.seeds.clone()).collect();
    let web = Arc::new(client_for(&settings.config, &seeds, &clock)?);
    crawl_in(World { clock, web }, settings, stop, progress).await
}

/// Crawls the sites and reports. Ends when nothing is due, when a budget is reached, or when `stop`
/// is asked; whatever is not done then is done by the next run.
pub async fn crawl_in(
    world: World,
    settings: CrawlSettings,
    stop: Stop,
    progress: Arc<dyn Progress>,
) -> Result<RunReport, CrawlError> {
    if settings.sites.is_empty() {
        return Err(CrawlError::NoSites);
    }
    let now = world.clock.now();
    if now.as_second() < FIRST_MOMENT {
        return Err(CrawlError::Clock(now));
    }
    metrics::check_place(&settings.config.log.metrics)?;
    for name in settings.sites.iter().filter_map(|site| site.profile.as_deref()) {
        settings.profiles.get(name)?;
    }
    let tally = Tally::default();
    let store = StoreSettings {
        place: settings.archive.clone(),
        keep: settings.config.archive.keep,
        recrawl: settings.config.recrawl.clone(),
        linger: if settings.in_step { Duration::ZERO } else { LINGER },
        // The watchdog would take a writer that waits for longer for one that is stuck.
        patience: PATIENCE.min(settings.config.log.stuck_after.0 / 2),
    };
    let (store, writer) = Store::open(store, {
        let (tally, progress) = (tally.clone(), Arc::clone(&progress));
        move |receipt| {
            if let Some(site) = tally.count(receipt) {
                progress.committed(&site, receipt);
            }
        }
    })?;
    let watched = Watched {
        run: Pulse::new("the run"),
        sites: settings.sites.iter().map(|site| Pulse::new(&site.name)).collect(),
        patience: settings.config.log.stuck_after.0,
        progress,
    };
    let (pulse, pulses) = (Arc::clone(&watched.run), watched.sites.clone());
    let shared = Arc::new(Shared::new(&settings, world, store, stop));
    let _watchdog = Watchdog::start(watched, Arc::clone(&shared))?;
    let beginning = pulse.begin("beginning the metrics", Duration::ZERO);
    let gauge = Gauge::start(&settings.config.log.metrics, |file| Known {
        shared: Arc::clone(&shared),
        tally: tally.clone(),
        pulses: pulses.clone(),
        place: settings.archive.clone(),
        file: Mutex::new(Some(file)),
    })
    .await;
    drop(beginning);
    let crawled = run(settings, shared, pulses, (tally, gauge.failure.clone())).await;
    let _ending = pulse.begin("closing the archive and writing metrics", Duration::ZERO);
    // Its size is known once it is closed; no other run begins before that is written.
    let closed = close(writer).await;
    if let Ok(report) = &crawled {
        gauge.end(report).await;
    }
    // The writer's own error says why everybody else found it stopped.
    match (crawled, closed) {
        (Err(CrawlError::Archive(ArchiveError::Stopped(_))) | Ok(_), Err(error)) => Err(error.into()),
        (crawled, _) => crawled,
    }
}

/// Waits for the writer on a thread that is always there: those for extraction may be stuck.
async fn close(writer: Writer) -> Result<Option<Lock>, ArchiveError> {
    let (done, closed) = oneshot::channel();
    std::thread::spawn(move || done.send(writer.close()));
    closed.await.map_err(|error| ArchiveError::Stopped(error.to_string()))?
}

/// 2020-01-01: a clock that shows less starts where it was made, and waits to be set.
const FIRST_MOMENT: i64 = 1_577_836_800;
/// Clocks are set by less than this all the time.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

async fn run(
    settings: CrawlSettings,
    shared: Arc<Shared>,
    pulses: Vec<Arc<Pulse>>,
    (tally, alarm): (Tally, Option<String>),
) -> Result<RunReport, CrawlError> {
    let started = shared.started;
    let run = shared.store.begin_run(settings.full, started).await?;
    let mut tasks = JoinSet::new();
    let mut ends: Vec<site::End> = Vec::new();
    let (mut refused, mut site_of) = (Vec::new(), HashMap::new());
    for (site, pulse) in settings.sites.into_iter().zip(pulses) {
        let mut report = SiteReport { site: site.name.clone(), ..SiteReport::default() };
        let share = Share::new(&shared.spent, site.scope.max_pages);
        let part = (share, Arc::clone(&pulse));
        let crawl = match SiteCrawl::prepare(Arc::clone(&shared), site, run, part).await {
            Err(error @ ArchiveError::OtherSite { .. }) => {
                warn!(site = report.site, "{error}");
                report.alarms.push(error.to_string());
                refused.push(report);
                continue;
            }
            prepared => prepared?,
        };
        tally.begin(crawl.id(), report, crawl.yields());
        if settings.in_step {
            ends.push(crawl.run().await?);
        } else {
            let id = crawl.id();
            site_of.insert(tasks.spawn(crawl.run()).id(), (id, pulse));
        }
    }
    let mut failure: Option<ArchiveError> = None;
    while let Some(task) = tasks.join_next_with_id().await {
        match task {
            Ok((_, Ok(end))) => ends.push(end),
            Ok((_, Err(error))) => failure = failure.or(Some(error)),
            Err(error) => ends.extend(
                site_of.get(&error.id()).map(|(site, pulse)| site::End::broken(*site, pulse, &error)),
            ),
        }
    }
    if let Some(error) = failure {
        return Err(error.into());
    }
    shared.store.flush().await?;
    shared.store.index(|| !shared.stop.is_set() && shared.low_space().is_none()).await?;
    let finished = shared.clock.now();
    let mut sites = tally.conclude(&ends);
    sites.extend(refused);
    sites.sort_by(|a, b| a.site.cmp(&b.site));
    let alarms = shared.alarms(run, alarm);
    let report = RunReport::new(run.id, (started, finished), shared.outcome(&ends), (alarms, sites));
    let json = serde_json::to_string(&report).unwrap_or_default();
    shared.store.finish_run(run.id, report.outcome.as_str(), json, finished).await?;
    Ok(report)
}

impl Shared {
    fn new(settings: &CrawlSettings, world: World, store: Store, stop: Stop) -> Self {
        let started = world.clock.now();
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            store,
            web: world.web,
            profiles: Arc::clone(&settings.profiles),
            clock: world.clock,
            stop,
            connections: Arc::new(Semaphore::new(settings.config.fetch.concurrency.max(1))),
            workers: Arc::new(Semaphore::new(cores * 2)),
            listings: Arc::new(Semaphore::new(1)),
            examining: Arc::default(),
            trials: settings.trials.clone(),
            full: settings.full,
            in_step: settings.in_step,
            spent: Arc::new(Spent::new(settings.budget, started, settings.sites.len())),
            started,
            config: settings.config.clone(),
        }
    }

    /// When requests under way are dropped. In step, time stands still meanwhile.
    fn deadline(&self) -> Option<Timestamp> {
        self.spent.deadline.filter(|_| !self.in_step)
    }

    /// Ends when requests under way are to be dropped: the run is asked to stop, or its time is over.
    async fn cut(&self) {
        let over = async {
            match self.deadline() {
                Some(deadline) => self.clock.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.stop.asked() => {}
            () = over => {}
        }
    }

    /// Whether that is so.
    fn is_cut(&self) -> bool {
        self.stop.is_set() || self.deadline().is_some_and(|deadline| self.clock.now() >= deadline)
    }

    /// The budget that is reached, if one is; the disk's room is one too.
    fn budget(&self, now: Timestamp) -> Option<&'static str> {
        self.spent.reached(now).or_else(|| self.low_space().map(|_| "archive.min_free"))
    }

    /// What was free on the archive's disk, when it was less than it should be.
    fn low_space(&self) -> Option<u64> {
        self.store.least_free().filter(|free| *free < self.config.archive.min_free.0)
    }

    /// What needs attention and is no site's.
    fn alarms(&self, run: RunRecord, other: Option<String>) -> Vec<String> {
        let mut alarms = Vec::from_iter(other);
        if let Some(free) = self.low_space() {
            alarms.push(format!(
                "only {} MiB are free on the archive's disk, less than archive.min_free = \"{}\": the run stopped, and all that it fetched is archived; make room, and the next run goes on",
                free >> 20,
                self.config.archive.min_free
            ));
        }
        if let Some(ahead) = run.ahead {
            alarms.push(format!(
                "the last run's clock showed {}, later than now: this machine's clock was ahead then, or is behind now; waits were measured anew",
                ahead.strftime("%Y-%m-%dT%H:%M:%SZ")
            ));
        }
        let back = self.clock.set_back();
        if back > CLOCK_TOLERANCE {
            alarms.push(format!(
                "this machine's clock was set back by {} s during the run, whose times go on as before; check the clock",
                back.as_secs()
            ));
        }
        for alarm in &alarms {
            warn!("{alarm}");
        }
        alarms
    }

    fn outcome(&self, ends: &[site::End]) -> (RunOutcome, Option<&'static str>) {
        if self.stop.is_set() {
            return (RunOutcome::Interrupted, None);
        }
        match foremost(ends.iter().filter_map(|end| end.cut_short)) {
            Some(budget) => (RunOutcome::Budget, Some(budget)),
            None => (RunOutcome::Finished, None),
        }
    }
}
