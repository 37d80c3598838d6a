//! What the link of a pager says, in one form: `下一页`, `[下一页]`, `下 一 页 >>` and an arrow with
//! `title="下一页"` are one.

use std::collections::HashMap;
use std::sync::LazyLock;

use scraper::ElementRef;

use crate::extract::survey::attribute;
use crate::profile::squeeze;

/// Characters of a pager's link, at most.
const LONGEST: usize = 24;
/// Classes of a link that shows an arrow or nothing.
const NEXT_CLASSES: [&str; 7] =
    ["next", "nextpage", "next-page", "next_page", "page-next", "pager-next", "pagination-next"];

static WORDS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("../../data/pager_words.txt").lines();
    let kinds = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "));
    kinds.map(|(kind, words)| (kind, words.split('|').collect())).collect()
});

/// What the link of a pager says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Label {
    /// To the next page, in these words or by this sign.
    Next(String),
    /// To the previous or the last page.
    Other(String),
    /// To the page of a number.
    Page(u32),
}

impl Label {
    /// What a link says: its words, or what its attributes say where it shows an arrow or a picture.
    pub(super) fn of(anchor: ElementRef<'_>) -> Option<Self> {
        let text = squeeze(anchor.text());
        if text.chars().any(char::is_alphanumeric) {
            return Self::of_text(&text);
        }
        let image = anchor.descendent_elements().find_map(|element| attribute(element, "alt"));
        let attributes = [attribute(anchor, "aria-label"), attribute(anchor, "title"), image];
        let is_next = |class: &str| NEXT_CLASSES.contains(&class);
        let by_class = || {
            let class = attribute(anchor, "class")?.split_ascii_whitespace().find(|class| is_next(class))?;
            Some(Self::Next(class.to_owned()))
        };
        attributes
            .into_iter()
            .flatten()
            .find_map(Self::of_text)
            .or_else(by_class)
            .or_else(|| Self::of_sign(&text))
    }

    fn of_text(text: &str) -> Option<Self> {
        if text.chars().nth(LONGEST).is_some() {
            return None;
        }
        let text = normal(text);
        let says = |kind: &str| WORDS.get(kind).is_some_and(|words| words.contains(&text.as_str()));
        if says("next") {
            return Some(Self::Next(text));
        }
        if says("other") {
            return Some(Self::Other(text));
        }
        page_number(&text).filter(|page| *page > 0).map(Self::Page)
    }

    /// `>`, `»`, `←`; with a bar it is the last or the first page.
    fn of_sign(text: &str) -> Option<Self> {
        let has = |signs: &[char]| text.contains(signs);
        let is_back = has(&['<', '‹', '«', '←', '＜', '◀', '◄', '❮', '|']);
        let is_on = has(&['>', '›', '»', '→', '＞', '▶', '►', '❯']);
        match (is_back, is_on) {
            (true, _) => Some(Self::Other(text.to_owned())),
            (false, true) => Some(Self::Next(text.to_owned())),
            (false, false) => None,
        }
    }
}

/// Lower case, without what stands around the words, and without spaces within Han.
fn normal(text: &str) -> String {
    let text = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let is_han = text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c));
    if is_han { text.chars().filter(|c| !c.is_whitespace()).collect() } else { text }
}

/// `2`, `第2页`, `page 2`.
fn page_number(text: &str) -> Option<u32> {
    let han = text.strip_prefix('第').and_then(|text| text.strip_suffix(['页', '頁']));
    let words = WORDS.get("page")?;
    let latin = || words.iter().find_map(|word| text.strip_prefix(word)?.strip_prefix(' '));
    han.or_else(latin).unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    fn label(anchor: &str) -> Option<Label> {
        let html = Html::parse_fragment(anchor);
        let selector = Selector::parse("a").unwrap();
        html.select(&selector).next().and_then(Label::of)
    }

    #[test]
    fn a_pager_says_one_thing_in_many_ways() {
        for next in [
            "下一页",
            "下一页>>",
            "下一页 »",
            "[下一页]",
            "下 一 页",
            "后页",
            "加载更多",
            "Next &gt;",
            "Next Page →",
            "← Older posts",
            "« Older Entries",
            "siguiente »",
            "Suivant",
            "nächste Seite",
            "следующая →",
            "次へ",
            "다음",
            "›",
            "»",
            "&gt;",
            "→",
        ] {
            assert!(matches!(label(&format!("<a href=2>{next}</a>")), Some(Label::Next(_))), "{next}");
        }
        for next in [
            "<a href=2 class='page-numbers next'><i></i></a>",
            "<a href=2 title=下一页><i class=fa></i></a>",
            "<a href=2 aria-label='Next page'>…</a>",
            "<a href=2><img src=n.gif alt=下一页></a>",
        ] {
            assert!(matches!(label(next), Some(Label::Next(_))), "{next}");
        }
        for other in ["上一页", "« 上一页", "Newer posts →", "尾页", "«", "&gt;|", "<i>‹</i>"] {
            assert!(matches!(label(&format!("<a href=2>{other}</a>")), Some(Label::Other(_))), "{other}");
        }
        for page in ["2", "[2]", "第2页", "第 2 页", "Page 2", "- 2 -"] {
            assert_eq!(label(&format!("<a href=2>{page}</a>")), Some(Label::Page(2)), "{page}");
        }
    }

    #[test]
    fn the_next_article_and_a_title_are_no_pager() {
        for text in [
            "下一篇",
            "Next article",
            "Next: a bridge",
            "下一页的故事",
            "更多",
            "0",
            "2024年",
            "",
            "…",
            "阅读全文",
        ] {
            assert_eq!(label(&format!("<a href=2 class=post>{text}</a>")), None, "{text}");
        }
        assert_eq!(label("<a href=2 class=next>下一篇</a>"), None);
    }
}
