//! Runs against their digests, and each against the one before.

use rusqlite::OptionalExtension as _;

use super::{Audit, DOING, Fault, unless_damaged};
use crate::archive::chain::{CAPTURES, Link, RUNS, Walk};
use crate::archive::{ArchiveError, Doing};

impl Audit {
    /// Runs whose digest is not that of what they reported and fetched, and those that do not follow the one before.
    pub fn runs(&self) -> Result<Vec<Fault>, ArchiveError> {
        if !self.is_sealed() {
            return Ok(Vec::new());
        }
        let read = || {
            let mut captures = self.connection.prepare(CAPTURES)?;
            let mut walk = Walk::new(captures.query([0])?);
            let mut runs = self.connection.prepare(RUNS)?;
            let runs = runs.query_map([0], Link::read)?;
            let (mut faults, mut previous): (Vec<Fault>, Option<Vec<u8>>) = (Vec::new(), None);
            for run in runs {
                let run = run?;
                let digest = walk.digest(&run, run.previous.as_deref())?;
                let Some(known) = run.digest else { continue };
                let fault = |what: &str| Fault { row: Some(run.id.to_string()), ..Fault::of("run", what) };
                if known != digest {
                    faults.push(fault("its report or its captures do not agree with its digest"));
                }
                if run.previous != previous {
                    faults.push(fault("it does not follow the run before"));
                }
                previous = Some(known);
            }
            Ok(faults)
        };
        unless_damaged("run", read())
    }

    /// The digest of the last run that has one, in hexadecimal digits: it stands for all runs.
    pub fn chain(&self) -> Result<Option<String>, ArchiveError> {
        if !self.is_sealed() {
            return Ok(None);
        }
        let sql = "SELECT lower(hex(digest)) FROM run WHERE digest IS NOT NULL ORDER BY id DESC LIMIT 1";
        self.connection.query_row(sql, [], |row| row.get(0)).optional().doing(DOING)
    }
}
