//! Articles out of the archive: one at a time, at constant memory. One file per format.

mod cite;
mod csv;
mod file;
mod jsonl;
mod markdown;
#[cfg(feature = "parquet")]
mod parquet;
mod snapshot;
mod stream;
mod temporary;

use std::ops::ControlFlow;
use std::path::PathBuf;

#[cfg(feature = "parquet")]
pub use self::parquet::{Parquet, Partitioned, is_partition};
use crate::archive::{Archive, ArchiveError, ArticleRecord, Damage, Filter, Order};
pub use cite::Citation;
pub use csv::{Csv, Start};
pub use file::{to_file, to_folder};
pub use jsonl::Jsonl;
pub use markdown::{Markdown, markdown};
pub use snapshot::{ListedFile, Manifest, Snapshot, VerifyError, verify_snapshot, write_snapshot};
pub use stream::Stream;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The archive could not be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file or folder could not be written.
    #[error("could not write `{path}`: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The output could not be written.
    #[error("could not write the export: {0}")]
    Output(#[from] std::io::Error),
    /// The folder holds what no export of this kind made.
    #[error("`{path}` exists and holds `{found}`, which is no such export; give another folder")]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What was found there.
        found: String,
    },
}

/// A form that articles are written in. Equal articles give equal bytes.
pub trait Format {
    /// Writes the next article.
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError>;

    /// Writes what comes last.
    fn finish(&mut self) -> Result<(), ExportError>;
}

/// What an export came to.
#[derive(Debug, Default)]
#[must_use]
pub struct Exported {
    /// Articles that were written.
    pub articles: u64,
    /// Those that were left out since they are damaged.
    pub damaged: Vec<Damage>,
}

/// Writes all articles that are wanted, but for those that are damaged.
pub fn export(
    archive: &Archive,
    filter: &Filter,
    order: Order,
    format: &mut dyn Format,
) -> Result<Exported, ExportError> {
    let mut exported = Exported::default();
    let mut failure = None;
    archive.scan(filter, order, &mut |article| {
        let written = match article {
            Ok(article) => format.write(article).map(|()| exported.articles += 1),
            Err(damage) => {
                exported.damaged.push(damage);
                Ok(())
            }
        };
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    match failure {
        Some(error) => Err(error),
        None => format.finish().map(|()| exported),
    }
}
