//! What a run with a budget does first, whose it is, and which one it says ended it.

use std::time::{Duration, Instant};

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply, Script};

#[test]
fn an_article_on_two_pages_that_a_crawl_begins_with_ends_within_its_budget() {
    let mut lab = Lab::new(&[FIRST]);
    let page = |text: &str, links: &str| {
        Reply::html(format!(
            "<title>步道改造记</title><h1>步道改造记</h1><p>2025-03-09</p><div class=content>
             <p>{text}讲的是河边步道的改造,从春天开始,到秋天结束,居民们每天都来看一看进展。</p>
             <p>{text}还讲了图书馆,书架是新的,椅子也是新的,孩子们每个星期六都到这里来。</p></div>
             <div class=pages>{links}</div>"
        ))
    };
    lab.on(FIRST, page("上篇", "<a href=1_2.html>2</a> <a href=1_2.html>下一页</a>"));
    lab.on("http://park.example/1_2.html", page("下篇", "<a href=1.html>上一页</a>"));
    lab.budget.max_pages = Some(4);
    assert_eq!(lab.run().counts.articles.new, 1);
    let text =
        lab.desk.texts("SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest").concat();
    assert!(text.contains("上篇") && text.contains("下篇还讲了"), "{text}");
}

#[test]
fn a_list_that_never_answers_leaves_the_others_their_turn() {
    let mut lab = Lab::new(&[HOME, "http://park.example/a/", "http://park.example/b/"]);
    let lists = [HOME, "http://park.example/a/", "http://park.example/b/"];
    lab.links(lists[0], &[]);
    lab.on(lists[1], Reply::never());
    lab.links(lists[2], &[]);
    // robots.txt, which is asked for every day, and one list.
    lab.budget.max_pages = Some(2);
    for _ in 0..12 {
        lab.run();
        lab.wait(25);
    }
    let hits = lists.map(|list| lab.hits(list));
    assert!(hits[0] >= 3 && hits[2] >= 3, "{hits:?}");
}

#[test]
fn a_report_names_the_budget_that_ended_the_run() {
    let of = |site: Option<i64>, run: Option<u64>| {
        let mut lab = Lab::new(&[HOME]);
        lab.links(HOME, &["/1.html", "/2.html", "/3.html"]);
        for name in ["1", "2", "3"] {
            lab.on(&format!("{HOME}{name}.html"), article(name, &format!("第{name}篇。")));
        }
        if let Some(limit) = site {
            lab.config.sites[0].scope.insert("max_pages".to_owned(), limit.into());
        }
        lab.budget.max_pages = run;
        lab.run().budget
    };
    assert_eq!(of(None, None), None);
    assert_eq!(of(None, Some(3)).as_deref(), Some("max-pages"));
    assert_eq!(of(Some(3), None).as_deref(), Some("scope.max_pages"));
    assert_eq!(of(Some(3), Some(100)).as_deref(), Some("scope.max_pages"));
    assert_eq!(of(Some(100), Some(3)).as_deref(), Some("max-pages"));
}

#[test]
fn a_site_that_is_refused_leaves_its_share_to_the_others() {
    let mut lab = Lab::with_article();
    lab.config.sites.clear();
    lab.add_site("walks", &[HOME]);
    lab.add_site("other", &["http://other.example/"]);
    let links: Vec<String> = (1..=6).map(|n| format!("/{n}.html")).collect();
    lab.links("http://other.example/", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for n in 1..=6 {
        let page = article(&format!("别处{n}"), &format!("别处的第{n}件事。"));
        lab.on(&format!("http://other.example/{n}.html"), page);
    }
    lab.budget.max_pages = Some(8);
    let report = lab.run();
    assert_eq!(report.counts.articles.new, 6, "robots.txt, the list and six articles: {report:?}");
}

#[test]
fn a_request_that_is_never_answered_ends_with_the_runs_time_and_stays_queued() {
    for path in ["/", "/robots.txt"] {
        let site = Script::new().on(path, Reply::never()).start();
        let desk = Desk::for_site(&site.origin);
        let began = Instant::now();
        let (report, outcome) = desk.crawl("--max-time 1s");
        assert!(began.elapsed() < Duration::from_secs(10), "{path}: {:?}", began.elapsed());
        assert_eq!((outcome.code, &report["budget"]), (0, &"max-time".into()), "{path}: {outcome:?}");
        let queued = "SELECT count(*) FROM url WHERE state = 'queued' AND failures = 0 AND fetched_at IS NULL AND url LIKE '%/'";
        let failures = "SELECT coalesce(sum(failures), 0) FROM host";
        assert_eq!((desk.count(queued), desk.count(failures)), (1, 0), "{path}");
    }
}
