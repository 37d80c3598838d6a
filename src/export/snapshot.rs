//! A frozen answer to a query: data, schema, and a manifest that says what was asked and what the
//! files' digests are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Read as _, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::file::failed;
use super::{ExportError, Format, Stream};
use crate::archive::{Archive, ArticleRecord, Damage, Filter, Order, SCHEMA_VERSION};
use crate::capture::Digest;

/// The manifest's file.
const MANIFEST: &str = "manifest.json";
/// The schema's file.
const SCHEMA: &str = "schema.json";
/// What a row is, as JSON Schema.
const ARTICLE_SCHEMA: &str = include_str!("../../data/article.schema.json");
/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;
/// What the manifest says it is.
const KIND: &str = "jianbao snapshot 1";

/// What a snapshot holds. Equal archives and queries give equal manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// What this is.
    pub kind: String,
    /// The version of the program that wrote it.
    pub jianbao: String,
    /// The version of the archive's schema.
    pub archive_schema: i64,
    /// The last run that had ended before it.
    pub last_run: Option<i64>,
    /// What was asked for.
    pub query: Filter,
    /// The form of the data.
    pub format: String,
    /// Articles.
    pub articles: u64,
    /// Articles of each site.
    pub sites: BTreeMap<String, u64>,
    /// Publication of the oldest and the newest, as precise as known.
    pub published: Option<(String, String)>,
    /// All files but this one.
    pub files: Vec<ListedFile>,
}

/// A file of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal digits.
    pub blake3: String,
}

/// A snapshot and the digest of its manifest, which stands for all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// What it holds.
    pub manifest: Manifest,
    /// BLAKE3 of the manifest's file.
    pub digest: Digest,
}

/// Writes a snapshot into `folder`, which is there and empty. Gives it with the articles that were left out since they
/// are damaged.
pub fn write_snapshot(
    folder: &Path,
    archive: &Archive,
    filter: &Filter,
    stream: Stream,
) -> Result<(Snapshot, Vec<Damage>), ExportError> {
    let (mut counts, mut damaged) = (Counts::default(), Vec::new());
    let (last_run, data) = archive.at_one_moment(|| {
        let last_run = archive.last_ended_run()?;
        let data = list(folder, &format!("articles.{}", stream.name()), |out| {
            let mut counting = Counting { inner: stream.to(out)?, counts: &mut counts };
            damaged = super::export(archive, filter, Order::Id, &mut counting)?.damaged;
            Ok(())
        })?;
        Ok::<_, ExportError>((last_run, data))
    })?;
    let schema = list(folder, SCHEMA, |out| Ok(out.write_all(ARTICLE_SCHEMA.as_bytes())?))?;
    let manifest = Manifest {
        kind: KIND.to_owned(),
        jianbao: env!("CARGO_PKG_VERSION").to_owned(),
        archive_schema: SCHEMA_VERSION,
        last_run,
        query: filter.clone(),
        format: stream.name().to_owned(),
        articles: counts.sites.values().sum(),
        sites: counts.sites,
        published: counts.oldest.zip(counts.newest),
        files: vec![data, schema],
    };
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(std::io::Error::from)?;
    text.push(b'\n');
    list(folder, MANIFEST, |out| Ok(out.write_all(&text)?))?;
    Ok((Snapshot { manifest, digest: Digest::of(&text) }, damaged))
}

#[derive(Default)]
struct Counts {
    sites: BTreeMap<String, u64>,
    oldest: Option<String>,
    newest: Option<String>,
}

/// Counts what passes.
struct Counting<'a, 'c> {
    inner: Box<dyn Format + 'a>,
    counts: &'c mut Counts,
}

impl Format for Counting<'_, '_> {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        *self.counts.sites.entry(article.site.clone()).or_default() += 1;
        if let Some(published) = &article.published {
            let (oldest, newest) = (&mut self.counts.oldest, &mut self.counts.newest);
            if oldest.as_ref().is_none_or(|oldest| published < oldest) {
                *oldest = Some(published.clone());
            }
            if newest.as_ref().is_none_or(|newest| published > newest) {
                *newest = Some(published.clone());
            }
        }
        self.inner.write(article)
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.inner.finish()
    }
}

/// Writes a file and lists it.
fn list(
    folder: &Path,
    name: &str,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), ExportError>,
) -> Result<ListedFile, ExportError> {
    let path = folder.join(name);
    let file = File::create_new(&path).map_err(failed(&path))?;
    let mut out = Hashing { inner: BufWriter::new(file), hasher: blake3::Hasher::new(), bytes: 0 };
    write(&mut out)?;
    let file = out.inner.into_inner().map_err(|error| failed(&path)(error.into_error()))?;
    file.sync_all().map_err(failed(&path))?;
    Ok(ListedFile {
        name: name.to_owned(),
        bytes: out.bytes,
        blake3: out.hasher.finalize().to_hex().to_string(),
    })
}

struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// Why a folder can't be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no manifest that can be read.
    #[error("`{path}` is no snapshot: {reason}")]
    NoSnapshot {
        /// The folder.
        path: std::path::PathBuf,
        /// What is wrong with its manifest.
        reason: String,
    },
}

/// Reads a snapshot back and compares it with its manifest. Gives it with what does not hold, in words.
pub fn verify_snapshot(folder: &Path) -> Result<(Snapshot, Vec<String>), VerifyError> {
    let none = |reason: String| VerifyError::NoSnapshot { path: folder.to_owned(), reason };
    let text = std::fs::read(folder.join(MANIFEST)).map_err(|error| none(format!("{MANIFEST}: {error}")))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| none(format!("{MANIFEST}: {error}")))?;
    if manifest.kind != KIND {
        return Err(none(format!("{MANIFEST} says that it is `{}`, not `{KIND}`", manifest.kind)));
    }
    let mut problems: Vec<String> =
        manifest.files.iter().filter_map(|file| compare(folder, file, &manifest)).collect();
    let known: BTreeSet<&str> =
        manifest.files.iter().map(|file| file.name.as_str()).chain([MANIFEST]).collect();
    for entry in std::fs::read_dir(folder).map_err(|error| none(error.to_string()))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !known.contains(name.as_str()) {
            problems.push(format!("{name}: not in the manifest"));
        }
    }
    problems.sort();
    Ok((Snapshot { manifest, digest: Digest::of(&text) }, problems))
}

/// What is wrong with a file; `None` when nothing is.
fn compare(folder: &Path, listed: &ListedFile, manifest: &Manifest) -> Option<String> {
    let name = &listed.name;
    if Path::new(name).file_name().is_none_or(|file| file != name.as_str()) {
        return Some(format!("{name}: not the name of a file"));
    }
    let read = || -> std::io::Result<(u64, u64, blake3::Hash)> {
        let mut file = File::open(folder.join(name))?;
        let (mut hasher, mut bytes, mut lines) = (blake3::Hasher::new(), 0, 0);
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = file.read(&mut buffer)?;
            if length == 0 {
                return Ok((bytes, lines, hasher.finalize()));
            }
            hasher.update(&buffer[..length]);
            bytes += length as u64;
            lines += memchr::memchr_iter(b'\n', &buffer[..length]).count() as u64;
        }
    };
    let has_lines = manifest.format == Stream::Jsonl.name() && name != SCHEMA;
    match read() {
        Err(error) => Some(format!("{name}: {error}")),
        Ok((bytes, ..)) if bytes != listed.bytes => {
            Some(format!("{name}: {bytes} bytes, the manifest says {}", listed.bytes))
        }
        Ok((.., digest)) if digest.to_hex().as_str() != listed.blake3 => {
            Some(format!("{name}: BLAKE3 {}, the manifest says {}", digest.to_hex(), listed.blake3))
        }
        Ok((_, lines, _)) if has_lines && lines != manifest.articles => {
            Some(format!("{name}: {lines} articles, the manifest says {}", manifest.articles))
        }
        Ok(_) => None,
    }
}
