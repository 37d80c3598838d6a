//! The page as a reader sees it: runs of text in boxes, from one walk over the document.

use std::ops::Range;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Html, Node};

use super::words::{ClassKinds, class_kinds};
use crate::extract::flow::{Flow, flow, is_advertisement, is_hidden};
use crate::extract::line::Line;
use crate::extract::survey::attribute;
use crate::hash::fnv1a;

/// What an element is to its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Item,
    Heading(u8),
    Cell,
    Quote,
    Preformatted,
    Caption,
    Term,
    Other,
}

/// An element that begins and ends lines.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) node: NodeId,
    pub(super) parent: Option<usize>,
    pub(super) kind: Kind,
    /// What its own tag, class and id say.
    pub(super) own: ClassKinds,
    /// Equal for elements of one tag and class.
    pub(super) shape: u64,
    pub(super) is_list: bool,
    pub(super) is_article: bool,
    /// The blocks inside.
    pub(super) blocks: Range<usize>,
}

/// A line of text.
#[derive(Debug)]
pub(super) struct Block {
    /// Its first text node.
    pub(super) first: NodeId,
    pub(super) container: usize,
    pub(super) text: String,
    /// Half characters: a Han character is as wide as two letters.
    pub(super) width: u32,
    /// Bytes of link text.
    pub(super) linked: usize,
    /// Bytes of text that links to a place on the same page.
    pub(super) inner_links: usize,
    /// Bytes of bold text.
    pub(super) bold: usize,
    /// Sentence marks, commas included.
    pub(super) stops: u32,
    pub(super) digits: u32,
    /// Those of link text.
    pub(super) linked_digits: u32,
}

impl Block {
    /// It is nothing but a link.
    pub(super) fn is_link(&self) -> bool {
        self.linked * 10 > self.text.len() * 9
    }

    /// It is a link with little but a date beside it, as an item of a section's page is.
    pub(super) fn is_dated_link(&self) -> bool {
        /// Bytes of a title, at least.
        const TITLE: usize = 12;
        /// Bytes of a date, a section's name and a count of views, at most.
        const BESIDE: usize = 56;
        let is_dated = self.digits.saturating_sub(self.linked_digits) >= 2;
        is_dated && self.linked >= TITLE && self.text.len() <= self.linked + BESIDE
    }
}

/// Boxes and lines, both in document order.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) containers: Vec<Container>,
    pub(super) blocks: Vec<Block>,
}

impl Layout {
    pub(super) fn of(html: &Html) -> Self {
        let mut walk = Walk::default();
        walk.element(html.root_element());
        walk.flush();
        walk.layout
    }

    /// The container and what it stands in, from the inside out.
    pub(super) fn with_ancestors(&self, container: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(container), |index| self.containers[*index].parent)
    }
}

#[derive(Default)]
struct Walk {
    layout: Layout,
    current: Option<usize>,
    line: Line,
    first: Option<(NodeId, usize)>,
    links: u32,
    inner_links: u32,
    bolds: u32,
    linked: usize,
    linked_inside: usize,
    linked_digits: u32,
    bold: usize,
}

impl Walk {
    fn children(&mut self, node: NodeRef<'_, Node>) {
        for child in node.children() {
            match child.value() {
                Node::Text(text) => self.text(child.id(), text),
                Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(child) {
                        self.element(element);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>) {
        let name = element.value().name();
        match flow(name) {
            _ if is_advertisement(element) => {}
            Flow::Silent => {}
            Flow::Break => self.flush(),
            Flow::Block => self.container(element, name),
            Flow::Inline => self.inline(element, name),
        }
    }

    fn inline(&mut self, element: ElementRef<'_>, name: &str) {
        let href = attribute(element, "href").filter(|_| name == "a");
        let link = u32::from(href.is_some());
        let inner_link = u32::from(href.is_some_and(|href| href.starts_with('#')));
        let bold = u32::from(matches!(name, "b" | "strong"));
        self.links += link;
        self.inner_links += inner_link;
        self.bolds += bold;
        self.children(*element);
        self.links -= link;
        self.inner_links -= inner_link;
        self.bolds -= bold;
    }

    fn container(&mut self, element: ElementRef<'_>, name: &str) {
        self.flush();
        let index = self.layout.containers.len();
        let begins = self.layout.blocks.len();
        let mut own = class_kinds(element);
        own.set_hidden(is_hidden(element));
        self.layout.containers.push(Container {
            node: element.id(),
            parent: self.current,
            kind: kind(name),
            own,
            shape: shape(element),
            is_list: matches!(name, "ul" | "ol" | "dl" | "table"),
            is_article: name == "article",
            blocks: begins..begins,
        });
        let outer = self.current.replace(index);
        self.children(*element);
        self.flush();
        self.current = outer;
        self.layout.containers[index].blocks.end = self.layout.blocks.len();
    }

    fn text(&mut self, node: NodeId, text: &str) {
        let before = self.line.text.len();
        self.line.push(text);
        let bytes = self.line.text.len() - before;
        if bytes == 0 {
            return;
        }
        if let (None, Some(container)) = (self.first, self.current) {
            self.first = Some((node, container));
        }
        if self.links > 0 {
            self.linked += bytes;
            self.linked_digits += digits(&self.line.text[before..]);
        }
        if self.inner_links > 0 {
            self.linked_inside += bytes;
        }
        if self.bolds > 0 {
            self.bold += bytes;
        }
    }

    fn flush(&mut self) {
        let text = self.line.take_text();
        let linked = std::mem::take(&mut self.linked);
        let inner_links = std::mem::take(&mut self.linked_inside);
        let linked_digits = std::mem::take(&mut self.linked_digits);
        let bold = std::mem::take(&mut self.bold);
        let Some((first, container)) = self.first.take() else { return };
        let (mut width, mut stops) = (0, 0);
        for c in text.chars() {
            width += if c < '\u{1100}' { 1 } else { 2 };
            stops += u32::from(is_stop(c));
        }
        self.layout.blocks.push(Block {
            first,
            container,
            width,
            linked,
            inner_links,
            bold,
            stops,
            digits: digits(&text),
            linked_digits,
            text,
        });
    }
}

fn digits(text: &str) -> u32 {
    text.bytes().map(|byte| u32::from(byte.is_ascii_digit())).sum()
}

fn is_stop(c: char) -> bool {
    matches!(c, ',' | '.' | ';' | '!' | '?' | '，' | '。' | '；' | '！' | '？' | '、' | '…' | '।' | '،' | '؟')
}

fn kind(name: &str) -> Kind {
    match name {
        "p" => Kind::Paragraph,
        "li" => Kind::Item,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading(name.as_bytes()[1] - b'0'),
        "td" | "th" | "tr" | "caption" => Kind::Cell,
        "blockquote" => Kind::Quote,
        "pre" => Kind::Preformatted,
        "figcaption" | "figure" => Kind::Caption,
        "dt" | "dd" => Kind::Term,
        _ => Kind::Other,
    }
}

/// A hash of tag and class.
fn shape(element: ElementRef<'_>) -> u64 {
    let class = attribute(element, "class").unwrap_or_default();
    let bytes = element.value().name().bytes().chain([b' ']).chain(class.bytes());
    fnv1a(bytes)
}
