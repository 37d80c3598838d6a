//! `jianbao config`: effective values and where each one came from.

use std::io::Write as _;

use super::Context;
use super::output::{json_pretty, screen};
use crate::config::{Value, command_without_secrets, without_secrets};

pub(super) fn run(context: &Context) -> anyhow::Result<u8> {
    let loaded = &context.loaded;
    let sites = loaded.config.resolved_sites()?;
    let mut out = screen(context);
    if context.json {
        let values: serde_json::Map<String, serde_json::Value> = loaded
            .values
            .iter()
            .map(|v| (v.key.clone(), serde_json::json!({ "value": open(v), "source": v.source.to_string() })))
            .collect();
        let sites: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
        json_pretty(&mut out, &serde_json::json!({ "file": loaded.file, "values": values, "sites": sites }))?;
        out.flush()?;
        return Ok(0);
    }
    let mut section = "";
    for value in &loaded.values {
        let (head, key) = value.key.split_once('.').unwrap_or(("", &value.key));
        if head != section {
            writeln!(out, "{}[{head}]", if section.is_empty() { "" } else { "\n" })?;
            section = head;
        }
        writeln!(out, "{:<56}  # {}", format!("{key} = {}", open(value)), value.source)?;
    }
    for site in sites {
        writeln!(out, "\n[[site]]\nname = {:?}", site.name)?;
        let seeds: Vec<&str> = site.seeds.iter().map(crate::url::CanonicalUrl::as_str).collect();
        writeln!(out, "seeds = {seeds:?}")?;
        writeln!(
            out,
            "profile = {}",
            site.profile.map_or("(matched by host or fingerprint)".to_owned(), |p| format!("{p:?}"))
        )?;
        writeln!(out, "politeness.delay = \"{}\"", site.politeness.delay)?;
        writeln!(out, "scope.max_pages = {}", site.scope.max_pages)?;
    }
    out.flush()?;
    Ok(0)
}

/// A value as anybody may see it.
fn open(value: &Value) -> toml::Value {
    match &value.value {
        toml::Value::String(url) if value.key == "notify.webhook" => without_secrets(url).into(),
        toml::Value::String(command) if value.key == "notify.command" => {
            command_without_secrets(command).into()
        }
        other => other.clone(),
    }
}
