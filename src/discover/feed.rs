//! RSS, Atom and JSON Feed: the newest articles, with what pages leave out: exact times, and often the
//! whole text.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::{MAX_LINKS, mend, plain};
use crate::capture::Capture;
use crate::entry::{Entry, Listing};
use crate::extract::charset;
use crate::url::CanonicalUrl;

/// Bytes of an article's text that are kept.
const MAX_BODY: usize = 256 << 10;
/// Characters from which on a description may be the whole text.
const LONG_DESCRIPTION: usize = 400;

/// A feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// Its entries in order, 50,000 at most: the newest, where they have dates.
    pub items: Vec<FeedItem>,
    /// WordPress made it: older entries are at `?paged=2` and so on.
    pub is_wordpress: bool,
    /// It has more entries than are read.
    pub is_cut: bool,
    /// It is not well-formed, and perhaps not all of it could be read.
    pub is_damaged: bool,
}

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// The article.
    pub url: CanonicalUrl,
    /// What the feed says of it.
    pub entry: Entry,
}

/// The feed that a capture holds; `None` when it holds none.
pub fn of(capture: &Capture) -> Option<Feed> {
    read(&charset::decode(&capture.body, capture.content_type()).text, &capture.url)
}

/// Reads a feed's text; links are relative to `base`. What can be read of a broken one is kept.
pub(super) fn read(text: &str, base: &CanonicalUrl) -> Option<Feed> {
    read_well_formed(text, base).or_else(|| {
        let mended = mend::ampersands(mend::beginning(text));
        let feed = read_well_formed(&mend::end(&mended), base)?;
        Some(Feed { is_damaged: true, ..feed })
    })
}

fn read_well_formed(text: &str, base: &CanonicalUrl) -> Option<Feed> {
    let text = declare_utf8(text);
    let text = newest_entries(&text);
    // feed-rs panics on some malformed feeds; such a feed is none.
    let parsed = catch_unwind(AssertUnwindSafe(|| feed_rs::parser::parse(text.as_bytes()).ok()));
    let feed = parsed.ok().flatten()?;
    let is_wordpress = feed.generator.as_ref().is_some_and(|made| {
        let made = format!("{} {}", made.content, made.uri.as_deref().unwrap_or_default());
        made.to_ascii_lowercase().contains("wordpress")
    });
    let is_cut = matches!(text, Cow::Owned(_)) || feed.entries.len() > MAX_LINKS;
    let items = feed.entries.into_iter().take(MAX_LINKS).filter_map(|entry| item(entry, base)).collect();
    Some(Feed { items, is_wordpress, is_cut, is_damaged: false })
}

/// Where WordPress has the entries before those of this page of a feed.
pub fn older(url: &CanonicalUrl) -> Option<CanonicalUrl> {
    let (head, query) = url.as_str().split_once('?').unwrap_or((url.as_str(), ""));
    let mut number = 1;
    let mut pairs: Vec<String> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.strip_prefix("paged=") {
            Some(page) => number = page.parse::<u32>().ok()?,
            None => pairs.push(pair.to_owned()),
        }
    }
    pairs.push(format!("paged={}", number.checked_add(1)?));
    CanonicalUrl::parse(&format!("{head}?{}", pairs.join("&")), None).ok()
}

fn item(entry: feed_rs::model::Entry, base: &CanonicalUrl) -> Option<FeedItem> {
    let link = entry.links.iter().find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
    let url = match link.or(entry.links.first()) {
        Some(link) => CanonicalUrl::parse(&link.href, Some(base)),
        // An id is no address, and may be made up, unless it is a whole URL.
        None => CanonicalUrl::parse(&entry.id, None),
    };
    let url = url.ok()?;
    let mut said = Entry::of(Listing::Feed);
    said.title = entry.title.as_ref().and_then(|title| plain(&title.content));
    // `noreply@example.com` is where a program sends from.
    said.author = entry
        .authors
        .iter()
        .filter_map(|person| plain(person.name.as_deref()?))
        .find(|name| !name.contains('@') && name != "unknown");
    let mut words = entry.categories.iter().filter_map(|category| {
        plain(category.label.as_deref().filter(|label| !label.is_empty()).unwrap_or(&category.term))
    });
    said.category = words.next();
    said.tags = words.take(50).collect();
    let iso = |at: i64| jiff::Timestamp::from_second(at).ok().map(|at| at.to_string());
    said.published = entry.published.and_then(|at| iso(at.timestamp()));
    said.modified =
        entry.updated.filter(|at| entry.published != Some(*at)).and_then(|at| iso(at.timestamp()));
    let description = entry.summary.map(|summary| summary.content).filter(|text| is_whole(text));
    said.body = entry.content.and_then(|content| content.body).or(description);
    said.body = said.body.filter(|body| body.len() <= MAX_BODY && !body.trim().is_empty());
    Some(FeedItem { url, entry: said })
}

/// Whether a description may be the whole text: long, and not cut off.
fn is_whole(text: &str) -> bool {
    let end = text.trim_end().trim_end_matches("</p>").trim_end();
    text.chars().nth(LONG_DESCRIPTION).is_some()
        && !["…", "...", "[…]", "[...]", "&hellip;", "[&#8230;]"].iter().any(|mark| end.ends_with(mark))
}

/// The text is UTF-8 by now, whatever its XML declaration says.
fn declare_utf8(text: &str) -> Cow<'_, str> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    match text.strip_prefix("<?xml").and_then(|rest| rest.find("?>").map(|end| &rest[end + 2..])) {
        Some(rest) => Cow::Owned(format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{rest}")),
        None => Cow::Borrowed(text),
    }
}

/// A feed with no more entries than are taken, so that a huge one costs no more time and memory: the newest
/// where they have dates, else the first.
fn newest_entries(text: &str) -> Cow<'_, str> {
    let Some((end, closing)) = mend::ends(text) else { return Cow::Borrowed(text) };
    let ends: Vec<usize> = text.match_indices(end).map(|(at, _)| at + end.len()).collect();
    let begin = if end == "</item>" { "<item" } else { "<entry" };
    let is_name = |at: usize| text[at + begin.len()..].starts_with(['>', ' ', '\t', '\r', '\n']);
    let Some((head, _)) = text.match_indices(begin).find(|(at, _)| is_name(*at)) else {
        return Cow::Borrowed(text);
    };
    if ends.len() <= MAX_LINKS || head > ends[0] {
        return Cow::Borrowed(text);
    }
    let begins = std::iter::once(head).chain(ends.iter().copied());
    let entries: Vec<&str> = begins.zip(&ends).map(|(from, to)| &text[from..*to]).collect();
    let dates: Vec<Option<Timestamp>> = entries.iter().map(|entry| date(entry)).collect();
    let mut taken: Vec<usize> = (0..entries.len()).collect();
    taken.sort_by_key(|n| Reverse(dates[*n]));
    taken.truncate(MAX_LINKS);
    taken.sort_unstable();
    let taken = taken.into_iter().map(|n| entries[n]);
    Cow::Owned(std::iter::once(&text[..head]).chain(taken).chain([closing]).collect())
}

/// The date in an entry's markup.
fn date(entry: &str) -> Option<Timestamp> {
    const RFC2822: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);
    ["<pubDate>", "<dc:date>", "<published>", "<updated>"].iter().find_map(|tag| {
        let text = entry.split_once(tag)?.1.split('<').next()?.trim();
        RFC2822.parse_timestamp(text).or_else(|_| text.parse()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(body: &[u8]) -> Capture {
        let url = CanonicalUrl::parse("http://e.com/feed.php", None).unwrap();
        Capture::of_page(url, "2025-03-10T00:00:00Z".parse().unwrap(), Some("text/xml"), body.to_vec())
    }

    const RSS: &str = "<?xml version=\"1.0\" encoding=\"gbk\"?><rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>园区</title><link>http://e.com/</link><description>d</description><generator>https://wordpress.org/?v=6.5</generator><item><title><![CDATA[签约 &amp; 开工]]></title><link>/post/7.html</link><dc:creator>李明</dc:creator><category>新闻中心</category><category>产业园</category><pubDate>Mon, 27 Feb 2023 15:05:09 +0800</pubDate><description>提要</description><content:encoded><![CDATA[<p>全文。</p>]]></content:encoded></item></channel></rss>";

    #[test]
    fn entries_carry_all_that_the_feed_says() {
        let gbk = encoding_rs::GBK.encode(RSS).0.into_owned();
        let feed = of(&capture(&gbk)).unwrap();
        assert!(feed.is_wordpress);
        let FeedItem { url, entry } = &feed.items[0];
        assert_eq!(url.as_str(), "http://e.com/post/7.html");
        assert_eq!(entry.published.as_deref(), Some("2023-02-27T07:05:09Z"));
        assert_eq!(entry.title.as_deref(), Some("签约 & 开工"));
        assert_eq!(entry.author.as_deref(), Some("李明"));
        assert_eq!(
            (entry.category.as_deref(), entry.tags.as_slice()),
            (Some("新闻中心"), &["产业园".to_owned()][..])
        );
        assert_eq!(entry.body.as_deref(), Some("<p>全文。</p>"));
    }

    #[test]
    fn older_entries_are_on_numbered_pages() {
        for (page, want) in [
            ("http://e.com/feed/", "http://e.com/feed/?paged=2"),
            ("http://e.com/feed/?paged=2", "http://e.com/feed/?paged=3"),
            ("http://e.com/?feed=rss2", "http://e.com/?feed=rss2&paged=2"),
        ] {
            let page = CanonicalUrl::parse(page, None).unwrap();
            assert_eq!(older(&page).unwrap().as_str(), want);
        }
    }

    #[test]
    fn atom_and_json_feeds_are_read_too() {
        let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><entry><title>甲</title><link rel='alternate' href='/1.html'/><id>urn:1</id><published>2024-05-18T01:00:00Z</published><updated>2024-05-20T01:00:00Z</updated></entry></feed>";
        let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{"id":"1","url":"http://e.com/1.html","title":"甲","date_published":"2024-05-18T09:00:00+08:00","date_modified":"2024-05-20T09:00:00+08:00","content_html":"<p>全文</p>","tags":["园区"]}]}"#;
        for text in [atom, json] {
            let feed = of(&capture(text.as_bytes())).unwrap();
            let FeedItem { url, entry } = &feed.items[0];
            assert_eq!(url.as_str(), "http://e.com/1.html");
            assert_eq!(entry.title.as_deref(), Some("甲"));
            assert_eq!(entry.published.as_deref(), Some("2024-05-18T01:00:00Z"));
            assert_eq!(entry.modified.as_deref(), Some("2024-05-20T01:00:00Z"));
        }
    }

    #[test]
    fn an_item_without_a_link_has_no_url_unless_its_id_is_one() {
        let rss = "<rss version='2.0'><channel><title>t</title><item><title>一</title></item><item><title>二</title><guid isPermaLink='false'>post-1</guid></item><item><title>三</title><guid>http://e.com/3.html</guid></item></channel></rss>";
        let urls: Vec<String> =
            of(&capture(rss.as_bytes())).unwrap().items.iter().map(|item| item.url.to_string()).collect();
        assert_eq!(urls, ["http://e.com/3.html"]);
    }

    #[test]
    fn a_teaser_is_no_text() {
        let item = |text: &str| {
            let rss = format!(
                "<rss version='2.0'><channel><title>t</title><item><link>http://e.com/1</link><description>{text}</description></item></channel></rss>"
            );
            of(&capture(rss.as_bytes())).unwrap().items[0].entry.body.clone()
        };
        assert_eq!(item("短短一句。"), None);
        assert_eq!(item(&format!("{}…", "园区里发生的事情。".repeat(60))), None);
        assert!(item(&"园区里发生的事情。".repeat(60)).is_some());
    }

    #[test]
    fn what_is_no_feed_is_none() {
        for body in ["", "<html><body>404</body></html>", "<rss", "\u{0}\u{1}", "{}", "[]"] {
            assert_eq!(of(&capture(body.as_bytes())), None, "{body:?}");
        }
    }

    #[test]
    fn of_a_huge_feed_the_newest_entries_are_taken() {
        let dates = ["Mon, 27 Feb 2023 15:05:09 +0800", "Tue, 05 Mar 2024 08:00:00 GMT"];
        let item = |n: usize| {
            let date = dates[n / MAX_LINKS];
            format!("<item><link>/{n}.html</link><pubDate>{date}</pubDate></item>")
        };
        let feed = |count: usize, item: &dyn Fn(usize) -> String| {
            let items: Vec<String> = (0..count).map(item).collect();
            let rss =
                format!("<rss version='2.0'><channel><title>t</title>{}</channel></rss>", items.concat());
            of(&capture(rss.as_bytes())).unwrap()
        };
        let (oldest_first, most) = (feed(MAX_LINKS + 10, &item), feed(MAX_LINKS, &item));
        let paths = |feed: &Feed| [0, MAX_LINKS - 1].map(|n| feed.items[n].url.path().to_owned());
        assert_eq!(paths(&oldest_first), ["/0.html", "/50009.html"]);
        assert!(oldest_first.is_cut && !most.is_cut);
        let undated = feed(MAX_LINKS + 10, &|n| format!("<item><link>/{n}.html</link></item>"));
        assert_eq!(paths(&undated), ["/0.html", "/49999.html"]);
    }

    #[test]
    fn a_huge_feed_is_read_up_to_the_bound() {
        use std::fmt::Write as _;
        let mut rss = String::from("<rss version='2.0'><channel><title>t</title>");
        for n in 0..100_000 {
            let _ = write!(
                rss,
                "<item><title>第{n}篇</title><link>http://e.com/{n}.html</link><pubDate>Mon, 27 Feb 2023 15:05:09 +0800</pubDate></item>"
            );
        }
        rss.push_str("</channel></rss>");
        let began = std::time::Instant::now();
        let feed = of(&capture(rss.as_bytes())).unwrap();
        assert_eq!((feed.items.len(), feed.is_cut), (MAX_LINKS, true));
        assert!(began.elapsed().as_secs() < 60);
    }
}
