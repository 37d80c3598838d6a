//! Texts of the web as a person may be shown them: on a terminal, in a log, in a file's name.

use std::borrow::Cow;

/// Whether a character acts without being seen: controls, which could clear a screen or write to the clipboard;
/// signs of direction, which show a text in another order than it has (CVE-2021-42574); separators of lines,
/// fillers, tags and other invisible signs of format. Line feeds and tabs are not among them, nor what joins the
/// letters of a word.
pub fn is_hidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
}

/// A text as a terminal may get it: each hidden character is replaced by U+FFFD, so that places stay the same.
pub fn shown(text: &str) -> Cow<'_, str> {
    if text.contains(is_hidden) { text.replace(is_hidden, "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_unseen_is_replaced_one_by_one() {
        for (text, want) in [
            ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"),
            ("a\u{9b}31mb\u{7f}", "a\u{fffd}31mb\u{fffd}"),
            ("\u{202e}gpj.exe\u{202c}", "\u{fffd}gpj.exe\u{fffd}"),
            (
                "\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            (
                "a\u{200b}\u{2060}\u{feff}\u{ad}\u{3164}\u{e0041}b",
                "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}b",
            ),
            ("a\rb\u{2028}", "a\u{fffd}b\u{fffd}"),
            // Line feeds, tabs, joiners of letters and of emoji, variants.
            (
                "新闻\n\tمی\u{200c}خواهم 👩\u{200d}👧 ❤\u{fe0f} é",
                "新闻\n\tمی\u{200c}خواهم 👩\u{200d}👧 ❤\u{fe0f} é",
            ),
        ] {
            assert_eq!(shown(text), want);
        }
    }
}
