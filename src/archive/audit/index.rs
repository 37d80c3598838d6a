//! The search index against the texts: what it should hold is computed from each text, and compared as a sum over the
//! tokens of each article.

use std::hash::Hasher as _;

use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHasher};

use super::{Audit, Fault, unless_damaged};
use crate::archive::ArchiveError;
use crate::archive::index::{Folded, day_number, indexed};
use crate::dedup::Shingles;
use crate::search::fold::{changes, kinds, revision};

/// FTS5 cuts a token to so many bytes (`FTS5_MAX_TOKEN_SIZE`).
const LONGEST_TOKEN: usize = 32_768;
/// Tokens between two questions whether it goes on.
const ASKED_EACH: u64 = 65_536;

/// What the index holds, or should hold, of each article, as sums that do not depend on their order.
#[derive(Debug, Default)]
pub struct Sums {
    tokens: FxHashMap<i64, u64>,
    characters: FxHashMap<i64, u64>,
    /// How many tokens the text and the title have.
    lengths: FxHashMap<i64, (u64, u64)>,
    sketches: FxHashMap<i64, Vec<u64>>,
}

/// A part of [`Sums`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Tokens with their places.
    Tokens,
    /// Single characters.
    Characters,
}

impl Sums {
    /// Adds what another thread has summed up.
    pub fn add(&mut self, other: Self) {
        for (sums, others) in [(&mut self.tokens, other.tokens), (&mut self.characters, other.characters)] {
            for (article, sum) in others {
                let total = sums.entry(article).or_default();
                *total = total.wrapping_add(sum);
            }
        }
        self.lengths.extend(other.lengths);
        self.sketches.extend(other.sketches);
    }

    /// Articles of which the index holds something else than it should.
    pub fn differing(&self, found: &Self) -> Vec<(Part, i64)> {
        let differ = |part, wanted: &FxHashMap<i64, u64>, found: &FxHashMap<i64, u64>| {
            let is_other =
                |article: &&i64| wanted.get(article).unwrap_or(&0) != found.get(article).unwrap_or(&0);
            let mut articles: Vec<i64> =
                wanted.keys().chain(found.keys()).filter(is_other).copied().collect();
            articles.sort_unstable();
            articles.dedup();
            articles.into_iter().map(move |article| (part, article)).collect::<Vec<_>>()
        };
        let mut all = differ(Part::Tokens, &self.tokens, &found.tokens);
        all.extend(differ(Part::Characters, &self.characters, &found.characters));
        all
    }
}

/// What a token is summed up as: itself and where it stands.
fn weigh(token: &[u8], column: u64, place: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(&token[..token.len().min(LONGEST_TOKEN)]);
    place_weight(hasher.finish(), column, place)
}

/// Steele's mix (`SplitMix64`): sums of what is mixed well don't cancel out.
fn place_weight(token: u64, column: u64, place: u64) -> u64 {
    let mut z = token.wrapping_add((place * 2 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Makes the tables that give an index's tokens one by one; they are this connection's own.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "query_only", false)?;
    for index in ["article_fts", "article_char"] {
        connection.execute_batch(&format!(
            "CREATE VIRTUAL TABLE temp.{index}_tokens USING fts5vocab (main, {index}, instance)"
        ))?;
    }
    connection.pragma_update(None, "query_only", true)
}

impl Audit {
    /// Whether the index was made with this version's tables of characters, so that it can be compared.
    pub fn is_index_current(&self) -> bool {
        self.text("SELECT revision FROM fold_revision", []).as_deref() == Some(revision())
    }

    /// What the index should hold of the articles of a span, and what of `article_meta` and `sketch` does not follow
    /// from their texts.
    pub fn wanted(
        &self,
        span: super::pages::Span,
        goes_on: &dyn Fn(u64) -> bool,
    ) -> Result<(Sums, Vec<Fault>), ArchiveError> {
        let mut sums = Sums::default();
        let faults = self.each("article_meta", "id, shingles", span, goes_on, &mut |row| {
            let (article, shingles): (i64, usize) = (row.get(0)?, row.get(1)?);
            let fault = |what: &str| {
                let url = self.url_of("article", &article.to_string());
                Some(Fault { row: Some(article.to_string()), url, ..Fault::of("article_meta", what) })
            };
            let Some(known) = indexed(&self.connection, article)? else {
                return Ok(fault("the version that is indexed is not there"));
            };
            let folded = Folded::of(&known.content);
            let words = folded.segmented();
            let (mut sum, mut lengths) = (0_u64, [0; 2]);
            for (column, tokens) in [(0, &words.body), (1, &words.title)] {
                for (place, token) in (0..).zip(tokens.split(' ').filter(|token| !token.is_empty())) {
                    sum = sum.wrapping_add(weigh(token.as_bytes(), column, place));
                    lengths[usize::from(column == 1)] = place + 1;
                }
            }
            sums.tokens.insert(article, sum);
            sums.lengths.insert(article, lengths.into());
            let characters = words.characters.split(' ').filter(|token| !token.is_empty());
            let sum = characters.fold(0_u64, |sum, token| sum.wrapping_add(weigh(token.as_bytes(), 0, 0)));
            sums.characters.insert(article, sum);
            let of = Shingles::of(&folded.body);
            let mut sketch = of.sketch().to_vec();
            sketch.sort_unstable();
            sums.sketches.insert(article, sketch);
            Ok(if of.len() == shingles { None } else { fault("its number of shingles is not its text's") })
        })?;
        Ok((sums, faults))
    }

    /// What the index holds, by its tokens from one on (and up to another, without it).
    pub fn held(
        &self,
        part: Part,
        (from, to): (&str, Option<&str>),
        goes_on: &dyn Fn(u64) -> bool,
    ) -> Result<(Sums, Vec<Fault>), ArchiveError> {
        let index = if part == Part::Tokens { "article_fts" } else { "article_char" };
        let mut sums = Sums::default();
        let mut read = || {
            let held = if part == Part::Tokens { &mut sums.tokens } else { &mut sums.characters };
            let sql = format!(
                "SELECT term, doc, col, offset FROM temp.{index}_tokens WHERE term >= ?1 AND term <= ?2"
            );
            let end = to.unwrap_or("\u{10ffff}\u{10ffff}");
            let mut select = self.connection.prepare(&sql)?;
            let mut rows = select.query((from, end))?;
            let (mut term, mut hash, mut count) = (Vec::new(), 0, 0_u64);
            while let Some(row) = rows.next()? {
                let bytes = row.get_ref(0)?.as_bytes()?;
                if bytes != term {
                    if to.is_some_and(|to| bytes >= to.as_bytes()) {
                        break;
                    }
                    term.clear();
                    term.extend_from_slice(bytes);
                    let mut hasher = FxHasher::default();
                    hasher.write(&bytes[..bytes.len().min(LONGEST_TOKEN)]);
                    hash = hasher.finish();
                }
                let column = u64::from(row.get_ref(2)?.as_str().is_ok_and(|column| column == "title"));
                let place: Option<u64> = row.get(3)?;
                let sum = held.entry(row.get(1)?).or_default();
                *sum = sum.wrapping_add(place_weight(hash, column, place.unwrap_or(0)));
                count += 1;
                if count.is_multiple_of(ASKED_EACH) && !goes_on(0) {
                    break;
                }
            }
            Ok(Vec::new())
        };
        let faults = unless_damaged(index, read())?;
        Ok((sums, faults))
    }

    /// The fault of an article of which the index holds something else than its text says.
    pub fn index_fault(&self, (part, article): (Part, i64)) -> Fault {
        let table = if part == Part::Tokens { "article_fts" } else { "article_char" };
        let what = "the index holds something else than the text: `INSERT INTO article_fts (article_fts) VALUES ('rebuild')` makes it anew";
        let url = self.url_of("article", &article.to_string());
        Fault { row: Some(article.to_string()), url, ..Fault::of(table, what.replace("article_fts", table)) }
    }

    /// What stands beside the index and does not follow from the articles: small tables.
    pub fn beside_index(&self) -> Result<Vec<Fault>, ArchiveError> {
        let mut faults = self.faults(
            "article_meta",
            "SELECT CAST(a.id AS TEXT), u.url, 'it is neither indexed nor waits for it' FROM article a LEFT JOIN url u ON u.id = a.url
             WHERE a.id NOT IN (SELECT id FROM article_meta) AND a.id NOT IN (SELECT article FROM pending_index)
             UNION ALL
             SELECT CAST(a.id AS TEXT), u.url, 'what is indexed of it is not what it is' FROM article a
             JOIN article_meta m ON m.id = a.id LEFT JOIN url u ON u.id = a.url LEFT JOIN version v ON v.id = m.version
             WHERE a.id NOT IN (SELECT article FROM pending_index) AND (v.n IS NOT a.version_count OR m.site <> a.site
                 OR m.published <> coalesce(a.published_from, 0))",
        )?;
        faults.extend(self.faults(
            "month_total",
            "SELECT CAST(coalesce(t.month, m.month) AS TEXT), NULL, 'it counts ' || coalesce(t.n, 0) || ' articles in place of ' || coalesce(m.n, 0)
             FROM (SELECT month, n FROM month_total WHERE n <> 0) t
             FULL JOIN (SELECT day / 100 AS month, count(*) AS n FROM article_meta GROUP BY 1) m ON m.month = t.month
             WHERE t.n IS NOT m.n",
        )?);
        faults.extend(self.days()?);
        faults.extend(self.fold_tables()?);
        Ok(faults)
    }

    /// The lengths that ranking takes from the index, and the sketches that lead to copies, against what the texts give.
    pub fn lengths_and_sketches(&self, wanted: &Sums) -> Result<Vec<Fault>, ArchiveError> {
        let fault = |table: &str, article: i64, what: &str| {
            let url = self.url_of("article", &article.to_string());
            Fault { row: Some(article.to_string()), url, ..Fault::of(table, what) }
        };
        let lengths = || {
            let mut select = self.connection.prepare("SELECT id, sz FROM article_fts_docsize")?;
            let mut rows = select.query([])?;
            let (mut faults, mut all) = (Vec::new(), [0_u64; 3]);
            while let Some(row) = rows.next()? {
                let article = row.get(0)?;
                let length = wanted.lengths.get(&article).copied().unwrap_or_default();
                let found = varints(row.get_ref(1)?.as_blob()?);
                if found != [length.0, length.1] || !wanted.lengths.contains_key(&article) {
                    faults.push(fault("article_fts", article, "its length in the index is not its text's"));
                }
                all = [all[0] + 1, all[1] + length.0, all[2] + length.1];
            }
            let average = "SELECT block FROM article_fts_data WHERE id = 1";
            let block: Vec<u8> = self.connection.query_row(average, [], |row| row.get(0))?;
            if all[0] != wanted.lengths.len() as u64 || (varints(&block) != all && all[0] > 0) {
                faults.push(Fault::of(
                    "article_fts",
                    "its number of articles or of tokens is not what it holds",
                ));
            }
            Ok(faults)
        };
        let sketches = || {
            let mut select = self.connection.prepare("SELECT hash, article FROM sketch")?;
            let mut rows = select.query([])?;
            let mut faults = Vec::new();
            while let Some(row) = rows.next()? {
                let (hash, article): (u64, i64) = (row.get(0)?, row.get(1)?);
                let sketch = wanted.sketches.get(&article);
                if sketch.is_none_or(|sketch| sketch.binary_search(&hash).is_err()) {
                    faults.push(fault("sketch", article, "a shingle is not its text's"));
                }
            }
            Ok(faults)
        };
        let mut faults = unless_damaged("article_fts", lengths())?;
        faults.extend(unless_damaged("sketch", sketches())?);
        Ok(faults)
    }

    /// Days of publication that are not the articles'.
    fn days(&self) -> Result<Vec<Fault>, ArchiveError> {
        let sql = "SELECT a.id, m.day, a.published FROM article_meta m JOIN article a ON a.id = m.id
                   WHERE a.id NOT IN (SELECT article FROM pending_index)";
        let read = || {
            let mut select = self.connection.prepare(sql)?;
            let mut rows = select.query([])?;
            let mut faults = Vec::new();
            while let Some(row) = rows.next()? {
                let published: Option<String> = row.get(2)?;
                if row.get::<_, i64>(1)? != published.map_or(0, |published| day_number(&published)) {
                    let article = row.get::<_, i64>(0)?.to_string();
                    let url = self.url_of("article", &article);
                    faults.push(Fault {
                        row: Some(article),
                        url,
                        ..Fault::of("article_meta", "its day is not the article's")
                    });
                }
            }
            Ok(faults)
        };
        unless_damaged("article_meta", read())
    }

    /// The tables that fold characters against those of this version, where they are of the same revision.
    fn fold_tables(&self) -> Result<Vec<Fault>, ArchiveError> {
        if !self.is_index_current() {
            return Ok(Vec::new());
        }
        let pairs = |sql: &str| -> rusqlite::Result<Vec<(String, String)>> {
            let mut select = self.connection.prepare(sql)?;
            select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let mut folds: Vec<(String, String)> =
            changes().map(|(from, to)| (from.to_string(), to.to_string())).collect();
        let mut known: Vec<(String, String)> =
            kinds().map(|(first, kind)| (first.to_string(), kind.as_str().to_owned())).collect();
        folds.sort();
        known.sort();
        let mut faults = Vec::new();
        for (table, sql, wanted) in [
            ("fold_map", "SELECT f, t FROM fold_map", folds),
            ("char_kind", "SELECT CAST(first AS TEXT), kind FROM char_kind", known),
        ] {
            let found = pairs(sql).map(|mut found| {
                found.sort();
                (found != wanted)
                    .then(|| Fault::of(table, "it is not as its revision has it"))
                    .into_iter()
                    .collect()
            });
            faults.extend(unless_damaged(table, found)?);
        }
        Ok(faults)
    }
}

/// Numbers as SQLite writes them: seven bits a byte, the last byte of each without the eighth.
fn varints(bytes: &[u8]) -> Vec<u64> {
    let (mut numbers, mut number) = (Vec::new(), 0_u64);
    for byte in bytes {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(std::mem::take(&mut number));
        }
    }
    numbers
}
