//! Dates that only scripts hold.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::article::{Found, Origin, Published};
use crate::extract::Page;
use crate::extract::date::{self, Context};
use crate::extract::survey::script_text;

/// Variables of scripts that hold the time, as WeChat's `ct`.
static SCRIPT_TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)(?:\b|_)(?:ct|createtime|create_time|publishtime|publish_time|publish_date|publishdate|pubtime|pub_time|pubdate|ptime|newstime|news_time|datepublished|date_published|published_at|publishedat|first_published_at)\\?["']?\s*[:=]\s*\\?["']?(\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?)?|1\d{9}(?:\d{3})?\b)"#,
    )
    .ok()
});

/// A date that a short script writes into the page: `showDate("2020/04/17 01:43:09")`, or sets on an
/// element called `publish_time`, as WeChat does.
fn of_call(script: &str, read: &dyn Fn(&str) -> Option<Published>) -> Option<Published> {
    let names_time = script.contains("publish_time") && script.len() < 2000;
    let writes_date = script.len() < 120 && script.to_ascii_lowercase().contains("date(");
    if !names_time && !writes_date {
        return None;
    }
    let pattern = ISO_DAY.as_ref()?;
    pattern.find(script).and_then(|found| read(&found.as_str().replace('/', "-")))
}

static ISO_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b20\d\d[-/]\d{1,2}[-/]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?").ok());

pub(super) fn of_scripts(page: &Page<'_>, context: &Context) -> Option<Found<Published>> {
    let pattern = SCRIPT_TIME.as_ref()?;
    let read = |text: &str| -> Option<Published> {
        if text.contains('-') {
            return date::read(text, context).ok()?.published;
        }
        let number: i64 = text.parse().ok()?;
        let seconds = if text.len() > 10 { number / 1000 } else { number };
        let at = Timestamp::from_second(seconds).ok().filter(|at| *at <= context.reference)?;
        Some(Published::exactly(at, context.zone.as_ref()))
    };
    page.survey.scripts.iter().find_map(|id| {
        let text = script_text(&page.html, *id);
        if let Some(date) = of_call(&text, &read) {
            return Some(Found::new(date, Origin::Generic));
        }
        let date = pattern.captures_iter(&text).find_map(|found| read(found.get(1)?.as_str()))?;
        Some(Found::new(date, Origin::Generic))
    })
}
