//! The part of a text that shows best why it was found: whole sentences, cut from the text as it is.

use std::ops::Range;

use serde::Serialize;

use super::fold::fold_text;
use super::sentence::sentences;
use super::term::Term;

/// Characters of a snippet that is cut at sentences, at most.
const LENGTH: usize = 120;
/// Characters before the term in a sentence that is too long, at most.
const BEFORE: usize = 40;
/// Places of one term that are looked at.
const PLACES: usize = 200;

/// A part of a text, with the places of the terms.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// As it stands in the text.
    pub text: String,
    /// Where terms stand: first character and the one behind the last, in order, apart.
    pub marks: Vec<(usize, usize)>,
}

/// A whole text with the places of the terms: a title.
pub fn marked(text: &str, terms: &[&Term]) -> Snippet {
    let marks = merged(places(text, terms).into_iter().map(|(range, _)| range));
    Snippet { text: text.to_owned(), marks }
}

/// The sentences that hold the most of the terms, the first of them where several do.
pub fn snippet(text: &str, terms: &[&Term]) -> Snippet {
    let chars: Vec<char> = text.chars().collect();
    let places = places(text, terms);
    let range = trimmed(&chars, best(&chars, &places));
    let inside = places
        .into_iter()
        .map(|(place, _)| place)
        .filter(|place| range.start <= place.start && place.end <= range.end)
        .map(|place| place.start - range.start..place.end - range.start);
    Snippet { marks: merged(inside), text: chars[range.clone()].iter().collect() }
}

/// Where terms stand, in characters, each with the number of its term; in order.
fn places(text: &str, terms: &[&Term]) -> Vec<(Range<usize>, usize)> {
    let folded = fold_text(text);
    let count = |bytes: Range<usize>| folded[bytes].chars().count();
    let mut places: Vec<(Range<usize>, usize)> = Vec::new();
    for (number, term) in terms.iter().enumerate() {
        let (mut byte, mut start) = (0, 0);
        for place in term.places(&folded).take(PLACES) {
            start += count(byte..place.start);
            byte = place.start;
            places.push((start..start + count(place), number));
        }
    }
    places.sort_by_key(|(place, number)| (place.start, place.end, *number));
    places
}

fn best(chars: &[char], places: &[(Range<usize>, usize)]) -> Range<usize> {
    let sentences = sentences(chars);
    let mut best = (0, 0..0);
    for first in 0..sentences.len() {
        let start = sentences[first].start;
        let later = sentences[first..].iter().map(|sentence| sentence.end);
        let end = later.take_while(|end| end - start <= LENGTH).last().unwrap_or(sentences[first].end);
        let from = places.partition_point(|(place, _)| place.start < start);
        let inside = places[from..].iter().take_while(|(place, _)| place.start < end);
        let mut numbers: Vec<usize> = inside.map(|(_, number)| *number).collect();
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        let begins = places.get(from).is_some_and(|(place, _)| place.start < sentences[first].end);
        // Distinct terms count most, then places; a snippet begins with a sentence that has one.
        let worth = if begins { numbers.len() * PLACES * 8 + all.min(PLACES) } else { 0 };
        if worth > best.0 || first == 0 {
            best = (worth, start..end);
        }
    }
    let range = best.1;
    if range.len() <= LENGTH {
        return range;
    }
    let inside = |place: &&(Range<usize>, usize)| range.start <= place.0.start && place.0.start < range.end;
    let mark = places.iter().find(inside).map_or(range.start..range.start, |(place, _)| place.clone());
    narrowed(chars, &range, &mark)
}

/// The part of a long sentence around a place, cut between clauses where there are some.
fn narrowed(chars: &[char], range: &Range<usize>, mark: &Range<usize>) -> Range<usize> {
    let is_pause = |at: &usize| ends_clause(chars[*at]);
    let mut start = range.start.max(mark.start.saturating_sub(BEFORE));
    if start > range.start {
        start = (start..mark.start).find(is_pause).map_or(start, |at| at + 1);
    }
    let mut end = range.end.min(start + LENGTH).max(mark.end.min(range.end));
    if end < range.end {
        end = (mark.end..end).rev().find(is_pause).map_or(end, |at| at + 1);
    }
    start..end
}

fn ends_clause(c: char) -> bool {
    matches!(c, '，' | '、' | ',' | '：' | ';' | '；' | ' ')
}

fn trimmed(chars: &[char], range: Range<usize>) -> Range<usize> {
    let is_text = |at: &usize| !chars[*at].is_whitespace();
    let start = range.clone().find(is_text).unwrap_or(range.start);
    let end = range.clone().rev().find(is_text).map_or(start, |at| at + 1);
    start..end
}

/// Places in order, with those that touch or overlap made one.
fn merged(places: impl Iterator<Item = Range<usize>>) -> Vec<(usize, usize)> {
    let mut marks: Vec<(usize, usize)> = Vec::new();
    for place in places {
        match marks.last_mut() {
            Some(last) if place.start <= last.1 => last.1 = last.1.max(place.end),
            _ => marks.push((place.start, place.end)),
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(written: &[&str]) -> Vec<Term> {
        written.iter().map(|term| Term::new(term, false).unwrap()).collect()
    }

    fn cut(text: &str, written: &[&str]) -> (String, Vec<String>) {
        let terms = terms(written);
        let snippet = snippet(text, &terms.iter().collect::<Vec<_>>());
        let chars: Vec<char> = snippet.text.chars().collect();
        let marks = snippet.marks.iter().map(|(from, to)| chars[*from..*to].iter().collect()).collect();
        (snippet.text, marks)
    }

    #[test]
    fn a_snippet_is_whole_sentences_of_the_text_as_it_is() {
        let filler = "今天天气很好,大家都到河边的步道上去散步了。".repeat(6);
        let text = format!("{filler}\n西安臨空產業港開工!港區負責人介紹情況。{filler}");
        let (snippet, marks) = cut(&text, &["临空产业港"]);
        assert!(snippet.starts_with("西安臨空產業港開工!港區負責人介紹情況。"), "{snippet}");
        assert!(snippet.ends_with('。') && snippet.chars().count() <= LENGTH && text.contains(&snippet));
        assert_eq!(marks, ["臨空產業港"]);
    }

    #[test]
    fn the_sentence_with_more_of_the_terms_wins() {
        let long = "这里说的是另外一件事情,和上面没有什么关系,只是为了把句子写得足够长。".repeat(4);
        let text = format!("西安很大。{long}临空在西安。");
        assert_eq!(
            cut(&text, &["西安", "临空"]),
            ("临空在西安。".into(), vec!["临空".into(), "西安".into()])
        );
    }

    #[test]
    fn a_sentence_that_is_too_long_is_cut_between_clauses() {
        let clause = "这是一个很长的分句没有停顿,".repeat(20);
        let text = format!("{clause}西安在这里,{clause}完。");
        let (snippet, marks) = cut(&text, &["西安"]);
        assert!(snippet.starts_with("这是一个") && snippet.ends_with(','), "{snippet}");
        assert!(snippet.chars().count() <= LENGTH);
        assert_eq!(marks, ["西安"]);
        let (snippet, marks) = cut(&"西".repeat(500), &["西西西"]);
        assert_eq!((snippet.chars().count(), marks.len()), (LENGTH, 1));
    }

    #[test]
    fn without_a_place_it_is_the_beginning() {
        assert_eq!(cut("第一句。第二句。", &["西安"]), ("第一句。第二句。".into(), vec![]));
        assert_eq!(cut("", &["西安"]), (String::new(), vec![]));
    }

    #[test]
    fn marks_of_overlapping_terms_are_one() {
        let terms = terms(&["临空产业", "产业港"]);
        let title = marked("西安临空产业港", &terms.iter().collect::<Vec<_>>());
        assert_eq!(title.marks, [(2, 7)]);
    }
}
