//! `jianbao related`: a story from site to site, and what became of it on the way.

use std::collections::HashMap;
use std::io::Write;

use serde::Serialize;

use super::args::RelatedArgs;
use super::output::{json_line, pad, screen, shown, width};
use super::show::find;
use super::{ATTENTION, Context};
use crate::archive::{Archive, ArticleRecord, RelatedArticle, Reposting, StoryMember};
use crate::diff::{CopyChanges, Exchange};

/// Exchanges of a kind that are shown.
const SHOWN: usize = 8;
/// Characters of a passage that are shown.
const PASSAGE: usize = 100;

/// What `related --json` gives.
#[derive(Serialize)]
struct Story<'a> {
    id: i64,
    url: &'a str,
    cluster: Option<i64>,
    articles: Vec<Member>,
    same_template: Vec<RelatedArticle>,
}

#[derive(Serialize)]
struct Member {
    #[serde(flatten)]
    member: StoryMember,
    /// What changed between its source and it.
    changes: Option<CopyChanges>,
}

pub(super) fn run(args: &RelatedArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let mut out = screen(context);
    let Some(wanted) = &args.article else {
        let sites = archive.reposting()?;
        if context.json {
            json_line(&mut out, &serde_json::json!({ "sites": sites }))?;
        } else {
            by_site(&mut out, &sites)?;
        }
        out.flush()?;
        return Ok(0);
    };
    let Some(article) = find(&archive, wanted)? else { return Ok(ATTENTION) };
    let story = archive.at_one_moment(|| read(&archive, &article))?;
    if context.json {
        json_line(&mut out, &story)?;
    } else {
        write_story(&mut out, &article, &story)?;
    }
    out.flush()?;
    if !archive.is_compared(article.id)? && !context.quiet {
        let note = "note: this article was not compared with the others yet; the next crawl does it";
        writeln!(std::io::stderr(), "{note}")?;
    }
    Ok(0)
}

fn read<'a>(archive: &Archive, article: &'a ArticleRecord) -> anyhow::Result<Story<'a>> {
    let members = archive.story(article.id)?;
    let mut texts = HashMap::new();
    for member in &members {
        texts.insert(member.article.id, archive.text(member.article.id)?.unwrap_or_default());
    }
    let with_changes = |member: StoryMember| {
        let source = member.source.and_then(|source| texts.get(&source));
        let copy = texts.get(&member.article.id);
        let changes = source.zip(copy).map(|(source, copy)| CopyChanges::between(source, copy));
        Member { member, changes }
    };
    let articles = members.into_iter().map(with_changes).collect();
    let same_template = archive.same_template(article.id)?;
    Ok(Story { id: article.id, url: &article.url, cluster: article.cluster, articles, same_template })
}

fn write_story(out: &mut impl Write, article: &ArticleRecord, story: &Story<'_>) -> anyhow::Result<()> {
    writeln!(out, "{}\n{}\n", shown(&article.title), article.url)?;
    match story.articles.len() {
        0 => writeln!(out, "no other article stems from it, nor it from another")?,
        count => writeln!(out, "{count} articles of one story, the earliest first:")?,
    }
    for Member { member, changes } in &story.articles {
        let later = member.days_after.filter(|_| !member.is_first).map(later).unwrap_or_default();
        writeln!(out, "\n{}{later}", line_of(&member.article))?;
        writeln!(out, "        {}", member.article.url)?;
        if let (Some(source), Some(relation)) = (member.source, &member.relation) {
            let share = |share: Option<f64>| format!("{:.0} %", share.unwrap_or_default() * 100.0);
            let (own, of_source) = (share(member.of_article), share(member.of_source));
            writeln!(
                out,
                "        {relation} of {source}: {own} of it stands there, {of_source} of that one here"
            )?;
        }
        if let Some(changes) = changes {
            write_changes(out, changes)?;
        }
    }
    if !story.same_template.is_empty() {
        writeln!(out, "\nthe same words around other figures:")?;
    }
    for other in &story.same_template {
        writeln!(out, "{}", line_of(other))?;
    }
    Ok(())
}

fn line_of(article: &RelatedArticle) -> String {
    let published = article.published.as_deref().unwrap_or("—");
    format!("{:>6}  {published}  {}  {}", article.id, article.site, shown(&article.title))
}

/// ` · 3 hours later`.
fn later(days: f64) -> String {
    let (number, unit) = match days {
        days if days < 1.0 / 24.0 => (days * 1440.0, "minute"),
        days if days < 1.0 => (days * 24.0, "hour"),
        days => (days, "day"),
    };
    let number = number.round();
    if number < 1.0 {
        return String::new();
    }
    let plural = if number > 1.0 { "s" } else { "" };
    format!(" · {number} {unit}{plural} later")
}

fn write_changes(out: &mut impl Write, changes: &CopyChanges) -> std::io::Result<()> {
    let exchanges = |list: &[Exchange]| list.iter().map(exchange).collect::<Vec<_>>();
    let figures: Vec<String> = changes
        .figures
        .iter()
        .map(|figure| format!("{} ({})", exchange(&figure.exchange), figure.change.as_str()))
        .collect();
    if changes.other_script {
        line(out, "script", &["traditional and simplified characters exchanged".to_owned()])?;
    }
    line(out, "figures", &figures)?;
    line(out, "names", &exchanges(&changes.names))?;
    line(out, "words", &exchanges(&changes.words))?;
    for (name, passages) in [("cut", &changes.cut), ("added", &changes.added)] {
        for passage in passages.iter().take(SHOWN) {
            let length = passage.chars().count();
            let more = if length > PASSAGE { format!("… ({length} characters)") } else { String::new() };
            let start: String = passage.chars().take(PASSAGE).collect();
            writeln!(out, "        {name:<8} {}{more}", shown(&start))?;
        }
        if passages.len() > SHOWN {
            writeln!(out, "        {name:<8} … {} more", passages.len() - SHOWN)?;
        }
    }
    Ok(())
}

fn line(out: &mut impl Write, name: &str, items: &[String]) -> std::io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let more = items.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(", … {more} more") } else { String::new() };
    let first: Vec<&str> = items.iter().take(SHOWN).map(String::as_str).collect();
    writeln!(out, "        {name:<8} {}{more}", shown(&first.join(", ")))
}

fn exchange(Exchange { old, new, count }: &Exchange) -> String {
    let times = if *count > 1 { format!(" ×{count}") } else { String::new() };
    match (old.as_str(), new.as_str()) {
        ("", new) => format!("+{new}{times}"),
        (old, "") => format!("−{old}{times}"),
        (old, new) => format!("{old} → {new}{times}"),
    }
}

fn by_site(out: &mut impl Write, sites: &[Reposting]) -> std::io::Result<()> {
    if sites.is_empty() {
        return writeln!(out, "no site has articles of another");
    }
    let columns =
        |name: fn(&Reposting) -> &str| sites.iter().map(|row| width(name(row))).max().unwrap_or(0).max(5);
    let (from, to) = (columns(|row| &row.from), columns(|row| &row.to));
    writeln!(out, "{}  {}  articles  median delay", pad("first", from), pad("then", to))?;
    for row in sites {
        let delay = row.median_days.map_or("—".to_owned(), |days| format!("{days:.1} days"));
        writeln!(out, "{}  {}  {:>8}  {delay:>12}", pad(&row.from, from), pad(&row.to, to), row.articles)?;
    }
    Ok(())
}
