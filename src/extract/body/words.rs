//! What the words of class names and of short lines say, from the tables in `data/`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use scraper::ElementRef;

use crate::extract::line::table;
use crate::extract::phrases::Phrases;

/// The kinds of the table of class words, in its order; the last is for `display: none`.
pub(super) const CLASS_KINDS: [&str; 19] = [
    "body", "title", "meta", "author", "nav", "side", "comment", "related", "share", "ad", "footer",
    "header", "form", "caption", "tags", "toc", "summary", "hidden", "embed",
];
/// The kinds of the table of line words, in its order.
pub(super) const LINE_KINDS: [&str; 12] = [
    "copyright",
    "editor",
    "share",
    "related",
    "comment",
    "disclaimer",
    "subscribe",
    "credit",
    "nav",
    "ad",
    "update",
    "age",
];

/// A set of [`CLASS_KINDS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::extract) struct ClassKinds(pub(super) u32);

/// A set of [`LINE_KINDS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LineKinds(pub(super) u32);

impl ClassKinds {
    pub(super) fn is_meta(self) -> bool {
        self.0 & bit("meta") != 0
    }

    pub(super) fn is_title(self) -> bool {
        self.0 & bit("title") != 0
    }

    /// It holds comments or leads to other articles.
    pub(in crate::extract) fn is_of_others(self) -> bool {
        self.0 & (bit("comment") | bit("related")) != 0
    }

    /// It holds comments.
    pub(super) fn is_comment(self) -> bool {
        self.0 & bit("comment") != 0
    }

    pub(super) fn set_hidden(&mut self, hidden: bool) {
        if hidden {
            self.0 |= bit("hidden");
        }
    }
}

impl LineKinds {
    /// It announces related articles.
    pub(super) fn is_related(self) -> bool {
        LINE_KINDS
            .iter()
            .position(|known| *known == "related")
            .is_some_and(|index| self.0 & (1 << index) != 0)
    }

    /// It says when something was published or edited, or by whom.
    pub(super) fn is_info(self) -> bool {
        let of =
            |kind: &str| LINE_KINDS.iter().position(|known| *known == kind).map_or(0, |index| 1 << index);
        self.0 & (of("update") | of("editor")) != 0
    }
}

fn bit(kind: &str) -> u32 {
    CLASS_KINDS.iter().position(|known| *known == kind).map_or(0, |index| 1 << index)
}

static CLASS_WORDS: LazyLock<FxHashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut words = FxHashMap::default();
    for (kind, list) in table(include_str!("../../../data/class_words.txt")) {
        for word in list.split_ascii_whitespace() {
            *words.entry(word).or_default() |= bit(kind);
        }
    }
    words
});

/// What an element's tag, role, class and id say.
pub(in crate::extract) fn class_kinds(element: ElementRef<'_>) -> ClassKinds {
    let mut kinds = match element.value().name() {
        // Their classes tell of the page, not of a part of it.
        "html" | "body" => return ClassKinds::default(),
        "nav" => bit("nav"),
        "aside" => bit("side"),
        "footer" => bit("footer"),
        "header" => bit("header"),
        "form" => bit("form"),
        "figure" | "figcaption" => bit("caption"),
        "article" | "main" => bit("body"),
        _ => 0,
    };
    for (name, value) in element.value().attrs() {
        match name {
            "class" | "id" | "role" | "itemprop" => words(value, &mut kinds),
            "aria-hidden" if value == "true" => kinds |= bit("hidden"),
            "hidden" => kinds |= bit("hidden"),
            _ => {}
        }
    }
    ClassKinds(kinds)
}

fn words(value: &str, kinds: &mut u32) {
    let mut word = [0u8; 24];
    let mut length = 0;
    let mut was_lower = false;
    let mut close = |word: &[u8]| {
        if word.len() > 1
            && let Some(found) = std::str::from_utf8(word).ok().and_then(|word| CLASS_WORDS.get(word))
        {
            *kinds |= found;
        }
    };
    for byte in value.bytes().take(200) {
        let ends = !byte.is_ascii_alphabetic() || (was_lower && byte.is_ascii_uppercase());
        if ends {
            close(&word[..length.min(word.len())]);
            length = 0;
        }
        if byte.is_ascii_alphabetic() {
            if let Some(place) = word.get_mut(length) {
                *place = byte.to_ascii_lowercase();
            }
            length += 1;
        }
        was_lower = byte.is_ascii_lowercase();
    }
    close(&word[..length.min(word.len())]);
}

/// The phrases of the line table.
struct LineWords {
    phrases: Phrases,
    /// For each its kind and whether it must begin the line.
    kinds: Vec<(u32, bool)>,
}

static LINE_WORDS: LazyLock<Option<LineWords>> = LazyLock::new(|| {
    let mut texts = Vec::new();
    let mut kinds = Vec::new();
    for (kind, list) in table(include_str!("../../../data/line_words.txt")) {
        let kind = LINE_KINDS.iter().position(|known| *known == kind).map_or(0, |index| 1 << index);
        for phrase in list.split('|') {
            texts.push(phrase.trim_start_matches('^'));
            kinds.push((kind, phrase.starts_with('^')));
        }
    }
    Phrases::new(texts).map(|phrases| LineWords { phrases, kinds })
});

/// Bytes of a line that are looked at: what a long text speaks of tells nothing of its place.
const LOOKED_AT: usize = 600;

/// What the words of a line say.
pub(super) fn line_kinds(line: &str) -> LineKinds {
    let line = &line[..line.floor_char_boundary(LOOKED_AT)];
    let mut found = 0;
    if let Some(words) = &*LINE_WORDS {
        words.phrases.each(line, |phrase, start| {
            let (kind, at_start) = words.kinds[phrase];
            if !at_start || start == 0 {
                found |= kind;
            }
        });
    }
    LineKinds(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    #[test]
    fn every_kind_of_the_tables_is_known() {
        for (kind, _) in table(include_str!("../../../data/class_words.txt")) {
            assert!(CLASS_KINDS.contains(&kind), "{kind}");
        }
        for (kind, _) in table(include_str!("../../../data/line_words.txt")) {
            assert!(LINE_KINDS.contains(&kind), "{kind}");
        }
    }

    #[test]
    fn class_names_are_read_word_by_word() {
        for (html, kinds) in [
            ("<div class='postRelated-list'>", bit("body") | bit("related")),
            ("<div id=articleBody>", bit("body")),
            ("<div class='uncommented'>", 0),
            ("<aside>", bit("side")),
        ] {
            let page = Html::parse_fragment(html);
            let element = page.root_element().child_elements().next().unwrap();
            assert_eq!(class_kinds(element), ClassKinds(kinds), "{html}");
        }
    }
}
