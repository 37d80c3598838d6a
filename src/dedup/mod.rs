//! Whether an article is new, revised or unchanged. Decided on what was extracted, never on bytes:
//! view counters, ages in words and related lists change at every request.

mod tail;

use crate::article::{Article, Published};
pub use tail::Boilerplate;

/// What a look at an article found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Never seen before.
    New,
    /// Text or fields differ.
    Revised,
    /// Only the date is better known now.
    Sharpened,
    /// Nothing that counts.
    Unchanged,
}

/// Compares a look with the one before. `article.published` becomes the better known of the two
/// dates; a date is sharpened by a later look, never blurred.
pub fn compare(previous: &Article, article: &mut Article) -> Change {
    let date_differs = join_dates(previous.published.as_ref(), &mut article.published);
    let differs = previous.text != article.text
        || previous.title != article.title
        || previous.author != article.author
        || previous.source != article.source
        || previous.editor != article.editor
        || previous.category != article.category
        || previous.tags != article.tags;
    match (differs, date_differs) {
        (true, _) | (false, DateChange::Contradicts) => Change::Revised,
        (false, DateChange::Sharpened) => Change::Sharpened,
        (false, DateChange::Same) => Change::Unchanged,
    }
}

enum DateChange {
    Same,
    Sharpened,
    Contradicts,
}

fn join_dates(previous: Option<&Published>, now: &mut Option<Published>) -> DateChange {
    let Some(previous) = previous else {
        return if now.is_some() { DateChange::Sharpened } else { DateChange::Same };
    };
    let Some(look) = now.as_ref() else {
        *now = Some(previous.clone());
        return DateChange::Same;
    };
    match previous.sharpen(look) {
        Some(joined) => {
            let change =
                if joined.value == previous.value { DateChange::Same } else { DateChange::Sharpened };
            *now = Some(joined);
            change
        }
        // Two ages in words can miss each other by their rounding; the narrower one stays.
        None if look.approximate => {
            *now = Some(previous.clone());
            DateChange::Same
        }
        None if previous.approximate => DateChange::Sharpened,
        None => DateChange::Contradicts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::Precision;

    fn article() -> Article {
        Article { title: "标题".into(), text: "正文".into(), views: Some(1), ..Article::default() }
    }

    fn dated(value: &str, from: &str, to: &str, approximate: bool) -> Article {
        let published = Published {
            value: value.into(),
            precision: Precision::Day,
            approximate,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        };
        Article { published: Some(published), ..article() }
    }

    #[test]
    fn views_and_related_links_never_count() {
        let related =
            crate::article::Related { url: "http://e.com/1".into(), title: "a".into(), excerpt: None };
        let mut look = Article { views: Some(2), related: vec![related], ..article() };
        assert_eq!(compare(&article(), &mut look), Change::Unchanged);
    }

    #[test]
    fn text_and_title_count() {
        assert_eq!(compare(&article(), &mut Article { text: "正文。".into(), ..article() }), Change::Revised);
        assert_eq!(
            compare(&article(), &mut Article { title: "新标题".into(), ..article() }),
            Change::Revised
        );
    }

    #[test]
    fn a_vague_date_never_replaces_an_exact_one() {
        let exact = dated("2025-03-07", "2025-03-06T16:00:00Z", "2025-03-07T15:59:59Z", false);
        let vague = dated("2025-03-06", "2025-03-05T00:00:00Z", "2025-03-07T12:00:00Z", true);
        let mut look = vague.clone();
        assert_eq!(compare(&exact, &mut look), Change::Unchanged);
        assert_eq!(look.published.as_ref().unwrap().value, "2025-03-07");
        let mut look = exact.clone();
        assert_eq!(compare(&vague, &mut look), Change::Sharpened);
        let other = dated("2025-04-01", "2025-03-31T16:00:00Z", "2025-04-01T15:59:59Z", false);
        assert_eq!(compare(&exact, &mut other.clone()), Change::Revised);
    }
}
