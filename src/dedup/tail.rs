//! Lines that a site puts below most of its posts: promotion, contacts, notices. They are found
//! because they recur, without configuration.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;

use crate::article::{Article, paragraphs_as_markdown};

/// Lines from the end of a text that may be such a block.
const LONGEST_BLOCK: usize = 20;
/// A line recurs when it stands in this many posts at least,
const FEWEST: usize = 6;
/// and in half of those looked at.
const SHARE: usize = 2;

/// What was learned of one site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boilerplate {
    lines: BTreeSet<String>,
}

impl Boilerplate {
    /// Learns from the texts of a site's latest posts; what was known before stays known, since the
    /// texts that are stored lack it by now.
    #[must_use]
    pub fn learn<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        let texts: HashSet<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for text in &texts {
            let lines: HashSet<&str> = text.lines().rev().take(LONGEST_BLOCK).collect();
            for line in lines {
                *counts.entry(line).or_default() += 1;
            }
        }
        let recurs = |count: usize| count >= FEWEST && count * SHARE >= texts.len();
        let mut lines = self.lines.clone();
        for text in &texts {
            // Only what runs to the very end is a block.
            let block = text
                .lines()
                .rev()
                .take(LONGEST_BLOCK)
                .take_while(|line| counts.get(line).is_some_and(|count| recurs(*count)));
            lines.extend(block.map(str::to_owned));
        }
        Self { lines }
    }

    /// Nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Cuts the block from an article's end; says whether there was one. One line always stays.
    pub fn cut(&self, article: &mut Article) -> bool {
        let lines: Vec<&str> = article.text.lines().collect();
        let block = lines.iter().rev().take_while(|line| self.lines.contains(**line)).count();
        let block = block.min(lines.len().saturating_sub(1));
        if block == 0 {
            return false;
        }
        let text = lines[..lines.len() - block].join("\n");
        if let Some(markdown) = article.markdown.take() {
            let markdown = cut_markdown(&markdown, &lines[lines.len() - block..]);
            article.images.retain(|image| markdown.contains(&image.url));
            article.markdown = (markdown != paragraphs_as_markdown(&text)).then_some(markdown);
        }
        article.text = text;
        true
    }

    /// As the table that is kept with the profile.
    pub fn to_toml(&self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let mut table = "\n[learned]\ntail = [\n".to_owned();
        for line in &self.lines {
            let _ = writeln!(table, "  {},", toml::Value::String(line.clone()));
        }
        table + "]\n"
    }

    /// Reads what [`Boilerplate::to_toml`] wrote behind a profile.
    pub fn from_toml(profile: &str) -> Self {
        let table: Option<toml::Table> = profile.parse().ok();
        let tail = table.as_ref().and_then(|table| table.get("learned")?.get("tail")?.as_array());
        let lines = tail.into_iter().flatten().filter_map(|line| line.as_str()).map(str::to_owned).collect();
        Self { lines }
    }
}

/// Markdown up to where the block's first line stands: blocks are taken from the end until all of
/// the block's lines were seen; pictures between them go too.
fn cut_markdown(markdown: &str, block: &[&str]) -> String {
    let mut parts: Vec<&str> = markdown.split("\n\n").collect();
    let mut left: usize = block.len();
    while left > 0
        && let Some(part) = parts.pop()
    {
        if part.trim_start().starts_with("![") && !block.iter().any(|line| part.contains(*line)) {
            continue;
        }
        left = left.saturating_sub(part.lines().filter(|line| !line.trim().is_empty()).count().max(1));
    }
    while parts.last().is_some_and(|part| part.starts_with("![")) && parts.len() > 1 {
        parts.pop();
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMO: &str = "扫一扫关注公众号\n长按识别二维码";

    fn posts(count: usize, tail: &str) -> Vec<String> {
        (0..count).map(|i| format!("第{i}篇的第一段。\n第{i}篇的第二段。\n{tail}")).collect()
    }

    #[test]
    fn what_most_posts_end_with_is_learned_and_cut() {
        let texts = posts(8, PROMO);
        let learned = Boilerplate::default().learn(texts.iter().map(String::as_str));
        let mut article = Article { text: texts[3].clone(), ..Article::default() };
        assert!(learned.cut(&mut article));
        assert_eq!(article.text, "第3篇的第一段。\n第3篇的第二段。");
        assert!(!learned.cut(&mut article));
    }

    #[test]
    fn what_few_posts_end_with_stays() {
        for (texts, why) in [
            (posts(5, PROMO), "five posts are too few"),
            ([posts(6, PROMO), posts(8, "另一种结尾")].concat(), "six of fourteen are not most"),
            (vec![posts(1, PROMO).remove(0); 9], "one text nine times is one post"),
        ] {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let learned = Boilerplate::default().learn(texts);
            let mut article = Article { text: format!("正文\n{PROMO}"), ..Article::default() };
            assert!(!learned.cut(&mut article), "{why}");
        }
    }

    #[test]
    fn a_line_in_the_middle_and_the_only_line_stay() {
        let texts = posts(8, PROMO);
        let learned = Boilerplate::default().learn(texts.iter().map(String::as_str));
        let mut article =
            Article { text: "扫一扫关注公众号\n后面还有正文。".into(), ..Article::default() };
        assert!(!learned.cut(&mut article));
        let mut only = Article { text: PROMO.into(), ..Article::default() };
        learned.cut(&mut only);
        assert_eq!(only.text, "扫一扫关注公众号");
    }

    #[test]
    fn the_block_s_pictures_go_with_it() {
        let learned = Boilerplate { lines: PROMO.lines().map(str::to_owned).collect() };
        let mut article = Article {
            text: format!("正文。\n{PROMO}"),
            markdown: Some(
                "正文。\n\n![](http://e.com/a.jpg)\n\n**扫一扫关注公众号**\n\n![](http://e.com/qr.jpg)\n\n长按识别二维码".into(),
            ),
            ..Article::default()
        };
        learned.cut(&mut article);
        assert_eq!((article.text.as_str(), article.markdown), ("正文。", None));
    }

    #[test]
    fn what_was_learned_is_kept_with_the_profile() {
        let learned = Boilerplate { lines: ["说“是”\\n".to_owned(), "b".to_owned()].into() };
        let profile = format!("name = \"x\"\n{}", learned.to_toml());
        assert_eq!(Boilerplate::from_toml(&profile), learned);
        assert_eq!(Boilerplate::from_toml("not toml ["), Boilerplate::default());
    }
}
