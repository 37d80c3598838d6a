//! Stories: the articles that stem from one another, and which sites take them from which.

use rusqlite::Row;
use serde::Serialize;

use super::clusters::EARLIEST_FIRST;
use super::read::Archive;
use super::{ArchiveError, Doing};

/// An article among others that it has something to do with.
#[derive(Debug, Clone, Serialize)]
pub struct RelatedArticle {
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
}

impl RelatedArticle {
    /// The first five columns, in the order of the fields.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            url: row.get(1)?,
            site: row.get(2)?,
            title: row.get(3)?,
            published: row.get(4)?,
        })
    }
}

/// An article of a story.
#[derive(Debug, Clone, Serialize)]
pub struct StoryMember {
    /// The article.
    #[serde(flatten)]
    pub article: RelatedArticle,
    /// ISO 8601.
    pub first_seen: String,
    /// Whether it is the earliest.
    pub is_first: bool,
    /// Days between its publication and that of the earliest, as far as both are known.
    pub days_after: Option<f64>,
    /// The earlier article that it has most of.
    pub source: Option<i64>,
    /// What it is to that one: `copy`, `excerpt`, `extended` or `rewritten`.
    pub relation: Option<String>,
    /// Share of it that stands in its source, in rows of twenty characters or more; from 0 to 1.
    pub of_article: Option<f64>,
    /// Share of its source that stands in it, likewise.
    pub of_source: Option<f64>,
}

/// How one site takes articles from another.
#[derive(Debug, Clone, Serialize)]
pub struct Reposting {
    /// The site whose article was the earliest.
    pub from: String,
    /// The site that has it too.
    pub to: String,
    /// Articles.
    pub articles: i64,
    /// Days between the publications of half of them, as far as they are known.
    pub median_days: Option<f64>,
}

impl Archive {
    /// The articles of the story that an article belongs to, the earliest first; none when it stands
    /// alone.
    pub fn story(&self, article: i64) -> Result<Vec<StoryMember>, ArchiveError> {
        let sql = format!(
            "SELECT c.article, c.url, c.site, c.title, c.published, c.first_seen, c.is_first, c.days_after, c.source,
                          c.relation, c.of_article, c.of_source
                   FROM clusters c JOIN article a ON a.id = c.article
                   WHERE c.cluster = (SELECT cluster FROM article WHERE id = ?1)
                   ORDER BY {EARLIEST_FIRST}"
        );
        self.list(&sql, [article], |row| {
            Ok(StoryMember {
                article: RelatedArticle::read(row)?,
                first_seen: row.get(5)?,
                is_first: row.get(6)?,
                days_after: row.get(7)?,
                source: row.get(8)?,
                relation: row.get(9)?,
                of_article: row.get(10)?,
                of_source: row.get(11)?,
            })
        })
    }

    /// The text of an article's current version.
    pub fn text(&self, article: i64) -> Result<Option<String>, ArchiveError> {
        let sql = "SELECT t.text FROM article a JOIN text t ON t.digest = a.text_digest WHERE a.id = ?1";
        Ok(self.list(sql, [article], |row| row.get(0))?.pop())
    }

    /// Articles with the same words around other figures, the earliest first.
    pub fn same_template(&self, article: i64) -> Result<Vec<RelatedArticle>, ArchiveError> {
        let sql = format!(
            "SELECT a.id, u.url, s.key, a.title, a.published FROM article a
                   JOIN url u ON u.id = a.url JOIN site s ON s.id = a.site
                   WHERE a.id IN (SELECT source FROM dup_edge WHERE article = ?1 AND relation = 'same_template'
                                  UNION SELECT article FROM dup_edge WHERE source = ?1 AND relation = 'same_template')
                   ORDER BY {EARLIEST_FIRST}"
        );
        self.list(&sql, [article], RelatedArticle::read)
    }

    /// Which sites take articles from which, those that take most first.
    pub fn reposting(&self) -> Result<Vec<Reposting>, ArchiveError> {
        let sql = "WITH taken (source, site, days) AS (
                       SELECT f.site, c.site, c.days_after FROM clusters c JOIN clusters f ON f.article = c.cluster
                       WHERE NOT c.is_first AND c.site <> f.site),
                   placed AS (SELECT *, row_number() OVER (PARTITION BY source, site ORDER BY days) AS place,
                                  count(days) OVER (PARTITION BY source, site) AS known,
                                  count(*) OVER (PARTITION BY source, site) AS articles,
                                  count(*) FILTER (WHERE days IS NULL) OVER (PARTITION BY source, site) AS unknown
                              FROM taken)
                   SELECT source, site, max(articles), max(days) FILTER (WHERE place - unknown = (known + 1) / 2) FROM placed
                   GROUP BY source, site ORDER BY max(articles) DESC, source, site";
        self.list(sql, [], |row| {
            Ok(Reposting {
                from: row.get(0)?,
                to: row.get(1)?,
                articles: row.get(2)?,
                median_days: row.get(3)?,
            })
        })
    }

    /// Whether an article's text was compared with the others yet.
    pub fn is_compared(&self, article: i64) -> Result<bool, ArchiveError> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM pending_index WHERE article = ?1)";
        let read = |row: &Row<'_>| row.get(0);
        self.connection().query_row(sql, [article], read).doing("looking for a story")
    }
}
