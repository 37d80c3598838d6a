//! The pages that are being examined, in a file beside the archive: when the process dies, the next run knows which
//! of them may have killed it.
//!
//! A page is entered before its examination and struck out afterwards. The file has a place of
//! eight bytes for each, the row of the page's URL or zero; it is written without waiting for the disk, since it
//! has to outlast the process and not the machine.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing::warn;

use super::ArchiveError;

/// Bytes of a place.
const WIDTH: u64 = 8;

/// The file.
#[derive(Debug)]
pub(super) struct Journal(Mutex<Places>);

#[derive(Debug)]
struct Places {
    /// `None` for an archive in memory, and once a write failed.
    file: Option<File>,
    path: PathBuf,
    /// The place of each URL that is entered.
    of_url: HashMap<i64, u64>,
    free: Vec<u64>,
    length: u64,
}

impl Journal {
    /// A journal for an archive in memory, which does not outlast its process.
    pub(super) fn none() -> Self {
        Self(Mutex::new(Places {
            file: None,
            path: PathBuf::new(),
            of_url: HashMap::new(),
            free: Vec::new(),
            length: 0,
        }))
    }

    /// Opens the journal of an archive; gives the URLs whose examination the last process did not end.
    pub(super) fn open(archive: &Path) -> Result<(Self, Vec<i64>), ArchiveError> {
        let mut path = archive.as_os_str().to_owned();
        path.push(".examining");
        let path = PathBuf::from(path);
        let failed =
            |error: std::io::Error| ArchiveError::Open { path: path.clone(), reason: error.to_string() };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        let mut left = Vec::new();
        file.read_to_end(&mut left).map_err(failed)?;
        let (places, _) = left.as_chunks::<8>();
        let urls = places.iter().map(|place| i64::from_le_bytes(*place)).filter(|url| *url != 0).collect();
        let journal = Places { file: Some(file), path, of_url: HashMap::new(), free: Vec::new(), length: 0 };
        Ok((Self(Mutex::new(journal)), urls))
    }

    /// Forgets what the last process left, once the archive knows it.
    pub(super) fn clear(&self) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let cleared = places.file.as_mut().map(|file| file.set_len(0));
        if let Some(Err(error)) = cleared {
            places.give_up(&error);
        }
    }

    /// Removes the file, unless a page is still under examination: an archive at rest is one file.
    pub(super) fn close(&self) {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.file.take().is_some() && places.of_url.is_empty() {
            // Should it stay, it is empty.
            let _ = std::fs::remove_file(&places.path);
        }
    }

    /// Enters a URL.
    pub(super) fn begin(&self, url: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).begin(url);
    }

    /// Strikes a URL out.
    pub(super) fn end(&self, url: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).end(url);
    }
}

impl Places {
    fn begin(&mut self, url: i64) {
        if self.of_url.contains_key(&url) {
            return;
        }
        let place = self.free.pop().unwrap_or(self.length);
        self.length = self.length.max(place + 1);
        self.of_url.insert(url, place);
        self.write(place, url);
    }

    fn end(&mut self, url: i64) {
        if let Some(place) = self.of_url.remove(&url) {
            self.free.push(place);
            self.write(place, 0);
        }
    }

    fn write(&mut self, place: u64, url: i64) {
        let Some(file) = &mut self.file else { return };
        let written =
            file.seek(SeekFrom::Start(place * WIDTH)).and_then(|_| file.write_all(&url.to_le_bytes()));
        if let Err(error) = written {
            self.give_up(&error);
        }
    }

    /// A crawl does not end for want of the journal.
    fn give_up(&mut self, error: &std::io::Error) {
        let path = self.path.display();
        warn!(
            "`{path}` can't be written ({error}): a page that ends this run would not be known to the next one"
        );
        self.file = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_did_not_end_is_known_to_the_next_and_a_clean_end_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("a.sqlite");
        let (journal, left) = Journal::open(&archive).unwrap();
        assert!(left.is_empty());
        for url in [7, 8, 9] {
            journal.begin(url);
        }
        journal.end(8);
        journal.begin(10);
        drop(journal);
        let (journal, mut left) = Journal::open(&archive).unwrap();
        left.sort_unstable();
        assert_eq!(left, [7, 9, 10]);
        journal.clear();
        journal.begin(7);
        journal.end(7);
        journal.close();
        assert!(!folder.path().join("a.sqlite.examining").exists());
    }
}
