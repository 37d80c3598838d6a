//! What is known of a site once all answers of a run are in.

use jiff::tz::TimeZone;
use tracing::info;

use super::SiteCrawl;
use crate::archive::ArchiveError;
use crate::crawl::Shared;
use crate::frontier::Kind;
use crate::watch::{lost_feeds, silences};

/// Looks at known articles, in a row, that find none before there is an alarm.
const LOST: u64 = 3;

impl SiteCrawl {
    /// Learns, and says what changed for the worse.
    pub(super) async fn conclude(&mut self) -> Result<(), ArchiveError> {
        self.keep_schedule().await?;
        self.alarm_if_forbidden().await?;
        self.alarm_if_not_begun();
        for left in self.rules.yields.left_aside().iter().filter(|left| left.is_trap()) {
            self.alarm(left.alarm());
        }
        if self.shared.low_space().is_none() {
            self.shared.store.learn(self.id()).await?;
            cut(&self.shared, self.id(), self.name()).await?;
        }
        let lost = self.shared.store.lost(self.id()).await?;
        if lost >= LOST {
            self.alarm(format!(
                "the last {lost} looks at known articles found no article: did the layout change?"
            ));
        }
        if let Some((host, count, answers)) = self.moves.elsewhere() {
            let alarm = format!(
                "{count} of {answers} answers lead to {host}: if the site has moved there, add it to the seeds"
            );
            self.alarm(alarm);
        }
        self.confirm_gone().await?;
        let is_through = !self.closed && self.cut_short.is_none();
        self.is_barren = is_through && !self.shared.store.has_article(self.id()).await?;
        self.listen().await
    }

    /// Keeps the schedule of a site that was closed: the next run is to leave it alone as long.
    async fn keep_schedule(&self) -> Result<(), ArchiveError> {
        let is_seed =
            |origin: &str| self.rules.territory.site.seeds.iter().any(|seed| seed.origin() == origin);
        let host = self.hosts.0.iter().find(|(origin, _)| is_seed(origin)).filter(|_| self.closed);
        match host {
            Some((_, host)) => self.shared.store.keep_schedule(host.id, self.schedule.state()).await,
            None => Ok(()),
        }
    }

    /// Alarms as long as robots.txt keeps jianbao from what it archived, or from where the site begins: such a site
    /// gives no articles, however quietly its runs end.
    async fn alarm_if_forbidden(&mut self) -> Result<(), ArchiveError> {
        let (articles, seed) = self.shared.store.forbidden(self.id()).await?;
        if let Some(seed) = seed {
            self.begun = true;
            self.alarm(format!("robots.txt forbids `{seed}`, where the site begins"));
        }
        if articles > 0 {
            self.alarm("robots.txt now forbids articles that were archived before".to_owned());
        }
        Ok(())
    }

    /// Alarms when the crawl could not begin anywhere: nothing else would tell, for an idle run is a quiet one.
    fn alarm_if_not_begun(&mut self) {
        let territory = &self.rules.territory;
        let mut lists = territory.site.seeds.iter().filter(|seed| territory.kind(seed) != Kind::Post);
        let is_idle = !self.begun && !self.closed && self.cut_short.is_none();
        if let Some(seed) = lists.next().filter(|_| is_idle).cloned() {
            self.alarm(format!("no seed could be read, so nothing new can be found; the first is `{seed}`"));
        }
    }

    /// Alarms when the site, a section or a feed fell silent; a run that did not look everywhere can't tell.
    async fn listen(&mut self) -> Result<(), ArchiveError> {
        if self.closed || self.cut_short.is_some() {
            return Ok(());
        }
        let today = self.shared.clock.now().to_zoned(TimeZone::UTC).date();
        let (posts, feeds) = self.shared.store.posting(self.id()).await?;
        for alarm in silences(&posts, today).into_iter().chain(lost_feeds(&feeds, today)) {
            self.alarm(alarm);
        }
        Ok(())
    }

    /// Confirms what is gone; a site that misses many of its articles is broken instead.
    async fn confirm_gone(&mut self) -> Result<(), ArchiveError> {
        let check = self.shared.store.confirm_gone(self.id(), self.shared.clock.now()).await?;
        if let Some((missing, looks)) = check.mass {
            self.alarm(format!(
                "{missing} of the last {looks} articles looked at are missing: is the site broken? None is taken for gone; if it is true, raise recrawl.gone_most"
            ));
        }
        self.gone = check.confirmed;
        Ok(())
    }
}

/// Cuts what was learned to stand below a site's posts. That writes much, so it ends between two steps when the
/// run does; the next run goes on.
pub(super) async fn cut(shared: &Shared, site: i64, name: &str) -> Result<(), ArchiveError> {
    let mut changed = 0;
    while !shared.stop.is_set() && shared.low_space().is_none() {
        match shared.store.cut_next(site, shared.clock.now()).await? {
            Some(articles) => changed += articles,
            None => break,
        }
    }
    if changed > 0 {
        info!(site = name, articles = changed, "boilerplate that was learned is cut");
    }
    Ok(())
}
