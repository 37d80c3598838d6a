//! A page as a whole, before its blocks are judged: sums over its text, what containers inherit, where its
//! headline stands.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::extract::line::squashed;

use super::features::{Hints, is_good};
use super::layout::{Block, Container, Kind, Layout};
use super::likeness::Likeness;
use super::words::{LineKinds, line_kinds};

/// Sums over the page that the facts of single blocks are drawn from.
pub(super) struct Survey<'a> {
    pub(super) layout: &'a Layout,
    /// Width of good text before each block.
    pub(super) good_before: Vec<u32>,
    /// Good blocks before each block.
    pub(super) good_count: Vec<u32>,
    /// Bytes of text and of link text before each block.
    pub(super) text_before: Vec<usize>,
    pub(super) links_before: Vec<usize>,
    /// How many containers beside each have its shape.
    pub(super) equals: Vec<u32>,
    /// Class kinds of each container and of everything around it.
    pub(super) around: Vec<u32>,
    pub(super) near: Vec<u32>,
    pub(super) heading: Option<usize>,
    pub(super) title: Option<String>,
    pub(super) likeness: Likeness,
    /// The text of each block, squashed.
    pub(super) squashed: Vec<String>,
    pub(super) descriptions: Vec<String>,
    pub(super) body: Option<String>,
    pub(super) again: Vec<bool>,
    pub(super) lines: Vec<LineKinds>,
    /// Where each container stands.
    pub(super) nests: Vec<Nest>,
    /// The `<article>` that the headline stands in.
    pub(super) heading_article: Option<usize>,
}

/// Where a container stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nest {
    /// Levels from the headline up to what holds them both.
    pub(super) from_heading: Option<usize>,
    /// The nearest `<article>` around.
    pub(super) article: Option<usize>,
}

impl<'a> Survey<'a> {
    pub(super) fn of(layout: &'a Layout, hints: &Hints) -> Self {
        let good_before = sums(layout, |block| if is_good(block) { block.width.min(1000) } else { 0 });
        let good_count = sums(layout, |block| u32::from(is_good(block)));
        let title = hints.title.as_deref().map(squashed).filter(|title| !title.is_empty());
        let mut seen = FxHashSet::default();
        let again = layout.blocks.iter().map(|b| b.width >= 12 && !seen.insert(b.text.as_str())).collect();
        let mut page = Self {
            layout,
            text_before: sums(layout, |block| block.text.len()),
            links_before: sums(layout, |block| block.linked),
            equals: equals(&layout.containers),
            around: Vec::with_capacity(layout.containers.len()),
            near: Vec::with_capacity(layout.containers.len()),
            heading: None,
            nests: Vec::with_capacity(layout.containers.len()),
            heading_article: None,
            squashed: layout.blocks.iter().map(|block| squashed(&block.text)).collect(),
            likeness: Likeness::to(title.as_deref().unwrap_or_default()),
            title,
            descriptions: hints
                .descriptions
                .iter()
                .map(|d| squashed(d))
                .filter(|d| d.chars().count() >= 12)
                .collect(),
            body: hints.body.as_deref().map(squashed).filter(|body| body.len() > 200),
            lines: layout.blocks.iter().map(|block| line_kinds(&block.text)).collect(),
            good_before,
            good_count,
            again,
        };
        page.inherit();
        page.heading = page.find_heading();
        page.nest();
        page
    }

    /// A container stands where its parent does, unless it is something itself.
    fn nest(&mut self) {
        let mut levels: FxHashMap<usize, usize> = FxHashMap::default();
        if let Some(heading) = self.heading {
            let container = self.layout.blocks[heading].container;
            levels.extend(self.layout.with_ancestors(container).enumerate().map(|(level, c)| (c, level)));
        }
        for (index, container) in self.layout.containers.iter().enumerate() {
            let parent = container.parent.map_or_else(Nest::default, |parent| self.nests[parent]);
            self.nests.push(Nest {
                from_heading: levels.get(&index).copied().or(parent.from_heading),
                article: if container.is_article { Some(index) } else { parent.article },
            });
        }
        let container = self.heading.map(|heading| self.layout.blocks[heading].container);
        self.heading_article = container.and_then(|container| self.nests[container].article);
    }

    /// A wrapper of most of the page's text tells nothing of its parts, whatever it is called.
    fn inherit(&mut self) {
        let all = self.good_before.last().copied().unwrap_or_default();
        for container in &self.layout.containers {
            let good = self.good_in(container);
            let own = if all > 0 && good * 5 > all * 3 { container.own.0 & 1 } else { container.own.0 };
            let (around, near) = container.parent.map_or((0, 0), |p| (self.around[p], self.near[p]));
            self.around.push(around | own);
            self.near.push(if own == 0 { near } else { own });
        }
    }

    pub(super) fn good_in(&self, container: &Container) -> u32 {
        self.good_before[container.blocks.end] - self.good_before[container.blocks.start]
    }

    /// The block that is the headline: the last heading that says the title, else the last block that does, before the text.
    fn find_heading(&self) -> Option<usize> {
        let title = self.title.as_deref()?;
        let is_title = |index: usize| self.squashed[index] == title;
        let kind = |block: &Block| self.layout.containers[block.container].kind;
        let hits: Vec<usize> = self
            .layout
            .blocks
            .iter()
            .enumerate()
            .filter(|(index, _)| is_title(*index))
            .map(|(index, _)| index)
            .collect();
        let heading =
            hits.iter().find(|index| matches!(kind(&self.layout.blocks[**index]), Kind::Heading(1 | 2)));
        heading.or(hits.first()).copied()
    }
}

/// Before each block, and at last behind all, the sum of a value over those before it.
fn sums<T: Copy + Default + std::ops::AddAssign>(layout: &Layout, value: impl Fn(&Block) -> T) -> Vec<T> {
    let mut sum = T::default();
    let mut sums = vec![sum];
    sums.extend(layout.blocks.iter().map(|block| {
        sum += value(block);
        sum
    }));
    sums
}

/// How many containers beside each have its shape.
fn equals(containers: &[Container]) -> Vec<u32> {
    let mut counts = FxHashMap::default();
    for container in containers {
        *counts.entry((container.parent, container.shape)).or_insert(0u32) += 1;
    }
    containers.iter().map(|c| counts[&(c.parent, c.shape)] - 1).collect()
}
