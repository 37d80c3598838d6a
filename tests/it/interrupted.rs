//! Killed at any moment, the archive is whole, and the next run goes on where it ended.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Demo, Desk};

/// Enough posts for all kills before the crawl is through.
const POSTS: usize = 400;
const KILLS: usize = 36;
const DONE: &str = "SELECT count(*) FROM url WHERE fetched_at IS NOT NULL AND state = 'done'";

fn desk(origin: &str) -> Desk {
    Desk::with_config(&format!(
        "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{origin}/\"]\npoliteness.delay = \"8ms\"\npoliteness.delay_factor = 0.0\n"
    ))
}

/// What must not depend on kills: everything but times, views, the precision of dates that the page
/// gives as an age, which related links were drawn, and which of many posts made of the same stock
/// sentences are taken for copies, since that depends on which of them came first.
fn essence(desk: &Desk) -> BTreeMap<String, String> {
    let articles = desk.articles();
    let mut found = BTreeMap::new();
    for article in &articles {
        let is_copy = |other: &&Value| other["body"] == article["body"] && other["url"] != article["url"];
        let copies: Vec<&Value> = articles.iter().filter(is_copy).collect();
        assert!(
            copies.iter().all(|copy| copy["cluster"].is_i64() && copy["cluster"] == article["cluster"]),
            "a copy apart: {copies:?}"
        );
        let mut copies: Vec<&str> = copies.iter().filter_map(|copy| copy["url"].as_str()).collect();
        copies.sort_unstable();
        let is_exact = article["published_approximate"] == Value::Bool(false);
        let kept = [
            "title",
            "author",
            "source",
            "category",
            "language",
            "tags",
            "body",
            "markdown",
            "permalink",
            "aliases",
            "breadcrumbs",
        ]
        .map(|field| article[field].to_string());
        let published = if is_exact { article["published"].to_string() } else { String::new() };
        let url = article["url"].as_str().unwrap().to_owned();
        let line = format!(
            "{kept:?} {published} {copies:?} related {}",
            article["related"].as_array().unwrap().len()
        );
        assert_eq!(found.insert(url.clone(), line), None, "{url} is doubled");
    }
    found
}

#[test]
fn thirty_kills_change_nothing() {
    let demo = Demo::start(POSTS);
    let undisturbed = desk(&demo.origin);
    undisturbed.crawl("");

    let killed = desk(&demo.origin);
    let mut dice = crate::support::Dice(7);
    let mut committed: HashMap<String, u64> = HashMap::new();
    let requests = || demo.site.hits().values().sum::<u64>();
    let done = || match jianbao::archive::open_reader(&killed.archive()) {
        Ok(archive) => archive.query_row(DONE, [], |row| row.get(0)).unwrap_or(0),
        Err(_) => 0_i64,
    };
    for kill in 0..KILLS {
        // The moments differ. A few requests in, so that slow machines get as far as fast
        // ones, and then anywhere between two of them; each fifth kill hits the start itself, each third
        // comes after a commit, however slow the machine.
        let random = dice.next_u64();
        let enough = requests() + if kill % 5 == 4 { 0 } else { random % 9 };
        let done_before = done();
        let mut child = killed.spawn("crawl");
        while kill % 3 == 1 && done() <= done_before && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        while requests() < enough && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let until = Instant::now() + Duration::from_micros((random >> 32) % 12_000);
        while Instant::now() < until {
            std::thread::yield_now();
        }
        assert!(child.try_wait().unwrap().is_none(), "kill {kill}: the crawl was through before");
        child.kill().unwrap();
        child.wait().unwrap();
        if jianbao::archive::open_reader(&killed.archive()).is_ok() {
            assert_eq!(killed.texts("PRAGMA integrity_check"), ["ok"]);
            let hits = demo.site.hits();
            for url in killed.texts("SELECT url FROM url WHERE fetched_at IS NOT NULL AND state = 'done'") {
                let path = url.strip_prefix(&demo.origin).unwrap().to_owned();
                let count = hits.get(&path).copied().unwrap_or(0);
                committed.entry(path).or_insert(count);
            }
        }
    }
    killed.run("crawl").expect_code(0);

    let (killed_articles, others) = (essence(&killed), essence(&undisturbed));
    let missing: Vec<&String> = others.keys().filter(|url| !killed_articles.contains_key(*url)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    for (url, article) in &killed_articles {
        let differs = others.get(url) != Some(article);
        assert!(!differs, "{url} differs: {}", first_difference(article, others.get(url)));
    }
    assert_eq!(killed.count("SELECT count(*) FROM article"), i64::try_from(POSTS).unwrap());
    assert_eq!(
        killed.count("SELECT count(*) FROM version WHERE reason = 'published'"),
        i64::try_from(POSTS).unwrap()
    );
    assert_eq!(killed.count("SELECT count(*) FROM article a LEFT JOIN text t ON t.digest = a.text_digest WHERE t.digest IS NULL"), 0);
    // What was committed was never asked for again.
    let hits = demo.site.hits();
    for (path, count) in &committed {
        assert_eq!(hits[path], *count, "{path} was fetched again after its commit");
    }
    assert!(committed.len() > 10, "no kill came late enough to prove anything");
}

/// Where two texts part, in a few words.
fn first_difference(a: &str, b: Option<&String>) -> String {
    let Some(b) = b else { return "only one has it".to_owned() };
    let at = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let part = |text: &str| text.chars().skip(at.saturating_sub(20)).take(80).collect::<String>();
    format!("`{}` and `{}`", part(a), part(b))
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_crawl_cleanly_within_two_seconds() {
    for signal in ["INT", "TERM", "HUP"] {
        // Whoever inherits a signal as ignored has it ignored.
        if signal == "HUP" && !hang_up_is_as_ever() {
            crate::support::skipped("SIGHUP is ignored here, or nobody can tell");
            continue;
        }
        let demo = Demo::start(60);
        let desk = Desk::with_config(&format!(
            "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"100ms\"\n",
            demo.origin
        ));
        let child = desk.spawn("crawl --json");
        while demo.site.hits().len() < 5 {
            std::thread::yield_now();
        }
        let sent = Instant::now();
        Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(sent.elapsed() < Duration::from_secs(2), "{:?}", sent.elapsed());
        assert_eq!(output.status.code(), Some(130));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["outcome"], "interrupted");
        assert!(!desk.path("a.sqlite-wal").exists());
        assert_eq!(desk.texts("SELECT outcome FROM run"), ["interrupted"]);
    }
}

#[cfg(unix)]
fn hang_up_is_as_ever() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .any(|line| line.starts_with("SigIgn:") && line.ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']))
}

#[cfg(target_os = "linux")]
#[test]
fn a_hang_up_that_is_ignored_from_the_start_stays_so() {
    let demo = Demo::start(20);
    let desk = desk(&demo.origin);
    let script = format!("trap '' HUP; {} crawl & wait", env!("CARGO_BIN_EXE_jianbao"));
    let mut shell = Command::new("sh").args(["-c", &script]).current_dir(desk.root()).spawn().unwrap();
    while demo.site.hits().len() < 5 {
        std::thread::yield_now();
    }
    let crawl = std::fs::read_to_string(desk.path("a.sqlite.lock")).unwrap();
    let crawl = crawl.split(' ').nth(1).unwrap();
    Command::new("kill").args(["-HUP", crawl]).status().unwrap();
    shell.wait().unwrap();
    assert_eq!(desk.texts("SELECT outcome FROM run"), ["finished"]);
}

#[test]
fn two_runs_never_share_an_archive() {
    let demo = Demo::start(60);
    let desk = desk(&demo.origin);
    let mut first = desk.spawn("crawl");
    while demo.site.hits().len() < 3 {
        std::thread::yield_now();
    }
    let second = desk.run("crawl").expect_code(75);
    assert!(second.stderr.contains(&format!("process {}", first.id())), "{}", second.stderr);
    first.kill().unwrap();
    first.wait().unwrap();
    // A lock of a dead process never blocks.
    desk.run("crawl").expect_code(0);
}
