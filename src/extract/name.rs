//! The name of an author, cut out of what stands around it.

use std::sync::LazyLock;

use regex::Regex;

use crate::profile::squeeze;

/// Names longer than this are no names.
const MAX_NAME: usize = 80;

/// What stands in front of a name.
static BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^(?:\W|_)*(?:(?:
            (?:written|posted|published|submitted|created|reported|words|story|article|text|texte|texto|testo|tekst|added|contributed|updated
                |eingestellt|veröffentlicht|publiziert|geschrieben|publié|écrit|publicado|escrito|pubblicato|scritto|(?:view\ |see\ |zeige\ )?(?:all|alle)\ (?:posts|articles|beiträge|artikel))?
                \s*(?:by|par|von|por|di|door|av|af)\b
            |(?:post\ |article\ )?authors?\b|autor(?:en|in|es)?\b|auteurs?\b|autore\b|text\b|texte\b|texto\b|posted\ by\b|about\ the\ author\b|contributors?\b|redaktion(?:\s*:)
            |作者|撰文|撰稿|文|记者|記者|本报记者|通讯员
        )\s*[:：/／｜|]?\s*)+",
    )
    .ok()
});

/// Where a name ends in a longer text.
static AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)\s*(?:[|•·●»–—\n\t/]|\s-\s|\b\d|@|\(|\[|
            \b(?:published|posted|updated|last|follow|view|read|more|share|comment|comments|min|on|in|at|am|um|le|el|il|opens|is\ an?|has|january|february|march|april|june|july|august|september|october|november|december|
            jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun)\b|
            ,\s*(?:[a-z]|senior|chief|staff|editor|reporter|writer|author|contributor|correspondent|founder|ceo|cto|director|manager|head|vp|vice|managing|associate|freelance|special|marketing|content|political|science|tech|business|sports|guest|columnist|opinion|for\b|the\b)).*$",
    )
    .ok()
});

/// A name without what stands around it; `None` when it cannot be one.
pub(super) fn name(text: &str) -> Option<String> {
    let text = squeeze(std::iter::once(text));
    let text = BEFORE.as_ref().map_or(text.clone(), |before| before.replace(&text, "").into_owned());
    if let Some(names) = several(&text) {
        return Some(names);
    }
    let text = AFTER.as_ref().map_or(text.clone(), |after| after.replace(&text, "").into_owned());
    let text = text
        .trim_matches([' ', ',', ':', '：', ';', '-', '.', '"', '，', '、', '/', '|', '(', ')'])
        .to_owned();
    let words = text.split_whitespace().count();
    let lower = text.to_lowercase();
    let is_name = (2..=MAX_NAME).contains(&text.chars().count())
        && words <= 12
        && text.chars().any(char::is_alphabetic)
        && !lower.starts_with("http")
        && !lower.contains("www.")
        && !NO_NAMES.contains(&lower.as_str());
    is_name.then_some(text)
}

/// The names of a list that ends with "and" and one more, where each looks like one.
fn several(text: &str) -> Option<String> {
    let (first, last) = text.rsplit_once(" and ")?;
    let last = AFTER.as_ref().map_or(last.into(), |after| after.replace(last, ""));
    let names: Vec<&str> = first.split(", ").chain([last.trim()]).collect();
    (names.len() <= 8 && names.iter().all(|name| is_person(name))).then(|| names.join(", "))
}

/// What stands between a name and its title, or the name and that of the site.
const BEHIND: [&str; 4] = [" | ", " – ", " - ", "｜"];

/// A name as machines are told it: little stands around it.
pub(super) fn stated_name(text: &str) -> Option<String> {
    let text = squeeze(std::iter::once(text));
    let text = ["By ", "by ", "BY ", "Von "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(&text);
    let text = BEHIND.iter().filter_map(|s| text.split_once(s)).map(|(name, _)| name).next().unwrap_or(text);
    let text = text.trim_matches([' ', ',', ';', '"', '，']);
    let lower = text.to_lowercase();
    let is_name = text.chars().any(char::is_alphabetic)
        && text.chars().count() <= MAX_NAME * 2
        && !lower.starts_with("http")
        && !NO_NAMES.contains(&lower.as_str());
    is_name.then(|| text.to_owned())
}

const NO_NAMES: &[&str] = &[
    "author",
    "authors",
    "about",
    "about the author",
    "the author",
    "about our expert",
    "autor",
    "autorin",
    "autoren",
    "autoreninfo",
    "über den autor",
    "über die autorin",
    "zur person",
    "auteur",
    "autore",
    "作者简介",
    "作者簡介",
    "关于作者",
    "關於作者",
    "written by",
    "posted",
    "published",
    "publiziert",
    "veröffentlicht",
    "erstellt",
    "geschrieben",
    "by",
    "bio",
    "more",
    "share",
    "follow",
    "profile",
    "view profile",
    "contributor",
    "contributors",
    "writer",
    "read more",
    "articles",
    "posts",
    "all posts",
    "website",
    "twitter",
    "作者",
    "记者",
    "无",
    "none",
];

/// A name of one word in lower case or with digits is what somebody logs in with.
pub(super) fn is_login(name: &str) -> bool {
    !name.contains(' ')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-' || c == '.')
}

/// Two to four words of letters, each with a capital.
pub(super) fn is_person(name: &str) -> bool {
    let words: Vec<&str> = name.split(' ').collect();
    let is_capital = |word: &&str| {
        word.starts_with(char::is_uppercase)
            && (word.chars().count() <= 2 || word.chars().any(char::is_lowercase))
            && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\'' | '’'))
    };
    (2..=4).contains(&words.len()) && words.iter().all(is_capital)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_out_of_bylines() {
        for (text, want) in [
            ("By Jane Miller", Some("Jane Miller")),
            ("Written by: Jane Miller | May 3, 2024", Some("Jane Miller")),
            ("Von Jana Müller, Redakteurin", Some("Jana Müller")),
            ("Jane Miller, senior editor", Some("Jane Miller")),
            ("作者：林小雨", Some("林小雨")),
            ("https://example.com/jane", None),
            ("Follow", None),
            ("Autoreninfo", None),
            ("关于作者", None),
        ] {
            assert_eq!(name(text).as_deref(), want, "{text}");
        }
    }
}
