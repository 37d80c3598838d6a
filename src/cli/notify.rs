//! Tells a command and a webhook how a run ended. A hook that fails is a warning, and nothing more.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use tracing::warn;

use super::failure::log_line;
use super::{ARCHIVE, ATTENTION, Context};
use crate::config::{Loaded, LogFormat, NotifyOn, NotifySettings, command_without_secrets, without_secrets};
use crate::crawl::RunReport;
use crate::fetch::post_json;

/// Between two looks whether a command has ended.
const NAP: Duration = Duration::from_millis(10);
/// Bytes of a command's output that are passed on.
const MOST_OUTPUT: u64 = 64 << 10;
/// From a command's end to that of its output.
const GRACE: Duration = Duration::from_secs(1);

/// Who is told, and of what.
#[derive(Debug, Clone)]
pub(super) struct Notifier {
    settings: NotifySettings,
    /// Where commands run: the configuration's folder.
    folder: PathBuf,
    /// In which form what a command prints is passed on.
    format: LogFormat,
}

/// What is told.
struct Message {
    run: Option<i64>,
    outcome: &'static str,
    exit: u8,
    /// The run's report, or why there is none.
    json: String,
}

impl Notifier {
    pub(super) fn new(context: &Context) -> Self {
        let Loaded { config, base, .. } = &context.loaded;
        Self { settings: config.notify.clone(), folder: base.clone(), format: config.log.format }
    }

    /// Tells of a run that ended with a report.
    pub(super) fn ended(&self, report: &RunReport, exit: u8) {
        if self.settings.on == NotifyOn::Always || report.needs_attention() {
            let json = serde_json::to_string(report).unwrap_or_default();
            self.tell(&Message { run: Some(report.run), outcome: report.outcome.as_str(), exit, json });
        }
    }

    /// Tells of a run that has no report. What the command line itself is to blame for is not told, nor
    /// that another run is under way.
    pub(super) fn failed(&self, error: &str, exit: u8) {
        if matches!(exit, ATTENTION | ARCHIVE) {
            let json = serde_json::json!({ "run": null, "outcome": "failed", "error": error }).to_string();
            self.tell(&Message { run: None, outcome: "failed", exit, json });
        }
    }

    fn tell(&self, message: &Message) {
        let NotifySettings { command, webhook, timeout, .. } = &self.settings;
        if !command.is_empty()
            && let Err(why) = self.run(message)
        {
            warn!("notify.command `{}` {why}", command_without_secrets(command));
        }
        if !webhook.is_empty() {
            let posted = super::runtime().and_then(|runtime| {
                let posted = runtime.block_on(post_json(webhook, message.json.clone(), timeout.0));
                // Its name may still be looked up, which can't be cancelled; nobody waits for it.
                runtime.shutdown_background();
                Ok(posted?)
            });
            if let Err(why) = posted {
                let webhook = without_secrets(webhook);
                warn!("notify.webhook `{webhook}`: {why}");
            }
        }
    }

    /// Runs the command, with the report on its standard input; the beginning of what it prints goes to ours
    /// for messages.
    fn run(&self, message: &Message) -> Result<(), String> {
        let mut command = shell(&self.settings.command);
        if !self.folder.as_os_str().is_empty() {
            command.current_dir(&self.folder);
        }
        command
            .env("JIANBAO_RUN", message.run.map(|run| run.to_string()).unwrap_or_default())
            .env("JIANBAO_OUTCOME", message.outcome)
            .env("JIANBAO_EXIT", message.exit.to_string())
            .stdin(Stdio::piped());
        let dropped = self.relay_output(&mut command).map_err(|error| error.to_string())?;
        let mut child = command.spawn().map_err(|error| format!("could not be run: {error}"))?;
        // It holds ends of the pipe that keep it open.
        drop(command);
        if let Some(mut stdin) = child.stdin.take() {
            let json = message.json.clone();
            // A command that reads nothing must not hold us up; that it did not is no failure.
            std::thread::spawn(move || stdin.write_all(json.as_bytes()));
        }
        let limit = self.settings.timeout;
        let ended = wait(&mut child, limit.0).map_err(|error| error.to_string());
        // What it left running may go on printing, which nobody waits for.
        if let Ok(bytes @ 1..) = dropped.recv_timeout(GRACE) {
            warn!("notify.command printed {bytes} bytes more than are shown");
        }
        match ended? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(format!("failed: {status}")),
            None => Err(format!("was ended after {limit}")),
        }
    }

    /// Passes on what a command prints; gives how many bytes were left out, once it has ended.
    fn relay_output(&self, command: &mut Command) -> std::io::Result<Receiver<u64>> {
        let (output, end) = std::io::pipe()?;
        command.stdout(end.try_clone()?).stderr(end);
        let (format, (done, dropped)) = (self.format, channel());
        std::thread::spawn(move || done.send(relay(output, format)));
        Ok(dropped)
    }
}

/// Passes lines on up to [`MOST_OUTPUT`]; the rest is read, so that nobody is held up, and counted.
fn relay(mut output: impl Read, format: LogFormat) -> u64 {
    let mut shown = BufReader::new(output.by_ref().take(MOST_OUTPUT));
    let mut line = Vec::new();
    while shown.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        match format {
            // There is nowhere to say that standard error is closed.
            LogFormat::Text => drop(std::io::stderr().write_all(&line)),
            LogFormat::Json => {
                let text = String::from_utf8_lossy(&line);
                log_line("INFO", text.trim_end(), &[("from", "notify.command")]);
            }
        }
        line.clear();
    }
    std::io::copy(&mut output, &mut std::io::sink()).unwrap_or(0)
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("sh");
    // In a group of its own, so that it can be ended with all that it started.
    command.args(["-c", line]).process_group(0);
    command
}

#[cfg(not(unix))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.args(["/C", line]);
    command
}

/// Waits for a command, but no longer than `limit`: then it is ended, and there is no status.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(NAP);
    }
    #[cfg(unix)]
    // A group that has ended meanwhile is as good.
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    child.kill()?;
    child.wait().map(|_| None)
}
