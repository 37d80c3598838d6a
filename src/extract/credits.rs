//! Who wrote, who edited, and where it was taken from: stated to machines, marked up as a byline,
//! or printed in a line at the head or the end of an article.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::body::{LinePlace, Reading};
use super::line::squashed;
use super::name::{is_login, is_person, name, stated_name};
use super::structured::Structured;
use super::survey::{OPENING, attribute, element};
use super::{Page, listed};
use crate::article::{Found, Origin};
use crate::profile::squeeze;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Credits {
    /// Names, with commas between them.
    pub(super) author: Option<Found<String>>,
    pub(super) source: Option<Found<String>>,
    pub(super) editor: Option<Found<String>>,
}

pub(super) fn credits(page: &Page<'_>, structured: &Structured, reading: &Reading) -> Credits {
    let printed = printed(reading);
    let is_site = |name: &str| is_site(page, structured, name);
    let stated = stated(structured, &is_site);
    let (sure, unsure) = match marked(page, reading) {
        Some((rank, name)) if rank >= SURE => (Some(name), None),
        marked => (None, marked.map(|(_, name)| name)),
    };
    let generic = |name: String| Found::new(name, Origin::Generic);
    let author = printed
        .author
        .map(generic)
        .or_else(|| stated.clone().filter(|found| !is_site(&found.value) && !is_login(&found.value)))
        .or_else(|| said_by_listing(page, &is_site))
        .or_else(|| sure.clone().filter(|name| !is_site(name)).map(generic))
        .or_else(|| printed.byline.map(generic))
        .or(stated)
        .or_else(|| sure.map(generic))
        .or_else(|| unsure.map(generic))
        .or_else(|| printed.beside_date.map(generic));
    Credits { author, source: printed.source.map(generic), editor: printed.editor.map(generic) }
}

/// Who a listing says wrote it, unless that is a site or a login.
fn said_by_listing(page: &Page<'_>, is_site: &dyn Fn(&str) -> bool) -> Option<Found<String>> {
    let (entry, name) = page.entry.and_then(|entry| Some((entry, entry.author.as_deref()?)))?;
    (!is_site(name) && !is_login(name)).then(|| Found::new(name.to_owned(), listed::origin(entry.from)))
}

/// Whether a name is that of the site or of another organisation: a person who is named goes before.
fn is_site(page: &Page<'_>, structured: &Structured, name: &str) -> bool {
    let host = page.url().host();
    let own = squashed(name);
    let known = structured.site_name.iter().map(|found| &found.value).chain(&structured.organisations);
    known.into_iter().any(|known| squashed(known) == own)
        || host.split('.').any(|label| squashed(label) == own)
        || host.trim_start_matches("www.") == name.to_lowercase()
        || name.contains("www.")
}

/// The names of the first place that has any, without those that name the site when there are others.
fn stated(structured: &Structured, is_site: &dyn Fn(&str) -> bool) -> Option<Found<String>> {
    let all: Vec<(String, &Origin)> = structured
        .authors
        .iter()
        .filter_map(|found| Some((stated_name(&found.value)?, &found.origin)))
        .collect();
    let (first, origin) = all.iter().find(|(name, _)| !is_site(name)).or(all.first())?;
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in all.iter().filter(|(_, of)| of == origin) {
        let is_known = names.iter().any(|known| squashed(known).contains(&squashed(name)));
        if !(is_known || is_site(name) && all.len() > 1) {
            names.push(name);
        }
    }
    // Microdata names the authors of teasers too.
    if names.is_empty() || **origin == Origin::Microdata {
        names = vec![first.as_str()];
    }
    Some(Found::new(names.join(", "), (*origin).clone()))
}

/// An element near the headline or the end of the body whose attributes speak of an author.
fn marked(page: &Page<'_>, reading: &Reading) -> Option<(u8, String)> {
    let nodes: Vec<ego_tree::NodeId> =
        reading.lines().filter(|line| line.place != LinePlace::Elsewhere).map(|line| line.node).collect();
    let (begin, end) = (*nodes.first()?, *nodes.last()?);
    let mut best: Option<(u8, Vec<ElementRef<'_>>, Vec<String>)> = None;
    for element in page.survey.bylines.iter().take(200).filter_map(|id| element(&page.html, *id)) {
        if element.id() > end || !holds_any(element, begin) && element.id() < begin || is_of_reader(element) {
            continue;
        }
        let Some(name) = name_of_parts(element)
            .filter(|name| name.split(", ").all(|one| one.split_whitespace().count() <= 8))
        else {
            continue;
        };
        let rank = rank(element);
        match &mut best {
            // Names of one byline stand side by side.
            Some((known, elements, names)) if rank == *known => {
                let is_beside = elements
                    .iter()
                    .any(|other| other.parent().map(|p| p.id()) == element.parent().map(|p| p.id()));
                if is_beside && !names.contains(&name) && names.len() < 8 {
                    elements.push(element);
                    names.push(name);
                }
            }
            Some((known, ..)) if rank < *known => {}
            _ => best = Some((rank, vec![element], vec![name])),
        }
    }
    best.map(|(rank, _, names)| (rank, names.join(", ")))
}

/// The name in a byline whose parts stand in elements of their own: "By", the name, a title, a date.
fn name_of_parts(element: ElementRef<'_>) -> Option<String> {
    let parts: Vec<String> = element
        .text()
        .take(12)
        .map(|text| squeeze(std::iter::once(&text[..text.floor_char_boundary(OPENING)])))
        .filter(|text| !text.is_empty())
        .collect();
    if parts.iter().map(String::len).sum::<usize>() > 400 {
        return None;
    }
    let joins = |text: &str| {
        [",", "&", "and", "und", "et", "y", "e", "og", "och", "en", "и", "、"]
            .contains(&text.to_lowercase().as_str())
    };
    let mut names: Vec<String> = Vec::new();
    let mut open = true;
    for part in &parts {
        if joins(part) {
            open = !names.is_empty();
        } else if open && let Some(name) = name(part) {
            names.push(name);
            open = part.ends_with(',') || part.ends_with(" and") || part.ends_with(" &");
        } else if !names.is_empty() {
            break;
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Readers who comment, and fields that ask for a name.
fn is_of_reader(element: ElementRef<'_>) -> bool {
    let speaks = |element: ElementRef<'_>| {
        ["class", "id"].iter().filter_map(|name| attribute(element, name)).any(|value| {
            let value = value.to_ascii_lowercase();
            value.contains("comment") || value.contains("respond") || value.contains("related")
        })
    };
    matches!(element.value().name(), "input" | "label" | "form")
        || speaks(element)
        || element
            .ancestors()
            .filter_map(ElementRef::wrap)
            .take(6)
            .any(|e| speaks(e) && e.value().name() != "body")
}

fn holds_any(element: ElementRef<'_>, node: ego_tree::NodeId) -> bool {
    element.descendants().any(|inner| inner.id() == node)
}

/// From this rank on, a byline counts more than the name of the site stated to machines.
const SURE: u8 = 2;

/// How sure it is that the element holds a name and nothing else.
fn rank(element: ElementRef<'_>) -> u8 {
    let attr = |name: &str| attribute(element, name).unwrap_or_default().to_ascii_lowercase();
    let class = attr("class");
    let is_author = class.contains("author");
    if attr("rel").contains("author") || attr("itemprop").contains("author") {
        4
    } else if is_author && (class.contains("name") || element.value().name() == "a") {
        3
    } else if class.contains("byline") || class.split([' ', '-', '_']).any(|word| word == "author") {
        2
    } else {
        let is_portrait = ["bio", "avatar", "image", "about"].iter().any(|word| class.contains(word));
        u8::from(!is_portrait)
    }
}

/// What lines at the head and the end of the article say.
#[derive(Debug, Default)]
struct Printed {
    /// Labelled: 作者：…, 记者 ….
    author: Option<String>,
    /// A line that begins with "By" and the like.
    byline: Option<String>,
    /// A person's name in a line with a date: 2025-12-17 · Jane Miller.
    beside_date: Option<String>,
    source: Option<String>,
    editor: Option<String>,
}

const HAN_NAMES: &str =
    r"(\p{Han}{1,4}(?:·\p{Han}{1,8})?(?:(?:[、，,/]\s*|\s+)\p{Han}{2,4}(?:·\p{Han}{1,8})?)*)";

static LABELLED: LazyLock<Vec<(Credit, Regex)>> = LazyLock::new(|| {
    [
        (Credit::Editor, r"(?:责任编辑|責任編輯|责编|責編|值班编辑|编辑|編輯)\s*[:：／/｜|]\s*([^\s:：()（）\]】|]{2,12}(?:[、 ]\p{Han}{2,4})*)".to_owned()),
        (Credit::Source, r"(?:文章来源|信息来源|稿件来源|来源|來源|稿源)\s*[:：]\s*([^\s|｜:：()（）作]{2,30})".to_owned()),
        (Credit::Author, format!(r"(?:^|[\s（(【\[|｜／/])(?:作者|撰文|撰稿|文(?:字|/图)?)\s*[:：／/｜|]\s*{HAN_NAMES}(?:[\s）)】\]|｜/／]|$|编辑|来源|摄)")),
        (Credit::Author, r"(?:^|[^合])作者\s*[:：]\s*([^\s:：()（）\]】|]{2,24})".to_owned()),
        (Credit::Author, format!(r"(?:记者|記者|通讯员)\s*[:：]?\s*{HAN_NAMES}\s*(?:[）)】\]|｜/／]|$|摄|报道|報道)")),
    ]
    .into_iter()
    .filter_map(|(credit, pattern)| Some((credit, Regex::new(&pattern).ok()?)))
    .collect()
});

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credit {
    Author,
    Source,
    Editor,
}

static BYLINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^[|•·–—\s]*(?i:(?:written|posted|published|words|story|text|interview|recommended) by|by|von|par|por|di|door|av|af|text|texte?|autor(?:in)?(?:/autor(?:in)?)?|auteure?|author|escrito por|publicado por|(?:geschrieben|veröffentlicht|erstellt) von)(?:\s*:\s*|\s+)(\p{Lu}.{1,100})$").ok()
});

fn printed(reading: &Reading) -> Printed {
    let mut found = Printed::default();
    let mut announced = false;
    for line in reading.lines() {
        let is_edge = match line.place {
            LinePlace::Head | LinePlace::Tail => true,
            LinePlace::Body(from_begin, to_end) => from_begin < 3 || to_end < 3,
            LinePlace::Elsewhere => false,
        };
        if !is_edge {
            announced = false;
            continue;
        }
        note_labelled(line.text, &mut found);
        let is_above = matches!(line.place, LinePlace::Head | LinePlace::Body(0 | 1, _));
        if is_above && found.beside_date.is_none() {
            found.beside_date = beside_date(line.text);
        }
        if found.byline.is_none() && line.width < 120 && line.place != LinePlace::Tail {
            let hit =
                BYLINE.as_ref().and_then(|pattern| pattern.captures(line.text)).and_then(|hit| hit.get(1));
            let text = hit.map(|text| text.as_str());
            let below = || announced.then(|| name(line.text))?.filter(|name| is_person(name));
            found.byline =
                text.and_then(name).filter(|name| name.split_whitespace().count() <= 6).or_else(below);
            announced = announces_name(line.text);
        }
    }
    found
}

/// A line that says no more than that a name follows.
fn announces_name(line: &str) -> bool {
    const LABELS: [&str; 9] =
        ["by", "written by", "posted by", "author", "von", "geschrieben von", "autor", "autorin", "par"];
    LABELS.contains(&line.trim().trim_end_matches(':').trim_end().to_lowercase().as_str())
}

/// The name in a line of a date and little else.
fn beside_date(line: &str) -> Option<String> {
    const SEPARATORS: [char; 4] = ['|', '·', '•', '●'];
    let parts: Vec<&str> = line.split(SEPARATORS).map(str::trim).collect();
    let has_date = parts.iter().any(|part| part.chars().filter(char::is_ascii_digit).count() >= 3);
    if !(2..=4).contains(&parts.len()) || !has_date || line.chars().count() > 100 {
        return None;
    }
    parts.iter().find_map(|part| name(part).filter(|name| is_person(name)))
}

/// Labels of what follows a name in the same line.
const ROLES: [&str; 12] =
    ["校对", "審核", "审核", "编辑", "編輯", "责编", "来源", "來源", "作者", "记者", "通讯员", "摄影"];

fn note_labelled(line: &str, found: &mut Printed) {
    let may_be = ['编', '編', '责', '責', '来', '來', '稿', '作', '撰', '文', '记', '記', '通'];
    if line.is_ascii() || !line.contains(may_be) {
        return;
    }
    for (credit, pattern) in &*LABELLED {
        let place = match credit {
            Credit::Author => &mut found.author,
            Credit::Source => &mut found.source,
            Credit::Editor => &mut found.editor,
        };
        if place.is_none()
            && let Some(text) = pattern.captures(line).and_then(|hit| hit.get(1))
        {
            let names = text.as_str().trim_end_matches(['_', '-']).trim();
            let names = names.split([' ', '、', '，', ',', '/']).filter(|name| !name.is_empty());
            let names: Vec<&str> = names.take_while(|name| !ROLES.contains(name)).collect();
            *place = Some(names.join(", ")).filter(|names| names.chars().count() >= 2);
        }
    }
}
