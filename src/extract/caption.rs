//! What stands under a picture.

use scraper::{ElementRef, Node};

use super::flow::shown_text;
use super::survey::attribute;

/// Captions are not longer than this.
const LONGEST: usize = 300;
/// A centred line under a picture is no caption when it is longer than this.
const LONGEST_LINE: usize = 60;
/// Elements around a picture that are looked at.
const LEVELS: usize = 4;

/// The caption of a picture: what the markup calls one, else a short centred line right under it.
pub(super) fn caption_of(image: ElementRef<'_>) -> Option<String> {
    let around = || image.ancestors().filter_map(ElementRef::wrap).take(LEVELS);
    let called = around().take_while(|e| pictures(*e) == 1 || e.value().name() == "figure").find_map(|e| {
        e.descendent_elements()
            .skip(1)
            .chain(e.next_siblings().find_map(ElementRef::wrap))
            .find(|e| is_called_caption(*e) && pictures(*e) == 0)
    });
    let limit = |text: String, longest| Some(text).filter(|t| (1..=longest).contains(&t.chars().count()));
    match called {
        Some(element) => limit(shown_text(element), LONGEST),
        None => limit(line_under(around().find(|e| is_centred(*e))?)?, LONGEST_LINE),
    }
}

/// The text of a centred element that begins with a picture, or of the centred element after it.
fn line_under(picture: ElementRef<'_>) -> Option<String> {
    if pictures(picture) != 1 {
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
    (is_centred(next) && pictures(next) == 0).then(|| shown_text(next))
}

fn pictures(element: ElementRef<'_>) -> usize {
    element.descendent_elements().filter(|e| e.value().name() == "img").take(2).count()
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
