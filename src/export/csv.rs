//! Comma-separated values (RFC 4180, lines ended by LF), safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::Write;

use super::{ExportError, Format};
use crate::archive::ArticleRecord;

/// The columns, in their order. Lists are JSON arrays. Markdown, related links, images and origins are
/// left to the other formats.
const HEADER: &str = "id,site,url,title,author,source,editor,category,published,published_precision,published_approximate,\
published_from,published_to,modified,language,views,tags,breadcrumbs,site_name,permalink,aliases,first_seen,last_seen,\
gone_since,version,cluster,fetched_at,status,digest,damage,body";

/// Writes CSV.
#[derive(Debug)]
pub struct Csv<W> {
    out: W,
    line: String,
    /// Nothing was written yet: the mark and the header come first.
    start: Option<Start>,
}

/// What comes before the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Nothing.
    Plain,
    /// A byte order mark, without which Excel takes UTF-8 for something else.
    ByteOrderMark,
}

impl<W: Write> Csv<W> {
    /// Writes to `out`.
    pub fn new(out: W, start: Start) -> Self {
        Self { out, line: String::new(), start: Some(start) }
    }

    fn begin(&mut self) -> std::io::Result<()> {
        match self.start.take() {
            None => return Ok(()),
            Some(Start::ByteOrderMark) => self.out.write_all("\u{feff}".as_bytes())?,
            Some(Start::Plain) => {}
        }
        writeln!(self.out, "{HEADER}")
    }

    fn text(&mut self, text: &str) {
        let text = harmless(text);
        if text.contains([',', '"', '\n', '\r']) {
            self.line.push('"');
            self.line.push_str(&text.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(&text);
        }
        self.line.push(',');
    }

    fn optional(&mut self, text: Option<&str>) {
        self.text(text.unwrap_or_default());
    }

    fn value(&mut self, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.line.push_str(&value.to_string());
        }
        self.line.push(',');
    }
}

impl<W: Write> Format for Csv<W> {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        self.begin()?;
        self.value(Some(article.id));
        self.text(&article.site);
        self.text(&article.url);
        self.text(&article.title);
        for field in [
            &article.author,
            &article.source,
            &article.editor,
            &article.category,
            &article.published,
            &article.published_precision,
        ] {
            self.optional(field.as_deref());
        }
        self.value(article.published_approximate);
        for field in [&article.published_from, &article.published_to, &article.modified, &article.language] {
            self.optional(field.as_deref());
        }
        self.value(article.views);
        self.text(article.tags.get());
        self.text(article.breadcrumbs.get());
        self.optional(article.site_name.as_deref());
        self.optional(article.permalink.as_deref());
        self.text(&serde_json::to_string(&article.aliases).map_err(std::io::Error::from)?);
        self.text(&article.first_seen);
        self.text(&article.last_seen);
        self.optional(article.gone_since.as_deref());
        self.value(Some(article.version));
        self.value(article.cluster);
        let capture = article.capture.as_ref();
        self.optional(capture.map(|capture| capture.fetched_at.as_str()));
        self.value(capture.map(|capture| capture.status));
        self.optional(capture.map(|capture| capture.digest.as_str()));
        self.optional(capture.and_then(|capture| capture.damage.as_deref()));
        self.text(&article.body);
        self.line.pop();
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.begin()?;
        Ok(self.out.flush()?)
    }
}

/// A text that no spreadsheet takes for a formula: one that it would, gets an apostrophe in front, and
/// so does one that has apostrophes in front of it already, so that they can be taken away again.
/// The characters are OWASP's for CSV injection, in both widths.
fn harmless(text: &str) -> Cow<'_, str> {
    let shown = text.trim_start_matches('\'').trim_start();
    let is_formula = shown.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || text.trim_start_matches('\'').starts_with(['\t', '\r', '\n']);
    if is_formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_a_formula() {
        for (text, want) in [
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "'  @SUM(A1)"),
            ("-2+3|cmd", "'-2+3|cmd"),
            ("＝cmd", "'＝cmd"),
            ("\tx", "'\tx"),
            ("'=1", "''=1"),
            ("1=1", "1=1"),
            ("'quoted'", "'quoted'"),
            ("——破折号", "——破折号"),
            ("", ""),
        ] {
            assert_eq!(harmless(text), want, "{text:?}");
        }
    }
}
