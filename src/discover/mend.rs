//! Feeds and sitemaps that are not well-formed: what can be read of them is made readable, and nothing is
//! made up.

use std::borrow::Cow;

/// How the documents begin that are looked for.
const BEGINNINGS: [&str; 6] = ["<?xml", "<rss", "<feed", "<rdf:RDF", "<urlset", "<sitemapindex"];
/// Characters of a reference to an entity, at most.
const REFERENCE: usize = 32;

/// What stands before a document is left out, such as a warning of the software; nothing where it is a page.
pub(super) fn beginning(text: &str) -> &str {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let Some(at) = BEGINNINGS.iter().filter_map(|beginning| text.find(beginning)).min() else { return text };
    let before = text[..at].to_ascii_lowercase();
    if ["<html", "<!doctype", "<body"].iter().any(|tag| before.contains(tag)) { text } else { &text[at..] }
}

/// An `&` that begins no reference stands for itself, as in `AT&T` and `?a=1&b=2`; in CDATA it does anyway.
pub(super) fn ampersands(text: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text[at..].find(['&', '<']) {
        let here = at + found;
        let rest = &text[here..];
        at = here + 1;
        if rest.starts_with("<![CDATA[") {
            at = rest.find("]]>").map_or(text.len(), |end| here + end);
        } else if rest.starts_with('&') && !is_reference(rest) {
            mended.push_str(&text[copied..here]);
            mended.push_str("&amp;");
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

fn is_reference(text: &str) -> bool {
    let head = text.as_bytes();
    let Some(end) = head.iter().take(REFERENCE).position(|byte| *byte == b';') else { return false };
    match &head[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        [b'#', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        [first, rest @ ..] => first.is_ascii_alphabetic() && rest.iter().all(u8::is_ascii_alphanumeric),
        [] => false,
    }
}

/// A feed that was cut off, up to its last whole entry.
pub(super) fn end(text: &str) -> Cow<'_, str> {
    let Some((entry, closing)) = ends(text) else { return Cow::Borrowed(text) };
    let last = closing.rsplit_once('<').map_or(closing, |(_, last)| last);
    match text.rfind(entry) {
        Some(at) if !text[at..].contains(last) => {
            Cow::Owned(format!("{}{closing}", &text[..at + entry.len()]))
        }
        _ => Cow::Borrowed(text),
    }
}

/// What ends an entry of a feed, and what the feed after its last one.
pub(super) fn ends(text: &str) -> Option<(&'static str, &'static str)> {
    let closing = if text.contains("<rdf:RDF") { "</rdf:RDF>" } else { "</channel></rss>" };
    let ends = [("</item>", closing), ("</entry>", "</feed>")];
    ends.into_iter().find(|(entry, _)| text.contains(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_reference_is_escaped() {
        for (text, want) in [
            ("AT&T", "AT&amp;T"),
            ("?a=1&b=2&c=3", "?a=1&amp;b=2&amp;c=3"),
            ("&amp; &#38; &#x26; &nbsp;", "&amp; &#38; &#x26; &nbsp;"),
            ("& &; &#; &#x; &a b;", "&amp; &amp;; &amp;#; &amp;#x; &amp;a b;"),
            ("<![CDATA[a & b]]> & c", "<![CDATA[a & b]]> &amp; c"),
            ("<![CDATA[a & b", "<![CDATA[a & b"),
            ("园区&园区", "园区&amp;园区"),
        ] {
            assert_eq!(ampersands(text), want);
        }
    }

    #[test]
    fn what_stands_before_a_document_is_left_out_and_a_page_is_none() {
        assert_eq!(beginning("\u{feff}\n<?xml?><rss>"), "<?xml?><rss>");
        assert_eq!(beginning("<br/>\n<b>Warning</b>: x <?xml?><rss>"), "<?xml?><rss>");
        let page = "<!DOCTYPE html><html><pre><rss></pre>";
        assert_eq!(beginning(page), page);
    }

    #[test]
    fn a_feed_ends_after_its_last_whole_entry() {
        for (text, want) in [
            ("<rss><channel><item>1</item><item>2</it", "<rss><channel><item>1</item></channel></rss>"),
            ("<rss><channel><item>1</item></channel></rss>", "<rss><channel><item>1</item></channel></rss>"),
            ("<feed><entry>1</entry><entry", "<feed><entry>1</entry></feed>"),
            ("<rdf:RDF><channel/><item>1</item><it", "<rdf:RDF><channel/><item>1</item></rdf:RDF>"),
            ("<rss><channel><item>1", "<rss><channel><item>1"),
        ] {
            assert_eq!(end(text), want);
        }
    }
}
