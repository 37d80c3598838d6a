//! Whether an article is new, revised or unchanged. Decided on what was extracted, never on bytes:
//! view counters, ages in words and related lists change at every request. What differs in width,
//! case or white space only says the same.
//!
//! And which articles stem from one another: [`Shingles`] and [`Likeness`].

mod fold;
mod relation;
mod shingles;
mod tail;

use crate::article::{Article, Origin, Precision, Published};
use crate::search::fold::fold_text;
use fold::{fold, says_the_same};
pub use relation::{Likeness, Relation};
pub use shingles::Shingles;
pub(crate) use shingles::share;
pub use tail::Boilerplate;

/// What a look at an article found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Never seen before.
    New,
    /// Text or fields differ.
    Revised,
    /// Only the date is better known now, or a listing filled in what the page leaves out.
    Sharpened,
    /// Nothing that counts.
    Unchanged,
}

/// Compares a look with the one before. `article.published` becomes the better known of the two
/// dates; a date is sharpened by a later look, never blurred. An article that says the same as before
/// stays as it was first written.
pub fn compare(previous: &Article, article: &mut Article) -> Change {
    let date = join_dates(previous.published.as_ref(), &mut article.published);
    let filled = filled_in(previous, article);
    if matches!(date, DateChange::Contradicts) || differs(&filled, article) {
        return Change::Revised;
    }
    keep_wording(&filled, article);
    match date {
        DateChange::Sharpened => Change::Sharpened,
        _ if filled != *previous => Change::Sharpened,
        DateChange::Same | DateChange::Contradicts => Change::Unchanged,
    }
}

/// Less of a text than this in another one is chance, or a phrase that all texts of a site have.
const NOTHING_IN_COMMON: f64 = 0.1;

/// Whether nearly nothing of `now` stands in `previous`: a text in its place, and no edited form of it.
pub fn is_another(previous: &str, now: &str) -> bool {
    let [previous, now] = [previous, now].map(|text| Shingles::of(&fold_text(text)));
    now.in_rows_of(&previous).in_short_rows < NOTHING_IN_COMMON
}

fn differs(a: &Article, b: &Article) -> bool {
    let fields =
        [(&a.author, &b.author), (&a.source, &b.source), (&a.editor, &b.editor), (&a.category, &b.category)];
    let is_equal = |(a, b): (&Option<String>, &Option<String>)| match (a, b) {
        (Some(a), Some(b)) => says_the_same(a, b),
        (a, b) => a == b,
    };
    !fields.into_iter().all(is_equal)
        || !says_the_same(&a.title, &b.title)
        || !says_the_same(&a.text, &b.text)
        || folded_tags(a) != folded_tags(b)
}

/// Tags say the same in any order.
fn folded_tags(article: &Article) -> std::collections::BTreeSet<String> {
    article.tags.iter().map(|tag| fold(tag)).collect()
}

fn keep_wording(previous: &Article, article: &mut Article) {
    article.title.clone_from(&previous.title);
    article.author.clone_from(&previous.author);
    article.source.clone_from(&previous.source);
    article.editor.clone_from(&previous.editor);
    article.category.clone_from(&previous.category);
    article.tags.clone_from(&previous.tags);
    article.text.clone_from(&previous.text);
    article.markdown.clone_from(&previous.markdown);
}

/// The look before, with what a listing says by now and the page leaves out.
fn filled_in(previous: &Article, article: &Article) -> Article {
    let mut filled = previous.clone();
    if filled.author.is_none() && is_of_listing(article, "author") {
        filled.author.clone_from(&article.author);
    }
    if filled.category.is_none() && is_of_listing(article, "category") {
        filled.category.clone_from(&article.category);
    }
    if filled.tags.is_empty() && is_of_listing(article, "tags") {
        filled.tags.clone_from(&article.tags);
    }
    filled
}

/// Whether a value comes from a feed, an API or a news sitemap.
fn is_of_listing(article: &Article, field: &str) -> bool {
    let origin = article.origins.get(field).map(String::as_str);
    [Origin::Feed, Origin::Api, Origin::Sitemap].iter().any(|of| origin == Some(of.to_string().as_str()))
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
    if is_another_day(previous, look) {
        return DateChange::Contradicts;
    }
    match previous.sharpen(look) {
        // An age in words moves with every look. It narrows what is known, and says nothing new.
        Some(joined) if look.approximate && look.precision <= previous.precision => {
            *now = Some(Published { from: joined.from, to: joined.to, ..previous.clone() });
            DateChange::Same
        }
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

/// Two days that a page states, however many hours of them a zone could make the same.
fn is_another_day(previous: &Published, look: &Published) -> bool {
    let is_stated_day =
        |published: &Published| published.precision == Precision::Day && !published.approximate;
    is_stated_day(previous) && is_stated_day(look) && previous.value != look.value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article() -> Article {
        Article { title: "标题".into(), text: "正文".into(), views: Some(1), ..Article::default() }
    }

    fn timestamp(text: &str) -> jiff::Timestamp {
        text.parse().unwrap()
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
    fn what_a_listing_fills_in_is_no_edit() {
        let mut look = Article { author: Some("李明".into()), ..article() };
        look.note_origin("author", &Origin::Generic);
        assert_eq!(compare(&article(), &mut look.clone()), Change::Revised);
        look.note_origin("author", &Origin::Api);
        assert_eq!(compare(&article(), &mut look.clone()), Change::Sharpened);
        let known = Article { author: Some("王芳".into()), ..article() };
        assert_eq!(compare(&known, &mut look), Change::Revised);
    }

    #[test]
    fn views_and_related_links_never_count() {
        let related =
            crate::article::Related { url: "http://e.com/1".into(), title: "a".into(), excerpt: None };
        let mut look = Article { views: Some(2), related: vec![related], ..article() };
        assert_eq!(compare(&article(), &mut look), Change::Unchanged);
    }

    #[test]
    fn what_differs_in_width_only_stays_as_it_was() {
        let previous = Article {
            text: "共12家,增长3%".into(),
            tags: vec!["AI".into(), "园区".into()],
            author: Some("记者 张三".into()),
            ..article()
        };
        let mut look = Article {
            text: "共 １２ 家，增长 3%".into(),
            tags: vec!["园区".into(), "ai".into()],
            author: Some("记者张三".into()),
            ..article()
        };
        assert_eq!(compare(&previous, &mut look), Change::Unchanged);
        assert_eq!(look, previous);
        let mut look = Article { author: None, ..previous.clone() };
        assert_eq!(compare(&previous, &mut look), Change::Revised);
    }

    #[test]
    fn text_and_title_count() {
        assert_eq!(compare(&article(), &mut Article { text: "正文二".into(), ..article() }), Change::Revised);
        assert_eq!(
            compare(&article(), &mut Article { title: "新标题".into(), ..article() }),
            Change::Revised
        );
    }

    #[test]
    fn an_age_that_moves_on_narrows_the_date_and_changes_nothing() {
        // 12个月前, and 13个月前 a month later: the months between have other lengths.
        let age = |value: &str, from: &str, to: &str| {
            let mut article = dated(value, from, to, true);
            article.published.as_mut().unwrap().precision = Precision::Month;
            article
        };
        let first = age("2024-03", "2024-02-13T00:00:00Z", "2024-03-28T12:00:00Z");
        let mut look = age("2024-02", "2024-02-10T00:00:00Z", "2024-03-25T00:00:00Z");
        assert_eq!(compare(&first, &mut look), Change::Unchanged);
        let published = look.published.unwrap();
        assert_eq!(published.value, "2024-03");
        assert_eq!(
            (published.from, published.to),
            (timestamp("2024-02-13T00:00:00Z"), timestamp("2024-03-25T00:00:00Z"))
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
