//! Files and folders under a temporary name, beside the place where they are to be, and what killed processes left
//! of them.
//!
//! Whoever writes one holds the system's lock on it until it has its name, and the system lets go of a lock when its
//! process ends, however it ends. So what nobody holds was left, and is removed by the next export to the same place.
//! The number of the process in the name is asked too: versions before this one held no lock.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// How such a name ends, after the name that is meant, the number of the process and a counter.
const ENDING: &str = ".part";

/// Something under a temporary name.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    /// Open, and so locked, as long as it is written.
    lock: Option<File>,
}

impl Temporary {
    /// A new file to write into.
    pub(super) fn file(target: &Path) -> io::Result<(Self, File)> {
        Self::make(target, |path| File::create_new(path))
    }

    /// A new folder.
    pub(super) fn folder(target: &Path) -> io::Result<Self> {
        Self::make(target, |path| std::fs::create_dir(path)).map(|(made, ())| made)
    }

    /// Makes something under a name that is free. The number of the process is not enough for that: in
    /// containers, many are number 1.
    fn make<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(Self, T)> {
        let mut taken = 0;
        loop {
            let mut name = target.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{}.{taken}{ENDING}", std::process::id()));
            let path = target.with_file_name(name);
            match make(&path) {
                Ok(new) => {
                    let lock = locked(&path);
                    // Somebody who cleans up may have come between the two.
                    if path.exists() {
                        return Ok((Self { path, lock }, new));
                    }
                    taken += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets go of it, once it has its name.
    pub(super) fn done(self) {
        drop(self.lock);
    }
}

/// Opens something and takes its lock; `None` where that can't be done, or somebody holds it.
fn locked(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().is_ok().then_some(file)
}

/// Removes what processes that are dead left beside a place they were to write to. What can't be removed stays, and
/// is in nobody's way.
pub(super) fn clean_up(target: &Path) {
    let (Some(folder), Some(name)) = (target.parent(), target.file_name().and_then(|name| name.to_str()))
    else {
        return;
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    remove_left(folder, |of| of == name);
}

/// The same of all names in a folder that are so.
pub(super) fn remove_left(folder: &Path, is_meant: impl Fn(&str) -> bool) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let file_name = entry.file_name();
        let Some((of, process)) = file_name.to_str().and_then(parts) else { continue };
        if !is_meant(of) || (process != std::process::id() && is_alive(process)) {
            continue;
        }
        let path = entry.path();
        let Some(_lock) = locked(&path) else { continue };
        let _ = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
    }
}

/// The name that is meant, and the number of the process.
fn parts(name: &str) -> Option<(&str, u32)> {
    let (rest, counter) = name.strip_suffix(ENDING)?.rsplit_once('.')?;
    let (of, process) = rest.rsplit_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(counter) && is_number(process) && !of.is_empty()).then_some((of, process.parse().ok()?))
}

/// Whether a process of that number runs on this machine; where that can't be known, it does.
#[cfg(unix)]
fn is_alive(process: u32) -> bool {
    use rustix::process::{Pid, test_kill_process};
    let number = i32::try_from(process).ok().and_then(Pid::from_raw);
    number.is_none_or(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    true
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_dead_processes_left_is_removed_and_nothing_else() {
        // A number that no process of Linux has, and that of one which is alive.
        let (dead, alive) = (u32::from(u16::MAX) << 8, std::os::unix::process::parent_id());
        let desk = tempfile::tempdir().unwrap();
        let target = desk.path().join("a.jsonl");
        let left = [
            format!("a.jsonl.{dead}.0.part"),
            format!("a.jsonl.{dead}.1.part"),
            format!("a.jsonl.{}.0.part", std::process::id()),
        ];
        let others = [
            format!("a.jsonl.{alive}.0.part"),
            format!("b.jsonl.{dead}.0.part"),
            "a.jsonl.part".to_owned(),
            "a.jsonl.x.0.part".to_owned(),
            format!("a.jsonl.{dead}.part"),
            format!("a.jsonl.{dead}.0"),
        ];
        std::fs::create_dir(desk.path().join(&left[1])).unwrap();
        std::fs::write(desk.path().join(&left[1]).join("data"), "half").unwrap();
        for name in left.iter().filter(|name| **name != left[1]).chain(&others) {
            std::fs::write(desk.path().join(name), "half").unwrap();
        }
        // One of this process that is being written.
        let (busy, _file) = Temporary::file(&target).unwrap();
        assert_eq!(
            busy.path.file_name().unwrap().to_str().unwrap(),
            format!("a.jsonl.{}.1.part", std::process::id())
        );
        clean_up(&target);
        let mut found: Vec<String> = std::fs::read_dir(desk.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        let mut want = others.to_vec();
        want.push(format!("a.jsonl.{}.1.part", std::process::id()));
        want.sort();
        assert_eq!(found, want);
    }
}
