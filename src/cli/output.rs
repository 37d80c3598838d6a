//! Standard output, and how articles look on it.

use std::io::{self, BufWriter, Write};

use super::Context;
use crate::archive::{ArticleRecord, Listing};
pub(super) use crate::visible::shown;

/// Standard output for data; errors of a closed pipe come back to the caller.
pub(super) fn stdout() -> BufWriter<Stdout> {
    BufWriter::new(Stdout(io::stdout()))
}

/// Standard output for a person: whatever a site wrote, nothing hidden gets there. With `--json` it is data.
pub(super) fn screen(context: &Context) -> Screen<BufWriter<Stdout>> {
    let passes = match (context.json, context.color_on_stdout()) {
        (true, _) => Passes::All,
        (false, true) => Passes::Colours,
        (false, false) => Passes::Seen,
    };
    Screen { out: stdout(), passes }
}

/// A writer to a screen or a log, which lets pass only what may be shown.
#[derive(Debug, Clone)]
pub(super) struct Screen<W> {
    out: W,
    passes: Passes,
}

/// What is let pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passes {
    /// Data.
    All,
    /// What is seen, and colours.
    Colours,
    /// What is seen.
    Seen,
}

impl<W> Screen<W> {
    pub(super) fn new(out: W, passes: Passes) -> Self {
        Self { out, passes }
    }
}

impl<W: Write> Write for Screen<W> {
    /// Texts come whole, so that no character is cut in two.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        match self.passes {
            Passes::All => self.out.write_all(bytes)?,
            Passes::Seen => self.out.write_all(shown(&text).as_bytes())?,
            Passes::Colours => self.out.write_all(coloured(&text).as_bytes())?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
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

/// A text with its colours, and nothing else that is hidden.
fn coloured(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let mut clean = shown(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let code = part.strip_prefix('[').and_then(|rest| rest.split_once('m')).map(|(code, _)| code);
        let is_colour =
            code.is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'));
        clean.push(if is_colour { '\x1b' } else { char::REPLACEMENT_CHARACTER });
        clean.push_str(&shown(part));
    }
    clean
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_gets_colours_and_nothing_else_that_is_hidden() {
        let text = "\x1b[1;31m园\x1b[0m\x1b[2J\x1b]0;t\u{7}\u{202e}\n";
        for (passes, want) in [
            (Passes::Seen, "\u{fffd}[1;31m园\u{fffd}[0m\u{fffd}[2J\u{fffd}]0;t\u{fffd}\u{fffd}\n"),
            (Passes::Colours, "\x1b[1;31m园\x1b[0m\u{fffd}[2J\u{fffd}]0;t\u{fffd}\u{fffd}\n"),
            (Passes::All, text),
        ] {
            let mut out = Vec::new();
            Screen::new(&mut out, passes).write_all(text.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), want, "{passes:?}");
        }
    }
}
