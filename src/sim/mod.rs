//! A whole crawl in virtual time: scripted sites, a clock that only waiting moves, an archive in
//! memory. A year of runs takes seconds, and two runs from one seed are equal.
//!
//! ```
//! use jianbao::sim::{NewsSite, Run, Simulation};
//!
//! let start = "2025-01-01T00:00:00Z".parse()?;
//! let mut simulation = Simulation::new(7, start)?;
//! simulation.add(NewsSite::new("park.example", 1, start).with_posts(20, 0.5));
//! let report = simulation.run(Run::default())?.expect("it was not killed");
//! assert_eq!(report.counts.articles.new, 20);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod news;
mod web;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};

use crate::archive::{Archive, ArchiveError, Place, Receipt};
use crate::clock::{Clock as _, ManualClock};
use crate::config::{Config, SiteConfig};
use crate::crawl::{Budget, CrawlError, CrawlSettings, Progress, RunReport, Stop, World, crawl_in};
use crate::profile::{ProfileError, Profiles};
pub use news::{Edit, NewsSite, Post};
pub use web::{Host, Reply, Web};

/// Sites, a clock and an archive.
#[derive(Debug)]
pub struct Simulation {
    clock: Arc<ManualClock>,
    web: Arc<Web>,
    place: Place,
    /// Keeps an archive in memory alive between runs.
    _keeper: Option<rusqlite::Connection>,
    sites: Vec<SiteConfig>,
    /// The configuration of the next run; its sites are added to it.
    pub config: Config,
    /// The profiles of the next run.
    pub profiles: Arc<Profiles>,
}

/// How one run goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run {
    /// Every known article is due.
    pub full: bool,
    /// The process is killed at its first request after so many commits.
    pub kill_after: Option<u64>,
}

/// Why a simulation could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulationError {
    /// The crawl failed.
    #[error(transparent)]
    Crawl(#[from] CrawlError),
    /// The archive failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A profile can't be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A site's configuration can't be used.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The system gave no runtime.
    #[error("the runtime could not be set up: {0}")]
    Runtime(#[from] std::io::Error),
}

/// Tells archives in memory of one process apart.
static NAMES: AtomicI64 = AtomicI64::new(0);

impl Simulation {
    /// A simulation into an archive in memory. `seed` decides how long answers take.
    pub fn new(seed: u64, start: Timestamp) -> Result<Self, SimulationError> {
        let name = NAMES.fetch_add(1, Ordering::Relaxed);
        let place = Place::Memory(format!("simulation-{name}"));
        let keeper = place.keep()?;
        Ok(Self { _keeper: Some(keeper), ..Self::at(place, seed, start)? })
    }

    /// A simulation into an archive of your own.
    pub fn at(place: Place, seed: u64, start: Timestamp) -> Result<Self, SimulationError> {
        let clock = Arc::new(ManualClock::new(start));
        let mut config = Config::default();
        "sim@example.org".clone_into(&mut config.identity.contact);
        Ok(Self {
            web: Arc::new(Web::new(seed, Arc::clone(&clock))),
            clock,
            place,
            _keeper: None,
            sites: Vec::new(),
            config,
            profiles: Arc::new(Profiles::built_in()?),
        })
    }

    /// Adds a site, crawled from its front page by all routes.
    pub fn add(&mut self, site: NewsSite) -> Arc<NewsSite> {
        let site = Arc::new(site);
        self.sites.push(site.to_config());
        self.web.add(Arc::clone(&site) as Arc<dyn Host>);
        site
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the clock, forwards or back.
    pub fn set_clock(&self, at: Timestamp) {
        self.clock.set(at);
    }

    /// Lets time pass until `at`; nothing happens when it is past already.
    pub fn wait_until(&self, at: Timestamp) {
        if at > self.clock.now() {
            self.clock.set(at);
        }
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.web.requests()
    }

    /// The archive, for reading.
    pub fn archive(&self) -> Result<Archive, ArchiveError> {
        Archive::open_at(&self.place)
    }

    /// Where the archive is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Runs a crawl of all sites; `None` when it was killed.
    pub fn run(&mut self, run: Run) -> Result<Option<RunReport>, SimulationError> {
        let config = Config { sites: self.sites.clone(), ..self.config.clone() };
        let settings = CrawlSettings {
            sites: config.resolved_sites()?,
            config,
            profiles: Arc::clone(&self.profiles),
            archive: self.place.clone(),
            full: run.full,
            budget: Budget::default(),
            trials: None,
            in_step: true,
        };
        let world = World {
            clock: Arc::clone(&self.clock) as Arc<dyn crate::clock::Clock>,
            web: Arc::clone(&self.web) as Arc<dyn crate::fetch::Fetch>,
        };
        let progress = Arc::new(Killer { web: Arc::clone(&self.web), left: counter(run.kill_after) });
        self.web.revive();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let report = runtime.block_on(async {
            tokio::select! {
                report = crawl_in(world, settings, Stop::default(), progress) => report.map(Some),
                () = self.web.killed() => Ok(None),
            }
        })?;
        Ok(report)
    }

    /// Runs a crawl every `interval` until `end`, and hands each report to `seen`.
    pub fn run_every(
        &mut self,
        interval: SignedDuration,
        end: Timestamp,
        mut seen: impl FnMut(&mut Self, Option<RunReport>),
    ) -> Result<(), SimulationError> {
        let mut next = self.now();
        while next < end {
            self.wait_until(next);
            let report = self.run(Run::default())?;
            seen(self, report);
            next += interval;
        }
        Ok(())
    }
}

fn counter(kill_after: Option<u64>) -> AtomicU64 {
    AtomicU64::new(kill_after.unwrap_or(u64::MAX))
}

/// Kills a run after so many commits.
#[derive(Debug)]
struct Killer {
    web: Arc<Web>,
    left: AtomicU64,
}

impl Progress for Killer {
    fn committed(&self, _site: &str, _receipt: &Receipt) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.web.kill();
        }
    }
}
