//! Pages that end the process that examines them: known to the next run, tried alone, set aside.

use std::path::PathBuf;

use jianbao::crawl::Trials;

use crate::support::{Desk, Lab, Reply, Script, lab::FIRST, lab::HOME, lab::article};

/// The file that names the pages under examination.
fn journal(desk: &Desk) -> PathBuf {
    desk.path("a.sqlite.examining")
}

/// Leaves the journal as processes do that die while they examine a URL's page, each in turn.
fn die_at(desk: &Desk, url: &str, times: usize) {
    let row = desk.count(&format!("SELECT id FROM url WHERE url LIKE '%{url}'"));
    std::fs::write(journal(desk), row.to_le_bytes().repeat(times)).unwrap();
}

fn site() -> crate::support::Script {
    Script::new()
        .front(&["/1.html", "/2.html"])
        .on("/1.html", Reply::article("一", "甲。"))
        .on("/2.html", Reply::article("二", "乙。"))
}

#[test]
fn a_page_that_ended_one_run_is_tried_once_more_and_archived() {
    let site = site().start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("--max-pages 2");
    assert!(!journal(&desk).exists());
    die_at(&desk, "/1.html", 1);
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, desk.count("SELECT count(*) FROM article")), (0, 2), "{report}");
    assert_eq!(desk.count("SELECT sum(crashes) FROM url"), 0);
    assert!(!journal(&desk).exists());
}

#[test]
fn a_page_that_ended_two_runs_is_set_aside_with_an_alarm_and_the_rest_is_crawled() {
    let site = site().start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("--max-pages 2");
    die_at(&desk, "/1.html", 2);
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, site.hits("/1.html")), (1, 0), "{report}");
    assert_eq!(desk.texts("SELECT title FROM article"), ["二"]);
    let alarm = report["sites"][0]["alarms"][0].as_str().unwrap();
    assert!(alarm.contains("/1.html") && alarm.contains("set aside for 30 days"), "{alarm}");
    assert_eq!(report["sites"][0]["outcomes"]["set_aside"], 1);
    // And the next run does not come back to it.
    desk.crawl("");
    assert_eq!(site.hits("/1.html"), 0);
}

#[cfg(unix)]
#[test]
fn a_page_that_ends_the_process_that_tries_it_ends_no_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(FIRST, article("步道", "步道完工了。"));
    lab.on("http://park.example/2.html", article("码头", "码头开放了。"));
    lab.budget.max_pages = Some(2);
    lab.run();
    die_at(&lab.desk, "/1.html", 1);
    let program = lab.desk.path("dies");
    std::fs::write(&program, "#!/bin/sh\nkill -9 $$\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    lab.budget.max_pages = None;
    let report = lab.run_with(|settings| {
        settings.trials = Some(Trials { program, page: lab.desk.path("a.sqlite.trial") });
    });
    assert_eq!(report.sites[0].outcomes["set_aside"], 1, "{report:?}");
    assert_eq!(lab.desk.texts("SELECT title FROM article"), ["码头"]);
    assert!(!lab.desk.path("a.sqlite.trial").exists());
    // A month later it is tried again.
    lab.wait(24 * 31);
    lab.run();
    assert_eq!(lab.desk.count("SELECT count(*) FROM article"), 2);
}
