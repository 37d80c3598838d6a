//! What a page says of itself in JSON-LD, `<meta>` and `<time>`.

use serde_json::Value;

use super::Page;
use super::date::{self, Context};
use super::survey::{element, script_text};
use crate::article::{Found, Origin, Published};
use crate::profile::squeeze;

/// Values found, each with its origin.
#[derive(Debug, Default)]
pub(super) struct Structured {
    pub(super) title: Option<Found<String>>,
    pub(super) author: Option<Found<String>>,
    pub(super) category: Option<Found<String>>,
    pub(super) published: Option<Found<Published>>,
    pub(super) modified: Option<Found<Published>>,
    pub(super) tags: Option<Found<Vec<String>>>,
    pub(super) site_name: Option<Found<String>>,
    /// The page calls itself an article.
    pub(super) is_article: bool,
}

const ARTICLE_TYPES: [&str; 8] = [
    "NewsArticle",
    "Article",
    "BlogPosting",
    "ReportageNewsArticle",
    "AnalysisNewsArticle",
    "OpinionNewsArticle",
    "TechArticle",
    "LiveBlogPosting",
];

pub(super) fn read(page: &Page<'_>, context: &Context) -> Structured {
    let mut found = Structured::default();
    read_json_ld(page, context, &mut found);
    read_metas(page, context, &mut found);
    read_times(page, context, &mut found);
    found
}

fn read_date(text: &str, context: &Context) -> Option<Published> {
    date::read(text, context).ok().and_then(|dates| dates.published)
}

fn read_json_ld(page: &Page<'_>, context: &Context, found: &mut Structured) {
    for id in &page.survey.json_ld {
        let text = script_text(&page.html, *id);
        let Ok(value) = serde_json::from_str::<Value>(text.trim().trim_end_matches(';')) else { continue };
        if let Some(article) = find_article(&value, 0) {
            found.is_article = true;
            note_json_ld(article, context, found);
            return;
        }
    }
}

/// The first node of an article type, in lists, `@graph` and nested objects.
fn find_article(value: &Value, depth: usize) -> Option<&Value> {
    if depth > 8 {
        return None;
    }
    match value {
        Value::Array(items) => items.iter().find_map(|item| find_article(item, depth + 1)),
        Value::Object(map) => {
            let is_type = |t: &Value| t.as_str().is_some_and(|t| ARTICLE_TYPES.contains(&t));
            let types = map.get("@type");
            let is_article =
                types.is_some_and(|t| is_type(t) || t.as_array().is_some_and(|t| t.iter().any(is_type)));
            if is_article {
                return Some(value);
            }
            ["@graph", "mainEntity", "mainEntityOfPage"]
                .iter()
                .find_map(|key| find_article(map.get(*key)?, depth + 1))
        }
        _ => None,
    }
}

fn note_json_ld(article: &Value, context: &Context, found: &mut Structured) {
    let text = |key: &str| article.get(key).and_then(Value::as_str).map(clean).filter(|t| !t.is_empty());
    let origin = || Origin::JsonLd;
    found.title = text("headline").map(|t| Found::new(t, origin()));
    found.category = text("articleSection").map(|t| Found::new(t, origin()));
    found.published =
        text("datePublished").and_then(|t| read_date(&t, context)).map(|d| Found::new(d, origin()));
    found.modified =
        text("dateModified").and_then(|t| read_date(&t, context)).map(|d| Found::new(d, origin()));
    found.author = article.get("author").and_then(names).map(|t| Found::new(t, origin()));
    found.site_name = article.get("publisher").and_then(names).map(|t| Found::new(t, origin()));
    found.tags =
        article.get("keywords").map(keywords).filter(|t| !t.is_empty()).map(|t| Found::new(t, origin()));
}

/// `"A"`, `{"name": "A"}` or a list of either.
fn names(value: &Value) -> Option<String> {
    let name = match value {
        Value::String(name) => clean(name),
        Value::Object(map) => clean(map.get("name")?.as_str()?),
        Value::Array(items) => items.iter().filter_map(names).collect::<Vec<_>>().join(", "),
        _ => return None,
    };
    (!name.is_empty() && !name.starts_with("http")).then_some(name)
}

fn keywords(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => split_keywords(text),
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).map(clean).filter(|t| !t.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

fn split_keywords(text: &str) -> Vec<String> {
    text.split([',', '，', ';', '；', '、']).map(clean).filter(|t| !t.is_empty()).collect()
}

fn clean(text: &str) -> String {
    squeeze(std::iter::once(text))
}

fn read_metas(page: &Page<'_>, context: &Context, found: &mut Structured) {
    let meta = |names: &[&str]| page.survey.meta(names).map(clean);
    let value = |text: Option<String>| text.map(|text| Found::new(text, Origin::Meta));
    let date = |text: Option<String>| {
        text.and_then(|text| read_date(&text, context)).map(|date| Found::new(date, Origin::Meta))
    };
    found.is_article |= meta(&["og:type"]).is_some_and(|t| t == "article");
    let or = |found: &mut Option<Found<String>>, names: &[&str]| {
        if found.is_none() {
            *found = value(meta(names));
        }
    };
    or(
        &mut found.title,
        &["og:title", "dc.title", "dcterms.title", "twitter:title", "headline", "articletitle"],
    );
    or(&mut found.category, &["article:section", "og:article:section", "columnname"]);
    or(&mut found.site_name, &["og:site_name", "application-name"]);
    if found.author.is_none() {
        let names = [
            "article:author",
            "og:article:author",
            "dc.creator",
            "dcterms.creator",
            "author",
            "parsely-author",
        ];
        found.author = value(meta(&names).filter(|name| !name.starts_with("http")));
    }
    if found.published.is_none() {
        found.published = date(meta(&[
            "article:published_time",
            "og:article:published_time",
            "datepublished",
            "pubdate",
            "publishdate",
            "publish_date",
            "og:release_date",
            "dc.date.issued",
            "dcterms.created",
            "dc.date",
            "date",
            "apub:time",
        ]));
    }
    if found.modified.is_none() {
        found.modified = date(meta(&["article:modified_time", "og:updated_time", "datemodified", "lastmod"]));
    }
    if found.tags.is_none() {
        let tags: Vec<String> = page
            .survey
            .metas
            .iter()
            .filter(|(name, _)| name == "article:tag")
            .map(|(_, tag)| clean(tag))
            .collect();
        found.tags = (!tags.is_empty()).then(|| Found::new(tags, Origin::Meta));
    }
}

fn read_times(page: &Page<'_>, context: &Context, found: &mut Structured) {
    if found.published.is_some() {
        return;
    }
    // The first <time> behind the headline; an article's teasers carry theirs further down.
    let time = page.survey.times.iter().find_map(|id| {
        let time = element(&page.html, *id)?;
        let stated = read_date(time.attr("datetime")?, context)?;
        let shown = read_date(&clean(&time.text().collect::<String>()), context);
        // An offset that contradicts the visible day is wrong (Typecho prints local time as +00:00).
        let contradicts = shown
            .as_ref()
            .is_some_and(|s| !s.approximate && !s.value.starts_with(stated.value.get(..10).unwrap_or("-")));
        Some(if contradicts { shown.unwrap_or(stated) } else { stated })
    });
    found.published = time.map(|date| Found::new(date, Origin::Microdata));
}
