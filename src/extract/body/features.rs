//! What is known of each block before it is judged: facts as numbers of a fixed list, so that a
//! table of weights can be fitted to pages whose bodies are known and be read by a person.

use rustc_hash::FxHashSet;

use super::layout::{Block, Kind, Layout};
use super::survey::Survey;
use super::words::{CLASS_KINDS, LINE_KINDS, LineKinds};

/// Names groups of facts; of each group one or more may hold for a block. Facts are numbered
/// through, group after group.
macro_rules! groups {
    ($group:ident, $groups:ident, $offsets:ident; $($name:ident $label:literal $count:expr;)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $group { $($name),* }
        /// The label and the size of each group.
        pub(super) const $groups: [(&str, usize); [$($label),*].len()] = [$(($label, $count)),*];
        /// Where each group begins, and at last how many facts there are.
        pub(super) const $offsets: [usize; $groups.len() + 1] = $crate::extract::body::features::offsets($groups);
    };
}
pub(super) use groups;

pub(super) const fn offsets<const N: usize, const M: usize>(groups: [(&str, usize); N]) -> [usize; M] {
    let mut offsets = [0; M];
    let mut i = 0;
    while i < N {
        offsets[i + 1] = offsets[i] + groups[i].1;
        i += 1;
    }
    offsets
}

groups! {
    Group, GROUPS, OFFSETS;
    Bias "bias" 1;
    Width "width" 9;
    Links "links" 6;
    End "end" 4;
    Stops "stops" 5;
    Digits "digits" 3;
    Kind "kind" 12;
    Before "before" 9;
    After "after" 9;
    Own "own class" CLASS_KINDS.len();
    Near "nearest class" CLASS_KINDS.len() + 1;
    Around "class around" CLASS_KINDS.len();
    Line "short line says" LINE_KINDS.len();
    LongLine "long line says" LINE_KINDS.len();
    Title "title" 5;
    Place "place" 6;
    Share "share of container" 6;
    OuterShare "share of outer container" 6;
    Siblings "good siblings" 5;
    Cards "equal boxes" 5;
    List "links of list" 5;
    Bold "bold" 1;
    Upper "begins" 4;
    Again "said before" 1;
    InnerLinks "links to this page" 3;
    Stated "stated as the body" 3;
    Described "stated as the description" 2;
    FromHeading "blocks from the headline" 7;
    Since "a line before says" LINE_KINDS.len();
    Script "script of the title" 2;
    TitleWords "words of the title" 4;
    WithHeading "levels from the headline" 6;
    Article "article element" 5;
    Shape "width, links and kind" 48;
}

/// The facts of one block, as their numbers.
pub(super) type Facts = Box<[u16]>;

fn note(facts: &mut Vec<u16>, group: Group, index: usize) {
    debug_assert!(index < GROUPS[group as usize].1, "{group:?} {index}");
    facts.push(number(OFFSETS[group as usize] + index));
}

/// A fact's number; there are some hundreds.
#[expect(clippy::cast_possible_truncation, reason = "the groups' sizes are constants, below 1,000 together")]
pub(super) const fn number(fact: usize) -> u16 {
    fact as u16
}

/// The number of limits that `value` reaches.
pub(super) fn bin<T: PartialOrd + Copy>(value: T, limits: &[T]) -> usize {
    limits.iter().take_while(|limit| value >= **limit).count()
}

#[expect(clippy::cast_precision_loss, reason = "a share of a page's text needs no more than 24 bits")]
pub(super) fn ratio(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// The name of one fact of a group whose facts have names.
pub(super) fn member(group: &str, index: usize) -> Option<&'static str> {
    match group {
        "own class" | "nearest class" | "class around" => CLASS_KINDS.get(index).copied(),
        "short line says" | "long line says" | "a line before says" => LINE_KINDS.get(index).copied(),
        _ => None,
    }
}

/// A block that is text beyond doubt: a sentence or more, few links.
pub(super) fn is_good(block: &Block) -> bool {
    block.width >= 50 && block.stops > 0 && ratio(block.linked, block.text.len()) < 0.34
}

/// What the page says of its article.
#[derive(Debug, Clone, Default)]
pub(in crate::extract) struct Hints {
    /// The headline.
    pub(in crate::extract) title: Option<String>,
    /// Descriptions, such as `og:description`.
    pub(in crate::extract) descriptions: Vec<String>,
    /// The whole body, as JSON-LD may give it.
    pub(in crate::extract) body: Option<String>,
    /// The lines of the body at an earlier look, [`squashed`](crate::extract::line::squashed).
    pub(in crate::extract) known: FxHashSet<String>,
}

/// What is known of a page's blocks.
#[derive(Debug)]
pub(super) struct Known {
    /// The facts of every block, in order.
    pub(super) facts: Vec<Facts>,
    /// The block that is the headline.
    pub(super) heading: Option<usize>,
    /// What the words of each block say.
    pub(super) says: Vec<LineKinds>,
    /// Whether each block stood in the body at an earlier look.
    pub(super) stood: Vec<bool>,
}

pub(super) fn facts(layout: &Layout, hints: &Hints) -> Known {
    let page = Survey::of(layout, hints);
    let mut room = Vec::with_capacity(64);
    let facts = (0..layout.blocks.len()).map(|index| page.facts(index, &mut room)).collect();
    let stood = page.squashed.iter().map(|text| !text.is_empty() && hints.known.contains(text)).collect();
    Known { facts, heading: page.heading, says: page.lines, stood }
}

impl Survey<'_> {
    /// The facts of a block; `facts` is room to gather them in.
    fn facts(&self, index: usize, facts: &mut Vec<u16>) -> Facts {
        let block = &self.layout.blocks[index];
        facts.clear();
        note(facts, Group::Bias, 0);
        self.of_text(index, block, facts);
        self.of_neighbours(index, facts);
        self.of_containers(block, facts);
        self.of_place(index, block, facts);
        facts.as_slice().into()
    }

    fn of_text(&self, index: usize, block: &Block, facts: &mut Vec<u16>) {
        note(facts, Group::Width, bin(block.width, &[5, 11, 21, 41, 71, 121, 251, 501]));
        note(facts, Group::Links, link_bin(block));
        let last = block
            .text
            .trim_end_matches(['"', '”', '’', '」', '』', '）', ')', '»', '\''])
            .chars()
            .next_back();
        let end = match last {
            Some('.' | '。' | '!' | '！' | '?' | '？' | '…' | '।' | '؟') => 0,
            Some(':' | '：') => 1,
            Some(',' | '，' | ';' | '；' | '、') => 2,
            _ => 3,
        };
        note(facts, Group::End, end);
        note(facts, Group::Stops, bin(block.stops, &[1, 2, 3, 6]));
        note(facts, Group::Digits, bin(ratio(block.digits as usize, block.text.len()), &[0.1, 0.3]));
        let kinds = self.lines[index].0;
        let group = if block.width < 90 { Group::Line } else { Group::LongLine };
        (0..LINE_KINDS.len()).filter(|i| kinds & (1 << i) != 0).for_each(|i| note(facts, group, i));
        if block.bold * 10 >= block.text.len() * 9 {
            note(facts, Group::Bold, 0);
        }
        let first = block.text.trim_start_matches(['"', '“', '‘', '«', '(', '（', '「', '\'']).chars().next();
        let begins = match first {
            Some(c) if c.is_uppercase() => 0,
            Some(c) if c.is_lowercase() => 1,
            Some(c) if c.is_alphabetic() => 2,
            _ => 3,
        };
        note(facts, Group::Upper, begins);
        if self.again[index] {
            note(facts, Group::Again, 0);
        }
    }

    fn of_neighbours(&self, index: usize, facts: &mut Vec<u16>) {
        let neighbour = |index: Option<usize>| {
            let Some(block) = index.and_then(|index| self.layout.blocks.get(index)) else { return 0 };
            let width = bin(block.width, &[20, 60, 140]);
            let links = usize::from(block.linked * 2 > block.text.len());
            1 + width * 2 + links
        };
        note(facts, Group::Before, neighbour(index.checked_sub(1)));
        note(facts, Group::After, neighbour(Some(index + 1)));
    }

    fn of_containers(&self, block: &Block, facts: &mut Vec<u16>) {
        let containers = &self.layout.containers;
        let inner = &containers[block.container];
        let kind = match inner.kind {
            Kind::Paragraph => 0,
            Kind::Item => 1,
            Kind::Heading(1) => 2,
            Kind::Heading(2) => 3,
            Kind::Heading(3) => 4,
            Kind::Heading(_) => 5,
            Kind::Cell => 6,
            Kind::Quote => 7,
            Kind::Preformatted => 8,
            Kind::Caption => 9,
            Kind::Term => 10,
            Kind::Other => 11,
        };
        note(facts, Group::Kind, kind);
        let coarse = match kind {
            0 => 0,
            1 => 1,
            2..=5 => 2,
            _ => 3,
        };
        let width = bin(block.width, &[20, 60, 140]);
        let links = bin(ratio(block.linked, block.text.len()), &[0.15, 0.8]);
        note(facts, Group::Shape, (coarse * 4 + width) * 3 + links);
        let bits = |facts: &mut Vec<u16>, group, set: u32| {
            (0..CLASS_KINDS.len()).filter(|i| set & (1 << i) != 0).for_each(|i| note(facts, group, i));
        };
        bits(facts, Group::Own, inner.own.0);
        let near = self.near[block.container];
        bits(facts, Group::Near, near);
        if near == 0 {
            note(facts, Group::Near, CLASS_KINDS.len());
        }
        bits(facts, Group::Around, self.around[block.container]);
        // What holds the paragraph, and what holds that.
        let holder =
            if inner.blocks.len() == 1 { inner.parent.unwrap_or(block.container) } else { block.container };
        let outer = self
            .layout
            .with_ancestors(holder)
            .skip(1)
            .find(|c| containers[*c].blocks.len() > containers[holder].blocks.len());
        let all = self.good_before.last().copied().unwrap_or_default() as usize;
        let share = |container: usize| {
            bin(ratio(self.good_in(&containers[container]) as usize, all), &[0.001, 0.05, 0.2, 0.5, 0.8])
        };
        note(facts, Group::Share, share(holder));
        note(facts, Group::OuterShare, share(outer.unwrap_or(holder)));
        let range = &containers[holder].blocks;
        let siblings = self.good_count[range.end] - self.good_count[range.start];
        note(facts, Group::Siblings, bin(siblings, &[1, 2, 5, 10]));
        let ancestors = || self.layout.with_ancestors(block.container).take(5);
        let cards = ancestors()
            .filter(|c| !matches!(containers[*c].kind, Kind::Paragraph | Kind::Heading(_) | Kind::Cell))
            .map(|c| self.equals[c])
            .max()
            .unwrap_or_default();
        note(facts, Group::Cards, bin(cards, &[1, 2, 4, 8]));
        let list = ancestors().find(|c| containers[*c].is_list).map(|c| &containers[c].blocks);
        let links = list.map_or(0, |range| {
            let text = self.text_before[range.end] - self.text_before[range.start];
            let links = self.links_before[range.end] - self.links_before[range.start];
            1 + bin(ratio(links, text), &[0.2, 0.5, 0.9])
        });
        note(facts, Group::List, links);
    }

    fn of_place(&self, index: usize, block: &Block, facts: &mut Vec<u16>) {
        let is_title = self.title.as_ref() == Some(&self.squashed[index]);
        let title = match self.heading {
            _ if is_title => 0,
            None => 1,
            Some(heading) if index < heading => 2,
            Some(heading) if index < heading + 6 => 3,
            Some(_) => 4,
        };
        note(facts, Group::Title, title);
        let all = self.good_before.last().copied().unwrap_or_default() as usize;
        let before = self.good_before[index] as usize;
        let place = if before == 0 {
            0
        } else if before == all {
            5
        } else {
            1 + bin(ratio(before, all), &[0.3, 0.6, 0.9])
        };
        note(facts, Group::Place, place);
        let from_heading = self.heading.and_then(|heading| index.checked_sub(heading));
        note(facts, Group::FromHeading, from_heading.map_or(0, |n| 1 + bin(n, &[4, 12, 30, 80, 200])));
        let before = index.saturating_sub(8)..index;
        let short = before.filter(|i| self.layout.blocks[*i].width < 60);
        let since = short.fold(0, |kinds, i| kinds | self.lines[i].0);
        (0..LINE_KINDS.len()).filter(|i| since & (1 << i) != 0).for_each(|i| note(facts, Group::Since, i));
        let nest = &self.nests[block.container];
        note(facts, Group::WithHeading, nest.from_heading.map_or(0, |level| 1 + bin(level, &[2, 3, 4, 6])));
        let article = match (nest.article, self.heading_article) {
            (None, None) => 0,
            (None, Some(_)) => 1,
            (Some(_), None) => 2,
            (Some(own), Some(heading)) if own == heading => 3,
            (Some(_), Some(_)) => 4,
        };
        note(facts, Group::Article, article);
        self.of_statements(index, block, facts);
    }

    /// What the page itself says of its article, compared with the block.
    fn of_statements(&self, index: usize, block: &Block, facts: &mut Vec<u16>) {
        let inner = bin(ratio(block.inner_links, block.text.len()), &[0.01, 0.5]);
        note(facts, Group::InnerLinks, inner);
        let text = &self.squashed[index];
        let beginning =
            |text: &str, count: usize| text.chars().take(count).map(char::len_utf8).sum::<usize>();
        let stated = self.body.as_deref().map_or(0, |body| {
            1 + usize::from(!text.is_empty() && body.contains(&text[..beginning(text, 60)]))
        });
        note(facts, Group::Stated, stated);
        let described = block.width >= 24
            && self.descriptions.iter().any(|description| {
                text.contains(&description[..beginning(description, 30)])
                    || description.contains(&text[..beginning(text, 30)])
            });
        note(facts, Group::Described, usize::from(described));
        if let Some(title) = self.title.as_deref().filter(|_| !self.likeness.is_empty()) {
            note(facts, Group::TitleWords, bin(self.likeness.of(text), &[0.1, 0.25, 0.5]));
            let is_wide = |text: &str| text.chars().any(|c| c >= '\u{2e80}');
            note(facts, Group::Script, usize::from(is_wide(title) == is_wide(text)));
        }
    }
}

fn link_bin(block: &Block) -> usize {
    bin(ratio(block.linked, block.text.len()), &[0.01, 0.15, 0.35, 0.65, 0.95])
}
