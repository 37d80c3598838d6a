//! No page can exhaust the machine: time and memory of the program grow with the length of a page and not
//! faster, for the shapes of `tests/exhaustion/shapes.txt` and for pairs of tags.
//!
//! The program answers questions line by line and lives on, so that its CPU time and its peak of memory can be
//! read from `/proc` for each page.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

const SMALL: usize = 64 << 10;
const LARGE: usize = 1 << 20;
/// `fetch.max_body` as it is by default.
const LARGEST: usize = 8 << 20;
/// An exponent of 1.15 from the small to the large page: 16 to its power.
const MOST_TIMES: f64 = 24.3;
/// Below this, what is measured is chance.
const NOISE: f64 = 0.03;
/// CPU seconds for a large page. Without optimisation the program is about three times slower.
const MOST_SECONDS: f64 = if cfg!(debug_assertions) { 6.0 } else { 2.0 };
const MOST_MEMORY: f64 = 64.0;
const MOST_MEMORY_EVER: f64 = 400.0;

/// A beginning, what is repeated after it, and an end.
#[derive(Debug, Clone)]
struct Shape {
    name: String,
    head: String,
    times: usize,
    unit: String,
    tail: String,
}

impl Shape {
    fn all() -> Vec<Self> {
        let lines = include_str!("../exhaustion/shapes.txt").lines();
        lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Self::of_line).collect()
    }

    fn of_line(line: &str) -> Self {
        let plain = |text: &str| text.replace("\\0", "\0").replace("\\n", "\n");
        let parts: Vec<&str> = line.split('\t').collect();
        let [name, head, times, unit, tail] = parts[..] else { panic!("five parts: {line}") };
        let times = times.parse().unwrap();
        Self { name: name.to_owned(), head: plain(head), times, unit: plain(unit), tail: plain(tail) }
    }

    /// A page of at least so many bytes.
    fn page(&self, bytes: usize) -> String {
        let mut page = String::with_capacity(bytes + 256);
        let mut number = 0;
        let mut add = |page: &mut String, part: &str| {
            let mut pieces = part.split("{n}");
            page.push_str(pieces.next().unwrap());
            for piece in pieces {
                page.push_str(&number.to_string());
                page.push_str(piece);
                number += 1;
            }
        };
        for _ in 0..self.times {
            add(&mut page, &self.head);
        }
        while page.len() < bytes {
            add(&mut page, &self.unit);
        }
        add(&mut page, &self.tail);
        page
    }
}

/// `jianbao extract --jsonl`, which waits for questions.
struct Program {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    /// Of memory, before the first page.
    baseline: f64,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_jianbao"))
            .args(["extract", "--jsonl"])
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let mut program = Self { child, questions, answers, folder, baseline: 0.0 };
        program.read("<h1>a</h1><p>2024-05-18</p><p>text</p>");
        program.baseline = program.peak();
        program
    }

    /// The answer to a page, and the CPU seconds it took.
    fn read(&mut self, page: &str) -> (Value, f64) {
        let path = self.folder.path().join("page.html");
        std::fs::write(&path, page).unwrap();
        let before = self.cpu();
        writeln!(self.questions, "{}", serde_json::json!({"id": 1, "path": path})).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        (serde_json::from_str(&answer).unwrap(), self.cpu() - before)
    }

    fn proc(&self, name: &str) -> std::path::PathBuf {
        format!("/proc/{}/{name}", self.child.id()).into()
    }

    /// CPU seconds of all threads.
    fn cpu(&self) -> f64 {
        let of_thread = |thread: std::io::Result<std::fs::DirEntry>| {
            let times = std::fs::read_to_string(thread.unwrap().path().join("schedstat")).unwrap();
            times.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
        };
        std::fs::read_dir(self.proc("task")).unwrap().map(of_thread).sum()
    }

    /// Mebibytes of memory, at most so far.
    fn peak(&self) -> f64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
    }
}

/// What a shape costs.
#[derive(Debug)]
struct Cost {
    small: f64,
    large: f64,
    memory: f64,
}

impl Cost {
    fn of(shape: &Shape) -> Self {
        let mut program = Program::start();
        let page = shape.page(SMALL);
        let small = program.read(&page).1.min(program.read(&page).1);
        let (_, large) = program.read(&shape.page(LARGE));
        Self { small, large, memory: program.peak() - program.baseline }
    }

    fn complaint(&self, shape: &Shape) -> Option<String> {
        let is_steep = self.large > NOISE + MOST_TIMES * self.small;
        let is_much = self.large > MOST_SECONDS || self.memory > MOST_MEMORY;
        (is_steep || is_much).then(|| {
            let Self { small, large, memory } = self;
            format!("{}: {small:.3} s, sixteen times as long {large:.3} s, {memory:.0} MB", shape.name)
        })
    }
}

/// What is complained of, on two threads. What is too expensive is tried again, since others use the machine too.
fn complaints<T: Sync>(all: &[T], complaint: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    const ATTEMPTS: usize = 3;
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let complaints: Vec<String> = (0..ATTEMPTS).map_while(|_| complaint(one)).collect();
                    if complaints.len() == ATTEMPTS {
                        found.lock().unwrap().extend(complaints.into_iter().last());
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

#[test]
fn time_and_memory_grow_with_the_length_of_a_page() {
    let shapes = Shape::all();
    assert!(shapes.len() >= 40, "{}", shapes.len());
    let complaint = |shape: &Shape| Cost::of(shape).complaint(shape);
    assert_eq!(complaints(&shapes, complaint), Vec::<String>::new());
}

/// Tags that the construction of the tree treats each in a way of its own.
const TAGS: [&str; 30] = [
    "<p>",
    "<div>",
    "<li>",
    "<dd>",
    "<ul>",
    "<b id={n}>",
    "<a href={n}>",
    "<nobr>",
    "<table>",
    "<tr>",
    "<td>",
    "<caption>",
    "<colgroup>",
    "<select>",
    "<option>",
    "<optgroup>",
    "<button>",
    "<form>",
    "<h1>",
    "<applet>",
    "<template>",
    "<svg>",
    "<math>",
    "<mi>",
    "<ruby>",
    "<rt>",
    "<br>",
    "<body a{n}=1>",
    "<frameset>",
    "<pre>",
];

/// Every tag before every other, open or closed in the order in which they were opened.
fn pairs() -> Vec<Shape> {
    let end = |tag: &str| format!("</{}>", tag.trim_start_matches('<').split([' ', '>']).next().unwrap());
    let pair = |one: &str, other: &str, close: bool| {
        let ends = if close { end(one) + &end(other) } else { String::new() };
        let unit = format!("{one}x{other}y{ends}");
        Shape { name: unit.clone(), head: String::new(), times: 0, unit, tail: String::new() }
    };
    let ordered = TAGS.iter().flat_map(|one| TAGS.iter().map(move |other| (*one, *other)));
    ordered.flat_map(|(one, other)| [false, true].map(|close| pair(one, other, close))).collect()
}

/// At 142 s for 800 KB, as `<li><dd>` once took, a page of 64 KiB takes a second.
#[test]
fn no_pair_of_tags_is_expensive() {
    let shapes = pairs();
    let groups: Vec<&[Shape]> = shapes.chunks(60).collect();
    let complaint = |group: &&[Shape]| {
        let mut program = Program::start();
        let is_much = |seconds: f64| seconds > NOISE * 2.0 + MOST_SECONDS / 16.0;
        let costs = group.iter().map(|shape| (&shape.name, program.read(&shape.page(SMALL)).1));
        let found: Vec<_> = costs.filter(|(_, seconds)| is_much(*seconds)).collect();
        (!found.is_empty()).then(|| format!("{found:?}"))
    };
    assert_eq!(complaints(&groups, complaint), Vec::<String>::new());
}

#[test]
#[ignore = "takes minutes: cargo test --release --test it pair_of_tags -- --ignored --nocapture"]
fn every_pair_of_tags_is_linear() {
    let complaint = |shape: &Shape| Cost::of(shape).complaint(shape);
    assert_eq!(complaints(&pairs(), complaint), Vec::<String>::new());
}

#[test]
fn the_longest_page_stays_within_memory() {
    const SHAPES: [&str; 4] = ["open p", "again b", "table rows", "one long line"];
    let shapes: Vec<Shape> =
        Shape::all().into_iter().filter(|shape| SHAPES.contains(&&*shape.name)).collect();
    assert_eq!(shapes.len(), SHAPES.len());
    let complaint = |shape: &Shape| {
        let mut program = Program::start();
        let (_, seconds) = program.read(&shape.page(LARGEST));
        let memory = program.peak();
        let is_much = memory > MOST_MEMORY_EVER || seconds > MOST_SECONDS * 8.0;
        is_much.then(|| format!("{}: {seconds:.1} s, {memory:.0} MB", shape.name))
    };
    assert_eq!(complaints(&shapes, complaint), Vec::<String>::new());
}
