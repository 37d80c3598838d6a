//! A page: its text is no longer than the page allows, its links are bounded, and the same bytes give the same
//! article.

#![no_main]

use std::sync::{Arc, LazyLock};

use jianbao::capture::Capture;
use jianbao::config::{Config, Route, SiteConfig};
use jianbao::discover::{self, MAX_PAGE_LINKS, SeenLinks, Territory};
use jianbao::extract::Page;
use jianbao::frontier::Kind;
use jianbao::profile::Profiles;
use jianbao::url::CanonicalUrl;
use libfuzzer_sys::fuzz_target;

static PROFILES: LazyLock<Profiles> = LazyLock::new(|| Profiles::built_in().unwrap());

static TERRITORY: LazyLock<Territory> = LazyLock::new(|| {
    let site = SiteConfig {
        name: "fuzz".into(),
        seeds: vec!["http://e.com/".into()],
        profile: None,
        discover: vec![Route::Links, Route::Lists],
        politeness: Default::default(),
        scope: Default::default(),
    };
    let config = Config { sites: vec![site], ..Config::default() };
    Territory { site: Arc::new(config.resolved_sites().unwrap().remove(0)), profile: None }
});

fuzz_target!(|bytes: &[u8]| {
    let url = CanonicalUrl::parse("http://e.com/news/2024/1.html", None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    let capture = Capture::of_page(url, at, Some("text/html"), bytes.to_vec());
    let page = Page::parse(&capture);
    // A byte of another encoding may be three of UTF-8, a reference of five bytes six, and a text is kept once;
    // 1,000 bytes are for what a short page may name besides.
    let nodes = page.html().tree.values().len();
    assert!(nodes <= 30_000 + 600 + bytes.len(), "{nodes} nodes");
    let article = page.read(None).1;
    assert!(article.text.len() <= bytes.len() * 3 + 1000, "{} bytes of text", article.text.len());
    assert!(article.text.lines().count() <= bytes.len() + 1);
    assert_eq!(Page::parse(&capture).read(None).1.text, article.text);
    for profile in PROFILES.iter() {
        page.read(Some(profile));
    }
    let links = discover::from_page(&page, &TERRITORY, Kind::Post, 1, &SeenLinks::default());
    assert!(links.len() <= MAX_PAGE_LINKS + 100, "{} links", links.len());
});
