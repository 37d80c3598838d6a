//! Which lists still show something: a pager that loops and a calendar without end are left.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use crate::url::UrlKey;

/// What the pages of each list have shown in this process.
#[derive(Debug, Default)]
pub struct SeenLists(Mutex<Shown>);

/// The list of all archives by dates; no URL has this key.
const ARCHIVES: UrlKey = UrlKey([0; 16]);

#[derive(Debug, Default)]
struct Shown {
    /// Page → the first page of its list, as far as it was turned in this process.
    list_of: HashMap<UrlKey, UrlKey>,
    /// Hashes of list and item: at a million, one pair in half a million is taken for known that is not.
    items: HashSet<u64>,
}

impl SeenLists {
    /// Items remembered; emptied when full, which only costs a lap of a loop.
    const MOST: usize = 1 << 20;

    /// Notes the items of a page and what its next page is. Whether it shows one that no earlier page of
    /// its list has shown. All archives by dates are one list.
    pub fn note(
        &self,
        page: UrlKey,
        is_archive: bool,
        items: impl Iterator<Item = UrlKey>,
        next: Option<UrlKey>,
    ) -> bool {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.items.len() >= Self::MOST {
            *shown = Shown::default();
        }
        let turned = shown.list_of.get(&page).copied().unwrap_or(page);
        let list = if is_archive { ARCHIVES } else { turned };
        if let Some(next) = next {
            shown.list_of.entry(next).or_insert(list);
        }
        items.filter(|item| shown.items.insert(hash((list, *item)))).count() > 0
    }
}

fn hash(value: (UrlKey, UrlKey)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> UrlKey {
        UrlKey([n; 16])
    }

    #[test]
    fn a_page_that_repeats_its_list_is_known_and_other_lists_count_for_themselves() {
        let lists = SeenLists::default();
        let page = |page: u8, items: &[u8], next: u8| {
            lists.note(key(page), false, items.iter().map(|n| key(*n)), Some(key(next)))
        };
        assert!(page(1, &[10, 11], 2));
        assert!(page(2, &[11, 12], 3));
        assert!(!page(3, &[12, 10], 4));
        assert!(page(50, &[10, 11], 51));
        assert!(!page(51, &[], 52));
    }
}
