//! Files and folders that are there in full or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::ExportError;
use super::temporary::{Temporary, clean_up};

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
    clean_up(path);
    let (temporary, file) = Temporary::file(path).map_err(failed(path))?;
    let mut out = BufWriter::with_capacity(BUFFER, file);
    let written = write(&mut out)
        .and_then(|done| {
            out.into_inner().map_err(|error| failed(path)(error.into_error())).map(|file| (done, file))
        })
        .and_then(|(done, file)| file.sync_all().map(|()| done).map_err(failed(path)))
        .and_then(|done| std::fs::rename(&temporary.path, path).map(|()| done).map_err(failed(path)));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_file(&temporary.path);
    }
    temporary.done();
    written
}

/// Writes a small file that is there in full or not at all. One that holds the same already is left
/// alone, so that programs which watch the folder see only what changed. It is not awaited that the
/// disk has it, which would take thirty times as long: what a power cut spoils, the next export mends.
pub(super) fn put(path: &Path, bytes: &[u8]) -> Result<(), ExportError> {
    if std::fs::read(path).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    let (temporary, mut file) = Temporary::file(path).map_err(failed(path))?;
    let written = file.write_all(bytes).and_then(|()| std::fs::rename(&temporary.path, path));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_file(&temporary.path);
    }
    temporary.done();
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
    clean_up(path);
    let temporary = Temporary::folder(path).map_err(failed(path))?;
    let put = || sync(&temporary.path).and_then(|()| replace(&temporary.path, path, existing.is_some()));
    let written = write(&temporary.path).and_then(|done| put().map(|()| done).map_err(failed(path)));
    if written.is_err() {
        // What was written so far is of no use, and the error is told.
        let _ = std::fs::remove_dir_all(&temporary.path);
    }
    temporary.done();
    written
}

/// Waits until the disk has all that was written, where the system can be asked for it in one go.
#[cfg(target_os = "linux")]
fn sync(folder: &Path) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(())
}

fn replace(new: &Path, path: &Path, exists: bool) -> std::io::Result<()> {
    if !exists {
        return std::fs::rename(new, path);
    }
    if exchange(new, path).is_ok() {
        return std::fs::remove_dir_all(new);
    }
    let old = Temporary::folder(path)?;
    std::fs::rename(path, &old.path)?;
    if let Err(error) = std::fs::rename(new, path) {
        std::fs::rename(&old.path, path)?;
        return Err(error);
    }
    std::fs::remove_dir_all(&old.path)
}

/// Swaps two folders at once, where the system can: at no moment is one of them missing.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

pub(super) fn failed(path: &Path) -> impl Fn(std::io::Error) -> ExportError + use<'_> {
    move |source| ExportError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(text: &str) -> impl FnOnce(&mut (dyn Write + Send)) -> Result<(), ExportError> + '_ {
        move |out| Ok(out.write_all(text.as_bytes())?)
    }

    fn write_folder(text: &str) -> impl FnOnce(&Path) -> Result<(), ExportError> + '_ {
        move |folder| to_file(&folder.join("data"), write(text))
    }

    #[test]
    fn what_others_write_under_a_temporary_name_stays_and_is_in_nobodys_way() {
        let desk = tempfile::tempdir().unwrap();
        let left = |name: &str| desk.path().join(format!("{name}.{}.0.part", std::process::id()));
        std::fs::write(left("file"), "theirs").unwrap();
        std::fs::create_dir(left("folder")).unwrap();
        let held = [left("file"), left("folder")].map(|path| File::open(path).unwrap());
        for file in &held {
            file.try_lock().unwrap();
        }
        to_file(&desk.path().join("file"), write("ours")).unwrap();
        to_folder(&desk.path().join("folder"), |_| true, write_folder("ours")).unwrap();
        assert_eq!(std::fs::read(desk.path().join("file")).unwrap(), b"ours");
        assert_eq!(std::fs::read(desk.path().join("folder/data")).unwrap(), b"ours");
        assert_eq!(std::fs::read(left("file")).unwrap(), b"theirs");
        assert_eq!(std::fs::read_dir(desk.path()).unwrap().count(), 4);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_is_replaced_is_never_missing() {
        let desk = tempfile::tempdir().unwrap();
        let folder = desk.path().join("folder");
        to_folder(&folder, |_| true, write_folder("0")).unwrap();
        let is_done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| {
                while !is_done.load(std::sync::atomic::Ordering::Relaxed) {
                    assert!(folder.join("data").exists());
                }
            });
            for n in 0..50 {
                to_folder(&folder, |_| true, write_folder(&n.to_string())).unwrap();
            }
            is_done.store(true, std::sync::atomic::Ordering::Relaxed);
            watching.join().unwrap();
        });
        assert_eq!(std::fs::read(folder.join("data")).unwrap(), b"49");
    }
}
