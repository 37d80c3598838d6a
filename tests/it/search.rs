//! Searching, as its users see it: what is found and what is not, in order, shown, and by other clients.

#![expect(clippy::print_stderr, reason = "a check that is skipped says so")]

use std::path::Path;
use std::process::Command;

use jianbao::archive::{Archive, Filter, Found, HitOrder, Search};
use jianbao::search::Query;
use rusqlite::Connection;
use serde_json::Value;

use crate::support::corpus::{Story, archive, index, insert, stories};
use crate::support::truth;
use crate::support::{Demo, Desk, Reply, Script};

fn story(title: &str, body: &str, published: &str) -> Story {
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
fn few() -> Vec<Story> {
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

struct Shelf {
    desk: Desk,
}

impl Shelf {
    fn of(stories: &[Story]) -> Self {
        let desk = Desk::with_config("[archive]\nstore = \"a.sqlite\"\n");
        archive(&desk.archive(), stories);
        Self { desk }
    }

    fn indexed(stories: &[Story]) -> Self {
        let shelf = Self::of(stories);
        index(&shelf.desk.archive());
        shelf
    }

    fn find(&self, query: &str, order: HitOrder) -> Found {
        find(&self.desk.archive(), query, order, 100_000)
    }

    /// Numbers of the articles found, ascending.
    fn ids(&self, query: &str) -> Vec<i64> {
        let mut ids = in_order(&self.find(query, HitOrder::Relevance));
        ids.sort_unstable();
        ids
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let outcome = self.desk.run_with(&[&["search", "--json"], arguments].concat(), "").expect_code(0);
        serde_json::from_str(&outcome.stdout).unwrap()
    }
}

fn find(path: &Path, query: &str, order: HitOrder, limit: u64) -> Found {
    let filter = Filter { limit: Some(limit), ..Filter::default() };
    let query = Query::parse(query).unwrap();
    Archive::open(path).unwrap().search(&Search { query, filter, order, with_facets: false }).unwrap()
}

fn in_order(found: &Found) -> Vec<i64> {
    found.hits.iter().map(|hit| hit.id).collect()
}

/// The index says what the texts say.
fn check(archive: &Connection) {
    for index in ["article_fts", "article_char"] {
        let sql = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        archive.execute_batch(&sql).unwrap_or_else(|error| panic!("{index}: {error}"));
    }
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
fn a_trend_is_a_share_of_each_month() {
    let shelf = Shelf::indexed(&few());
    let json = shelf.json(&["--trend", "西安", "投资"]);
    let months = json["trends"][0]["months"].as_array().unwrap();
    assert_eq!((months.len(), months[0]["month"].as_str()), (25, Some("2023-01")));
    assert_eq!(months[0]["share"], 0.5);
    assert_eq!(months[2], serde_json::json!({"month": "2023-03", "count": 1, "total": 2, "share": 0.5}));
    assert_eq!(json["trends"][1]["months"][1]["count"], 1);
    let csv = shelf.desk.run_with(&["search", "--trend", "--csv", "西安", "投资"], "").expect_code(0).stdout;
    assert!(csv.starts_with("query,month,count,total,share\n\"西安\",2023-01,1,2,0.500000\n"), "{csv}");
    let chart = shelf.desk.run_with(&["search", "--trend", "西安", "投资"], "").expect_code(0).stdout;
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

#[test]
fn an_edited_article_is_found_by_its_new_words_only() {
    let running = Script::new()
        .front(&["/1.html"])
        .on("/1.html", Reply::html(page("旧的说法")))
        .on("/2.html", Reply::html(page("别的文章")))
        .start();
    let desk = Desk::for_site(&running.origin);
    desk.crawl("");
    let total = |query: &str| -> u64 { find(&desk.archive(), query, HitOrder::Relevance, 10).total };
    assert_eq!((total("旧的说法"), total("新的写法")), (1, 0));
    assert_eq!(desk.count("SELECT count(*) FROM pending_index"), 0, "a run leaves no debt");
    let archive = Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    let edited = story("题目", "新的写法。", "2024-05-18");
    let digest = jianbao::capture::Digest::of(edited.body.as_bytes()).0;
    archive.execute("INSERT INTO text (digest, text) VALUES (?1, ?2)", (digest, &edited.body)).unwrap();
    archive
        .execute(
            "INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
             SELECT article, 2, 0, 'edited', ?1, fields, origins, profile_revision FROM version",
            [digest],
        )
        .unwrap();
    archive.execute("UPDATE article SET version_count = 2, text_digest = ?1", [digest]).unwrap();
    // Until it is indexed anew, what is found is already the new text.
    assert_eq!((total("旧的说法"), total("新的写法")), (0, 1));
    drop(archive);
    index(&desk.archive());
    assert_eq!((total("旧的说法"), total("新的写法")), (0, 1));
    let archive = Connection::open(desk.archive()).unwrap();
    check(&archive);
    assert_eq!(desk.count("SELECT sum(n) FROM month_total"), 1);
}

fn page(text: &str) -> String {
    format!(
        "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p><div>
         <p>历时八个月,老码头的改造工程在本周末完工,步道向居民开放,这是{text}。</p></div>"
    )
}

#[test]
fn a_search_and_a_crawl_do_not_wait_for_each_other() {
    let demo = Demo::start(300);
    let desk = Desk::for_site(&demo.origin);
    let mut crawl = desk.spawn("crawl --json");
    let (mut looks, mut last) = (0, 0);
    let ended = loop {
        if let Ok(archive) = Archive::open(&desk.archive()) {
            let query = Query::parse("园区 OR 企业 OR 项目").unwrap();
            let filter = Filter { limit: Some(5), ..Filter::default() };
            let search = Search { query, filter, order: HitOrder::Relevance, with_facets: true };
            let found = archive.search(&search).expect("a search while a crawl writes");
            assert!(found.total >= last, "what was found stays found");
            last = found.total;
            looks += 1;
        }
        if let Some(status) = crawl.try_wait().unwrap() {
            break status;
        }
    };
    assert_eq!(ended.code(), Some(0));
    assert!(looks > 2 && last > 0);
    assert_eq!(desk.count("SELECT count(*) FROM pending_index"), 0);
    let archive = Connection::open(desk.archive()).unwrap();
    check(&archive);
}

/// The SQL of docs/search.md that begins with these words.
fn documented(start: &str) -> String {
    let docs = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/search.md")).unwrap();
    let block = docs.split("```sql\n").find(|block| block.starts_with(start)).unwrap();
    block.split("```").next().unwrap().to_owned()
}

fn is_installed(program: &str) -> bool {
    let is_there =
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("SKIPPED: `{program}` is not installed, so the archive is not tried with it");
    }
    is_there
}

const VIEWS: [&str; 4] = ["articles", "article_versions", "related_links", "runs"];

#[test]
fn the_sqlite3_shell_searches_checks_and_rebuilds() {
    if !is_installed("sqlite3") {
        return;
    }
    let shelf = Shelf::indexed(&few());
    let run = |script: &str| -> String {
        let path = shelf.desk.archive();
        let output = Command::new("sqlite3").arg("-bail").arg(path).arg(script).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let recipe = documented("WITH RECURSIVE");
    let search = |query: &str| run(&recipe.replace(":query", &format!("'{query}'")));
    let upkeep = documented("INSERT INTO article_fts");
    for _ in 0..2 {
        assert!(search("臨空產業 投資").starts_with("1|2023-01-05|临空产业港开工|"));
        assert_eq!(search("西").lines().count(), 5);
        assert_eq!(search("gdp增长").lines().count(), 2);
        assert_eq!(search("没有这样的词"), "");
        assert_eq!(search(""), "");
        // integrity-check, then rebuild; the second round searches what was rebuilt.
        run(&upkeep);
    }
    for view in VIEWS {
        run(&format!("SELECT count(*) FROM {view}"));
    }
    assert_eq!(shelf.ids("臨空產業"), [1, 3]);
}

#[test]
fn pythons_sqlite3_searches_checks_and_rebuilds() {
    if !is_installed("python3") {
        return;
    }
    let shelf = Shelf::indexed(&stories(20).chain(few()).collect::<Vec<_>>());
    let script = r#"
import sqlite3, sys
archive, recipe, check = sys.argv[1:4]
db = sqlite3.connect(archive)
def search(query):
    return [row[0] for row in db.execute(recipe, {"query": query})]
for _ in range(2):
    assert search("臨空產業 投資") == [21], search("臨空產業 投資")
    assert sorted(search("7342亿")) == [21] and sorted(search("西安 GDP增长")) == [23, 26]
    db.executescript(check)
for view in sys.argv[4:]:
    db.execute(f"SELECT * FROM {view} LIMIT 1").fetchall()
db.commit()
print(sqlite3.sqlite_version)
"#;
    let run = Command::new("python3")
        .args(["-c", script])
        .arg(shelf.desk.archive())
        .args([documented("WITH RECURSIVE"), documented("INSERT INTO article_fts")])
        .args(VIEWS)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    // What the other client rebuilt is what we would have written.
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    check(&archive);
    assert_eq!(shelf.ids("臨空產業"), [21, 23]);
}

#[test]
fn a_text_of_any_length_and_kind_has_the_same_tokens_in_sql() {
    let long = "临空产业港2023年发布GDP增长。".repeat(300);
    let odd =
        "İſς ㎡①🎉👨‍👩‍👧 e\u{301} ﬁ ⽂ ｶﾞ ไทย 한국어 \u{e000}\u{fffd}\t\r\u{a0}\u{200b} 𠀀𠮷 _a_b1.5,6 ".repeat(3);
    let stories: Vec<Story> = [
        long.as_str(),
        &odd,
        "前面\0后面",
        "。",
        "a",
        &"x".repeat(501),
        &"西".repeat(500),
        &"西".repeat(501),
    ]
    .iter()
    .map(|body| story("题", body, "2023-01-01"))
    .collect();
    let shelf = Shelf::indexed(&stories);
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    check(&archive);
    assert_eq!(archive.query_row("SELECT count(*) FROM article_seg", [], |row| row.get::<_, i64>(0)), Ok(8));
    assert_eq!(shelf.ids("e\u{301}"), [2]);
}

#[test]
fn an_index_of_another_folding_is_made_anew() {
    let shelf = Shelf::indexed(&few());
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    archive.execute_batch("UPDATE fold_revision SET revision = 'older'; DELETE FROM fold_map;").unwrap();
    drop(archive);
    assert_eq!(index(&shelf.desk.archive()), 10);
    assert_eq!(shelf.ids("临空产业港"), [1, 3]);
    assert_eq!(shelf.desk.count("SELECT count(*) FROM fold_revision WHERE revision <> 'older'"), 1);
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    check(&archive);
}

#[test]
fn two_articles_added_at_once_are_indexed_once() {
    let shelf = Shelf::indexed(&few());
    let archive = Connection::open(shelf.desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    insert(&archive, 11, &story("新的", "西安新闻。", "2025-02-01"));
    drop(archive);
    assert_eq!(index(&shelf.desk.archive()), 1);
    assert_eq!(shelf.ids("西安 date:2025"), [11]);
}

#[test]
fn datasettes_search_is_the_documented_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/datasette.json");
    let metadata: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(metadata["databases"]["archive"]["queries"]["search"]["sql"], documented("WITH RECURSIVE"));
}
