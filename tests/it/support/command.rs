//! A folder to work in and the command that runs there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder with a crawl.toml; commands run in it.
pub struct Desk {
    folder: TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    pub code: i32,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With one site, asked without delay.
    pub fn for_site(origin: &str) -> Self {
        Self::with_config(&format!(
            "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{origin}/\"]\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n"
        ))
    }

    pub fn with_config(config: &str) -> Self {
        let desk = Self::new();
        std::fs::write(desk.path("crawl.toml"), config).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jianbao"));
        command.args(line.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    pub fn spawn(&self, line: &str) -> Child {
        self.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn run(&self, line: &str) -> Outcome {
        outcome(self.command(line).output().unwrap())
    }

    /// With arguments that hold spaces, and standard input.
    pub fn run_with(&self, arguments: &[&str], stdin: &str) -> Outcome {
        use std::io::Write as _;
        let mut child =
            self.command("").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        outcome(child.wait_with_output().unwrap())
    }

    /// Runs `crawl --json` and reads its report.
    pub fn crawl(&self, flags: &str) -> (Value, Outcome) {
        let outcome = self.run(&format!("crawl --json {flags}"));
        let report = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("no report: {error}\n{}\n{}", outcome.stdout, outcome.stderr));
        (report, outcome)
    }

    /// All articles, as `export` gives them.
    pub fn articles(&self) -> Vec<Value> {
        let outcome = self.run("export --format jsonl").expect_code(0);
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One number from the archive.
    pub fn count(&self, sql: &str) -> i64 {
        let archive = jianbao::archive::open_reader(&self.archive()).unwrap();
        archive.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The texts of one column.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let archive = jianbao::archive::open_reader(&self.archive()).unwrap();
        let mut statement = archive.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub fn archive(&self) -> PathBuf {
        self.path("a.sqlite")
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }
}

fn outcome(output: std::process::Output) -> Outcome {
    Outcome {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

impl Outcome {
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn expect_stderr(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "`{part}` is not in: {}", self.stderr);
        self
    }
}
