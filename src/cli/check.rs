//! `jianbao check`: profiles on their samples.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::CheckArgs;
use super::output::{json_line, screen};
use super::{ATTENTION, Context, Usage};
use crate::profile::{Profile, Profiles, Sample, check_sample};

pub(super) fn run(args: &CheckArgs, context: &Context) -> anyhow::Result<u8> {
    let folder = context.profiles_folder();
    let profiles = chosen(&args.profiles, &folder)?;
    let mut out = screen(context);
    let mut failed = 0;
    for profile in &profiles {
        let path = profile.path.clone().unwrap_or_else(|| folder.join("built-in"));
        // Paths of saved pages start from the folder that holds `selectors/`.
        let root = path.parent().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        let is_here = |sample: &Sample| profile.path.is_some() || root.join(&sample.page).exists();
        if !profile.samples.iter().any(is_here) {
            unsampled(&mut out, profile, context.json)?;
            continue;
        }
        let mut failures = Vec::new();
        for sample in &profile.samples {
            let report = check_sample(profile, sample, &root);
            failures.extend(report.failures.into_iter().map(|failure| format!("{}: {failure}", report.page)));
        }
        failed += usize::from(!failures.is_empty());
        if context.json {
            json_line(
                &mut out,
                &serde_json::json!({ "profile": profile.key, "samples": profile.samples.len(), "failures": failures }),
            )?;
            continue;
        }
        let verdict = if failures.is_empty() { "ok" } else { "FAILED" };
        writeln!(out, "{verdict:<6} {} ({}, samples: {})", profile.key, profile.name, profile.samples.len())?;
        for failure in failures {
            writeln!(out, "       {failure}")?;
        }
    }
    out.flush()?;
    Ok(if failed == 0 { 0 } else { ATTENTION })
}

/// Says that a profile is built in and its saved pages are not here: they are part of the source, not of the binary.
fn unsampled(out: &mut impl Write, profile: &Profile, json: bool) -> anyhow::Result<()> {
    let why = "built in, and its saved pages come with the source only: nothing was checked";
    if json {
        let nothing: [&str; 0] = [];
        let line =
            serde_json::json!({ "profile": profile.key, "samples": 0, "failures": nothing, "note": why });
        return json_line(out, &line);
    }
    Ok(writeln!(out, "{:<6} {} ({}): {why}", "—", profile.key, profile.name)?)
}

fn chosen(names: &[String], folder: &Path) -> anyhow::Result<Vec<Arc<Profile>>> {
    let as_file = |name: &String| {
        name.contains('/') || Path::new(name).extension().is_some_and(|ending| ending == "toml")
    };
    if names.is_empty() {
        let all: Vec<Arc<Profile>> =
            Profiles::load(folder)?.iter().filter(|p| p.path.is_some()).cloned().collect();
        if all.is_empty() {
            return Err(Usage(format!(
                "there are no profiles in `{}`: nothing to check; those that are built in are checked by the source's own tests",
                folder.display()
            ))
            .into());
        }
        return Ok(all);
    }
    let mut profiles = Vec::new();
    for name in names {
        profiles.push(if as_file(name) {
            Profiles::load_file(&absolute(name)?)?
        } else {
            Profiles::load(folder)?.get(name)?
        });
    }
    Ok(profiles)
}

fn absolute(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::path::absolute(name)?)
}
