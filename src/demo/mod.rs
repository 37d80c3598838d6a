//! The demo: a news site in the seed site's markup and behaviour, served on this machine.
//!
//! Two requests for one post never give equal bytes: the view counter moves, ages are rounded, the
//! related list is drawn anew. Tests and benchmarks crawl the same site.

mod content;
mod pages;
mod server;
pub(crate) mod text;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

pub use content::Post;
pub use server::{Served, serve};
use text::Dice;

/// Where the demo's seed article stands.
pub const SEED_PATH: &str = "/index.php/post/17328.html";

/// The site: posts and counters.
#[derive(Debug)]
pub struct DemoSite {
    posts: Vec<Post>,
    by_id: HashMap<u32, usize>,
    views: Vec<AtomicU64>,
    requests: AtomicU64,
    /// Requests by path.
    hits: Mutex<HashMap<String, u64>>,
}

/// An answer of the site.
#[derive(Debug)]
struct Answer {
    status: u16,
    content_type: &'static str,
    location: Option<String>,
    body: String,
}

impl DemoSite {
    /// A site of `count` posts whose ages count back from `now`.
    pub fn new(count: usize, now: Timestamp) -> Self {
        let posts = content::posts(count, now);
        Self {
            by_id: posts.iter().enumerate().map(|(i, post)| (post.id, i)).collect(),
            views: posts.iter().map(|post| AtomicU64::new(post.first_views)).collect(),
            posts,
            requests: AtomicU64::new(0),
            hits: Mutex::default(),
        }
    }

    /// All posts, the oldest first.
    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// Requests answered so far, by path with query.
    pub fn hits(&self) -> HashMap<String, u64> {
        self.hits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The page at `path` as one request would get it: for tests that need no server.
    pub fn page(&self, path: &str) -> String {
        self.answer(path, "http://demo.example", Timestamp::now()).body
    }

    /// Answers a GET of `path`, which may have a query.
    fn answer(&self, path: &str, base: &str, now: Timestamp) -> Answer {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        *self.hits.lock().unwrap_or_else(PoisonError::into_inner).entry(path.to_owned()).or_default() += 1;
        let (route, query) = path.split_once('?').unwrap_or((path, ""));
        let id = |text: &str| text.parse().ok().and_then(|id: u32| self.by_id.get(&id)).copied();
        if let Some(post) =
            query.strip_prefix("id=").filter(|_| matches!(route, "/" | "/index.php")).and_then(id)
        {
            return Answer::redirect(format!("{base}{}", self.posts[post].path()));
        }
        if let Some(post) =
            route.strip_prefix("/index.php/post/").and_then(|rest| rest.strip_suffix(".html")).and_then(id)
        {
            return self.post(post, base, now, request);
        }
        if route == "/feed.php" {
            let newest: Vec<&Post> = self.posts.iter().rev().take(pages::PER_PAGE).collect();
            return Answer::ok("application/rss+xml; charset=utf-8", pages::feed(base, &newest));
        }
        self.list(route, now).unwrap_or_else(|| {
            let newest: Vec<&Post> = self.posts.iter().rev().take(3).collect();
            Answer { status: 404, ..Answer::ok("text/html; charset=utf-8", pages::missing(&newest)) }
        })
    }

    fn post(&self, index: usize, base: &str, now: Timestamp, request: u64) -> Answer {
        let mut dice = Dice::new(request);
        let mut related: Vec<&Post> = Vec::new();
        while related.len() < 8.min(self.posts.len() - 1) {
            let other = dice.below(self.posts.len());
            let drawn = &self.posts[other];
            if other != index && !related.iter().any(|post| post.id == drawn.id) {
                related.push(drawn);
            }
        }
        let around = pages::Around {
            base,
            now,
            views: self.views[index].fetch_add(1, Ordering::Relaxed) + 1,
            related,
            previous: index.checked_sub(1).map(|i| &self.posts[i]),
            next: self.posts.get(index + 1),
        };
        let page = pages::post(&self.posts[index], &around);
        // The theme ends its pages with how long they took.
        let spent = 20 + dice.below(60);
        Answer::ok(
            "text/html; charset=utf-8",
            format!("{page}<!--{spent} ms , 11 queries , 3204kb memory , 0 error-->"),
        )
    }

    /// The front page and the categories, with their pagers.
    fn list(&self, route: &str, now: Timestamp) -> Option<Answer> {
        let middle = |prefix: &str| route.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(".html"));
        let (category, number) = if matches!(route, "/" | "/index.php") {
            (None, 1)
        } else if let Some(page) = middle("/index.php/page_") {
            (None, page.parse().ok()?)
        } else {
            let (category, page) =
                middle("/index.php/category-").map(|rest| rest.split_once('_').unwrap_or((rest, "1")))?;
            (Some(category.parse::<usize>().ok()?), page.parse().ok()?)
        };
        let title = match category {
            None => "首页",
            Some(category) => content::CATEGORIES.get(category.checked_sub(1)?)?,
        };
        let listed: Vec<&Post> =
            self.posts.iter().rev().filter(|post| category.is_none_or(|c| post.category + 1 == c)).collect();
        let count = listed.len().div_ceil(pages::PER_PAGE).max(1);
        let on_page = listed.chunks(pages::PER_PAGE).nth(usize::checked_sub(number, 1)?)?;
        let link = |page: usize| match (category, page) {
            (None, 1) => "/".to_owned(),
            (None, page) => format!("/index.php/page_{page}.html"),
            (Some(category), 1) => format!("/index.php/category-{category}.html"),
            (Some(category), page) => format!("/index.php/category-{category}_{page}.html"),
        };
        Some(Answer::ok("text/html; charset=utf-8", pages::list(title, on_page, number, count, now, &link)))
    }
}

impl Answer {
    fn ok(content_type: &'static str, body: String) -> Self {
        Self { status: 200, content_type, location: None, body }
    }

    fn redirect(target: String) -> Self {
        Self {
            status: 302,
            content_type: "text/html; charset=utf-8",
            location: Some(target),
            body: String::new(),
        }
    }
}

/// The age that the theme prints for a post published `before` ago: for tests of the date reader.
pub fn printed_age(published: Timestamp, before: SignedDuration) -> String {
    let mut post = content::posts(1, published).remove(0);
    post.published = published;
    pages::age(&post, published + before)
}
