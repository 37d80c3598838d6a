//! Files and folders that are there in full or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a file that is there in full or not at all: a temporary one beside it, renamed at the end.
/// A symbolic link is followed; a device or a pipe is written to as it is.
pub fn to_file<T>(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let existing = std::fs::canonicalize(path).ok();
    let path = existing.as_deref().unwrap_or(path);
    if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
        let file = File::options().write(true).open(path).map_err(failed(path))?;
        return write(&mut BufWriter::new(file));
    }
    let temporary = beside(path, "part");
    let file = File::create(&temporary).map_err(failed(path))?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let written = write(&mut out)
        .and_then(|done| {
            out.into_inner().map_err(|error| failed(path)(error.into_error())).map(|file| (done, file))
        })
        .and_then(|(done, file)| file.sync_all().map(|()| done).map_err(failed(path)))
        .and_then(|done| std::fs::rename(&temporary, path).map(|()| done).map_err(failed(path)));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

/// Writes a small file that is there in full or not at all. One that holds the same already is left
/// alone, so that programs which watch the folder see only what changed.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let temporary = beside(path, "part");
    let written = std::fs::write(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_file(&temporary);
    }
    written.map_err(failed(path))
}

/// Writes a folder that is there in full or not at all: a temporary one beside it, renamed at the end.
/// One that is there already is replaced when `is_own` knows all that it holds.
pub fn to_folder<T>(
    path: &Path,
    is_own: impl Fn(&str) -> bool,
    write: impl FnOnce(&Path) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let existing = std::fs::canonicalize(path).ok();
    let path = existing.as_deref().unwrap_or(path);
    if existing.is_some() {
        for entry in std::fs::read_dir(path).map_err(failed(path))? {
            let found = entry.map_err(failed(path))?.file_name().to_string_lossy().into_owned();
            if !is_own(&found) {
                return Err(ExportError::Occupied { path: path.to_owned(), found });
            }
        }
    }
    let temporary = beside(path, "part");
    let written = std::fs::create_dir(&temporary)
        .map_err(failed(path))
        .and_then(|()| write(&temporary))
        .and_then(|done| replace(&temporary, path, existing.is_some()).map(|()| done).map_err(failed(path)));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_dir_all(&temporary);
    }
    written
}

fn replace(new: &Path, path: &Path, exists: bool) -> std::io::Result<()> {
    if !exists {
        return std::fs::rename(new, path);
    }
    let old = beside(path, "old");
    std::fs::rename(path, &old)?;
    if let Err(error) = std::fs::rename(new, path) {
        std::fs::rename(&old, path)?;
        return Err(error);
    }
    std::fs::remove_dir_all(old)
}

/// A name beside `path` that no other process takes.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{ending}", std::process::id()));
    path.with_file_name(name)
}

pub(super) fn failed(path: &Path) -> impl Fn(std::io::Error) -> ExportError + use<'_> {
    move |source| ExportError::File { path: path.to_owned(), source }
}
