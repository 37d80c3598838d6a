//! What runs did and how they are, as a file of Prometheus text (version 0.0.4) for the node exporter's
//! textfile collector.
//!
//! Each run is a process of its own, so its counters go on from the values in the file; a file that is
//! gone begins at 0, which Prometheus takes for a restart. Series of sites that a run leaves out stay.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;
use tracing::warn;

use super::CrawlError;
use super::report::SiteReport;

/// Name, type and help of each family, in the order of the file.
const FAMILIES: [(&str, &str, &str); 15] = [
    ("jianbao_requests_total", "counter", "Requests sent, robots.txt included."),
    ("jianbao_received_bytes_total", "counter", "Bytes of bodies as sent."),
    ("jianbao_urls_total", "counter", "URLs that were looked at, by named outcome."),
    ("jianbao_articles_total", "counter", "Looks at articles, by what they found."),
    ("jianbao_runs_total", "counter", "Runs that ended, by outcome."),
    ("jianbao_site_alarms", "gauge", "Alarms of the site's last run."),
    (SITE_SUCCESS, "gauge", "When a run with this site last ended without an alarm of the site."),
    ("jianbao_queue_urls", "gauge", "URLs of the site that wait to be fetched."),
    ("jianbao_run_active", "gauge", "1 while a run is under way, or after it was killed."),
    ("jianbao_run_start_timestamp_seconds", "gauge", "When the last run began."),
    ("jianbao_run_duration_seconds", "gauge", "How long the last run took, or has taken so far."),
    ("jianbao_run_alarms", "gauge", "All alarms of the last run."),
    (SUCCESS, "gauge", "When a run last ended without any alarm."),
    ("jianbao_archive_size_bytes", "gauge", "Size of the archive with its write-ahead log."),
    ("jianbao_archive_free_bytes", "gauge", "What is free on the archive's disk."),
];
const SITE_SUCCESS: &str = "jianbao_site_last_success_timestamp_seconds";
const SUCCESS: &str = "jianbao_last_success_timestamp_seconds";

/// Series, such as `jianbao_queue_urls{site="a"}`, and its value.
type Samples = BTreeMap<String, f64>;

/// How a run stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) started: Timestamp,
    pub(super) now: Timestamp,
    /// How it ended; `None` while it goes on.
    pub(super) outcome: Option<&'static str>,
    pub(super) sites: Vec<SiteReport>,
    /// Alarms that are no site's.
    pub(super) alarms: usize,
    /// URLs that wait, by site.
    pub(super) queue: Vec<(String, i64)>,
    pub(super) archive_size: Option<u64>,
    pub(super) archive_free: Option<u64>,
}

/// Refuses what is there and no file: a pipe would block the run, and a device would be replaced.
pub(super) fn check_place(path: &str) -> Result<(), CrawlError> {
    match std::fs::metadata(path) {
        Ok(there) if !there.is_file() => Err(CrawlError::Metrics(path.to_owned())),
        _ => Ok(()),
    }
}

/// Where a path leads by symbolic links, whether or not something is there: the link itself stays.
fn target_of(path: &Path) -> PathBuf {
    /// More are a loop.
    const LINKS: usize = 40;
    let mut target = path.to_owned();
    for _ in 0..LINKS {
        let Ok(next) = std::fs::read_link(&target) else { break };
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    target
}

/// The file.
#[derive(Debug)]
pub(super) struct Metrics {
    path: PathBuf,
    /// What it held before this run.
    before: Samples,
}

impl Metrics {
    /// Reads what an earlier run left in the file, if it is there. What is damaged of it counts from 0 again.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let before = match std::fs::read(path) {
            Ok(bytes) => {
                let (before, damaged) = read(&String::from_utf8_lossy(&bytes));
                if damaged > 0 {
                    warn!(
                        "{damaged} lines of the metrics in `{}` can't be read and begin anew",
                        path.display()
                    );
                }
                before
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Samples::new(),
            Err(error) => return Err(error),
        };
        Ok(Self { path: target_of(path), before })
    }

    /// Replaces the file as a whole: who reads it sees the old one or the new one.
    pub(super) fn write(&self, standing: &Standing) -> io::Result<()> {
        let mut name = self.path.as_os_str().to_owned();
        // The node exporter reads names that end with `.prom`; this one must not.
        name.push(format!(".{}.tmp", std::process::id()));
        let scratch = PathBuf::from(name);
        let written = std::fs::write(&scratch, render(&samples(&self.before, standing)));
        written.and_then(|()| std::fs::rename(&scratch, &self.path)).inspect_err(|_| {
            // What is left of it is in nobody's way.
            let _ = std::fs::remove_file(&scratch);
        })
    }
}

/// The samples of a file that this module wrote, and how many lines of it are none; anything else is left out.
fn read(text: &str) -> (Samples, usize) {
    let known = |line: &&str| FAMILIES.iter().any(|(family, ..)| line.starts_with(family));
    let (mut samples, mut damaged) = (Samples::new(), 0);
    for line in text.lines().filter(known) {
        match sample(line) {
            Some((series, value)) => drop(samples.insert(series.to_owned(), value)),
            None => damaged += 1,
        }
    }
    (samples, damaged)
}

/// A line of the form that [`series`] and [`render`] give it.
fn sample(line: &str) -> Option<(&str, f64)> {
    static SERIES: LazyLock<Regex> = static_regex!(
        r#"^([a-z_]+)(?:\{[a-z]+="(?:[^"\\\u{fffd}]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\u{fffd}]|\\["\\n])*")*\})?$"#
    );
    let (series, value) = line.rsplit_once(' ')?;
    let family = SERIES.captures(series)?.get(1)?.as_str();
    let value = value.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0)?;
    FAMILIES.iter().any(|(known, ..)| *known == family).then_some((series, value))
}

fn family_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus knows floating-point numbers only")]
fn samples(before: &Samples, standing: &Standing) -> Samples {
    let mut samples = before.clone();
    let mut add = |series: String, value: u64| {
        *samples.entry(series).or_default() += value as f64;
    };
    for site in &standing.sites {
        let (name, counts) = (&site.site, &site.counts);
        add(series("jianbao_requests_total", &[("site", name)]), counts.requests);
        add(series("jianbao_received_bytes_total", &[("site", name)]), counts.bytes);
        for (outcome, count) in &site.outcomes {
            add(series("jianbao_urls_total", &[("site", name), ("outcome", outcome)]), *count);
        }
        for (verdict, count) in counts.articles.by_verdict() {
            add(series("jianbao_articles_total", &[("site", name), ("verdict", verdict)]), count);
        }
    }
    if let Some(outcome) = standing.outcome {
        add(series("jianbao_runs_total", &[("outcome", outcome)]), 1);
    }
    let seconds = |at: Timestamp| at.as_second() as f64;
    let mut set = |series: String, value: f64| samples.insert(series, value);
    // Alarms are known at the end only; until then the last run's stand.
    if standing.outcome.is_some() {
        let mut alarms = standing.alarms;
        for site in &standing.sites {
            let labels = [("site", site.site.as_str())];
            set(series("jianbao_site_alarms", &labels), site.alarms.len() as f64);
            if site.alarms.is_empty() {
                set(series(SITE_SUCCESS, &labels), seconds(standing.now));
            }
            alarms += site.alarms.len();
        }
        set("jianbao_run_alarms".to_owned(), alarms as f64);
        if alarms == 0 {
            set(SUCCESS.to_owned(), seconds(standing.now));
        }
    }
    for (site, count) in &standing.queue {
        set(series("jianbao_queue_urls", &[("site", site)]), *count as f64);
    }
    set("jianbao_run_active".to_owned(), f64::from(u8::from(standing.outcome.is_none())));
    set("jianbao_run_start_timestamp_seconds".to_owned(), seconds(standing.started));
    set(
        "jianbao_run_duration_seconds".to_owned(),
        standing.now.duration_since(standing.started).as_secs_f64(),
    );
    for (name, bytes) in [
        ("jianbao_archive_size_bytes", standing.archive_size),
        ("jianbao_archive_free_bytes", standing.archive_free),
    ] {
        if let Some(bytes) = bytes {
            set(name.to_owned(), bytes as f64);
        }
    }
    samples
}

/// A family's name with labels, their values escaped as the format asks for.
fn series(family: &str, labels: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{family}{{{}}}", labels.join(","))
}

/// Family by family, each under its help and type.
fn render(samples: &Samples) -> String {
    let mut text = String::new();
    for (family, kind, help) in FAMILIES {
        let mut own = samples.iter().filter(|(series, _)| family_of(series) == family).peekable();
        if own.peek().is_some() {
            let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} {kind}");
        }
        for (series, value) in own {
            let _ = writeln!(text, "{series} {value}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crawl::report::{ArticleCounts, Counts};

    fn standing(outcome: Option<&'static str>, alarms: &[&str]) -> Standing {
        let counts = Counts {
            requests: 7,
            bytes: 1000,
            articles: ArticleCounts { new: 2, ..ArticleCounts::default() },
            ..Counts::default()
        };
        let site = SiteReport {
            site: "the \"new\" one".to_owned(),
            counts,
            outcomes: [("article".into(), 2)].into(),
            alarms: alarms.iter().map(ToString::to_string).collect(),
            ..SiteReport::default()
        };
        Standing {
            started: "2025-03-01T00:00:00Z".parse().unwrap(),
            now: "2025-03-01T00:01:30.500Z".parse().unwrap(),
            outcome,
            sites: vec![site],
            alarms: 0,
            queue: vec![("the \"new\" one".to_owned(), 3)],
            archive_size: Some(4096),
            archive_free: None,
        }
    }

    #[test]
    fn counters_go_on_and_gauges_say_how_it_is() {
        let first = samples(&Samples::new(), &standing(Some("finished"), &[]));
        let again = samples(&read(&render(&first)).0, &standing(Some("finished"), &["it is closed"]));
        let of = |series: &str| again.get(series).copied();
        assert_eq!(of(r#"jianbao_requests_total{site="the \"new\" one"}"#), Some(14.0));
        assert_eq!(of(r#"jianbao_urls_total{site="the \"new\" one",outcome="article"}"#), Some(4.0));
        assert_eq!(of(r#"jianbao_articles_total{site="the \"new\" one",verdict="new"}"#), Some(4.0));
        assert_eq!(of(r#"jianbao_runs_total{outcome="finished"}"#), Some(2.0));
        assert_eq!(of(r#"jianbao_site_alarms{site="the \"new\" one"}"#), Some(1.0));
        assert_eq!(of("jianbao_run_duration_seconds"), Some(90.5));
        // The moment of the first run, which had no alarm.
        let success = Some(1_740_787_290.0);
        assert_eq!(of(r#"jianbao_site_last_success_timestamp_seconds{site="the \"new\" one"}"#), success);
        assert_eq!(of(SUCCESS), success);
    }

    #[test]
    fn a_run_under_way_is_no_success_yet() {
        let samples = samples(&Samples::new(), &standing(None, &[]));
        assert_eq!(samples.get("jianbao_run_active"), Some(&1.0));
        assert_eq!(samples.get(SUCCESS), None);
        assert!(!render(&samples).contains("jianbao_runs_total"));
    }

    #[test]
    fn only_what_is_ours_and_whole_is_read() {
        let text = "# HELP x y\nother_total 4\njianbao_run_alarms 2\nnonsense\n";
        assert_eq!(read(text), ([("jianbao_run_alarms".to_owned(), 2.0)].into(), 0));
        for damaged in [
            "jianbao_run_alarms many",
            "jianbao_run_alarms NaN",
            "jianbao_run_alarms -1",
            "jianbao_run_alarms",
            r#"jianbao_requests_total{site="a 5"#,
            r#"jianbao_requests_total{site="a" 5"#,
            r#"jianbao_requests_total{site="a\"} 5"#,
            r#"jianbao_requests_total{site="a"b"} 5"#,
            "jianbao_requests_total{site=\"\u{fffd}\"} 5",
            "jianbao_requests_totals 5",
        ] {
            assert_eq!(read(damaged), (Samples::new(), 1), "{damaged}");
        }
        let whole = r#"jianbao_urls_total{site="a \"\\ b",outcome="list"}"#;
        assert_eq!(read(&format!("{whole} 5")), ([(whole.to_owned(), 5.0)].into(), 0));
    }
}
