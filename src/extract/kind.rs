//! What a page is: an article, or something that must never be archived as one.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Page;
use super::body::Reading;
use super::line::table;
use super::structured::Structured;
use crate::article::Article;

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PageKind {
    /// One text under one headline.
    Article,
    /// Links to articles, with or without teasers.
    List,
    /// The front page of a site.
    Home,
    /// It asks for a proof of being human, or says that access is blocked.
    Challenge,
    /// It asks for a name and a password.
    Login,
    /// It says that there is nothing, with status 200.
    Missing,
    /// It is empty until scripts have run.
    Shell,
    /// It does nothing but send on to another address.
    Stub,
    /// None of these: a form, a gallery, a few words.
    Other,
}

impl PageKind {
    /// The name in outcomes and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Article => "article",
            Self::List => "list",
            Self::Home => "home",
            Self::Challenge => "challenge",
            Self::Login => "login",
            Self::Missing => "soft_404",
            Self::Shell => "shell",
            Self::Stub => "redirect_stub",
            Self::Other => "other",
        }
    }
}

/// Half characters of text from which on a page is no mere notice,
const NOTICE: u32 = 700;
/// of a page that shows nothing,
const NOTHING: u32 = 120;
/// and of a body that is one even without a date or a word of the page itself.
const ENOUGH: u32 = 360;

/// What the page is, by what is on it. `article` is what was found on it.
pub(super) fn kind(
    page: &Page<'_>,
    structured: &Structured,
    reading: &Reading,
    article: &Article,
) -> PageKind {
    if page.is_garbage() {
        return PageKind::Other;
    }
    let shape = reading.shape();
    if let Some(kind) = notice(page, reading, article) {
        return kind;
    }
    if page.url().is_front_page() {
        return PageKind::Home;
    }
    let has_date = article.published.as_ref().is_some_and(|date| !date.approximate);
    let outside = shape.kept - shape.in_cards;
    let teasers = shape.cards >= 3 && shape.in_cards * 2 > shape.kept && outside < ENOUGH * 2;
    let mostly_links = shape.linked * 2 > shape.all && shape.kept < ENOUGH * 2;
    if structured.is_list && (teasers || mostly_links) {
        return PageKind::List;
    }
    if structured.is_article && shape.kept >= NOTHING {
        return PageKind::Article;
    }
    if teasers {
        return PageKind::List;
    }
    if mostly_links && !has_date && shape.links >= 15 {
        return PageKind::List;
    }
    let has_titles = shape.dated_links >= 3 || shape.long_links >= 5;
    let lists_titles = has_titles && shape.in_titles > shape.kept;
    let is_text = shape.kept >= ENOUGH || shape.kept > 0 && has_date || structured.is_article;
    let has_pictures = !article.images.is_empty() && has_date && !article.title.is_empty();
    if is_text || has_pictures {
        PageKind::Article
    } else if shape.links >= 15 || shape.cards >= 3 || lists_titles {
        PageKind::List
    } else {
        PageKind::Other
    }
}

/// Pages of few words that tell the visitor something about the visit.
fn notice(page: &Page<'_>, reading: &Reading, article: &Article) -> Option<PageKind> {
    let shape = reading.shape();
    let title = page.survey.title.as_deref().unwrap_or_default().to_lowercase();
    if shape.kept < NOTICE * 2 && is_all_missing(&title) {
        return Some(PageKind::Missing);
    }
    if shape.all > NOTICE && shape.kept > NOTHING * 2 {
        return None;
    }
    if page.survey.refreshes && shape.all < NOTICE || shape.all < NOTHING && page.survey.relocates(&page.html)
    {
        return Some(PageKind::Stub);
    }
    let text = reading.text_of(NOTICE as usize * 2).to_lowercase();
    if says("challenge", &title) || says("challenge", &text) && shape.all < NOTICE {
        return Some(PageKind::Challenge);
    }
    if page.survey.asks_password && (says("login", &title) || says("login", &text) || shape.all < NOTICE) {
        return Some(PageKind::Login);
    }
    let is_short = shape.kept < NOTHING * 4 && title.chars().count() < 60;
    let is_title = is_short && says("missing", &title) && (shape.kept == 0 || says("missing", &text));
    let is_all =
        shape.kept == 0 && shape.all < NOTHING && article.images.is_empty() && says("missing", &text);
    if is_error(article) || is_title || is_all {
        return Some(PageKind::Missing);
    }
    if shape.all < NOTHING && (page.survey.scripts.len() > 1 || says("shell", &text)) {
        return Some(PageKind::Shell);
    }
    None
}

/// Whether a page's title, in lower case, says that nothing is here, and nothing else but the site's name.
fn is_all_missing(title: &str) -> bool {
    let phrases = WORDS.get("missing_title").map_or(&[][..], Vec::as_slice);
    title.split(['-', '–', '—', '|', '_', '·', '»']).any(|piece| phrases.contains(&piece.trim()))
}

/// A short text under a title of an error page.
pub(super) fn is_error(article: &Article) -> bool {
    let title = article.title.to_lowercase();
    let text = article.text.to_lowercase();
    let is_shorter = |text: &str, than: usize| text.chars().nth(than).is_none();
    is_shorter(&title, 40)
        && is_shorter(&text, 200)
        && says("missing", &title)
        && (text.is_empty() || title.trim().starts_with("404") || says("missing", &text))
}

fn says(kind: &str, text: &str) -> bool {
    WORDS.get(kind).is_some_and(|words| words.iter().any(|word| text.contains(word)))
}

static WORDS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    table(include_str!("../../data/page_words.txt"))
        .map(|(kind, words)| (kind, words.split('|').collect()))
        .collect()
});
