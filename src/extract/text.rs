//! The body as text and as Markdown, from one walk over its elements.

use std::collections::HashSet;
use std::fmt::Write as _;

use ego_tree::{NodeId, NodeRef};
use scraper::{ElementRef, Node};

use super::caption::Captions;
use super::flow::{Flow, flow, is_advertisement, is_hidden};
use super::line::Line;
use super::survey::{attribute, path_to};
use crate::article::Image;
use crate::url::CanonicalUrl;

/// A paragraph, heading, list item, table row, image or the like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// Without markup; empty for an image.
    pub(super) text: String,
    pub(super) markdown: String,
    /// List items and table rows stand on the line after the one before.
    tight: bool,
}

/// A body in blocks, with the images in it.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub(super) blocks: Vec<Block>,
    pub(super) images: Vec<Image>,
    /// The elements around it.
    pub(super) template: String,
}

impl Body {
    /// One line a paragraph.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> =
            self.blocks.iter().map(|b| b.text.as_str()).filter(|text| !text.is_empty()).collect();
        lines.join("\n")
    }

    /// Markdown, or `None` when it says no more than the text.
    pub(super) fn markdown(&self, text: &str) -> Option<String> {
        let mut out = String::with_capacity(text.len() + 64);
        let mut tight = false;
        for block in &self.blocks {
            if !out.is_empty() {
                out.push_str(if tight && block.tight { "\n" } else { "\n\n" });
            }
            out.push_str(&block.markdown);
            tight = block.tight;
        }
        (out != crate::article::paragraphs_as_markdown(text)).then_some(out)
    }
}

/// Quotations and lists within each other that Markdown shows: each line of them begins with all.
const MAX_LEVELS: usize = 32;

/// Bytes of the addresses of links and pictures in a body. A page names its base once, in up to 4 KB, and each
/// link in a few bytes.
const MAX_ADDRESSES: usize = 2 << 20;

/// What is left out of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave<'a> {
    /// Elements with all they hold.
    pub(super) elements: &'a HashSet<NodeId>,
    /// Lines, by their first text node.
    pub(super) lines: &'a HashSet<NodeId>,
    /// Whatever its own style hides.
    pub(super) hidden: bool,
}

/// Renders elements in order.
pub(super) fn render(roots: &[ElementRef<'_>], leave: &Leave<'_>, base: &CanonicalUrl) -> Body {
    let mut renderer = Renderer {
        leave,
        base,
        body: Body::default(),
        line: Line::default(),
        first: None,
        context: Context::default(),
        captions: Captions::default(),
        addresses: 0,
    };
    renderer.body.template = roots.first().map(|root| path_to(*root)).unwrap_or_default();
    for root in roots {
        renderer.context.preformatted = root.value().name() == "pre";
        renderer.children(**root);
        renderer.flush();
    }
    renderer.body
}

/// What surrounds the current line.
#[derive(Debug, Clone, Copy, Default)]
struct Context {
    heading: usize,
    quotes: usize,
    lists: usize,
    /// The number of the next item of an ordered list.
    ordinal: Option<usize>,
    preformatted: bool,
    item_begins: bool,
    /// A cell is left out with its row or not at all.
    cell: bool,
}

struct Renderer<'a> {
    leave: &'a Leave<'a>,
    base: &'a CanonicalUrl,
    body: Body,
    line: Line,
    /// The first text node of the line.
    first: Option<NodeId>,
    context: Context,
    captions: Captions,
    /// Bytes of the addresses so far.
    addresses: usize,
}

impl Renderer<'_> {
    fn children(&mut self, node: NodeRef<'_, Node>) {
        for child in node.children() {
            match child.value() {
                Node::Text(text) => self.text(child.id(), text),
                Node::Element(_) if self.context.cell || !self.leave.elements.contains(&child.id()) => {
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
        let flow = flow(name);
        if flow == Flow::Silent || is_advertisement(element) || (self.leave.hidden && is_hidden(element)) {
            return;
        }
        match name {
            "img" => self.image(element),
            "a" => self.link(element),
            "table" => self.table(element),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = usize::from(name.as_bytes()[1] - b'0');
                self.block(element, |context| context.heading = level);
            }
            "blockquote" => self.block(element, |context| context.quotes += 1),
            "ul" | "menu" => self.block(element, |context| {
                context.lists += 1;
                context.ordinal = None;
            }),
            "ol" => self.ordered(element),
            "li" => self.item(element),
            "pre" => self.block(element, |context| context.preformatted = true),
            _ if flow == Flow::Break => self.flush(),
            _ if flow == Flow::Block => self.block(element, |_| {}),
            _ => self.children(*element),
        }
    }

    fn block(&mut self, element: ElementRef<'_>, enter: impl FnOnce(&mut Context)) {
        self.flush();
        let outer = self.context;
        enter(&mut self.context);
        self.children(*element);
        self.flush();
        self.context = outer;
    }

    fn ordered(&mut self, element: ElementRef<'_>) {
        self.flush();
        let outer = self.context;
        self.context.lists += 1;
        self.context.ordinal =
            Some(attribute(element, "start").and_then(|s| s.trim().parse().ok()).unwrap_or(1));
        self.children(*element);
        self.flush();
        self.context = outer;
    }

    fn item(&mut self, element: ElementRef<'_>) {
        self.flush();
        let outer = self.context;
        self.context.lists = self.context.lists.max(1);
        self.context.item_begins = true;
        self.children(*element);
        self.flush();
        self.context = outer;
        self.context.ordinal = self.context.ordinal.map(|n| n + 1);
    }

    fn text(&mut self, node: NodeId, text: &str) {
        let before = self.line.text.len();
        if self.context.preformatted {
            self.line.append(text);
        } else {
            self.line.push(text);
        }
        if self.line.text.len() > before {
            self.first.get_or_insert(node);
        }
    }

    fn link(&mut self, element: ElementRef<'_>) {
        let start = self.line.markdown_len();
        let blocks = self.body.blocks.len();
        self.children(*element);
        let is_inline = self.body.blocks.len() == blocks;
        let target =
            attribute(element, "href").and_then(|href| CanonicalUrl::parse(href, Some(self.base)).ok());
        let Some(target) = target.filter(|_| is_inline && self.line.markdown_len() > start) else { return };
        if !self.has_room(&target) {
            return;
        }
        let markdown = self.line.markdown();
        let text = markdown.split_off(start);
        let label = text.trim_start();
        markdown.push_str(&text[..text.len() - label.len()]);
        if !label.is_empty() {
            let _ = write!(markdown, "[{label}]({target})");
        }
    }

    /// Whether one more address may be written out.
    fn has_room(&mut self, url: &CanonicalUrl) -> bool {
        self.addresses += url.as_str().len();
        self.addresses <= MAX_ADDRESSES
    }

    fn image(&mut self, element: ElementRef<'_>) {
        let source = ["data-src", "data-original", "data-lazy-src", "src"]
            .iter()
            .find_map(|name| attribute(element, name));
        let Some(url) = source.and_then(|src| CanonicalUrl::parse(src, Some(self.base)).ok()) else { return };
        if !self.has_room(&url) {
            return;
        }
        let alt = attribute(element, "alt").map(str::trim).filter(|alt| !alt.is_empty()).map(str::to_owned);
        self.line.close_gap(' ');
        let _ = write!(self.line.markdown(), "![{}]({url})", alt.as_deref().unwrap_or_default());
        self.body.images.push(Image { url: url.to_string(), alt, caption: self.captions.of(element) });
    }

    /// Rows as lines; a table that lays out the page (with blocks inside) is read like blocks.
    fn table(&mut self, table: ElementRef<'_>) {
        self.flush();
        let mut rows = Vec::new();
        let holds_table = own_rows(*table, &mut rows);
        if holds_table || rows.iter().all(|row| cells(*row).count() < 2) {
            for row in &rows {
                for cell in cells(*row).filter(|cell| !self.leave.elements.contains(&cell.id())) {
                    self.block(cell, |_| {});
                }
            }
            return;
        }
        let left_out = |row: &&ElementRef<'_>| {
            let first = row.descendants().find(|n| n.value().as_text().is_some_and(|t| !t.trim().is_empty()));
            self.leave.elements.contains(&row.id())
                || first.is_some_and(|first| self.leave.lines.contains(&first.id()))
        };
        for (index, row) in rows.iter().filter(|row| !left_out(row)).enumerate() {
            let (texts, markdowns): (Vec<_>, Vec<_>) = cells(*row).map(|cell| self.cell(cell)).unzip();
            if markdowns.iter().all(String::is_empty) {
                continue;
            }
            let mut markdown = format!("| {} |", markdowns.join(" | "));
            if index == 0 {
                let _ = write!(markdown, "\n|{}", " --- |".repeat(texts.len()));
            }
            self.body.blocks.push(Block { text: texts.join("\t").trim().to_owned(), markdown, tight: true });
        }
    }

    /// Text and Markdown of a cell, on one line.
    fn cell(&mut self, cell: ElementRef<'_>) -> (String, String) {
        let outside = std::mem::take(&mut self.body.blocks);
        self.block(cell, |context| *context = Context { cell: true, ..Context::default() });
        let inside = std::mem::replace(&mut self.body.blocks, outside);
        let line = |part: fn(&Block) -> &str| {
            let parts: Vec<&str> = inside.iter().map(part).filter(|part| !part.is_empty()).collect();
            parts.join(" ").replace(['\n', '\t'], " ")
        };
        (line(|block| &block.text), line(|block| &block.markdown).replace('|', "\\|"))
    }

    /// Ends the line.
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        let first = self.first.take().filter(|_| !self.context.cell);
        if first.is_some_and(|first| self.leave.lines.contains(&first)) {
            return;
        }
        let trim = |text: &str| {
            let trimmed =
                if self.context.preformatted { text.trim_matches(['\n', '\r']) } else { text.trim() };
            trimmed.to_owned()
        };
        let text = trim(&line.text);
        let markdown = line.markdown.as_deref().map_or_else(|| text.clone(), trim);
        if markdown.trim().is_empty() {
            return;
        }
        let context = self.context;
        let quote = "> ".repeat(context.quotes.min(MAX_LEVELS));
        let indent = "  ".repeat(context.lists.saturating_sub(1).min(MAX_LEVELS));
        let markdown = if context.preformatted {
            format!("```\n{markdown}\n```")
        } else if context.heading > 0 {
            format!("{quote}{} {markdown}", "#".repeat(context.heading))
        } else if context.lists > 0 {
            let marker = match (context.item_begins, context.ordinal) {
                (false, _) => "  ".to_owned(),
                (true, Some(number)) => format!("{number}. "),
                (true, None) => "- ".to_owned(),
            };
            format!("{quote}{indent}{marker}{markdown}")
        } else if quote.is_empty() {
            markdown
        } else {
            format!("{quote}{markdown}")
        };
        self.context.item_begins = false;
        self.body.blocks.push(Block { text, markdown, tight: context.lists > 0 });
    }
}

fn cells(row: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"))
}

/// Gathers the rows of a table that are not those of a table within it, and says whether there is one.
fn own_rows<'a>(node: NodeRef<'a, Node>, rows: &mut Vec<ElementRef<'a>>) -> bool {
    let mut holds_table = false;
    for child in node.children() {
        let element = ElementRef::wrap(child);
        let name = element.map_or("", |element| element.value().name());
        if name == "table" {
            holds_table = true;
            continue;
        }
        rows.extend(element.filter(|_| name == "tr"));
        holds_table |= own_rows(child, rows);
    }
    holds_table
}

#[cfg(test)]
mod tests {
    use super::*;
    use scraper::Html;

    fn rendered(html: &str) -> (String, Option<String>) {
        let page = Html::parse_document(&format!("<body>{html}</body>"));
        let base = CanonicalUrl::parse("http://e.com/a/", None).unwrap();
        let none = HashSet::new();
        let leave = Leave { elements: &none, lines: &none, hidden: true };
        let body = render(&[page.root_element()], &leave, &base);
        let text = body.text();
        let markdown = body.markdown(&text);
        (text, markdown)
    }

    #[test]
    fn paragraphs_and_line_breaks_are_lines() {
        let (text, markdown) = rendered(
            "<p>　　第一段，\n接着。</p>裸文本<br><br>又一行<section><span>微信</span></section><p>&nbsp;</p>",
        );
        assert_eq!(text, "第一段，接着。\n裸文本\n又一行\n微信");
        assert_eq!(markdown, None);
    }

    #[test]
    fn latin_words_keep_their_spaces() {
        assert_eq!(rendered("<p>One\n two <b>three</b>\u{200b}four</p>").0, "One two threefour");
    }

    #[test]
    fn structure_is_kept_in_markdown() {
        let (text, markdown) = rendered(
            "<h2>标题</h2><ul><li>一</li><li>二</li></ul><ol start=3><li>三</li></ol><blockquote><p>引</p></blockquote><p>见<a href='b.html'>此</a>。</p><img src=x.jpg alt=图><pre>a\n  b</pre><table><tr><th>名</th><th>数</th></tr><tr><td>甲</td><td>1</td></tr></table>",
        );
        assert_eq!(text, "标题\n一\n二\n三\n引\n见此。\na\n  b\n名\t数\n甲\t1");
        assert_eq!(
            markdown.unwrap(),
            "## 标题\n\n- 一\n- 二\n3. 三\n\n> 引\n\n见[此](http://e.com/a/b.html)。\n\n![图](http://e.com/a/x.jpg)\n\n```\na\n  b\n```\n\n| 名 | 数 |\n| --- | --- |\n| 甲 | 1 |"
        );
    }

    #[test]
    fn cells_hold_lines_links_and_pictures() {
        let (text, markdown) = rendered(
            "<table><tr><th>名<th>数</tr><tr><td><a href=b.html>甲</a><br>乙<noscript><img src=y.jpg></noscript>\
             <td><p>1</p><p>2|3</p><script>x</script></tr><tr><td><img src=x.jpg alt=图><td></td></tr></table>",
        );
        assert_eq!(text, "名\t数\n甲 乙\t1 2|3");
        assert_eq!(
            markdown.unwrap(),
            "| 名 | 数 |\n| --- | --- |\n| [甲](http://e.com/a/b.html) 乙 | 1 2\\|3 |\n| ![图](http://e.com/a/x.jpg) |  |"
        );
    }

    #[test]
    fn what_is_not_text_is_silent() {
        assert_eq!(rendered("<script>x</script><p style='DISPLAY: none'>y</p><style>z</style>").0, "");
    }
}
