//! A news site with a life: posts appear, are edited, vanish and come back; its layout changes, its
//! server fails, its robots.txt is rewritten. All of it follows from a seed and the time.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::web::{Host, Reply};
use crate::capture::Digest;
use crate::config::{Route, SiteConfig};
use crate::demo::text::{Dice, line, paragraphs};

/// Posts on a list page and in the feed.
const PER_PAGE: usize = 10;
const SECTIONS: [&str; 3] = ["要闻", "园区", "政策"];

/// A post, with everything that happens to it.
#[derive(Debug, Clone)]
pub struct Post {
    /// Counted from 1; part of its URL.
    pub id: usize,
    /// The section.
    pub section: &'static str,
    /// The headline.
    pub title: String,
    /// When it appears.
    pub published: Timestamp,
    /// Its text at first, one paragraph an item.
    pub paragraphs: Vec<String>,
    /// What is changed later, the earliest first.
    pub edits: Vec<Edit>,
    /// When it is away: from, to.
    pub absences: Vec<(Timestamp, Timestamp)>,
}

/// A change of a post's text.
#[derive(Debug, Clone)]
pub struct Edit {
    /// When.
    pub at: Timestamp,
    /// The text from then on.
    pub paragraphs: Vec<String>,
}

impl Post {
    /// The path of its page.
    pub fn path(&self) -> String {
        format!("/post/{}.html", self.id)
    }

    /// Whether it can be read at a moment.
    pub fn is_there(&self, now: Timestamp) -> bool {
        self.published <= now && !self.absences.iter().any(|(from, to)| (*from..*to).contains(&now))
    }

    /// Its text at a moment.
    pub fn text_at(&self, now: Timestamp) -> String {
        let edit = self.edits.iter().rev().find(|edit| edit.at <= now);
        edit.map_or(&self.paragraphs, |edit| &edit.paragraphs).join("\n")
    }

    /// Every text it ever had, the first one first.
    pub fn texts(&self) -> Vec<String> {
        let edits = self.edits.iter().map(|edit| edit.paragraphs.join("\n"));
        std::iter::once(self.paragraphs.join("\n")).chain(edits).collect()
    }
}

/// A scripted news site.
#[derive(Debug, Clone)]
pub struct NewsSite {
    name: String,
    seed: u64,
    start: Timestamp,
    /// All posts there will ever be, the earliest first.
    pub posts: Vec<Post>,
    /// It has a feed.
    pub has_feed: bool,
    /// It has a sitemap.
    pub has_sitemap: bool,
    /// When the server can't be reached: from, to.
    pub outages: Vec<(Timestamp, Timestamp)>,
    /// When the layout changes.
    pub redesign: Option<Timestamp>,
    /// robots.txt from a moment on, the earliest first.
    pub robots: Vec<(Timestamp, String)>,
    /// When its certificate ends.
    pub certificate_until: Option<Timestamp>,
    profile: Option<String>,
}

impl NewsSite {
    /// A site without posts, with a feed and a sitemap.
    pub fn new(name: &str, seed: u64, start: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            seed,
            start,
            posts: Vec::new(),
            has_feed: true,
            has_sitemap: true,
            outages: Vec::new(),
            redesign: None,
            robots: vec![(Timestamp::MIN, "User-agent: *\nAllow: /\n".to_owned())],
            certificate_until: None,
            profile: None,
        }
    }

    /// Reads it with a profile.
    #[must_use]
    pub fn with_profile(mut self, profile: &str) -> Self {
        self.profile = Some(profile.to_owned());
        self
    }

    /// `old` posts from the year before the start.
    #[must_use]
    pub fn with_posts(mut self, old: usize, days_between: f64) -> Self {
        let end = self.start;
        let step = SignedDuration::from_secs_f64(days_between * 86_400.0);
        let first =
            end - SignedDuration::try_from_secs_f64(step.as_secs_f64() * count(old)).unwrap_or_default();
        self.publish(first, end, step);
        self
    }

    /// Posts that appear from the start on for `days`.
    #[must_use]
    pub fn publishing(mut self, days: i64, days_between: f64) -> Self {
        let end = self.start + SignedDuration::from_hours(24 * days);
        self.publish(self.start, end, SignedDuration::from_secs_f64(days_between * 86_400.0));
        self
    }

    fn publish(&mut self, from: Timestamp, to: Timestamp, step: SignedDuration) {
        let mut at = from;
        while at < to {
            let id = self.posts.len() + 1;
            let mut dice = Dice::new(self.seed.wrapping_mul(1_000_003).wrapping_add(id as u64));
            let shift = SignedDuration::from_secs(i64::try_from(dice.below(3600)).unwrap_or(0));
            self.posts.push(Post {
                id,
                section: SECTIONS[dice.below(SECTIONS.len())],
                title: format!("{}({id})", line("title", &mut dice)),
                published: at + shift.min(step / 2),
                paragraphs: paragraphs(&mut dice),
                edits: Vec::new(),
                absences: Vec::new(),
            });
            at += step;
        }
    }

    /// Changes the text of a post: its last paragraph is written anew.
    pub fn edit(&mut self, id: usize, at: Timestamp) {
        let seed = self.seed ^ at.as_second().unsigned_abs();
        let Some(post) = self.posts.get_mut(id - 1) else { return };
        let mut text = post.edits.last().map_or(&post.paragraphs, |edit| &edit.paragraphs).clone();
        if let Some(last) = text.last_mut() {
            *last = format!("更正:{}", line("sentence", &mut Dice::new(seed)));
        }
        post.edits.push(Edit { at, paragraphs: text });
    }

    /// Takes a post away, for good when `to` is `None`.
    pub fn remove(&mut self, id: usize, from: Timestamp, to: Option<Timestamp>) {
        if let Some(post) = self.posts.get_mut(id - 1) {
            post.absences.push((from, to.unwrap_or(Timestamp::MAX)));
        }
    }

    pub(super) fn to_config(&self) -> SiteConfig {
        SiteConfig {
            name: self.name.clone(),
            seeds: vec![format!("http://{}/", self.name)],
            profile: self.profile.clone(),
            discover: vec![Route::Links, Route::Feeds, Route::Sitemaps, Route::Lists],
            politeness: toml::Table::new(),
            scope: toml::Table::new(),
        }
    }

    fn reply(&self, path: &str, etag: Option<&str>, now: Timestamp) -> Option<Reply> {
        if self.outages.iter().any(|(from, to)| (*from..*to).contains(&now)) {
            return None;
        }
        if path == "/robots.txt" {
            let rules = self.robots.iter().rev().find(|(from, _)| *from <= now)?;
            return Some(Reply::with_type("text/plain", rules.1.clone()));
        }
        let page =
            if path == "/" { Some(1) } else { path.strip_prefix("/page/").and_then(|n| n.parse().ok()) };
        if let Some(page) = page.filter(|page| *page > 0) {
            return Some(self.list(page, now).map_or_else(|| self.missing(), Reply::page));
        }
        let id: Option<usize> =
            path.strip_prefix("/post/").and_then(|rest| rest.strip_suffix(".html")?.parse().ok());
        if let Some(post) = id.and_then(|id| self.posts.get(id.checked_sub(1)?)) {
            return Some(if post.is_there(now) { Reply::page(self.post(post, now)) } else { self.missing() });
        }
        Some(match path {
            "/feed.xml" if self.has_feed => {
                validated(Reply::with_type("application/rss+xml; charset=utf-8", self.feed(now)), etag)
            }
            "/sitemap.xml" if self.has_sitemap => {
                validated(Reply::with_type("application/xml", self.sitemap(now)), etag)
            }
            _ => self.missing(),
        })
    }

    /// Posts that can be read, the newest first.
    fn newest(&self, now: Timestamp) -> impl Iterator<Item = &Post> {
        self.posts.iter().rev().filter(move |post| post.is_there(now))
    }

    fn list(&self, page: usize, now: Timestamp) -> Option<String> {
        let posts: Vec<&Post> = self.newest(now).skip((page - 1) * PER_PAGE).take(PER_PAGE).collect();
        if posts.is_empty() && page > 1 {
            return None;
        }
        let mut items = String::new();
        for post in &posts {
            let _ = write!(
                items,
                "<li class=\"item\"><a href=\"{}\">{}</a><span>{}</span></li>",
                post.path(),
                post.title,
                post.published.strftime("%Y-%m-%d")
            );
        }
        let next = if posts.len() == PER_PAGE {
            format!("<a class=\"next\" rel=\"next\" href=\"/page/{}\">下一页</a>", page + 1)
        } else {
            String::new()
        };
        let main = format!("<ul class=\"list\">{items}</ul><div class=\"pager\">{next}</div>");
        Some(self.frame("园区观察", &main))
    }

    fn frame(&self, title: &str, main: &str) -> String {
        let feed = if self.has_feed {
            "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed.xml\">"
        } else {
            ""
        };
        format!(
            "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{title}</title>{feed}</head>\
             <body><div class=\"top\"><a href=\"/\">首页</a></div><div class=\"main\">{main}</div>\
             <div class=\"foot\">版权所有 园区观察</div></body></html>"
        )
    }

    fn post(&self, post: &Post, now: Timestamp) -> String {
        let mut dice = Dice::new(self.seed ^ now.as_microsecond().unsigned_abs());
        let age = now.duration_since(post.published).as_hours();
        let when = match age {
            0..24 => format!("{}小时前", age.max(1)),
            _ => post.published.strftime("%Y-%m-%d").to_string(),
        };
        let text = format!("<p>{}</p>", post.text_at(now).replace('\n', "</p><p>"));
        let views = now.duration_since(post.published).as_secs() / 60 + 7;
        let others: Vec<&Post> = self.newest(now).collect();
        let mut related = String::new();
        for _ in 0..4 {
            let other = others[dice.below(others.len())];
            let _ = write!(related, "<li><a href=\"{}\">{}</a></li>", other.path(), other.title);
        }
        let [title, info, body] = if self.redesign.is_some_and(|at| now >= at) {
            ["headline", "byline", "story"]
        } else {
            ["art-title", "art-info", "art-body"]
        };
        let main = format!(
            "<h1 class=\"{title}\">{}</h1><div class=\"{info}\"><span class=\"date\">{when}</span> \
             <span class=\"author\">编辑部</span> <span class=\"section\">{}</span> <span class=\"views\">{views}</span>\
             </div><div class=\"{body}\">{text}</div><div class=\"related\"><h3>相关阅读</h3><ul>{related}</ul></div>",
            post.title, post.section
        );
        self.frame(&format!("{} - 园区观察", post.title), &main)
    }

    fn feed(&self, now: Timestamp) -> String {
        let mut items = String::new();
        for post in self.newest(now).take(PER_PAGE) {
            let _ = write!(
                items,
                "<item><title>{}</title><link>http://{}{}</link><pubDate>{}</pubDate></item>",
                post.title,
                self.name,
                post.path(),
                post.published.strftime("%a, %d %b %Y %H:%M:%S +0000")
            );
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>园区观察</title><link>http://{}/</link><description>新闻</description>{items}</channel></rss>",
            self.name
        )
    }

    fn sitemap(&self, now: Timestamp) -> String {
        let mut urls = String::new();
        for post in self.newest(now) {
            let _ = write!(urls, "<url><loc>http://{}{}</loc></url>", self.name, post.path());
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{urls}</urlset>"
        )
    }

    fn missing(&self) -> Reply {
        Reply::page(self.frame("404", "<p>很抱歉,这里没有您要找的文章,也许它已经被移走。</p>")).status(404)
    }
}

/// With a validator: 304 when nothing changed.
fn validated(reply: Reply, etag: Option<&str>) -> Reply {
    let digest = format!("\"{}\"", &Digest::of(reply.body.as_bytes()).to_string()[..16]);
    if etag == Some(&digest) {
        return Reply { status: 304, ..Reply::default() };
    }
    reply.header("etag", &digest)
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(0.0, f64::from)
}

impl Host for NewsSite {
    fn name(&self) -> &str {
        &self.name
    }

    fn answer(&self, path: &str, etag: Option<&str>, now: Timestamp) -> Option<Reply> {
        let certificate_until = self.certificate_until;
        self.reply(path, etag, now).map(|reply| Reply { certificate_until, ..reply })
    }
}
