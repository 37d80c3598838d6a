//! Which articles are taken for copies of which, and what is said of them.

#![expect(clippy::print_stderr, reason = "the figures that docs/copies.md quotes")]

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::Desk;
use crate::support::corpus::{Newsroom, Story, archive, full_width, index, insert};

/// Pairs of each kind.
const EACH: usize = 40;

/// Two articles, whether one stems from the other, and what was done.
struct Pair {
    kind: &'static str,
    is_copy: bool,
    source: i64,
    copy: i64,
}

/// Makes pairs of articles by recorded changes.
struct Press {
    room: Newsroom,
    stories: Vec<Story>,
    pairs: Vec<Pair>,
}

const OTHER_PROMO: &str =
    "更多招商信息请关注公众号“投资指南”,每周一期,专人解读政策,扫码即可加入企业家交流群,名额有限。";
const PROMO: &str = "本平台专注产业园区招商,厂房出租,土地转让,提供一站式企业服务,欢迎来电咨询,免费带看,不收中介费,实地考察请提前预约。";
const NOTE: &str = "编者按:以下内容转自合作媒体,仅为传播信息之用,不代表本站立场。";

fn sentences(text: &str) -> Vec<String> {
    text.split_inclusive(['。', '\n'])
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.replace('\n', ""))
        .collect()
}

impl Press {
    fn story(&mut self) -> Story {
        let topics = self.room.topics();
        let number = self.stories.len();
        self.room.story(&topics, number)
    }

    fn add(&mut self, story: Story) -> i64 {
        self.stories.push(story);
        i64::try_from(self.stories.len()).unwrap()
    }

    fn pair(&mut self, kind: &'static str, is_copy: bool, source: Story, copy: Story) {
        let (source, copy) = (self.add(source), self.add(copy));
        self.pairs.push(Pair { kind, is_copy, source, copy });
    }

    /// Another site's version of a story: its text is made from the first one's.
    fn copies(&mut self, kind: &'static str, change: impl Fn(&mut Newsroom, &str) -> (String, String)) {
        for _ in 0..EACH {
            let mut source = self.story();
            let (before, after) = change(&mut self.room, &source.body);
            source.body = before;
            let title = self.story().title;
            let copy = Story { title, body: after, site: (source.site + 1) % 4, ..source.clone() };
            self.pair(kind, true, source, copy);
        }
    }

    /// Each sentence with this chance in a hundred gets two words exchanged.
    fn edited(room: &mut Newsroom, text: &str, percent: usize) -> String {
        let edit = |sentence: String| {
            if room.chance.below(100) >= percent || sentence.chars().count() < 12 {
                return sentence;
            }
            let mut chars: Vec<char> = sentence.chars().collect();
            for _ in 0..2 {
                let at = room.chance.below(chars.len() - 3);
                let topics = room.topics();
                let word: Vec<char> = room.sentence(&topics, 1).chars().collect();
                chars.splice(at..at + 2, word);
            }
            chars.into_iter().collect()
        };
        sentences(text).into_iter().map(edit).collect()
    }

    fn excerpt(room: &mut Newsroom, text: &str, least: usize, most: usize) -> String {
        let sentences = sentences(text);
        let percent = least + room.chance.below(most - least);
        let count = (sentences.len() * percent).div_ceil(100).max(1);
        let start = room.chance.below(sentences.len() - count + 1);
        sentences[start..start + count].concat()
    }

    fn positives(&mut self) {
        self.copies("reflow", |_, text| {
            (text.into(), text.replace('\n', "").replace('。', "。\n\n　　").replace('，', ","))
        });
        self.copies("promo", |_, text| (format!("{text}\n{PROMO}"), format!("{text}\n{OTHER_PROMO}")));
        self.copies("note", |_, text| (text.into(), format!("{NOTE}\n{text}\n(责任编辑:小李)")));
        self.copies("excerpt", |room, text| (text.into(), Self::excerpt(room, text, 40, 70)));
        self.copies("short excerpt", |room, text| (text.into(), Self::excerpt(room, text, 10, 25)));
        self.copies("words", |_, text| (text.into(), text.replace('最', "蕞").replace("第一", "头部")));
        self.copies("traditional", |room, text| {
            (text.into(), text.chars().map(|c| room.traditional(c)).collect())
        });
        self.copies("edited", |room, text| {
            (text.into(), Self::edited(room, text, 10).chars().map(full_width).collect())
        });
        self.copies("combination", |room, text| {
            (text.into(), format!("{}\n{OTHER_PROMO}", Self::edited(room, text, 25).replace('最', "蕞")))
        });
        self.copies("traditional, promo", |room, text| {
            let traditional: String = text.chars().map(|c| room.traditional(c)).collect();
            (format!("{text}\n{PROMO}"), format!("{traditional}\n{OTHER_PROMO}"))
        });
    }

    fn negatives(&mut self) {
        for (kind, ending) in [("same event", ""), ("same event, promo", PROMO)] {
            for number in 0..EACH * 2 {
                let topics = self.room.topics();
                let mut write_up = || {
                    let story = self.room.story(&topics, number);
                    Story { body: format!("{}\n{ending}", story.body), ..story }
                };
                let (one, other) = (write_up(), write_up());
                self.pair(kind, false, one, other);
            }
        }
        for _ in 0..EACH * 2 {
            let source = self.story();
            let body: String = source
                .body
                .chars()
                .map(|c| if c.is_ascii_digit() { self.other_digit(c) } else { c })
                .collect();
            let copy = Story { body, ..source.clone() };
            if figures(&source.body) >= 4 {
                self.pair("other figures", false, source, copy);
            }
        }
        for _ in 0..EACH * 2 {
            let (one, other) = (self.release(), self.release());
            self.pair("release", false, one, other);
        }
        for _ in 0..EACH * 2 {
            let (one, other) = (self.story(), self.story());
            self.pair("other story", false, one, other);
        }
        for _ in 0..EACH * 2 {
            let (one, other) = (self.short(), self.short());
            self.pair("short, same promo", false, one, other);
        }
    }

    /// A digit that is another one.
    fn other_digit(&mut self, digit: char) -> char {
        let other =
            (digit.to_digit(10).unwrap() + 1 + u32::try_from(self.room.chance.below(8)).unwrap()) % 10;
        char::from_digit(other, 10).unwrap()
    }

    fn release(&mut self) -> Story {
        let mut figure = || format!("{}.{}", 10 + self.room.chance.below(900), self.room.chance.below(10));
        let body = format!(
            "统计局今日公布本月主要经济数据。规模以上工业完成总产值{}亿元,同比增长{}%;固定资产投资{}亿元,增长{}%。\
             社会消费品零售总额{}亿元,进出口总额{}亿元。居民消费价格比上月上涨{}%,新登记企业{}户。\
             总体来看,经济运行延续恢复态势,但外部环境仍然复杂,下阶段将继续做好各项工作。",
            figure(),
            figure(),
            figure(),
            figure(),
            figure(),
            figure(),
            figure(),
            figure()
        );
        Story { title: "主要经济数据公布".into(), body, ..self.story() }
    }

    fn short(&mut self) -> Story {
        let topics = self.room.topics();
        let body = format!("{}。\n{PROMO}", self.room.sentence(&topics, 20));
        Story { body, ..self.story() }
    }
}

fn figures(text: &str) -> usize {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() >= 2);
    numbers.collect::<std::collections::BTreeSet<_>>().len()
}

fn clusters(archive: &Connection) -> BTreeMap<i64, i64> {
    let mut select = archive.prepare("SELECT id, cluster FROM article WHERE cluster IS NOT NULL").unwrap();
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn shelf(stories: &[Story]) -> Desk {
    let desk = Desk::with_config("[archive]\nstore = \"a.sqlite\"\n");
    archive(&desk.archive(), stories);
    index(&desk.archive());
    desk
}

fn open(desk: &Desk) -> Connection {
    let archive = Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    archive
}

#[test]
fn copies_are_told_from_what_only_looks_alike() {
    let mut press = Press { room: Newsroom::new(7342), stories: Vec::new(), pairs: Vec::new() };
    press.positives();
    press.negatives();
    let desk = shelf(&press.stories);
    let clusters = clusters(&open(&desk));
    let (mut right, mut wrong, mut missed) = (0.0, 0.0, 0.0);
    let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in &press.pairs {
        let is_found =
            clusters.get(&pair.source).is_some_and(|cluster| clusters.get(&pair.copy) == Some(cluster));
        match (pair.is_copy, is_found) {
            (true, true) => right += 1.0,
            (false, true) => wrong += 1.0,
            (true, false) => missed += 1.0,
            (false, false) => {}
        }
        let (correct, all) = kinds.entry(pair.kind).or_default();
        *correct += usize::from(pair.is_copy == is_found);
        *all += 1;
    }
    let f1 = 2.0 * right / (2.0 * right + wrong + missed);
    let figures = format!("F1 {f1:.4}: {right} right, {wrong} wrong, {missed} missed; by kind: {kinds:?}");
    eprintln!("{figures}");
    assert!(f1 >= 0.98, "{figures}");
}

const STORY: &str = "历时八个月,老码头的改造工程在本周末完工,步道向居民开放。\n\
    改造后的码头保留了三座老仓库,并新建了一条滨水步道,总投资734.2亿元。\n\
    记者王小明在现场看到,不少老人带着孩子前来散步,也有摄影爱好者架起了相机。\n\
    项目负责人表示,这是全市首场滨水改造,二期工程将于明年春天启动,届时还会增加一座游船码头。";
const OTHER: &str = "图书馆新馆今天试运行,四层楼里有三十万册图书,读者可以凭身份证入馆。\n\
    少儿阅览室设在一楼,周末安排了讲故事活动,家长需要提前在网上预约。";

fn story(title: &str, body: &str, published: &str, site: usize) -> Story {
    Story {
        title: title.into(),
        body: body.into(),
        published: published.into(),
        site,
        category: "新闻中心",
        author: "王小明",
    }
}

fn related(desk: &Desk, arguments: &[&str]) -> Value {
    let outcome = desk.run_with(&[&["related", "--json"], arguments].concat(), "").expect_code(0);
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn related_tells_the_story_in_time_and_what_changed_on_the_way() {
    let copy = STORY.replace("734.2亿元", "7342亿元").replace("王小明", "王晓明").replace("首场", "头部场");
    let copy = format!("{copy}\n更多招商信息,请关注我们的公众号。");
    let part = STORY.lines().skip(1).take(2).collect::<Vec<_>>().join("\n");
    let desk = shelf(&[
        story("老码头一角", &part, "2024-03-09", 2),
        story("老码头完工", &copy, "2024-03-03", 1),
        story("老码头改造完工", STORY, "2024-03-01", 0),
        story("图书馆", OTHER, "2024-03-01", 1),
    ]);
    let told = related(&desk, &["2"]);
    let articles = told["articles"].as_array().unwrap();
    let line = |article: &Value| {
        let text = |key: &str| article[key].as_str().unwrap_or("-").to_owned();
        (
            article["id"].as_i64().unwrap(),
            text("site"),
            text("relation"),
            article["days_after"].as_f64().unwrap(),
        )
    };
    let lines: Vec<_> = articles.iter().map(line).collect();
    assert_eq!(told["cluster"], 3);
    assert_eq!(
        lines,
        [
            (3, "site-0".into(), "-".into(), 0.0),
            (2, "site-1".into(), "copy".into(), 2.0),
            (1, "site-2".into(), "excerpt".into(), 8.0)
        ]
    );
    let changes = &articles[1]["changes"];
    assert_eq!(articles[1]["source"], 3);
    assert_eq!(
        changes["figures"],
        serde_json::json!([{"old": "734.2亿元", "new": "7342亿元", "count": 1, "change": "decimal_point"}])
    );
    assert_eq!(changes["names"], serde_json::json!([{"old": "王小明", "new": "王晓明", "count": 1}]));
    assert_eq!(changes["words"], serde_json::json!([{"old": "首场", "new": "头部场", "count": 1}]));
    assert_eq!(changes["added"], serde_json::json!(["更多招商信息,请关注我们的公众号。"]));
    assert_eq!(changes["cut"], serde_json::json!([]));
    let shown = desk.run("related 2").expect_code(0).stdout;
    for part in [
        "734.2亿元 → 7342亿元 (decimal point)",
        "王小明 → 王晓明",
        "首场 → 头部场",
        "2 days later",
        "excerpt of 3",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let sites = related(&desk, &[]);
    assert_eq!(
        sites["sites"],
        serde_json::json!([{"from": "site-0", "to": "site-1", "articles": 1, "median_days": 2.0},
                           {"from": "site-0", "to": "site-2", "articles": 1, "median_days": 8.0}])
    );
    assert_eq!(related(&desk, &["4"])["articles"], serde_json::json!([]));
    desk.run("related 99").expect_code(1);
}

#[test]
fn clusters_follow_edits_and_better_dates() {
    let desk = shelf(&[
        story("一", STORY, "2024-03-01", 0),
        story("二", &STORY.replace("周末", "周日"), "2024-03-02", 1),
        story("三", &STORY.replace("八个月", "九个月"), "2024-03-03", 2),
        story("四", OTHER, "2024-03-01", 1),
    ]);
    let archive = open(&desk);
    assert_eq!(clusters(&archive), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
    // The first one turns out to be the last.
    let later =
        "UPDATE article SET published = '2024-04-01', published_from = unixepoch('2024-04-01') WHERE id = 1";
    archive.execute_batch(later).unwrap();
    index(&desk.archive());
    assert_eq!(clusters(&archive), BTreeMap::from([(1, 2), (2, 2), (3, 2)]));
    let sources = "SELECT count(*) FROM dup_edge WHERE source = 1 OR article = 2";
    assert_eq!(archive.query_row(sources, [], |row| row.get::<_, i64>(0)), Ok(0));
    // The second one is rewritten into another story: the others stay together, and it joins the fourth.
    let digest = jianbao::capture::Digest::of("新".as_bytes()).0;
    archive
        .execute("INSERT INTO text (digest, text) VALUES (?1, ?2)", (digest, format!("{OTHER}\n新")))
        .unwrap();
    archive
        .execute(
            "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
             VALUES (2, 2, 1, 'edited', ?1, '{\"title\":\"二\"}', '{}', 1)",
            [digest],
        )
        .unwrap();
    archive.execute("UPDATE article SET version_count = 2, text_digest = ?1 WHERE id = 2", [digest]).unwrap();
    index(&desk.archive());
    assert_eq!(clusters(&archive), BTreeMap::from([(1, 3), (3, 3), (2, 4), (4, 4)]));
}

#[test]
fn a_digest_joins_a_story_only_when_it_comes_first() {
    // A part of the digest is the story; the digest is mostly something else.
    let mut room = Newsroom::new(11);
    let topics = room.topics();
    let rest: String = (0..120).map(|_| room.sentence(&topics, 12) + "。").collect();
    let desk = shelf(&[
        story("一", STORY, "2024-03-01", 0),
        story("综述", &format!("{STORY}\n{rest}"), "2024-03-02", 1),
    ]);
    let archive = open(&desk);
    assert_eq!(clusters(&archive), BTreeMap::new());
    let date = |day: &str| {
        let sql = "UPDATE article SET published = ?1, published_from = unixepoch(?1) WHERE id = 2";
        archive.execute(sql, [day]).unwrap();
        index(&desk.archive());
        clusters(&archive)
    };
    assert_eq!(date("2024-02-01"), BTreeMap::from([(1, 2), (2, 2)]));
    assert_eq!(date("2024-03-05"), BTreeMap::new());
}

#[test]
fn the_source_is_found_however_many_copies_came_before_it() {
    let copy = |n: usize| story("转载", &STORY.replace("八个月", &format!("{n}个月")), "2024-04-01", n % 4);
    let mut all: Vec<Story> = (0..9).map(copy).collect();
    all.push(story("原文", STORY, "2024-03-01", 0));
    all.push(copy(9));
    let desk = shelf(&all);
    let told = related(&desk, &["11"]);
    assert_eq!(told["cluster"], 10);
    let last = told["articles"].as_array().unwrap().iter().find(|article| article["id"] == 11).unwrap();
    assert_eq!(last["source"].as_i64(), Some(10), "{last}");
}

#[test]
fn a_story_that_everybody_has_stays_one_and_boilerplate_makes_none() {
    let mut press = Press { room: Newsroom::new(5), stories: Vec::new(), pairs: Vec::new() };
    // A hundred sites' copies of one story, each with a word of its own.
    for number in 0..100 {
        press.stories.push(story(
            "老码头",
            &format!("{STORY}\n第{number}站转载。"),
            "2024-03-01",
            number % 4,
        ));
    }
    for _ in 0..300 {
        let short = press.short();
        press.stories.push(short);
    }
    let desk = shelf(&press.stories);
    let clusters = clusters(&open(&desk));
    let apart: Vec<i64> = (1..=100).filter(|id| clusters.get(id) != Some(&1)).collect();
    assert!(apart.is_empty(), "copies outside of the story's cluster: {apart:?}");
    let promoted: Vec<i64> = (101..=400).filter(|id| clusters.contains_key(id)).collect();
    assert!(promoted.is_empty(), "only a block of promotion in common: {promoted:?}");
}

#[test]
fn equal_texts_are_copies_however_short() {
    let desk = shelf(&[
        story("图片新闻", "图片新闻", "2024-03-02", 0),
        story("图片新闻", "图片新闻", "2024-03-01", 1),
        story("没有文字", "", "2024-03-01", 2),
        story("也没有文字", "", "2024-03-01", 3),
    ]);
    assert_eq!(clusters(&open(&desk)), BTreeMap::from([(1, 2), (2, 2)]));
    // One more arrives later.
    insert(&open(&desk), 5, &story("图片新闻", "图片新闻", "2024-02-01", 2));
    index(&desk.archive());
    assert_eq!(clusters(&open(&desk)), BTreeMap::from([(1, 5), (2, 5), (5, 5)]));
}
