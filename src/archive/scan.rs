//! Visiting articles one at a time: filters and orders.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::{Deserialize, Serialize};

use super::article_record::ArticleRecord;
use super::damage::{Damage, is_damage};
use super::read::Archive;
use super::walk::Gap;
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
    /// Visits articles in an order, one at a time, as they were when it began. Only their numbers wait in memory. One
    /// that is damaged is visited as what of it is.
    pub fn scan(
        &self,
        filter: &Filter,
        order: Order,
        visit: &mut dyn FnMut(Result<ArticleRecord, Damage>) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        self.at_one_moment(|| self.scan_now(filter, order, visit))
    }

    fn scan_now(
        &self,
        filter: &Filter,
        order: Order,
        visit: &mut dyn FnMut(Result<ArticleRecord, Damage>) -> ControlFlow<()>,
    ) -> Result<(), ArchiveError> {
        let (numbers, lost) = self.numbers(filter, order)?;
        for damage in lost {
            if visit(Err(damage)).is_break() {
                return Ok(());
            }
        }
        let limit = filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        for number in numbers.into_iter().take(limit) {
            if visit(self.whole_article(number)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The numbers of the articles that are wanted, in their order, and what can't be read of the table. An article
    /// whose row is damaged may be wanted or not, so it is among them.
    fn numbers(&self, filter: &Filter, order: Order) -> Result<(Vec<i64>, Vec<Damage>), ArchiveError> {
        let doing = "reading articles";
        let (conditions, values) = conditions(filter);
        let place = match order {
            Order::Id => "NULL, NULL",
            Order::SiteAndMonth => {
                "s.key, CASE WHEN length(a.published) >= 7 THEN substr(a.published, 1, 7) END"
            }
        };
        let broken = self.checks.first_broken(&[("article", "a"), ("site", "s")]);
        let sql = format!(
            "SELECT a.id, {place} FROM article a LEFT JOIN site s ON s.id = a.site
             WHERE a.id > ? AND (({conditions}) OR s.id IS NULL OR {broken} IS NOT NULL) ORDER BY a.id"
        );
        let (mut found, mut lost, mut number) = (Numbers::default(), Vec::new(), i64::MIN);
        let mut select = self.connection.prepare(&sql).doing(doing)?;
        loop {
            let values = std::iter::once(Value::Integer(number)).chain(values.iter().cloned());
            let mut rows = select.query(params_from_iter(values)).doing(doing)?;
            let error = loop {
                match rows.next().and_then(|row| row.map(|row| found.note(row)).transpose()) {
                    Ok(Some(next)) => number = next,
                    Ok(None) => return Ok((found.in_order(), lost)),
                    Err(error) => break error,
                }
            };
            drop(rows);
            if !is_damage(&error) {
                return Err(error).doing(doing);
            }
            let gap = Gap::behind(&self.connection, ("article", "id"), number).doing(doing)?;
            lost.push(Damage {
                article: gap.row().unwrap_or(number.saturating_add(1).max(1)),
                url: None,
                table: "article",
                what: format!("{error}; {gap}"),
            });
            match gap.end() {
                Some(end) => number = end,
                None => return Ok((found.in_order(), lost)),
            }
        }
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

/// Numbers of articles with what they are put in order by.
#[derive(Default)]
struct Numbers {
    rows: Vec<(usize, usize, i64)>,
    /// Sites and months, each once.
    sites: BTreeMap<Option<String>, usize>,
    months: BTreeMap<Option<String>, usize>,
}

impl Numbers {
    fn note(&mut self, row: &Row<'_>) -> rusqlite::Result<i64> {
        let number_in = |known: &mut BTreeMap<Option<String>, usize>, name| {
            let next = known.len();
            *known.entry(name).or_insert(next)
        };
        let site = number_in(&mut self.sites, row.get(1)?);
        let month = number_in(&mut self.months, row.get(2)?);
        let number = row.get(0)?;
        self.rows.push((site, month, number));
        Ok(number)
    }

    fn in_order(mut self) -> Vec<i64> {
        let places = |known: &BTreeMap<Option<String>, usize>| {
            let mut places = vec![0; known.len()];
            for (place, number) in known.values().enumerate() {
                places[*number] = place;
            }
            places
        };
        let (sites, months) = (places(&self.sites), places(&self.months));
        self.rows.sort_by_key(|(site, month, number)| (sites[*site], months[*month], *number));
        self.rows.into_iter().map(|(.., number)| number).collect()
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
