//! Microdata (<https://html.spec.whatwg.org/multipage/microdata.html>) and `<time>`.

use scraper::ElementRef;

use super::{Context, DateKind, Structured, clean, read_date};
use crate::article::{Found, Origin};
use crate::extract::Page;
use crate::extract::heading::headline_of;
use crate::extract::published::contradiction;
use crate::extract::survey::{attribute, element, opening};

/// Elements with `itemprop` that are looked at, at most.
const MAX_PROPERTIES: usize = 300;

pub(super) fn read(page: &Page<'_>, context: &Context, found: &mut Structured) {
    let elements = page.survey.properties.iter().take(MAX_PROPERTIES);
    for element in elements.filter_map(|id| element(&page.html, *id)) {
        let names = attribute(element, "itemprop").unwrap_or_default();
        if is_of_another(element) {
            continue;
        }
        for name in names.split_ascii_whitespace() {
            note(element, name, context, found);
        }
    }
}

/// Comments and related articles carry properties too.
fn is_of_another(element: ElementRef<'_>) -> bool {
    let scope =
        element.ancestors().filter_map(ElementRef::wrap).find(|e| attribute(*e, "itemscope").is_some());
    let kind = scope.and_then(|scope| attribute(scope, "itemtype")).unwrap_or_default();
    kind.ends_with("/Comment") || kind.ends_with("/UserComments") || kind.ends_with("/ItemList")
}

fn note(element: ElementRef<'_>, name: &str, context: &Context, found: &mut Structured) {
    let value = || {
        let stated = ["content", "datetime"].iter().find_map(|name| attribute(element, name));
        clean(&stated.map_or_else(|| opening(element, 50), str::to_owned))
    };
    match name {
        "headline" | "name"
            if found.headlines.is_empty() && (name == "headline" || names_article(element)) =>
        {
            let shown = || clean(&headline_of(element));
            let headline = attribute(element, "content").map_or_else(shown, clean);
            found.headlines.push(Found::new(headline, Origin::Microdata));
        }
        "datePublished" | "dateCreated" => date(element, &value(), DateKind::Published, context, found),
        "dateModified" | "dateUpdate" => date(element, &value(), DateKind::Modified, context, found),
        "author" | "creator" => {
            found.authors.extend(author(element).map(|name| Found::new(name, Origin::Microdata)));
        }
        _ => {}
    }
}

/// Whether what carries a property is an article: its name is its headline.
fn names_article(element: ElementRef<'_>) -> bool {
    let scope =
        element.ancestors().filter_map(ElementRef::wrap).find(|e| attribute(*e, "itemscope").is_some());
    let kind = scope.and_then(|scope| attribute(scope, "itemtype")).unwrap_or_default();
    kind.ends_with("Article") || kind.ends_with("/BlogPosting")
}

/// What is shown is right where it contradicts what is stated: Typecho states local time as UTC.
fn date(element: ElementRef<'_>, stated: &str, kind: DateKind, context: &Context, found: &mut Structured) {
    let shown = read_date(&clean(&opening(element, 8)), context);
    let stated_date = read_date(stated, context);
    let contradicts = shown.as_ref().zip(stated_date.as_ref()).is_some_and(|(shown, stated)| {
        !shown.approximate && shown.value.len() >= 10 && shown.value.get(..10) != stated.value.get(..10)
    });
    match shown.filter(|_| contradicts) {
        Some(shown) => {
            found.notes.extend(stated_date.as_ref().and_then(|stated| contradiction(stated, &shown)));
            found.dates(kind).push(Found::new(shown, Origin::Microdata));
        }
        None => found.note_date(kind, stated, Origin::Microdata, context),
    }
}

fn author(element: ElementRef<'_>) -> Option<String> {
    let name = element.descendent_elements().skip(1).find(|e| attribute(*e, "itemprop") == Some("name"));
    let name = name.unwrap_or(element);
    let text = attribute(name, "content").map_or_else(|| opening(name, 20), str::to_owned);
    Some(clean(&text)).filter(|text| !text.is_empty() && !text.starts_with("http"))
}
