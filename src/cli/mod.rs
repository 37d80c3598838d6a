//! The commands: arguments in, messages and exit codes out. One file per command.

mod args;
mod check;
mod config;
mod coverage;
mod crawl;
mod demo;
mod export;
mod extract;
mod failure;
mod health;
mod import;
mod input;
mod notify;
mod output;
mod progress;
mod quiet;
mod related;
mod search;
mod show;
mod sites;
mod status;
mod tries;
mod verify;
mod workers;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser as _;

use crate::archive::{Archive, ArchiveError, Filter};
use crate::config::{Flag, Loaded, LogFormat, LogLevel, load, path_beside};
use crate::profile::{ProfileError, Profiles};
use args::{Cli, Color, Command, Global};
use failure::{Failure, exit_code};
use output::{Passes, Screen};

/// Finished, but something needs attention.
const ATTENTION: u8 = 1;
/// Usage or configuration.
const USAGE: u8 = 2;
/// The archive is unusable.
const ARCHIVE: u8 = 3;
/// Another run or program holds the archive (`EX_TEMPFAIL`).
const BUSY: u8 = 75;
/// Interrupted, state saved.
const INTERRUPTED: u8 = 130;

/// Runs the command line and gives the process's exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data, wrong usage is not; clap knows which is which.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    match dispatch(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            Failure::of(&error).report(log_format(&cli.global));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// In which form errors are told: by the flag, or by a configuration that can be read.
fn log_format(global: &Global) -> LogFormat {
    match global.log_format {
        Some(args::LogFormat::Json) => LogFormat::Json,
        Some(args::LogFormat::Text) => LogFormat::Text,
        None => Context::load(global).map_or(LogFormat::Text, |context| context.loaded.config.log.format),
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    let global = &cli.global;
    match &cli.command {
        Command::Demo(args) => demo::run(args, global),
        Command::Crawl(args) => crawl::run(args, &Context::load(global)?),
        Command::Import(args) => import::run(args, &Context::load(global)?),
        Command::Check(args) => check::run(args, &Context::load(global)?),
        Command::Extract(args) => extract::run(args, &Context::load(global)?),
        Command::Show(args) => show::run(args, &Context::load(global)?),
        Command::Search(args) => search::run(args, &Context::load(global)?),
        Command::Related(args) => related::run(args, &Context::load(global)?),
        Command::Export(args) => export::run(args, &Context::load(global)?),
        Command::Verify(args) => verify::run(args, &Context::load(global)?),
        Command::Status(args) => status::run(args, &Context::load(global)?),
        Command::Try(args) => tries::run(args),
        Command::Config => config::run(&Context::load(global)?),
    }
}

/// What most commands start from.
struct Context {
    loaded: Loaded,
    json: bool,
    quiet: bool,
    verbose: u8,
    color: Color,
    /// Progress bars, which log lines must not tear apart.
    bars: indicatif::MultiProgress,
}

impl Context {
    fn load(global: &Global) -> anyhow::Result<Self> {
        Self::load_with(global, variables()?)
    }

    /// With these variables in place of the environment's.
    fn load_with(
        global: &Global,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let default = Path::new("crawl.toml");
        let file = global.config.clone().or_else(|| default.exists().then(|| default.to_owned()));
        let mut flags = Vec::new();
        if let Some(path) = &global.archive {
            // A path on the command line starts from here, not from the configuration's folder.
            let value = text_of(std::path::absolute(path)?)?;
            flags.push(Flag { flag: "--archive", key: "archive.store", value });
        }
        if let Some(format) = global.log_format {
            let value = if format == args::LogFormat::Json { "json" } else { "text" };
            flags.push(Flag { flag: "--log-format", key: "log.format", value: value.to_owned() });
        }
        let loaded = load(file.as_deref(), variables, &flags)?;
        let context = Self {
            loaded,
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            color: global.color,
            bars: indicatif::MultiProgress::new(),
        };
        context.start_log();
        Ok(context)
    }

    fn start_log(&self) {
        let level = match (self.quiet, self.verbose) {
            (true, _) => tracing::Level::ERROR,
            (false, 0) => match self.loaded.config.log.level {
                LogLevel::Error => tracing::Level::ERROR,
                LogLevel::Warn => tracing::Level::WARN,
                LogLevel::Info => tracing::Level::INFO,
                LogLevel::Debug => tracing::Level::DEBUG,
            },
            (false, 1) => tracing::Level::INFO,
            (false, _) => tracing::Level::DEBUG,
        };
        let filter = tracing_subscriber::EnvFilter::new(format!("off,jianbao={level}"));
        let is_coloured = use_color(self.color, &std::io::stderr());
        let passes = match self.loaded.config.log.format {
            LogFormat::Json => Passes::All,
            LogFormat::Text if is_coloured => Passes::Colours,
            LogFormat::Text => Passes::Seen,
        };
        let writer = Screen::new(progress::BarWriter(self.bars.clone()), passes);
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(move || writer.clone())
            .with_ansi(is_coloured)
            .with_target(false);
        // A second start in one process keeps the first one's log.
        let _ = match self.loaded.config.log.format {
            LogFormat::Text => log.try_init(),
            LogFormat::Json => log.json().flatten_event(true).try_init(),
        };
    }

    /// Whether data on standard output is coloured.
    fn color_on_stdout(&self) -> bool {
        use_color(self.color, &std::io::stdout())
    }

    fn archive_path(&self) -> PathBuf {
        path_beside(&self.loaded.base, &self.loaded.config.archive.store)
    }

    fn open_archive(&self) -> Result<Archive, ArchiveError> {
        Archive::open(&self.archive_path())
    }

    fn profiles_folder(&self) -> PathBuf {
        path_beside(&self.loaded.base, &self.loaded.config.extract.profiles)
    }

    fn profiles(&self) -> Result<Profiles, ProfileError> {
        Profiles::load(&self.profiles_folder())
    }
}

/// The environment's variables that may be the configuration's.
fn variables() -> Result<Vec<(String, String)>, Usage> {
    let ours = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with("JIANBAO_"))?;
        Some((name, value))
    });
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(value) => Err(Usage(format!("{name} is not UTF-8: `{}`", value.display()))),
    })
    .collect()
}

/// A path as the configuration holds it: as text. To replace bytes would name another file.
fn text_of(path: PathBuf) -> Result<String, Usage> {
    path.into_os_string()
        .into_string()
        .map_err(|path| Usage(format!("`{}` is not UTF-8; give it another name", path.display())))
}

fn use_color(color: Color, stream: &impl std::io::IsTerminal) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

/// Refuses a filter that nothing can pass: a site that the archive does not know, days that never were.
fn check_filter(archive: &Archive, filter: &Filter) -> anyhow::Result<()> {
    if let Some((from, to)) = filter.from.as_ref().zip(filter.to.as_ref()).filter(|(from, to)| from > to) {
        return Err(Usage(format!("--from {from} is after --to {to}: no day lies between them")).into());
    }
    match filter.site.as_deref() {
        Some(site) if !archive.has_site(site)? => {
            Err(Usage(format!("there is no site `{site}` in the archive")).into())
        }
        _ => Ok(()),
    }
}

/// One thread drives all requests; extraction has a few of its own. More threads would only spread
/// the same memory over more heaps.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(1).max_blocking_threads(cores + 2).enable_all().build()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(std::io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_pipe)
}

/// Something on the command line can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);
