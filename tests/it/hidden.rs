//! What a page hides in its texts (controls, signs of direction, characters without a width) reaches neither a
//! terminal nor the name of a file; secrets of the configuration reach nobody.

use jianbao::visible::is_hidden;

use crate::support::{Desk, Outcome, Reply, Script};

const HIDDEN: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj\u{2066}\u{2069}\u{200f}\u{61c}\u{200b}\u{feff}\u{2060}\u{e0041}";

fn page(text: &str) -> Reply {
    let long = "这是一段足够长的正文,讲述园区里发生的事情。".repeat(8);
    Reply::html(format!(
        "<html lang=zh><head><title>园区{HIDDEN}开工</title><meta name=author content=\"张三{HIDDEN}\"><meta name=keywords content=\"甲{HIDDEN},乙\"></head>\
         <body><div class=crumbs><a href=/>首页{HIDDEN}</a></div><h1>园区{HIDDEN}开工</h1><p class=date>2024-05-18</p>\
         <div class=content><p>{text}{HIDDEN}</p><p>{long}</p></div>\
         <h3>相关文章</h3><ul><li><a href=\"/2.html?q=%1b%E2%80%AE\">另一篇{HIDDEN}文章的标题</a></li></ul></body></html>"
    ))
}

#[track_caller]
fn assert_seen(line: &str, outcome: &Outcome) {
    for (stream, text) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        let found: Vec<char> = text.chars().filter(|c| is_hidden(*c)).collect();
        assert!(found.is_empty(), "{line}: {stream} has {found:?}: {text:?}");
    }
}

#[test]
fn nothing_hidden_reaches_a_terminal_or_a_files_name() {
    let odd = format!("/odd{HIDDEN}.html");
    let site = Script::new()
        .front(&["/1.html", &odd])
        .on("/1.html", page("开工了。"))
        .on("/1.html", page("开工了,也完工了。"))
        .on("/1.html", page("开工了,也完工了。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    assert_seen("crawl -v", &desk.run("crawl -v"));
    assert_seen("crawl -v --full", &desk.run("crawl -v --full"));
    let url = format!("{}/1.html", site.origin);
    std::fs::write(desk.path("page.html"), page("开工了。").text()).unwrap();
    desk.run("export --format jsonl --snapshot kept").expect_code(0);
    std::fs::write(desk.path("kept").join(format!("x{}", '\u{202e}')), "").unwrap();
    for line in [
        format!("show {url}"),
        format!("show {url} --cite"),
        format!("show {url} --markdown"),
        format!("show {url} --versions"),
        format!("show {url} --diff"),
        "search 园区 --facets".to_owned(),
        "search --trend 园区".to_owned(),
        "search 园区 --color always".to_owned(),
        "related".to_owned(),
        format!("related {url}"),
        "status".to_owned(),
        "status --coverage".to_owned(),
        "status --report".to_owned(),
        "crawl --dry-run".to_owned(),
        "extract page.html".to_owned(),
        "extract page.html --explain".to_owned(),
        "extract page.html --explain --generic".to_owned(),
        "verify kept".to_owned(),
        "config".to_owned(),
        "export --format markdown -o notes".to_owned(),
    ] {
        let mut outcome = desk.run(&line);
        assert!(outcome.code <= 1, "{line}: {outcome:?}");
        if line.contains("always") {
            outcome.stdout = outcome.stdout.replace("\u{1b}[1;31m", "").replace("\u{1b}[0m", "");
        }
        assert_seen(&line, &outcome);
    }
    assert!(desk.run(&format!("show {url}")).stdout.contains("开工"));
    let names: Vec<String> = std::fs::read_dir(desk.path("notes/site"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!names.is_empty() && !names.concat().contains(is_hidden), "{names:?}");
    // Errors quote what they were given.
    let profile = format!("schema = 1\nname = \"{}\"\nnmae = 1\n", '\u{202e}');
    std::fs::write(desk.path("odd.toml"), profile).unwrap();
    assert_seen("check odd.toml", &desk.run("check odd.toml"));
}

#[test]
fn the_secrets_of_a_webhook_are_shown_to_nobody() {
    const URL: &str = "https://me:secret1@127.0.0.1:9/services/secret2?token=secret3";
    let desk = Desk::with_config(&format!(
        "[archive]\nstore = \"a.sqlite\"\n[notify]\non = \"always\"\nwebhook = \"{URL}\"\ncommand = \"exit 7 # {URL}\"\n[[site]]\nname = \"a\"\nseeds = [\"http://127.0.0.1:9/\"]\n"
    ));
    for line in ["config", "config --json", "crawl -v", "crawl --log-format json", "status"] {
        let outcome = desk.run(line);
        assert!(!format!("{outcome:?}").contains("secret"), "{line}: {outcome:?}");
        if line != "status" {
            assert!(format!("{outcome:?}").contains("https://127.0.0.1:9/…"), "{line}: {outcome:?}");
        }
    }
}

#[test]
fn a_built_in_profile_has_nothing_to_check_where_the_source_is_not() {
    let desk = Desk::new();
    let outcome = desk.run("check sh-daijia").expect_code(0);
    assert!(outcome.stdout.contains("nothing was checked"), "{}", outcome.stdout);
    let line: serde_json::Value = serde_json::from_str(&desk.run("check sh-daijia --json").stdout).unwrap();
    assert_eq!((&line["samples"], &line["failures"]), (&0.into(), &serde_json::json!([])));
    desk.run("check").expect_code(2).expect_stderr("nothing to check");
    desk.run("check no-such").expect_code(2);
}
