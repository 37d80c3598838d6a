//! Links of HTML pages: articles, first pages of lists, the next page of this list.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use ego_tree::NodeId;

use super::pager::Pager;
use super::{MAX_PAGE_LINKS, Period, Territory};
use crate::config::Route;
use crate::extract::Page;
use crate::extract::survey::{attribute, element};
use crate::frontier::{Candidate, Kind, Via};
use crate::profile::ListRule;
use crate::url::CanonicalUrl;

/// Links that articles of this process have shown before. Every page of a site repeats its frame:
/// what was proposed once need not be proposed again.
#[derive(Debug, Default)]
pub struct SeenLinks(Mutex<HashSet<u64>>);

impl SeenLinks {
    /// Links remembered; emptied when full, which only costs time.
    const MOST: usize = 1 << 16;

    /// Whether `href` on a page of `base` is seen for the first time; what was seen only where links lead
    /// too deep does not count.
    fn is_new(&self, href: &str, base: &CanonicalUrl, too_deep: bool) -> bool {
        let is_rooted = href.starts_with('/') || href.contains("://");
        let mut hasher = DefaultHasher::new();
        (href, if is_rooted { base.origin() } else { base.as_str() }, too_deep).hash(&mut hasher);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= Self::MOST {
            seen.clear();
        }
        seen.insert(hasher.finish())
    }
}

/// Candidates on a page of `kind`, `depth` links from a seed. Of an article's links only those that
/// are not in `seen` are proposed.
pub fn from_page(
    page: &Page<'_>,
    territory: &Territory,
    kind: Kind,
    depth: u32,
    seen: &SeenLinks,
) -> Vec<Candidate> {
    let mut finder =
        Finder { page, territory, kind, depth, seen, on_page: HashSet::new(), found: Vec::new() };
    if !page.survey.is_nofollow() {
        let pager = if kind == Kind::List { finder.pager() } else { Pager::default() };
        let lists = kind == Kind::List && territory.uses(Route::Lists);
        if lists {
            finder.turn(&pager);
        }
        if lists || territory.uses(Route::Links) {
            finder.links(&pager);
        }
    }
    finder.found
}

pub(super) struct Finder<'a> {
    pub(super) page: &'a Page<'a>,
    pub(super) territory: &'a Territory,
    kind: Kind,
    depth: u32,
    seen: &'a SeenLinks,
    on_page: HashSet<&'a str>,
    found: Vec<Candidate>,
}

impl<'a> Finder<'a> {
    /// The list's next page, for later.
    fn turn(&mut self, pager: &Pager) {
        if let Some(url) = &pager.next {
            let candidate = Candidate::new(url.clone(), Kind::List, Via::List, self.depth);
            self.found.push(Candidate { is_next_page: true, ..candidate });
        }
    }

    fn links(&mut self, pager: &Pager) {
        let items = self.items();
        let depth = self.depth + 1;
        let too_deep = depth > self.territory.site.scope.depth;
        for id in self.page.survey.anchors.iter().take(MAX_PAGE_LINKS) {
            let Some(anchor) = element(self.page.html(), *id) else { continue };
            let Some(href) = attribute(anchor, "href").filter(|href| is_followable(href)) else { continue };
            let is_item = self.kind == Kind::List && items.as_ref().is_none_or(|items| items.contains(id));
            let via = if is_item { Via::List } else { Via::Related };
            // Whether a list goes on depends on all that it shows.
            let is_known = self.kind != Kind::List && !self.seen.is_new(href, self.page.base(), too_deep);
            if is_known || !self.on_page.insert(href) {
                continue;
            }
            let Ok(url) = CanonicalUrl::parse(href, Some(self.page.base())) else { continue };
            let kind = self.territory.kind(&url);
            if kind == Kind::Other
                && let Some(period) = Period::of(&url)
                && (period.is_sure() || self.territory.knows_articles() || pager.holds(*id, &url))
            {
                self.archive(url, period);
                continue;
            }
            let candidate = match kind {
                Kind::Post => Candidate::new(url, Kind::Post, via, depth),
                // A list is as near as the front page that links it.
                Kind::List if self.is_first_page(&url) => {
                    Candidate::new(url, Kind::List, via, self.depth.min(1))
                }
                Kind::Other if pager.holds(*id, &url) => continue,
                Kind::Other if !self.territory.knows_articles() && !too_deep => {
                    Candidate::new(url, Kind::Other, via, depth)
                }
                _ => continue,
            };
            if self.territory.contains(&candidate.url) {
                self.found.push(candidate);
            }
        }
    }

    /// An archive by dates, unless nothing can be in it.
    fn archive(&mut self, url: CanonicalUrl, period: Period) {
        let territory = self.territory;
        if territory.uses(Route::Lists)
            && period.has_been(self.page.fetched_at())
            && territory.contains(&url)
            && url.key() != self.page.url().key()
        {
            self.found.push(Candidate::new(url, Kind::List, Via::Archive, self.depth.min(1)));
        }
    }

    /// The links of the list itself, where the profile tells them from those around it.
    fn items(&self) -> Option<HashSet<NodeId>> {
        let css = self.list_rule()?.item.as_ref()?;
        Some(self.page.html().select(css.selector()).map(|anchor| anchor.id()).collect())
    }

    /// The profile's rule for the list that this page belongs to.
    pub(super) fn list_rule(&self) -> Option<&'a ListRule> {
        let territory = self.territory;
        let lists = &territory.profile.as_deref()?.discover.lists;
        let here = self.page.url();
        lists
            .iter()
            .find(|list| list.url.matches(here) || list.first.as_ref().is_some_and(|f| f.matches(here)))
    }

    fn is_first_page(&self, url: &CanonicalUrl) -> bool {
        let Some(profile) = self.territory.profile.as_deref() else { return true };
        let lists = &profile.discover.lists;
        lists.iter().any(|list| {
            list.first.as_ref().is_some_and(|first| first.matches(url))
                || (list.first.is_none()
                    && list.url.page_number(url).is_none_or(|number| number <= 1)
                    && list.url.matches(url))
        }) || url.is_front_page()
    }

    /// A link's target, when it belongs to the site.
    pub(super) fn absolute(&self, href: &str) -> Option<CanonicalUrl> {
        let url = CanonicalUrl::parse(href, Some(self.page.base())).ok()?;
        self.territory.contains(&url).then_some(url)
    }
}

fn is_followable(href: &str) -> bool {
    let href = href.trim_start();
    !(href.is_empty()
        || href.starts_with('#')
        || href.starts_with("javascript:")
        || href.starts_with("mailto:"))
}
