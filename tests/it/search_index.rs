//! The search index: kept beside edits and crawls, the same in SQL, and read by other clients.

use std::path::Path;
use std::process::Command;

use jianbao::archive::{Archive, Filter, HitOrder, Search};
use jianbao::search::Query;
use rusqlite::Connection;
use serde_json::Value;

use crate::oldest::VIEWS;
use crate::search::{Shelf, few, find, story};
use crate::support::corpus::{Story, index, insert, stories};
use crate::support::{Demo, Desk, Reply, Script, skipped};

/// The index says what the texts say.
fn check(archive: &Connection) {
    for index in ["article_fts", "article_char"] {
        let sql = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        archive.execute_batch(&sql).unwrap_or_else(|error| panic!("{index}: {error}"));
    }
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

#[test]
fn an_index_that_grows_bit_by_bit_stays_in_one_large_piece() {
    let shelf = Shelf::of(&[]);
    let stories: Vec<Story> = stories(140).collect();
    let mut archive = Connection::open(shelf.desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    for (part, new) in stories.chunks(20).enumerate() {
        let all = archive.transaction().unwrap();
        for (place, story) in new.iter().enumerate() {
            insert(&all, i64::try_from(part * 20 + place + 1).unwrap(), story);
        }
        all.commit().unwrap();
        assert_eq!(index(&shelf.desk.archive()), 20);
        let mut pages = archive.prepare("SELECT count(*) FROM article_fts_idx GROUP BY segid").unwrap();
        let pages: Vec<i64> =
            pages.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let (all, largest) = (pages.iter().sum::<i64>(), *pages.iter().max().unwrap());
        assert!((all - largest) * 4 <= largest, "pages of the pieces: {pages:?}");
    }
    check(&archive);
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
    // Also while a writer holds its transaction open.
    let mut writer = Connection::open(desk.archive()).unwrap();
    let held = writer.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    held.execute("DELETE FROM link", []).unwrap();
    assert_eq!(find(&desk.archive(), "园区 OR 企业 OR 项目", HitOrder::Relevance, 5).total, last);
    drop(held);
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
        skipped(&format!("`{program}` is not installed, so the archive is not tried with it"));
    }
    is_there
}

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
    // Until then, whoever searches is told.
    assert!(shelf.find("西安", HitOrder::Relevance).is_outdated);
    for line in ["search 西安", "search --trend 西安"] {
        shelf.desk.run(line).expect_code(0).expect_stderr("the next crawl makes it anew");
    }
    assert_eq!(index(&shelf.desk.archive()), 10);
    assert_eq!(shelf.ids("临空产业港"), [1, 3]);
    assert!(!shelf.find("西安", HitOrder::Relevance).is_outdated);
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
