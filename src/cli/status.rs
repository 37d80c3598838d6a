//! `jianbao status`: what is fresh, what is late, what is broken, what to do; in one screen.

use std::io::Write;
use std::ops::ControlFlow;

use anyhow::Context as _;
use jiff::Timestamp;

use super::args::StatusArgs;
use super::coverage::SiteCoverage;
use super::crawl::{bytes, summary};
use super::health::{Facts, Health, Run, State, is_judged, judge, length};
use super::output::{json_pretty, pad, screen, shown, width};
use super::quiet::SiteQuiet;
use super::{ATTENTION, Context, coverage, quiet};
use crate::archive::{Archive, ArchiveError, RunRow, SiteStatus, free_space, holder};
use crate::clock::{Clock as _, SystemClock};
use crate::crawl::{Counts, RunReport};

/// Runs shown.
const RUNS: u32 = 5;
/// Runs that are judged, at least,
const FEWEST_RUNS: usize = 30;
/// and of them with each site: they tell how often it is crawled.
const RUNS_OF_SITE: usize = 8;
/// Bytes of reports that are read for it, at most.
const MOST_BYTES: usize = 64 << 20;
/// Runs among which the last report is looked for.
const REPORTED: u32 = 30;
/// Sites shown, those in trouble first.
const SITES: usize = 12;
/// Alarms shown of each kind.
const ALARMS: usize = 6;
/// Columns of the screen.
const COLUMNS: usize = 80;

pub(super) fn run(args: &StatusArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    if let Some(run) = args.report {
        return report(&archive, run, context);
    }
    let now = SystemClock.now();
    let config = &context.loaded.config;
    let configured: Vec<&str> = config.sites.iter().map(|site| site.name.as_str()).collect();
    let (sites, last, waiting) = (archive.sites()?, archive.runs(RUNS)?, archive.waiting(now)?);
    let runs = known_runs(&archive, sites.iter().filter(|site| is_judged(&configured, &site.site)))?;
    let coverage = if args.coverage { coverage::of(&archive)? } else { Vec::new() };
    let quiet = quiet::of(&archive, now)?;
    let pending = archive.pending()?;
    let size = archive.bytes();
    let (free, running) = (free_space(archive.path()), holder(archive.path()));
    let health = judge(&Facts {
        now,
        configured,
        sites: &sites,
        waiting: &waiting,
        runs: &runs,
        is_running: running.is_some(),
        checkable: checkable(context),
        low_space: free.filter(|free| *free < config.archive.min_free.0),
    });
    let mut out = screen(context);
    if context.json {
        let mut status = serde_json::json!({
            "archive": archive.path(), "bytes": size, "free": free, "running": running,
            "pending": pending, "sites": sites, "runs": last, "health": health,
        });
        status["quiet"] = quiet.iter().map(SiteQuiet::json).collect();
        if args.coverage {
            status["coverage"] = coverage.iter().map(SiteCoverage::json).collect();
        }
        json_pretty(&mut out, &status)?;
    } else {
        let free = free.map(|free| format!(" · {} free", bytes(free))).unwrap_or_default();
        writeln!(out, "archive  {} · {}{free}", archive.path().display(), bytes(size))?;
        if let Some(holder) = &running {
            writeln!(out, "running  {holder}")?;
        }
        write_sites(&mut out, &health, &sites, now)?;
        write_trouble(&mut out, &health)?;
        for site in &coverage {
            writeln!(out, "\n{}", site.site)?;
            site.write(&mut out)?;
            if let Some(quiet) = quiet.iter().find(|quiet| quiet.site == site.site) {
                quiet.write(&mut out)?;
            }
        }
        write_runs(&mut out, &last, running.is_some())?;
        write_todo(&mut out, &health)?;
    }
    out.flush()?;
    Ok(0)
}

/// Profiles of the folder, which have their saved pages. What is wrong with it is told by whoever needs it.
fn checkable(context: &Context) -> Vec<String> {
    let known = context.profiles().unwrap_or_default();
    known.iter().filter(|profile| profile.path.is_some()).map(|profile| profile.key.clone()).collect()
}

/// A stored report: of a run, or of the last one that has one.
fn report(archive: &Archive, wanted: Option<i64>, context: &Context) -> anyhow::Result<u8> {
    let row = match wanted {
        Some(id) => archive.run(id)?,
        None => archive.runs(REPORTED)?.into_iter().find(|run| run.report.is_some()),
    };
    let Some(stored) = row.as_ref().and_then(|run| run.report.as_ref()) else {
        let run = wanted.map_or("the last runs".to_owned(), |id| format!("run {id}"));
        let why = if row.is_some() { "it is under way, or was cut off" } else { "there is no such run" };
        writeln!(std::io::stderr(), "error: there is no report of {run}: {why}")?;
        return Ok(ATTENTION);
    };
    let mut out = screen(context);
    if context.json {
        writeln!(out, "{}", stored.get())?;
    } else {
        let report: RunReport = serde_json::from_str(stored.get())
            .context("a stored report can't be read; --json gives it as it is")?;
        out.write_all(summary(&report).as_bytes())?;
    }
    out.flush()?;
    Ok(0)
}

/// The last runs, and as many before them as say how each site fared in its own last ones: sites that
/// are crawled apart are not in the runs of others.
fn known_runs<'a>(
    archive: &Archive,
    sites: impl Iterator<Item = &'a SiteStatus>,
) -> Result<Vec<Run>, ArchiveError> {
    let sought = sites.map(|site| (site, RUNS_OF_SITE));
    let mut sought: Vec<(&SiteStatus, usize)> = sought.collect();
    let (mut runs, mut bytes) = (Vec::new(), 0);
    archive.visit_runs(&mut |row| {
        bytes += row.report.as_ref().map_or(0, |report| report.get().len());
        sought.retain_mut(|(site, left)| *left > 0 && site.added_at <= row.started);
        if let Some(run) = judged(&row) {
            for (site, left) in &mut sought {
                *left -= usize::from(run.part(&site.site).is_some());
            }
            runs.push(run);
        }
        let is_known = sought.is_empty() && runs.len() >= FEWEST_RUNS;
        if is_known || bytes > MOST_BYTES { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(runs)
}

fn judged(row: &RunRow) -> Option<Run> {
    Some(Run {
        id: row.id,
        started: row.started.parse().ok()?,
        outcome: row.outcome.clone(),
        report: row.report.as_ref().and_then(|report| serde_json::from_str(report.get()).ok()),
    })
}

fn write_sites(
    out: &mut impl Write,
    health: &Health,
    sites: &[SiteStatus],
    now: Timestamp,
) -> std::io::Result<()> {
    writeln!(out, "\n{}  articles  newest      last new        due  state", pad("site", 24))?;
    for site in health.sites.iter().take(SITES) {
        let status = sites.iter().find(|status| status.site == site.site);
        let day = |value: &String| value.chars().take(10).collect::<String>();
        let newest = status.and_then(|status| status.newest.as_ref()).map_or("—".to_owned(), day);
        let last_new = status.and_then(|status| status.last_new.as_ref()?.parse::<Timestamp>().ok());
        let last_new =
            last_new.map_or("—".to_owned(), |at| format!("{} ago", length(now.duration_since(at))));
        let state = match site.state {
            State::Broken => "broken",
            State::Late => "late",
            State::Fresh => "fresh",
            State::Left => "not in crawl.toml",
        };
        let articles = status.map_or(0, |status| status.articles);
        let name = pad(&cut(&site.site, 24), 24);
        writeln!(
            out,
            "{name}  {articles:>8}  {}  {}  {:>7}  {state}",
            pad(&newest, 10),
            pad(&last_new, 10),
            site.due
        )?;
    }
    if let Some(more) = health.sites.len().checked_sub(SITES).filter(|more| *more > 0) {
        let fine = health.sites.iter().skip(SITES).all(|site| site.state >= State::Fresh);
        writeln!(out, "… and {more} more{}; --json has all", if fine { ", all fresh" } else { "" })?;
    }
    Ok(())
}

fn write_trouble(out: &mut impl Write, health: &Health) -> std::io::Result<()> {
    let of_run = health.broken.iter().map(|what| (None, what));
    let of_sites =
        health.sites.iter().flat_map(|s| s.broken.iter().map(move |what| (Some(s.site.as_str()), what)));
    write_list(out, "broken", &of_run.chain(of_sites).collect::<Vec<_>>())?;
    let late = health.sites.iter().flat_map(|s| s.late.iter().map(move |what| (Some(s.site.as_str()), what)));
    write_list(out, "late", &late.collect::<Vec<_>>())
}

fn write_list(out: &mut impl Write, head: &str, list: &[(Option<&str>, &String)]) -> std::io::Result<()> {
    if !list.is_empty() {
        writeln!(out, "\n{head}")?;
    }
    for (site, what) in list.iter().take(ALARMS) {
        let line = site.map_or_else(|| (*what).clone(), |site| format!("{site}: {what}"));
        write_wrapped(out, "  ", "    ", &line)?;
    }
    match list.len().checked_sub(ALARMS) {
        Some(more) if more > 0 => writeln!(out, "  … and {more} more; --json has all"),
        _ => Ok(()),
    }
}

fn write_runs(out: &mut impl Write, runs: &[RunRow], is_running: bool) -> std::io::Result<()> {
    writeln!(out, "\nlast runs")?;
    for (index, run) in runs.iter().enumerate() {
        let unfinished = if is_running && index == 0 { "running" } else { "cut off" };
        let outcome = run.outcome.as_deref().unwrap_or(unfinished);
        let report: Option<RunReport> = run.report.as_ref().and_then(|r| serde_json::from_str(r.get()).ok());
        let did = report.map_or_else(|| "—".to_owned(), |report| did(&report.counts));
        writeln!(out, "{:>5}  {}  {outcome:<11}  {did}", run.id, run.started.get(..16).unwrap_or_default())?;
    }
    Ok(())
}

/// What a run did, in a few words.
fn did(counts: &Counts) -> String {
    let (requests, new, revised) = (counts.requests, counts.articles.new, counts.articles.revised);
    format!("{requests} req, {new} new, {revised} revised, {} failed", counts.failed)
}

fn write_todo(out: &mut impl Write, health: &Health) -> std::io::Result<()> {
    writeln!(out, "\nwhat to do")?;
    if health.todo.is_empty() {
        writeln!(out, "  nothing")?;
    }
    for todo in &health.todo {
        writeln!(out, "  {}", todo.command)?;
        write_wrapped(out, "      ", "      ", &todo.why)?;
    }
    Ok(())
}

/// A text over several lines, broken between words.
fn write_wrapped(out: &mut impl Write, first: &str, further: &str, text: &str) -> std::io::Result<()> {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in shown(text).split_whitespace() {
        if !is_empty && width(&line) + 1 + width(word) > COLUMNS {
            writeln!(out, "{line}")?;
            further.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(out, "{line}")
}

/// A text cut to so many columns.
fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for character in text.chars() {
        if width(&cut) + 3 > columns {
            break;
        }
        cut.push(character);
    }
    cut + "…"
}
