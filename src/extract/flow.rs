//! What an element does to the lines of a page.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::survey::attribute;
use crate::profile::squeeze;

/// How an element's text stands among the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// It has no text of its own.
    Silent,
    /// It ends the line.
    Break,
    /// It stands on lines of its own.
    Block,
    /// It is part of the line.
    Inline,
}

pub(super) fn flow(name: &str) -> Flow {
    match name {
        "script" | "style" | "noscript" | "template" | "iframe" | "svg" | "button" | "input" | "select"
        | "textarea" | "head" | "title" | "object" | "video" | "audio" | "canvas" | "math" => Flow::Silent,
        "br" | "hr" => Flow::Break,
        "address" | "article" | "aside" | "blockquote" | "body" | "caption" | "center" | "dd" | "details"
        | "dialog" | "div" | "dl" | "dt" | "fieldset" | "figcaption" | "figure" | "footer" | "form"
        | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "header" | "hgroup" | "html" | "li" | "main" | "menu"
        | "nav" | "ol" | "p" | "pre" | "section" | "summary" | "table" | "tbody" | "td" | "tfoot" | "th"
        | "thead" | "tr" | "ul" => Flow::Block,
        _ => Flow::Inline,
    }
}

/// Whether the element's own style takes it off the page.
pub(super) fn is_hidden(element: ElementRef<'_>) -> bool {
    attribute(element, "style").is_some_and(|style| {
        style.contains("none") && style.replace(' ', "").to_ascii_lowercase().contains("display:none")
    })
}

/// Whether it is a place that an advertiser's script fills.
pub(super) fn is_advertisement(element: ElementRef<'_>) -> bool {
    element.value().attrs().any(|(name, value)| match name {
        "class" => {
            value.contains("adsbygoogle")
                && value.split_ascii_whitespace().any(|class| class == "adsbygoogle")
        }
        "data-ad-slot" | "data-ad-client" => true,
        _ => false,
    })
}

/// The text of an element without that of what has no text of its own, white space squeezed.
pub(super) fn shown_text(element: ElementRef<'_>) -> String {
    let mut silent = 0;
    let is_silent = |element: &scraper::node::Element| usize::from(flow(element.name()) == Flow::Silent);
    let texts = element.traverse().filter_map(|edge| {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(text) if silent == 0 => return Some(&**text),
                Node::Element(element) => silent += is_silent(element),
                _ => {}
            },
            Edge::Close(node) => {
                if let Node::Element(element) = node.value() {
                    silent -= is_silent(element);
                }
            }
        }
        None
    });
    squeeze(texts)
}
