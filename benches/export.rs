//! Articles exported per CPU-second, in each format, from a generated archive.
//!
//! `cargo bench --bench export [-- ARTICLES [ARCHIVE]]`: a named archive is kept, and used again, so that
//! other programs can be run on the same one.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "../tests/it/support/dice.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "it is the tests'")]
mod dice;
#[path = "support/gauge.rs"]
mod gauge;

use std::path::{Path, PathBuf};
use std::time::Instant;

use dice::Dice;
use jianbao::archive::{Archive, Filter, Order, Place};
use jianbao::capture::Digest;
use jianbao::export::{Format, Markdown, Partitioned, Start, Stream, export, to_file};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let articles: u32 =
        arguments.first().map_or(100_000, |number| number.parse().expect("a number of articles"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = arguments.get(1).map_or_else(|| folder.path().join("archive.sqlite"), PathBuf::from);
    if !path.exists() {
        generate(&path, articles);
    }
    let size = std::fs::metadata(&path).expect("the archive").len();
    println!("{articles} articles, archive of {} MB", size / 1_000_000);
    let file = |name: &str| folder.path().join(name);
    for stream in [Stream::Jsonl, Stream::Csv(Start::Plain), Stream::Parquet] {
        measure(&path, &file("articles").with_extension(stream.name()), articles, stream);
    }
    run("partitions", articles, || {
        let root = file("partitions");
        std::fs::create_dir(&root).expect("a folder");
        let mut format = Partitioned::new(&root);
        scan(&path, Order::SiteAndMonth, &mut format)
    });
    run("markdown", articles, || scan(&path, Order::Id, &mut Markdown::new(&file("markdown"))));
    println!("peak memory {}", gauge::peak_memory());
}

fn scan(path: &Path, order: Order, format: &mut dyn Format) -> u64 {
    let archive = Archive::open(path).expect("the archive opens");
    export(&archive, &Filter::default(), order, format).expect("the export succeeds").articles
}

fn measure(archive: &Path, output: &Path, articles: u32, stream: Stream) {
    let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
    run(&name, articles, || {
        to_file(output, |out| Ok(scan(archive, Order::Id, &mut *stream.to(out)?))).expect("a file")
    });
    println!("  {} MB", std::fs::metadata(output).expect("the export").len() / 1_000_000);
}

fn run(name: &str, articles: u32, work: impl FnOnce() -> u64) {
    let (began, wall) = (gauge::cpu(), Instant::now());
    assert_eq!(work(), u64::from(articles), "every article is exported");
    let (spent, wall) = (gauge::cpu() - began, wall.elapsed().as_secs_f64());
    println!(
        "{name}: {spent:.2} s of CPU, {wall:.2} s, {:.0} articles per CPU-second",
        f64::from(articles) / spent
    );
}

/// Sentences of common characters.
fn text(dice: &mut Dice, characters: u64) -> String {
    let mut text = String::new();
    for i in 0..characters {
        match i % 97 {
            96 => text.push('\n'),
            at if at % 16 == 15 => text.push('，'),
            _ => {
                let common = u32::try_from(dice.next_u64() % 2500).unwrap_or(0);
                text.push(char::from_u32(0x4e00 + common).unwrap_or('一'));
            }
        }
    }
    text
}

/// An archive as a crawl leaves it: ten sites, ten years, texts of 400 to 1,200 characters, eight related
/// links each.
fn generate(path: &Path, articles: u32) {
    let place = Place::File(path.to_owned());
    let connection = place.keep().expect("an archive");
    connection
        .execute_batch(
            "BEGIN;
             INSERT INTO run (id, started, finished, chain_start, full, outcome) VALUES (1, 1700000000000, 1700000900000, 1700000000000, 0, 'finished');
             INSERT INTO profile_revision (id, profile, toml, extractor) VALUES (1, '', '', '0.1.0');",
        )
        .expect("an empty archive");
    for site in 1..=10 {
        let name = format!("site-{site}");
        connection
            .execute(
                "INSERT INTO site (id, key, home, added_at) VALUES (?1, ?2, 'http://x/', 0)",
                (site, name),
            )
            .expect("a site");
        connection
            .execute("INSERT INTO host (id, site, key) VALUES (?1, ?1, 'http://' || ?1)", [site])
            .expect("a host");
    }
    let mut dice = Dice(0);
    for id in 1..=articles {
        article(&connection, id, &mut dice);
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE);").expect("a commit");
}

fn article(connection: &rusqlite::Connection, id: u32, dice: &mut Dice) {
    let site = dice.next_u64() % 10 + 1;
    let length = 400 + dice.next_u64() % 800;
    let body = text(dice, length);
    let digest = Digest::of(body.as_bytes());
    let title = text(dice, 14);
    let day = i64::try_from(dice.next_u64() % 3650).unwrap_or(0);
    let from = 1_388_534_400 + day * 86_400;
    let published = jiff::Timestamp::from_second(from).expect("a moment").strftime("%Y-%m-%d").to_string();
    let url = format!("http://site-{site}.example/post/{id}.html");
    let seen = 1_700_000_000_000 + i64::from(id);
    let fields = format!("{{\"title\":\"{title}\",\"published\":\"{published}\"}}");
    let origins = r#"{"title":"profile:title","body":"profile:body","published":"profile:published"}"#;
    let execute = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).and_then(|mut insert| insert.execute(values)).expect("a row");
    };
    execute(
        "INSERT INTO url (id, site, host, url, key, kind, state, depth, rank, discovered_at, article)
         VALUES (?1, ?2, ?2, ?3, ?4, 'post', 'done', 1, 0, 0, ?1)",
        &[&id, &site, &url, &&Digest::of(url.as_bytes()).0[..16]],
    );
    execute("INSERT INTO text (digest, text) VALUES (?1, ?2)", &[&&digest.0[..], &body]);
    execute(
        "INSERT INTO article (id, site, url, title, author, category, tags, breadcrumbs, language, views, published,
             published_precision, published_approximate, published_from, published_to, text_digest, first_seen, last_seen, version_count)
         VALUES (?1, ?2, ?1, ?3, '林小雨', '新闻中心', '[\"园区\",\"产业\"]', '[\"首页\",\"新闻中心\"]', 'zh', ?4, ?5, 'day', 0, ?6, ?6 + 86399, ?7, ?8, ?8, 1)",
        &[&id, &site, &title, &(dice.next_u64() % 90_000), &published, &from, &&digest.0[..], &seen],
    );
    execute(
        "INSERT INTO capture (id, url, run, fetched_at, status, http_version, request_headers, headers, wire_length,
             wire_digest, digest, elapsed_ms, outcome) VALUES (?1, ?1, 1, ?2, 200, 'HTTP/1.1', '', '', 46000, ?3, ?3, 40, 'article')",
        &[&id, &seen, &&digest.0[..]],
    );
    execute(
        "INSERT INTO version (id, article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
         VALUES (?1, ?1, 1, ?2, 'published', ?3, ?4, ?5, 1)",
        &[&id, &seen, &&digest.0[..], &fields, &origins],
    );
    execute("INSERT INTO version_capture (version, capture, role) VALUES (?1, ?1, 'page')", &[&id]);
    for position in 0..8_u32 {
        let target = format!("http://site-{site}.example/post/{}.html", dice.next_u64() % 1_000_000);
        execute(
            "INSERT OR IGNORE INTO link (article, target, position, title, excerpt, kind, first_seen, last_seen)
             VALUES (?1, ?2, ?3, ?4, NULL, 'related', ?5, ?5)",
            &[&id, &target, &position, &title, &seen],
        );
    }
}
