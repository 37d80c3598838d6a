//! jianbao (剪报): a news crawler and article archiver.
//!
//! The way through it: **seeds** → [`discover`] proposes candidates → [`frontier`] orders them and
//! [`politeness`] says whose turn it is → [`fetch`] makes a capture → [`extract`] makes an article,
//! with links and notes → [`dedup`] says new, revised, unchanged or duplicate → [`archive`] commits
//! all of it in one transaction → links go back to the frontier → [`export`] and the commands read.
//!
//! ```
//! use jianbao::capture::Capture;
//! use jianbao::extract::Page;
//! use jianbao::url::CanonicalUrl;
//!
//! let html = "<title>老码头改造完工</title><h1>老码头改造完工</h1><p>2024-05-18</p>
//!             <div><p>历时八个月,老码头的改造工程在本周末完工,步道向居民开放。</p></div>";
//! let url = CanonicalUrl::parse("http://river.example/post/12.html", None)?;
//! let capture = Capture::of_page(url, "2025-03-10T00:00:00Z".parse()?, None, html.into());
//! let article = Page::parse(&capture).article(None).expect("a page with a date and a text is an article");
//! assert_eq!(article.title, "老码头改造完工");
//! assert_eq!(article.published.map(|published| published.value).as_deref(), Some("2024-05-18"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Deciding is pure: bytes and the present moment come in as arguments. Doing (network, SQLite,
//! files, clock) lives in `fetch`, `archive`, `export`, `demo`, and [`crawl`] and [`cli`], which
//! wire them. ARCHITECTURE.md draws the picture; a test keeps it.

#[macro_use]
mod macros;

pub mod address;
pub mod archive;
pub mod article;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod config;
pub mod coverage;
pub mod crawl;
pub mod dedup;
pub mod demo;
pub mod diff;
pub mod discover;
pub mod entry;
pub mod export;
pub mod extract;
pub mod fetch;
pub mod frontier;
pub mod hash;
pub mod inflate;
pub mod politeness;
pub mod profile;
pub mod script;
pub mod search;
pub mod sim;
pub mod url;
pub mod verify;
pub mod visible;
pub mod watch;
