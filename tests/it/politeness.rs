//! What a site owner sees: robots.txt first and obeyed, one request at a time, delays kept, answers
//! that ask for patience respected.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jianbao::capture::Capture;
use jianbao::fetch::{Answering, Fetch, Request};

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply, Script};

const RETRY_SECONDS: u64 = 1;

#[test]
fn robots_txt_is_asked_first_and_obeyed() {
    let site = Script::new()
        .on("/robots.txt", Reply::new(200).body("User-agent: *\nDisallow: /private\n"))
        .front(&["/news/1.html", "/private/2.html"])
        .on("/news/1.html", Reply::article("甲", "公开。"))
        .on("/private/2.html", Reply::article("乙", "不公开。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{report}");
    assert_eq!(site.paths()[0], "/robots.txt");
    assert_eq!((site.hits("/news/1.html"), site.hits("/private/2.html")), (1, 0));
    assert_eq!(report["excluded"], 1);
    assert_eq!(desk.texts("SELECT outcome FROM url WHERE state = 'excluded'"), ["robots_excluded"]);
}

#[test]
fn a_robots_txt_that_cannot_be_read_closes_the_site_with_an_alarm() {
    for reply in [Reply::new(503), Reply::new(500), Reply::new(429)] {
        let site = Script::new().on("/robots.txt", reply).front(&["/1.html"]).start();
        let desk = Desk::for_site(&site.origin);
        let (report, outcome) = desk.crawl("");
        assert_eq!(outcome.code, 1);
        assert!(outcome.stderr.contains("robots.txt answered"), "{}", outcome.stderr);
        assert_eq!(report["sites"][0]["alarms"].as_array().unwrap().len(), 1);
        assert_eq!(site.hits("/"), 0);
    }
}

#[test]
fn other_errors_of_robots_txt_mean_that_there_is_none() {
    for status in [401, 403, 404, 410] {
        let site = Script::new()
            .on("/robots.txt", Reply::new(status))
            .front(&["/1.html"])
            .on("/1.html", Reply::article("甲", "乙。"))
            .start();
        let desk = Desk::for_site(&site.origin);
        assert_eq!(desk.crawl("").1.code, 0);
        assert_eq!(site.hits("/"), 1, "{status}");
    }
}

#[test]
fn a_crawl_delay_that_is_too_long_skips_the_host() {
    let robots = Reply::new(200).body("User-agent: *\nCrawl-delay: 900\n");
    let site = Script::new().on("/robots.txt", robots).front(&[]).start();
    let desk = Desk::for_site(&site.origin);
    let outcome = desk.run("crawl").expect_code(1);
    assert!(outcome.stderr.contains("max_crawl_delay"), "{}", outcome.stderr);
    assert_eq!(site.hits("/"), 0);
    desk.run("crawl").expect_code(1).expect_stderr("max_crawl_delay");
    assert_eq!((site.hits("/"), site.hits("/robots.txt")), (0, 1));
}

#[test]
fn a_crawl_delay_holds_in_every_run() {
    let home = "http://park.example/";
    let lab = Lab::new(&[home]);
    lab.on("http://park.example/robots.txt", Reply::new(200).body("User-agent: *\nCrawl-delay: 60\n"));
    lab.links(home, &["/1.html", "/2.html"]);
    for path in ["1.html", "2.html"] {
        lab.on(&format!("{home}{path}"), Reply::article(path, &format!("{path}说的。")));
    }
    for run in 0..2 {
        lab.wait(1);
        let began = lab.seconds();
        lab.asked();
        lab.run_full();
        assert_eq!(lab.asked().len(), 3);
        assert!(lab.seconds() - began >= 120, "run {run}");
    }
}

#[test]
fn requests_keep_their_distance() {
    let paths: Vec<String> = (1..6).map(|n| format!("/{n}.html")).collect();
    let mut script = Script::new().front(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for path in &paths {
        script = script.on(path, Reply::article(path, "一篇。"));
    }
    let site = script.start();
    let desk = Desk::with_config(&format!(
        "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"120ms\"\npoliteness.delay_factor = 0.0\n",
        site.origin
    ));
    assert_eq!(desk.crawl("").1.code, 0);
    assert_eq!(desk.articles().len(), 5);
    assert!(site.smallest_gap() >= Duration::from_millis(118), "{:?}", site.smallest_gap());
}

#[test]
fn a_busy_host_is_left_alone_as_long_as_it_asks_and_its_answer_is_no_article() {
    for status in [429, 503] {
        let busy = Reply::new(status).header("Retry-After", &RETRY_SECONDS.to_string()).body("<h1>busy</h1>");
        let site = Script::new()
            .front(&["/1.html"])
            .on("/1.html", busy)
            .on("/1.html", Reply::article("迟到的文章", "终于来了。"))
            .start();
        let desk = Desk::for_site(&site.origin);
        let began = Instant::now();
        let (report, outcome) = desk.crawl("");
        assert_eq!(outcome.code, 0, "{report}");
        assert!(began.elapsed() >= Duration::from_secs(RETRY_SECONDS));
        assert_eq!(site.hits("/1.html"), 2);
        let articles = desk.articles();
        assert_eq!(articles.len(), 1);
        assert_eq!(articles[0]["title"], "迟到的文章");
    }
}

#[test]
fn the_next_process_honours_what_a_host_asked_for() {
    let busy = Reply::new(503).header("Retry-After", "7200");
    let site =
        Script::new().front(&["/1.html", "/2.html"]).on("/1.html", busy.clone()).on("/2.html", busy).start();
    let desk = Desk::for_site(&site.origin);
    let first = desk.run("crawl").expect_code(1);
    assert!(first.stderr.contains("left alone"), "{}", first.stderr);
    let asked = site.paths().len();
    desk.run("crawl").expect_code(1);
    assert_eq!(site.paths().len(), asked, "the second run asked although two hours have not passed");
}

#[test]
fn a_host_that_did_not_resolve_is_not_said_to_have_asked_for_anything() {
    let lab = Lab::new(&[HOME]);
    assert!(lab.run().sites[0].alarms[0].contains("does not resolve"));
    let alarm = lab.run().sites[0].alarms.concat();
    assert!(alarm.starts_with("robots.txt of http://park.example could not be had"), "{alarm}");
    assert_eq!(lab.desk.run("status -a a.sqlite").stdout.matches("wants to be left alone").count(), 0);
}

#[test]
fn every_request_says_who_asks() {
    let site = Script::new().front(&[]).start();
    let desk = Desk::for_site(&site.origin);
    std::fs::write(
        desk.path("crawl.toml"),
        std::fs::read_to_string(desk.path("crawl.toml")).unwrap()
            + "[identity]\nname = \"parkarchive\"\ncontact = \"mailto:a@example.com\"\n",
    )
    .unwrap();
    desk.crawl("");
    assert!(site.head("/").contains("user-agent: parkarchive/"), "{}", site.head("/"));
    assert!(site.head("/").contains("(+mailto:a@example.com)"));
}

#[test]
fn nobody_is_asked_without_a_contact() {
    let desk = Desk::with_config("[[site]]\nname = \"a\"\nseeds = [\"http://news.example.com/\"]\n");
    for line in ["crawl", "crawl --dry-run"] {
        desk.run(line).expect_code(2).expect_stderr("identity.contact");
    }
}

#[test]
fn validators_are_sent_and_a_304_is_no_change() {
    let article = Reply::article("标题", "内容。")
        .header("ETag", "\"v1\"")
        .header("Last-Modified", "Mon, 27 Feb 2023 07:05:09 GMT");
    let site =
        Script::new().front(&["/1.html"]).on("/1.html", article).on("/1.html", Reply::new(304)).start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["not_modified"], 1, "{report}");
    assert_eq!(report["articles"]["unchanged"], 1);
    assert!(site.head("/1.html").contains("if-none-match: \"v1\""));
    assert!(site.head("/1.html").contains("if-modified-since: mon, 27 feb 2023"));
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn private_addresses_are_out_of_reach_of_pages_and_redirects() {
    let canary = Script::new().on("/secret", Reply::article("秘密", "内网。")).start();
    let secret = canary.origin.replace("127.0.0.1", "localhost");
    let site = Script::new()
        .front(&["/r.html", &format!("{secret}/secret")])
        .on("/r.html", Reply::new(302).header("Location", &format!("{secret}/secret")))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert!(canary.paths().is_empty(), "{:?}", canary.paths());
    assert_eq!(desk.texts("SELECT outcome FROM url WHERE url LIKE '%r.html'"), ["redirected_off_site"]);
}

#[test]
fn a_robots_txt_that_forbids_the_front_page_is_an_alarm() {
    let site = Script::new().on("/robots.txt", Reply::new(200).body("User-agent: *\nDisallow: /")).start();
    let desk = Desk::for_site(&site.origin);
    desk.run("crawl").expect_code(1).expect_stderr("robots.txt forbids");
    assert_eq!(site.hits("/"), 0);
}

#[test]
fn a_limit_of_time_ends_a_wait_too() {
    let busy = Reply::new(503).header("Retry-After", "300");
    let site =
        Script::new().front(&["/1.html", "/2.html"]).on("/1.html", busy.clone()).on("/2.html", busy).start();
    let desk = Desk::for_site(&site.origin);
    let began = Instant::now();
    let (report, _) = desk.crawl("--max-time 1s");
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert_eq!((&report["outcome"], &report["budget"]), (&"budget".into(), &"max-time".into()));
}

#[test]
fn the_next_process_honours_what_a_robots_txt_asked_for() {
    let home = "http://park.example/";
    let robots = "http://park.example/robots.txt";
    let lab = Lab::new(&[home]);
    lab.links(home, &["/1.html"]);
    lab.on(FIRST, article("步道", "步道完工了。"));
    for (answer, hours) in [(Reply::new(503).header("Retry-After", "7200"), 2), (Reply::never(), 1)] {
        lab.wait(25);
        lab.on(robots, answer);
        let asked = lab.hits(robots);
        assert!(lab.run().needs_attention());
        assert!(lab.run().needs_attention());
        assert_eq!(lab.hits(robots), asked + 1, "the second run asked at once");
        lab.on(robots, Reply::new(404));
        lab.wait(hours);
        assert!(!lab.run().needs_attention());
    }
}

/// A web without anything that knows how many requests are under way.
#[derive(Debug, Default)]
struct Crowd {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Fetch for Crowd {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            // A slow answer, so that others are under way meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let at = jiff::Timestamp::from_second(1_741_564_800).unwrap();
            let page = Capture::of_page(request.url.clone(), at, None, Vec::new());
            Ok(Capture { status: 404, ..page })
        })
    }
}

#[test]
fn many_sites_keep_the_limit_of_requests_from_the_first_one_on() {
    let mut lab = Lab::new(&["http://a0.example/"]);
    for n in 1..12 {
        lab.add_site(&format!("a{n}"), &[&format!("http://a{n}.example/")]);
    }
    lab.config.fetch.concurrency = 3;
    let crowd = Arc::new(Crowd::default());
    lab.run_on(Arc::clone(&crowd) as Arc<dyn Fetch>);
    let most = crowd.most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most}");
}
