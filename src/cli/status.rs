//! `jianbao status`: the archive in one screen.

use std::io::Write as _;

use super::Context;
use super::output::{json_pretty, stdout};

/// Runs shown.
const RUNS: u32 = 5;

pub(super) fn run(context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let (sites, runs) = (archive.sites()?, archive.runs(RUNS)?);
    let size = std::fs::metadata(archive.path()).map_or(0, |file| file.len());
    let mut out = stdout();
    if context.json {
        let status =
            serde_json::json!({ "archive": archive.path(), "bytes": size, "sites": sites, "runs": runs });
        json_pretty(&mut out, &status)?;
        out.flush()?;
        return Ok(0);
    }
    writeln!(out, "archive  {} ({} KiB)", archive.path().display(), size / 1024)?;
    for site in &sites {
        writeln!(out, "\n{}", site.site)?;
        let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
        writeln!(
            out,
            "  articles  {} · newest {} · last new one found {}",
            site.articles,
            or_none(&site.newest),
            or_none(&site.last_new)
        )?;
        let urls = &site.urls;
        writeln!(
            out,
            "  urls      {} done · {} queued · {} excluded · {} given up",
            urls.done, urls.queued, urls.excluded, urls.given_up
        )?;
        writeln!(out, "  profile   {}", site.profile.as_deref().unwrap_or("(none: generic rules)"))?;
        for host in &site.hosts {
            let robots = match host.robots_status {
                None => "robots.txt not asked yet".to_owned(),
                Some(0) => "robots.txt did not answer: closed".to_owned(),
                Some(status @ (429 | 500..=599)) => format!("robots.txt answered {status}: closed"),
                Some(status @ 200..=299) => format!("robots.txt {status}"),
                Some(status) => format!("no robots.txt ({status})"),
            };
            let failures = if host.failures > 0 {
                format!(" · {} failures in a row", host.failures)
            } else {
                String::new()
            };
            writeln!(out, "  host      {} · {robots}{failures}", host.origin)?;
        }
    }
    let is_running = crate::archive::holder(archive.path()).is_some();
    let last = runs.iter().map(|run| run.id).max().unwrap_or(0);
    writeln!(out, "\nlast runs")?;
    for run in &runs {
        let is_last = run.id == last;
        let outcome =
            run.outcome.as_deref().unwrap_or(if is_running && is_last { "running" } else { "cut off" });
        let report: Option<serde_json::Value> =
            run.report.as_ref().and_then(|r| serde_json::from_str(r.get()).ok());
        let count = |path: &str| report.as_ref().and_then(|r| r.pointer(path)?.as_u64()).unwrap_or(0);
        writeln!(
            out,
            "  {:>4}  {}  {outcome:<12}  {} requests · {} new · {} revised · {} failed",
            run.id,
            run.started,
            count("/requests"),
            count("/articles/new"),
            count("/articles/revised"),
            count("/failed")
        )?;
        let sites = report.as_ref().and_then(|r| r.get("sites")?.as_array()).cloned().unwrap_or_default();
        for alarm in sites.iter().filter_map(|site| site.get("alarms")?.as_array()).flatten() {
            writeln!(out, "        ALARM: {}", alarm.as_str().unwrap_or_default())?;
        }
    }
    out.flush()?;
    Ok(0)
}
