//! Figures: where they stand, and what happened to one that became another.

use std::ops::Range;

use serde::Serialize;

use crate::search::fold::fold;

/// What a Chinese figure is multiplied with.
const MULTIPLIERS: [(&str, f64); 6] =
    [("万亿", 1e12), ("千万", 1e7), ("百万", 1e6), ("亿", 1e8), ("万", 1e4), ("千", 1e3)];
/// Units that are shown with their figure.
const UNITS: &str = "元年月日号时点分家人个名项座台套吨米亩%倍度岁次";

/// What happened to a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureChange {
    /// The same digits, with the decimal point elsewhere or lost.
    DecimalPoint,
    /// The same number of another unit.
    Unit,
    /// The same digits in another order.
    Transposed,
    /// With fewer digits.
    Rounded,
    /// Another value.
    Value,
}

impl FigureChange {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DecimalPoint => "decimal point",
            Self::Unit => "unit",
            Self::Transposed => "digits transposed",
            Self::Rounded => "rounded",
            Self::Value => "value",
        }
    }

    /// What became of `old`; `None` when both are the same value.
    pub(super) fn of(old: &str, new: &str) -> Option<Self> {
        let (old, new) = (Figure::read(old), Figure::read(new));
        let is_close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        if is_close(old.value(), new.value()) && old.unit == new.unit {
            return None;
        }
        let digits = |figure: &Figure| figure.number.replace('.', "");
        let sorted = |figure: &Figure| {
            let mut digits = digits(figure).into_bytes();
            digits.sort_unstable();
            digits
        };
        let has_same_unit = old.unit == new.unit && is_close(old.multiplier, new.multiplier);
        Some(if has_same_unit && digits(&old) == digits(&new) {
            Self::DecimalPoint
        } else if old.number == new.number {
            Self::Unit
        } else if has_same_unit && sorted(&old) == sorted(&new) {
            Self::Transposed
        } else if old.unit == new.unit && is_rounded(&old, &new) {
            Self::Rounded
        } else {
            Self::Value
        })
    }
}

/// Whether the new figure is the old one with fewer digits.
fn is_rounded(old: &Figure, new: &Figure) -> bool {
    let significant = |figure: &Figure| figure.number.replace('.', "").trim_matches('0').len();
    significant(new) < significant(old) && (old.value() - new.value()).abs() <= 0.05 * old.value().abs()
}

struct Figure {
    /// Digits and decimal point.
    number: String,
    multiplier: f64,
    unit: String,
}

impl Figure {
    fn read(text: &str) -> Self {
        let folded: String =
            text.chars().map(|c| fold(c).0).filter(|c| *c != ',' && !c.is_whitespace()).collect();
        let end = folded.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(folded.len());
        let (number, rest) = folded.split_at(end);
        let found = MULTIPLIERS.iter().find_map(|(word, by)| Some((rest.strip_prefix(word)?, *by)));
        let (unit, multiplier) = found.unwrap_or((rest, 1.0));
        Self { number: number.trim_matches('.').to_owned(), multiplier, unit: unit.to_owned() }
    }

    fn value(&self) -> f64 {
        self.number.parse::<f64>().unwrap_or(f64::NAN) * self.multiplier
    }
}

/// The first of a sentence's figures that a place is part of or overlaps; where the place is empty, the one
/// that it stands in or touches.
pub(super) fn figure_at(figures: &[Range<usize>], place: &Range<usize>) -> Option<Range<usize>> {
    let touches = usize::from(place.is_empty());
    let first = figures.partition_point(|figure| figure.end + touches <= place.start);
    figures.get(first).filter(|figure| figure.start < place.end + touches).cloned()
}

/// Where the figures of a sentence stand.
pub(super) fn figures(sentence: &[char]) -> Vec<Range<usize>> {
    let folded: Vec<char> = sentence.iter().map(|c| fold(*c).0).collect();
    let digit = |at: usize| folded.get(at).is_some_and(char::is_ascii_digit);
    let (mut figures, mut at) = (Vec::new(), 0);
    while at < folded.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) || matches!(folded.get(at), Some('.' | ',')) && digit(at + 1) {
            at += 1;
        }
        let rest: String = folded[at..].iter().take(3).collect();
        let multiplier = MULTIPLIERS.iter().find(|(word, _)| rest.starts_with(word));
        at += multiplier.map_or(0, |(word, _)| word.chars().count());
        at += usize::from(folded.get(at).is_some_and(|c| UNITS.contains(*c)));
        figures.push(start..at);
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_to_a_figure_is_named() {
        for (old, new, change) in [
            ("734.2亿", "7342亿", Some(FigureChange::DecimalPoint)),
            ("7.342亿元", "73.42亿元", Some(FigureChange::DecimalPoint)),
            ("12亿元", "12万元", Some(FigureChange::Unit)),
            ("15%", "51%", Some(FigureChange::Transposed)),
            ("734.2亿元", "734亿元", Some(FigureChange::Rounded)),
            ("7342家", "7300家", Some(FigureChange::Rounded)),
            ("120家", "150家", Some(FigureChange::Value)),
            ("1,200家", "1200家", None),
            ("５万元", "50000元", None),
            ("3.50%", "3.5%", None),
        ] {
            assert_eq!(FigureChange::of(old, new), change, "{old} {new}");
        }
    }

    #[test]
    fn figures_are_found_with_their_units() {
        let sentence: Vec<char> = "增长15%,总额734.2亿元,共1,200家,第3.".chars().collect();
        let found: Vec<String> =
            figures(&sentence).into_iter().map(|figure| sentence[figure].iter().collect()).collect();
        assert_eq!(found, ["15%", "734.2亿元", "1,200家", "3"]);
    }
}
