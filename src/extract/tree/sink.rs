//! The tree of scraper, counted as it grows.

use std::borrow::Cow;
use std::cell::{Cell, Ref};

use ego_tree::{NodeId, NodeRef};
use html5ever::tendril::StrTendril;
use html5ever::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::{Attribute, QualName};
use scraper::{Html, HtmlTreeSink, Node};

use crate::extract::flow::{Flow, flow};

/// Attributes of `<html>` and `<body>`, which each further tag of theirs may add to.
const MAX_ADDED: usize = 256;

fn begins_line(name: &QualName) -> bool {
    matches!(flow(&name.local), Flow::Block | Flow::Break)
}

/// Where the parser builds its tree.
pub(super) struct Sink {
    inner: HtmlTreeSink,
    attributes: Cell<usize>,
    lines: Cell<usize>,
    added: Cell<usize>,
    moved: Cell<usize>,
    /// The element that was added to last.
    place: Cell<Option<NodeId>>,
}

impl Sink {
    pub(super) fn new(html: Html) -> Self {
        Self {
            inner: HtmlTreeSink::new(html),
            attributes: Cell::new(0),
            lines: Cell::new(0),
            added: Cell::new(0),
            moved: Cell::new(0),
            place: Cell::new(None),
        }
    }

    /// Nodes that were created.
    pub(super) fn nodes(&self) -> usize {
        self.inner.0.borrow().tree.values().len()
    }

    /// Attributes of all elements.
    pub(super) fn attributes(&self) -> usize {
        self.attributes.get()
    }

    /// Elements that begin or end a line.
    pub(super) fn lines(&self) -> usize {
        self.lines.get()
    }

    /// Nodes that got another parent.
    pub(super) fn moved(&self) -> usize {
        self.moved.get()
    }

    /// Where text would go now, outside of tables and of what has no text.
    pub(super) fn place_of_text(&self) -> NodeId {
        let html = self.inner.0.borrow();
        let place = self.place.get().and_then(|id| html.tree.get(id));
        let holds_no_text = |node: &NodeRef<'_, Node>| match node.value() {
            Node::Element(element) => element.name() == "table" || flow(element.name()) == Flow::Silent,
            _ => false,
        };
        let outermost = place
            .and_then(|place| std::iter::once(place).chain(place.ancestors()).filter(holds_no_text).last());
        let outside = outermost.map_or(place, |node| node.parent());
        let is_element = |node: &NodeRef<'_, Node>| node.value().is_element();
        let root = html.tree.root();
        let outside = outside.filter(is_element).or_else(|| root.children().find(is_element));
        outside.map_or(root.id(), |node| node.id())
    }

    pub(super) fn add_text(&self, place: NodeId, text: StrTendril) {
        self.inner.append(&place, NodeOrText::AppendText(text));
    }

    pub(super) fn add_break(&self, place: NodeId) {
        let element = self.inner.create_element(super::html_name("br"), Vec::new(), ElementFlags::default());
        self.inner.append(&place, NodeOrText::AppendNode(element));
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Html;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.inner.finish()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.attributes.set(self.attributes.get() + attributes.len());
        self.lines.set(self.lines.get() + usize::from(begins_line(&name)));
        self.inner.create_element(name, attributes, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.place.set(Some(*parent));
        self.inner.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, before: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append_based_on_parent_node(element, before, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.inner.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.inner.get_template_contents(target)
    }

    fn same_node(&self, one: &NodeId, other: &NodeId) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        self.inner.append_before_sibling(sibling, child);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, mut attributes: Vec<Attribute>) {
        attributes.truncate(MAX_ADDED.saturating_sub(self.added.get()));
        self.added.set(self.added.get() + attributes.len());
        self.inner.add_attrs_if_missing(target, attributes);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, parent: &NodeId) {
        let children = self.inner.0.borrow().tree.get(*node).map_or(0, |node| node.children().count());
        self.moved.set(self.moved.get() + children);
        self.inner.reparent_children(node, parent);
    }
}
