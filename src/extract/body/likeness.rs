//! How much of the title a text says.

use super::features::ratio;

/// Characters of a text that are compared: a long one says everything sooner or later.
const COMPARED: usize = 600;

/// Pairs of a title that are looked for; no headline has more.
const LOOKED_FOR: usize = 512;

/// The pairs of neighbouring characters of a title.
#[derive(Debug)]
pub(super) struct Likeness {
    /// Sorted, each once.
    pairs: Vec<[char; 2]>,
    /// A bit for each pair, and for others by chance: most pairs of a text are told apart by these.
    bits: [u64; 64],
}

impl Likeness {
    /// To a title without white space and marks.
    pub(super) fn to(title: &str) -> Self {
        let mut pairs: Vec<[char; 2]> =
            title.chars().zip(title.chars().skip(1)).map(|(a, b)| [a, b]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.truncate(LOOKED_FOR);
        let mut bits = [0; 64];
        for pair in &pairs {
            let (word, bit) = place(*pair);
            bits[word] |= bit;
        }
        Self { pairs, bits }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The share of the title's pairs that a text has too.
    pub(super) fn of(&self, text: &str) -> f32 {
        let mut has = [0u64; LOOKED_FOR / 64];
        let mut chars = text.chars().take(COMPARED);
        let Some(mut previous) = chars.next() else { return 0.0 };
        for c in chars {
            let pair = [previous, c];
            previous = c;
            let (word, bit) = place(pair);
            if self.bits[word] & bit != 0
                && let Ok(at) = self.pairs.binary_search(&pair)
            {
                has[at / 64] |= 1 << (at % 64);
            }
        }
        ratio(has.iter().map(|has| has.count_ones() as usize).sum(), self.pairs.len())
    }
}

/// The word and the bit of a pair.
fn place([a, b]: [char; 2]) -> (usize, u64) {
    let hash = (a as u32).wrapping_mul(0x9e37_79b1) ^ (b as u32).wrapping_mul(0x85eb_ca6b);
    (hash as usize >> 26, 1 << (hash >> 20 & 63))
}
