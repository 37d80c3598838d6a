//! jianbao (剪报): a news crawler and article archiver.
//!
//! The way through it: **seeds** → [`discover`] proposes candidates → [`frontier`] orders them and
//! [`politeness`] says whose turn it is → [`fetch`] makes a capture → [`extract`] makes an article,
//! with links and notes → [`dedup`] says new, revised, unchanged or duplicate → [`archive`] commits
//! all of it in one transaction → links go back to the frontier → [`export`] and the commands read.
//!
//! Deciding is pure: bytes and the present moment come in as arguments. Doing (network, SQLite,
//! files, clock) lives in `fetch`, `archive`, `export`, `demo`, and [`crawl`] and [`cli`], which
//! wire them. ARCHITECTURE.md draws the picture; a test keeps it.

#[macro_use]
mod macros;

pub mod archive;
pub mod article;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crawl;
pub mod dedup;
pub mod demo;
pub mod discover;
pub mod export;
pub mod extract;
pub mod fetch;
pub mod frontier;
pub mod inflate;
pub mod politeness;
pub mod profile;
pub mod url;
