//! Visiting articles one at a time: filters and orders.

use std::ops::ControlFlow;

use rusqlite::params_from_iter;
use rusqlite::types::Value;
use serde::{Deserialize, Serialize};

use super::article_record::{ArticleRecord, SELECT_ARTICLE, read_article};
use super::read::Archive;
use super::{ArchiveError, Doing};

/// Which articles are wanted; `None` means any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// The site's name.
    pub site: Option<String>,
    /// First day of publication, `2023-02-27`.
    pub from: Option<String>,
    /// Last day of publication.
    pub to: Option<String>,
    /// The author, exactly.
    pub author: Option<String>,
    /// The category, exactly.
    pub category: Option<String>,
    /// Only what is new, changed or gone since that run ended.
    pub since_run: Option<i64>,
    /// So many at most.
    pub limit: Option<u64>,
}

/// In what order articles are visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By number.
    Id,
    /// By site, then by month of publication, then by number; unknown months come first.
    SiteAndMonth,
}

impl Archive {
    /// Visits articles in an order, one at a time, at constant memory, as they were when it began.
    pub fn scan(
        &self,
        filter: &Filter,
        order: Order,
        visit: &mut dyn FnMut(ArticleRecord) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        let doing = "reading articles";
        let (conditions, values) = conditions(filter);
        let order = match order {
            Order::Id => "a.id",
            Order::SiteAndMonth => {
                "s.key, CASE WHEN length(a.published) >= 7 THEN substr(a.published, 1, 7) END, a.id"
            }
        };
        // Only numbers are sorted, so that texts never wait in memory.
        let numbers = format!(
            "SELECT a.id FROM article a JOIN site s ON s.id = a.site WHERE {conditions} ORDER BY {order} LIMIT {}",
            limit(filter)
        );
        let mut numbers = self.connection.prepare(&numbers).doing(doing)?;
        let mut numbers = numbers.query(params_from_iter(values)).doing(doing)?;
        let sql = format!("{SELECT_ARTICLE} WHERE a.id = ?1");
        let mut select = self.connection.prepare(&sql).doing(doing)?;
        while let Some(number) = numbers.next().doing(doing)? {
            let id: i64 = number.get(0).doing(doing)?;
            let mut article = select.query_row([id], read_article).doing(doing)?;
            self.complete(&mut article)?;
            if visit(article).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads several things as they are at one moment, whatever a crawl commits meanwhile. Within
    /// another such reading the moment is that one's.
    ///
    /// # Errors
    /// Those of `read`, and when no transaction can be begun.
    pub fn at_one_moment<T, E: From<ArchiveError>>(
        &self,
        read: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = || self.connection.unchecked_transaction().doing("beginning to read");
        let _transaction = self.connection.is_autocommit().then(begin).transpose()?;
        read()
    }

    /// The number of the last run that has ended, when there is one.
    pub fn last_ended_run(&self) -> Result<Option<i64>, ArchiveError> {
        let last = "SELECT max(id) FROM run WHERE finished IS NOT NULL";
        self.connection.query_row(last, [], |row| row.get(0)).doing("looking for a run")
    }

    /// The numbers of the first and the last run, when there are any.
    pub fn run_numbers(&self) -> Result<Option<(i64, i64)>, ArchiveError> {
        let ends = "SELECT min(id), max(id) FROM run";
        let ends: (Option<i64>, Option<i64>) = self
            .connection
            .query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .doing("looking for a run")?;
        Ok(ends.0.zip(ends.1))
    }
}

pub(super) fn limit(filter: &Filter) -> String {
    filter.limit.map_or("-1".to_owned(), |limit| limit.to_string())
}

pub(super) fn conditions(filter: &Filter) -> (String, Vec<Value>) {
    let mut conditions = vec!["1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let text = |value: &Option<String>| value.clone().map(Value::Text);
    let day_end = filter.to.as_ref().map(|day| Value::Text(format!("{day}\u{10ffff}")));
    for (condition, value) in [
        ("s.key = ?", text(&filter.site)),
        ("a.published >= ?", text(&filter.from)),
        ("a.published <= ?", day_end),
        ("a.author = ?", text(&filter.author)),
        ("a.category = ?", text(&filter.category)),
        (SINCE_RUN, filter.since_run.map(Value::Integer)),
    ] {
        if let Some(value) = value {
            conditions.push(condition.to_owned());
            values.push(value);
        }
    }
    (conditions.join(" AND "), values)
}

/// A later run that continues one which was cut off may correct that one's versions, so what counts is
/// when the chain of runs began.
const SINCE_RUN: &str =
    "max((SELECT v.seen_at FROM version v WHERE v.article = a.id AND v.n = a.version_count),
    coalesce(a.gone_since, 0)) >= (SELECT min(r.chain_start) FROM run r WHERE r.id > ?)";
