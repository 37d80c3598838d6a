//! Each kind of bad input has a named outcome or an error that says what and where; the crawl goes
//! on with the rest.

use crate::support::{Desk, Reply, Script};

fn outcome_of(desk: &Desk, path: &str) -> String {
    desk.texts(&format!("SELECT outcome FROM url WHERE url LIKE '%{path}'")).pop().unwrap_or_default()
}

#[test]
fn one_bad_page_never_stops_a_crawl() {
    let png = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![7; 5000]].concat();
    let paths = [
        "/good.html",
        "/empty.html",
        "/huge.html",
        "/loop.html",
        "/ping.html",
        "/nowhere.html",
        "/binary.html",
        "/pdf.html",
        "/gone.html",
        "/untitled.html",
        "/soft404.html",
        "/bomb.html",
        "/badutf8.html",
    ];
    let bomb = {
        use std::io::Write as _;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&vec![b' '; 64 << 20]).unwrap();
        gz.finish().unwrap()
    };
    let text = "正文讲述了一件发生在园区的事情,很长。".repeat(10);
    let mut broken =
        format!("<title>坏字节</title><h1>坏字节</h1><p>2024-05-18</p><div><p>{text}</p></div>").into_bytes();
    broken.splice(90..90, [0xff, 0xfe, 0x00, 0xed]);
    let site = Script::new()
        .front(&paths)
        .on("/good.html", Reply::article("好文章", "一切正常。"))
        .on("/empty.html", Reply::html(""))
        .on("/huge.html", Reply::html(vec![b'a'; 10 << 20]))
        .on("/loop.html", Reply::new(302).header("Location", "/loop.html"))
        .on("/ping.html", Reply::new(302).header("Location", "/pong.html"))
        .on("/pong.html", Reply::new(302).header("Location", "/ping.html"))
        .on("/nowhere.html", Reply::new(302).header("Location", "http://[::1"))
        .on("/binary.html", Reply::html(png))
        .on("/pdf.html", Reply::new(200).header("Content-Type", "application/pdf").body("%PDF-1.4"))
        .on("/gone.html", Reply::new(410))
        .on("/untitled.html", Reply::html(format!("<body><p>2024-05-18</p><div><p>{text}</p></div>")))
        .on(
            "/soft404.html",
            Reply::html("<title>页面不存在</title><h1>页面不存在</h1><p>您访问的页面已被删除。</p>"),
        )
        .on("/bomb.html", Reply::html(bomb).header("Content-Encoding", "gzip"))
        .on("/badutf8.html", Reply::html(broken))
        .start();
    let desk = Desk::for_site(&site.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), config + "[fetch]\nretries = 0\n").unwrap();
    let (report, outcome) = desk.crawl("");
    assert!(outcome.code <= 1, "{report}");
    for (path, want) in [
        ("/good.html", "article"),
        ("/empty.html", "empty_body"),
        ("/huge.html", "too_large"),
        ("/loop.html", "redirect_loop"),
        ("/ping.html", "redirect_loop"),
        ("/pong.html", "redirect_loop"),
        ("/nowhere.html", "bad_redirect"),
        ("/binary.html", "not_html"),
        ("/pdf.html", "not_html"),
        ("/gone.html", "gone"),
        ("/untitled.html", "article"),
        ("/soft404.html", "soft_404"),
        ("/bomb.html", "undecodable"),
        ("/badutf8.html", "article"),
    ] {
        assert_eq!(outcome_of(&desk, path), want, "{path}");
    }
    assert_eq!(site.hits("/ping.html") + site.hits("/pong.html"), 2);
    let titles = desk.texts("SELECT title FROM article ORDER BY title");
    assert_eq!(titles, ["", "坏字节", "好文章"]);
    assert_eq!(report["sites"][0]["missing"]["title"], 1, "{report}");
}

/// A site whose article comes with this in its head, as it is.
fn with_head(head: &str) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let head = head.to_owned();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 4096];
            let length = stream.read(&mut asked).unwrap_or(0);
            let (more, body) = match String::from_utf8_lossy(&asked[..length]).split(' ').nth(1) {
                Some("/") => ("", Reply::links(&["/1.html"]).text()),
                Some("/1.html") => (head.as_str(), Reply::article("甲", "乙。").text()),
                _ => {
                    let _ = stream.write_all(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    );
                    continue;
                }
            };
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    origin
}

#[test]
fn many_and_folded_headers_are_read_and_kept() {
    let headers =
        |count: u32| (0..count).map(|n| format!("X-Part-{n}: {n}\r\n")).collect::<Vec<_>>().concat();
    let many = headers(900);
    let folded = "X-Folded: one\r\n two\r\n\tthree\r\n";
    for (head, part) in [(many.as_str(), "x-part-899: 899"), (folded, "x-folded: one two three")] {
        let desk = Desk::for_site(&with_head(head));
        assert_eq!(desk.crawl("").1.code, 0);
        assert_eq!(outcome_of(&desk, "/1.html"), "article");
        let headers = desk
            .texts("SELECT c.headers FROM capture c JOIN url u ON u.id = c.url WHERE u.url LIKE '%1.html'")
            .concat();
        let squeezed = headers.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed.contains(part), "{squeezed}");
    }
    // There is a bound all the same.
    let desk = Desk::for_site(&with_head(&headers(1100)));
    desk.crawl("");
    assert_eq!(outcome_of(&desk, "/1.html"), "bad_answer");
}

#[test]
fn endless_redirects_end() {
    let mut script = Script::new().front(&["/0.html"]);
    for n in 0..20 {
        script =
            script.on(&format!("/{n}.html"), Reply::new(302).header("Location", &format!("/{}.html", n + 1)));
    }
    let site = script.start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    assert_eq!(site.paths().iter().filter(|path| path.contains(".html")).count(), 6);
    assert_eq!(outcome_of(&desk, "/5.html"), "too_many_redirects");
}

#[test]
fn a_host_that_does_not_answer_is_named_and_the_others_go_on() {
    let site = Script::new().front(&["/1.html"]).on("/1.html", Reply::article("甲", "乙。")).start();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let https = site.origin.replace("http://127.0.0.1", "https://localhost");
    let desk = Desk::with_config(&format!(
        "[identity]\ncontact = \"mailto:a@example.com\"\n[archive]\nstore = \"a.sqlite\"\n[politeness]\ndelay = \"0s\"\n[fetch]\nretries = 0\n\
         [[site]]\nname = \"good\"\nseeds = [\"{}/\"]\n[[site]]\nname = \"closed\"\nseeds = [\"http://{closed}/\"]\n\
         [[site]]\nname = \"unresolved\"\nseeds = [\"http://no-such-host.invalid/\"]\n[[site]]\nname = \"tls\"\nseeds = [\"{https}/\"]\n",
        site.origin
    ));
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1);
    assert_eq!(desk.articles().len(), 1);
    let sites = report["sites"].as_array().unwrap();
    for (name, part) in
        [("closed", "could not connect"), ("unresolved", "does not resolve"), ("tls", "TLS failed")]
    {
        let site = sites.iter().find(|site| site["site"] == name).unwrap();
        let alarm = site["alarms"][0].as_str().unwrap();
        assert!(alarm.contains(part), "{name}: {alarm}");
    }
}

#[test]
fn a_page_that_never_comes_is_a_timeout() {
    let site = Script::new()
        .front(&["/slow.html", "/1.html"])
        .on("/slow.html", Reply::never())
        .on("/1.html", Reply::article("甲", "乙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), config + "[fetch]\ntimeout = \"300ms\"\nretries = 0\n").unwrap();
    desk.crawl("");
    assert_eq!(outcome_of(&desk, "/slow.html"), "timeout");
    assert_eq!(desk.articles().len(), 1);
}

#[test]
fn an_unusable_archive_is_exit_code_3_and_named() {
    let site = Script::new().front(&[]).start();
    let desk = Desk::for_site(&site.origin);
    // A folder that can't be made, whoever asks.
    std::fs::write(desk.path("file"), "").unwrap();
    desk.run("crawl -a file/a.sqlite").expect_code(3).expect_stderr("file");
    // Something else.
    std::fs::write(desk.path("other.sqlite"), "not a database, but long enough to be read as one".repeat(40))
        .unwrap();
    desk.run("crawl -a other.sqlite").expect_code(3).expect_stderr("is not a jianbao archive");
    desk.run("status -a other.sqlite").expect_code(3).expect_stderr("is not a jianbao archive");
    desk.run("status -a nothing.sqlite").expect_code(3).expect_stderr("there is no archive");
    // A folder is left as it is.
    std::fs::create_dir(desk.path("folder")).unwrap();
    for command in ["crawl", "status"] {
        desk.run(&format!("{command} -a folder"))
            .expect_code(3)
            .expect_stderr("is a folder: name a file in it");
    }
    assert!(!desk.path("folder.lock").exists());
    // A later version's.
    desk.crawl("");
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "user_version", 99).unwrap();
    drop(archive);
    for command in ["crawl", "status", "export"] {
        desk.run(command).expect_code(3).expect_stderr("has schema 99");
    }
}

#[cfg(unix)]
#[test]
fn an_archive_in_a_folder_without_the_right_to_write_can_still_be_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Script::new().front(&["/1.html"]).on("/1.html", Reply::article("甲", "乙。")).start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    std::fs::create_dir(desk.path("ro")).unwrap();
    std::fs::copy(desk.archive(), desk.path("ro/a.sqlite")).unwrap();
    let set =
        |mode| std::fs::set_permissions(desk.path("ro"), std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o555);
    let outcome = desk.run("export -a ro/a.sqlite");
    set(0o755);
    assert_eq!((outcome.code, outcome.stdout.lines().count()), (0, 1), "{}", outcome.stderr);
}

/// Runs a command as somebody whom permissions bind, as they don't bind root; `None` where that can't be.
#[cfg(target_os = "linux")]
fn run_bound(desk: &Desk, line: &str) -> Option<crate::support::Outcome> {
    let mut arguments = vec!["-U", env!("CARGO_BIN_EXE_jianbao")];
    arguments.extend(line.split_whitespace());
    let outcome = desk.run_program("unshare", &arguments);
    if outcome.as_ref().is_none_or(|outcome| outcome.stderr.starts_with("unshare:")) {
        crate::support::skipped(&format!("nobody may become somebody else here ({outcome:?})"));
        return None;
    }
    outcome
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_committed_last_is_not_left_out_in_silence() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Script::new().front(&["/1.html"]).on("/1.html", Reply::article("甲", "乙。")).start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let set =
        |mode| std::fs::set_permissions(desk.path("ro"), std::fs::Permissions::from_mode(mode)).unwrap();
    std::fs::create_dir(desk.path("ro")).unwrap();
    // As a kill leaves it: an article is in the log alone.
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive
        .execute_batch("PRAGMA wal_autocheckpoint = 0; UPDATE article SET title = '新', seal = NULL")
        .unwrap();
    for file in ["a.sqlite", "a.sqlite-wal"] {
        std::fs::copy(desk.path(file), desk.path("ro").join(file)).unwrap();
    }
    drop(archive);
    for line in ["export -a ro/a.sqlite", "status -a ro/a.sqlite"] {
        set(0o555);
        let outcome = run_bound(&desk, line);
        set(0o755);
        let Some(outcome) = outcome else { return };
        let outcome =
            outcome.expect_code(3).expect_stderr("ro/a.sqlite-wal").expect_stderr("hint: copy both");
        assert_eq!(outcome.stdout, "");
    }
    set(0o000);
    let outcome = run_bound(&desk, "status -a ro/a.sqlite");
    set(0o755);
    outcome.unwrap().expect_code(3).expect_stderr("Permission denied");
    // With the right to write all of it is there.
    assert!(desk.run("export -a ro/a.sqlite").expect_code(0).stdout.contains("\"title\":\"新\""));
}

#[test]
fn a_damaged_archive_says_what_can_be_done() {
    let site = Script::new().front(&["/1.html"]).on("/1.html", Reply::article("甲", "乙。")).start();
    let desk = Desk::for_site(&site.origin);
    desk.crawl("");
    let mut bytes = std::fs::read(desk.archive()).unwrap();
    // The schema's page, behind the file's own header.
    bytes[100..200].fill(0xff);
    std::fs::write(desk.archive(), bytes).unwrap();
    for line in ["status", "export", "crawl"] {
        desk.run(line).expect_code(3).expect_stderr("malformed").expect_stderr(".recover");
    }
}

#[test]
fn a_configuration_that_names_no_site_says_so() {
    let desk = Desk::with_config("");
    desk.run("crawl").expect_code(2).expect_stderr("no site is configured: add one to `crawl.toml`");
    for line in ["crawl", "import a.cdx"] {
        let none =
            Desk::new().run(line).expect_code(2).expect_stderr("there is no crawl.toml in this folder");
        // What it gives is a configuration.
        let (_, lines) = none.stderr.split_once("\n\n").unwrap();
        let desk = Desk::with_config(lines);
        desk.run("crawl --dry-run").expect_code(0);
    }
    let desk = Desk::new();
    let url = desk.run("crawl http://e.example/news/").expect_code(2).expect_stderr("no crawl.toml");
    assert!(
        url.stderr.ends_with("name = \"e.example\"\nseeds = [\"http://e.example/news/\"]\n"),
        "{}",
        url.stderr
    );
    let desk = Desk::for_site("http://a.example");
    desk.run("crawl http://e.example/").expect_code(2).expect_stderr("seeds = [\"http://e.example/\"]");
    desk.run("crawl http://a.example/1.html").expect_code(2).expect_stderr("jianbao crawl site");
    let desk = Desk::with_config("[[site]]\nname = \"a\"\nseeds = []\n");
    desk.run("crawl").expect_code(2).expect_stderr("has no seeds");
    let desk = Desk::with_config("[[site]]\nname = \"a\"\nseeds = [\"ftp://x\"]\n");
    desk.run("crawl").expect_code(2).expect_stderr("`ftp`");
    let desk =
        Desk::with_config("[[site]]\nname = \"a\"\nseeds = [\"http://127.0.0.1/\"]\nprofile = \"nobody\"\n");
    desk.run("crawl").expect_code(2).expect_stderr("there is no profile `nobody`");
    Desk::new().run("-c missing.toml crawl").expect_code(2).expect_stderr("missing.toml");
}
