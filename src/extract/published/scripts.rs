//! Dates that only scripts hold.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use regex::Regex;

use crate::article::{Found, Origin, Published};
use crate::extract::Page;
use crate::extract::date::{self, Context};
use crate::extract::structured::Structured;
use crate::extract::survey::script_text;

/// Variables of scripts that hold the time, as WeChat's `ct`.
static SCRIPT_TIME: LazyLock<Regex> = static_regex!(
    r#"(?ix)(?:(?-u:\b)|_)
    (?:ct|ptime|published|(?:ori_?)?create_?(?:time|date)
      |(?:first_?)?publish(?:ed)?_?(?:time|date|at|on|date_?time)|date_?published|pub_?(?:time|date)
      |post_?(?:time|date)|news_?time|article_?date|release_?(?:time|date)|publication_?date)
    \\?["']?\s*[:=]\s*\\?["']?
    (\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T\ ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?|1\d{9}(?:\d{3})?(?-u:\b))"#
);

/// A date that a short script writes into the page: `showDate("2020/04/17 01:43:09")`, or sets on an
/// element called `publish_time`, as WeChat does.
fn of_call(script: &str, read: &dyn Fn(&str) -> Option<Published>) -> Option<Published> {
    let names_time = script.contains("publish_time") && script.len() < 2000;
    let writes_date = script.len() < 120 && script.to_ascii_lowercase().contains("date(");
    if !names_time && !writes_date {
        return None;
    }
    ISO_DAY.find(script).and_then(|found| read(&found.as_str().replace('/', "-")))
}

static ISO_DAY: LazyLock<Regex> =
    static_regex!(r"\b20\d\d[-/]\d{1,2}[-/]\d{1,2}(?: \d{1,2}:\d{2}(?::\d{2})?)?");

/// A moment counted in seconds is a day only in some time zone: the site's, that of another date on
/// the page, or that of the page's language; else UTC.
pub(super) fn of_scripts(
    page: &Page<'_>,
    structured: &Structured,
    context: &Context,
) -> Option<Found<Published>> {
    let stated = || structured.published.iter().chain(&structured.modified).chain(&structured.dated);
    let zone = context.zone.clone().or_else(|| stated().find_map(|date| offset(&date.value.value)));
    let zone = zone.or_else(|| context.home.clone());
    let read = |text: &str| -> Option<Published> {
        if text.contains(['-', '/']) {
            return date::read(&text.replace('/', "-"), context).ok()?.published;
        }
        let number: i64 = text.parse().ok()?;
        let seconds = if text.len() > 10 { number / 1000 } else { number };
        let at = Timestamp::from_second(seconds).ok().filter(|at| *at <= context.reference)?;
        Some(Published::exactly(at, zone.as_ref()))
    };
    page.survey.scripts.iter().find_map(|id| {
        let text = script_text(&page.html, *id);
        let called = of_call(&text, &read);
        let date = called.or_else(|| SCRIPT_TIME.captures_iter(&text).find_map(|found| read(&found[1])))?;
        Some(Found::new(date, Origin::Generic))
    })
}

/// The offset that a date in ISO 8601 ends with; UTC tells nothing of a place.
fn offset(date: &str) -> Option<TimeZone> {
    let at = date.len().checked_sub(6).filter(|at| *at > 10)?;
    let (hours, minutes) = date.get(at..)?.split_once(':')?;
    let sign = if hours.starts_with('-') { -1 } else { 1 };
    let hours: i32 = hours.strip_prefix(['+', '-'])?.parse().ok()?;
    let seconds = sign * (hours * 3600 + minutes.parse::<i32>().ok()? * 60);
    (seconds != 0).then(|| Offset::from_seconds(seconds).ok().map(TimeZone::fixed)).flatten()
}
