//! The run lock beside the archive: one run writes at a time, and a dead one never blocks.
//!
//! The lock is the system's own, on an open file; the text in the file is for people. On a network
//! file system it is only as good as that system's locks, which is why the text names the machine.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::{info, warn};

use super::ArchiveError;

/// Somebody who looks whether the lock is held holds it for a moment: the tries that outlast them.
const TRIES: u32 = 5;
/// Who lets go of it clears its text first. A process that was being started then has all open files of the
/// one that starts it, for a moment that may be long on a busy machine.
const TRIES_WITHOUT_TEXT: u32 = 200;
/// Between two tries.
const NAP: Duration = Duration::from_millis(10);

/// Held by the run that writes; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock beside the archive, `<archive>.lock`. Never a lock on the database file itself:
    /// closing that file anywhere in the process would drop SQLite's own locks.
    pub fn take(archive: &Path) -> Result<Self, ArchiveError> {
        if archive.is_dir() {
            return Err(ArchiveError::Folder(archive.to_owned()));
        }
        let path = lock_path(archive);
        let open =
            |error: std::io::Error| ArchiveError::Open { path: path.clone(), reason: error.to_string() };
        if let Some(folder) = archive.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .map_err(|error| ArchiveError::Open { path: folder.to_owned(), reason: error.to_string() })?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(open)?;
        let taken = try_lock(&mut file);
        let left = text_of(&mut file);
        match taken {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let elsewhere = if is_elsewhere(&left) { ", which is another machine" } else { "" };
                let holder = if left.is_empty() { left } else { format!(" ({left}{elsewhere})") };
                return Err(ArchiveError::Locked { path: archive.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(open(error)),
        }
        tell_of_the_last(&left, archive);
        let started = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
        file.set_len(0).and_then(|()| file.rewind()).map_err(open)?;
        writeln!(file, "process {} on {} since {started}", std::process::id(), machine()).map_err(open)?;
        Ok(Self { file })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A text that is left says that its run did not end by itself; nothing depends on it.
        let _ = self.file.set_len(0);
    }
}

/// Who holds an archive's lock now: process, machine and start, as far as the file says.
pub fn holder(archive: &Path) -> Option<String> {
    let mut file = File::open(lock_path(archive)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(text_of(&mut file)),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn try_lock(file: &mut File) -> Result<(), TryLockError> {
    for tries in 1..TRIES_WITHOUT_TEXT {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if tries < TRIES || text_of(file).is_empty() => {
                std::thread::sleep(NAP);
            }
            taken => return taken,
        }
    }
    file.try_lock()
}

/// Says whom the lock was left by; a run of another machine may still be alive where locks are not
/// shared between machines.
fn tell_of_the_last(left: &str, archive: &Path) {
    let archive = archive.display();
    if is_elsewhere(left) {
        warn!(
            "the last run on `{archive}` ({left}) was another machine's and did not end by itself; if it still runs, this file system does not share locks between machines, and both would damage the archive"
        );
    } else if !left.is_empty() {
        info!("the last run on `{archive}` ({left}) did not end by itself; what it committed is there");
    }
}

/// Whether a lock's text names another machine than this one.
fn is_elsewhere(text: &str) -> bool {
    let name = text.split_once(" on ").and_then(|(_, rest)| rest.split_once(" since "));
    name.is_some_and(|(name, _)| name != machine())
}

/// What is written in a lock file; what is no text or too long is not shown.
fn text_of(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(300).read_to_string(&mut text));
    read.map(|_| text.trim().to_owned()).unwrap_or_default()
}

/// This machine's name.
#[cfg(unix)]
fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn machine() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this machine".to_owned())
}

fn lock_path(archive: &Path) -> PathBuf {
    let mut path = archive.as_os_str().to_owned();
    path.push(".lock");
    PathBuf::from(path)
}
