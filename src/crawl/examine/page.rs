//! What an answer shows a reader: an article, a list, or neither.

use std::cell::OnceCell;
use std::sync::{Arc, PoisonError};

use super::sources::profile_sources;
use super::{Exam, PATIENCE, Read};
use crate::archive::{Beforehand, Disposition, PageResult, Revision};
use crate::article::Article;
use crate::capture::{Capture, Digest};
use crate::discover::{self, Period, Territory};
use crate::extract::parts;
use crate::extract::survey::{attribute, element};
use crate::extract::{Page, PageKind, other_format};
use crate::frontier::{Candidate, Kind, Via};
use crate::profile::{Field, Profile, squeeze};
use crate::url::CanonicalUrl;

/// Looks at a URL that should be an article's before it is believed to be none.
const POST_LOOKS: u32 = 10;

impl Exam<'_> {
    pub(super) fn read_page(&mut self, capture: &Capture) -> Read {
        let page = Page::parse_keeping(&self.rules.attributes, capture)
            .knowing(self.claimed.entry.as_deref())
            .known_as(self.claimed.known.as_deref());
        if page.is_garbage() {
            return ("not_html", PageResult::Nothing, self.refused());
        }
        let profile = self.profile_for(&page);
        let territory = Territory { profile: profile.clone(), ..self.rules.territory.clone() };
        let reading = OnceCell::new();
        let kind = self.kind_of(&page, &territory, &reading);
        self.candidates.extend(discover::from_page(
            &page,
            &territory,
            kind,
            self.claimed.depth,
            &self.rules.seen,
        ));
        if self.is_first(&capture.url) {
            let links = capture.headers.iter().filter(|(name, _)| name == "link");
            let links: Vec<&str> = links.map(|(_, value)| value.as_str()).collect();
            self.candidates.extend(discover::from_head(&page, &territory, &links));
        }
        self.find_feeds(&territory, capture, kind);
        let is_list = kind == Kind::List;
        if is_list && !self.may_be_article(&capture.url, &territory) {
            return (self.list(&capture.url), PageResult::Nothing, Disposition::Done);
        }
        let is_known_post = kind == Kind::Post || !territory.knows_articles();
        let (shown, article) = reading.into_inner().unwrap_or_else(|| page.read(profile.as_deref()));
        // A seed may be an article: what has become of it is said below.
        if is_list && shown != PageKind::Article && !self.claimed.has_article() {
            return (self.list(&capture.url), PageResult::Nothing, Disposition::Done);
        }
        if self.says_missing(&article) {
            self.candidates.clear();
            return self.missing("soft_404");
        }
        // A list's later page leads to its first one in the same words, but shows no text.
        let may_be_part = kind != Kind::List && !self.claimed.has_article();
        if may_be_part
            && (shown == PageKind::Article || kind == Kind::Post)
            && let Some(first) = page.first_part()
        {
            return self.part_of(first, kind);
        }
        if shown == PageKind::List && kind == Kind::Other && !self.claimed.has_article() {
            return self.found_list(&page, &territory);
        }
        if shown != PageKind::Article || !(is_known_post || self.claimed.has_article()) {
            return self.no_article(&page, shown);
        }
        if self.claimed.is_counted() && !self.claimed.has_article() && self.is_nothing(&capture.url, &article)
        {
            return ("id_missing", PageResult::Nothing, Disposition::GivenUp);
        }
        self.continuation = page.continuation(&capture.url, 1);
        if self.continuation.is_some() {
            // They are fetched with the first part, and are no articles of their own.
            self.candidates.retain(|candidate| !parts::is_part(&capture.url, &candidate.url));
        }
        self.missing = missing_fields(&article, profile.as_deref());
        let revision = Arc::new(Revision {
            profile: profile.as_ref().map(|p| p.key.clone()).unwrap_or_default(),
            toml: profile.as_ref().map(|p| p.toml.clone()).unwrap_or_default()
                + &self.rules.boilerplate.to_toml(),
        });
        let canonical = self.canonical(&page, &territory);
        let beforehand = Box::new(Beforehand {
            entry: self.claimed.entry.as_deref().cloned(),
            known: self.claimed.known.as_deref().map(|text| Digest::of(text.as_bytes())),
        });
        (
            "article",
            PageResult::Article { article: Box::new(article), revision, canonical, beforehand },
            Disposition::Done,
        )
    }

    /// A later part of an article: it is fetched with the first, and so are the other parts.
    fn part_of(&mut self, first: CanonicalUrl, kind: Kind) -> Read {
        self.candidates.retain(|candidate| !parts::is_part(&first, &candidate.url));
        self.candidates.push(Candidate::new(first, kind, Via::Related, self.claimed.depth));
        ("article_part", PageResult::Nothing, Disposition::Done)
    }

    /// Whether a crawl begins here: at the front page, or at a seed, by its path.
    pub(super) fn is_first(&self, url: &CanonicalUrl) -> bool {
        let path = |url: &CanonicalUrl| url.path_and_query().trim_end_matches('/').to_owned();
        url.is_front_page() || self.rules.territory.site.seeds.iter().any(|seed| path(seed) == path(url))
    }

    /// What a page is, as far as its URL and the way to it tell; where the URL may be that of an archive by
    /// dates and that of an article, the page itself does.
    fn kind_of(
        &self,
        page: &Page<'_>,
        territory: &Territory,
        reading: &OnceCell<(PageKind, Article)>,
    ) -> Kind {
        let claimed = self.claimed.kind;
        // What the front page or an unknown page is shows once the profile is known.
        let period = match territory.kind(page.url()) {
            Kind::Other => Period::of(page.url()),
            kind => return kind,
        };
        let is_known_post = self.claimed.has_article() || self.claimed.entry.is_some();
        let Some(period) = period.filter(|_| !is_known_post) else { return claimed };
        if territory.knows_articles() {
            return Kind::List;
        }
        match reading.get_or_init(|| page.read(territory.profile.as_deref())) {
            (PageKind::Article, article) if !is_archive_of(period, page, article) => match claimed {
                Kind::List => Kind::Other,
                _ => claimed,
            },
            (PageKind::Other, _) if claimed == Kind::Post && !period.is_sure() => claimed,
            (PageKind::Article | PageKind::List | PageKind::Home | PageKind::Other, _) => Kind::List,
            _ => claimed,
        }
    }

    /// A crawl may begin at an article: where no profile knows better, what is below the front page is read.
    fn may_be_article(&self, url: &CanonicalUrl, territory: &Territory) -> bool {
        let is_unknown = territory.kind(url) == Kind::Other && Period::of(url).is_none();
        self.is_first(url) && is_unknown && !territory.knows_articles()
    }

    /// Whether the site shows this page for any number.
    fn is_nothing(&self, url: &CanonicalUrl, article: &Article) -> bool {
        let mut counted = self.rules.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.is_nothing(url, article)
    }

    fn no_article(&mut self, page: &Page<'_>, kind: PageKind) -> Read {
        let nothing = |name, disposition| (name, PageResult::Nothing, disposition);
        if matches!(kind, PageKind::Challenge | PageKind::Login | PageKind::Missing) {
            // Such a page speaks of the visit, and its links are no part of the site's order.
            self.candidates.clear();
        }
        match kind {
            // Who is kept out today may be let in tomorrow.
            PageKind::Challenge | PageKind::Login => nothing(kind.as_str(), self.not_yet(PATIENCE)),
            PageKind::Missing => self.missing("soft_404"),
            _ if page.survey.is_noindex() && self.claimed.has_article() => self.missing("noindex"),
            PageKind::Shell | PageKind::Stub => nothing(kind.as_str(), self.seen()),
            _ if page.survey.title.is_none() && page.survey.anchors.is_empty() => {
                nothing("no_text", self.seen())
            }
            _ => nothing("no_article", self.seen()),
        }
    }

    /// Looked at and done with, unless an article stands or should stand there.
    fn seen(&self) -> Disposition {
        let is_post = self.claimed.kind == Kind::Post && self.claimed.failures < POST_LOOKS;
        if is_post || self.claimed.has_article() { self.later() } else { Disposition::Done }
    }

    fn profile_for(&mut self, page: &Page<'_>) -> Option<Arc<Profile>> {
        if let Some(profile) = &self.rules.territory.profile {
            return Some(Arc::clone(profile));
        }
        let found = self.rules.profiles.for_page(page.html(), self.at)?;
        self.profile = Some(Arc::clone(&found));
        Some(found)
    }

    /// Feeds that the profile knows and the site's first page leads to.
    fn find_feeds(&mut self, territory: &Territory, capture: &Capture, kind: Kind) {
        let newly_matched = self.profile.is_some();
        let Some(profile) = territory.profile.as_ref().filter(|_| newly_matched && kind == Kind::List) else {
            return;
        };
        self.candidates.extend(profile_sources(profile, territory, &capture.url));
    }

    /// What `rel=canonical` names, when it may be another address of this article. It leads on as a redirect does,
    /// and no farther: some pages name the next one, without end.
    fn canonical(&self, page: &Page<'_>, territory: &Territory) -> Option<Candidate> {
        let named = page.canonical().filter(|url| url.key() != page.url().key() && !url.is_front_page())?;
        let is_article = !territory.knows_articles() || territory.kind(&named) == Kind::Post;
        let hops = self.claimed.hops + 1;
        let is_near = hops <= self.rules.redirects;
        (is_near && is_article && territory.contains(&named))
            .then(|| Candidate { hops, ..Candidate::new(named, Kind::Post, Via::Canonical, 0) })
    }
}

/// Whether a page with one post's text is an archive by dates all the same: its title names the period, or the
/// headline leads to the post.
fn is_archive_of(period: Period, page: &Page<'_>, article: &Article) -> bool {
    let titles = [Some(article.title.as_str()), page.survey.title.as_deref()];
    let leads_to_post = || {
        let same = |url: &CanonicalUrl, other: &CanonicalUrl| {
            url.as_str().trim_end_matches('/') == other.as_str().trim_end_matches('/')
        };
        let is_here = |url: &CanonicalUrl| {
            same(url, page.url()) || page.canonical().is_some_and(|named| same(url, &named))
        };
        let anchors = page.survey.anchors.iter().filter_map(|id| element(page.html(), *id));
        let headlines = anchors.filter(|anchor| squeeze(anchor.text()) == article.title);
        let targets = headlines.filter_map(|anchor| attribute(anchor, "href"));
        targets.filter_map(|href| CanonicalUrl::parse(href, Some(page.base())).ok()).any(|url| !is_here(&url))
    };
    titles.into_iter().flatten().any(|title| period.is_named_by(title)) || leads_to_post()
}

/// Fields that the profile has a rule for, or requires, and that the article lacks.
fn missing_fields(article: &Article, profile: Option<&Profile>) -> Vec<&'static str> {
    let lacks = |field: &Field| match field {
        Field::Title => article.title.is_empty(),
        Field::Body => article.text.is_empty(),
        Field::Author => article.author.is_none(),
        Field::Source => article.source.is_none(),
        Field::Category => article.category.is_none(),
        Field::Views => article.views.is_none(),
        Field::Published => article.published.is_none(),
        Field::Tags => article.tags.is_empty(),
    };
    let mut wanted = vec![Field::Title, Field::Body, Field::Published];
    if let Some(profile) = profile {
        wanted.extend(&profile.required);
        wanted.extend(profile.article.author.is_some().then_some(Field::Author));
        wanted.extend(profile.article.category.is_some().then_some(Field::Category));
        wanted.extend(profile.article.views.is_some().then_some(Field::Views));
    }
    let mut missing: Vec<&'static str> =
        wanted.iter().filter(|field| lacks(field)).map(|field| field.as_str()).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Whether an answer is a page: by its label, and by its first bytes where the label is missing or
/// vague.
pub(super) fn is_html(capture: &Capture) -> bool {
    let kind = capture
        .content_type()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let labelled = kind.is_empty() || kind.contains("html") || kind.contains("xml") || kind == "text/plain";
    let head = &capture.body[..capture.body.len().min(1024)];
    let is_binary = other_format(head).is_some();
    // Every other byte of UTF-16 is zero; a text in another encoding has none.
    let has_zeros = |most: usize| head.iter().filter(|byte| **byte == 0).nth(most).is_some();
    let is_utf16 =
        head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) || has_zeros(head.len() / 3);
    let has_markup = capture.body.contains(&b'<');
    labelled && !is_binary && has_markup && (is_utf16 || !has_zeros(16))
}
