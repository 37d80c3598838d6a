//! The main job on the demo site: everything is found, everything is right, nothing is written twice.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Demo, Desk, Reply, Script};

fn text<'a>(article: &'a Value, field: &str) -> &'a str {
    article[field].as_str().unwrap_or_default()
}

#[test]
fn every_post_is_archived_as_its_author_wrote_it() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{report}");
    assert_eq!(report["outcome"], "finished");

    let articles: BTreeMap<String, Value> =
        desk.articles().into_iter().map(|article| (text(&article, "url").to_owned(), article)).collect();
    assert_eq!(articles.len(), demo.site.posts().len());
    let (mut exact_days, mut related) = (0, 0);
    for post in demo.site.posts() {
        let url = format!("{}{}", demo.origin, post.path());
        let article = articles.get(&url).unwrap_or_else(|| panic!("{url} is missing"));
        assert_eq!(text(article, "title"), post.title);
        assert_eq!(text(article, "category"), post.category_name());
        assert_eq!(text(article, "author"), "admin");
        assert_eq!(article["tags"], serde_json::json!(post.tags));
        assert_eq!(text(article, "permalink"), url);
        assert!(article["views"].as_u64().unwrap() > 0);
        let body = text(article, "body");
        assert!(body.starts_with(&post.body()), "{url}: {body}");
        assert!(!body.contains("微信号") && !body.contains("版权声明"), "{url}");
        assert_eq!(article["related"].as_array().unwrap().len(), 8);
        related += article["related"].as_array().unwrap().iter().filter(|r| r["excerpt"].is_string()).count();
        exact_days += usize::from(text(article, "published").starts_with(&post.day()));
    }
    assert_eq!(related, 60 * 8, "every related link has its excerpt");
    assert_eq!(exact_days, 60, "feed and page together give every day");
}

#[test]
fn a_second_crawl_of_the_unchanged_site_revises_nothing() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let versions = desk.count("SELECT count(*) FROM version WHERE reason <> 'sharpened'");
    let (report, outcome) = desk.crawl("--full");
    assert_eq!(outcome.code, 0);
    assert_eq!(report["articles"]["revised"], 0, "{report}");
    assert_eq!(report["articles"]["new"], 0, "{report}");
    assert_eq!(report["articles"]["unchanged"], 60, "{report}");
    assert_eq!(desk.count("SELECT count(*) FROM version WHERE reason <> 'sharpened'"), versions);
    // Every byte stream differs: views, ages, related links.
    let differing = "SELECT count(*) FROM (SELECT url FROM capture WHERE outcome = 'article' GROUP BY url HAVING count(DISTINCT digest) = 2)";
    assert_eq!(desk.count(differing), 60);
    // Related links accumulate over the looks.
    assert!(desk.count("SELECT max(n) FROM (SELECT count(*) n FROM link GROUP BY article)") > 8);
}

#[test]
fn a_plain_second_crawl_asks_only_where_new_articles_show_up() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (first, _) = desk.crawl("");
    let (second, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0);
    assert!(first["requests"].as_u64().unwrap() >= 70);
    assert!(second["requests"].as_u64().unwrap() <= 5, "{second}");
    assert_eq!(second["articles"]["new"], 0);
}

#[test]
fn redirects_become_aliases_and_equal_texts_are_linked() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (report, _) = desk.crawl("");
    let aliases = desk
        .texts("SELECT u.url FROM alias a JOIN url u ON u.id = a.url WHERE a.proof = 'redirect' ORDER BY 1");
    assert!(aliases.contains(&format!("{}/?id=17328", demo.origin)), "{aliases:?}");
    let shown = desk.run(&format!("show {}/?id=17328 --json", demo.origin)).expect_code(0);
    let article: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(article["title"], "党建联盟赋能产业高质量发展");

    // Post and re-post stay two articles, in one cluster.
    assert_eq!(report["articles"]["duplicate"], 1);
    assert_eq!(desk.count("SELECT count(*) FROM article WHERE cluster IS NOT NULL"), 2);
    assert_eq!(desk.count("SELECT count(DISTINCT cluster) FROM article"), 1);
}

#[test]
fn pages_are_kept_with_a_dictionary_of_their_site_and_read_back() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM body"), 60);
    assert!(desk.count("SELECT count(*) FROM body WHERE dictionary IS NOT NULL") > 20);
    for id in ["1", "60"] {
        let page = desk.run(&format!("show {id} --html")).expect_code(0).stdout;
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("class=\"single postcon\""), "{page}");
    }
    // An archive at rest is one file.
    assert!(!desk.path("a.sqlite-wal").exists());
}

#[test]
fn a_budget_ends_a_run_and_the_next_one_goes_on() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (report, outcome) = desk.crawl("--max-pages 20");
    assert_eq!((outcome.code, report["outcome"].as_str()), (0, Some("budget")));
    assert_eq!(report["budget"], "max-pages");
    assert!(report["requests"].as_u64().unwrap() <= 21);
    assert!(!desk.articles().is_empty(), "a run that is cut short has articles");
    let (report, _) = desk.crawl("");
    assert_eq!(report["outcome"], "finished");
    assert_eq!(desk.articles().len(), 60);
}

#[test]
fn runs_that_are_smaller_than_the_number_of_lists_archive_everything() {
    let demo = Demo::start(24);
    let desk = Desk::for_site(&demo.origin);
    let mut archived = vec![0];
    while archived.last() < Some(&24) && archived.len() < 16 {
        let (report, _) = desk.crawl("--max-pages 5");
        assert!(report["requests"].as_u64().unwrap() <= 5, "{report}");
        archived.push(desk.articles().len());
    }
    assert_eq!(archived.last(), Some(&24), "{archived:?}");
    // Once a list showed some, each run archives articles.
    assert!(archived[3..].windows(2).all(|pair| pair[0] < pair[1]), "{archived:?}");
}

#[test]
fn lists_take_turns_and_articles_do_not_wait_for_them() {
    // Ten feeds, which every run looks at, and three articles in the last of them.
    let item = |n: u32| format!("<item><title>第{n}篇</title><link>/{n}.html</link></item>");
    let feed = |items: String| {
        let feed = format!("<rss version=\"2.0\"><channel><title>t</title>{items}</channel></rss>");
        Reply::new(200).header("Content-Type", "application/rss+xml").body(feed)
    };
    let links: Vec<String> =
        (0..10).map(|n| format!("<link rel=alternate type=application/rss+xml href=/feed{n}.xml>")).collect();
    let links = links.concat();
    let mut site =
        Script::new().on("/", Reply::html(format!("<html><head>{links}</head><body>front</body></html>")));
    for n in 0..10 {
        let items = if n == 9 { (1..=3).map(item).collect() } else { item(100) };
        site = site.on(&format!("/feed{n}.xml"), feed(items));
    }
    let site = ["/1.html", "/2.html", "/3.html", "/100.html"]
        .iter()
        .fold(site, |site, path| site.on(path, Reply::article(path, &format!("正文{path}。"))))
        .start();
    let desk = Desk::for_site(&site.origin);
    for _ in 0..12 {
        desk.crawl("--max-pages 4");
    }
    assert_eq!(desk.articles().len(), 4, "{:?}", site.paths());
    let looks: Vec<usize> = (0..10).map(|n| site.hits(&format!("/feed{n}.xml"))).collect();
    let (fewest, most) = (looks.iter().min(), looks.iter().max());
    assert!(fewest >= Some(&1) && most <= fewest.map(|few| few + 2).as_ref(), "{looks:?}");
}
