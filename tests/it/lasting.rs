//! What a crawl for years must survive: an hour of errors takes nothing away for good.

use jianbao::frontier::{Candidate, Kind, Via};
use jianbao::url::CanonicalUrl;

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply, corpus};

const SECOND: &str = "http://park.example/2.html";

#[test]
fn a_front_page_that_was_refused_or_missing_once_is_asked_again_by_the_next_run() {
    for status in [403, 404, 410, 451] {
        let lab = Lab::new(&[HOME]);
        lab.on(HOME, Reply::new(status));
        let report = lab.run();
        assert!(report.sites[0].alarms[0].starts_with("no seed could be read"), "{status}: {report:?}");
        lab.wait(1);
        lab.links(HOME, &["/1.html"]);
        lab.on(FIRST, article("步道", "步道完工了。"));
        let report = lab.run();
        assert_eq!(
            (report.needs_attention(), report.counts.articles.new),
            (false, 1),
            "{status}: {report:?}"
        );
    }
}

#[test]
fn a_front_page_that_failed_is_asked_again_by_the_next_run() {
    for reply in [Reply::new(502), Reply::never(), Reply::redirect(302, "/")] {
        let lab = Lab::with_article();
        lab.on(HOME, reply);
        lab.run();
        lab.links(HOME, &["/1.html", "/2.html"]);
        lab.on(SECOND, article("新的", "又有一篇。"));
        lab.wait(1);
        let report = lab.run();
        assert_eq!((report.needs_attention(), report.counts.articles.new), (false, 1), "{report:?}");
    }
}

#[test]
fn a_front_page_in_a_loop_of_redirects_is_asked_again() {
    let lab = Lab::with_article();
    lab.on(HOME, Reply::redirect(302, "/welcome"));
    lab.on("http://park.example/welcome", Reply::redirect(302, "/"));
    lab.run();
    assert_eq!(lab.url(HOME, "outcome"), "redirect_loop");
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(SECOND, article("新的", "又有一篇。"));
    lab.wait(1);
    assert_eq!(lab.run().counts.articles.new, 1);
}

#[test]
fn a_page_that_never_was_there_is_given_up() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(SECOND, article("新的", "又有一篇。"));
    for day in 0..5 {
        lab.asked();
        let report = lab.run();
        assert!(!report.needs_attention(), "{day}: {report:?}");
        lab.wait(25);
    }
    assert!(!lab.asked().contains(&FIRST.to_owned()));
    assert_eq!(lab.url(FIRST, "state"), "given_up");
}

#[test]
fn a_seed_below_the_front_page_is_looked_at_by_every_run() {
    let about = "http://park.example/about/";
    let lab = Lab::new(&[about]);
    let page = |links: &str| Reply::html(format!("<title>关于</title><h1>关于我们</h1><p>短。</p>{links}"));
    lab.on(about, page("<a href=/1.html>第一篇文章的标题</a>"));
    lab.on(FIRST, article("步道", "步道完工了。"));
    assert_eq!(lab.run().counts.articles.new, 1);
    lab.on(about, page("<a href=/2.html>第二篇文章的标题</a>"));
    lab.on(SECOND, article("新的", "又有一篇。"));
    lab.wait(1);
    assert_eq!(lab.run().counts.articles.new, 1);
}

#[test]
fn an_article_that_a_crawl_begins_with_is_archived_like_those_that_it_leads_to() {
    let lab = Lab::new(&[FIRST]);
    let text = "步道完工了。</p><p><a href=/2.html>第二篇文章的标题</a>";
    lab.on(FIRST, article("步道", text));
    lab.on(SECOND, article("新的", "又有一篇。"));
    assert_eq!(lab.run().counts.articles.new, 2);
    lab.on(FIRST, article("步道", &format!("{text}后来又加了一句。")));
    lab.wait(1);
    assert_eq!(lab.run().counts.articles.revised, 1);
}

#[test]
fn a_page_that_is_made_a_seed_later_is_looked_at_by_every_run() {
    let section = "http://park.example/walks/";
    let mut lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/walks/"]);
    lab.on(section, Reply::html("<title>步道</title><h1>步道</h1><p>短。</p>"));
    lab.run();
    lab.config.sites[0].seeds.push(section.to_owned());
    for hour in 0..3 {
        lab.wait(1);
        lab.asked();
        lab.run();
        assert_eq!(lab.hits(section), 1, "hour {hour}");
    }
}

#[test]
fn links_to_a_twin_host_that_is_closed_cost_the_site_nothing() {
    let delay = Reply::new(200).body("User-agent: *\nCrawl-delay: 900\n");
    for robots in
        [None, Some(Reply::never()), Some(Reply::new(503).header("Retry-After", "7200")), Some(delay)]
    {
        let lab = Lab::new(&[HOME]);
        let twins = ["https://park.example/s.html", "https://www.park.example/t.html"];
        lab.links(HOME, &["/1.html", twins[0], twins[1], "/2.html"]);
        if let Some(robots) = robots {
            lab.on("https://park.example/robots.txt", robots);
        }
        lab.on(FIRST, article("步道", "步道完工了。"));
        lab.on(SECOND, article("新的", "又有一篇。"));
        let report = lab.run();
        assert_eq!(report.counts.articles.new, 2, "{report:?}");
        assert!(report.sites[0].alarms.iter().all(|alarm| alarm.starts_with("https://")), "{report:?}");
        assert_eq!(lab.url(twins[0], "state"), "queued", "it is tried again tomorrow");
        lab.wait(1);
        lab.asked();
        assert!(!lab.run().needs_attention());
        assert_eq!(lab.asked(), [HOME]);
        lab.run_daily(6);
        assert_eq!(lab.url(twins[0], "state"), "given_up");
        lab.wait(1);
        assert!(!lab.run().needs_attention());
    }
}

#[test]
fn two_pages_that_lead_in_a_circle_between_twin_hosts_condemn_no_other() {
    let www = "http://www.park.example/";
    let lab = Lab::new(&[HOME, www]);
    let news = ["/n1.html", "/n2.html", "/n3.html"];
    for (home, other) in [(HOME, www), (www, HOME)] {
        lab.links(home, &["/old1.html", "/old2.html", "/n1.html", "/n2.html", "/n3.html"]);
        for old in ["old1.html", "old2.html"] {
            lab.on(&format!("{home}{old}"), Reply::redirect(301, &format!("{other}{old}")));
        }
        for path in news {
            lab.on(&format!("{home}{}", &path[1..]), article(path, &format!("{path}说的。")));
        }
    }
    let report = lab.run();
    assert_eq!(report.counts.articles.new, 3, "{report:?}");
    assert_eq!(report.counts.articles.duplicate, 3, "{report:?}");
}

#[test]
fn two_pages_that_moved_to_a_host_that_leads_back_condemn_no_other() {
    let www = "http://www.park.example/";
    let lab = Lab::new(&[HOME]);
    let news = ["/n1.html", "/n2.html", "/n3.html"];
    lab.links(HOME, &["/old1.html", "/old2.html", "/n1.html", "/n2.html", "/n3.html"]);
    for old in ["old1.html", "old2.html"] {
        lab.on(&format!("{HOME}{old}"), Reply::redirect(301, &format!("{www}{old}")));
        lab.on(&format!("{www}{old}"), article(old, &format!("{old}说的。")));
    }
    for path in news {
        let path = &path[1..];
        lab.on(&format!("{HOME}{path}"), article(path, &format!("{path}说的。")));
        lab.on(&format!("{www}{path}"), Reply::redirect(302, &format!("{HOME}{path}")));
    }
    assert_eq!(lab.run().counts.articles.new, 5);
}

#[test]
fn a_site_that_moved_to_https_is_asked_there_alone() {
    let lab = Lab::new(&[HOME]);
    let paths = ["1.html", "2.html", "3.html", "4.html", "5.html", "6.html"];
    lab.on(HOME, Reply::redirect(301, "https://park.example/"));
    let links = paths.map(|path| format!("{HOME}{path}"));
    lab.links("https://park.example/", &links.each_ref().map(String::as_str));
    for path in paths {
        lab.on(&format!("{HOME}{path}"), Reply::redirect(301, &format!("https://park.example/{path}")));
        lab.on(&format!("https://park.example/{path}"), article(path, &format!("{path}说的。")));
    }
    assert_eq!(lab.run().counts.articles.new, 6);
    let plain = lab.asked().into_iter().filter(|url| url.starts_with("http://")).count();
    assert_eq!(plain, 2, "two redirects prove the move");
}

#[test]
fn an_answer_that_was_cut_off_is_asked_for_anew() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    let whole = article("步道", "步道完工了。").header("ETag", "\"v1\"");
    lab.on_each(FIRST, vec![whole.clone().cut(), whole]);
    assert_eq!(lab.run().counts.articles.new, 1);
    assert_eq!(lab.hits(FIRST), 2);
}

#[test]
fn an_article_of_which_only_a_part_ever_came_is_read_anew() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    let whole = article("步道", "步道完工了。").header("ETag", "\"v1\"");
    lab.on(FIRST, whole.clone().cut());
    lab.run();
    lab.run_daily(3);
    assert_eq!(lab.articles().len(), 1, "at the last try, what there is is taken");
    lab.on(FIRST, article("步道", "步道完工了,人人都来。").header("ETag", "\"v1\""));
    lab.wait(48);
    assert_eq!(lab.run().counts.articles.revised, 1);
}

#[test]
fn an_hour_of_nonsense_takes_no_article_away() {
    for nonsense in [
        Reply::redirect(302, "/l.html"),
        Reply::new(200).header("Content-Type", "application/json").body("{\"maintenance\": true}"),
        Reply::new(403),
        Reply::redirect(302, "http://elsewhere.example/"),
    ] {
        let lab = Lab::with_article();
        lab.on(FIRST, nonsense.clone());
        lab.on("http://park.example/l.html", Reply::redirect(302, FIRST));
        lab.run_full();
        lab.on(FIRST, article("步道", "步道完工了,人人都来。"));
        lab.run_daily(3);
        assert_eq!(lab.articles(), [format!("{FIRST} 2")], "{nonsense:?}");
    }
}

#[test]
fn a_site_that_was_renamed_is_named_and_the_others_go_on() {
    let mut lab = Lab::with_article();
    "walks".clone_into(&mut lab.config.sites[0].name);
    lab.add_site("other", &["http://other.example/"]);
    lab.links("http://other.example/", &["/1.html"]);
    lab.on("http://other.example/1.html", article("别处", "别处的新闻。"));
    let report = lab.run();
    let [other, walks] = &report.sites[..] else { panic!("{report:?}") };
    assert_eq!((other.counts.articles.new, &other.alarms[..]), (1, &[][..]));
    assert!(walks.alarms[0].contains("as a host of the site `site`, not of `walks`"), "{walks:?}");
    // What the message says helps.
    let rename = walks.alarms[0].split("in the archive: ").last().unwrap();
    rusqlite::Connection::open(lab.desk.archive()).unwrap().execute(rename, []).unwrap();
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(SECOND, article("新的", "又有一篇。"));
    lab.wait(1);
    let report = lab.run();
    assert_eq!((report.needs_attention(), report.sites[1].counts.articles.new), (false, 1), "{report:?}");
}

#[test]
fn two_sites_of_one_host_are_refused() {
    let site = |name: &str, seed: &str| format!("[[site]]\nname = \"{name}\"\nseeds = [\"{seed}\"]\n");
    let config = site("a", "http://park.example/") + &site("b", "https://www.park.example/walks/");
    Desk::with_config(&config).run("crawl").expect_code(2).expect_stderr("have seeds on one host");
}

#[test]
fn a_page_that_cannot_be_examined_costs_itself_alone() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(FIRST, Reply::unreadable());
    lab.on(SECOND, article("新的", "又有一篇。"));
    let report = lab.run();
    assert_eq!((report.counts.articles.new, report.sites[0].outcomes["panicked"]), (1, 1), "{report:?}");
    lab.on(FIRST, article("步道", "步道完工了。"));
    lab.wait(25);
    assert_eq!(lab.run().counts.articles.new, 1);
}

#[test]
fn a_host_that_swallows_requests_is_left_to_the_next_run() {
    let lab = Lab::new(&[HOME]);
    let paths: Vec<String> = (0..30).map(|n| format!("/{n}.html")).collect();
    lab.links(HOME, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    for path in &paths {
        lab.on(&format!("http://park.example{path}"), Reply::never());
    }
    let report = lab.run();
    assert!(report.sites[0].alarms[0].contains("did not answer in full"), "{report:?}");
    assert_eq!(lab.asked().len(), 1 + 5);
}

#[test]
fn a_page_that_never_comes_costs_itself_alone() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(FIRST, Reply::never());
    lab.on(SECOND, article("新的", "又有一篇。"));
    let report = lab.run();
    assert_eq!((&report.sites[0].alarms[..], report.counts.articles.new), (&[][..], 1), "{report:?}");
    assert_eq!(lab.hits(FIRST), 4);
}

#[test]
fn a_full_run_looks_at_every_known_article() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::new(403));
    lab.run_full();
    lab.wait(1);
    lab.on(FIRST, article("步道", "步道完工了,人人都来。"));
    assert_eq!(lab.run_full().counts.articles.revised, 1, "it was to be tried again the next day");
}

#[test]
fn urls_whose_adding_failed_are_added_by_the_next_try() {
    let lab = Lab::with_article();
    let archive = rusqlite::Connection::open(lab.desk.archive()).unwrap();
    let guard = "CREATE TRIGGER full BEFORE INSERT ON url WHEN new.url LIKE '%full%'
                 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    archive.execute_batch(guard).unwrap();
    let (store, writer) = corpus::open(&lab.desk.archive());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let candidate = |url: &str| {
        let url = CanonicalUrl::parse(url, None).unwrap();
        Candidate::new(url, Kind::Post, Via::Id, 0)
    };
    let add = |urls: &[&str]| {
        let candidates = urls.iter().map(|url| candidate(url)).collect();
        runtime.block_on(store.add(1, candidates, jiff::Timestamp::UNIX_EPOCH))
    };
    assert!(add(&[SECOND, "http://park.example/full"]).is_err());
    assert_eq!(add(&[SECOND]).unwrap(), 1);
    drop(store);
    writer.close().unwrap();
    assert_eq!(lab.url(SECOND, "state"), "queued");
}

#[test]
fn a_sweep_that_was_killed_is_gone_on_with() {
    let mut lab = Lab::new(&[HOME]);
    lab.config.recrawl.sweep_every = 2;
    let pages = [HOME, "http://park.example/page/2", "http://park.example/page/3"];
    for (n, page) in pages.iter().enumerate() {
        let next = pages.get(n + 1).map(|next| format!("<a href=\"{next}\">下一页</a>")).unwrap_or_default();
        let items = [2 * n, 2 * n + 1].map(|n| format!("<p><a href=/{n}.html>文章{n}</a></p>")).concat();
        lab.on(page, Reply::html(format!("<title>新闻</title><body>{items}{next}</body>")));
    }
    for n in 0..6 {
        lab.on(&format!("{HOME}{n}.html"), article(&format!("第{n}篇"), &format!("{n}的事。")));
    }
    lab.run();
    assert_eq!(lab.hits(pages[2]), 1);
    lab.wait(1);
    lab.run();
    assert_eq!(lab.hits(pages[2]), 1, "nothing is new on the list's first page");
    lab.wait(1);
    lab.budget.max_pages = Some(1);
    lab.run();
    lab.budget.max_pages = None;
    let archive = rusqlite::Connection::open(lab.desk.archive()).unwrap();
    archive.execute("UPDATE run SET outcome = NULL, finished = NULL WHERE id = 3", []).unwrap();
    lab.wait(1);
    lab.run();
    assert_eq!(lab.hits(pages[2]), 2);
}

#[test]
fn a_row_that_is_no_url_is_given_up() {
    let lab = Lab::with_article();
    let archive = rusqlite::Connection::open(lab.desk.archive()).unwrap();
    let insert = "INSERT INTO url (site, host, url, key, kind, state, depth, rank, due_at, discovered_at)
                  SELECT 1, 1, 'not a URL ' || value, CAST(value AS BLOB), 'post', 'queued', 1, 2000, 0, 0
                  FROM json_each('[1, 2, 3]')";
    archive.execute_batch(insert).unwrap();
    lab.links(HOME, &["/1.html", "/2.html"]);
    lab.on(SECOND, article("新的", "又有一篇。"));
    assert_eq!(lab.run().counts.articles.new, 1);
    assert_eq!(lab.url("not a URL 1", "state || ' ' || outcome"), "given_up bad_url");
}

#[test]
fn an_article_that_a_crawl_begins_with_is_missed_when_its_page_says_that_nothing_is_there() {
    let notice = "<title>提示</title><body><p>您访问的页面不存在或者已经被删除,请返回首页。</p></body>";
    let lab = Lab::new(&[HOME, FIRST]);
    lab.links(HOME, &["/no.html"]);
    lab.on("http://park.example/no.html", Reply::new(404).body(notice));
    lab.on(FIRST, article("步道", "步道完工了。"));
    assert_eq!(lab.run().counts.articles.new, 1);
    lab.on(FIRST, Reply::html(notice).header("ETag", "\"none\""));
    lab.run_daily(14);
    assert_eq!(lab.articles(), [format!("{FIRST} 1 gone")], "a page that still says so is no article");
}

#[test]
fn the_archive_of_the_running_month_is_looked_at_until_the_month_is_over() {
    let lab = Lab::new(&[HOME]);
    let at = |path: &str| format!("{HOME}{path}");
    let (running, past) = (at("2025/03/"), at("2025/02/"));
    lab.links(HOME, &["/2025/03/", "/2025/02/"]);
    lab.links(&past, &["/1.html"]);
    lab.links(&running, &["/2.html"]);
    for n in 1..=4 {
        lab.on(&at(&format!("{n}.html")), article(&format!("第{n}篇"), &format!("第{n}篇的内容。")));
    }
    let day = |expected: usize| {
        lab.asked();
        lab.wait(24);
        let report = lab.run();
        assert_eq!((lab.hits(&running), lab.hits(&past)), (expected, 0), "{report:?}");
    };
    lab.run();
    assert_eq!((lab.hits(&running), lab.hits(&past)), (1, 1));
    lab.links(&running, &["/3.html", "/2.html"]);
    day(1);
    assert_eq!(lab.articles().len(), 3);
    // The month ends, with a last post: one look more, and no other.
    lab.links(&running, &["/4.html", "/3.html", "/2.html"]);
    lab.wait(24 * 24);
    day(1);
    assert_eq!(lab.articles().len(), 4);
    day(0);
    day(0);
}
