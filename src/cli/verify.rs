//! `jianbao verify`: a snapshot against its manifest.

use std::io::Write as _;

use serde_json::json;

use super::args::VerifyArgs;
use super::output::{json_line, screen};
use super::{ATTENTION, Context};
use crate::export::{Snapshot, verify_snapshot};

pub(super) fn run(args: &VerifyArgs, context: &Context) -> anyhow::Result<u8> {
    let (snapshot, problems) = verify_snapshot(&args.snapshot)?;
    tell(&snapshot, &problems, context)?;
    Ok(if problems.is_empty() { 0 } else { ATTENTION })
}

/// What the snapshot is, and what of it does not hold.
pub(super) fn tell(snapshot: &Snapshot, problems: &[String], context: &Context) -> anyhow::Result<()> {
    let Snapshot { manifest, digest } = snapshot;
    let mut out = screen(context);
    if context.json {
        let ok = problems.is_empty();
        let (digest, articles) = (digest.to_string(), manifest.articles);
        json_line(
            &mut out,
            &json!({ "ok": ok, "digest": digest, "articles": articles, "problems": problems }),
        )?;
    } else {
        for problem in problems {
            writeln!(out, "{problem}")?;
        }
        let verdict = if problems.is_empty() { "" } else { " · damaged" };
        writeln!(
            out,
            "snapshot {digest} · {} articles · jianbao {}{verdict}",
            manifest.articles, manifest.jianbao
        )?;
    }
    out.flush()?;
    Ok(())
}
