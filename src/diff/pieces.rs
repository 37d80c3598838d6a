//! Two paragraphs piece by piece: by character where a script has no spaces, by word elsewhere.

use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::script::{is_attached, is_unspaced};

/// Comparisons that one article may cost: a second's work or less. Paragraphs beyond it are
/// shown as replaced, whole.
const WORK: usize = 40_000_000;
/// Two paragraphs with a smaller share in common are shown one after the other.
const LEAST_IN_COMMON: f64 = 0.25;

/// What became of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// It is in both versions.
    Same,
    /// It went.
    Deleted,
    /// It came.
    Inserted,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// What became of it.
    pub change: Change,
    /// The text.
    pub text: String,
}

impl Piece {
    fn new(change: Change, tokens: &[&str]) -> Self {
        Self { change, text: tokens.concat() }
    }
}

/// Work that is left.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(WORK)
    }
}

impl Budget {
    /// Takes so much; `false` when there is not enough left.
    pub(super) fn take(&mut self, work: usize) -> bool {
        let left = self.0.checked_sub(work);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// Both texts, piece by piece.
pub(super) fn between(old: &str, new: &str, budget: &mut Budget) -> Vec<Piece> {
    let (old, new) = (tokens(old), tokens(new));
    let runs = if budget.take(cost(&old, &new)) {
        readable(runs(&capture_diff_slices(Algorithm::Myers, &old, &new)), &old)
    } else {
        Vec::new()
    };
    let same: usize = runs.iter().filter(|run| run.is_same).map(|run| run.old.len()).sum();
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = 2.0 * same as f64 / (old.len() + new.len()).max(1) as f64;
    let whole = Run { is_same: false, old: 0..old.len(), new: 0..new.len() };
    let runs = if share < LEAST_IN_COMMON { vec![whole] } else { runs };
    let mut pieces = Vec::new();
    for run in runs {
        if run.is_same {
            pieces.push(Piece::new(Change::Same, &old[run.old]));
        } else {
            pieces.push(Piece::new(Change::Deleted, &old[run.old]));
            pieces.push(Piece::new(Change::Inserted, &new[run.new]));
        }
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// What comparing may cost: the search gives up its claim to the shortest answer when it gets long, so
/// that its effort grows with the square root of the lengths.
fn cost(old: &[&str], new: &[&str]) -> usize {
    let length = old.len() + new.len();
    length.saturating_mul(length.isqrt())
}

/// Cuts a text: characters of scripts without spaces with the marks on them, words and figures whole,
/// white space, and each other character by itself.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_numeric() && is_word(first) {
            run(rest, |c| c.is_numeric() && is_word(c), ['.', ','])
        } else if is_word(first) {
            run(rest, |c| is_word(c) && !c.is_numeric() || is_attached(c), ['\'', '’'])
        } else if first.is_whitespace() {
            rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
        } else {
            let after = &rest[first.len_utf8()..];
            first.len_utf8() + after.find(|c| !is_attached(c)).unwrap_or(after.len())
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// A character of a word or a figure.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

/// Bytes of the word or figure that a text starts with, and what joins two parts of one.
fn run(text: &str, is_part: impl Fn(char) -> bool, joints: [char; 2]) -> usize {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        end += rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let mut after = text[end..].chars();
        match (after.next(), after.next()) {
            (Some(joint), Some(next)) if joints.contains(&joint) && is_part(next) => end += joint.len_utf8(),
            _ => return end,
        }
    }
}

/// Tokens that are the same in both, or stand in each other's place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    is_same: bool,
    old: Range<usize>,
    new: Range<usize>,
}

fn runs(operations: &[DiffOp]) -> Vec<Run> {
    let run = |operation: &DiffOp| Run {
        is_same: matches!(operation, DiffOp::Equal { .. }),
        old: operation.old_range(),
        new: operation.new_range(),
    };
    operations.iter().map(run).collect()
}

/// Joins changes that only a little stands between: a space, or less than what changed on either side.
fn readable(runs: Vec<Run>, old: &[&str]) -> Vec<Run> {
    let mut joined: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        joined.push(run);
        while let [.., before, between, after] = joined.as_slice()
            && is_confetti(before, between, after, old)
        {
            let whole = Run {
                is_same: false,
                old: before.old.start..after.old.end,
                new: before.new.start..after.new.end,
            };
            joined.truncate(joined.len() - 3);
            joined.push(whole);
        }
        // Two changes side by side are one.
        if let [.., before, after] = joined.as_slice()
            && !before.is_same
            && !after.is_same
        {
            let whole = Run {
                is_same: false,
                old: before.old.start..after.old.end,
                new: before.new.start..after.new.end,
            };
            joined.truncate(joined.len() - 2);
            joined.push(whole);
        }
    }
    joined
}

fn is_confetti(before: &Run, between: &Run, after: &Run, old: &[&str]) -> bool {
    let size = |run: &Run| run.old.len().max(run.new.len());
    let is_space = old[between.old.clone()].iter().all(|token| token.trim().is_empty());
    !before.is_same
        && between.is_same
        && !after.is_same
        && (is_space || between.old.len() < size(before).min(size(after)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[-…-]` for what went, `{+…+}` for what came.
    fn marked(old: &str, new: &str) -> String {
        let piece = |piece: &Piece| match piece.change {
            Change::Same => piece.text.clone(),
            Change::Deleted => format!("[-{}-]", piece.text),
            Change::Inserted => format!("{{+{}+}}", piece.text),
        };
        between(old, new, &mut Budget::default()).iter().map(piece).collect()
    }

    #[test]
    fn characters_where_there_are_no_spaces_and_words_elsewhere() {
        for (old, new, want) in [
            ("园区今天开工。", "园区昨天开工。", "园区[-今-]{+昨+}天开工。"),
            ("引进企业12家", "引进企业15家", "引进企业[-12-]{+15+}家"),
            ("增长12,345.6万", "增长12,346.6万", "增长[-12,345.6-]{+12,346.6+}万"),
            ("内存12GB", "内存16GB", "内存[-12-]{+16+}GB"),
            ("The park opened today.", "The park reopened today.", "The park [-opened-]{+reopened+} today."),
            ("It doesn't rain here", "It don't rain here", "It [-doesn't-]{+don't+} rain here"),
            ("공원이 오늘 열렸다", "공원이 어제 열렸다", "공원이 [-오늘-]{+어제+} 열렸다"),
            ("公園は今日オープンした", "公園は昨日オープンした", "公園は[-今-]{+昨+}日オープンした"),
            ("สวนเปิดวันนี้", "สวนปิดวันนี้", "สวน[-เ-]ปิดวันนี้"),
            ("一样的话", "一样的话", "一样的话"),
            ("", "新来的", "{+新来的+}"),
            ("甲乙", "", "[-甲乙-]"),
        ] {
            assert_eq!(marked(old, new), want, "{old} → {new}");
        }
    }

    #[test]
    fn a_change_is_shown_in_one_piece() {
        // The space between two changed words changed with them.
        assert_eq!(
            marked("the old mill pond is open", "the new town hall is open"),
            "the [-old mill pond-]{+new town hall+} is open"
        );
        // Nothing in common: one after the other.
        assert_eq!(marked("步道修好了", "图书馆开门"), "[-步道修好了-]{+图书馆开门+}");
    }
}
