//! Floors under the rules that know no site: the saved pages of the profiles, read as if nothing
//! were known of their sites, against what their samples say by hand.

use std::collections::HashMap;
use std::path::Path;

use jianbao::capture::Capture;
use jianbao::extract::Page;
use jianbao::profile::Profiles;
use jianbao::url::CanonicalUrl;

/// F1 of runs of four characters, spaces left out.
fn likeness(a: &str, b: &str) -> f64 {
    let runs = |text: &str| {
        let chars: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut runs: HashMap<Vec<char>, usize> = HashMap::new();
        for run in chars.windows(4.min(chars.len().max(1))) {
            *runs.entry(run.to_vec()).or_default() += 1;
        }
        runs
    };
    let (a, b) = (runs(a), runs(b));
    let common: usize = a.iter().map(|(run, count)| count.min(b.get(run).unwrap_or(&0))).sum();
    let all: usize = a.values().chain(b.values()).sum();
    f64::from(u32::try_from(common * 2).unwrap()) / f64::from(u32::try_from(all.max(1)).unwrap())
}

#[test]
fn pages_of_unknown_sites_are_read_nearly_as_well_as_with_their_profiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let profiles = Profiles::built_in().unwrap();
    let (mut bodies, mut titles, mut dates, mut pages) = (0.0, 0, 0, 0);
    let mut misses = Vec::new();
    for profile in profiles.iter() {
        for sample in &profile.samples {
            let url = CanonicalUrl::parse(&sample.url, None).unwrap();
            let bytes = std::fs::read(root.join(&sample.page)).unwrap();
            let capture = Capture::of_page(url, sample.fetched_at, None, bytes);
            let page = Page::parse(&capture);
            let (_, known) = page.read(Some(profile));
            let (_, unknown) = page.read(None);
            pages += 1;
            let body = likeness(&known.text, &unknown.text);
            bodies += body;
            titles += usize::from(known.title == unknown.title);
            let day = |article: &jianbao::article::Article| {
                article
                    .published
                    .as_ref()
                    .map(|published| published.value.chars().take(10).collect::<String>())
            };
            dates += usize::from(day(&known) == day(&unknown));
            if body < 0.9 || known.title != unknown.title || day(&known) != day(&unknown) {
                misses.push(format!(
                    "{}: body {body:.2}, title {:?} for {:?}, day {:?} for {:?}",
                    sample.page,
                    unknown.title,
                    known.title,
                    day(&unknown),
                    day(&known)
                ));
            }
        }
    }
    let of = |count: usize| f64::from(u32::try_from(count).unwrap()) / f64::from(pages);
    assert!(bodies / f64::from(pages) >= 0.9, "bodies {:.3}: {misses:#?}", bodies / f64::from(pages));
    assert!(
        of(titles) >= 0.9 && of(dates) >= 0.9,
        "titles {:.2}, dates {:.2}: {misses:#?}",
        of(titles),
        of(dates)
    );
}
