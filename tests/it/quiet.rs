//! Silence: alarms when it is out of the question, and hardly ever otherwise.

use std::fmt::Write as _;

use jianbao::watch::{Posted, Rhythm, is_holiday, rhythm, silences};
use jiff::Span;
use jiff::civil::{Date, Weekday};

use crate::support::{Desk, Dice, Lab, Reply, Script};

/// How a site posts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Site {
    /// Ten posts a day, less on holidays.
    Busy,
    /// A post on nine days of ten.
    Daily,
    /// Three on each working day, none on holidays.
    Office,
    /// A post on most Mondays.
    Weekly,
    /// A post on some day or other, two days apart on average.
    Irregular,
    /// A week or two of daily posts, then up to four weeks of hardly any.
    Bursts,
    /// An office that rests in July and August.
    School,
    /// Two a day at first, one in five days after six years.
    Fading,
}

const SITES: [Site; 8] = [
    Site::Busy,
    Site::Daily,
    Site::Office,
    Site::Weekly,
    Site::Irregular,
    Site::Bursts,
    Site::School,
    Site::Fading,
];
const YEARS: i32 = 6;

fn start() -> Date {
    Date::constant(2018, 3, 1)
}

fn day(at: i32) -> Date {
    start().checked_add(Span::new().days(at)).unwrap()
}

/// The days of a site's posts; several posts on a day are several days.
fn days(site: Site, dice: &mut Dice) -> Vec<Date> {
    let mut days = Vec::new();
    let (mut is_burst, mut left) = (true, 10);
    for at in 0..YEARS * 365 {
        let day = day(at);
        let is_working = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day);
        if left == 0 {
            is_burst = !is_burst;
            left = if is_burst { 7 + dice.below(8) } else { 7 + dice.below(22) };
        }
        left -= 1;
        let chance = match site {
            Site::Busy if is_holiday(day) => 0.3,
            Site::Busy => 0.99,
            Site::Daily => 0.9,
            Site::School if matches!(day.month(), 7 | 8) => 0.0,
            Site::Office | Site::School if is_working => 0.95,
            Site::Weekly if day.weekday() == Weekday::Monday => 0.95,
            Site::Office | Site::School | Site::Weekly => 0.01,
            Site::Irregular => 0.5,
            Site::Bursts => {
                if is_burst {
                    0.8
                } else {
                    0.03
                }
            }
            Site::Fading => 0.9 - 0.7 * f64::from(at) / f64::from(YEARS * 365),
        };
        let posts = match site {
            Site::Busy => 10,
            Site::Office | Site::School => 3,
            _ => 1,
        };
        if dice.is(chance) {
            days.extend(std::iter::repeat_n(day, posts));
        }
    }
    days
}

fn alarms(days: &[Date], today: Date) -> bool {
    let posts: Vec<Posted> = days.iter().map(|day| Posted { day: *day, section: None }).collect();
    !silences(&posts, today).is_empty()
}

/// Silences of a site that alarmed though it went on, and the years watched. A silence is the most
/// alarming on the day that ends it.
fn false_alarms(days: &[Date]) -> (usize, f64) {
    let mut count = 0;
    for (at, pair) in days.windows(2).enumerate() {
        let gap = pair[1].duration_since(pair[0]).as_hours() / 24;
        count += usize::from(gap > 2 && alarms(&days[..=at], pair[1]));
    }
    (count, f64::from(YEARS))
}

/// Days until the alarm when nothing comes any more after `last`; none within a year.
fn delay(days: &[Date], last: Date) -> Option<i32> {
    let before: Vec<Date> = days.iter().copied().filter(|day| *day <= last).collect();
    (1..365).find(|after| {
        alarms(&before, before[before.len() - 1].checked_add(Span::new().days(*after)).unwrap())
    })
}

#[test]
fn a_site_that_goes_on_hardly_ever_alarms() {
    let mut dice = Dice(20_261_124);
    let (mut count, mut years) = (0, 0.0);
    for site in SITES {
        let (mut of_kind, mut years_of_kind) = (0, 0.0);
        for _ in 0..4 {
            let (alarms, watched) = false_alarms(&days(site, &mut dice));
            of_kind += alarms;
            years_of_kind += watched;
        }
        // A school's first summer is news; its second is not.
        let allowed = if site == Site::School { 4 } else { 1 };
        assert!(of_kind <= allowed, "{site:?}: {of_kind} alarms in {years_of_kind} years");
        count += of_kind;
        years += years_of_kind;
    }
    assert!(f64::from(u32::try_from(count).unwrap()) < 0.05 * years, "{count} alarms in {years} years");
}

#[test]
fn a_silence_is_noticed_in_time() {
    let mut dice = Dice(5);
    for (site, most) in [
        (Site::Busy, 5),
        (Site::Daily, 9),
        (Site::Office, 12),
        (Site::Weekly, 43),
        (Site::Irregular, 29),
        (Site::Bursts, 90),
    ] {
        // Spring and autumn, away from long holidays.
        for last in ["2021-03-20", "2022-06-06", "2023-10-20"] {
            let days = days(site, &mut dice);
            let delay = delay(&days, last.parse().unwrap());
            assert!(delay.is_some_and(|delay| delay <= most), "{site:?} {last}: {delay:?}");
        }
    }
}

/// `cargo test --test it quiet::figures -- --ignored --nocapture` prints the table of docs/coverage.md.
#[test]
#[ignore = "prints figures"]
#[expect(clippy::print_stderr, reason = "it is for reading")]
fn figures() {
    let mut dice = Dice(9);
    for site in SITES {
        let (mut count, mut years, mut delays) = (0, 0.0, Vec::new());
        for _ in 0..20 {
            let days = days(site, &mut dice);
            let (alarms, watched) = false_alarms(&days);
            count += alarms;
            years += watched;
            let last = day(YEARS * 365 - 365 + i32::try_from(dice.below(300)).unwrap());
            delays.push(delay(&days, last));
        }
        delays.sort_unstable();
        eprintln!("{site:?}: {count} alarms in {years} years; days until an alarm: {delays:?}");
    }
}

#[test]
fn the_spring_festival_is_no_silence() {
    let mut dice = Dice(2);
    let days: Vec<Date> = days(Site::Daily, &mut dice);
    let until = |last: &str| -> Vec<Date> {
        let last: Date = last.parse().unwrap();
        days.iter().copied().filter(|day| *day < last).chain([last]).collect()
    };
    // New Year's Day of 2023 is 22 January.
    assert!(!alarms(&until("2023-01-14"), "2023-02-07".parse().unwrap()));
    assert!(alarms(&until("2023-01-14"), "2023-02-14".parse().unwrap()));
    assert!(alarms(&until("2023-03-14"), "2023-03-24".parse().unwrap()));
}

#[test]
fn the_rhythm_is_what_was_posted_lately() {
    let mut dice = Dice(4);
    let days = days(Site::Office, &mut dice);
    let Rhythm { by_weekday, last, longest, .. } = rhythm(&days, day(YEARS * 365)).unwrap();
    assert!(by_weekday[..5].iter().all(|posts| (2.4..=3.0).contains(posts)), "{by_weekday:?}");
    assert!(by_weekday[5..].iter().all(|posts| *posts < 0.3), "{by_weekday:?}");
    assert_eq!(last, *days.last().unwrap());
    // Longer than a weekend, shorter than the festival with the weeks around it.
    assert!((8..=40).contains(&longest), "{longest}");
    assert_eq!(rhythm(&[], day(0)), None);
}

#[test]
fn what_is_archived_late_changes_nothing() {
    let mut dice = Dice(6);
    let days = days(Site::Daily, &mut dice);
    let quiet: Vec<Date> = days.iter().copied().filter(|day| *day <= "2023-03-20".parse().unwrap()).collect();
    let today: Date = "2023-04-20".parse().unwrap();
    assert!(alarms(&quiet, today));
    // Old posts come in, with their old dates; and one with a date to come.
    let mut late = quiet.clone();
    late.extend((0..300).map(|at| day(at * 3)));
    late.push("2031-01-01".parse().unwrap());
    assert!(alarms(&late, today));
}

#[test]
fn a_section_that_disappeared_is_named() {
    let mut dice = Dice(8);
    let post = |section: &str| {
        let section = section.to_owned();
        move |day: Date| Posted { day, section: Some(section.clone()) }
    };
    let end: Date = "2023-03-20".parse().unwrap();
    let steady = days(Site::Daily, &mut dice);
    let gone = days(Site::Daily, &mut dice);
    let posts: Vec<Posted> = (steady.into_iter().map(post("园区动态")))
        .chain(gone.into_iter().filter(|day| *day < end).map(post("政策解读")))
        .filter(|post| post.day < "2023-04-10".parse().unwrap())
        .collect();
    let alarms = silences(&posts, "2023-04-10".parse().unwrap());
    assert!(alarms.len() == 1 && alarms[0].contains("`政策解读`"), "{alarms:?}");
    // Long after, it is no news.
    assert!(silences(&posts, "2024-03-01".parse().unwrap()).is_empty());
}

/// A site with a post on each of some days ago.
fn blog(days: std::ops::Range<i64>) -> Script {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let paths: Vec<String> = days.clone().map(|ago| format!("/{ago}.html")).collect();
    let mut site = Script::new().front(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (ago, path) in days.zip(&paths) {
        let date = today.checked_sub(Span::new().days(ago)).unwrap();
        let (title, text) = (format!("第{ago}天的消息"), format!("这是第{ago}天发生的事。"));
        site = site.on(path, Reply::article_of(&title, &date.to_string(), &text));
    }
    site
}

#[test]
fn a_crawl_of_a_site_that_fell_silent_ends_with_one() {
    let silent = blog(60..180).start();
    let desk = Desk::for_site(&silent.origin);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1, "{report}");
    assert!(report["sites"][0]["alarms"].to_string().contains("no post since"), "{report}");
    let status = desk.run("status").expect_code(0).stdout;
    assert!(status.contains("about 7 a week"), "{status}");
    let json: serde_json::Value =
        serde_json::from_str(&desk.run("status --json").expect_code(0).stdout).unwrap();
    assert!(json["quiet"][0]["alarms"][0].as_str().unwrap().contains("no post since"), "{json}");
    assert_eq!(json["quiet"][0]["site"], "site");
    let lively = blog(0..120).start();
    let desk = Desk::for_site(&lively.origin);
    assert_eq!(desk.crawl("").1.code, 0);
}

#[test]
fn a_site_is_judged_by_its_own_runs_however_many_of_others_came_since() {
    let (seldom, often) = (blog(60..180).start(), blog(0..3).start());
    let desk = Desk::for_site(&often.origin);
    let config = std::fs::read_to_string(desk.path("crawl.toml")).unwrap();
    let more = config.split_once("[[site]]").unwrap().1.replace("\"site\"", "\"seldom\"");
    let more = more.replace(&often.origin, &seldom.origin);
    std::fs::write(desk.path("crawl.toml"), format!("{config}[[site]]{more}")).unwrap();
    desk.run("crawl seldom").expect_code(1);
    desk.run("crawl site").expect_code(0);
    // It was looked at 60 days ago, when nothing was silent; then the other one was, forty times.
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    archive
        .execute_batch(
            "UPDATE url SET fetched_at = fetched_at - 60 * 86400000 WHERE site = (SELECT id FROM site WHERE key = 'seldom');
             UPDATE run SET report = json_set(report, '$.finished', strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-60 days'),
                                              '$.sites[0].alarms', json_array('12 of 20 URLs failed')) WHERE id = 1;
             WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 40)
             INSERT INTO run (started, finished, chain_start, full, outcome, report)
             SELECT started, finished, chain_start, full, outcome, report FROM run, n WHERE id = 2;",
        )
        .unwrap();
    drop(archive);
    let status: serde_json::Value =
        serde_json::from_str(&desk.run("status --json").expect_code(0).stdout).unwrap();
    let health = &status["health"];
    assert_eq!(health["sites"][0]["broken"], serde_json::json!(["12 of 20 URLs failed"]), "{health:#}");
    assert_eq!(health["todo"][1]["command"], "jianbao status --report 1", "{health:#}");
    let quiet = status["quiet"].as_array().unwrap().iter().find(|quiet| quiet["site"] == "seldom").unwrap();
    assert_eq!(quiet["alarms"], serde_json::json!([]), "nobody looked since: {quiet}");
}

#[test]
fn a_site_that_could_not_be_looked_at_is_not_silent() {
    let home = "http://park.example/";
    let lab = Lab::new(&[home]);
    let paths: Vec<String> = (1..120).map(|ago| format!("/{ago}.html")).collect();
    lab.links(home, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    for (ago, path) in (1..).zip(&paths) {
        let date = Date::constant(2025, 3, 10).checked_sub(Span::new().days(ago)).unwrap().to_string();
        let page = Reply::article_of(&format!("第{ago}天的消息"), &date, &format!("这是第{ago}天发生的事。"));
        lab.on(&format!("http://park.example{path}"), page);
    }
    assert!(!lab.run().needs_attention());
    let config =
        format!("[archive]\nstore = \"a.sqlite\"\n[[site]]\nname = \"site\"\nseeds = [\"{home}\"]\n");
    std::fs::write(lab.desk.path("crawl.toml"), config).unwrap();
    lab.wait(60 * 24);
    lab.on("http://park.example/robots.txt", Reply::new(503));
    assert!(lab.run().needs_attention());
    let status = || -> serde_json::Value {
        serde_json::from_str(&lab.desk.run("status --json").expect_code(0).stdout).unwrap()
    };
    assert_eq!(status()["quiet"][0]["alarms"], serde_json::json!([]));
    lab.on("http://park.example/robots.txt", Reply::new(404));
    lab.wait(1);
    lab.run();
    assert!(status()["quiet"][0]["alarms"][0].as_str().unwrap().contains("no post since"));
}

#[test]
fn a_feed_that_is_gone_is_an_alarm_after_three_looks_and_two_days() {
    let front = "<title>front</title><link rel=alternate type='application/rss+xml' href='/feed.xml'><body><a href='/a'>甲</a></body>";
    let feed = "<rss version='2.0'><channel><title>t</title><item><title>甲</title><link>/a</link></item></channel></rss>";
    let feed = || Reply::new(200).header("Content-Type", "application/rss+xml").body(feed);
    let site = Script::new()
        .on("/", Reply::html(front))
        .on("/a", Reply::article("第一篇", "园区开园"))
        .on("/feed.xml", feed())
        .on("/feed.xml", feed())
        .on("/feed.xml", Reply::new(404))
        .start();
    let desk = Desk::for_site(&site.origin);
    for _ in 0..2 {
        assert_eq!(desk.crawl("").1.code, 0);
    }
    let days_ago = "UPDATE capture SET fetched_at = fetched_at - 5 * 86400000";
    rusqlite::Connection::open(desk.archive()).unwrap().execute(days_ago, []).unwrap();
    for _ in 0..2 {
        assert_eq!(desk.crawl("").1.code, 0);
    }
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 1, "{report}");
    let alarms = report["sites"][0]["alarms"].to_string();
    assert!(alarms.contains("/feed.xml was there until") && alarms.contains("`no_feed`"), "{alarms}");
}

#[test]
fn a_feed_whose_posts_another_one_shows_first_does_not_stand_still() {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let link = |feed: &str| format!("<link rel=alternate type='application/rss+xml' href='/{feed}.xml'>");
    let mut site =
        Script::new().on("/", Reply::html(format!("<title>front</title>{}{}", link("a"), link("b"))));
    let mut items = String::new();
    for ago in 0..60 {
        let day = today.checked_sub(Span::new().days(ago)).unwrap().to_string();
        let title = format!("第{ago}天的消息");
        write!(items, "<item><title>{title}</title><link>/{ago}.html</link></item>").unwrap();
        let page = Reply::article_of(&title, &day, &format!("这是第{ago}天发生的事。"));
        site = site.on(&format!("/{ago}.html"), page);
    }
    let feed = format!("<rss version='2.0'><channel><title>t</title>{items}</channel></rss>");
    for path in ["/a.xml", "/b.xml"] {
        site =
            site.on(path, Reply::new(200).header("Content-Type", "application/rss+xml").body(feed.as_str()));
    }
    let site = site.start();
    let desk = Desk::for_site(&site.origin);
    assert_eq!(desk.crawl("").1.code, 0);
    // Both are known for long; for the last ten days, a is read first.
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    archive.pragma_update(None, "foreign_keys", false).unwrap();
    archive
        .execute_batch(
            "UPDATE capture SET fetched_at = fetched_at - 100 * 86400000;
             UPDATE discovery SET source = (SELECT f.id FROM url f WHERE f.url LIKE '%/b.xml') WHERE route = 'feed';
             UPDATE discovery SET source = (SELECT f.id FROM url f WHERE f.url LIKE '%/a.xml')
             WHERE route = 'feed' AND url IN (SELECT url FROM article ORDER BY published DESC LIMIT 10);",
        )
        .unwrap();
    drop(archive);
    assert_eq!(desk.count("SELECT count(DISTINCT source) FROM discovery WHERE route = 'feed'"), 2);
    let (report, outcome) = desk.crawl("");
    assert_eq!(outcome.code, 0, "{report}");
}
