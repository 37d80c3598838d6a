//! What a site's stored articles are like.

use rusqlite::Connection;

use super::{ArchiveError, Doing};
use crate::article::{Article, Precision, Published, Related};
use crate::watch::{BASELINE, Traits, WINDOW};

/// The traits of a site's latest articles, the oldest first.
pub(super) fn latest(connection: &Connection, site: i64) -> Result<Vec<Traits>, ArchiveError> {
    let doing = "reading what a site's articles are like";
    let sql = "SELECT u.url, a.title, a.author, a.category, a.published, a.views, t.text, t.markdown, v.origins,
                      coalesce(v.fields ->> 'template', ''), EXISTS (SELECT 1 FROM link l WHERE l.article = a.id)
               FROM article a JOIN url u ON u.id = a.url JOIN text t ON t.digest = a.text_digest
               JOIN version v ON v.article = a.id AND v.n = a.version_count
               WHERE a.site = ?1 ORDER BY a.id DESC LIMIT ?2";
    let mut select = connection.prepare(sql).doing(doing)?;
    let limit = BASELINE + WINDOW;
    let rows = select
        .query_map((site, limit), |row| {
            let published = row.get::<_, Option<String>>(4)?.map(|value| Published {
                value,
                precision: Precision::Day,
                approximate: false,
                from: jiff::Timestamp::UNIX_EPOCH,
                to: jiff::Timestamp::UNIX_EPOCH,
            });
            let has_related: bool = row.get(10)?;
            let related = Related { url: String::new(), title: String::new(), excerpt: None };
            let origins: std::collections::BTreeMap<String, String> =
                serde_json::from_str(&row.get::<_, String>(8)?).unwrap_or_default();
            let of = |field: &'static str| origins.get(field).map(|origin| (field, origin.clone()));
            let article = Article {
                title: row.get(1)?,
                author: row.get(2)?,
                category: row.get(3)?,
                published,
                views: row.get(5)?,
                text: row.get(6)?,
                markdown: row.get(7)?,
                template: row.get(9)?,
                related: has_related.then_some(related).into_iter().collect(),
                origins: [of("title"), of("body"), of("published")].into_iter().flatten().collect(),
                ..Article::default()
            };
            Ok(Traits::of(&row.get::<_, String>(0)?, &article))
        })
        .doing(doing)?;
    let mut traits: Vec<Traits> = rows.collect::<rusqlite::Result<_>>().doing(doing)?;
    traits.reverse();
    Ok(traits)
}
