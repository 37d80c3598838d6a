//! How a query is run: what the index decides, and what is left to be looked at article by article.

use super::query::Query;
use super::term::Term;

/// Which of the two indexes is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// Tokens and where they stand.
    Tokens,
    /// Which characters an article holds: quick where nearly all of them do.
    Characters,
}

/// A query, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What every hit matches, in FTS5's syntax; `None` when every article may be a hit.
    pub expression: Option<String>,
    /// What is asked with it.
    pub index: Index,
    /// What decides among the articles that match, if anything is left to decide.
    pub rest: Option<Query>,
    /// The rest needs the articles' texts, because it holds punctuation.
    pub reads_text: bool,
    /// A rank would say little, and cost much: the newest come first.
    pub is_newest_first: bool,
}

impl Plan {
    /// Takes a query apart.
    pub fn of(query: &Query) -> Self {
        let parts = match query {
            Query::And(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        let (mut wanted, mut unwanted, mut singles, mut rest) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            match part {
                part if part.character().is_some() => singles.push(part),
                Query::Not(inner) if inner.character().is_none() && !any_term(inner, &Term::needs_text) => {
                    match expression(inner) {
                        Some(phrase) => unwanted.push((phrase, part)),
                        None => rest.push(part),
                    }
                }
                part => match expression(part) {
                    Some(phrase) => wanted.push((phrase, part)),
                    None => rest.push(part),
                },
            }
        }
        let phrases =
            |parts: &[(String, &Query)]| parts.iter().map(|(phrase, _)| phrase.clone()).collect::<Vec<_>>();
        let (index, expression) = if wanted.is_empty() {
            rest.extend(unwanted.iter().map(|(_, part)| *part));
            let characters: Vec<String> = singles.iter().filter_map(|part| part.character()).collect();
            (Index::Characters, joined(&characters, &[]))
        } else {
            rest.extend(&singles);
            (Index::Tokens, joined(&phrases(&wanted), &phrases(&unwanted)))
        };
        let reads_text = any_term(query, &Term::needs_text);
        let rest = (!rest.is_empty()).then(|| Query::And(rest.into_iter().cloned().collect()));
        Self {
            expression,
            index,
            rest: if reads_text { Some(query.clone()) } else { rest },
            reads_text,
            is_newest_first: wanted.is_empty()
                || wanted.iter().any(|(_, part)| any_term(part, &Term::is_single)),
        }
    }
}

fn any_term(query: &Query, is_so: &dyn Fn(&Term) -> bool) -> bool {
    query.leaves().iter().any(|leaf| matches!(leaf, Query::Text(term) | Query::Title(term) if is_so(term)))
}

/// A query as an expression of FTS5, when it has one: terms, and what joins them.
pub fn expression(query: &Query) -> Option<String> {
    match query {
        Query::Text(term) => Some(term.phrase()),
        Query::Title(term) => Some(format!("title : {}", term.phrase())),
        Query::Or(parts) => {
            let parts: Vec<String> = parts.iter().map(expression).collect::<Option<_>>()?;
            Some(format!("({})", parts.join(" OR ")))
        }
        Query::And(parts) => {
            let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
            for part in parts {
                match part {
                    Query::Not(inner) if !any_term(inner, &Term::needs_text) => {
                        unwanted.push(expression(inner)?);
                    }
                    part => wanted.push(expression(part)?),
                }
            }
            joined(&wanted, &unwanted).map(|all| format!("({all})"))
        }
        _ => None,
    }
}

fn joined(wanted: &[String], unwanted: &[String]) -> Option<String> {
    match (wanted, unwanted) {
        ([], _) => None,
        (wanted, []) => Some(wanted.join(" AND ")),
        (wanted, unwanted) => Some(format!("({}) NOT ({})", wanted.join(" AND "), unwanted.join(" OR "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(written: &str) -> Plan {
        Plan::of(&Query::parse(written).unwrap())
    }

    #[test]
    fn the_index_decides_what_it_can() {
        for (written, expected) in [
            ("西安", Some("\"西安\"")),
            ("西安 临空", Some("\"西安\" AND \"临空\"")),
            ("西安 NOT 临空", Some("(\"西安\") NOT (\"临空\")")),
            ("西安 (a OR b NOT c)", Some("\"西安\" AND (\"a\" OR ((\"b\") NOT (\"c\")))")),
            ("title:西安 OR b", Some("(title : \"西安\" OR \"b\")")),
            ("NOT 西安", None),
            ("site:a", None),
            ("西安 OR site:a", None),
            ("西安 site:a", Some("\"西安\"")),
            ("a OR NOT b", None),
            ("西安 NOT 734.2亿", Some("\"西安\"")),
            ("734.2亿 NOT 西安", Some("(\"734 2 2亿\") NOT (\"西安\")")),
        ] {
            assert_eq!(plan(written).expression.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn a_character_by_itself_asks_for_articles_that_hold_it() {
        for (written, index, expression) in [
            ("西", Index::Characters, "\"西\""),
            ("西 site:a", Index::Characters, "\"西\""),
            ("title:西", Index::Tokens, "title : \"西\"*"),
            ("西 安", Index::Characters, "\"西\" AND \"安\""),
            ("西 临空", Index::Tokens, "\"临空\""),
            ("西 NOT 临空", Index::Characters, "\"西\""),
            ("临空 NOT 西", Index::Tokens, "\"临空\""),
            ("临空 (西 OR 安)", Index::Tokens, "\"临空\" AND (\"西\"* OR \"安\"*)"),
            ("西安", Index::Tokens, "\"西安\""),
        ] {
            let plan = plan(written);
            assert_eq!((plan.index, plan.expression.as_deref()), (index, Some(expression)), "{written}");
        }
    }

    #[test]
    fn what_is_left_is_decided_article_by_article() {
        assert_eq!(plan("西安 NOT 临空").rest, None);
        assert!(plan("西安 site:a").rest.is_some());
        assert!(plan("西安 OR site:a").rest.is_some());
        assert!(plan("734.2亿").reads_text);
        assert!(
            plan("西").is_newest_first && plan("site:a").is_newest_first && plan("a OR 西").is_newest_first
        );
        assert!(!plan("西 临空").is_newest_first && plan("西 临空").rest.is_some());
        assert!(!plan("西安 date:2023").is_newest_first);
    }
}
