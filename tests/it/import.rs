//! Index files of web archives give URLs to the next crawl.

use std::io::Write as _;

use crate::support::{Desk, Reply, Script};

fn gz(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn urls_of_a_configured_site_are_fetched_by_the_next_crawl() {
    let site = Script::new()
        .front(&["/known.html"])
        .on("/known.html", Reply::article("已知", "甲。"))
        .on("/old.html", Reply::article("旧文", "乙。"))
        .on("/older.html", Reply::article("更旧", "丙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let host = &site.origin;
    let cdx = format!(
        "x)/old 20200518093000 {host}/old.html text/html 200 ABC 1\nx)/old 20210518093000 {host}/old.html text/html 200 ABC 1\n\
         x)/known 20200518093000 {host}/known.html text/html 200 ABC 1\nx)/a.jpg 20200518093000 {host}/a.jpg image/jpeg 200 ABC 1\n\
         x)/gone 20200518093000 {host}/gone.html text/html 404 ABC 1\nbroken\ny)/ 20200518093000 http://other.example/1 text/html 200 ABC 1\n"
    );
    // Of several members, as Common Crawl writes them.
    let mut cdxj = gz(&format!(
        "x)/older 20200518093000 {{\"url\": \"{host}/older.html\", \"mime\": \"text/html\", \"status\": \"200\"}}\n"
    ));
    cdxj.extend(gz(&format!("x)/old 20200518093000 {{\"url\": \"{host}/old.html\", \"mime\": \"text/html\", \"status\": \"200\"}}\n")));
    std::fs::write(desk.path("a.cdx"), cdx).unwrap();
    std::fs::write(desk.path("b.cdxj.gz"), cdxj).unwrap();
    let asked = site.paths().len();
    let outcome = desk.run("import --json a.cdx b.cdxj.gz").expect_code(1).expect_stderr("record 6");
    let tally: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(tally, serde_json::json!({"new": 2, "known": 1, "foreign": 1, "skipped": 2, "malformed": 1}));
    assert_eq!(site.paths().len(), asked, "an import asks nobody");
    desk.crawl("");
    assert_eq!(desk.texts("SELECT title FROM article ORDER BY title"), ["已知", "旧文", "更旧"]);
    assert_eq!(
        desk.texts("SELECT u.url || ' ' || group_concat(route) FROM discovery d JOIN url u ON u.id = d.url WHERE u.url LIKE '%/known.html' GROUP BY u.id"),
        [format!("{host}/known.html import,list")]
    );
}

#[test]
fn posts_whose_numbers_could_be_years_are_imported() {
    let site = Script::new()
        .front(&[])
        .all("/archives/", |path| Reply::article(&format!("园区简报{path}"), &format!("{path}的内容。")))
        .start();
    let desk = Desk::for_site(&site.origin);
    let line = |n: u32| format!("x)/ 20200518093000 {}/archives/{n} text/html 200 ABC 1\n", site.origin);
    std::fs::write(desk.path("a.cdx"), [line(1226), line(2019)].concat()).unwrap();
    let outcome = desk.run("import a.cdx").expect_code(0);
    assert!(outcome.stdout.starts_with("2 URLs are new"), "{}", outcome.stdout);
    desk.crawl("");
    assert_eq!(
        desk.texts("SELECT title FROM article ORDER BY title"),
        ["园区简报/archives/1226", "园区简报/archives/2019"]
    );
}

#[test]
fn what_can_t_be_imported_is_said_before_anything_is_changed() {
    let desk = Desk::for_site("http://127.0.0.1:9");
    std::fs::write(desk.path("a.warc"), "WARC/1.1\r\n").unwrap();
    std::fs::write(desk.path("b.txt"), "just text\n").unwrap();
    std::fs::write(desk.path("c.cdx"), "x)/1 20200518093000 http://127.0.0.1:9/1 text/html 200 ABC 1\n")
        .unwrap();
    desk.run("import a.warc").expect_code(2).expect_stderr("WARC");
    desk.run("import c.cdx b.txt").expect_code(2).expect_stderr("b.txt");
    desk.run("import absent.cdx").expect_code(2).expect_stderr("absent.cdx");
    assert!(!desk.archive().exists());
    desk.run("import c.cdx").expect_code(0);
    assert_eq!(desk.count("SELECT count(*) FROM url"), 1);
    // One writer at a time.
    let _lock = jianbao::archive::Lock::take(&desk.archive()).unwrap();
    desk.run("import c.cdx").expect_code(75);
}

#[test]
fn more_files_than_can_be_open_at_once_are_imported() {
    let desk = Desk::for_site("http://127.0.0.1:9");
    let names: Vec<String> = (0..100).map(|n| format!("{n}.cdx")).collect();
    for name in &names {
        let line = format!("x)/{name} 20200518093000 http://127.0.0.1:9/{name}.html text/html 200 ABC 1\n");
        std::fs::write(desk.path(name), line).unwrap();
    }
    let import = format!("ulimit -n 64; exec {} import {}", env!("CARGO_BIN_EXE_jianbao"), names.join(" "));
    let outcome = desk.run_program("sh", &["-c", &import]).unwrap().expect_code(0);
    assert!(outcome.stdout.starts_with("100 URLs are new"), "{}", outcome.stdout);
}
