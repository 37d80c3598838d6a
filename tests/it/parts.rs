//! Articles on several pages are one article.

use crate::support::{Desk, Reply, Script};

fn sentence(of: &str) -> String {
    format!("{of}讲的是河边步道的改造,从春天开始,到秋天结束,居民们每天都来看一看进展。")
}

/// A part of the walk's story with links as `DedeCMS` prints them.
fn part(number: usize, links: &str) -> Reply {
    Reply::html(format!(
        "<title>步道改造记</title><h1>步道改造记</h1><p>2024-05-18</p><div class=content><p>{}</p><p>{}</p></div>
         <div class=pages>{links}</div>",
        sentence(&format!("第{number}部分一段")),
        sentence(&format!("第{number}部分二段")),
    ))
}

fn text_of(desk: &Desk, title: &str) -> String {
    let article = desk.articles().into_iter().find(|article| article["title"] == title).unwrap();
    article["body"].as_str().unwrap().to_owned()
}

#[test]
fn parts_are_joined_once_and_in_order() {
    let site = Script::new()
        .front(&["/a/12.html", "/a/12_2.html"])
        .on(
            "/a/12.html",
            part(1, "<a href=12_2.html>2</a> <a href=12_3.html>3</a> <a href=12_2.html>下一页</a>"),
        )
        .on(
            "/a/12_2.html",
            part(2, "<a href=12.html>上一页</a> <a href=12.html>1</a> <a href=12_3.html>下一页</a>"),
        )
        .on("/a/12_3.html", part(3, "<a href=12_2.html>上一页</a> <a href=12.html>1</a>"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{report}");
    assert_eq!(desk.articles().len(), 1, "{report}");
    let text = text_of(&desk, "步道改造记");
    let lines: Vec<&str> = text.lines().map(|line| line.split("讲的").next().unwrap()).collect();
    assert_eq!(
        lines,
        ["第1部分一段", "第1部分二段", "第2部分一段", "第2部分二段", "第3部分一段", "第3部分二段"]
    );
    assert_eq!(
        desk.texts("SELECT x.role FROM version_capture x JOIN capture c ON c.id = x.capture ORDER BY c.id"),
        ["page", "next_page", "next_page"]
    );
    assert_eq!(site.hits("/a/12_3.html"), 1);
}

#[test]
fn a_page_with_everything_is_preferred() {
    let all = format!("{}{}", sentence("全文一"), sentence("全文二"));
    let site = Script::new()
        .front(&["/a/7.html"])
        .on("/a/7.html", part(1, "<a href=7_2.html>2</a> <a href=7_all.html>阅读全文</a>"))
        .on("/a/7_2.html", part(2, "<a href=7.html>1</a>"))
        .on(
            "/a/7_all.html",
            Reply::html(format!("<title>步道改造记</title><h1>步道改造记</h1><div class=content><p>{all}</p><p>{all}</p></div>")),
        )
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert!(text_of(&desk, "步道改造记").contains("全文二"));
}

#[test]
fn an_article_whose_next_part_is_missing_is_kept_and_counted() {
    let site = Script::new()
        .front(&["/a/9.html"])
        .on("/a/9.html", part(1, "<a href=9_2.html>下一页</a>"))
        .on("/a/9_2.html", Reply::new(404))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(text_of(&desk, "步道改造记").lines().count(), 2);
    assert_eq!(report["sites"][0]["missing"]["part"], 1, "{report}");
}

#[test]
fn an_article_with_more_parts_than_the_run_has_requests_is_kept_and_read_whole_later() {
    let site = Script::new()
        .front(&["/a/9.html"])
        .on("/a/9.html", part(1, "<a href=9_2.html>下一页</a>").header("ETag", "\"v1\""))
        .on("/a/9_2.html", part(2, "<a href=9.html>上一页</a>"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), config + "discover = [\"links\"]\n").unwrap();
    let (report, _) = desk.crawl("--max-pages 3");
    assert_eq!((&report["budget"], &report["requests"]), (&"max-pages".into(), &3.into()));
    assert_eq!(text_of(&desk, "步道改造记").lines().count(), 2);
    assert_eq!(report["sites"][0]["missing"]["part"], 1, "{report}");
    desk.crawl("--full");
    assert_eq!(text_of(&desk, "步道改造记").lines().count(), 4);
    assert!(!site.head("/a/9.html").contains("if-none-match"), "the answer held the first part only");
}

#[test]
fn what_only_an_article_of_several_pages_links_is_found() {
    let links = "<a href=12_2.html>2</a> <a href=12_2.html>下一页</a> <a href=/x/77.html>另一篇</a>";
    let site = Script::new()
        .front(&["/a/12.html"])
        .on("/a/12.html", part(1, links))
        .on("/a/12_2.html", part(2, "<a href=12.html>上一页</a>"))
        .on("/x/77.html", Reply::article("七七", "只有一处链接到这里。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert!(text_of(&desk, "七七").contains("只有一处"));
    assert_eq!(desk.count("SELECT count(*) FROM article"), 2);
}
