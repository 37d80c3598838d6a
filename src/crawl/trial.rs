//! The examination of a page that may have ended an earlier run, first in a process of its own.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::capture::Capture;

/// The longest trial: the largest page that is fetched takes a third of it on a slow machine.
const LIMIT: Duration = Duration::from_mins(1);
/// Bytes of memory that a trial may take: twice what any page is meant to take.
const MEMORY: u64 = 1 << 30;
/// Between two looks at the process.
const NAP: Duration = Duration::from_millis(10);

/// How trials are made.
#[derive(Debug, Clone)]
pub struct Trials {
    /// This program.
    pub program: PathBuf,
    /// A file for the page under trial.
    pub page: PathBuf,
}

/// What a trial came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The process ended by itself, whatever it found.
    Survived,
    /// It did not; why, in words.
    Died(String),
    /// The run ends before that is known.
    Stopped,
    /// No process could be started; why, in words.
    Untried(String),
}

impl Trials {
    /// Examines a page as [`crate::extract`] does, in a process of its own; `is_over` says that the run ends.
    pub(super) fn survives(&self, capture: &Capture, is_over: impl Fn() -> bool) -> Verdict {
        let outcome = std::fs::write(&self.page, &capture.body).and_then(|()| self.start(capture));
        let verdict = match outcome {
            Ok(mut child) => {
                wait(&mut child, is_over).unwrap_or_else(|error| Verdict::Untried(error.to_string()))
            }
            Err(error) => Verdict::Untried(format!("`{}`: {error}", self.program.display())),
        };
        // Should it stay, the next trial writes over it.
        let _ = std::fs::remove_file(&self.page);
        verdict
    }

    fn start(&self, capture: &Capture) -> io::Result<Child> {
        let question = serde_json::json!({
            "id": 1,
            "path": path_text(&self.page)?,
            "url": capture.url.as_str(),
            "content_type": capture.content_type(),
        });
        let mut child = Command::new(&self.program)
            .args(["extract", "--jsonl"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A process that has died reads nothing, which the wait for it tells.
            let _ = writeln!(stdin, "{question}");
        }
        Ok(child)
    }
}

fn path_text(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the archive's path is not UTF-8"))
}

/// Whether a process takes more memory than a trial may; known on Linux only.
fn is_too_large(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    resident.and_then(|kib| kib.parse::<u64>().ok()).is_some_and(|kib| kib > MEMORY >> 10)
}

fn wait(child: &mut Child, is_over: impl Fn() -> bool) -> io::Result<Verdict> {
    let began = Instant::now();
    let verdict = loop {
        match child.try_wait()? {
            Some(status) if status.code().is_some() => return Ok(Verdict::Survived),
            Some(status) => return Ok(Verdict::Died(status.to_string())),
            None if is_over() => break Verdict::Stopped,
            None if is_too_large(child) => {
                break Verdict::Died(format!("more than {} MiB of memory", MEMORY >> 20));
            }
            None if began.elapsed() >= LIMIT => break Verdict::Died(format!("no end within {LIMIT:?}")),
            None => std::thread::sleep(NAP),
        }
    };
    child.kill()?;
    child.wait()?;
    Ok(verdict)
}
