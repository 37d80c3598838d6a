//! What is one character to search: width, case, traditional and simplified forms folded together.
//!
//! One character becomes one character, so that places in the folded text are places in the text.
//! That rules out NFKC (㎡ would become m2), which is why the table is our own: `data/fold.txt`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

/// What a character is to search; all characters of `data/char_kinds.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters, digits and their marks: a run of them is found as a whole.
    Word,
    /// Han, kana, Hangul, Thai, symbols and the like: found wherever they stand.
    Spread,
    /// Punctuation, spaces, controls: they only part what stands around them.
    Break,
}

impl Kind {
    /// The name in `data/char_kinds.txt` and in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word => "word",
            Self::Spread => "spread",
            Self::Break => "break",
        }
    }
}

/// Code points of the basic plane, where nearly all characters are.
const BASIC: usize = 0x1_0000;

struct Tables {
    /// Folded character and its kind, for the basic plane.
    basic: Vec<(char, Kind)>,
    /// Characters that `data/fold.txt` changes.
    folded: FxHashMap<char, char>,
    /// The first code point of each range, ascending.
    kinds: Vec<(u32, Kind)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let folded = read_pairs(include_str!("../../data/fold.txt"));
    let kinds = read_kinds(include_str!("../../data/char_kinds.txt"));
    let mut tables = Tables { basic: Vec::new(), folded, kinds };
    tables.basic = tables.basic_plane();
    tables
});

impl Tables {
    fn fold(&self, c: char) -> char {
        let narrow = match c {
            '\u{3000}' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            _ => c,
        };
        let small = match narrow {
            // Han and Hangul have no case; not to ask makes the tables quicker.
            '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{faff}' => narrow,
            _ => {
                let mut lower = narrow.to_lowercase();
                match (lower.next(), lower.next()) {
                    (Some(one), None) => one,
                    _ => narrow,
                }
            }
        };
        self.folded.get(&small).copied().unwrap_or(small)
    }

    /// A character folded, and its kind.
    fn of(&self, c: char) -> (char, Kind) {
        if let Some(known) = self.basic.get(c as usize) {
            return *known;
        }
        let folded = self.fold(c);
        (folded, self.kind(folded))
    }

    fn basic_plane(&self) -> Vec<(char, Kind)> {
        let mut kinds: Vec<Kind> = Vec::with_capacity(BASIC);
        let ends = self.kinds.iter().skip(1).map(|(first, _)| *first as usize);
        for ((_, kind), end) in self.kinds.iter().zip(ends) {
            kinds.resize(end.min(BASIC).max(kinds.len()), *kind);
        }
        let of = |code: u32| {
            let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
            let folded = self.fold(c);
            (folded, kinds.get(folded as usize).copied().unwrap_or_else(|| self.kind(folded)))
        };
        (0..=0xffff).map(of).collect()
    }

    fn kind(&self, folded: char) -> Kind {
        let behind = self.kinds.partition_point(|(first, _)| *first <= u32::from(folded));
        behind.checked_sub(1).map_or(Kind::Break, |at| self.kinds[at].1)
    }
}

/// A character folded, and its kind.
pub fn fold(c: char) -> (char, Kind) {
    TABLES.of(c)
}

/// A text folded, character by character.
pub fn fold_text(text: &str) -> String {
    let tables = &*TABLES;
    let mut folded = String::with_capacity(text.len());
    // Most characters stay as they are: they are copied in runs, from here on.
    let mut same = 0;
    for (at, c) in text.char_indices() {
        let to = tables.of(c).0;
        if to != c {
            folded.push_str(&text[same..at]);
            folded.push(to);
            same = at + c.len_utf8();
        }
    }
    folded.push_str(&text[same..]);
    folded
}

/// The kind of a character, folded or not.
pub fn kind(c: char) -> Kind {
    fold(c).1
}

/// Every character that folding changes, with what it becomes.
pub fn changes() -> impl Iterator<Item = (char, char)> {
    ('\0'..'\u{30000}').map(|c| (c, fold(c).0)).filter(|(c, folded)| c != folded)
}

/// The ranges of kinds: each reaches from its first code point to the next one's.
pub fn kinds() -> impl Iterator<Item = (u32, Kind)> {
    TABLES.kinds.iter().copied()
}

/// Changes with what becomes of any character, also when the toolchain knows more letters: an index
/// that was made with another revision has to be made anew.
pub fn revision() -> &'static str {
    static REVISION: LazyLock<String> = LazyLock::new(|| {
        let mut tables = include_str!("../../data/char_kinds.txt").to_owned();
        tables.extend(changes().flat_map(|(from, to)| [from, to]));
        crate::capture::Digest::of(tables.as_bytes()).to_string()
    });
    &REVISION
}

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn read_pairs(table: &'static str) -> FxHashMap<char, char> {
    let mut pairs = FxHashMap::default();
    for group in lines(table).flat_map(str::split_whitespace) {
        let mut group = group.chars();
        if let Some(kept) = group.next() {
            pairs.extend(group.map(|other| (other, kept)));
        }
    }
    pairs
}

fn read_kinds(table: &'static str) -> Vec<(u32, Kind)> {
    let read = |line: &'static str| {
        let (first, name) = line.split_once(' ')?;
        let kind = [Kind::Word, Kind::Spread, Kind::Break].into_iter().find(|kind| kind.as_str() == name)?;
        Some((u32::from_str_radix(first, 16).ok()?, kind))
    };
    lines(table).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_become_one_character() {
        for (written, folded) in [
            ("臨空產業港", "临空产业港"),
            ("蕞新价格", "最新价格"),
            ("ＧＤＰ　１２％", "gdp 12%"),
            ("Straße ΣΊΣΥΦΟΣ", "straße σίσυφοσ"),
            ("⽂件", "文件"),
            ("ｶﾒﾗ", "カメラ"),
            ("㎡ ① 🎉", "㎡ ① 🎉"),
        ] {
            assert_eq!(fold_text(written), folded);
        }
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for c in ('\0'..=char::MAX).filter(|c| *c < '\u{30000}') {
            assert_eq!(fold(fold(c).0).0, fold(c).0, "{c:?}");
        }
    }

    #[test]
    fn the_table_of_the_basic_plane_says_what_the_lists_say() {
        for c in '\0'..'\u{10000}' {
            let folded = TABLES.fold(c);
            assert_eq!(fold(c), (folded, TABLES.kind(folded)), "{c:?}");
            assert_eq!(folded, TABLES.fold(folded), "{c:?}");
        }
    }

    #[test]
    fn every_line_of_the_tables_is_read() {
        let kinds: Vec<u32> = kinds().map(|(first, _)| first).collect();
        assert_eq!(kinds.len(), lines(include_str!("../../data/char_kinds.txt")).count());
        assert!(kinds.is_sorted());
        assert!(changes().count() > 5000);
    }

    #[test]
    fn kinds_follow_the_scripts() {
        for (text, kind) in [
            ("西々〇あカ한ไม㎡℃★🎉", Kind::Spread),
            ("aZ9éжΩ١", Kind::Word),
            (" ,。、・—“”《》\n\u{3000}_-.+$", Kind::Break),
        ] {
            for c in text.chars() {
                assert_eq!(super::kind(c), kind, "{c:?}");
            }
        }
    }
}
