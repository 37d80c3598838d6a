//! A year of cron runs in virtual time: three sites with edits, deletions, returns, a redesign, an
//! outage, a robots.txt that changes, killed runs and a clock that is set back. The archive must come
//! out right to the version, and the alarms must ring when they should and at no other time.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jianbao::archive::Place;
use jianbao::profile::Profiles;
use jianbao::sim::{NewsSite, Post, Run, Simulation};
use jiff::{SignedDuration, Timestamp};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The redesign of the first site, and when its profile is mended.
const REDESIGN: (i64, i64) = (200, 214);
/// When the second site can't be reached.
const OUTAGE: (i64, i64) = (100, 107);
/// When the third site's robots.txt forbids its posts.
const FORBIDDEN: (i64, i64) = (150, 160);
/// When the clock is set back by two hours.
const CLOCK_SET_BACK: i64 = 250;

fn day(days: i64) -> Timestamp {
    "2025-01-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(days * 24)
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count * 24)
}

/// A profile of the sites' layout, before or after the redesign.
fn profiles(folder: &Path, [title, info, body]: [&str; 3]) -> Arc<Profiles> {
    let toml = format!(
        "schema = 1\nname = 'layout'\ntimezone = 'UTC'\n[match]\narticle = ['/post/{{id}}.html']\n[article]\n\
         title = 'h1.{title}'\nbody = '.{body}'\npublished = '.{info} .date'\nauthor = '.{info} .author'\n\
         category = '.{info} .section'\nviews = '.{info} .views'\n[[sample]]\npage = 'post.html'\n\
         url = 'http://redesigned.example/post/1.html'\nfetched_at = '2025-01-02T00:00:00Z'\n[sample.expect]\ntitle = '一'\n[sample.expect.body]\nstarts = '一'\nends = '一'\n"
    );
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("layout.toml"), toml).unwrap();
    Arc::new(Profiles::load(folder).unwrap())
}

/// What happens to a site's posts: corrections on the day and late, posts that go for good, for weeks
/// or for a day.
fn happen(mut site: NewsSite) -> NewsSite {
    for post in site.posts.clone() {
        let at = |hours: i64| post.published + SignedDuration::from_hours(hours);
        match post.id {
            id if id % 19 == 0 => site.remove(id, at(72), Some(at(96))),
            id if id % 17 == 0 => site.remove(id, at(120), Some(at(40 * 24))),
            id if id % 13 == 0 => site.remove(id, at(240), None),
            id if id % 11 == 0 => site.edit(id, at(30 * 24)),
            id if id % 5 == 0 => site.edit(id, at(20)),
            _ => {}
        }
    }
    site
}

fn sites() -> [NewsSite; 3] {
    let site = |name, seed, between: f64| {
        NewsSite::new(name, seed, day(0)).with_posts(40, between).publishing(365, between)
    };
    let mut redesigned = happen(site("redesigned.example", 1, 1.0)).with_profile("layout");
    redesigned.redesign = Some(day(REDESIGN.0));
    let mut unreachable = happen(site("unreachable.example", 2, 2.0));
    unreachable.has_sitemap = false;
    unreachable.outages = vec![(day(OUTAGE.0), day(OUTAGE.1))];
    let mut forbidden = happen(site("forbidden.example", 3, 2.5));
    forbidden.has_feed = false;
    let allow = forbidden.robots[0].1.clone();
    forbidden.robots.push((day(FORBIDDEN.0), "User-agent: *\nDisallow: /post/\n".to_owned()));
    forbidden.robots.push((day(FORBIDDEN.1), allow));
    [redesigned, unreachable, forbidden]
}

/// An alarm: the site, the day, the text.
type Alarm = (String, i64, String);

struct Year {
    simulation: Simulation,
    sites: Vec<Arc<NewsSite>>,
    alarms: Vec<Alarm>,
    killed: usize,
}

/// Plays the year up to a day, a run every `interval`.
fn play(place: Option<Place>, interval: SignedDuration, end: i64, folder: &Path) -> Year {
    let before = profiles(&folder.join("before"), ["art-title", "art-info", "art-body"]);
    let after = profiles(&folder.join("after"), ["headline", "byline", "story"]);
    let mut simulation = match place {
        Some(place) => Simulation::at(place, 7, day(0)).unwrap(),
        None => Simulation::new(7, day(0)).unwrap(),
    };
    let sites = sites().into_iter().map(|site| simulation.add(site)).collect();
    let mut year = Year { simulation, sites, alarms: Vec::new(), killed: 0 };
    let (mut next, mut runs, mut was_set_back) = (day(0), 0_u64, false);
    while next < day(end) {
        year.simulation.wait_until(next);
        let now = year.simulation.now();
        if now >= day(CLOCK_SET_BACK) && !was_set_back {
            year.simulation.set_clock(now - HOUR * 2);
            was_set_back = true;
        }
        year.simulation.profiles = Arc::clone(if now < day(REDESIGN.1) { &before } else { &after });
        let kill_after = (runs % 37 == 5).then_some(1 + runs % 11);
        let report = year.simulation.run(Run { kill_after, ..Run::default() }).unwrap();
        let today = now.duration_since(day(0)).as_hours() / 24;
        for site in report.iter().flat_map(|report| &report.sites) {
            year.alarms.extend(site.alarms.iter().map(|text| (site.site.clone(), today, text.clone())));
        }
        year.killed += usize::from(report.is_none());
        next += interval;
        runs += 1;
    }
    year
}

/// An article of the archive.
struct Kept {
    text: String,
    gone_since: Option<Timestamp>,
    /// Texts of its versions, and why they were written.
    versions: Vec<(String, String)>,
}

/// The articles of the archive, by URL.
fn kept(simulation: &Simulation) -> BTreeMap<String, Kept> {
    let archive = simulation.archive().unwrap();
    let mut articles = Vec::new();
    let mut collect = |article: Result<_, _>| {
        articles.push(article.unwrap());
        std::ops::ControlFlow::Continue(())
    };
    archive.scan(&jianbao::archive::Filter::default(), jianbao::archive::Order::Id, &mut collect).unwrap();
    let kept = |article: jianbao::archive::ArticleRecord| {
        let versions = archive.versions(article.id).unwrap();
        let kept = Kept {
            text: article.body,
            gone_since: article.gone_since.map(|at| at.parse().unwrap()),
            versions: versions.into_iter().map(|version| (version.reason, version.body)).collect(),
        };
        (article.url, kept)
    };
    articles.into_iter().map(kept).collect()
}

/// The longest time in which nothing could be learned of a site's posts around a moment.
fn blind(site: &str, at: Timestamp) -> SignedDuration {
    let touches = |(from, to): (i64, i64)| at + days(30) >= day(from) && at <= day(to) + days(3);
    let span = |(from, to): (i64, i64)| days(to - from + 4);
    match site {
        "redesigned.example" if touches(REDESIGN) => span(REDESIGN) + days(14),
        "unreachable.example" if touches(OUTAGE) => span(OUTAGE),
        "forbidden.example" if touches(FORBIDDEN) => span(FORBIDDEN),
        _ => SignedDuration::ZERO,
    }
}

/// How long after a moment a post is looked at at the latest: its wait is never longer than its age.
fn next_look(site: &str, post: &Post, at: Timestamp) -> SignedDuration {
    at.duration_since(post.published) + HOUR * 14 + blind(site, at)
}

fn check_post(site: &str, post: &Post, kept: Option<&Kept>, end: Timestamp) {
    let name = format!("{site}{}", post.path());
    let appeared = post.published.max(day(0));
    let found_by = appeared + HOUR * 8 + blind(site, appeared);
    let Some(kept) = kept else {
        let went = post.absences.first().map_or(end, |(from, _)| *from);
        assert!(found_by > went.min(end), "{name} of {} is missing", post.published);
        return;
    };
    let truth = post.texts();
    for (reason, text) in &kept.versions {
        assert!(truth.contains(text), "{name}: a version ({reason}) has a text that never was: {text}");
    }
    let edited = kept.versions.iter().filter(|(reason, _)| reason == "edited").count();
    assert!(edited <= post.edits.len(), "{name}: {edited} edits were seen, {} were made", post.edits.len());
    let settled = post.edits.iter().all(|edit| edit.at + next_look(site, post, edit.at) < end);
    if settled && post.absences.is_empty() {
        assert_eq!(kept.text, post.text_at(end), "{name}");
    }
    match post.absences.first() {
        None => assert_eq!(kept.gone_since, None, "{name} never went"),
        Some((from, to)) => check_absence(site, post, (*from, *to), kept.gone_since, end),
    }
}

fn check_absence(
    site: &str,
    post: &Post,
    (from, to): (Timestamp, Timestamp),
    gone_since: Option<Timestamp>,
    end: Timestamp,
) {
    let name = format!("{site}{} away from {from} to {to}", post.path());
    let noticed = from + next_look(site, post, from);
    if to == Timestamp::MAX && noticed + days(11) + blind(site, noticed) < end {
        let since = gone_since.unwrap_or_else(|| panic!("{name} is not gone"));
        assert!(since >= from && since <= noticed, "{name} is gone since {since}");
    }
    let is_short = to.duration_since(from) < days(7);
    if is_short || to < end && to + days(24) + blind(site, to) < end {
        assert_eq!(gone_since, None, "{name}");
    }
}

fn check(year: &Year, end: Timestamp) {
    let kept = kept(&year.simulation);
    let mut expected = 0;
    for site in &year.sites {
        let name = jianbao::sim::Host::name(&**site);
        for post in site.posts.iter().filter(|post| post.published < end) {
            check_post(name, post, kept.get(&format!("http://{name}{}", post.path())), end);
            expected += 1;
        }
    }
    assert!(kept.len() <= expected, "{} articles of {expected} posts", kept.len());
}

fn check_alarms(alarms: &[Alarm]) {
    let within = |site: &str, (from, to): (i64, i64)| {
        alarms.iter().filter(move |(name, at, _)| name == site && (from..to).contains(at)).collect::<Vec<_>>()
    };
    for (site, span, latest, words) in [
        ("redesigned.example", (REDESIGN.0, REDESIGN.1 + 2), 3, "did the layout change?"),
        ("unreachable.example", (OUTAGE.0, OUTAGE.1 + 1), 1, "could not connect"),
        ("forbidden.example", (FORBIDDEN.0, FORBIDDEN.1 + 2), 2, "robots.txt now forbids"),
    ] {
        let heard = within(site, (span.0, span.0 + latest));
        assert!(heard.iter().any(|(_, _, text)| text.contains(words)), "{site} raised no alarm: {heard:?}");
        let others: Vec<&Alarm> =
            alarms.iter().filter(|(name, at, _)| name == site && !(span.0..span.1).contains(at)).collect();
        assert!(others.is_empty(), "{site} raised alarms without cause: {others:?}");
    }
}

#[test]
fn a_year_of_six_hourly_runs_ends_with_the_right_archive_and_the_right_alarms() {
    let folder = tempfile::tempdir().unwrap();
    let year = play(None, HOUR * 6, 365, folder.path());
    assert!(year.killed >= 20, "{} runs were killed", year.killed);
    check(&year, day(365));
    check_alarms(&year.alarms);
}

#[test]
fn a_certificate_near_its_end_is_an_alarm() {
    let alarms_with = |left: i64| {
        let mut simulation = Simulation::new(1, day(0)).unwrap();
        let mut site = NewsSite::new("park.example", 1, day(0)).with_posts(5, 1.0);
        site.certificate_until = Some(day(left));
        simulation.add(site);
        simulation.run(Run::default()).unwrap().unwrap().sites[0].alarms.clone()
    };
    assert_eq!(alarms_with(60), [""; 0]);
    assert_eq!(alarms_with(10), ["the certificate of http://park.example ends in 9 days"]);
}

/// `cargo test --release --test it year:: -- --ignored` plays the year by the hour, into a file.
#[test]
#[ignore = "takes minutes; see docs/simulation.md"]
fn a_year_of_hourly_runs_on_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::File(folder.path().join("archive.sqlite"));
    let year = play(Some(place), HOUR, 365, folder.path());
    check(&year, day(365));
    check_alarms(&year.alarms);
}

#[test]
fn two_simulations_from_one_seed_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let dump = || {
        let year = play(None, HOUR * 6, 40, folder.path());
        let archive = year.simulation.place().keep().unwrap();
        let mut lines = Vec::new();
        for table in ["url", "discovery", "capture", "article", "version", "text", "link", "run"] {
            let mut select = archive.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = select.column_count();
            let mut rows = select.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values = (0..columns).map(|at| format!("{:?}", row.get_ref(at).unwrap()));
                lines.push(format!("{table}: {}", values.collect::<Vec<_>>().join(" ")));
            }
        }
        lines
    };
    let (one, other) = (dump(), dump());
    assert!(one.len() > 1000, "{} rows", one.len());
    for (a, b) in one.iter().zip(&other) {
        assert_eq!(a, b);
    }
    assert_eq!(one.len(), other.len());
}
