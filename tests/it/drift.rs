//! A template that drifts raises an alarm within twenty pages, and clean runs raise none.

#![expect(clippy::format_collect, reason = "the pages are written to be read")]

use jianbao::capture::Capture;
use jianbao::demo::DemoSite;
use jianbao::extract::Page;
use jianbao::profile::{Profile, Profiles};
use jianbao::url::CanonicalUrl;
use jianbao::watch::{Traits, WINDOW, Watch};

use crate::support::{Desk, Reply, Script};

const POSTS: usize = 420;

struct Bench {
    site: DemoSite,
    profiles: Profiles,
}

impl Bench {
    fn new() -> Self {
        let now = "2025-03-10T00:00:00Z".parse().unwrap();
        Self { site: DemoSite::new(POSTS, now), profiles: Profiles::built_in().unwrap() }
    }

    fn profile(&self) -> std::sync::Arc<Profile> {
        self.profiles.get("zblog-tpure").unwrap()
    }

    /// What the crawl sees of a post whose page was changed by `drift`.
    fn traits(&self, index: usize, drift: &dyn Fn(&str, usize) -> String) -> Traits {
        let path = self.site.posts()[index].path();
        let html = drift(&self.site.page(&path), index);
        let url = CanonicalUrl::parse(&format!("http://demo.example{path}"), None).unwrap();
        let at = jiff::Timestamp::now();
        let capture = Capture::of_page(url.clone(), at, Some("text/html; charset=utf-8"), html.into_bytes());
        let (_, article) = Page::parse(&capture).read(Some(&self.profile()));
        Traits::of(url.as_str(), &article)
    }

    fn clean(&self, indexes: std::ops::Range<usize>) -> Vec<Traits> {
        indexes.map(|index| self.traits(index, &|html, _| html.to_owned())).collect()
    }
}

/// Cuts what stands between two marks, both included.
fn without(html: &str, open: &str, close: &str) -> String {
    let Some(start) = html.find(open) else { return html.to_owned() };
    let end = html[start..].find(close).map_or(html.len(), |end| start + end + close.len());
    format!("{}{}", &html[..start], &html[end..])
}

type Drift = (&'static str, fn(&str, usize) -> String);

const DRIFTS: [Drift; 20] = [
    ("the headline becomes h2", |html, _| html.replace("<h1>", "<h2>").replace("</h1>", "</h2>")),
    ("the headline is the site's name", |html, _| {
        let start = html.find("<h1>").unwrap() + 4;
        let end = html.find("</h1>").unwrap();
        format!("{}园区招商示例站{}", &html[..start], &html[end..])
    }),
    ("the headline carries the site's name", |html, _| {
        html.replace("</h1>", " - 园区招商示例站官方网站</h1>")
    }),
    ("the headline is cut", |html, _| {
        let start = html.find("<h1>").unwrap() + 4;
        let end = html.find("</h1>").unwrap();
        format!("{}{}{}", &html[..start], html[start..end].chars().take(2).collect::<String>(), &html[end..])
    }),
    ("the author is gone", |html, _| without(html, "<span class=\"user\">", "</span>")),
    ("the author is a slogan", |html, _| html.replace(">admin</a></span>", ">一线播报</a></span>")),
    ("the date is gone", |html, _| {
        without(html, "<span class=\"date\">", "</span></span>").replace("<span class=\"date\">", "<i>")
    }),
    ("the category is gone", |html, _| without(html, "<span class=\"cate\">", "</span>")),
    ("the category is a label", |html, _| {
        let start = html.find("<span class=\"cate\">").unwrap();
        format!(
            "{}<span class=\"cate\"><a href=\"/\">所在栏目</a></span>{}",
            &html[..start],
            without(&html[start..], "<span class=\"cate\">", "</span>")
        )
    }),
    ("the view counter is gone", |html, _| without(html, "<span class=\"view\">", "</span>")),
    ("the body's class is another", |html, _| html.replace("single postcon", "entry-rich")),
    ("the body is a teaser", |html, _| {
        let start = html.find("single postcon\">").unwrap() + "single postcon\">".len();
        let end = html.find("<div class=\"copynotice\"").unwrap();
        let first = html[start..end].find("</p>").map_or("", |at| &html[start..start + at + 4]);
        let first: String = first.chars().take(60).collect();
        format!("{}{first}…</p></div>{}", &html[..start], &html[end..])
    }),
    ("the body is empty until scripts run", |html, _| {
        let start = html.find("single postcon\">").unwrap() + "single postcon\">".len();
        let end = html.find("<div class=\"copynotice\"").unwrap();
        format!("{}<div id=\"lazy\"></div></div>{}", &html[..start], &html[end..])
    }),
    ("a notice stands first in every body", |html, _| {
        html.replace(
            "single postcon\">",
            "single postcon\"><p>请下载我们的客户端,获得更好的阅读体验和最新的园区消息。</p>",
        )
    }),
    ("a new promotion stands last in every body", |html, _| {
        html.replace(
            "<div class=\"ad-promo\">",
            "<p>加入企业家俱乐部,每周与二十位园区负责人面对面交流。</p><div class=\"ad-promo\">",
        )
    }),
    ("every page holds the same post", |html, _| {
        let start = html.find("<h1>").unwrap();
        let end = html.find("<div class=\"copynotice\"").unwrap();
        format!(
            "{}<h1>请先同意使用条款</h1><div class=\"single\"><p>继续阅读之前,请先同意我们的使用条款和隐私政策。</p><p>同意之后即可继续。</p></div>{}",
            &html[..start],
            &html[end..]
        )
    }),
    ("the related list is gone", |html, _| {
        html.replace("relatecon", "tuijian").replace("class=\"relate\"", "class=\"tj\"")
    }),
    ("the body holds the related list", |html, _| {
        let list: String = (0..60)
            .map(|i| format!("<p><a href=\"/index.php/post/{i}.html\">往期回顾第{i}期的详细内容</a></p>"))
            .collect();
        html.replace("single postcon\">", &format!("single postcon\">{list}"))
    }),
    ("the text is in another language", |html, index| {
        let start = html.find("single postcon\">").unwrap() + "single postcon\">".len();
        let end = html.find("<div class=\"copynotice\"").unwrap();
        let line =
            format!("The park opened its gates to visitors from {index} companies today, its office said. ");
        format!("{}<p>{}</p><p>{}</p></div>{}", &html[..start], line.repeat(3), line.repeat(2), &html[end..])
    }),
    ("all pages carry today's date", |html, _| {
        let start = html.find("<span class=\"datetime\">").unwrap_or(0);
        if start == 0 {
            return html.to_owned();
        }
        let end = html[start..].find("</span>").unwrap() + start;
        format!("{}<span class=\"datetime\"> (2025-03-09){}", &html[..start], &html[end..])
    }),
];

#[test]
fn drift_is_noticed_within_twenty_pages() {
    let bench = Bench::new();
    let known = bench.clean(0..220);
    let mut missed = Vec::new();
    for (name, drift) in DRIFTS {
        let mut watch = Watch::new(known.clone());
        let pages = (220..220 + WINDOW).find(|index| {
            watch.note(bench.traits(*index, &drift));
            !watch.alarms().is_empty()
        });
        if pages.is_none() {
            missed.push(name);
        }
    }
    assert!(missed.len() * 20 <= DRIFTS.len(), "missed: {missed:?}");
}

#[test]
fn clean_runs_raise_no_alarm() {
    let bench = Bench::new();
    let all = bench.clean(0..POSTS);
    let mut alarms = Vec::new();
    let mut runs = 0;
    for known in [40, 80, 120, 160, 220, 300] {
        for start in (0..POSTS - known - WINDOW).step_by(9) {
            let mut watch = Watch::new(all[start..start + known].to_vec());
            runs += 1;
            for traits in &all[start + known..start + known + WINDOW] {
                watch.note(traits.clone());
            }
            alarms.extend(watch.alarms());
        }
    }
    assert!(runs >= 100 && alarms.len() * 100 < runs, "{} alarms in {runs} runs: {alarms:#?}", alarms.len());
}

/// Posts of a site without a profile, of so many paragraphs; the later layout has lost the
/// information line.
fn posts(numbers: std::ops::Range<usize>, info: bool, paragraphs: usize) -> Script {
    let paths: Vec<String> = numbers.clone().map(|n| format!("/{n}.html")).collect();
    let mut site = Script::new().front(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (n, path) in numbers.zip(&paths) {
        let line =
            if info { format!("<p>2024-05-{:02} 作者:林小雨</p>", n % 28 + 1) } else { String::new() };
        let more: String = (1..paragraphs)
            .map(|i| {
                format!(
                    "<p>第{n}段的第{i}处拐角种了{}棵树,工人们说要等三年才能长成一片树荫,到那时候再来坐。</p>",
                    n + i
                )
            })
            .collect();
        let html = format!(
            "<title>步道第{n}段完工</title><h1>步道第{n}段完工</h1>{line}<div class=content>
             <p>第{n}段步道今天完工,从第{n}号桥一直通到码头,附近的居民都来走了一走。</p>
             <p>施工队说,第{n}段用了{}块石板,都是从旧码头上拆下来的,重新铺了一遍。</p>{more}</div>",
            n * 37
        );
        site = site.on(path, Reply::html(html));
    }
    site
}

#[test]
fn a_crawl_of_a_site_that_drifted_ends_with_one_and_flags_its_articles() {
    let before = posts(0..60, true, 6).start();
    let desk = Desk::for_site(&before.origin);
    assert_eq!(desk.crawl("").1.code, 0);
    let after = posts(60..80, false, 6).start();
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), config.replace(&before.origin, &after.origin)).unwrap();
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1, "{report}");
    assert_eq!(report["articles"]["new"], 20, "{report}");
    let alarms = report["sites"][0]["alarms"].to_string();
    assert!(alarms.contains("have no author"), "{alarms}");
    let flagged = "SELECT count(*) FROM version WHERE fields ->> 'unusual' LIKE '%have no author%'";
    assert_eq!(desk.count(flagged), 20);
}

#[test]
fn a_crawl_that_finds_pages_and_no_article_ends_with_one() {
    let site = posts(0..12, false, 1).start();
    let desk = Desk::for_site(&site.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1, "{report}");
    assert!(report["sites"][0]["alarms"].to_string().contains("none is an article"), "{report}");
}
