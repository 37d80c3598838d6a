//! `jianbao export`

use std::path::Path;

use super::args::{ExportArgs, ExportFormat};
use super::output::stdout;
use super::{Context, Usage};
use crate::export;

pub(super) fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<u8> {
    let archive = context.open_archive()?;
    let filter = args.filter.to_filter();
    if let Some(site) = filter.site.as_deref()
        && !archive.has_site(site)?
    {
        return Err(Usage(format!("there is no site `{site}` in the archive")).into());
    }
    if let Some(path) = args.output.as_deref().filter(|path| is_same(path, &context.archive_path())) {
        let message = format!("`{}` is the archive itself; give the export another name", path.display());
        return Err(Usage(message).into());
    }
    match (args.format, &args.output) {
        (ExportFormat::Jsonl, Some(path)) => {
            export::to_file(path, |out| export::jsonl(&archive, &filter, out))?
        }
        (ExportFormat::Jsonl, None) => export::jsonl(&archive, &filter, &mut stdout())?,
    };
    Ok(0)
}

/// Whether two paths lead to one file.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
