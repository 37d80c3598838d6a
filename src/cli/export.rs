//! `jianbao export`

use std::io::IsTerminal as _;
use std::path::Path;

use tracing::error;

use super::args::{ExportArgs, ExportFormat};
use super::output::{shown, stdout};
use super::{ARCHIVE, Context, Usage, check_filter};
use crate::archive::{Archive, Damage, Filter, Order};
use crate::export::{self, Markdown, Start, Stream};

pub(super) fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<u8> {
    let target = Target::of(args)?;
    let archive = context.open_archive()?;
    let filter = filter(args, &archive)?;
    if let Some(path) = args.output.as_deref().filter(|path| is_same(path, &context.archive_path())) {
        let message = format!("`{}` is the archive itself; give the export another name", path.display());
        return Err(Usage(message).into());
    }
    let damaged = match target {
        Target::Snapshot(stream, folder) => snapshot(stream, folder, (&archive, &filter), context)?,
        Target::Markdown(folder) => {
            export::export(&archive, &filter, Order::Id, &mut Markdown::new(folder))?.damaged
        }
        #[cfg(feature = "parquet")]
        Target::Partitions(folder) => {
            export::to_folder(folder, export::is_partition, |folder| {
                let mut format = export::Partitioned::new(folder);
                export::export(&archive, &filter, Order::SiteAndMonth, &mut format)
            })?
            .damaged
        }
        Target::File(stream, path) => {
            export::to_file(path, |out| export::export(&archive, &filter, Order::Id, &mut *stream.to(out)?))?
                .damaged
        }
        Target::Stdout(stream) => {
            let mut out = stdout();
            export::export(&archive, &filter, Order::Id, &mut *stream.to(&mut out)?)?.damaged
        }
    };
    Ok(left_out(&damaged))
}

/// Names what an export left out, and gives the exit code.
fn left_out(damaged: &[Damage]) -> u8 {
    for damage in damaged {
        error!("left out, since it is damaged: {}", shown(&damage.to_string()));
    }
    if damaged.is_empty() { 0 } else { ARCHIVE }
}

/// What is written, and where.
enum Target<'a> {
    Stdout(Stream),
    File(Stream, &'a Path),
    Markdown(&'a Path),
    #[cfg(feature = "parquet")]
    Partitions(&'a Path),
    Snapshot(Stream, &'a Path),
}

impl<'a> Target<'a> {
    fn of(args: &'a ExportArgs) -> Result<Self, Usage> {
        let usage = |message: &str| Err(Usage(message.to_owned()));
        if args.bom && args.format != ExportFormat::Csv {
            return usage("--bom is for --format csv");
        }
        if args.partition && args.format != ExportFormat::Parquet {
            return usage("--partition is for --format parquet");
        }
        let stream = match args.format {
            ExportFormat::Markdown => None,
            ExportFormat::Jsonl => Some(Stream::Jsonl),
            ExportFormat::Csv => {
                Some(Stream::Csv(if args.bom { Start::ByteOrderMark } else { Start::Plain }))
            }
            #[cfg(feature = "parquet")]
            ExportFormat::Parquet => Some(Stream::Parquet),
            #[cfg(not(feature = "parquet"))]
            ExportFormat::Parquet => {
                return usage(
                    "this jianbao was built without the cargo feature `parquet`; build it with `--features parquet`",
                );
            }
        };
        match (stream, args.output.as_deref(), args.snapshot.as_deref()) {
            (Some(stream), _, Some(folder)) => Ok(Self::Snapshot(stream, folder)),
            (None, _, Some(_)) => usage("a snapshot has one file of data: --format jsonl, csv or parquet"),
            (None, Some(folder), None) => Ok(Self::Markdown(folder)),
            #[cfg(feature = "parquet")]
            (Some(_), Some(folder), None) if args.partition => Ok(Self::Partitions(folder)),
            (Some(stream), Some(path), None) => Ok(Self::File(stream, path)),
            (None, None, None) => {
                usage("Markdown is a file per article; name their folder with --output DIR")
            }
            (Some(_), None, None) if args.partition => {
                usage("partitions are folders; name the one that holds them with --output DIR")
            }
            (Some(_), None, None)
                if args.format == ExportFormat::Parquet && std::io::stdout().is_terminal() =>
            {
                usage("Parquet is nothing to read on a terminal; name a file with --output FILE")
            }
            (Some(stream), None, None) => Ok(Self::Stdout(stream)),
        }
    }
}

fn filter(args: &ExportArgs, archive: &Archive) -> anyhow::Result<Filter> {
    let filter = Filter { since_run: args.since_run, ..args.filter.to_filter() };
    check_filter(archive, &filter)?;
    if let Some(run) = filter.since_run {
        let known = archive.run_numbers()?;
        if known.is_none_or(|(first, last)| run < first || run > last) {
            let known = known.map_or("none".to_owned(), |(first, last)| format!("runs {first} to {last}"));
            return Err(Usage(format!("there is no run {run} in the archive; it has {known}")).into());
        }
    }
    Ok(filter)
}

/// Writes a snapshot where nothing is yet, and says by which digest it is known.
fn snapshot(
    stream: Stream,
    folder: &Path,
    (archive, filter): (&Archive, &Filter),
    context: &Context,
) -> anyhow::Result<Vec<Damage>> {
    if folder.exists() {
        return Err(Usage(format!("`{}` exists already; a snapshot never changes", folder.display())).into());
    }
    let write = |temporary: &Path| export::write_snapshot(temporary, archive, filter, stream);
    let (made, damaged) = export::to_folder(folder, |_| false, write)?;
    super::verify::tell(&made, &[], context)?;
    Ok(damaged)
}

/// Whether two paths lead to one file.
fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
