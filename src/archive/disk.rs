//! The room that is left where an archive lies.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Place;

/// The room around an archive while it is written.
#[derive(Debug)]
pub(super) struct Room {
    place: Place,
    /// The least that was seen, in bytes.
    pub(super) least: AtomicU64,
}

impl Room {
    pub(super) fn at(place: Place) -> Self {
        let room = Self { place, least: AtomicU64::new(u64::MAX) };
        room.look();
        room
    }

    /// Notes what is free now; an archive in memory has no disk.
    pub(super) fn look(&self) {
        if let Place::File(path) = &self.place
            && let Some(free) = free_space(path)
        {
            self.least.fetch_min(free, Ordering::Relaxed);
        }
    }
}

/// Bytes that this user may still write on the disk of `archive`, whose file need not exist yet;
/// `None` where that can't be known.
pub fn free_space(archive: &Path) -> Option<u64> {
    archive.ancestors().find_map(|path| {
        let here = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        free_at(here)
    })
}

#[cfg(unix)]
fn free_at(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_at(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_still_to_be_made_has_its_folders_room() {
        let folder = tempfile::tempdir().unwrap();
        let known = free_space(folder.path()).unwrap();
        let absent = free_space(&folder.path().join("not/yet/archive.sqlite")).unwrap();
        assert!(known > 0 && known.abs_diff(absent) < known / 2, "{known} and {absent}");
    }
}
