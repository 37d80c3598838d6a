//! `jianbao import`: URLs from index files of web archives, for the next crawl.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use jiff::Timestamp;
use serde::Serialize;
use tracing::warn;

use super::args::ImportArgs;
use super::output::{json_line, screen};
use super::{ATTENTION, Context, Usage, runtime, sites};
use crate::archive::{ArchiveError, LINGER, PATIENCE, Place, Store, StoreSettings};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Site;
use crate::discover::Territory;
use crate::discover::index::{IndexReader, Record};
use crate::frontier::{Candidate, Kind, Via};
use crate::profile::Profiles;
use crate::url::{CanonicalUrl, UrlKey};

/// URLs handed to the archive at a time.
const CHUNK: usize = 1000;
/// Bytes of a record; whatever is longer is malformed.
const MAX_RECORD: u64 = 64 << 10;
/// Bytes at the head of a file that tell its form.
const HEAD: usize = 64 << 10;
/// Malformed records that are named.
const NAMED: u64 = 5;

/// What was found in the files.
#[derive(Debug, Default, Serialize)]
struct Tally {
    /// URLs never seen before.
    new: u64,
    /// URLs that were known.
    known: u64,
    /// Captures of hosts that belong to no configured site.
    foreign: u64,
    /// Captures that are no pages, or that the site's scope or profile leaves out.
    skipped: u64,
    /// Records that can't be read.
    malformed: u64,
}

pub(super) fn run(args: &ImportArgs, context: &Context) -> anyhow::Result<u8> {
    let sites = sites::configured(context)?;
    let profiles = context.profiles()?;
    let config = &context.loaded.config;
    // A file that can't be read is said before anything is imported; open at once is only one.
    args.files.iter().try_for_each(|path| IndexFile::open(path).map(drop))?;
    let settings = StoreSettings {
        place: Place::File(context.archive_path()),
        keep: config.archive.keep,
        recrawl: config.recrawl.clone(),
        linger: LINGER,
        patience: PATIENCE,
    };
    let (store, writer) = Store::open(settings, |_| {})?;
    let imported = runtime()?.block_on(import(store, sites, &profiles, &args.files));
    // Its handle of the writer is gone by now, so the writer ends.
    writer.close()?;
    let tally = imported?;
    say(&tally, context)?;
    Ok(if tally.malformed > 0 { ATTENTION } else { 0 })
}

async fn import(
    store: Store,
    sites: Vec<Site>,
    profiles: &Profiles,
    files: &[PathBuf],
) -> anyhow::Result<Tally> {
    let now = SystemClock.now();
    let mut targets = Vec::new();
    for site in sites {
        let record = store.site(&site.name, &site.seeds, now).await?;
        let named = site.profile.as_deref().or(record.profile.as_deref());
        let profile = profiles.of_site(named, &site.seeds, now);
        targets.push((record.id, Territory { site: Arc::new(site), profile }));
    }
    let mut import =
        Import { store, now, targets, seen: HashSet::new(), found: HashMap::new(), tally: Tally::default() };
    for file in files {
        import.file(IndexFile::open(file)?).await?;
    }
    import.hand_over().await?;
    Ok(import.tally)
}

/// A file whose form is known.
struct IndexFile {
    path: PathBuf,
    records: Box<dyn BufRead>,
    reader: IndexReader,
}

impl IndexFile {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let unread =
            |error: &dyn std::fmt::Display| Usage(format!("`{}` can't be read: {error}", path.display()));
        let mut packed = BufReader::new(File::open(path).map_err(|error| unread(&error))?);
        let is_gzip = packed.fill_buf().map_err(|error| unread(&error))?.starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn BufRead> =
            if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(packed))) } else { Box::new(packed) };
        let mut records = BufReader::with_capacity(HEAD, plain);
        let head = records.fill_buf().map_err(|error| unread(&error))?;
        let reader = IndexReader::detect(head)
            .map_err(|error| Usage(format!("`{}` can't be imported: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), records: Box::new(records), reader })
    }

    /// The next record; `None` at the end of the file, an error where it can't be read or unpacked.
    fn next(&mut self) -> std::io::Result<Option<String>> {
        let mut bytes = Vec::new();
        let end = self.reader.end();
        let read = (&mut self.records).take(MAX_RECORD).read_until(end, &mut bytes)?;
        if read as u64 == MAX_RECORD && bytes.last() != Some(&end) {
            self.records.skip_until(end)?;
        }
        Ok((read > 0).then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

struct Import {
    store: Store,
    now: Timestamp,
    targets: Vec<(i64, Territory)>,
    /// URLs of these files, each counted once.
    seen: HashSet<UrlKey>,
    /// Site → what is not handed over yet.
    found: HashMap<i64, Vec<Candidate>>,
    tally: Tally,
}

impl Import {
    async fn file(&mut self, mut file: IndexFile) -> anyhow::Result<()> {
        let mut number = 0_u64;
        loop {
            number += 1;
            let record = match file.next() {
                Ok(Some(record)) => record,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.malformed(&file.path, number, &error);
                    return Ok(());
                }
            };
            match file.reader.read(&record) {
                Record::Capture(capture) if capture.is_page() => self.note(&capture.url),
                Record::Capture(_) => self.tally.skipped += 1,
                Record::Empty => {}
                Record::Malformed => self.malformed(&file.path, number, &"not a record of an index"),
            }
            if self.found.values().any(|found| found.len() >= CHUNK) {
                self.hand_over().await?;
            }
        }
    }

    fn malformed(&mut self, path: &Path, number: u64, what: &dyn std::fmt::Display) {
        self.tally.malformed += 1;
        if self.tally.malformed <= NAMED {
            warn!("`{}`, record {number}: {what}", path.display());
        }
    }

    fn note(&mut self, url: &str) {
        let Ok(url) = CanonicalUrl::parse(url, None) else {
            self.tally.skipped += 1;
            return;
        };
        let Some((site, territory)) = self.targets.iter().find(|(_, territory)| territory.site.owns(&url))
        else {
            self.tally.foreign += 1;
            return;
        };
        let kind = territory.kind(&url);
        // Lists of old are not worth a look in every run.
        let is_wanted = kind == Kind::Post || kind == Kind::Other && !territory.knows_articles();
        if !is_wanted || !territory.contains(&url) {
            self.tally.skipped += 1;
        } else if self.seen.insert(url.key()) {
            let candidate = Candidate::new(url, kind, Via::Import, 1);
            self.found.entry(*site).or_default().push(candidate);
        }
    }

    async fn hand_over(&mut self) -> Result<(), ArchiveError> {
        for (site, found) in std::mem::take(&mut self.found) {
            let count = found.len() as u64;
            let new = self.store.add(site, found, self.now).await? as u64;
            self.tally.new += new;
            self.tally.known += count - new;
        }
        Ok(())
    }
}

fn say(tally: &Tally, context: &Context) -> anyhow::Result<()> {
    let mut out = screen(context);
    if context.json {
        json_line(&mut out, tally)?;
    } else {
        let Tally { new, known, foreign, skipped, malformed } = tally;
        writeln!(
            out,
            "{new} URLs are new, {known} were known; {foreign} captures are of other hosts, {skipped} are no pages that the sites take, {malformed} records can't be read"
        )?;
    }
    out.flush()?;
    Ok(())
}
