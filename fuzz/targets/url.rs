//! A URL: its canonical form is the canonical form of itself, has the same key, and is no longer than allowed.

#![no_main]

use jianbao::url::CanonicalUrl;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, bool)| {
    let (text, is_relative) = input;
    let base = CanonicalUrl::parse("https://例え.com/a/b/c.html?q=1", None).unwrap();
    let Ok(url) = CanonicalUrl::parse(text, is_relative.then_some(&base)) else { return };
    let again = CanonicalUrl::parse(url.as_str(), None).expect("a canonical URL is a URL");
    assert_eq!(again.as_str(), url.as_str());
    assert_eq!(again.key(), url.key());
    assert!(url.as_str().starts_with(url.origin()));
    assert!(!url.as_str().contains(['\n', '\r', '\t', ' ']), "{url}");
    assert!(!url.host().is_empty());
});
