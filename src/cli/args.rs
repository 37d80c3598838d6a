//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A news crawler and article archiver.
#[derive(Debug, Parser)]
#[command(name = "jianbao", version, about, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 all fine · 1 something needs attention · 2 usage or configuration · 3 archive unusable · 75 another run holds the archive · 130 interrupted, state saved"
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(super) struct Global {
    /// Configuration file [default: crawl.toml, when there is one]
    #[arg(short, long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Archive, in place of the configured one
    #[arg(short, long, global = true, value_name = "PATH")]
    pub(super) archive: Option<PathBuf>,
    /// Data on standard output as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Only errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// A line per URL; twice: everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Form of log lines
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(super) log_format: Option<LogFormat>,
    /// Colours
    #[arg(long, global = true, default_value = "auto")]
    pub(super) color: Color,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Crawl a bundled news site on this machine and show what was archived
    Demo(DemoArgs),
    /// Fetch what is new or due; continue what was cut off
    Crawl(CrawlArgs),
    /// Take URLs from index files of web archives, for the next crawl
    Import(ImportArgs),
    /// Run profiles on their samples
    Check(CheckArgs),
    /// Extract an article from a file or URL, without an archive
    Extract(ExtractArgs),
    /// Show one article with where its parts came from
    Show(ShowArgs),
    /// Find articles by what they say
    Search(SearchArgs),
    /// Re-posts and parts of an article, the earliest first, and what changed between them
    Related(RelatedArgs),
    /// Write articles to a file or standard output
    Export(ExportArgs),
    /// Check the archive for damage, or a snapshot against its manifest
    Verify(VerifyArgs),
    /// What is fresh, late or broken, and what to do
    Status(StatusArgs),
    /// Try the deciding parts by themselves
    Try(TryArgs),
    /// Effective configuration and where each value came from
    Config,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Leave archive and configuration in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// Posts of the bundled site
    #[arg(long, default_value_t = 60, value_name = "N", hide = true)]
    pub(super) posts: usize,
}

#[derive(Debug, Args)]
pub(super) struct CrawlArgs {
    /// Sites by name; all when left out
    pub(super) sites: Vec<String>,
    /// Look at every known article again
    #[arg(long)]
    pub(super) full: bool,
    /// Stop after so many requests
    #[arg(long, value_name = "N")]
    pub(super) max_pages: Option<u64>,
    /// Stop after so many bytes, such as 500MiB
    #[arg(long, value_name = "SIZE")]
    pub(super) max_bytes: Option<crate::config::Size>,
    /// Stop after so long, such as 30m
    #[arg(long, value_name = "TIME")]
    pub(super) max_time: Option<crate::config::Length>,
    /// Write Prometheus metrics to this file, in place of the configured one
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,
    /// Say what would be fetched, and fetch nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// CDX, the CDX server's JSON, or CDXJ; gzipped or not
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Profiles by name or file; all when left out
    pub(super) profiles: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    /// A saved page or a URL
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    pub(super) source: Option<String>,
    /// The URL of a saved page
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// When the page was saved: ages count back from then [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) fetched_at: Option<jiff::Timestamp>,
    /// Read {"id","path","url"} lines, write one line each
    #[arg(long)]
    pub(super) jsonl: bool,
    /// Without profiles
    #[arg(long)]
    pub(super) generic: bool,
    /// Say where each value came from and what was odd
    #[arg(long)]
    pub(super) explain: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// URL or number of an article
    #[arg(required_unless_present = "diff")]
    article: Option<String>,
    /// All versions, with what changed in each
    #[arg(long, conflicts_with_all = ["diff", "html", "markdown"])]
    pub(super) versions: bool,
    /// What changed between two versions, the last two when no numbers follow
    #[arg(long, num_args = 0..=2, value_names = ["N", "M"], conflicts_with_all = ["html", "markdown"])]
    diff: Option<Vec<String>>,
    /// As a reference: BibTeX, RIS and GB/T 7714
    #[arg(long, value_name = "STYLE", num_args = 0..=1, default_missing_value = "all", require_equals = true,
          conflicts_with_all = ["versions", "diff", "html", "markdown"])]
    pub(super) cite: Option<CiteStyle>,
    /// The page as it was fetched
    #[arg(long, conflicts_with = "markdown")]
    pub(super) html: bool,
    /// The text as Markdown
    #[arg(long)]
    pub(super) markdown: bool,
}

impl ShowArgs {
    /// The article, and what `--diff` names. The article may stand behind `--diff` as well as before it.
    pub(super) fn wanted(&self) -> (Option<&str>, Option<&[String]>) {
        match (self.article.as_deref(), self.diff.as_deref()) {
            (None, Some([versions @ .., article])) => (Some(article), Some(versions)),
            named => named,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CiteStyle {
    All,
    Bibtex,
    Ris,
    Gbt7714,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Words, "phrases", AND, OR, NOT, title: site: author: category: date:2023-02..2023-06
    #[arg(required = true)]
    pub(super) query: Vec<String>,
    /// Order of the hits
    #[arg(long, default_value = "relevance")]
    pub(super) sort: SortBy,
    /// Count the hits by site, month and category
    #[arg(long)]
    pub(super) facets: bool,
    /// The share of articles that are hits, month by month; several queries stand side by side
    #[arg(long, conflicts_with_all = ["sort", "facets", "limit"])]
    pub(super) trend: bool,
    /// The trend as CSV
    #[arg(long, requires = "trend", conflicts_with = "json")]
    pub(super) csv: bool,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SortBy {
    /// The best first, titles count more
    Relevance,
    /// The same, older articles pushed back
    Recent,
    /// The latest publication first
    Date,
}

#[derive(Debug, Args)]
pub(super) struct RelatedArgs {
    /// URL or number of an article [default: which sites take articles from which]
    pub(super) article: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Form of the export
    #[arg(long, default_value = "jsonl")]
    pub(super) format: ExportFormat,
    /// File, or folder for Markdown and partitions [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// CSV with a byte order mark, for Excel
    #[arg(long)]
    pub(super) bom: bool,
    /// Parquet in a folder for each site and month of publication
    #[arg(long)]
    pub(super) partition: bool,
    /// Data, schema, query and digests in a new folder, for `verify`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "partition"])]
    pub(super) snapshot: Option<PathBuf>,
    /// Only what is new, changed or gone since this run
    #[arg(long, value_name = "RUN")]
    pub(super) since_run: Option<i64>,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// Typed columns, compressed
    Parquet,
    /// A file per article, with front matter
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The folder of a snapshot; the archive when left out
    #[arg(value_name = "DIR")]
    pub(super) snapshot: Option<PathBuf>,
    /// Only the file's structure and its rows: no page is unpacked or read again, no index compared
    #[arg(long, conflicts_with = "snapshot")]
    pub(super) quick: bool,
}

#[derive(Debug, Clone, Args)]
pub(super) struct FilterArgs {
    /// Only this site
    #[arg(long)]
    pub(super) site: Option<String>,
    /// Published on or after this day, such as 2023-02-27
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(super) from: Option<jiff::civil::Date>,
    /// Published on or before this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub(super) to: Option<jiff::civil::Date>,
    /// Only this author
    #[arg(long)]
    pub(super) author: Option<String>,
    /// Only this category
    #[arg(long)]
    pub(super) category: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "not a day; write it as 2023-02-27".to_owned())
}

fn moment(text: &str) -> Result<jiff::Timestamp, String> {
    let form = "not a moment; write it with its offset, as 2025-03-10T08:00:00+08:00";
    text.parse().map_err(|_| form.to_owned())
}

impl FilterArgs {
    pub(super) fn to_filter(&self) -> crate::archive::Filter {
        crate::archive::Filter {
            site: self.site.clone(),
            from: self.from.map(|day| day.to_string()),
            to: self.to.map(|day| day.to_string()),
            author: self.author.clone(),
            category: self.category.clone(),
            since_run: None,
            limit: self.limit,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// How many articles there are, and where some may be missing
    #[arg(long)]
    pub(super) coverage: bool,
    /// The stored report of a run [default: of the last one]
    #[arg(long, value_name = "RUN")]
    #[expect(clippy::option_option, reason = "a flag whose value may be left out")]
    pub(super) report: Option<Option<i64>>,
}

#[derive(Debug, Args)]
pub(super) struct TryArgs {
    #[command(subcommand)]
    pub(super) part: TryPart,
}

#[derive(Debug, Subcommand)]
pub(super) enum TryPart {
    /// Read the date in a text
    Date {
        /// The text
        #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
        text: Option<String>,
        /// When the text was read, such as 2025-03-10T08:00:00+08:00 [default: now]
        #[arg(long, value_name = "TIME", value_parser = moment)]
        reference: Option<jiff::Timestamp>,
        /// The site's time zone, such as Asia/Shanghai
        #[arg(long, value_name = "ZONE")]
        timezone: Option<String>,
        /// Questions as JSON lines on standard input
        #[arg(long)]
        jsonl: bool,
    },
    /// Ask a robots.txt whether a URL may be fetched
    Robots {
        /// A saved robots.txt, or - for standard input
        #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
        file: Option<PathBuf>,
        /// The URL
        #[arg(required_unless_present = "jsonl")]
        url: Option<String>,
        /// The product token that asks
        #[arg(long, default_value = "jianbao", value_name = "NAME")]
        user_agent: String,
        /// Questions as JSON lines on standard input
        #[arg(long)]
        jsonl: bool,
    },
    /// Find a page's encoding
    Charset {
        /// A saved page, or - for standard input
        #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
        file: Option<PathBuf>,
        /// The Content-Type it was sent with
        #[arg(long, value_name = "VALUE")]
        content_type: Option<String>,
        /// Questions as JSON lines on standard input
        #[arg(long)]
        jsonl: bool,
    },
    /// Bring a URL into canonical form
    Url {
        /// The URL
        #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
        url: Option<String>,
        /// What a relative URL starts from
        #[arg(long, value_name = "URL")]
        base: Option<String>,
        /// Questions as JSON lines on standard input
        #[arg(long)]
        jsonl: bool,
    },
}
