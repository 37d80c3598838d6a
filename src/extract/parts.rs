//! Articles on several pages: which link of a page leads to the next part, and how parts are joined.
//!
//! A link is believed only when its URL differs from the first page's by a page number, as in the
//! forms of `DedeCMS` (`12_2.html`), phpcms (`show-1-12-2.html`), `WordPress` (`12/2/`) and `?page=2`;
//! "next" alone may be the next article.

use super::survey::{attribute, element};
use super::{Attributes, Page};
use crate::article::Article;
use crate::capture::Capture;
use crate::profile::{Profile, squeeze};
use crate::url::CanonicalUrl;

/// Parts that are followed, at most.
pub const MAX_PARTS: usize = 50;

/// Where an article goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Continuation {
    /// The next part.
    Next(CanonicalUrl),
    /// All parts on one page.
    Whole(CanonicalUrl),
}

/// Links to the next page.
const NEXT: [&str; 16] = [
    "下一页",
    "下一頁",
    "下页",
    "下頁",
    "后一页",
    "余下全文",
    "剩余全文",
    "阅读余下全文",
    "next",
    "next page",
    "continue reading",
    "›",
    "»",
    ">",
    "weiter",
    "suivant",
];
/// Links to all pages in one.
const WHOLE: [&str; 14] = [
    "全文",
    "阅读全文",
    "显示全文",
    "查看全文",
    "单页阅读",
    "单页显示",
    "在本页阅读全文",
    "本页阅读全文",
    "余下全文",
    "view all",
    "single page",
    "view as single page",
    "all pages",
    "auf einer seite",
];

impl Page<'_> {
    /// Where the article goes on, when this page is the `number`-th part of what begins at `first`.
    pub fn continuation(&self, first: &CanonicalUrl, number: usize) -> Option<Continuation> {
        let base: Vec<String> =
            forms(first).into_iter().filter(|(_, number)| *number <= 1).map(|(base, _)| base).collect();
        let next_number = number + 1;
        let mut next = None;
        for id in &self.survey.anchors {
            let Some(anchor) = element(&self.html, *id) else { continue };
            let label = squeeze(anchor.text()).to_lowercase();
            if label.chars().count() > 24 {
                continue;
            }
            let label = label.trim_matches(['[', ']', '(', ')', '（', '）', ' ', '.', '…']);
            let is_next = NEXT
                .iter()
                .any(|word| label.trim_end_matches(['>', '»', '›', '→', ' ']) == *word || label == *word)
                || label.parse() == Ok(next_number)
                || attribute(anchor, "rel")
                    .is_some_and(|rel| rel.split_ascii_whitespace().any(|word| word == "next"));
            let is_whole = number == 1 && WHOLE.contains(&label);
            if !is_next && !is_whole {
                continue;
            }
            let Some(url) =
                attribute(anchor, "href").and_then(|href| CanonicalUrl::parse(href, Some(self.base())).ok())
            else {
                continue;
            };
            if url.origin() != first.origin() {
                continue;
            }
            let is_part = forms(&url).iter().any(|(form, n)| *n == next_number && base.contains(form));
            if is_part {
                next.get_or_insert(Continuation::Next(url));
            } else if is_whole
                && url.key() != first.key()
                && stem(url.path_and_query()).starts_with(stem(first.path()))
            {
                return Some(Continuation::Whole(url));
            }
        }
        next.or_else(|| self.next_by_rel(&base, next_number))
    }

    fn next_by_rel(&self, base: &[String], number: usize) -> Option<Continuation> {
        let url = CanonicalUrl::parse(self.survey.next.as_deref()?, Some(self.base())).ok()?;
        let is_part = forms(&url).iter().any(|(form, n)| *n == number && base.contains(form));
        is_part.then_some(Continuation::Next(url))
    }

    /// The first part, when this page's URL is that of a later one and the page links to the first.
    pub fn first_part(&self) -> Option<CanonicalUrl> {
        let bases: Vec<String> = forms(self.url())
            .into_iter()
            .filter(|(_, number)| (2..=MAX_PARTS).contains(number))
            .map(|(base, _)| base)
            .collect();
        if bases.is_empty() {
            return None;
        }
        let anchors = self.survey.anchors.iter().filter_map(|id| element(&self.html, *id));
        let labelled = anchors.filter(|anchor| {
            let label = squeeze(anchor.text()).to_lowercase();
            let label = label.trim_matches(['[', ']', '<', '‹', '«', ' ']);
            matches!(
                label,
                "1" | "上一页" | "上一頁" | "首页" | "第一页" | "上页" | "previous" | "prev" | "first"
            )
        });
        let urls = labelled
            .filter_map(|anchor| CanonicalUrl::parse(attribute(anchor, "href")?, Some(self.base())).ok());
        urls.into_iter().find(|url| {
            url.key() != self.url().key()
                && forms(url).iter().any(|(form, number)| *number <= 1 && bases.contains(form))
        })
    }
}

/// Whether the URL is that of a later part of what begins at `first`.
pub fn is_part(first: &CanonicalUrl, url: &CanonicalUrl) -> bool {
    let bases = forms(first);
    let is_base = |form: &String| bases.iter().any(|(base, number)| *number <= 1 && base == form);
    forms(url).iter().any(|(form, number)| *number > 1 && is_base(form))
}

/// The readings of a URL as the page of a number: what is the same for all pages, and the number.
fn forms(url: &CanonicalUrl) -> Vec<(String, usize)> {
    let text = url.path_and_query();
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let whole = |path: &str, query: &str| {
        let path = path.strip_suffix('/').unwrap_or(path);
        let path =
            path.strip_suffix("/index.html").or_else(|| path.strip_suffix("/index.shtml")).unwrap_or(path);
        format!("{path}?{query}")
    };
    let mut forms = vec![(whole(path, query), 1)];
    let (stem, ending) = match path.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 5 && !ending.contains('/') => (stem, &path[stem.len()..]),
        _ => (path.strip_suffix('/').unwrap_or(path), ""),
    };
    let digits = stem.len() - stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (before, number) = stem.split_at(stem.len() - digits);
    if let (Ok(number), Some(separator)) = (number.parse::<usize>(), before.chars().next_back())
        && number <= MAX_PARTS
        && matches!(separator, '_' | '-' | '/')
    {
        forms.push((whole(&format!("{}{ending}", &before[..before.len() - 1]), query), number.max(1)));
    }
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    let number = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        ["page", "p", "pn", "pageno", "paged", "pg"]
            .contains(&name.to_ascii_lowercase().as_str())
            .then(|| value.parse().ok())?
    };
    if let Some(at) = pairs.iter().position(|pair| number(pair).is_some()) {
        let rest: Vec<&str> =
            pairs.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, pair)| *pair).collect();
        forms.push((whole(path, &rest.join("&")), number(pairs[at]).unwrap_or(1)));
    }
    forms
}

fn stem(path: &str) -> &str {
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// Adds the body of a later part, without the lines that both parts begin or end with; what they end
/// with goes behind the last part.
pub fn append(article: &mut Article, part: &Article) {
    let same = |(new, old): &(&str, &str)| new == old;
    let begin = part.text.lines().zip(article.text.lines()).take_while(same).count();
    let left = part.text.lines().count() - begin;
    let end = part.text.lines().rev().zip(article.text.lines().rev()).take(left).take_while(same).count();
    if left == end {
        return;
    }
    let markdown = insert(&article.to_markdown(), &part.to_markdown(), "\n\n", begin, end);
    article.text = insert(&article.text, &part.text, "\n", begin, end);
    article.markdown =
        (markdown != crate::article::paragraphs_as_markdown(&article.text)).then_some(markdown);
    for image in &part.images {
        if !article.images.contains(image) {
            article.images.push(image.clone());
        }
    }
}

/// Joins the bodies of an article's further parts, in order; a page with everything takes the place of the first.
pub fn join(
    article: &mut Article,
    parts: &[Capture],
    continuation: Option<&Continuation>,
    attributes: &Attributes,
    profile: Option<&Profile>,
) {
    let is_whole = parts.first().is_some_and(|part| is_whole(continuation, part));
    for part in parts {
        let (_, read) = Page::parse_keeping(attributes, part).read(profile);
        if !is_whole {
            append(article, &read);
        } else if read.text.len() > article.text.len() {
            article.text = read.text;
            article.markdown = read.markdown;
            article.images = read.images;
        }
    }
}

/// Whether a part is the page that shows all parts in one.
pub fn is_whole(continuation: Option<&Continuation>, part: &Capture) -> bool {
    matches!(continuation, Some(Continuation::Whole(url)) if url.key() == part.url.key())
}

/// What stands between the first `begin` and the last `end` pieces of `part`, put before the last `end`
/// pieces of `known`.
fn insert(known: &str, part: &str, separator: &str, begin: usize, end: usize) -> String {
    let (known, part): (Vec<&str>, Vec<&str>) =
        (known.split(separator).collect(), part.split(separator).collect());
    let (body, tail) = known.split_at(known.len().saturating_sub(end));
    let until = part.len().saturating_sub(end);
    let new = part.get(begin..until).unwrap_or_default();
    [body, new, tail].concat().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    fn continuation(url: &str, link: &str) -> Option<Continuation> {
        let url = CanonicalUrl::parse(url, None).unwrap();
        let at = "2025-03-10T00:00:00Z".parse().unwrap();
        let capture = Capture::of_page(url.clone(), at, None, format!("<h1>题</h1>{link}").into_bytes());
        Page::parse(&capture).continuation(&url, 1)
    }

    fn next(url: &str) -> Continuation {
        Continuation::Next(CanonicalUrl::parse(url, None).unwrap())
    }

    #[test]
    fn the_next_part_is_found_in_the_forms_of_known_systems() {
        for (first, link, want) in [
            ("http://e.com/a/12.html", "<a href=12_2.html>下一页</a>", "http://e.com/a/12_2.html"),
            (
                "http://e.com/show-1-12-1.html",
                "<a href=show-1-12-2.html>2</a>",
                "http://e.com/show-1-12-2.html",
            ),
            ("http://e.com/2024/05/walk/", "<a href=/2024/05/walk/2/>2</a>", "http://e.com/2024/05/walk/2/"),
            ("http://e.com/v?id=9", "<a href='?id=9&page=2'>Next Page »</a>", "http://e.com/v?id=9&page=2"),
            ("http://e.com/c/index.html", "<a href=index_2.html>[2]</a>", "http://e.com/c/index_2.html"),
            ("http://e.com/a/12.html", "<link rel=next href=12_2.html>", "http://e.com/a/12_2.html"),
        ] {
            assert_eq!(continuation(first, link), Some(next(want)), "{first}");
        }
    }

    #[test]
    fn the_next_article_is_no_part() {
        for link in [
            "<a href=13.html>下一页</a>",
            "<a href=/b/12_2.html>下一页</a>",
            "<a href=12_3.html>下一页</a>",
            "<a href=12_2.html>下一篇</a>",
        ] {
            assert_eq!(continuation("http://e.com/a/12.html", link), None, "{link}");
        }
    }

    #[test]
    fn one_page_with_everything_is_preferred() {
        let links = "<a href=12_2.html>2</a><a href=12_all.html>阅读全文</a>";
        let whole = CanonicalUrl::parse("http://e.com/a/12_all.html", None).unwrap();
        assert_eq!(continuation("http://e.com/a/12.html", links), Some(Continuation::Whole(whole)));
    }

    #[test]
    fn parts_are_joined_without_what_they_repeat() {
        let part = |text: &str| Article { text: text.to_owned(), ..Article::default() };
        let mut article = part("导语\n一\n二\n署名");
        append(&mut article, &part("导语\n三\n署名"));
        append(&mut article, &part("导语\n四\n署名"));
        assert_eq!(article.text, "导语\n一\n二\n三\n四\n署名");
        assert_eq!(article.markdown, None);
    }
}
