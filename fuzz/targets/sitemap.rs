//! A sitemap: its lines are bounded, packed or not, and a date begins before it ends.

#![no_main]

use jianbao::capture::Capture;
use jianbao::discover::{MAX_LINKS, sitemap};
use jianbao::url::CanonicalUrl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| {
    let url = CanonicalUrl::parse("http://e.com/sitemap.xml", None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    let capture = Capture::of_page(url, at, None, bytes.to_vec());
    if let Some(read) = sitemap::read(&capture) {
        assert!(read.pages.len() + read.sitemaps.len() <= 2 * MAX_LINKS);
        for listed in read.pages.iter().chain(&read.sitemaps) {
            assert!(listed.lastmod.is_none_or(|lastmod| lastmod.from <= lastmod.to));
        }
    }
});
