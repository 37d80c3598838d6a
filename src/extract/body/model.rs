//! How blocks are judged: a weighted sum of their facts gives the log-odds that a block belongs to
//! the body (logistic regression), in several passes. The first sum sees a block by itself; the element
//! whose blocks sum up highest is the body's root. Each later sum adds what the one before says of the
//! root, of the blocks around and of the boxes that hold them (stacking; Wolpert 1992).
//!
//! The weights are in `data/body_weights.txt`; ARCHITECTURE.md says how they were fitted.

use std::ops::Range;
use std::sync::LazyLock;

use super::alike::{Alike, Sum};
use super::features::{Facts, GROUPS, OFFSETS, bin, groups, number};
use super::layout::Layout;

groups! {
    Around, AROUND, AROUND_OFFSETS;
    Always "always" 1;
    Own "own score" 10;
    InRoot "inside the root" 2;
    Previous "score before" 11;
    Next "score after" 11;
    ThreeBefore "score of three before" 11;
    ThreeAfter "score of three after" 11;
    TenBefore "score of ten before" 11;
    TenAfter "score of ten after" 11;
    Box1 "score of the box" 11;
    Box2 "score of the second box" 11;
    Box3 "score of the third box" 11;
    Depth "levels below the root" 9;
    Order "beside the sure ones" 3;
    Distance "distance to the sure ones" 7;
    Alike "score of others alike" 11;
    AlikeShare "share of blocks alike" 6;
}

/// A score beyond this is sure.
const SURE: f32 = 1.0;
/// A block is kept from this log-odds on.
pub(super) const KEEP: f32 = 0.0;
const LIMITS: [f64; 9] = [-4.0, -2.5, -1.5, -0.75, 0.0, 0.75, 1.5, 2.5, 4.0];
const SHARES: [f64; 5] = [0.01, 0.05, 0.2, 0.5, 0.8];
/// How often the blocks are judged.
const PASSES: usize = 3;
/// Bin of a score that there is none of.
const NONE: usize = LIMITS.len() + 1;

struct Weights {
    first: Vec<f32>,
    later: Vec<Later>,
}

/// The weights of a pass that has one before it.
struct Later {
    /// Of what the pass before says of the surroundings.
    around: Vec<f32>,
    own: Vec<f32>,
}

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
    let table = include_str!("../../../data/body_weights.txt");
    let later = |number| Later {
        around: column(table, &format!("around{number}"), &AROUND),
        own: column(table, &format!("own{number}"), &GROUPS),
    };
    Weights { first: column(table, "own1", &GROUPS), later: (2..=PASSES).map(later).collect() }
});

/// The weights of one part of the table, `part group: numbers` a line, in the order of the groups.
fn column(table: &str, part: &str, groups: &[(&str, usize)]) -> Vec<f32> {
    let numbers_of = |label: &str| {
        table.lines().find_map(|line| {
            let (name, numbers) = line.split_once(": ")?;
            (name.strip_prefix(part)?.strip_prefix(' ')? == label).then_some(numbers)
        })
    };
    let mut weights = Vec::new();
    for (label, size) in groups {
        let numbers = numbers_of(label).unwrap_or_default();
        let values = numbers.split(' ').filter_map(|number| number.parse().ok());
        weights.extend(values.chain(std::iter::repeat(0.0)).take(*size));
    }
    weights
}

fn sum(weights: &[f32], facts: &[u16]) -> f32 {
    facts.iter().filter_map(|fact| weights.get(usize::from(*fact))).sum()
}

/// The facts that weighed most in a block's judgement, by the label of their group, with what each
/// group added to the log-odds.
pub(super) fn reasons(facts: &[u16]) -> Vec<(String, f32)> {
    let mut groups: Vec<(String, f32)> = Vec::new();
    for fact in facts.iter().copied().map(usize::from) {
        let at = OFFSETS.iter().rposition(|begin| *begin <= fact).unwrap_or_default();
        let (label, _) = GROUPS[at];
        let name = match super::features::member(label, fact - OFFSETS[at]) {
            Some(member) => format!("{label} {member}"),
            None => label.to_owned(),
        };
        let weight = WEIGHTS.later.last().and_then(|pass| pass.own.get(fact)).copied().unwrap_or_default();
        groups.push((name, weight));
    }
    groups.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    groups
}

/// What the page's blocks were found to be.
#[derive(Debug)]
pub(super) struct Judgement {
    /// The log-odds of each block.
    pub(super) scores: Vec<f32>,
    /// The container that holds the body.
    pub(super) root: usize,
}

/// Judges every block.
pub(super) fn judge(layout: &Layout, facts: &[Facts]) -> Judgement {
    let scores = facts.iter().map(|facts| sum(&WEIGHTS.first, facts)).collect();
    let first = Judgement { scores, root: 0 };
    WEIGHTS.later.iter().fold(first, |before, pass| {
        let surroundings = Surroundings::of(layout, &before.scores);
        let score = |(index, own): (usize, &Facts)| {
            sum(&pass.around, &surroundings.facts(index)) + sum(&pass.own, own)
        };
        Judgement { scores: facts.iter().enumerate().map(score).collect(), root: surroundings.root }
    })
}

/// What lies within a range, of sums from the beginning on.
fn difference(sums: &[f64], weights: &[f64], range: Range<usize>) -> Sum {
    Sum { score: sums[range.end] - sums[range.start], weight: weights[range.end] - weights[range.start] }
}

/// The scores of a pass, summed up.
struct Surroundings<'a> {
    layout: &'a Layout,
    scores: &'a [f32],
    /// Weighted scores before each block, and the weights.
    sums: Vec<f64>,
    weights: Vec<f64>,
    root: usize,
    /// From the first to the last sure block of the root.
    sure: Range<usize>,
    alike: Alike,
}

impl<'a> Surroundings<'a> {
    fn of(layout: &'a Layout, scores: &'a [f32]) -> Self {
        let (mut sum, mut weight) = (0.0, 0.0);
        let (mut sums, mut weights) = (vec![0.0], vec![0.0]);
        for (block, score) in layout.blocks.iter().zip(scores) {
            let width = f64::from(block.width).sqrt();
            sum += f64::from(*score) * width;
            weight += width;
            sums.push(sum);
            weights.push(weight);
        }
        // The deepest of equals, which comes last.
        let worth = |index: usize| {
            let range = &layout.containers[index].blocks;
            sums[range.end] - sums[range.start]
        };
        let root = (0..layout.containers.len())
            .max_by(|a, b| (worth(*a) - 1e-6).total_cmp(&worth(*b)).then(a.cmp(b)))
            .unwrap_or_default();
        let range = layout.containers.get(root).map_or(0..0, |c| c.blocks.clone());
        let is_sure = |index: &usize| scores[*index] > SURE;
        let first = range.clone().find(is_sure);
        let last = range.clone().rev().find(is_sure);
        let sure = first.zip(last).map_or(range.start..range.end, |(first, last)| first..last);
        let alike = Alike::of(layout, |index| difference(&sums, &weights, index..index + 1));
        Self { layout, scores, sums, weights, root, sure, alike }
    }

    fn mean(&self, range: Range<usize>) -> f64 {
        let Sum { score, weight } = difference(&self.sums, &self.weights, range);
        score / weight.max(1e-9)
    }

    fn mean_bin(&self, range: Range<usize>) -> usize {
        if range.is_empty() { NONE } else { bin(self.mean(range), &LIMITS) }
    }

    /// One fact of each group.
    fn facts(&self, index: usize) -> [u16; AROUND.len()] {
        let mut facts = [0; AROUND.len()];
        let mut note = |group: Around, value: usize| {
            facts[group as usize] = number(AROUND_OFFSETS[group as usize] + value);
        };
        let count = self.scores.len();
        let after = index + 1;
        note(Around::Always, 0);
        note(Around::Own, bin(f64::from(self.scores[index]), &LIMITS));
        let range = &self.layout.containers[self.root].blocks;
        note(Around::InRoot, usize::from(!range.contains(&index)));
        let score = |index: Option<usize>| {
            index.and_then(|i| self.scores.get(i)).map_or(NONE, |score| bin(f64::from(*score), &LIMITS))
        };
        note(Around::Previous, score(index.checked_sub(1)));
        note(Around::Next, score(Some(after)));
        note(Around::ThreeBefore, self.mean_bin(index.saturating_sub(3)..index));
        note(Around::ThreeAfter, self.mean_bin(after..count.min(after + 3)));
        note(Around::TenBefore, self.mean_bin(index.saturating_sub(10)..index));
        note(Around::TenAfter, self.mean_bin(after..count.min(after + 10)));
        let container = self.layout.blocks[index].container;
        let mut boxes = self.boxes(container);
        for group in [Around::Box1, Around::Box2, Around::Box3] {
            note(group, boxes.next().map_or(NONE, |range| self.mean_bin(range)));
        }
        let depth = self.layout.with_ancestors(container).position(|c| c == self.root);
        note(Around::Depth, depth.map_or(8, |depth| depth.min(7)));
        let (order, distance) = self.beside_sure(index);
        note(Around::Order, order);
        note(Around::Distance, distance);
        let own = difference(&self.sums, &self.weights, index..after);
        let others = self.alike.mean_of_others(index, own);
        note(Around::Alike, others.map_or(NONE, |mean| bin(mean, &LIMITS)));
        note(Around::AlikeShare, bin(self.alike.share(index), &SHARES));
        facts
    }

    /// Whether a block stands before, among or behind the sure ones, and how far from them.
    fn beside_sure(&self, index: usize) -> (usize, usize) {
        let Range { start: first, end: last } = self.sure;
        if index < first {
            (0, 2 - bin(first - index, &[4, 11]))
        } else if index <= last {
            (1, 3)
        } else {
            (2, 4 + bin(index - last, &[4, 11]))
        }
    }

    /// The blocks of each container around that holds more than the one inside it.
    fn boxes(&self, container: usize) -> impl Iterator<Item = Range<usize>> {
        let mut held = 1;
        self.layout.with_ancestors(container).filter_map(move |index| {
            let range = self.layout.containers[index].blocks.clone();
            (range.len() > held).then(|| {
                held = range.len();
                range
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_weight_for_every_fact() {
        let table = include_str!("../../../data/body_weights.txt");
        let parts = [
            ("own1", &GROUPS[..]),
            ("around2", &AROUND),
            ("own2", &GROUPS),
            ("around3", &AROUND),
            ("own3", &GROUPS),
        ];
        for (part, groups) in parts {
            for (label, size) in groups {
                let begins = format!("{part} {label}: ");
                let line = table.lines().find_map(|line| line.strip_prefix(&begins));
                let numbers = line.unwrap_or_else(|| panic!("{begins}is missing"));
                assert_eq!(
                    numbers.split(' ').filter(|n| n.parse::<f32>().is_ok()).count(),
                    *size,
                    "{begins}"
                );
            }
        }
        assert_eq!(OFFSETS[GROUPS.len()], WEIGHTS.first.len());
    }
}
