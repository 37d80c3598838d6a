//! Pages per CPU-second of a whole crawl of the demo site: fetch, extraction, dedup, archive.
//!
//! `cargo bench --bench crawl [-- POSTS]`. The site is served by another process, so that the CPU
//! time is the crawler's alone.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]

#[path = "support/gauge.rs"]
mod gauge;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jianbao::clock::SystemClock;
use jianbao::config::{Config, SiteConfig};
use jianbao::crawl::{Budget, CrawlSettings, Silent, Stop, crawl};
use jianbao::demo::{DemoSite, serve};
use jianbao::profile::Profiles;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SERVE: &str = "JIANBAO_BENCH_SERVE";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    if let Ok(posts) = std::env::var(SERVE) {
        return serve_forever(&runtime, posts.parse().expect("a number of posts"));
    }
    let posts = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(2000);
    let own = std::env::current_exe().expect("the benchmark's own path");
    let mut server =
        Command::new(own).env(SERVE, posts.to_string()).stdout(Stdio::piped()).spawn().expect("a server");
    let mut origin = String::new();
    let stdout = server.stdout.take().expect("the server's output");
    BufReader::new(stdout).read_line(&mut origin).expect("the server's address");

    let folder = tempfile::tempdir().expect("a folder");
    let began = gauge::cpu();
    let report = runtime.block_on(async {
        crawl(
            settings(origin.trim(), folder.path()),
            Arc::new(SystemClock),
            Stop::default(),
            Arc::new(Silent),
        )
        .await
    });
    let spent = gauge::cpu() - began;
    server.kill().expect("the server ends");
    server.wait().expect("the server ends");
    let report = report.expect("the crawl succeeds");
    let articles = report.counts.articles.new + report.counts.articles.duplicate;
    assert_eq!(articles, posts, "every post is archived");
    println!("{posts} posts, {} requests, {spent:.2} s of CPU", report.counts.requests);
    println!(
        "{:.0} posts per CPU-second, {:.0} µs a post",
        articles as f64 / spent,
        spent * 1e6 / articles as f64
    );
    println!("peak memory {}", gauge::peak_memory());
}

fn serve_forever(runtime: &tokio::runtime::Runtime, posts: usize) {
    runtime.block_on(async {
        let site = Arc::new(DemoSite::new(posts, jiff::Timestamp::now()));
        let served = serve(site, 0).await.expect("a free port");
        println!("{}", served.origin());
        std::io::stdout().flush().expect("the address is told");
        std::future::pending::<()>().await;
    });
}

fn settings(origin: &str, folder: &std::path::Path) -> CrawlSettings {
    let site = SiteConfig {
        name: "bench".into(),
        seeds: vec![format!("{origin}/")],
        profile: Some("zblog-tpure".into()),
        discover: vec![
            jianbao::config::Route::Links,
            jianbao::config::Route::Lists,
            jianbao::config::Route::Feeds,
        ],
        politeness: toml::toml! {
            delay = "0s"
            delay_factor = 0.0
        },
        scope: toml::Table::new(),
    };
    let config = Config { sites: vec![site], ..Config::default() };
    CrawlSettings {
        sites: config.resolved_sites().expect("the site is valid"),
        config,
        profiles: Arc::new(Profiles::built_in().expect("the built-in profiles are valid")),
        archive: jianbao::archive::Place::File(folder.join("archive.sqlite")),
        full: false,
        budget: Budget::default(),
        trials: None,
        in_step: false,
    }
}
