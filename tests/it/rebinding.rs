//! Names that lead to private addresses: whatever a resolver answers and when, the private server is never connected
//! to. The part of a public server is played by 127.0.0.2, which `fetch.allow` names; 127.0.0.1 is private.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jianbao::address::Allowed;
use jianbao::clock::SystemClock;
use jianbao::crawl::{CrawlSettings, Silent, Stop, World, crawl_in};
use jianbao::fetch::{Client, ClientSettings, Fetch as _, Guard, Lookup, Request};
use jianbao::url::CanonicalUrl;

use crate::support::{Desk, Lab};

const OUTSIDE: &str = "127.0.0.2";

/// A server that counts who connects. Each answer ends its connection, so that each request makes a new one.
struct Server {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Server {
    fn on(address: SocketAddr, answer: fn(&str) -> String) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let (address, accepted) = (listener.local_addr().ok()?, Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&accepted);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or("/");
                let _ = stream.write_all(answer(path).as_bytes());
            }
        });
        Some(Self { address, accepted })
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

fn answer(path: &str) -> String {
    let (status, more) = match path.strip_prefix("/to?") {
        Some(target) => ("302 Found", format!("Location: {target}\r\n")),
        None => ("200 OK", String::new()),
    };
    format!("HTTP/1.1 {status}\r\n{more}Content-Length: 2\r\nConnection: close\r\n\r\nok")
}

/// The public server, the private one on the same port, and the same over IPv6 where the machine has it.
struct Town {
    outside: Server,
    private: Server,
    private_v6: Option<Server>,
}

impl Town {
    fn new() -> Self {
        loop {
            let outside = Server::on(SocketAddr::new(OUTSIDE.parse().unwrap(), 0), answer).unwrap();
            let port = outside.address.port();
            // Another program may have the port.
            if let Some(private) = Server::on(SocketAddr::from(([127, 0, 0, 1], port)), answer) {
                let private_v6 = Server::on(SocketAddr::new("::1".parse().unwrap(), port), answer);
                return Self { outside, private, private_v6 };
            }
        }
    }

    fn hits(&self) -> usize {
        self.private.accepted() + self.private_v6.as_ref().map_or(0, Server::accepted)
    }

    fn text(&self, text: &str) -> String {
        text.replace("PORT", &self.outside.address.port().to_string())
    }
}

/// A resolver that gives one answer after the other, and stays with the last. An answer is addresses with spaces
/// between them; `!` is a failure.
fn resolver(answers: &[&str]) -> (Lookup, Arc<Mutex<Vec<String>>>) {
    let left = Mutex::new(answers.iter().rev().map(|answer| (*answer).to_owned()).collect::<Vec<_>>());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let names = Arc::clone(&asked);
    let lookup = Lookup::by(move |name| {
        names.lock().unwrap().push(name.to_owned());
        let mut left = left.lock().unwrap();
        let answer = if left.len() > 1 { left.pop().unwrap() } else { left[0].clone() };
        if answer == "!" {
            return Err(std::io::Error::other("the resolver is ill"));
        }
        Ok(answer.split_whitespace().map(|address| address.parse::<IpAddr>().unwrap()).collect())
    });
    (lookup, asked)
}

fn client(seeds: &[CanonicalUrl], allow: &[String], lookup: Lookup) -> Client {
    let allow: Vec<Allowed> = allow.iter().map(|text| text.parse().unwrap()).collect();
    let settings = ClientSettings {
        user_agent: "jianbao-test".to_owned(),
        timeout: Duration::from_secs(5),
        max_body: 1 << 20,
        per_ip: 2,
        guard: Guard::new(seeds, &allow),
        lookup,
    };
    Client::new(settings, Arc::new(SystemClock)).unwrap()
}

/// What a crawler is led to.
struct Story {
    name: &'static str,
    seeds: &'static [&'static str],
    allow: &'static [&'static str],
    answers: &'static [&'static str],
    /// URLs in the order they are asked for, and what comes of each: `ok`, or words of the error.
    asks: &'static [(&'static str, &'static str)],
    /// Connections to the private server, where a seed or `fetch.allow` means it.
    meant: usize,
}

const NEWS: &str = "http://news.example:PORT/";
/// What most stories begin with: a site with a name, on the public server.
const PLAIN: Story =
    Story { name: "", seeds: &[NEWS], allow: &[OUTSIDE], answers: &[OUTSIDE], asks: &[], meant: 0 };

const STORIES: [Story; 32] = [
    Story { name: "an honest name", asks: &[(NEWS, "ok"), (NEWS, "ok")], ..PLAIN },
    Story {
        name: "public first, then private",
        answers: &[OUTSIDE, "127.0.0.1"],
        asks: &[
            (NEWS, "ok"),
            (NEWS, "`news.example` resolves to 127.0.0.1, which is not a public address (loopback)"),
        ],
        ..PLAIN
    },
    Story {
        name: "private from the start",
        answers: &["127.0.0.1"],
        asks: &[(NEWS, "fetch.allow = [\"127.0.0.1\"]")],
        ..PLAIN
    },
    Story {
        name: "both records at once",
        answers: &["127.0.0.1 127.0.0.2"],
        asks: &[(NEWS, "ok"), (NEWS, "ok")],
        ..PLAIN
    },
    Story {
        name: "both, the public one first",
        answers: &["127.0.0.2 ::1 127.0.0.1"],
        asks: &[(NEWS, "ok")],
        ..PLAIN
    },
    Story {
        name: "alternating",
        answers: &[OUTSIDE, "127.0.0.1", OUTSIDE, "::1", OUTSIDE],
        asks: &[(NEWS, "ok"), (NEWS, "127.0.0.1"), (NEWS, "ok"), (NEWS, "(loopback)"), (NEWS, "ok")],
        ..PLAIN
    },
    Story { name: "IPv4 in IPv6", answers: &["::ffff:127.0.0.1"], asks: &[(NEWS, "(IPv4-mapped)")], ..PLAIN },
    Story {
        name: "IPv4 in IPv6, beside the public one",
        answers: &["::ffff:127.0.0.1 127.0.0.2"],
        asks: &[(NEWS, "ok")],
        ..PLAIN
    },
    Story {
        name: "NAT64 of a private address",
        answers: &["64:ff9b::10.0.0.1"],
        asks: &[(NEWS, "(private use)")],
        ..PLAIN
    },
    Story {
        name: "6to4 of this machine",
        answers: &["2002:7f00:1::"],
        asks: &[(NEWS, "(loopback)")],
        ..PLAIN
    },
    Story {
        name: "a cloud's metadata",
        answers: &["169.254.169.254"],
        asks: &[(NEWS, "(link local)")],
        ..PLAIN
    },
    Story {
        name: "any address",
        answers: &["0.0.0.0", "::"],
        asks: &[(NEWS, "(this network)"), (NEWS, "(unspecified)")],
        ..PLAIN
    },
    Story { name: "site-local", answers: &["fec0::1"], asks: &[(NEWS, "(site local, deprecated)")], ..PLAIN },
    Story { name: "IPv6 of this machine", answers: &["::1"], asks: &[(NEWS, "(loopback)")], ..PLAIN },
    Story {
        name: "a name that equals a seed's",
        seeds: &["http://127.0.0.1:PORT/", NEWS],
        answers: &["127.0.0.1"],
        asks: &[(NEWS, "resolves to 127.0.0.1")],
        ..PLAIN
    },
    Story {
        name: "no time to live between robots.txt and the page",
        answers: &[OUTSIDE, "127.0.0.1"],
        asks: &[
            ("http://news.example:PORT/robots.txt", "ok"),
            ("http://news.example:PORT/1.html", "(loopback)"),
        ],
        ..PLAIN
    },
    Story {
        name: "a redirect to a name that rebinds",
        answers: &[OUTSIDE, "10.0.0.7"],
        asks: &[
            ("http://news.example:PORT/to?http://cdn.example:PORT/", "ok"),
            ("http://cdn.example:PORT/", "`cdn.example` resolves to 10.0.0.7"),
        ],
        ..PLAIN
    },
    Story {
        name: "an address in a name",
        answers: &["127.0.0.1"],
        asks: &[("http://127.0.0.1.nip.example:PORT/", "(loopback)")],
        ..PLAIN
    },
    Story {
        name: "names of this machine that no seed says",
        answers: &["127.0.0.1"],
        asks: &[
            ("http://localhost:PORT/", "`localhost` resolves to 127.0.0.1"),
            ("http://localhost.:PORT/", "(loopback)"),
            ("http://LOCALHOST:PORT/", "(loopback)"),
            ("http://a.localhost:PORT/", "(loopback)"),
        ],
        ..PLAIN
    },
    Story {
        name: "full stops of another script",
        answers: &["127.0.0.1"],
        asks: &[
            ("http://127。0。0。1:PORT/", "`127.0.0.1` is not a public address (loopback)"),
            ("http://news。example:PORT/", "(loopback)"),
        ],
        ..PLAIN
    },
    Story {
        name: "the resolver fails",
        answers: &[OUTSIDE, "!"],
        asks: &[(NEWS, "ok"), (NEWS, "the resolver is ill")],
        ..PLAIN
    },
    Story {
        name: "no address at all",
        answers: &[""],
        asks: &[(NEWS, "does not resolve: the name has no address")],
        ..PLAIN
    },
    Story {
        name: "literal addresses in other spellings",
        asks: &[
            ("http://2130706433:PORT/", "(loopback)"),
            ("http://0x7f.1:PORT/", "(loopback)"),
            ("http://[::ffff:127.0.0.1]:PORT/", "(IPv4-mapped)"),
            ("http://0.0.0.0:PORT/", "(this network)"),
            ("http://[::1]:PORT/", "(loopback)"),
            ("http://user@127.0.0.1:PORT/", "(loopback)"),
        ],
        ..PLAIN
    },
    Story {
        name: "an allowed network",
        allow: &["127.0.0.0/8"],
        answers: &["127.0.0.1"],
        asks: &[(NEWS, "ok")],
        meant: 1,
        ..PLAIN
    },
    Story {
        name: "an allowed address on this port",
        allow: &["127.0.0.1:PORT"],
        answers: &["127.0.0.1"],
        asks: &[(NEWS, "ok")],
        meant: 1,
        ..PLAIN
    },
    Story {
        name: "an allowed address on another port",
        allow: &["127.0.0.1:9"],
        answers: &["127.0.0.1"],
        asks: &[
            (NEWS, "fetch.allow = [\"127.0.0.1\"]"),
            ("http://127.0.0.1:PORT/", "fetch.allow = [\"127.0.0.1:PORT\"]"),
        ],
        ..PLAIN
    },
    Story {
        name: "two allowed addresses, each on its port",
        allow: &["127.0.0.1:9", "127.0.0.2:PORT"],
        answers: &["127.0.0.1 127.0.0.2"],
        asks: &[(NEWS, "ok")],
        ..PLAIN
    },
    Story {
        name: "a literal seed",
        seeds: &["http://127.0.0.1:PORT/"],
        asks: &[("http://127.0.0.1:PORT/a", "ok"), ("http://127.1:PORT/", "ok")],
        meant: 2,
        ..PLAIN
    },
    Story {
        name: "a literal seed on another port",
        seeds: &["http://127.0.0.1:9/"],
        asks: &[("http://127.0.0.1:PORT/", "(loopback)")],
        ..PLAIN
    },
    Story {
        name: "a literal seed, and a name that leads to it",
        seeds: &["http://127.0.0.1:PORT/"],
        answers: &["127.0.0.1"],
        asks: &[("http://evil.example:PORT/", "(loopback)")],
        ..PLAIN
    },
    Story {
        name: "a seed called localhost",
        seeds: &["http://localhost:PORT/"],
        answers: &["127.0.0.1", "10.0.0.7", "93.184.216.34"],
        asks: &[
            ("http://localhost:PORT/", "ok"),
            ("http://localhost:PORT/", "(private use)"),
            ("http://localhost:PORT/", "(another machine's)"),
        ],
        meant: 1,
        ..PLAIN
    },
    Story {
        name: "a seed called localhost, on another port",
        seeds: &["http://localhost:9/"],
        answers: &["127.0.0.1"],
        asks: &[("http://localhost:PORT/", "(loopback)")],
        ..PLAIN
    },
];

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux answers on all of 127.0.0.0/8")]
fn no_answer_of_a_resolver_leads_to_a_private_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for story in &STORIES {
        let town = Town::new();
        let seeds: Vec<_> =
            story.seeds.iter().map(|seed| CanonicalUrl::parse(&town.text(seed), None).unwrap()).collect();
        let allow: Vec<String> = story.allow.iter().map(|text| town.text(text)).collect();
        // Names are looked up at each connection; a story may have the name looked up before it, as a crawl does.
        for is_ahead in [false, true] {
            let before = town.hits();
            let client = client(&seeds, &allow, resolver(story.answers).0);
            for (url, want) in story.asks {
                let url = CanonicalUrl::parse(&town.text(url), None).unwrap();
                let came = runtime.block_on(async {
                    if is_ahead {
                        client.resolve(&url).await?;
                    }
                    client.fetch(&Request::new(url.clone())).await
                });
                let said = came.map_or_else(|error| error.to_string(), |_| "ok".to_owned());
                assert!(said.contains(&town.text(want)), "{}: {url}: {said}", story.name);
            }
            // A look ahead is not repeated for a host that has answered, so a story goes the same way with it.
            assert_eq!(town.hits() - before, story.meant, "{}", story.name);
        }
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux answers on all of 127.0.0.0/8")]
fn a_crawl_of_a_name_that_rebinds_archives_nothing_of_the_private_server() {
    const PAGE: fn(&str) -> String = |path| {
        let body = match path {
            "/robots.txt" => "User-agent: *\nAllow: /".to_owned(),
            "/" => "<title>front</title><a href=/1.html>one</a>".to_owned(),
            _ => format!(
                "<title>秘密</title><h1>秘密</h1><p>2024-05-18</p><div><p>{}</p></div>",
                "内网的正文,足够长。".repeat(20)
            ),
        };
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let outside = Server::on(SocketAddr::new(OUTSIDE.parse().unwrap(), 0), PAGE).unwrap();
    let port = outside.address.port();
    let Some(private) = Server::on(SocketAddr::from(([127, 0, 0, 1], port)), PAGE) else { return };
    let home = format!("http://news.example:{port}/");
    let lab = Lab::new(&[&home]);
    let desk = Desk::new();
    let mut settings = CrawlSettings { in_step: false, ..lab.settings() };
    settings.archive = jianbao::archive::Place::File(desk.archive());
    for site in &mut settings.sites {
        site.politeness.delay.0 = Duration::ZERO;
    }
    settings.config.fetch.retries = 0;
    let (lookup, asked) = resolver(&[OUTSIDE, OUTSIDE, "127.0.0.1"]);
    let web = Arc::new(client(&settings.sites[0].seeds, &[OUTSIDE.to_owned()], lookup));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = World { clock: Arc::new(SystemClock), web };
    runtime.block_on(crawl_in(world, settings, Stop::default(), Arc::new(Silent))).unwrap();
    assert_eq!(private.accepted(), 0);
    assert!(asked.lock().unwrap().len() >= 3 && outside.accepted() == 2);
    assert_eq!(desk.count("SELECT count(*) FROM article"), 0);
    assert_eq!(desk.texts("SELECT outcome FROM url WHERE url LIKE '%1.html'"), ["forbidden_address"]);
}

#[test]
fn fetch_allow_is_read_strictly_and_named_by_the_error() {
    let desk = Desk::with_config("[fetch]\nallow = [\"10.0.0.7\", \"intranet.example\"]\n");
    let error = desk.run("config").expect_code(2).stderr;
    assert!(
        error.contains("line 2") && error.contains("`intranet.example` is neither an address"),
        "{error}"
    );
    let desk = Desk::with_config("[fetch]\nallow = [\"10.0.0.7:80\", \"fd00::/8\"]\n");
    let shown = desk.run("config").expect_code(0).stdout;
    assert!(shown.contains("allow = [\"10.0.0.7:80\", \"fd00::/8\"]"), "{shown}");
    let site = crate::support::Script::new().front(&["http://10.0.0.9/1.html"]).start();
    // Of another host than its seed a site asks for nothing, so the command line is asked.
    let moved =
        crate::support::Script::new().on("/", crate::support::Reply::redirect(302, &site.origin)).start();
    let desk = Desk::with_config("[politeness]\ndelay = \"0s\"\n");
    let error = desk.run(&format!("extract {}/", moved.origin)).expect_code(1).stderr;
    assert!(error.contains("fetch.allow = [\"127.0.0.1:"), "{error}");
    assert_eq!(site.paths(), [""; 0]);
}
