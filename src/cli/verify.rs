//! `jianbao verify`: the archive against its digests, or a snapshot against its manifest.

use std::io::{IsTerminal as _, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::args::VerifyArgs;
use super::crawl::signalled;
use super::output::{json_line, screen};
use super::{ARCHIVE, ATTENTION, Context, INTERRUPTED};
use crate::archive::{ArchiveError, Fault};
use crate::export::{Snapshot, verify_snapshot};
use crate::verify::{self, Depth, Progress, Report};

/// Between two looks at how far it is.
const GLANCE: Duration = Duration::from_millis(100);

pub(super) fn run(args: &VerifyArgs, context: &Context) -> anyhow::Result<u8> {
    if let Some(folder) = &args.snapshot {
        let (snapshot, problems) = verify_snapshot(folder)?;
        tell(&snapshot, &problems, context)?;
        return Ok(if problems.is_empty() { 0 } else { ATTENTION });
    }
    let progress = Arc::new(Progress::default());
    let report = check(context, if args.quick { Depth::Quick } else { Depth::Full }, &progress)?;
    tell_archive(&report, context)?;
    Ok(match &report {
        Report { damaged, .. } if !damaged.is_empty() => ARCHIVE,
        _ if progress.is_stopped() => INTERRUPTED,
        Report { unsealed, .. } if !unsealed.is_empty() => ATTENTION,
        _ => 0,
    })
}

/// Checks the archive until it is done, or until SIGINT, SIGTERM or SIGHUP.
fn check(context: &Context, depth: Depth, progress: &Arc<Progress>) -> anyhow::Result<Report> {
    let (path, of_thread) = (context.archive_path(), Arc::clone(progress));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let worker = std::thread::Builder::new()
        .name("verify".to_owned())
        .spawn(move || verify::check(&path, depth, threads, &of_thread))?;
    let runtime = super::runtime()?;
    let bar = (std::io::stderr().is_terminal() && !context.quiet).then(|| bar(context));
    runtime.block_on(async {
        let asked = signalled();
        tokio::pin!(asked);
        let mut listens = true;
        while !worker.is_finished() {
            if let Some(bar) = &bar {
                let (done, all) = progress.so_far();
                bar.set_length(all);
                bar.set_position(done);
            }
            tokio::select! {
                told = &mut asked, if listens => {
                    listens = false;
                    if told.is_ok() {
                        progress.stop();
                    }
                }
                () = tokio::time::sleep(GLANCE) => {}
            }
        }
    });
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    let ended = worker.join().unwrap_or_else(|_| Err(ArchiveError::Stopped("the check panicked".to_owned())));
    Ok(ended?)
}

fn bar(context: &Context) -> ProgressBar {
    let bar = context.bars.add(ProgressBar::new(0));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} %  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

/// What of the archive does not hold.
fn tell_archive(report: &Report, context: &Context) -> anyhow::Result<()> {
    let mut out = screen(context);
    if context.json {
        json_line(&mut out, report)?;
        return Ok(out.flush()?);
    }
    for (class, faults) in [("damaged", &report.damaged), ("read otherwise now", &report.read_otherwise)] {
        for fault in faults {
            writeln!(out, "{class}: {}", line(fault))?;
        }
    }
    for (table, rows) in &report.unsealed {
        writeln!(out, "without a seal: {rows} rows of `{table}`, which another program inserted")?;
    }
    for (why, articles) in &report.not_read {
        writeln!(out, "not read again: {articles} articles: {why}")?;
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    let checked: Vec<String> = report.checked.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let verdict = match (report.damaged.is_empty(), report.ok) {
        (true, true) => "whole".to_owned(),
        (true, false) => "not checked to its end".to_owned(),
        (false, _) => format!("damaged in {} places", report.damaged.len()),
    };
    let chain = report.chain.as_ref().map(|digest| format!(" · runs {digest}")).unwrap_or_default();
    writeln!(out, "{} · {}{chain} · {verdict}", context.archive_path().display(), checked.join(", "))?;
    Ok(out.flush()?)
}

/// A fault on a line: URL, table, row, and what does not hold.
fn line(fault: &Fault) -> String {
    let Fault { table, row, url, what } = fault;
    let row = row.as_ref().map(|row| format!(" row {row}")).unwrap_or_default();
    let url = url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
    format!("`{table}`{row}{url}: {what}")
}

/// What the snapshot is, and what of it does not hold.
pub(super) fn tell(snapshot: &Snapshot, problems: &[String], context: &Context) -> anyhow::Result<()> {
    let Snapshot { manifest, digest } = snapshot;
    let mut out = screen(context);
    if context.json {
        let ok = problems.is_empty();
        let (digest, articles) = (digest.to_string(), manifest.articles);
        json_line(
            &mut out,
            &json!({ "ok": ok, "digest": digest, "articles": articles, "problems": problems }),
        )?;
    } else {
        for problem in problems {
            writeln!(out, "{problem}")?;
        }
        let verdict = if problems.is_empty() { "" } else { " · damaged" };
        writeln!(
            out,
            "snapshot {digest} · {} articles · jianbao {}{verdict}",
            manifest.articles, manifest.jianbao
        )?;
    }
    out.flush()?;
    Ok(())
}
