//! Standard output, and how articles look on it.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};

use crate::archive::{ArticleRecord, Listing};

/// Standard output for data; errors of a closed pipe come back to the caller.
pub(super) fn stdout() -> BufWriter<Stdout> {
    BufWriter::new(Stdout(io::stdout()))
}

/// Standard output, whose errors say that they are its own: a full disk may be any of several.
pub(super) struct Stdout(io::Stdout);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(|error| of_stdout(&error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(|error| of_stdout(&error))
    }
}

fn of_stdout(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output: {error}"))
}

/// One JSON object on a line.
pub(super) fn json_line(out: &mut impl Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Indented JSON.
pub(super) fn json_pretty(out: &mut impl Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// A text of the web as a terminal may get it: controls, which could clear the screen or write to the
/// clipboard, are replaced one by one.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(is_control) { text.replace(is_control, "\u{fffd}").into() } else { text.into() }
}

/// Columns that a text takes on a terminal: Han characters take two.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A text padded to a width.
pub(super) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// An article with where its parts came from.
pub(super) fn article(out: &mut impl Write, article: &ArticleRecord) -> io::Result<()> {
    let origins: std::collections::BTreeMap<String, String> =
        serde_json::from_str(article.origins.get()).unwrap_or_default();
    writeln!(out, "{}", shown(&article.title))?;
    writeln!(out, "{}", "─".repeat(width(&article.title).min(100)))?;
    let approximate = if article.published_approximate == Some(true) { " (approximate)" } else { "" };
    let published = article.published.as_ref().map(|value| format!("{value}{approximate}"));
    let list = |raw: &serde_json::value::RawValue| -> Option<String> {
        let items: Vec<String> = serde_json::from_str(raw.get()).ok()?;
        (!items.is_empty()).then(|| items.join(" · "))
    };
    for (name, key, value) in [
        ("url", "", Some(article.url.clone())),
        ("published", "published", published),
        ("modified", "modified", article.modified.clone()),
        ("author", "author", article.author.clone()),
        ("source", "source", article.source.clone()),
        ("editor", "editor", article.editor.clone()),
        ("category", "category", article.category.clone()),
        ("views", "views", article.views.map(|views| views.to_string())),
        ("tags", "tags", list(&article.tags)),
        ("path", "breadcrumbs", list(&article.breadcrumbs)),
        ("permalink", "permalink", article.permalink.clone()),
        ("language", "language", article.language.clone()),
    ] {
        if let Some(value) = value {
            let origin = origins.get(key).map(|origin| format!("  [{origin}]")).unwrap_or_default();
            writeln!(out, "{name:>10}  {}{origin}", shown(&value))?;
        }
    }
    let version = format!("{} of {}, first seen {}", article.version, article.versions, article.first_seen);
    writeln!(out, "{:>10}  {version}", "version")?;
    if let Some(since) = &article.gone_since {
        writeln!(out, "{:>10}  since {since}; this is the last text that was seen", "gone")?;
    }
    if let Some(capture) = &article.capture {
        let digest: String = capture.digest.chars().take(16).collect();
        writeln!(
            out,
            "{:>10}  {} · status {} · blake3 {digest}…",
            "capture", capture.fetched_at, capture.status
        )?;
        if let Some(damage) = &capture.damage {
            writeln!(out, "{:>10}  {}; parts of the text may be missing or wrong", "damaged", shown(damage))?;
        }
    }
    writeln!(out, "\n{}", shown(&article.body))?;
    if !article.related.is_empty() {
        writeln!(out, "\nrelated")?;
        for related in &article.related {
            writeln!(out, "  · {}  {}", shown(&related.title), related.url)?;
        }
    }
    Ok(())
}

/// A table of articles.
pub(super) fn listing(out: &mut impl Write, articles: &[Listing]) -> io::Result<()> {
    let category = articles.iter().filter_map(|a| a.category.as_deref()).map(width).max().unwrap_or(0);
    for article in articles {
        let published = article.published.as_deref().unwrap_or("—");
        let section = pad(&shown(article.category.as_deref().unwrap_or("")), category);
        writeln!(out, "{:>6}  {published:<25}  {section}  {}", article.id, shown(&article.title))?;
    }
    Ok(())
}
