//! Blocks alike: their elements have the same tag and class, and so have the elements around these.
//! A site writes its paragraphs in one way and its teasers in another.

use rustc_hash::FxHashMap;

use super::layout::Layout;

/// What is summed up over blocks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    /// Of scores times weights.
    pub(super) score: f64,
    pub(super) weight: f64,
}

/// The scores of blocks alike.
#[derive(Debug)]
pub(super) struct Alike {
    /// Which blocks each block is alike with.
    kinds: Vec<usize>,
    sums: Vec<Sum>,
    counts: Vec<usize>,
    /// Of each kind, the sum of what speaks for the body.
    favours: Vec<f64>,
    /// The same of all kinds.
    favour: f64,
}

impl Alike {
    /// The blocks of a page, of each of which `sum` tells score and weight.
    pub(super) fn of(layout: &Layout, sum: impl Fn(usize) -> Sum) -> Self {
        let kinds = kinds(layout);
        let count = kinds.iter().max().map_or(0, |last| last + 1);
        let (mut sums, mut counts) = (vec![Sum::default(); count], vec![0; count]);
        let (mut favours, mut favour) = (vec![0.0; count], 0.0);
        for (index, kind) in kinds.iter().copied().enumerate() {
            let Sum { score, weight } = sum(index);
            sums[kind].score += score;
            sums[kind].weight += weight;
            counts[kind] += 1;
            favours[kind] += score.max(0.0);
            favour += score.max(0.0);
        }
        Self { kinds, sums, counts, favours, favour }
    }

    /// The mean score of the other blocks alike; `own` is what was told of this one.
    pub(super) fn mean_of_others(&self, index: usize, own: Sum) -> Option<f64> {
        let kind = self.kinds[index];
        let Sum { score, weight } = self.sums[kind];
        (self.counts[kind] > 1).then(|| (score - own.score) / (weight - own.weight).max(1e-9))
    }

    /// How much of all that speaks for the body lies in blocks alike.
    pub(super) fn share(&self, index: usize) -> f64 {
        self.favours[self.kinds[index]] / self.favour.max(1e-9)
    }
}

/// Numbers of the shapes of each block's element and the one around.
fn kinds(layout: &Layout) -> Vec<usize> {
    let mut known = FxHashMap::default();
    let shape = |container: usize| layout.containers[container].shape;
    let kind = |container: usize| {
        let next = known.len();
        let around = layout.containers[container].parent.map_or(0, shape);
        *known.entry((shape(container), around)).or_insert(next)
    };
    layout.blocks.iter().map(|block| block.container).map(kind).collect()
}
