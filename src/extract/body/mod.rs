//! The body of an article on a page of an unknown site: the page is cut into blocks, each block is
//! judged by the facts known of it, and what is likelier body than not is the body.

mod alike;
mod features;
mod layout;
mod likeness;
mod model;
mod survey;
mod words;

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Html};

use super::text::{Body, Leave, render};
use crate::url::CanonicalUrl;
pub(super) use features::Hints;
use layout::Layout;
use model::{Judgement, KEEP};
pub(super) use words::class_kinds;

/// A page cut into blocks and judged.
#[derive(Debug)]
pub(super) struct Reading {
    layout: Layout,
    judgement: Judgement,
    facts: Vec<features::Facts>,
    kept: Vec<bool>,
    /// The block that is the headline.
    heading: Option<usize>,
    /// What the words of each block say.
    says: Vec<words::LineKinds>,
    /// What the boxes around each box, but not around the article, are for.
    foreign: Vec<words::ClassKinds>,
}

/// How a page is made up, in half characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shape {
    /// Of all text.
    pub(super) all: u32,
    /// Of link text.
    pub(super) linked: u32,
    /// Of the body.
    pub(super) kept: u32,
    /// Of the body inside boxes of which there are several alike, each with a link at its head.
    pub(super) in_cards: u32,
    /// How many such boxes.
    pub(super) cards: usize,
    /// Lines that are nothing but a link.
    pub(super) links: usize,
    /// Lines outside of the body that are a link with a date beside it,
    pub(super) dated_links: usize,
    /// or one as long as a headline,
    pub(super) long_links: usize,
    /// and what both hold.
    pub(super) in_titles: u32,
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinePlace {
    /// Around the headline and above the body.
    Head,
    /// From the first to the last line of the body: lines from its begin and to its end.
    Body(usize, usize),
    /// Right below the body.
    Tail,
    Elsewhere,
}

/// A line of the page.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub(super) struct PageLine<'a> {
    pub(super) text: &'a str,
    /// Half characters: a Han character is as wide as two letters.
    pub(super) width: u32,
    pub(super) place: LinePlace,
    /// Its first text node.
    pub(super) node: NodeId,
    /// It is the headline or another heading.
    pub(super) is_heading: bool,
    /// Its words or its class say that it tells about the article.
    pub(super) is_info: bool,
    /// It is nothing but a link.
    pub(super) is_link: bool,
    /// It says that related articles follow.
    pub(super) announces_related: bool,
    /// It stands right above or below the headline.
    pub(super) is_by_heading: bool,
    /// It stands among comments or other articles.
    pub(super) is_of_others: bool,
    /// It stands among comments.
    pub(super) is_comment: bool,
}

/// Half characters from which on a link is no entry of a menu.
const HEADLINE: u32 = 16;
/// How far below the threshold a line of the body may fall, by what stands around it, and stay.
const STAY: f32 = 2.0;
/// Lines from either end of a body that are looked at for what is certainly none of it.
const EDGE: usize = 4;

/// Leaves out a date alone above the text, and an editor's line below it.
fn leave_edges(layout: &Layout, kept: &mut [bool]) {
    let body: Vec<usize> = (0..kept.len()).filter(|index| kept[*index]).collect();
    let text = |index: &usize| layout.blocks[*index].text.as_str();
    for index in body.iter().take(EDGE).filter(|index| is_date_alone(text(index))) {
        kept[*index] = false;
    }
    let below = body.iter().rev().take(EDGE);
    for index in below.filter(|index| is_date_alone(text(index)) || is_editors_line(text(index))) {
        kept[*index] = false;
    }
}

fn is_date_alone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let chars = text.chars().filter(|c| !c.is_whitespace()).count();
    let begins_with_year = text.starts_with("20") || text.starts_with("19");
    begins_with_year
        && text.contains(['-', '/', '.', '年'])
        && chars <= 24
        && digits >= 6
        && digits * 2 >= chars
}

fn is_editors_line(text: &str) -> bool {
    const LABELS: [&str; 8] = ["责任编辑", "責任編輯", "责编", "責編", "编辑:", "编辑：", "校对:", "校对："];
    let text = text.trim_start_matches(['(', '（', '[', '【', ' ']);
    text.chars().count() <= 30 && LABELS.iter().any(|label| text.starts_with(label))
}

/// What the boxes around each box are for, as far as they are not around the block `article`.
fn foreign(layout: &Layout, article: Option<usize>) -> Vec<words::ClassKinds> {
    let mut foreign: Vec<words::ClassKinds> = Vec::with_capacity(layout.containers.len());
    for container in &layout.containers {
        let is_around = article.is_some_and(|article| container.blocks.contains(&article));
        let own = if is_around { words::ClassKinds::default() } else { container.own };
        let outer = container.parent.map_or_else(words::ClassKinds::default, |parent| foreign[parent]);
        foreign.push(words::ClassKinds(outer.0 | own.0));
    }
    foreign
}

impl Reading {
    pub(super) fn of(html: &Html, hints: &Hints) -> Self {
        let layout = Layout::of(html);
        let features::Known { facts, heading, says, stood } = features::facts(&layout, hints);
        let judgement = model::judge(&layout, &facts);
        let is_kept = |(score, stood): (&f32, &bool)| *score > if *stood { KEEP - STAY } else { KEEP };
        let mut kept: Vec<bool> = judgement.scores.iter().zip(&stood).map(is_kept).collect();
        if let Some(heading) = heading {
            kept[heading] = false;
        }
        leave_edges(&layout, &mut kept);
        let article = heading.or_else(|| kept.iter().position(|kept| *kept));
        let foreign = foreign(&layout, article);
        Self { layout, judgement, facts, kept, heading, says, foreign }
    }

    /// The kept blocks as text and Markdown.
    pub(super) fn body(&self, html: &Html, base: &CanonicalUrl) -> Option<Body> {
        let root = self.smallest_around_kept()?;
        let root = html.tree.get(self.layout.containers[root].node).and_then(ElementRef::wrap)?;
        let lines: HashSet<NodeId> = self
            .layout
            .blocks
            .iter()
            .zip(&self.kept)
            .filter(|(_, kept)| !**kept)
            .map(|(block, _)| block.first)
            .collect();
        let elements = self.without_kept(html);
        let body = render(&[root], &Leave { elements: &elements, lines: &lines, hidden: false }, base);
        (!body.blocks.iter().all(|block| block.text.is_empty())).then_some(body)
    }

    /// The smallest container that holds all that is kept.
    fn smallest_around_kept(&self) -> Option<usize> {
        let first = self.kept.iter().position(|kept| *kept)?;
        let last = self.kept.iter().rposition(|kept| *kept)?;
        self.layout
            .with_ancestors(self.layout.blocks[first].container)
            .find(|container| self.layout.containers[*container].blocks.contains(&last))
    }

    /// Containers whose blocks are all left out: their images go with them, unless what is left out
    /// is the caption of a picture within the body.
    fn without_kept(&self, html: &Html) -> HashSet<NodeId> {
        let first = self.kept.iter().position(|kept| *kept).unwrap_or(0);
        let last = self.kept.iter().rposition(|kept| *kept).unwrap_or(0);
        let is_picture = |container: &layout::Container| {
            let range = container.blocks.clone();
            range.start > first && range.end <= last && self.is_captioned(range, html, container.node)
        };
        self.layout
            .containers
            .iter()
            .filter(|container| {
                let range = container.blocks.clone();
                !range.is_empty() && !self.kept[range].contains(&true) && !is_picture(container)
            })
            .map(|container| container.node)
            .collect()
    }

    /// Whether an element is a picture with a line or two that are no links.
    fn is_captioned(&self, range: std::ops::Range<usize>, html: &Html, node: NodeId) -> bool {
        const CAPTION: u32 = 200;
        let mut blocks = range.clone().map(|block| &self.layout.blocks[block]);
        let is_short = range.len() <= 2 && blocks.all(|block| block.linked == 0 && block.width <= CAPTION);
        let element = html.tree.get(node).and_then(ElementRef::wrap);
        is_short
            && element.is_some_and(|e| {
                let images = e.descendent_elements().filter(|e| e.value().name() == "img");
                images.take(2).count() == 1
            })
    }

    /// The lines of the page, in order, each with what it is.
    pub(super) fn lines(&self) -> impl Iterator<Item = PageLine<'_>> {
        let first = self.kept.iter().position(|kept| *kept);
        let last = self.kept.iter().rposition(|kept| *kept);
        let head = self.head();
        // No body although the body has begun: of a byline below a summary.
        let is_below_summary = move |index: usize| {
            const BELOW: usize = 16;
            let is_near = self.heading.is_some_and(|at| index > at && index <= at + BELOW);
            !self.kept[index] && is_near && last.is_some_and(|last| index < last)
        };
        self.layout.blocks.iter().enumerate().map(move |(index, block)| {
            let place = match (first, last) {
                _ if head.contains(&index) || is_below_summary(index) => LinePlace::Head,
                (Some(first), Some(last)) if index >= first && index <= last => {
                    LinePlace::Body(index - first, last - index)
                }
                (_, Some(last)) if index > last && index - last <= 8 => LinePlace::Tail,
                _ => LinePlace::Elsewhere,
            };
            PageLine {
                text: &block.text,
                width: block.width,
                place,
                node: block.first,
                is_heading: Some(index) == self.heading
                    || matches!(self.layout.containers[block.container].kind, layout::Kind::Heading(1)),
                is_info: self.is_info(index),
                is_link: block.is_link(),
                announces_related: block.width < 40 && block.linked == 0 && self.says[index].is_related(),
                is_of_others: self.foreign[block.container].is_of_others(),
                is_comment: self.foreign[block.container].is_comment(),
                is_by_heading: head.contains(&index)
                    && self.heading.is_some_and(|at| index + 2 >= at && index <= at + 6),
            }
        })
    }

    /// How the page is made up.
    pub(super) fn shape(&self) -> Shape {
        let mut shape = Shape::default();
        for (block, kept) in self.layout.blocks.iter().zip(&self.kept) {
            shape.all += block.width;
            shape.linked += if block.is_link() { block.width } else { 0 };
            shape.kept += if *kept { block.width } else { 0 };
            shape.links += usize::from(block.is_link());
            let is_long = block.is_link() && block.width >= HEADLINE;
            if !*kept && (is_long || block.is_dated_link()) {
                shape.dated_links += usize::from(block.is_dated_link());
                shape.long_links += usize::from(is_long);
                shape.in_titles += block.width;
            }
        }
        let cards = self.cards();
        shape.cards = cards.len();
        for index in cards {
            let range = self.layout.containers[index].blocks.clone();
            let kept = range.filter(|block| self.kept[*block]);
            shape.in_cards += kept.map(|block| self.layout.blocks[block].width).sum::<u32>();
        }
        shape
    }

    /// Boxes that stand beside at least two of the same shape, and begin with a link and hold text.
    fn cards(&self) -> Vec<usize> {
        let containers = &self.layout.containers;
        let mut alike: rustc_hash::FxHashMap<(Option<usize>, u64), Vec<usize>> =
            rustc_hash::FxHashMap::default();
        for (index, container) in containers.iter().enumerate() {
            let range = container.blocks.clone();
            if range.len() < 2 {
                continue;
            }
            let head = range.clone().take(3).map(|block| &self.layout.blocks[block]);
            let is_teaser =
                head.clone().any(|block| block.width >= 8 && block.linked * 10 > block.text.len() * 8)
                    && range.len() <= 12;
            if is_teaser {
                alike.entry((container.parent, container.shape)).or_default().push(index);
            }
        }
        let mut cards: Vec<usize> = alike.into_values().filter(|same| same.len() >= 3).flatten().collect();
        cards.sort_unstable();
        // A card within a card is counted once.
        let mut end = 0;
        cards.retain(|index| {
            let range = &containers[*index].blocks;
            let is_outer = range.start >= end;
            end = end.max(range.end);
            is_outer
        });
        cards
    }

    /// The text of the page, up to so many bytes.
    pub(super) fn text_of(&self, bytes: usize) -> String {
        let mut text = String::new();
        for block in &self.layout.blocks {
            if text.len() > bytes {
                break;
            }
            text.push_str(&block.text);
            text.push('\n');
        }
        text
    }

    /// The lines around the headline, down to the body.
    fn head(&self) -> std::ops::Range<usize> {
        const ABOVE: usize = 6;
        const BELOW: usize = 40;
        let first = self.kept.iter().position(|kept| *kept);
        match (self.heading, first) {
            (Some(heading), Some(first)) if heading < first && first - heading <= BELOW => {
                heading.saturating_sub(ABOVE)..first
            }
            (_, Some(first)) => first.saturating_sub(ABOVE + 2)..first,
            (Some(heading), None) => heading.saturating_sub(ABOVE)..self.layout.blocks.len().min(heading + 9),
            (None, None) => 0..0,
        }
    }

    /// Where the body begins in the document.
    pub(super) fn body_begins(&self) -> Option<NodeId> {
        self.kept.iter().position(|kept| *kept).map(|first| self.layout.blocks[first].first)
    }

    /// Where the head begins in the document.
    pub(super) fn head_begins(&self) -> Option<NodeId> {
        self.layout.blocks.get(self.head().start).map(|block| block.first)
    }

    fn is_info(&self, index: usize) -> bool {
        let block = &self.layout.blocks[index];
        self.says[index].is_info()
            || self
                .layout
                .with_ancestors(block.container)
                .take(2)
                .any(|c| self.layout.containers[c].own.is_meta())
    }

    /// The heading or bold line right above the body, when there is one.
    pub(super) fn line_above(&self) -> Option<&str> {
        let first = self.kept.iter().position(|kept| *kept)?;
        let is_heading = |index: &usize| {
            let block = &self.layout.blocks[*index];
            let container = &self.layout.containers[block.container];
            (matches!(container.kind, layout::Kind::Heading(_)) || container.own.is_title())
                && (10..200).contains(&block.width)
                && !self.says[*index].is_info()
        };
        let from = first.saturating_sub(10);
        (from..=first).rev().find(is_heading).map(|index| self.layout.blocks[index].text.as_str())
    }

    /// The lines in and around the body, each with what became of it and why, for a reader.
    pub(super) fn explain(&self) -> Vec<String> {
        const AROUND: usize = 8;
        let Some(first) = self.kept.iter().position(|kept| *kept) else { return Vec::new() };
        let last = self.kept.iter().rposition(|kept| *kept).unwrap_or(first);
        let range = first.saturating_sub(AROUND)..(last + AROUND + 1).min(self.kept.len());
        range
            .map(|index| {
                let block = &self.layout.blocks[index];
                let score = self.judgement.scores[index];
                let text: String = block.text.chars().take(48).collect();
                let what = match (self.kept[index], Some(index) == self.heading, score > KEEP) {
                    (true, ..) => "kept",
                    (_, true, _) => "headline",
                    (_, _, true) => "edge",
                    _ => "left",
                };
                let reasons = model::reasons(&self.facts[index]);
                let reasons = reasons.iter().filter(|(_, weight)| (*weight > 0.0) == (score > 0.0)).take(2);
                let reasons: Vec<String> =
                    reasons.map(|(name, weight)| format!("{name} {weight:+.1}")).collect();
                format!("{what:8} {score:+5.1}  {text}  ({})", reasons.join(", "))
            })
            .collect()
    }

    /// Where the body was looked for: the elements around it.
    pub(super) fn root(&self, html: &Html) -> String {
        let root = self.layout.containers.get(self.judgement.root);
        let element = root.and_then(|root| html.tree.get(root.node)).and_then(ElementRef::wrap);
        element.map(super::survey::path_to).unwrap_or_default()
    }

    /// Every block with what is known of it.
    pub(super) fn dump(&self) -> serde_json::Value {
        let groups: Vec<_> = features::GROUPS.iter().map(|(n, c)| serde_json::json!([n, c])).collect();
        let blocks = self.layout.blocks.iter().zip(&self.facts).zip(&self.judgement.scores);
        serde_json::json!({
            "groups": groups,
            "root": self.judgement.root,
            "blocks": blocks.map(|((b, f), s)| serde_json::json!([b.text, b.container, f, b.width, s])).collect::<Vec<_>>(),
            "containers": self.layout.containers.iter().map(|c| serde_json::json!([c.parent, c.blocks.start, c.blocks.end, c.shape])).collect::<Vec<_>>(),
        })
    }
}
