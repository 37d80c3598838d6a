//! What changed between a text and a copy of it at another site: figures, names and words that were
//! exchanged, passages that came and went.
//!
//! Copies are reflowed, and written in other characters: sentences are compared, not paragraphs, and
//! folded (width, case, traditional characters). What is shown is what stands in the texts.

mod figure;
mod name;

use std::collections::HashMap;
use std::ops::Range;

use serde::Serialize;

use super::paragraphs::{self, Paragraph};
use super::pieces::{Change, Piece};
use crate::script::is_han;
use crate::search::fold::{Kind, fold_text, kind};
use crate::search::sentence;
pub use figure::FigureChange;
use figure::{figure_at, figures};

/// Han characters in common of which more than one in so many differs, and so many at least, are another
/// script and not words exchanged.
const SCRIPT: usize = 10;
/// Longer insertions within a sentence are passages.
const PASSAGE: usize = 12;

/// What changed from a text to its copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CopyChanges {
    /// Whether so many of the characters in common differ that one text seems to be in traditional, the other
    /// in simplified characters.
    pub other_script: bool,
    /// Figures with another value.
    pub figures: Vec<FigureExchange>,
    /// Names of people, places and institutions that others took the place of.
    pub names: Vec<Exchange>,
    /// Other words that were exchanged; one side is empty where they only came or went.
    pub words: Vec<Exchange>,
    /// Passages that came.
    pub added: Vec<String>,
    /// Passages that went.
    pub cut: Vec<String>,
}

/// Something that took the place of something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// As the source has it.
    pub old: String,
    /// As the copy has it.
    pub new: String,
    /// How many times.
    pub count: usize,
}

/// A figure that took the place of another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureExchange {
    /// Both figures, with their units.
    #[serde(flatten)]
    pub exchange: Exchange,
    /// What happened to it.
    pub change: FigureChange,
}

impl CopyChanges {
    /// Compares a text with its copy.
    pub fn between(source: &str, copy: &str) -> Self {
        let (old, new) = (sentences(source), sentences(copy));
        let folded = |sentences: &[String]| {
            sentences.iter().map(|sentence| fold_text(sentence)).collect::<Vec<_>>().join("\n")
        };
        let mut collector = Collector { old: &old, new: &new, ..Collector::default() };
        for paragraph in paragraphs::between(&folded(&old), &folded(&new)) {
            collector.take(&paragraph);
        }
        collector.finish()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Goes through both texts side by side.
#[derive(Default)]
struct Collector<'a> {
    old: &'a [String],
    new: &'a [String],
    added: Vec<String>,
    cut: Vec<String>,
    figures: Tally,
    names: Tally,
    words: Tally,
    /// Whether the last sentence came, or went: the next one belongs to the same passage.
    goes_on: [bool; 2],
    /// Han characters in common, and those of them written otherwise.
    common: usize,
    variants: Tally,
}

/// A sentence with the places of its figures.
struct Side {
    text: Vec<char>,
    figures: Vec<Range<usize>>,
}

impl Side {
    fn of(text: Vec<char>) -> Self {
        Self { figures: figures(&text), text }
    }

    fn text(&self, range: &Range<usize>) -> String {
        text(&self.text, range)
    }
}

/// Exchanges in the order in which they first came, each counted.
#[derive(Default)]
struct Tally {
    list: Vec<Exchange>,
    places: HashMap<(String, String), usize>,
}

impl Tally {
    fn note(&mut self, old: String, new: String) {
        let place = *self.places.entry((old.clone(), new.clone())).or_insert(self.list.len());
        match self.list.get_mut(place) {
            Some(known) => known.count += 1,
            None => self.list.push(Exchange { old, new, count: 1 }),
        }
    }

    fn count(&self) -> usize {
        self.list.iter().map(|exchange| exchange.count).sum()
    }
}

impl Collector<'_> {
    fn take(&mut self, paragraph: &Paragraph) {
        match paragraph {
            Paragraph::Same { .. } => {
                let (old, new) = (self.next_old(), self.next_new());
                self.goes_on = [false; 2];
                self.compare_same(&old, &new, 0..old.len(), 0);
            }
            Paragraph::Deleted { .. } => {
                let sentence: String = self.next_old().iter().collect();
                pass(&mut self.cut, &sentence, self.goes_on[0]);
                self.goes_on[0] = true;
            }
            Paragraph::Inserted { .. } => {
                let sentence: String = self.next_new().iter().collect();
                pass(&mut self.added, &sentence, self.goes_on[1]);
                self.goes_on[1] = true;
            }
            Paragraph::Changed { pieces } => {
                let (old, new) = (Side::of(self.next_old()), Side::of(self.next_new()));
                self.goes_on = [false; 2];
                self.compare(&old, &new, pieces);
            }
        }
    }

    fn next_old(&mut self) -> Vec<char> {
        let (first, rest) =
            self.old.split_first().map_or(("", self.old), |(first, rest)| (first.as_str(), rest));
        self.old = rest;
        first.chars().collect()
    }

    fn next_new(&mut self) -> Vec<char> {
        let (first, rest) =
            self.new.split_first().map_or(("", self.new), |(first, rest)| (first.as_str(), rest));
        self.new = rest;
        first.chars().collect()
    }

    /// Two sentences that resemble each other. Folding keeps the number of characters, so that pieces of
    /// the folded sentences are places in the sentences.
    fn compare(&mut self, old: &Side, new: &Side, pieces: &[Piece]) {
        let mut spans: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        let (mut i, mut j) = (0, 0);
        for piece in pieces {
            let length = piece.text.chars().count();
            let (next_i, next_j) = match piece.change {
                Change::Same => {
                    self.compare_same(&old.text, &new.text, i..i + length, j);
                    (i, j) = (i + length, j + length);
                    continue;
                }
                Change::Deleted => (i + length, j),
                Change::Inserted => (i, j + length),
            };
            match spans.last_mut().filter(|(a, b)| a.end == i && b.end == j) {
                Some((a, b)) => (a.end, b.end) = (next_i, next_j),
                None => spans.push((i..next_i, j..next_j)),
            }
            (i, j) = (next_i, next_j);
        }
        let mut done = (0, 0);
        for (a, b) in spans {
            if a.start < done.0 || b.start < done.1 {
                continue;
            }
            done = self.exchange((old, a), (new, b));
        }
    }

    /// Notes an exchange within a sentence: its figures, and what stands between them. Gives where what was
    /// noted ends.
    fn exchange(
        &mut self,
        (old, mut a): (&Side, Range<usize>),
        (new, mut b): (&Side, Range<usize>),
    ) -> (usize, usize) {
        while let Some((before, after)) = figures_at((old, &a), (new, &b)) {
            self.words_of(
                (old, a.start..before.start.max(a.start)),
                (new, b.start..after.start.max(b.start)),
            );
            self.figures.note(old.text(&before), new.text(&after));
            (a.start, b.start) = (before.end.max(a.start), after.end.max(b.start));
            (a.end, b.end) = (a.end.max(a.start), b.end.max(b.start));
            if a.is_empty() || b.is_empty() {
                break;
            }
        }
        self.words_of((old, a), (new, b))
    }

    /// The same where no figure stands on both sides.
    fn words_of(
        &mut self,
        (old, a): (&Side, Range<usize>),
        (new, b): (&Side, Range<usize>),
    ) -> (usize, usize) {
        let ends = (a.end, b.end);
        if let Some((before, after)) = name::names((&old.text, &a), (&new.text, &b)) {
            self.names.note(old.text(&before), new.text(&after));
            return (before.end, after.end);
        }
        if a.is_empty() && b.len() >= PASSAGE {
            self.added.push(new.text(&b));
        } else if b.is_empty() && a.len() >= PASSAGE {
            self.cut.push(old.text(&a));
        } else if has_letters(&old.text[a.clone()]) || has_letters(&new.text[b.clone()]) {
            let (a, b) = readable((&old.text, a), (&new.text, b));
            self.words.note(old.text(&a), new.text(&b));
            return (a.end, b.end);
        }
        ends
    }

    /// Text that is the same but for what folding leaves out.
    fn compare_same(&mut self, old: &[char], new: &[char], range: Range<usize>, start: usize) {
        for at in range.clone() {
            let other = start + at - range.start;
            let (Some(a), Some(b)) = (old.get(at), new.get(other)) else { return };
            self.common += usize::from(is_han(*a));
            if a != b && is_han(*a) && is_han(*b) {
                let (a, b) = readable((old, at..at + 1), (new, other..other + 1));
                self.variants.note(text(old, &a), text(new, &b));
            }
        }
    }

    fn finish(self) -> CopyChanges {
        let variants = self.variants.count();
        let other_script = variants >= SCRIPT && variants * SCRIPT > self.common;
        let mut words = self.words.list;
        if !other_script {
            words.extend(self.variants.list);
        }
        // Where the value is the same there is no change.
        let figure = |exchange: Exchange| {
            let change = FigureChange::of(&exchange.old, &exchange.new)?;
            Some(FigureExchange { exchange, change })
        };
        CopyChanges {
            other_script,
            figures: self.figures.list.into_iter().filter_map(figure).collect(),
            names: self.names.list,
            words,
            added: self.added,
            cut: self.cut,
        }
    }
}

/// The sentences of a text; white space within them is a single space.
fn sentences(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let squeezed = |range: Range<usize>| {
        let sentence: String = chars[range].iter().collect();
        sentence.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    sentence::sentences(&chars).into_iter().map(squeezed).filter(|sentence| !sentence.is_empty()).collect()
}

/// The first figures of an exchange, one of which took the place of the other. What only came or went touches
/// a figure when it is part of one.
fn figures_at(
    (old, a): (&Side, &Range<usize>),
    (new, b): (&Side, &Range<usize>),
) -> Option<(Range<usize>, Range<usize>)> {
    let (before, after) = figure_at(&old.figures, a).zip(figure_at(&new.figures, b))?;
    let is_part = |place: &Range<usize>, of: &Range<usize>| of.start <= place.start && place.end <= of.end;
    let is_exchange = (!a.is_empty() || is_part(b, &after)) && (!b.is_empty() || is_part(a, &before));
    is_exchange.then_some((before, after))
}

fn text(sentence: &[char], range: &Range<usize>) -> String {
    sentence[range.clone()].iter().collect::<String>().trim().to_owned()
}

fn pass(passages: &mut Vec<String>, sentence: &str, goes_on: bool) {
    match passages.last_mut().filter(|_| goes_on) {
        Some(passage) => {
            let is_spaced = passage.ends_with(|c: char| c.is_ascii_punctuation());
            passage.push_str(if is_spaced { " " } else { "" });
            passage.push_str(sentence);
        }
        None => passages.push(sentence.to_owned()),
    }
}

/// A single Han character is shown with the one behind it, or the one before: 首 → 头部 as 首场 → 头部场.
fn readable(
    (old, a): (&[char], Range<usize>),
    (new, b): (&[char], Range<usize>),
) -> (Range<usize>, Range<usize>) {
    let is_single = |sentence: &[char], range: &Range<usize>| {
        range.is_empty() || range.len() == 1 && is_han(sentence[range.start])
    };
    if !is_single(old, &a) && !is_single(new, &b) {
        return (a, b);
    }
    let is_word = |sentence: &[char], at: usize| sentence.get(at).is_some_and(|c| is_han(*c));
    if is_word(old, a.end) && is_word(new, b.end) {
        return (a.start..a.end + 1, b.start..b.end + 1);
    }
    match (a.start.checked_sub(1), b.start.checked_sub(1)) {
        (Some(i), Some(j)) if is_word(old, i) && is_word(new, j) => (i..a.end, j..b.end),
        _ => (a, b),
    }
}

fn has_letters(part: &[char]) -> bool {
    part.iter().any(|c| kind(*c) != Kind::Break)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(exchanges: &[Exchange]) -> Vec<(&str, &str, usize)> {
        exchanges.iter().map(|e| (e.old.as_str(), e.new.as_str(), e.count)).collect()
    }

    const SOURCE: &str = "昨日,全省首场招商大会在西安市举行,签约总额734.2亿元。\n市长王小明出席大会。\n\
        会上共有120家企业签约,比去年增长15%。这是最新的消息,首场活动吸引了三千人。\n据介绍,二期工程将于明年启动。";

    #[test]
    fn figures_names_and_words_are_told_apart() {
        let copy = "昨日，全省头部场招商大会在咸阳市举行，签约总额7342亿元。市长王晓明出席大会。会上共有120家企业签约，\
            比去年增长51%。\n这是蕞新的消息，头部场活动吸引了三千人。据介绍，二期工程将于明年启动。";
        let changes = CopyChanges::between(SOURCE, copy);
        let figures: Vec<_> = changes
            .figures
            .iter()
            .map(|f| (f.exchange.old.as_str(), f.exchange.new.as_str(), f.change))
            .collect();
        assert_eq!(
            figures,
            [("734.2亿元", "7342亿元", FigureChange::DecimalPoint), ("15%", "51%", FigureChange::Transposed)]
        );
        assert_eq!(pairs(&changes.names), [("西安市", "咸阳市", 1), ("王小明", "王晓明", 1)]);
        assert_eq!(pairs(&changes.words), [("首场", "头部场", 2), ("最新", "蕞新", 1)]);
        assert!(changes.added.is_empty() && changes.cut.is_empty() && !changes.other_script);
    }

    #[test]
    fn what_stands_around_a_figure_is_no_part_of_it() {
        let figures = |changes: &CopyChanges| -> Vec<(String, String)> {
            changes.figures.iter().map(|f| (f.exchange.old.clone(), f.exchange.new.clone())).collect()
        };
        let changes = CopyChanges::between("大会共签约120家。", "大会共签约120家,其中外资30家。");
        assert!(changes.figures.is_empty(), "{changes:?}");
        assert_eq!(changes.words.len() + changes.added.len(), 1, "{changes:?}");
        let changes = CopyChanges::between("全年产值增长12.5%,出口降5.1%。", "全年产值下降3.4%,出口降6.2%。");
        let expected = [("12.5%", "3.4%"), ("5.1%", "6.2%")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(figures(&changes), expected);
        assert_eq!(pairs(&changes.words), [("增长", "下降", 1)]);
    }

    #[test]
    fn one_character_of_another_habit_is_no_other_script() {
        let changes = CopyChanges::between("这是最新的消息。", "这是蕞新的消息。");
        assert_eq!((changes.other_script, pairs(&changes.words)), (false, vec![("最新", "蕞新", 1)]));
    }

    #[test]
    fn passages_that_came_and_went_are_whole() {
        let copy = "【编者按】本文转自网络。昨日,全省首场招商大会在西安市举行,签约总额734.2亿元。\n市长王小明出席大会。\n\
            这是最新的消息,首场活动吸引了三千人。关注我们。\n联系电话见下方。\n据介绍,二期工程将于明年启动。";
        let changes = CopyChanges::between(SOURCE, copy);
        assert_eq!(changes.added, ["【编者按】本文转自网络。", "关注我们。联系电话见下方。"]);
        assert_eq!(changes.cut, ["会上共有120家企业签约,比去年增长15%。"]);
        assert!(changes.figures.is_empty() && changes.names.is_empty() && changes.words.is_empty());
    }

    #[test]
    fn reflowed_and_in_other_characters_is_no_change_of_words() {
        let reflowed = SOURCE.replace('\n', "").replace('。', "。\n\n　　").replace(',', "，");
        assert!(CopyChanges::between(SOURCE, &reflowed).is_empty());
        let traditional = "臨空產業港今日開業,總投資達到歷史紀錄。";
        let changes = CopyChanges::between("临空产业港今日开业,总投资达到历史纪录。", traditional);
        assert_eq!(changes, CopyChanges { other_script: true, ..CopyChanges::default() });
    }

    #[test]
    fn english_texts_are_compared_by_word() {
        let source =
            "The mayor, John Smith, said on Monday that 1,200 homes would be built. Work starts in May.";
        let copy = "The mayor, John Smyth, announced on Monday that 12,000 homes would be built. Work starts in May.";
        let changes = CopyChanges::between(source, copy);
        assert_eq!(pairs(&changes.names), [("Smith", "Smyth", 1)]);
        assert_eq!(pairs(&changes.words), [("said", "announced", 1)]);
        let [figure] = changes.figures.as_slice() else { panic!("{changes:?}") };
        assert_eq!((figure.exchange.old.as_str(), figure.exchange.new.as_str()), ("1,200", "12,000"));
    }
}
