//! Posts with numbers in their URLs: `/post/17328.html`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Extent, Survey};

/// A census with a greater share of numbers that nobody could judge is none.
const MOST_UNJUDGED: f64 = 0.05;

/// The number in a URL's path or query, with the URL's form: the last number stands for the post, the
/// others, such as a year, may differ within a form.
pub fn numbered(url: &str) -> Option<(String, i64)> {
    let path = url.find("://").map_or(url, |at| &url[at + 3..]);
    let path = path.find('/').map_or("", |at| &path[at..]);
    let end = path.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = path[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let id = path[start..end].parse().ok()?;
    let mut form = String::new();
    for c in path[..start].chars() {
        match c {
            '0'..='9' if form.ends_with('#') => {}
            '0'..='9' => form.push('#'),
            other => form.push(other),
        }
    }
    form.push_str("{id}");
    form.push_str(&path[end..]);
    Some((form, id))
}

/// The answer of a count: where all numbers between the first and the last one counted were looked at
/// and every article is among them, nothing is left to estimate.
pub(super) fn census(survey: &Survey) -> Option<Extent> {
    let counted: BTreeSet<i64> =
        survey.numbers.iter().filter(|number| number.is_counted).map(|number| number.id).collect();
    let (first, last) = (*counted.first()?, *counted.last()?);
    let mut judged: BTreeMap<i64, bool> = BTreeMap::new();
    for number in survey.numbers.iter().filter(|number| (first..=last).contains(&number.id)) {
        *judged.entry(number.id).or_default() |= number.is_judged;
    }
    let articles: Option<BTreeSet<i64>> = survey.posts.iter().map(|post| post.id).collect();
    if !articles?.iter().all(|id| (first..=last).contains(id)) {
        return None;
    }
    let all = u64::try_from(last - first).ok()? + 1;
    let known = judged.values().filter(|is_judged| **is_judged).count() as u64;
    let (unjudged, found) = (all.saturating_sub(known), survey.posts.len() as u64);
    let share = super::real(usize::try_from(unjudged).ok()?) / super::real(usize::try_from(all).ok()?);
    // Numbers that could not be judged hold articles as often as the others do.
    let estimated = found + (unjudged * found + known / 2) / known.max(1);
    (share <= MOST_UNJUDGED && known > 0).then_some(Extent::Estimate {
        found,
        estimated: estimated.min(found + unjudged),
        low: found,
        high: found + unjudged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_is_the_posts() {
        for (url, want) in [
            ("http://e.com/index.php/post/17328.html", Some(("/index.php/post/{id}.html", 17328))),
            ("http://e.com/2023/02/27/884.html", Some(("/#/#/#/{id}.html", 884))),
            ("http://163.com/?p=12", Some(("/?p={id}", 12))),
            ("http://e.com/about/", None),
            ("http://e1.com", None),
            ("http://e.com/99999999999999999999.html", None),
        ] {
            let got = numbered(url);
            assert_eq!(got.as_ref().map(|(form, id)| (form.as_str(), *id)), want, "{url}");
        }
    }
}
