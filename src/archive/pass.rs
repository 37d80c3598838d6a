//! Runs a query on a reader's connection: the index's hits, then what is still pending.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row};
use rustc_hash::FxHashMap;

use super::index::day_number;
use super::scan::Filter;
use super::search::{Facets, Found, Hit, HitOrder, Search};
use crate::search::fold::fold_text;
use crate::search::plan::{Index, expression};
use crate::search::rank::{TITLE_WEIGHT, aged, bm25};
use crate::search::snippet::{marked, snippet};
use crate::search::trend::Months;
use crate::search::{Facts, Plan, Query, Term};

/// Hits when the filter names no limit.
const LIMIT: u64 = 20;
/// Up to so many hits are looked up one by one to be put in order of date; more are met sooner by
/// going through all articles from the newest on.
const FEW: usize = 5000;

/// Whether a filter leaves anything out.
pub(super) fn is_filtering(filter: &Filter) -> bool {
    let texts = [&filter.site, &filter.from, &filter.to, &filter.author, &filter.category];
    texts.into_iter().any(Option::is_some)
}

/// A row of `article_meta`, or what will become one.
#[derive(Debug, Default)]
struct Meta {
    site: i64,
    day: i64,
    published: i64,
    category: Option<String>,
    author: Option<String>,
}

#[derive(Debug)]
struct Candidate {
    id: i64,
    score: f64,
    published: i64,
}

#[derive(Debug, Default)]
struct Counts {
    sites: HashMap<i64, u64>,
    months: Months,
    categories: HashMap<String, u64>,
}

/// What the index says of a query's terms.
#[derive(Debug, Default)]
struct Weights {
    articles: u64,
    /// The term, whether only titles count, and how many articles have it.
    terms: Vec<(Term, bool, u64)>,
}

impl Weights {
    fn score(&self, title: &str, body: &str) -> f64 {
        let score = |(term, in_title, with): &(Term, bool, u64)| {
            let in_body = if *in_title { 0 } else { term.places(body).count() };
            bm25(in_body, term.places(title).count(), *with, self.articles)
        };
        self.terms.iter().map(score).sum()
    }
}

/// Numbers of articles, in blocks of 64: a bit each where they are dense, as an archive's are.
#[derive(Debug, Default)]
struct Ids(FxHashMap<i64, u64>);

impl Ids {
    fn insert(&mut self, id: i64) {
        *self.0.entry(id >> 6).or_default() |= 1 << (id & 63);
    }

    fn holds(&self, id: i64) -> bool {
        self.0.get(&(id >> 6)).is_some_and(|block| block >> (id & 63) & 1 == 1)
    }
}

/// One way through everything that may be a hit.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    connection: &'a Connection,
    search: &'a Search,
    plan: Plan,
    order: HitOrder,
    sites: HashMap<i64, String>,
    pending: HashSet<i64>,
    /// The first and the last day that the filter wants.
    days: (Option<i64>, Option<i64>),
    /// For what the index can't decide at once: which articles hold a term.
    holding: FxHashMap<Query, Ids>,
    found: Vec<Candidate>,
    counts: Counts,
}

impl<'a> Pass<'a> {
    pub(super) fn new(connection: &'a Connection, search: &'a Search) -> rusqlite::Result<Self> {
        let plan = Plan::of(&search.query);
        let mut holding = FxHashMap::default();
        if let Some(rest) = plan.rest.as_ref().filter(|_| !plan.reads_text) {
            for leaf in rest.leaves() {
                if !holding.contains_key(leaf) {
                    holding.insert(leaf.clone(), matching(connection, leaf)?);
                }
            }
        }
        let Filter { from, to, .. } = &search.filter;
        Ok(Self {
            connection,
            search,
            days: (from.as_deref().map(day_number), to.as_deref().map(day_number)),
            order: if plan.is_newest_first { HitOrder::Date } else { search.order },
            plan,
            sites: pairs(connection, "SELECT id, key FROM site")?.into_iter().collect(),
            pending: pairs(connection, "SELECT article, '' FROM pending_index")?
                .into_iter()
                .map(|(id, _)| id)
                .collect(),
            holding,
            found: Vec::new(),
            counts: Counts::default(),
        })
    }

    pub(super) fn run(mut self) -> rusqlite::Result<Found> {
        let has_facts = self.collect()?;
        let total = self.found.len() as u64;
        let limit = usize::try_from(self.search.filter.limit.unwrap_or(LIMIT)).unwrap_or(usize::MAX);
        if self.order == HitOrder::Date && !has_facts {
            self.put_in_time(limit)?;
        }
        let order = self.order;
        let compare = |a: &Candidate, b: &Candidate| match order {
            HitOrder::Date => (b.published, b.id).cmp(&(a.published, a.id)),
            _ => b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal).then(b.id.cmp(&a.id)),
        };
        if limit < self.found.len() {
            self.found.select_nth_unstable_by(limit, compare);
            self.found.truncate(limit);
        }
        self.found.sort_unstable_by(compare);
        let hits = self.found.iter().map(|candidate| self.hit(candidate)).collect::<rusqlite::Result<_>>()?;
        let facets = self.search.with_facets.then(|| self.facets());
        Ok(Found { total, order, pending: self.pending.len(), is_outdated: false, hits, facets })
    }

    /// Goes through the index's candidates and what is pending. Says whether dates are known.
    pub(super) fn collect(&mut self) -> rusqlite::Result<bool> {
        let needs_facts = self.search.with_facets
            || self.plan.rest.is_some()
            || is_filtering(&self.search.filter)
            || self.order == HitOrder::Recent;
        let newest = "SELECT coalesce(max(published), 0) FROM article_meta";
        let newest: i64 = self.connection.prepare_cached(newest)?.query_row([], |row| row.get(0))?;
        let sql = self.select(needs_facts);
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = match &self.plan.expression {
            Some(expression) => select.query([expression])?,
            None => select.query([])?,
        };
        while let Some(row) = rows.next()? {
            let (id, score) = (row.get(0)?, -row.get::<_, f64>(1)?);
            if self.pending.contains(&id) {
                continue;
            }
            let meta = if needs_facts { meta(row)? } else { Meta::default() };
            let score =
                if self.order == HitOrder::Recent { aged(score, newest - meta.published) } else { score };
            if !needs_facts || (self.is_wanted(&meta) && self.is_hit(id, &meta)?) {
                self.accept(Candidate { id, score, published: meta.published }, &meta);
            }
        }
        self.collect_pending(newest)?;
        Ok(needs_facts)
    }

    /// The statement that gives candidates: number, score, and what `Meta` has.
    fn select(&self, needs_facts: bool) -> String {
        // Ranking costs more than all the rest.
        let score = match self.order {
            HitOrder::Date => "-0.0".to_owned(),
            HitOrder::Relevance | HitOrder::Recent => format!("bm25(article_fts, 1.0, {TITLE_WEIGHT:.1})"),
        };
        let facts = "m.site, m.day, m.published, m.category, m.author";
        let index = match self.plan.index {
            Index::Tokens => "article_fts",
            Index::Characters => "article_char",
        };
        match (&self.plan.expression, needs_facts) {
            (None, _) => format!("SELECT m.id, -0.0, {facts} FROM article_meta m"),
            (Some(_), false) => format!("SELECT rowid, {score} FROM {index} WHERE {index} MATCH ?1"),
            (Some(_), true) => format!(
                "SELECT m.id, {score}, {facts} FROM {index} CROSS JOIN article_meta m ON m.id = {index}.rowid
                 WHERE {index} MATCH ?1"
            ),
        }
    }

    /// Whether an article passes the filter.
    fn is_wanted(&self, meta: &Meta) -> bool {
        let filter = &self.search.filter;
        let is =
            |wanted: &Option<String>, value: Option<&str>| wanted.is_none() || wanted.as_deref() == value;
        let (from, to) = self.days;
        is(&filter.site, self.sites.get(&meta.site).map(String::as_str))
            && is(&filter.author, meta.author.as_deref())
            && is(&filter.category, meta.category.as_deref())
            && from.is_none_or(|from| meta.day >= from)
            && to.is_none_or(|to| meta.day <= to && meta.day > 0)
    }

    fn facts<'m>(&'m self, meta: &'m Meta) -> Facts<'m> {
        Facts {
            site: self.sites.get(&meta.site).map_or("", String::as_str),
            day: meta.day,
            category: meta.category.as_deref(),
            author: meta.author.as_deref(),
        }
    }

    /// Whether an article of the index that matches is a hit.
    fn is_hit(&self, id: i64, meta: &Meta) -> rusqlite::Result<bool> {
        let Some(rest) = &self.plan.rest else { return Ok(true) };
        if self.plan.reads_text {
            let (title, body) = self.folded(id)?;
            return Ok(rest.is_hit(&self.facts(meta), &|leaf| leaf.holds_in(&title, &body)));
        }
        let holds = |leaf: &Query| self.holding.get(leaf).is_some_and(|ids| ids.holds(id));
        Ok(rest.is_hit(&self.facts(meta), &holds))
    }

    /// An article's title and text, folded.
    fn folded(&self, id: i64) -> rusqlite::Result<(String, String)> {
        let sql =
            "SELECT a.title, t.text FROM article a JOIN text t ON t.digest = a.text_digest WHERE a.id = ?1";
        let read =
            |row: &Row<'_>| Ok((fold_text(row.get_ref(0)?.as_str()?), fold_text(row.get_ref(1)?.as_str()?)));
        self.connection.prepare_cached(sql)?.query_row([id], read)
    }

    fn accept(&mut self, candidate: Candidate, meta: &Meta) {
        self.found.push(candidate);
        if self.search.with_facets {
            *self.counts.sites.entry(meta.site).or_default() += 1;
            *self.counts.months.entry(meta.day / 100).or_default() += 1;
            if let Some(category) = &meta.category {
                match self.counts.categories.get_mut(category) {
                    Some(count) => *count += 1,
                    None => drop(self.counts.categories.insert(category.clone(), 1)),
                }
            }
        }
    }

    /// Looks at the articles that the index doesn't have yet, one by one.
    fn collect_pending(&mut self, newest: i64) -> rusqlite::Result<()> {
        let weights = self.weights()?;
        for id in self.pending.iter().copied().collect::<Vec<_>>() {
            let Some(meta) = self.pending_meta(id)? else { continue };
            if !self.is_wanted(&meta) {
                continue;
            }
            let (title, body) = self.folded(id)?;
            if !self.search.query.is_hit(&self.facts(&meta), &|leaf| leaf.holds_in(&title, &body)) {
                continue;
            }
            let score = match self.order {
                HitOrder::Date => 0.0,
                HitOrder::Relevance => weights.score(&title, &body),
                HitOrder::Recent => aged(weights.score(&title, &body), newest - meta.published),
            };
            self.accept(Candidate { id, score, published: meta.published }, &meta);
        }
        Ok(())
    }

    /// What a score is made of; nothing when nothing is scored.
    fn weights(&self) -> rusqlite::Result<Weights> {
        let mut weights = Weights::default();
        if self.order == HitOrder::Date || self.pending.is_empty() {
            return Ok(weights);
        }
        let all = "SELECT count(*) FROM article_meta";
        weights.articles = self.connection.query_row(all, [], |row| row.get(0))?;
        for (term, in_title) in self.search.query.terms() {
            let count = "SELECT count(*) FROM article_fts WHERE article_fts MATCH ?1";
            let with = self.connection.query_row(count, [term.phrase()], |row| row.get(0))?;
            weights.terms.push((term.clone(), in_title, with));
        }
        Ok(weights)
    }

    fn pending_meta(&self, id: i64) -> rusqlite::Result<Option<Meta>> {
        let sql = "SELECT site, published, coalesce(published_from, 0), category, author FROM article WHERE id = ?1";
        let read = |row: &Row<'_>| {
            Ok(Meta {
                site: row.get(0)?,
                day: row.get::<_, Option<String>>(1)?.map_or(0, |published| day_number(&published)),
                published: row.get(2)?,
                category: row.get(3)?,
                author: row.get(4)?,
            })
        };
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()
    }

    /// Gives the first `limit` hits by date their dates, and drops the others.
    fn put_in_time(&mut self, limit: usize) -> rusqlite::Result<()> {
        let (pending, mut found): (Vec<_>, Vec<_>) =
            self.found.drain(..).partition(|candidate| self.pending.contains(&candidate.id));
        if found.len() <= FEW {
            let sql = "SELECT published FROM article_meta WHERE id = ?1";
            let mut select = self.connection.prepare_cached(sql)?;
            for candidate in &mut found {
                candidate.published = select.query_row([candidate.id], |row| row.get(0))?;
            }
            self.found = found;
        } else {
            let sql = "SELECT id, published FROM article_meta ORDER BY published DESC, id DESC";
            let mut select = self.connection.prepare_cached(sql)?;
            let mut rows = select.query([])?;
            while let Some(row) = rows.next()?.filter(|_| self.found.len() < limit) {
                let (id, published) = (row.get(0)?, row.get(1)?);
                // The index gives its hits in the order of their numbers.
                if found.binary_search_by_key(&id, |candidate| candidate.id).is_ok() {
                    self.found.push(Candidate { id, score: 0.0, published });
                }
            }
        }
        self.found.extend(pending);
        Ok(())
    }

    fn hit(&self, candidate: &Candidate) -> rusqlite::Result<Hit> {
        let terms: Vec<&Term> = self.search.query.terms().into_iter().map(|(term, _)| term).collect();
        let sql =
            "SELECT u.url, a.site, a.title, a.published, t.text FROM article a JOIN url u ON u.id = a.url
                   JOIN text t ON t.digest = a.text_digest WHERE a.id = ?1";
        self.connection.prepare_cached(sql)?.query_row([candidate.id], |row| {
            let title = marked(&row.get::<_, String>(2)?, &terms);
            let snippet = snippet(row.get_ref(4)?.as_str()?, &terms);
            Ok(Hit {
                id: candidate.id,
                url: row.get(0)?,
                site: self.sites.get(&row.get(1)?).cloned().unwrap_or_default(),
                title: title.text,
                published: row.get(3)?,
                snippet: snippet.text,
                score: candidate.score,
                marks: snippet.marks,
                title_marks: title.marks,
            })
        })
    }

    /// Hits by month.
    pub(super) fn months(self) -> Months {
        self.counts.months
    }

    fn facets(&self) -> Facets {
        let by_number = |counts: BTreeMap<String, u64>| {
            let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
            counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            counts
        };
        let site = |(id, count): (&i64, &u64)| (self.sites.get(id).cloned().unwrap_or_default(), *count);
        let month = |(month, count): (&i64, &u64)| {
            let is_known = month % 100 > 0;
            is_known.then(|| (format!("{:04}-{:02}", month / 100, month % 100), *count))
        };
        Facets {
            site: by_number(self.counts.sites.iter().map(site).collect()),
            month: self.counts.months.iter().filter_map(month).collect(),
            category: by_number(self.counts.categories.clone().into_iter().collect()),
        }
    }
}

fn meta(row: &Row<'_>) -> rusqlite::Result<Meta> {
    Ok(Meta {
        site: row.get(2)?,
        day: row.get(3)?,
        published: row.get(4)?,
        category: row.get(5)?,
        author: row.get(6)?,
    })
}

/// The articles that hold a term, by their numbers.
fn matching(connection: &Connection, leaf: &Query) -> rusqlite::Result<Ids> {
    let (index, wanted) = match leaf.character() {
        Some(character) => ("article_char", character),
        None => ("article_fts", expression(leaf).unwrap_or_default()),
    };
    let sql = format!("SELECT rowid FROM {index} WHERE {index} MATCH ?1");
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query([wanted])?;
    let mut ids = Ids::default();
    while let Some(row) = rows.next()? {
        ids.insert(row.get(0)?);
    }
    Ok(ids)
}

fn pairs(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<(i64, String)>> {
    let mut select = connection.prepare_cached(sql)?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
