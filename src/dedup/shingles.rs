//! A text as the set of its shingles (Broder 1997): what copies of it have in common.
//!
//! A shingle is what stands in a row from some unit on (see [`crate::search::segment`]) until it is as
//! long as eight Han characters; a word or a figure counts as two. Texts are folded first, so that
//! width, case and traditional characters make no difference, and punctuation, spaces and line
//! breaks are left out, so that reflowing makes none.

use std::collections::BTreeSet;

use crate::search::fold::Kind;
use crate::search::segment::{Unit, units};

/// Length of a shingle.
const LENGTH: usize = 8;
const SPREAD: usize = 1;
const WORD: usize = 2;

/// One shingle in so many is in the sketch (`FracMinHash`, Irber et al. 2022).
const SCALE: u64 = 32;
/// A short text's sketch has so many, or all of them.
const LEAST: usize = 6;
/// A very long one's has so many.
const MOST: usize = 2000;
/// Hashes have 48 bits: six bytes each in the archive.
const BITS: u32 = 48;

/// A text's shingles, hashed, and its figures.
#[derive(Debug, Clone, Default)]
pub struct Shingles {
    /// Ascending, each once.
    hashes: Vec<u64>,
    /// In the order of the text: the shingle that begins with each unit, and how many units it has.
    places: Vec<(u64, usize)>,
    /// Units of the text.
    units: usize,
    /// Which of them are figures of two digits or more, and their hashes.
    figures: Vec<(usize, u64)>,
}

/// What of a text stands in another one, in rows as long as a shingle or longer.
#[derive(Debug, Clone, Copy)]
pub(super) struct InRows {
    /// The share of the text.
    pub(super) share: f64,
    /// The share of its figures.
    pub(super) figures: f64,
}

impl Shingles {
    /// The shingles of a folded text. Equal for equal texts in all versions of this program: sketches are
    /// stored.
    pub fn of(folded: &str) -> Self {
        let mut figures = Vec::new();
        let read = |(at, unit): (usize, Unit<'_>)| {
            let hash = hash(unit.text);
            if unit.text.len() >= 2 && unit.text.bytes().all(|byte| byte.is_ascii_digit()) {
                figures.push((at, hash));
            }
            (hash, if unit.kind == Kind::Word { WORD } else { SPREAD })
        };
        let units: Vec<(u64, usize)> = units(folded).enumerate().map(read).collect();
        let shingle = |start: usize| {
            let (mut shingle, mut length) = (0_u64, 0);
            for (count, (unit, width)) in (1..).zip(&units[start..]) {
                shingle = (shingle.rotate_left(7) ^ unit).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                length += width;
                if length >= LENGTH || (start == 0 && count == units.len()) {
                    return Some((mixed(shingle) >> (64 - BITS), count));
                }
            }
            None
        };
        let places: Vec<(u64, usize)> = (0..units.len()).map_while(shingle).collect();
        let mut hashes: Vec<u64> = places.iter().map(|(hash, _)| *hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes, places, units: units.len(), figures }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether the text has neither letters nor figures.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The few that stand for all of them in an index: the same few wherever they stand.
    pub fn sketch(&self) -> &[u64] {
        let below = self.hashes.partition_point(|hash| *hash < (1 << BITS) / SCALE);
        &self.hashes[..below.clamp(LEAST, MOST).min(self.hashes.len())]
    }

    /// How many shingles two texts have in common.
    pub(super) fn common(&self, other: &Self) -> usize {
        let (mut a, mut b, mut common) = (self.hashes.as_slice(), other.hashes.as_slice(), 0);
        while let ([first, rest_a @ ..], [second, rest_b @ ..]) = (a, b) {
            match first.cmp(second) {
                std::cmp::Ordering::Less => a = rest_a,
                std::cmp::Ordering::Greater => b = rest_b,
                std::cmp::Ordering::Equal => {
                    common += 1;
                    (a, b) = (rest_a, rest_b);
                }
            }
        }
        common
    }

    /// What of the text stands in the other one.
    pub(super) fn in_rows_of(&self, other: &Self) -> InRows {
        let (mut covered, mut end) = (0, 0);
        let mut figures = self.figures.iter().peekable();
        let mut covered_figures = 0;
        for (start, (hash, count)) in self.places.iter().enumerate() {
            if other.hashes.binary_search(hash).is_err() {
                continue;
            }
            let new = end.max(start)..start + count;
            while let Some((at, _)) = figures.next_if(|(at, _)| *at < new.end) {
                covered_figures += usize::from(new.contains(at));
            }
            covered += new.len();
            end = new.end;
        }
        InRows { share: share(covered, self.units), figures: share(covered_figures, self.figures.len()) }
    }

    /// How many different figures there are.
    pub(super) fn count_figures(&self) -> usize {
        self.figures.iter().map(|(_, hash)| hash).collect::<BTreeSet<_>>().len()
    }
}

/// A part of a whole, of which there may be nothing.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Fowler, Noll and Vo's hash, FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Spreads what differs over all bits (the end of Steele's `SplitMix64`).
fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::fold::fold_text;

    fn shingles(text: &str) -> Shingles {
        Shingles::of(&fold_text(text))
    }

    #[test]
    fn breaks_width_and_script_make_no_difference() {
        let text = shingles("西安临空产业港今日开工,总投资734.2亿元。");
        for same in
            ["西安臨空產業港今日開工，總投資７３４．２億元", "西安临空产业港\n今日开工 总投资 734.2亿元"]
        {
            assert_eq!(shingles(same).hashes, text.hashes, "{same}");
        }
        assert_ne!(shingles("西安临空产业港今日开工,总投资7342亿元。").hashes, text.hashes);
    }

    #[test]
    fn a_row_of_characters_gives_the_same_wherever_it_stands() {
        let passage = "历时八个月,老码头的改造工程在本周末完工";
        let longer = shingles(&format!("记者从园区获悉,{passage},步道向居民开放。"));
        let short = shingles(passage);
        assert_eq!(short.common(&longer), short.len());
        assert!((short.in_rows_of(&longer).share - 1.0).abs() < 1e-9);
        // What stands behind the exchanged character is too short a row.
        let changed = shingles("历时八个月,老码头的改造工程在上周末完工");
        assert_eq!(changed.common(&short), short.len() - 5);
        assert!((changed.in_rows_of(&short).share - 14.0 / 19.0).abs() < 1e-9);
        // Four words are as long as eight characters.
        let four = shingles("the old harbour opened");
        assert_eq!(four.len(), 1);
        assert_eq!(four.common(&shingles("On Sunday the old harbour opened.")), 1);
    }

    #[test]
    fn a_figure_counts_where_it_stands_among_the_same_words() {
        let one = shingles("全市共有企业342家,比去年增加27家;完成投资815亿元,税收64亿元。");
        assert_eq!(one.count_figures(), 4);
        let other = shingles("全市共有企业815家,比去年增加27家;完成投资342亿元,税收64亿元。");
        assert!((one.in_rows_of(&other).figures - 0.5).abs() < 1e-9, "{:?}", one.in_rows_of(&other));
    }

    #[test]
    fn short_and_empty_texts_have_a_sketch_of_what_there_is() {
        assert_eq!(shingles("").sketch(), [0_u64; 0]);
        assert_eq!(shingles("图片").sketch().len(), 1);
        assert_eq!(shingles("老码头的改造工程在本周末完工").sketch().len(), 6);
    }
}
