//! The room that is left where an archive lies.

use std::path::Path;

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
