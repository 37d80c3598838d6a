//! JSON-LD (<https://www.w3.org/TR/json-ld11/>) with the vocabulary of <https://schema.org>.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Context, DateKind, Structured, clean, split_keywords};
use crate::article::{Found, Origin};
use crate::extract::Page;
use crate::extract::survey::script_text;

/// Objects of one page that are looked at, at most.
const MAX_NODES: usize = 2000;
const MAX_DEPTH: usize = 12;

/// Types that are no article and may still carry the page's dates.
const DATED_PAGES: [&str; 9] = [
    "WebPage",
    "ItemPage",
    "MedicalWebPage",
    "WebSite",
    "NewsMediaOrganization",
    "CreativeWork",
    "DiscussionForumPosting",
    "HowTo",
    "Recipe",
];

/// Types that are no articles and yet have authors.
const SIGNED_PAGES: [&str; 4] = ["WebPage", "ItemPage", "DiscussionForumPosting", "SocialMediaPosting"];

type Node = Map<String, Value>;

/// Every object of the page's scripts, however nested.
#[derive(Default)]
struct Graph<'a> {
    nodes: Vec<&'a Node>,
    by_id: HashMap<&'a str, &'a Node>,
}

impl<'a> Graph<'a> {
    fn add(&mut self, value: &'a Value, depth: usize) {
        if depth > MAX_DEPTH || self.nodes.len() >= MAX_NODES {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.add(item, depth + 1)),
            Value::Object(node) => {
                if node.contains_key("@type") || node.contains_key("pubDate") {
                    self.nodes.push(node);
                    if let Some(id) = node.get("@id").and_then(Value::as_str) {
                        self.by_id.entry(id).or_insert(node);
                    }
                }
                let others = ["review", "reviews", "comment", "comments"];
                let own = node.iter().filter(|(key, _)| !others.contains(&key.as_str()));
                own.for_each(|(_, value)| self.add(value, depth + 1));
            }
            _ => {}
        }
    }

    /// The object itself, or the one it refers to by `@id`.
    fn resolve(&self, node: &'a Node) -> &'a Node {
        let id = node.get("@id").and_then(Value::as_str).filter(|_| !node.contains_key("name"));
        id.and_then(|id| self.by_id.get(id).copied()).unwrap_or(node)
    }
}

fn types(node: &Node) -> impl Iterator<Item = &str> {
    let types = node.get("@type");
    let one = types.and_then(Value::as_str);
    let many = types.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many)
}

fn is_article(node: &Node) -> bool {
    types(node).any(|name| {
        name.ends_with("Article") || matches!(name, "BlogPosting" | "LiveBlogPosting" | "Report" | "Review")
    })
}

fn is_list(node: &Node) -> bool {
    types(node).any(|name| matches!(name, "CollectionPage" | "SearchResultsPage" | "ItemList" | "Blog"))
}

pub(super) fn read(page: &Page<'_>, context: &Context, found: &mut Structured) {
    let scripts = page.survey.json_ld.iter().filter_map(|id| parse(&script_text(&page.html, *id)));
    // What Remix makes of a script that a site declares as it declares its other metadata.
    let metas = page.survey.metas.iter().filter(|(name, _)| name == "script:ld+json");
    let scripts: Vec<Value> = scripts.chain(metas.filter_map(|(_, content)| parse(content))).collect();
    let mut graph = Graph::default();
    for script in &scripts {
        graph.add(script, 0);
    }
    found.is_list = graph.nodes.iter().any(|node| is_list(node));
    let articles: Vec<&Node> = graph.nodes.iter().copied().filter(|node| is_article(node)).collect();
    // Of several, the one that is about this page; teasers of others stand in the graph too.
    let about_page = articles.iter().copied().find(|node| is_about(node, page));
    let article = about_page.or_else(|| articles.first().copied());
    if let Some(article) = article {
        found.is_article = true;
        note(&graph, article, context, found);
    } else {
        // Systems that state no article name who wrote the page.
        let pages = graph.nodes.iter().filter(|n| types(n).any(|t| SIGNED_PAGES.contains(&t)));
        pages.take(1).for_each(|page| note_authors(&graph, page, found));
    }
    for node in &graph.nodes {
        // Baidu's own vocabulary has no types.
        if node.contains_key("pubDate") {
            note_dates(node, context, found);
        }
        if types(node).any(|name| DATED_PAGES.contains(&name)) {
            note_dates(node, context, found);
        }
        if types(node).any(|name| name == "BreadcrumbList") && found.breadcrumbs.is_none() {
            found.breadcrumbs = breadcrumbs(node);
        }
        if types(node).any(|name| name == "WebSite") && found.site_name.is_none() {
            found.site_name = text(node, "name").map(|name| Found::new(name, Origin::JsonLd));
        }
    }
}

/// Parses what pages write: control characters within strings, comments around, a semicolon behind.
fn parse(script: &str) -> Option<Value> {
    let script = script.trim();
    let start = script.find(['{', '['])?;
    let end = script.rfind(['}', ']'])? + 1;
    let json = script.get(start..end)?;
    serde_json::from_str(json).ok().or_else(|| {
        let mended: String = json.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&mended).ok()
    })
}

fn is_about(node: &Node, page: &Page<'_>) -> bool {
    let own = page.url().as_str().trim_end_matches('/');
    let names_page = |value: &Value| {
        let id = value.as_str().or_else(|| value.get("@id").and_then(Value::as_str)).unwrap_or_default();
        let id = id.split('#').next().unwrap_or_default().trim_end_matches('/');
        !id.is_empty()
            && (id == own || page.survey.canonical.as_deref().is_some_and(|c| c.trim_end_matches('/') == id))
    };
    ["url", "mainEntityOfPage", "@id"].iter().any(|key| node.get(*key).is_some_and(names_page))
}

fn text(node: &Node, key: &str) -> Option<String> {
    let value = node.get(key)?;
    let value = value.as_str().or_else(|| value.as_array()?.first()?.as_str())?;
    Some(clean(value)).filter(|text| !text.is_empty())
}

fn note(graph: &Graph<'_>, article: &Node, context: &Context, found: &mut Structured) {
    let value = |key: &str| text(article, key).map(|text| Found::new(text, Origin::JsonLd));
    found.headlines.extend(value("headline"));
    if article.get("headline").is_none() {
        found.headlines.extend(value("name"));
    }
    found.body = text(article, "articleBody");
    found.category = value("articleSection");
    note_dates(article, context, found);
    note_authors(graph, article, found);
    let mut publisher = Vec::new();
    if let Some(value) = article.get("publisher") {
        people(graph, value, &mut publisher);
    }
    found.site_name = publisher.into_iter().next().map(|name| Found::new(name, Origin::JsonLd));
    found.tags = article
        .get("keywords")
        .map(keywords)
        .filter(|t| !t.is_empty())
        .map(|t| Found::new(t, Origin::JsonLd));
    found.image = article
        .get("image")
        .and_then(|image| image_url(graph, image))
        .map(|url| Found::new(url, Origin::JsonLd));
}

fn note_authors(graph: &Graph<'_>, node: &Node, found: &mut Structured) {
    let Some(value) = ["author", "creator"].iter().find_map(|key| node.get(*key)) else { return };
    let mut names = Vec::new();
    people(graph, value, &mut names);
    if is_organisation(graph, value) {
        found.organisations.extend(names.iter().cloned());
    }
    found.authors.extend(names.into_iter().map(|name| Found::new(name, Origin::JsonLd)));
}

/// Whether all that a value names are organisations.
fn is_organisation(graph: &Graph<'_>, value: &Value) -> bool {
    match value {
        Value::Object(node) => types(graph.resolve(node)).any(|name| name.ends_with("Organization")),
        Value::Array(items) => items.iter().all(|item| is_organisation(graph, item)),
        _ => false,
    }
}

fn note_dates(node: &Node, context: &Context, found: &mut Structured) {
    for (key, kind) in [
        ("datePublished", DateKind::Published),
        ("dateCreated", DateKind::Published),
        ("pubDate", DateKind::Published),
        ("dateModified", DateKind::Modified),
        ("upDate", DateKind::Modified),
    ] {
        if let Some(date) = text(node, key) {
            found.note_date(kind, &date, Origin::JsonLd, context);
        }
    }
}

/// `"A"`, `{"name": "A"}`, `{"@id": …}` or a list of them.
fn people(graph: &Graph<'_>, value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(name) => names.push(clean(name)),
        Value::Object(node) => {
            let node = graph.resolve(node);
            match node.get("name") {
                Some(Value::String(name)) => names.push(clean(name)),
                Some(Value::Array(parts)) => names.extend(parts.iter().filter_map(Value::as_str).map(clean)),
                _ => {
                    let parts = [text(node, "givenName"), text(node, "familyName")];
                    names.push(parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
                }
            }
        }
        Value::Array(items) => items.iter().take(20).for_each(|item| people(graph, item, names)),
        _ => {}
    }
    names.retain(|name| !name.is_empty() && !name.starts_with("http"));
}

fn image_url(graph: &Graph<'_>, value: &Value) -> Option<String> {
    match value {
        Value::String(url) => Some(url.clone()),
        Value::Object(node) => {
            text(graph.resolve(node), "url").or_else(|| text(graph.resolve(node), "contentUrl"))
        }
        Value::Array(items) => items.iter().find_map(|item| image_url(graph, item)),
        _ => None,
    }
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

fn breadcrumbs(node: &Node) -> Option<Found<Vec<String>>> {
    let items = node.get("itemListElement")?.as_array()?;
    let name = |item: &Value| {
        let item = item.as_object()?;
        text(item, "name").or_else(|| text(item.get("item")?.as_object()?, "name"))
    };
    let names: Vec<String> = items.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| Found::new(names, Origin::JsonLd))
}
