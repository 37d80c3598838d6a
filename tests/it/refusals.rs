//! Sites that refuse one request after the other are left alone, with the reason and the time when a run goes on.

use crate::support::{Desk, Reply, Script};

/// A site of forty articles of which the first twenty are served.
fn site(refusal: fn(&str) -> Reply) -> Script {
    let paths: Vec<String> =
        (0..40).map(|n| format!("/{}/{n}.html", if n < 20 { "open" } else { "shut" })).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    Script::new()
        .front(&paths)
        .all("/open/", |path| Reply::article(path, &format!("这里讲的是{path}的事情。")))
        .all("/shut/", refusal)
}

#[test]
fn refusals_in_a_row_end_the_run_of_a_site() {
    for (refusal, most, word) in [
        ((|_: &str| Reply::new(403)) as fn(&str) -> Reply, 20, "403 Forbidden"),
        (|_: &str| Reply::new(429).header("Retry-After", "0"), 16, "429 Too Many Requests"),
    ] {
        let site = site(refusal).start();
        let desk = Desk::for_site(&site.origin);
        let (report, outcome) = desk.crawl("");
        assert_eq!((outcome.code, desk.count("SELECT count(*) FROM article")), (1, 20), "{report}");
        let refused = site.paths().iter().filter(|path| path.starts_with("/shut/")).count();
        assert!(refused <= most, "{refused} requests after {word}");
        let alarm = report["sites"][0]["alarms"].to_string();
        assert!(alarm.contains(word) && alarm.contains("left alone until 20"), "{alarm}");
        // The next run asks nothing before that.
        let asked = site.paths().len();
        desk.crawl("");
        assert_eq!(site.paths().len(), asked);
    }
}

#[test]
fn a_few_pages_that_are_forbidden_end_nothing() {
    let paths: Vec<String> =
        (0..40).map(|n| format!("/{}/{n}.html", if n % 3 == 0 { "shut" } else { "open" })).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let site = Script::new()
        .front(&paths)
        .all("/open/", |path| Reply::article(path, &format!("这里讲的是{path}的事情。")))
        .all("/shut/", |_| Reply::new(403))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 26, "{report}");
}

#[test]
fn a_page_that_asks_for_a_password_is_asked_for_once_a_run() {
    let login = "<title>登录</title><form method=post><input name=user><input type=password name=pw></form>";
    let site = Script::new()
        .front(&["/login.html", "/1.html"])
        .on("/login.html", Reply::html(login))
        .on("/1.html", Reply::article("一", "甲。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, site.hits("/login.html")), (0, 1), "{report}");
}

#[test]
fn a_url_that_is_tried_four_times_counts_once() {
    let site = Script::new()
        .front(&["/1.html", "/2.html"])
        .on("/1.html", Reply::new(200).header("Content-Type", "text/html"))
        .on("/2.html", Reply::article("二", "乙。"))
        .start();
    let desk = Desk::with_config(&format!(
        "[fetch]\nretries = 1\n[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\n",
        site.origin
    ));
    let (report, _) = desk.crawl("");
    assert_eq!(site.hits("/1.html"), 2);
    assert_eq!(
        (&report["sites"][0]["outcomes"]["empty_body"], &report["failed"]),
        (&1.into(), &1.into()),
        "{report}"
    );
}
