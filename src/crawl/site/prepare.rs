//! How a site's crawl begins: what is known of the site, what is due, where to begin.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tracing::info;

use super::SiteCrawl;
use super::conclude::cut;
use crate::archive::{ArchiveError, Beginning, HostRecord, RunRecord, SiteRecord};
use crate::capture::Digest;
use crate::config::{Route, Site};
use crate::crawl::Shared;
use crate::crawl::budget::Share;
use crate::crawl::examine::{Rules, profile_sources};
use crate::crawl::gate::Hosts;
use crate::crawl::moves::Moves;
use crate::crawl::watchdog::Pulse;
use crate::discover::{Territory, Yields};
use crate::extract::Attributes;
use crate::frontier::{Candidate, First, Kind, Via};
use crate::politeness::{HostState, Pace, Refusals, Schedule};
use crate::profile::Profile;
use crate::url::CanonicalUrl;

impl SiteCrawl {
    /// Makes everything due that this run looks at.
    pub(in crate::crawl) async fn prepare(
        shared: Arc<Shared>,
        site: Site,
        run: RunRecord,
        (share, pulse): (Share, Arc<Pulse>),
    ) -> Result<Self, ArchiveError> {
        let now = shared.clock.now();
        let record = shared.store.site(&site.name, &site.seeds, now).await?;
        let named = site.profile.as_deref().or(record.profile.as_deref());
        let profile = shared.profiles.of_site(named, &site.seeds, now);
        let beginning = beginning(&shared, &record, run, profile.as_deref());
        shared.store.begin_site(record.id, beginning, now).await?;
        // What pages show is compared with texts from which the same was cut.
        cut(&shared, record.id, &site.name).await?;
        let schedule = schedule(&shared, &site, &record.hosts);
        let territory = Territory { site: Arc::new(site), profile };
        let mut crawl = Self {
            rules: rules(&shared, record.id, territory).await?,
            hosts: Hosts::from_records(record.hosts, now),
            schedule,
            queue: VecDeque::new(),
            busy: HashSet::new(),
            leading: HashSet::new(),
            listings: HashSet::new(),
            fetching: JoinSet::new(),
            examining: JoinSet::new(),
            share,
            refusals: Refusals::default(),
            alarms: Vec::new(),
            gone: 0,
            cut_short: None,
            first: First::Lists,
            begun: run.continues,
            ids: None,
            moves: Moves::default(),
            closed: false,
            is_barren: false,
            pulse,
            shared,
        };
        crawl.heed_known_delays();
        crawl.shared.store.add(crawl.id(), crawl.seeds(), now).await?;
        info!(site = %crawl.name(), continues = run.continues, "begins");
        Ok(crawl)
    }

    /// Where the crawl begins: the configured seeds, what the profile names, counted ids. A seed that is
    /// no article by its form is a list: what is new is to be seen there.
    fn seeds(&self) -> Vec<Candidate> {
        let territory = &self.rules.territory;
        let mut found = Vec::new();
        for seed in &territory.site.seeds {
            let kind = if territory.kind(seed) == Kind::Post { Kind::Post } else { Kind::List };
            found.push(Candidate::new(seed.clone(), kind, Via::Seed, 0));
            if let Some(profile) = &territory.profile {
                found.extend(profile_sources(profile, territory, seed));
                found.extend(first_lists(profile, territory, seed));
            }
        }
        found
    }
}

/// What the run makes due of the site.
fn beginning(shared: &Shared, record: &SiteRecord, run: RunRecord, profile: Option<&Profile>) -> Beginning {
    let every = shared.config.recrawl.sweep_every;
    // A run that is continued has been counted already.
    let runs = record.runs.saturating_sub(u32::from(run.continues));
    Beginning {
        full: shared.full,
        sweep: every > 0 && runs > 0 && runs % every == 0,
        layout: profile.map(|profile| Digest::of(profile.toml.as_bytes())),
    }
}

/// The site's schedule, as the last process left it.
fn schedule(shared: &Shared, site: &Site, hosts: &HashMap<String, HostRecord>) -> Schedule {
    let state = hosts.values().map(|host| host.state).fold(HostState::default(), stricter);
    let pace = Pace {
        delay: site.politeness.delay.0,
        delay_factor: site.politeness.delay_factor,
        max_delay: site.politeness.max_delay.0,
        concurrency: site.politeness.concurrency.max(1),
    };
    Schedule::new(pace, state, Arc::clone(&shared.clock))
}

/// What answers are understood by.
async fn rules(shared: &Shared, site: i64, territory: Territory) -> Result<Rules, ArchiveError> {
    let store = &shared.store;
    let (yields, aside) = (Yields::default(), store.left_aside(site).await?);
    yields.remember(aside.iter().map(|(url, kind)| (url, *kind)));
    if store.has_article(site).await? {
        yields.note_articles();
    }
    let profiles = shared.profiles.iter().chain(&territory.profile).map(|profile| profile.toml.as_str());
    Ok(Rules {
        site,
        attributes: Attributes::for_profiles(profiles),
        territory,
        profiles: Arc::clone(&shared.profiles),
        seen: Arc::default(),
        lists: Arc::default(),
        yields: Arc::new(yields),
        counted: Arc::default(),
        watch: Arc::default(),
        boilerplate: Arc::new(store.boilerplate(site).await?),
        missing_texts: Arc::new(Mutex::new(store.missing_texts(site).await?.into_iter().collect())),
        retries: shared.config.fetch.retries,
        redirects: shared.config.fetch.redirects,
    })
}

/// First pages of lists that the profile names outright.
fn first_lists(profile: &Profile, territory: &Territory, home: &CanonicalUrl) -> Vec<Candidate> {
    if !territory.uses(Route::Lists) {
        return Vec::new();
    }
    let forms = profile.discover.lists.iter().flat_map(|list| list.first.iter().chain([&list.url]));
    let urls = forms
        .filter(|form| form.is_literal())
        .filter_map(|form| CanonicalUrl::parse(form.as_str(), Some(home)).ok());
    urls.map(|url| Candidate::new(url, Kind::List, Via::Seed, 0)).collect()
}

/// Of the states of a site's hosts, what is stricter in each.
fn stricter(a: HostState, b: HostState) -> HostState {
    HostState {
        not_before: a.not_before.max(b.not_before),
        latency_ms: a.latency_ms.max(b.latency_ms),
        failures: a.failures.max(b.failures),
    }
}
