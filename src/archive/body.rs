//! Pages as zstd blobs, one copy of equal bytes, with a dictionary trained for each site.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::{Connection, OptionalExtension as _};

use super::{ArchiveError, Doing};
use crate::capture::{Capture, Digest};

/// Fast and, with a dictionary, still eight times smaller.
const LEVEL: i32 = 3;
/// Bytes of a dictionary (zstd's own default): pages of one site share their frame.
const DICTIONARY_SIZE: usize = 112_640;
/// Pages to train on.
const SAMPLES: usize = 24;
/// Bytes to train on, at most.
const SAMPLE_BYTES: usize = 1 << 20;

/// Compresses and stores bodies.
#[derive(Default)]
pub(super) struct Bodies {
    sites: HashMap<i64, SiteBodies>,
    plain: Option<zstd::bulk::Compressor<'static>>,
}

impl std::fmt::Debug for Bodies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bodies").field("sites", &self.sites.len()).finish_non_exhaustive()
    }
}

enum SiteBodies {
    /// Pages collected until there are enough to train on.
    Collecting(Vec<Vec<u8>>),
    Trained {
        dictionary: i64,
        compressor: zstd::bulk::Compressor<'static>,
    },
}

impl Bodies {
    /// Stores a capture's body; equal bytes are stored once.
    pub(super) fn store(
        &mut self,
        connection: &Connection,
        site: i64,
        capture: &Capture,
    ) -> Result<(), ArchiveError> {
        if let Entry::Vacant(entry) = self.sites.entry(site) {
            let bodies = load(connection, site)?;
            entry.insert(bodies);
        }
        let digest = &capture.digest.0[..];
        let mut exists =
            connection.prepare_cached("SELECT 1 FROM body WHERE digest = ?1").doing("storing a page")?;
        if exists.exists([digest]).doing("storing a page")? {
            return Ok(());
        }
        let (dictionary, bytes) = self.compress(connection, site, &capture.body)?;
        let mut insert = connection
            .prepare_cached("INSERT INTO body (digest, dictionary, length, bytes) VALUES (?1, ?2, ?3, ?4)")
            .doing("storing a page")?;
        insert.execute((digest, dictionary, capture.body.len(), bytes)).map(drop).doing("storing a page")
    }

    fn compress(
        &mut self,
        connection: &Connection,
        site: i64,
        body: &[u8],
    ) -> Result<(Option<i64>, Vec<u8>), ArchiveError> {
        let bodies = self.sites.entry(site).or_insert_with(|| SiteBodies::Collecting(Vec::new()));
        if let SiteBodies::Collecting(samples) = bodies {
            samples.push(body[..body.len().min(SAMPLE_BYTES / 4)].to_vec());
            let bytes: usize = samples.iter().map(Vec::len).sum();
            if samples.len() >= SAMPLES || bytes >= SAMPLE_BYTES {
                *bodies = train(connection, site, samples)?;
            }
        }
        match bodies {
            SiteBodies::Trained { dictionary, compressor } => {
                Ok((Some(*dictionary), compressor.compress(body).map_err(ArchiveError::Body)?))
            }
            SiteBodies::Collecting(_) => {
                let plain = match &mut self.plain {
                    Some(plain) => plain,
                    none => none.insert(zstd::bulk::Compressor::new(LEVEL).map_err(ArchiveError::Body)?),
                };
                Ok((None, plain.compress(body).map_err(ArchiveError::Body)?))
            }
        }
    }
}

fn load(connection: &Connection, site: i64) -> Result<SiteBodies, ArchiveError> {
    let sql = "SELECT id, bytes FROM dictionary WHERE site = ?1 ORDER BY id DESC LIMIT 1";
    let stored: Option<(i64, Vec<u8>)> = connection
        .query_row(sql, [site], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .doing("reading a dictionary")?;
    match stored {
        Some((id, bytes)) => trained(id, &bytes),
        None => Ok(SiteBodies::Collecting(Vec::new())),
    }
}

/// Trains on what was collected. Pages too small or too unlike each other give no dictionary; then
/// collecting begins anew.
fn train(connection: &Connection, site: i64, samples: &[Vec<u8>]) -> Result<SiteBodies, ArchiveError> {
    let Ok(bytes) = zstd::dict::from_samples(samples, DICTIONARY_SIZE) else {
        return Ok(SiteBodies::Collecting(Vec::new()));
    };
    connection
        .execute("INSERT INTO dictionary (site, bytes) VALUES (?1, ?2)", (site, &bytes))
        .doing("keeping a dictionary")?;
    trained(connection.last_insert_rowid(), &bytes)
}

fn trained(id: i64, bytes: &[u8]) -> Result<SiteBodies, ArchiveError> {
    let compressor = zstd::bulk::Compressor::with_dictionary(LEVEL, bytes).map_err(ArchiveError::Body)?;
    Ok(SiteBodies::Trained { dictionary: id, compressor })
}

/// Reads a page back; `None` when its body was not kept. What is not the page that its digest names is an error.
pub(super) fn read(connection: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>, ArchiveError> {
    let sql = "SELECT b.bytes, b.length, d.bytes FROM body b LEFT JOIN dictionary d ON d.id = b.dictionary WHERE b.digest = ?1";
    let stored: Option<(Vec<u8>, usize, Option<Vec<u8>>)> = connection
        .query_row(sql, [&digest.0[..]], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
        .doing("reading a page")?;
    let Some((bytes, length, dictionary)) = stored else { return Ok(None) };
    let mut decompressor = zstd::bulk::Decompressor::with_dictionary(&dictionary.unwrap_or_default())
        .map_err(ArchiveError::Body)?;
    unpack(&mut decompressor, &bytes, length, digest).map(Some).map_err(ArchiveError::Body)
}

/// No page is longer, in bytes: a length beyond is a damaged one, and no reason to ask for so much memory.
const LONGEST: usize = 1 << 30;

/// The page that `bytes` hold. Blobs of zstd have no checksum: a damaged one may well give another page.
pub(super) fn unpack(
    decompressor: &mut zstd::bulk::Decompressor<'_>,
    bytes: &[u8],
    length: usize,
    digest: &Digest,
) -> std::io::Result<Vec<u8>> {
    let damaged = |what: String| Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
    if length > LONGEST {
        return damaged(format!("a page of {length} bytes can't be"));
    }
    let page = decompressor.decompress(bytes, length)?;
    if page.len() != length {
        return damaged(format!("the page has {} bytes in place of {length}", page.len()));
    }
    if Digest::of(&page) != *digest {
        return damaged("the page does not agree with its digest".to_owned());
    }
    Ok(page)
}
