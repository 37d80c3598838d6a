//! Why a command failed: what it says, what somebody can do, and its exit code.

use std::fmt::Write as _;
use std::io::Write as _;

use super::output::shown;
use super::{ARCHIVE, ATTENTION, BUSY, USAGE, Usage};
use crate::archive::ArchiveError;
use crate::config::{ConfigError, LogFormat};
use crate::crawl::{CrawlError, FetchOnceError};
use crate::export::{ExportError, VerifyError};
use crate::profile::ProfileError;
use crate::search::QueryError;

/// What is told of it.
pub(super) struct Failure {
    pub(super) message: String,
    /// What is not said above already, the innermost last.
    pub(super) causes: Vec<String>,
    pub(super) hint: Option<&'static str>,
}

impl Failure {
    pub(super) fn of(error: &anyhow::Error) -> Self {
        let message = error.to_string();
        let mut said = message.clone();
        let mut causes = Vec::new();
        for cause in error.chain().skip(1).map(ToString::to_string) {
            if !said.contains(&cause) {
                causes.push(cause.clone());
            }
            said = cause;
        }
        Self { message, causes, hint: hint(error) }
    }

    /// `error: …` with its causes and its hint on lines of their own, or all of it as one line of JSON.
    pub(super) fn report(&self, format: LogFormat) {
        if format == LogFormat::Json {
            let (cause, hint) = (self.causes.join(": "), self.hint.unwrap_or_default());
            return log_line("ERROR", &self.message, &[("cause", &cause), ("hint", hint)]);
        }
        let mut text = format!("error: {}", self.message);
        for cause in &self.causes {
            let _ = write!(text, "\n  cause: {cause}");
        }
        if let Some(hint) = self.hint {
            let _ = write!(text, "\n  hint: {hint}");
        }
        // There is nowhere left to say that standard error is closed.
        let _ = writeln!(std::io::stderr(), "{}", shown(&text));
    }
}

/// A line of a log in JSON that is told whatever its level; fields without a text are left out.
pub(super) fn log_line(level: &str, message: &str, more: &[(&str, &str)]) {
    let timestamp = jiff::Timestamp::now().to_string();
    let mut line = serde_json::json!({ "timestamp": timestamp, "level": level, "message": message });
    for (name, text) in more.iter().filter(|(_, text)| !text.is_empty()) {
        line[name] = (*text).into();
    }
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// What somebody can do about an error.
fn hint(error: &anyhow::Error) -> Option<&'static str> {
    match archive_error(error)? {
        ArchiveError::Unmerged { .. } => Some(
            "copy both files to a folder that may be written and read the copy, or open the archive once with the right to write, as `jianbao status` does",
        ),
        ArchiveError::Damaged(_) => Some(
            "`jianbao verify` names everything that is damaged; what is intact can still be read, and a copy put in its place",
        ),
        ArchiveError::Busy { .. } => Some(
            "end that program or its transaction (`fuser` names who has the file open); what was committed is safe, and the next run goes on",
        ),
        ArchiveError::Sqlite { source, .. } => match source.sqlite_error_code()? {
            rusqlite::ErrorCode::DiskFull => {
                Some("make room on its disk; what was committed is safe, and the next run goes on")
            }
            rusqlite::ErrorCode::DatabaseCorrupt => Some(
                "the file is damaged: put a copy in its place, or save what can be read by `sqlite3 ARCHIVE .recover | sqlite3 NEW`",
            ),
            _ => None,
        },
        _ => None,
    }
}

/// What the archive failed with, when it did: errors that stand for it are transparent.
fn archive_error(error: &anyhow::Error) -> Option<&ArchiveError> {
    error.chain().find_map(|cause| match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(CrawlError::Archive(error)), _) | (_, Some(ExportError::Archive(error))) => Some(error),
        _ => match cause.downcast_ref() {
            Some(FetchOnceError::Crawl(CrawlError::Archive(error))) => Some(error),
            _ => cause.downcast_ref(),
        },
    })
}

pub(super) fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(error) = archive_error(error) {
        let is_busy = matches!(error, ArchiveError::Locked { .. } | ArchiveError::Busy { .. });
        return if is_busy { BUSY } else { ARCHIVE };
    }
    for cause in error.chain() {
        match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(CrawlError::Clock(_)), _) => return ATTENTION,
            (Some(_), _) | (_, Some(FetchOnceError::Crawl(_))) => return USAGE,
            _ => {}
        }
        match cause.downcast_ref::<ExportError>() {
            Some(ExportError::File { source, .. }) if is_wrong_path(source.kind()) => return USAGE,
            Some(ExportError::Occupied { .. }) => return USAGE,
            _ => {}
        }
        if cause.is::<ConfigError>()
            || cause.is::<ProfileError>()
            || cause.is::<VerifyError>()
            || cause.is::<QueryError>()
            || cause.is::<Usage>()
        {
            return USAGE;
        }
    }
    ATTENTION
}

/// Whether a file can't be written because of where it should be, and not for lack of space or by a fault
/// of the disk.
fn is_wrong_path(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied, ReadOnlyFilesystem,
    };
    matches!(
        kind,
        AlreadyExists
            | InvalidFilename
            | InvalidInput
            | IsADirectory
            | NotADirectory
            | NotFound
            | PermissionDenied
            | ReadOnlyFilesystem
    )
}
