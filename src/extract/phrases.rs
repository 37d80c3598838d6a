//! Which of a fixed list of phrases a text holds, wherever they stand, found in one pass.

use aho_corasick::automaton::Automaton as _;
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind};

/// A list of phrases; letters of ASCII are the same in both cases.
#[derive(Debug)]
pub(super) struct Phrases(DFA);

impl Phrases {
    /// `None` when they are too many.
    pub(super) fn new<P: AsRef<[u8]>>(phrases: impl IntoIterator<Item = P>) -> Option<Self> {
        let mut builder = DFA::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard);
        builder.build(phrases).ok().map(Self)
    }

    /// Visits each place of each phrase, with the phrase's number and the byte where it begins.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(usize, usize)) {
        let Ok(mut state) = self.0.start_state(Anchored::No) else { return };
        for (at, byte) in text.bytes().enumerate() {
            state = self.0.next_state(Anchored::No, state, byte);
            if self.0.is_special(state) && self.0.is_match(state) {
                for index in 0..self.0.match_len(state) {
                    let phrase = self.0.match_pattern(state, index);
                    found(phrase.as_usize(), at + 1 - self.0.pattern_len(phrase));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_found_inside_each_other_and_in_both_cases() {
        let phrases = Phrases::new(["date", "updated", "更新"]).unwrap();
        let mut found = Vec::new();
        phrases.each("Updated: 更新", |phrase, start| found.push((phrase, start)));
        assert_eq!(found, [(0, 2), (1, 0), (2, 9)]);
    }
}
