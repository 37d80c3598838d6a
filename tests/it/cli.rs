//! Commands as a user types them: data on standard output, messages on standard error, exit codes.

use serde_json::Value;

use crate::support::{Demo, Desk, Outcome, Reply, Script};

#[test]
fn the_demo_does_the_main_job_and_cleans_up() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("tmp")).unwrap();
    // What the environment says of another archive is not for the demo.
    let mut demo = desk.command("demo");
    demo.env("TMPDIR", desk.path("tmp"))
        .env("JIANBAO_ARCHIVE_STORE", desk.path("real.sqlite"))
        .env("JIANBAO_LOG_METRICS", desk.path("real.prom"));
    let outcome = Outcome::from(demo.output().unwrap()).expect_code(0);
    for part in ["60 posts", "59 new", "党建联盟赋能产业高质量发展", "published  2023-02-27", "Try next"]
    {
        assert!(outcome.stdout.contains(part), "`{part}` is not in {}", outcome.stdout);
    }
    assert_eq!(outcome.stderr, "", "no progress bars where nobody watches");
    assert_eq!(std::fs::read_dir(desk.path("tmp")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(desk.root()).unwrap().count(), 1);
}

#[test]
fn the_demo_leaves_archive_and_configuration_where_it_is_told() {
    let desk = Desk::new();
    desk.run("demo --keep kept").expect_code(0);
    let export = desk.run("-c kept/crawl.toml export").expect_code(0);
    assert_eq!(export.stdout.lines().count(), 60);
    desk.run("demo --keep kept").expect_code(2).expect_stderr("exists already");
}

#[test]
fn export_keeps_its_shape_and_its_filters() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let articles = desk.articles();
    for key in [
        "id",
        "url",
        "site",
        "title",
        "author",
        "source",
        "category",
        "published",
        "published_precision",
        "published_approximate",
        "language",
        "views",
        "tags",
        "body",
        "markdown",
        "related",
        "images",
        "first_seen",
        "last_seen",
        "gone_since",
        "version",
        "versions",
        "cluster",
        "origins",
        "capture",
    ] {
        assert!(articles[0].as_object().unwrap().contains_key(key), "{key}");
    }
    assert!(
        articles[0]["capture"]["digest"].as_str().unwrap().len() == 64
            && articles[0]["capture"]["status"] == 200
    );
    assert_eq!(articles[0]["origins"]["title"], "profile:title");

    let news = desk
        .run_with(&["export", "--category", "新闻中心", "--from", "2023-01-01", "--to", "2023-12-31"], "")
        .expect_code(0);
    assert!(!news.stdout.is_empty());
    for line in news.stdout.lines() {
        let article: Value = serde_json::from_str(line).unwrap();
        assert_eq!(article["category"], "新闻中心");
        assert!(article["published"].as_str().unwrap().starts_with("2023"));
    }
    desk.run("export -o no/such/folder.jsonl").expect_code(2).expect_stderr("no/such/folder.jsonl");
}

#[test]
fn show_and_status_answer_in_text_and_json() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let url = format!("{}/index.php/post/17328.html", demo.origin);
    let text = desk.run(&format!("show {url}")).expect_code(0).stdout;
    assert!(
        text.contains("published  2023-02-27  [profile:published]") && text.contains("related"),
        "{text}"
    );
    let json: Value =
        serde_json::from_str(&desk.run(&format!("show {url} --json")).expect_code(0).stdout).unwrap();
    assert_eq!(json["published"], "2023-02-27");
    let versions = desk.run(&format!("show {url} --versions --json")).expect_code(0).stdout;
    assert_eq!(serde_json::from_str::<Value>(&versions).unwrap()["reason"], "published");
    let missing = desk.run("show 999").expect_code(1);
    assert!(missing.stdout.is_empty() && missing.stderr.contains("no article `999`"), "{missing:?}");
    desk.run("show nonsense").expect_code(2);

    let json: Value = serde_json::from_str(&desk.run("status --json").expect_code(0).stdout).unwrap();
    assert_eq!(json["sites"][0]["articles"], 60);
    assert_eq!(json["sites"][0]["profile"], "zblog-tpure");
    assert_eq!(json["runs"][0]["outcome"], "finished");
}

#[test]
fn extract_reads_files_with_and_without_profiles() {
    let root = env!("CARGO_MANIFEST_DIR");
    let page = format!("{root}/tests/pages/sh-daijia/17328.html");
    let desk = Desk::new();
    let url = "http://sh-daijia.com/index.php/post/17328.html";
    let found = desk
        .run(&format!("extract {page} --url {url} --json --fetched-at 2025-03-10T00:00:00Z"))
        .expect_code(0);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(
        (found["title"].as_str(), found["date"].as_str()),
        (Some("党建联盟赋能产业高质量发展"), Some("2023-02-27"))
    );
    let explained = desk.run(&format!("extract {page} --url {url} --explain")).expect_code(0).stdout;
    assert!(
        explained.contains("encoding: UTF-8")
            && explained.contains("profile: sh-daijia")
            && explained.contains("title: from profile:title")
    );

    let questions = format!(
        "{{\"id\":1,\"path\":\"{page}\",\"url\":\"{url}\"}}\n{{\"id\":\"b\",\"path\":\"/no/such/page\",\"url\":\"\"}}\nnonsense\n"
    );
    let answers = desk.run_with(&["extract", "--jsonl", "--generic"], &questions).expect_code(0).stdout;
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3);
    assert_eq!(
        (&answers[0]["id"], &answers[0]["title"]),
        (&Value::from(1), &Value::from("党建联盟赋能产业高质量发展"))
    );
    assert!(answers[0]["body"].as_str().unwrap().contains("奋力续写高质量发展的新篇章"));
    assert!(answers[1]["error"].as_str().unwrap().contains("/no/such/page"));
    assert!(answers[2]["error"].is_string());
    desk.run("extract /no/such/page.html").expect_code(2).expect_stderr("/no/such/page.html");
}

#[test]
fn config_says_where_each_value_came_from() {
    let desk = Desk::with_config("[politeness]\ndelay = \"3s\"\n");
    let text = desk.command("config").env("JIANBAO_FETCH_RETRIES", "7").output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    let line = |key: &str| {
        text.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("{key}")).to_owned()
    };
    assert!(line("delay =").contains("\"3s\"") && line("delay =").ends_with("# crawl.toml"));
    assert!(line("retries =").contains('7') && line("retries =").ends_with("# JIANBAO_FETCH_RETRIES"));
    assert!(line("max_delay =").ends_with("# default"));
    let json: Value = serde_json::from_str(&desk.run("config --json").expect_code(0).stdout).unwrap();
    assert_eq!(json["values"]["politeness.delay"]["value"], "3s");
    let broken = Desk::with_config("[politeness]\ndealy = \"3s\"\n");
    broken.run("config").expect_code(2).expect_stderr("^^^^^");
}

#[test]
fn check_reports_what_does_not_hold() {
    let root = env!("CARGO_MANIFEST_DIR");
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path("tests/pages/x")).unwrap();
    std::fs::create_dir(desk.path("selectors")).unwrap();
    std::fs::copy(format!("{root}/tests/pages/zblog-default/12.html"), desk.path("tests/pages/x/12.html"))
        .unwrap();
    let profile = std::fs::read_to_string(format!("{root}/selectors/zblog-default.toml"))
        .unwrap()
        .replace("zblog-default/12", "x/12");
    std::fs::write(desk.path("selectors/x.toml"), &profile).unwrap();
    desk.run("check x").expect_code(0);
    std::fs::write(desk.path("selectors/x.toml"), profile.replace("views     = 341", "views     = 342"))
        .unwrap();
    let failed = desk.run("check").expect_code(1);
    assert!(failed.stdout.contains("views is `341`, not `342`"), "{}", failed.stdout);
    std::fs::write(
        desk.path("selectors/x.toml"),
        profile.replace("::text\", \".post h2", "::txt\", \".post h2"),
    )
    .unwrap();
    desk.run("check selectors/x.toml")
        .expect_code(2)
        .expect_stderr("`::txt` is unknown; use ::attr(name) or ::text");
}

#[test]
fn try_answers_arguments_and_lines() {
    let desk = Desk::new();
    let date = desk.run_with(
        &[
            "try",
            "date",
            "3个月前 (12-01)",
            "--reference",
            "2025-03-10T08:00:00+08:00",
            "--timezone",
            "Asia/Shanghai",
        ],
        "",
    );
    assert_eq!(date.stdout.trim(), r#"{"approximate":false,"precision":"day","value":"2024-12-01"}"#);
    let none = desk
        .run_with(
            &["try", "date", "--jsonl"],
            "{\"text\":\"新闻中心\",\"reference\":\"2025-03-10T00:00:00Z\"}\n{}\n",
        )
        .expect_code(0);
    let lines: Vec<Value> = none.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["value"].is_null() && lines[0]["reason"].is_string() && lines[1]["error"].is_string());
    let url = desk.run("try url HTTP://Example.com:80/a/../b?utm_source=x").expect_code(0).stdout;
    assert!(url.contains("\"http://example.com/b\""), "{url}");
    let robots = desk
        .run_with(&["try", "robots", "-", "http://e.com/x"], "User-agent: *\nDisallow: /x\n")
        .expect_code(0)
        .stdout;
    assert_eq!(robots.trim(), r#"{"allowed":false,"crawl_delay":null,"rule":"disallow: /x"}"#);
    let charset = desk
        .run_with(&["try", "charset", "-", "--content-type", "text/html; charset=utf-8"], "<p>中文</p>")
        .expect_code(0)
        .stdout;
    assert!(charset.contains("\"UTF-8\""));
}

#[test]
fn dry_run_fetches_nothing() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let outcome = desk.run("crawl --dry-run").expect_code(0);
    assert!(outcome.stdout.contains(&demo.origin));
    assert!(demo.site.hits().is_empty() && !desk.archive().exists());
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let desk = Desk::for_site("http://127.0.0.1:9");
    desk.run("crawl nosuchsite").expect_code(2).expect_stderr("there is no site `nosuchsite`");
    for line in ["", "frobnicate", "crawl --max-time 3", "export --format docx"] {
        desk.run(line).expect_code(2);
    }
    assert!(desk.run("--help").expect_code(0).stdout.contains("Exit codes"));
}

#[test]
fn an_export_never_destroys_what_its_path_names() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.run("crawl").expect_code(0);
    let lines = usize::try_from(desk.count("SELECT count(*) FROM article")).unwrap();
    let archive = desk.archive().to_string_lossy().into_owned();
    desk.run_with(&["export", "-o", &archive], "").expect_code(2).expect_stderr("is the archive itself");
    desk.run("status").expect_code(0);
    // A device is written to, a link is followed; neither is replaced.
    let outcome = desk.run("export -o /dev/stdout").expect_code(0);
    assert_eq!(outcome.stdout.lines().count(), lines);
    std::fs::write(desk.path("target.jsonl"), "").unwrap();
    std::os::unix::fs::symlink(desk.path("target.jsonl"), desk.path("link.jsonl")).unwrap();
    desk.run("export -o link.jsonl").expect_code(0);
    assert!(desk.path("link.jsonl").is_symlink());
    assert_eq!(std::fs::read_to_string(desk.path("target.jsonl")).unwrap().lines().count(), lines);
    desk.run("export --site nope").expect_code(2).expect_stderr("there is no site `nope`");
    for command in ["export", "search 西安"] {
        let outcome = desk.run(&format!("{command} --from 2025-02-01 --to 2024-12-31"));
        outcome.expect_code(2).expect_stderr("--from 2025-02-01 is after --to 2024-12-31");
    }
}

#[test]
fn a_file_that_is_no_page_gives_no_article() {
    let desk = Desk::new();
    let text =
        "schema = 1 and a long line of plain text, with a date 2024-05-18, and no markup at all. ".repeat(9);
    std::fs::write(desk.path("notes.txt"), text).unwrap();
    std::fs::write(desk.path("noise.html"), [0x8f, 0xfe, 0x00, 0x1b].repeat(900)).unwrap();
    let with_text =
        |head: &[u8]| [head, b"<p>A sentence of text in it, 2024-05-18.</p>".repeat(20).as_slice()].concat();
    std::fs::write(desk.path("a.pdf"), with_text(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")).unwrap();
    std::fs::write(desk.path("a.jpg"), with_text(b"\xff\xd8\xff\xe0\0\x10JFIF\0")).unwrap();
    std::fs::write(desk.path("a.docx"), with_text(b"PK\x03\x04\x14\0\x06\0")).unwrap();
    std::fs::write(desk.path("a.html.gz"), with_text(b"\x1f\x8b\x08\0")).unwrap();
    for (file, name) in [
        ("notes.txt", "text without any markup"),
        ("noise.html", "bytes that are no text in any encoding"),
        ("a.pdf", "a PDF document"),
        ("a.jpg", "a JPEG image"),
        ("a.docx", "a ZIP archive"),
        ("a.html.gz", "a gzip file"),
    ] {
        let outcome = desk.run(&format!("extract {file} --generic")).expect_code(1);
        let outcome = outcome.expect_stderr("no article was found").expect_stderr(name).expect_stderr(file);
        assert_eq!(outcome.stdout, "");
        let question = format!("{{\"id\":1,\"path\":\"{}\"}}\n", desk.path(file).display());
        let answer = desk.run_with(&["extract", "--jsonl", "--generic"], &question).expect_code(0).stdout;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["error"].as_str().unwrap().contains(name), "{answer}");
        assert!(answer["body"].is_null() && answer["title"].is_null(), "{answer}");
    }
}

#[test]
fn status_says_in_one_screen_what_is_fresh_late_and_broken_and_what_to_do() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let text = desk.run("status").expect_code(0).stdout;
    assert!(text.contains("      60  ") && text.contains("fresh"), "{text}");
    assert!(text.ends_with("what to do\n  nothing\n"), "{text}");

    let closed = Script::new().on("/robots.txt", Reply::new(503)).front(&[]).start();
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    let more = format!(
        "[[site]]\nname = \"closed\"\nseeds = [\"{}/\"]\n[[site]]\nname = \"forgotten one\"\nseeds = [\"{}/\"]\n",
        closed.origin,
        closed.origin.replace("127.0.0.1", "localhost")
    );
    std::fs::write(desk.path("crawl.toml"), config + &more).unwrap();
    desk.run("crawl closed").expect_code(1);
    let text = desk.run("status").expect_code(0).stdout;
    for part in [
        "broken\n  closed: http://127.0.0.1:",
        "late\n  forgotten one: never crawled",
        "jianbao crawl 'forgotten one'",
        &format!("curl -i {}/robots.txt", closed.origin),
        "jianbao status --report 2",
    ] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    let path = desk.archive().to_string_lossy().into_owned();
    for line in text.lines().filter(|line| !line.contains(&path)) {
        assert!(line.chars().count() <= 80, "too wide: {line}");
    }
    let json: Value = serde_json::from_str(&desk.run("status --json").expect_code(0).stdout).unwrap();
    let sites = json["health"]["sites"].as_array().unwrap();
    let states: Vec<_> = sites.iter().map(|site| site["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["broken", "late", "fresh"]);
    assert_eq!(json["health"]["todo"][0]["command"], "jianbao crawl 'forgotten one'");
}

#[test]
fn the_report_of_a_run_can_be_read_again() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let (first, _) = desk.crawl("");
    let (second, _) = desk.crawl("");
    let stored =
        |line: &str| -> Value { serde_json::from_str(&desk.run(line).expect_code(0).stdout).unwrap() };
    assert_eq!(stored("status --report --json"), second);
    assert_eq!(stored("status --report 1 --json"), first);
    let text = desk.run("status --report 1").expect_code(0).stdout;
    assert!(text.contains("articles: 59 new") && text.contains("run 1 finished"), "{text}");
    desk.run("status --report 9").expect_code(1).expect_stderr("there is no such run");
}

#[test]
fn each_url_has_one_line_of_json_with_its_outcome() {
    let demo = Demo::start(60);
    let desk = Desk::for_site(&demo.origin);
    let outcome = desk.run("crawl -v --log-format json").expect_code(0);
    let lines = outcome.stderr.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut urls: Vec<&str> = lines
        .iter()
        .filter(|line| line["outcome"].is_string())
        .map(|line| line["url"].as_str().unwrap())
        .collect();
    let logged = urls.len();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), logged, "a URL has two lines");
    assert_eq!(
        i64::try_from(logged).unwrap(),
        desk.count("SELECT count(*) FROM url WHERE outcome IS NOT NULL")
    );
    let article = lines.iter().find(|line| line["outcome"] == "article").unwrap();
    assert_eq!((&article["level"], &article["status"]), (&"INFO".into(), &200.into()));
    assert!(article["bytes"].as_u64().unwrap() > 0 && article["timestamp"].is_string(), "{article}");
}

#[test]
fn a_log_of_json_is_nothing_else_and_each_line_of_a_url_names_its_site() {
    let demo = Demo::start(5);
    let other =
        Script::new().front(&["/a.html", "/gone.html"]).on("/a.html", Reply::article("一", "二。")).start();
    let sites = [("first", &demo.origin), ("second", &other.origin)].map(|(name, origin)| {
        format!("[[site]]\nname = \"{name}\"\nseeds = [\"{origin}/\"]\npoliteness.delay = \"0s\"\n")
    });
    let desk = Desk::with_config(&format!("[archive]\nstore = \"a.sqlite\"\n{}", sites.concat()));
    let site_of = |url: &str| if url.starts_with(&demo.origin) { "first" } else { "second" };
    let json = desk.run("crawl -v --log-format json").expect_code(0).stderr;
    let lines: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_urls: Vec<&Value> = lines.iter().filter(|line| line["url"].is_string()).collect();
    assert!(of_urls.len() > 8, "{json}");
    for line in of_urls {
        assert_eq!(line["site"], site_of(line["url"].as_str().unwrap()), "{line}");
    }
    let text = desk.run("crawl -v --full").expect_code(0).stderr;
    let of_urls: Vec<&str> = text.lines().filter(|line| line.contains(" url=")).collect();
    assert!(of_urls.len() > 8, "{text}");
    for line in of_urls {
        let url = line.split(" url=").nth(1).unwrap();
        assert!(line.contains(&format!(" site={} ", site_of(url))), "{line}");
    }
}

#[test]
fn names_that_are_no_text_are_refused_where_they_count() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let desk = Desk::for_site("http://127.0.0.1:9");
    let odd = OsStr::from_bytes(b"odd-\xff.sqlite");
    let config = || desk.command("config");
    for (outcome, code) in [
        (config().env("OTHER", odd).output(), 0),
        (config().env("JIANBAO_ARCHIVE_STORE", odd).output(), 2),
        (config().arg("-a").arg(odd).output(), 2),
    ] {
        let outcome = Outcome::from(outcome.unwrap()).expect_code(code);
        assert_eq!(outcome.stderr.contains("is not UTF-8"), code == 2, "{}", outcome.stderr);
    }
}

#[test]
fn a_line_that_is_not_utf8_spoils_no_other() {
    let desk = Desk::new();
    let page = format!("{}/tests/pages/sh-daijia/17328.html", env!("CARGO_MANIFEST_DIR"));
    let good = format!("{{\"id\":1,\"path\":\"{page}\"}}\n");
    let bad = b"{\"id\":2,\"path\":\"\xb5\xda\"}\n";
    let input = [good.as_bytes(), bad, b"\xff\n", good.as_bytes()].concat();
    let answers = desk.run_with(&["extract", "--jsonl", "--generic"], input).expect_code(0).stdout;
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let failed: Vec<bool> = answers.iter().map(|answer| answer["error"].is_string()).collect();
    assert_eq!(failed, [false, true, true, false]);
    assert_eq!(answers[1]["id"], 2);

    let dates = b"{\"text\":\"2024-05-18\",\"reference\":\"2025-03-10T00:00:00Z\"}\n\xff\n";
    let dates = desk.run_with(&["try", "date", "--jsonl"], dates).expect_code(0).stdout;
    assert!(
        dates.contains("\"2024-05-18\"") && dates.lines().nth(1).unwrap().contains("\"error\""),
        "{dates}"
    );
}

#[test]
fn a_page_cannot_speak_to_the_terminal() {
    let (title, text) = ("老码头&#27;]52;c;ZXZpbA==&#7;改造完工", "步道&#27;[2J开放了\u{9b}31m。");
    let site = Script::new()
        .front(&["/1.html"])
        .on("/1.html", Reply::article(title, text))
        .on("/1.html", Reply::article("老码头&#27;[1A改造", text))
        .start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    desk.crawl("--full");
    let page = format!("<title>{title}</title><h1>{title}</h1><p>2024-05-18</p><p>{}</p>", text.repeat(30));
    std::fs::write(desk.path("page.html"), page).unwrap();
    for line in [
        "show 1",
        "show 1 --markdown",
        "show 1 --versions",
        "show 1 --diff",
        "search 码头 --facets",
        "related 1",
        "show 1 --cite",
        "extract page.html --generic --explain",
    ] {
        let shown = desk.run(line).expect_code(0).stdout;
        assert!(shown.contains('\u{fffd}'), "{line}: {shown}");
        assert!(!shown.contains(['\x1b', '\x07', '\u{9b}']), "{line}: {shown:?}");
    }
    assert!(
        desk.articles()[0]["title"].as_str().unwrap().contains('\x1b'),
        "what is archived stays as it is"
    );
}
