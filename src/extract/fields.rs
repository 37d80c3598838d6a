//! An article read with a profile; what the profile does not give falls through.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;

use super::body::Reading;
use super::credits::credits;
use super::date::{self, Context};
use super::kind::{PageKind, is_error, kind};
use super::published::times;
use super::structured::{self, Structured};
use super::text::{Body, Leave, render};
use super::{Page, generic, title};
use crate::article::{Article, Found, Origin, Related};
use crate::profile::{Clean, Profile, RelatedRule, Rule};
use crate::url::CanonicalUrl;

/// Titles and other one-line fields are not longer than this.
const MAX_FIELD: usize = 1000;

/// What the page is and what the profile finds on it; `None` when neither title nor body is found.
pub(super) fn by_profile(page: &Page<'_>, profile: &Profile) -> Option<(PageKind, Article)> {
    let context = page.date_context(Some(profile));
    let body = body(page, profile);
    let title = value(page, profile.article.title.as_ref());
    if body.is_none() && title.is_none() {
        return None;
    }
    let structured = structured::read(page, &context);
    let mut article = Article::default();
    let mut reading = None;
    if let Some(body) = body {
        set_body(&mut article, body, &Origin::Profile("body"));
    } else {
        // The layout changed: what can be saved is saved, and its origin tells.
        let found = generic::read(page, &structured);
        set_body(&mut article, found.body(&page.html, &page.base)?, &Origin::Generic);
        reading = Some(found);
    }
    if let Some(title) = title {
        article.title = title;
        article.note_origin("title", &Origin::Profile("title"));
    }
    one_line_fields(page, profile, &mut article);
    dates(page, profile, &context, &mut article);
    lists(page, profile, &mut article);
    if let Some(language) = &profile.language {
        article.language = Some(language.clone());
        article.note_origin("language", &Origin::Profile("language"));
    }
    fall_through(page, &structured, reading.as_ref(), &context, &mut article);
    let kind = match reading {
        Some(reading) => kind(page, &structured, &reading, &article),
        None if is_error(&article) => PageKind::Missing,
        None => PageKind::Article,
    };
    Some((kind, article))
}

pub(super) fn set_body(article: &mut Article, body: Body, origin: &Origin) {
    article.text = body.text();
    article.markdown = body.markdown(&article.text);
    article.images = body.images;
    article.template = body.template;
    article.note_origin("body", origin);
}

fn value(page: &Page<'_>, rule: Option<&Rule>) -> Option<String> {
    rule?.first(&page.html).map(|text| text.chars().take(MAX_FIELD).collect())
}

fn body(page: &Page<'_>, profile: &Profile) -> Option<Body> {
    let roots = profile.article.body.as_ref()?.elements(&page.html);
    if roots.is_empty() {
        return None;
    }
    let body = clean_body(&roots, &profile.clean, &page.base);
    (!body.blocks.is_empty()).then_some(body)
}

fn clean_body(roots: &[ElementRef<'_>], clean: &Clean, base: &CanonicalUrl) -> Body {
    let mut skip: HashSet<NodeId> = HashSet::new();
    for root in roots {
        for css in &clean.remove {
            skip.extend(root.select(css.selector()).map(|element| element.id()));
        }
    }
    let leave = Leave { elements: &skip, lines: &HashSet::new(), hidden: true };
    let mut body = render(roots, &leave, base);
    let cut =
        body.blocks.iter().position(|block| clean.cut_from.iter().any(|p| p.regex().is_match(&block.text)));
    if let Some(cut) = cut {
        body.blocks.truncate(cut);
    }
    body.blocks.retain(|block| !clean.drop.iter().any(|pattern| pattern.regex().is_match(&block.text)));
    // An image that was cut off with its paragraph is no image of the body.
    let kept = body.blocks.iter().map(|b| b.markdown.as_str()).collect::<Vec<_>>().join("\n");
    body.images.retain(|image| kept.contains(image.url.as_str()));
    body
}

fn one_line_fields(page: &Page<'_>, profile: &Profile, article: &mut Article) {
    let fields = &profile.article;
    for (name, rule, field) in [
        ("author", &fields.author, &mut article.author),
        ("source", &fields.source, &mut article.source),
        ("editor", &fields.editor, &mut article.editor),
        ("category", &fields.category, &mut article.category),
    ] {
        if let Some(text) = value(page, rule.as_ref()) {
            *field = Some(text);
            article.origins.insert(name, Origin::Profile(name).to_string());
        }
    }
    if let Some(views) = value(page, fields.views.as_ref()).and_then(|text| digits(&text)) {
        article.views = Some(views);
        article.note_origin("views", &Origin::Profile("views"));
    }
    if let Some(permalink) = value(page, fields.permalink.as_ref())
        && let Ok(url) = CanonicalUrl::parse(&permalink, Some(&page.base))
    {
        article.permalink = Some(url.to_string());
        article.note_origin("permalink", &Origin::Profile("permalink"));
    }
}

/// The first number in a text: `浏览(1,873)` is 1873.
fn digits(text: &str) -> Option<u64> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let number: String = text[start..].chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    number.replace(',', "").parse().ok()
}

fn dates(page: &Page<'_>, profile: &Profile, context: &Context, article: &mut Article) {
    let read = |rule: Option<&Rule>| value(page, rule).and_then(|text| date::read(&text, context).ok());
    if let Some(found) = read(profile.article.published.as_ref()) {
        article.published = found.published;
        article.modified = found.modified;
        article.note_origin("published", &Origin::Profile("published"));
    }
    if let Some(found) = read(profile.article.modified.as_ref()) {
        article.modified = found.modified.or(found.published);
    }
    if article.modified.is_some() {
        article.note_origin("modified", &Origin::Profile("modified"));
    }
}

fn lists(page: &Page<'_>, profile: &Profile, article: &mut Article) {
    let all = |rule: &Option<Rule>| rule.as_ref().map(|rule| rule.all(&page.html)).unwrap_or_default();
    article.breadcrumbs = all(&profile.article.breadcrumbs);
    article.tags = all(&profile.article.tags);
    article.related = profile.related.as_ref().map(|rule| related(page, rule)).unwrap_or_default();
    for (name, found) in [
        ("breadcrumbs", !article.breadcrumbs.is_empty()),
        ("tags", !article.tags.is_empty()),
        ("related", !article.related.is_empty()),
    ] {
        if found {
            article.origins.insert(name, Origin::Profile(name).to_string());
        }
    }
}

fn related(page: &Page<'_>, rule: &RelatedRule) -> Vec<Related> {
    let entry = |item: ElementRef<'_>| {
        let url = CanonicalUrl::parse(&rule.url.first_in(item)?, Some(&page.base)).ok()?;
        Some(Related {
            url: url.to_string(),
            title: rule.title.first_in(item)?,
            excerpt: rule.excerpt.as_ref().and_then(|rule| rule.first_in(item)),
        })
    };
    page.html.select(rule.item.selector()).filter_map(entry).collect()
}

/// Fills what is still missing: from what the page says of itself, checked against what it shows.
/// The page is read closely only when title, date or author are missing.
pub(super) fn fall_through(
    page: &Page<'_>,
    structured: &Structured,
    reading: Option<&Reading>,
    context: &Context,
    article: &mut Article,
) {
    let misses = article.title.is_empty() || article.published.is_none() || article.author.is_none();
    if let Some(reading) = reading {
        fill_shown(page, structured, reading, context, article);
    } else if misses {
        fill_shown(page, structured, &generic::read(page, structured), context, article);
    }
    fill(article, "category", structured.category.clone(), |article| &mut article.category);
    fill(article, "site_name", structured.site_name.clone(), |article| &mut article.site_name);
    if let (None, Some(found)) = (article.modified.as_ref(), structured.modified.first()) {
        article.note_origin("modified", &found.origin);
        article.modified = Some(found.value.clone());
    }
    if article.tags.is_empty()
        && let Some(found) = &structured.tags
    {
        article.tags.clone_from(&found.value);
        article.note_origin("tags", &found.origin);
    }
    if article.breadcrumbs.is_empty()
        && let Some(found) = &structured.breadcrumbs
    {
        article.breadcrumbs.clone_from(&found.value);
        article.note_origin("breadcrumbs", &found.origin);
    }
    if article.language.is_none()
        && let Some(language) = &page.survey.language
    {
        article.language = language.split(['-', '_']).next().map(str::to_lowercase);
        article.note_origin("language", &Origin::Meta);
    }
}

fn fill(
    article: &mut Article,
    name: &'static str,
    from: Option<Found<String>>,
    field: fn(&mut Article) -> &mut Option<String>,
) {
    if let (None, Some(found)) = (field(article).as_ref(), from) {
        *field(article) = Some(found.value);
        article.note_origin(name, &found.origin);
    }
}

/// Title, credits and times.
fn fill_shown(
    page: &Page<'_>,
    structured: &Structured,
    reading: &Reading,
    context: &Context,
    article: &mut Article,
) {
    if article.title.is_empty()
        && let Some(found) = title::choose(&title::candidates(page, structured, reading.line_above()))
    {
        article.note_origin("title", &found.origin);
        article.title = found.value;
    }
    let credits = credits(page, structured, reading);
    fill(article, "author", credits.author, |article| &mut article.author);
    fill(article, "source", credits.source, |article| &mut article.source);
    fill(article, "editor", credits.editor, |article| &mut article.editor);
    if article.published.is_some() {
        return;
    }
    let times = times(page, structured, reading, context);
    if let Some(found) = times.published {
        article.note_origin("published", &found.origin);
        article.published = Some(found.value);
    }
    if let (None, Some(found)) = (article.modified.as_ref(), times.modified) {
        article.note_origin("modified", &found.origin);
        article.modified = Some(found.value);
    }
    article.notes.extend(times.notes);
}
