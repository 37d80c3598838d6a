//! Sites that show a page for every number: what they show where nothing is is known again, though a
//! counter, a moment or a recommendation in it varies.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::article::Article;
use crate::capture::Digest;
use crate::dedup::{Likeness, Relation, Shingles};
use crate::search::fold::fold_text;
use crate::url::{CanonicalUrl, UrlKey};

/// Numbers with one text that prove it to be nobody's.
const SAME: usize = 3;
/// Texts that a page is compared with.
pub(super) const LAST: usize = 16;

/// What was found under numbers that nothing but counting leads to.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// A number that no article can have, and what it says.
    probe: Option<UrlKey>,
    at_probe: Option<Shingles>,
    texts: HashMap<Digest, HashSet<UrlKey>>,
    /// What pages without a date said last, and under which numbers.
    last: VecDeque<(Shingles, HashSet<UrlKey>)>,
    never_missing: Option<CanonicalUrl>,
}

impl Counted {
    /// Takes up what the archive knows of URLs that only counting led to: texts that several share, and
    /// the last ones that state no date.
    pub(super) fn remember(
        &mut self,
        shared: impl IntoIterator<Item = (Digest, UrlKey)>,
        last: &[(UrlKey, String)],
    ) {
        for (text, url) in shared {
            self.texts.entry(text).or_default().insert(url);
        }
        for (url, text) in last.iter().rev() {
            self.note_undated(*url, says(text));
        }
    }

    /// Asks a number that no article can have: what stands there is what the site shows for nothing.
    pub(super) fn probe(&mut self, url: &CanonicalUrl) {
        self.probe = Some(url.key());
    }

    /// Whether a page under a counted number is what the site shows for any number: it says what the probe
    /// says, or the same stands under three numbers. Articles made from one template say nearly the same too,
    /// so without a probe only pages without a date may differ in what they say.
    pub(super) fn is_nothing(&mut self, url: &CanonicalUrl, article: &Article) -> bool {
        let urls = self.texts.entry(article.text_digest()).or_default();
        urls.insert(url.key());
        let is_shared = urls.len() >= SAME;
        let page = says(&format!("{}\n{}", article.title, article.text));
        let is_nothing = if self.probe == Some(url.key()) {
            self.at_probe = Some(page);
            true
        } else {
            is_shared
                || self.at_probe.as_ref().is_some_and(|probe| is_alike(probe, &page))
                || article.published.is_none() && self.note_undated(url.key(), page) >= SAME
        };
        if is_nothing {
            self.never_missing.get_or_insert_with(|| url.clone());
        }
        is_nothing
    }

    /// Notes what a page without a date says; gives the numbers under which nearly the same stands.
    fn note_undated(&mut self, url: UrlKey, page: Shingles) -> usize {
        let known = self.last.iter().position(|(known, _)| is_alike(known, &page));
        let (known, mut urls) = known.and_then(|at| self.last.remove(at)).unwrap_or((page, HashSet::new()));
        urls.insert(url);
        let count = urls.len();
        self.last.push_back((known, urls));
        if self.last.len() > LAST {
            self.last.pop_front();
        }
        count
    }

    /// A number that gave a page though nothing can be there, once that was found out.
    pub(super) fn never_missing(&self) -> Option<&CanonicalUrl> {
        self.never_missing.as_ref()
    }
}

/// What a page says, without figures.
fn says(text: &str) -> Shingles {
    let words: String = text.chars().filter(|c| !c.is_numeric()).collect();
    Shingles::of(&fold_text(&words))
}

fn is_alike(one: &Shingles, other: &Shingles) -> bool {
    Likeness::between(one, other).is_some_and(|likeness| likeness.relation == Relation::Copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::{Precision, Published};

    fn url(n: u32) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("http://e.com/post/{n}.html"), None).unwrap()
    }

    fn page(text: &str) -> Article {
        Article { text: text.to_owned(), ..Article::default() }
    }

    const NOTHING: &str =
        "您访问的文章暂时没有内容,请从首页的栏目进入,或者使用搜索,感谢您对本站的支持与关注。";

    #[test]
    fn what_stands_at_the_probe_is_nothing_and_so_is_what_stands_under_three_numbers() {
        let mut counted = Counted::default();
        counted.probe(&url(900));
        assert!(!counted.is_nothing(&url(1), &page("one")));
        assert!(counted.is_nothing(&url(900), &page("nothing")));
        assert!(counted.is_nothing(&url(2), &page("nothing")));
        let mut counted = Counted::default();
        counted.remember([(page("same").text_digest(), url(1).key())], &[]);
        assert!(!counted.is_nothing(&url(2), &page("same")));
        assert!(!counted.is_nothing(&url(2), &page("same")));
        assert_eq!(counted.never_missing(), None);
        assert!(counted.is_nothing(&url(3), &page("same")));
        assert_eq!(counted.never_missing(), Some(&url(3)));
    }

    #[test]
    fn a_page_for_nothing_is_known_though_it_varies() {
        let varied = |n: u32| page(&format!("{NOTHING}编号{n},时间{}", n * 7919));
        let mut counted = Counted::default();
        counted.probe(&url(900));
        assert!(counted.is_nothing(&url(900), &varied(900)));
        assert!(counted.is_nothing(&url(1), &varied(1)));
        assert!(!counted.is_nothing(&url(2), &page("老码头的改造工程在本周末完工,步道向居民开放。")));
        let mut counted = Counted::default();
        counted.remember([], &[(url(2).key(), varied(2).text), (url(1).key(), varied(1).text)]);
        assert!(counted.is_nothing(&url(3), &varied(3)));
    }

    #[test]
    fn articles_made_from_one_template_are_somebodys() {
        let published = Some(Published {
            value: "2025-03-10".to_owned(),
            precision: Precision::Day,
            approximate: false,
            from: jiff::Timestamp::UNIX_EPOCH,
            to: jiff::Timestamp::UNIX_EPOCH,
        });
        let mut counted = Counted::default();
        for n in 1..9 {
            let article = Article { published: published.clone(), ..page(&format!("{NOTHING}{n}")) };
            assert!(!counted.is_nothing(&url(n), &article));
        }
    }
}
