//! `jianbao search`: articles by what they say, and how a subject's share went over time.

use std::io::Write;

use super::args::{SearchArgs, SortBy};
use super::output::{json_line, pad, screen, shown};
use super::{Context, check_filter};
use crate::archive::{Archive, Facets, Filter, Found, HitOrder, Search};
use crate::search::{Query, Trend};

/// Columns of a bar for the largest share.
const BAR: usize = 24;
/// Months, sites or categories of a facet that are shown.
const SHOWN: usize = 12;

pub(super) fn run(args: &SearchArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let filter = args.filter.to_filter();
    check_filter(&archive, &filter)?;
    if archive.is_index_outdated()? && !context.quiet {
        let why = "warning: the search index was made by another version of jianbao, which took other characters for one";
        writeln!(
            std::io::stderr(),
            "{why}\n  hint: the next crawl makes it anew; until then some words are not found"
        )?;
    }
    let mut out = screen(context);
    if args.trend {
        let trends = trends(&archive, &args.query, &filter)?;
        if context.json {
            json_line(&mut out, &serde_json::json!({ "trends": trends }))?;
        } else if args.csv {
            csv(&mut out, &trends)?;
        } else {
            chart(&mut out, &trends)?;
        }
    } else {
        let query = args.query.join(" ");
        let found = archive.search(&search(args, &query, filter)?)?;
        if context.json {
            let mut object = serde_json::json!({ "query": query });
            if let (Some(object), serde_json::Value::Object(found)) =
                (object.as_object_mut(), serde_json::to_value(&found)?)
            {
                object.extend(found);
            }
            json_line(&mut out, &object)?;
        } else {
            listing(&mut out, &found, &Marks::of(context))?;
            out.flush()?;
            if !context.quiet {
                writeln!(std::io::stderr(), "{}", summary(&found, args.sort))?;
            }
        }
    }
    out.flush()?;
    Ok(0)
}

fn search(args: &SearchArgs, query: &str, filter: Filter) -> anyhow::Result<Search> {
    let order = match args.sort {
        SortBy::Relevance => HitOrder::Relevance,
        SortBy::Recent => HitOrder::Recent,
        SortBy::Date => HitOrder::Date,
    };
    let query = Query::parse(query)?;
    Ok(Search { query, filter, order, with_facets: args.facets })
}

fn trends(archive: &Archive, queries: &[String], filter: &Filter) -> anyhow::Result<Vec<Trend>> {
    let trend = |text: &String| Ok(archive.trend(text, &Query::parse(text)?, filter)?);
    archive.at_one_moment(|| queries.iter().map(trend).collect())
}

/// How terms are shown in a text.
struct Marks {
    start: &'static str,
    end: &'static str,
}

impl Marks {
    fn of(context: &Context) -> Self {
        if context.color_on_stdout() {
            Self { start: "\x1b[1;31m", end: "\x1b[0m" }
        } else {
            Self { start: "[", end: "]" }
        }
    }

    fn show(&self, text: &str, marks: &[(usize, usize)]) -> String {
        let mut marked = String::with_capacity(text.len());
        for (at, c) in shown(text).chars().enumerate() {
            if marks.iter().any(|(_, end)| *end == at) {
                marked.push_str(self.end);
            }
            if marks.iter().any(|(start, _)| *start == at) {
                marked.push_str(self.start);
            }
            marked.push(if c == '\n' { ' ' } else { c });
        }
        if marks.iter().any(|(_, end)| *end == text.chars().count()) {
            marked.push_str(self.end);
        }
        marked
    }
}

fn listing(out: &mut impl Write, found: &Found, marks: &Marks) -> std::io::Result<()> {
    for hit in &found.hits {
        let published = hit.published.as_deref().unwrap_or("—");
        let title = marks.show(&hit.title, &hit.title_marks);
        writeln!(out, "{:>6}  {published}  {}  {title}", hit.id, hit.site)?;
        if !hit.snippet.is_empty() {
            writeln!(out, "        {}", marks.show(&hit.snippet, &hit.marks))?;
        }
        writeln!(out, "        {}\n", hit.url)?;
    }
    if let Some(facets) = &found.facets {
        write_facets(out, facets)?;
    }
    Ok(())
}

fn write_facets(out: &mut impl Write, facets: &Facets) -> std::io::Result<()> {
    for (name, counts) in [("site", &facets.site), ("month", &facets.month), ("category", &facets.category)] {
        // Of the months the latest are shown, of the others the largest.
        let skipped = if name == "month" { counts.len().saturating_sub(SHOWN) } else { 0 };
        let counted = counts.iter().skip(skipped).take(SHOWN);
        let counted: Vec<String> =
            counted.map(|(value, count)| format!("{} ({count})", shown(value))).collect();
        let more =
            if counts.len() > SHOWN { format!(" · {} more", counts.len() - SHOWN) } else { String::new() };
        writeln!(out, "{name:>8}  {}{more}", counted.join(" · "))?;
    }
    Ok(())
}

fn summary(found: &Found, wanted: SortBy) -> String {
    let order = match found.order {
        HitOrder::Relevance => "the most relevant first",
        HitOrder::Recent => "the most relevant first, older ones pushed back",
        HitOrder::Date if wanted == SortBy::Date => "the newest first",
        HitOrder::Date => "the newest first: a single character or a filter alone gives nothing to rank by",
    };
    let articles = if found.total == 1 { "article" } else { "articles" };
    let pending = match found.pending {
        0 => String::new(),
        count => format!("; {count} not indexed yet were looked at one by one"),
    };
    match found.total {
        0 => format!("no article found{pending}"),
        total => format!("{} of {total} {articles}, {order}{pending}", found.hits.len()),
    }
}

/// A row a month, a bar a query; all bars to one scale.
fn chart(out: &mut impl Write, trends: &[Trend]) -> std::io::Result<()> {
    let shares = trends.iter().flat_map(|trend| &trend.months).filter_map(|month| month.share);
    let largest = shares.fold(f64::MIN_POSITIVE, f64::max);
    let column = BAR + 22;
    write!(out, "{:<9}", "month")?;
    for trend in trends {
        write!(out, "{}", pad(&trend.query, column))?;
    }
    writeln!(out)?;
    let months = trends.iter().map(|trend| trend.months.len()).max().unwrap_or(0);
    for at in 0..months {
        let mut line = String::new();
        for month in trends.iter().filter_map(|trend| trend.months.get(at)) {
            if line.is_empty() {
                line = format!("{:<9}", month.month);
            }
            let share = month.share.map_or_else(
                || "—".to_owned(),
                |share| format!("{:.1} % ({}/{})", share * 100.0, month.count, month.total),
            );
            let bar = bar(month.share.unwrap_or(0.0) / largest);
            line.push_str(&pad(&format!("{bar} {share}"), column));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A bar in eighths of a column.
fn bar(part: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "0 to 192"
    )]
    let eighths = (part * (BAR * 8) as f64).round() as usize;
    pad(&format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]), BAR)
}

/// A line a month and query.
fn csv(out: &mut impl Write, trends: &[Trend]) -> std::io::Result<()> {
    writeln!(out, "query,month,count,total,share")?;
    for trend in trends {
        let query = trend.query.replace('"', "\"\"");
        for month in &trend.months {
            // Nothing where there is nothing to be a share of.
            let share = month.share.map(|share| format!("{share:.6}")).unwrap_or_default();
            writeln!(out, "\"{query}\",{},{},{},{share}", month.month, month.count, month.total)?;
        }
    }
    Ok(())
}
