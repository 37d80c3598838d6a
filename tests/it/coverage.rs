//! The estimate of what is missing, on simulated sites whose truth is known.

use jianbao::coverage::{Extent, Number, Post, ROUTES, Survey, extent, route_bit};

use crate::support::{Desk, Dice, Reply, Script};

/// What makes routes find a post more or less often.
#[derive(Debug, Clone, Copy, PartialEq)]
enum World {
    /// Nothing: each route has one rate.
    Plain,
    /// Each route gets better or worse over the months.
    Trend,
    /// Each route has a rate of its own in each section.
    Sections,
    /// One section is hard for all routes, another easy.
    HardSections,
    /// Each route has good and bad months.
    Months,
    /// Each route has a rate of its own in each half-year of each section.
    Cells,
    /// Routes beyond the third see the newest months only, and one of them skips a section.
    Windows,
    /// Not to be seen: one route copies 30 to 80 % of its posts from another.
    Copies,
    /// Not to be seen: one route shows mostly what another does not.
    Avoids,
    /// Not to be seen: two routes miss the same 10 to 25 % of the posts.
    MissTogether,
    /// Not to be seen: a fifth of the posts is popular, and all routes find these more easily.
    Popular,
    /// Two independent routes: nothing to test them with.
    TwoRoutes,
    /// Not to be seen: each post is easier or harder to find for all routes, by a normal distribution.
    Gradual,
    /// Not to be seen: two routes miss the same 10 to 25 % of the posts, and the others see the last half
    /// of the months at most.
    MissBefore,
    /// Not to be seen: 10 to 25 % of the posts are nearly invisible, with odds a twelfth of the others'.
    Faint,
    /// Not to be seen: a third of the posts is easy for all routes, and a third hard.
    ThreeClasses,
    /// Not to be seen: the third route shows what both others show, but for one post in ten.
    Both,
    /// A third route that finds one post in a hundred, beside two that miss the same ones.
    Scarce,
}

const NAMES: [&str; 5] = ["list", "sitemap", "related", "feed", "api"];

struct Site {
    posts: Vec<Post>,
    truth: u64,
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// What one route of a site is like.
struct RouteOf {
    logit: f64,
    trend: f64,
    by_section: Vec<f64>,
    by_month: Vec<f64>,
    from_month: usize,
    skips: Option<usize>,
}

impl RouteOf {
    fn roll(world: World, at: usize, (months, sections): (usize, usize), dice: &mut Dice) -> Self {
        let rate = match world {
            World::Scarce if at == 2 => 0.01,
            World::Scarce => dice.between(0.7, 0.95),
            _ => dice.between(0.45, 0.95),
        };
        let windowed = world == World::Windows && at >= 3;
        let from_month = match world {
            World::Windows if windowed => dice.below(months),
            World::MissBefore if at >= 2 => months / 2 + dice.below(months / 2),
            _ => 0,
        };
        Self {
            logit: (rate / (1.0 - rate)).ln(),
            trend: dice.between(-1.0, 1.0),
            by_section: (0..sections).map(|_| dice.between(-1.0, 1.0)).collect(),
            by_month: (0..months * 8).map(|_| dice.between(-1.0, 1.0)).collect(),
            from_month,
            skips: (windowed && sections > 2).then(|| dice.below(sections)),
        }
    }

    fn rate(
        &self,
        world: World,
        (month, share): (usize, f64),
        section: usize,
        hard: f64,
        (popular, missed, ease): (bool, bool, f64),
    ) -> f64 {
        let more = match world {
            World::Trend => self.trend * 2.0 * (share - 0.5),
            World::Sections => self.by_section[section],
            World::HardSections => hard + 0.3 * self.by_section[section],
            World::Months => self.by_month[month],
            World::Cells => self.by_month[month / 6 * 8 + section],
            World::Windows if month < self.from_month || self.skips == Some(section) => return 0.0,
            World::Popular if popular => 2.5,
            World::Popular => -0.7,
            World::Faint if missed => -2.5,
            World::Gradual => ease,
            World::ThreeClasses if ease > 0.43 => 2.0,
            World::ThreeClasses if ease < -0.43 => -2.0,
            World::MissBefore if month < self.from_month => return 0.0,
            _ => 0.0,
        };
        logistic(self.logit + more)
    }
}

fn site(world: World, smallest: f64, dice: &mut Dice) -> Site {
    let truth = (smallest * (20_000.0 / smallest).powf(dice.next())).round();
    let months = 6 + dice.below(if truth > 2000.0 { 115 } else { 30 });
    let sections = 1 + dice.below(8);
    let count = match world {
        World::TwoRoutes => 2,
        World::Scarce => 3,
        World::Windows | World::MissBefore => 4 + dice.below(2),
        _ => 3 + dice.below(3),
    };
    let routes: Vec<RouteOf> =
        (0..count).map(|at| RouteOf::roll(world, at, (months, sections), dice)).collect();
    let hard: Vec<f64> = (0..sections).map(|_| dice.between(-1.5, 1.5)).collect();
    let share_missed = dice.between(0.1, 0.25);
    let share_copied = dice.between(0.3, 0.8);
    let mut posts = Vec::new();
    let mut left = truth;
    while left > 0.5 {
        left -= 1.0;
        let share = dice.next().sqrt();
        let month = ((share * f64::from(u32::try_from(months).unwrap())).floor().to_string())
            .parse::<usize>()
            .unwrap()
            .min(months - 1);
        let section = dice.below(sections);
        let (is_missed, is_popular) = (dice.is(share_missed), dice.is(0.2));
        // The sum of twelve even chances is close to a normal distribution.
        let ease = (0..12).map(|_| dice.next()).sum::<f64>() - 6.0;
        let mut found = Vec::new();
        for (at, route) in routes.iter().enumerate() {
            let rate =
                route.rate(world, (month, share), section, hard[section], (is_popular, is_missed, ease));
            let mut is_found = dice.is(rate);
            match world {
                World::Copies if at == 1 && dice.is(share_copied) => is_found = found[0],
                World::Both if at == 2 => is_found = (found[0] && found[1]) != dice.is(0.1),
                World::Avoids if at == 1 && dice.is(share_copied) => is_found = !found[0],
                World::MissTogether | World::MissBefore | World::Scarce if at < 2 && is_missed => {
                    is_found = false;
                }
                _ => {}
            }
            found.push(is_found);
        }
        let bits = found.iter().zip(NAMES).filter(|(is_found, _)| **is_found);
        let bits = bits.fold(0, |bits, (_, name)| bits | route_bit(name));
        if bits > 0 {
            posts.push(Post {
                routes: bits,
                month: Some(24_000 + i32::try_from(month).unwrap()),
                section: Some(format!("section {section}")),
                id: None,
            });
        }
    }
    Site { posts, truth: format!("{truth:.0}").parse().unwrap() }
}

/// How often the estimate was given, and right.
#[derive(Debug, Default)]
struct Score {
    sites: usize,
    given: usize,
    right: usize,
    /// Width of the interval in thousandths of the site's size.
    widths: Vec<u64>,
}

impl Score {
    fn of(world: World, sites: usize, smallest: f64, dice: &mut Dice) -> Self {
        let mut score = Self { sites, ..Self::default() };
        for _ in 0..sites {
            let Site { posts, truth } = site(world, smallest, dice);
            if let Extent::Estimate { low, high, .. } = extent(&Survey { posts, numbers: Vec::new() }) {
                score.given += 1;
                score.right += usize::from((low..=high).contains(&truth));
                score.widths.push((high - low) * 1000 / truth);
            }
        }
        score.widths.sort_unstable();
        score
    }
}

const OPEN: [World; 7] = [
    World::Plain,
    World::Trend,
    World::Sections,
    World::HardSections,
    World::Months,
    World::Cells,
    World::Windows,
];
const HIDDEN: [World; 8] = [
    World::Copies,
    World::Avoids,
    World::MissTogether,
    World::MissBefore,
    World::Popular,
    World::Gradual,
    World::ThreeClasses,
    World::Both,
];

#[test]
fn the_interval_holds_the_truth_where_routes_depend_on_month_and_section_only() {
    let mut dice = Dice(20_261_124);
    let (mut sites, mut given, mut right, mut widths) = (0, 0, 0, Vec::new());
    for (at, world) in OPEN.into_iter().enumerate() {
        let score = Score::of(world, if at < 4 { 29 } else { 28 }, 300.0, &mut dice);
        sites += score.sites;
        given += score.given;
        right += score.right;
        widths.extend(score.widths);
    }
    widths.sort_unstable();
    let median = widths[widths.len() / 2];
    assert_eq!(sites, 200);
    // Of all sites, not only of those with an interval.
    assert!(right * 10 >= sites * 9, "{right} of {sites} sites");
    assert!(right * 100 >= given * 95, "{right} of {given} intervals");
    assert!(median <= 20, "{median} thousandths");
}

#[test]
fn a_hidden_dependence_gives_no_interval() {
    let mut dice = Dice(7);
    for world in HIDDEN {
        let score = Score::of(world, 20, 2_000.0, &mut dice);
        assert_eq!(score.given, 0, "{world:?}: {score:?}");
    }
    // Small sites show less; what slips through must be so rare and so weak that it hardly matters.
    let (mut given, mut right) = (0, 0);
    for world in HIDDEN {
        let score = Score::of(world, 40, 300.0, &mut dice);
        (given, right) = (given + score.given, right + score.right);
    }
    assert!(given <= 1, "{given} of 320 sites have an interval, {right} are right");
}

#[test]
fn too_few_routes_give_no_interval() {
    let mut dice = Dice(11);
    for world in [World::TwoRoutes, World::Scarce] {
        let score = Score::of(world, 40, 300.0, &mut dice);
        assert_eq!(score.given, 0, "{world:?}: {score:?}");
    }
}

#[test]
fn counting_all_numbers_is_a_census() {
    let post = |id| Post { routes: route_bit("id"), id: Some(id), ..Post::default() };
    let number = |id| Number { id, is_judged: id != 77, is_counted: true };
    // 1 to 200 were counted; each fourth number is a post; 77 could not be fetched.
    let posts: Vec<Post> = (1..=50).map(|n| post(n * 4)).collect();
    // A number that no post can have was asked for first, to see what the site says of it.
    let probe = Number { id: 1_000_000_207, is_judged: true, is_counted: false };
    let survey = Survey { posts: posts.clone(), numbers: (1..=200).map(number).chain([probe]).collect() };
    let want = Extent::Estimate { found: 50, estimated: 50, low: 50, high: 51 };
    assert_eq!(extent(&survey), want);
    // A post with a higher number than was counted: the count was not all.
    let more = [posts, vec![post(300)]].concat();
    let survey = Survey { posts: more, numbers: (1..=200).map(number).collect() };
    assert!(matches!(extent(&survey), Extent::AtLeast { found: 51, .. }));
}

/// `cargo test --test it coverage::figures -- --ignored --nocapture` prints the table of docs/coverage.md.
#[test]
#[ignore = "prints figures"]
#[expect(clippy::print_stderr, reason = "it is for reading")]
fn figures() {
    let mut dice = Dice(1);
    for (worlds, smallest) in
        [(&OPEN[..], 300.0), (&HIDDEN[..], 2_000.0), (&HIDDEN[..], 300.0), (&[World::Faint][..], 300.0)]
    {
        for world in worlds {
            let score = Score::of(*world, 200, smallest, &mut dice);
            let median = score.widths.get(score.widths.len() / 2);
            eprintln!(
                "{world:?} from {smallest}: {} intervals, {} hold the truth, median width {median:?} ‰",
                score.given, score.right
            );
        }
    }
}

/// Fills an archive with 800 posts of which each of three routes found four in five; gives the numbers
/// of those that none found.
fn fill(desk: &Desk) -> Vec<i64> {
    let archive = rusqlite::Connection::open(desk.archive()).unwrap();
    let mut dice = Dice(4);
    let mut missed = Vec::new();
    archive.execute_batch("PRAGMA foreign_keys = OFF; BEGIN").unwrap();
    for id in 1..=800_i64 {
        let routes: Vec<&str> = NAMES[..3].iter().copied().filter(|_| dice.is(0.8)).collect();
        if routes.is_empty() {
            missed.push(id);
            continue;
        }
        let day = format!("2024-{:02}-{:02}", id % 12 + 1, id % 28 + 1);
        let url = "INSERT INTO url (id, site, host, url, key, kind, state, depth, rank, discovered_at, article)
                   VALUES (1000 + ?1, 1, 1, 'http://e.com/post/' || ?1 || '.html', randomblob(16), 'post', 'done', 1, 2001, 0, 1000 + ?1)";
        archive.execute(url, [id]).unwrap();
        let article = "INSERT INTO article (id, site, url, title, category, tags, breadcrumbs, published, text_digest,
                           first_seen, last_seen, version_count)
                       SELECT 1000 + ?1, 1, 1000 + ?1, 'title', '园区动态', '[]', '[]', ?2, text_digest, 0, 0, 1 FROM article LIMIT 1";
        archive.execute(article, (id, day)).unwrap();
        for route in routes {
            archive
                .execute(
                    "INSERT INTO discovery (url, route, first_seen, last_seen) VALUES (1000 + ?1, ?2, 0, 0)",
                    (id, route),
                )
                .unwrap();
        }
    }
    // Another name of an article is no article.
    archive
        .execute_batch(
            "INSERT INTO url (id, site, host, url, key, kind, state, depth, rank, discovered_at, article)
             VALUES (5000, 1, 1, 'http://e.com/?p=1', randomblob(16), 'post', 'done', 1, 2001, 0, 1001);
             INSERT INTO alias (url, target, proof, proved_at) VALUES (5000, 1001, 'redirect', 0);
             COMMIT;",
        )
        .unwrap();
    missed
}

#[test]
fn status_says_how_much_is_missing_and_where() {
    let site = Script::new().front(&["/a"]).on("/a", Reply::article("第一篇", "园区开园")).start();
    let desk = Desk::for_site(&site.origin);
    assert_eq!(desk.crawl("").1.code, 0);
    let json = |desk: &Desk| -> serde_json::Value {
        let text = desk.run("status --coverage --json").expect_code(0).stdout;
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["coverage"][0].clone()
    };
    let one = json(&desk);
    assert_eq!(
        (&one["found"], &one["at_least"], &one["high"]),
        (&1.into(), &1.into(), &serde_json::Value::Null)
    );
    let missed = fill(&desk);
    let found = 801 - missed.len() as u64;
    let all = json(&desk);
    assert_eq!(
        (&all["site"], &all["found"], &all["at_least"]),
        (&"site".into(), &found.into(), &serde_json::Value::Null)
    );
    let number = |key: &str| all[key].as_u64().unwrap();
    assert!(number("low") <= 801 && 801 <= number("high") && number("high") - number("low") < 30, "{all}");
    assert_eq!(all["suspects"]["ids"], serde_json::json!(missed), "{all}");
    let text = desk.run("status --coverage").expect_code(0).stdout;
    let estimated = number("estimated");
    assert!(text.contains(&format!("found {found}; estimated {estimated} ± ")), "{text}");
    assert_eq!(
        desk.count("SELECT sum(articles) FROM coverage WHERE site = 'site'"),
        i64::try_from(found).unwrap()
    );
    assert_eq!(
        desk.count("SELECT sum(by_sitemap) FROM coverage"),
        desk.count("SELECT count(*) FROM discovery WHERE route = 'sitemap' AND url > 1000")
    );
    assert!(!desk.run("status --json").expect_code(0).stdout.contains("\"coverage\""));
}

#[test]
fn names_of_routes_have_bits_of_their_own() {
    let bits = ROUTES.iter().fold(0, |bits, name| bits | route_bit(name));
    assert_eq!(bits.count_ones() as usize, ROUTES.len());
    assert_eq!(route_bit("seed"), 0);
}
