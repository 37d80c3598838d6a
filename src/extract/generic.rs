//! An article read by rules that know no site: the densest block of text is the body.

use std::collections::{HashMap, HashSet};

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Html, Node};

use super::date;
use super::fields::{fall_through, set_body};
use super::survey::element;
use super::text::{Body, render};
use super::{Page, structured};
use crate::article::{Article, Found, Origin, Published};
use crate::profile::squeeze;

/// A text of this many characters is an article even when no date stands on the page.
const ENOUGH_CHARS: usize = 200;

pub(super) fn article(page: &Page<'_>) -> Option<Article> {
    let context = page.date_context(None);
    let mut structured = structured::read(page, &context);
    let mut article = Article::default();
    set_body(&mut article, body(page)?, &Origin::Generic);
    if let Some(found) = title(page) {
        article.note_origin("title", &found.origin);
        article.title = found.value;
    }
    if structured.published.is_none() {
        structured.published = visible_date(page, &context).map(|date| Found::new(date, Origin::Generic));
    }
    fall_through(page, &structured, &mut article);
    let is_article =
        structured.is_article || article.published.is_some() || article.text.chars().count() >= ENOUGH_CHARS;
    (is_article && !page.url().is_front_page()).then_some(article)
}

/// The headline: an `<h1>` that the document's title begins with, else what the page calls itself.
pub(super) fn title(page: &Page<'_>) -> Option<Found<String>> {
    let headings: Vec<String> = page
        .survey
        .headings
        .iter()
        .filter_map(|id| element(&page.html, *id))
        .map(|heading| squeeze(heading.text()))
        .filter(|text| !text.is_empty())
        .collect();
    let document = page.survey.title.clone();
    let confirmed = headings
        .iter()
        .find(|heading| document.as_ref().is_some_and(|title| title.contains(heading.as_str())));
    if let Some(heading) = confirmed {
        return Some(Found::new(heading.clone(), Origin::Generic));
    }
    if let Some(title) = page.survey.meta(&["og:title"]) {
        return Some(Found::new(title.to_owned(), Origin::Meta));
    }
    if let [heading] = headings.as_slice() {
        return Some(Found::new(heading.clone(), Origin::Generic));
    }
    document.map(|title| Found::new(without_site_name(&title), Origin::Generic))
}

/// Cuts a last part that is shorter than what stands before it: `标题_新闻中心_某某网`.
fn without_site_name(title: &str) -> String {
    let mut title = title.trim();
    while let Some((start, length)) = ["_", "|", " - ", " – ", " — ", "--", "-"]
        .iter()
        .filter_map(|separator| title.rfind(separator).map(|start| (start, separator.len())))
        .max()
    {
        let (before, after) = (title[..start].trim(), title[start + length..].trim());
        if before.chars().count() <= after.chars().count() || after.chars().count() > 16 || before.is_empty()
        {
            break;
        }
        title = before;
    }
    title.to_owned()
}

/// Characters of an information line, at most.
const LINE: usize = 120;

/// The first date on the page behind the headline, in a text as short as an information line.
fn visible_date(page: &Page<'_>, context: &date::Context) -> Option<Published> {
    let heading = page.survey.headings.first().copied();
    let mut behind_heading = heading.is_none();
    let mut before: Option<Published> = None;
    for node in page.html.tree.root().descendants() {
        behind_heading |= Some(node.id()) == heading;
        let Some(text) = node.value().as_text() else { continue };
        let text = text.trim();
        if text.len() < 4 || text.chars().count() > LINE || !text.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        let in_script = node.parent().and_then(ElementRef::wrap).is_some_and(|parent| {
            matches!(parent.value().name(), "script" | "style" | "a" | "option" | "title")
        });
        if in_script {
            continue;
        }
        let Some(found) = date::read(text, context).ok().and_then(|dates| dates.published) else { continue };
        let found =
            if found.approximate { exact_beside(node.parent(), context).unwrap_or(found) } else { found };
        if behind_heading {
            return Some(found);
        }
        before.get_or_insert(found);
    }
    before
}

/// An exact date in the element that an age stands in: `2年前<span>(2023-02-27)</span>`.
fn exact_beside(parent: Option<NodeRef<'_, Node>>, context: &date::Context) -> Option<Published> {
    let text: String = parent.and_then(ElementRef::wrap)?.text().take(8).collect();
    let short = text.chars().count() <= LINE;
    let dates = short.then(|| date::read(&text, context).ok()).flatten()?;
    dates.published.filter(|published| !published.approximate)
}

/// Elements that are never part of a body.
const OUTSIDE: [&str; 6] = ["nav", "aside", "footer", "form", "header", "menu"];
/// Words in `class` and `id` of what stands around a body.
const AROUND: [&str; 22] = [
    "comment",
    "related",
    "relate",
    "share",
    "sidebar",
    "footer",
    "breadcrumb",
    "pager",
    "pagebar",
    "pagination",
    "nav",
    "copyright",
    "copynotice",
    "recommend",
    "promo",
    "advert",
    "banner",
    "toolbar",
    "hot",
    "crumb",
    "login",
    "widget",
];

/// The element whose paragraphs hold most of the text, without what surrounds it.
pub(super) fn body(page: &Page<'_>) -> Option<Body> {
    let scores = scores(&page.html);
    let best = scores
        .iter()
        .filter_map(|(id, score)| element(&page.html, *id).map(|e| (e, score * (1.0 - link_density(e)))))
        .max_by(|(a, x), (b, y)| x.total_cmp(y).then_with(|| b.id().cmp(&a.id())))
        .map(|(element, _)| element)?;
    let skip: HashSet<NodeId> =
        best.descendent_elements().skip(1).filter(|e| is_around(*e)).map(|e| e.id()).collect();
    let mut body = render(&[best], &skip, &page.base);
    let title = title(page).map(|found| found.value);
    body.blocks.retain(|block| Some(&block.text) != title.as_ref() && !is_date_line(&block.text));
    (!body.blocks.iter().all(|block| block.text.is_empty())).then_some(body)
}

fn is_date_line(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.chars().count() <= 20 && digits >= 6 && digits * 2 >= text.chars().count()
}

fn is_around(element: ElementRef<'_>) -> bool {
    let name = element.value().name();
    if OUTSIDE.contains(&name) {
        return true;
    }
    let named = |attribute: &str| {
        element.attr(attribute).is_some_and(|value| {
            value
                .to_ascii_lowercase()
                .split(|c: char| !c.is_ascii_alphanumeric())
                .any(|word| AROUND.contains(&word))
        })
    };
    (named("class") || named("id")) || (matches!(name, "ul" | "ol" | "div") && link_density(element) > 0.7)
}

/// Each paragraph's worth goes to its parent, and half of it to its grandparent.
fn scores(html: &Html) -> HashMap<NodeId, f64> {
    let mut scores: HashMap<NodeId, f64> = HashMap::new();
    for node in html.tree.root().descendants() {
        let Some(text) = node.value().as_text() else { continue };
        let Some(owner) = node.parent().and_then(ElementRef::wrap) else { continue };
        if matches!(
            owner.value().name(),
            "script" | "style" | "noscript" | "title" | "a" | "option" | "textarea"
        ) {
            continue;
        }
        let length = text.trim().chars().count();
        if length < 2 {
            continue;
        }
        let stops = text.chars().filter(|c| "，。；！？、,.;!?".contains(*c)).count();
        #[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52")]
        let worth = (length as f64).min(400.0) / 20.0 + stops as f64 * 2.0;
        let block = owner.ancestors().filter_map(ElementRef::wrap);
        let blocks = std::iter::once(owner).chain(block).filter(|e| !is_inline(e.value().name()));
        // The paragraph itself, what holds it, and what holds that.
        for (share, holder) in [0.25, 1.0, 0.5].iter().zip(blocks) {
            if OUTSIDE.contains(&holder.value().name()) {
                break;
            }
            *scores.entry(holder.id()).or_default() += worth * share;
        }
    }
    scores
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "span"
            | "b"
            | "strong"
            | "i"
            | "em"
            | "font"
            | "u"
            | "small"
            | "sub"
            | "sup"
            | "mark"
            | "label"
            | "br"
    )
}

fn link_density(element: ElementRef<'_>) -> f64 {
    let count = |e: ElementRef<'_>| e.text().map(|t| t.trim().chars().count()).sum::<usize>();
    let all = count(element);
    if all == 0 {
        return 0.0;
    }
    let links: usize = element.descendent_elements().filter(|e| e.value().name() == "a").map(count).sum();
    #[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^52")]
    let density = links as f64 / all as f64;
    density.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_name_is_cut_and_a_dash_of_the_title_is_not() {
        for (title, want) in [
            ("党建联盟赋能产业高质量发展-新闻中心", "党建联盟赋能产业高质量发展"),
            ("园区招商大会在沪举行_新闻中心_园区网", "园区招商大会在沪举行"),
            ("A plan that works | The Daily", "A plan that works"),
            ("中美-对话", "中美-对话"),
        ] {
            assert_eq!(without_site_name(title), want);
        }
    }
}
