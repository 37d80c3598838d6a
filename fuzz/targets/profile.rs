//! A profile: any text is a profile or an error that says something, and what is a profile reads a page.

#![no_main]

use std::sync::LazyLock;

use jianbao::capture::Capture;
use jianbao::extract::Page;
use jianbao::profile::Profile;
use jianbao::url::CanonicalUrl;
use libfuzzer_sys::fuzz_target;

static CAPTURE: LazyLock<Capture> = LazyLock::new(|| {
    let url = CanonicalUrl::parse("http://e.com/1.html", None).unwrap();
    let at = "2025-03-10T00:00:00Z".parse().unwrap();
    let page = "<h1 class=a>t</h1><p class=date>2024-05-18</p><div id=b><p>text <a href=/2>x</a></div>";
    Capture::of_page(url, at, None, page.into())
});

fuzz_target!(|text: &str| {
    match Profile::from_toml("fuzz", text) {
        Ok(profile) => {
            let page = Page::parse(&CAPTURE);
            page.read(Some(&profile));
            assert_eq!(profile.toml, text);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
