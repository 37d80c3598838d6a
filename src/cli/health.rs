//! What an archive's state means: what is late, what is broken, what to do about it. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::archive::{HostRow, SiteStatus, Waiting};
use crate::crawl::{RunReport, SiteReport};

/// Everything that is judged.
pub(super) struct Facts<'a> {
    pub(super) now: Timestamp,
    /// Names of the sites in crawl.toml.
    pub(super) configured: Vec<&'a str>,
    pub(super) sites: &'a [SiteStatus],
    pub(super) waiting: &'a [Waiting],
    /// The newest first.
    pub(super) runs: &'a [Run],
    /// A run is under way.
    pub(super) is_running: bool,
    /// Profiles whose saved pages are there to be checked.
    pub(super) checkable: Vec<String>,
    /// What is free on the disk when that is less than it should be, in bytes.
    pub(super) low_space: Option<u64>,
}

/// A run as it is judged.
pub(super) struct Run {
    pub(super) id: i64,
    pub(super) started: Timestamp,
    pub(super) outcome: Option<String>,
    pub(super) report: Option<RunReport>,
}

impl Run {
    /// A site's part of the run, if it has one.
    pub(super) fn part(&self, site: &str) -> Option<&SiteReport> {
        self.report.as_ref()?.sites.iter().find(|part| part.site == site)
    }
}

/// The judgement.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    /// What is broken and is no site's.
    pub(super) broken: Vec<String>,
    /// Site by site; those in trouble first.
    pub(super) sites: Vec<SiteHealth>,
    /// What to do.
    pub(super) todo: Vec<Todo>,
}

/// How a site is.
#[derive(Debug, Serialize)]
pub(super) struct SiteHealth {
    pub(super) site: String,
    pub(super) state: State,
    pub(super) due: i64,
    pub(super) overdue: i64,
    /// Why it is late.
    pub(super) late: Vec<String>,
    /// What is broken.
    pub(super) broken: Vec<String>,
}

/// A site's state in a word, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Broken,
    Late,
    Fresh,
    /// It is in the archive and not in crawl.toml.
    Left,
}

/// A command and what it is good for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Todo {
    pub(super) command: String,
    pub(super) why: String,
}

/// Runs come at irregular hours; only a pause of so many times the usual one is late.
const UNUSUAL: i32 = 3;
/// Alarms of earlier runs are no news, unless the site has not run since.
const RECENT_RUNS: usize = 30;
/// A host may be left alone for as long without a word.
const SHORT_WAIT: SignedDuration = SignedDuration::from_mins(10);

pub(super) fn judge(facts: &Facts) -> Health {
    let names = facts.sites.iter().map(|site| site.site.as_str());
    let unknown = facts.configured.iter().copied().filter(|name| facts.sites.iter().all(|s| s.site != *name));
    let mut sites: Vec<SiteHealth> = names.chain(unknown).map(|name| site(facts, name)).collect();
    sites.sort_by(|a, b| (a.state, &a.site).cmp(&(b.state, &b.site)));
    let broken = broken_runs(facts);
    let todo = todo(facts, &sites);
    Health { broken, sites, todo }
}

/// Whether a site is one of those in crawl.toml; where none is there, all are meant.
pub(super) fn is_judged(configured: &[&str], site: &str) -> bool {
    configured.is_empty() || configured.contains(&site)
}

fn site(facts: &Facts, name: &str) -> SiteHealth {
    let waiting = facts.waiting.iter().find(|waiting| waiting.site == name);
    let (due, overdue) = waiting.map_or((0, 0), |waiting| (waiting.due, waiting.overdue));
    let is_left = !is_judged(&facts.configured, name);
    let broken = if is_left { Vec::new() } else { broken_site(facts, name) };
    let late = if is_left { Vec::new() } else { late_site(facts, name, overdue) };
    let state = match (is_left, broken.is_empty(), late.is_empty()) {
        (true, ..) => State::Left,
        (_, false, _) => State::Broken,
        (_, _, false) => State::Late,
        _ => State::Fresh,
    };
    SiteHealth { site: name.to_owned(), state, due, overdue, late, broken }
}

fn broken_site(facts: &Facts, name: &str) -> Vec<String> {
    let last = facts.runs.iter().find_map(|run| run.part(name));
    let mut broken: Vec<String> = last.map(|site| site.alarms.clone()).unwrap_or_default();
    let hosts = facts.sites.iter().find(|site| site.site == name).map_or(&[][..], |site| &site.hosts);
    for host in hosts {
        let is_told = broken.iter().any(|alarm| alarm.contains(&host.origin));
        broken.extend(closed(host, facts.now).filter(|_| !is_told));
    }
    broken
}

fn closed(host: &HostRow, now: Timestamp) -> Option<String> {
    let origin = &host.origin;
    match host.robots_status {
        Some(0) => return Some(format!("{origin}: robots.txt did not answer, so nothing may be fetched")),
        Some(status @ (429 | 500..=599)) => {
            return Some(format!("{origin}: robots.txt answered {status}, so nothing may be fetched"));
        }
        _ => {}
    }
    let until: Timestamp = host.not_before.as_ref()?.parse().ok()?;
    let why = match host.failures {
        0 => String::new(),
        failures => format!(", as it asked for or after {failures} failures in a row"),
    };
    (until.duration_since(now) > SHORT_WAIT).then(|| format!("{origin} is left alone until {until}{why}"))
}

fn late_site(facts: &Facts, name: &str, overdue: i64) -> Vec<String> {
    let began: Vec<Timestamp> =
        facts.runs.iter().filter(|run| run.part(name).is_some()).map(|run| run.started).collect();
    let mut late = Vec::new();
    match began.first() {
        None if facts.sites.iter().all(|site| site.site != name) => late.push("never crawled".to_owned()),
        None => {}
        Some(last) => {
            let pause = facts.now.duration_since(*last);
            late.extend(usual_pause(&began).filter(|usual| pause > *usual * UNUSUAL).map(|usual| {
                format!("no run for {}; it used to run every {}", length(pause), length(usual))
            }));
        }
    }
    if overdue > 0 {
        late.push(format!("{overdue} URLs have waited for more than a day"));
    }
    late
}

/// The median pause between runs; `None` below three of them.
fn usual_pause(began: &[Timestamp]) -> Option<SignedDuration> {
    let mut pauses: Vec<SignedDuration> =
        began.windows(2).map(|pair| pair[0].duration_since(pair[1])).collect();
    pauses.sort_unstable();
    (pauses.len() >= 2).then(|| pauses[pauses.len() / 2].max(SignedDuration::from_mins(20)))
}

fn broken_runs(facts: &Facts) -> Vec<String> {
    let mut broken = Vec::new();
    if let Some(free) = facts.low_space {
        broken.push(format!(
            "only {} MiB are free on the archive's disk, less than archive.min_free",
            free >> 20
        ));
    }
    let Some(last) = facts.runs.first() else { return broken };
    if last.started.duration_since(facts.now) > SignedDuration::from_mins(1) {
        broken.push(format!("run {} began at {}, later than now: check the clock", last.id, last.started));
    }
    if is_cut_off(facts, last) {
        broken.push(format!("run {} was cut off", last.id));
    }
    let told = last.report.iter().flat_map(|report| report.alarms.iter().cloned());
    // What the disk is like now has been said.
    broken.extend(told.filter(|alarm| !alarm.contains("archive.min_free")));
    broken
}

fn is_cut_off(facts: &Facts, run: &Run) -> bool {
    run.outcome.is_none() && !facts.is_running
}

fn todo(facts: &Facts, sites: &[SiteHealth]) -> Vec<Todo> {
    let mut todo = Vec::new();
    let mut add = |command: String, why: &str| todo.push(Todo { command, why: why.to_owned() });
    if facts.low_space.is_some() {
        add("df -h".to_owned(), "make room on the archive's disk");
    }
    let late: Vec<&SiteHealth> = sites.iter().filter(|site| !site.late.is_empty()).collect();
    match facts.runs.first() {
        _ if facts.is_running => {}
        Some(last) if is_cut_off(facts, last) => {
            add("jianbao crawl".to_owned(), "go on where the last run was cut off");
        }
        _ if late.len() > 3 => add("jianbao crawl".to_owned(), &format!("{} sites are late", late.len())),
        _ => {
            for site in &late {
                add(format!("jianbao crawl {}", quoted(&site.site)), &site.late.join("; "));
            }
        }
    }
    for site in sites.iter().filter(|site| !site.broken.is_empty()).take(3) {
        let (command, why) = remedy(facts, site);
        add(command, &why);
    }
    let has_alarm = |run: &&Run| run.report.as_ref().is_some_and(RunReport::needs_attention);
    if let Some(run) = told(facts, sites).find(has_alarm) {
        add(format!("jianbao status --report {}", run.id), "the whole report of the last run with an alarm");
    }
    todo
}

/// Runs whose reports are worth a look: the latest of all, and the last of each site that is broken.
fn told<'a>(facts: &'a Facts, sites: &'a [SiteHealth]) -> impl Iterator<Item = &'a Run> {
    let broken = sites.iter().filter(|site| !site.broken.is_empty());
    let theirs = broken.filter_map(|site| facts.runs.iter().find(|run| run.part(&site.site).is_some()));
    facts.runs.iter().take(RECENT_RUNS).chain(theirs)
}

/// What finds out more about a broken site.
fn remedy(facts: &Facts, site: &SiteHealth) -> (String, String) {
    let alarm = site.broken.first().map(String::as_str).unwrap_or_default();
    let name = &site.site;
    if let Some((origin, _)) = alarm.split_once(": robots.txt") {
        return (format!("curl -i {origin}/robots.txt"), format!("see what `{name}` answers"));
    }
    let profile =
        facts.sites.iter().find(|known| known.site == *name).and_then(|known| known.profile.as_ref());
    if (alarm.contains("layout") || alarm.contains("articles have"))
        && let Some(profile) = profile.filter(|profile| facts.checkable.contains(profile))
    {
        let command = format!("jianbao check {}", quoted(profile));
        return (command, format!("see whether the profile of `{name}` still fits"));
    }
    (format!("jianbao crawl -v {}", quoted(name)), format!("see what `{name}` answers, URL by URL"))
}

/// A name as a shell reads it.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if is_plain { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// A length of time in its largest unit.
pub(super) fn length(time: SignedDuration) -> String {
    let minutes = time.as_mins().max(0);
    match minutes {
        0..60 => format!("{minutes} min"),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::QueueCounts;

    const NOW: &str = "2025-03-10T12:00:00Z";

    fn status(name: &str, robots_status: i64) -> SiteStatus {
        let host = HostRow {
            origin: format!("http://{name}.example"),
            robots_status: Some(robots_status),
            not_before: None,
            failures: 0,
        };
        SiteStatus {
            site: name.to_owned(),
            added_at: "2025-01-01T00:00:00Z".to_owned(),
            articles: 3,
            newest: None,
            last_new: None,
            profile: None,
            urls: QueueCounts::default(),
            hosts: vec![host],
        }
    }

    fn run(id: i64, started: &str, alarms: &[&str]) -> Run {
        let report = serde_json::json!({
            "run": id, "started": started, "finished": started, "outcome": "finished", "budget": null,
            "requests": 1, "not_modified": 0, "bytes": 1, "failed": 0, "excluded": 0,
            "articles": {"new": 0, "revised": 0, "unchanged": 0, "duplicate": 0, "gone": 0},
            "sites": [{"site": "a", "requests": 1, "not_modified": 0, "bytes": 1, "failed": 0, "excluded": 0,
                "articles": {"new": 0, "revised": 0, "unchanged": 0, "duplicate": 0, "gone": 0},
                "missing": {}, "alarms": alarms, "outcomes": {}, "discovered": 0}],
        });
        Run {
            id,
            started: started.parse().unwrap(),
            outcome: Some("finished".to_owned()),
            report: Some(serde_json::from_value(report).unwrap()),
        }
    }

    fn judged(runs: &[Run], waiting: &[Waiting], sites: &[SiteStatus]) -> Health {
        judge(&Facts {
            now: NOW.parse().unwrap(),
            configured: vec!["a"],
            sites,
            waiting,
            runs,
            is_running: false,
            checkable: vec!["news".to_owned()],
            low_space: None,
        })
    }

    fn commands(health: &Health) -> Vec<&str> {
        health.todo.iter().map(|todo| todo.command.as_str()).collect()
    }

    #[test]
    fn a_site_that_runs_as_usual_is_fresh() {
        let runs: Vec<Run> = ["11", "10", "09"]
            .iter()
            .zip((1..=3).rev())
            .map(|(hour, id)| run(id, &format!("2025-03-10T{hour}:00:00Z"), &[]))
            .collect();
        let health = judged(&runs, &[], &[status("a", 200), status("b", 503)]);
        let states: Vec<_> = health.sites.iter().map(|site| (site.site.as_str(), site.state)).collect();
        // What is no longer configured is nobody's trouble.
        assert_eq!(states, [("a", State::Fresh), ("b", State::Left)]);
        assert!(health.todo.is_empty() && health.broken.is_empty(), "{health:?}");
    }

    #[test]
    fn a_pause_three_times_as_long_as_usual_is_late() {
        let runs: Vec<Run> = ["08", "07", "06"]
            .iter()
            .zip((1..=3).rev())
            .map(|(hour, id)| run(id, &format!("2025-03-10T{hour}:00:00Z"), &[]))
            .collect();
        let waiting = [Waiting { site: "a".to_owned(), due: 9, overdue: 4 }];
        let health = judged(&runs, &waiting, &[status("a", 200)]);
        assert_eq!(health.sites[0].state, State::Late);
        let late = ["no run for 4 h; it used to run every 1 h", "4 URLs have waited for more than a day"];
        assert_eq!(health.sites[0].late, late);
        assert_eq!(commands(&health), ["jianbao crawl a"]);
    }

    #[test]
    fn a_site_with_alarms_is_broken_and_says_what_to_look_at() {
        let layout = "author is missing on 9 of 9 articles: did the layout change?";
        let closed = "http://a.example: robots.txt answered 503, so nothing may be fetched";
        for (alarm, command) in [
            (closed, "curl -i http://a.example/robots.txt"),
            (layout, "jianbao check news"),
            ("12 of 20 URLs failed", "jianbao crawl -v a"),
        ] {
            let site = SiteStatus { profile: Some("news".to_owned()), ..status("a", 200) };
            let health = judged(&[run(7, "2025-03-10T11:00:00Z", &[alarm])], &[], &[site]);
            assert_eq!(
                (health.sites[0].state, &health.sites[0].broken[..]),
                (State::Broken, &[alarm.to_owned()][..])
            );
            assert_eq!(commands(&health), [command, "jianbao status --report 7"]);
        }
        // Without a profile, or with one that is built in, there is nothing to check.
        for profile in [None, Some("built-in".to_owned())] {
            let site = SiteStatus { profile, ..status("a", 200) };
            let health = judged(&[run(7, "2025-03-10T11:00:00Z", &[layout])], &[], &[site]);
            assert_eq!(commands(&health), ["jianbao crawl -v a", "jianbao status --report 7"]);
        }
        // A door that is closed is told once.
        let health = judged(&[run(7, "2025-03-10T11:00:00Z", &[closed])], &[], &[status("a", 503)]);
        assert_eq!(health.sites[0].broken, [closed]);
    }

    #[test]
    fn runs_that_were_cut_off_and_clocks_that_are_wrong_are_named() {
        let cut_off = Run { outcome: None, report: None, ..run(5, "2025-03-10T11:00:00Z", &[]) };
        let health = judged(&[cut_off], &[], &[status("a", 200)]);
        assert_eq!(health.broken, ["run 5 was cut off"]);
        assert_eq!(commands(&health), ["jianbao crawl"]);
        let health = judged(&[run(6, "2026-03-10T11:00:00Z", &[])], &[], &[status("a", 200)]);
        assert!(health.broken[0].contains("later than now"), "{health:?}");
        let health = judged(&[], &[], &[]);
        assert_eq!(
            (health.sites[0].late[0].as_str(), commands(&health)),
            ("never crawled", vec!["jianbao crawl a"])
        );
    }
}
