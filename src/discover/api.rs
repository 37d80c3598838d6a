//! The posts of a WordPress site as its REST API lists them
//! (<https://developer.wordpress.org/rest-api/reference/posts/>): a hundred at a time, the newest first,
//! with exact times, authors, categories, tags and the whole text.

use serde_json::Value;

use super::plain;
use crate::capture::Capture;
use crate::entry::{Entry, Listing};
use crate::url::CanonicalUrl;

/// What a page links its API by.
pub const RELATION: &str = "https://api.w.org/";
/// Posts of a page, the most that WordPress gives.
const PER_PAGE: usize = 100;
/// Bytes of a post's text that are kept.
const MAX_BODY: usize = 256 << 10;

/// A page of posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posts {
    /// The posts in order.
    pub items: Vec<(CanonicalUrl, Entry)>,
    /// The page of older posts, when there is one.
    pub next: Option<CanonicalUrl>,
}

/// The first page of posts of the API at `root`: `/wp-json/`, or `/?rest_route=/`.
pub fn first_page(root: &CanonicalUrl) -> Option<CanonicalUrl> {
    let root = root.as_str();
    let join = if root.contains("rest_route=") { '&' } else { '?' };
    let slash = if root.ends_with('/') || root.ends_with("%2F") { "" } else { "/" };
    let url = format!("{root}{slash}wp/v2/posts{join}per_page={PER_PAGE}&page=1&_embed=author,wp:term");
    CanonicalUrl::parse(&url, None).ok()
}

/// The API's root that a `Link` header names.
pub fn root_in_header(link: &str) -> Option<&str> {
    link.split(',').find(|part| part.contains(RELATION))?.split_once('<')?.1.split('>').next()
}

/// Reads a page of posts; `None` when the capture holds none.
pub fn read(capture: &Capture) -> Option<Posts> {
    let posts: Vec<Value> = serde_json::from_slice(&capture.body).ok()?;
    let items: Vec<(CanonicalUrl, Entry)> =
        posts.iter().take(PER_PAGE).filter_map(|post| item(post, &capture.url)).collect();
    let number = page_number(&capture.url)?;
    let last = capture.header("x-wp-totalpages").and_then(|text| text.trim().parse::<u32>().ok());
    let has_more = last.map_or(posts.len() >= PER_PAGE, |last| number < last);
    let next = (has_more && !items.is_empty()).then(|| with_page(&capture.url, number + 1)).flatten();
    (posts.is_empty() || !items.is_empty()).then_some(Posts { items, next })
}

fn item(post: &Value, base: &CanonicalUrl) -> Option<(CanonicalUrl, Entry)> {
    let text = |pointer: &str| post.pointer(pointer).and_then(Value::as_str);
    let url = CanonicalUrl::parse(text("/link")?, Some(base)).ok()?;
    let mut entry = Entry::of(Listing::Api);
    entry.title = text("/title/rendered").and_then(plain);
    entry.author = text("/_embedded/author/0/name").and_then(plain);
    let terms = post.pointer("/_embedded/wp:term").and_then(Value::as_array).into_iter().flatten();
    let terms: Vec<&Value> = terms.filter_map(Value::as_array).flatten().collect();
    let names = |taxonomy: &str| -> Vec<String> {
        let of = terms.iter().filter(|term| term["taxonomy"] == taxonomy);
        of.filter_map(|term| plain(term["name"].as_str()?)).collect()
    };
    entry.category = names("category").into_iter().next();
    entry.tags = names("post_tag");
    // Local times have no offset; the others are UTC without saying so.
    let moment = |field: &str, local: &str| match text(field) {
        Some(utc) if !utc.starts_with("0000") => Some(format!("{}Z", utc.trim_end_matches('Z'))),
        _ => text(local).map(str::to_owned),
    };
    entry.published = moment("/date_gmt", "/date");
    entry.modified = moment("/modified_gmt", "/modified").filter(|at| entry.published.as_ref() != Some(at));
    let is_protected = post.pointer("/content/protected") == Some(&Value::Bool(true));
    entry.body = text("/content/rendered")
        .filter(|body| !is_protected && body.len() <= MAX_BODY && !body.trim().is_empty())
        .map(str::to_owned);
    Some((url, entry))
}

fn page_number(url: &CanonicalUrl) -> Option<u32> {
    let pairs = url.as_url().query_pairs();
    pairs.filter(|(name, _)| name == "page").find_map(|(_, value)| value.parse().ok())
}

fn with_page(url: &CanonicalUrl, number: u32) -> Option<CanonicalUrl> {
    let (head, query) = url.as_str().split_once('?')?;
    let pairs = query.split('&').map(|pair| match pair.strip_prefix("page=") {
        Some(_) => format!("page={number}"),
        None => pair.to_owned(),
    });
    CanonicalUrl::parse(&format!("{head}?{}", pairs.collect::<Vec<_>>().join("&")), None).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capture(url: &str, total: Option<&str>, body: &str) -> Capture {
        let url = CanonicalUrl::parse(url, None).unwrap();
        let at = "2025-03-10T00:00:00Z".parse().unwrap();
        let mut capture = Capture::of_page(url, at, Some("application/json"), body.as_bytes().to_vec());
        capture.headers.extend(total.map(|total| ("x-wp-totalpages".to_owned(), total.to_owned())));
        capture
    }

    const POST: &str = r#"[{"link":"https://e.com/2024/05/harbour/","date":"2024-05-18T09:30:00","date_gmt":"2024-05-18T01:30:00","modified_gmt":"2024-05-19T01:30:00","title":{"rendered":"Harbour &#038; <em>sea</em>"},"content":{"rendered":"<p>Text.</p>","protected":false},"_embedded":{"author":[{"name":"Jane Miller"}],"wp:term":[[{"taxonomy":"category","name":"Museums"}],[{"taxonomy":"post_tag","name":"ships"}]]}}]"#;

    #[test]
    fn a_post_says_all_of_an_article() {
        let root = CanonicalUrl::parse("https://e.com/wp-json/", None).unwrap();
        let first = first_page(&root).unwrap();
        let posts = read(&capture(first.as_str(), Some("3"), POST)).unwrap();
        let (url, entry) = &posts.items[0];
        assert_eq!(url.as_str(), "https://e.com/2024/05/harbour/");
        assert_eq!(entry.title.as_deref(), Some("Harbour & sea"));
        assert_eq!(entry.author.as_deref(), Some("Jane Miller"));
        assert_eq!(entry.category.as_deref(), Some("Museums"));
        assert_eq!(entry.tags, ["ships"]);
        assert_eq!(entry.published.as_deref(), Some("2024-05-18T01:30:00Z"));
        assert_eq!(entry.modified.as_deref(), Some("2024-05-19T01:30:00Z"));
        let next = posts.next.unwrap();
        assert!(next.as_str().contains("page=2") && next.as_str().contains("per_page=100"), "{next}");
        assert_eq!(read(&capture(next.as_str(), Some("2"), POST)).unwrap().next, None);
    }

    #[test]
    fn plain_permalinks_have_a_root_too() {
        let root = CanonicalUrl::parse("http://e.com/?rest_route=/", None).unwrap();
        let first = first_page(&root).unwrap();
        assert!(
            first.as_str().contains("rest_route=") && first.as_str().contains("&per_page=100"),
            "{first}"
        );
        let header =
            "<http://e.com/wp-json/>; rel=\"https://api.w.org/\", <http://e.com/?p=1>; rel=shortlink";
        assert_eq!(root_in_header(header), Some("http://e.com/wp-json/"));
        assert_eq!(root_in_header("<http://e.com/>; rel=canonical"), None);
    }

    #[test]
    fn what_is_no_list_of_posts_is_none() {
        let url = "http://e.com/wp-json/wp/v2/posts?page=1";
        for body in ["", "{}", "<html>", r#"{"code":"rest_disabled"}"#, r#"[{"id":1}]"#, "[1]"] {
            assert_eq!(read(&capture(url, None, body)), None, "{body}");
        }
        assert_eq!(read(&capture(url, None, "[]")).unwrap().items.len(), 0);
    }
}
