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
    for _ in 0..14 {
        lab.wait(24);
        lab.run();
    }
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
    for _ in 0..14 {
        lab.wait(24);
        lab.run();
    }
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
fn an_article_whose_new_place_was_read_before_is_not_missing() {
    for page in [article("步道", "步道完工了。"), article("步道", "步道完工了,人人都来。")]
    {
        let lab = Lab::with_article();
        lab.links(HOME, &["/1.html", "/new/1.html"]);
        lab.on(MOVED, page);
        lab.run();
        lab.on(FIRST, Reply::redirect(301, MOVED));
        for _ in 0..14 {
            lab.wait(24);
            lab.run();
        }
        assert_eq!(lab.articles(), [format!("{FIRST} 1"), format!("{MOVED} 1")]);
    }
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
