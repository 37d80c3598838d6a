//! Articles found by counting: `/post/{id}.html` for one number after the other, until so many in a
//! row are missing.

use jiff::Timestamp;

use crate::archive::{ArchiveError, Store};
use crate::config::Route;
use crate::discover::Territory;
use crate::frontier::{Candidate, Kind, Via};
use crate::url::CanonicalUrl;

/// Numbers tried at a time.
const STRIDE: u32 = 64;

/// Where the counting stands.
#[derive(Debug)]
pub(super) struct Counter {
    url: String,
    next: i64,
    step: i64,
    stop_after_missing: u32,
    /// URLs of the numbers tried last, not yet judged.
    pending: Vec<CanonicalUrl>,
    /// Numbers in a row, up to the last one judged, without an article.
    missing: u32,
}

impl Counter {
    /// A counter, when the site's profile has a rule for it and crawl.toml asks for it.
    pub(super) fn of(territory: &Territory) -> Option<Self> {
        let rule = territory.profile.as_ref()?.discover.ids.as_ref()?;
        let (home, step) = (territory.site.seeds.first()?, if rule.step == 0 { 1 } else { rule.step });
        territory.uses(Route::Ids).then(|| Self {
            url: format!("{}{}", home.origin(), rule.url),
            next: rule.from,
            step,
            stop_after_missing: rule.stop_after_missing,
            pending: Vec::new(),
            missing: 0,
        })
    }

    /// Proposes the next numbers; `false` when enough in a row were missing. Numbers that are known
    /// already cost no request.
    pub(super) async fn advance(
        &mut self,
        store: &Store,
        site: i64,
        now: Timestamp,
    ) -> Result<bool, ArchiveError> {
        for found in store.have_articles(std::mem::take(&mut self.pending)).await? {
            self.missing = if found { 0 } else { self.missing + 1 };
        }
        if self.missing >= self.stop_after_missing {
            return Ok(false);
        }
        let count = STRIDE.min(self.stop_after_missing - self.missing);
        for _ in 0..count {
            if self.next < 0 {
                break;
            }
            let url = self.url.replace("{id}", &self.next.to_string());
            self.pending.extend(CanonicalUrl::parse(&url, None));
            self.next += self.step;
        }
        let candidates =
            self.pending.iter().map(|url| Candidate::new(url.clone(), Kind::Post, Via::Id, 1)).collect();
        store.add(site, candidates, now).await?;
        Ok(!self.pending.is_empty())
    }
}
