//! Which articles stem from one another, kept up as articles come, change and go.
//!
//! Like the search index this follows from texts, and is brought up with it, article by article. A
//! sketch of each text gives the few articles that may have something in common with it; the texts
//! decide. What is found is an edge from the later article to the earlier one, and articles joined by
//! edges are a cluster, led by the earliest. Nothing is ever merged or dropped.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Row, params};

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
/// Texts that are compared at most, those with most in common first.
const COMPARED: usize = 12;
/// Sources enough.
const SOURCES: usize = 4;
/// An article joins the cluster of another when so much of that one stands in it, or it stands there: a
/// digest of many doesn't make one story of them.
const JOINS: &str = "relation <> 'same_template' AND of_article >= 0.25";

/// Notes what a new text, which the index holds, stems from and what stems from it.
pub(super) fn add(connection: &Connection, article: i64, folded: &str) -> rusqlite::Result<()> {
    let shingles = Shingles::of(folded);
    let holders = holders(connection, article, &shingles)?;
    let mut insert =
        connection.prepare_cached("INSERT OR IGNORE INTO sketch (hash, article) VALUES (?1, ?2)")?;
    // What led to a shingle's holders so far is boilerplate from now on.
    let mut misled = BTreeSet::new();
    for Held { hash, others, is_boilerplate } in &holders {
        if !is_boilerplate {
            insert.execute((hash, article))?;
        }
        if others.len() + 1 == BOILERPLATE {
            misled.extend(related_holders(connection, *hash)?);
        }
    }
    drop(insert);
    if misled.is_empty() {
        return relate(connection, article, &shingles, &holders);
    }
    for other in &misled {
        part(connection, *other)?;
    }
    misled.insert(article);
    for other in misled {
        if let Some(own) = shingles_of(connection, other)? {
            relate(connection, other, &own, &self::holders(connection, other, &own)?)?;
        }
    }
    Ok(())
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
    hash: u64,
    /// The other articles that hold it, as far as they are kept.
    others: Vec<i64>,
    is_boilerplate: bool,
}

fn holders(connection: &Connection, article: i64, shingles: &Shingles) -> rusqlite::Result<Vec<Held>> {
    let mut select = connection.prepare_cached("SELECT article FROM sketch WHERE hash = ?1")?;
    let mut holders = Vec::with_capacity(shingles.sketch().len());
    for hash in shingles.sketch() {
        let mut others: Vec<i64> =
            select.query_map([hash], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let is_boilerplate = others.len() >= BOILERPLATE;
        others.retain(|other| *other != article);
        holders.push(Held { hash: *hash, others, is_boilerplate });
    }
    Ok(holders)
}

/// Articles with this shingle that stem from another one with it.
fn related_holders(connection: &Connection, hash: u64) -> rusqlite::Result<Vec<i64>> {
    let sql = "SELECT DISTINCT e.article FROM sketch h JOIN dup_edge e ON e.article = h.article
               JOIN sketch s ON s.hash = h.hash AND s.article = e.source WHERE h.hash = ?1";
    connection.prepare_cached(sql)?.query_map([hash], |row| row.get(0))?.collect()
}

/// The shingles of an article's text as the index has it.
fn shingles_of(connection: &Connection, article: i64) -> rusqlite::Result<Option<Shingles>> {
    let sql = "SELECT t.text FROM article_meta m JOIN version v ON v.id = m.version
               JOIN text t ON t.digest = v.text_digest WHERE m.id = ?1";
    let read = |row: &Row<'_>| Ok(Shingles::of(&fold_text(row.get_ref(0)?.as_str()?)));
    connection.prepare_cached(sql)?.query_row([article], read).optional()
}

/// The order of articles `a` in time.
pub(super) const EARLIEST_FIRST: &str = "a.published_from IS NULL, a.published_from, a.first_seen, a.id";

/// Where an article stands in that order: the earlier one is the smaller. Its number comes last.
type Time = (bool, Option<i64>, i64, i64);

fn time(connection: &Connection, article: i64) -> rusqlite::Result<Time> {
    let sql = format!("SELECT {EARLIEST_FIRST} FROM article a WHERE a.id = ?1");
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    connection.prepare_cached(&sql)?.query_row([article], read)
}

/// Finds an article's sources and copies, and the cluster that they make.
fn relate(connection: &Connection, article: i64, own: &Shingles, holders: &[Held]) -> rusqlite::Result<()> {
    let mut sources = 0;
    for candidate in candidates(connection, article, holders)? {
        let source = compare(connection, (article, own), &candidate)?;
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
    let insert = "INSERT OR REPLACE INTO dup_edge (article, source, relation, of_article, of_source)
                  VALUES (?1, ?2, ?3, ?4, ?5)";
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
fn candidates(connection: &Connection, article: i64, holders: &[Held]) -> rusqlite::Result<Vec<Candidate>> {
    // How many shingles of the sketch each article holds: those that are no boilerplate, and all.
    let mut shared: BTreeMap<i64, (usize, usize)> = BTreeMap::new();
    for held in holders {
        for other in &held.others {
            let (rare, all) = shared.entry(*other).or_default();
            *rare += usize::from(!held.is_boilerplate);
            *all += 1;
        }
    }
    let own = holders.iter().filter(|held| !held.is_boilerplate).count();
    let is_rare = |rare: usize| rare >= 2 || (rare > 0 && share(rare, own) >= CANDIDATE);
    let mut likely: Vec<(i64, (usize, usize))> = shared
        .into_iter()
        .filter(|(_, (rare, all))| is_rare(*rare) || share(*all, holders.len()) >= WHOLE)
        .collect();
    likely.sort_by_key(|(id, counts)| (std::cmp::Reverse(*counts), *id));
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
        likely.into_iter().map(|(article, (rare, _))| Candidate { article, is_whole: !is_rare(rare) });
    Ok(first.chain(likely).take(COMPARED).collect())
}

/// An article with the same text, which may be too short for more than one shingle.
fn equal_text(connection: &Connection, article: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT id FROM article WHERE text_digest = (SELECT text_digest FROM article WHERE id = ?1) AND id <> ?1
               ORDER BY id LIMIT 1";
    connection.prepare_cached(sql)?.query_row([article], |row| row.get(0)).optional()
}

/// The one that leads an article's cluster, or the article.
fn leader(connection: &Connection, article: i64) -> rusqlite::Result<i64> {
    let sql = "SELECT coalesce(cluster, id) FROM article WHERE id = ?1";
    connection.prepare_cached(sql)?.query_row([article], |row| row.get(0))
}

/// Puts an article and those it has edges with into one cluster, and the clusters they were in.
fn join(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT DISTINCT coalesce(cluster, id) FROM article WHERE id = ?1
             OR id IN (SELECT source FROM dup_edge WHERE article = ?1 AND {JOINS})
             OR id IN (SELECT article FROM dup_edge WHERE source = ?1 AND {JOINS})"
    );
    let leaders = ids(connection.prepare_cached(&sql)?, article)?;
    if leaders.len() > 1 { lead(connection, &leaders) } else { Ok(()) }
}

/// Puts articles, and those that they lead, into one cluster, which the earliest of them leads.
fn lead(connection: &Connection, articles: &[i64]) -> rusqlite::Result<()> {
    let times: BTreeSet<Time> =
        articles.iter().map(|article| time(connection, *article)).collect::<rusqlite::Result<_>>()?;
    let Some((.., first)) = times.first() else { return Ok(()) };
    let mut follow =
        connection.prepare_cached("UPDATE article SET cluster = ?2 WHERE cluster = ?1 AND cluster <> ?2")?;
    let mut enter = connection.prepare_cached("UPDATE article SET cluster = ?2 WHERE id = ?1")?;
    for article in articles {
        follow.execute((article, first))?;
        enter.execute((article, first))?;
    }
    Ok(())
}

/// Takes an article out of its cluster; the others stay together as far as their own edges join them.
fn part(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let cluster = "SELECT cluster FROM article WHERE id = ?1";
    let Some(cluster): Option<i64> =
        connection.prepare_cached(cluster)?.query_row([article], |row| row.get(0))?
    else {
        return delete_edges(connection, article);
    };
    let is_needed = article == cluster || !are_joined_without(connection, article)?;
    delete_edges(connection, article)?;
    let leave = "UPDATE article SET cluster = NULL WHERE id = ?1";
    connection.prepare_cached(leave)?.execute([article])?;
    if !is_needed {
        return Ok(());
    }
    let members = format!("SELECT a.id FROM article a WHERE a.cluster = ?1 ORDER BY {EARLIEST_FIRST}");
    let members: Vec<i64> = ids(connection.prepare_cached(&members)?, cluster)?;
    let mut leave = connection.prepare_cached(leave)?;
    for member in &members {
        leave.execute([member])?;
    }
    drop(leave);
    for member in members {
        join(connection, member)?;
    }
    Ok(())
}

/// Whether what an article has edges with is joined by edges of its own: all with the first of them.
fn are_joined_without(connection: &Connection, article: i64) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT source FROM dup_edge WHERE article = ?1 AND {JOINS} UNION
         SELECT article FROM dup_edge WHERE source = ?1 AND {JOINS} ORDER BY 1"
    );
    let others: Vec<i64> = ids(connection.prepare_cached(&sql)?, article)?;
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM dup_edge WHERE article = ?1 AND source = ?2 AND {JOINS})
             OR EXISTS (SELECT 1 FROM dup_edge WHERE article = ?2 AND source = ?1 AND {JOINS})"
    );
    let mut is_joined = connection.prepare_cached(&sql)?;
    for pair in others.iter().skip(1).map(|other| (others[0], *other)) {
        if !is_joined.query_row(pair, |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn delete_edges(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM dup_edge WHERE article = ?1")?.execute([article])?;
    connection.prepare_cached("DELETE FROM dup_edge WHERE source = ?1")?.execute([article]).map(drop)
}

fn ids(mut select: CachedStatement<'_>, of: i64) -> rusqlite::Result<Vec<i64>> {
    select.query_map([of], |row| row.get(0))?.collect()
}
