//! robots.txt files that redirect, never end, or are cut off: each hop takes its turn, and what was read is obeyed.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::lab::{FIRST, HOME, article};
use crate::support::{Desk, Lab, Reply};

const ROBOTS: &str = "http://park.example/robots.txt";
/// More than is read of a robots.txt (500 KiB).
const MORE: usize = 600 << 10;

#[test]
fn each_hop_of_a_robots_txt_is_a_request_that_takes_its_turn() {
    let lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html", "/private/2.html"]);
    lab.on(FIRST, article("步道", "步道完工了。"));
    lab.on("http://park.example/private/2.html", article("秘密", "不公开。"));
    // Also across hosts.
    let hops = [
        "http://park.example/r1",
        "http://cdn.example/r2",
        "http://cdn.example/r3",
        "http://park.example/r4",
    ];
    for (from, to) in std::iter::once(ROBOTS).chain(hops).zip(hops) {
        lab.on(from, Reply::redirect(301, to));
    }
    lab.on(hops[3], Reply::new(200).body("User-agent: *\nDisallow: /private\n"));
    let began = lab.seconds();
    let report = lab.run();
    // robots.txt with its four hops, the front page and one article.
    assert_eq!((report.counts.requests, report.counts.excluded), (7, 1), "{report:?}");
    assert_eq!(lab.seconds() - began, 6 * 2, "the delay is 2 s");
    assert_eq!(lab.hits("http://cdn.example/robots.txt"), 0);
}

#[test]
fn a_budget_ends_between_two_hops() {
    let mut lab = Lab::new(&[HOME]);
    lab.links(HOME, &["/1.html"]);
    lab.on(FIRST, article("步道", "步道完工了。"));
    lab.on(ROBOTS, Reply::redirect(301, "http://park.example/r1"));
    lab.on("http://park.example/r1", Reply::redirect(301, "http://park.example/r2"));
    lab.on("http://park.example/r2", Reply::new(404));
    lab.budget.max_pages = Some(2);
    assert_eq!(lab.run().counts.requests, 2);
    assert_eq!((lab.hits("http://park.example/r1"), lab.hits("http://park.example/r2")), (1, 0));
    lab.budget.max_pages = None;
    assert!(!lab.run().needs_attention());
    assert_eq!(lab.hits(HOME), 1);
}

#[test]
fn five_redirects_are_followed_and_six_mean_that_there_is_no_such_file() {
    for (redirects, excluded) in [(5, 1), (6, 0)] {
        let lab = Lab::new(&[HOME]);
        lab.links(HOME, &["/1.html"]);
        lab.on(FIRST, article("步道", "步道完工了。"));
        lab.on(ROBOTS, Reply::redirect(302, "http://park.example/r1"));
        for n in 1..redirects {
            lab.on(&format!("http://park.example/r{n}"), Reply::redirect(307, &format!("/r{}", n + 1)));
        }
        let last = format!("http://park.example/r{redirects}");
        lab.on(&last, Reply::new(200).body("User-agent: *\nDisallow: /1\n"));
        let report = lab.run();
        assert_eq!(report.counts.excluded, excluded, "{redirects}: {report:?}");
    }
}

/// Answers robots.txt with these bytes as they are, then with zeros for ever or not at all; everything else is a site
/// with one public and one private page. Gives its origin and the paths asked for.
fn site(robots: Vec<u8>, goes_on: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let paths = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = [0; 4096];
            let length = stream.read(&mut head).unwrap_or(0);
            let path = String::from_utf8_lossy(&head[..length]).split(' ').nth(1).unwrap_or("/").to_owned();
            paths.lock().unwrap().push(path.clone());
            if path == "/robots.txt" {
                let robots = robots.clone();
                std::thread::spawn(move || send(stream, &robots, goes_on));
                continue;
            }
            let body = match path.as_str() {
                path if !path.contains(".html") && path != "/" => {
                    let _ = stream.write_all(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    );
                    continue;
                }
                "/" => {
                    "<title>front</title><a href=/1.html>one</a><a href=/private/2.html>two</a>".to_owned()
                }
                _ => format!(
                    "<title>步道</title><h1>步道</h1><p>2024-05-18</p><div><p>{}</p></div>",
                    "完工了,很长。".repeat(20)
                ),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (origin, asked)
}

fn send(mut stream: TcpStream, bytes: &[u8], goes_on: bool) {
    let mut sent = stream.write_all(bytes);
    while goes_on && sent.is_ok() {
        sent = stream.write_all(&[b'#'; 1 << 12]);
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn of_a_robots_txt_without_end_the_beginning_is_obeyed() {
    let rules = b"User-agent: *\nDisallow: /private\n#";
    let long = [&rules[..], &vec![b'x'; MORE]].concat();
    let head = |more: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n{more}\r\n").into_bytes();
    let bomb = gzip(&[&rules[..], &vec![b'x'; 64 << 20]].concat());
    let bomb_head = format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bomb.len());
    let half = &bomb[..bomb.len() / 2];
    for (name, bytes, goes_on) in [
        ("endless", [head(""), rules.to_vec()].concat(), true),
        ("announced as too large", [head("Content-Length: 99999999999\r\n"), long.clone()].concat(), true),
        ("cut off", [head("Content-Length: 9000000\r\n"), long.clone()].concat(), false),
        ("a bomb", [head(&bomb_head), bomb.clone()].concat(), false),
        ("a bomb that is cut off", [head(&bomb_head), half.to_vec()].concat(), false),
        (
            "long and whole",
            [head(&format!("Content-Length: {}\r\n", long.len())), long.clone()].concat(),
            false,
        ),
    ] {
        let (origin, asked) = site(bytes, goes_on);
        let desk = Desk::for_site(&origin);
        let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
        std::fs::write(
            desk.path("crawl.toml"),
            config + "[fetch]\nmax_body = \"64KiB\"\ntimeout = \"20s\"\n",
        )
        .unwrap();
        let (report, outcome) = desk.crawl("");
        assert_eq!((outcome.code, &report["excluded"]), (0, &1.into()), "{name}: {report}");
        let asked = asked.lock().unwrap();
        let times = |path: &str| asked.iter().filter(|asked| *asked == path).count();
        assert_eq!(
            (times("/robots.txt"), times("/1.html"), times("/private/2.html")),
            (1, 1, 0),
            "{name}: {asked:?}"
        );
    }
    // What broke off before that much was there is not known.
    let (origin, asked) = site([head("Content-Length: 900\r\n"), rules.to_vec()].concat(), false);
    Desk::for_site(&origin).run("crawl").expect_code(1).expect_stderr("robots.txt could not be read");
    assert_eq!(*asked.lock().unwrap(), ["/robots.txt"]);
}

#[test]
fn a_hop_to_a_private_address_is_not_made() {
    let canary = TcpListener::bind("127.0.0.1:0").unwrap();
    canary.set_nonblocking(true).unwrap();
    let target = canary.local_addr().unwrap();
    let answer =
        format!("HTTP/1.1 302 Found\r\nLocation: http://{target}/robots.txt\r\nContent-Length: 0\r\n\r\n");
    let (origin, asked) = site(answer.into_bytes(), false);
    Desk::for_site(&origin).run("crawl").expect_code(1).expect_stderr("fetch.allow");
    assert!(canary.accept().is_err());
    assert_eq!(*asked.lock().unwrap(), ["/robots.txt"]);
}

#[test]
fn a_page_for_a_look_keeps_the_delay_between_all_requests() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: /1.html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (origin, asked) = site(answer.into(), false);
    let desk = Desk::with_config("[politeness]\ndelay = \"150ms\"\n");
    let began = std::time::Instant::now();
    desk.run(&format!("extract {origin}/1.html")).expect_code(0);
    assert_eq!(*asked.lock().unwrap(), ["/robots.txt", "/1.html", "/1.html"]);
    assert!(began.elapsed() >= Duration::from_millis(300));
}
