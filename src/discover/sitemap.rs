//! Sitemaps (sitemaps.org): URL sets, indexes, news, plain lists, feeds; gzipped or not, broken or not.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::Date;
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::{MAX_LINKS, feed, mend};
use crate::capture::Capture;
use crate::entry::{Entry, Listing};
use crate::extract::charset;
use crate::inflate::gunzip;
use crate::url::CanonicalUrl;

/// What a sitemap lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Pages.
    pub pages: Vec<Listed>,
    /// Further sitemaps.
    pub sitemaps: Vec<Listed>,
    /// It has more lines than are read.
    pub is_cut: bool,
    /// It is not well-formed, and perhaps not all of it could be read.
    pub is_damaged: bool,
}

/// A line of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub url: CanonicalUrl,
    /// When it changed last.
    pub lastmod: Option<Lastmod>,
    /// What a news sitemap, or a feed in its place, says of the article.
    pub entry: Option<Entry>,
}

/// A `<lastmod>`: a moment, or a day, a month or a year, as its first and last moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lastmod {
    /// The first possible moment.
    pub from: Timestamp,
    /// The last possible moment.
    pub to: Timestamp,
}

impl Lastmod {
    /// Reads a date of the W3C's profile of ISO 8601 (<https://www.w3.org/TR/NOTE-datetime>). A day
    /// without an offset may be any zone's.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self { from: at, to: at });
        }
        let text = text.split(['T', ' ']).next().unwrap_or_default();
        let (first, days) = match text.len() {
            4 => (format!("{text}-01-01"), 366),
            7 => (format!("{text}-01"), 31),
            _ => (text.to_owned(), 1),
        };
        let first: Date = first.parse().ok()?;
        let from = first.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        let to = from.checked_add(jiff::SignedDuration::from_hours(days * 24 + 12)).ok()?;
        Some(Self { from, to })
    }
}

/// Reads a sitemap; `None` when the capture is none. What can be read of a broken one is kept.
pub fn read(capture: &Capture) -> Option<Sitemap> {
    let unpacked;
    let body = if capture.body.starts_with(&[0x1f, 0x8b]) {
        unpacked = gunzip(&capture.body)?;
        &unpacked
    } else {
        &capture.body
    };
    let text = charset::decode(body, capture.content_type()).text;
    let decoded = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let text = mend::beginning(decoded);
    let sitemap = if text.starts_with('<') {
        let mended = mend::ampersands(text);
        let read = XmlReader::new(&capture.url).read(&mended);
        let is_mended = text.len() != decoded.len() || matches!(mended, Cow::Owned(_));
        Sitemap { is_damaged: read.is_damaged || is_mended, ..read }
    } else {
        read_lines(text, &capture.url)
    };
    let is_one = !sitemap.pages.is_empty() || !sitemap.sitemaps.is_empty() || text.contains("<urlset");
    is_one.then_some(sitemap).or_else(|| from_feed(text, &capture.url))
}

/// A feed in a sitemap's place, which sitemaps.org allows.
fn from_feed(text: &str, base: &CanonicalUrl) -> Option<Sitemap> {
    let listed = |item: feed::FeedItem| {
        let said = item.entry.modified.as_deref().or(item.entry.published.as_deref());
        Listed { url: item.url, lastmod: said.and_then(Lastmod::read), entry: Some(item.entry) }
    };
    let feed = feed::read(text, base)?;
    Some(Sitemap {
        pages: feed.items.into_iter().map(listed).collect(),
        sitemaps: Vec::new(),
        is_cut: feed.is_cut,
        is_damaged: feed.is_damaged,
    })
}

fn read_lines(text: &str, base: &CanonicalUrl) -> Sitemap {
    let is_url = |line: &&str| !line.is_empty() && !line.contains(char::is_whitespace) && line.contains('.');
    let mut lines = text.lines().map(str::trim).filter(is_url).filter(|line| has_host(line));
    let urls = lines.by_ref().take(MAX_LINKS).filter_map(|line| address(line, base));
    let pages = urls.map(|url| Listed { url, lastmod: None, entry: None }).collect();
    Sitemap { pages, sitemaps: Vec::new(), is_cut: lines.next().is_some(), is_damaged: false }
}

/// Whether a text names its host, with or without a scheme.
fn has_host(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.starts_with("www.")
}

/// The URL of a `<loc>`, which should be absolute, may be relative, and sometimes lacks its scheme.
fn address(text: &str, base: &CanonicalUrl) -> Option<CanonicalUrl> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let lacks_scheme =
        text.starts_with("www.") || text.strip_prefix(base.host()).is_some_and(|rest| rest.starts_with('/'));
    let scheme = if base.as_str().starts_with("https") { "https" } else { "http" };
    match text {
        "" => None,
        _ if lacks_scheme => CanonicalUrl::parse(&format!("{scheme}://{text}"), None).ok(),
        _ => CanonicalUrl::parse(text, Some(base)).ok(),
    }
}

/// Whether an element of that name holds all the others.
fn is_root(name: &str) -> bool {
    matches!(name, "urlset" | "sitemapindex")
}

/// The element whose text is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Loc,
    Lastmod,
    NewsTitle,
    NewsDate,
    /// Text right inside `<sitemap>`, where some forget the `<loc>`.
    Bare,
}

/// Reads events in order and forgives what can be understood: element names are compared without their
/// namespace, since many sitemaps have none or a wrong one.
struct XmlReader<'a> {
    base: &'a CanonicalUrl,
    found: Sitemap,
    in_index: bool,
    in_news: bool,
    field: Option<Field>,
    text: String,
    /// What this `<url>` or `<sitemap>` said before its `<loc>`.
    lastmod: Option<Lastmod>,
    entry: Option<Entry>,
    /// Whether this element has given a line already.
    has_line: bool,
}

impl<'a> XmlReader<'a> {
    fn new(base: &'a CanonicalUrl) -> Self {
        Self {
            base,
            found: Sitemap::default(),
            in_index: false,
            in_news: false,
            field: None,
            text: String::new(),
            lastmod: None,
            entry: None,
            has_line: false,
        }
    }

    fn read(mut self, text: &str) -> Sitemap {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = false;
        let mut is_open = true;
        loop {
            if self.found.pages.len() + self.found.sitemaps.len() > MAX_LINKS {
                self.found.is_cut = true;
                self.found.pages.truncate(MAX_LINKS);
                self.found.sitemaps.truncate(MAX_LINKS);
                break;
            }
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    let prefix = start.name().prefix().map(|prefix| prefix.as_ref().to_owned());
                    self.start(start.local_name().as_ref(), prefix.as_deref());
                }
                Ok(Event::Text(text)) => self.push(&text.xml_content(XmlVersion::Implicit1_0)),
                Ok(Event::CData(text)) => self.push(&text),
                Ok(Event::GeneralRef(reference)) => {
                    // Only the predefined entities and characters: nothing is expanded.
                    let name = format!("&{};", &*reference);
                    self.push(&quick_xml::escape::unescape(&name).unwrap_or_default());
                }
                Ok(Event::End(end)) => {
                    is_open &= !is_root(end.local_name().as_ref());
                    self.end(end.local_name().as_ref());
                }
                Ok(Event::Empty(empty)) => is_open &= !is_root(empty.local_name().as_ref()),
                Ok(Event::Eof) => break,
                // What follows can be read all the same.
                Err(quick_xml::Error::IllFormed(_)) => self.found.is_damaged = true,
                // A text before broken markup is whole; one before the end of the file may be cut.
                Err(_) => {
                    self.end("loc");
                    break;
                }
                Ok(_) => {}
            }
        }
        self.found.is_damaged |= is_open && !self.found.is_cut;
        self.found
    }

    fn start(&mut self, name: &str, prefix: Option<&str>) {
        let is_own = !matches!(prefix, Some("image" | "video"));
        let field = match name {
            // Some nest <url> in <loc>.
            "url" | "sitemap" if self.field != Some(Field::Loc) => {
                (self.in_index, self.in_news) = (name == "sitemap", false);
                (self.lastmod, self.entry, self.has_line) = (None, None, false);
                self.in_index.then_some(Field::Bare)
            }
            "news" => {
                self.in_news = true;
                None
            }
            "loc" if is_own => Some(Field::Loc),
            "lastmod" => Some(Field::Lastmod),
            "title" if self.in_news => Some(Field::NewsTitle),
            "publication_date" if self.in_news => Some(Field::NewsDate),
            _ => return,
        };
        self.field = field;
        self.text.clear();
    }

    fn push(&mut self, text: &str) {
        if self.field.is_some() {
            self.text.push_str(text);
        }
    }

    fn end(&mut self, name: &str) {
        let ends = |field| match field {
            Field::Loc => name == "loc",
            Field::Lastmod => name == "lastmod",
            Field::NewsTitle => name == "title",
            Field::NewsDate => name == "publication_date",
            Field::Bare => name == "sitemap",
        };
        let Some(field) = self.field.filter(|field| ends(*field)) else { return };
        self.field = None;
        let text = std::mem::take(&mut self.text);
        match field {
            Field::Loc => self.line(&text),
            Field::Bare if has_host(text.trim()) => self.line(&text),
            Field::Bare => {}
            Field::Lastmod => *self.lastmod_slot() = Lastmod::read(&text),
            Field::NewsTitle => self.news().title = Some(text.trim().to_owned()).filter(|t| !t.is_empty()),
            Field::NewsDate => {
                let text = text.trim();
                self.news().published = Lastmod::read(text).map(|_| text.to_owned());
            }
        }
    }

    fn line(&mut self, text: &str) {
        let Some(url) = address(text, self.base) else { return };
        let line = Listed { url, lastmod: self.lastmod.take(), entry: self.entry.take() };
        if self.in_index { &mut self.found.sitemaps } else { &mut self.found.pages }.push(line);
        self.has_line = true;
    }

    /// Where a `<lastmod>` belongs: to the line before it, unless that one has its own.
    fn lastmod_slot(&mut self) -> &mut Option<Lastmod> {
        let lines = if self.in_index { &mut self.found.sitemaps } else { &mut self.found.pages };
        match lines.last_mut().filter(|line| self.has_line && line.lastmod.is_none()) {
            Some(line) => &mut line.lastmod,
            None => &mut self.lastmod,
        }
    }

    fn news(&mut self) -> &mut Entry {
        let lines = if self.in_index { &mut self.found.sitemaps } else { &mut self.found.pages };
        let slot = match lines.last_mut().filter(|_| self.has_line) {
            Some(line) => &mut line.entry,
            None => &mut self.entry,
        };
        slot.get_or_insert_with(|| Entry::of(Listing::Sitemap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &[u8]) -> Option<Sitemap> {
        let url = CanonicalUrl::parse("http://e.com/sitemap.xml", None).unwrap();
        read(&Capture::of_page(url, "2025-03-10T00:00:00Z".parse().unwrap(), None, body.to_vec()))
    }

    fn urls(list: &[Listed]) -> Vec<&str> {
        list.iter().map(|line| line.url.as_str()).collect()
    }

    #[test]
    fn sets_indexes_and_lists_are_read() {
        let set = read_text(b"\n<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc> http://e.com/?a=1&amp;b=2 </loc><image:image><image:loc>http://e.com/x.jpg</image:loc></image:image></url><url><loc><![CDATA[http://e.com/2]]></loc></url></urlset>").unwrap();
        assert_eq!(urls(&set.pages), ["http://e.com/?a=1&b=2", "http://e.com/2"]);
        let index = read_text(b"<?xml version='1.0'?><sitemapindex><sitemap><loc>http://e.com/s1.xml.gz</loc></sitemap></sitemapindex>").unwrap();
        assert_eq!(urls(&index.sitemaps), ["http://e.com/s1.xml.gz"]);
        assert_eq!(read_text(b"http://e.com/1\nhttp://e.com/2\n").unwrap().pages.len(), 2);
    }

    #[test]
    fn a_lastmod_belongs_to_its_own_line() {
        let index = read_text(b"<sitemapindex><sitemap><loc>/1.xml</loc><lastmod>2024-05-18</lastmod></sitemap><sitemap><loc>/2.xml</loc></sitemap><sitemap><lastmod>2024-05-18T10:00:00+08:00</lastmod><loc>/3.xml</loc></sitemap></sitemapindex>").unwrap();
        let lastmods: Vec<Option<Lastmod>> = index.sitemaps.iter().map(|line| line.lastmod).collect();
        let day = lastmods[0].unwrap();
        assert_eq!(day.from, "2024-05-18T00:00:00Z".parse().unwrap());
        assert!(day.to > "2024-05-19T00:00:00Z".parse().unwrap());
        assert_eq!(lastmods[1], None);
        assert_eq!(lastmods[2].unwrap().to, "2024-05-18T02:00:00Z".parse().unwrap());
    }

    #[test]
    fn news_say_title_and_date() {
        let news = read_text("<urlset xmlns:news='x'><url><loc>http://e.com/1</loc><news:news><news:publication><news:name>园区报</news:name></news:publication><news:publication_date>2024-05-18</news:publication_date><news:title>签约 &amp; 开工</news:title></news:news></url><url><loc>http://e.com/2</loc></url></urlset>".as_bytes()).unwrap();
        let entry = news.pages[0].entry.as_ref().unwrap();
        assert_eq!(entry.title.as_deref(), Some("签约 & 开工"));
        assert_eq!(entry.published.as_deref(), Some("2024-05-18"));
        assert_eq!(news.pages[1].entry, None);
    }

    #[test]
    fn a_gzipped_sitemap_is_unpacked() {
        use std::io::Write as _;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"<urlset><url><loc>http://e.com/1</loc></url></urlset>").unwrap();
        assert_eq!(read_text(&gz.finish().unwrap()).unwrap().pages.len(), 1);
    }

    #[test]
    fn a_broken_sitemap_gives_what_can_be_read_and_a_page_gives_none() {
        for (broken, want) in [
            ("<urlset><url><loc>http://e.com/1</loc></url><url><loc>http", 1),
            ("<urlset><url><loc>http://e.com/1</loc></url><url><loc>http://e.com/2</lo", 2),
            ("<urlset></url><url><loc>http://e.com/1</loc></url></urlset>", 1),
            ("<urlset><url><loc>/?a=1&b=2</loc></url><url><loc>/?a=1&b=3</loc></url></urlset>", 2),
            ("Warning: x\n<?xml version='1.0'?><urlset><url><loc>/1</loc></url></urlset>", 1),
        ] {
            let read = read_text(broken.as_bytes()).unwrap();
            assert_eq!(read.pages.len(), want, "{broken}");
        }
        assert_eq!(read_text(b"<html><body>404</body></html>"), None);
        assert_eq!(read_text(b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&x;</loc></url></urlset>").unwrap().pages.len(), 0);
    }
}
