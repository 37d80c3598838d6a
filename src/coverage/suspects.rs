//! Where posts are likely to be missing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Hole, Post, Survey, real};

/// Known numbers on each side of a gap that say how dense they are.
const AROUND: usize = 25;
/// Numbers this thin say nothing.
const DENSE: f64 = 0.5;
/// A gap that chance leaves less often than this is suspicious.
const RARE_GAP: f64 = 0.1;
/// Months before and after that a month is compared with.
const NEIGHBOURS: i32 = 3;
/// Fewer expected posts are no expectation.
const EXPECTED: f64 = 6.0;
/// A hole is less likely than this.
const RARE_HOLE: f64 = 1e-3;

/// Numbers that no route ever showed, in ranges where nearly all others are known.
pub(super) fn ids(survey: &Survey) -> Vec<i64> {
    let known: BTreeSet<i64> = survey
        .numbers
        .iter()
        .map(|number| number.id)
        .chain(survey.posts.iter().filter_map(|post| post.id))
        .collect();
    let known: Vec<i64> = known.into_iter().collect();
    let mut missing = Vec::new();
    for at in 1..known.len() {
        let gap = known[at] - known[at - 1] - 1;
        if gap == 0 {
            continue;
        }
        let (from, to) = (at.saturating_sub(AROUND), (at + AROUND).min(known.len()));
        let numbers = usize::try_from(known[to - 1] - known[from] + 1 - gap).unwrap_or(usize::MAX);
        let density = real(to - from) / real(numbers);
        let length = i32::try_from(gap).unwrap_or(i32::MAX);
        let is_rare = (1.0 - density).max(0.0).powi(length) < RARE_GAP;
        // A gap as long as all around it is a jump of the counter.
        if density >= DENSE && is_rare && usize::try_from(gap).is_ok_and(|gap| gap <= numbers) {
            missing.extend(known[at - 1] + 1..known[at]);
        }
    }
    missing
}

/// Months with far fewer posts of a section than the months around them, while the other sections went on.
pub(super) fn holes(posts: &[Post]) -> Vec<Hole> {
    let mut sections: BTreeMap<Option<&str>, BTreeMap<i32, usize>> = BTreeMap::new();
    let mut all: BTreeMap<i32, usize> = BTreeMap::new();
    for post in posts {
        if let Some(month) = post.month {
            *sections.entry(post.section.as_deref()).or_default().entry(month).or_default() += 1;
            *all.entry(month).or_default() += 1;
        }
    }
    let mut holes = Vec::new();
    for (section, months) in &sections {
        let (Some(first), Some(last)) = (months.keys().next(), months.keys().next_back()) else { continue };
        for month in first + 1..*last {
            let neighbours: Vec<i32> = (month - NEIGHBOURS..=month + NEIGHBOURS)
                .filter(|other| *other != month && (first..=last).contains(&other))
                .collect();
            let here = |month: &i32| months.get(month).copied().unwrap_or(0);
            let elsewhere = |month: &i32| all.get(month).copied().unwrap_or(0) - here(month);
            if let Some(expected) = expected(&neighbours, here, elsewhere, month)
                && is_hole(here(&month), expected)
            {
                holes.push(Hole {
                    month: format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1),
                    section: section.map(str::to_owned),
                    found: here(&month) as u64,
                    expected: whole(expected),
                });
            }
        }
    }
    holes.sort_by(|a, b| (&a.month, &a.section).cmp(&(&b.month, &b.section)));
    holes
}

/// What a section has in the months around, in proportion to what the other sections have in this one.
/// The leanest neighbour but one counts: a month of many is no measure.
fn expected(
    neighbours: &[i32],
    here: impl Fn(&i32) -> usize,
    elsewhere: impl Fn(&i32) -> usize,
    month: i32,
) -> Option<f64> {
    let mut counts: Vec<usize> = neighbours.iter().map(&here).collect();
    counts.sort_unstable();
    let usual = real(*counts.get(1)?);
    let others = real(neighbours.iter().map(&elsewhere).sum()) / real(neighbours.len());
    (others > 0.0).then(|| usual * (real(elsewhere(&month)) / others).min(1.0))
}

fn is_hole(found: usize, expected: f64) -> bool {
    expected >= EXPECTED && real(found) * 3.0 <= expected && at_most(found, expected) < RARE_HOLE
}

/// The probability of at most so many at a mean: the tail of the Poisson distribution.
fn at_most(count: usize, mean: f64) -> f64 {
    let mut term = (-mean).exp();
    let mut sum = term;
    for k in 1..=count {
        term *= mean / real(k);
        sum += term;
    }
    sum
}

fn whole(number: f64) -> u64 {
    format!("{number:.0}").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::Number;

    #[test]
    fn numbers_are_missed_where_their_neighbours_are_known() {
        let known = |ids: &mut dyn Iterator<Item = i64>| -> Survey {
            let number = |id| Number { id, is_judged: true, is_counted: false };
            Survey { numbers: ids.map(number).collect(), ..Survey::default() }
        };
        let gaps = [17_312, 17_313, 17_400];
        assert_eq!(ids(&known(&mut (17_000..17_500).filter(|id| !gaps.contains(id)))), gaps);
        // Every third number is a post: its neighbours were never meant to be.
        assert!(ids(&known(&mut (0..900).step_by(3))).is_empty());
        // The counter jumped.
        assert!(ids(&known(&mut (0..300).chain(5_000..5_300))).is_empty());
    }

    #[test]
    fn a_month_without_posts_is_a_hole_only_where_others_have_them() {
        let month = |section: &str, month, count| {
            vec![Post { month: Some(month), section: Some(section.to_owned()), ..Post::default() }; count]
        };
        let year = |section: &str, quiet: i32, left: usize| -> Vec<Post> {
            (24_000..24_012).flat_map(|at| month(section, at, if at == quiet { left } else { 20 })).collect()
        };
        let posts = [year("新闻中心", 24_005, 1), year("园区动态", 0, 0)].concat();
        let want = Hole {
            month: "2000-06".to_owned(),
            section: Some("新闻中心".to_owned()),
            found: 1,
            expected: 20,
        };
        assert_eq!(holes(&posts), [want]);
        let both = [year("新闻中心", 24_005, 1), year("园区动态", 24_005, 1)].concat();
        assert!(holes(&both).is_empty(), "a month in which the whole site rested");
    }
}
