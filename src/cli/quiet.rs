//! The part of `jianbao status` about how often sites post, and what fell silent.

use std::io::Write;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::output::shown;
use crate::archive::{Archive, ArchiveError};
use crate::watch::{Rhythm, by_section, lost_feeds, rhythm, silences};

/// What is said of a site.
pub(super) struct SiteQuiet {
    pub(super) site: String,
    rhythm: Option<Rhythm>,
    sections: Vec<(String, Rhythm)>,
    alarms: Vec<String>,
}

/// Every site's rhythm, as of the last look at it: what nobody looked for is no silence.
pub(super) fn of(archive: &Archive, now: Timestamp) -> Result<Vec<SiteQuiet>, ArchiveError> {
    let sites = archive.postings()?.into_iter();
    Ok(sites
        .map(|(site, looked, (posts, feeds))| {
            let today = looked.min(now).to_zoned(TimeZone::UTC).date();
            let days: Vec<Date> = posts.iter().map(|post| post.day).collect();
            let alarms = silences(&posts, today).into_iter().chain(lost_feeds(&feeds, today)).collect();
            let sections = by_section(&posts, today).into_iter();
            let sections = sections.map(|(section, rhythm)| (section.to_owned(), rhythm)).collect();
            SiteQuiet { site, rhythm: rhythm(&days, today), sections, alarms }
        })
        .collect())
}

impl SiteQuiet {
    /// The object of `--json`.
    pub(super) fn json(&self) -> Value {
        let rounded = |posts: f64| (posts * 100.0).round() / 100.0;
        let expected = |rhythm: &Rhythm| {
            json!({
                "per_week": rounded(rhythm.per_week()),
                "by_weekday": rhythm.by_weekday.map(rounded),
                "last": rhythm.last,
            })
        };
        let mut quiet = self.rhythm.as_ref().map_or_else(|| json!({}), expected);
        quiet["site"] = self.site.as_str().into();
        quiet["alarms"] = self.alarms.as_slice().into();
        let sections = self.sections.iter().map(|(section, rhythm)| {
            let mut quiet = expected(rhythm);
            quiet["section"] = section.as_str().into();
            quiet
        });
        quiet["sections"] = sections.collect();
        quiet
    }

    /// A few lines of the site's part of the screen.
    pub(super) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        if let Some(rhythm) = &self.rhythm {
            let (weekly, last) = (rhythm.per_week(), rhythm.last);
            let weekly = if weekly < 1.0 { format!("{weekly:.1}") } else { format!("{weekly:.0}") };
            writeln!(out, "  posts     about {weekly} a week · the last on {last}")?;
        }
        for alarm in &self.alarms {
            writeln!(out, "  ALARM: {}", shown(alarm))?;
        }
        Ok(())
    }
}
