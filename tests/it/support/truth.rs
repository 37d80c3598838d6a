//! What brute force finds in a generated archive, for queries of every kind.

use jianbao::search::fold::{Kind, fold_text, kind};

use super::corpus::{Chance, Story};

/// A query and the numbers of the articles that it has to find.
pub(crate) struct Question {
    pub(crate) class: &'static str,
    pub(crate) query: String,
    pub(crate) expected: Vec<i64>,
}

type Texts = [(String, String)];

/// Which of the texts hold a term in title or body.
fn holding(texts: &Texts, term: &str, goes_on: bool) -> Vec<bool> {
    let term = fold_text(term);
    let holds = |text: &str| stands_in(text, &term, goes_on);
    texts.iter().map(|(title, body)| holds(title) || holds(body)).collect()
}

/// Whether a folded text holds a term, found by looking at every place of it.
fn stands_in(text: &str, term: &str, goes_on: bool) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| kind(c) == Kind::Word);
    let (first, last) = (term.chars().next(), term.chars().next_back());
    let mut from = 0;
    while let Some(at) = text[from..].find(term).map(|at| from + at) {
        let cuts_before = is_word(first) && is_word(text[..at].chars().next_back());
        let cuts_behind = is_word(last) && is_word(text[at + term.len()..].chars().next());
        if !cuts_before && (goes_on || !cuts_behind) {
            return true;
        }
        from = at + first.unwrap().len_utf8();
    }
    false
}

/// A run of `length` Han characters of a text, if there is one behind a place drawn by chance.
fn han(text: &[char], length: usize, chance: &mut Chance) -> Option<String> {
    let from = chance.below(text.len());
    text[from..].windows(length).find(|run| run.iter().copied().all(is_han)).map(|run| run.iter().collect())
}

fn is_han(c: char) -> bool {
    ('一'..='龥').contains(&c)
}

/// The first figure of a text behind a place drawn by chance, with the character that follows it.
fn figure(text: &[char], chance: &mut Chance) -> Option<String> {
    let from = chance.below(text.len());
    let start =
        from + text[from..].windows(2).position(|pair| is_han(pair[0]) && pair[1].is_ascii_digit())? + 1;
    let length = text[start..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').count();
    let unit = text.get(start + length).filter(|c| is_han(**c))?;
    Some(text[start..start + length].iter().chain([unit]).collect())
}

/// Draws queries of every kind from the texts, `each` of a kind.
pub(crate) fn drawn(stories: &[Story], each: usize) -> Vec<Question> {
    let texts: Vec<(String, String)> =
        stories.iter().map(|story| (fold_text(&story.title), fold_text(&story.body))).collect();
    let mut chance = Chance(7);
    let mut questions = Vec::new();
    for _ in 0..each {
        questions
            .extend(std::iter::repeat_with(|| of_one(&texts, &mut chance)).find_map(|drawn| drawn).unwrap());
    }
    questions
}

/// One query of each kind from one text; `None` when that text lacks something.
fn of_one(texts: &Texts, chance: &mut Chance) -> Option<Vec<Question>> {
    let body: Vec<char> = texts[chance.below(texts.len())].1.chars().collect();
    let [one, two, other, four, eight] = [1, 2, 2, 4, 8].map(|length| han(&body, length, chance));
    let (one, two, other, four, eight) = (one?, two?, other?, four?, eight?);
    let figure = figure(&body, chance)?;
    let digits: String = figure.chars().take(1).collect();
    let latin = ["GDP", "ai", "iphone"][chance.below(3)];
    let mixed = format!("{latin}{}", han(&body, 1, chance)?);
    let holds = |term: &str| holding(texts, term, false);
    let both = |a: Vec<bool>, b: Vec<bool>, join: fn(bool, bool) -> bool| -> Vec<bool> {
        a.into_iter().zip(b).map(|(a, b)| join(a, b)).collect()
    };
    let rows = [
        ("1 character", one.clone(), holds(&one)),
        ("2 characters", two.clone(), holds(&two)),
        ("4 characters", four.clone(), holds(&four)),
        ("phrase", format!("\"{eight}\""), holds(&eight)),
        ("two terms", format!("{two} {other}"), both(holds(&two), holds(&other), |a, b| a && b)),
        ("OR", format!("{four} OR {two}"), both(holds(&four), holds(&two), |a, b| a || b)),
        ("NOT", format!("{two} NOT {one}"), both(holds(&two), holds(&one), |a, b| a && !b)),
        ("prefix", format!("{digits}*"), holding(texts, &digits, true)),
        ("Latin and Han", mixed.clone(), holds(&mixed)),
        ("digits", figure.clone(), holds(&figure)),
    ];
    let question = |(class, query, held): (&'static str, String, Vec<bool>)| {
        let expected = (1..).zip(held).filter_map(|(id, is_held)| is_held.then_some(id)).collect();
        Question { class, query, expected }
    };
    Some(rows.into_iter().map(question).collect())
}
