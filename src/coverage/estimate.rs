//! From posts and their routes to an interval, or to the reason why there is none.

use std::collections::BTreeMap;

use super::rivals;
use super::strata::{Cell, divide};
use super::table::{Score, Table, has};
use super::{Extent, Post, ROUTES, real};

/// Articles that a dependence too weak to be seen could add, as a share of all: where there could be
/// more, the routes are too few.
const BLIND: f64 = 0.08;
/// What is said then.
const BLINDED: &str = "too few posts were found by several routes to see whether these depend on each other, or whether \
                       some are hidden from all";
/// The share of posts that may stand where fewer than three routes look.
const UNTESTED: f64 = 0.75;
/// A route that found fewer posts of a stratum than this is not there.
const PRESENT: f64 = 3.0;
/// With fewer posts nothing is tested.
const FEWEST: usize = 50;
/// Standard deviations on both sides that hold 95 % of a normal distribution.
const NORMAL_95: f64 = 1.96;

/// How many articles there are, as far as the routes tell.
pub(super) fn extent(posts: &[Post]) -> Extent {
    let found = posts.len() as u64;
    match unseen(posts) {
        Ok(unseen) => Extent::Estimate {
            found,
            estimated: found + unseen.estimated,
            low: found + unseen.low,
            high: found + unseen.high,
        },
        Err(why) => Extent::AtLeast { found, why },
    }
}

/// Articles that no route found.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Unseen {
    estimated: u64,
    low: u64,
    high: u64,
}

fn unseen(posts: &[Post]) -> Result<Unseen, String> {
    let mask = posts.iter().fold(0, |mask, post| mask | post.routes);
    let routes: Vec<usize> = (0..ROUTES.len()).filter(|route| mask >> route & 1 == 1).collect();
    if routes.len() < 3 {
        let names: Vec<&str> = routes.iter().map(|route| ROUTES[*route]).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(format!(
            "whether routes depend on each other shows with three or more; posts came by: {names}"
        ));
    }
    if posts.len() < FEWEST {
        return Err(format!("fewer than {FEWEST} posts are known"));
    }
    check_windows(posts, &routes)?;
    let strata = divide(cells(posts, &routes), routes.len());
    check_reach(&strata)?;
    let tests = Tests::of(&strata, routes.len());
    tests.check(&routes, real(posts.len()))?;
    let (mean, variance) = strata.iter().fold((0.0, 0.0), |(mean, variance), table| {
        let smoothed = table.smoothed();
        smoothed
            .independent()
            .map_or((mean, variance), |fit| (mean + fit.unseen, variance + fit.variance(smoothed.found())))
    });
    let are_excluded = rivals::evidence(&strata, routes.len()) < 1.0;
    if !are_excluded || tests.blind_spot(mean) > BLIND * real(posts.len()) {
        return Err(BLINDED.to_owned());
    }
    if !variance.is_finite() {
        return Err("the routes hardly overlap".to_owned());
    }
    // Beside chance, the interval allows for as much dependence as the tests may have overlooked.
    Ok(limits(mean, variance + tests.mixture.doubt().powi(2)))
}

/// The posts by month and section, with a bit for each route in use.
fn cells(posts: &[Post], routes: &[usize]) -> Vec<Cell> {
    let mut sections: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    let mut cells: BTreeMap<(i32, usize), Table> = BTreeMap::new();
    for post in posts {
        let next = sections.len();
        let section = *sections.entry(post.section.as_deref()).or_insert(next);
        let used = routes.iter().enumerate().filter(|(_, route)| post.routes >> **route & 1 == 1);
        let pattern = used.fold(0, |pattern, (at, _)| pattern | 1 << at);
        // Posts that only a seed led to are known, and no route's find.
        if pattern > 0 {
            let month = post.month.unwrap_or(i32::MIN);
            cells.entry((month, section)).or_insert_with(|| Table::new(routes.len())).count(pattern);
        }
    }
    cells.into_iter().map(|((month, section), table)| Cell { month, section, table }).collect()
}

/// Refuses where most of the site lies outside the months that a third route shows: a feed of the newest
/// posts tells nothing of the years before, however few posts its stratum has.
fn check_windows(posts: &[Post], routes: &[usize]) -> Result<(), String> {
    let window = |route: &usize| {
        let seen = posts.iter().filter(move |post| post.routes >> *route & 1 == 1);
        let months = || seen.clone().map(|post| post.month);
        months().min().zip(months().max())
    };
    let windows: Vec<_> = routes.iter().filter_map(window).collect();
    let looks = |post: &Post| windows.iter().filter(|(from, to)| (*from..=*to).contains(&post.month)).count();
    let untested = posts.iter().filter(|post| looks(post) < 3).count();
    if real(untested) > real(posts.len()) * UNTESTED {
        return Err(format!("{untested} of {} posts stand where fewer than three routes look", posts.len()));
    }
    Ok(())
}

/// Refuses where too much of the site is seen by too few routes.
fn check_reach(strata: &[Table]) -> Result<(), String> {
    let all: f64 = strata.iter().map(Table::found).sum();
    let sum = |is_meant: &dyn Fn(&Table) -> bool| -> f64 {
        strata.iter().filter(|table| is_meant(table)).map(Table::found).sum()
    };
    let alone = sum(&|table| table.independent().is_none());
    if alone > 0.0 {
        return Err(format!("{alone:.0} posts stand in months or sections where no two routes overlap"));
    }
    let present = |table: &Table| table.found_by().iter().filter(|found| **found >= PRESENT).count();
    let untested = sum(&|table| present(table) < 3);
    if untested > all * UNTESTED {
        return Err(format!("{untested:.0} of {all:.0} posts stand where fewer than three routes look"));
    }
    Ok(())
}

/// Whether routes depend on each other within strata.
struct Tests {
    /// For each two routes, whether they find the same posts more often than chance has it.
    pairs: Vec<((usize, usize), Score)>,
    /// All pairs at once: some posts are easier to find than others.
    mixture: Score,
}

impl Tests {
    fn of(strata: &[Table], routes: usize) -> Self {
        let pairs = (0..routes).flat_map(|a| (a + 1..routes).map(move |b| ((a, b), Score::default())));
        let mut tests = Self { pairs: pairs.collect(), mixture: Score::default() };
        let flag = |holds: bool| if holds { 1.0 } else { 0.0 };
        for table in strata {
            let Some(fit) = table.independent() else { continue };
            for ((a, b), score) in &mut tests.pairs {
                score.add(table.score(&fit, |x| flag(has(x, *a) && has(x, *b))));
            }
            tests.mixture.add(table.score(&fit, |x| {
                let times = f64::from(x.count_ones());
                times * (times - 1.0) / 2.0
            }));
        }
        tests
    }

    fn check(&self, routes: &[usize], found: f64) -> Result<(), String> {
        let worst = self.pairs.iter().max_by(|a, b| a.1.z().abs().total_cmp(&b.1.z().abs()));
        let is_beyond_chance = |z: f64| z.powi(2) > price(found, self.pairs.len());
        if let Some(((a, b), score)) = worst.filter(|(_, score)| is_beyond_chance(score.z())) {
            let how = if score.z() > 0.0 { "more" } else { "less" };
            let (a, b) = (ROUTES[routes[*a]], ROUTES[routes[*b]]);
            return Err(format!(
                "`{a}` and `{b}` find the same posts {how} often than chance explains, even within month and section"
            ));
        }
        if self.mixture.z() > price(found, 1).sqrt() {
            return Err(
                "some posts are easier to find than others for all routes, even within month and section: \
                        others may be hidden from all"
                    .to_owned(),
            );
        }
        Ok(())
    }

    /// Articles that a dependence could add that is within its 95 %, at most.
    fn blind_spot(&self, unseen: f64) -> f64 {
        let scores = self.pairs.iter().map(|(_, score)| score).chain([&self.mixture]);
        let doubt = scores.filter(|score| score.pull > 0.0).map(|score| {
            let growth = score.most(NORMAL_95) * score.pull / unseen.max(f64::MIN_POSITIVE);
            unseen * growth.min(100.0).exp_m1()
        });
        doubt.fold(0.0, f64::max)
    }
}

/// What a term, one of so many that are tried, has to add to the likelihood of so many posts to be believed:
/// twice the logarithm, or the square of its score's deviation from chance. It grows with the posts, since
/// many show what matters clearly (Chen and Chen 2008).
fn price(found: f64, tried: usize) -> f64 {
    found.ln() + 2.0 * real(tried).ln()
}

/// The middle 95 % of the negative binomial distribution with this mean and variance: a count that
/// can't be negative, known from an estimate that is a little uncertain itself.
fn limits(mean: f64, variance: f64) -> Unseen {
    let mean = mean.max(1e-6);
    let size = mean * mean / (variance - mean).max(mean * 1e-6);
    let share = mean / (mean + size);
    let tail = 0.025;
    let mut log_term = -size * (mean / size).ln_1p();
    let (mut sum, mut count, mut low) = (0.0, 0_u32, None);
    loop {
        sum += log_term.exp();
        if low.is_none() && sum > tail {
            low = Some(count);
        }
        if sum >= 1.0 - tail || count == u32::MAX {
            break;
        }
        count += 1;
        log_term += ((f64::from(count) - 1.0 + size) / f64::from(count) * share).ln();
    }
    let estimated = (0..=count).find(|whole| f64::from(*whole) + 0.5 > mean).unwrap_or(count);
    Unseen { estimated: estimated.into(), low: low.unwrap_or(count).into(), high: count.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_of_a_count() {
        // A Poisson distribution of mean 4 has 1.8 % at 0 and 97.9 % up to 8.
        assert_eq!(limits(4.0, 4.0), Unseen { estimated: 4, low: 1, high: 8 });
        let none = limits(0.0, 0.0);
        assert_eq!((none.low, none.high), (0, 0));
        let wide = limits(100.0, 400.0);
        assert!((60..=64).contains(&wide.low) && (140..=144).contains(&wide.high), "{wide:?}");
    }

    #[test]
    fn a_feed_of_the_newest_makes_no_third_route_for_the_years_before() {
        let post = |month, routes| Post { routes, month: Some(month), ..Post::default() };
        let old = (0..50).map(|n| post(24_000 + n, 0b1_0001));
        let new = (0..10).map(|_| post(24_050, 0b1_0011));
        let posts: Vec<Post> = old.chain(new).collect();
        let Extent::AtLeast { found: 60, why } = extent(&posts) else { panic!("an interval") };
        assert_eq!(why, "50 of 60 posts stand where fewer than three routes look");
    }

    #[test]
    fn two_routes_are_too_few() {
        let posts = vec![Post { routes: 0b11, ..Post::default() }; 1000];
        let Extent::AtLeast { found: 1000, why } = extent(&posts) else { panic!("an interval") };
        assert!(why.contains("list, feed"), "{why}");
    }
}
