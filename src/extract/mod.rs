//! From a capture to an article: profile → structured data → the entry of a listing → rules that know
//! no site.
//!
//! Pure: the same bytes and profile give the same article, everywhere.

mod around;
mod attributes;
mod body;
mod caption;
pub mod charset;
mod credits;
pub mod date;
mod fields;
mod flow;
mod format;
mod generic;
mod guard;
mod heading;
mod kind;
mod line;
mod listed;
mod name;
pub mod parts;
mod phrases;
mod published;
mod structured;
pub(crate) mod survey;
mod text;
mod title;
mod tree;

use scraper::Html;

use crate::article::Article;
use crate::capture::Capture;
use crate::entry::Entry;
use crate::profile::Profile;
use crate::url::CanonicalUrl;
pub use attributes::Attributes;
pub use format::other_format;
pub(crate) use guard::fragment;
pub use kind::PageKind;
use survey::Survey;

/// A parsed page: parsed once, used by everything that reads it.
#[derive(Debug)]
pub struct Page<'a> {
    capture: &'a Capture,
    /// The name of the encoding it was in.
    pub encoding: &'static str,
    html: Html,
    /// More than a tenth of the characters could not be decoded, or there is no markup at all.
    garbage: bool,
    /// The former.
    is_noise: bool,
    base: CanonicalUrl,
    pub(crate) survey: Survey,
    /// What a listing said of the article.
    entry: Option<&'a Entry>,
    /// The article's text as it was known before.
    known: Option<&'a str>,
    /// What was odd about it, in words.
    pub notes: Vec<String>,
}

impl<'a> Page<'a> {
    /// Decodes and parses a capture's body. Any bytes give a page.
    pub fn parse(capture: &'a Capture) -> Self {
        Self::parse_keeping(&Attributes::ALL, capture)
    }

    /// The same without the attributes that nobody will ask for, in less time.
    pub fn parse_keeping(attributes: &Attributes, capture: &'a Capture) -> Self {
        let decoded = charset::decode(&capture.body, capture.content_type());
        let guarded = guard::guard(&decoded.text, attributes);
        let is_noise = is_garbage(&decoded.text);
        let garbage = is_noise || !decoded.text.contains('<');
        let tree::Built { mut html, note } = guarded.parse();
        let survey = Survey::of(&html);
        guarded.put_back(&mut html, survey.scripts.iter().chain(&survey.json_ld));
        let base = survey.base.as_deref().and_then(|href| CanonicalUrl::parse(href, Some(&capture.url)).ok());
        let notes =
            guarded.note.into_iter().chain(note).map(str::to_owned).chain(capture.damage.clone()).collect();
        Self {
            capture,
            encoding: decoded.encoding,
            base: base.unwrap_or_else(|| capture.url.clone()),
            html,
            garbage,
            is_noise,
            survey,
            entry: None,
            known: None,
            notes,
        }
    }

    /// With what a listing said of the article.
    #[must_use]
    pub fn knowing(self, entry: Option<&'a Entry>) -> Self {
        Self { entry, ..self }
    }

    /// With the article's text as it was known before: without a profile, what stood in it and still stands on
    /// the page stays in it, where the rules could say either.
    #[must_use]
    pub fn known_as(self, text: Option<&'a str>) -> Self {
        Self { known: text, ..self }
    }

    /// The parsed document.
    pub fn html(&self) -> &Html {
        &self.html
    }

    /// Whether the bytes are no text in any encoding, or a text without any markup.
    pub fn is_garbage(&self) -> bool {
        self.garbage
    }

    /// The name of what the page is when it is none, as in `a PDF document`.
    pub fn no_page(&self) -> Option<&'static str> {
        let unknown =
            if self.is_noise { "bytes that are no text in any encoding" } else { "text without any markup" };
        other_format(&self.capture.body).or_else(|| self.garbage.then_some(unknown))
    }

    /// Where the page was.
    pub fn url(&self) -> &CanonicalUrl {
        &self.capture.url
    }

    /// When the page was fetched: ages count back from then.
    pub fn fetched_at(&self) -> jiff::Timestamp {
        self.capture.fetched_at
    }

    /// What relative links start from.
    pub fn base(&self) -> &CanonicalUrl {
        &self.base
    }

    /// The URL in `rel=canonical`, when it is one.
    pub fn canonical(&self) -> Option<CanonicalUrl> {
        CanonicalUrl::parse(self.survey.canonical.as_deref()?, Some(&self.capture.url)).ok()
    }

    /// The article on the page, with `profile` or by rules that know no site; `None` when the page
    /// shows none.
    pub fn article(&self, profile: Option<&Profile>) -> Option<Article> {
        let (kind, article) = self.read(profile);
        (kind == PageKind::Article).then_some(article)
    }

    /// What the page is, and everything that an article could have as far as the page has it.
    pub fn read(&self, profile: Option<&Profile>) -> (PageKind, Article) {
        let (kind, mut article) = self.read_page(profile);
        let kind = listed::join(self, &self.date_context(profile), kind, &mut article);
        (kind, article)
    }

    fn read_page(&self, profile: Option<&Profile>) -> (PageKind, Article) {
        profile.and_then(|profile| fields::by_profile(self, profile)).unwrap_or_else(|| match profile {
            // A profile that finds neither title nor body says that this is no article.
            Some(_) => match generic::article(self) {
                (PageKind::Article, article) => (PageKind::Other, article),
                other => other,
            },
            None => generic::article(self),
        })
    }

    /// How the page was read, for a person who fixes a profile: what each place says of the title,
    /// the dates that were found, and what became of each line around the body.
    pub fn explain(&self) -> Explanation {
        let context = self.date_context(None);
        let structured = structured::read(self, &context);
        let reading = generic::read(self, &structured);
        let date = |found: &crate::article::Found<crate::article::Published>| {
            format!("{} from {}", found.value.value, found.origin)
        };
        let times = published::times(self, &structured, &reading, &context);
        Explanation {
            titles: title::explain(&title::candidates(self, &structured, reading.line_above())),
            dates: structured
                .published
                .iter()
                .map(|found| format!("published {}", date(found)))
                .chain(structured.modified.iter().map(|found| format!("modified {}", date(found))))
                .chain(published::explain(&reading, &context))
                .chain(times.published.iter().map(|found| format!("chosen {}: {}", date(found), times.place)))
                .chain(times.notes)
                .collect(),
            authors: structured
                .authors
                .iter()
                .map(|found| format!("{} from {}", found.value, found.origin))
                .collect(),
            root: reading.root(&self.html),
            lines: reading.explain(),
        }
    }

    /// Every block of the page with what is known of it.
    pub fn blocks(&self) -> serde_json::Value {
        let structured = structured::read(self, &self.date_context(None));
        let reading = generic::read(self, &structured);
        let mut dump = reading.dump();
        let titles = title::candidates(self, &structured, reading.line_above());
        dump["titles"] =
            titles.iter().map(|c| serde_json::json!([format!("{:?}", c.place), c.text])).collect();
        dump
    }

    fn date_context(&self, profile: Option<&Profile>) -> date::Context {
        // `en` does not say in which order; the locale that is told to others may.
        let locale = self.survey.meta(&["og:locale", "content-language"]);
        let known = || self.survey.language.as_deref().into_iter().chain(locale);
        let script = || self.survey.title.as_deref().and_then(around::script_language);
        let language = self.survey.language.as_deref().or_else(script);
        date::Context {
            reference: self.capture.fetched_at,
            zone: profile.and_then(|profile| profile.timezone.clone()),
            home: language.and_then(date::home_of_language),
            order: known()
                .map(date::Order::of_language)
                .find(|o| *o != date::Order::Unknown)
                .unwrap_or_default(),
        }
    }
}

/// How a page was read by rules that know no site, in lines for a reader.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// What each place says of the title, with the weight of its word.
    pub titles: Vec<String>,
    /// Dates that are stated, the one chosen, and contradictions.
    pub dates: Vec<String>,
    /// Authors that are stated.
    pub authors: Vec<String>,
    /// The elements around the body.
    pub root: String,
    /// Lines in and around the body: what became of each, its score and the two facts that weighed
    /// most.
    pub lines: Vec<String>,
}

/// Only the beginning is looked at: garbage is garbage throughout.
fn is_garbage(text: &str) -> bool {
    const LOOKED_AT: usize = 1000;
    let head = || text.chars().take(LOOKED_AT);
    let strange = head().filter(|c| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace())).count();
    strange * 10 > head().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(html: &str) -> Option<Article> {
        let url = CanonicalUrl::parse("http://e.com/news/1.html", None).unwrap();
        let at = "2025-03-10T00:00:00Z".parse().unwrap();
        let capture = Capture::of_page(url, at, Some("text/html; charset=utf-8"), html.as_bytes().to_vec());
        Page::parse(&capture).article(None)
    }

    #[test]
    fn an_error_page_with_status_200_is_no_article() {
        assert_eq!(
            article(
                "<title>404 Not Found</title><h1>404 Not Found</h1><p class=date>2023-02-27</p><div class=content><p>您访问的页面不存在</p></div>"
            ),
            None
        );
    }

    #[test]
    fn hostile_markup_is_bounded() {
        for html in [
            "<div>".repeat(100_000),
            format!("<body{}>", " a".repeat(100_000)),
            "<a><b><i><font>".repeat(8000) + &"</a></b></i></font>".repeat(8000),
            "<table><tr><td>".repeat(20_000),
            "&CounterClockwiseContourIntegral;".repeat(50_000),
            format!("<title>{0}</title><h1>{0}</h1><p>x", "a - ".repeat(100_000)),
            format!("<h1>t</h1><p>{}", "今天的新闻,很长。".repeat(700_000)),
            "<div>".repeat(500) + &"<p>some text, here. and more</p>".repeat(60_000),
            "<h1>t</h1>".to_owned() + &"<span class='author byline'>By Jane Miller</span>".repeat(40_000),
            "<h1>t</h1>".to_owned() + &"<p class=date>2024-05-18 12:30 发布</p>".repeat(40_000),
            "<ul>".to_owned() + &"<li class=c><a href=/2.html>link 2</a> 2024-01-01</li>".repeat(60_000),
            format!("<script type='application/ld+json'>{}</script><p>x", "[".repeat(100_000)),
        ] {
            let began = std::time::Instant::now();
            let _ = article(&html);
            assert!(began.elapsed().as_secs() < 20, "{}", &html[..20]);
        }
    }
}
