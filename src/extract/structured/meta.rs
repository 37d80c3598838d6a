//! `<meta>`: OpenGraph (<https://ogp.me>), Dublin Core and what publishing systems add.

use super::{Context, DateKind, Structured, clean};
use crate::article::{Found, Origin};
use crate::extract::Page;

const PUBLISHED: [&str; 32] = [
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "published-date",
    "published_time_telegram",
    "publication_date",
    "publicationdate",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "og:release_date",
    "dc.date.issued",
    "dcterms.issued",
    "dcterms.created",
    "dc.date.created",
    "dc.date.available",
    "citation_publication_date",
    "apub:time",
    "rnews:datepublished",
    "originalpublicationdate",
    "published",
    "published_at",
    "publishedat",
    "article.published",
    "article:pubdate",
    "publishtime",
];
/// Names that do not say what the date is: often the last change, or the day the page was made.
const UNDEFINED: [&str; 4] = ["date", "dc.date", "dcterms.date", "ob:date"];
const MODIFIED: [&str; 9] = [
    "article:modified_time",
    "og:article:modified_time",
    "og:updated_time",
    "og:modified_time",
    "datemodified",
    "lastmod",
    "last-modified",
    "dcterms.modified",
    "dc.date.modified",
];
const AUTHORS: [&str; 12] = [
    "article:author",
    "og:article:author",
    "author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "byl",
    "citation_author",
    "article.author",
    "authors",
];

pub(super) fn read(page: &Page<'_>, context: &Context, found: &mut Structured) {
    let metas = &page.survey.metas;
    let first = |names: &[&str]| page.survey.meta(names).map(clean).filter(|text| !text.is_empty());
    let value = |text: Option<String>| text.map(|text| Found::new(text, Origin::Meta));
    found.is_article |= first(&["og:type"]).is_some_and(|kind| kind.eq_ignore_ascii_case("article"));
    for (names, kind) in [
        (&PUBLISHED[..], DateKind::Published),
        (&MODIFIED[..], DateKind::Modified),
        (&UNDEFINED[..], DateKind::Undefined),
    ] {
        for name in names {
            if let Some((_, date)) = metas.iter().find(|(known, _)| known == name) {
                found.note_date(kind, date, Origin::Meta, context);
            }
        }
    }
    for name in AUTHORS {
        let names = metas.iter().filter(|(known, text)| known == name && !text.starts_with("http"));
        let before = found.authors.len();
        let names = names.map(|(_, text)| Found::new(clean(text), Origin::Meta));
        found.authors.extend(names.filter(|name| !name.value.is_empty() && !is_address(&name.value)));
        // The names that follow say the same in other forms.
        if found.authors[before..].iter().any(|name| name.value.contains(' ')) {
            break;
        }
    }
    found.category = found.category.take().or_else(|| {
        value(first(&["article:section", "og:article:section", "columnname", "parsely-section"]))
    });
    found.site_name =
        found.site_name.take().or_else(|| value(first(&["og:site_name", "application-name", "publisher"])));
    found.image =
        found.image.take().or_else(|| value(first(&["og:image", "twitter:image", "twitter:image:src"])));
    if found.tags.is_none() {
        let tags = metas.iter().filter(|(name, _)| name == "article:tag");
        let tags: Vec<String> = tags.map(|(_, tag)| clean(tag)).filter(|tag| !tag.is_empty()).collect();
        found.tags = (!tags.is_empty()).then(|| Found::new(tags, Origin::Meta));
    }
}

/// An e-mail address, plain or disguised.
fn is_address(text: &str) -> bool {
    !text.contains(' ') && ["@", "[at]", "(at)"].iter().any(|sign| text.contains(sign))
}
