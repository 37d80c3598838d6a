//! Whether a list goes on.

use super::{Exam, Read};
use crate::archive::{Disposition, ListRole, PageResult};
use crate::config::Route;
use crate::discover::{self, Period, Territory};
use crate::extract::Page;
use crate::frontier::{Candidate, Kind, Via};
use crate::url::CanonicalUrl;

impl Exam<'_> {
    /// A page that turns out to be a list, such as that of a category. One that the first page links is
    /// looked at again in every run.
    pub(super) fn found_list(&mut self, page: &Page<'_>, territory: &Territory) -> Read {
        let depth = self.claimed.depth;
        self.candidates.retain(|found| matches!(found.kind, Kind::Feed | Kind::Api));
        let found = discover::from_page(page, territory, Kind::List, depth, &self.rules.seen);
        self.candidates.extend(found);
        self.list = (depth <= 1 && territory.uses(Route::Lists)).then_some(ListRole::Leads);
        (self.list(page.url()), PageResult::Nothing, Disposition::Done)
    }

    /// An archive by dates shows new articles as long as its time is not over.
    pub(super) fn note_archive(&mut self, url: &CanonicalUrl) {
        let is_list = self.rules.territory.uses(Route::Lists) && !self.claimed.has_article();
        if let Some(period) = Period::of(url).filter(|_| is_list && !self.is_first(url)) {
            self.list = Some(if period.is_over(self.at) { ListRole::Over } else { ListRole::Leads });
        }
    }

    /// Names a list, and lets go of its next page, or of the archives beside it, when it shows nothing
    /// that its earlier pages have not shown: a pager that loops, a calendar of empty months.
    pub(super) fn list(&mut self, url: &CanonicalUrl) -> &'static str {
        self.note_archive(url);
        let is_item =
            |found: &&Candidate| found.via == Via::List && matches!(found.kind, Kind::Post | Kind::Other);
        let items = self.candidates.iter().filter(is_item).map(|found| found.url.key());
        let next = self.candidates.iter().find(|found| found.is_next_page).map(|found| found.url.key());
        let is_archive = Period::of(url).is_some();
        let shows_new = self.rules.lists.note(url.key(), is_archive, items, next);
        if shows_new || self.claimed.leads {
            return "list";
        }
        self.candidates.retain(|found| !found.is_next_page && found.via != Via::Archive);
        "list_repeats"
    }
}
