//! `jianbao try`: the deciding parts by themselves.

use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Usage;
use super::args::{TryArgs, TryPart};
use super::output::{json_line, stdout};
use crate::clock::{Clock, SystemClock};
use crate::extract::{charset, date};
use crate::politeness::robots::Robots;
use crate::url::CanonicalUrl;

pub(super) fn run(args: &TryArgs) -> anyhow::Result<u8> {
    match &args.part {
        TryPart::Date { jsonl: true, .. } => each_line(|q: DateQuestion| try_date(&q)),
        TryPart::Robots { jsonl: true, .. } => each_line(|q: RobotsQuestion| try_robots(&q)),
        TryPart::Charset { jsonl: true, .. } => each_line(|q: CharsetQuestion| try_charset(&q)),
        TryPart::Url { jsonl: true, .. } => each_line(|q: UrlQuestion| Ok(try_url(&q))),
        TryPart::Date { text, reference, timezone, .. } => {
            let reference = reference.unwrap_or_else(|| SystemClock.now());
            let (text, timezone) = (text.clone().unwrap_or_default(), timezone.clone());
            answer(&try_date(&DateQuestion { text, reference, timezone })?)
        }
        TryPart::Robots { file, url, user_agent, .. } => {
            let robots = read(file.as_deref().unwrap_or(Path::new("-")))?;
            let url = url.clone().unwrap_or_default();
            let verdict = Robots::parse(&robots).verdict(user_agent, &url);
            answer(&serde_json::to_value(verdict)?)
        }
        TryPart::Charset { file, content_type, .. } => {
            let bytes = read(file.as_deref().unwrap_or(Path::new("-")))?;
            let decoded = charset::decode(&bytes, content_type.as_deref());
            answer(&json!({ "encoding": decoded.encoding, "text": decoded.text }))
        }
        TryPart::Url { url, base, .. } => {
            answer(&try_url(&UrlQuestion { input: url.clone().unwrap_or_default(), base: base.clone() }))
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("could not read standard input")?;
        return Ok(bytes);
    }
    Ok(std::fs::read(path).map_err(|error| Usage(format!("could not read `{}`: {error}", path.display())))?)
}

fn answer(value: &Value) -> anyhow::Result<u8> {
    let mut out = stdout();
    json_line(&mut out, value)?;
    out.flush()?;
    Ok(0)
}

/// One answer for each question, in order; a question that can't be read gets an `error`.
fn each_line<Q: DeserializeOwned>(ask: impl Fn(Q) -> anyhow::Result<Value>) -> anyhow::Result<u8> {
    let mut out = stdout();
    for line in super::input::lines() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = serde_json::from_str(&line).map_err(anyhow::Error::from).and_then(&ask);
        json_line(&mut out, &answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))?;
    }
    out.flush()?;
    Ok(0)
}

#[derive(Debug, Deserialize)]
struct DateQuestion {
    text: String,
    reference: Timestamp,
    timezone: Option<String>,
}

fn try_date(question: &DateQuestion) -> anyhow::Result<Value> {
    let zone = match &question.timezone {
        Some(name) => Some(TimeZone::get(name).map_err(|_| Usage(format!("`{name}` is not a time zone")))?),
        None => None,
    };
    let context =
        date::Context { reference: question.reference, zone, home: None, order: date::Order::Unknown };
    let found = date::read(&question.text, &context);
    Ok(match found.map(|dates| dates.published) {
        Ok(Some(published)) => json!({
            "value": published.value,
            "precision": published.precision,
            "approximate": published.approximate,
        }),
        Ok(None) => json!({ "value": null, "reason": date::NoDate::Absent.as_str() }),
        Err(reason) => json!({ "value": null, "reason": reason.as_str() }),
    })
}

#[derive(Debug, Deserialize)]
struct RobotsQuestion {
    #[serde(default)]
    robots_txt: String,
    /// The file's bytes in base64, for files that are no text.
    robots_b64: Option<String>,
    user_agent: Option<String>,
    url: String,
}

fn try_robots(question: &RobotsQuestion) -> anyhow::Result<Value> {
    let bytes = match &question.robots_b64 {
        Some(text) => STANDARD.decode(text).context("`robots_b64` is not base64")?,
        None => question.robots_txt.clone().into_bytes(),
    };
    let robots = Robots::parse(&bytes);
    Ok(json!(robots.verdict(question.user_agent.as_deref().unwrap_or_default(), &question.url)))
}

#[derive(Debug, Deserialize)]
struct CharsetQuestion {
    bytes_b64: String,
    content_type: Option<String>,
}

fn try_charset(question: &CharsetQuestion) -> anyhow::Result<Value> {
    let bytes = STANDARD.decode(&question.bytes_b64).context("`bytes_b64` is not base64")?;
    let decoded = charset::decode(&bytes, question.content_type.as_deref());
    Ok(json!({ "encoding": decoded.encoding, "text": decoded.text }))
}

#[derive(Debug, Deserialize)]
struct UrlQuestion {
    #[serde(rename = "in")]
    input: String,
    base: Option<String>,
}

fn try_url(question: &UrlQuestion) -> Value {
    let base = question.base.as_deref().map(|base| CanonicalUrl::parse(base, None)).transpose();
    match base.and_then(|base| CanonicalUrl::parse(&question.input, base.as_ref())) {
        Ok(url) => json!({ "canonical": url.as_str(), "key": url.key().to_string() }),
        Err(error) => json!({ "canonical": null, "key": null, "error": error.to_string() }),
    }
}
