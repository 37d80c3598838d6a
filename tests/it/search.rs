//! Searching, as its users see it: what is found and what is not, in order, and shown.

use std::path::Path;

use jianbao::archive::{Archive, ArchiveError, Filter, Found, HitOrder, Search};
use jianbao::search::Query;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::Desk;
use crate::support::corpus::{Story, archive, index, insert, stories};
use crate::support::truth;

pub(crate) fn story(title: &str, body: &str, published: &str) -> Story {
    Story {
        title: title.into(),
        body: body.into(),
        published: published.into(),
        site: 0,
        category: "新闻中心",
        author: "王小明",
    }
}

/// Ten articles written by hand; numbers are places in this list, from 1.
pub(crate) fn few() -> Vec<Story> {
    vec![
        story("临空产业港开工", "西安临空产业港今日开工。总投资7342亿元。", "2023-01-05"),
        story("会议召开", "与会者等待处理结果,在建工程进展顺利。", "2023-01-20"),
        story("臨空產業動態", "蕞新消息:西安臨空產業港的ＧＤＰ增长６％。", "2023-02-27"),
        story("投资", "总投资734.2亿元,比上年增长。", "2023-02-28"),
        story("Technology", "New York, information technology. GDP 增长放缓。", "2023-03-01"),
        story("合作", "双方合作。GDP增长加快,西安参会。", "2023-03-15"),
        story("庆祝", "开业大吉🎉欢迎光临。ไทยแลนด์ カメラ", "2023-04-01"),
        Story {
            site: 1,
            category: "园区动态",
            author: "Anna Berg",
            ..story("园区", "西安的园区。", "2024-05-01")
        },
        story("经典", "景点很多。", "2024-06-01"),
        story("最长的一篇", "西。", "2025-01-01"),
    ]
}

pub(crate) struct Shelf {
    pub(crate) desk: Desk,
}

impl Shelf {
    pub(crate) fn of(stories: &[Story]) -> Self {
        let desk = Desk::with_config("[archive]\nstore = \"a.sqlite\"\n");
        archive(&desk.archive(), stories);
        Self { desk }
    }

    pub(crate) fn indexed(stories: &[Story]) -> Self {
        let shelf = Self::of(stories);
        index(&shelf.desk.archive());
        shelf
    }

    pub(crate) fn find(&self, query: &str, order: HitOrder) -> Found {
        find(&self.desk.archive(), query, order, 100_000)
    }

    /// Numbers of the articles found, ascending.
    pub(crate) fn ids(&self, query: &str) -> Vec<i64> {
        let mut ids = in_order(&self.find(query, HitOrder::Relevance));
        ids.sort_unstable();
        ids
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let outcome = self.desk.run_with(&[&["search", "--json"], arguments].concat(), "").expect_code(0);
        serde_json::from_str(&outcome.stdout).unwrap()
    }
}

pub(crate) fn find(path: &Path, query: &str, order: HitOrder, limit: u64) -> Found {
    let filter = Filter { limit: Some(limit), ..Filter::default() };
    let query = Query::parse(query).unwrap();
    Archive::open(path).unwrap().search(&Search { query, filter, order, with_facets: false }).unwrap()
}

fn in_order(found: &Found) -> Vec<i64> {
    found.hits.iter().map(|hit| hit.id).collect()
}

/// What is found by hand in [`few`].
const FACTS: [(&str, &[i64]); 40] = [
    ("处理", &[2]),
    ("工程", &[2]),
    ("临空产业港", &[1, 3]),
    ("臨空產業港", &[1, 3]),
    ("临空 产业", &[1, 3]),
    ("最新", &[3]),
    ("蕞新", &[3]),
    ("gdp", &[3, 5, 6]),
    ("ＧＤＰ增长", &[3, 6]),
    ("\"gdp 增长\"", &[5]),
    ("合作gdp", &[]),
    ("\"合作 gdp\"", &[6]),
    ("7342亿", &[1]),
    ("734.2亿", &[4]),
    ("734", &[4]),
    ("342", &[]),
    ("6%", &[3]),
    ("inf*", &[5]),
    ("inf", &[]),
    ("\"new york\"", &[5]),
    ("york new", &[5]),
    ("🎉", &[7]),
    ("ไทย", &[7]),
    ("カメ", &[7]),
    ("景点 OR 处理", &[2, 9]),
    ("西安 NOT 临空", &[6, 8]),
    ("西安 NOT 734.2亿", &[1, 3, 6, 8]),
    ("(西安 OR 投资) NOT (gdp OR 园区)", &[1, 4]),
    ("西", &[1, 3, 6, 8, 10]),
    ("title:临空", &[1, 3]),
    ("title:西安", &[]),
    ("title:(投资 OR 园区)", &[4, 8]),
    ("site:site-1", &[8]),
    ("西安 site:site-0", &[1, 3, 6]),
    ("景点 OR site:site-1", &[8, 9]),
    ("author:berg", &[8]),
    ("category:园区", &[8]),
    ("西安 date:2023-02..2023-03", &[3, 6]),
    ("date:2024", &[8, 9]),
    ("NOT date:2023", &[8, 9, 10]),
];

#[test]
fn what_stands_in_an_article_is_found_and_nothing_else() {
    let shelf = Shelf::indexed(&few());
    for (query, expected) in FACTS {
        assert_eq!(shelf.ids(query), expected, "{query}");
    }
    assert_eq!(shelf.desk.count("SELECT count(*) FROM pending_index"), 0);
}

#[test]
fn as_many_terms_as_a_query_can_hold_are_joined_with_a_field() {
    let stories: Vec<Story> = stories(300).collect();
    let shelf = Shelf::indexed(&stories);
    // 97 pairs of characters, among them what no article holds.
    let terms: Vec<String> = stories[0]
        .body
        .chars()
        .collect::<Vec<_>>()
        .chunks_exact(2)
        .filter(|pair| pair.iter().all(|c| ('一'..='龥').contains(c)))
        .map(|pair| pair.iter().collect::<String>())
        .chain(["龘靐".to_owned()])
        .take(97)
        .collect();
    let alone: std::collections::BTreeSet<i64> =
        terms.iter().map(String::as_str).chain(["site:site-1"]).flat_map(|term| shelf.ids(term)).collect();
    let joined = format!("site:site-1 OR {}", terms.join(" OR "));
    assert_eq!(shelf.ids(&joined), alone.into_iter().collect::<Vec<_>>());
    let none = format!("site:site-1 NOT ({}) NOT site:site-1", terms.join(" OR "));
    assert_eq!(shelf.ids(&none), Vec::<i64>::new());
}

#[test]
fn what_is_not_indexed_yet_is_found_all_the_same() {
    let shelf = Shelf::of(&few());
    assert_eq!(shelf.desk.count("SELECT count(*) FROM article_meta"), 0);
    for (query, expected) in FACTS {
        assert_eq!(shelf.ids(query), expected, "{query}");
    }
    let json = shelf.json(&["西安"]);
    assert_eq!((json["pending"].as_u64(), json["total"].as_u64()), (Some(10), Some(4)));
    // Half of it indexed.
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    archive.execute("DELETE FROM pending_index WHERE article % 2", []).unwrap();
    drop(archive);
    index(&shelf.desk.archive());
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    archive.execute("INSERT INTO pending_index SELECT id FROM article WHERE id % 2", []).unwrap();
    drop(archive);
    for (query, expected) in FACTS {
        assert_eq!(shelf.ids(query), expected, "{query}");
    }
}

#[test]
fn titles_count_more_and_the_newest_come_first_when_asked() {
    let shelf = Shelf::indexed(&few());
    let found = shelf.find("投资", HitOrder::Relevance);
    assert_eq!((found.order, in_order(&found)), (HitOrder::Relevance, vec![4, 1]));
    assert!(found.hits[0].score > found.hits[1].score && found.hits[1].score > 0.0);
    assert_eq!(in_order(&shelf.find("西安", HitOrder::Date)), [8, 6, 3, 1]);
    let single = shelf.find("西", HitOrder::Relevance);
    assert_eq!((single.order, in_order(&single)), (HitOrder::Date, vec![10, 8, 6, 3, 1]));
    let twins = [story("甲", "新能源汽车。", "2015-01-01"), story("乙", "新能源汽车。", "2025-01-01")];
    assert_eq!(in_order(&Shelf::indexed(&twins).find("新能源", HitOrder::Recent)), [2, 1]);
}

#[test]
fn the_answer_has_its_shape_and_its_filters() {
    let shelf = Shelf::indexed(&few());
    let json = shelf.json(&["臨空", "--limit", "1", "--facets", "--sort", "date"]);
    assert_eq!((json["query"].as_str(), json["total"].as_u64()), (Some("臨空"), Some(2)));
    assert_eq!(json["order"], "date");
    let hit = &json["hits"][0];
    assert_eq!(hit["id"], 3);
    assert_eq!(hit["url"], "http://site-0.example/post/3.html");
    assert_eq!(hit["site"], "site-0");
    assert_eq!(hit["title"], "臨空產業動態");
    assert_eq!(hit["published"], "2023-02-27");
    assert_eq!(hit["snippet"], "蕞新消息:西安臨空產業港的ＧＤＰ增长６％。");
    assert_eq!(hit["marks"], serde_json::json!([[7, 9]]));
    assert_eq!(hit["title_marks"], serde_json::json!([[0, 2]]));
    assert!(hit["score"].is_number());
    assert_eq!(json["facets"]["month"], serde_json::json!([["2023-01", 1], ["2023-02", 1]]));
    assert_eq!(json["facets"]["site"], serde_json::json!([["site-0", 2]]));
    assert_eq!(json["facets"]["category"], serde_json::json!([["新闻中心", 2]]));
    for (flags, expected) in [
        (&["--site", "site-1"][..], 1),
        (&["--from", "2023-02-27"][..], 3),
        (&["--to", "2023-02-27"][..], 2),
        (&["--author", "Anna Berg"][..], 1),
        (&["--category", "新闻中心"][..], 3),
    ] {
        let json = shelf.json(&[&["西安"], flags].concat());
        assert_eq!(json["total"].as_i64(), Some(expected), "{flags:?}");
    }
    shelf.desk.run("search 西安 --site nowhere").expect_code(2).expect_stderr("no site `nowhere`");
}

#[test]
fn people_see_the_hits_in_their_sentences() {
    let shelf = Shelf::indexed(&few());
    let outcome = shelf.desk.run_with(&["search", "临空产业 投资"], "").expect_code(0);
    assert!(outcome.stdout.contains("[临空产业]港开工"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("西安[临空产业]港今日开工。总[投资]7342亿元。"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("1 of 1 article, the most relevant first"), "{}", outcome.stderr);
    let outcome = shelf.desk.run_with(&["search", "西", "--facets"], "").expect_code(0);
    assert!(outcome.stderr.contains("the newest first: a single character"), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("site-0 (4) · site-1 (1)"), "{}", outcome.stdout);
    let outcome = shelf.desk.run_with(&["search", "临空产业", "--color", "always"], "").expect_code(0);
    assert!(outcome.stdout.contains("\x1b[1;31m临空产业\x1b[0m港"));
    shelf.desk.run("search 没有这样的词").expect_code(0).expect_stderr("no article found");
}

#[test]
fn trends_that_are_read_together_are_of_one_moment() {
    let shelf = Shelf::indexed(&few());
    let archive = Archive::open(&shelf.desk.archive()).unwrap();
    let trend = || archive.trend("西安", &Query::parse("西安").unwrap(), &Filter::default());
    let (before, after) = archive
        .at_one_moment(|| {
            let before = trend()?;
            let writer = Connection::open(shelf.desk.archive()).unwrap();
            writer.pragma_update(None, "foreign_keys", false).unwrap();
            insert(&writer, 11, &story("旧闻", "西安旧闻。", "2020-01-01"));
            Ok::<_, ArchiveError>((before, trend()?))
        })
        .unwrap();
    assert_eq!(before.months[0].month, "2023-01");
    assert_eq!(before.months.len(), after.months.len());
    assert_eq!(trend().unwrap().months[0].month, "2020-01");
}

#[test]
fn a_trend_is_a_share_of_each_month() {
    let shelf = Shelf::indexed(&few());
    let json = shelf.json(&["--trend", "西安", "投资"]);
    let months = json["trends"][0]["months"].as_array().unwrap();
    assert_eq!((months.len(), months[0]["month"].as_str()), (25, Some("2023-01")));
    assert_eq!(months[0]["share"], 0.5);
    assert_eq!(months[2], serde_json::json!({"month": "2023-03", "count": 1, "total": 2, "share": 0.5}));
    assert_eq!(json["trends"][1]["months"][1]["count"], 1);
    // A month without articles has no share.
    let empty: Vec<_> = months.iter().filter(|month| month["total"] == 0).collect();
    assert!(!empty.is_empty() && empty.iter().all(|month| month["share"].is_null()), "{empty:?}");
    let csv = shelf.desk.run_with(&["search", "--trend", "--csv", "西安", "投资"], "").expect_code(0).stdout;
    assert!(csv.starts_with("query,month,count,total,share\n\"西安\",2023-01,1,2,0.500000\n"), "{csv}");
    let chart = shelf.desk.run_with(&["search", "--trend", "西安", "投资"], "").expect_code(0).stdout;
    let row = chart.lines().find(|line| line.starts_with(empty[0]["month"].as_str().unwrap())).unwrap();
    assert_eq!((row.matches('—').count(), row.matches('%').count()), (2, 0), "{chart}");
    let row = chart.lines().find(|line| line.starts_with("2023-02")).unwrap();
    assert_eq!(row.matches("50.0 % (1/2)").count(), 2, "{chart}");
    assert_eq!(row.matches('█').count(), 24, "half of the largest share is half a bar, twice: {chart}");
    // A filter counts in the totals too.
    let json = shelf.json(&["--trend", "西安", "--site", "site-1"]);
    assert_eq!(
        json["trends"][0]["months"],
        serde_json::json!([{"month": "2024-05", "count": 1, "total": 1, "share": 1.0}])
    );
    // What is pending counts as well.
    let pending = Shelf::of(&few());
    assert_eq!(
        pending.json(&["--trend", "西安", "投资"])["trends"][0],
        shelf.json(&["--trend", "西安"])["trends"][0]
    );
}

#[test]
fn a_query_that_cannot_be_read_is_told_where() {
    let shelf = Shelf::indexed(&few());
    let outcome = shelf.desk.run_with(&["search", "西安 titel:临空"], "").expect_code(2);
    assert!(
        outcome.stderr.contains("| 西安 titel:临空\n  | \u{3000}\u{3000} ^\n  hint: fields are title:"),
        "{}",
        outcome.stderr
    );
    for (query, message) in [
        ("", "it is empty"),
        ("，。！", "only punctuation"),
        ("西安 \"临空", "not closed"),
        ("AND", "a term is missing"),
        (&"西".repeat(10_000), "10000 characters"),
    ] {
        shelf.desk.run_with(&["search", query], "").expect_code(2).expect_stderr(message);
    }
}

#[test]
fn nothing_that_is_typed_becomes_sql() {
    let shelf = Shelf::indexed(&few());
    for query in [
        "'; DROP TABLE article; --",
        "\"x\" OR body:*",
        "西安\\\" OR \\\"临空",
        "NEAR(西安 临空, 2)",
        "^西安",
        "{title}: 西安",
        "- 西安",
        "a\0b",
        "%",
        "*",
        "(((西安)))",
    ] {
        // Read or refused, but never an error of SQLite.
        if let Ok(parsed) = Query::parse(query) {
            let filter = Filter { site: Some("'; --".into()), ..Filter::default() };
            let search = Search { query: parsed, filter, order: HitOrder::Relevance, with_facets: true };
            Archive::open(&shelf.desk.archive()).unwrap().search(&search).unwrap();
            shelf.find(query, HitOrder::Relevance);
        }
    }
    assert_eq!(shelf.ids("'; DROP TABLE article; --"), Vec::<i64>::new());
    assert_eq!(shelf.desk.count("SELECT count(*) FROM article"), 10);
    assert_eq!(shelf.ids(&"西".repeat(1000)), Vec::<i64>::new());
}

#[test]
fn every_kind_of_query_finds_what_brute_force_finds() {
    let stories: Vec<Story> = stories(2000).collect();
    let shelf = Shelf::indexed(&stories);
    let archive = Archive::open(&shelf.desk.archive()).unwrap();
    let mut hits = 0;
    for truth::Question { class, query, expected } in truth::drawn(&stories, 6) {
        let filter = Filter { limit: Some(5000), ..Filter::default() };
        let search = Search {
            query: Query::parse(&query).unwrap(),
            filter,
            order: HitOrder::Relevance,
            with_facets: false,
        };
        let found = archive.search(&search).unwrap();
        let mut ids = in_order(&found);
        ids.sort_unstable();
        assert_eq!(ids, expected, "{class}: {query}");
        assert_eq!(found.total, expected.len() as u64, "{class}: {query}");
        for hit in &found.hits {
            let story = &stories[usize::try_from(hit.id).unwrap() - 1];
            assert!(story.body.contains(&hit.snippet), "the snippet is not in the text: {}", hit.snippet);
        }
        hits += ids.len();
    }
    assert!(hits > 5000, "{hits} hits prove little");
}
