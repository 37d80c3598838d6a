//! Searching a generated archive: articles indexed per CPU-second, the index's size, and for every kind
//! of query recall, precision (against brute force over the folded texts) and CPU time with snippets.
//!
//! `cargo bench --bench search [-- ARTICLES]`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]

#[path = "../tests/it/support/corpus.rs"]
mod corpus;
#[path = "support/gauge.rs"]
mod gauge;
#[path = "../tests/it/support/truth.rs"]
mod truth;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use corpus::Story;
use gauge::cpu;
use jianbao::archive::{Archive, Filter, HitOrder, Search, open_reader};
use jianbao::search::Query;
use truth::Question;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Queries of each kind.
const EACH: usize = 40;

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.sqlite");
    let stories: Vec<Story> = corpus::stories(count).collect();
    corpus::archive(&path, &stories);
    build(&path, &stories);
    let archive = Archive::open(&path).unwrap();
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    for question in truth::drawn(&stories, EACH) {
        let kind = kinds.entry(question.class).or_default();
        kind.compare(&archive, &question);
        kind.times.push(time(&archive, &question.query));
    }
    println!("peak memory {}", gauge::peak_memory());
    println!("kind            recall  precision   hits/query   p50 ms   p95 ms   max ms");
    for (name, mut kind) in kinds {
        kind.times.sort_by(f64::total_cmp);
        let at = |percent: usize| kind.times[(kind.times.len() - 1) * percent / 100];
        let part = |of: usize| if of == 0 { 1.0 } else { kind.right as f64 / of as f64 };
        println!(
            "{name:<14} {:>7.4} {:>10.4} {:>12.0} {:>8.2} {:>8.2} {:>8.2}",
            part(kind.expected),
            part(kind.found),
            kind.expected as f64 / EACH as f64,
            at(50),
            at(95),
            at(100)
        );
    }
}

/// Indexes the archive and says what that took.
fn build(path: &Path, stories: &[Story]) {
    let began = cpu();
    corpus::index(path);
    let spent = cpu() - began;
    let archive = open_reader(path).unwrap();
    let size =
        |sql: &str| -> f64 { archive.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as f64 / 1e6 };
    let text: usize = stories.iter().map(|story| story.title.len() + story.body.len()).sum();
    let text = text as f64 / 1e6;
    let index = size("SELECT sum(length(block)) FROM article_fts_data")
        + size("SELECT sum(length(sz)) + 4 * count(*) FROM article_fts_docsize");
    let characters = size("SELECT sum(length(block)) FROM article_char_data");
    println!("{} articles, {text:.0} MB of text", stories.len());
    println!("indexed in {:.1} s of CPU: {:.0} articles per CPU-second", spent, stories.len() as f64 / spent);
    println!(
        "index {index:.0} MB, of characters {characters:.0} MB: {:.3} of the text",
        (index + characters) / text
    );
}

#[derive(Default)]
struct Kind {
    expected: usize,
    found: usize,
    right: usize,
    times: Vec<f64>,
}

impl Kind {
    fn compare(&mut self, archive: &Archive, question: &Question) {
        let found = search(archive, &question.query, 10_000_000).hits;
        let expected: HashSet<i64> = question.expected.iter().copied().collect();
        self.expected += expected.len();
        self.found += found.len();
        self.right += found.iter().filter(|hit| expected.contains(&hit.id)).count();
    }
}

/// The least CPU time of three runs in milliseconds, for the first 20 hits with their snippets.
fn time(archive: &Archive, query: &str) -> f64 {
    let run = || {
        let began = cpu();
        std::hint::black_box(search(archive, query, 20));
        (cpu() - began) * 1e3
    };
    (0..3).map(|_| run()).fold(f64::MAX, f64::min)
}

fn search(archive: &Archive, query: &str, limit: u64) -> jianbao::archive::Found {
    let filter = Filter { limit: Some(limit), ..Filter::default() };
    let query = Query::parse(query).unwrap();
    archive.search(&Search { query, filter, order: HitOrder::Relevance, with_facets: false }).unwrap()
}
