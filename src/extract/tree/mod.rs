//! Builds the tree of a page in time and memory linear in its length.
//!
//! The tree construction of WHATWG's HTML (13.2.6) looks through the stack of open elements and the list
//! of active formatting elements for nearly every token, and opens formatting elements that were not closed
//! again in every paragraph. A page can make both lists as long as it likes, and one tag create hundreds of
//! elements. A page therefore has a [`Budget`]: how deep elements nest, how many nodes there are, and how
//! many entries of the two lists are looked at in all. Both lists are counted as the parser holds them, not
//! as the markup suggests, so an ordinary page is parsed as ever, however many `<p>` and `<li>` it leaves open.
//!
//! What is too deep loses its tags and keeps its text. A page that has used up its nodes or its steps goes
//! on as text with line breaks.

mod sink;

use std::cell::{Cell, RefCell};

use ego_tree::{NodeId, Tree};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{Tracer, TreeBuilder, TreeBuilderOpts, TreeSink as _, create_element};
use html5ever::{LocalName, QualName, ns};
use scraper::{Html, Node};

use super::flow::{Flow, flow};
use sink::Sink;

/// Chromium flattens at 512 too.
const MAX_DEPTH: usize = 512;
/// Elements that mostly end by themselves may nest this much deeper, so that paragraphs stay paragraphs.
const SPARE_DEPTH: usize = 64;

const TOO_DEEP: &str = "the page nests deeper than 512 elements; the tags below were left out";
const TOO_MUCH: &str = "the page has more elements, or opens them again more often, than its length allows; \
     from there on its text was kept without tags";

/// What a page may use, by its length.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// Elements, texts and pairs of attributes.
    nodes: usize,
    /// Elements that begin a line of their own; of each line much is known later.
    lines: usize,
    /// Elements that are open, or to be opened again, summed up over the tags and texts.
    steps: usize,
}

impl Budget {
    /// Nodes of any page, and one more for so many bytes: pages of newspapers have one in 20 to 40.
    const NODES: usize = 30_000;
    const BYTES_A_NODE: usize = 10;
    /// At most: a node takes 150 bytes.
    const MOST_NODES: usize = 400_000;
    /// Lines of any page, and one more for so many bytes: pages of newspapers have one in 100 to 200.
    const LINES: usize = 10_000;
    const BYTES_A_LINE: usize = 24;
    /// At most: a line takes 600 bytes.
    const MOST_LINES: usize = 150_000;
    /// Steps of any page,
    const STEPS: usize = 4_000_000;
    /// and for each byte. Pages of newspapers take 1 or 2.
    const STEPS_A_BYTE: usize = 40;

    fn of(length: usize) -> Self {
        Self {
            nodes: (Self::NODES + length / Self::BYTES_A_NODE).min(Self::MOST_NODES),
            lines: (Self::LINES + length / Self::BYTES_A_LINE).min(Self::MOST_LINES),
            steps: Self::STEPS + length * Self::STEPS_A_BYTE,
        }
    }
}

/// A tree, and a note of what was left out.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) html: Html,
    pub(super) note: Option<&'static str>,
}

/// The tree of a page of about so many start tags.
pub(super) fn document(text: &str, tags: usize) -> Built {
    let mut html = Html::new_document();
    // An element comes with a text or two; a tree that grows is copied again and again.
    let most = Budget::of(text.len()).nodes;
    html.tree = Tree::with_capacity(Node::Document, (tags * 5 / 2 + 16).min(most * 3 / 2));
    let builder = TreeBuilder::new(Sink::new(html), TreeBuilderOpts::default());
    built(builder, text)
}

/// The tree of a piece of a page, as it would stand in `<body>`.
pub(super) fn fragment(text: &str) -> Built {
    let sink = Sink::new(Html::new_fragment());
    let body = create_element(&sink, html_name("body"), Vec::new());
    // As `Html::parse_fragment`: `<noscript>` is read.
    let builder = TreeBuilder::new_for_fragment(sink, body, None, TreeBuilderOpts::default());
    built(builder, text)
}

fn html_name(name: &str) -> QualName {
    QualName::new(None, ns!(html), LocalName::from(name))
}

fn built(builder: TreeBuilder<NodeId, Sink>, text: &str) -> Built {
    let tokenizer = Tokenizer::new(Tokens::new(builder, Budget::of(text.len())), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    // It stops behind every script.
    while !input.is_empty() {
        let _ = tokenizer.feed(&input);
    }
    tokenizer.end();
    let note = tokenizer.sink.note.get();
    Built { html: tokenizer.sink.builder.sink.finish(), note }
}

/// Between the tokenizer and the construction of the tree: what it passes on is within the budget.
struct Tokens {
    builder: TreeBuilder<NodeId, Sink>,
    budget: Budget,
    steps: Cell<usize>,
    lists: Cell<Lists>,
    /// Start tags left out for their depth whose end tags are still to come.
    left_out: Cell<usize>,
    /// Set once the budget is used up.
    rest: RefCell<Option<Rest>>,
    note: Cell<Option<&'static str>>,
}

/// How long the parser's two lists are.
#[derive(Debug, Clone, Copy, Default)]
struct Lists {
    /// When they were counted.
    counted: usize,
    /// Nodes of the tree at that time.
    nodes: usize,
    /// Tags were read since.
    stale: bool,
}

/// The rest of a page that has used up its budget.
#[derive(Debug)]
struct Rest {
    /// Where its text goes.
    place: NodeId,
    /// Line breaks that may still become elements.
    breaks: usize,
    /// A line has begun.
    begun: bool,
    /// The element whose content is no markup and no text, within it.
    raw: Option<LocalName>,
}

impl Tokens {
    fn new(builder: TreeBuilder<NodeId, Sink>, budget: Budget) -> Self {
        Self {
            builder,
            budget,
            steps: Cell::new(0),
            lists: Cell::default(),
            left_out: Cell::new(0),
            rest: RefCell::new(None),
            note: Cell::new(None),
        }
    }

    /// Elements that are open or to be opened again, at most: no more were added than were created.
    fn longest(&self) -> usize {
        let lists = self.lists.get();
        lists.counted + (self.builder.sink.nodes() - lists.nodes)
    }

    /// Counts the lists when they may have reached `limit` and were not counted since the last tag.
    fn may_reach(&self, limit: usize) -> bool {
        self.longest() >= limit && {
            if self.lists.get().stale {
                self.count();
            }
            self.longest() >= limit
        }
    }

    fn count(&self) {
        struct Counter(Cell<usize>);
        impl Tracer for Counter {
            type Handle = NodeId;
            fn trace_handle(&self, _: &NodeId) {
                self.0.set(self.0.get() + 1);
            }
        }
        let handles = Counter(Cell::new(0));
        self.builder.trace_handles(&handles);
        let counted = handles.0.get();
        self.lists.set(Lists { counted, nodes: self.builder.sink.nodes(), stale: false });
        self.steps.set(self.steps.get() + counted);
    }

    /// Whether a tag is passed on.
    fn passes(&self, tag: &Tag) -> bool {
        let kind = Nesting::of(&tag.name);
        let is_start = tag.kind == TagKind::StartTag;
        let limit = match kind {
            Nesting::Never => return true,
            Nesting::EndsItself => MAX_DEPTH + SPARE_DEPTH,
            Nesting::Nests => MAX_DEPTH,
        };
        if is_start && self.may_reach(limit) {
            self.left_out.set(self.left_out.get() + usize::from(kind == Nesting::Nests));
            self.note.set(Some(self.note.get().unwrap_or(TOO_DEEP)));
            return false;
        }
        if !is_start && kind == Nesting::Nests && self.left_out.get() > 0 {
            self.left_out.set(self.left_out.get() - 1);
            return false;
        }
        true
    }

    /// Adds what a token costs, and ends the construction when that is too much.
    fn charge(&self, attributes: usize, is_tag: bool) {
        let nodes = self.builder.sink.nodes();
        let mut lists = self.lists.get();
        lists.stale |= is_tag;
        self.lists.set(lists);
        if nodes - lists.nodes > lists.counted.max(64) {
            self.count();
        }
        // Formatting elements are compared by their attributes.
        self.steps.set(self.steps.get() + self.longest() * (1 + attributes));
        let steps = self.steps.get() + self.builder.sink.moved();
        let is_over = nodes + self.builder.sink.attributes() / 2 > self.budget.nodes
            || self.builder.sink.lines() > self.budget.lines
            || steps > self.budget.steps;
        if is_over {
            self.note.set(Some(TOO_MUCH));
            let place = self.builder.sink.place_of_text();
            let lines_left = self.budget.lines.saturating_sub(self.builder.sink.lines());
            let breaks = lines_left.min(self.budget.nodes / 8);
            *self.rest.borrow_mut() = Some(Rest { place, breaks, begun: true, raw: None });
        }
    }

    /// A token of the rest.
    fn as_text(&self, rest: &mut Rest, token: Token) -> TokenSinkResult<NodeId> {
        match token {
            Token::CharacterTokens(text) if rest.raw.is_none() => {
                rest.begun |= !text.trim().is_empty();
                self.builder.sink.add_text(rest.place, text);
            }
            Token::TagToken(tag) if rest.raw.is_some() => {
                rest.raw.take_if(|raw| *raw == tag.name && tag.kind == TagKind::EndTag);
            }
            Token::TagToken(tag) => {
                if flow(&tag.name) != Flow::Inline && rest.begun {
                    self.break_line(rest);
                }
                if let Some(kind) = raw_kind(&tag).filter(|_| tag.kind == TagKind::StartTag) {
                    rest.raw = Some(tag.name);
                    return TokenSinkResult::RawData(kind);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }

    fn break_line(&self, rest: &mut Rest) {
        rest.begun = false;
        if rest.breaks > 0 {
            rest.breaks -= 1;
            self.builder.sink.add_break(rest.place);
        } else {
            self.builder.sink.add_text(rest.place, StrTendril::from_slice("\n"));
        }
    }
}

impl TokenSink for Tokens {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if let Some(rest) = &mut *self.rest.borrow_mut()
            && token != Token::EOFToken
        {
            return self.as_text(rest, token);
        }
        let (attributes, is_tag) = match &token {
            // Nobody reads them.
            Token::ParseError(_) | Token::CommentToken(_) => return TokenSinkResult::Continue,
            Token::TagToken(tag) if !self.passes(tag) => return TokenSinkResult::Continue,
            Token::TagToken(tag) => (tag.attrs.len(), true),
            _ => (0, false),
        };
        let result = self.builder.process_token(token, line);
        self.charge(attributes, is_tag);
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.rest.borrow().is_none() && self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// What an element means for nesting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nesting {
    /// It holds no others.
    Never,
    /// It ends without an end tag, so that pages leave it out and nothing nests.
    EndsItself,
    /// Everything else.
    Nests,
}

impl Nesting {
    fn of(name: &str) -> Self {
        match name {
            "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta"
            | "source" | "track" | "wbr" | "textarea" | "title" | "xmp" | "iframe" | "noembed"
            | "noframes" | "noscript" | "script" | "style" => Self::Never,
            "p" | "li" | "dt" | "dd" | "tr" | "td" | "th" | "option" | "optgroup" | "thead" | "tbody"
            | "tfoot" | "colgroup" | "html" | "head" | "body" => Self::EndsItself,
            _ => Self::Nests,
        }
    }
}

/// How the content of an element that holds no markup is to be read.
fn raw_kind(tag: &Tag) -> Option<RawKind> {
    match &*tag.name {
        "script" => Some(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => Some(RawKind::Rawtext),
        "textarea" | "title" => Some(RawKind::Rcdata),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &Html) -> String {
        html.root_element().text().collect()
    }

    fn deepest(html: &Html) -> usize {
        html.tree.nodes().map(|node| node.ancestors().count()).max().unwrap()
    }

    #[test]
    fn an_ordinary_page_has_the_tree_that_it_ever_had() {
        let folders = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages");
        let mut pages: Vec<String> = Vec::new();
        for folder in std::fs::read_dir(folders).unwrap() {
            for page in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let bytes = std::fs::read(page.unwrap().path()).unwrap();
                pages.push(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        assert!(pages.len() >= 8);
        pages.extend([
            "<ul><li>a<li>b".repeat(100),
            "<table><tr><td>1<td>2".to_owned() + &"<tr><td>3".repeat(5000),
            "<p>a<p>b<dl><dt>c<dd>d".to_owned() + &"<p>e".repeat(5000),
            "<table>a<b>c<tr>d</b><td>e</table>f<i><p>g</i>h<select><option>j<option>k".to_owned(),
            "<p><b><i>a<p>b<a href=1>c<a href=2>d<div>e</a>f</div></b>g<svg><g>h</svg><math><mi>i".repeat(20),
            "<div>".repeat(500) + "a" + &"</div>".repeat(500) + "<p>b<template><p>c</template>",
        ]);
        for page in &pages {
            let built = document(page, 10);
            assert_eq!(built.note, None);
            let comments = |html: &Html| html.tree.values().filter(|node| node.is_comment()).count();
            let whole = Html::parse_document(page);
            assert_eq!(built.html.tree.values().len() + comments(&whole), whole.tree.values().len());
            assert_eq!(text(&built.html), text(&whole));
            if comments(&whole) == 0 {
                assert_eq!(built.html.html(), whole.html());
            }
            let (built, whole) = (fragment(page).html, Html::parse_fragment(page));
            assert_eq!(text(&built), text(&whole));
        }
    }

    #[test]
    fn nesting_is_flattened_and_its_text_kept() {
        let page = format!("{}deep{}<p>after", "<div>".repeat(5000), "</div>".repeat(5000));
        let built = document(&page, 5000);
        assert_eq!(built.note, Some(TOO_DEEP));
        assert!((MAX_DEPTH - 4..=MAX_DEPTH).contains(&deepest(&built.html)), "{}", deepest(&built.html));
        let whole = built.html.html();
        assert!(whole.contains("<div>deep</div>") && whole.contains("</div><p>after</p>"));
    }

    #[test]
    fn paragraphs_stay_paragraphs_below_all_depth() {
        let page = "<div>".repeat(5000) + &"<p>a</p><script>b</script><img><p>c".repeat(100);
        let built = document(&page, 5000);
        assert_eq!(built.html.html().matches("<p>").count(), 200);
        assert_eq!(built.html.html().matches("<img>").count(), 100);
    }

    /// Each shape opens many elements with few bytes; no text may be lost.
    #[test]
    fn a_page_that_opens_too_much_goes_on_as_text() {
        let numbered =
            |unit: &str| (0..40_000).map(|n| unit.replace('#', &n.to_string())).collect::<String>();
        for page in [
            numbered("<p><b id=#>x"),
            numbered("<table><td><b id=#>x</table>"),
            numbered("<a href=#><p>x<div>"),
            numbered("<li>x<dd>"),
            "<div>".repeat(500) + &numbered("</p>x"),
            numbered("<p>x</p><script>y</script><br>"),
            numbered("<table><tr><td>x<table>"),
        ] {
            let built = document(&page, 40_000);
            let what = &page[..30];
            assert_eq!(built.html.html().matches('x').count(), page.matches('x').count(), "{what}");
            let budget = Budget::of(page.len());
            assert!(built.html.tree.values().len() < budget.nodes + MAX_DEPTH + budget.lines, "{what}");
            assert!(built.note.is_some(), "{what}");
            assert!(deepest(&built.html) < MAX_DEPTH + SPARE_DEPTH + 8, "{what}: {}", deepest(&built.html));
        }
    }

    #[test]
    fn the_rest_of_a_page_has_lines_and_no_scripts() {
        let mut page = "<p>x".repeat(60_000);
        page.push_str(
            "<select><option>y<table><tr><td>last<p>line<script>if (a<b)</script><textarea>z</textarea>end",
        );
        let built = document(&page, 60_000);
        assert_eq!(built.note, Some(TOO_MUCH));
        let words = text(&built.html);
        assert!(words.trim_end().ends_with("end") && words.contains("last") && words.contains("line"));
        assert!(!words.contains("lastline") && !words.contains("a<b"));
    }

    #[test]
    fn further_tags_of_body_add_no_end_of_attributes() {
        let page = (0..20_000).fold(String::new(), |page, n| page + &format!("<body a{n}=1>"));
        let built = document(&page, 20_000);
        let attributes = built.html.tree.values().filter_map(Node::as_element).map(|e| e.attrs().count());
        assert!(attributes.max().unwrap() <= 257);
    }
}
