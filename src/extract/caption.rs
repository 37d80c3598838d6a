//! What stands under a picture.

use ego_tree::NodeId;
use rustc_hash::FxHashMap;
use scraper::{ElementRef, Node};

use super::flow::shown_text;
use super::survey::attribute;

/// Captions are not longer than this.
const LONGEST: usize = 300;
/// A centred line under a picture is no caption when it is longer than this.
const LONGEST_LINE: usize = 60;
/// Elements around a picture that are looked at.
const LEVELS: usize = 4;

/// What is known of the elements around the pictures of a body: pictures share them.
#[derive(Debug, Default)]
pub(super) struct Captions {
    pictures: FxHashMap<NodeId, usize>,
    called: FxHashMap<NodeId, Option<NodeId>>,
}

impl Captions {
    /// The caption of a picture: what the markup calls one, else a short centred line right under it.
    pub(super) fn of(&mut self, image: ElementRef<'_>) -> Option<String> {
        let around = || image.ancestors().filter_map(ElementRef::wrap).take(LEVELS);
        let mut called = None;
        for element in around() {
            if self.pictures(element) != 1 && element.value().name() != "figure" {
                break;
            }
            called = self.called(element);
            if called.is_some() {
                break;
            }
        }
        let called = called.and_then(|id| image.tree().get(id)).and_then(ElementRef::wrap);
        let limit = |text: String, longest| Some(text).filter(|t| (1..=longest).contains(&t.chars().count()));
        match called {
            Some(element) => limit(shown_text(element), LONGEST),
            None => limit(self.line_under(around().find(|e| is_centred(*e))?)?, LONGEST_LINE),
        }
    }

    /// The first element within another, or right behind it, that the markup calls a caption.
    fn called(&mut self, element: ElementRef<'_>) -> Option<NodeId> {
        if let Some(known) = self.called.get(&element.id()) {
            return *known;
        }
        let called = element
            .descendent_elements()
            .skip(1)
            .chain(element.next_siblings().find_map(ElementRef::wrap))
            .find(|e| is_called_caption(*e) && self.pictures(*e) == 0)
            .map(|e| e.id());
        self.called.insert(element.id(), called);
        called
    }

    /// The text of a centred element that begins with a picture, or of the centred element after it.
    fn line_under(&mut self, picture: ElementRef<'_>) -> Option<String> {
        if self.pictures(picture) != 1 {
            return None;
        }
        let own = shown_text(picture);
        if !own.is_empty() {
            let begins = picture.descendants().find(|node| match node.value() {
                Node::Text(text) => !text.trim().is_empty(),
                Node::Element(element) => element.name() == "img",
                _ => false,
            })?;
            return begins.value().is_element().then_some(own);
        }
        let next = picture.next_siblings().find_map(ElementRef::wrap)?;
        (is_centred(next) && self.pictures(next) == 0).then(|| shown_text(next))
    }

    /// Pictures within an element: none, one, or two for more.
    fn pictures(&mut self, element: ElementRef<'_>) -> usize {
        let count = || element.descendent_elements().filter(|e| e.value().name() == "img").take(2).count();
        *self.pictures.entry(element.id()).or_insert_with(count)
    }
}

fn is_called_caption(element: ElementRef<'_>) -> bool {
    let class = attribute(element, "class").unwrap_or_default().to_ascii_lowercase();
    element.value().name() == "figcaption" || class.contains("caption") || class.contains("图说")
}

fn is_centred(element: ElementRef<'_>) -> bool {
    let style = attribute(element, "style").unwrap_or_default().to_ascii_lowercase().replace(' ', "");
    element.value().name() == "center"
        || attribute(element, "align").is_some_and(|align| align.eq_ignore_ascii_case("center"))
        || style.contains("text-align:center")
}
