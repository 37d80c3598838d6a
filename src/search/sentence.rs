//! Sentences: a snippet is cut at their bounds, and copies are compared by them.

use std::ops::Range;

/// Where the sentences of a text stand, in characters, with the marks that end them; together they are the
/// whole text.
pub fn sentences(chars: &[char]) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < chars.len() {
        let next = chars.get(at + 1);
        let ends = match chars[at] {
            '。' | '！' | '？' | '!' | '?' | '…' | '\n' => true,
            '.' => next.is_none_or(|next| next.is_whitespace()),
            _ => false,
        };
        at += 1;
        if ends {
            // Quotes and repeated marks belong to the sentence that they end.
            while chars.get(at).is_some_and(|c| "。！？!?…”’」』）)".contains(*c)) {
                at += 1;
            }
            sentences.push(start..at);
            start = at;
        }
    }
    if start < chars.len() {
        sentences.push(start..chars.len());
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_lines_end_sentences() {
        for (text, expected) in [
            ("一。二！！\n三\n四", vec!["一。", "二！！", "\n", "三\n", "四"]),
            ("“五。”六", vec!["“五。”", "六"]),
            ("Up 3.5 per cent. Then more!", vec!["Up 3.5 per cent.", " Then more!"]),
            ("", vec![]),
        ] {
            let chars: Vec<char> = text.chars().collect();
            let found: Vec<String> =
                sentences(&chars).into_iter().map(|range| chars[range].iter().collect()).collect();
            assert_eq!(found, expected);
        }
    }
}
