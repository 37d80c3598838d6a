//! Two texts paragraph by paragraph: equal ones first, then those that resemble each other.

use std::collections::BTreeMap;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::pieces::{self, Budget, Piece};

/// Paragraphs with so much in common are one that was changed (Dice's coefficient over pairs of
/// characters).
const ALIKE: f64 = 0.4;

/// A paragraph of one version or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Paragraph {
    /// It is in both versions.
    Same {
        /// The paragraph.
        text: String,
    },
    /// It went.
    Deleted {
        /// The paragraph.
        text: String,
    },
    /// It came.
    Inserted {
        /// The paragraph.
        text: String,
    },
    /// It was changed.
    Changed {
        /// What stayed, went and came.
        pieces: Vec<Piece>,
    },
}

/// All paragraphs of both texts, in reading order.
pub(super) fn between(old: &str, new: &str) -> Vec<Paragraph> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut budget = Budget::default();
    let mut paragraphs = Vec::new();
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (went, came) = (&old[operation.old_range()], &new[operation.new_range()]);
        if matches!(operation, DiffOp::Equal { .. }) {
            paragraphs.extend(went.iter().map(|text| Paragraph::Same { text: (*text).to_owned() }));
        } else {
            replaced(went, came, &mut budget, &mut paragraphs);
        }
    }
    paragraphs
}

/// Paragraphs that stand in each other's place: pairs that resemble each other, and the others.
fn replaced(old: &[&str], new: &[&str], budget: &mut Budget, out: &mut Vec<Paragraph>) {
    let deleted = |text: &&str| Paragraph::Deleted { text: (*text).to_owned() };
    let inserted = |text: &&str| Paragraph::Inserted { text: (*text).to_owned() };
    let (mut i, mut j) = (0, 0);
    for (a, b) in pairs(old, new, budget) {
        out.extend(old[i..a].iter().map(deleted));
        out.extend(new[j..b].iter().map(inserted));
        out.push(Paragraph::Changed { pieces: pieces::between(old[a], new[b], budget) });
        (i, j) = (a + 1, b + 1);
    }
    out.extend(old[i..].iter().map(deleted));
    out.extend(new[j..].iter().map(inserted));
}

/// The pairs, in order, that have most in common altogether. None when looking for them would cost too
/// much.
fn pairs(old: &[&str], new: &[&str], budget: &mut Budget) -> Vec<(usize, usize)> {
    let length = |texts: &[&str]| texts.iter().map(|text| text.chars().count() + 1).sum::<usize>();
    let work = old.len().saturating_mul(length(new)).saturating_add(new.len().saturating_mul(length(old)));
    if !budget.take(work) {
        return Vec::new();
    }
    let (a, b): (Vec<_>, Vec<_>) =
        (old.iter().map(|text| bigrams(text)).collect(), new.iter().map(|text| bigrams(text)).collect());
    // best[i][j]: the most that paragraphs from i and j on can have in common.
    let width = new.len() + 1;
    let mut best = vec![0.0_f64; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let alike = likeness(&a[i], &b[j]);
            let alike = if alike < ALIKE { 0.0 } else { alike };
            let skip = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            best[i * width + j] = skip.max(alike + best[(i + 1) * width + j + 1]);
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        let here = best[i * width + j];
        if best[(i + 1) * width + j] >= here {
            i += 1;
        } else if best[i * width + j + 1] >= here {
            j += 1;
        } else {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        }
    }
    pairs
}

/// How often each pair of neighbours stands in a paragraph; its first character has the start for one.
fn bigrams(text: &str) -> BTreeMap<(char, char), usize> {
    let mut counts = BTreeMap::new();
    let mut last = '\n';
    for c in text.chars() {
        *counts.entry((last, c)).or_default() += 1;
        last = c;
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "a share")]
fn likeness(a: &BTreeMap<(char, char), usize>, b: &BTreeMap<(char, char), usize>) -> f64 {
    let total: usize = a.values().chain(b.values()).sum();
    let common: usize = a.iter().map(|(pair, count)| b.get(pair).map_or(0, |other| *count.min(other))).sum();
    2.0 * common as f64 / total.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(old: &str, new: &str) -> String {
        let kind = |paragraph: &Paragraph| match paragraph {
            Paragraph::Same { .. } => '=',
            Paragraph::Deleted { .. } => '-',
            Paragraph::Inserted { .. } => '+',
            Paragraph::Changed { .. } => '~',
        };
        between(old, new).iter().map(kind).collect()
    }

    #[test]
    fn paragraphs_find_their_counterparts() {
        let text = "老码头的改造工程在本周末完工。\n步道向居民开放。\n记者看到不少老人在散步。";
        assert_eq!(kinds(text, text), "===");
        assert_eq!(kinds(text, &text.replace("本周末", "上周末")), "~==");
        assert_eq!(kinds(text, &format!("新的导语放在最前面。\n{text}")), "+===");
        // One went, the next was changed: it is compared with itself and not with its neighbour.
        let shorter = "步道今天起向居民开放。\n记者看到不少老人在散步。";
        assert_eq!(kinds(text, shorter), "-~=");
        // Two were changed, and one came between them.
        let longer = "老码头的改造工程在上周末完工。\n全长三公里,耗资两千万元。\n步道今起向居民开放。\n记者看到不少老人在散步。";
        assert_eq!(kinds(text, longer), "~+~=");
        assert_eq!(kinds("图书馆开门了", "灯会今晚开始"), "-+");
        assert_eq!(kinds("", "来了"), "+");
    }
}
