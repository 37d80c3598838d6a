//! GB/T 7714-2015, an electronic resource on the network: author, title, kind, day of publication, day
//! of access, address.

use super::{Work, one_line};

/// Authors that are named; the others are 等.
const NAMED: usize = 3;

pub(super) fn line(work: &Work<'_>) -> String {
    let authors = match work.authors.as_slice() {
        [] => one_line(work.medium),
        few if few.len() <= NAMED => few.join(", "),
        many => format!("{}, 等", many[..NAMED].join(", ")),
    };
    let published = work.published.map(|date| format!("({date})")).unwrap_or_default();
    let digest = work.digest.map(|digest| format!(", BLAKE3 {digest}")).unwrap_or_default();
    format!(
        "{authors}. {}[EB/OL]. {published}[{}]. {}. 存档于 {}{digest}.\n",
        one_line(&work.article.title),
        work.fetched_day(),
        work.article.url,
        work.fetched
    )
}
