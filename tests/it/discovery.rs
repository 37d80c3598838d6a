//! Every way to an article: sitemaps, feeds, pagers, counted ids, seeds; and the ways that meet.

use crate::support::{Desk, Reply, Script};

fn gz(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn titles(desk: &Desk) -> Vec<String> {
    desk.texts("SELECT title FROM article ORDER BY title")
}

#[test]
fn a_sitemap_index_leads_to_gzipped_sitemaps_and_they_to_articles() {
    let site = Script::new()
        .on("/robots.txt", Reply::new(200).body("Sitemap: /deep/index.xml\n"))
        .front(&[])
        .on(
            "/deep/index.xml",
            Reply::new(200).body("<sitemapindex><sitemap><loc>/deep/s1.xml.gz</loc></sitemap><sitemap><loc>/deep/index.xml</loc></sitemap></sitemapindex>"),
        )
        .on("/deep/s1.xml.gz", Reply::new(200).body(gz("<urlset><url><loc>/a.html</loc></url></urlset>")))
        .on("/a.html", Reply::article("只在地图里", "别处没有链接。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    assert_eq!(desk.crawl("").1.code, 0);
    assert_eq!(titles(&desk), ["只在地图里"]);
    assert_eq!(site.hits("/deep/index.xml"), 1);
    assert_eq!(
        desk.texts("SELECT route FROM discovery d JOIN url u ON u.id = d.url WHERE u.url LIKE '%/a.html'"),
        ["sitemap"]
    );
}

#[test]
fn a_feed_that_the_front_page_names_gives_articles_and_their_exact_times() {
    let rss = "<rss version=\"2.0\"><channel><title>t</title><item><title>x</title><link>/a.html</link><pubDate>Sat, 18 May 2024 09:30:00 +0800</pubDate></item></channel></rss>";
    let front =
        "<title>front</title><link rel=alternate type=application/rss+xml href=/rss.xml><p>nothing else</p>";
    let site = Script::new()
        .on("/", Reply::html(front))
        .on("/rss.xml", Reply::new(200).header("Content-Type", "text/xml").body(rss))
        .on("/a.html", Reply::article("来自订阅", "内容。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let articles = desk.articles();
    assert_eq!(articles[0]["published"], "2024-05-18T01:30:00+00:00");
    assert_eq!(articles[0]["origins"]["published"], "feed");
}

#[test]
fn a_pager_is_turned_by_its_words_where_no_profile_knows_it() {
    let list = |n: usize, next: Option<usize>| {
        let next = next.map_or(String::new(), |n| format!("<a href=\"/list/{n}\">下一页</a>"));
        Reply::html(format!("<title>list</title><a href=\"/{n}.html\">一篇</a>{next}"))
    };
    let site = Script::new()
        .on("/", list(1, Some(2)))
        .on("/list/2", list(2, Some(3)))
        .on("/list/3", list(3, None))
        .on("/1.html", Reply::article("一", "甲。"))
        .on("/2.html", Reply::article("二", "乙。"))
        .on("/3.html", Reply::article("三", "丙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(titles(&desk), ["一", "三", "二"]);
}

const PROFILE: &str = "schema = 1\n[match]\narticle = [\"/post/{id}.html\"]\n[article]\ntitle = \"h1\"\nbody = \".content\"\npublished = \".date\"\n\
[discover]\nlists = [{ url = \"/list_{page}.html\", first = \"/\", item = \".item a\" }]\nids = { url = \"/post/{id}.html\", from = 5, stop_after_missing = 3 }\n\
[[sample]]\npage = \"p\"\nurl = \"http://e.com/\"\nfetched_at = \"2025-01-01T00:00:00Z\"\n[sample.expect]\ntitle = \"t\"\n[sample.expect.body]\nstarts = \"\"\nends = \"\"\n";

fn desk_with_profile(origin: &str, discover: &str) -> Desk {
    let desk = Desk::for_site(origin);
    std::fs::create_dir(desk.path("selectors")).unwrap();
    std::fs::write(desk.path("selectors/p.toml"), PROFILE).unwrap();
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), format!("{config}profile = \"p\"\n{discover}\n")).unwrap();
    desk
}

#[test]
fn a_profile_reads_attributes_that_nothing_else_does() {
    let page = "<title>t</title><h1 data-writer=王小明>老码头改造完工</h1><p class=date>2024-05-18</p>\
                <div data-part=text title='全文'><p>河边的步道今天重新开放。</p></div><div data-part=more><p>别的。</p></div>";
    let site = Script::new().front(&[]).on("/post/5.html", Reply::html(page)).start();
    let desk = desk_with_profile(&site.origin, "discover = [\"ids\"]");
    let profile =
        PROFILE.replace("\".content\"", "\"[data-part='text'][title]\"\nauthor = \"h1::attr(data-writer)\"");
    std::fs::write(desk.path("selectors/p.toml"), profile).unwrap();
    desk.crawl("");
    let article = &desk.articles()[0];
    assert_eq!(
        (&article["body"], &article["author"]),
        (&"河边的步道今天重新开放。".into(), &"王小明".into())
    );
    assert_eq!(article["origins"]["body"], "profile:body");
}

#[test]
fn ids_are_counted_over_gaps_until_enough_are_missing() {
    let site = Script::new()
        .front(&[])
        .on("/post/5.html", Reply::article("五", "甲。"))
        .on("/post/2.html", Reply::article("二", "乙。"))
        .start();
    let desk = desk_with_profile(&site.origin, "discover = [\"ids\"]");
    let (report, outcome) = desk.crawl("");
    assert_eq!((outcome.code, &report["failed"]), (0, &0.into()), "{report}");
    assert_eq!(titles(&desk), ["二", "五"]);
    assert_eq!((site.hits("/post/0.html"), site.hits("/post/4.html")), (1, 1));
    let asked = site.paths().len();
    desk.crawl("");
    let again: Vec<String> = site.paths().split_off(asked);
    assert!(!again.iter().any(|path| path == "/post/5.html"), "{again:?}");
    // What was counted to the end is a census, however few there are.
    let status = desk.run("status --coverage").expect_code(0).stdout;
    assert!(status.contains("found 2; estimated 2 ± 0 (95 %)"), "{status}");
}

#[test]
fn ids_are_counted_up_at_each_run_and_down_once_through_all_gaps() {
    let mut script = Script::new()
        .front(&["/post/20.html", "/post/5.html"])
        .on("/post/23.html", Reply::new(404))
        .on("/post/23.html", post("/post/23.html"));
    // 22 is new, 18 lies in a gap, 4 is old; 1 lies behind too wide a gap.
    for n in [22, 20, 18, 5, 4] {
        script = script.on(&format!("/post/{n}.html"), post(&format!("/post/{n}.html")));
    }
    let site = script.start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\", \"ids\"]");
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 5, "{:?}", site.paths());
    let asked = site.paths().len();
    let (report, _) = desk.crawl("");
    let again: Vec<String> = site.paths().split_off(asked);
    assert_eq!(report["articles"]["new"], 1, "{again:?}");
    let counted: Vec<&String> = again.iter().filter(|path| path.starts_with("/post/")).collect();
    // Up to three in a row behind the new one, and one that can't be there.
    let expected = [23, 24, 25, 26].map(|n| format!("/post/{n}.html"));
    assert!(expected.iter().all(|path| counted.contains(&path)) && counted.len() == 5, "{counted:?}");
}

#[test]
fn a_counting_that_is_cut_short_goes_on_where_it_was() {
    let mut script = Script::new().front(&["/post/30.html"]);
    for n in (2..=30).step_by(2) {
        script = script.on(&format!("/post/{n}.html"), post(&format!("/post/{n}.html")));
    }
    let site = script.start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\", \"ids\"]");
    for _ in 0..8 {
        desk.crawl("--max-pages 12");
    }
    assert_eq!(desk.count("SELECT count(*) FROM article"), 15, "{:?}", site.paths());
    for n in (1..30).step_by(2) {
        assert_eq!(site.hits(&format!("/post/{n}.html")), 1, "{n}");
    }
}

#[test]
fn ids_that_never_end_are_noticed_and_none_of_their_pages_is_archived() {
    let nothing = |_: &str| Reply::article("欢迎光临", "这里什么都没有。");
    let site = Script::new().front(&[]).all("/post/", nothing).start();
    let desk = desk_with_profile(&site.origin, "discover = [\"ids\"]");
    let (report, outcome) = desk.crawl("--max-pages 100");
    assert_eq!((outcome.code, desk.count("SELECT count(*) FROM article")), (1, 0), "{report}");
    assert!(report["sites"][0]["alarms"][0].as_str().unwrap().contains("counts as missing"), "{report}");
    // The probe, three upwards from 5 and three downwards.
    let counted = site.paths().iter().filter(|path| path.starts_with("/post/")).count();
    assert_eq!(counted, 7);
}

#[test]
fn ids_are_counted_on_where_a_page_that_varies_stands_for_nothing() {
    let nothing = |path: &str| {
        Reply::html(format!(
            "<title>某某网</title><h1>温馨提示</h1><div class=content><p>{}</p><p>您要看的是 {path},编号 {}。</p></div>",
            "您可以从首页的栏目进入,或者使用搜索,感谢您对本站的支持与关注,祝您生活愉快。".repeat(3),
            path.len() * 7919
        ))
    };
    // Where a number that is far off is missing, the first two pages are taken for articles.
    for (far, wrong) in [(200, 0), (404, 2)] {
        let mut script = Script::new().front(&["/post/12.html"]).all("/post/", nothing);
        for n in [8, 9, 10, 12, 14, 15, 17] {
            script = script.on(&format!("/post/{n}.html"), post(&format!("/post/{n}.html")));
        }
        if far == 404 {
            script = ["20", "25"]
                .iter()
                .fold(script, |script, end| script.on(&format!("/post/10000000{end}.html"), Reply::new(404)));
        }
        let site = script.start();
        let desk = desk_with_profile(&site.origin, "discover = [\"lists\", \"ids\"]");
        for _ in 0..2 {
            let (report, outcome) = desk.crawl("--max-pages 100");
            assert_eq!(desk.count("SELECT count(*) FROM article"), 7 + wrong, "{report} {:?}", site.paths());
            assert_eq!((outcome.code, &report["budget"]), (1, &serde_json::Value::Null), "{report}");
            let alarms = report["sites"][0]["alarms"].as_array().unwrap();
            assert!(
                alarms.len() == 1 && alarms[0].as_str().unwrap().contains("counts as missing"),
                "{report}"
            );
        }
    }
}

#[test]
fn one_text_under_three_ids_is_nobodys() {
    // Only numbers near to real ones show a page.
    let site = Script::new()
        .front(&[])
        .on("/post/1000000012.html", Reply::new(404))
        .all("/post/", |_| Reply::article("欢迎光临", "这里什么都没有。"))
        .start();
    let desk = desk_with_profile(&site.origin, "discover = [\"ids\"]");
    for _ in 0..3 {
        let (report, outcome) = desk.crawl("--max-pages 100");
        assert_eq!(outcome.code, 1, "{report}");
        assert_eq!(desk.count("SELECT count(*) FROM article"), 2);
    }
}

#[test]
fn a_list_is_turned_only_as_long_as_it_shows_something_new() {
    let list = |posts: &[u32], next: u32| {
        let items: Vec<String> =
            posts.iter().map(|n| format!("<p class=item><a href=\"/post/{n}.html\">{n}</a></p>")).collect();
        // The frame's links are not the list's.
        let side = "<aside><a href=\"/post/99.html\">热门</a></aside>";
        Reply::html(format!(
            "<title>list</title>{}<a href=\"/list_{next}.html\">{next}</a>{side}",
            items.concat()
        ))
    };
    let mut script = Script::new()
        .on("/", list(&[9, 8], 2))
        .on("/", list(&[9, 8], 2))
        .on("/", list(&[10, 9], 2))
        .on("/list_2.html", list(&[7, 6], 3))
        .on("/list_3.html", list(&[5], 4));
    for n in [5, 6, 7, 8, 9, 10, 99] {
        script = script
            .on(&format!("/post/{n}.html"), Reply::article(&format!("第{n}篇"), &format!("第{n}篇的内容。")));
    }
    let site = script.start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\"]");
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 6);
    assert_eq!((site.hits("/list_2.html"), site.hits("/list_3.html")), (1, 1));
    // Nothing new: the first page only.
    desk.crawl("");
    assert_eq!((site.hits("/list_2.html"), site.hits("/list_3.html")), (1, 1));
    // A new post: one page further, where everything is known.
    let (report, _) = desk.crawl("");
    assert_eq!(report["articles"]["new"], 1, "{:?} {report}", site.paths());
    assert_eq!((site.hits("/list_2.html"), site.hits("/list_3.html")), (2, 1));
}

/// A list page with these posts and a link to the next page.
fn list_page(posts: &[u32], next: &str) -> Reply {
    let items: Vec<String> =
        posts.iter().map(|n| format!("<p class=item><a href=\"/post/{n}.html\">第{n}篇</a></p>")).collect();
    Reply::html(format!("<title>list</title>{}<a href=\"{next}\">下一页</a>", items.concat()))
}

fn post(path: &str) -> Reply {
    Reply::article(&format!("文章{path}"), &format!("{path}的内容。"))
}

#[test]
fn pages_of_a_list_whose_pager_a_script_makes_are_asked_for_by_their_form() {
    let list = |posts: &[u32]| {
        let items: Vec<String> = posts
            .iter()
            .map(|n| format!("<p class=item><a href=\"/post/{n}.html\">第{n}篇</a></p>"))
            .collect();
        Reply::html(format!("<title>list</title>{}<script src=pager.js></script>", items.concat()))
    };
    let site = Script::new()
        .on("/", list(&[6, 5]))
        .on("/", list(&[6, 5]))
        .on("/", list(&[7, 6]))
        .on("/list_2.html", list(&[4, 3]))
        .on("/list_3.html", list(&[2, 1]))
        .all("/post/", post)
        .start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\"]");
    let (report, outcome) = desk.crawl("");
    assert_eq!((desk.count("SELECT count(*) FROM article"), outcome.code), (6, 0), "{report}");
    assert_eq!((&report["failed"], &report["sites"][0]["outcomes"]["list_ended"]), (&0.into(), &1.into()));
    assert_eq!((site.hits("/list_4.html"), site.hits("/list_5.html")), (1, 0));
    // Nothing new: the first page only. A new post: up to the page where everything is known.
    desk.crawl("");
    assert_eq!(site.hits("/list_2.html"), 1);
    desk.crawl("");
    assert_eq!((site.hits("/list_2.html"), site.hits("/list_3.html")), (2, 1));
}

#[test]
fn a_script_s_pager_that_shows_one_page_for_every_number_is_left() {
    let list = |_: &str| Reply::html("<title>list</title><p class=item><a href=/post/1.html>一</a></p>");
    let site = Script::new().on("/", list("")).all("/list_", list).all("/post/", post).start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\"]");
    desk.crawl("");
    assert_eq!((site.hits("/list_2.html"), site.hits("/list_3.html")), (1, 0), "{:?}", site.paths());
}

#[test]
fn a_category_that_no_profile_knows_is_a_list_too() {
    let category = |posts: std::ops::Range<u32>, next: &str| list_page(&posts.collect::<Vec<u32>>(), next);
    let site = Script::new()
        .front(&["/news/"])
        .on("/news/", category(21..41, "/news/p2.html"))
        .on("/news/", category(22..42, "/news/p2.html"))
        .on("/news/p2.html", category(1..21, "/news/p2.html"))
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 40, "{:?}", site.paths());
    assert_eq!(desk.count("SELECT count(*) FROM url WHERE kind = 'list' AND url LIKE '%/news/'"), 1);
    let (report, _) = desk.crawl("");
    assert_eq!(report["articles"]["new"], 1, "{report}");
}

#[test]
fn a_lists_second_page_is_no_part_of_an_article() {
    let site = Script::new()
        .on(
            "/",
            Reply::html("<title>front</title><a href=/post/1.html>一</a><a href=/category-1.html>新闻</a>"),
        )
        .on("/category-1.html", list_page(&[2], "/category-1_2.html"))
        .on(
            "/category-1_2.html",
            Reply::html("<title>list</title><a href=/post/3.html>三</a><a href=/category-1.html>上一页</a><a href=/category-1_3.html>下一页</a>"),
        )
        .on("/category-1_3.html", list_page(&[4], "/category-1_3.html"))
        .all("/post/", post)
        .start();
    let desk = desk_with_profile(&site.origin, "discover = [\"lists\"]");
    let profile = std::fs::read_to_string(desk.path("selectors/p.toml")).unwrap();
    let lists = "{ url = \"/category-{n}_{page}.html\", first = \"/category-{n}.html\" }, { url = \"/list_";
    std::fs::write(desk.path("selectors/p.toml"), profile.replace("{ url = \"/list_", lists)).unwrap();
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 4, "{:?}", site.paths());
}

#[test]
fn a_pager_that_loops_is_left() {
    // Behind the third page each number shows the second one again; the order changes.
    let again = |path: &str| {
        let n: u32 = path.trim_start_matches("/list/").parse().unwrap();
        list_page(if n.is_multiple_of(2) { &[3, 4] } else { &[4, 3] }, &format!("/list/{}", n + 1))
    };
    let site = Script::new()
        .on("/", list_page(&[1, 2], "/list/2"))
        .on("/list/3", list_page(&[5, 6], "/list/4"))
        .all("/list/", again)
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("--max-pages 60");
    assert_eq!((desk.count("SELECT count(*) FROM article"), outcome.code), (6, 0), "{report}");
    assert_eq!((site.hits("/list/4"), site.hits("/list/5")), (1, 0), "{:?}", site.paths());
    assert_eq!(report["sites"][0]["outcomes"]["list_repeats"], 1);
}

#[test]
fn no_page_behind_the_announced_last_one_is_asked_for() {
    let site = Script::new()
        .on("/", list_page(&[1], "/list/2"))
        .on(
            "/list/2",
            Reply::html(
                "<title>list</title><p>第2/2页</p><a href=/post/2.html>二</a><a href=/list/3>下一页</a>",
            ),
        )
        .all("/list/", |_| list_page(&[3], "/list/4"))
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("--max-pages 60");
    assert_eq!(site.hits("/list/3"), 0, "{:?}", site.paths());
}

#[test]
fn archives_by_dates_are_lists_and_a_calendar_has_an_end() {
    // Each month links the ones before and after, for ever; only two have posts.
    let month = |path: &str| {
        let mut parts = path.split('/').filter_map(|part| part.parse::<i32>().ok());
        let (year, month) = (parts.next().unwrap(), parts.next().unwrap());
        let link = |months: i32| format!("<a href=\"/{}/{:02}/\">月</a>", months / 12, months % 12 + 1);
        let months = year * 12 + month - 1;
        let post = match (year, month) {
            (2023, 2) => "<a href=/post/1.html>一</a>",
            (2023, 1) => "<a href=/post/2.html>二</a>",
            _ => "",
        };
        Reply::html(format!(
            "<title>{path}</title><a href=/about.html>关于</a>{post}{}{}",
            link(months - 1),
            link(months + 1)
        ))
    };
    let site = Script::new()
        .on(
            "/",
            Reply::html("<title>front</title><a href=/2023/02/>2023年2月</a><a href=/2999/01/>2999年1月</a>"),
        )
        .all("/2", month)
        .all("/1", month)
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("--max-pages 80");
    assert_eq!(titles(&desk), ["文章/post/1.html", "文章/post/2.html"]);
    assert_eq!(
        desk.texts("SELECT route FROM discovery d JOIN url u ON u.id = d.url WHERE u.url LIKE '%/2023/01/'"),
        ["archive"]
    );
    let months: Vec<String> =
        site.paths().into_iter().filter(|path| path.starts_with("/2") && path.ends_with('/')).collect();
    assert!(months.len() <= 4 && !months.contains(&"/2999/01/".to_owned()), "{months:?}");
    // They show what was; the next run has no need of them.
    let asked = site.paths().len();
    desk.crawl("");
    let again = site.paths().split_off(asked);
    assert!(!again.iter().any(|path| path.starts_with("/2")), "{again:?}");
}

/// The post of a path, under a title of its own.
fn report(path: &str) -> Reply {
    Reply::article(&format!("园区简报{path}"), &format!("{path}的内容。"))
}

/// A front page whose links say the posts' titles.
fn front_of(paths: &[String]) -> Reply {
    let items: Vec<String> =
        paths.iter().map(|path| format!("<p><a href=\"{path}\">园区简报{path}</a></p>")).collect();
    Reply::html(format!("<title>front</title>{}", items.concat()))
}

#[test]
fn posts_with_numbers_that_could_be_years_or_months_are_archived() {
    let paths: Vec<String> = (1226..1230)
        .chain(2011..2031)
        .map(|n| format!("/archives/{n}"))
        .chain((1500..1503).map(|n| format!("/{n}/")))
        .chain((1..14).map(|n| format!("/news/2024/{n}")))
        .collect();
    let site = Script::new()
        .on("/", front_of(&paths))
        .all("/archives/", report)
        .all("/1", report)
        .all("/news/", report)
        .start();
    let desk = Desk::for_site(&site.origin);
    let (run, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{run}");
    let archived = desk.texts("SELECT u.url FROM article a JOIN url u ON u.id = a.url");
    let missed: Vec<&String> =
        paths.iter().filter(|path| !archived.contains(&format!("{}{path}", site.origin))).collect();
    assert!(missed.is_empty(), "{missed:?} {run}");
}

#[test]
fn a_list_of_posts_with_such_numbers_is_turned() {
    let list = |range: std::ops::Range<u32>, next: &str| {
        let items = range.map(|n| format!("<p><a href=\"/archives/{n}\">园区简报/archives/{n}</a></p>"));
        Reply::html(format!("<title>list</title>{}<a href=\"{next}\">下一页</a>", items.collect::<String>()))
    };
    let site = Script::new()
        .on("/", list(2012..2022, "/page/2/"))
        .on("/page/2/", list(2002..2012, "/page/3/"))
        .on("/page/3/", list(1992..2002, "/"))
        .all("/archives/", report)
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 30, "{:?}", site.paths());
}

#[test]
fn an_archive_with_one_post_is_no_article() {
    // Each shows the whole text of its only post, as blogs do.
    let text = "<p>这是一段足够长的正文,讲述园区里发生的事情。</p>".repeat(8);
    let archive = |title: &str, headline: &str| {
        Reply::html(format!(
            "<html lang=zh><head><title>{title}</title></head><body>{headline}<p class=date>2024-05-18</p><div class=content>{text}</div></body></html>"
        ))
    };
    let linked = "<h1><a href=/post/1.html>文章/post/1.html</a></h1>";
    let paths = ["/2024/05/", "/archives/2024/", "/archives/2023/", "/?m=202404"].map(str::to_owned);
    let site = Script::new()
        .on("/", front_of(&paths))
        .on("/2024/05/", archive("2024年5月 - 园区网", "<h1>2024年5月</h1>"))
        .on("/archives/2024/", archive("文章/post/1.html", linked))
        .on("/archives/2023/", archive("Yearly Archives: 2023", linked))
        .on("/?m=202404", archive("园区网", linked))
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(titles(&desk), ["文章/post/1.html"], "{report}");
    assert_eq!(desk.count("SELECT count(*) FROM url WHERE outcome LIKE 'list%'"), 5, "{report}");
}

#[test]
fn what_a_feed_or_a_sitemap_lists_is_a_post_whatever_its_number() {
    let item = "<item><title>园区简报/archives/2021</title><link>/archives/2021</link></item>";
    let site = Script::new()
        .on("/robots.txt", Reply::new(200).body("Sitemap: /map.xml\n"))
        .on(
            "/",
            Reply::html("<title>front</title><link rel=alternate type=application/rss+xml href=/rss.xml>"),
        )
        .on("/rss.xml", Reply::new(200).body(format!("<rss version=\"2.0\"><channel>{item}</channel></rss>")))
        .on(
            "/map.xml",
            Reply::new(200).body(
                "<urlset><url><loc>/archives/2022</loc></url><url><loc>/archives/3022</loc></url><url><loc>/2024/05/</loc></url></urlset>",
            ),
        )
        .on("/2024/05/", list_page(&[1, 2, 3], "/2024/06/"))
        .all("/archives/", report)
        .all("/post/", post)
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("");
    assert_eq!(
        titles(&desk),
        [
            "园区简报/archives/2021",
            "园区简报/archives/2022",
            "园区简报/archives/3022",
            "文章/post/1.html",
            "文章/post/2.html",
            "文章/post/3.html"
        ],
        "{report}"
    );
}

#[test]
fn two_addresses_of_one_page_become_one_article_whichever_is_seen_first() {
    let page = |title: &str| {
        let text = "这是同一篇文章,从两个地址都能读到。".repeat(12);
        Reply::html(format!(
            "<html><head><title>{title}</title><link rel=canonical href=/real.html></head><body><h1>{title}</h1><p class=date>2024-05-18</p><div class=content><p>{text}</p></div></body></html>"
        ))
    };
    for front in [["/real.html", "/real.html?view=x"], ["/real.html?view=x", "/real.html"]] {
        let site = Script::new()
            .front(&front)
            .on("/real.html", page("同一篇"))
            .on("/real.html?view=x", page("同一篇"))
            .start();
        let desk = Desk::for_site(&site.origin);
        let (report, _) = desk.crawl("");
        let articles = desk.articles();
        assert_eq!(articles.len(), 1, "{report}");
        assert_eq!(articles[0]["url"], format!("{}/real.html", site.origin));
        assert_eq!(articles[0]["aliases"], serde_json::json!([format!("{}/real.html?view=x", site.origin)]));
        assert_eq!(desk.texts("SELECT proof FROM alias"), ["canonical"]);
    }
}

#[test]
fn a_canonical_that_names_another_text_merges_nothing() {
    let page = |title: &str, text: &str| {
        let text = text.repeat(12);
        Reply::html(format!(
            "<title>{title}</title><link rel=canonical href=/one.html><h1>{title}</h1><p class=date>2024-05-18</p><div class=content><p>{text}</p></div>"
        ))
    };
    let site = Script::new()
        .front(&["/one.html", "/two.html"])
        .on("/one.html", page("第一篇", "第一篇的内容与众不同。"))
        .on("/two.html", page("第二篇", "第二篇讲的是别的事情。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(titles(&desk), ["第一篇", "第二篇"]);
    assert_eq!(desk.count("SELECT count(*) FROM alias"), 0);
}

#[test]
fn a_text_that_really_changed_is_a_new_version() {
    let site = Script::new()
        .front(&["/1.html"])
        .on("/1.html", Reply::article("标题", "投资734.2亿元。"))
        .on("/1.html", Reply::article("标题", "投资7342亿元。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let (report, _) = desk.crawl("--full");
    assert_eq!(report["articles"]["revised"], 1);
    let versions = desk.run("show 1 --versions --json").expect_code(0).stdout;
    assert_eq!(versions.lines().count(), 2);
    assert!(
        versions.contains("734.2亿")
            && versions.contains("7342亿")
            && versions.contains("\"reason\":\"edited\"")
    );
    // Both pages are kept.
    assert_eq!(desk.count("SELECT count(*) FROM body"), 2);
}
