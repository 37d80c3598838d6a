//! Pages that go on for ever and show nothing new are left, and named.

use crate::support::{Desk, Reply, Script};

/// Links that only this path leads to.
fn links(path: &str, form: impl Fn(u32) -> String) -> String {
    let seed = path.bytes().fold(7_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
    let next = |n: u32| form(seed.wrapping_mul(2_654_435_761).wrapping_add(n.wrapping_mul(40_503)) >> 12);
    (0..20).map(|n| format!("<a href=\"{}\">选项{n}</a> ", next(n))).collect::<Vec<_>>().concat()
}

fn facets(path: &str) -> Reply {
    let links =
        links(path, |n| format!("/list?f{}={}&f{}={}", n % 50, n / 50 % 9, n / 450 % 50, n / 22_500 % 9));
    Reply::html(format!(
        "<title>筛选</title><body><div>{links}</div><p><a href=/a/1.html>老码头改造工程完工</a></p></body>"
    ))
}

/// A run of at most so many requests: its requests and its alarms.
fn run(desk: &Desk, most: usize) -> (u64, Vec<String>) {
    let (report, _) = desk.crawl(&format!("--max-pages {most}"));
    let alarms = report["sites"][0]["alarms"].as_array().unwrap();
    let alarms = alarms.iter().map(|alarm| alarm.as_str().unwrap().to_owned()).collect();
    (report["requests"].as_u64().unwrap(), alarms)
}

#[test]
fn facets_without_end_are_left_aside_and_named() {
    let site = Script::new()
        .front(&["/list?f1=1&f2=2"])
        .all("/list?", facets)
        .on("/a/1.html", Reply::article("老码头", "改造工程完工了。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (requests, alarms) = run(&desk, 1000);
    assert!(requests < 120, "{requests}");
    assert!(alarms.len() == 1 && alarms[0].contains("look like a trap"), "{alarms:?}");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 1);
}

#[test]
fn sitemaps_that_only_list_sitemaps_are_left_aside() {
    let index = |path: &str| {
        let lines: Vec<String> = (0..8)
            .map(|n| format!("<sitemap><loc>{}{n}.xml</loc></sitemap>", path.trim_end_matches(".xml")))
            .collect();
        Reply::new(200).body(format!("<sitemapindex>{}</sitemapindex>", lines.concat()))
    };
    let site = Script::new().front(&[]).all("/sitemap", index).start();
    let desk = Desk::for_site(&site.origin);
    let (requests, alarms) = run(&desk, 1000);
    assert!(requests < 300, "{requests}");
    assert!(alarms.len() == 1 && alarms[0].contains("look like a trap"), "{alarms:?}");
}

#[test]
fn many_pages_of_one_form_that_give_articles_are_all_read() {
    // Every thirtieth shows an article.
    let page = |path: &str| match path.trim_start_matches("/s/").trim_end_matches(".html").parse::<u32>() {
        Ok(n) if n % 30 == 0 => Reply::article(&format!("第{n}期"), &format!("第{n}期讲的是步道。")),
        Ok(n) => Reply::html(format!(
            "<title>图{n}</title><body><img src=/{n}.jpg><a href=/s/{}.html>下一张</a></body>",
            n + 1
        )),
        Err(_) => Reply::new(404),
    };
    let paths: Vec<String> = (1..=300).map(|n| format!("/s/{n}.html")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let site = Script::new().front(&paths).all("/s/", page).start();
    let desk = Desk::for_site(&site.origin);
    let (_, alarms) = run(&desk, 1000);
    assert_eq!((desk.count("SELECT count(*) FROM article"), alarms.len()), (10, 0), "{alarms:?}");
}

#[test]
fn a_canonical_url_that_always_names_the_next_page_is_followed_a_few_steps() {
    let page = |path: &str| {
        let n: u32 = path.trim_start_matches("/c/").parse().unwrap_or(0);
        let reply = Reply::article("步道", "步道完工了。");
        let head = format!("<head><link rel=canonical href=/c/{}>", n + 1);
        Reply::html(String::from_utf8(reply.body).unwrap().replace("<head>", &head))
    };
    let site = Script::new()
        .front(&["/c/0", "/1.html"])
        .all("/c/", page)
        .on("/1.html", Reply::article("一", "甲。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let (requests, _) = run(&desk, 1000);
    assert!(requests < 30, "{requests}");
    assert_eq!(desk.count("SELECT count(*) FROM article WHERE title = '一'"), 1);
}

#[test]
fn a_site_that_shows_an_article_at_any_address_below_it_gives_it_once() {
    let page = |path: &str| {
        let n = path.trim_start_matches("/s/").split('/').next().unwrap_or_default().to_owned();
        let reply = Reply::article(&format!("第{n}期"), &format!("第{n}期讲的是步道。"));
        let links = "<aside><a href=\"www.partner.example/terms/\">a</a> <a href=\"cdn.example/policy/\">b</a></aside></body>";
        Reply::html(String::from_utf8(reply.body).unwrap().replace("</body>", links))
    };
    let paths: Vec<String> = (1..=12).map(|n| format!("/s/{n}/")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let site = Script::new().front(&paths).all("/s/", page).start();
    let desk = Desk::for_site(&site.origin);
    let (requests, _) = run(&desk, 2000);
    assert!(requests < 150, "{requests}");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 12);
    assert!(desk.count("SELECT count(*) FROM alias WHERE proof = 'equal_text'") > 0);
}

#[test]
fn pages_for_nothing_that_link_others_at_random_are_left_and_the_report_names_them() {
    let nothing = |path: &str| {
        let links = links(path, |n| format!("/{}/{}", n % 7919, n));
        Reply::html(format!("<title>某站</title><body><h1>随便看看</h1><div>{links}</div></body>"))
    };
    let site = Script::new()
        .front(&["/1.html", "/2.html", "/7/7"])
        .on("/1.html", Reply::article("一", "甲。"))
        .on("/2.html", Reply::article("二", "乙。"))
        .all("/", nothing)
        .start();
    let desk = Desk::for_site(&site.origin);
    let (report, _) = desk.crawl("--max-pages 5000");
    assert!(report["requests"].as_u64().unwrap() < 400, "{report}");
    let left = &report["sites"][0]["left_aside"][0];
    assert!(left["urls"].as_u64().unwrap() > 40 && left["form"].as_str().unwrap().contains('#'), "{left}");
    assert_eq!(desk.count("SELECT count(*) FROM article"), 2);
}

#[test]
fn an_article_that_is_always_due_is_looked_at_once_a_run() {
    let site = Script::new()
        .front(&["/1.html", "/2.html"])
        .on("/1.html", Reply::article("一", "甲。"))
        .on("/2.html", Reply::article("二", "乙。"))
        .on("/2.html", Reply::new(404))
        .start();
    let desk = Desk::with_config(&format!(
        "[archive]\nstore = \"a.sqlite\"\n[recrawl]\nfirst = \"0s\"\nlongest = \"0s\"\ngone_looks = 1\ngone_after = \"0s\"\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\n",
        site.origin
    ));
    run(&desk, 500);
    let (requests, _) = run(&desk, 500);
    assert!(requests < 10, "{requests}");
    assert_eq!((site.hits("/1.html"), site.hits("/2.html")), (2, 2));
}
