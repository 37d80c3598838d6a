//! What the tests share: a folder with a configuration, the command, a scripted site.

mod command;
mod site;

pub use command::{Desk, Outcome};
pub use site::{Reply, Script};

use std::sync::Arc;

use jianbao::demo::{DemoSite, Served, serve};

/// The demo site, served in this process.
pub struct Demo {
    pub site: Arc<DemoSite>,
    pub origin: String,
    _served: Served,
    _runtime: tokio::runtime::Runtime,
}

impl Demo {
    pub fn start(posts: usize) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let site = Arc::new(DemoSite::new(posts, jiff::Timestamp::now()));
        let served = runtime.block_on(serve(Arc::clone(&site), 0)).unwrap();
        Self { site, origin: served.origin(), _served: served, _runtime: runtime }
    }
}
