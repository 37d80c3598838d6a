//! Every profile in selectors/ passes its samples; there is no list to maintain.

use std::path::Path;

use jianbao::profile::{Profiles, check_sample};

#[test]
fn every_profile_passes_its_samples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(root.join("selectors")).unwrap().count();
    let profiles = Profiles::load(&root.join("selectors")).unwrap();
    assert_eq!(profiles.iter().count(), files, "a file in selectors/ is no profile");
    for profile in profiles.iter() {
        for sample in &profile.samples {
            let report = check_sample(profile, sample, root);
            assert!(report.failures.is_empty(), "{}: {:#?}", profile.key, report.failures);
        }
    }
}

#[test]
fn each_saved_page_is_recognised_by_its_fingerprint_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let profiles = Profiles::built_in().unwrap();
    for profile in profiles.iter().filter(|profile| profile.matching.hosts.is_empty()) {
        let sample = &profile.samples[0];
        let url = jianbao::url::CanonicalUrl::parse(&sample.url, None).unwrap();
        let bytes = std::fs::read(root.join(&sample.page)).unwrap();
        let capture = jianbao::capture::Capture::of_page(url, sample.fetched_at, None, bytes);
        let page = jianbao::extract::Page::parse(&capture);
        let found = profiles.for_page(page.html(), sample.fetched_at).map(|found| found.key.clone());
        assert_eq!(found.as_deref(), Some(profile.key.as_str()));
    }
}

#[test]
fn the_promotion_of_the_seeds_site_is_told_by_its_form_whoever_it_names() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let profile = Profiles::built_in().unwrap().get("sh-daijia").unwrap();
    let sample = &profile.samples[0];
    let page = std::fs::read_to_string(root.join(&sample.page)).unwrap();
    assert!(page.contains("林晓帆微信号") && page.contains("400 0000 000"));
    for (name, number) in
        [("欧阳某某", "021 55550100"), ("园", "400-555-0199"), ("招商部小钱老师", "+86 130 0000 0009")]
    {
        let named = page.replace("林晓帆", name).replace("400 0000 000", number);
        // Also where a line of the block is missing.
        for html in [named.clone(), named.replace(&format!("<strong>{name}微信号</strong><br/>"), "")] {
            let url = jianbao::url::CanonicalUrl::parse(&sample.url, None).unwrap();
            let capture = jianbao::capture::Capture::of_page(url, sample.fetched_at, None, html.into());
            let text = jianbao::extract::Page::parse(&capture).article(Some(&profile)).unwrap().text;
            assert!(text.ends_with("综改区晋中开发区正奋力续写高质量发展的新篇章。"), "{name}: {text}");
        }
    }
}

#[test]
fn a_layout_that_ended_reads_the_pages_of_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let profile = |extra: &str| {
        format!(
            "schema = 1\ntimezone = \"Asia/Shanghai\"\n{extra}\n[match]\nhosts = [\"*.example.com\"]\n[article]\ntitle = \"h1\"\nbody = \"p\"\n[[sample]]\npage = \"p\"\nurl = \"http://e.com\"\nfetched_at = \"2025-01-01T00:00:00Z\"\n[sample.expect]\ntitle = \"t\"\n[sample.expect.body]\nstarts = \"\"\nends = \"\"\n"
        )
    };
    std::fs::write(folder.path().join("old.toml"), profile("valid_until = 2024-05-01")).unwrap();
    std::fs::write(folder.path().join("new.toml"), profile("")).unwrap();
    let profiles = Profiles::load(folder.path()).unwrap();
    let url = jianbao::url::CanonicalUrl::parse("http://news.example.com/1", None).unwrap();
    for (at, want) in [("2024-05-01T10:00:00Z", "old"), ("2024-05-02T10:00:00Z", "new")] {
        assert_eq!(profiles.for_host(&url, at.parse().unwrap()).unwrap().key, want, "{at}");
    }
}
