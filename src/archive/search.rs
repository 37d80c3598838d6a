//! Searching an archive: what is asked, what is answered.

use rusqlite::Connection;
use serde::Serialize;

use super::pass::{Pass, is_filtering};
use super::read::Archive;
use super::scan::Filter;
use super::{ArchiveError, Doing};
use crate::search::Query;
use crate::search::fold::revision;
use crate::search::trend::{Months, Trend};

const DOING: &str = "searching";

/// In which order hits come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HitOrder {
    /// BM25, a place in the title counting as five in the body.
    Relevance,
    /// The same, with older articles pushed back.
    Recent,
    /// The latest publication first.
    Date,
}

/// What is searched for.
#[derive(Debug, Clone)]
pub struct Search {
    /// The query.
    pub query: Query,
    /// Which articles count.
    pub filter: Filter,
    /// The order that is wanted.
    pub order: HitOrder,
    /// Whether hits are counted by site, month and category.
    pub with_facets: bool,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Hits in all.
    pub total: u64,
    /// The order they are in: by date when the query gives nothing to rank by.
    pub order: HitOrder,
    /// Articles that the index doesn't have yet; they were looked at one by one.
    pub pending: usize,
    /// The index was made with other tables of characters: see [`Archive::is_index_outdated`].
    #[serde(rename = "outdated")]
    pub is_outdated: bool,
    /// The first of the hits.
    pub hits: Vec<Hit>,
    /// All of the hits, counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facets: Option<Facets>,
}

/// An article that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// Row in `article`.
    pub id: i64,
    /// Where it is.
    pub url: String,
    /// The site's name.
    pub site: String,
    /// The headline.
    pub title: String,
    /// ISO 8601, as precise as known.
    pub published: Option<String>,
    /// The sentences that show best why, cut from the text as it is.
    pub snippet: String,
    /// The higher the better; 0 when hits are in order of date.
    pub score: f64,
    /// Where terms stand in the snippet: first character and the one behind the last.
    pub marks: Vec<(usize, usize)>,
    /// The same for the title.
    pub title_marks: Vec<(usize, usize)>,
}

/// Hits by what they have in common, the largest number first, months in their order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facets {
    /// By the site's name.
    pub site: Vec<(String, u64)>,
    /// By month of publication, `2023-02`; those whose month is unknown are left out.
    pub month: Vec<(String, u64)>,
    /// By category; those without one are left out.
    pub category: Vec<(String, u64)>,
}

impl Archive {
    /// Searches the archive; readers and a running crawl don't disturb each other.
    pub fn search(&self, search: &Search) -> Result<Found, ArchiveError> {
        self.at_one_moment(|| {
            let mut found = Pass::new(self.connection(), search).and_then(Pass::run).doing(DOING)?;
            found.is_outdated = self.is_index_outdated()?;
            Ok(found)
        })
    }

    /// How the share of a query's hits went from month to month.
    pub fn trend(&self, name: &str, query: &Query, filter: &Filter) -> Result<Trend, ArchiveError> {
        let months = |query: Query| {
            let filter = Filter { limit: Some(0), ..filter.clone() };
            let search = Search { query, filter, order: HitOrder::Date, with_facets: true };
            let mut pass = Pass::new(self.connection(), &search)?;
            pass.collect().map(|_| pass.months())
        };
        self.at_one_moment(|| {
            let all = match totals(self.connection(), filter).doing(DOING)? {
                Some(totals) => totals,
                None => months(Query::Day(0..=i64::MAX)).doing(DOING)?,
            };
            Ok(Trend::new(name, &months(query.clone()).doing(DOING)?, &all))
        })
    }

    /// Whether the index was made with other tables of characters than this program's: until the next
    /// crawl makes it anew, some words are not found.
    pub fn is_index_outdated(&self) -> Result<bool, ArchiveError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM fold_revision WHERE revision <> ?1)";
        let mut select = self.connection().prepare_cached(sql).doing(DOING)?;
        select.query_row([revision()], |row| row.get(0)).doing(DOING)
    }

    /// Articles that the search index doesn't have yet.
    pub fn pending(&self) -> Result<i64, ArchiveError> {
        let count = "SELECT count(*) FROM pending_index";
        self.connection().query_row(count, [], |row| row.get(0)).doing(DOING)
    }
}

/// All articles by month, when that is known without counting: nothing is filtered out or pending.
fn totals(connection: &Connection, filter: &Filter) -> rusqlite::Result<Option<Months>> {
    let pending = "SELECT EXISTS (SELECT 1 FROM pending_index)";
    if is_filtering(filter) || connection.query_row(pending, [], |row| row.get(0))? {
        return Ok(None);
    }
    let mut select = connection.prepare("SELECT month, n FROM month_total WHERE n > 0")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>().map(Some)
}
