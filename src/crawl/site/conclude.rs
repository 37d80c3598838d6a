//! What is known of a site once all answers of a run are in.

use jiff::tz::TimeZone;
use tracing::info;

use super::SiteCrawl;
use crate::archive::ArchiveError;
use crate::frontier::Kind;
use crate::watch::{lost_feeds, silences};

/// Looks at known articles, in a row, that find none before there is an alarm.
const LOST: u64 = 3;

impl SiteCrawl {
    /// Learns, and says what changed for the worse.
    pub(super) async fn conclude(&mut self) -> Result<(), ArchiveError> {
        self.alarm_if_not_begun();
        // Cutting what was learned writes much.
        if self.shared.low_space().is_none() {
            self.learn().await?;
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
        self.listen().await
    }

    /// Alarms when the crawl could not begin anywhere: nothing else would tell, for an idle run is a quiet one.
    fn alarm_if_not_begun(&mut self) {
        let territory = &self.rules.territory;
        let mut lists = territory.site.seeds.iter().filter(|seed| territory.kind(seed) != Kind::Post);
        let is_idle = !self.begun && !self.closed && !self.cut_short;
        if let Some(seed) = lists.next().filter(|_| is_idle).cloned() {
            self.alarm(format!("no seed could be read, so nothing new can be found; the first is `{seed}`"));
        }
    }

    /// Alarms when the site, a section or a feed fell silent; a run that did not look everywhere can't tell.
    async fn listen(&mut self) -> Result<(), ArchiveError> {
        if self.closed || self.cut_short {
            return Ok(());
        }
        let today = self.shared.clock.now().to_zoned(TimeZone::UTC).date();
        let (posts, feeds) = self.shared.store.posting(self.id()).await?;
        for alarm in silences(&posts, today).into_iter().chain(lost_feeds(&feeds, today)) {
            self.alarm(alarm);
        }
        Ok(())
    }

    /// Learns what most of the site's posts end with.
    async fn learn(&self) -> Result<(), ArchiveError> {
        let cut = self.shared.store.learn(self.id(), self.shared.clock.now()).await?;
        if cut > 0 {
            info!(site = %self.name(), articles = cut, "boilerplate was learned and cut");
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
