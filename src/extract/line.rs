//! A line of text as a browser shows it: white space collapsed.

/// The line being written, in both forms.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    /// The line as Markdown, once it differs from the text.
    pub(super) markdown: Option<String>,
    gap: Gap,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    #[default]
    None,
    Space,
    /// White space with a line break: no space between two Han characters.
    Break,
}

impl Line {
    /// Appends text with white space collapsed: run by run, since a page is mostly text.
    pub(super) fn push(&mut self, mut part: &str) {
        while let Some(first) = part.chars().next() {
            if is_text(first) {
                let end = end_of_text(part);
                self.close_gap(first);
                self.append(&part[..end]);
                part = &part[end..];
                continue;
            }
            match first {
                '\n' | '\r' => self.gap = Gap::Break,
                '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{200c}' | '\u{2060}' => {}
                _ if self.gap == Gap::None => self.gap = Gap::Space,
                _ => {}
            }
            part = &part[first.len_utf8()..];
        }
    }

    pub(super) fn append(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(markdown) = &mut self.markdown {
            markdown.push_str(text);
        }
    }

    pub(super) fn close_gap(&mut self, next: char) {
        let previous = self.text.chars().next_back();
        let joined = self.gap == Gap::Break && previous.is_some_and(is_han_or_mark) && is_han_or_mark(next);
        if self.gap != Gap::None && !joined {
            if previous.is_some() {
                self.text.push(' ');
            }
            if let Some(markdown) = self.markdown.as_mut().filter(|markdown| !markdown.is_empty()) {
                markdown.push(' ');
            }
        }
        self.gap = Gap::None;
    }

    /// The Markdown form, from here on different from the text.
    pub(super) fn markdown(&mut self) -> &mut String {
        self.markdown.get_or_insert_with(|| self.text.clone())
    }

    /// Gives the text and begins anew, in the same room.
    pub(super) fn take_text(&mut self) -> String {
        self.gap = Gap::None;
        self.markdown = None;
        let text = self.text.clone();
        self.text.clear();
        text
    }

    /// Bytes of the Markdown form.
    pub(super) fn markdown_len(&self) -> usize {
        self.markdown.as_ref().unwrap_or(&self.text).len()
    }
}

/// Where the first character stands that is no text.
fn end_of_text(part: &str) -> usize {
    let mut at = 0;
    loop {
        // Most characters need no decoding.
        at += part.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b'!'..=b'~')).count();
        match part[at..].chars().next() {
            Some(c) if is_text(c) => at += c.len_utf8(),
            _ => return at,
        }
    }
}

/// Neither white space nor invisible.
fn is_text(c: char) -> bool {
    !(c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{200c}' | '\u{2060}'))
}

/// Han characters and the punctuation that stands between them.
pub(super) fn is_han_or_mark(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

/// Letters and digits only, in lower case: how headlines and texts are compared.
pub(super) fn squashed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii() {
            if c.is_ascii_alphanumeric() {
                out.push(c.to_ascii_lowercase());
            }
        } else if c.is_alphanumeric() {
            if c.is_uppercase() { out.extend(c.to_lowercase()) } else { out.push(c) }
        }
    }
    out
}

/// A table of words in `data/`: kind and rest of every line that is no comment.
pub(super) fn table(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": "))
}
