//! RSS and Atom feeds: the newest articles, with the exact times that pages leave out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;

use super::MAX_LINKS;
use crate::capture::Capture;
use crate::extract::charset;
use crate::url::CanonicalUrl;

/// An entry of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// The article.
    pub url: CanonicalUrl,
    /// When the feed says it was published.
    pub published: Option<Timestamp>,
}

/// The entries of a feed; `None` when the capture is none.
pub fn items(capture: &Capture) -> Option<Vec<FeedItem>> {
    let decoded = charset::decode(&capture.body, capture.content_type());
    let text = declare_utf8(&decoded.text);
    // feed-rs panics on some malformed feeds; such a feed is none.
    let parsed = catch_unwind(AssertUnwindSafe(|| feed_rs::parser::parse(text.as_bytes()).ok()));
    let feed = parsed.ok().flatten()?;
    let item = |entry: &feed_rs::model::Entry| {
        let link = entry.links.iter().find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate"));
        let href = link.or(entry.links.first()).map_or(entry.id.as_str(), |link| link.href.as_str());
        let url = CanonicalUrl::parse(href, Some(&capture.url)).ok()?;
        let published = entry.published.and_then(|at| Timestamp::from_second(at.timestamp()).ok());
        Some(FeedItem { url, published })
    };
    Some(feed.entries.iter().take(MAX_LINKS).filter_map(item).collect())
}

/// The text is UTF-8 by now, whatever its XML declaration says.
fn declare_utf8(text: &str) -> String {
    let text = text.trim_start();
    match text.strip_prefix("<?xml").and_then(|rest| rest.find("?>").map(|end| &rest[end + 2..])) {
        Some(rest) => format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(body: &[u8]) -> Capture {
        let url = CanonicalUrl::parse("http://e.com/feed.php", None).unwrap();
        Capture::of_page(url, "2025-03-10T00:00:00Z".parse().unwrap(), Some("text/xml"), body.to_vec())
    }

    const RSS: &str = "<?xml version=\"1.0\" encoding=\"gbk\"?><rss version=\"2.0\"><channel><title>园区</title><link>http://e.com/</link><description>d</description><item><title>签约</title><link>/post/7.html</link><pubDate>Mon, 27 Feb 2023 15:05:09 +0800</pubDate></item></channel></rss>";

    #[test]
    fn entries_carry_their_exact_time() {
        let gbk = encoding_rs::GBK.encode(RSS).0.into_owned();
        let items = items(&capture(&gbk)).unwrap();
        assert_eq!(items[0].url.as_str(), "http://e.com/post/7.html");
        assert_eq!(items[0].published, "2023-02-27T15:05:09+08:00".parse().ok());
    }

    #[test]
    fn what_is_no_feed_is_none() {
        for body in ["", "<html><body>404</body></html>", "<rss", "\u{0}\u{1}"] {
            assert_eq!(items(&capture(body.as_bytes())), None, "{body:?}");
        }
    }
}
