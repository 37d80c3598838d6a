//! The archive: one SQLite file, written by one thread, read by anybody.
//!
//! Everything that one fetch changes (capture, version, links, the URL's state, new candidates)
//! is one [`Outcome`], and outcomes are committed whole: a killed process leaves nothing half done.

mod ahead;
mod article;
mod article_record;
mod audit;
mod basis;
mod body;
mod chain;
mod clusters;
mod commit;
mod copies;
mod coverage;
mod damage;
mod disk;
mod index;
mod journal;
mod load;
mod lock;
mod looks;
mod merge;
mod numbers;
mod open;
mod pass;
mod quiet;
mod read;
mod record;
mod recut;
mod redirect;
mod related;
mod scan;
mod schema;
mod seal;
mod search;
mod store;
mod traits;
mod unite;
mod urls;
mod version;
mod waiting;
mod walk;

use std::path::PathBuf;

pub use article_record::{ArticleRecord, CaptureRecord};
pub use audit::{Audit, Fault, IndexPart, Seals, Span, Stored, Sums, Unread};
pub use basis::{Basis, Beforehand};
pub use damage::Damage;
pub use disk::free_space;
pub use lock::{Lock, holder};
pub use open::{Place, open_reader};
pub use quiet::{LookedAt, Posting};
pub use read::{Archive, HostRow, Listing, QueueCounts, RunRow, SiteStatus, VersionRecord};
pub use record::{
    Beginning, Claimed, Disposition, GoneCheck, HostRecord, ListRole, NumberState, OnlyBy, Outcome,
    PageResult, Receipt, Revision, RobotsCopy, RunRecord, Shown, SiteRecord, Verdict,
};
pub use recut::EXTRACTOR;
pub use related::{RelatedArticle, Reposting, StoryMember};
pub use scan::{Filter, Order};
pub use schema::SCHEMA_VERSION;
pub use search::{Facets, Found, Hit, HitOrder, Search};
pub use store::{LINGER, PATIENCE, Store, StoreSettings, Writer};
pub use version::fields as version_fields;
pub use waiting::{OVERDUE_AFTER, Waiting};

/// Why the archive is unusable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The file or its folder can't be opened or created.
    #[error("could not open the archive `{path}`: {reason}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
    /// There is no archive yet.
    #[error("there is no archive at `{0}`; `jianbao crawl` makes one")]
    Absent(PathBuf),
    /// What was committed last stands beside the file, and can't be read from there.
    #[error(
        "the archive `{archive}` can't be read as a whole: what was committed last stands in `{log}`, which nobody may read without the right to write"
    )]
    Unmerged {
        /// The file.
        archive: PathBuf,
        /// Its write-ahead log.
        log: PathBuf,
    },
    /// A folder is where the file should be.
    #[error("`{0}` is a folder: name a file in it, such as `{archive}`", archive = .0.join("archive.sqlite").display())]
    Folder(PathBuf),
    /// The file is something else.
    #[error("`{0}` is not a jianbao archive")]
    Foreign(PathBuf),
    /// A later version of jianbao wrote it.
    #[error("the archive `{path}` has schema {found}, this jianbao reads up to {known}; use a newer jianbao")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// Another run holds it.
    #[error("another run holds the archive `{path}`{holder}")]
    Locked {
        /// The file.
        path: PathBuf,
        /// Which process, as far as known.
        holder: String,
    },
    /// Pages of a host were archived under another site's name.
    #[error(
        "the archive has `{host}` as a host of the site `{known}`, not of `{site}`: give that site its name back, or rename it in the archive: UPDATE site SET key = '{site}' WHERE key = '{known}'"
    )]
    OtherSite {
        /// The host's origin.
        host: String,
        /// The site it belongs to.
        known: String,
        /// The site that was to be crawled.
        site: String,
    },
    /// Another program keeps the database from being used for longer than it was waited for.
    #[error("another program has the archive's database locked ({doing})")]
    Busy {
        /// What was to be done.
        doing: &'static str,
    },
    /// SQLite failed while reading or writing.
    #[error("the archive failed while {doing}: {source}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// All is committed, and the write-ahead log could not be merged into the file.
    #[error(
        "everything is committed, but closing the archive failed ({}): its write-ahead log stays beside it, and whoever opens the archive next merges it; does its disk work?",
        in_words(source)
    )]
    Closing {
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// What was asked for is not as it was written.
    #[error("the archive is damaged: {0}")]
    Damaged(Damage),
    /// A stored page can't be read back.
    #[error("a stored page can't be read back: {0}")]
    Body(std::io::Error),
    /// The writer stopped; the reason was reported before.
    #[error("the archive's writer has stopped: {0}")]
    Stopped(String),
}

/// An error of SQLite without its own words: after a failed write it calls a whole file malformed.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::SystemIoFailure) => format!("an I/O error: {error}"),
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => "the log could not be read or written".to_owned(),
        _ => error.to_string(),
    }
}

/// Attaches what was being done to an SQLite error.
trait Doing<T> {
    fn doing(self, what: &'static str) -> Result<T, ArchiveError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, what: &'static str) -> Result<T, ArchiveError> {
        self.map_err(|source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy) => ArchiveError::Busy { doing: what },
            _ => ArchiveError::Sqlite { doing: what, source },
        })
    }
}
