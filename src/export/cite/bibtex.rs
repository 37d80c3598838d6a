//! BibTeX, with the fields that `biblatex` adds for pages (`url`, `urldate`).

use std::fmt::Write as _;

use super::{Work, one_line};

pub(super) fn entry(work: &Work<'_>) -> String {
    let article = work.article;
    let date = work.published;
    // Braces keep each name whole: which part of it is the family's, the page does not say.
    let names: Vec<String> = work.authors.iter().map(|name| format!("{{{}}}", escaped(name))).collect();
    let author = (!names.is_empty()).then(|| names.join(" and "));
    let published = date.map(|date| format!("published {date}, ")).unwrap_or_default();
    let fields = [
        ("author", author),
        ("title", Some(format!("{{{}}}", escaped(&article.title)))),
        ("howpublished", Some(escaped(work.medium))),
        ("year", date.map(|date| date.year.to_owned())),
        ("month", date.and_then(|date| date.month).map(|month| month.trim_start_matches('0').to_owned())),
        ("url", Some(verbatim(&article.url))),
        ("urldate", Some(work.fetched_day().to_owned())),
        ("language", article.language.as_deref().map(escaped)),
        ("note", Some(escaped(&format!("{published}{}", work.proof())))),
    ];
    let mut entry = format!("@misc{{{},\n", key(work));
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = writeln!(entry, "  {name:<12} = {{{value}}},");
        }
    }
    entry.push_str("}\n");
    entry
}

/// ASCII letters of the site's name, and the article's number.
fn key(work: &Work<'_>) -> String {
    let site: String = work.article.site.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("{}-{}", if site.is_empty() { "jianbao" } else { &site }, work.article.id)
}

/// A text that TeX sets as it is.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' => escaped.extend(['\\', c]),
            // BibTeX counts braces, also those behind a backslash.
            '{' => escaped.push_str("\\textbraceleft{}"),
            '}' => escaped.push_str("\\textbraceright{}"),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A URL is verbatim there; only what would end the field is escaped.
fn verbatim(url: &str) -> String {
    url.replace('{', "%7B").replace('}', "%7D").replace('\\', "%5C")
}
