//! Damage is found wherever it is, named, and never given as if nothing were wrong.

use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Demo, Desk, Reply, Script};

/// An archive of the demo's site.
fn desk() -> Desk {
    let demo = Demo::start(30);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    desk
}

fn verify(desk: &Desk, flags: &str, code: i32) -> Value {
    let outcome = desk.run(&format!("verify --json {flags}")).expect_code(code);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// Where `bytes` stand in the archive's file; some of it may be left over from what was written before.
fn places(file: &[u8], bytes: &[u8]) -> Vec<usize> {
    (0..file.len() - bytes.len()).filter(|at| file[*at..].starts_with(bytes)).collect()
}

/// Flips one bit of each of these bytes of the archive's file.
fn flip(archive: &Path, places: impl IntoIterator<Item = usize>, bit: u8) {
    let mut file = std::fs::read(archive).unwrap();
    for at in places {
        file[at] ^= 1 << bit;
    }
    std::fs::write(archive, file).unwrap();
}

/// A value of the archive as its file holds it.
fn bytes(desk: &Desk, sql: &str) -> Vec<u8> {
    let archive = Connection::open(desk.archive()).unwrap();
    archive.query_row(sql, [], |row| Ok(row.get_ref(0)?.as_bytes().unwrap().to_vec())).unwrap()
}

#[test]
fn a_whole_archive_is_whole_and_every_article_is_read_again() {
    let desk = desk();
    let report = verify(&desk, "", 0);
    let articles = desk.count("SELECT count(*) FROM article");
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(report["checked"]["articles"], articles, "{report}");
    assert_eq!(report["checked"]["pages"], desk.count("SELECT count(*) FROM body"));
    assert_eq!(
        (&report["read_otherwise"], &report["unsealed"]),
        (&serde_json::json!([]), &serde_json::json!({}))
    );
    let quick = verify(&desk, "--quick", 0);
    assert_eq!((&quick["ok"], &quick["checked"]["pages"]), (&Value::Bool(true), &Value::Null));
    let chain = desk.texts("SELECT lower(hex(digest)) FROM run ORDER BY id DESC LIMIT 1");
    assert_eq!(report["chain"], chain[0].as_str());
    desk.run("verify").expect_code(0);
}

#[test]
fn versions_of_edited_sharpened_listed_and_parted_articles_are_read_again() {
    let page = |title: &str, text: &str| Reply::article(title, text);
    let parted = |n: usize, next: &str| {
        let text = format!("第{n}部分讲的是港口、铁路和仓库怎样连成一片,内容不少。").repeat(6);
        Reply::html(format!(
            "<html lang=zh><title>长文</title><h1>长文</h1><p>2024-05-18</p><article><p>{text}</p></article>{next}"
        ))
    };
    let site = Script::new()
        .front(&["/1.html", "/2.html"])
        .on("/1.html", page("老码头改造", "历时八个月,老码头的改造工程在本周末完工,步道向居民开放。"))
        .on("/1.html", page("老码头改造", "历时九个月,老码头的改造工程在本周末完工,步道和栈桥向居民开放。"))
        .on("/2.html", parted(1, "<a href=/2_2.html>下一页</a>"))
        .on("/2_2.html", parted(2, ""))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    desk.crawl("--full");
    assert_eq!(desk.count("SELECT count(*) FROM version WHERE reason = 'edited'"), 1);
    assert!(desk.count("SELECT count(*) FROM version_capture WHERE role = 'next_page'") > 0);
    let report = verify(&desk, "", 0);
    assert_eq!(report["checked"]["articles"], 2, "{report}");
}

#[test]
fn a_flipped_bit_is_named_with_its_url_and_table() {
    let desk = desk();
    let url = desk.texts("SELECT url FROM articles WHERE id = 2").remove(0);
    let archive = desk.archive();
    let whole = std::fs::read(&archive).unwrap();
    let of = |sql: &str| bytes(&desk, sql);
    for (table, value, skip) in [
        ("body", of("SELECT b.bytes FROM version v JOIN version_capture x ON x.version = v.id JOIN capture c ON c.id = x.capture
                     JOIN body b ON b.digest = c.digest WHERE v.article = 2"), 40),
        ("text", of("SELECT text FROM text JOIN article a ON a.text_digest = digest WHERE a.id = 2"), 30),
        ("article", of("SELECT title || coalesce(author, '') || coalesce(source, '') FROM article WHERE id = 2"), 4),
        ("version", of("SELECT fields FROM version WHERE article = 2"), 12),
        ("capture", of("SELECT headers FROM capture ORDER BY id DESC LIMIT 1"), 3),
        ("link", of("SELECT target || '' FROM link WHERE article = 2 ORDER BY target LIMIT 1"), 20),
        ("run", of("SELECT report FROM run"), 9),
        ("url", of("SELECT url FROM url WHERE id = (SELECT url FROM article WHERE id = 2)"), 6),
    ] {
        let places = places(&whole, &value);
        let mut found = false;
        for at in &places {
            std::fs::write(&archive, &whole).unwrap();
            flip(&archive, [at + skip], 0);
            // Some stand in what the file has left over.
            let report: Value = serde_json::from_str(&desk.run("verify --json").stdout).unwrap();
            let faults = report["damaged"].as_array().unwrap();
            let is_it = |fault: &&Value| fault["table"] == table;
            found |= faults.iter().any(|fault| {
                is_it(&fault) && (matches!(table, "capture" | "run" | "url") || fault["url"] == url.as_str())
            });
        }
        assert!(found, "{table}: {} places", places.len());
    }
    std::fs::write(&archive, &whole).unwrap();
    verify(&desk, "", 0);
}

#[test]
fn show_and_export_leave_out_what_is_damaged_and_give_the_rest() {
    let desk = desk();
    let archive = desk.archive();
    let url = desk.texts("SELECT url FROM articles WHERE id = 2").remove(0);
    let whole = std::fs::read(&archive).unwrap();
    let before = desk.run("export").expect_code(0).stdout;
    let text = bytes(&desk, "SELECT text FROM text JOIN article a ON a.text_digest = digest WHERE a.id = 2");
    flip(&archive, places(&whole, &text).into_iter().map(|at| at + 30), 1);
    let without: Vec<&str> = before.lines().filter(|line| !line.starts_with("{\"id\":2,")).collect();
    assert_eq!(without.len() + 1, before.lines().count());
    for line in [
        "export",
        "export -o all.jsonl",
        "export --format csv -o all.csv",
        "export --format markdown -o vault",
        "export --snapshot frozen",
    ] {
        desk.run(line).expect_code(3).expect_stderr(&url).expect_stderr("table `text`");
    }
    let after = desk.run("export").expect_code(3).stdout;
    assert_eq!(after.lines().collect::<Vec<_>>(), without);
    desk.run("verify frozen").expect_code(0);
    for line in ["show 2", "show 2 --json", "show 2 --markdown", "show 2 --versions"] {
        let outcome = desk.run(line).expect_code(3).expect_stderr("table `text`");
        assert_eq!(outcome.stdout, "", "{line}");
    }
    desk.run("show 1").expect_code(0);
    // The page is whole, and then it is not.
    desk.run("show 2 --html").expect_code(0);
    let page = bytes(&desk, "SELECT b.bytes FROM version v JOIN version_capture x ON x.version = v.id JOIN capture c ON c.id = x.capture
                             JOIN body b ON b.digest = c.digest WHERE v.article = 2");
    for skip in [20, 40, 60, page.len() - 1] {
        std::fs::write(&archive, &whole).unwrap();
        flip(&archive, places(&whole, &page).into_iter().map(|at| at + skip), 2);
        let outcome = desk.run("show 2 --html").expect_code(3).expect_stderr("table `body`");
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_row_that_another_program_wrote_is_told_from_a_whole_one() {
    let desk = desk();
    let other = Connection::open(desk.archive()).unwrap();
    other.pragma_update(None, "foreign_keys", false).unwrap();
    let add = "INSERT INTO link (article, target, position, title, kind, first_seen, last_seen)
               VALUES (1, 'http://elsewhere.example/', 9, '别处', 'related', 0, 0)";
    other.execute(add, []).unwrap();
    let report = verify(&desk, "", 1);
    assert_eq!(
        (&report["ok"], &report["unsealed"]["link"]),
        (&Value::Bool(true), &Value::from(1)),
        "{report}"
    );
    desk.run("export").expect_code(0);
    other.execute("UPDATE article SET views = 77 WHERE id = 1", []).unwrap();
    let report = verify(&desk, "--quick", 3);
    assert_eq!(report["damaged"][0]["table"], "article");
    let url = desk.texts("SELECT url FROM articles WHERE id = 1").remove(0);
    desk.run("export").expect_code(3).expect_stderr(&url).expect_stderr("changed by another program");
}

#[test]
fn an_index_that_holds_other_words_is_found() {
    let desk = desk();
    let other = Connection::open(desk.archive()).unwrap();
    other.execute("INSERT INTO article_fts (rowid, body, title) VALUES (2, '假的 词', '')", []).unwrap();
    drop(other);
    let report = verify(&desk, "", 3);
    let tables: Vec<&str> =
        report["damaged"].as_array().unwrap().iter().filter_map(|fault| fault["table"].as_str()).collect();
    assert!(tables.contains(&"article_fts"), "{report}");
}

#[test]
fn an_archive_that_cannot_be_opened_says_so() {
    let desk = desk();
    let mut file = std::fs::read(desk.archive()).unwrap();
    for byte in &mut file[100..8192] {
        *byte ^= 0x55;
    }
    std::fs::write(desk.archive(), &file).unwrap();
    desk.run("verify").expect_code(3).expect_stderr("error: ");
    std::fs::write(desk.archive(), b"nothing of the kind").unwrap();
    desk.run("verify").expect_code(3).expect_stderr("is not a jianbao archive");
}

#[test]
fn an_archive_of_the_first_schema_is_read_and_gets_its_seals_from_a_crawl() {
    let demo = Demo::start(12);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let exported = desk.run("export").expect_code(0).stdout;
    back_to_the_first_schema(&desk.archive());
    assert_eq!(desk.run("export").expect_code(0).stdout, exported);
    desk.run("show 1 --html").expect_code(0);
    let report = verify(&desk, "", 0);
    assert!(report["notes"][0].as_str().unwrap().contains("no seals"), "{report}");
    desk.crawl("");
    let report = verify(&desk, "", 0);
    assert_eq!((&report["notes"], &report["unsealed"]), (&serde_json::json!([]), &serde_json::json!({})));
    assert_eq!(desk.count("SELECT count(*) FROM article WHERE seal IS NULL"), 0);
    assert_eq!(desk.count("SELECT count(*) FROM run WHERE digest IS NULL"), 0);
}

/// Makes an archive as the first version of the schema had it.
fn back_to_the_first_schema(path: &Path) {
    let first = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/archive/schema.sql"))
        .unwrap();
    let old = path.with_extension("old");
    std::fs::rename(path, &old).unwrap();
    let archive = Connection::open(path).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    archive.execute_batch(&format!("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; {first}")).unwrap();
    archive.execute("ATTACH ?1 AS old", [old.to_str().unwrap()]).unwrap();
    archive.execute_batch("DROP TRIGGER article_inserted; DROP TRIGGER article_updated;").unwrap();
    let names = |sql: &str| -> Vec<String> {
        archive.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let tables = names(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' AND name NOT LIKE 'article\\_fts\\_%' ESCAPE '\\'
         AND name NOT LIKE 'article\\_char\\_%' ESCAPE '\\'",
    );
    for table in tables {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        archive
            .execute_batch(&format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM old.{table}"))
            .unwrap();
    }
    archive
        .execute_batch(
            "INSERT INTO article_fts (article_fts) VALUES ('rebuild'); INSERT INTO article_char (article_char) VALUES ('rebuild');",
        )
        .unwrap();
    let triggers = first.split("CREATE TRIGGER ").skip(1).map(|rest| rest.split("\nEND;").next().unwrap());
    for trigger in triggers {
        archive.execute_batch(&format!("CREATE TRIGGER {trigger}\nEND;")).unwrap();
    }
    archive
        .execute_batch("PRAGMA application_id = 0x6a69626f; PRAGMA user_version = 1; DETACH old;")
        .unwrap();
}
