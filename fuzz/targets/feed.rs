//! A feed: its entries are bounded by its length, and the same bytes give the same feed.

#![no_main]

use jianbao::capture::Capture;
use jianbao::discover::{MAX_LINKS, feed};
use jianbao::url::CanonicalUrl;
use libfuzzer_sys::fuzz_target;

// The parser of feeds panics on some of them, which is caught; only what is not caught ends the run.
fuzz_target!(init: drop(std::panic::take_hook()), |bytes: &[u8]| {
    let url = CanonicalUrl::parse("http://e.com/feed", None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    let capture = Capture::of_page(url, at, None, bytes.to_vec());
    let read = feed::of(&capture);
    assert_eq!(read, feed::of(&capture));
    if let Some(feed) = read {
        assert!(feed.items.len() <= MAX_LINKS.min(bytes.len()), "{} entries", feed.items.len());
        for item in feed.items {
            let again = CanonicalUrl::parse(item.url.as_str(), None).unwrap();
            assert_eq!(again.key(), item.url.key());
        }
    }
});
