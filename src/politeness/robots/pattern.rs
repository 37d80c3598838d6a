//! The paths of rules, and whether one matches.

/// A character of a path: escaped reserved characters stay different from bare ones.
pub(super) type Unit = u16;
const ESCAPED: Unit = 0x100;
const RESERVED: &[u8] = b"/?#=&+;,:@%!'()[]";

/// A path with its percent-encoding undone where it means nothing (RFC 9309 §2.2.2): `%62` is `b`, `%2F` is
/// not `/`, and what is not ASCII is the same with and without.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let mut units = pattern_units(text);
    // A query without a path stands for the root's.
    if units.first() != Some(&Unit::from(b'/')) {
        units.insert(0, Unit::from(b'/'));
    }
    units
}

fn pattern_units(text: &str) -> Vec<Unit> {
    let bytes = text.as_bytes();
    let mut units = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let (unit, length) = unit_at(bytes, i);
        units.push(unit);
        i += length;
    }
    units
}

fn unit_at(bytes: &[u8], i: usize) -> (Unit, usize) {
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    match (bytes[i], digit(i + 1), digit(i + 2)) {
        (b'%', Some(high), Some(low)) => {
            let byte = u8::try_from(high * 16 + low).unwrap_or(b'%');
            let escaped = if RESERVED.contains(&byte) { ESCAPED } else { 0 };
            (Unit::from(byte) | escaped, 3)
        }
        (byte, ..) => (Unit::from(byte), 1),
    }
}

/// Octets of a character in a normal form: what is not ASCII is escaped there.
fn octets(unit: Unit) -> usize {
    if unit < 0x80 { 1 } else { 3 }
}

/// The pieces of a rule between its `*`; `$` at the end anchors the last one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pattern {
    pieces: Vec<Vec<Unit>>,
    anchored: bool,
    /// Octets of the rule in its normal form, which decide between rules.
    pub(super) length: usize,
}

impl Pattern {
    pub(super) fn new(value: &str) -> Self {
        let (body, anchored) = match value.strip_suffix('$') {
            Some(body) => (body, true),
            None => (value, false),
        };
        let pieces: Vec<Vec<Unit>> = body.split('*').map(pattern_units).collect();
        let signs = pieces.len() - 1 + usize::from(anchored);
        let length = signs + pieces.iter().flatten().map(|unit| octets(*unit)).sum::<usize>();
        Self { pieces, anchored, length }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Each piece is taken at its first place behind the one before, which suffices for `*`.
    pub(super) fn matches(&self, path: &[Unit]) -> bool {
        let Some((first, rest)) = self.pieces.split_first() else { return false };
        if !path.starts_with(first) {
            return false;
        }
        let mut at = first.len();
        let Some((last, middle)) = rest.split_last() else {
            return !self.anchored || at == path.len();
        };
        for piece in middle {
            match find(&path[at..], piece) {
                Some(found) => at += found + piece.len(),
                None => return false,
            }
        }
        if self.anchored {
            path.len() >= at + last.len() && path.ends_with(last)
        } else {
            find(&path[at..], last).is_some()
        }
    }
}

/// The first place of `needle`, by Knuth, Morris and Pratt.
fn find(haystack: &[Unit], needle: &[Unit]) -> Option<usize> {
    // How much of the needle's beginning ends at each of its places.
    let mut borders = vec![0; needle.len()];
    let grown = |borders: &[usize], mut matched: usize, unit: Unit| {
        while matched > 0 && needle[matched] != unit {
            matched = borders[matched - 1];
        }
        matched + usize::from(needle[matched] == unit)
    };
    for at in 1..needle.len() {
        borders[at] = grown(&borders, borders[at - 1], needle[at]);
    }
    let mut matched = 0;
    for (at, unit) in haystack.iter().enumerate() {
        if matched == needle.len() {
            return Some(at - matched);
        }
        matched = grown(&borders, matched, *unit);
    }
    (matched == needle.len()).then(|| haystack.len() - matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_at_its_first_place() {
        let units = |text: &str| -> Vec<Unit> { text.bytes().map(Unit::from).collect() };
        for (text, piece, want) in [
            ("", "", Some(0)),
            ("abc", "", Some(0)),
            ("", "a", None),
            ("abc", "abc", Some(0)),
            ("ababac", "abac", Some(2)),
            ("aaab", "aab", Some(1)),
            ("abcab", "cb", None),
            ("xabxabc", "abc", Some(4)),
        ] {
            assert_eq!(find(&units(text), &units(piece)), want, "{text} {piece}");
        }
    }
}
