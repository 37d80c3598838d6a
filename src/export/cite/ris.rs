//! RIS, as reference managers import it: a tag, two spaces, a dash.

use super::{Work, one_line};

pub(super) fn record(work: &Work<'_>) -> String {
    let article = work.article;
    let mut lines = vec![("TY", "ELEC".to_owned()), ("TI", one_line(&article.title))];
    lines.extend(work.authors.iter().map(|name| ("AU", one_line(name))));
    lines.push(("T2", one_line(work.medium)));
    if let Some(date) = work.published {
        lines.push(("PY", date.year.to_owned()));
        lines.push((
            "DA",
            format!("{}/{}/{}/", date.year, date.month.unwrap_or_default(), date.day.unwrap_or_default()),
        ));
    }
    lines.push(("UR", article.url.clone()));
    lines.push(("Y2", format!("{}/", work.fetched_day().replace('-', "/"))));
    lines.extend(article.language.iter().map(|language| ("LA", language.clone())));
    lines.push(("N1", work.proof()));
    lines.push(("ER", String::new()));
    let lines: Vec<String> = lines.iter().map(|(tag, value)| format!("{tag}  - {value}")).collect();
    lines.join("\n") + "\n"
}
