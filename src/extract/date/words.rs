//! Words that name months and parts of the day, and labels that stand in front of dates.

use std::collections::HashMap;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::extract::line::{is_han_or_mark, table};

static MONTHS: LazyLock<HashMap<&'static str, i8>> = LazyLock::new(|| {
    let mut months = HashMap::new();
    let lines = include_str!("../../../data/months.txt").lines().filter(|line| !line.starts_with('#'));
    for line in lines {
        let mut words = line.split_whitespace();
        if let Some(number) = words.next().and_then(|word| word.parse().ok()) {
            months.extend(words.map(|word| (word, number)));
        }
    }
    months
});

/// The number of a month by its name in any of the languages of `data/months.txt`.
pub(super) fn month(name: &str) -> Option<i8> {
    MONTHS.get(name.to_lowercase().trim_end_matches('.')).copied()
}

/// What the words in front of a date say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::extract) enum Label {
    Published,
    Modified,
    /// Only that it is a date.
    Date,
    /// It is a day of something else.
    Other,
    None,
}

/// Finds the words of the table of labels; beside it the label of each word.
static LABELS: LazyLock<Option<(AhoCorasick, Vec<Label>)>> = LazyLock::new(|| {
    let lines = table(include_str!("../../../data/date_labels.txt"));
    let labels = lines.flat_map(|(kind, words)| {
        let label = match kind {
            "published" => Label::Published,
            "modified" => Label::Modified,
            "other" => Label::Other,
            _ => Label::Date,
        };
        words.split('|').map(move |word| (word, label))
    });
    let (words, labels): (Vec<&str>, Vec<Label>) = labels.unzip();
    Some((AhoCorasick::new(words).ok()?, labels))
});

/// Characters in front of a date that are looked at; a Han character counts twice.
const NEAR: usize = 32;

/// The label nearest to the end of `before`, the text in front of a date. A label of an earlier
/// date does not count: `before` starts behind that date.
pub(super) fn label(before: &str) -> Label {
    let mut width = 0;
    let is_near = |c: &char| {
        width += if is_han_or_mark(*c) { 2 } else { 1 };
        width <= NEAR
    };
    let near: String =
        before.chars().rev().take_while(is_near).collect::<Vec<_>>().into_iter().rev().collect();
    let near = near.to_lowercase();
    let Some((finder, labels)) = &*LABELS else { return Label::None };
    let (mut published, mut modified, mut other, mut date) = (None, None, None, None);
    for hit in finder.find_overlapping_iter(&near) {
        let last = match labels[hit.pattern().as_usize()] {
            Label::Published => &mut published,
            Label::Modified => &mut modified,
            Label::Other => &mut other,
            Label::Date | Label::None => &mut date,
        };
        *last = (*last).max(Some(hit.start()));
    }
    if other > modified && other > published {
        Label::Other
    } else if modified > published {
        Label::Modified
    } else if published.is_some() {
        Label::Published
    } else if date.is_some() {
        Label::Date
    } else {
        Label::None
    }
}

/// Half of the day that a word puts an hour into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayPart {
    /// 凌晨, 早上, 上午, AM: 12 means midnight.
    Morning,
    /// 中午: 11 to 14 as written, 1 to 3 in the afternoon.
    Noon,
    /// 下午, 晚上, PM: hours below 12 are past noon.
    Evening,
}

/// The half of the day that a word means.
pub(super) fn day_part(word: &str) -> Option<DayPart> {
    Some(match word.to_lowercase().replace('.', "").as_str() {
        "凌晨" | "清晨" | "早上" | "早晨" | "早" | "上午" | "晨" | "am" => DayPart::Morning,
        "中午" | "午间" => DayPart::Noon,
        "下午" | "傍晚" | "晚上" | "晚间" | "夜间" | "深夜" | "晚" | "夜里" | "夜" | "pm" => {
            DayPart::Evening
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_nearest_to_the_date_decides() {
        for (before, want) in [
            ("发布时间：", Label::Published),
            ("更新时间：", Label::Modified),
            ("更新于", Label::Modified),
            ("来源：人民网 ", Label::None),
            ("Last updated: ", Label::Modified),
            ("Posted on ", Label::Published),
            ("Last updated date: ", Label::Modified),
            ("修改日期：", Label::Modified),
            ("更新：2024-03-01 发布：", Label::Published),
            ("Veröffentlicht am Montag, den ", Label::Published),
            ("Fecha: ", Label::Date),
            ("[引用日期", Label::Other),
            ("Published online; accessed ", Label::Other),
            ("수정 ", Label::Modified),
        ] {
            assert_eq!(label(before), want, "{before}");
        }
    }

    #[test]
    fn months_are_known_in_several_languages() {
        for (name, number) in [("Feb", 2), ("février", 2), ("märz", 3), ("декабря", 12), ("Sept.", 9)]
        {
            assert_eq!(month(name), Some(number), "{name}");
        }
        assert_eq!(month("admin"), None);
    }
}
