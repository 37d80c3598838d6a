//! Spares the parser what is of no use to it, in one linear scan of the text.
//!
//! The scan leaves out comments and the content of `<style>` and `<svg>`, which nothing reads and the parser
//! would spend a tenth of its time on, and attributes that nobody asks for. It cuts tags with too many
//! attributes: the tokenizer compares each with those before it (10.6 s for 200,000 of one tag).
//! Scripts are set aside, since the parser would read them line by line, and put back afterwards.
//! [`super::tree`] bounds the construction of the tree.

use std::borrow::Cow;

use ego_tree::{NodeId, NodeRef};
use memchr::{memchr, memchr2, memmem};
use scraper::{Html, Node};

use super::Attributes;
use super::tree::{self, Built};

const MAX_ATTRIBUTES: usize = 256;

const TOO_MANY_ATTRIBUTES: &str = "a tag has more than 256 attributes; the rest was left out";

/// A page that is safe to parse, and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guarded<'a> {
    pub(super) text: Cow<'a, str>,
    /// What scripts hold; in the text, the place in this list stands for it.
    scripts: Vec<&'a str>,
    /// Start tags.
    tags: usize,
    pub(super) note: Option<&'static str>,
}

impl Guarded<'_> {
    /// The page as a tree, without what was set aside.
    pub(super) fn parse(&self) -> Built {
        tree::document(&self.text, self.tags)
    }

    /// Puts what was set aside back into the `<script>` elements of the parsed page.
    pub(super) fn put_back<'i>(&self, html: &mut Html, elements: impl Iterator<Item = &'i NodeId>) {
        for id in elements {
            let Some(mut element) = html.tree.get_mut(*id) else { continue };
            let Some(mut child) = element.first_child() else { continue };
            if let Node::Text(text) = child.value()
                && let Some(script) = text.parse().ok().and_then(|place: usize| self.scripts.get(place))
            {
                text.text = as_parsed(script).as_ref().into();
            }
        }
    }
}

/// The tree of a piece of markup that stands alone, as in a feed or in JSON.
pub(crate) fn fragment(text: &str) -> Html {
    let guarded = guard(text, &Attributes::ALL);
    let mut html = tree::fragment(&guarded.text).html;
    let is_script =
        |node: &NodeRef<'_, Node>| node.value().as_element().is_some_and(|e| e.name() == "script");
    let scripts: Vec<NodeId> = html.tree.nodes().filter(is_script).map(|node| node.id()).collect();
    guarded.put_back(&mut html, scripts.iter());
    html
}

/// As the parser would give it: lines end in a line feed alone, and no character is zero.
fn as_parsed(script: &str) -> Cow<'_, str> {
    if memchr2(b'\r', b'\0', script.as_bytes()).is_none() {
        return Cow::Borrowed(script);
    }
    Cow::Owned(script.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
}

/// What the content of an element is to the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    /// It is not markup.
    Raw,
    /// `<script>`.
    Script,
    /// `<style>` and `<svg>`: of no use.
    Unread,
    /// Everything else.
    Markup,
}

impl Element {
    fn named(name: &[u8]) -> Self {
        let mut lower = [0; 8];
        let Some(lower) = lower.get_mut(..name.len()) else { return Self::Markup };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        match &*lower {
            b"textarea" | b"title" | b"xmp" | b"iframe" | b"noembed" | b"noframes" | b"noscript" => Self::Raw,
            b"script" => Self::Script,
            b"style" | b"svg" => Self::Unread,
            _ => Self::Markup,
        }
    }
}

/// Where an attribute of a tag stands.
struct Attribute {
    from: usize,
    name_to: usize,
    to: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | 0x0c)
}

/// Makes a page safe to parse, with no more than the attributes to keep.
pub(super) fn guard<'a>(text: &'a str, kept: &Attributes) -> Guarded<'a> {
    let mut scan = Scan::new(text, kept);
    scan.run();
    if scan.copied == 0 && scan.at == text.len() {
        return Guarded { text: Cow::Borrowed(text), scripts: Vec::new(), tags: scan.tags, note: None };
    }
    scan.out.push_str(&text[scan.copied..scan.at.max(scan.copied)]);
    Guarded { text: Cow::Owned(scan.out), scripts: scan.scripts, tags: scan.tags, note: scan.note }
}

struct Scan<'a, 'k> {
    text: &'a str,
    kept: &'k Attributes,
    at: usize,
    /// Everything before is in `out` or was dropped.
    copied: usize,
    out: String,
    tags: usize,
    scripts: Vec<&'a str>,
    note: Option<&'static str>,
}

impl<'a, 'k> Scan<'a, 'k> {
    fn new(text: &'a str, kept: &'k Attributes) -> Self {
        Self { text, kept, at: 0, copied: 0, out: String::new(), tags: 0, scripts: Vec::new(), note: None }
    }

    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(offset) = memchr(b'<', &bytes[self.at..]) {
            let start = self.at + offset;
            match bytes.get(start + 1) {
                Some(b'!') if self.text[start..].starts_with("<!--") => {
                    let end = memmem::find(&bytes[start + 4..], b"-->");
                    self.at = end.map_or(bytes.len(), |end| start + 4 + end + 3);
                    self.leave_out(start, self.at);
                }
                Some(b'!' | b'?') => self.at = self.end_of_tag(start),
                Some(b'/') if bytes.get(start + 2).is_some_and(u8::is_ascii_alphabetic) => {
                    self.at = self.end_of_tag(start);
                }
                Some(byte) if byte.is_ascii_alphabetic() => {
                    self.start_tag(start);
                }
                _ => self.at = start + 1,
            }
        }
        self.at = bytes.len();
    }

    fn start_tag(&mut self, start: usize) {
        self.tags += 1;
        let name = self.name(start + 1);
        let element = Element::named(name);
        self.attributes(start + 1 + name.len());
        let end = self.at;
        let closes_itself = name.eq_ignore_ascii_case(b"svg") && self.text[..end].ends_with("/>");
        if element != Element::Markup && !closes_itself {
            let close = self.skip_raw(name);
            match element {
                Element::Unread => self.leave_out(end, close),
                Element::Script => self.set_aside(end, close),
                _ => {}
            }
        }
    }

    /// A script with a comment may hold an end tag that the parser does not count.
    fn set_aside(&mut self, from: usize, to: usize) {
        let script = &self.text[from..to];
        if !script.is_empty() && memmem::find(script.as_bytes(), b"<!--").is_none() {
            self.leave_out(from, to);
            self.out.push_str(&self.scripts.len().to_string());
            self.scripts.push(script);
        }
    }

    fn drop_between(&mut self, from: usize, to: usize, note: &'static str) {
        self.leave_out(from, to);
        self.note.get_or_insert(note);
    }

    fn leave_out(&mut self, from: usize, to: usize) {
        if self.out.is_empty() {
            self.out.reserve(self.text.len());
        }
        self.out.push_str(&self.text[self.copied..from]);
        self.copied = to;
    }

    fn name(&self, start: usize) -> &'a [u8] {
        let bytes = &self.text.as_bytes()[start..];
        let ends = |byte: &u8| is_space(*byte) || matches!(byte, b'/' | b'>');
        &bytes[..bytes.iter().position(ends).unwrap_or(bytes.len())]
    }

    fn end_of_tag(&self, start: usize) -> usize {
        memchr(b'>', &self.text.as_bytes()[start..]).map_or(self.text.len(), |end| start + end + 1)
    }

    /// Goes behind a start tag from its name on, and leaves out the attributes that nobody reads and
    /// those that are too many.
    fn attributes(&mut self, start: usize) {
        self.at = start;
        let mut count = 0;
        while let Some(Attribute { from, name_to, to }) = self.attribute(self.at) {
            count += 1;
            if count > MAX_ATTRIBUTES {
                self.at = self.end_of_start_tag(to);
                return self.drop_between(from, self.at.saturating_sub(1).max(to), TOO_MANY_ATTRIBUTES);
            }
            let bytes = self.text.as_bytes();
            if !self.kept.keeps(&bytes[from..name_to], &bytes[name_to..to]) {
                self.leave_out(from, to);
            }
            self.at = to;
        }
        self.at = self.end_of_tag(self.at);
    }

    fn end_of_start_tag(&self, mut at: usize) -> usize {
        while let Some(attribute) = self.attribute(at) {
            at = attribute.to;
        }
        self.end_of_tag(at)
    }

    /// The next attribute of a start tag, as the tokenizer of WHATWG's HTML takes it (13.2.5.32 and on).
    fn attribute(&self, at: usize) -> Option<Attribute> {
        let bytes = self.text.as_bytes();
        let space = |at: usize| at + bytes[at..].iter().take_while(|b| is_space(**b)).count();
        let from = at + bytes[at..].iter().take_while(|b| is_space(**b) || **b == b'/').count();
        if matches!(bytes.get(from), None | Some(b'>')) {
            return None;
        }
        let ends = |b: &u8| is_space(*b) || matches!(b, b'/' | b'>' | b'=');
        let name_to = bytes[from + 1..].iter().position(ends).map_or(bytes.len(), |length| from + 1 + length);
        let equals = space(name_to);
        if bytes.get(equals) != Some(&b'=') {
            return Some(Attribute { from, name_to, to: name_to });
        }
        Some(Attribute { from, name_to, to: self.end_of_value(space(equals + 1)) })
    }

    fn end_of_value(&self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        if let Some(quote @ (b'"' | b'\'')) = bytes.get(start) {
            memchr(*quote, &bytes[start + 1..]).map_or(bytes.len(), |length| start + 1 + length + 1)
        } else {
            let ends = |byte: &u8| is_space(*byte) || *byte == b'>';
            bytes[start..].iter().position(ends).map_or(bytes.len(), |length| start + length)
        }
    }

    /// Goes behind the end tag of a raw element; gives where the end tag begins.
    fn skip_raw(&mut self, name: &[u8]) -> usize {
        let bytes = self.text.as_bytes();
        let end_tags = memmem::find_iter(&bytes[self.at..], b"</");
        for close in end_tags.map(|offset| self.at + offset) {
            let (found, rest) = bytes[close + 2..].split_at(name.len().min(bytes.len() - close - 2));
            let ends =
                rest.first().is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'));
            if ends && found.eq_ignore_ascii_case(name) {
                self.at = self.end_of_tag(close);
                return close;
            }
        }
        self.at = self.text.len();
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(page: &str) -> Guarded<'_> {
        guard(page, &Attributes::ALL)
    }

    #[test]
    fn an_ordinary_page_passes_untouched() {
        let page = "<!DOCTYPE html><html><head><title>a</b></title><script></script></head><body><p class='a>b'>x<br>y<p>z</body></html>";
        let guarded = guarded(page);
        assert!(matches!(guarded.text, Cow::Borrowed(_)) && guarded.note.is_none());
    }

    #[test]
    fn comments_and_styles_are_left_out() {
        let page = "<style>p{}</style><p>a<!-- <div> -->b</p><STYLE media=x>i{}</STYLE><script>c</script>";
        assert_eq!(guarded(page).text, "<style></style><p>ab</p><STYLE media=x></STYLE><script>0</script>");
    }

    #[test]
    fn attributes_that_nobody_reads_are_left_out() {
        let rules = Attributes::for_profiles([]);
        for (page, want) in [
            ("<a data-x='>' href = /1 style = \"a > b\"class=c target>x", "<a  href = /1 class=c >x"),
            ("<p style=a/b class=d/>x", "<p  class=d/>x"),
            ("<p =a style= id=e>x", "<p  >x"),
            ("<p style", "<p "),
            ("<p style='", "<p "),
            ("<p style=>x", "<p >x"),
            ("<x-p style=a>x</x-p>", "<x-p >x</x-p>"),
            (
                "<noscript><i style=a id='></noscript><p id='a b' style=c>x",
                "<noscript><i style=a id='></noscript><p id='a b' >x",
            ),
        ] {
            let kept = guard(page, &rules);
            assert_eq!(kept.text, want);
            let whole = Html::parse_document(page);
            assert_eq!(
                kept.parse().html.root_element().text().collect::<String>(),
                whole.root_element().text().collect::<String>()
            );
        }
    }

    #[test]
    fn scripts_are_where_they_were() {
        let page = "<p>7<script>if (a<b) '</div>'\r\nc\0</SCRIPT ><script></script><script>1</scripts></script>\
                    <noscript><script>d</script></noscript>\
                    <script><!-- <script>e</script> --></script><p>8<script>f";
        let guarded = guarded(page);
        let mut html = guarded.parse().html;
        let css = scraper::Selector::parse("script").unwrap();
        let elements: Vec<NodeId> = html.select(&css).map(|script| script.id()).collect();
        guarded.put_back(&mut html, elements.iter());
        let texts =
            |html: &Html| html.select(&css).map(|script| script.text().collect()).collect::<Vec<String>>();
        assert_eq!(texts(&html), texts(&Html::parse_document(page)));
        assert_eq!(texts(&html)[0], "if (a<b) '</div>'\nc\u{fffd}");
    }

    #[test]
    fn attributes_are_counted() {
        let attributes: String = (0..1000).fold(String::new(), |s, i| s + &format!(" a{i}='1'"));
        let text = guarded(&format!("<body{attributes}>x")).text.into_owned();
        assert!(text.contains("a255='1' >x") && !text.contains("a256="), "{}", &text[text.len() - 30..]);
    }

    #[test]
    fn unclosed_things_end_with_the_page() {
        for page in ["<a href='x", "<title>x", "<", "</", "<a", "<a b=", "<中"] {
            assert_eq!(guarded(page).text, page);
        }
        assert_eq!(guarded("a<!-- <b").text, "a");
        assert_eq!(guarded("a<style>b").text, "a<style>");
    }
}
