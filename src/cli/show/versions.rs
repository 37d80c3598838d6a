//! The versions of an article, and what changed between two of them.

use std::io::Write;

use serde::Serialize;

use super::super::output::{json_line, json_pretty, shown};
use super::super::{ATTENTION, Context, Usage};
use crate::archive::{ArticleRecord, VersionRecord};
use crate::diff::{Change, Diff, Edition, Extent, Paragraph, Piece};

/// A line of `show --versions --json`.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    version: &'a VersionRecord,
    /// Fields that differ from the version before, `body` for the text.
    changed: Vec<&'static str>,
    /// Characters of the text that came and went since the version before.
    #[serde(flatten)]
    extent: Extent,
}

/// What `show --diff --json` gives.
#[derive(Serialize)]
struct Comparison<'a> {
    id: i64,
    url: &'a str,
    versions: usize,
    old: Option<Side<'a>>,
    new: Option<Side<'a>>,
    #[serde(flatten)]
    diff: Diff,
}

#[derive(Serialize)]
struct Side<'a> {
    n: i64,
    seen_at: &'a str,
    reason: &'a str,
}

impl<'a> Side<'a> {
    fn of(version: &'a VersionRecord) -> Self {
        Self { n: version.n, seen_at: &version.seen_at, reason: &version.reason }
    }
}

fn edition(version: &VersionRecord) -> anyhow::Result<Edition> {
    Ok(Edition::read(version.fields.get(), &version.body)?)
}

/// A line a version, with what changed in it.
pub(super) fn list(out: &mut impl Write, versions: &[VersionRecord], json: bool) -> anyhow::Result<()> {
    let mut before: Option<Edition> = None;
    for version in versions {
        let edition = edition(version)?;
        let diff = before.as_ref().map(|before| Diff::between(before, &edition));
        if json {
            json_line(out, &line(version, diff.as_ref()))?;
        } else {
            let said = diff.map_or_else(|| first(&edition), |diff| diff.summary());
            writeln!(out, "{:>3}  {}  {:<11}  {said}", version.n, version.seen_at, version.reason)?;
        }
        before = Some(edition);
    }
    Ok(())
}

fn first(edition: &Edition) -> String {
    let title = edition.title.as_deref().unwrap_or_default();
    format!("{} characters  {}", edition.text.chars().count(), shown(title))
}

fn line<'a>(version: &'a VersionRecord, diff: Option<&Diff>) -> Line<'a> {
    let Some(diff) = diff else {
        return Line { version, changed: Vec::new(), extent: Extent::default() };
    };
    let extent = diff.extent();
    let mut changed: Vec<&'static str> = diff.fields.iter().map(|change| change.field).collect();
    if extent != Extent::default() {
        changed.push("body");
    }
    Line { version, changed, extent }
}

/// The versions that `--diff` names: none or two.
pub(super) fn wanted(numbers: &[String]) -> Result<Option<(i64, i64)>, Usage> {
    let number = |text: &String| text.parse::<i64>().ok();
    match numbers {
        [] => Some(None),
        [old, new] => number(old).zip(number(new)).map(Some),
        _ => None,
    }
    .ok_or_else(|| {
        Usage("--diff takes two versions, as in `--diff 1 3`, or none for the last two".to_owned())
    })
}

/// What changed between two versions, the last two unless others are wanted.
pub(super) fn diff(
    out: &mut impl Write,
    article: &ArticleRecord,
    versions: &[VersionRecord],
    wanted: Option<(i64, i64)>,
    context: &Context,
) -> anyhow::Result<u8> {
    let (old, new) = match (wanted, versions) {
        (Some((old, new)), _) => {
            let find = |n| versions.iter().find(|version| version.n == n);
            let (Some(found_old), Some(found_new)) = (find(old), find(new)) else {
                let missing = if find(old).is_none() { old } else { new };
                let error = format!(
                    "error: there is no version {missing} of this article; it has {}",
                    known(versions)
                );
                writeln!(std::io::stderr(), "{error}")?;
                return Ok(ATTENTION);
            };
            (found_old, found_new)
        }
        (None, [.., old, new]) => (old, new),
        (None, _) => return only_one(out, article, versions, context.json).map(|()| 0),
    };
    let diff = Diff::between(&edition(old)?, &edition(new)?);
    if context.json {
        let (old, new) = (Some(Side::of(old)), Some(Side::of(new)));
        let url = &article.url;
        json_pretty(out, &Comparison { id: article.id, url, versions: versions.len(), old, new, diff })?;
    } else {
        writeln!(out, "{}", article.url)?;
        let side = |version: &VersionRecord| {
            format!("version {} ({}, {})", version.n, version.seen_at, version.reason)
        };
        writeln!(out, "{} → {}\n", side(old), side(new))?;
        draw(out, &diff, Pen { color: context.color_on_stdout() })?;
    }
    Ok(0)
}

/// Which versions there are, in words.
fn known(versions: &[VersionRecord]) -> String {
    match versions {
        [] => "none".to_owned(),
        [only] => format!("version {} only", only.n),
        [first, .., last] => format!("versions {} to {}", first.n, last.n),
    }
}

fn only_one(
    out: &mut impl Write,
    article: &ArticleRecord,
    versions: &[VersionRecord],
    json: bool,
) -> anyhow::Result<()> {
    let only = versions.first();
    if json {
        let diff = Diff { fields: Vec::new(), text: Vec::new() };
        let (url, new) = (&article.url, only.map(Side::of));
        return json_pretty(
            out,
            &Comparison { id: article.id, url, versions: versions.len(), old: None, new, diff },
        );
    }
    let since = only.map(|version| format!(" (seen {})", version.seen_at)).unwrap_or_default();
    writeln!(
        out,
        "{}\nthere is only one version of this article{since}; nothing changed since",
        article.url
    )?;
    Ok(())
}

/// How pieces are told apart: by colour and line, or by brackets.
#[derive(Clone, Copy)]
struct Pen {
    color: bool,
}

impl Pen {
    fn mark(self, change: Change, text: &str) -> String {
        let text = shown(text);
        match (change, self.color) {
            (Change::Same, _) => text.into_owned(),
            (Change::Deleted, true) => format!("\x1b[31;9m{text}\x1b[0m"),
            (Change::Inserted, true) => format!("\x1b[32;4m{text}\x1b[0m"),
            (Change::Deleted, false) => format!("[-{text}-]"),
            (Change::Inserted, false) => format!("{{+{text}+}}"),
        }
    }

    fn pieces(self, pieces: &[Piece]) -> String {
        pieces.iter().map(|piece| self.mark(piece.change, &piece.text)).collect()
    }
}

/// The fields that changed, then the text; paragraphs that stayed are counted only.
fn draw(out: &mut impl Write, diff: &Diff, pen: Pen) -> anyhow::Result<()> {
    if diff.is_empty() {
        writeln!(out, "nothing differs between them")?;
        return Ok(());
    }
    for change in &diff.fields {
        writeln!(out, "{:>10}  {}", change.field, pen.pieces(&change.pieces))?;
    }
    if diff.extent() == Extent::default() {
        return Ok(());
    }
    if !diff.fields.is_empty() {
        writeln!(out)?;
    }
    let mut unchanged = 0;
    for paragraph in &diff.text {
        let line = match paragraph {
            Paragraph::Same { .. } => {
                unchanged += 1;
                continue;
            }
            Paragraph::Deleted { text } => pen.mark(Change::Deleted, text),
            Paragraph::Inserted { text } => pen.mark(Change::Inserted, text),
            Paragraph::Changed { pieces } => pen.pieces(pieces),
        };
        skipped(out, std::mem::take(&mut unchanged))?;
        writeln!(out, "{line}")?;
    }
    skipped(out, unchanged)
}

fn skipped(out: &mut impl Write, paragraphs: usize) -> anyhow::Result<()> {
    match paragraphs {
        0 => {}
        1 => writeln!(out, "  … 1 unchanged paragraph")?,
        more => writeln!(out, "  … {more} unchanged paragraphs")?,
    }
    Ok(())
}
