//! Articles out of the archive: a row at a time, at constant memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::archive::{Archive, ArchiveError, Filter};

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The archive could not be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The file could not be written.
    #[error("could not write `{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The output could not be written.
    #[error("could not write the export: {0}")]
    Output(#[from] std::io::Error),
}

/// Writes one JSON object a line; gives the number of articles.
pub fn jsonl(archive: &Archive, filter: &Filter, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut count = 0;
    let mut failure = None;
    archive.scan(filter, &mut |article| {
        let line = serde_json::to_vec(&article).map_err(std::io::Error::from);
        match line.and_then(|line| out.write_all(&line)).and_then(|()| out.write_all(b"\n")) {
            Ok(()) => {
                count += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(out.flush().map(|()| count)?),
    }
}

/// Writes a file that is there in full or not at all: a temporary one beside it, renamed at the end.
/// A symbolic link is followed; a device or a pipe is written to as it is.
pub fn to_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<u64, ExportError>,
) -> Result<u64, ExportError> {
    let existing = std::fs::canonicalize(path).ok();
    let path = existing.as_deref().unwrap_or(path);
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        let failed = |source| ExportError::File { path: path.to_owned(), source };
        return write(&mut BufWriter::new(File::options().write(true).open(path).map_err(failed)?));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    let failed = |source| ExportError::File { path: path.to_owned(), source };
    let file = File::create(&temporary).map_err(failed)?;
    let mut out = BufWriter::new(file);
    let written = write(&mut out)
        .and_then(|count| {
            out.into_inner().map_err(|error| failed(error.into_error())).map(|file| (count, file))
        })
        .and_then(|(count, file)| file.sync_all().map(|()| count).map_err(failed))
        .and_then(|count| std::fs::rename(&temporary, path).map(|()| count).map_err(failed));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
