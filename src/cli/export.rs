//! `jianbao export`

use super::Context;
use super::args::{ExportArgs, ExportFormat};
use super::output::stdout;
use crate::export;

pub(super) fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let filter = args.filter.to_filter();
    match (args.format, &args.output) {
        (ExportFormat::Jsonl, Some(path)) => {
            export::to_file(path, |out| export::jsonl(&archive, &filter, out))?
        }
        (ExportFormat::Jsonl, None) => export::jsonl(&archive, &filter, &mut stdout())?,
    };
    Ok(0)
}
