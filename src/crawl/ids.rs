//! Articles found by counting: `/post/{id}.html` upwards from the highest known number for new ones,
//! and downwards through all gaps for old ones, until so many in a row are missing.
//!
//! Where the counting stands is read off the archive at each run, so a killed run loses nothing.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::counted::{Counted, LAST};
use crate::archive::{ArchiveError, NumberState, Store};
use crate::config::Route;
use crate::discover::Territory;
use crate::frontier::{Candidate, Kind, Via};
use crate::url::{CanonicalUrl, UrlPattern};

/// Numbers looked at, at a time.
const STRIDE: usize = 64;
/// From the highest known number to one that no article can have.
const FAR: i64 = 1_000_000_007;

/// How the counting goes.
#[derive(Debug)]
pub(super) enum Counting {
    /// Numbers are in the queue.
    GoesOn,
    /// Enough in a row were missing, both ways.
    Ended,
}

/// Where the counting stands.
#[derive(Debug)]
pub(super) struct Counter {
    pattern: UrlPattern,
    origin: String,
    step: i64,
    stop_after_missing: u32,
    counted: Arc<Mutex<Counted>>,
    /// Numbers of known articles.
    known: BTreeSet<i64>,
    /// What is still to be walked.
    walks: VecDeque<Walk>,
    /// URLs of the numbers looked at last, not yet judged.
    pending: Vec<CanonicalUrl>,
}

/// Numbers in one direction.
#[derive(Debug)]
struct Walk {
    next: i64,
    step: i64,
    /// Numbers in a row, up to the last one judged, without an article.
    missing: u32,
}

impl Counter {
    /// A counter, when the site's profile has a rule for it and crawl.toml asks for it. Begins with a
    /// number that no article can have.
    pub(super) async fn begin(
        territory: &Territory,
        counted: &Arc<Mutex<Counted>>,
        store: &Store,
        site: i64,
        now: Timestamp,
    ) -> Result<Option<Self>, ArchiveError> {
        let rule = territory.profile.as_ref().and_then(|profile| profile.discover.ids.as_ref());
        let (Some(rule), Some(home)) = (rule, territory.site.seeds.first()) else { return Ok(None) };
        if !territory.uses(Route::Ids) {
            return Ok(None);
        }
        let (pattern, origin) = (rule.url.clone(), home.origin().to_owned());
        let known: BTreeSet<i64> =
            store.known_numbers(site, origin.clone(), pattern.clone()).await?.into_iter().collect();
        let (up, down) = match (known.last(), rule.from) {
            (Some(highest), _) => (highest.saturating_add(rule.step), *highest),
            (None, Some(from)) => (from, from.saturating_sub(rule.step)),
            (None, None) => return Ok(None),
        };
        let walk = |next, step| Walk { next, step, missing: 0 };
        let begun = Self {
            pattern,
            origin,
            step: rule.step,
            stop_after_missing: rule.stop_after_missing.max(1),
            counted: Arc::clone(counted),
            known,
            walks: VecDeque::from([walk(up, rule.step), walk(down, -rule.step)]),
            pending: Vec::new(),
        };
        if let Some(probe) = begun.url(up.saturating_add(FAR)) {
            let (shared, last) = (store.counted_texts(site).await?, store.last_counted(site, LAST).await?);
            {
                let mut counted = begun.counted.lock().unwrap_or_else(PoisonError::into_inner);
                counted.remember(shared, &last);
                counted.probe(&probe);
            }
            store.ask_numbers(site, vec![candidate(probe, Via::Probe)], now).await?;
        }
        Ok(Some(begun))
    }

    fn url(&self, number: i64) -> Option<CanonicalUrl> {
        CanonicalUrl::parse(&format!("{}{}", self.origin, self.pattern.with_id(number)), None).ok()
    }

    /// A number that shows a page though nothing can be there, if there is one.
    pub(super) fn never_missing(&self) -> Option<CanonicalUrl> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).never_missing().cloned()
    }

    /// Proposes the next numbers. Numbers that are known already cost no request.
    pub(super) async fn advance(
        &mut self,
        store: &Store,
        site: i64,
        now: Timestamp,
    ) -> Result<Counting, ArchiveError> {
        loop {
            self.judge(store).await?;
            let Some(walk) = self.walks.front() else { return Ok(Counting::Ended) };
            let numbers = (0..).map(|n: i64| walk.next.checked_add(walk.step.checked_mul(n)?));
            let numbers = numbers.map_while(|number| number.filter(|number| *number >= 0)).take(STRIDE);
            let urls: Vec<CanonicalUrl> = numbers.map_while(|number| self.url(number)).collect();
            if urls.is_empty() {
                self.walks.pop_front();
                continue;
            }
            let states = store.number_states(urls.clone()).await?;
            let asked = self.choose(urls, &states);
            if !asked.is_empty() {
                store
                    .ask_numbers(site, asked.into_iter().map(|url| candidate(url, Via::Id)).collect(), now)
                    .await?;
                return Ok(Counting::GoesOn);
            }
        }
    }

    /// Takes numbers as far as they may all be missing without one too many; gives those to ask for.
    fn choose(&mut self, urls: Vec<CanonicalUrl>, states: &[NumberState]) -> Vec<CanonicalUrl> {
        let Some(walk) = self.walks.front_mut() else { return Vec::new() };
        let (mut missing, mut asked) = (walk.missing, Vec::new());
        for (url, state) in urls.into_iter().zip(states) {
            if missing >= self.stop_after_missing {
                break;
            }
            missing = if *state == NumberState::Article { 0 } else { missing + 1 };
            // What was missing above the highest number may be there by now.
            let is_due =
                *state == NumberState::Unknown || *state == NumberState::MissingBefore && walk.step > 0;
            if is_due {
                asked.push(url.clone());
            }
            walk.next = walk.next.saturating_add(walk.step);
            self.pending.push(url);
        }
        asked
    }

    /// Counts what was missing. Downwards, the counting goes on at the next known article.
    async fn judge(&mut self, store: &Store) -> Result<(), ArchiveError> {
        let Some(walk) = self.walks.front_mut() else { return Ok(()) };
        for state in store.number_states(std::mem::take(&mut self.pending)).await? {
            walk.missing = if state == NumberState::Article { 0 } else { walk.missing + 1 };
        }
        if walk.missing >= self.stop_after_missing {
            let below = self.known.range(..=walk.next).next_back().filter(|_| walk.step < 0);
            match below {
                Some(known) => *walk = Walk { next: *known, step: -self.step, missing: 0 },
                None => drop(self.walks.pop_front()),
            }
        }
        Ok(())
    }
}

fn candidate(url: CanonicalUrl, via: Via) -> Candidate {
    Candidate::new(url, Kind::Post, via, 1)
}
