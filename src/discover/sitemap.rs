//! Sitemaps (sitemaps.org): URL sets, indexes, plain lists, gzipped or not.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::MAX_LINKS;
use crate::capture::Capture;
use crate::extract::charset;
use crate::inflate::gunzip;
use crate::url::CanonicalUrl;

/// What a sitemap lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Pages.
    pub pages: Vec<CanonicalUrl>,
    /// Further sitemaps.
    pub sitemaps: Vec<CanonicalUrl>,
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
    let text = text.trim_start();
    let sitemap =
        if text.starts_with('<') { read_xml(text, &capture.url) } else { read_lines(text, &capture.url) };
    (!sitemap.pages.is_empty() || !sitemap.sitemaps.is_empty() || text.contains("<urlset")).then_some(sitemap)
}

fn read_lines(text: &str, base: &CanonicalUrl) -> Sitemap {
    let is_url = |line: &&str| line.starts_with("http://") || line.starts_with("https://");
    let lines = text.lines().map(str::trim).filter(is_url).take(MAX_LINKS);
    Sitemap {
        pages: lines.filter_map(|line| CanonicalUrl::parse(line, Some(base)).ok()).collect(),
        sitemaps: Vec::new(),
    }
}

/// Element names are compared without their namespace: many sitemaps have none or a wrong one.
fn read_xml(text: &str, base: &CanonicalUrl) -> Sitemap {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut sitemap = Sitemap::default();
    let mut in_index = false;
    let mut location: Option<String> = None;
    while sitemap.pages.len() + sitemap.sitemaps.len() < MAX_LINKS {
        match reader.read_event() {
            Ok(Event::Start(start)) => match start.local_name().as_ref() {
                "sitemap" => in_index = true,
                "url" => in_index = false,
                // <image:loc> and <video:player_loc> are no pages.
                "loc" if start.name().prefix().is_none_or(|prefix| prefix.as_ref() != "image") => {
                    location = Some(String::new());
                }
                _ => {}
            },
            Ok(Event::Text(text)) => push(&mut location, &text.xml_content(XmlVersion::Implicit1_0)),
            Ok(Event::CData(text)) => push(&mut location, &text),
            Ok(Event::GeneralRef(reference)) => {
                // Only the predefined entities and characters: nothing is expanded.
                let name = format!("&{};", &*reference);
                push(&mut location, &quick_xml::escape::unescape(&name).unwrap_or_default());
            }
            Ok(Event::End(end)) if end.local_name().as_ref() == "loc" => {
                let text = location.take().filter(|text| !text.trim().is_empty());
                let url = text.and_then(|text| CanonicalUrl::parse(&text, Some(base)).ok());
                let list = if in_index { &mut sitemap.sitemaps } else { &mut sitemap.pages };
                list.extend(url);
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    sitemap
}

fn push(location: &mut Option<String>, text: &str) {
    if let Some(location) = location {
        location.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(body: &[u8]) -> Option<Sitemap> {
        let url = CanonicalUrl::parse("http://e.com/sitemap.xml", None).unwrap();
        read(&Capture::of_page(url, "2025-03-10T00:00:00Z".parse().unwrap(), None, body.to_vec()))
    }

    fn urls(list: &[CanonicalUrl]) -> Vec<&str> {
        list.iter().map(CanonicalUrl::as_str).collect()
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
    fn a_gzipped_sitemap_is_unpacked() {
        use std::io::Write as _;
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"<urlset><url><loc>http://e.com/1</loc></url></urlset>").unwrap();
        assert_eq!(read_text(&gz.finish().unwrap()).unwrap().pages.len(), 1);
    }

    #[test]
    fn a_broken_sitemap_gives_what_can_be_read_and_a_page_gives_none() {
        assert_eq!(
            read_text(b"<urlset><url><loc>http://e.com/1</loc></url><url><loc>http").unwrap().pages.len(),
            1
        );
        assert_eq!(read_text(b"<html><body>404</body></html>"), None);
        assert_eq!(read_text(b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&x;</loc></url></urlset>").unwrap().pages.len(), 0);
    }
}
