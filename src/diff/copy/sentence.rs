//! Sentences, as they are compared.

/// The sentences of a text with the marks that end them; white space within them is a single space.
pub(super) fn sentences(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut sentence = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if !c.is_whitespace() {
            sentence.push(c);
        } else if !sentence.is_empty() && !sentence.ends_with(' ') {
            sentence.push(' ');
        }
        if c == '\n' || ends(&sentence, rest.peek().copied()) {
            push(&mut sentences, &mut sentence);
        }
    }
    push(&mut sentences, &mut sentence);
    sentences
}

/// Whether a sentence ends here. Quotes and repeated marks belong to the sentence that they end.
fn ends(sentence: &str, next: Option<char>) -> bool {
    let text = sentence.trim_end_matches(is_closing);
    match text.chars().next_back() {
        Some('.') => next.is_none_or(char::is_whitespace),
        Some(last) => is_mark(last) && !next.is_some_and(|next| is_mark(next) || is_closing(next)),
        None => false,
    }
}

fn is_mark(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '…')
}

fn is_closing(c: char) -> bool {
    matches!(c, '”' | '’' | '」' | '』' | '"')
}

fn push(sentences: &mut Vec<String>, sentence: &mut String) {
    let trimmed = sentence.trim();
    if !trimmed.is_empty() {
        sentences.push(trimmed.to_owned());
    }
    sentence.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_lines_end_sentences() {
        assert_eq!(sentences("一。二！！\n三  四\n\n“五。”六"), ["一。", "二！！", "三 四", "“五。”", "六"]);
        assert_eq!(sentences("Up 3.5 per cent. Then more!"), ["Up 3.5 per cent.", "Then more!"]);
    }
}
