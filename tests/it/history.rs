//! Versions: what makes one, what never does, and what is shown of them.

#![expect(clippy::format_collect, reason = "the pages are written to be read")]

use std::sync::Arc;
use std::time::Duration;

use jianbao::archive::Place;
use jianbao::capture::{Capture, Digest};
use jianbao::clock::{Clock, ManualClock};
use jianbao::config::{Config, SiteConfig};
use jianbao::crawl::{Budget, CrawlSettings, Silent, Stop, World, crawl_in};
use jianbao::fetch::{Answering, Fetch, FetchError, Request};
use jianbao::profile::Profiles;
use serde_json::Value;

use crate::support::{Demo, Desk, Reply, Script};

const LEAD: &str = "老码头的改造工程在本周末完工,步道向居民开放,沿河种下了312棵树。";
const SECOND: &str = "附近的居民说,晚饭后终于有地方散步了,孩子们在新修的台阶上跑来跑去。";
const THIRD: &str = "负责施工的王师傅介绍,石板都是从旧码头上一块一块拆下来重新铺的。";
const FOURTH: &str =
    "下一步,街道还打算在桥头建一座小图书馆,把老照片挂在墙上,让来散步的人知道这里从前的样子。";
const FIFTH: &str = "周末来的人很多,卖糖水的摊子前排起了队,摆渡的老船工也在岸上坐了一下午。";
const SIXTH: &str = "街道办说,步道的养护由沿河的四个小区轮流负责,每个月换一次,夜里还有志愿者打着手电巡逻。";

fn whole_text() -> String {
    [LEAD, SECOND, THIRD, FOURTH, FIFTH, SIXTH].join("\n")
}

/// An article's page with everything that changes by itself around it.
#[derive(Clone)]
struct Post {
    title: &'static str,
    author: &'static str,
    date: &'static str,
    paragraphs: Vec<String>,
    /// Drawn anew for each request: counters, related links, advertisements.
    draw: usize,
}

impl Post {
    fn new() -> Self {
        let paragraphs = [LEAD, SECOND, THIRD, FOURTH, FIFTH, SIXTH].map(str::to_owned).to_vec();
        Self {
            title: "老码头步道本周末开放", author: "林小雨", date: "2024-05-18", paragraphs, draw: 0
        }
    }

    fn text(mut self, from: &str, to: &str) -> Self {
        assert!(self.paragraphs.iter().any(|text| text.contains(from)), "`{from}` is not in the text");
        self.paragraphs = self.paragraphs.iter().map(|text| text.replace(from, to)).collect();
        self
    }

    fn reply(&self) -> Reply {
        let Self { title, author, date, draw, .. } = self;
        let related = ["早市搬到桥头以后", "渡船周末加了两班", "灯会今晚在河边开始", "菜场翻新之后"];
        let related: String = (0..3)
            .map(|i| {
                let n = (draw + i) % related.len();
                format!("<li><a href=\"/related/{n}.html\">{}</a></li>", related[n])
            })
            .collect();
        let ad = ["<ins class=adsbygoogle>买一送一,只在本周</ins>", "<div class=ad>扫码领取优惠券</div>", ""];
        let body: String = self.paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect();
        Reply::html(format!(
            "<html lang=zh><head><title>{title}</title></head><body><div class=ad>限时优惠第{draw}期</div><h1>{title}</h1>
             <p class=info><span class=date>{date}</span> <span>作者:{author}</span> <span class=views>阅读({})</span></p>
             <div class=content>{}{body}</div><div class=ad>{}</div>
             <div class=related><h3>相关文章</h3><ul>{related}</ul></div>
             <footer>累计访问{}人次</footer></body></html>",
            1000 + draw * 37,
            ad[draw % 3],
            ad[(draw + 1) % 3],
            70_000 + draw,
        ))
    }
}

/// Crawls a site on which one post is seen in these forms, one after the other.
fn seen(forms: &[Post]) -> (Desk, String) {
    let mut site = Script::new().front(&["/1.html"]);
    for (draw, form) in forms.iter().enumerate() {
        site = site.on("/1.html", Post { draw, ..form.clone() }.reply());
    }
    let site = site.start();
    let desk = Desk::for_site(&site.origin);
    for _ in forms {
        desk.crawl("--full");
    }
    assert_eq!(site.hits("/1.html"), forms.len());
    (desk, format!("{}/1.html", site.origin))
}

fn reasons(desk: &Desk) -> Vec<String> {
    desk.texts("SELECT reason FROM version v JOIN article a ON a.id = v.article JOIN url u ON u.id = a.url WHERE u.url LIKE '%/1.html' ORDER BY n")
}

#[test]
fn what_moves_by_itself_makes_no_version() {
    let base = Post::new();
    let (desk, url) = seen(&[base.clone(), base.clone(), base.clone(), base]);
    assert_eq!(reasons(&desk), ["published"]);
    let shown: Value = serde_json::from_str(&desk.run(&format!("show {url} --json")).stdout).unwrap();
    assert_eq!(shown["body"].as_str().unwrap(), whole_text());
    // The counter is the latest, the related links accumulate.
    assert_eq!(shown["views"], 1111);
    assert_eq!(shown["related"].as_array().unwrap().len(), 4, "{shown}");
}

#[test]
fn the_demo_site_looked_at_again_has_no_new_versions() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    for _ in 0..2 {
        let (report, _) = desk.crawl("--full");
        assert_eq!(
            (&report["articles"]["revised"], &report["articles"]["new"]),
            (&Value::from(0), &Value::from(0))
        );
    }
    assert_eq!(desk.count("SELECT count(*) FROM version"), 60);
}

#[test]
fn ages_in_words_make_no_version() {
    let at = |date| Post { date, ..Post::new() };
    let (desk, _) = seen(&[at("2天前"), at("3天前"), at("3 天前"), at("4天前")]);
    assert_eq!(reasons(&desk), ["published"]);
}

#[test]
fn width_case_and_white_space_make_no_version() {
    let forms = [
        Post::new().text("312棵", "312棵AI智能灌溉的"),
        Post::new().text("312棵", "３１２棵ＡＩ智能灌溉的"),
        Post::new().text("312棵", " 312 棵 ai 智能灌溉的").text(",", "，"),
        Post::new().text("312棵", "312棵AI智能灌溉的").text("。", "．\u{200b}"),
        Post {
            title: "老码头步道 本周末开放", ..Post::new().text("312棵", "312棵AI智能灌溉的")
        },
    ];
    let (desk, url) = seen(&forms);
    assert_eq!(reasons(&desk), ["published"], "{}", desk.run(&format!("show {url} --diff")).stdout);
    // It stays as it was first written, and whole.
    let shown: Value = serde_json::from_str(&desk.run(&format!("show {url} --json")).stdout).unwrap();
    assert!(
        shown["body"]
            .as_str()
            .unwrap()
            .starts_with("老码头的改造工程在本周末完工,步道向居民开放,沿河种下了312棵AI智能灌溉的树。")
    );
    assert_eq!(shown["title"], "老码头步道本周末开放");
}

#[test]
fn a_figure_a_word_and_a_field_make_one_each() {
    let figure = Post::new().text("312", "321");
    let word = figure.clone().text("居民开放", "公众开放");
    let author = Post { author: "周航", ..word.clone() };
    let title = Post { title: "老码头步道今天开放", ..author.clone() };
    let (desk, _) = seen(&[Post::new(), figure, word, author, title.clone(), title]);
    assert_eq!(reasons(&desk), ["published", "edited", "edited", "edited", "edited"]);
}

#[test]
fn a_date_that_is_better_known_later_is_a_sharpened_version() {
    let at = |date| Post { date, ..Post::new() };
    let (desk, url) =
        seen(&[at("2024-05-18"), at("2024-05-18 09:30"), at("2024-05-18"), at("2024-05-18 09:30:12")]);
    assert_eq!(reasons(&desk), ["published", "sharpened", "sharpened"]);
    let versions = desk.run(&format!("show {url} --versions")).expect_code(0).stdout;
    let last: Vec<&str> = versions.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
    assert_eq!(last, ["老码头步道本周末开放", "published", "published"], "{versions}");
    let diff = desk.run(&format!("show {url} --diff 1 2")).expect_code(0).stdout;
    assert!(diff.contains("published  2024-05-18{+T09:30+}\n"), "{diff}");
}

#[test]
fn the_last_two_versions_are_compared_by_character() {
    let later = Post {
        title: "老码头步道今天开放",
        ..Post::new().text("312", "321").text("终于有地方散步", "总算有地方散步")
    };
    let (desk, url) = seen(&[Post::new(), later]);
    let text = desk.run(&format!("show {url} --diff")).expect_code(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], url);
    assert!(lines[1].starts_with("version 1 (") && lines[1].contains(", published) → version 2 ("), "{text}");
    assert_eq!(
        lines[2..],
        [
            "",
            "     title  老码头步道[-本周末-]{+今天+}开放",
            "",
            "老码头的改造工程在本周末完工,步道向居民开放,沿河种下了[-312-]{+321+}棵树。",
            "附近的居民说,晚饭后[-终于-]{+总算+}有地方散步了,孩子们在新修的台阶上跑来跑去。",
            "  … 4 unchanged paragraphs",
        ]
    );
    let coloured = desk.run(&format!("show {url} --diff --color always")).stdout;
    assert!(coloured.contains("沿河种下了\x1b[31;9m312\x1b[0m\x1b[32;4m321\x1b[0m棵树"), "{coloured}");

    let json: Value =
        serde_json::from_str(&desk.run(&format!("show {url} --diff --json")).expect_code(0).stdout).unwrap();
    assert_eq!(
        (&json["old"]["n"], &json["new"]["n"], &json["new"]["reason"]),
        (&1.into(), &2.into(), &"edited".into())
    );
    assert_eq!(json["fields"][0]["field"], "title");
    assert_eq!(json["fields"][0]["new"], "老码头步道今天开放");
    let changes: Vec<&str> =
        json["text"].as_array().unwrap().iter().map(|p| p["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["changed", "changed", "same", "same", "same", "same"]);
    assert_eq!(json["text"][0]["pieces"][1], serde_json::json!({"change": "deleted", "text": "312"}));
    assert_eq!(json["text"][2]["text"], THIRD);
    // The other way round, and with itself.
    let back = desk.run(&format!("show {url} --diff 2 1")).expect_code(0).stdout;
    assert!(back.contains("老码头步道[-今天-]{+本周末+}开放"), "{back}");
    let itself = desk.run(&format!("show {url} --diff 2 2")).expect_code(0).stdout;
    assert!(itself.contains("nothing differs between them"), "{itself}");
}

#[test]
fn other_scripts_are_compared_by_word() {
    let english = |text: &str| Post {
        paragraphs: [text, SECOND, THIRD, FOURTH, FIFTH, SIXTH].map(str::to_owned).to_vec(),
        ..Post::new()
    };
    let before = "The old pier reopened this weekend after eight months of work, the council said.";
    let after = "The old pier reopened this weekend after nine months of work, the council said.";
    let (desk, url) = seen(&[english(before), english(after)]);
    let text = desk.run(&format!("show {url} --diff")).expect_code(0).stdout;
    assert!(text.contains("this weekend after [-eight-]{+nine+} months of work"), "{text}");
}

#[test]
fn versions_say_in_a_few_words_what_changed() {
    let later = Post { author: "周航", ..Post::new().text("312", "1321") };
    let mut added = later.clone();
    added.paragraphs.push("步道全长三公里,夜里有灯。".to_owned());
    let (desk, url) = seen(&[Post::new(), later, added]);
    let text = desk.run(&format!("show {url} --versions")).expect_code(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("  1  20") && lines[0].contains("Z  published  "), "{text}");
    assert!(lines[0].ends_with("characters  老码头步道本周末开放"), "{text}");
    assert!(lines[1].contains("  edited     ") && lines[1].ends_with("  author, text +4 −3"), "{text}");
    assert!(lines[2].ends_with("  text +13"), "{text}");
    let json = desk.run(&format!("show {url} --versions --json")).stdout;
    let second: Value = serde_json::from_str(json.lines().nth(1).unwrap()).unwrap();
    assert_eq!(second["changed"], serde_json::json!(["author", "body"]));
    assert_eq!((&second["inserted"], &second["deleted"]), (&4.into(), &3.into()));
}

#[test]
fn versions_that_are_not_there_are_named() {
    let (desk, url) = seen(&[Post::new()]);
    let one = desk.run(&format!("show {url} --diff")).expect_code(0);
    assert!(one.stdout.contains("there is only one version of this article"), "{one:?}");
    let json: Value =
        serde_json::from_str(&desk.run(&format!("show {url} --diff --json")).expect_code(0).stdout).unwrap();
    assert_eq!((&json["versions"], &json["old"], &json["new"]["n"]), (&1.into(), &Value::Null, &1.into()));
    desk.run(&format!("show {url} --diff 1 4"))
        .expect_code(1)
        .expect_stderr("there is no version 4 of this article; it has version 1 only");
    desk.run(&format!("show {url} --diff 1")).expect_code(2).expect_stderr("--diff takes two versions");
    desk.run(&format!("show {url} --diff 1 b")).expect_code(2);
}

/// Looks at a page, ever longer apart: the last is two years after the first.
const LOOKS: usize = 24;

/// A web of one front page and one article that is dated by its age alone.
#[derive(Debug)]
struct Aging {
    clock: Arc<ManualClock>,
    published: jiff::Timestamp,
    age: fn(i64) -> String,
}

impl Fetch for Aging {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        let now = self.clock.now();
        let age = now.duration_since(self.published).as_secs();
        let (status, body) = match request.url.path() {
            "/" => (200, "<title>front</title><a href=/1.html>一篇</a>".to_owned()),
            "/1.html" => (200, format!(
                "<html lang=zh><title>老码头步道开放</title><h1>老码头步道开放</h1><p class=info><span class=date>{}</span> 阅读({age})</p>
                 <div class=content><p>{}</p></div>",
                (self.age)(age),
                whole_text().replace('\n', "</p><p>"),
            )),
            _ => (404, String::new()),
        };
        let mut capture =
            Capture::of_page(request.url.clone(), now, Some("text/html; charset=utf-8"), body.into_bytes());
        capture.status = status;
        Box::pin(async move { Ok::<_, FetchError>(capture) })
    }
}

/// Ages as a site writes them, by cutting off or by rounding.
fn cut(age: i64) -> String {
    words(age, |age, unit| age / unit)
}

fn rounded(age: i64) -> String {
    words(age, |age, unit| (age + unit / 2) / unit)
}

fn words(age: i64, count: fn(i64, i64) -> i64) -> String {
    const DAY: i64 = 86_400;
    for (unit, name) in
        [(365 * DAY, "年前"), (30 * DAY, "个月前"), (7 * DAY, "周前"), (DAY, "天前"), (3600, "小时前")]
    {
        if age >= unit {
            return format!("{}{name}", count(age, unit));
        }
    }
    "刚刚".to_owned()
}

#[test]
fn an_article_that_only_ages_has_one_version_after_years() {
    let profiles = Arc::new(Profiles::built_in().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ages = [("cut", cut as fn(i64) -> String), ("rounded", rounded)];
    for ((name, age), first_seen) in ages.into_iter().flat_map(|age| [(age, 5), (age, 2_000)]) {
        let published: jiff::Timestamp = "2023-02-27T08:20:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(published + Duration::from_hours(first_seen)));
        let archive = Place::Memory(format!("aging-{name}-{first_seen}"));
        let kept = archive.keep().unwrap();
        let site = SiteConfig {
            name: "paper".into(),
            seeds: vec!["http://paper.example/".into()],
            profile: None,
            discover: vec![jianbao::config::Route::Links],
            politeness: toml::Table::new(),
            scope: toml::Table::new(),
        };
        let config = Config { sites: vec![site], ..Config::default() };
        let mut wait = 9;
        for _ in 0..LOOKS {
            let settings = CrawlSettings {
                sites: config.resolved_sites().unwrap(),
                config: config.clone(),
                profiles: Arc::clone(&profiles),
                archive: archive.clone(),
                full: true,
                budget: Budget::default(),
                trials: None,
                in_step: true,
            };
            let web = Arc::new(Aging { clock: Arc::clone(&clock), published, age });
            let world = World { clock: clock.clone(), web };
            let report =
                runtime.block_on(crawl_in(world, settings, Stop::default(), Arc::new(Silent))).unwrap();
            assert_eq!(report.counts.articles.new + report.counts.articles.unchanged, 1, "{report:?}");
            clock.advance(Duration::from_hours(wait));
            wait += wait / 3;
        }
        let sql = "SELECT count(*), min(reason), lower(hex(a.text_digest)) FROM version v JOIN article a ON a.id = v.article";
        let found: (i64, String, String) =
            kept.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let digest = Digest::of(whole_text().as_bytes());
        assert_eq!(found, (1, "published".to_owned(), digest.to_string()), "{name}, {first_seen}");
    }
}
