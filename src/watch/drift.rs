//! Notices when a site's articles stop looking like its articles: a layout that changed gives values
//! that are wrong without being empty.
//!
//! Each article has signs: no author, a text shorter than nearly all before, a first line that its
//! neighbours share. How often each sign stood on the site's articles before says how unlikely it is
//! on so many of the latest; when that is out of the question, there is an alarm.

use std::collections::{HashSet, VecDeque};

use super::real;
use crate::article::{Article, Origin};

/// Articles that the latest ones are compared with,
pub const BASELINE: usize = 200;
/// and how many the latest are.
pub const WINDOW: usize = 20;
/// With fewer articles before, nothing can be said.
const FEWEST: usize = 30;
/// Fewer signs than this among the latest are chance.
const FEWEST_SIGNS: usize = 6;
/// As unlikely as this is out of the question.
const ALARM: f64 = 1e-6;

/// A sign that stood on fewer of the older articles than this is unusual.
const RARE: f64 = 0.1;

/// What is compared of an article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Traits {
    /// Where it stands: a second look takes the place of the first.
    pub url: String,
    /// The headline.
    pub title: String,
    /// Names of the authors.
    pub author: Option<String>,
    /// The section.
    pub category: Option<String>,
    /// The day it is dated.
    pub day: Option<String>,
    /// It has a view counter.
    pub has_views: bool,
    /// It has related links.
    pub has_related: bool,
    /// Characters of the text,
    pub chars: usize,
    /// and its lines.
    pub lines: usize,
    /// The first line,
    pub first_line: String,
    /// and the last.
    pub last_line: String,
    /// Bytes of Markdown for each byte of text: links and pictures make it grow.
    pub markup: f32,
    /// Share of characters that stand for words or syllables, as Han does.
    pub wide: f32,
    /// Where title, body and date came from.
    pub origins: [String; 3],
    /// The elements around the body.
    pub template: String,
}

impl Traits {
    /// The traits of the article at a URL.
    pub fn of(url: &str, article: &Article) -> Self {
        let count = |(chars, wide), c| (chars + 1, wide + usize::from(c >= '\u{2e80}'));
        let (chars, wide) = article.text.chars().fold((0, 0), count);
        // What a listing adds comes and goes with it; only the page's own values tell of its layout.
        let listed = [Origin::Feed, Origin::Api, Origin::Sitemap].map(|origin| origin.to_string());
        let from_page = |origin: &&String| !listed.contains(origin);
        let origin = |field: &str| article.origins.get(field).filter(from_page).cloned().unwrap_or_default();
        let line = |line: Option<&str>| line.unwrap_or_default().chars().take(80).collect();
        Self {
            url: url.to_owned(),
            title: article.title.clone(),
            author: article.author.clone(),
            category: article.category.clone(),
            day: article.published.as_ref().map(|published| published.value.chars().take(10).collect()),
            has_views: article.views.is_some(),
            has_related: !article.related.is_empty(),
            chars,
            lines: article.text.lines().count(),
            first_line: line(article.text.lines().next()),
            last_line: line(article.text.lines().next_back()),
            markup: ratio(article.markdown_length(), article.text.len()),
            wide: ratio(wide, chars),
            origins: [origin("title"), origin("body"), origin("published")],
            template: article.template.clone(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "texts are far shorter than 2^24")]
fn ratio(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// Something that may be odd about an article.
type Sign = (&'static str, fn(&Known, &Traits, &[&Traits]) -> bool);

/// The signs, with what the report says of them. The last argument is the articles right before.
const SIGNS: [Sign; 22] = [
    ("have no title", |_, it, _| it.title.is_empty()),
    ("have no date", |_, it, _| it.day.is_none()),
    ("have no author", |_, it, _| it.author.is_none()),
    ("have no category", |_, it, _| it.category.is_none()),
    ("have no view counter", |_, it, _| !it.has_views),
    ("have no related links", |_, it, _| !it.has_related),
    ("have no text", |_, it, _| it.chars == 0),
    ("have an unusually short text", |known, it, _| below(it.chars, known.chars.0)),
    ("have an unusually long text", |known, it, _| above(it.chars, known.chars.1)),
    ("have unusually few lines", |known, it, _| below(it.lines, known.lines.0)),
    ("have unusually many lines", |known, it, _| above(it.lines, known.lines.1)),
    ("have an unusually long title", |known, it, _| above(it.title.chars().count(), known.title.1)),
    ("have an unusually short title", |known, it, _| below(it.title.chars().count(), known.title.0)),
    ("have unusually many links or pictures", |known, it, _| it.markup > known.markup * 1.2 + 0.1),
    ("are written in another script", |known, it, _| (it.wide - known.wide).abs() > 0.5),
    ("have an author never seen before", |known, it, _| {
        it.author.as_ref().is_some_and(|a| !known.authors.contains(a))
    }),
    ("have a category never seen before", |known, it, _| {
        it.category.as_ref().is_some_and(|category| !known.categories.contains(category))
    }),
    ("have values from where none came before", |known, it, _| {
        let is_new =
            |(origin, known): (&String, &HashSet<String>)| !origin.is_empty() && !known.contains(origin);
        it.origins.iter().zip(&known.origins).any(is_new)
    }),
    ("stand in a layout never seen before", |known, it, _| !known.templates.contains(&it.template)),
    ("share their title, or its end, with their neighbours", |_, it, before| {
        let end = |title: &str| title.chars().rev().take(5).collect::<String>();
        before.iter().any(|other| {
            other.title == it.title || !it.title.is_empty() && end(&other.title) == end(&it.title)
        })
    }),
    ("share their first or last line with their neighbours", |_, it, before| {
        let is_shared = |other: &&Traits| {
            other.title != it.title && (other.first_line == it.first_line || other.last_line == it.last_line)
        };
        it.lines > 1 && before.iter().any(is_shared)
    }),
    ("share their day with all of their neighbours", |_, it, before| {
        before.len() >= 5 && it.day.is_some() && before.iter().all(|other| other.day == it.day)
    }),
];

fn below(value: usize, low: usize) -> bool {
    value * 10 < low * 8
}

fn above(value: usize, high: usize) -> bool {
    value * 8 > high * 10 + 16
}

/// What the older articles are like.
#[derive(Debug)]
struct Known {
    chars: (usize, usize),
    lines: (usize, usize),
    title: (usize, usize),
    markup: f32,
    wide: f32,
    authors: HashSet<String>,
    categories: HashSet<String>,
    origins: [HashSet<String>; 3],
    templates: HashSet<String>,
}

impl Known {
    fn of(articles: &[Traits]) -> Self {
        let range = |value: fn(&Traits) -> usize| {
            let mut values: Vec<usize> = articles.iter().map(value).collect();
            values.sort_unstable();
            let at =
                |percent: usize| values.get((values.len() - 1) * percent / 100).copied().unwrap_or_default();
            (at(1), at(99))
        };
        let mut markup: Vec<f32> = articles.iter().map(|it| it.markup).collect();
        markup.sort_by(f32::total_cmp);
        let wide: f32 = articles.iter().map(|it| it.wide).sum();
        Self {
            chars: range(|it| it.chars),
            lines: range(|it| it.lines),
            title: range(|it| it.title.chars().count()),
            markup: markup[(markup.len() - 1) * 99 / 100],
            wide: wide / ratio(articles.len(), 1),
            authors: articles.iter().filter_map(|it| it.author.clone()).collect(),
            categories: articles.iter().filter_map(|it| it.category.clone()).collect(),
            origins: [0, 1, 2].map(|at| articles.iter().map(|it| it.origins[at].clone()).collect()),
            templates: articles.iter().map(|it| it.template.clone()).collect(),
        }
    }
}

/// Watches one site.
#[derive(Debug, Default)]
pub struct Watch {
    /// What the site's articles were like, and how often each sign stood on them.
    baseline: Option<(Known, Vec<f64>)>,
    latest: VecDeque<(Traits, Vec<bool>)>,
}

impl Watch {
    /// A watch that knows a site's articles, the oldest first; the last of them are the latest.
    pub fn new(mut articles: Vec<Traits>) -> Self {
        let latest = articles.split_off(articles.len().saturating_sub(WINDOW));
        let mut watch =
            Self { baseline: (articles.len() >= FEWEST).then(|| baseline(&articles)), ..Self::default() };
        for traits in latest {
            watch.note(traits);
        }
        watch
    }

    /// Notes an article; gives what is unusual about it, in words.
    pub fn note(&mut self, traits: Traits) -> Vec<&'static str> {
        let Some((known, rates)) = &self.baseline else { return Vec::new() };
        self.latest.retain(|(other, _)| other.url != traits.url);
        let before: Vec<&Traits> = self.latest.iter().map(|(traits, _)| traits).collect();
        let signs: Vec<bool> = SIGNS.iter().map(|(_, is_sign)| is_sign(known, &traits, &before)).collect();
        // What many of the site's articles have is nothing unusual.
        let is_rare = |at: &usize| signs[*at] && rates[*at] < RARE;
        let unusual = (0..SIGNS.len()).filter(is_rare).map(|at| SIGNS[at].0).collect();
        self.latest.push_back((traits, signs));
        if self.latest.len() > WINDOW {
            self.latest.pop_front();
        }
        unusual
    }

    /// What the latest articles have in common that the others had not.
    pub fn alarms(&self) -> Vec<String> {
        let Some((_, rates)) = &self.baseline else { return Vec::new() };
        let looked_at = self.latest.len();
        let count = |at: usize| self.latest.iter().filter(|(_, signs)| signs[at]).count();
        (0..SIGNS.len())
            .map(|at| (at, count(at)))
            .filter(|(at, count)| *count >= FEWEST_SIGNS && tail(looked_at, *count, rates[*at]) < ALARM)
            .map(|(at, count)| {
                let rate = rates[at] * 100.0;
                format!("{count} of the last {looked_at} articles {}, about {rate:.0} % did before: did the layout change?", SIGNS[at].0)
            })
            .collect()
    }
}

/// What the older half is like, and the rate of each sign among the newer half: values that were
/// never seen before are counted as they will be.
fn baseline(articles: &[Traits]) -> (Known, Vec<f64>) {
    let (older, newer) = articles.split_at(articles.len() * 6 / 10);
    let known = Known::of(older);
    let rates = SIGNS
        .iter()
        .map(|(_, is_sign)| {
            let with_sign = (0..newer.len()).filter(|at| {
                let from = (older.len() + at).saturating_sub(WINDOW);
                let before: Vec<&Traits> = articles[from..older.len() + at].iter().collect();
                is_sign(&known, &newer[*at], &before)
            });
            f64::from(ratio(with_sign.count() + 1, newer.len() + 2))
        })
        .collect();
    (Known::of(articles), rates)
}

/// The probability of at least `count` of `all` at a rate: the tail of the binomial distribution.
fn tail(all: usize, count: usize, rate: f64) -> f64 {
    let mut term = (1.0 - rate).powf(real(all));
    let mut probability = 0.0;
    for k in 0..=all {
        if k > 0 {
            term *= real(all - k + 1) / real(k) * rate / (1.0 - rate);
        }
        if k >= count {
            probability += term;
        }
    }
    probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_the_binomial_distribution() {
        // 3 heads or more in 4 throws: 5/16.
        assert!((tail(4, 3, 0.5) - 0.3125).abs() < 1e-9);
        assert!((tail(20, 0, 0.1) - 1.0).abs() < 1e-6);
        assert!(tail(20, 20, 0.01) < 1e-38);
    }

    #[test]
    fn dates_that_a_listing_adds_are_no_new_layout() {
        let traits = |n: usize, origin: Option<Origin>| {
            let mut article = Article { title: format!("第{n}条"), ..Article::default() };
            if let Some(origin) = origin {
                article.note_origin("published", &origin);
            }
            Traits::of(&format!("http://e.com/{n}"), &article)
        };
        for (origin, is_told) in
            [(Origin::Feed, false), (Origin::Sitemap, false), (Origin::Api, false), (Origin::JsonLd, true)]
        {
            let mut watch = Watch::new((0..220).map(|n| traits(n, None)).collect());
            for n in 220..240 {
                watch.note(traits(n, Some(origin.clone())));
            }
            let alarms = watch.alarms();
            let is_named = alarms.iter().any(|alarm| alarm.contains("from where none came before"));
            assert_eq!(is_named, is_told, "{origin}: {alarms:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_site_that_is_hardly_known() {
        let mut watch = Watch::new(vec![Traits::default(); 10]);
        assert!(watch.note(Traits::default()).is_empty());
        assert!(watch.alarms().is_empty());
    }
}
