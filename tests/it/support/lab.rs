//! Crawls of scripted hosts in virtual time: what each URL answers is written down by a test, and waiting
//! costs nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jianbao::archive::Place;
use jianbao::capture::Capture;
use jianbao::clock::{Clock as _, ManualClock};
use jianbao::config::{Config, Route, SiteConfig};
use jianbao::crawl::{Budget, CrawlSettings, RunReport, Silent, Stop, World, crawl_in};
use jianbao::fetch::{Answering, Fetch, FetchError, Request};
use jianbao::profile::Profiles;
use jianbao::url::CanonicalUrl;
use jiff::SignedDuration;

use super::{Desk, Reply};

/// The front page of the site that most labs crawl.
pub(crate) const HOME: &str = "http://park.example/";
/// Its first article.
pub(crate) const FIRST: &str = "http://park.example/1.html";

/// An article of the day before the lab's first.
pub(crate) fn article(title: &str, text: &str) -> Reply {
    Reply::article_of(title, "2025-03-09", text)
}

/// URLs and their answers: each request takes the next one, the last one stays. Hosts without any do not
/// resolve.
#[derive(Debug)]
struct Net {
    clock: Arc<ManualClock>,
    replies: Mutex<HashMap<String, Vec<Reply>>>,
    asked: Mutex<Vec<String>>,
}

impl Net {
    /// What stands at a URL; `None` when its host does not resolve.
    fn reply(&self, url: &CanonicalUrl) -> Option<Reply> {
        let mut replies = self.replies.lock().unwrap();
        if let Some(list) = replies.get_mut(url.as_str()) {
            return Some(if list.len() > 1 { list.remove(0) } else { list[0].clone() });
        }
        let is_there = replies.keys().any(|other| other.starts_with(&format!("{}/", url.origin())));
        is_there.then(|| Reply::new(404))
    }

    fn ask(&self, request: &Request) -> Result<Capture, FetchError> {
        let url = request.url.to_string();
        self.asked.lock().unwrap().push(url.clone());
        let reason = "there is no such host".to_owned();
        let reply = self.reply(&request.url).ok_or(FetchError::Resolve { url: url.clone(), reason })?;
        if reply.hangs {
            let limit = Duration::from_secs(30);
            self.clock.advance(limit);
            return Err(FetchError::Timeout { url, limit });
        }
        let mut capture = Capture::of_page(request.url.clone(), self.clock.now(), None, reply.body);
        capture.status = reply.status;
        capture.headers = reply.headers.into_iter().map(|(name, v)| (name.to_lowercase(), v)).collect();
        capture.damage = reply.is_cut.then(|| "it ended early".to_owned());
        if request.etag.is_some() && capture.header("etag") == request.etag.as_deref() {
            (capture.status, capture.body) = (304, Vec::new());
        }
        if reply.is_unreadable {
            // The sum of this and any wait is no moment.
            capture.fetched_at = jiff::Timestamp::MAX;
        }
        Ok(capture)
    }
}

impl Fetch for Net {
    fn fetch<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(std::future::ready(self.ask(request)))
    }
}

/// Sites, an archive in a folder, and a clock.
pub(crate) struct Lab {
    pub(crate) desk: Desk,
    pub(crate) config: Config,
    pub(crate) budget: Budget,
    net: Arc<Net>,
}

impl Lab {
    /// With a site `site` of these seeds, crawled by links and lists.
    pub(crate) fn new(seeds: &[&str]) -> Self {
        let clock = Arc::new(ManualClock::new("2025-03-10T00:00:00Z".parse().unwrap()));
        let net = Net { clock, replies: Mutex::default(), asked: Mutex::default() };
        let mut config = Config::default();
        "test@example.org".clone_into(&mut config.identity.contact);
        let mut lab = Self { desk: Desk::new(), config, budget: Budget::default(), net: Arc::new(net) };
        lab.add_site("site", seeds);
        lab
    }

    /// A site with one article, crawled once.
    pub(crate) fn with_article() -> Self {
        let lab = Self::new(&[HOME]);
        lab.links(HOME, &["/1.html"]);
        lab.on(FIRST, article("步道", "步道完工了。"));
        let report = lab.run();
        assert_eq!((report.needs_attention(), report.counts.articles.new), (false, 1), "{report:?}");
        lab.asked();
        lab.wait(1);
        lab
    }

    pub(crate) fn add_site(&mut self, name: &str, seeds: &[&str]) {
        self.config.sites.push(SiteConfig {
            name: name.to_owned(),
            seeds: seeds.iter().map(|seed| (*seed).to_owned()).collect(),
            profile: None,
            discover: vec![Route::Links, Route::Lists],
            politeness: toml::Table::new(),
            scope: toml::Table::new(),
        });
    }

    /// From now on a URL answers so.
    pub(crate) fn on(&self, url: &str, reply: Reply) {
        self.on_each(url, vec![reply]);
    }

    /// From now on a URL answers so, one after the other.
    pub(crate) fn on_each(&self, url: &str, replies: Vec<Reply>) {
        self.net.replies.lock().unwrap().insert(url.to_owned(), replies);
    }

    /// A page that links to these.
    pub(crate) fn links(&self, url: &str, targets: &[&str]) {
        self.on(url, Reply::links(targets));
    }

    /// Lets hours pass.
    pub(crate) fn wait(&self, hours: i64) {
        self.net.clock.set(self.net.clock.now() + SignedDuration::from_hours(hours));
    }

    /// The time, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.net.clock.now().as_second()
    }

    pub(crate) fn settings(&self) -> CrawlSettings {
        CrawlSettings {
            sites: self.config.resolved_sites().unwrap(),
            config: self.config.clone(),
            profiles: Arc::new(Profiles::built_in().unwrap()),
            archive: Place::File(self.desk.archive()),
            full: false,
            budget: self.budget,
            trials: None,
            in_step: true,
        }
    }

    fn crawl(&self, settings: CrawlSettings, web: Arc<dyn Fetch>) -> RunReport {
        let world = World { clock: Arc::clone(&self.net.clock) as _, web };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let report = runtime.block_on(crawl_in(world, settings, Stop::default(), Arc::new(Silent)));
        report.unwrap()
    }

    pub(crate) fn run(&self) -> RunReport {
        self.crawl(self.settings(), Arc::clone(&self.net) as _)
    }

    /// With other settings.
    pub(crate) fn run_with(&self, change: impl FnOnce(&mut CrawlSettings)) -> RunReport {
        let mut settings = self.settings();
        change(&mut settings);
        self.crawl(settings, Arc::clone(&self.net) as _)
    }

    /// A run a day, for so many days.
    pub(crate) fn run_daily(&self, days: usize) {
        for _ in 0..days {
            self.wait(24);
            self.run();
        }
    }

    /// With every known article due.
    pub(crate) fn run_full(&self) -> RunReport {
        self.crawl(CrawlSettings { full: true, ..self.settings() }, Arc::clone(&self.net) as _)
    }

    /// On another web, all sites at the same time.
    pub(crate) fn run_on(&self, web: Arc<dyn Fetch>) -> RunReport {
        self.crawl(CrawlSettings { in_step: false, ..self.settings() }, web)
    }

    /// What was asked for since the last call, without robots.txt.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = std::mem::take(&mut *self.net.asked.lock().unwrap());
        asked.into_iter().filter(|url| !url.ends_with("/robots.txt")).collect()
    }

    /// How often a URL was asked for since [`Lab::asked`].
    pub(crate) fn hits(&self, url: &str) -> usize {
        self.net.asked.lock().unwrap().iter().filter(|asked| *asked == url).count()
    }

    /// A column of a URL's row, as text.
    pub(crate) fn url(&self, url: &str, column: &str) -> String {
        let sql = format!("SELECT coalesce(CAST({column} AS TEXT), '') FROM url WHERE url = '{url}'");
        self.desk.texts(&sql).concat()
    }

    /// Where each article stands, how many versions it has, and whether it is gone.
    pub(crate) fn articles(&self) -> Vec<String> {
        self.desk.texts(
            "SELECT u.url || ' ' || a.version_count || iif(a.gone_since IS NULL, '', ' gone')
             FROM article a JOIN url u ON u.id = a.url ORDER BY a.id",
        )
    }
}
