//! Hidden dependences that matter, and how likely they make what was found: no interval unless the data
//! speak against them. How much has to speak against them was chosen on simulated sites: the more, the
//! fewer honest sites get an interval (docs/coverage.md has both sides in figures).

use super::real;
use super::table::{Independent, Table, add_products, has, solve};

/// The share of posts that two routes miss together in the model of it.
const MISSED: f64 = 0.2;
/// So much more likely the data must be without it, on average over the pairs of routes, to exclude it.
const TOGETHER: f64 = 6.0;
/// Odds of posts that are hidden from all routes, as a share of the others'.
const FAINT_ODDS: [f64; 3] = [1.0 / 4.0, 1.0 / 12.0, 1.0 / 30.0];
/// How many of all posts these are.
const FAINT_SHARES: [f64; 2] = [0.2, 0.5];
/// So much more likely the data must be without them to exclude them.
const FAINT: f64 = 1.4;
/// An iteration ends after so many steps at the latest,
const STEPS: usize = 40;
/// none of which changes a coefficient by more than this,
const LONGEST: f64 = 3.0;
/// and when one adds no more than this to the logarithm of the likelihood.
const ENOUGH: f64 = 1e-6;

/// How likely what was found is if routes depend on each other, as a multiple of how likely it is if they
/// do not, weighted by how much has to speak against each kind: from 1 on the data do not exclude it.
pub(super) fn evidence(strata: &[Table], routes: usize) -> f64 {
    let mut together: Vec<_> =
        (0..routes).flat_map(|a| (a + 1..routes).map(move |b| ((a, b), Rival::default()))).collect();
    let mut faint: Vec<_> = FAINT_ODDS
        .into_iter()
        .flat_map(|odds| FAINT_SHARES.map(|share| ((odds, share), Rival::default())))
        .collect();
    for table in strata {
        let Some(independent) = table.independent() else { continue };
        let usual = maximum(table, &vec![0.0; 1 << routes], &independent);
        let compare = |rival: &mut Rival, offset: Vec<f64>| {
            rival.gain += maximum(table, &offset, &independent) - usual;
            rival.posts += table.found();
        };
        let is_present = |route: usize| independent.rates[route] > 0.0;
        for ((a, b), rival) in together.iter_mut().filter(|((a, b), _)| is_present(*a) && is_present(*b)) {
            compare(rival, missed_by_both(&independent, *a, *b));
        }
        for ((odds, share), rival) in &mut faint {
            compare(rival, hidden_from_all(&independent, *odds, *share));
        }
    }
    let all: f64 = strata.iter().map(Table::found).sum();
    let likelihoods = |rival: &Rival| rival.gain.exp() * rival.posts / all;
    let pairs = together.iter().map(|(_, rival)| likelihoods(rival)).sum::<f64>() / real(together.len());
    let classes = faint.iter().map(|(_, rival)| likelihoods(rival)).sum::<f64>() / real(faint.len());
    TOGETHER * pairs + FAINT * classes
}

/// A dependence, beside independence.
#[derive(Debug, Clone, Copy, Default)]
struct Rival {
    /// What it adds to the logarithm of the likelihood.
    gain: f64,
    /// The posts of the strata in which it can be: what is nowhere else matters less.
    posts: f64,
}

/// What is added to the logarithm of each pattern's expectation when two routes miss the same posts.
fn missed_by_both(independent: &Independent, a: usize, b: usize) -> Vec<f64> {
    let missed = |route: usize| (1.0 - independent.rates[route]).max(1e-6);
    let more = (MISSED / (1.0 - MISSED) / (missed(a) * missed(b))).ln_1p();
    let patterns = 0..1 << independent.rates.len();
    patterns.map(|x| if has(x, a) || has(x, b) { 0.0 } else { more }).collect()
}

/// The same when a share of the posts is harder to find for all routes.
fn hidden_from_all(independent: &Independent, odds: f64, share: f64) -> Vec<f64> {
    // A post that all routes miss is so much more often one of these.
    let chance = |rate: &f64| 1.0 / ((1.0 - rate).max(1e-6) + odds * rate);
    let among_missed = share / (1.0 - share) * independent.rates.iter().map(chance).product::<f64>();
    let patterns = 0..1_usize << independent.rates.len();
    patterns.map(|x| (among_missed * (f64::from(x.count_ones()) * odds.ln()).exp()).ln_1p()).collect()
}

/// Logarithm of the greatest likelihood of a table whose expectations are a product of one factor for each
/// route, times the given ones: Newton's method, with steps that are halved until they lead upwards.
fn maximum(table: &Table, offset: &[f64], independent: &Independent) -> f64 {
    let model = Model::of(table, offset, independent);
    let mut at = model.start(independent);
    let mut best = model.likelihood(&at);
    for _ in 0..STEPS {
        let step = model.step(&at);
        let longest = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
        let length = (LONGEST / longest).min(1.0);
        let mut tried = (0..20).map(|halved| {
            let length = length * 0.5_f64.powi(halved);
            let there: Vec<f64> = at.iter().zip(&step).map(|(at, step)| at + length * step).collect();
            (model.likelihood(&there), there)
        });
        let Some((next, there)) = tried.find(|(value, _)| *value >= best) else { break };
        let gain = next - best;
        (at, best) = (there, next);
        if gain < ENOUGH {
            break;
        }
    }
    best
}

/// A table's cells: for each, its terms, the offset of its expectation's logarithm, and its count.
struct Model {
    present: Vec<usize>,
    cells: Vec<(Vec<f64>, f64, f64)>,
}

impl Model {
    fn of(table: &Table, offset: &[f64], independent: &Independent) -> Self {
        let rates = independent.rates.iter().enumerate();
        let present: Vec<usize> = rates.filter(|(_, rate)| **rate > 0.0).map(|(route, _)| route).collect();
        let mask = present.iter().fold(0, |mask, route| mask | 1 << route);
        let terms = |x: usize| {
            let routes = present.iter().map(|route| if has(x, *route) { 1.0 } else { 0.0 });
            std::iter::once(1.0).chain(routes).collect()
        };
        let cells = table.patterns().filter(|(x, _)| x & !mask == 0);
        Self { cells: cells.map(|(x, count)| (terms(x), offset[x], count)).collect(), present }
    }

    /// The coefficients of independence.
    fn start(&self, independent: &Independent) -> Vec<f64> {
        let logit = |route: &usize| {
            let rate = independent.rates[*route].clamp(1e-9, 1.0 - 1e-9);
            (rate / (1.0 - rate)).ln()
        };
        let unseen = independent.unseen.max(1e-9).ln();
        std::iter::once(unseen).chain(self.present.iter().map(logit)).collect()
    }

    fn likelihood(&self, at: &[f64]) -> f64 {
        let part = |(terms, offset, count): &(Vec<f64>, f64, f64)| {
            let log_mean = offset + dot(terms, at);
            count * log_mean - log_mean.exp()
        };
        self.cells.iter().map(part).sum()
    }

    fn step(&self, at: &[f64]) -> Vec<f64> {
        let size = at.len();
        let mut normal = vec![vec![0.0; size + 1]; size + 1];
        for (terms, offset, count) in &self.cells {
            let mean = (offset + dot(terms, at)).exp();
            add_products(&mut normal, terms, mean);
            for (row, term) in normal.iter_mut().zip(terms) {
                row[size] += (count - mean) * term;
            }
        }
        solve(normal)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What three routes that find four posts of five find of so many, if they are independent or the first
    /// two miss a fifth together.
    fn table(posts: f64, missed: f64) -> Table {
        let mut table = Table::new(3);
        for x in 1..8_usize {
            let chance = |routes: &[usize]| -> f64 {
                routes.iter().map(|route| if has(x, *route) { 0.8 } else { 0.2 }).product()
            };
            let by_none = if !has(x, 0) && !has(x, 1) { chance(&[2]) } else { 0.0 };
            let expected = posts * ((1.0 - missed) * chance(&[0, 1, 2]) + missed * by_none);
            let mut count = 0.5;
            while count < expected {
                table.count(x);
                count += 1.0;
            }
        }
        table
    }

    #[test]
    fn many_posts_speak_against_what_few_do_not() {
        assert!(evidence(&[table(2_000.0, 0.0)], 3) < 0.1);
        assert!(evidence(&[table(20.0, 0.0)], 3) > 1.0);
        assert!(evidence(&[table(2_000.0, 0.2)], 3) > 1e6);
    }

    #[test]
    fn a_dependence_that_is_given_is_the_likeliest() {
        let (table, none) = (table(2_000.0, 0.2), vec![0.0; 8]);
        let independent = table.independent().expect("they overlap");
        let gain = |more: f64| {
            let offset: Vec<f64> =
                (0..8).map(|x| if !has(x, 0) && !has(x, 1) { more } else { 0.0 }).collect();
            maximum(&table, &offset, &independent) - maximum(&table, &none, &independent)
        };
        // A fifth beside the 4 % of the others that both miss.
        let most = (0.25_f64 / 0.04).ln_1p();
        assert!(gain(most) > gain(most - 0.2) && gain(most) > gain(most + 0.2) && gain(most) > 50.0);
    }
}
