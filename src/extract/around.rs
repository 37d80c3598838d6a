//! What stands around an article on a page of an unknown site: its view counter, links to related
//! articles, and the language it is written in.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::Page;
use super::body::{LinePlace, Reading};
use super::survey::attribute;
use crate::article::{Article, Image, Origin, Related};
use crate::profile::squeeze;
use crate::script::is_han;
use crate::url::CanonicalUrl;

/// Related links that are kept, at most.
const MAX_RELATED: usize = 20;

pub(super) fn fill(page: &Page<'_>, lead_image: Option<&str>, reading: &Reading, article: &mut Article) {
    if article.views.is_none()
        && let Some(views) = views(reading)
    {
        article.views = Some(views);
        article.note_origin("views", &Origin::Generic);
    }
    if article.related.is_empty() {
        article.related = related(page, reading);
        if !article.related.is_empty() {
            article.note_origin("related", &Origin::Generic);
        }
    }
    if article.images.is_empty()
        && let Some(url) = lead_image.and_then(|url| CanonicalUrl::parse(url, Some(page.base())).ok())
    {
        article.images.push(Image { url: url.to_string(), alt: None, caption: None });
        article.note_origin("images", &Origin::Meta);
    }
    if article.language.is_none()
        && let Some(language) = script_language(&article.text)
    {
        article.language = Some(language.to_owned());
        article.note_origin("language", &Origin::Derived);
    }
}

static VIEWS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:浏览|瀏覽|阅读|閱讀|点击|點擊|人气|观看|views?|hits)\s*(?:量|数|次数|次數|人次)?\s*[:：(（]?\s*(\d[\d,]*)(?:\.(\d))?\s*([万萬wk])?").ok()
});

/// The counter in a line at the headline: 浏览:1,873, 阅读量1.3w.
fn views(reading: &Reading) -> Option<u64> {
    let pattern = VIEWS.as_ref()?;
    let lines = reading.lines().filter(|line| line.place == LinePlace::Head && line.width <= 160);
    lines.into_iter().find_map(|line| {
        let found = pattern.captures(line.text)?;
        let whole: u64 = found.get(1)?.as_str().replace(',', "").parse().ok()?;
        let tenth: u64 = found.get(2).and_then(|digit| digit.as_str().parse().ok()).unwrap_or(0);
        let unit = match found.get(3).map(|unit| unit.as_str()) {
            Some("k" | "K") => 1_000,
            Some(_) => 10_000,
            None => return Some(whole),
        };
        whole.checked_mul(unit)?.checked_add(tenth * unit / 10)
    })
}

/// Links below a line that announces them (相关阅读, Related), each with the text under it.
fn related(page: &Page<'_>, reading: &Reading) -> Vec<Related> {
    let mut found: Vec<Related> = Vec::new();
    let mut announced = false;
    for line in reading.lines().filter(|line| !matches!(line.place, LinePlace::Body(..))) {
        if line.announces_related {
            announced = true;
            continue;
        }
        if !announced {
            continue;
        }
        let link = line.is_link.then(|| link_of(page, line.node)).flatten();
        if let Some(url) = link.filter(|url| line.width >= 8 && url.origin() == page.url().origin()) {
            let is_new = found.iter().all(|known| known.url != url.as_str());
            if is_new && found.len() < MAX_RELATED {
                found.push(Related { url: url.to_string(), title: line.text.to_owned(), excerpt: None });
            }
            continue;
        }
        match found.last_mut() {
            Some(last) if !line.is_link && line.width >= 40 && last.excerpt.is_none() => {
                last.excerpt = Some(line.text.to_owned());
            }
            // A date or a counter beside a link.
            Some(_) if !line.is_link && line.width < 40 => {}
            Some(_) => break,
            None => announced = false,
        }
    }
    if found.len() < 2 { Vec::new() } else { found }
}

/// Where the link that holds a text node leads.
fn link_of(page: &Page<'_>, node: ego_tree::NodeId) -> Option<CanonicalUrl> {
    let text = page.html().tree.get(node)?;
    let is_frame = |e: ElementRef<'_>| matches!(e.value().name(), "footer" | "nav" | "header");
    if text.ancestors().filter_map(ElementRef::wrap).any(is_frame) {
        return None;
    }
    let link = text.ancestors().filter_map(ElementRef::wrap).take(6).find(|e| e.value().name() == "a")?;
    let label = squeeze(link.text());
    let url = CanonicalUrl::parse(attribute(link, "href")?, Some(page.base())).ok()?;
    (!label.is_empty() && url.key() != page.url().key()).then_some(url)
}

/// The language that a script alone tells: Han with kana is Japanese, Han alone Chinese.
pub(super) fn script_language(text: &str) -> Option<&'static str> {
    let (mut han, mut kana, mut hangul, mut all) = (0, 0, 0, 0);
    for c in text.chars().take(2000).filter(|c| c.is_alphabetic()) {
        all += 1;
        match c {
            c if is_han(c) => han += 1,
            '\u{3040}'..='\u{30ff}' => kana += 1,
            '\u{ac00}'..='\u{d7a3}' => hangul += 1,
            _ => {}
        }
    }
    if all < 10 {
        None
    } else if kana * 10 > all {
        Some("ja")
    } else if hangul * 3 > all {
        Some("ko")
    } else if han * 2 > all {
        Some("zh")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    #[test]
    fn what_stands_around_an_article_is_read() {
        let text = "老码头的改造工程在本周末完工,步道向居民开放,晚饭后终于有地方散步了。".repeat(3);
        let html = format!(
            "<title>老码头改造完工</title><h1>老码头改造完工</h1><p class=info>2024-05-18 浏览:1,873 来源:本报</p>
             <div class=content><p>{text}</p><p>{text}下一步还要建图书馆。</p></div>
             <h3>相关阅读</h3><ul><li><a href=/2.html>桥头的小图书馆开门了</a><p>{text}</p></li>
             <li><a href=/3.html>沿河种下三百多棵树</a></li></ul><footer><a href=/about>关于我们这个网站</a></footer>"
        );
        let url = CanonicalUrl::parse("http://e.com/1.html", None).unwrap();
        let at = "2025-03-10T00:00:00Z".parse().unwrap();
        let capture = Capture::of_page(url, at, Some("text/html; charset=utf-8"), html.into_bytes());
        let article = Page::parse(&capture).article(None).unwrap();
        assert_eq!(article.views, Some(1873));
        assert_eq!(article.language.as_deref(), Some("zh"));
        assert_eq!(article.source.as_deref(), Some("本报"));
        let related: Vec<(&str, bool)> =
            article.related.iter().map(|r| (r.url.as_str(), r.excerpt.is_some())).collect();
        assert_eq!(related, [("http://e.com/2.html", true), ("http://e.com/3.html", false)]);
    }

    #[test]
    fn a_script_tells_a_language_only_where_it_can() {
        for (text, want) in [
            ("老码头的改造工程在本周末完工", Some("zh")),
            ("古い桟橋の改修工事が週末に終わりました", Some("ja")),
            ("오래된 부두의 보수 공사가 주말에 끝났다", Some("ko")),
            ("The old pier reopened this weekend", None),
        ] {
            assert_eq!(script_language(text), want, "{text}");
        }
    }
}
