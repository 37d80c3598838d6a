//! A folder to work in and the command that runs there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A temporary folder with a crawl.toml; commands run in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With one site, asked without delay.
    pub(crate) fn for_site(origin: &str) -> Self {
        Self::with_config(&format!(
            "[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{origin}/\"]\npoliteness.delay = \"0s\"\npoliteness.delay_factor = 0.0\n"
        ))
    }

    pub(crate) fn with_config(config: &str) -> Self {
        let desk = Self::new();
        std::fs::write(desk.path("crawl.toml"), config).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jianbao"));
        command.args(line.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        // What configures another archive must not reach this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("JIANBAO_") {
                command.env_remove(name);
            }
        }
        command
    }

    pub(crate) fn spawn(&self, line: &str) -> Child {
        self.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(&self, line: &str) -> Outcome {
        self.command(line).output().unwrap().into()
    }

    /// With variables of the environment.
    pub(crate) fn run_under(&self, variables: &[(&str, &str)], line: &str) -> Outcome {
        self.command(line).envs(variables.iter().copied()).output().unwrap().into()
    }

    /// Another program, run in the folder; `None` when there is no such program.
    pub(crate) fn run_program(&self, program: &str, arguments: &[&str]) -> Option<Outcome> {
        let mut command = Command::new(program);
        let output = command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null()).output();
        output.ok().map(Outcome::from)
    }

    /// With arguments that hold spaces, and standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: impl AsRef<[u8]>) -> Outcome {
        use std::io::Write as _;
        let mut child = self
            .command("")
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_ref()).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// Runs `crawl --json` and reads its report.
    pub(crate) fn crawl(&self, flags: &str) -> (Value, Outcome) {
        let outcome = self.run(&format!("crawl --json {flags}"));
        let report = serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("no report: {error}\n{}\n{}", outcome.stdout, outcome.stderr));
        (report, outcome)
    }

    /// All articles, as `export` gives them.
    pub(crate) fn articles(&self) -> Vec<Value> {
        let outcome = self.run("export --format jsonl").expect_code(0);
        outcome.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// One number from the archive.
    pub(crate) fn count(&self, sql: &str) -> i64 {
        let archive = jianbao::archive::open_reader(&self.archive()).unwrap();
        archive.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The texts of one column.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let archive = jianbao::archive::open_reader(&self.archive()).unwrap();
        let mut statement = archive.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(crate) fn archive(&self) -> PathBuf {
        self.path("a.sqlite")
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code().unwrap_or(-1),
        }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn expect_stderr(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "`{part}` is not in: {}", self.stderr);
        self
    }
}
