//! What rows of several tables say of one thing: an article's row and its current version's.

use rusqlite::Row;

use super::pages::Span;
use super::{Audit, Fault};
use crate::archive::ArchiveError;
use crate::url::CanonicalUrl;

/// Fields that a version has as the article's row has them.
const FIELDS: [&str; 6] = ["title", "author", "source", "editor", "category", "published"];

impl Audit {
    /// Articles that do not agree with their versions.
    pub fn articles(&self) -> Result<Vec<Fault>, ArchiveError> {
        let differs = FIELDS.map(|field| {
            format!("WHEN a.{field} IS NOT json_extract(v.fields, '$.{field}') THEN 'its {field} is not its current version''s'")
        });
        let sql = format!(
            "SELECT CAST(id AS TEXT), url, what FROM (SELECT a.id, u.url, CASE
                 WHEN v.id IS NULL THEN 'its current version is not there'
                 WHEN v.text_digest <> a.text_digest THEN 'its text is not its current version''s'
                 WHEN NOT json_valid(v.fields) THEN 'its current version''s fields are no JSON'
                 WHEN NOT json_valid(v.origins) THEN 'its current version''s origins are no JSON'
                 WHEN NOT json_valid(a.tags) OR NOT json_valid(a.breadcrumbs) THEN 'its tags or breadcrumbs are no JSON'
                 WHEN instr(a.title, char(0)) THEN NULL
                 {}
                 WHEN json(a.tags) <> json_extract(v.fields, '$.tags') THEN 'its tags are not its current version''s'
                 END AS what
             FROM article a LEFT JOIN url u ON u.id = a.url LEFT JOIN version v ON v.article = a.id AND v.n = a.version_count)
             WHERE what IS NOT NULL",
            differs.join("\n")
        );
        let mut faults = self.faults("article", &sql)?;
        let counts = "SELECT CAST(a.id AS TEXT), u.url, 'it has ' || count(v.id) || ' versions, not ' || a.version_count
                      FROM article a LEFT JOIN url u ON u.id = a.url LEFT JOIN version v ON v.article = a.id
                      GROUP BY a.id HAVING count(v.id) <> a.version_count OR min(v.n) <> 1 OR max(v.n) <> count(v.id)";
        faults.extend(self.faults("version", counts)?);
        Ok(faults)
    }

    /// URLs of a span whose key is another URL's. Where rows have seals, these say so.
    pub fn keys(&self, span: Span, goes_on: &dyn Fn(u64) -> bool) -> Result<Vec<Fault>, ArchiveError> {
        self.each("url", "id, url, key", span, goes_on, &mut |row: &Row<'_>| {
            let url: String = row.get(1)?;
            let is_its_key =
                |url: &CanonicalUrl| row.get_ref(2).is_ok_and(|key| key.as_blob() == Ok(&url.key().0[..]));
            let holds = CanonicalUrl::parse(&url, None).is_ok_and(|url| is_its_key(&url));
            let number: i64 = row.get(0)?;
            let fault = || Fault {
                row: Some(number.to_string()),
                url: Some(url.clone()),
                ..Fault::of("url", "its key is another URL's")
            };
            Ok((!holds).then(fault))
        })
    }
}
