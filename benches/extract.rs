//! Pages per CPU-second of the extraction, and where each page's time goes.
//!
//! `cargo bench --bench extract [-- FOLDER PROFILE.toml]`: the folder holds saved pages; without
//! one, the demo site's own pages are used.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]

#[path = "support/gauge.rs"]
mod gauge;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use jianbao::capture::Capture;
use jianbao::config::{Config, SiteConfig};
use jianbao::demo::DemoSite;
use jianbao::discover::{self, SeenLinks, Territory};
use jianbao::extract::{Page, charset};
use jianbao::frontier::Kind;
use jianbao::profile::{Profile, Profiles};
use jianbao::url::CanonicalUrl;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let (pages, profile) = match arguments.as_slice() {
        [folder, profile, ..] => {
            (saved(Path::new(folder)), Profiles::load_file(Path::new(profile)).expect("the profile is valid"))
        }
        _ => demo(),
    };
    let site = SiteConfig {
        name: "bench".into(),
        seeds: vec![format!("{}/", pages[0].url.origin())],
        profile: None,
        discover: vec![jianbao::config::Route::Links, jianbao::config::Route::Lists],
        politeness: toml::Table::new(),
        scope: toml::Table::new(),
    };
    let config = Config { sites: vec![site], ..Config::default() };
    let site = config.resolved_sites().expect("the site is valid").remove(0);
    let territory = Territory { site: Arc::new(site), profile: Some(Arc::clone(&profile)) };

    let seen = SeenLinks::default();
    let bytes: usize = pages.iter().map(|page| page.body.len()).sum();
    println!("{} pages, {} bytes each", pages.len(), bytes / pages.len());
    let rounds = (2000 / pages.len()).max(1);
    let measure = |name: &str, work: &dyn Fn(&Capture)| {
        pages.iter().for_each(work);
        let began = gauge::cpu();
        for _ in 0..rounds {
            pages.iter().for_each(work);
        }
        let micros = (gauge::cpu() - began) * 1e6 / (rounds * pages.len()) as f64;
        println!("{name:<28} {micros:>7.0} µs a page");
        micros
    };
    let decode = |page: &Capture| {
        black_box(charset::decode(&page.body, page.content_type()));
    };
    let parse = |page: &Capture| {
        black_box(Page::parse(page));
    };
    let article = |page: &Capture| {
        black_box(Page::parse(page).article(Some(&profile)));
    };
    let generic = |page: &Capture| {
        black_box(Page::parse(page).article(None));
    };
    let all = |page: &Capture| {
        let parsed = Page::parse(page);
        let article = parsed.article(Some(&profile));
        let links = discover::from_page(&parsed, &territory, Kind::Post, 1, &seen);
        black_box((article, links));
    };
    measure("decode", &decode);
    measure("decode, parse", &parse);
    measure("decode, parse, fields", &article);
    let all = measure("decode, parse, fields, links", &all);
    println!("{:<28} {:>7.0} pages per CPU-second", "extraction with a profile", 1e6 / all);
    let generic = measure("without a profile", &generic);
    println!("{:<28} {:>7.0} pages per CPU-second", "extraction without one", 1e6 / generic);
    println!("peak memory {}", gauge::peak_memory());
}

fn saved(folder: &Path) -> Vec<Capture> {
    let files = std::fs::read_dir(folder).expect("the folder can be read").filter_map(Result::ok).take(500);
    files
        .map(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            let url = CanonicalUrl::parse(&format!("http://news.example/index.php/post/{name}"), None)
                .expect("a URL");
            let body = std::fs::read(file.path()).expect("the page can be read");
            Capture::of_page(url, jiff::Timestamp::now(), Some("text/html; charset=utf-8"), body)
        })
        .collect()
}

fn demo() -> (Vec<Capture>, Arc<Profile>) {
    let site = DemoSite::new(200, jiff::Timestamp::now());
    let pages = site
        .posts()
        .iter()
        .map(|post| {
            let url =
                CanonicalUrl::parse(&format!("http://127.0.0.1:1{}", post.path()), None).expect("a URL");
            let body = site.page(&post.path()).into_bytes();
            Capture::of_page(url, jiff::Timestamp::now(), Some("text/html; charset=utf-8"), body)
        })
        .collect();
    let profiles = Profiles::built_in().expect("the built-in profiles are valid");
    (pages, profiles.get("zblog-tpure").expect("the demo's profile is built in"))
}
