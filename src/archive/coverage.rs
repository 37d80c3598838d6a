//! What an archive knows of the ways its articles were found.

use std::collections::{BTreeMap, HashMap};

use super::ArchiveError;
use super::read::Archive;
use crate::coverage::{Number, Post, Survey, numbered, route_bit};

/// Outcomes after which it is known that no article stands at a URL.
const NOTHING_THERE: &str = "'not_found', 'id_missing', 'noindex', 'redirected_home', 'gone', 'soft_404', 'no_article', 'no_text', 'redirect', 'moved', 'redirect_stub', \
     'redirect_loop', 'article_part', 'not_html', 'list'";

impl Archive {
    /// For each site, which routes found its articles. An article counts once, whatever names it has.
    pub fn surveys(&self) -> Result<Vec<(String, Survey)>, ArchiveError> {
        let sites: Vec<(i64, String)> =
            self.list("SELECT id, key FROM site ORDER BY key", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        sites.into_iter().map(|(id, key)| Ok((key, self.survey(id)?))).collect()
    }

    fn survey(&self, site: i64) -> Result<Survey, ArchiveError> {
        let routes = self.routes(site)?;
        let sql = "SELECT a.id, u.url, a.published, a.category FROM article a JOIN url u ON u.id = a.url WHERE a.site = ?1";
        let articles: Vec<(String, Post)> = self.list(sql, [site], |row| {
            let published: Option<String> = row.get(2)?;
            let post = Post {
                routes: routes.get(&row.get::<_, i64>(0)?).copied().unwrap_or(0),
                month: published.as_deref().and_then(month),
                section: row.get(3)?,
                id: None,
            };
            Ok((row.get(1)?, post))
        })?;
        let form = main_form(articles.iter().map(|(url, _)| url.as_str()));
        let id = |url: &str| numbered(url).filter(|(of, _)| Some(of) == form.as_ref()).map(|(_, id)| id);
        let posts = articles.into_iter().map(|(url, post)| Post { id: id(&url), ..post }).collect();
        let sql = format!(
            "SELECT u.url, u.article IS NOT NULL OR coalesce(u.outcome IN ({NOTHING_THERE}), 0),
                    EXISTS (SELECT 1 FROM discovery d WHERE d.url = u.id AND d.route = 'id') FROM url u WHERE u.site = ?1"
        );
        let numbers = self.list(&sql, [site], |row| {
            let number = id(&row.get::<_, String>(0)?);
            let (is_judged, is_counted) = (row.get(1)?, row.get(2)?);
            Ok(number.map(|id| Number { id, is_judged, is_counted }))
        })?;
        Ok(Survey { posts, numbers: numbers.into_iter().flatten().collect() })
    }

    /// The routes that found each article of a site, under any of its names.
    fn routes(&self, site: i64) -> Result<HashMap<i64, u8>, ArchiveError> {
        let sql = "SELECT u.article, d.route FROM url u JOIN discovery d ON d.url = u.id
                   WHERE u.site = ?1 AND u.article IS NOT NULL";
        let rows: Vec<(i64, String)> = self.list(sql, [site], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut routes: HashMap<i64, u8> = HashMap::new();
        for (article, route) in rows {
            *routes.entry(article).or_default() |= route_bit(&route);
        }
        Ok(routes)
    }
}

/// The month of a date such as `2023-02-27`, counted from the year 0; none of a bare year.
fn month(published: &str) -> Option<i32> {
    let (year, month) = (published.get(..4)?, published.get(5..7)?);
    Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()? - 1)
}

/// The form with a number that most of a site's articles have, if it is theirs at all.
fn main_form<'a>(urls: impl Iterator<Item = &'a str>) -> Option<String> {
    let (mut forms, mut all) = (BTreeMap::<String, usize>::new(), 0);
    for url in urls {
        all += 1;
        if let Some((form, _)) = numbered(url) {
            *forms.entry(form).or_default() += 1;
        }
    }
    forms
        .into_iter()
        .filter(|(_, count)| count * 2 > all)
        .max_by_key(|(_, count)| *count)
        .map(|(form, _)| form)
}
