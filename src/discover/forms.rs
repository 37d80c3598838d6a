//! URLs by their form: facets, calendars and trees of sitemaps give one more page for ever, and each shows
//! nothing new. A form of which many pages in a row did so is left aside.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::capture::Digest;
use crate::frontier::{Candidate, Kind};
use crate::url::{CanonicalUrl, UrlKey};

/// Pages in a row without anything new, after which a form is left aside;
const PATIENCE: u32 = 40;
/// so many times as many for indexes of sitemaps, and for a form that gave articles.
const MORE: u32 = 5;
/// Pages of a form that are looked at when an earlier run left it aside.
const FEW: u32 = 5;
/// So many URLs are left aside of what is called a trap.
const CROWD: u64 = 40;

/// What the pages of each form have shown in this process.
#[derive(Debug, Default)]
pub struct Forms(Mutex<BTreeMap<String, Form>>);

#[derive(Debug, Default)]
struct Form {
    /// Pages in a row that showed nothing new.
    barren: u32,
    /// Articles it gave.
    given: u32,
    /// What its pages said, and what they led to.
    texts: HashSet<Digest>,
    targets: HashSet<UrlKey>,
    /// How many URLs are left aside, and one of them.
    aside: u64,
    example: String,
}

impl Forms {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Form>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up which URLs earlier runs left aside.
    pub fn remember<'a>(&self, aside: impl IntoIterator<Item = (&'a CanonicalUrl, Kind)>) {
        let mut forms = self.lock();
        for form in aside.into_iter().filter_map(|(url, kind)| form(url, kind)) {
            forms.entry(form).or_insert_with_key(|form| Form {
                barren: patience(form, 0).saturating_sub(FEW),
                ..Form::default()
            });
        }
    }

    /// Notes what a page gave: the text of an article that was not known, and links.
    pub fn note(&self, url: &CanonicalUrl, kind: Kind, article: Option<Digest>, links: &[Candidate]) {
        let Some(name) = form(url, kind) else { return };
        let mut forms = self.lock();
        let known = forms.entry(name.clone()).or_default();
        let is_article = article.is_some_and(|text| known.texts.insert(text));
        let elsewhere = links.iter().filter(|link| form(&link.url, link.kind).as_ref() != Some(&name));
        let leads_on = elsewhere.filter(|link| known.targets.insert(link.url.key())).count() > 0;
        known.given += u32::from(is_article);
        known.barren = if is_article || leads_on { 0 } else { known.barren + 1 };
    }

    /// Whether the pages like this one have shown nothing new for long enough.
    pub fn is_barren(&self, url: &CanonicalUrl, kind: Kind) -> bool {
        let Some(name) = form(url, kind) else { return false };
        self.lock().get(&name).is_some_and(|form| form.barren >= patience(&name, form.given))
    }

    /// Counts a URL that is left aside for that.
    pub fn leave_aside(&self, url: &CanonicalUrl, kind: Kind) {
        let Some(name) = form(url, kind) else { return };
        let mut forms = self.lock();
        let known = forms.entry(name).or_default();
        known.aside += 1;
        url.as_str().clone_into(&mut known.example);
    }

    /// What to say of the forms of which many URLs are left aside.
    pub fn alarms(&self) -> Vec<String> {
        let forms = self.lock();
        let traps = forms.values().filter(|form| form.aside >= CROWD);
        let say = |form: &Form| {
            format!(
                "`{}` and {} URLs like it look like a trap: the last {} pages showed nothing new; they are left \
                 aside, `exclude` in crawl.toml can name them",
                form.example, form.aside, form.barren
            )
        };
        traps.map(say).collect()
    }
}

/// Pages in a row without anything new, after which a form that gave so many articles is left aside.
fn patience(form: &str, given: u32) -> u32 {
    PATIENCE * if form == SITEMAPS { MORE } else { (1 + given).min(MORE) }
}

/// All sitemaps of a site have one form.
const SITEMAPS: &str = "sitemaps";

/// The form of a URL of which nothing else tells where it leads: its origin, its path without figures,
/// and the names in its query, without figures too.
fn form(url: &CanonicalUrl, kind: Kind) -> Option<String> {
    match kind {
        Kind::Sitemap => return Some(SITEMAPS.to_owned()),
        Kind::Other => {}
        _ => return None,
    }
    let (path, query) = url.path_and_query().split_once('?').unwrap_or((url.path_and_query(), ""));
    let names = query.split('&').map(|pair| folded(pair.split('=').next().unwrap_or_default()));
    let names: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
    Some(format!("{}{}?{}", url.origin(), folded(path), names.join("&")))
}

/// With `#` for each row of figures.
fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_ascii_digit() {
            true if folded.ends_with('#') => {}
            true => folded.push('#'),
            false => folded.push(c),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::Via;

    fn url(path: &str) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("http://e.com{path}"), None).unwrap()
    }

    fn links(path: &str) -> Vec<Candidate> {
        vec![Candidate::new(url(path), Kind::Other, Via::Related, 1)]
    }

    #[test]
    fn a_form_is_left_aside_once_its_pages_show_nothing_new_and_never_while_they_do() {
        let forms = Forms::default();
        let look = |n: u32, article: &str, to: &str| {
            let text = Some(article).filter(|text| !text.is_empty()).map(|text| Digest::of(text.as_bytes()));
            forms.note(&url(&format!("/list?color{n}=1")), Kind::Other, text, &links(to));
            forms.is_barren(&url("/list?color7=9"), Kind::Other)
        };
        // Another article, or a link to another one.
        assert!(!(0..300).any(|n| look(n, &n.to_string(), "/list?color1=2")));
        assert!(!(0..300).any(|n| look(n, "", &format!("/a/{n}.html"))));
        // One text, and links to pages of the same form or to known ones: many times since it gave articles.
        let until = (0..1000).find(|n| look(*n, "1", &format!("/list?color{n}=3"))).unwrap();
        assert_eq!(until + 1, PATIENCE * MORE);
        assert!(!forms.is_barren(&url("/a/1.html"), Kind::Other));
        assert!(!forms.is_barren(&url("/list?color7=9"), Kind::Post));
    }

    #[test]
    fn what_an_earlier_run_left_aside_gets_a_few_looks() {
        let forms = Forms::default();
        forms.remember([(&url("/day?d=20250101"), Kind::Other)]);
        let looks = (0..1000).find(|_| {
            forms.note(&url("/day?d=20250102"), Kind::Other, None, &links("/day?d=20250103"));
            forms.is_barren(&url("/day?d=20250104"), Kind::Other)
        });
        assert_eq!(looks.map(|looks| looks + 1), Some(FEW));
        assert!(forms.alarms().is_empty());
        for _ in 0..CROWD {
            forms.leave_aside(&url("/day?d=20250104"), Kind::Other);
        }
        assert!(forms.alarms()[0].contains("40 URLs like it look like a trap"), "{:?}", forms.alarms());
    }
}
