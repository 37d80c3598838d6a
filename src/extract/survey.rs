//! One walk over a parsed page that notes everything the other steps look for.

use std::sync::LazyLock;

use ego_tree::NodeId;
use scraper::{ElementRef, Html, Node};

use super::phrases::Phrases;

/// Parts of words in attributes: the first of them speak of an author, the others of a date.
const MARK_WORDS: [&str; 12] = [
    "author",
    "byline",
    "writer",
    "zuozhe",
    "contributor",
    "reporter",
    "autor",
    "redact",
    "date",
    "time",
    "publi",
    "posted",
];
const AUTHOR_WORDS: usize = 8;

/// Headings that are noted, at most: an article has one, a section's page one for each of its teasers.
const MAX_HEADINGS: usize = 200;

/// Bytes of an element's text that are read for a name or a date. Elements of one class may stand in each other,
/// all around the same long text.
pub(crate) const OPENING: usize = 4096;

static MARKS: LazyLock<Option<Phrases>> = LazyLock::new(|| Phrases::new(MARK_WORDS));

/// Where the notable elements are.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// `<base href>`.
    pub(crate) base: Option<String>,
    /// `<html lang>`.
    pub(crate) language: Option<String>,
    /// The text of `<title>`.
    pub(crate) title: Option<String>,
    /// `<link rel=canonical>`.
    pub(crate) canonical: Option<String>,
    /// `<link rel=alternate>` to RSS, Atom or JSON Feed.
    pub(crate) feeds: Vec<String>,
    /// `<link rel="https://api.w.org/">`: the root of WordPress's REST API.
    pub(crate) api: Option<String>,
    /// `<link rel=next>` or `<a rel=next>`.
    pub(crate) next: Option<String>,
    /// `<meta>`: name or property in lower case, content.
    pub(crate) metas: Vec<(String, String)>,
    /// `<a href>`.
    pub(crate) anchors: Vec<NodeId>,
    /// `<script type=application/ld+json>`.
    pub(crate) json_ld: Vec<NodeId>,
    /// `<time datetime>`.
    pub(crate) times: Vec<NodeId>,
    /// `<h1>`.
    pub(crate) headings: Vec<NodeId>,
    /// Elements with `itemprop`.
    pub(crate) properties: Vec<NodeId>,
    /// Elements whose attributes speak of an author.
    pub(crate) bylines: Vec<NodeId>,
    /// `<meta http-equiv=refresh>` that leads elsewhere at once.
    pub(crate) refreshes: bool,
    /// `<input type=password>`.
    pub(crate) asks_password: bool,
    /// Elements whose attributes speak of a date.
    pub(crate) dates: Vec<NodeId>,
    /// `<script>` without JSON.
    pub(crate) scripts: Vec<NodeId>,
}

impl Survey {
    pub(crate) fn of(html: &Html) -> Self {
        let mut survey = Self::default();
        for node in html.tree.root().descendants() {
            if let Some(element) = ElementRef::wrap(node) {
                survey.note(element);
            }
        }
        survey
    }

    fn note(&mut self, element: ElementRef<'_>) {
        for (name, value) in element.value().attrs() {
            match name {
                "itemprop" => {
                    self.properties.push(element.id());
                    self.note_mark(element, value);
                }
                "class" | "id" | "rel" | "data-testid" => self.note_mark(element, value),
                _ => {}
            }
        }
        let attr = |name: &str| {
            attribute(element, name).map(|value| value.trim().to_owned()).filter(|v| !v.is_empty())
        };
        match element.value().name() {
            "a" if attribute(element, "href").is_some() => {
                self.anchors.push(element.id());
                if self.next.is_none() && has_token(attribute(element, "rel"), "next") {
                    self.next = attr("href");
                }
            }
            "meta" => {
                self.refreshes |= attr("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh"))
                    && attr("content").is_some_and(|content| leads_away(&content));
                let name = attr("property").or_else(|| attr("name")).or_else(|| attr("itemprop"));
                if let (Some(name), Some(content)) = (name, attr("content")) {
                    self.metas.push((name.to_ascii_lowercase(), content));
                }
            }
            "link" => self.note_link(element),
            "time" if attribute(element, "datetime").is_some() => self.times.push(element.id()),
            "script"
                if attribute(element, "type")
                    .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/ld+json")) =>
            {
                self.json_ld.push(element.id());
            }
            "input"
                if attribute(element, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("password")) =>
            {
                self.asks_password = true;
            }
            "script" => self.scripts.push(element.id()),
            "h1" if self.headings.len() < MAX_HEADINGS && !is_buried(element) => {
                self.headings.push(element.id());
            }
            "base" if self.base.is_none() => self.base = attr("href"),
            "html" => self.language = attr("lang").or_else(|| attr("xml:lang")),
            "title" if self.title.is_none() => {
                self.title = Some(crate::profile::squeeze(element.text())).filter(|t| !t.is_empty());
            }
            _ => {}
        }
    }

    /// What words in its attributes tell of an element.
    fn note_mark(&mut self, element: ElementRef<'_>, value: &str) {
        let Some(words) = MARKS.as_ref().filter(|_| (4..200).contains(&value.len())) else { return };
        words.each(value, |word, _| {
            let marks = if word < AUTHOR_WORDS { &mut self.bylines } else { &mut self.dates };
            if marks.last() != Some(&element.id()) {
                marks.push(element.id());
            }
        });
    }

    fn note_link(&mut self, element: ElementRef<'_>) {
        let rel = attribute(element, "rel");
        let Some(href) = attribute(element, "href").map(str::trim).filter(|href| !href.is_empty()) else {
            return;
        };
        if has_token(rel, "canonical") && self.canonical.is_none() {
            self.canonical = Some(href.to_owned());
        }
        if has_token(rel, "next") && self.next.is_none() {
            self.next = Some(href.to_owned());
        }
        if has_token(rel, "https://api.w.org/") && self.api.is_none() {
            self.api = Some(href.to_owned());
        }
        let kind = attribute(element, "type").unwrap_or_default().to_ascii_lowercase();
        if has_token(rel, "alternate")
            && ["rss+xml", "atom+xml", "feed+json"].iter().any(|feed| kind.contains(feed))
        {
            self.feeds.push(href.to_owned());
        }
    }

    /// The content of the first `<meta>` of one of the names, in the order of the names.
    pub(crate) fn meta(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|wanted| {
            self.metas.iter().find(|(name, _)| name == wanted).map(|(_, content)| content.as_str())
        })
    }

    /// Whether a script of a page with hardly any text sets another location.
    pub(crate) fn relocates(&self, html: &Html) -> bool {
        self.scripts.iter().take(3).any(|id| {
            let script = script_text(html, *id);
            script.len() < 2000
                && [
                    "location.href",
                    "location.replace",
                    "location.assign",
                    "window.location",
                    "document.location",
                ]
                .iter()
                .any(|call| script.contains(call))
        })
    }

    /// Whether `<meta name=robots>` asks to be left out of indexes.
    pub(crate) fn is_noindex(&self) -> bool {
        self.meta(&["robots"]).is_some_and(|v| v.to_ascii_lowercase().contains("noindex"))
    }

    /// Whether `<meta name=robots>` asks not to follow the page's links.
    pub(crate) fn is_nofollow(&self) -> bool {
        self.meta(&["robots"]).is_some_and(|v| v.to_ascii_lowercase().contains("nofollow"))
    }
}

/// Whether a heading stands in headings that were left open one in the other, each with all the text.
fn is_buried(heading: ElementRef<'_>) -> bool {
    const MAX_AROUND: usize = 8;
    let headings = heading.ancestors().filter_map(ElementRef::wrap).filter(|e| e.value().name() == "h1");
    headings.take(MAX_AROUND).count() == MAX_AROUND
}

/// `0; url=…`, within ten seconds.
fn leads_away(content: &str) -> bool {
    let (delay, rest) = content.split_once([';', ',']).unwrap_or((content, ""));
    delay.trim().parse::<f32>().is_ok_and(|seconds| seconds <= 10.0)
        && rest.to_ascii_lowercase().contains("url")
}

fn has_token(value: Option<&str>, token: &str) -> bool {
    value.is_some_and(|value| value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(token)))
}

/// The elements from the document down to one, each by its name and its first class without digits.
pub(crate) fn path_to(element: ElementRef<'_>) -> String {
    const LEVELS: usize = 8;
    let mut names: Vec<String> = std::iter::once(element)
        .chain(element.ancestors().filter_map(ElementRef::wrap))
        .take(LEVELS)
        .map(|element| {
            let class = attribute(element, "class")
                .and_then(|class| class.split_ascii_whitespace().next())
                .unwrap_or_default();
            let class: String = class.chars().filter(|c| !c.is_ascii_digit()).collect();
            let name = element.value().name();
            if class.is_empty() { name.to_owned() } else { format!("{name}.{class}") }
        })
        .collect();
    names.reverse();
    names.join(" ")
}

/// The value of an attribute. A tag has few attributes, and to compare their names takes less than to
/// look the name up among all names there are, as [`scraper::node::Element::attr`] does.
pub(crate) fn attribute<'a>(element: ElementRef<'a>, name: &str) -> Option<&'a str> {
    element.value().attrs().find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The beginning of an element's text, of so many text nodes at most, white space squeezed.
pub(crate) fn opening(element: ElementRef<'_>, nodes: usize) -> String {
    let mut left = OPENING;
    crate::profile::squeeze(element.text().take(nodes).map(|text| {
        let part = &text[..text.floor_char_boundary(left)];
        left -= part.len();
        part
    }))
}

/// The element of a noted node.
pub(crate) fn element(html: &Html, id: NodeId) -> Option<ElementRef<'_>> {
    html.tree.get(id).and_then(ElementRef::wrap)
}

/// The text of a `<script>`, which is one text node.
pub(crate) fn script_text(html: &Html, id: NodeId) -> String {
    let children = html.tree.get(id).map(|node| node.children().collect::<Vec<_>>()).unwrap_or_default();
    children
        .iter()
        .filter_map(|child| if let Node::Text(text) = child.value() { Some(&**text) } else { None })
        .collect()
}
