//! What the tests share: a folder with a configuration, the command, a scripted site.

mod command;
pub(crate) mod corpus;
mod dice;
pub(crate) mod lab;
mod site;
pub(crate) mod truth;

pub(crate) use command::{Desk, Outcome};
pub(crate) use dice::Dice;
pub(crate) use lab::Lab;
pub(crate) use site::{Reply, Script};

use std::sync::Arc;

use jianbao::demo::{DemoSite, Served, serve};

/// Says that a check is left out; where `JIANBAO_NO_SKIPS` is set, that is a failure.
pub(crate) fn skipped(why: &str) {
    assert!(std::env::var_os("JIANBAO_NO_SKIPS").is_none(), "skipped: {why}");
    std::io::Write::write_all(&mut std::io::stderr(), format!("skipped: {why}\n").as_bytes()).unwrap();
}

/// The demo site, served in this process.
pub(crate) struct Demo {
    pub(crate) site: Arc<DemoSite>,
    pub(crate) origin: String,
    _served: Served,
    _runtime: tokio::runtime::Runtime,
}

impl Demo {
    pub(crate) fn start(posts: usize) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let site = Arc::new(DemoSite::new(posts, jiff::Timestamp::now()));
        let served = runtime.block_on(serve(Arc::clone(&site), 0)).unwrap();
        Self { site, origin: served.origin(), _served: served, _runtime: runtime }
    }
}
