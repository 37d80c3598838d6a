//! How much of the title a text says.

use super::features::ratio;

/// Characters of a text that are compared: a long one says everything sooner or later.
const COMPARED: usize = 600;

/// The pairs of neighbouring characters of a title.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    /// Sorted, each once.
    pairs: Vec<[char; 2]>,
    /// Bits of the characters that occur, and of others: most texts are told apart by these alone.
    chars: [u64; 4],
}

impl Likeness {
    /// To a title without white space and marks.
    pub(super) fn to(title: &str) -> Self {
        let mut pairs: Vec<[char; 2]> =
            title.chars().zip(title.chars().skip(1)).map(|(a, b)| [a, b]).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let mut chars = [0; 4];
        for c in title.chars() {
            chars[word(c)] |= bit(c);
        }
        Self { pairs, chars }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The share of the title's pairs that a text has too.
    pub(super) fn of(&self, text: &str) -> f32 {
        let mut has = vec![false; self.pairs.len()];
        let mut previous = None;
        for c in text.chars().take(COMPARED) {
            if let Some(previous) = previous.replace(c)
                && self.chars[word(previous)] & bit(previous) != 0
                && let Ok(at) = self.pairs.binary_search(&[previous, c])
            {
                has[at] = true;
            }
        }
        ratio(has.iter().filter(|has| **has).count(), has.len())
    }
}

fn word(c: char) -> usize {
    (c as usize >> 6) & 3
}

fn bit(c: char) -> u64 {
    1 << (c as u32 & 63)
}
