//! A text as the set of its shingles (Broder 1997): what copies of it have in common.
//!
//! A shingle is what stands in a row from some unit on (see [`crate::search::segment`]) until it is as
//! long as eight Han characters; a word or a figure counts as two. Texts are folded first, so that
//! width, case and traditional characters make no difference, and punctuation, spaces and line
//! breaks are left out, so that reflowing makes none.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::hash::{fnv1a, mixed};
use crate::search::fold::Kind;
use crate::search::segment::{Unit, units};

/// Length of a spread character, the unit in which texts are measured …
const SPREAD: usize = 1;
/// … of a word or a figure …
const WORD: usize = 2;
/// … of a shingle …
const LENGTH: usize = 8;
/// … and of a row that is nobody's phrase.
const ROW: usize = 20;

/// One shingle in 2⁵ is in the sketch (`FracMinHash`, Irber et al. 2022).
const SCALE: u32 = 5;
/// A short text's sketch has so many at least, or all of them.
const LEAST: usize = 6;
/// A very long one's has so many at most.
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
    /// The length of the text up to each unit, and of all of it.
    lengths: Vec<usize>,
    /// Which of them are figures of two digits or more, and their hashes.
    figures: Vec<(usize, u64)>,
}

/// What of a text stands in another one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct InRows {
    /// The share in rows that are nobody's phrase.
    pub(super) share: f64,
    /// The share in rows as long as a shingle or longer.
    pub(super) in_short_rows: f64,
    /// The share of its figures in these.
    pub(super) figures: f64,
}

impl Shingles {
    /// The shingles of a folded text. Equal for equal texts in all versions of this program: sketches are
    /// stored.
    pub fn of(folded: &str) -> Self {
        let mut figures = Vec::new();
        let read = |(at, unit): (usize, Unit<'_>)| {
            let hash = fnv1a(unit.text.bytes());
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
        let mut lengths = vec![0];
        lengths.extend(units.iter().scan(0, |length, (_, width)| {
            *length += width;
            Some(*length)
        }));
        let mut hashes: Vec<u64> = places.iter().map(|(hash, _)| *hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes, places, lengths, figures }
    }

    /// How many different shingles there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether the text has neither letters nor figures.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// How many shingles the sketches of two texts share that have so many each, when the shorter one stands in
    /// the other.
    pub fn shared(one: usize, other: usize) -> usize {
        let scale = |shingles: usize| scale(|scale| shingles >> scale);
        one.min(other) >> scale(one).max(scale(other))
    }

    /// The few that stand for all of them in an index: the same few wherever they stand. A short text has one
    /// in 16, or 8, and so on; a very long one has one in 64, and so on.
    pub fn sketch(&self) -> &[u64] {
        let below = |scale: u32| self.hashes.partition_point(|hash| *hash < (1 << BITS) >> scale);
        &self.hashes[..below(scale(below))]
    }

    /// What of the text stands in the other one.
    pub(super) fn in_rows_of(&self, other: &Self) -> InRows {
        let (mut long, mut all, mut figures) = (0, 0, 0);
        let whole = self.lengths.last().copied().unwrap_or(0);
        for row in self.rows_of(other) {
            let length = self.lengths[row.end] - self.lengths[row.start];
            all += length;
            long += if length >= ROW || length == whole { length } else { 0 };
            let before = |end: usize| self.figures.partition_point(|(at, _)| *at < end);
            figures += before(row.end) - before(row.start);
        }
        InRows {
            share: share(long, whole),
            in_short_rows: share(all, whole),
            figures: share(figures, self.figures.len()),
        }
    }

    /// The rows of units that stand in the other text too.
    fn rows_of(&self, other: &Self) -> Vec<Range<usize>> {
        let mut rows: Vec<Range<usize>> = Vec::new();
        for (start, (hash, count)) in self.places.iter().enumerate() {
            if other.hashes.binary_search(hash).is_err() {
                continue;
            }
            match rows.last_mut().filter(|row| row.end >= start) {
                Some(row) => row.end = row.end.max(start + count),
                None => rows.push(start..start + count),
            }
        }
        rows
    }

    /// How many different figures there are.
    pub(super) fn count_figures(&self) -> usize {
        self.figures.iter().map(|(_, hash)| hash).collect::<BTreeSet<_>>().len()
    }
}

/// The scale of a sketch that would have so many shingles at each scale.
fn scale(count: impl Fn(u32) -> usize) -> u32 {
    let mut scale = SCALE;
    while scale > 0 && count(scale) < LEAST {
        scale -= 1;
    }
    while count(scale) > MOST {
        scale += 1;
    }
    scale
}

/// A part of a whole, of which there may be nothing.
#[expect(clippy::cast_precision_loss, reason = "a share")]
pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
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
        assert!((short.in_rows_of(&longer).share - 1.0).abs() < 1e-9);
        // What stands behind the exchanged character is too short a row.
        let changed = shingles("历时八个月,老码头的改造工程在上周末完工");
        assert!((changed.in_rows_of(&short).in_short_rows - 14.0 / 19.0).abs() < 1e-9);
        // Four words are as long as eight characters.
        let four = shingles("the old harbour opened");
        assert_eq!(four.len(), 1);
        assert!((four.in_rows_of(&shingles("On Sunday the old harbour opened.")).share - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_figure_counts_where_it_stands_among_the_same_words() {
        let one = shingles("全市共有企业342家,比去年增加27家;完成投资815亿元,税收64亿元。");
        assert_eq!(one.count_figures(), 4);
        let other = shingles("全市共有企业815家,比去年增加27家;完成投资342亿元,税收64亿元。");
        assert!((one.in_rows_of(&other).figures - 0.5).abs() < 1e-9, "{:?}", one.in_rows_of(&other));
    }

    #[test]
    fn sketches_share_what_the_coarser_one_has_of_the_shorter_text() {
        assert_eq!(Shingles::shared(1600, 3200), 50);
        assert_eq!(Shingles::shared(64, 3200), 2);
        assert_eq!(Shingles::shared(64, 64), 8);
        assert_eq!(Shingles::shared(4, 5), 4);
        assert_eq!(Shingles::shared(0, 900), 0);
    }

    #[test]
    fn short_and_empty_texts_have_a_sketch_of_what_there_is() {
        assert_eq!(shingles("").sketch(), [0_u64; 0]);
        assert_eq!(shingles("图片").sketch().len(), 1);
        assert_eq!(shingles("老码头的改造工程在本周末完工").sketch().len(), 7);
        let mut state = 1_u32;
        let mut character = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from_u32(0x4e00 + (state >> 16) % 3000).unwrap()
        };
        let long: String = (0..200_000).map(|_| character()).collect();
        assert!((1000..=2000).contains(&shingles(&long).sketch().len()));
    }
}
