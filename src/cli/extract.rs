//! `jianbao extract`: extraction alone, no archive.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::args::ExtractArgs;
use super::output::{Passes, Screen, json_line, json_pretty, screen, shown, stdout};
use super::workers;
use super::{ATTENTION, Context, Usage};
use crate::article::Article;
use crate::capture::Capture;
use crate::clock::{Clock, SystemClock};
use crate::crawl::fetch_once;
use crate::extract::{Attributes, Page, PageKind};
use crate::profile::{Profile, Profiles};
use crate::url::CanonicalUrl;

/// The address of a page that has none.
const NOWHERE: &str = "http://localhost/page.html";

pub(super) fn run(args: &ExtractArgs, context: &Context) -> anyhow::Result<u8> {
    let profiles = if args.generic { None } else { Some(context.profiles()?) };
    if args.jsonl {
        return lines(profiles.as_ref(), args.explain);
    }
    let source = args.source.as_deref().unwrap_or_default();
    let capture = capture(source, args, context)?;
    let page = Page::parse(&capture);
    if let Some(name) = page.no_page() {
        writeln!(std::io::stderr(), "error: no article was found in `{source}`: it is {name}, no page")?;
        return Ok(ATTENTION);
    }
    let profile = profiles.as_ref().and_then(|profiles| profile_for(profiles, &page));
    let (kind, article) = page.read(profile.as_deref());
    let article = (kind == PageKind::Article).then_some(article);
    let mut out = screen(context);
    match &article {
        Some(article) if context.json => json_pretty(&mut out, &answer(source, &capture.url, article))?,
        Some(article) => readable(&mut out, article)?,
        None => {}
    }
    out.flush()?;
    if args.explain && context.json {
        // The object on standard output stays one object.
        explain(
            &mut Screen::new(std::io::stderr(), Passes::Seen),
            &page,
            profile.as_deref(),
            (kind, article.as_ref()),
        )?;
    } else if args.explain {
        explain(&mut out, &page, profile.as_deref(), (kind, article.as_ref()))?;
        out.flush()?;
    }
    if article.is_none() {
        writeln!(
            std::io::stderr(),
            "error: no article was found in `{source}` (the page looks like: {})",
            kind.as_str()
        )?;
        return Ok(ATTENTION);
    }
    Ok(0)
}

fn capture(source: &str, args: &ExtractArgs, context: &Context) -> anyhow::Result<Capture> {
    if source.starts_with("http://") || source.starts_with("https://") {
        let url = CanonicalUrl::parse(source, None).map_err(|error| Usage(error.to_string()))?;
        let runtime = super::runtime()?;
        return Ok(runtime.block_on(fetch_once(&context.loaded.config, &url, Arc::new(SystemClock)))?);
    }
    let bytes =
        std::fs::read(source).map_err(|error| Usage(format!("could not read `{source}`: {error}")))?;
    let url = args.url.as_deref().unwrap_or(NOWHERE);
    let url = CanonicalUrl::parse(url, None).map_err(|error| Usage(error.to_string()))?;
    Ok(Capture::of_page(url, args.fetched_at.unwrap_or_else(|| SystemClock.now()), None, bytes))
}

fn profile_for(profiles: &Profiles, page: &Page<'_>) -> Option<Arc<Profile>> {
    let at = page.fetched_at();
    profiles.for_host(page.url(), at).or_else(|| profiles.for_page(page.html(), at))
}

/// A line of `--jsonl` input.
#[derive(Debug, Deserialize)]
struct Question {
    id: serde_json::Value,
    path: Option<PathBuf>,
    url: Option<String>,
    fetched_at: Option<Timestamp>,
    content_type: Option<String>,
}

/// A line of `--jsonl` output.
#[derive(Debug, Default, Serialize)]
struct Answer {
    id: serde_json::Value,
    title: Option<String>,
    date: Option<String>,
    author: Option<String>,
    body: Option<String>,
    site: Option<String>,
    language: Option<String>,
    markdown: Option<String>,
    origins: serde_json::Value,
    kind: Option<&'static str>,
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocks: Option<serde_json::Value>,
}

fn answer(id: &str, url: &CanonicalUrl, article: &Article) -> Answer {
    Answer {
        id: id.into(),
        title: (!article.title.is_empty()).then(|| article.title.clone()),
        date: article.published.as_ref().map(|published| published.value.clone()),
        author: article.author.clone(),
        body: Some(article.text.clone()),
        site: article.site_name.clone().or_else(|| Some(url.host().to_owned())),
        language: article.language.clone(),
        markdown: Some(article.to_markdown()),
        origins: serde_json::json!(article.origins),
        kind: None,
        error: None,
        blocks: None,
    }
}

fn lines(profiles: Option<&Profiles>, explain: bool) -> anyhow::Result<u8> {
    let reader = Reader::new(profiles, explain);
    let mut out = stdout();
    let is_empty = |line: &anyhow::Result<String>| line.as_ref().is_ok_and(|line| line.trim().is_empty());
    workers::in_order(
        || super::input::lines().filter(move |line| !is_empty(line)),
        |line| reader.answer_line(&line),
        |answer| {
            json_line(&mut out, &answer)?;
            Ok(out.flush()?)
        },
    )?;
    Ok(0)
}

/// What lines are answered with.
struct Reader<'a> {
    profiles: Option<&'a Profiles>,
    attributes: Attributes,
    explain: bool,
}

impl<'a> Reader<'a> {
    fn new(profiles: Option<&'a Profiles>, explain: bool) -> Self {
        let attributes = Attributes::for_profiles(
            profiles.into_iter().flat_map(Profiles::iter).map(|profile| profile.toml.as_str()),
        );
        Self { profiles, attributes, explain }
    }

    /// A page that fails gives a line that says so; the others go on.
    fn answer_line(&self, line: &str) -> Answer {
        let failed =
            |id: serde_json::Value, error: String| Answer { id, error: Some(error), ..Answer::default() };
        let question: Question = match serde_json::from_str(line) {
            Ok(question) => question,
            Err(error) => {
                let id = serde_json::from_str::<serde_json::Value>(line).ok();
                let id = id.and_then(|line| line.get("id").cloned()).unwrap_or_default();
                return failed(id, format!("not a question: {error}"));
            }
        };
        let id = question.id.clone();
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.answer(question)));
        match worked {
            Ok(Ok(answer)) => Answer { id, ..answer },
            Ok(Err(error)) => failed(id, error),
            Err(_) => failed(id, "the extraction panicked".to_owned()),
        }
    }

    fn answer(&self, question: Question) -> Result<Answer, String> {
        let path = question.path.ok_or("`path` is missing")?;
        let bytes =
            std::fs::read(&path).map_err(|error| format!("could not read `{}`: {error}", path.display()))?;
        // A page is read whatever its address looks like; relative links then start from nowhere.
        let url = question.url.as_deref().and_then(|url| CanonicalUrl::parse(url, None).ok());
        let url = url.map_or_else(|| CanonicalUrl::parse(NOWHERE, None).map_err(|e| e.to_string()), Ok)?;
        let at = question.fetched_at.unwrap_or_else(|| SystemClock.now());
        let capture = Capture::of_page(url, at, question.content_type.as_deref(), bytes);
        let page = Page::parse_keeping(&self.attributes, &capture);
        if let Some(name) = page.no_page() {
            return Err(format!("`{}` is {name}, no page", path.display()));
        }
        let profile = self.profiles.and_then(|profiles| profile_for(profiles, &page));
        let blocks = self.explain.then(|| page.blocks());
        let (kind, article) = page.read(profile.as_deref());
        Ok(Answer { blocks, kind: Some(kind.as_str()), ..answer("", &capture.url, &article) })
    }
}

fn readable(out: &mut impl std::io::Write, article: &Article) -> anyhow::Result<()> {
    writeln!(out, "{}", shown(&article.title))?;
    let published = article.published.as_ref().map(|p| p.value.as_str());
    for (name, value) in [
        ("published", published),
        ("author", article.author.as_deref()),
        ("source", article.source.as_deref()),
        ("category", article.category.as_deref()),
    ] {
        if let Some(value) = value {
            writeln!(out, "{name}: {}", shown(value))?;
        }
    }
    writeln!(out, "\n{}", shown(&article.text))?;
    Ok(())
}

fn explain(
    out: &mut impl std::io::Write,
    page: &Page<'_>,
    profile: Option<&Profile>,
    (kind, article): (PageKind, Option<&Article>),
) -> anyhow::Result<()> {
    writeln!(out, "\nencoding: {}", page.encoding)?;
    writeln!(out, "profile: {}", profile.map_or("none: generic rules", |profile| &profile.key))?;
    writeln!(out, "kind: {}", kind.as_str())?;
    for (field, origin) in article.iter().flat_map(|article| &article.origins) {
        writeln!(out, "{field}: from {origin}")?;
    }
    for note in article.iter().flat_map(|article| &article.notes) {
        writeln!(out, "note: {}", shown(note))?;
    }
    for note in &page.notes {
        writeln!(out, "note: {}", shown(note))?;
    }
    let explanation = page.explain();
    let mut list = |heading: &str, lines: &[String]| -> std::io::Result<()> {
        if !lines.is_empty() {
            writeln!(out, "\n{heading}")?;
        }
        lines.iter().try_for_each(|line| writeln!(out, "  {}", shown(line)))
    };
    list("what names the title, and how much its word counts:", &explanation.titles)?;
    list("dates:", &explanation.dates)?;
    list("authors that are stated:", &explanation.authors)?;
    list(
        &format!("lines around the body (in {}), by rules that know no site:", explanation.root),
        &explanation.lines,
    )?;
    Ok(())
}
