//! Standard input, line by line.

use std::io::BufRead as _;

use anyhow::Context as _;

/// The lines of standard input. Bytes that are not UTF-8 are replaced, so that they spoil their own
/// line and no other.
pub(super) fn lines() -> impl Iterator<Item = anyhow::Result<String>> {
    std::io::stdin().lock().split(b'\n').map(|line| {
        let line = line.context("could not read standard input")?;
        Ok(String::from_utf8_lossy(&line).into_owned())
    })
}
