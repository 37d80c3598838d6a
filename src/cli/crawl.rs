//! `jianbao crawl`

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use super::args::CrawlArgs;
use super::notify::Notifier;
use super::output::{json_line, screen, shown, stdout};
use super::progress::{Bars, OrExit};
use super::sites::chosen;
use super::{ATTENTION, Context, INTERRUPTED, exit_code, is_broken_pipe, runtime, text_of};
use crate::archive::{ArchiveError, Place};
use crate::clock::{Clock, SystemClock};
use crate::config::{LogFormat, Site, path_beside};
use crate::crawl::{
    Budget, CrawlSettings, Progress, RunOutcome, RunReport, Silent, Stop, Trials, check_contact, crawl,
};

pub(super) fn run(args: &CrawlArgs, context: &Context) -> anyhow::Result<u8> {
    let sites = chosen(context, &args.sites)?;
    if args.dry_run {
        return dry_run(context, &sites);
    }
    let mut config = context.loaded.config.clone();
    config.log.metrics = metrics_file(args, context)?;
    let settings = CrawlSettings {
        config,
        sites,
        profiles: Arc::new(context.profiles()?),
        archive: Place::File(context.archive_path()),
        full: args.full,
        budget: Budget {
            max_pages: args.max_pages,
            max_bytes: args.max_bytes.map(|size| size.0),
            max_time: args.max_time.map(|time| time.0),
        },
        trials: trials(&context.archive_path()),
        in_step: false,
    };
    let is_watched = std::io::stderr().is_terminal() && !context.quiet;
    let progress: Arc<dyn Progress> =
        if is_watched { Arc::new(Bars::new(context.bars.clone())) } else { Arc::new(Silent) };
    let notifier = Notifier::new(context);
    let format = context.loaded.config.log.format;
    let progress = Arc::new(OrExit { progress, notifier: Some(notifier.clone()), format });
    let report = with_signals(settings, progress)
        .inspect_err(|error| notifier.failed(&format!("{error:#}"), exit_code(error)))?;
    let code = match report.outcome {
        RunOutcome::Interrupted => INTERRUPTED,
        _ if report.needs_attention() => ATTENTION,
        _ => 0,
    };
    // Told before anything is printed: that nobody reads what is printed changes nothing of the run.
    notifier.ended(&report, code);
    // A log of JSON has nothing else in it.
    if is_watched || (context.verbose > 0 && !context.quiet && format == LogFormat::Text) {
        let _ = std::io::stderr().write_all(shown(&summary(&report)).as_bytes());
    }
    match context.json.then(|| print(&report)) {
        Some(Err(error)) if !is_broken_pipe(&error) => Err(error),
        _ => Ok(code),
    }
}

/// This program as the one that tries pages.
fn trials(archive: &Path) -> Option<Trials> {
    let mut page = archive.as_os_str().to_owned();
    page.push(".trial");
    Some(Trials { program: std::env::current_exe().ok()?, page: page.into() })
}

fn print(report: &RunReport) -> anyhow::Result<()> {
    let mut out = stdout();
    json_line(&mut out, report)?;
    Ok(out.flush()?)
}

/// A path on the command line starts from here, one in the configuration from its folder.
fn metrics_file(args: &CrawlArgs, context: &Context) -> anyhow::Result<String> {
    let configured = &context.loaded.config.log.metrics;
    let path = match &args.metrics {
        Some(path) => std::path::absolute(path)?,
        None if configured.is_empty() => return Ok(String::new()),
        None => path_beside(&context.loaded.base, configured),
    };
    Ok(text_of(path)?)
}

/// Crawls until done, or until SIGINT, SIGTERM or SIGHUP.
pub(super) fn with_signals(
    settings: CrawlSettings,
    progress: Arc<dyn Progress>,
) -> anyhow::Result<RunReport> {
    let runtime = runtime()?;
    let stop = Stop::default();
    let report = runtime.block_on(async {
        let on_signal = stop.clone();
        tokio::spawn(async move {
            if signalled().await.is_ok() {
                on_signal.stop();
            }
        });
        crawl(settings, Arc::new(SystemClock), stop, progress).await
    });
    // A thread of extraction that is stuck can't be cancelled; nobody waits for it.
    runtime.shutdown_background();
    Ok(report?)
}

#[cfg(unix)]
pub(super) async fn signalled() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut terminal = is_hang_up_told().then(|| signal(SignalKind::hangup())).transpose()?;
    let hung_up = async {
        match &mut terminal {
            Some(terminal) => terminal.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
        _ = hung_up => Ok(()),
    }
}

/// Whether a terminal that is closed ends this process: not under `nohup`, which had it ignored from the start.
/// Where that can't be known, the system does as ever.
#[cfg(unix)]
fn is_hang_up_told() -> bool {
    const HANG_UP: u64 = 1;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & HANG_UP == 0)
}

#[cfg(not(unix))]
pub(super) async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Says what would be fetched first.
fn dry_run(context: &Context, sites: &[Site]) -> anyhow::Result<u8> {
    const SHOWN: u32 = 20;
    for site in sites {
        check_contact(&context.loaded.config, &site.seeds)?;
    }
    let archive = match context.open_archive() {
        Ok(archive) => Some(archive),
        Err(ArchiveError::Absent(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let now = SystemClock.now().as_millisecond();
    let mut out = screen(context);
    for site in sites {
        let mut urls: Vec<String> = site.seeds.iter().map(ToString::to_string).collect();
        if let Some(archive) = &archive {
            let due = archive.due(&site.name, now, SHOWN)?;
            urls.extend(due.into_iter().filter(|url| !site.seeds.iter().any(|seed| seed.as_str() == url)));
        }
        if context.json {
            json_line(&mut out, &serde_json::json!({ "site": site.name, "due": urls }))?;
        } else {
            writeln!(out, "{}: robots.txt of each host, feeds and lists, then", site.name)?;
            for url in &urls {
                writeln!(out, "  {url}")?;
            }
        }
    }
    out.flush()?;
    Ok(0)
}

/// A run in a few lines.
pub(super) fn summary(report: &RunReport) -> String {
    let mut text = String::new();
    for site in &report.sites {
        let (counts, articles) = (&site.counts, &site.counts.articles);
        let _ = write!(
            text,
            "{}: {} requests, {} — articles: {} new, {} revised, {} unchanged, {} duplicate",
            site.site,
            counts.requests,
            bytes(counts.bytes),
            articles.new,
            articles.revised,
            articles.unchanged,
            articles.duplicate
        );
        for (count, what) in [
            (counts.not_modified, "not modified"),
            (counts.failed, "failed"),
            (counts.excluded, "excluded by robots.txt"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        text.push('\n');
        let outcomes: Vec<String> =
            site.outcomes.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let _ = writeln!(text, "  outcomes: {}", outcomes.join(", "));
        for (field, count) in &site.missing {
            let _ = writeln!(text, "  missing {field}: {count}");
        }
        for left in &site.left_aside {
            let _ = writeln!(
                text,
                "  left to a later run: {} URLs of the form {}, such as {}: the last {} pages of this form yielded no new article",
                left.urls,
                shown(&left.form),
                shown(&left.example),
                left.barren
            );
        }
        for alarm in &site.alarms {
            let _ = writeln!(text, "  ALARM: {}", shown(alarm));
        }
    }
    for alarm in &report.alarms {
        let _ = writeln!(text, "ALARM: {}", shown(alarm));
    }
    let end = match (report.outcome, &report.budget) {
        (RunOutcome::Finished, _) => "finished".to_owned(),
        (RunOutcome::Budget, budget) => {
            format!("stopped at {}; the next run goes on", budget.as_deref().unwrap_or("a limit"))
        }
        (RunOutcome::Interrupted, _) => "interrupted; the next run goes on".to_owned(),
    };
    let _ = writeln!(text, "run {} {end} ({} to {})", report.run, report.started, report.finished);
    text
}

/// A number of bytes in a unit that suits it.
pub(super) fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mib = count as f64 / f64::from(1 << 20);
    match count {
        0..0x10_0000 => format!("{} KiB", count / 1024),
        0x10_0000..0x4000_0000 => format!("{mib:.1} MiB"),
        _ => format!("{:.1} GiB", mib / 1024.0),
    }
}
