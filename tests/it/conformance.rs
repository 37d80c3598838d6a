//! Public and own cases of robots.txt, dates, encodings, URLs and sitemaps. They are not part of the project:
//! without the folder (`JIANBAO_CASES`, else `../shared/data`) the tests say so and prove nothing.

use std::path::PathBuf;

use base64::Engine as _;
use jianbao::capture::Capture;
use jianbao::discover::sitemap;
use jianbao::extract::{charset, date};
use jianbao::politeness::robots::Robots;
use jianbao::url::CanonicalUrl;
use jiff::Timestamp;
use serde_json::Value;

fn cases(file: &str) -> Option<Vec<Value>> {
    let folder = std::env::var_os("JIANBAO_CASES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        crate::support::skipped(&format!("{} is not there", path.display()));
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

#[test]
fn robots_cases_on_which_suites_and_google_agree_all_pass() {
    let Some(cases) = cases("robots.jsonl") else { return };
    let core: Vec<&Value> = cases.iter().filter(|case| case["tier"] == "core").collect();
    for case in &core {
        let bytes = match case["robots_b64"].as_str() {
            Some(encoded) => base64::engine::general_purpose::STANDARD.decode(encoded).unwrap(),
            None => text(case, "robots_txt").as_bytes().to_vec(),
        };
        // Google's parser does not decode `%62` in a rule; RFC 9309 §2.2.2 says that it means `b`, and suites of
        // others have the same case with the other answer.
        if text(case, "id") == "robots-0769" {
            continue;
        }
        let verdict = Robots::parse(&bytes).verdict(text(case, "user_agent"), text(case, "url"));
        assert_eq!(Some(verdict.allowed), case["allowed"].as_bool(), "{}", case["id"]);
    }
    assert!(core.len() > 1000);
}

#[test]
fn date_cases_have_no_wrong_answer() {
    let Some(cases) = cases("dates_zh.jsonl") else { return };
    let (mut right, mut wrong) = (0, Vec::new());
    for case in &cases {
        let zone = Some(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap());
        let context = date::Context {
            reference: text(case, "reference").parse().unwrap(),
            zone,
            home: None,
            order: date::Order::Unknown,
        };
        let found = date::read(text(case, "text"), &context).ok().and_then(|dates| dates.published);
        match (found, case["gold"].as_str()) {
            (None, None) => right += 1,
            (Some(found), Some(gold))
                if found.value.starts_with(gold.split(['+', 'Z']).next().unwrap_or(gold)) =>
            {
                right += 1;
            }
            // A week or an hour may be named by another of its days or minutes.
            (Some(found), Some(_))
                if matches!(text(case, "precision"), "week" | "hour") && found.approximate =>
            {
                right += 1;
            }
            (Some(found), Some(gold))
                if text(case, "precision") == "minute" && found.value.get(..16) == gold.get(..16) =>
            {
                right += 1;
            }
            (Some(found), gold) => {
                wrong.push(format!("{}: {} not {gold:?}", text(case, "text"), found.value));
            }
            (None, Some(_)) => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right * 100 >= cases.len() * 97, "{right} of {}", cases.len());
}

#[test]
fn encoding_cases_pass() {
    let Some(cases) = cases("charset_own.jsonl") else { return };
    for case in &cases {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text(case, "bytes_b64")).unwrap();
        let decoded = charset::decode(&bytes, case["content_type"].as_str());
        for part in case["gold_text_contains"].as_array().unwrap() {
            assert!(decoded.text.contains(part.as_str().unwrap()), "{}: {}", case["name"], decoded.encoding);
        }
    }
}

#[test]
fn url_cases_merge_what_is_equal_and_nothing_else() {
    let Some(cases) = cases("url_dedup_pairs.jsonl") else { return };
    for case in &cases {
        let key = |side| CanonicalUrl::parse(text(case, side), None).unwrap().key();
        let want = case["same"] == true && case["level"] != "heuristic";
        assert_eq!(key("a") == key("b"), want, "{case}");
    }
}

type Lines = Vec<(String, Option<Timestamp>)>;

/// What a case expects and what was read, as sorted `[url, lastmod]` pairs.
fn sitemap_lines(case: &Value) -> (Lines, Lines) {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text(case, "bytes_b64")).unwrap();
    let url = CanonicalUrl::parse(text(case, "url"), None).unwrap();
    let capture = Capture::of_page(url, Timestamp::UNIX_EPOCH, case["content_type"].as_str(), bytes);
    let canonical = |url: &str| CanonicalUrl::parse(url, None).unwrap().key().to_string();
    let expected = case["locs"].as_array().unwrap().iter().map(|pair| {
        let lastmod = pair[1].as_str().map(|at| at.parse().unwrap());
        (canonical(pair[0].as_str().unwrap()), lastmod)
    });
    let sitemap = sitemap::read(&capture).unwrap_or_default();
    let read = sitemap.pages.iter().chain(&sitemap.sitemaps);
    let read = read.map(|line| (canonical(line.url.as_str()), line.lastmod.map(|lastmod| lastmod.from)));
    let (mut expected, mut read): (Lines, Lines) = (expected.collect(), read.collect());
    expected.sort();
    read.sort();
    read.dedup();
    (expected, read)
}

#[test]
fn sitemap_cases_pass_but_where_more_can_be_read() {
    let Some(cases) = cases("sitemaps.jsonl") else { return };
    let mut differ = Vec::new();
    for case in &cases {
        let (expected, read) = sitemap_lines(case);
        if expected != read {
            differ.push(format!("{} {}: {read:?} not {expected:?}", case["id"], case["test"]));
        }
    }
    assert!(differ.len() <= 5, "{differ:#?}");
}
