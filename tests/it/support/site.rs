//! A site whose every answer a test writes down; on a free port of this machine.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The answer never comes.
    pub(super) hangs: bool,
    /// In a lab: the body ends early.
    pub(super) is_cut: bool,
    /// In a lab: whoever examines it panics, if its status is 500.
    pub(super) is_unreadable: bool,
}

impl Reply {
    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200).header("Content-Type", "text/html; charset=utf-8").body(body)
    }

    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            hangs: false,
            is_cut: false,
            is_unreadable: false,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Its body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn never() -> Self {
        Self { hangs: true, ..Self::new(200) }
    }

    pub(crate) fn redirect(status: u16, target: &str) -> Self {
        Self::new(status).header("Location", target)
    }

    /// With a body that ends early.
    pub(crate) fn cut(self) -> Self {
        Self { is_cut: true, ..self }
    }

    /// Whoever examines it panics.
    pub(crate) fn unreadable() -> Self {
        Self { is_unreadable: true, ..Self::new(500) }
    }

    /// A page that links these.
    pub(crate) fn links(targets: &[&str]) -> Self {
        let links: Vec<String> =
            targets.iter().map(|target| format!("<p><a href=\"{target}\">{target}</a></p>")).collect();
        Self::html(format!("<title>front</title><body>{}</body>", links.concat()))
    }

    /// An article with a date and enough text.
    pub(crate) fn article(title: &str, text: &str) -> Self {
        Self::article_of(title, "2024-05-18", text)
    }

    /// An article of a day.
    pub(crate) fn article_of(title: &str, day: &str, text: &str) -> Self {
        Self::html(format!(
            "<html lang=zh><head><title>{title}</title></head><body><h1>{title}</h1><p class=date>{day}</p><div class=content><p>{text}</p><p>{}</p></div></body></html>",
            "这是一段足够长的正文,讲述园区里发生的事情。".repeat(8)
        ))
    }
}

/// Makes the answer for a path.
type Make = fn(&str) -> Reply;

/// Paths and their answers: each request takes the next one, the last one stays.
#[derive(Default)]
pub(crate) struct Script {
    replies: HashMap<String, Vec<Reply>>,
    /// Beginnings of paths, and what makes the answers for all that have no other.
    made: Vec<(&'static str, Make)>,
}

/// The site while it is served.
pub(crate) struct Running {
    pub(crate) origin: String,
    log: Arc<Mutex<Vec<(Instant, String, String)>>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn on(mut self, path: &str, reply: Reply) -> Self {
        self.replies.entry(path.to_owned()).or_default().push(reply);
        self
    }

    /// Answers every path that begins so and has no answer of its own.
    pub(crate) fn all(mut self, beginning: &'static str, make: Make) -> Self {
        self.made.push((beginning, make));
        self
    }

    /// A front page that links these paths.
    pub(crate) fn front(self, paths: &[&str]) -> Self {
        self.on("/", Reply::links(paths))
    }

    pub(crate) fn start(self) -> Running {
        self.serve("http", Some)
    }

    /// Over TLS.
    pub(crate) fn start_tls(self, config: rustls::ServerConfig) -> Running {
        let config = Arc::new(config);
        self.serve("https", move |stream| {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).ok()?;
            Some(rustls::StreamOwned::new(connection, stream))
        })
    }

    /// Answers on what `open` makes of a connection.
    fn serve<S: Read + Write>(
        self,
        scheme: &str,
        open: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    ) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let open = Arc::new(open);
        let log: Arc<Mutex<Vec<(Instant, String, String)>>> = Arc::default();
        let replies = Arc::new(Mutex::new(self));
        let seen = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (replies, seen, open) = (Arc::clone(&replies), Arc::clone(&seen), Arc::clone(&open));
                std::thread::spawn(move || {
                    if let Some(stream) = open(stream) {
                        talk(stream, &replies, &seen);
                    }
                });
            }
        });
        Running { origin, log }
    }
}

fn talk(stream: impl Read + Write, script: &Mutex<Script>, seen: &Mutex<Vec<(Instant, String, String)>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        loop {
            match reader.read_line(&mut head) {
                Ok(0) | Err(_) => return,
                Ok(_) if head.ends_with("\r\n\r\n") => break,
                Ok(_) => {}
            }
        }
        let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
        seen.lock().unwrap().push((Instant::now(), path.clone(), head));
        let reply = {
            let mut script = script.lock().unwrap();
            let made = script.made.iter().find(|(beginning, _)| path.starts_with(beginning)).copied();
            match script.replies.get_mut(&path) {
                Some(list) if list.len() > 1 => list.remove(0),
                Some(list) => list[0].clone(),
                None => made.map_or_else(|| Reply::new(404), |(_, make)| make(&path)),
            }
        };
        if reply.hangs {
            std::thread::park_timeout(Duration::from_mins(1));
            return;
        }
        let mut answer =
            format!("HTTP/1.1 {} X\r\nContent-Length: {}\r\n", reply.status, reply.body.len()).into_bytes();
        for (name, value) in &reply.headers {
            answer.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        answer.extend(b"\r\n");
        answer.extend(&reply.body);
        let stream = reader.get_mut();
        if stream.write_all(&answer).and_then(|()| stream.flush()).is_err() {
            return;
        }
    }
}

impl Running {
    /// Paths asked for, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.log.lock().unwrap().iter().map(|(_, path, _)| path.clone()).collect()
    }

    /// How often a path was asked for.
    pub(crate) fn hits(&self, path: &str) -> usize {
        self.paths().iter().filter(|asked| *asked == path).count()
    }

    /// The smallest time between two requests.
    pub(crate) fn smallest_gap(&self) -> Duration {
        let log = self.log.lock().unwrap();
        log.windows(2).map(|pair| pair[1].0 - pair[0].0).min().unwrap_or(Duration::MAX)
    }

    /// The head of the last request for a path.
    pub(crate) fn head(&self, path: &str) -> String {
        let log = self.log.lock().unwrap();
        log.iter()
            .rev()
            .find(|(_, asked, _)| asked == path)
            .map(|(.., head)| head.to_lowercase())
            .unwrap_or_default()
    }
}
