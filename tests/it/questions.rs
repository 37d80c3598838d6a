//! The views that analysts read, and the questions of docs/questions.md, asked of an archive whose answers
//! are known.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::support::Desk;
use crate::support::corpus::{Story, archive, index};

fn read(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

const TEXT: &str = "港口扩建工程昨日开工,总投资12.5亿元,计划两年完成。\n工程包括三个深水泊位和一条铁路支线,建成后年吞吐量将翻一番。\n\
    市政府有关负责人在开工仪式上说,扩建是全省物流规划的一部分。\n附近居民关心的噪声问题,施工方承诺夜间停工,并设立投诉电话。";

/// Five articles of two sites. The second is a copy of the first, the third a part of it.
fn stories() -> Vec<Story> {
    let story = |title: &str, body: &str, published: &str, site, category, author| Story {
        title: title.into(),
        body: body.into(),
        published: published.into(),
        site,
        category,
        author,
    };
    let part = TEXT.lines().take(2).collect::<Vec<_>>().join("\n");
    vec![
        story("港口扩建", TEXT, "2024-03-01", 0, "新闻中心", "王小明"),
        story("港口开工", &TEXT.replace("昨日", "近日"), "2024-03-03", 1, "园区动态", "Anna Berg"),
        story("深水泊位", &part, "2024-03-05", 1, "园区动态", "Anna Berg"),
        story("新标题", "图书馆开放。", "2023-12-30", 0, "新闻中心", "王小明"),
        story("灯会", "灯会今晚开始。", "2024-03-20", 0, "新闻中心", "李记者"),
    ]
}

const REST: &str = r#"
    UPDATE article SET views = 300, tags = '["港口","投资"]' WHERE id = 1;
    UPDATE article SET source = '日报', tags = '["港口"]' WHERE id = 2;
    UPDATE article SET views = 50, version_count = 2 WHERE id = 4;
    UPDATE version SET fields = '{"title":"旧标题"}' WHERE article = 4;
    INSERT INTO version (article, n, seen_at, reason, text_digest, fields, origins, profile_revision)
        SELECT article, 2, 18000000, 'edited', text_digest, '{"title":"新标题"}', '{}', 1 FROM version WHERE article = 4;
    UPDATE article SET published = '2024-03-20T10:30+08:00', published_precision = 'minute',
        gone_since = 1711929600000 WHERE id = 5;
    UPDATE url SET suspicions = 3, outcome = 'not_found', status = 404 WHERE id = 5;
    UPDATE url SET article = id;
    UPDATE version SET origins = '{"published":"meta"}' WHERE article = 1;
    INSERT INTO link (article, target, target_url, position, title, kind, first_seen, last_seen) VALUES
        (1, 'http://site-0.example/post/4.html', 4, 0, '新标题', 'related', 0, 0),
        (2, 'http://site-0.example/post/4.html', 4, 0, '新标题', 'related', 0, 0),
        (2, 'http://elsewhere.example/x', NULL, 1, '别处', 'related', 0, 0);
    INSERT INTO run (started, finished, chain_start, full, outcome, report) VALUES (1709280000000, 1709280060000, 1709280000000,
        0, 'finished', '{"articles":{"new":5,"revised":1,"gone":1},"failed":0}');
"#;

/// The answers to the twenty questions, a row a line.
pub(crate) const ANSWERS: [&str; 20] = [
    "site-0|2023-12|1\nsite-0|2024-03|2\nsite-1|2024-03|2",
    "园区动态|2024|2|\n新闻中心|2023|1|\n新闻中心|2024|2|1",
    "site-0|weekday|2\nsite-0|Saturday|1\nsite-1|Sunday|1\nsite-1|weekday|1",
    "10|1",
    "site-0|2023-12-30|2024-03-01|61.0\nsite-0|2024-03-01|2024-03-20|18.0\nsite-1|2024-03-03|2024-03-05|1.0",
    "Anna Berg|2|园区动态\n王小明|2|新闻中心\n李记者|1|新闻中心",
    "site-1|日报|1",
    "港口|2\n投资|1",
    "300|港口扩建|http://site-0.example/post/1.html\n50|新标题|http://site-0.example/post/4.html",
    // 121 characters in four lines, 59 in two.
    "site-0|3|45.0|6|121\nsite-1|2|90.0|59|121",
    "http://site-0.example/post/4.html|2|1970-01-01T05:00:00Z|5.0",
    "旧标题|新标题|1970-01-01T05:00:00Z|http://site-0.example/post/4.html",
    "site-0|灯会|2024-03-20T10:30+08:00|2024-04-01T00:00:00Z|12.0",
    "site-0|site-1|2|3.0",
    "1|3|2|港口扩建",
    "http://site-1.example/post/3.html|excerpt|…|http://site-0.example/post/1.html",
    "新标题|2",
    "http://elsewhere.example/x|别处|1",
    "site-0||2|100.0|100.0\nsite-0|meta|1|100.0|100.0\nsite-1||2|100.0|100.0",
    "1|2024-03-01T08:00:00Z|finished|5|1|1|0",
];

pub(crate) fn shelf() -> (Desk, Connection) {
    let desk = Desk::with_config("[archive]\nstore = \"a.sqlite\"\n");
    archive(&desk.archive(), &stories());
    let writer = Connection::open(desk.archive()).unwrap();
    writer.pragma_update(None, "foreign_keys", false).unwrap();
    writer.execute_batch(REST).unwrap();
    index(&desk.archive());
    (desk, writer)
}

fn ask(archive: &Connection, sql: &str) -> String {
    let mut select = archive.prepare(sql).unwrap();
    let columns = select.column_count();
    let cell = |value: ValueRef<'_>| match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:?}"),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(_) => "blob".to_owned(),
    };
    let line = |row: &rusqlite::Row<'_>| {
        Ok((0..columns).map(|at| cell(row.get_ref(at).unwrap())).collect::<Vec<_>>().join("|"))
    };
    let lines: Vec<String> = select.query_map([], line).unwrap().map(Result::unwrap).collect();
    lines.join("\n")
}

/// The questions with their SQL.
pub(crate) fn questions() -> Vec<(String, String)> {
    let document = read("docs/questions.md");
    let sql = |question: &str| {
        question.split("```sql\n").nth(1).and_then(|rest| rest.split("```").next()).map(str::to_owned)
    };
    document.split("\n## ").skip(1).map(|question| (question.to_owned(), sql(question).unwrap())).collect()
}

/// Whether an answer is the expected one; `…` is a share that nobody counts by hand.
pub(crate) fn is_answer(answer: &str, expected: &str) -> bool {
    match expected.split_once('…') {
        Some((start, end)) => answer.starts_with(start) && answer.ends_with(end),
        None => answer == expected,
    }
}

#[test]
fn the_twenty_questions_have_their_answers() {
    let (_desk, archive) = shelf();
    let questions = questions();
    assert_eq!(questions.len(), 20);
    for ((question, sql), expected) in questions.iter().zip(ANSWERS) {
        let answer = ask(&archive, sql);
        assert!(is_answer(&answer, expected), "{question}\nexpected\n{expected}\nfound\n{answer}");
    }
}

#[test]
fn every_view_for_analysts_is_documented_column_by_column() {
    let (_desk, archive) = shelf();
    let document = read("docs/archive.md");
    for view in
        ["articles", "article_versions", "related_links", "gone_articles", "clusters", "coverage", "runs"]
    {
        let section = document
            .split(&format!("### `{view}`\n"))
            .nth(1)
            .unwrap_or_else(|| panic!("no section on {view}"));
        let section = section.split("\n#").next().unwrap();
        let documented: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
            .inspect(|(column, meaning)| assert!(meaning.len() > 5, "{view}.{column} is not explained"))
            .map(|(column, _)| column)
            .collect();
        let columns = ask(&archive, &format!("SELECT name FROM pragma_table_info('{view}')"));
        assert_eq!(documented, columns.lines().collect::<Vec<_>>(), "{view}");
    }
}
