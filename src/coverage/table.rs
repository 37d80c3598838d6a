//! How many posts were found by which routes, and what follows when the routes are independent.

use super::real;

/// Counts of posts by the routes that found them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    /// Index: a bit for each route. The first one, found by none, is what is asked for and stays 0.
    counts: Vec<f64>,
    routes: usize,
}

/// The model that each route finds each post with a chance of its own (Darroch 1958).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Independent {
    /// Posts that no route found.
    pub(super) unseen: f64,
    /// The chance of each route to find a post.
    pub(super) rates: Vec<f64>,
}

/// What a table says of a term that the model of independence lacks: the score test of Rao (1948).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Score {
    /// Observed minus expected.
    pub(super) excess: f64,
    /// Its variance: the more, the better the table can tell.
    pub(super) information: f64,
    /// By how many posts the unseen grow for each unit of the term.
    pub(super) pull: f64,
}

impl Score {
    pub(super) fn add(&mut self, other: Self) {
        self.excess += other.excess;
        self.information += other.information;
        self.pull += other.pull;
    }

    /// Standard deviation of the unseen posts that not knowing the term leaves.
    pub(super) fn doubt(&self) -> f64 {
        if self.information > 0.0 { self.pull / self.information.sqrt() } else { 0.0 }
    }

    /// The greatest value of the term that is so many standard deviations from the likeliest one.
    pub(super) fn most(&self, deviations: f64) -> f64 {
        if self.information > 0.0 {
            (self.excess / self.information).max(0.0) + deviations / self.information.sqrt()
        } else {
            f64::INFINITY
        }
    }

    /// In standard deviations.
    pub(super) fn z(&self) -> f64 {
        if self.information > 0.0 { self.excess / self.information.sqrt() } else { 0.0 }
    }
}

impl Table {
    pub(super) fn new(routes: usize) -> Self {
        Self { counts: vec![0.0; 1 << routes], routes }
    }

    pub(super) fn count(&mut self, pattern: usize) {
        self.counts[pattern] += 1.0;
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        for (count, less) in self.counts.iter_mut().zip(&other.counts) {
            *count -= less;
        }
    }

    /// All posts that some route found.
    pub(super) fn found(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Posts that each route found.
    pub(super) fn found_by(&self) -> Vec<f64> {
        let of = |route: usize| self.patterns().filter(|(x, _)| has(*x, route)).map(|(_, n)| n).sum();
        (0..self.routes).map(of).collect()
    }

    /// The table with half a post, a quarter … in each cell: takes away most of the bias that small
    /// tables have (Evans and Bonett 1994).
    pub(super) fn smoothed(&self) -> Self {
        let active = self.found_by().iter().filter(|found| **found > 0.0).count();
        let mask = self.patterns().filter(|(_, n)| *n > 0.0).fold(0, |mask, (x, _)| mask | x);
        let share = 0.5_f64.powi(i32::try_from(active).unwrap_or(1) - 1);
        let mut smoothed = self.clone();
        for (_, count) in smoothed.counts.iter_mut().enumerate().skip(1).filter(|(x, _)| x & !mask == 0) {
            *count += share;
        }
        smoothed
    }

    /// The model of independence with the greatest likelihood; none when no two routes overlap.
    pub(super) fn independent(&self) -> Option<Independent> {
        let (found, found_by) = (self.found(), self.found_by());
        if found_by.iter().sum::<f64>() <= found * 1.000_001 {
            return None;
        }
        let missed = |all: f64| found_by.iter().map(|by| 1.0 - by / all).product::<f64>();
        let (mut low, mut high) = (found, found * 2.0);
        while high - found < high * missed(high) {
            low = high;
            high *= 4.0;
            if high > found * 1e6 {
                return None;
            }
        }
        for _ in 0..60 {
            let all = f64::midpoint(low, high);
            if all - found < all * missed(all) {
                low = all;
            } else {
                high = all;
            }
            if high - low < 1e-7 * high {
                break;
            }
        }
        let all = f64::midpoint(low, high);
        Some(Independent {
            unseen: all - found,
            rates: found_by.iter().map(|by| (by / all).min(1.0)).collect(),
        })
    }

    /// Logarithm of the likelihood under independence, given what was found; what does not depend on
    /// the rates is left out.
    pub(super) fn log_likelihood(&self) -> f64 {
        let (found, found_by) = (self.found(), self.found_by());
        let part = |n: f64, p: f64| if n > 0.0 { n * p.ln() } else { 0.0 };
        let Some(fit) = self.independent() else {
            // No overlap, no end: each find is a post of its own.
            return found_by.iter().map(|by| part(*by, by / found)).sum();
        };
        let routes = fit.rates.iter().zip(&found_by);
        let sum: f64 = routes.map(|(p, by)| part(*by, *p) + part(found - by, 1.0 - p)).sum();
        let missed: f64 = fit.rates.iter().map(|p| 1.0 - p).product();
        sum - found * (1.0 - missed).ln()
    }

    pub(super) fn patterns(&self) -> impl Iterator<Item = (usize, f64)> {
        self.counts.iter().copied().enumerate().skip(1)
    }

    /// The score of a term, given as a function of the routes that found a post.
    pub(super) fn score(&self, fit: &Independent, term: impl Fn(usize) -> f64) -> Score {
        let all = self.found() + fit.unseen;
        let chance = |x: usize| -> f64 {
            let of = |(route, p): (usize, &f64)| if has(x, route) { *p } else { 1.0 - p };
            fit.rates.iter().enumerate().map(of).product()
        };
        // Weighted regression of the term on the model's own terms: what is left is news.
        let width = self.routes + 2;
        let mut normal = vec![vec![0.0; width]; width];
        let (mut excess, mut square) = (0.0, 0.0);
        for (x, count) in self.patterns() {
            let (expected, z) = (all * chance(x), term(x));
            excess += z * (count - expected);
            square += expected * z * z;
            let row: Vec<f64> = std::iter::once(1.0)
                .chain((0..self.routes).map(|route| f64::from(u8::from(has(x, route)))))
                .chain([z])
                .collect();
            add_products(&mut normal, &row, expected);
        }
        let right: Vec<f64> = normal[..width - 1].iter().map(|row| row[width - 1]).collect();
        let slopes = solve(normal);
        let explained: f64 = slopes.iter().zip(&right).map(|(slope, right)| slope * right).sum();
        Score { excess, information: (square - explained).max(0.0), pull: -slopes[0] * fit.unseen }
    }
}

impl Independent {
    /// Variance of the number of unseen posts in a table of so many found ones (Darroch 1958).
    pub(super) fn variance(&self, found: f64) -> f64 {
        let all = found + self.unseen;
        let routes: f64 = self.rates.iter().map(|p| 1.0 / (1.0 - p).max(1e-12)).sum();
        let inverse = 1.0 / self.unseen.max(1e-12) + (real(self.rates.len()) - 1.0) / all - routes / all;
        if inverse > 0.0 { (1.0 / inverse).max(self.unseen) } else { f64::INFINITY }
    }
}

pub(super) fn has(pattern: usize, route: usize) -> bool {
    pattern >> route & 1 == 1
}

/// Adds an observation with this weight to normal equations: the products of its terms.
pub(super) fn add_products(normal: &mut [Vec<f64>], terms: &[f64], weight: f64) {
    for (row, a) in normal.iter_mut().zip(terms) {
        for (sum, b) in row.iter_mut().zip(terms) {
            *sum += weight * a * b;
        }
    }
}

/// Solves a system of normal equations, whose last column is its right side; a route that found nothing or
/// everything has no slope.
pub(super) fn solve(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let size = matrix.len() - 1;
    for (i, row) in matrix.iter_mut().take(size).enumerate() {
        row[i] = row[i] * (1.0 + 1e-9) + 1e-9;
    }
    for i in 0..size {
        let (above, below) = matrix.split_at_mut(i + 1);
        let pivot = &above[i];
        for row in below.iter_mut().take(size - i - 1) {
            let factor = row[i] / pivot[i];
            for (value, of_pivot) in row.iter_mut().zip(pivot).skip(i) {
                *value -= factor * of_pivot;
            }
        }
    }
    let mut solution = vec![0.0; size];
    for (i, row) in matrix[..size].iter().enumerate().rev() {
        let known: f64 = (i + 1..size).map(|k| row[k] * solution[k]).sum();
        solution[i] = (row[size] - known) / row[i];
    }
    solution
}
