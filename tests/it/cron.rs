//! What a scheduled job relies on: one run at a time, an end in every case, a report, a hook that is told.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use jianbao::archive::{Archive, Filter, Place, Receipt};
use jianbao::capture::{Capture, Digest};
use jianbao::clock::{Clock, ManualClock, Sleep, SystemClock};
use jianbao::config::{Config, Length, SiteConfig, Size};
use jianbao::crawl::{Budget, CrawlSettings, Progress, RunReport, Silent, Stop, World, crawl_in};
use jianbao::fetch::{Answering, Client, ClientSettings, Fetch, Guard, Lookup, Request};
use jianbao::profile::Profiles;
use jiff::{SignedDuration, Timestamp};

use crate::support::{Demo, Desk, Reply, Script};

const ELSEWHERE: &str = "process 4711 on another-machine since 2025-03-01T00:00:00Z";

#[test]
fn a_lock_that_another_machine_holds_is_named_and_one_that_it_left_does_not_block() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    let lock = desk.path("a.sqlite.lock");
    std::fs::write(&lock, ELSEWHERE).unwrap();
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    desk.run("crawl").expect_code(75).expect_stderr(&format!("{ELSEWHERE}, which is another machine"));
    drop(held);
    desk.run("crawl").expect_code(0).expect_stderr("another machine's and did not end by itself");
    // Said once: a run that ends by itself leaves no name behind.
    assert_eq!(std::fs::read_to_string(&lock).unwrap(), "");
    assert_eq!(desk.run("crawl").expect_code(0).stderr, "");
}

/// Two sites of two articles each; what `stuck.example` does is up to a test.
#[derive(Debug)]
struct Web {
    /// Called for each page of `stuck.example` but robots.txt; the answer never comes when it says so.
    on_stuck: OnStuck,
    asked: Mutex<Vec<String>>,
    clock: Arc<dyn Clock>,
}

struct OnStuck(Box<dyn Fn() -> bool + Send + Sync>);

impl std::fmt::Debug for OnStuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnStuck")
    }
}

impl Web {
    fn new(clock: &Arc<ManualClock>, on_stuck: impl Fn() -> bool + Send + Sync + 'static) -> Arc<Self> {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        Arc::new(Self { on_stuck: OnStuck(Box::new(on_stuck)), asked: Mutex::default(), clock })
    }

    fn usual(clock: &Arc<ManualClock>) -> Arc<Self> {
        Self::new(clock, || false)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Fetch for Web {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        self.asked.lock().unwrap().push(request.url.to_string());
        let path = request.url.as_url().path();
        if request.url.host() == "stuck.example" && path != "/robots.txt" && (self.on_stuck.0)() {
            return Box::pin(std::future::pending());
        }
        let (status, html) = match path {
            "/" => (200, "<title>front</title><a href=/1.html>one</a> <a href=/2.html>two</a>".to_owned()),
            "/1.html" | "/2.html" => {
                let text = "老码头的改造工程在本周末完工,步道向居民开放,新种的树还很小。".repeat(6);
                let title = format!("步道{path}完工");
                let place = request.url.host();
                let head = format!("<title>{title}</title><h1>{title}</h1><p>2024-05-18</p>");
                (200, format!("{head}<div><p>{place}的{path}:{text}</p></div>"))
            }
            _ => (404, String::new()),
        };
        let mut capture =
            Capture::of_page(request.url.clone(), self.clock.now(), Some("text/html"), html.into());
        capture.status = status;
        capture.digest = Digest::of(&capture.body);
        Box::pin(std::future::ready(Ok(capture)))
    }
}

fn settings(archive: &Path, change: impl FnOnce(&mut Config)) -> CrawlSettings {
    let site = |name: &str| SiteConfig {
        name: name.to_owned(),
        seeds: vec![format!("http://{name}.example/")],
        profile: None,
        discover: vec![jianbao::config::Route::Links],
        politeness: toml::toml! { delay = "0s" },
        scope: toml::Table::new(),
    };
    let mut config = Config { sites: vec![site("fine"), site("stuck")], ..Config::default() };
    change(&mut config);
    CrawlSettings {
        sites: config.resolved_sites().unwrap(),
        config,
        profiles: Arc::new(Profiles::built_in().unwrap()),
        archive: Place::File(archive.to_owned()),
        full: false,
        budget: Budget::default(),
        trials: None,
        in_step: false,
    }
}

fn clock(at: &str) -> Arc<ManualClock> {
    Arc::new(ManualClock::new(at.parse().unwrap()))
}

/// Crawls as the command does: one thread for all requests.
fn crawl_with(
    settings: CrawlSettings,
    clock: Arc<dyn Clock>,
    web: Arc<Web>,
    progress: Arc<dyn Progress>,
) -> RunReport {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let report = runtime.block_on(crawl_in(World { clock, web }, settings, Stop::default(), progress));
    runtime.shutdown_background();
    report.unwrap()
}

/// A crawl of both sites at a moment; also what was asked for.
fn crawl_at(at: &str, archive: &Path, change: impl FnOnce(&mut Config)) -> (RunReport, Vec<String>) {
    let clock = clock(at);
    let web = Web::usual(&clock);
    let report = crawl_with(settings(archive, change), clock, Arc::clone(&web), Arc::new(Silent));
    (report, web.asked())
}

fn titles(archive: &Path, site: &str) -> usize {
    let filter = Filter { site: Some(site.to_owned()), ..Filter::default() };
    Archive::open(archive).unwrap().newest(&filter).unwrap().len()
}

fn hasty(config: &mut Config) {
    config.log.stuck_after = Length(Duration::from_secs(1));
    config.fetch.timeout = Length(Duration::from_millis(100));
}

const NOW: &str = "2025-03-10T00:00:00Z";

#[test]
fn a_site_that_is_stuck_is_named_and_abandoned_and_the_others_go_on() {
    let desk = Desk::new();
    let (archive, now) = (desk.archive(), clock(NOW));
    let web = Web::new(&now, || true);
    let report = crawl_with(settings(&archive, hasty), now, web, Arc::new(Silent));
    let [fine, stuck] = &report.sites[..] else { panic!("{report:?}") };
    assert_eq!((fine.counts.articles.new, &fine.alarms[..]), (2, &[][..]));
    assert!(stuck.alarms[0].starts_with("asking for `http://stuck.example/` has taken"), "{stuck:?}");
    assert!(report.needs_attention());
    assert_eq!((titles(&archive, "fine"), titles(&archive, "stuck")), (2, 0));
    // The next run has what it takes.
    let (report, _) = crawl_at("2025-03-10T01:00:00Z", &archive, hasty);
    assert_eq!((report.needs_attention(), titles(&archive, "stuck")), (false, 2));
}

/// Forty sites whose names never resolve, and beside them one whose does: what it takes to crawl them.
fn with_dead_names(archive: &Path, origin: &str) -> (CrawlSettings, Arc<Client>) {
    let port = origin.rsplit(':').next().unwrap();
    let settings = settings(archive, |config| {
        let site = config.sites[0].clone();
        config.sites = (0..40)
            .map(|n| SiteConfig {
                name: format!("dead{n}"),
                seeds: vec![format!("http://dead{n}.example/")],
                ..site.clone()
            })
            .collect();
        config.sites.push(SiteConfig { seeds: vec![format!("http://fine.example:{port}/")], ..site });
    });
    let seeds: Vec<_> = settings.sites.iter().flat_map(|site| site.seeds.clone()).collect();
    let client = ClientSettings {
        user_agent: "jianbao-test".to_owned(),
        timeout: settings.config.fetch.timeout.0,
        max_body: settings.config.fetch.max_body.0,
        per_ip: settings.config.politeness.per_ip,
        guard: Guard::new(&seeds, &["127.0.0.1".parse().unwrap()]),
        lookup: Lookup::by(|host| match host {
            "fine.example" => Ok(vec![[127, 0, 0, 1].into()]),
            // A resolver that is dead keeps its threads, whatever becomes of the run.
            _ => loop {
                std::thread::park();
            },
        }),
    };
    (settings, Arc::new(Client::new(client, Arc::new(SystemClock)).unwrap()))
}

#[test]
fn names_that_never_resolve_hold_up_neither_other_sites_nor_the_end_of_the_time() {
    let demo = Demo::start(5);
    let desk = Desk::new();
    let (mut settings, web) = with_dead_names(&desk.archive(), &demo.origin);
    settings.budget.max_time = Some(Duration::from_secs(4));
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = World { clock: Arc::new(SystemClock), web };
    let report = runtime.block_on(crawl_in(world, settings, Stop::default(), Arc::new(Silent))).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let (fine, dead): (Vec<_>, Vec<_>) = report.sites.iter().partition(|site| site.site == "fine");
    assert_eq!((fine[0].counts.articles.new, &fine[0].alarms[..]), (5, &[][..]));
    for site in &dead {
        assert!(site.alarms[0].contains("did not resolve within"), "{site:?}");
    }
    assert_eq!((dead.len(), report.budget.as_deref()), (40, Some("max-time")));
}

#[test]
fn names_that_never_resolve_do_not_hold_up_a_stop() {
    let demo = Demo::start(5);
    let desk = Desk::new();
    let (settings, web) = with_dead_names(&desk.archive(), &demo.origin);
    let (stop, progress) = (Stop::default(), Arc::new(FirstCommit::default()));
    let (on_commit, told) = (stop.clone(), Arc::clone(&progress));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let asked = runtime.spawn(async move {
        told.0.notified().await;
        on_commit.stop();
        Instant::now()
    });
    let world = World { clock: Arc::new(SystemClock), web };
    let report = runtime.block_on(crawl_in(world, settings, stop, progress)).unwrap();
    let asked = runtime.block_on(asked).unwrap();
    assert_eq!(report.outcome.as_str(), "interrupted");
    drop(runtime);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
}

/// Lets go of what is stuck once it is told.
#[derive(Debug)]
struct Release(mpsc::Sender<()>, Mutex<String>);

impl Progress for Release {
    fn committed(&self, _site: &str, _receipt: &Receipt) {}

    fn hangs(&self, step: &str) {
        step.clone_into(&mut self.1.lock().unwrap());
        self.0.send(()).unwrap();
    }
}

#[test]
fn a_runtime_that_is_stuck_as_a_whole_is_told() {
    let (desk, now) = (Desk::new(), clock(NOW));
    let (release, released) = mpsc::channel();
    let (released, once) = (Mutex::new(released), AtomicBool::new(false));
    let web = Web::new(&now, move || {
        // The one thread that drives all requests is blocked until somebody is told.
        if !once.swap(true, Ordering::SeqCst) {
            released.lock().unwrap().recv().unwrap();
        }
        false
    });
    let told = Arc::new(Release(release, Mutex::default()));
    let progress = Arc::clone(&told) as Arc<dyn Progress>;
    crawl_with(settings(&desk.archive(), hasty), now, web, progress);
    assert!(told.1.lock().unwrap().starts_with("the crawl's runtime has not answered"), "{told:?}");
}

#[test]
fn a_database_that_another_program_writes_to_is_busy_and_not_broken() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), config + "[log]\nstuck_after = \"2s\"\n").unwrap();
    desk.crawl("");
    let other = rusqlite::Connection::open(desk.archive()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let outcome = desk.run("crawl").expect_code(75);
    outcome
        .expect_stderr("another program has the archive's database locked")
        .expect_stderr("hint: end that");
    drop(other);
    desk.run("crawl").expect_code(0);
}

#[cfg(unix)]
#[test]
fn a_command_that_cannot_end_its_run_ends_itself_and_tells_why() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap().replace("\"0s\"", "\"300ms\"");
    let more = "[log]\nstuck_after = \"1s\"\n[notify]\ncommand = \"cat > told.json\"\n";
    std::fs::write(desk.path("crawl.toml"), config + more).unwrap();
    let child = desk.spawn("crawl --metrics m.prom --log-format json");
    while demo.site.hits().is_empty() {
        std::thread::yield_now();
    }
    // Whoever opens a pipe that nobody reads waits for good: the last metrics are written there first.
    let pipe = format!("m.prom.{}.tmp", child.id());
    desk.run_program("mkfifo", &[&pipe]).unwrap().expect_code(0);
    let outcome = crate::support::Outcome::from(child.wait_with_output().unwrap()).expect_code(1);
    let last = json_lines(&outcome.stderr).pop().unwrap();
    assert!(last["message"].as_str().unwrap().contains("has taken"), "{last}");
    assert!(last["hint"].as_str().unwrap().contains("what was committed is safe"), "{last}");
    assert!(std::fs::read_to_string(desk.path("told.json")).unwrap().contains("metrics"));
    desk.run("crawl").expect_code(0);
    assert_eq!(desk.articles().len(), 5);
}

#[test]
fn a_run_without_room_on_the_disk_asks_for_nothing_and_says_so() {
    let desk = Desk::new();
    let (report, asked) = crawl_at(NOW, &desk.archive(), |config| config.archive.min_free = Size(u64::MAX));
    assert_eq!((report.outcome.as_str(), report.budget.as_deref()), ("budget", Some("archive.min_free")));
    assert!(report.alarms[0].contains("less than archive.min_free"), "{:?}", report.alarms);
    assert_eq!(asked, [""; 0]);
    let (report, _) = crawl_at(NOW, &desk.archive(), |_| ());
    assert_eq!((report.needs_attention(), report.counts.articles.new), (false, 4));
}

#[test]
fn a_clock_that_was_a_year_ahead_holds_nothing_up() {
    let desk = Desk::new();
    let archive = desk.archive();
    crawl_at("2026-03-10T00:00:00Z", &archive, |_| ());
    let (report, asked) = crawl_at(NOW, &archive, |_| ());
    assert!(report.alarms[0].contains("clock showed 2026-03-10T"), "{:?}", report.alarms);
    for url in ["http://fine.example/robots.txt", "http://fine.example/"] {
        assert!(asked.contains(&url.to_owned()), "{url} is not in {asked:?}");
    }
    // The articles were found years after they were written: they are due after 90 days by the right clock.
    let (report, _) = crawl_at("2025-06-08T00:00:01Z", &archive, |_| ());
    assert_eq!((&report.alarms[..], report.counts.articles.unchanged), (&[][..], 4), "{report:?}");
}

#[test]
fn a_clock_that_was_never_set_starts_no_run() {
    let (desk, now) = (Desk::new(), clock("1970-01-01T00:05:00Z"));
    let world = World { clock: now.clone(), web: Web::usual(&now) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let settings = settings(&desk.archive(), |_| ());
    let refused = runtime.block_on(crawl_in(world, settings, Stop::default(), Arc::new(Silent)));
    assert!(refused.unwrap_err().to_string().contains("clock shows 1970-01-01T00:05:00Z"));
    assert!(!desk.archive().exists());
}

/// A machine whose clock is set back while a run goes on.
#[derive(Debug)]
struct SetBack(Arc<ManualClock>);

impl Clock for SetBack {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        self.0.sleep_until(at)
    }

    fn set_back(&self) -> SignedDuration {
        SignedDuration::from_hours(1)
    }
}

#[test]
fn a_clock_that_is_set_back_during_a_run_is_named() {
    let (desk, now) = (Desk::new(), clock(NOW));
    let web = Web::usual(&now);
    let set_back = Arc::new(SetBack(now));
    let report = crawl_with(settings(&desk.archive(), |_| ()), set_back, web, Arc::new(Silent));
    assert!(report.alarms[0].contains("set back by 3600 s"), "{:?}", report.alarms);
    assert_eq!(report.counts.articles.new, 4);
}

/// Runs a crawl whose archive has a disk of its own of so many MiB; `None` where none can be made.
#[cfg(target_os = "linux")]
fn crawl_on_a_small_disk(config: &str) -> Option<(Desk, crate::support::Outcome)> {
    let page = |n: u64| {
        // Pages that don't compress.
        let mut dice = crate::support::Dice(n);
        let character =
            |_| char::from_u32(0x4e00 + u32::try_from(dice.next_u64() % 0x5000).unwrap()).unwrap();
        let noise: String = (0..30_000).map(character).collect();
        Reply::article(&format!("第{n}篇"), &noise)
    };
    let paths: Vec<String> = (0..160).map(|n| format!("/{n}.html")).collect();
    let mut script = Script::new().front(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (n, path) in (0..).zip(&paths) {
        script = script.on(path, page(n));
    }
    let site = script.start();
    let desk = Desk::with_config(&format!(
        "[archive]\nstore = \"disk/a.sqlite\"\n{config}\n[[site]]\nname = \"site\"\nseeds = [\"{}/\"]\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n",
        site.origin
    ));
    std::fs::create_dir(desk.path("disk")).unwrap();
    let jianbao = env!("CARGO_BIN_EXE_jianbao");
    // The archive is copied off its disk, which is gone with the command.
    let script = format!(
        "mount -t tmpfs -o size=16m none disk || exit 99; {jianbao} crawl --json; code=$?; cp disk/a.sqlite* .; exit $code"
    );
    let outcome = desk.run_program("unshare", &["-rm", "sh", "-c", &script]);
    if outcome.as_ref().is_none_or(|outcome| matches!(outcome.code, 1 | 99) && outcome.stdout.is_empty()) {
        crate::support::skipped(&format!("nobody may make a disk here ({outcome:?})"));
        return None;
    }
    outcome.map(|outcome| (desk, outcome))
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_during_a_run_ends_it_with_everything_committed() {
    let Some((desk, outcome)) = crawl_on_a_small_disk("min_free = \"6MiB\"") else { return };
    let outcome = outcome.expect_code(1).expect_stderr("less than archive.min_free = \"6MiB\"");
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&report["outcome"], &report["budget"]), (&"budget".into(), &"archive.min_free".into()));
    let articles = desk.count("SELECT count(*) FROM article");
    assert!(articles > 10 && articles < 160, "{articles}");
    assert_eq!(articles, report["articles"]["new"].as_i64().unwrap());
    assert_eq!(desk.texts("PRAGMA integrity_check"), ["ok"]);
    assert!(desk.count("SELECT count(*) FROM url WHERE state = 'queued'") > 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_named_with_what_to_do() {
    let Some((desk, outcome)) = crawl_on_a_small_disk("min_free = \"0B\"") else { return };
    let outcome = outcome.expect_code(3);
    assert!(
        outcome.stderr.contains("disk is full") && outcome.stderr.contains("hint: make room"),
        "{outcome:?}"
    );
    assert_eq!(desk.texts("PRAGMA integrity_check"), ["ok"]);
}

/// A site whose robots.txt is out of order: each run ends with an alarm.
fn desk_with_hook(notify: &str, robots: u16) -> Desk {
    let site = Script::new()
        .on("/robots.txt", Reply::new(robots))
        .front(&["/1.html"])
        .on("/1.html", Reply::article("甲", "乙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    std::fs::write(desk.path("crawl.toml"), format!("{config}\n[notify]\n{notify}\n")).unwrap();
    desk
}

#[test]
fn a_command_is_told_of_runs_that_need_attention() {
    let hook = r#"command = "cat > told.json; echo $JIANBAO_RUN $JIANBAO_OUTCOME $JIANBAO_EXIT > told.txt; echo heard""#;
    let desk = desk_with_hook(hook, 503);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("heard"), "what a hook prints is a message, no data: {outcome:?}");
    let told: serde_json::Value =
        serde_json::from_slice(&std::fs::read(desk.path("told.json")).unwrap()).unwrap();
    assert_eq!(told, report);
    assert_eq!(std::fs::read_to_string(desk.path("told.txt")).unwrap(), "1 finished 1\n");

    let quiet = desk_with_hook(hook, 404);
    quiet.run("crawl").expect_code(0);
    assert!(!quiet.path("told.json").exists(), "all is fine, and nobody asked for that");
    let always = desk_with_hook(&format!("on = \"always\"\n{hook}"), 404);
    always.run("crawl").expect_code(0);
    assert_eq!(std::fs::read_to_string(always.path("told.txt")).unwrap(), "1 finished 0\n");

    std::fs::write(always.archive(), "no archive").unwrap();
    always.run("crawl").expect_code(3);
    assert_eq!(std::fs::read_to_string(always.path("told.txt")).unwrap(), "failed 3\n");
    let told = std::fs::read_to_string(always.path("told.json")).unwrap();
    assert!(told.contains("is not a jianbao archive"), "{told}");
}

#[test]
fn a_run_whose_output_nobody_reads_is_told_and_keeps_its_exit_code() {
    for line in ["crawl -v", "crawl --json"] {
        let desk = desk_with_hook("command = \"echo $JIANBAO_EXIT > told.txt\"", 503);
        let mut crawl = desk.spawn(line);
        drop((crawl.stdout.take(), crawl.stderr.take()));
        assert_eq!(crawl.wait().unwrap().code(), Some(1), "{line}");
        assert_eq!(std::fs::read_to_string(desk.path("told.txt")).unwrap(), "1\n", "{line}");
    }
}

#[test]
fn a_hook_that_fails_or_hangs_costs_a_warning_and_no_run() {
    for (notify, warning) in [
        ("command = \"exit 7\"", "failed: exit status: 7"),
        ("command = \"no-such-program\"", "failed: exit status: 127"),
        ("command = \"cat | tail -f /dev/null\"\ntimeout = \"200ms\"", "was ended after 200ms"),
        ("webhook = \"http://127.0.0.1:9/\"", "the webhook could not be told"),
    ] {
        let desk = desk_with_hook(&format!("on = \"always\"\n{notify}"), 404);
        desk.run("crawl").expect_code(0).expect_stderr(warning);
        assert_eq!(desk.texts("SELECT outcome FROM run"), ["finished"], "{notify}");
    }
    desk_with_hook("webhook = \"ftp://a.example/\"", 404)
        .run("crawl")
        .expect_code(2)
        .expect_stderr("webhook");
}

#[test]
fn a_webhook_gets_the_report() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let told = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let is_whole = |request: &[u8]| {
            let text = String::from_utf8_lossy(request).into_owned();
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            (body.len() == length.parse::<usize>().unwrap()).then(|| (head.to_owned(), body.to_owned()))
        };
        loop {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..length]);
            if let Some(whole) = is_whole(&request) {
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
                return whole;
            }
        }
    });
    let desk = desk_with_hook(&format!("webhook = \"http://{address}/hooks/1\""), 503);
    let (report, outcome) = desk.crawl("");
    let (head, body) = told.join().unwrap();
    assert!(head.starts_with("POST /hooks/1 ") && head.contains("content-type: application/json"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), report);
    assert!(!outcome.stderr.contains("webhook"), "{}", outcome.stderr);
}

/// A log of JSON, which has nothing else in it.
fn json_lines(log: &str) -> Vec<serde_json::Value> {
    let lines = log.lines();
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[test]
fn a_log_of_json_has_fatal_errors_and_what_a_hook_prints_as_json() {
    let desk = desk_with_hook("command = \"echo out; echo err >&2; exit 7\"", 503);
    let outcome = desk.run("crawl --log-format json").expect_code(1);
    let lines = json_lines(&outcome.stderr);
    for text in ["out", "err"] {
        assert!(
            lines.iter().any(|line| line["message"] == text && line["from"] == "notify.command"),
            "{text}"
        );
    }
    let only = |line: &str, code: i32| {
        let outcome = desk.run_under(&[("JIANBAO_LOG_FORMAT", "json")], line).expect_code(code);
        let mut lines = json_lines(&outcome.stderr);
        lines.retain(|line| line["from"].is_null());
        assert_eq!(lines[0]["level"], "ERROR", "{lines:?}");
        lines[0]["message"].as_str().unwrap().to_owned()
    };
    let held = jianbao::archive::Lock::take(&desk.archive()).unwrap();
    assert!(only("crawl", 75).starts_with("another run holds"));
    drop(held);
    assert!(only("crawl nobody", 2).contains("no site `nobody`"));
    std::fs::write(desk.path("other.sqlite"), "no archive").unwrap();
    assert!(only("status -a other.sqlite", 3).contains("is not a jianbao archive"));
    assert!(only("--log-format json -c missing.toml crawl", 2).contains("missing.toml"));
}

#[test]
fn a_hook_that_prints_without_end_fills_no_log() {
    let hook = r#"command = "yes | head -c 3000000; echo the end >&2; echo done > told.txt""#;
    let desk = desk_with_hook(hook, 503);
    let outcome = desk.run("crawl").expect_code(1).expect_stderr("bytes more than are shown");
    assert!(outcome.stderr.len() < 70_000, "{}", outcome.stderr.len());
    assert_eq!(std::fs::read_to_string(desk.path("told.txt")).unwrap(), "done\n", "it was not held up");
}

#[test]
fn a_site_that_never_gave_an_article_is_an_alarm_and_a_run_with_one_says_why() {
    let scripts = "<title>e</title><body><div id=app></div><script src=/app.js></script></body>";
    for front in [Reply::redirect(301, "http://elsewhere.example/"), Reply::html(scripts), Reply::links(&[])]
    {
        let site = Script::new().on("/", front).start();
        let desk = Desk::for_site(&site.origin);
        for _ in 0..2 {
            desk.run("crawl").expect_code(1).expect_stderr("WARN");
        }
        assert!(desk.run("status").stdout.contains("\nbroken\n"));
    }
    // One that had articles, and now leads elsewhere.
    let site = Script::new()
        .front(&["/1.html"])
        .on("/", Reply::redirect(301, "http://elsewhere.example/"))
        .on("/1.html", Reply::article("甲", "乙。"))
        .start();
    let desk = Desk::for_site(&site.origin);
    assert_eq!(desk.run("crawl").expect_code(0).stderr, "");
    desk.run("crawl").expect_code(1).expect_stderr("WARN");
}

#[test]
fn what_a_killed_run_did_is_not_said_to_be_nothing() {
    let demo = Demo::start(5);
    let desk = Desk::for_site(&demo.origin);
    desk.crawl("");
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.execute_batch("UPDATE run SET finished = NULL, outcome = NULL, report = NULL").unwrap();
    drop(archive);
    let status = desk.run("status").expect_code(0).stdout;
    let line = status.lines().find(|line| line.contains("cut off  ")).unwrap();
    assert!(line.ends_with("—"), "{line}");
}

/// Says when the first outcome is committed.
#[derive(Debug, Default)]
struct FirstCommit(tokio::sync::Notify);

impl Progress for FirstCommit {
    fn committed(&self, _site: &str, _receipt: &Receipt) {
        self.0.notify_one();
    }
}

#[test]
fn a_crawl_that_is_dropped_lets_go_of_its_archive_when_nothing_is_written_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a.sqlite");
    let clock = clock("2025-03-01T00:00:00Z");
    let web = Web::new(&clock, || true);
    let progress = Arc::new(FirstCommit::default());
    let told = Arc::clone(&progress);
    let world = World { clock, web };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::select! {
            ended = crawl_in(world, settings(&archive, |_| ()), Stop::default(), progress) => {
                panic!("a site that never answers ended: {ended:?}")
            }
            () = told.0.notified() => {}
        }
    });
    assert!(!folder.path().join("a.sqlite-wal").exists(), "the writer is still at work");
    drop(jianbao::archive::Lock::take(&archive).unwrap());
}
