//! Notices when a site, a section or a feed falls silent.
//!
//! How often a site posted on each weekday of the last half-year says how surprising each day without
//! a post is; the surprises of a silence add up. What is out of the question alarms, unless the site
//! has been as silent before. Holidays say nothing, and neither do days that are not over.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::calendar::is_holiday;
use super::real;

/// Days of history that are looked at.
const HISTORY: i32 = 3 * 366;
/// Days whose rates are expected to go on.
const RECENT: usize = 182;
/// Weekdays are known after so many days.
const FEWEST_DAYS: f64 = 56.0;
/// Days with posts, at least, before a silence means anything.
const FEWEST_POSTS: usize = 30;
/// A silence as unlikely as 10⁻⁶ is out of the question: its surprise is the logarithm of that.
const CERTAIN: f64 = 13.8;
/// A site that never was silent for long may alarm sooner: at 10⁻⁴,
const SOONEST: f64 = 9.2;
/// and at so many times its greatest surprise.
const REGULAR: f64 = 3.0;
/// A site that was more silent before alarms only at so many times that.
const LOUDER: f64 = 1.5;
/// After so many days a silence is no news, and no alarm.
const STALE: i32 = 180;

/// Silent sections that are named, of many.
const NAMED: usize = 3;

/// A post that a site published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The day it is dated; the day it was first seen where it bears no date.
    pub day: Date,
    /// Its section.
    pub section: Option<String>,
}

/// How often a site or a section posts.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// Posts expected on each weekday, Monday first, outside of holidays.
    pub by_weekday: [f64; 7],
    /// The day of the latest post.
    pub last: Date,
    /// The most days between two posts.
    pub longest: i32,
    /// How surprising the present silence is, as a negative logarithm,
    surprise: f64,
    /// and how surprising it must be for an alarm.
    needed: f64,
    /// Days since the latest post.
    days: i32,
}

impl Rhythm {
    /// Posts expected in a week without holidays.
    pub fn per_week(&self) -> f64 {
        self.by_weekday.iter().sum()
    }

    fn is_alarm(&self) -> bool {
        self.surprise > self.needed && self.days <= STALE
    }

    fn describe(&self) -> String {
        format!(
            "since {}, {}: about {:.0} a week came before, at most {} apart",
            self.last,
            in_days(self.days),
            self.per_week().max(1.0),
            in_days(self.longest)
        )
    }
}

fn in_days(count: i32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// Days since 1970.
fn number(day: Date) -> i32 {
    i32::try_from(day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24).unwrap_or(0)
}

fn date(day: i32) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(jiff::Span::new().days(day)).ok()
}

fn weekday(day: i32) -> usize {
    // 1970 began on a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// How the days of the last half-year up to some post went, by weekday.
#[derive(Debug, Default)]
struct Recent {
    seen: [f64; 7],
    active: [f64; 7],
    posts: [f64; 7],
}

impl Recent {
    /// Adds a day (`sign` 1) or takes it away (-1).
    fn note(&mut self, weekday: usize, posts: u32, sign: f64) {
        self.seen[weekday] += sign;
        self.active[weekday] += sign * f64::from(u8::from(posts > 0));
        self.posts[weekday] += sign * f64::from(posts);
    }

    /// Takes in the days from `from` to `to`, and drops those that are half a year old.
    fn go_on(&mut self, days: &Days<'_>, from: usize, to: usize) {
        for at in from..=to {
            if let Some(weekday) = days.tells[at] {
                self.note(weekday, days.counts[at], 1.0);
            }
            if let Some((old, weekday)) = at.checked_sub(RECENT).and_then(|old| Some((old, days.tells[old]?)))
            {
                self.note(weekday, days.counts[old], -1.0);
            }
        }
    }

    /// How surprising a day without a post is.
    fn surprise(&self, weekday: usize) -> f64 {
        if self.seen.iter().sum::<f64>() < FEWEST_DAYS {
            return 0.0;
        }
        -(1.0 - self.active[weekday] / (self.seen[weekday] + 1.0)).ln()
    }
}

/// The days that are looked at, up to the present one.
struct Calendar {
    today: i32,
    /// What a day can tell: its weekday, or nothing when it is a holiday.
    tells: Vec<Option<usize>>,
}

impl Calendar {
    fn until(today: Date) -> Self {
        let today = number(today);
        let tell = |at: i32| date(at).filter(|day| !is_holiday(*day)).map(|_| weekday(at));
        Self { today, tells: (today - HISTORY..=today).map(tell).collect() }
    }
}

/// The days of a history, from the first post to the present day.
struct Days<'a> {
    first: i32,
    /// Posts of each day.
    counts: Vec<u32>,
    /// What each day can tell.
    tells: &'a [Option<usize>],
}

impl<'a> Days<'a> {
    fn of(posts: &[Date], calendar: &'a Calendar) -> Option<Self> {
        let now = calendar.today;
        let known = || posts.iter().map(|day| number(*day)).filter(|day| (now - HISTORY..=now).contains(day));
        let first = known().min()?;
        let mut counts = vec![0_u32; usize::try_from(now - first).ok()? + 1];
        for day in known() {
            counts[usize::try_from(day - first).ok()?] += 1;
        }
        let tells = calendar.tells.get(calendar.tells.len() - counts.len()..)?;
        Some(Self { first, counts, tells })
    }

    /// Days with a post, each with the next one, the last with the present day.
    fn gaps(&self) -> impl Iterator<Item = (usize, usize)> {
        let active = || (0..self.counts.len()).filter(|at| self.counts[*at] > 0);
        active().zip(active().skip(1).chain([self.counts.len() - 1]))
    }
}

/// How often posts come, from the days of all known ones; none where none is known.
pub fn rhythm(posts: &[Date], today: Date) -> Option<Rhythm> {
    rhythm_in(posts, &Calendar::until(today))
}

fn rhythm_in(posts: &[Date], calendar: &Calendar) -> Option<Rhythm> {
    let days = Days::of(posts, calendar)?;
    let mut recent = Recent::default();
    let (mut greatest, mut longest) = (0.0_f64, 0);
    let mut silence = (0, 0, 0.0);
    let mut seen = 0;
    for (active, (at, next)) in days.gaps().enumerate() {
        if active > 0 {
            greatest = greatest.max(silence.2);
            longest = longest.max(silence.1 - silence.0);
        }
        recent.go_on(&days, seen, at);
        seen = at + 1;
        let quiet = days.tells[at + 1..next.max(at + 1)].iter().flatten();
        silence = (at, next, quiet.map(|weekday| recent.surprise(*weekday)).sum());
    }
    let (at, next, surprise) = silence;
    let is_known = days.counts.iter().filter(|count| **count > 0).count() >= FEWEST_POSTS;
    let usual = (REGULAR * greatest).clamp(SOONEST, CERTAIN).max(LOUDER * greatest);
    Some(Rhythm {
        by_weekday: std::array::from_fn(|weekday| recent.posts[weekday] / recent.seen[weekday].max(1.0)),
        last: date(days.first + i32::try_from(at).ok()?)?,
        longest: i32::try_from(longest).ok()?,
        surprise,
        needed: if is_known { usual } else { f64::INFINITY },
        days: i32::try_from(next - at).ok()?,
    })
}

/// The rhythm of each section, in the order of their names.
pub fn by_section(posts: &[Posted], today: Date) -> Vec<(&str, Rhythm)> {
    let calendar = Calendar::until(today);
    let sections = sections(posts).into_iter();
    sections.filter_map(|(section, days)| Some((section, rhythm_in(&days, &calendar)?))).collect()
}

/// The days of each section's posts.
fn sections(posts: &[Posted]) -> BTreeMap<&str, Vec<Date>> {
    let mut sections: BTreeMap<&str, Vec<Date>> = BTreeMap::new();
    for post in posts {
        if let Some(section) = &post.section {
            sections.entry(section).or_default().push(post.day);
        }
    }
    sections
}

/// What is too silent: the site as a whole, or else sections while the site goes on.
pub fn silences(posts: &[Posted], today: Date) -> Vec<String> {
    let days: Vec<Date> = posts.iter().map(|post| post.day).collect();
    let calendar = Calendar::until(today);
    let Some(site) = rhythm_in(&days, &calendar) else { return Vec::new() };
    if site.is_alarm() {
        return vec![format!("no post {}", site.describe())];
    }
    // There may be thousands of sections with a few posts, which can't alarm.
    let known = sections(posts).into_iter().filter(|(_, days)| days.len() >= FEWEST_POSTS);
    let rhythms = known.filter_map(|(section, days)| Some((section, rhythm_in(&days, &calendar)?)));
    let quiet: Vec<(&str, Rhythm)> =
        rhythms.filter(|(_, rhythm)| rhythm.is_alarm() && rhythm.last < site.last).collect();
    let named = quiet.iter().take(NAMED).map(|(section, rhythm)| {
        format!("no post in `{section}` {}; the rest of the site goes on", rhythm.describe())
    });
    let others = quiet.len().saturating_sub(NAMED);
    let others = (others > 0).then(|| format!("no post in {others} more sections either"));
    named.chain(others).collect()
}

/// What is known of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedHistory {
    /// Where it is.
    pub url: String,
    /// Looks that gave a feed.
    pub successes: u32,
    /// The day of the last of these.
    pub last_success: Option<Date>,
    /// Answers since then that were no feed.
    pub failures: u32,
    /// Outcome of the last look.
    pub outcome: String,
    /// For each post published since the feed is known, the oldest first, whether the feed had it; posts
    /// that another feed had are left out.
    pub gave: Vec<bool>,
}

/// Looks without a feed that are more than an accident.
const FAILURES: u32 = 3;

/// Feeds that are gone, and feeds that no longer show what the site publishes.
pub fn lost_feeds(feeds: &[FeedHistory], today: Date) -> Vec<String> {
    feeds.iter().filter_map(|feed| lost(feed, today)).collect()
}

fn lost(feed: &FeedHistory, today: Date) -> Option<String> {
    let last = feed.last_success?;
    let days = number(today) - number(last);
    if feed.failures > 0 {
        let is_lost = feed.successes >= 2 && feed.failures >= FAILURES && (2..=STALE).contains(&days);
        return is_lost.then(|| {
            format!(
                "the feed {} was there until {last} and is not any more: {} answers, the last `{}`",
                feed.url, feed.failures, feed.outcome
            )
        });
    }
    let runs: Vec<usize> = feed.gave.split(|gave| *gave).map(<[bool]>::len).collect();
    let (now, before) = runs.split_last()?;
    let given = feed.gave.iter().filter(|gave| **gave).count();
    let share = real(given) / real(feed.gave.len() - now + 1);
    let surprise = -real(*now) * (1.0 - share).ln();
    let is_stale = given >= FEWEST_POSTS && surprise > CERTAIN && *now > 2 * before.iter().max()?;
    is_stale.then(|| {
        format!(
            "the feed {} has none of the last {now} posts; of those before it had {:.0} %",
            feed.url,
            share * 100.0
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_that_are_gone_and_feeds_that_stand_still() {
        let today: Date = "2026-11-24".parse().unwrap();
        let feed = FeedHistory {
            url: "http://e.com/feed".to_owned(),
            successes: 40,
            last_success: Some("2026-11-20".parse().unwrap()),
            outcome: "feed".to_owned(),
            gave: vec![true; 60],
            ..FeedHistory::default()
        };
        let gone = FeedHistory { failures: 3, outcome: "no_feed".to_owned(), ..feed.clone() };
        let stale = FeedHistory { gave: [vec![true; 60], vec![false; 8]].concat(), ..feed.clone() };
        for (feed, want) in [
            (feed.clone(), None),
            (gone.clone(), Some("until 2026-11-20")),
            // One bad answer is an accident, and so are some on one day.
            (FeedHistory { failures: 1, ..gone.clone() }, None),
            (FeedHistory { last_success: Some("2026-11-23".parse().unwrap()), ..gone.clone() }, None),
            // It never was one.
            (FeedHistory { successes: 0, last_success: None, ..gone.clone() }, None),
            (stale.clone(), Some("none of the last 8 posts")),
            // A feed of every other post, as it always was.
            (FeedHistory { gave: (0..100).map(|n| n % 2 == 0).collect(), ..feed.clone() }, None),
        ] {
            let alarms = lost_feeds(std::slice::from_ref(&feed), today);
            match want {
                None => assert!(alarms.is_empty(), "{feed:?}: {alarms:?}"),
                Some(part) => assert!(alarms.len() == 1 && alarms[0].contains(part), "{feed:?}: {alarms:?}"),
            }
        }
    }
}
