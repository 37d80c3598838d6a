//! The articles that a site's pages yielded, by groups of URLs that are alike. Facets, calendars, session numbers,
//! pages for any address: each gives one more page for ever, and none gives an article. A group whose pages
//! yielded nothing for long enough waits behind all other URLs, and is left aside when they yielded nothing
//! for it either.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::capture::Digest;
use crate::frontier::{Candidate, Kind};
use crate::url::CanonicalUrl;

/// Pages of a group that are looked at when an earlier run left it aside.
const FEW: u32 = 5;
/// URLs of a group that are left aside before it is called a trap.
const CROWD: u64 = 40;
/// Pages between an article and one that led to it that are still credited with it.
const CREDITED: usize = 4;
/// URLs, texts and groups that are remembered; emptied when full, which only costs requests.
const REMEMBERED: usize = 1 << 16;
/// Lists may lead to articles that are still to be read: so many of them weigh as much as one page of nothing in
/// the wide groups, whose URLs have little in common.
const LISTS: u32 = 4;

/// How much the URLs of a group have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Level {
    /// All sitemaps of the site.
    Sitemaps,
    /// Later pages of one list.
    Pager,
    /// Pages that a listing calls articles, in one folder.
    Listed,
    /// One path and the same names in the query; figures may differ.
    Form,
    /// One folder, or one path with any query.
    Folder,
    /// The same number of folders.
    Depth,
    /// Every page of which nothing is known.
    Site,
}

impl Level {
    /// Pages in a row without an article that are borne from a group that gave so many.
    ///
    /// Most groups that gave an article at all gave one in thirty pages (picture series with a text at their end);
    /// one that gave many may pause for longer. Wide groups bear more, since they hold many small ones.
    fn patience(self, given: u32) -> u32 {
        let (first, most) = match self {
            Self::Form | Self::Folder | Self::Pager => (40, 200),
            Self::Listed => (200, 1000),
            Self::Sitemaps | Self::Depth => (200, 200),
            Self::Site => (400, 400),
        };
        (first + given.saturating_mul(5)).min(most)
    }

    fn is_wide(self) -> bool {
        matches!(self, Self::Depth | Self::Site)
    }
}

/// What a page gave that was not known to be an article's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yield {
    /// An article with this text.
    Article(Digest),
    /// Links, as on a list; of a sitemap: pages.
    Links,
    /// Neither.
    Nothing,
}

/// URLs that a run left aside, as its report tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftAside {
    /// The form of their URLs: `#` for figures, `*` for anything.
    pub form: String,
    /// One of them.
    pub example: String,
    /// How many.
    pub urls: u64,
    /// Pages in a row, the last ones of this form that were read, that yielded no article.
    pub barren: u32,
}

/// The yield of each group in this process.
#[derive(Debug, Default)]
pub struct Yields(Mutex<Ledger>);

#[derive(Debug, Default)]
struct Ledger {
    groups: HashMap<u64, Account>,
    /// URL → the page that showed it first.
    shown: HashMap<u64, Source>,
    texts: HashSet<Digest>,
    /// The site is known to give articles.
    has_articles: bool,
}

#[derive(Debug)]
struct Account {
    level: Level,
    /// The form of its URLs, for people.
    form: String,
    /// Pages in a row without an article, in parts of [`LISTS`].
    barren: u32,
    /// Articles that its pages gave or led to.
    given: u32,
    aside: u64,
    example: String,
}

/// A page that showed a URL, and its groups.
#[derive(Debug, Clone)]
struct Source {
    page: u64,
    groups: Vec<u64>,
}

impl Account {
    fn is_barren(&self) -> bool {
        self.barren >= self.level.patience(self.given).saturating_mul(LISTS)
    }
}

impl Ledger {
    fn account(&mut self, group: Group) -> &mut Account {
        let Group { id, level, form } = group;
        self.groups.entry(id).or_insert_with(|| Account {
            level,
            form,
            barren: 0,
            given: 0,
            aside: 0,
            example: String::new(),
        })
    }

    /// Credits an article to all groups of its page and of the pages that led to it.
    fn credit(&mut self, url: &CanonicalUrl, own: &[u64]) {
        let mut groups: BTreeSet<u64> = own.iter().copied().collect();
        let mut page = hash(url.key());
        for _ in 0..CREDITED {
            let Some(source) = self.shown.get(&page) else { break };
            groups.extend(&source.groups);
            page = source.page;
        }
        for group in groups {
            if let Some(account) = self.groups.get_mut(&group) {
                account.given = account.given.saturating_add(1);
                account.barren = 0;
            }
        }
    }

    /// Keeps wide groups, which bound the others.
    fn make_room(&mut self) {
        if self.groups.len() >= REMEMBERED {
            self.groups.retain(|_, account| account.level.is_wide() || account.aside > 0);
        }
        if self.shown.len() >= REMEMBERED {
            self.shown.clear();
        }
        if self.texts.len() >= REMEMBERED {
            self.texts.clear();
        }
    }
}

impl Yields {
    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up which URLs earlier runs left aside.
    pub fn remember<'a>(&self, aside: impl IntoIterator<Item = (&'a CanonicalUrl, Kind)>) {
        let mut ledger = self.lock();
        let mut crowds: HashMap<u64, u64> = HashMap::new();
        for group in aside.into_iter().flat_map(|(url, kind)| groups(url, kind)) {
            let crowd = crowds.entry(group.id).or_default();
            *crowd += 1;
            let is_crowd = *crowd >= CROWD && group.level == Level::Depth;
            if is_crowd || !group.level.is_wide() {
                let account = ledger.account(group);
                account.barren = account.level.patience(0).saturating_sub(FEW) * LISTS;
            }
        }
    }

    /// Notes what a page of which no article was known gave, and the links that it showed.
    pub fn note(&self, url: &CanonicalUrl, kind: Kind, gave: Yield, links: &[Candidate]) {
        let groups = groups(url, kind);
        let ids: Vec<u64> = groups.iter().map(|group| group.id).collect();
        let mut ledger = self.lock();
        ledger.make_room();
        for group in groups {
            let account = ledger.account(group);
            let step = match gave {
                Yield::Links if account.level.is_wide() => 1,
                _ => LISTS,
            };
            account.barren = account.barren.saturating_add(step);
            if account.level == Level::Sitemaps && gave == Yield::Links {
                account.barren = 0;
            }
        }
        if let Yield::Article(text) = gave
            && ledger.texts.insert(text)
        {
            ledger.has_articles = true;
            ledger.credit(url, &ids);
        }
        if !ids.is_empty() {
            let page = hash(url.key());
            for link in links.iter().filter(|link| !link.kind.is_listing()) {
                let source = || Source { page, groups: ids.clone() };
                ledger.shown.entry(hash(link.url.key())).or_insert_with(source);
            }
        }
    }

    /// Notes that the archive has articles of the site.
    pub fn note_articles(&self) {
        self.lock().has_articles = true;
    }

    /// Whether the site gives articles.
    pub fn has_articles(&self) -> bool {
        self.lock().has_articles
    }

    /// Notes that a page showed articles that the archive has.
    pub fn note_known(&self, url: &CanonicalUrl, kind: Kind) {
        let mut ledger = self.lock();
        for group in groups(url, kind) {
            ledger.account(group).barren = 0;
        }
    }

    /// Whether the pages like this one have yielded nothing for long enough.
    pub fn is_barren(&self, url: &CanonicalUrl, kind: Kind) -> bool {
        let ledger = self.lock();
        groups(url, kind).iter().any(|group| ledger.groups.get(&group.id).is_some_and(Account::is_barren))
    }

    /// Counts a URL that is left aside for that.
    pub fn leave_aside(&self, url: &CanonicalUrl, kind: Kind) {
        let mut ledger = self.lock();
        let barren = groups(url, kind)
            .into_iter()
            .find(|group| ledger.groups.get(&group.id).is_some_and(Account::is_barren));
        if let Some(group) = barren {
            let account = ledger.account(group);
            account.aside += 1;
            url.as_str().clone_into(&mut account.example);
        }
    }

    /// The URLs that are left aside, the largest group first.
    pub fn left_aside(&self) -> Vec<LeftAside> {
        let ledger = self.lock();
        let told = |account: &Account| LeftAside {
            form: account.form.clone(),
            example: account.example.clone(),
            urls: account.aside,
            barren: account.barren / LISTS,
        };
        let mut left: Vec<LeftAside> =
            ledger.groups.values().filter(|account| account.aside > 0).map(told).collect();
        left.sort_by(|a, b| (b.urls, &a.form).cmp(&(a.urls, &b.form)));
        left
    }
}

impl LeftAside {
    /// Whether so many are left aside that somebody should know.
    pub fn is_trap(&self) -> bool {
        self.urls >= CROWD
    }

    /// The alarm.
    pub fn alarm(&self) -> String {
        format!(
            "`{}` and {} URLs like it (`{}`) look like a trap: the last {} pages of this form yielded no new \
             article; they are left until tomorrow, `exclude` in crawl.toml can leave them for good",
            self.example, self.urls, self.form, self.barren
        )
    }
}

/// URLs that are judged together.
#[derive(Debug)]
struct Group {
    id: u64,
    level: Level,
    form: String,
}

impl Group {
    fn new(level: Level, form: String) -> Self {
        Self { id: hash((level, &form)), level, form }
    }
}

fn hash(value: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The groups of a URL, the narrowest first. Feeds and APIs are in none: they are few.
fn groups(url: &CanonicalUrl, kind: Kind) -> Vec<Group> {
    let (path, query) = match url.path_and_query().split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (url.path_and_query(), None),
    };
    let origin = url.origin();
    let form = || {
        let names = query.unwrap_or_default().split('&');
        let names = names.map(|pair| folded(pair.split('=').next().unwrap_or_default()));
        let names: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
        let mark = if query.is_some() { "?" } else { "" };
        format!("{origin}{}{mark}{}", folded(path), names.join("&"))
    };
    let folder = || {
        if query.is_some() {
            return format!("{origin}{}?*", folded(path));
        }
        let folder = path.trim_end_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{origin}{}/*", folded(folder))
    };
    match kind {
        Kind::Sitemap => vec![Group::new(Level::Sitemaps, "sitemaps".to_owned())],
        Kind::List => vec![Group::new(Level::Pager, form())],
        Kind::Post => vec![Group::new(Level::Listed, folder())],
        Kind::Other => {
            let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
            let mark = if query.is_some() { "?*" } else { "" };
            vec![
                Group::new(Level::Form, form()),
                Group::new(Level::Folder, folder()),
                Group::new(Level::Depth, format!("{origin}{}{mark}", "/*".repeat(segments))),
                Group::new(Level::Site, format!("{origin}/…")),
            ]
        }
        Kind::Feed | Kind::Api => Vec::new(),
    }
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

    fn text(text: &str) -> Yield {
        Yield::Article(Digest::of(text.as_bytes()))
    }

    /// The page after which pages like it are barren, each read in order.
    fn first_barren(
        yields: &Yields,
        path: impl Fn(u32) -> String,
        gave: impl Fn(u32) -> Yield,
    ) -> Option<u32> {
        (0..2000).find(|n| {
            let page = url(&path(*n));
            yields.note(&page, Kind::Other, gave(*n), &links(&path(n + 1)));
            yields.is_barren(&url(&path(n + 1)), Kind::Other)
        })
    }

    #[test]
    fn a_form_waits_once_its_pages_yield_nothing_and_never_while_they_do() {
        let facets = |n: u32| format!("/list?color{n}=1");
        let counted = |n: u32| text(&n.to_string());
        assert_eq!(first_barren(&Yields::default(), facets, counted), None);
        assert_eq!(first_barren(&Yields::default(), facets, |_| Yield::Nothing), Some(39));
        // One text under all of them is one article.
        assert_eq!(first_barren(&Yields::default(), facets, |_| text("1")), Some(45));
        // An article in every thirtieth page.
        let rare = |n: u32| if n.is_multiple_of(30) { counted(n) } else { Yield::Nothing };
        assert_eq!(first_barren(&Yields::default(), facets, rare), None);
    }

    #[test]
    fn addresses_without_a_common_form_are_bounded_by_their_folder_their_depth_and_the_site() {
        let word =
            |n: u32| char::from(b'a' + u8::try_from(n % 26).unwrap()).to_string().repeat(n as usize / 26 + 1);
        let beside = |n: u32| format!("/{}", word(n));
        assert_eq!(first_barren(&Yields::default(), beside, |_| Yield::Nothing), Some(39));
        let below = |n: u32| format!("/{}/x", word(n));
        assert_eq!(first_barren(&Yields::default(), below, |_| Yield::Nothing), Some(199));
        let anywhere = |n: u32| format!("/{}/{}", word(n), "a/".repeat(n as usize % 20));
        assert_eq!(first_barren(&Yields::default(), anywhere, |_| Yield::Nothing), Some(399));
        // Lists of pages that are still to be read weigh less.
        assert_eq!(first_barren(&Yields::default(), below, |_| Yield::Links), Some(799));
    }

    #[test]
    fn an_article_is_credited_to_the_pages_that_led_to_it() {
        let yields = Yields::default();
        for n in 0..40 {
            yields.note(
                &url(&format!("/tag/{n}")),
                Kind::Other,
                Yield::Links,
                &links(&format!("/a/{n}.html")),
            );
        }
        assert!(yields.is_barren(&url("/tag/99"), Kind::Other));
        yields.note(&url("/a/7.html"), Kind::Other, text("seven"), &[]);
        assert!(!yields.is_barren(&url("/tag/99"), Kind::Other));
    }

    #[test]
    fn a_pager_goes_on_while_it_shows_known_articles() {
        let yields = Yields::default();
        let turn = |known: bool| {
            (0..500).find(|n| {
                let page = url(&format!("/news?page={n}"));
                yields.note(&page, Kind::List, Yield::Links, &[]);
                if known {
                    yields.note_known(&page, Kind::List);
                }
                yields.is_barren(&page, Kind::List)
            })
        };
        assert_eq!(turn(true), None);
        assert_eq!(turn(false), Some(39));
    }

    #[test]
    fn pages_that_a_listing_calls_articles_are_given_up_late() {
        let yields = Yields::default();
        let until = (0..1000).find(|n| {
            yields.note(&url(&format!("/p/{n}")), Kind::Post, Yield::Nothing, &[]);
            yields.is_barren(&url("/p/5000"), Kind::Post)
        });
        assert_eq!(until, Some(199));
        assert!(!yields.is_barren(&url("/q/1"), Kind::Post));
    }

    #[test]
    fn an_earlier_runs_rest_gets_a_few_looks_and_is_named() {
        let yields = Yields::default();
        yields.remember([(&url("/day?d=20250101"), Kind::Other)]);
        let day = |n: u32| format!("/day?d={}", 20_250_102 + n);
        assert_eq!(first_barren(&yields, day, |_| Yield::Nothing), Some(FEW - 1));
        assert!(yields.left_aside().is_empty());
        for _ in 0..CROWD {
            yields.leave_aside(&url("/day?d=20250104"), Kind::Other);
        }
        let left = yields.left_aside();
        assert_eq!((left.len(), left[0].urls, left[0].form.as_str()), (1, 40, "http://e.com/day?d"));
        assert!(left[0].is_trap() && left[0].alarm().contains("40 URLs like it"), "{}", left[0].alarm());
    }
}
