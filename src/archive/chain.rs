//! The chain of runs: each run's digest covers what it reported, what it fetched, and the digest of the run before.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{ArchiveError, Doing};

const DOING: &str = "noting a run's digest";
/// What a digest begins with: what is hashed, and its version.
const KIND: &[u8] = b"jianbao run 1\n";

/// Captures in the order of their numbers, which is that of their runs.
pub(super) const CAPTURES: &str = "SELECT c.id, c.run, u.url, c.fetched_at, c.status, c.wire_digest, c.digest
     FROM capture c LEFT JOIN url u ON u.id = c.url WHERE c.id > ?1 ORDER BY c.id";
pub(super) const RUNS: &str =
    "SELECT id, started, finished, outcome, report, digest, previous FROM run WHERE id > ?1 ORDER BY id";

/// A run as its row has it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: i64,
    content: [Option<String>; 4],
    pub(super) digest: Option<Vec<u8>>,
    pub(super) previous: Option<Vec<u8>>,
}

impl Link {
    /// Reads a row of [`RUNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let moment =
            |at: Option<i64>| at.map(|at| Timestamp::from_millisecond(at).unwrap_or_default().to_string());
        Ok(Self {
            id: row.get(0)?,
            content: [moment(row.get(1)?), moment(row.get(2)?), row.get(3)?, row.get(4)?],
            digest: row.get(5)?,
            previous: row.get(6)?,
        })
    }
}

/// Computes the digests of runs, one after the other, from a walk through their captures.
pub(super) struct Walk<'s> {
    captures: rusqlite::Rows<'s>,
    /// The capture that belongs to a later run: the run, and what is hashed of it.
    next: Option<(i64, Vec<u8>)>,
}

impl<'s> Walk<'s> {
    /// Begins with the first of `captures`, rows of [`CAPTURES`].
    pub(super) fn new(captures: rusqlite::Rows<'s>) -> Self {
        Self { captures, next: None }
    }

    /// The digest of a run; runs are asked for in the order of their numbers.
    pub(super) fn digest(&mut self, run: &Link, previous: Option<&[u8]>) -> rusqlite::Result<[u8; 32]> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(KIND);
        hasher.update(previous.unwrap_or_default());
        for part in &run.content {
            let part = part.as_deref().unwrap_or_default();
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        loop {
            if self.next.is_none() {
                self.next = self.captures.next()?.map(capture).transpose()?;
            }
            match self.next.take() {
                Some((of, bytes)) if of == run.id => drop(hasher.update(&bytes)),
                Some((of, _)) if of < run.id => {}
                later => {
                    self.next = later;
                    return Ok(*hasher.finalize().as_bytes());
                }
            }
        }
    }
}

/// A capture's run, and its line: URL, time, status, digests.
fn capture(row: &Row<'_>) -> rusqlite::Result<(i64, Vec<u8>)> {
    let at = Timestamp::from_millisecond(row.get(3)?).unwrap_or_default();
    let url: Option<String> = row.get(2)?;
    let status: i64 = row.get(4)?;
    let mut line = format!("{}\n{at} {status} ", url.unwrap_or_default()).into_bytes();
    line.extend_from_slice(row.get_ref(5)?.as_blob()?);
    line.extend_from_slice(row.get_ref(6)?.as_blob()?);
    line.push(b'\n');
    Ok((row.get(1)?, line))
}

/// Gives a digest to every run that has none: the one that ends, and before it those that were killed.
pub(super) fn close(connection: &Connection) -> Result<(), ArchiveError> {
    let last = "SELECT id, digest FROM run WHERE digest IS NOT NULL ORDER BY id DESC LIMIT 1";
    let last: Option<(i64, Vec<u8>)> =
        connection.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().doing(DOING)?;
    let closed = last.as_ref().map_or(0, |(id, _)| *id);
    let mut previous = last.map(|(_, digest)| digest);
    let before = "SELECT id FROM capture WHERE run <= ?1 ORDER BY id DESC LIMIT 1";
    let before: i64 =
        connection.query_row(before, [closed], |row| row.get(0)).optional().doing(DOING)?.unwrap_or(0);
    let mut captures = connection.prepare_cached(CAPTURES).doing(DOING)?;
    let mut walk = Walk::new(captures.query([before]).doing(DOING)?);
    let mut runs = connection.prepare_cached(RUNS).doing(DOING)?;
    let runs: Vec<Link> = runs.query_map([closed], Link::read).and_then(Iterator::collect).doing(DOING)?;
    for run in runs {
        let digest = walk.digest(&run, previous.as_deref()).doing(DOING)?.to_vec();
        let update = "UPDATE run SET digest = ?2, previous = ?3 WHERE id = ?1";
        connection.execute(update, (run.id, &digest, &previous)).doing(DOING)?;
        previous = Some(digest);
    }
    Ok(())
}
