//! What leaves the archive: every format says the same, and other programs read it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

#[cfg(feature = "parquet")]
use crate::support::skipped;
use crate::support::{Demo, Desk, Reply, Script};

/// An archive of the demo's posts and of a few whose texts are hard to write.
fn archive() -> Desk {
    let demo = Demo::start(60);
    let awkward = |title: &str, text: &str| Reply::article(title, text);
    let site = Script::new()
        .front(&["/1.html", "/2.html", "/3.html", "/4.html"])
        .on("/1.html", awkward("=HYPERLINK(\"http://evil.example\")", "引号\"和逗号,都在这里。"))
        .on("/2.html", awkward("@SUM(A1:A9)|calc", "-1+1 开头的一段。"))
        .on("/3.html", awkward("'=1 有撇号的标题", "反斜杠 \\ 与分号;都留着。"))
        .on("/4.html", Reply::html(format!(
            "<html lang=zh><title>没有日期的一篇</title><h1>没有日期的一篇</h1><article><p>{}</p></article></html>",
            "这一页哪里都没有写时间,可它确实是一篇文章,足够长也足够完整。".repeat(20)
        )))
        .start();
    let desk = Desk::with_config(&format!(
        "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"demo\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n\
         [[site]]\nname = \"奇怪/site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n",
        demo.origin, site.origin
    ));
    desk.crawl("");
    desk
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

/// A Python that has the modules, when there is one.
#[cfg(feature = "parquet")]
fn python() -> Option<String> {
    let python = std::env::var("JIANBAO_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let modules = std::process::Command::new(&python).args(["-c", "import duckdb, pandas, pyarrow"]).output();
    modules.is_ok_and(|output| output.status.success()).then_some(python)
}

/// Whether this build has the format that a command names.
fn is_built(line: &str) -> bool {
    cfg!(feature = "parquet") || !line.contains("parquet")
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_format_that_was_not_built_is_named() {
    let desk = Desk::for_site("http://127.0.0.1:9");
    desk.run("export --format parquet -o x").expect_code(2).expect_stderr("the cargo feature `parquet`");
}

#[cfg(feature = "parquet")]
#[test]
fn pandas_pyarrow_and_duckdb_read_what_was_archived() {
    let Some(python) = python() else {
        return skipped("no Python with duckdb, pandas and pyarrow; JIANBAO_PYTHON can name one");
    };
    let desk = archive();
    for line in [
        "export -o articles.jsonl",
        "export --format csv -o articles.csv",
        "export --format csv --bom -o bom.csv",
        "export --format parquet -o articles.parquet",
        "export --format parquet --partition -o partitions",
    ] {
        desk.run(line).expect_code(0);
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read_back.py");
    let output = std::process::Command::new(python).arg(script).arg(desk.root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn equal_archives_give_equal_bytes() {
    let desk = archive();
    for copy in ["one", "two"] {
        std::fs::create_dir(desk.path(copy)).unwrap();
        // The second time out of a copy, at another moment, by another process.
        std::fs::copy(desk.archive(), desk.path(copy).join("copy.sqlite")).unwrap();
        let archive = desk.path(copy).join("copy.sqlite");
        for (flags, name) in [
            ("jsonl", "a.jsonl"),
            ("csv --bom", "a.csv"),
            ("parquet", "a.parquet"),
            ("parquet --partition", "partitions"),
            ("markdown", "notes"),
        ]
        .into_iter()
        .filter(|(flags, _)| is_built(flags))
        {
            desk.run(&format!("-a {} export --format {flags} -o {copy}/{name}", archive.display()))
                .expect_code(0);
        }
        desk.run(&format!("-a {} export --snapshot {copy}/frozen", archive.display())).expect_code(0);
        std::fs::remove_file(archive).unwrap();
        let _ = std::fs::remove_file(desk.path(copy).join("copy.sqlite.lock"));
    }
    let (one, two) = (files(&desk.path("one")), files(&desk.path("two")));
    assert!(one.len() > 60, "{:?}", one.keys());
    for (name, bytes) in &one {
        assert!(two.get(name) == Some(bytes), "{name} differs");
    }
    assert_eq!(one.len(), two.len());
    assert!(!one.keys().any(|name| name.contains(".part")), "nothing temporary stays");
}

#[test]
fn no_cell_is_a_formula() {
    let desk = archive();
    let csv = desk.run("export --format csv").expect_code(0).stdout;
    assert!(csv.starts_with("id,site,url,title,"), "{csv:.60}");
    for cell in [
        ",\"'=HYPERLINK(\"\"http://evil.example\"\")\",",
        ",'@SUM(A1:A9)|calc,",
        ",''=1 有撇号的标题,",
        ",\"引号\"\"和逗号,都在这里。\n",
    ] {
        assert!(csv.contains(cell), "{cell}");
    }
    let bom = desk.run("export --format csv --bom --limit 1").expect_code(0).stdout;
    assert!(bom.starts_with("\u{feff}id,site,"), "{bom:.60}");
    // No article is a header alone.
    let none = desk.run("export --format csv --author nobody").expect_code(0).stdout;
    assert_eq!(none.lines().count(), 1);
}

#[cfg(feature = "parquet")]
#[test]
fn partitions_are_folders_by_site_and_month() {
    let desk = archive();
    desk.run("export --format parquet --partition -o set").expect_code(0);
    let found = files(&desk.path("set"));
    assert!(found.contains_key("site=demo/month=2023-02/articles.parquet"), "{:?}", found.keys());
    let unknown = "site=%E5%A5%87%E6%80%AA%2Fsite/month=__HIVE_DEFAULT_PARTITION__/articles.parquet";
    assert!(found.contains_key(unknown), "{:?}", found.keys());
    // A second export replaces the first; a folder of something else is left alone.
    desk.run("export --format parquet --partition -o set --site demo").expect_code(0);
    assert!(files(&desk.path("set")).keys().all(|name| name.starts_with("site=demo/")));
    std::fs::write(desk.path("set/mine.txt"), "mine").unwrap();
    desk.run("export --format parquet --partition -o set").expect_code(2).expect_stderr("holds `mine.txt`");
    assert_eq!(std::fs::read(desk.path("set/mine.txt")).unwrap(), b"mine");
    desk.run("export --format parquet --partition").expect_code(2).expect_stderr("--output DIR");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let desk = Desk::for_site("http://127.0.0.1:9");
    for (line, why) in [
        ("export --format csv --partition -o x", "--partition is for --format parquet"),
        ("export --bom", "--bom is for --format csv"),
        ("export --format markdown", "--output DIR"),
        ("export --format markdown --snapshot x", "--format jsonl, csv or parquet"),
    ] {
        desk.run(line).expect_code(2).expect_stderr(why);
    }
}

#[test]
fn markdown_is_a_file_per_article_with_front_matter() {
    let site = Script::new()
        .front(&["/1.html"])
        .on("/1.html", Reply::article("老码头/步道: \"开放\"", "第一段。"))
        .on("/1.html", Reply::article("老码头步道开放", "第一段。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    desk.run("export --format markdown -o vault").expect_code(0);
    let found = files(&desk.path("vault"));
    let (name, page) = found.first_key_value().unwrap();
    assert_eq!((name.as_str(), found.len()), ("site/1 老码头 步道 开放.md", 1));
    let page = String::from_utf8(page.clone()).unwrap();
    let (head, text) = page.strip_prefix("---\n").unwrap().split_once("\n---\n\n").unwrap();
    for line in [
        "id: 1",
        "title: \"老码头/步道: \\\"开放\\\"\"",
        &format!("url: \"{}/1.html\"", site.origin),
        "published: \"2024-05-18\"",
        "version: 1",
    ] {
        assert!(head.lines().any(|found| found == line), "`{line}` is not in\n{head}");
    }
    assert!(text.starts_with("# 老码头/步道: \"开放\"\n\n第一段。\n\n"), "{text}");
    // Another title is another name for the same article; what else is in the folder stays.
    for note in ["note.md", "1 月计划.md"] {
        std::fs::write(desk.path("vault/site").join(note), "---\nid: 12\n---\nmine").unwrap();
    }
    desk.crawl("--full");
    desk.run("export --format markdown -o vault").expect_code(0);
    let names: Vec<String> = files(&desk.path("vault")).into_keys().collect();
    assert_eq!(names, ["site/1 月计划.md", "site/1 老码头步道开放.md", "site/note.md"]);
}

#[test]
fn markdown_shows_what_a_page_shows_and_runs_nothing() {
    let text = "写作 &lt;iframe src=x> 或 \\&lt;img onerror=y> 的都是文字,1 &lt; 2 也是。";
    let site =
        Script::new().front(&["/1.html"]).on("/1.html", Reply::article("*重要* [草案] a_b", text)).start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let shown = desk.run("show 1 --markdown").expect_code(0).stdout;
    let start = "# \\*重要\\* \\[草案\\] a\\_b\n\n写作 &lt;iframe src=x> 或 \\&lt;img onerror=y> 的都是文字,1 < 2 也是。\n";
    assert!(shown.starts_with(start) && shown.ends_with("。\n"), "{shown}");
    desk.run("export --format markdown -o vault").expect_code(0);
    let (_, page) = files(&desk.path("vault")).pop_first().unwrap();
    assert!(String::from_utf8(page).unwrap().ends_with(&format!("\n---\n\n{shown}")));
    assert!(desk.articles()[0]["markdown"].as_str().unwrap().contains("<iframe src=x>"));
}

#[test]
fn since_a_run_is_what_is_new_or_changed() {
    let changed = "第二句改过了。";
    let site = Script::new()
        .on("/", Reply::html("<title>front</title><a href=/1.html>a</a> <a href=/2.html>b</a>"))
        .on(
            "/",
            Reply::html(
                "<title>front</title><a href=/1.html>a</a> <a href=/2.html>b</a> <a href=/3.html>c</a>",
            ),
        )
        .on("/1.html", Reply::article("一", "甲。"))
        .on("/2.html", Reply::article("二", "乙。"))
        .on("/2.html", Reply::article("二", changed))
        .on("/3.html", Reply::article("三", "丙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    desk.crawl("--full");
    desk.crawl("--full");
    let titles = |run: &str| -> Vec<String> {
        let lines = desk.run(&format!("export --since-run {run}")).expect_code(0).stdout;
        lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles("1"), ["二", "三"]);
    assert!(titles("2").is_empty() && titles("3").is_empty());
    // A run that is under way is not what a snapshot goes back to.
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    archive.execute("INSERT INTO run (started, chain_start, full) VALUES (1, 1, 0)", []).unwrap();
    desk.run("export --snapshot frozen").expect_code(0);
    let manifest = std::fs::read(desk.path("frozen/manifest.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&manifest).unwrap()["last_run"], 3);
    archive.execute("DELETE FROM run WHERE finished IS NULL", []).unwrap();
    drop(archive);
    desk.run("export --since-run 9")
        .expect_code(2)
        .expect_stderr("there is no run 9 in the archive; it has runs 1 to 3");
}

#[test]
fn a_snapshot_is_verified_and_damage_is_named() {
    let desk = archive();
    let made = desk
        .run("export --snapshot frozen --site demo --from 2023-01-01 --to 2023-12-31 --json")
        .expect_code(0);
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(desk.path("frozen/manifest.json")).unwrap()).unwrap();
    assert_eq!(
        (&manifest["kind"], &manifest["jianbao"]),
        (&"jianbao snapshot 1".into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!(
        (&manifest["query"]["site"], &manifest["query"]["from"]),
        (&"demo".into(), &"2023-01-01".into())
    );
    let lines = std::fs::read_to_string(desk.path("frozen/articles.jsonl")).unwrap();
    let count = lines.lines().count();
    assert!(count > 3 && manifest["articles"] == count && manifest["sites"]["demo"] == count, "{manifest:#}");
    // The schema names every field.
    let schema: Value =
        serde_json::from_slice(&std::fs::read(desk.path("frozen/schema.json")).unwrap()).unwrap();
    let article: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let keys = |object: &Value| object.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&schema["properties"]), keys(&article));

    let verified = desk.run("verify frozen").expect_code(0).stdout;
    assert!(verified.contains(made["digest"].as_str().unwrap()), "{verified}");
    desk.run("export --snapshot frozen").expect_code(2).expect_stderr("exists already");
    // One character of one article.
    std::fs::write(desk.path("frozen/articles.jsonl"), lines.replacen("2023", "2024", 1)).unwrap();
    let damaged = desk.run("verify frozen").expect_code(1).stdout;
    assert!(damaged.contains("articles.jsonl: BLAKE3 ") && damaged.contains("damaged"), "{damaged}");
    std::fs::write(desk.path("frozen/articles.jsonl"), &lines).unwrap();
    std::fs::write(desk.path("frozen/more.txt"), "").unwrap();
    std::fs::remove_file(desk.path("frozen/schema.json")).unwrap();
    let json: Value = serde_json::from_str(&desk.run("verify frozen --json").expect_code(1).stdout).unwrap();
    let problems = json["problems"].as_array().unwrap();
    assert!(
        json["ok"] == false && problems.len() == 2 && problems[0] == "more.txt: not in the manifest",
        "{json}"
    );
    desk.run("verify .").expect_code(2).expect_stderr("is no snapshot");
    for (format, file) in [("csv", "articles.csv"), ("parquet", "articles.parquet")]
        .into_iter()
        .filter(|(format, _)| is_built(format))
    {
        desk.run(&format!("export --format {format} --snapshot {format}")).expect_code(0);
        assert!(desk.path(format).join(file).exists());
        desk.run(&format!("verify {format}")).expect_code(0);
    }
}

#[test]
fn an_article_is_cited_in_three_styles() {
    let site = Script::new()
        .front(&["/1.html"])
        .on("/1.html", Reply::html(format!(
            "<html lang=zh><title>产值{{增长 12% & 用工</title><h1>产值{{增长 12% & 用工</h1><p>2024-05-18 作者:林小雨、周航 来源:沿河晚报</p><div class=content><p>{}</p></div>",
            "这是一段足够长的正文,讲述园区里发生的事情。".repeat(12)
        )))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let article = &desk.articles()[0];
    let (digest, fetched) =
        (article["capture"]["digest"].as_str().unwrap(), article["capture"]["fetched_at"].as_str().unwrap());
    let day = &fetched[..10];
    let cited: Value = serde_json::from_str(&desk.run("show 1 --cite --json").expect_code(0).stdout).unwrap();
    let bibtex = cited["bibtex"].as_str().unwrap();
    for line in [
        "@misc{site-1,",
        "  author       = {{林小雨} and {周航}},",
        "  title        = {{产值\\textbraceleft{}增长 12\\% \\& 用工}},",
        "  howpublished = {沿河晚报},",
        "  year         = {2024},",
        "  month        = {5},",
        &format!("  url          = {{{}/1.html}},", site.origin),
        &format!("  urldate      = {{{day}}},"),
        &format!("  note         = {{published 2024-05-18, fetched {fetched}, BLAKE3 {digest}}},"),
    ] {
        assert!(bibtex.lines().any(|found| found == line), "`{line}` is not in\n{bibtex}");
    }
    let ris = desk.run("show 1 --cite=ris").expect_code(0).stdout;
    let want = format!(
        "TY  - ELEC\nTI  - 产值{{增长 12% & 用工\nAU  - 林小雨\nAU  - 周航\nT2  - 沿河晚报\nPY  - 2024\nDA  - 2024/05/18/\nUR  - {}/1.html\nY2  - {}/\nLA  - zh\nN1  - fetched {fetched}, BLAKE3 {digest}\nER  - \n",
        site.origin,
        day.replace('-', "/")
    );
    assert_eq!(ris, want);
    assert_eq!(
        cited["gbt7714"],
        format!(
            "林小雨, 周航. 产值{{增长 12% & 用工[EB/OL]. (2024-05-18)[{day}]. {}/1.html. 存档于 {fetched}, BLAKE3 {digest}.\n",
            site.origin
        )
    );
    let all = desk.run("show 1 --cite").expect_code(0).stdout;
    assert!(all.contains("@misc{") && all.contains("TY  - ") && all.contains("[EB/OL]"), "{all}");
}

#[test]
fn a_closed_pipe_is_no_error_in_any_format() {
    let desk = archive();
    for format in ["jsonl", "csv", "parquet"].into_iter().filter(|format| is_built(format)) {
        let line = format!("export --format {format}");
        let mut child = desk.command(&line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{format}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_under_standard_output_is_named() {
    let desk = archive();
    for line in ["export", "export --format csv", "show 1", "status --json"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = desk.command(line).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{line}: {said}");
        assert!(said.contains("cannot write to standard output: No space left"), "{line}: {said}");
    }
}

#[test]
fn a_damaged_archive_and_a_path_that_cannot_be_are_told_apart() {
    let desk = archive();
    let long = "x".repeat(300);
    for line in [format!("export -o {long}"), format!("export --format markdown -o {long}")] {
        desk.run(&line).expect_code(2).expect_stderr("could not write");
    }
    let damage = rusqlite::Connection::open(desk.archive()).unwrap();
    damage.pragma_update(None, "foreign_keys", false).unwrap();
    damage.execute("DELETE FROM text WHERE digest = (SELECT max(text_digest) FROM article)", []).unwrap();
    drop(damage);
    for line in
        ["export", "export -o a.jsonl", "export --snapshot frozen", "export --format markdown -o vault"]
    {
        desk.run(line).expect_code(3).expect_stderr("table `text`: a row that belongs to it is missing");
    }
}
