//! Sections of a site that no profile knows: their pages are told from articles, turned, and looked at
//! again.

use crate::support::lab::{HOME, article};
use crate::support::{Lab, Reply};

/// The path of a list's page, by its number.
type Address = fn(usize) -> String;

const SITE: &str = "http://park.example";

/// A page that lists articles by title and date, with a menu above and a pager below.
fn list(posts: impl Iterator<Item = usize>, pager: &str) -> Reply {
    let item = |n| format!("<li><a href=/a/{n}.html>{}</a><span>2025-03-01</span></li>", title(n));
    let items = posts.map(item).collect::<Vec<_>>().concat();
    Reply::html(format!(
        "<html lang=zh><title>新闻中心</title><body><div><a href=/>网站首页</a><a href=/news/>新闻中心</a></div>
         <ul class=list>{items}</ul><div class=pager>{pager}</div></body></html>"
    ))
}

fn title(n: usize) -> String {
    format!("老码头改造工程第{n}期完工")
}

/// A site of a section with so many posts, `per` on a page, whose pages have these addresses; `pager` makes
/// a page's links to others from its number and its last.
fn section(lab: &Lab, (posts, per): (usize, usize), at: Address, pager: impl Fn(usize, usize) -> String) {
    for n in 1..=posts {
        lab.on(
            &format!("{SITE}/a/{n}.html"),
            article(&title(n), &format!("第{n}期讲的是河边的第{n}段步道。")),
        );
    }
    let last = posts.div_ceil(per);
    for page in 1..=last {
        let newest = posts - (page - 1) * per;
        let posts = (newest.saturating_sub(per) + 1..=newest).rev();
        lab.on(&format!("{SITE}{}", at(page)), list(posts, &pager(page, last)));
    }
}

fn new_articles(lab: &Lab) -> u64 {
    lab.run().counts.articles.new
}

#[test]
fn a_section_of_titles_and_dates_is_looked_at_again() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/news/"]);
    let at = |_| "/news/".to_owned();
    section(&lab, (5, 5), at, |_, _| String::new());
    assert_eq!(new_articles(&lab), 5);
    assert_eq!(lab.url(&format!("{SITE}/news/"), "kind"), "list");
    lab.wait(24);
    section(&lab, (7, 7), at, |_, _| String::new());
    assert_eq!(new_articles(&lab), 2);
}

#[test]
fn a_later_page_of_a_section_is_no_part_of_an_article() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/news/", "/news/index_2.html"]);
    let at = |page| if page == 1 { "/news/".to_owned() } else { format!("/news/index_{page}.html") };
    section(&lab, (20, 5), at, |page, _| {
        format!(
            "<a href=/news/>首页</a><a href=/news/index_{}.html>下一页</a><a href=/news/index_4.html>尾页</a>",
            page + 1
        )
    });
    assert_eq!(new_articles(&lab), 20, "{:?}", lab.asked());
}

#[test]
fn a_pager_is_turned_to_its_end_whatever_its_words() {
    // More pages than links may be followed.
    let (posts, per) = (33, 3);
    let words: [(&str, Address); 16] = [
        ("<a href={}>下一页&gt;&gt;</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>下一页 &raquo;</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>下 一 页</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>后页</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>加载更多</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>Next &gt;</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>Next Page →</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>« Older Entries</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>следующая</a>", |page| format!("/news/{page}.html")),
        ("<a href={} class='page-numbers next'><i></i></a>", |page| format!("/news/{page}.html")),
        ("<a href={} title=下一页><i></i></a>", |page| format!("/news/{page}.html")),
        ("<a href={} aria-label='Next page'><i></i></a>", |page| format!("/news/{page}.html")),
        ("<a href={}>第#页</a>", |page| format!("/news/{page}.html")),
        ("<a href={}>[#]</a>", |page| format!("/news/list_12_{page}.html")),
        ("<a href={}>#</a>", |page| format!("/news/?start={}", page * 20 - 20)),
        ("<a href={}>#</a>", |page| format!("/news/?page={}", page - 1)),
    ];
    for (words, at) in words {
        let lab = Lab::new(&[HOME]);
        lab.links(HOME, &[&at(1)]);
        section(&lab, (posts, per), at, |page, last| {
            let links = [page.saturating_sub(1), page + 1].map(|to| {
                let is_shown = (1..=last).contains(&to) && (to > page || words.contains('#'));
                let link = words.replace("{}", &at(to.max(1))).replace('#', &to.to_string());
                if is_shown { link } else { String::new() }
            });
            links.concat()
        });
        assert_eq!(new_articles(&lab), posts as u64, "{words}");
    }
}

#[test]
fn links_below_teasers_are_no_pager() {
    let lab = Lab::new(&[HOME]);
    let teaser = |n| format!("<div class=post><p>{}</p><a href=/a/{n}.html>Weiter »</a></div>", title(n));
    let teasers = (1..=4).map(teaser).collect::<Vec<_>>().concat();
    lab.on(HOME, Reply::html(format!("<title>Amt</title><body>{teasers}</body>")));
    for n in 1..=4 {
        lab.on(
            &format!("{SITE}/a/{n}.html"),
            article(&title(n), &format!("第{n}期讲的是河边的第{n}段步道。")),
        );
    }
    assert_eq!(new_articles(&lab), 4);
}

#[test]
fn a_later_page_that_failed_is_asked_for_again_when_its_list_is_turned() {
    for status in [404, 403] {
        let lab = Lab::new(&[HOME]);
        lab.links(HOME, &["/news/1.html"]);
        let at = |page| format!("/news/{page}.html");
        let pager = |page, last| {
            if page < last { format!("<a href={}>下一页</a>", at(page + 1)) } else { String::new() }
        };
        section(&lab, (20, 4), at, pager);
        let third = format!("{SITE}{}", at(3));
        lab.on(&third, Reply::new(status));
        assert_eq!(new_articles(&lab), 8);
        assert_eq!(lab.hits(&third), 1, "{status}");
        lab.asked();
        // The list shows something new, and the page is there again.
        lab.wait(24);
        section(&lab, (21, 4), at, pager);
        assert_eq!(new_articles(&lab), 13, "{status}");
        assert_eq!(lab.hits(&third), 1);
    }
}
