//! Whether and when the first URL of the queue may be asked for: robots.txt, origins that moved, the
//! site's turn.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::info;

use super::{EXAMINED_AT_ONCE, SiteCrawl};
use crate::archive::{ArchiveError, Claimed, Disposition, OnlyBy, Outcome, PageResult};
use crate::config::Route;
use crate::crawl::examine;
use crate::crawl::gate::{self, Access, Asked, Hop, Host};
use crate::discover::guess;
use crate::frontier::{Candidate, Care, Kind, Via};
use crate::politeness::Turn;
use crate::url::CanonicalUrl;

/// A wait of at least this long is worth a line in the log.
const LONG_WAIT: SignedDuration = SignedDuration::from_secs(10);
/// A name that resolves takes less than this.
const SLOW_NAME: SignedDuration = SignedDuration::from_secs(2);

impl SiteCrawl {
    /// Takes the first URL of the queue one step further.
    pub(super) async fn advance(&mut self) -> Result<(), ArchiveError> {
        if self.examining.len() >= EXAMINED_AT_ONCE {
            return self.wait(None).await;
        }
        let Some(next) = self.queue.front() else { return Ok(()) };
        let origin = next.url.origin();
        let allowed = match self.hosts.0.get(origin).and_then(|host| host.access.as_ref()) {
            None => {
                let origin = origin.to_owned();
                return self.ask_robots(&origin).await;
            }
            Some(Access::Closed { why, .. }) => {
                let alarm = format!("{origin}: {why}, so nothing may be fetched");
                let (origin, claimed) = (origin.to_owned(), next.claimed.clone());
                return self.closed_host(&origin, &claimed, alarm).await;
            }
            Some(Access::Rules(robots)) => {
                robots.verdict(&self.shared.config.identity.name, next.url.as_str()).allowed
            }
        };
        if !allowed {
            return self.without_request("robots_excluded", Disposition::Excluded).await;
        }
        if let Some(target) = self.moves.target(&next.url) {
            return self.moved(target).await;
        }
        if !next.is_part() && self.is_poor(&next.claimed) {
            return if next.claimed.is_postponed() {
                self.leave_aside().await
            } else {
                self.postpone().await
            };
        }
        if Care::after(next.claimed.crashes, next.claimed.leads) == Care::SetAside {
            return self.set_aside().await;
        }
        if next.claimed.kind.is_listing() && !self.listings.is_empty() {
            return self.wait(None).await;
        }
        match self.schedule.take_turn(self.shared.clock.now()) {
            Turn::Now => {
                if let Some(job) = self.queue.pop_front() {
                    self.fetch(job);
                }
                Ok(())
            }
            Turn::At(at) => self.wait_turn(at).await,
            Turn::Busy => self.wait(None).await,
        }
    }

    /// Whether the site's yield in articles speaks against a request: pages like this one gave none, or it is a guess
    /// that the site can do without for now.
    fn is_poor(&self, claimed: &Claimed) -> bool {
        let (yields, seeds) = (&self.rules.yields, &self.rules.territory.site.seeds);
        let is_early = claimed.only_by == OnlyBy::Guess
            && claimed.is_new
            && guess::can_wait(claimed.kind, &claimed.url, seeds);
        (claimed.is_unproved() && yields.is_barren(&claimed.url, claimed.kind))
            || (is_early && (yields.has_articles() || !claimed.is_postponed()))
    }

    /// Puts the first URL of the queue behind all others: pages like it yielded no article so far, and what they
    /// led to is read first.
    async fn postpone(&mut self) -> Result<(), ArchiveError> {
        self.without_request("postponed", Disposition::Postponed).await
    }

    /// Leaves out the first URL of the queue, whose page ended the processes that examined it.
    async fn set_aside(&mut self) -> Result<(), ArchiveError> {
        let Some(job) = self.queue.pop_front() else { return Ok(()) };
        self.alarm(examine::set_aside_alarm(&job.claimed, "twice, the second time alone"));
        let host = (self.hosts.0.get(job.url.origin()).map_or(0, |host| host.id), self.schedule.state());
        let outcome = examine::set_aside(&self.rules, &job.claimed, host, self.shared.clock.now());
        self.commit(&job.claimed, outcome).await
    }

    /// Leaves the first URL of the queue to a later run, unless an answer that is still to be read shows
    /// that pages like it do give something.
    async fn leave_aside(&mut self) -> Result<(), ArchiveError> {
        if self.is_working() {
            return self.wait(None).await;
        }
        if let Some(next) = self.queue.front() {
            self.rules.yields.leave_aside(&next.url, next.claimed.kind);
        }
        let tomorrow = self.shared.clock.now() + SignedDuration::from_hours(24);
        self.without_request("left_aside", Disposition::Rest(tomorrow)).await
    }

    /// Whether a seed is on that host; others of the site's are twins of it, by scheme or `www.`.
    fn is_of_seed(&self, origin: &str) -> bool {
        self.rules.territory.site.seeds.iter().any(|seed| seed.origin() == origin)
    }

    /// A host that may not be asked: the site ends when it is the seeds' own, else its URLs wait a day, for
    /// some days.
    async fn closed_host(
        &mut self,
        origin: &str,
        claimed: &Claimed,
        alarm: String,
    ) -> Result<(), ArchiveError> {
        if self.is_of_seed(origin) {
            self.close(alarm);
            return Ok(());
        }
        self.alarm(alarm);
        let is_hopeless = claimed.failures >= examine::PATIENCE && !claimed.has_article() && !claimed.leads;
        let tomorrow = self.shared.clock.now() + SignedDuration::from_hours(24);
        let disposition = if is_hopeless { Disposition::GivenUp } else { Disposition::Retry(tomorrow) };
        self.without_request("robots_unreachable", disposition).await
    }

    /// Takes a URL for the same path on the origin that its own has moved to, without asking.
    async fn moved(&mut self, target: CanonicalUrl) -> Result<(), ArchiveError> {
        let Some(job) = self.queue.pop_front() else { return Ok(()) };
        if job.is_part() {
            self.queue.push_front(super::Job { url: target, ..job });
            return Ok(());
        }
        let claimed = job.claimed;
        self.begun |= self.is_seed(&claimed.url);
        let outcome = self.outcome_without_request(&claimed, "moved", Disposition::Done);
        let candidate = Candidate::new(target.clone(), claimed.kind, Via::Redirect, claimed.depth);
        let outcome =
            Outcome { candidates: vec![candidate], result: PageResult::Redirect(target), ..outcome };
        self.commit(&claimed, outcome).await
    }

    async fn wait_turn(&mut self, at: Timestamp) -> Result<(), ArchiveError> {
        let wait = at.duration_since(self.shared.clock.now());
        if wait > self.max_wait() {
            self.close(self.why_held(at));
            return Ok(());
        }
        if wait >= LONG_WAIT {
            info!(site = %self.name(), until = %at, "waits");
        }
        self.wait(Some(at)).await
    }

    /// Why nothing is asked for before a moment that is too far off.
    fn why_held(&self, at: Timestamp) -> String {
        let mut hosts = self.hosts.0.iter();
        if let Some((origin, _)) = hosts.find(|(origin, host)| host.is_silent && self.is_of_seed(origin)) {
            return format!(
                "robots.txt of {origin} could not be had when it was last asked for, so the site is left alone until {at}; then a run goes on"
            );
        }
        match self.schedule.state().failures {
            0 => format!("the host is left alone until {at}; then a run goes on"),
            failures => format!(
                "the host is left alone until {at}, as it asked for or after {failures} failures in a row; then a run goes on"
            ),
        }
    }

    /// Asks for a host's robots.txt, or where redirects led from it, when it is the site's turn.
    async fn ask_robots(&mut self, origin: &str) -> Result<(), ArchiveError> {
        match self.schedule.take_turn(self.shared.clock.now()) {
            Turn::Now => {}
            Turn::At(at) => return self.wait_turn(at).await,
            Turn::Busy => return self.wait(None).await,
        }
        let (id, hop) = match self.hosts.0.get(origin) {
            Some(host) => (host.id, host.hop.clone()),
            None => (self.shared.store.host(self.id(), origin).await?, None),
        };
        let asked = match hop.or_else(|| Hop::first(origin)) {
            Some(hop) => self.robots_at(hop).await,
            None => Some((gate::none(self.shared.clock.now()), Duration::ZERO)),
        };
        let Some((asked, elapsed)) = asked else {
            self.schedule.unused();
            return Ok(());
        };
        let now = self.shared.clock.now();
        let (copy, access) = match asked {
            Asked::Answered(copy, access) => (copy, access),
            Asked::Elsewhere(hop) => {
                self.schedule.answered(now, elapsed);
                let host = Host { id, access: None, hop: Some(hop), is_silent: false };
                self.hosts.0.insert(origin.to_owned(), host);
                return Ok(());
            }
        };
        let is_silent = copy.status == 0;
        match &access {
            Access::Closed { retry_at, .. } if self.is_of_seed(origin) => {
                self.schedule.overloaded(now, *retry_at);
            }
            // The schedule is the whole site's.
            Access::Closed { .. } => self.schedule.gave_nothing(now),
            Access::Rules(_) => self.schedule.answered(now, elapsed),
        }
        self.shared.store.keep_robots(id, copy, self.schedule.state()).await?;
        let access = self.heed_crawl_delay(origin, access);
        self.add_sitemaps(origin, &access).await?;
        self.hosts.0.insert(origin.to_owned(), Host { id, access: Some(access), hop: None, is_silent });
        Ok(())
    }

    /// What a request for robots.txt came to, and how long it took; `None` when the run ends before that is known.
    async fn robots_at(&mut self, hop: Hop) -> Option<(Asked, Duration)> {
        let (shared, pulse) = (Arc::clone(&self.shared), Arc::clone(&self.pulse));
        let began = shared.clock.now();
        let found = tokio::select! {
            found = shared.web.resolve(&hop.url) => found,
            () = shared.cut() => {
                self.alarm_if_unresolved(hop.url.origin(), began);
                return None;
            }
        };
        if let Err(error) = found {
            let (copy, access) = gate::unanswered(&error, shared.clock.now());
            return Some((Asked::Answered(copy, access), Duration::ZERO));
        }
        self.count_requests(1);
        let ask = async {
            let _connection = shared.connections.acquire().await;
            let limit = shared.config.fetch.timeout.0;
            let _step = pulse.begin(format_args!("asking `{}` for robots.txt", hop.url.origin()), limit);
            gate::ask(&*shared.web, &hop, || shared.clock.now()).await
        };
        tokio::select! {
            asked = ask => Some(asked),
            () = shared.cut() => None,
        }
    }

    /// A run whose time was used up by a name ends as any that is out of time: nothing else would tell.
    fn alarm_if_unresolved(&mut self, origin: &str, began: Timestamp) {
        let lasted = self.shared.clock.now().duration_since(began);
        if !self.shared.stop.is_set() && lasted >= SLOW_NAME {
            self.alarm(format!(
                "{origin} did not resolve within {} s, when the run's time was over: does the resolver work?",
                lasted.as_secs()
            ));
        }
    }

    /// Heeds what each robots.txt says that the archive keeps.
    pub(super) fn heed_known_delays(&mut self) {
        for (origin, mut host) in std::mem::take(&mut self.hosts.0) {
            host.access = host.access.map(|access| self.heed_crawl_delay(&origin, access));
            self.hosts.0.insert(origin, host);
        }
    }

    /// Slows down to what a robots.txt asks for; a host that asks for too much is closed.
    fn heed_crawl_delay(&mut self, origin: &str, access: Access) -> Access {
        let Access::Rules(robots) = &access else { return access };
        let Some(seconds) = robots.verdict(&self.shared.config.identity.name, origin).crawl_delay else {
            return access;
        };
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        if delay > self.rules.territory.site.politeness.max_crawl_delay.0 {
            let why = format!(
                "robots.txt asks for {seconds} s between requests, more than politeness.max_crawl_delay"
            );
            return Access::Closed { why, retry_at: None };
        }
        self.schedule.heed_crawl_delay(delay);
        access
    }

    /// What a robots.txt says of sitemaps; else their usual place.
    async fn add_sitemaps(&mut self, origin: &str, access: &Access) -> Result<(), ArchiveError> {
        let territory = &self.rules.territory;
        let Access::Rules(robots) = access else { return Ok(()) };
        if !territory.uses(Route::Sitemaps) {
            return Ok(());
        }
        let home = CanonicalUrl::parse(origin, None).ok();
        let named = robots.sitemaps.iter().filter_map(|text| CanonicalUrl::parse(text, home.as_ref()).ok());
        let sitemaps = named.filter(|url| territory.site.owns(url));
        let mut candidates: Vec<Candidate> =
            sitemaps.map(|url| Candidate::new(url, Kind::Sitemap, Via::Sitemap, 0)).collect();
        if candidates.is_empty() {
            candidates.extend(guess::first(Kind::Sitemap, origin, &territory.site.seeds));
        }
        self.shared.store.add(self.id(), candidates, self.shared.clock.now()).await.map(drop)
    }
}
