//! Feeds, APIs and sitemaps: what they lead to, what they say beforehand, and what bounds them.

use jianbao::config::Route;

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply, Script};

fn rss(head: &str, items: &str) -> Reply {
    let ns = "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"";
    Reply::new(200)
        .header("Content-Type", "application/rss+xml; charset=utf-8")
        .body(format!("<rss version=\"2.0\" {ns}><channel><title>t</title>{head}{items}</channel></rss>"))
}

fn front(head: &str) -> Reply {
    Reply::html(format!(
        "<html><head><title>front</title>{head}</head><body><p>nothing else</p></body></html>"
    ))
}

const FEED_LINK: &str = "<link rel=alternate type=application/rss+xml href=/rss.xml>";

fn routes(desk: &Desk, path: &str) -> Vec<String> {
    desk.texts(&format!(
        "SELECT route FROM discovery d JOIN url u ON u.id = d.url WHERE u.url LIKE '%{path}' ORDER BY route"
    ))
}

#[test]
fn an_entry_of_a_feed_says_what_its_page_leaves_out() {
    let item = "<item><title>签约仪式</title><link>/a.html</link><dc:creator>李明</dc:creator><category>园区动态</category><category>签约</category><pubDate>Sat, 18 May 2024 09:30:00 +0800</pubDate></item>";
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on("/rss.xml", rss("", item))
        .on("/a.html", Reply::article("签约仪式", "内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let article = desk.articles().remove(0);
    assert_eq!(article["author"], "李明");
    assert_eq!(article["category"], "园区动态");
    assert_eq!(article["tags"], serde_json::json!(["签约"]));
    for field in ["author", "category", "tags", "published"] {
        assert_eq!(article["origins"][field], "feed", "{field}");
    }
    assert_eq!(article["origins"]["title"], "generic");
    // A second look says the same: no version is made of it.
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["articles"]["unchanged"], 1);
}

#[test]
fn what_the_page_says_stands_and_a_contradiction_is_noted() {
    let item = "<item><title>完全另一个标题</title><link>/a.html</link><pubDate>Mon, 20 May 2024 09:30:00 +0800</pubDate></item>";
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on("/rss.xml", rss("", item))
        .on("/a.html", Reply::article("签约仪式在园区举行", "内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let article = desk.articles().remove(0);
    assert_eq!(article["title"], "签约仪式在园区举行");
    assert_eq!(article["published"], "2024-05-18");
    let notes = desk.texts("SELECT fields ->> 'notes' FROM version").remove(0);
    assert!(notes.contains("完全另一个标题") && notes.contains("2024-05-20"), "{notes}");
}

#[test]
fn the_feeds_text_stands_in_for_an_empty_shell_only() {
    let text = "<p>这是订阅里的全文,讲述园区里发生的事情。</p>".repeat(6);
    let item = |n: u32| {
        format!(
            "<item><title>第{n}篇</title><link>/{n}.html</link><pubDate>Sat, 18 May 2024 09:30:00 +0800</pubDate><content:encoded><![CDATA[{text}]]></content:encoded></item>"
        )
    };
    let shell = "<html><head><title>App</title><script src=a.js></script><script src=b.js></script></head><body><div id=app></div></body></html>";
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on("/rss.xml", rss("", &(item(1) + &item(2))))
        .on("/1.html", Reply::html(shell))
        .on("/2.html", Reply::article("第2篇", "页面自己的内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let mut articles = desk.articles();
    articles.sort_by_key(|article| article["title"].to_string());
    assert_eq!(articles[0]["title"], "第1篇");
    assert!(articles[0]["body"].as_str().unwrap().starts_with("这是订阅里的全文"));
    assert_eq!(articles[0]["origins"]["body"], "feed");
    assert!(articles[1]["body"].as_str().unwrap().starts_with("页面自己的内容"));
    // The text is kept as long as the page has none.
    let kept = desk.texts("SELECT url FROM url WHERE entry_body IS NOT NULL");
    assert_eq!(kept, [format!("{}/1.html", site.origin)]);
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["articles"]["unchanged"], 2, "{report}");
}

#[test]
fn a_wordpress_api_gives_all_posts_page_by_page() {
    let post = |n: u32| {
        serde_json::json!({"link": format!("/{n}.html"), "date_gmt": "2024-05-18T01:30:00", "title": {"rendered": format!("第{n}篇 &amp; 其他")},
            "_embedded": {"author": [{"name": "李明"}], "wp:term": [[{"taxonomy": "category", "name": "新闻"}]]}})
    };
    let api = |posts: &[u32], pages: &str| {
        let posts: Vec<serde_json::Value> = posts.iter().map(|n| post(*n)).collect();
        Reply::new(200)
            .header("Content-Type", "application/json")
            .header("X-WP-TotalPages", pages)
            .body(serde_json::to_vec(&posts).unwrap())
    };
    let page = |n: u32| format!("/wp-json/wp/v2/posts?per_page=100&page={n}&_embed=author,wp:term");
    let mut script = Script::new()
        .on("/", front("<link rel='https://api.w.org/' href='/wp-json/'>"))
        .on(&page(1), api(&[4, 3], "2"))
        .on(&page(1), api(&[5, 4], "2"))
        .on(&page(2), api(&[2, 1], "2"));
    for n in 1..=5 {
        script = script.on(
            &format!("/{n}.html"),
            Reply::article(&format!("第{n}篇 & 其他"), &format!("第{n}篇的内容。")),
        );
    }
    let site = script.start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 4, "{:?}", site.paths());
    assert_eq!(routes(&desk, "/1.html"), ["api"]);
    let article = desk.articles().remove(0);
    assert_eq!((&article["author"], &article["category"]), (&"李明".into(), &"新闻".into()));
    assert_eq!(article["origins"]["author"], "api");
    assert_eq!(article["published"], "2024-05-18T01:30:00+00:00");
    // A new post above a known one: what is older is known too.
    let (report, _) = desk.crawl("");
    assert_eq!(report["articles"]["new"], 1);
    assert_eq!((site.hits(&page(1)), site.hits(&page(2))), (2, 1));
    // A full run turns the page again.
    desk.crawl("--full");
    assert_eq!(site.hits(&page(2)), 2);
}

#[test]
fn a_closed_api_is_no_alarm_and_rarely_asked_again() {
    let page = "/wp-json/wp/v2/posts?per_page=100&page=1&_embed=author,wp:term";
    let site = Script::new()
        .on("/", front(&format!("<link rel='https://api.w.org/' href='/wp-json/'>{FEED_LINK}")))
        .on("/rss.xml", rss("", "<item><link>/a.html</link></item>"))
        .on("/a.html", Reply::article("一", "甲。"))
        .on(page, Reply::new(401))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, &report["sites"][0]["outcomes"]["no_api"]), (0, &1.into()), "{report}");
    desk.crawl("");
    assert_eq!(site.hits(page), 1);
}

#[test]
fn feeds_and_sitemaps_are_guessed_once_and_only_where_none_is_named() {
    let site = Script::new()
        .front(&[])
        .on("/feed.xml", rss("", "<item><link>/a.html</link></item>"))
        .on("/atom.xml", Reply::html("<title>front</title><p>not here</p>"))
        .on("/a.html", Reply::article("一", "甲。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{report}");
    assert_eq!(routes(&desk, "/a.html"), ["feed"]);
    // Up to the first that is there, and misses are not asked for again.
    desk.crawl("");
    for (path, hits) in
        [("/feed", 1), ("/atom.xml", 1), ("/feed.xml", 2), ("/index.xml", 0), ("/sitemap.xml", 1)]
    {
        assert_eq!(site.hits(path), hits, "{path} {:?}", site.paths());
    }
    let site = Script::new()
        .front(&[])
        .on("/wp-sitemap.xml", Reply::new(200).body("<urlset><url><loc>/b.html</loc></url></urlset>"))
        .on("/b.html", Reply::article("二", "乙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(routes(&desk, "/b.html"), ["sitemap"]);
    assert_eq!((site.hits("/wp-sitemap.xml"), site.hits("/sitemap-news.xml")), (1, 0));
    let named = Script::new().on("/", front(FEED_LINK)).on("/rss.xml", rss("", "")).start();
    Desk::for_site(&named.origin).crawl("");
    assert_eq!(named.hits("/feed"), 0);
}

#[test]
fn a_sitemap_that_robots_txt_names_and_is_not_there_leads_to_the_usual_places() {
    let site = Script::new()
        .on("/robots.txt", Reply::new(200).body("Sitemap: /old/map.xml\n"))
        .on("/", front(FEED_LINK))
        .on("/sitemap.xml", Reply::new(200).body("<urlset><url><loc>/a.html</loc></url></urlset>"))
        .on("/a.html", Reply::article("一", "甲。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(routes(&desk, "/a.html"), ["sitemap"], "{report}");
}

#[test]
fn a_sitemap_that_gives_errors_only_leads_to_the_usual_places() {
    let mut lab = Lab::new(&[HOME]);
    lab.config.sites[0].discover = vec![Route::Sitemaps];
    let at = |path: &str| format!("{HOME}{path}");
    lab.on(HOME, Reply::links(&[]));
    lab.on(&at("robots.txt"), Reply::new(200).body("Sitemap: /map.xml\n"));
    lab.on(&at("map.xml"), Reply::new(500));
    lab.on(&at("sitemap.xml"), Reply::new(200).body("<urlset><url><loc>/1.html</loc></url></urlset>"));
    lab.on(FIRST, article("步道", "步道完工了。"));
    let report = lab.run();
    assert_eq!(lab.articles(), [format!("{FIRST} 1")], "{report:?}");
}

#[test]
fn a_site_below_a_folder_has_its_feed_and_its_sitemap_there() {
    let site = Script::new()
        .on("/blog/", front(""))
        .on("/blog/feed", rss("", "<item><link>/blog/a.html</link></item>"))
        .on("/blog/sitemap.xml", Reply::new(200).body("<urlset><url><loc>/blog/b.html</loc></url></urlset>"))
        .on("/blog/a.html", Reply::article("一", "甲。"))
        .on("/blog/b.html", Reply::article("二", "乙。"))
        .start();
    let desk = Desk::for_site(&format!("{}/blog", site.origin));
    let (report, _) = desk.crawl("");
    assert_eq!(
        (routes(&desk, "/a.html"), routes(&desk, "/b.html")),
        (vec!["feed".to_owned()], vec!["sitemap".to_owned()]),
        "{report}"
    );
    assert_eq!((site.hits("/feed"), site.hits("/sitemap.xml")), (0, 0));
}

#[test]
fn a_wordpress_feed_is_turned_back_until_it_shows_what_is_known() {
    let page = |posts: &[u32]| {
        let items: Vec<String> =
            posts.iter().map(|n| format!("<item><link>/{n}.html</link></item>")).collect();
        rss("<generator>https://wordpress.org/?v=6.5</generator>", &items.concat())
    };
    let mut script = Script::new()
        .on("/", front(FEED_LINK))
        .on("/rss.xml", page(&[6, 5]))
        .on("/rss.xml", page(&[7, 6]))
        .on("/rss.xml?paged=2", page(&[4, 3]))
        .on("/rss.xml?paged=3", page(&[2, 1]));
    for n in 1..=7 {
        script = script
            .on(&format!("/{n}.html"), Reply::article(&format!("第{n}篇"), &format!("第{n}篇的内容。")));
    }
    let site = script.start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!((desk.count("SELECT count(*) FROM article"), outcome.code), (6, 0), "{report}");
    assert_eq!(report["sites"][0]["outcomes"]["no_feed"], 1);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 7);
    assert_eq!((site.hits("/rss.xml?paged=2"), site.hits("/rss.xml?paged=3")), (1, 1));
}

#[test]
fn a_feed_that_is_the_same_for_every_page_number_is_left() {
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .all("/rss.xml", |_| {
            rss("<generator>https://wordpress.org/?v=6.5</generator>", "<item><link>/1.html</link></item>")
        })
        .on("/1.html", Reply::article("第1篇", "内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("--max-pages 60");
    assert_eq!((site.hits("/rss.xml?paged=2"), site.hits("/rss.xml?paged=3")), (1, 0), "{:?}", site.paths());
}

#[test]
fn an_index_says_which_sitemaps_changed() {
    let index = |old: &str, new: &str| {
        Reply::new(200).body(format!("<sitemapindex><sitemap><loc>/old.xml</loc><lastmod>{old}</lastmod></sitemap><sitemap><loc>/new.xml</loc><lastmod>{new}</lastmod></sitemap></sitemapindex>"))
    };
    let set = |path: &str| Reply::new(200).body(format!("<urlset><url><loc>{path}</loc></url></urlset>"));
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on("/sitemap.xml", index("2020-01-01", "2020-01-01T08:00:00Z"))
        .on("/sitemap.xml", index("2020-01-01", "2999-01-01T08:00:00Z"))
        .on("/old.xml", set("/a.html"))
        .on("/new.xml", set("/b.html"))
        .on("/new.xml", set("/c.html"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    desk.crawl("");
    assert_eq!((site.hits("/old.xml"), site.hits("/new.xml")), (1, 2));
    assert_eq!(desk.count("SELECT count(*) FROM url WHERE url LIKE '%/c.html'"), 1);
    desk.crawl("--full");
    assert_eq!(site.hits("/old.xml"), 2);
}

#[test]
fn what_can_be_read_of_a_damaged_feed_is_taken_and_the_damage_is_said() {
    let items = |title: &str, link: &str| {
        [1, 2, 3]
            .map(|n| format!("<item><title>{title}{n}</title><link>{link}{n}.html</link></item>"))
            .concat()
    };
    let whole = |items: String| {
        format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel>{items}</channel></rss>")
    };
    let cut = whole(items("第", "/"));
    for (feed, articles) in [
        (whole(items("AT&T 第", "/")), 3),
        (whole(items("第", "/?a=1&n=")), 3),
        (cut[..cut.len() - 40].to_owned(), 2),
        (format!("<br />\n<b>Warning</b>: undefined index\n\n{}", whole(items("第", "/"))), 3),
    ] {
        let site = Script::new()
            .on("/", front(FEED_LINK))
            .on("/rss.xml", Reply::new(200).body(feed.clone()))
            .all("/", |path| Reply::article(&format!("文章{path}"), &format!("{path}的内容。")))
            .start();
        let desk = Desk::for_site(&site.origin);
        let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
        std::fs::write(desk.path("crawl.toml"), config + "discover = [\"feeds\"]\n").unwrap();
        let (report, outcome) = desk.crawl("");
        assert_eq!(
            (desk.count("SELECT count(*) FROM article"), outcome.code),
            (articles, 0),
            "{feed} {report}"
        );
        assert_eq!(report["sites"][0]["outcomes"]["feed_damaged"], 1, "{report}");
    }
}

#[test]
fn a_sitemap_with_stray_ampersands_is_read_to_its_end() {
    let line = |n: u32| format!("<url><loc>/show?c=1&id={n}</loc></url>");
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on(
            "/sitemap.xml",
            Reply::new(200).body(format!("<urlset>{}{}{}</urlset>", line(1), line(2), line(3))),
        )
        .all("/show?c=1&id=", |path| Reply::article(&format!("文章{path}"), &format!("{path}的内容。")))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 3, "{report}");
    assert_eq!(site.hits("/show?c=1"), 0);
    assert_eq!(report["sites"][0]["outcomes"]["sitemap_damaged"], 1, "{report}");
}

#[test]
fn a_news_sitemap_says_title_and_date() {
    let news = "<urlset xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>/a.html</loc><news:news><news:title>签约仪式</news:title><news:publication_date>2024-05-18T09:30:00+08:00</news:publication_date></news:news></url></urlset>";
    let site = Script::new()
        .on("/", front(FEED_LINK))
        .on("/sitemap.xml", Reply::new(200).body(news))
        .on("/a.html", Reply::article("签约仪式", "内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let article = desk.articles().remove(0);
    assert_eq!(
        (&article["published"], &article["origins"]["published"]),
        (&"2024-05-18T01:30:00+00:00".into(), &"sitemap".into())
    );
}

#[test]
fn a_feed_of_a_hundred_thousand_entries_is_read_to_its_bound() {
    use std::fmt::Write as _;
    let mut items = String::new();
    for n in 0..100_000 {
        let _ = write!(items, "<item><title>第{n}篇,标题有一定的长度</title><link>/{n}.html</link></item>");
    }
    let site = Script::new().on("/", front(FEED_LINK)).on("/rss.xml", rss("", &items)).start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("--max-pages 8");
    assert_eq!((&report["sites"][0]["outcomes"]["feed_cut"], outcome.code), (&1.into(), 1), "{report}");
    assert!(
        report["sites"][0]["alarms"][0].as_str().unwrap().contains("more than 50000 entries: 1"),
        "{report}"
    );
    assert_eq!(desk.count("SELECT count(*) FROM discovery WHERE route = 'feed'"), 50_000);
}

#[test]
fn guesses_wait_for_other_days_where_the_site_shows_its_articles_without_them() {
    let mut lab = Lab::with_article();
    lab.config.sites[0].discover = vec![Route::Links, Route::Lists, Route::Feeds, Route::Sitemaps];
    lab.on("http://park.example/atom.xml", rss("", "<item><link>/2.html</link></item>"));
    lab.on("http://park.example/2.html", article("码头", "码头开放了。"));
    let guesses = |lab: &Lab| {
        lab.asked().into_iter().filter(|url| url.contains("xml") || url.ends_with("/feed")).count()
    };
    lab.run();
    assert_eq!(guesses(&lab), 2, "feeds; robots.txt, where a sitemap would be named, is still fresh");
    assert_eq!(lab.articles().len(), 1);
    lab.run_daily(2);
    assert!(guesses(&lab) <= 5);
    assert_eq!(lab.articles().len(), 2, "what the third feed lists was found the day after");
}
