//! One binary for all integration tests: it links once and shares its support code.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod architecture;
mod articles;
mod bad_input;
mod boilerplate;
mod budgets;
mod cli;
mod conformance;
mod copies;
mod coverage;
mod crawl_demo;
mod cron;
mod dates;
mod discovery;
mod docs;
mod drift;
mod exports;
mod history;
mod import;
mod interrupted;
mod kinds;
mod lapses;
mod lasting;
mod listings;
mod metrics;
mod moved;
mod oldest;
mod parts;
mod politeness;
mod profiles;
mod quality;
mod questions;
mod quiet;
mod search;
mod search_index;
mod sections;
mod support;
mod tls;
mod traps;
mod verify;
mod year;
