//! `jianbao demo`: the main job, on a bundled site, offline.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::args::{DemoArgs, Global};
use super::crawl::{summary, with_signals};
use super::output::{article, listing, screen};
use super::progress::{Bars, OrExit};
use super::{ATTENTION, Context, INTERRUPTED};
use crate::archive::{Archive, Filter, Place};
use crate::clock::{Clock as _, SystemClock};
use crate::crawl::{Budget, CrawlSettings, Progress, RunOutcome, Silent};
use crate::demo::{DemoSite, SEED_PATH, serve};
use crate::url::CanonicalUrl;

pub(super) fn run(args: &DemoArgs, global: &Global) -> anyhow::Result<u8> {
    let scratch = Scratch::new(args.keep.as_deref())?;
    let folder = scratch.path();
    let server = super::runtime()?;
    let site = Arc::new(DemoSite::new(args.posts.max(1), SystemClock.now()));
    let running = server.block_on(serve(Arc::clone(&site), 0)).context("could not serve the demo site")?;
    let config = folder.join("crawl.toml");
    std::fs::write(&config, configuration(&running.origin()))
        .with_context(|| format!("could not write `{}`", config.display()))?;

    let global = Global { config: Some(config), archive: None, ..global.clone() };
    // The environment is set for other archives than this one.
    let context = Context::load_with(&global, [])?;
    let mut out = screen(&context);
    writeln!(out, "A news site with {} posts is served on {}.", site.posts().len(), running.origin())?;
    writeln!(
        out,
        "Crawling it with the delay between requests lowered to 0 for this host only (the default is 2 s).\n"
    )?;
    out.flush()?;
    let is_watched = std::io::IsTerminal::is_terminal(&std::io::stderr()) && !context.quiet;
    let progress: Arc<dyn Progress> =
        if is_watched { Arc::new(Bars::new(context.bars.clone())) } else { Arc::new(Silent) };
    let settings = CrawlSettings {
        config: context.loaded.config.clone(),
        sites: context.loaded.config.resolved_sites()?,
        profiles: Arc::new(context.profiles()?),
        archive: Place::File(context.archive_path()),
        full: false,
        budget: Budget::default(),
        trials: None,
        in_step: false,
    };
    let report = with_signals(
        settings,
        Arc::new(OrExit { progress, notifier: None, format: context.loaded.config.log.format }),
    )?;
    writeln!(out, "{}", summary(&report))?;
    if report.outcome == RunOutcome::Interrupted {
        out.flush()?;
        return Ok(INTERRUPTED);
    }

    let archive = context.open_archive()?;
    show_one(&archive, &running.origin(), &mut out)?;
    writeln!(out, "\nThe newest of the category 园区动态\n")?;
    let filter = Filter { category: Some("园区动态".to_owned()), limit: Some(8), ..Filter::default() };
    listing(&mut out, &archive.newest(&filter)?)?;
    next_steps(args.keep.as_deref(), &mut out)?;
    out.flush()?;
    Ok(if report.needs_attention() { ATTENTION } else { 0 })
}

fn show_one(archive: &Archive, origin: &str, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let url = CanonicalUrl::parse(&format!("{origin}{SEED_PATH}"), None)?;
    if let Some(found) = archive.article_at(&url)? {
        article(out, &found)?;
    }
    Ok(())
}

fn next_steps(kept: Option<&Path>, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    writeln!(out, "\nTry next")?;
    if let Some(folder) = kept {
        let config = folder.join("crawl.toml");
        let config = config.display();
        for command in [
            "status",
            "show 1",
            "show 1 --versions --json",
            "export --format jsonl -o articles.jsonl",
            "config",
        ] {
            writeln!(out, "  jianbao -c {config} {command}")?;
        }
        writeln!(
            out,
            "  sqlite3 {} 'SELECT published, title FROM articles LIMIT 5'",
            folder.join("archive.sqlite").display()
        )?;
        writeln!(out, "The site itself is gone with this command; the archive stays.")?;
    } else {
        writeln!(
            out,
            "  jianbao demo --keep demo     the same, and leave archive and configuration in ./demo"
        )?;
        writeln!(out, "  jianbao -c demo/crawl.toml status")?;
        writeln!(out, "  jianbao -c demo/crawl.toml export --format jsonl")?;
        writeln!(out, "  then fill in crawl.toml for a site of your own, and: jianbao crawl")?;
    }
    Ok(())
}

fn configuration(origin: &str) -> String {
    format!(
        "# Written by `jianbao demo`. Every key that is not here has its default: see `jianbao config`.\n\n[archive]\nstore = \"archive.sqlite\"\n\n[[site]]\nname = \"demo\"\nseeds = [\"{origin}/\"]\n# This machine serves the site, so nobody needs to be spared.\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n"
    )
}

/// The folder of archive and configuration; removed at the end unless it is to be kept.
enum Scratch {
    Kept(std::path::PathBuf),
    Removed(std::path::PathBuf),
}

impl Scratch {
    fn new(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = keep else { return Self::temporary(&std::env::temp_dir()) };
        std::fs::create_dir_all(folder).with_context(|| unmade(folder))?;
        let archive = folder.join("archive.sqlite");
        if archive.exists() {
            let message = format!("`{}` exists already; give another folder to --keep", archive.display());
            return Err(super::Usage(message).into());
        }
        Ok(Self::Kept(folder.to_owned()))
    }

    /// A folder that was not there before: what somebody else put there is not ours to use or remove.
    fn temporary(parent: &Path) -> anyhow::Result<Self> {
        let mut taken = 0;
        loop {
            let folder = parent.join(format!("jianbao-demo-{}-{taken}", std::process::id()));
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => taken += 1,
                made => return made.with_context(|| unmade(&folder)).map(|()| Self::Removed(folder)),
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) | Self::Removed(folder) => folder,
        }
    }
}

fn unmade(folder: &Path) -> String {
    format!("could not make the folder `{}`", folder.display())
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Self::Removed(folder) = self {
            // A leftover in the temporary folder is the system's to clean.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
