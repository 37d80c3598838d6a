//! Which articles stem from one another, kept up as articles come, change and go.
//!
//! Like the search index this follows from texts, and is brought up with it, batch by batch. A
//! sketch of each text gives the few articles that may have something in common with it; the texts
//! decide. What is found is an edge from the later article to the earlier one; edges make clusters. Nothing is
//! ever merged or dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::clusters::{ids, join, leader, part, rebuild, time};
use crate::dedup::{Likeness, Relation, Shingles, share};
use crate::search::fold::fold_text;

/// A shingle that so many articles hold is boilerplate, and leads to none of them. More of them are not
/// kept.
const BOILERPLATE: usize = 60;
/// Shares so much of its sketch with another one: a candidate.
const CANDIDATE: f64 = 0.2;
/// The same where boilerplate counts. An article that everybody copied looks like it, so whole copies are
/// still looked for.
const WHOLE: f64 = 0.5;
/// What shares less of what it would share as a whole copy or a part is none.
const PLAUSIBLE: f64 = 0.15;
/// Texts that are compared at most, those with most in common first.
const COMPARED: usize = 12;
/// Sources enough.
const SOURCES: usize = 4;
/// Sketches of the texts that a batch adds to the index.
#[derive(Debug, Default)]
pub(super) struct Added(Vec<Sketched>);

#[derive(Debug)]
struct Sketched {
    article: i64,
    /// Different shingles of the text.
    shingles: usize,
    sketch: Vec<u64>,
}

impl Added {
    /// Notes a new text, which the index holds.
    pub(super) fn note(
        &mut self,
        connection: &Connection,
        article: i64,
        folded: &str,
    ) -> rusqlite::Result<()> {
        let shingles = Shingles::of(folded);
        let count = "UPDATE article_meta SET shingles = ?2, seal = jianbao_seal('article_meta', id, version, site, day,
                         published, category, author, ?2) WHERE id = ?1";
        connection.prepare_cached(count)?.execute((article, shingles.len()))?;
        self.0.push(Sketched { article, shingles: shingles.len(), sketch: shingles.sketch().to_vec() });
        Ok(())
    }

    /// Finds what each of the texts stems from, and what stems from it.
    pub(super) fn relate(mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.0.sort_unstable_by_key(|added| added.article);
        let holders = self.keep(connection)?;
        for (place, added) in self.0.iter().enumerate() {
            // Those behind it find it themselves.
            let later = &self.0[place + 1..];
            let is_later = |other: i64| later.binary_search_by_key(&other, |added| added.article).is_ok();
            let held = added.sketch.iter().map(|hash| {
                let all = holders.get(hash).map_or(&[][..], Vec::as_slice);
                let others = all.iter().copied().filter(|other| *other != added.article && !is_later(*other));
                Held { others: others.collect(), is_boilerplate: all.len() >= BOILERPLATE }
            });
            relate(connection, added, &held.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Keeps the sketches, and gives the articles that hold the same shingles. In the order of the table: in
    /// another one, each of its pages would be read and written many times.
    fn keep(&self, connection: &Connection) -> rusqlite::Result<HashMap<u64, Vec<i64>>> {
        let each =
            |added: &Sketched| added.sketch.iter().map(|hash| (*hash, added.article)).collect::<Vec<_>>();
        let mut rows: Vec<(u64, i64)> = self.0.iter().flat_map(each).collect();
        rows.sort_unstable();
        let mut holders = HashMap::new();
        let mut insert =
            connection.prepare_cached("INSERT OR IGNORE INTO sketch (hash, article) VALUES (?1, ?2)")?;
        for rows in rows.chunk_by(|a, b| a.0 == b.0) {
            let hash = rows[0].0;
            let mut all =
                ids(connection.prepare_cached("SELECT article FROM sketch WHERE hash = ?1")?, hash)?;
            let known = all.len();
            for (_, article) in rows.iter().take(BOILERPLATE.saturating_sub(known)) {
                insert.execute((hash, article))?;
                all.push(*article);
            }
            if all.len() > known && all.len() == BOILERPLATE {
                drop_misled(connection, hash)?;
            }
            if all.len() > 1 {
                holders.insert(hash, all);
            }
        }
        Ok(holders)
    }
}

/// A shingle turns out to be boilerplate: what nothing else led to is dropped, but for whole copies.
fn drop_misled(connection: &Connection, hash: u64) -> rusqlite::Result<()> {
    let sql = "SELECT e.article, e.source FROM sketch h JOIN dup_edge e ON e.article = h.article
               JOIN sketch s ON s.hash = h.hash AND s.article = e.source
               WHERE h.hash = ?1 AND e.relation <> 'copy' ORDER BY e.article";
    let mut select = connection.prepare_cached(sql)?;
    let edges: Vec<(i64, i64)> =
        select.query_map([hash], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let mut delete = connection.prepare_cached("DELETE FROM dup_edge WHERE article = ?1 AND source = ?2")?;
    let mut clusters = BTreeSet::new();
    for edges in edges.chunk_by(|a, b| a.0 == b.0) {
        let article = edges[0].0;
        let Some(own) = shingles_of(connection, article)? else { continue };
        for (_, source) in edges {
            if !is_led(connection, &own, *source)? {
                delete.execute((article, source))?;
                clusters.insert(leader(connection, article)?);
            }
        }
    }
    clusters.into_iter().try_for_each(|cluster| rebuild(connection, cluster))
}

/// Whether what two articles share, but for boilerplate, leads from the one to the other.
fn is_led(connection: &Connection, own: &Shingles, other: i64) -> rusqlite::Result<bool> {
    let holds = "SELECT EXISTS (SELECT 1 FROM sketch WHERE hash = ?1 AND article = ?2)";
    let mut holds = connection.prepare_cached(holds)?;
    let mut shared = 0;
    for hash in own.sketch() {
        let is_shared: bool = holds.query_row((hash, other), |row| row.get(0))?;
        shared += usize::from(is_shared && !is_boilerplate(connection, *hash)?);
    }
    let mut all = 0;
    for hash in own.sketch().iter().filter(|_| shared == 1) {
        all += usize::from(!is_boilerplate(connection, *hash)?);
    }
    Ok(leads(shared, all))
}

fn is_boilerplate(connection: &Connection, hash: u64) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) = ?2 FROM (SELECT 1 FROM sketch WHERE hash = ?1 LIMIT ?2)";
    connection.prepare_cached(sql)?.query_row((hash, BOILERPLATE), |row| row.get(0))
}

/// Whether so many shared shingles, of all those of a sketch that are no boilerplate, make a candidate.
fn leads(shared: usize, all: usize) -> bool {
    shared >= 2 || (shared > 0 && share(shared, all) >= CANDIDATE)
}

/// Drops everything that follows from an article's text.
pub(super) fn remove(connection: &Connection, article: i64, folded: &str) -> rusqlite::Result<()> {
    let mut delete = connection.prepare_cached("DELETE FROM sketch WHERE hash = ?1 AND article = ?2")?;
    for hash in Shingles::of(folded).sketch() {
        delete.execute((hash, article))?;
    }
    part(connection, article)
}

/// Puts an article whose date may have changed in its place: what was earlier may now be later.
pub(super) fn put_in_time(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let others =
        "SELECT source FROM dup_edge WHERE article = ?1 UNION SELECT article FROM dup_edge WHERE source = ?1";
    let others: Vec<i64> = ids(connection.prepare_cached(others)?, article)?;
    let Some(own) = (if others.is_empty() { None } else { shingles_of(connection, article)? }) else {
        return Ok(());
    };
    part(connection, article)?;
    for other in others {
        compare(connection, (article, &own), &Candidate { article: other, is_whole: false })?;
    }
    join(connection, article)
}

/// A shingle of a text's sketch.
struct Held {
    /// The other articles that hold it, as far as they are kept.
    others: Vec<i64>,
    is_boilerplate: bool,
}

/// The shingles of an article's text as the index has it.
fn shingles_of(connection: &Connection, article: i64) -> rusqlite::Result<Option<Shingles>> {
    let sql = "SELECT t.text FROM article_meta m JOIN version v ON v.id = m.version
               JOIN text t ON t.digest = v.text_digest WHERE m.id = ?1";
    let read = |row: &Row<'_>| Ok(Shingles::of(&fold_text(row.get_ref(0)?.as_str()?)));
    connection.prepare_cached(sql)?.query_row([article], read).optional()
}

/// Finds an article's sources and copies, and the cluster that they make.
fn relate(connection: &Connection, added: &Sketched, holders: &[Held]) -> rusqlite::Result<()> {
    let article = added.article;
    let candidates = candidates(connection, added, holders)?;
    let Some(own) = (if candidates.is_empty() { None } else { shingles_of(connection, article)? }) else {
        return Ok(());
    };
    let mut sources = 0;
    for candidate in candidates {
        let source = compare(connection, (article, &own), &candidate)?;
        sources += usize::from(source == Some(candidate.article));
        if sources == SOURCES {
            break;
        }
    }
    join(connection, article)
}

/// Compares two articles, and notes what the later one is to the earlier one. Gives the earlier one when the
/// later one stems from it.
fn compare(
    connection: &Connection,
    (article, own): (i64, &Shingles),
    &Candidate { article: other, is_whole }: &Candidate,
) -> rusqlite::Result<Option<i64>> {
    let Some(others) = shingles_of(connection, other)? else { return Ok(None) };
    let (later, source, likeness) = if time(connection, other)? < time(connection, article)? {
        (article, other, Likeness::between(&others, own))
    } else {
        (other, article, Likeness::between(own, &others))
    };
    let likeness = likeness.filter(|likeness| !is_whole || likeness.relation == Relation::Copy);
    let Some(Likeness { relation, of_article, of_source }) = likeness else { return Ok(None) };
    let insert = "INSERT OR REPLACE INTO dup_edge (article, source, relation, of_article, of_source, seal)
                  VALUES (?1, ?2, ?3, ?4, ?5, jianbao_seal('dup_edge', ?1, ?2, ?3, ?4, ?5))";
    let values = params![later, source, relation.as_str(), of_article, of_source];
    connection.prepare_cached(insert)?.execute(values)?;
    Ok((relation != Relation::SameTemplate).then_some(source))
}

/// An article that may have much in common with another one.
struct Candidate {
    article: i64,
    /// Only boilerplate led to it: it counts when all of it is the same.
    is_whole: bool,
}

/// Articles that may have much in common with one, the likeliest first.
fn candidates(
    connection: &Connection,
    added: &Sketched,
    holders: &[Held],
) -> rusqlite::Result<Vec<Candidate>> {
    let article = added.article;
    let rare = holders.iter().filter(|held| !held.is_boilerplate).count();
    let is_rare = |shared: usize| leads(shared, rare);
    let mut likely: Vec<(i64, Shared)> = Vec::new();
    for (other, shared) in shared(holders) {
        let is_likely = is_rare(shared.rare) || share(shared.all, holders.len()) >= WHOLE;
        if is_likely && is_plausible(connection, added.shingles, other, shared)? {
            likely.push((other, shared));
        }
    }
    likely.sort_by_key(|(id, shared)| (std::cmp::Reverse(*shared), *id));
    // Whoever leads the story of the likeliest is the source before all others.
    let equal = if holders.is_empty() { None } else { equal_text(connection, article)? };
    let mut first = BTreeSet::new();
    for id in equal.into_iter().chain(likely.first().map(|(id, _)| *id)) {
        first.insert(leader(connection, id)?);
    }
    first.extend(equal);
    likely.retain(|(id, _)| !first.contains(id));
    let first = first.into_iter().filter(|id| *id != article);
    let first = first.map(|article| Candidate { article, is_whole: false });
    let likely =
        likely.into_iter().map(|(article, shared)| Candidate { article, is_whole: !is_rare(shared.rare) });
    Ok(first.chain(likely).take(COMPARED).collect())
}

/// How many shingles of a sketch another article holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Shared {
    /// Those that are no boilerplate.
    rare: usize,
    all: usize,
}

fn shared(holders: &[Held]) -> BTreeMap<i64, Shared> {
    let mut shared: BTreeMap<i64, Shared> = BTreeMap::new();
    for held in holders {
        for other in &held.others {
            let shared = shared.entry(*other).or_default();
            shared.rare += usize::from(!held.is_boilerplate);
            shared.all += 1;
        }
    }
    shared
}

/// Whether an article shares as much as a copy or a part would share at least.
fn is_plausible(connection: &Connection, own: usize, other: i64, shared: Shared) -> rusqlite::Result<bool> {
    let sql = "SELECT shingles FROM article_meta WHERE id = ?1";
    let others: Option<usize> =
        connection.prepare_cached(sql)?.query_row([other], |row| row.get(0)).optional()?;
    Ok(others.is_some_and(|others| share(shared.all, Shingles::shared(own, others)) >= PLAUSIBLE))
}

/// An article with the same text, which may be too short for more than one shingle.
fn equal_text(connection: &Connection, article: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT id FROM article WHERE text_digest = (SELECT text_digest FROM article WHERE id = ?1) AND id <> ?1
               ORDER BY id LIMIT 1";
    connection.prepare_cached(sql)?.query_row([article], |row| row.get(0)).optional()
}
