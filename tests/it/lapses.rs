//! What a site shows for a while and does not mean: articles keep their texts, and the run says so.

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Lab, Outcome, Reply};

const NOTICE: &str =
    "本站正在升级维护,暂时不能提供服务,维护期间所有栏目停止更新,预计明天上午恢复,请大家谅解并稍后再来。";

fn url(n: usize) -> String {
    format!("{HOME}{n}.html")
}

/// A text of its own for each number.
fn text(n: usize) -> String {
    let road = ["东江路", "西湖巷", "南山道", "北门街", "中央大道"][n % 5];
    format!(
        "{road}{n}号地块今日开工。项目总投资{n}亿元,分{n}期建设。建成后可容纳{n}百家企业,预计{road}沿线{n}年内通车。"
    )
}

fn page(n: usize) -> Reply {
    article(&format!("第{n}号地块开工"), &text(n))
}

/// A site with so many articles, crawled once.
fn lab(articles: usize) -> Lab {
    let lab = Lab::new(&[HOME]);
    let paths: Vec<String> = (1..=articles).map(|n| format!("/{n}.html")).collect();
    lab.links(HOME, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    put(&lab, 1..=articles, page);
    assert_eq!(lab.run().counts.articles.new, articles as u64);
    lab
}

fn show(lab: &Lab, line: &str) -> Outcome {
    lab.desk.run(&format!("{line} -a {}", lab.desk.archive().display()))
}

/// What stands at each of these numbers from now on.
fn put(lab: &Lab, numbers: impl IntoIterator<Item = usize>, reply: impl Fn(usize) -> Reply) {
    for n in numbers {
        lab.on(&url(n), reply(n));
    }
}

fn gone(lab: &Lab) -> usize {
    lab.articles().iter().filter(|article| article.ends_with(" gone")).count()
}

#[test]
fn a_site_that_misses_most_of_its_articles_for_months_is_broken_and_they_are_not_gone() {
    let lab = lab(30);
    put(&lab, 1..=30, |_| Reply::new(404));
    for _ in 0..120 {
        lab.wait(24);
        let report = lab.run();
        assert_eq!(gone(&lab), 0);
        assert!(report.counts.requests < 3 || report.needs_attention(), "{report:?}");
    }
    lab.wait(1);
    let report = lab.run_full();
    assert!(report.sites[0].alarms[0].contains("is the site broken?"), "{report:?}");
}

#[test]
fn what_comes_back_after_an_outage_was_never_gone() {
    let lab = lab(30);
    put(&lab, 1..=30, |_| Reply::new(404));
    lab.run_daily(20);
    put(&lab, (1..=30).filter(|n| n % 10 != 0), page);
    for day in 0..40 {
        lab.wait(24);
        let report = lab.run();
        assert!(gone(&lab) <= 3, "{day}: {report:?}");
    }
    let expected: Vec<String> =
        (1..=30).map(|n| format!("{} 1{}", url(n), if n % 10 == 0 { " gone" } else { "" })).collect();
    assert_eq!(lab.articles(), expected, "three did not come back");
}

#[test]
fn a_notice_in_place_of_all_articles_becomes_nobodys_text() {
    let lab = lab(12);
    put(&lab, 1..=12, |_| article("系统升级公告", NOTICE));
    lab.wait(24);
    let report = lab.run_full();
    let alarms = &report.sites[0].alarms;
    assert!(alarms.iter().any(|alarm| alarm.starts_with("11 pages show one text")), "{alarms:?}");
    assert_eq!(lab.desk.count("SELECT count(*) FROM version"), 13, "the first could not be known for one");
    assert_eq!(
        lab.desk.texts("SELECT DISTINCT outcome FROM url WHERE article IS NOT NULL ORDER BY 1"),
        ["article", "foreign_text"]
    );
    put(&lab, 1..=12, page);
    lab.wait(24);
    let report = lab.run_full();
    assert!(!report.needs_attention(), "{report:?}");
    for n in 1..=12 {
        let sql = format!(
            "SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest JOIN url u ON u.id = a.url WHERE u.url = '{}'",
            url(n)
        );
        assert_eq!(lab.desk.texts(&sql), [text(n)]);
    }
}

#[test]
fn two_copies_that_are_edited_alike_are_edited() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/2.html"]);
    for edition in [text(1), format!("{}记者从现场获悉,工程进展顺利。", text(1))] {
        lab.on(FIRST, article("开工", &edition));
        lab.on(&url(2), article("开工", &edition));
        lab.run_full();
        lab.wait(24);
    }
    assert_eq!(lab.articles(), [format!("{FIRST} 2"), format!("{} 2", url(2))]);
}

#[test]
fn a_change_of_most_articles_at_once_is_an_alarm() {
    let lab = lab(12);
    for n in 1..=12 {
        let teaser = text(n).split_inclusive('。').take(1).collect::<String>();
        lab.on(&url(n), article(&format!("第{n}号地块开工"), &teaser));
    }
    lab.wait(24);
    let report = lab.run_full();
    assert!(
        report.sites[0].alarms.iter().any(|alarm| alarm.starts_with("12 of 12 known articles have changed")),
        "{report:?}"
    );
}

#[test]
fn who_is_sent_to_a_login_page_has_not_lost_the_article() {
    let lab = Lab::with_article();
    let login = "<title>用户登录</title><body><form><input name=u><input type=password name=p></form></body>";
    lab.on(FIRST, Reply::redirect(302, "/login.html"));
    lab.on("http://park.example/login.html", Reply::html(login));
    for _ in 0..20 {
        lab.wait(24);
        lab.run_full();
    }
    assert_eq!(lab.articles(), [format!("{FIRST} 1")]);
}

#[test]
fn an_answer_that_was_cut_off_takes_nothing_from_an_article() {
    let lab = Lab::with_article();
    lab.on(FIRST, article("步道", "步道完工了。第一段沿河。第二段上山。"));
    lab.run_full();
    lab.on(FIRST, article("步道", "步道完工了。").cut());
    for _ in 0..6 {
        lab.wait(24);
        lab.run_full();
    }
    assert_eq!(lab.articles(), [format!("{FIRST} 2")]);
    assert!(show(&lab, "show 1").expect_code(0).stdout.contains("第二段上山"));
}

#[test]
fn a_post_that_is_announced_before_it_is_there_is_asked_for_again() {
    for early in [404, 403] {
        let lab = Lab::new(&[HOME]);
        lab.links(HOME, &["/1.html"]);
        lab.on(FIRST, Reply::new(early));
        assert_eq!(lab.run().counts.articles.new, 0);
        lab.on(FIRST, page(1));
        lab.wait(25);
        assert_eq!(lab.run().counts.articles.new, 1, "{early}");
    }
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    lab.on(FIRST, Reply::new(404));
    for _ in 0..40 {
        lab.run();
        lab.wait(24);
    }
    assert_eq!(lab.hits(FIRST), 3, "a dead link is left alone");
    for lost in [
        Reply::new(200).header("Content-Type", "application/pdf").body("%PDF-1.7"),
        Reply::redirect(302, "http://elsewhere.example/"),
    ] {
        let lab = Lab::new(&[HOME]);
        lab.links(HOME, &["/1.html"]);
        lab.on(FIRST, lost);
        for _ in 0..20 {
            lab.run();
            lab.wait(24);
        }
        assert_eq!(lab.hits(FIRST), 1, "what is no page stays none");
    }
}

#[test]
fn a_day_that_is_corrected_by_one_is_an_edit() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::article_of("步道", "2025-03-08", "步道完工了。"));
    lab.run_full();
    assert_eq!(lab.articles(), [format!("{FIRST} 2")]);
    assert_eq!(lab.desk.texts("SELECT published FROM article"), ["2025-03-08"]);
}

#[test]
fn an_article_that_is_gone_is_shown_as_gone() {
    let lab = Lab::with_article();
    lab.on(FIRST, Reply::new(410));
    lab.run_daily(14);
    let shown = show(&lab, "show 1").expect_code(0).stdout;
    assert!(shown.contains("gone  since 2025-03-1"), "{shown}");
    assert!(shown.contains("步道完工了。"), "{shown}");
}

#[test]
fn the_article_may_stand_behind_diff() {
    let lab = Lab::with_article();
    lab.on(FIRST, article("步道", "步道完工了,很长。"));
    lab.run_full();
    for line in [
        format!("show --diff {FIRST}"),
        "show --diff 1".to_owned(),
        "show 1 --diff".to_owned(),
        format!("show --diff 1 2 {FIRST}"),
    ] {
        let shown = show(&lab, &line).expect_code(0).stdout;
        assert!(shown.contains("很长"), "{line}: {shown}");
    }
    show(&lab, "show --diff").expect_code(2).expect_stderr("which article?");
}

#[test]
fn a_full_run_turns_lists_whose_first_page_did_not_change() {
    let lab = Lab::new(&[HOME]);
    let second = "http://park.example/page/2";
    let list = |items: &[&str], next: &str| {
        let items: Vec<String> =
            items.iter().map(|item| format!("<p><a href={item}>文章{item}</a></p>")).collect();
        let items = items.concat();
        let next = if next.is_empty() { String::new() } else { format!("<a href={next}>下一页</a>") };
        Reply::html(format!("<title>新闻</title><body>{items}{next}</body>"))
            .header("ETag", &format!("\"{}\"", items.len()))
    };
    lab.on(HOME, list(&["/1.html", "/2.html"], "/page/2"));
    lab.on(second, list(&["/3.html"], ""));
    put(&lab, 1..=4, page);
    assert_eq!(lab.run().counts.articles.new, 3);
    lab.on(second, list(&["/3.html", "/4.html"], ""));
    lab.wait(48);
    assert_eq!(lab.run().counts.not_modified, 1);
    lab.wait(48);
    assert_eq!(lab.run_full().counts.articles.new, 1);
}

#[test]
fn what_robots_txt_forbids_is_an_alarm_as_long_as_it_does() {
    let lab = Lab::with_article();
    lab.on("http://park.example/robots.txt", Reply::new(200).body("User-agent: *\nDisallow: /"));
    for day in 0..4 {
        lab.wait(30);
        let report = lab.run();
        let alarms = &report.sites[0].alarms;
        let is_said = |words: &str| alarms.iter().any(|alarm| alarm.contains(words));
        assert!(is_said("where the site begins"), "{day}: {alarms:?}");
        assert!(day < 2 || is_said("robots.txt now forbids articles"), "{day}: {alarms:?}");
    }
    lab.on("http://park.example/robots.txt", Reply::new(404));
    lab.wait(30);
    lab.run();
    lab.wait(30);
    let report = lab.run();
    assert!(!report.needs_attention(), "{report:?}");
}

#[test]
fn what_is_put_around_a_line_does_not_take_it_from_the_article() {
    let page = |above: &str, below: &str| {
        Reply::html(format!(
            "<title>城北书店今日重开 - 园区新闻</title><body><div><a href=/>首页</a><a href=/news/>新闻</a></div>
             <div class=main><h1>城北书店今日重开</h1><div class=info>2025-03-09</div><div class=content>
             <p>停业三年的城北书店今天上午重新开门，第一天就来了两千多位读者，队伍一直排到了街角的邮局门口。</p>
             <p>店主李明介绍，新店有三层，一层是新书，二层是旧书，三层留给孩子，周末还会请作家来讲课。</p>
             {above}<p>书店每天开到晚上十点</p>{below}</div></div><div><p>版权所有 园区新闻网</p></div>"
        ))
    };
    let more = "<p><a href=/2.html>相关阅读：南山步道完工</a></p>";
    let list = "<ul><li><a href=/3.html>南山步道</a></li><li><a href=/4.html>东江大桥合龙</a></li></ul>";
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    for (above, below) in [("", ""), (more, list), ("", list), (more, "")] {
        lab.on(FIRST, page(above, below));
        lab.run_full();
        lab.wait(24);
    }
    assert_eq!(lab.articles()[0], format!("{FIRST} 1"));
    assert!(
        lab.desk.texts("SELECT text FROM text ORDER BY length(text) DESC LIMIT 1")[0].ends_with("晚上十点")
    );
}
