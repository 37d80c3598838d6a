//! Runs a profile on its saved pages and says what does not hold.

use std::path::Path;

use super::{Expect, ExpectBody, Profile, Sample};
use crate::article::Article;
use crate::capture::Capture;
use crate::extract;
use crate::url::CanonicalUrl;

/// What a sample gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleReport {
    /// The saved page.
    pub page: String,
    /// What does not hold; empty when all does.
    pub failures: Vec<String>,
}

/// Runs `profile` on one of its samples; `root` is the folder that the page's path starts from.
pub fn check_sample(profile: &Profile, sample: &Sample, root: &Path) -> SampleReport {
    let report = |failures| SampleReport { page: sample.page.clone(), failures };
    let path = root.join(&sample.page);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            return report(vec![format!("could not read the saved page `{}`: {error}", path.display())]);
        }
    };
    let url = match CanonicalUrl::parse(&sample.url, None) {
        Ok(url) => url,
        Err(error) => return report(vec![error.to_string()]),
    };
    let mut failures = Vec::new();
    if !profile.matching.article.is_empty() && !profile.matching.article.iter().any(|form| form.matches(&url))
    {
        failures.push(format!("the URL `{url}` has none of the forms in match.article"));
    }
    let capture = Capture::of_page(url, sample.fetched_at, sample.content_type.as_deref(), bytes);
    let page = extract::Page::parse(&capture);
    if profile.matching.fingerprint.is_some() && !profile.fits(page.html()) {
        failures.push("the page does not carry the fingerprint in match.fingerprint".to_owned());
    }
    match page.article(Some(profile)) {
        Some(article) => compare(&sample.expect, &article, &mut failures),
        None => failures.push("no article was found".to_owned()),
    }
    report(failures)
}

fn compare(expect: &Expect, article: &Article, failures: &mut Vec<String>) {
    let published = article.published.as_ref().map(|p| p.value.clone());
    let modified = article.modified.as_ref().map(|p| p.value.clone());
    let views = expect.views.map(|count| count.0.to_string());
    let fields = [
        ("title", Some(&expect.title), Some(&article.title)),
        ("author", expect.author.as_ref(), article.author.as_ref()),
        ("source", expect.source.as_ref(), article.source.as_ref()),
        ("editor", expect.editor.as_ref(), article.editor.as_ref()),
        ("category", expect.category.as_ref(), article.category.as_ref()),
        ("views", views.as_ref(), article.views.map(|v| v.to_string()).as_ref()),
        ("published", expect.published.as_ref(), published.as_ref()),
        ("modified", expect.modified.as_ref(), modified.as_ref()),
        ("permalink", expect.permalink.as_ref(), article.permalink.as_ref()),
        ("language", expect.language.as_ref(), article.language.as_ref()),
    ]
    .map(|(name, want, got)| (name, want.cloned(), got.cloned()));
    for (name, want, got) in fields {
        if want.is_some() && want != got {
            let shown = |value: Option<String>| value.map_or("nothing".to_owned(), |v| format!("`{v}`"));
            failures.push(format!("{name} is {}, not {}", shown(got), shown(want)));
        }
    }
    for (name, want, got) in
        [("breadcrumbs", &expect.breadcrumbs, &article.breadcrumbs), ("tags", &expect.tags, &article.tags)]
    {
        if want.as_ref().is_some_and(|want| want != got) {
            failures.push(format!("{name} are {got:?}, not {:?}", want.as_deref().unwrap_or_default()));
        }
    }
    if let Some(want) = expect.related.filter(|want| *want != article.related.len()) {
        failures.push(format!("{} related links were found, not {want}", article.related.len()));
    }
    compare_body(&expect.body, &article.text, failures);
}

fn compare_body(expect: &ExpectBody, text: &str, failures: &mut Vec<String>) {
    if !text.starts_with(&expect.starts) {
        let start: String = text.chars().take(40).collect();
        failures.push(format!("the body does not start with `{}` but with `{start}`", expect.starts));
    }
    if !text.ends_with(&expect.ends) {
        let end: String = text.chars().rev().take(40).collect::<Vec<_>>().into_iter().rev().collect();
        failures.push(format!("the body does not end with `{}` but with `{end}`", expect.ends));
    }
    for part in expect.contains.iter().filter(|part| !text.contains(part.as_str())) {
        failures.push(format!("the body does not contain `{part}`"));
    }
    for part in expect.excludes.iter().filter(|part| text.contains(part.as_str())) {
        failures.push(format!("the body contains `{part}`"));
    }
    let length = text.chars().count();
    if let Some([fewest, most]) = expect.chars.filter(|[fewest, most]| !(fewest..=most).contains(&&length)) {
        failures.push(format!("the body has {length} characters, not {fewest} to {most}"));
    }
}
