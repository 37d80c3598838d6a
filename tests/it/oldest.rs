//! Other programs' SQLite reads the archive: from 3.40 on, as Debian 12 and its Python have it.

use std::process::Command;

use crate::questions::{ANSWERS, is_answer, questions, shelf};
use crate::support::skipped;

/// All views for analysts.
pub(crate) const VIEWS: [&str; 7] =
    ["articles", "article_versions", "related_links", "gone_articles", "clusters", "coverage", "runs"];

const PYTHON: &str = r#"
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
def cell(value):
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
for sql in sys.argv[2:]:
    print("\n".join("|".join(map(cell, row)) for row in db.execute(sql)))
    print("== end")
print(sqlite3.sqlite_version)
"#;

/// The answers that a program gives to SQL, and its version of SQLite; nothing when it is not installed.
fn ask(program: &str, archive: &std::path::Path, questions: &[String]) -> Option<(Vec<String>, String)> {
    let mut command = Command::new(program);
    if program == "python3" {
        command.args(["-c", PYTHON]).arg(archive).args(questions);
    } else {
        command.args(["-bail", "-nullvalue", ""]).arg(archive);
        command.args(questions.iter().flat_map(|sql| [sql.clone(), "SELECT '== end'".to_owned()]));
        command.arg("SELECT sqlite_version()");
    }
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut parts: Vec<&str> = text.split("== end\n").collect();
    let version = parts.pop()?.trim().to_owned();
    Some((parts.into_iter().map(|part| part.trim_end_matches('\n').to_owned()).collect(), version))
}

#[test]
fn other_programs_read_every_view_and_answer_the_questions() {
    let (desk, archive) = shelf();
    drop(archive);
    for program in ["sqlite3", "python3"] {
        let document = questions();
        let asked: Vec<String> = document.iter().map(|(_, sql)| sql.clone()).collect();
        let Some((answers, version)) = ask(program, &desk.archive(), &asked) else {
            skipped(&format!("`{program}` is not installed, so the archive is not read with it"));
            continue;
        };
        assert_eq!(answers.len(), ANSWERS.len());
        for ((name, _), (answer, expected)) in document.iter().zip(answers.iter().zip(ANSWERS)) {
            assert!(
                is_answer(answer, expected),
                "{program} {version}: {name}\nexpected\n{expected}\nfound\n{answer}"
            );
        }
        let views = VIEWS.map(|view| format!("SELECT count(*) FROM (SELECT * FROM {view})"));
        let (counts, _) = ask(program, &desk.archive(), &views).unwrap();
        // As `questions` fills it: five articles, six versions, two related links inside and one outside, …
        assert_eq!(counts, ["5", "6", "3", "1", "3", "3", "1"], "{program} {version}");
    }
}
