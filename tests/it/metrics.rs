//! The file of metrics: read by a strict reader of Prometheus' text format, version 0.0.4.

#![expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "counts are whole numbers")]

use std::collections::BTreeMap;

use crate::support::{Demo, Desk, Reply, Script};

/// Series as written → value.
type Samples = BTreeMap<String, f64>;

/// Reads a file as the format's description asks for, and nothing more lenient.
fn strict(text: &str) -> Samples {
    assert!(text.ends_with('\n'), "the last line must end with a line feed");
    let mut samples = Samples::new();
    let (mut family, mut kind, mut closed) = (String::new(), String::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(is_name(name) && !words.is_empty() && !closed.contains(&name.to_owned()), "{line}");
            closed.push(name.to_owned());
            let typed = lines.next().unwrap().strip_prefix(&format!("# TYPE {name} ")).unwrap();
            assert!(matches!(typed, "counter" | "gauge"), "{typed}");
            (family, kind) = (name.to_owned(), typed.to_owned());
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        let name = series.split('{').next().unwrap();
        assert_eq!(name, family, "a sample stands outside its family: {line}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
        check_labels(&series[name.len()..]);
        let value: f64 = value.parse().unwrap();
        assert!(value.is_finite() && value >= 0.0, "{line}");
        assert_eq!(samples.insert(series.to_owned(), value), None, "twice: {line}");
    }
    samples
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `{name="value",…}`, or nothing at all.
fn check_labels(labels: &str) {
    let Some(inside) = labels.strip_prefix('{') else {
        assert_eq!(labels, "");
        return;
    };
    let mut rest = inside;
    loop {
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("{labels}"));
        assert!(is_name(name), "{labels}");
        let mut end = 0;
        let mut characters = value.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => assert!(matches!(characters.next().unwrap().1, '\\' | '"' | 'n'), "{labels}"),
                '"' => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        rest = &value[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    assert_eq!(rest, "}", "{labels}");
}

fn read(desk: &Desk, name: &str) -> Samples {
    strict(&std::fs::read_to_string(desk.path(name)).unwrap())
}

#[test]
fn a_run_writes_what_it_did_and_the_next_one_counts_on() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (report, _) = desk.crawl("--metrics jianbao.prom");
    let first = read(&desk, "jianbao.prom");
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert_eq!(first[r#"jianbao_requests_total{site="site"}"#], number(&report["requests"]));
    assert_eq!(first[r#"jianbao_received_bytes_total{site="site"}"#], number(&report["bytes"]));
    assert_eq!(first[r#"jianbao_articles_total{site="site",verdict="new"}"#], 59.0);
    assert_eq!(first[r#"jianbao_articles_total{site="site",verdict="duplicate"}"#], 1.0);
    assert_eq!(first[r#"jianbao_urls_total{site="site",outcome="article"}"#], 60.0);
    assert_eq!(first[r#"jianbao_queue_urls{site="site"}"#], 0.0);
    assert_eq!((first["jianbao_run_active"], first["jianbao_run_alarms"]), (0.0, 0.0));
    assert!(first["jianbao_last_success_timestamp_seconds"] >= first["jianbao_run_start_timestamp_seconds"]);
    // At rest the archive is one file, without a log.
    assert_eq!(first["jianbao_archive_size_bytes"], std::fs::metadata(desk.archive()).unwrap().len() as f64);

    let (again, _) = desk.crawl("--metrics jianbao.prom");
    let second = read(&desk, "jianbao.prom");
    let requests = number(&report["requests"]) + number(&again["requests"]);
    assert_eq!(second[r#"jianbao_requests_total{site="site"}"#], requests);
    assert_eq!(second[r#"jianbao_runs_total{outcome="finished"}"#], 2.0);
    let left: Vec<_> =
        std::fs::read_dir(desk.root()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("tmp")), "{left:?}");
}

#[test]
fn an_alarm_is_counted_and_is_no_success() {
    let site = Script::new().on("/robots.txt", Reply::new(503)).front(&[]).start();
    let desk = Desk::for_site(&site.origin);
    let config =
        std::fs::read_to_string(desk.path("crawl.toml")).unwrap().replace("\"site\"", "\"新 \\\"站\\\"\"");
    std::fs::write(desk.path("crawl.toml"), format!("{config}\n[log]\nmetrics = \"m.prom\"\n")).unwrap();
    desk.run("crawl").expect_code(1);
    let samples = read(&desk, "m.prom");
    assert_eq!(samples[r#"jianbao_site_alarms{site="新 \"站\""}"#], 1.0);
    assert!(!samples.contains_key("jianbao_last_success_timestamp_seconds"), "{samples:?}");
}

#[test]
fn metrics_that_cannot_be_written_are_an_alarm() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    let (report, outcome) = desk.crawl("--metrics no/such/folder/m.prom");
    assert_eq!((outcome.code, &report["articles"]["new"]), (1, &5.into()));
    assert!(report["alarms"][0].as_str().unwrap().contains("no/such/folder/m.prom"), "{report}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_refused_before_anything_is_asked_for() {
    let site = Script::new().front(&[]).start();
    let desk = Desk::for_site(&site.origin);
    desk.run_program("mkfifo", &["pipe"]).unwrap().expect_code(0);
    std::fs::create_dir(desk.path("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(desk.path("socket")).unwrap();
    std::os::unix::fs::symlink("pipe", desk.path("link")).unwrap();
    for place in ["pipe", "folder", "socket", "link"] {
        let outcome = desk.run(&format!("crawl --metrics {place}")).expect_code(2);
        outcome.expect_stderr(&format!("{place}`, which is no regular file"));
    }
    assert_eq!(site.paths(), [""; 0]);
    assert!(!desk.archive().exists());
    assert!(!std::fs::metadata(desk.path("pipe")).unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_its_target_is_written() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    std::fs::create_dir(desk.path("there")).unwrap();
    std::os::unix::fs::symlink("there/m.prom", desk.path("link")).unwrap();
    // The first run makes the file, the second replaces it.
    for runs in [1.0, 2.0] {
        desk.run("crawl --metrics link").expect_code(0);
        assert!(std::fs::symlink_metadata(desk.path("link")).unwrap().is_symlink());
        assert_eq!(read(&desk, "there/m.prom")[r#"jianbao_runs_total{outcome="finished"}"#], runs);
    }
}

#[test]
fn a_damaged_file_heals() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    desk.run("crawl --metrics m.prom").expect_code(0);
    let mut bytes = std::fs::read(desk.path("m.prom")).unwrap();
    bytes.extend(b"jianbao_requests_total{site=\"\xff\"} 4\njianbao_requests_total{site=\"half");
    std::fs::write(desk.path("m.prom"), bytes).unwrap();
    desk.run("crawl --metrics m.prom").expect_code(0).expect_stderr("2 lines of the metrics in");
    assert_eq!(read(&desk, "m.prom")[r#"jianbao_runs_total{outcome="finished"}"#], 2.0);
    assert_eq!(desk.run("crawl --metrics m.prom").expect_code(0).stderr, "");
}
