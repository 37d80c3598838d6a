//! What a run begins with: the run it continues, and what of a site is looked at anew.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::Committer;
use crate::archive::record::{Beginning, RunRecord};
use crate::archive::{ArchiveError, Doing, ahead, chain, looks, urls};
use crate::frontier::FIRST_ARTICLE_RANK;

/// A run that was cut off longer ago than this is not continued: its lists are old.
const CONTINUE_WITHIN: SignedDuration = SignedDuration::from_hours(24);

impl Committer {
    /// Begins a run, or goes on with the one that was cut off.
    pub(in crate::archive) fn begin_run(
        &mut self,
        connection: &Connection,
        full: bool,
        now: Timestamp,
    ) -> Result<RunRecord, ArchiveError> {
        let doing = "beginning a run";
        let ahead = ahead::heed(connection, now)?;
        let last: Option<(i64, Option<String>, bool)> = connection
            .query_row("SELECT chain_start, outcome, full FROM run ORDER BY id DESC LIMIT 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
            .doing(doing)?;
        let cut_off = last.filter(|(start, outcome, last_full)| {
            let ended = outcome.as_deref().is_some_and(|outcome| outcome != "interrupted");
            let age = now.duration_since(urls::time(*start));
            !ended && !age.is_negative() && age < CONTINUE_WITHIN && *last_full == full
        });
        let chain_start = cut_off.as_ref().map_or(now, |(start, ..)| urls::time(*start));
        // Runs that were killed.
        chain::close(connection)?;
        connection
            .execute(
                "INSERT INTO run (started, chain_start, full) VALUES (?1, ?2, ?3)",
                (now.as_millisecond(), chain_start.as_millisecond(), full),
            )
            .doing(doing)?;
        self.run = connection.last_insert_rowid();
        self.chain_start = chain_start;
        self.full = full;
        Ok(RunRecord { id: self.run, chain_start, continues: cut_off.is_some(), ahead })
    }

    /// Begins a site's part of the run: everything that is looked at anew becomes due.
    pub(in crate::archive) fn begin_site(
        &mut self,
        connection: &mut Connection,
        site: i64,
        beginning: Beginning,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let Beginning { full, sweep, layout } = beginning;
        let transaction = connection.transaction().doing("beginning a site")?;
        if sweep {
            self.sweeps.insert(site);
        }
        let counted = "UPDATE site SET runs = runs + (SELECT started = chain_start FROM run WHERE id = ?2) WHERE id = ?1";
        transaction.execute(counted, (site, self.run)).doing("beginning a site")?;
        looks::note_layout(&transaction, site, layout, now)?;
        self.make_due(&transaction, site, full || sweep, now)?;
        if full {
            self.make_articles_due(&transaction, site, now)?;
        }
        transaction.commit().doing("beginning a site")
    }

    fn make_due(
        &self,
        connection: &Connection,
        site: i64,
        all: bool,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        // The front page and feeds always; other lists by the rate at which they show something new. What
        // failed waits for another day only within its run. Where the site begins leads to its robots.txt, also
        // when that forbade it. Who looks at everything needs the pages themselves: one that did not change
        // leads to others that did.
        let due = format!(
            "UPDATE url SET state = 'queued', due_at = ?2,
                    etag = iif(?5, NULL, etag), last_modified = iif(?5, NULL, last_modified)
             WHERE site = ?1 AND coalesce(fetched_at, 0) < ?3
               AND (state = 'done' OR state = 'excluded' AND depth = 0 OR state = 'queued' AND failures > 0 AND due_at > ?2)
               AND kind IN ('list', 'feed', 'sitemap', 'api') AND rank < ?4
               AND (?5 OR (depth = 0 OR kind = 'feed' OR coalesce(due_at, 0) <= ?2) AND {})",
            urls::IS_CHANGED
        );
        let (now, start) = (now.as_millisecond(), self.chain_start.as_millisecond());
        let values = (site, now, start, FIRST_ARTICLE_RANK, all);
        connection.execute(&due, values).map(drop).doing("choosing what is due")
    }

    fn make_articles_due(
        &self,
        connection: &Connection,
        site: i64,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let due = "UPDATE url SET state = 'queued', due_at = ?2
                   WHERE site = ?1 AND state <> 'excluded' AND coalesce(fetched_at, 0) < ?3 AND article IS NOT NULL";
        let values = (site, now.as_millisecond(), self.chain_start.as_millisecond());
        connection.execute(due, values).map(drop).doing("choosing what is due")
    }
}
