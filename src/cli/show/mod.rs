//! `jianbao show`: one article with provenance, and its history.

mod versions;

use std::io::Write;

use super::args::{CiteStyle, ShowArgs};
use super::output::{article, json_line, screen, stdout};
use super::{ATTENTION, Context, Usage};
use crate::archive::{Archive, ArticleRecord};
use crate::export::{Citation, markdown};
use crate::url::CanonicalUrl;

pub(super) fn run(args: &ShowArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let (named, versions_named) = args.wanted();
    let named = named.ok_or_else(|| Usage("which article? name its URL or its number".to_owned()))?;
    // A page can be whole where something else of its article is damaged.
    if let Some(page) = args.html.then(|| whole_page(&archive, named)).flatten() {
        let mut out = stdout();
        out.write_all(&page)?;
        out.flush()?;
        return Ok(0);
    }
    let Some(found) = find(&archive, named)? else { return Ok(ATTENTION) };
    let mut out = screen(context);
    let mut code = 0;
    if args.html {
        match archive.page(found.id)? {
            // As it was sent.
            Some(page) => {
                let mut out = stdout();
                out.write_all(&page)?;
                out.flush()?;
            }
            None => {
                return Err(Usage(
                    "the page of this article was not kept (archive.keep = \"articles\")".to_owned(),
                )
                .into());
            }
        }
    } else if args.versions {
        versions::list(&mut out, &archive.versions(found.id)?, context.json)?;
    } else if let Some(named) = versions_named {
        let wanted = versions::wanted(named)?;
        code = versions::diff(&mut out, &found, &archive.versions(found.id)?, wanted, context)?;
    } else if let Some(style) = args.cite {
        cite(&mut out, &Citation::of(&found), style, context.json)?;
    } else if context.json {
        json_line(&mut out, &found)?;
    } else if args.markdown {
        write!(out, "{}", markdown(&found))?;
    } else {
        article(&mut out, &found)?;
    }
    out.flush()?;
    Ok(code)
}

/// The page of the article of that number or URL, when there is one that can be given.
fn whole_page(archive: &Archive, wanted: &str) -> Option<Vec<u8>> {
    let number = wanted.parse().ok().or_else(|| {
        let url = CanonicalUrl::parse(wanted, None).ok()?;
        archive.number_at(&url).ok().flatten()
    })?;
    archive.page(number).ok().flatten()
}

fn cite(out: &mut impl Write, citation: &Citation, style: CiteStyle, json: bool) -> anyhow::Result<()> {
    let Citation { bibtex, ris, gbt7714 } = citation;
    match style {
        _ if json => json_line(out, citation)?,
        CiteStyle::All => write!(out, "{bibtex}\n{ris}\n{gbt7714}")?,
        CiteStyle::Bibtex => write!(out, "{bibtex}")?,
        CiteStyle::Ris => write!(out, "{ris}")?,
        CiteStyle::Gbt7714 => write!(out, "{gbt7714}")?,
    }
    Ok(())
}

/// The article of that number or URL; says so when there is none.
pub(super) fn find(archive: &Archive, wanted: &str) -> anyhow::Result<Option<ArticleRecord>> {
    let found = if let Ok(id) = wanted.parse::<i64>() {
        archive.article(id)?
    } else {
        let url = CanonicalUrl::parse(wanted, None).map_err(|error| {
            Usage(format!("`{wanted}` is neither the number nor the URL of an article: {error}"))
        })?;
        archive.article_at(&url)?
    };
    if found.is_none() {
        let known = archive.path().display();
        writeln!(std::io::stderr(), "error: no article `{wanted}` in the archive `{known}`")?;
    }
    Ok(found)
}
