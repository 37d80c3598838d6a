//! Articles that move, and URLs that lead to something else.

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Lab, Reply};

const SECOND: &str = "http://park.example/2.html";
const MOVED: &str = "http://park.example/new/1.html";

#[test]
fn an_article_that_moved_by_a_redirect_stays_one() {
    for (page, versions) in
        [(article("步道", "步道完工了。"), 1), (article("步道", "步道完工了,人人都来。"), 2)]
    {
        let lab = Lab::with_article();
        lab.on(FIRST, Reply::redirect(301, MOVED));
        lab.on(MOVED, page);
        lab.run_full();
        assert_eq!(lab.articles(), [format!("{MOVED} {versions}")]);
        lab.on(MOVED, article("步道", "步道又关了。"));
        lab.wait(1);
        lab.run_full();
        assert_eq!(lab.articles(), [format!("{MOVED} {}", versions + 1)]);
        assert_eq!(lab.desk.texts("SELECT proof FROM alias"), ["redirect"]);
    }
}

#[test]
fn an_article_whose_url_leads_to_something_else_is_gone_after_a_week_and_back_when_it_is_back() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::redirect(302, "/walks/"));
    lab.on("http://park.example/walks/", Reply::html("<title>步道</title><h1>步道</h1><p>短。</p>"));
    lab.run_daily(14);
    assert_eq!(lab.articles(), [format!("{FIRST} 1 gone")]);
    lab.on(FIRST, article("步道", "步道完工了。"));
    lab.wait(1);
    lab.run_full();
    assert_eq!(lab.articles(), [format!("{FIRST} 1")]);
}

#[test]
fn an_article_that_leads_to_another_one_does_not_take_its_place() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::redirect(301, SECOND));
    lab.on(SECOND, article("新的", "又有一篇。"));
    lab.run_daily(14);
    assert_eq!(lab.articles(), [format!("{FIRST} 1 gone"), format!("{SECOND} 1")]);
}

#[test]
fn an_article_follows_its_site_to_www_and_back() {
    let www = "http://www.park.example/1.html";
    let page = || article("步道", "步道完工了。");
    let lab = Lab::with_article();
    for (here, there) in [(FIRST, www), (www, FIRST), (FIRST, www)] {
        lab.on(here, Reply::redirect(301, there));
        lab.on(there, page());
        lab.wait(1);
        lab.run_full();
        assert_eq!(lab.articles(), [format!("{there} 1")]);
    }
}

#[test]
fn an_article_whose_new_place_was_read_before_is_one_with_it() {
    let edited = "步道完工了,人人都来。";
    for (page, versions) in [(article("步道", "步道完工了。"), 1), (article("步道", edited), 2)] {
        let lab = Lab::with_article();
        lab.links(HOME, &["/1.html", "/new/1.html"]);
        lab.on(MOVED, page);
        lab.run();
        lab.on(FIRST, Reply::redirect(301, MOVED));
        lab.run_daily(14);
        assert_eq!(lab.articles(), [format!("{MOVED} {versions}")]);
        assert_eq!(lab.desk.count("SELECT count(*) FROM pending_index"), 0);
        let reasons = lab.desk.texts("SELECT reason FROM version ORDER BY n");
        assert_eq!(reasons, ["published", "edited"][..versions]);
        let orphans = "SELECT count(*) FROM version_capture WHERE version NOT IN (SELECT id FROM version)";
        assert_eq!(lab.desk.count(orphans), 0);
        let archive = lab.desk.archive();
        let found =
            lab.desk.run(&format!("search 步道 --json -a {}", archive.display())).expect_code(0).stdout;
        assert_eq!(found.lines().count(), 1, "{found}");
        lab.on(MOVED, article("步道", "步道又关了。"));
        lab.run_full();
        assert_eq!(lab.articles(), [format!("{MOVED} {}", versions + 1)]);
    }
}

#[test]
fn all_that_name_a_page_as_their_own_are_one_article_with_it() {
    let text = "步道完工了,沿河三公里,有灯有椅,人人都来散步。".repeat(6);
    let page = || {
        Reply::html(format!(
            "<html lang=zh><head><title>步道</title><link rel=canonical href=/p/1/></head><body><h1>步道</h1>
             <p class=date>2025-03-09</p><div class=content><p>{text}</p></div></body></html>"
        ))
    };
    let lab = Lab::new(&[HOME]);
    let names = ["http://park.example/p/1", "http://park.example/p/1/?from=rss", "http://park.example/p/1/"];
    for name in names {
        lab.on(name, page());
    }
    lab.links(HOME, &["/p/1", "/p/1/?from=rss"]);
    lab.run();
    assert_eq!(lab.articles(), [format!("{} 1", names[2])]);
    assert_eq!(lab.desk.count("SELECT count(*) FROM alias"), 2);
}

#[test]
fn a_new_place_that_fails_is_not_asked_more_often_because_the_old_one_leads_there() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::redirect(301, MOVED));
    lab.on(MOVED, Reply::new(500));
    lab.run_full();
    let tries = lab.hits(MOVED);
    lab.asked();
    lab.run_full();
    assert!(tries > 1 && lab.hits(MOVED) == 0, "{tries}, then {}", lab.hits(MOVED));
}
