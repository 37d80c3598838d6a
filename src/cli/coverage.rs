//! `jianbao status --coverage`: how many articles there are, and where some may be missing.

use std::io::Write;

use serde_json::{Value, json};

use super::output::shown;
use crate::archive::{Archive, ArchiveError};
use crate::coverage::{Extent, Suspects, extent, suspects};

/// Ranges of numbers, and holes, that a screen shows of a site.
const SHOWN: usize = 8;

/// What is said of a site.
pub(super) struct SiteCoverage {
    pub(super) site: String,
    extent: Extent,
    suspects: Suspects,
}

/// Every site's coverage.
pub(super) fn of(archive: &Archive) -> Result<Vec<SiteCoverage>, ArchiveError> {
    let surveys = archive.surveys()?.into_iter();
    Ok(surveys
        .map(|(site, survey)| SiteCoverage { site, extent: extent(&survey), suspects: suspects(&survey) })
        .collect())
}

impl SiteCoverage {
    /// The object of `--json`.
    pub(super) fn json(&self) -> Value {
        let (found, estimate, why) = match &self.extent {
            Extent::Estimate { found, estimated, low, high } => {
                (*found, Some((*estimated, *low, *high)), None)
            }
            Extent::AtLeast { found, why } => (*found, None, Some(why)),
        };
        json!({
            "site": self.site,
            "found": found,
            "estimated": estimate.map(|(estimated, ..)| estimated),
            "low": estimate.map(|(_, low, _)| low),
            "high": estimate.map(|(.., high)| high),
            "at_least": estimate.is_none().then_some(found),
            "why": why,
            "suspects": self.suspects,
        })
    }

    /// A few lines of the site's part of the screen.
    pub(super) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(out, "  coverage  {}", sentence(&self.extent))?;
        if !self.suspects.ids.is_empty() {
            let ranges = ranges(&self.suspects.ids);
            let more = if ranges.len() > SHOWN { " …" } else { "" };
            let shown = ranges[..ranges.len().min(SHOWN)].join(", ");
            writeln!(out, "  not seen  {} numbers: {shown}{more}", grouped(self.suspects.ids.len() as u64))?;
        }
        for hole in self.suspects.holes.iter().take(SHOWN) {
            let section = shown(hole.section.as_deref().unwrap_or("(no section)"));
            writeln!(
                out,
                "  hole      {} · {section}: {} found, about {} expected",
                hole.month, hole.found, hole.expected
            )?;
        }
        if self.suspects.holes.len() > SHOWN {
            writeln!(out, "  hole      … {} in all", self.suspects.holes.len())?;
        }
        Ok(())
    }
}

fn sentence(extent: &Extent) -> String {
    match extent {
        Extent::Estimate { found, estimated, low, high } => {
            let margin = (high - estimated).max(estimated - low);
            let (found, estimated) = (grouped(*found), grouped(*estimated));
            format!("found {found}; estimated {estimated} ± {} (95 %)", grouped(margin))
        }
        Extent::AtLeast { found, why } => format!("at least {}: {why}", grouped(*found)),
    }
}

/// `17,328`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Numbers in order, as `17312–17315`.
fn ranges(numbers: &[i64]) -> Vec<String> {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    runs.filter_map(|run| Some((run.first()?, run.last()?)))
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}–{last}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_in_a_sentence() {
        let estimate = Extent::Estimate { found: 17_311, estimated: 17_328, low: 17_320, high: 17_337 };
        assert_eq!(sentence(&estimate), "found 17,311; estimated 17,328 ± 9 (95 %)");
        let at_least = Extent::AtLeast { found: 312, why: "there is one route".to_owned() };
        assert_eq!(sentence(&at_least), "at least 312: there is one route");
        assert_eq!(ranges(&[4, 5, 6, 9]), ["4–6", "9"]);
    }
}
