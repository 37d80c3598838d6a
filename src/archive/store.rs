//! The writer: one thread that owns the connection and commits outcomes in batches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::commit::Committer;
use super::disk::Room;
use super::journal::Journal;
use super::load::{Ending, Load};
use super::lock::Lock;
use super::open::{Place, open_writer};
use super::quiet::{self, Posting};
use super::record::{
    Beginning, Claimed, GoneCheck, NumberState, Outcome, Receipt, RobotsCopy, RunRecord, SiteRecord,
};
use super::{ArchiveError, Doing, chain, index, looks, merge, numbers, recut, traits, urls};
use crate::capture::Digest;
use crate::config::{Keep, Recrawl};
use crate::dedup::Boilerplate;
use crate::frontier::{Candidate, First, Kind};
use crate::politeness::HostState;
use crate::url::{CanonicalUrl, UrlKey, UrlPattern};
use crate::watch::Traits;

/// Outcomes of one transaction, at most.
const BATCH: usize = 64;
/// How long a batch waits for more in an ordinary crawl.
pub const LINGER: Duration = Duration::from_millis(40);
/// How long other programs that write are waited for in an ordinary crawl.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// How long others are waited for at the end, at most, so that an archive at rest is one file.
const CLOSING: Duration = Duration::from_secs(10);
/// Between two looks for more.
const NAP: Duration = Duration::from_millis(4);
/// Outcomes on their way to the writer: the bound that keeps memory flat.
const IN_TRANSIT: usize = 16;
/// What the archive needs to know.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// Where it is.
    pub place: Place,
    /// Whether pages are kept.
    pub keep: Keep,
    /// When articles are looked at again.
    pub recrawl: Recrawl,
    /// How long a batch waits for more: [`LINGER`], or nothing at all.
    pub linger: Duration,
    /// How long other programs that write to the database are waited for: [`PATIENCE`], or less.
    pub patience: Duration,
}

type Task = Box<dyn FnOnce(&mut Committer, &mut Connection) + Send>;

enum Message {
    Commit(Box<Outcome>),
    /// Runs after everything sent before it is committed.
    Task(Task),
    /// Nothing more is taken.
    Close,
}

/// An async handle to the writer thread. Cloning gives another handle to the same thread.
#[derive(Debug, Clone)]
pub struct Store {
    sender: SyncSender<Message>,
    room: Arc<Room>,
    journal: Arc<Journal>,
    load: Arc<Load>,
}

/// Ends with the writer, and holds the run lock until then. Dropping it waits as [`Writer::close`] does, and
/// forgets the error: two writers of one file would wait for each other.
#[derive(Debug)]
pub struct Writer {
    sender: SyncSender<Message>,
    thread: Option<JoinHandle<Result<(), ArchiveError>>>,
    lock: Option<Lock>,
}

impl Store {
    /// Takes the run lock, opens the archive and starts its writer, which calls `committed` after
    /// each commit, once for each outcome.
    pub fn open(
        settings: StoreSettings,
        committed: impl FnMut(&Receipt) + Send + 'static,
    ) -> Result<(Self, Writer), ArchiveError> {
        let place = settings.place.clone();
        let lock = match &place {
            Place::File(path) => Some(Lock::take(path)?),
            Place::Memory(_) => None,
        };
        let connection = open_writer(&place, settings.patience)?;
        let journal = Arc::new(open_journal(&place, &connection)?);
        let (sender, receiver) = sync_channel(IN_TRANSIT);
        let room = Arc::new(Room::at(place.clone()));
        let load = Arc::new(Load::default());
        let store = Self {
            sender: sender.clone(),
            room: Arc::clone(&room),
            journal: Arc::clone(&journal),
            load: Arc::clone(&load),
        };
        let shared = Shared { room, journal, load };
        let thread = std::thread::Builder::new()
            .name("archive".to_owned())
            .spawn(move || serve(connection, &settings, (&receiver, &shared), committed))
            .map_err(|error| ArchiveError::Open {
                path: place.path().to_owned(),
                reason: error.to_string(),
            })?;
        Ok((store, Writer { sender, thread: Some(thread), lock }))
    }

    /// Notes that a page is examined from now on: should the process die of it, the next one knows.
    pub fn begin_examination(&self, url: i64) {
        self.journal.begin(url);
    }

    /// Waits while very many URLs are on their way to the writer, before more of them are read. Not for async code.
    pub fn wait_for_room(&self) {
        self.load.wait_until_light();
    }

    /// Notes that a page was examined.
    pub fn end_examination(&self, url: i64) {
        self.journal.end(url);
    }

    /// Hands over an outcome; blocks while too many are on their way. Not for async code.
    pub fn commit(&self, outcome: Outcome) -> Result<(), ArchiveError> {
        let urls = outcome.candidates.len();
        self.load.add(urls);
        self.sender.send(Message::Commit(Box::new(outcome))).map_err(|_| {
            self.load.take(urls);
            stopped()
        })
    }

    /// Hands over an outcome, as [`Store::commit`] does, from async code.
    pub async fn hand_over(&self, outcome: Outcome) -> Result<(), ArchiveError> {
        self.load.force(outcome.candidates.len());
        self.send(Message::Commit(Box::new(outcome))).await
    }

    /// Waits until everything handed over so far is committed.
    pub async fn flush(&self) -> Result<(), ArchiveError> {
        self.call(|_, _| Ok(())).await
    }

    /// Finds or makes a site, with the hosts of its seeds.
    pub async fn site(
        &self,
        key: &str,
        seeds: &[CanonicalUrl],
        now: Timestamp,
    ) -> Result<SiteRecord, ArchiveError> {
        let (key, seeds) = (key.to_owned(), seeds.to_vec());
        self.call(move |_, connection| urls::site(connection, &key, &seeds, now)).await
    }

    /// Begins a run, or continues the one that was cut off.
    pub async fn begin_run(&self, full: bool, now: Timestamp) -> Result<RunRecord, ArchiveError> {
        self.call(move |committer, connection| committer.begin_run(connection, full, now)).await
    }

    /// Makes everything due that this run of a site looks at anew: feeds, the front page, and other
    /// lists by their rate.
    pub async fn begin_site(
        &self,
        site: i64,
        beginning: Beginning,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        self.call(move |committer, connection| committer.begin_site(connection, site, beginning, now)).await
    }

    /// What a site says where nothing stands: digests of the texts of its 404 pages.
    pub async fn missing_texts(&self, site: i64) -> Result<Vec<Digest>, ArchiveError> {
        self.call(move |_, connection| looks::missing_texts(connection, site)).await
    }

    /// Looks at a site's known articles, the last in a row, that showed no article.
    pub async fn lost(&self, site: i64) -> Result<u64, ArchiveError> {
        self.call(move |_, connection| looks::lost(connection, site)).await
    }

    /// Articles that robots.txt forbids to look at again, and a seed that it forbids.
    pub async fn forbidden(&self, site: i64) -> Result<(u64, Option<String>), ArchiveError> {
        self.call(move |_, connection| looks::forbidden(connection, site)).await
    }

    /// Whether a site has ever given an article.
    pub async fn has_article(&self, site: i64) -> Result<bool, ArchiveError> {
        self.call(move |_, connection| looks::has_article(connection, site)).await
    }

    /// Confirms which of a site's missing articles are gone.
    pub async fn confirm_gone(&self, site: i64, now: Timestamp) -> Result<GoneCheck, ArchiveError> {
        self.call(move |committer, connection| {
            looks::confirm_gone(connection, committer.recrawl(), site, (committer.chain_start(), now))
        })
        .await
    }

    /// What was learned to stand below a site's posts.
    pub async fn boilerplate(&self, site: i64) -> Result<Boilerplate, ArchiveError> {
        self.call(move |_, connection| recut::boilerplate(connection, site)).await
    }

    /// What a site's latest articles are like, the oldest first.
    pub async fn traits(&self, site: i64) -> Result<Vec<Traits>, ArchiveError> {
        self.call(move |_, connection| traits::latest(connection, site)).await
    }

    /// When a site posted, and how its feeds answered.
    pub async fn posting(&self, site: i64) -> Result<Posting, ArchiveError> {
        self.call(move |_, connection| quiet::posting(connection, site)).await
    }

    /// Learns what most of a site's posts end with; it is then to be cut from them.
    pub async fn learn(&self, site: i64) -> Result<(), ArchiveError> {
        self.call(move |_, connection| recut::learn(connection, site)).await
    }

    /// Cuts what was learned from the next of the site's articles: from versions of this run in place, from
    /// older ones by a version that says so. Gives how many changed; `None` when there is nothing left to cut.
    pub async fn cut_next(&self, site: i64, now: Timestamp) -> Result<Option<usize>, ArchiveError> {
        self.call(move |committer, connection| {
            recut::cut_next(connection, site, (committer.chain_start(), now))
        })
        .await
    }

    /// Adds candidates that no fetch found: seeds and counted ids. Gives the number of new ones.
    pub async fn add(
        &self,
        site: i64,
        candidates: Vec<Candidate>,
        now: Timestamp,
    ) -> Result<usize, ArchiveError> {
        self.call(move |committer, connection| committer.add(connection, site, &candidates, now)).await
    }

    /// The next URLs of a site that are due, of one kind and so many at most, without those in `except`.
    pub async fn claim(
        &self,
        site: i64,
        now: Timestamp,
        most: (First, usize),
        except: Vec<i64>,
    ) -> Result<Vec<Claimed>, ArchiveError> {
        self.call(move |committer, connection| {
            urls::claim(connection, site, (now, committer.chain_start()), most, &except)
        })
        .await
    }

    /// URLs that earlier runs left aside since others like them showed nothing new: some, with what they
    /// seem to be.
    pub async fn left_aside(&self, site: i64) -> Result<Vec<(CanonicalUrl, Kind)>, ArchiveError> {
        self.call(move |_, connection| urls::left_aside(connection, site)).await
    }

    /// Numbers of the articles on `origin` whose URLs have the form `pattern`.
    pub async fn known_numbers(
        &self,
        site: i64,
        origin: String,
        pattern: UrlPattern,
    ) -> Result<Vec<i64>, ArchiveError> {
        self.call(move |_, connection| numbers::known(connection, site, &origin, &pattern)).await
    }

    /// What is known of each counted URL.
    pub async fn number_states(&self, urls: Vec<CanonicalUrl>) -> Result<Vec<NumberState>, ArchiveError> {
        self.call(move |committer, connection| numbers::states(connection, &urls, committer.chain_start()))
            .await
    }

    /// Adds counted URLs, and makes those due that were missing at an earlier run.
    pub async fn ask_numbers(
        &self,
        site: i64,
        candidates: Vec<Candidate>,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        self.call(move |committer, connection| committer.ask_numbers(connection, site, &candidates, now))
            .await
    }

    /// Texts that several articles share, with the URLs of those that nothing but counting led to.
    pub async fn counted_texts(&self, site: i64) -> Result<Vec<(Digest, UrlKey)>, ArchiveError> {
        self.call(move |_, connection| numbers::texts(connection, site)).await
    }

    /// Title and text of the last articles, so many, that nothing but counting led to and that state no date.
    pub async fn last_counted(&self, site: i64, count: usize) -> Result<Vec<(UrlKey, String)>, ArchiveError> {
        self.call(move |_, connection| numbers::last(connection, site, count)).await
    }

    /// When the next queued URL of a site becomes due, if any is queued.
    pub async fn next_due(&self, site: i64) -> Result<Option<Timestamp>, ArchiveError> {
        self.call(move |_, connection| urls::next_due(connection, site)).await
    }

    /// Finds or makes the row of a host.
    pub async fn host(&self, site: i64, origin: &str) -> Result<i64, ArchiveError> {
        let origin = origin.to_owned();
        self.call(move |_, connection| urls::host(connection, site, &origin)).await
    }

    /// Keeps a host's robots.txt, and its schedule after the request.
    pub async fn keep_robots(
        &self,
        host: i64,
        copy: RobotsCopy,
        state: HostState,
    ) -> Result<(), ArchiveError> {
        self.call(move |_, connection| {
            urls::keep_robots(connection, host, &copy)?;
            urls::keep_host_state(connection, host, &state)
        })
        .await
    }

    /// Keeps a host's schedule.
    pub async fn keep_schedule(&self, host: i64, state: HostState) -> Result<(), ArchiveError> {
        self.call(move |_, connection| urls::keep_host_state(connection, host, &state)).await
    }

    /// Brings what is pending into the search index, a batch at a time while `goes_on` says so, and
    /// merges the index's pieces while it does; gives the number of articles.
    pub async fn index(&self, goes_on: impl Fn() -> bool) -> Result<usize, ArchiveError> {
        let mut indexed = 0;
        while goes_on() {
            match self.call(|_, connection| index::bring_up(connection)).await? {
                0 => break,
                batch => indexed += batch,
            }
        }
        let everything = self.call(|_, connection| merge::is_scattered(connection)).await?;
        while goes_on() && self.call(move |_, connection| merge::step(connection, everything)).await? {}
        Ok(indexed)
    }

    /// Ends a run with its report.
    pub async fn finish_run(
        &self,
        run: i64,
        outcome: &str,
        report: String,
        now: Timestamp,
    ) -> Result<(), ArchiveError> {
        let outcome = outcome.to_owned();
        self.call(move |_, connection| {
            let update = "UPDATE run SET finished = ?2, outcome = ?3, report = ?4 WHERE id = ?1";
            let values = (run, now.as_millisecond(), outcome, report);
            let transaction = connection.transaction().doing("ending the run")?;
            transaction.execute(update, values).doing("ending the run")?;
            chain::close(&transaction)?;
            transaction.commit().doing("ending the run")
        })
        .await
    }

    /// The least that was free on the archive's disk since it was opened, in bytes; `None` where that
    /// can't be known.
    pub fn least_free(&self) -> Option<u64> {
        Some(self.room.least.load(Ordering::Relaxed)).filter(|least| *least < u64::MAX)
    }

    /// Asks the writer whether it works, without waiting; `None` when too much is on its way.
    pub fn ping(&self) -> Option<oneshot::Receiver<()>> {
        let (reply, answer) = oneshot::channel();
        let room = Arc::clone(&self.room);
        let task: Task = Box::new(move |_, _| {
            room.look();
            // Nobody waits any more when the receiver is gone.
            let _ = reply.send(());
        });
        match self.sender.try_send(Message::Task(task)) {
            Err(TrySendError::Full(_)) => None,
            // A writer that has ended drops the question.
            Ok(()) | Err(TrySendError::Disconnected(_)) => Some(answer),
        }
    }

    /// Runs `work` on the writer thread, after all outcomes handed over before.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Committer, &mut Connection) -> Result<T, ArchiveError> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |committer, connection| {
            // Nobody waits any more when the receiver is gone.
            let _ = reply.send(work(committer, connection));
        });
        self.send(Message::Task(task)).await?;
        answer.await.map_err(|_| stopped())?
    }

    /// Sends when there is room, and leaves its thread to others until then.
    async fn send(&self, mut message: Message) -> Result<(), ArchiveError> {
        loop {
            match self.sender.try_send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(stopped()),
                Err(TrySendError::Full(back)) => {
                    message = back;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }
}

impl Writer {
    /// Waits for the writer to commit what it has and to close the file; handles that are left get an
    /// error from then on. Gives the run lock, which keeps other runs away until it is dropped.
    pub fn close(mut self) -> Result<Option<Lock>, ArchiveError> {
        self.end()?;
        Ok(self.lock.take())
    }

    fn end(&mut self) -> Result<(), ArchiveError> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        // A writer that has ended already says below why.
        let _ = self.sender.send(Message::Close);
        match thread.join() {
            Ok(result) => result,
            Err(_) => Err(ArchiveError::Stopped("it panicked".to_owned())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever drops it does not ask how it went; what was committed is safe.
        let _ = self.end();
    }
}

fn stopped() -> ArchiveError {
    ArchiveError::Stopped("see the first error".to_owned())
}

/// What the writer shares with those who hand outcomes over.
struct Shared {
    room: Arc<Room>,
    journal: Arc<Journal>,
    load: Arc<Load>,
}

/// Opens the journal of examinations, once the archive knows what the last one left in it.
fn open_journal(place: &Place, connection: &Connection) -> Result<Journal, ArchiveError> {
    let Place::File(path) = place else { return Ok(Journal::none()) };
    let (journal, left) = Journal::open(path)?;
    for url in left {
        urls::note_crash(connection, url)?;
    }
    journal.clear();
    Ok(journal)
}

fn serve(
    mut connection: Connection,
    settings: &StoreSettings,
    (receiver, shared): (&Receiver<Message>, &Shared),
    mut committed: impl FnMut(&Receipt),
) -> Result<(), ArchiveError> {
    let _ending = Ending::of(Arc::clone(&shared.load));
    let mut writer = Committer::new(settings);
    let mut batch: Vec<Outcome> = Vec::new();
    loop {
        let task = collect(receiver, settings.linger, &mut batch);
        let urls = batch.iter().map(|outcome| outcome.candidates.len()).sum();
        let receipts = writer.commit(&mut connection, &mut batch);
        shared.load.take(urls);
        let receipts = receipts?;
        if !receipts.is_empty() {
            shared.room.look();
        }
        for receipt in receipts {
            committed(&receipt);
        }
        index::keep_up(&mut connection)?;
        match task {
            Next::Task(task) => task(&mut writer, &mut connection),
            Next::Batch => {}
            Next::End => break,
        }
    }
    shared.journal.close();
    // An archive at rest is one file, unless its disk has no room for that or somebody reads on.
    connection.busy_timeout(CLOSING.min(settings.patience)).doing("closing")?;
    match connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);") {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) => {}
        closed => closed.map_err(unclosed)?,
    }
    connection.close().map_err(|(_, source)| unclosed(source))
}

/// Why the write-ahead log is still there.
fn unclosed(source: rusqlite::Error) -> ArchiveError {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseBusy) => ArchiveError::Busy { doing: "closing" },
        _ => ArchiveError::Closing { source },
    }
}

enum Next {
    Task(Task),
    Batch,
    End,
}

/// Fills `batch` until it is full, lingered long enough, or something else is to be done. Sleeping
/// between looks costs less than being woken for each outcome.
fn collect(receiver: &Receiver<Message>, linger: Duration, batch: &mut Vec<Outcome>) -> Next {
    let Ok(first) = receiver.recv() else { return Next::End };
    let mut message = first;
    let deadline = Instant::now() + linger;
    loop {
        match message {
            Message::Task(task) => return Next::Task(task),
            Message::Close => return Next::End,
            Message::Commit(outcome) => batch.push(*outcome),
        }
        if batch.len() >= BATCH {
            return Next::Batch;
        }
        message = loop {
            match receiver.try_recv() {
                Ok(message) => break message,
                Err(TryRecvError::Disconnected) => return Next::End,
                Err(TryRecvError::Empty) if Instant::now() >= deadline => return Next::Batch,
                Err(TryRecvError::Empty) => std::thread::sleep(NAP),
            }
        };
    }
}
