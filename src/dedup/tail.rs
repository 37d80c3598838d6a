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
            let is_plain = markdown.is_empty() || markdown == paragraphs_as_markdown(&text);
            article.markdown = (!is_plain).then_some(markdown);
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

    /// The profile that [`Boilerplate::to_toml`] was written behind.
    pub fn profile_of(toml: &str) -> &str {
        toml.split("\n[learned]\n").next().unwrap_or_default()
    }

    /// Reads what [`Boilerplate::to_toml`] wrote behind a profile.
    pub fn from_toml(profile: &str) -> Self {
        let table: Option<toml::Table> = profile.parse().ok();
        let tail = table.as_ref().and_then(|table| table.get("learned")?.get("tail")?.as_array());
        let lines = tail.into_iter().flatten().filter_map(|line| line.as_str()).map(str::to_owned).collect();
        Self { lines }
    }
}

/// Markdown up to where the block's first line stands: each line of the block has one in the Markdown,
/// counted from the end; what shows no text goes with them, and so do pictures right above.
fn cut_markdown(markdown: &str, block: &[&str]) -> String {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut left = block.iter().filter(|line| !line.trim().is_empty()).count();
    let mut end = lines.len();
    while end > 0 && (left > 0 || is_picture(lines[end - 1]) || is_open_fence(&lines[..end])) {
        end -= 1;
        left -= usize::from(shows_text(lines[end]));
    }
    lines[..end].join("\n")
}

fn shows_text(line: &str) -> bool {
    let is_ruler = line.starts_with('|') && line.chars().all(|c| "|- ".contains(c));
    !is_ruler && !is_picture(line) && line != FENCE
}

/// Nothing but pictures, or nothing at all.
fn is_picture(line: &str) -> bool {
    line.trim().is_empty() || line.contains("![") && shown(line).chars().all(|c| "[>- ".contains(c))
}

/// What begins and ends lines that are shown as they are.
const FENCE: &str = "```";

/// Whether the last line is a fence that nothing stands behind.
fn is_open_fence(lines: &[&str]) -> bool {
    lines.last() == Some(&FENCE) && lines.iter().filter(|line| **line == FENCE).count() % 2 == 1
}

/// A line without its pictures and the targets of its links.
fn shown(line: &str) -> String {
    let (mut shown, mut rest) = (String::new(), line);
    while let Some((label, target)) = rest.split_once("](") {
        shown.push_str(label.rfind("![").map_or(label, |picture| &label[..picture]));
        rest = behind_parenthesis(target);
    }
    shown + rest
}

/// What stands behind the parenthesis that is open at the start.
fn behind_parenthesis(text: &str) -> &str {
    let mut depth = 1;
    let end = text.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '(') - i32::from(*c == ')');
        depth == 0
    });
    end.map_or("", |(end, _)| &text[end + 1..])
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
    fn markdown_loses_the_lines_of_the_block_and_no_others() {
        let kept = "导语。\n\n- 第一条\n- 第二条\n- 第三条";
        let head = "导语。\n\n| 名 | 数 |\n| --- | --- |\n| 甲 | 1 |";
        for (text, block, markdown, want) in [
            (
                "导语。\n第一条\n第二条\n第三条\n关注公众号\n联系电话",
                "关注公众号\n联系电话",
                format!("{kept}\n- 关注公众号\n- 联系电话"),
                Some(kept),
            ),
            (
                "导语。\n第二行。\n关注公众号\n部门\t电话\n编辑部\t123",
                "关注公众号\n部门\t电话\n编辑部\t123",
                "导语。\n\n第二行。\n\n关注公众号\n\n| 部门 | 电话 |\n| --- | --- |\n| 编辑部 | 123 |".into(),
                None,
            ),
            (
                "导语。\n名\t数\n甲\t1\n——————\n见这里",
                "——————\n见这里",
                format!("{head}\n\n——————\n\n![码](http://e.com/a_(1).jpg)见[这里](http://e.com/)"),
                Some(head),
            ),
            (
                "导语。\n见[1]\n编码\n关注公众号",
                "编码\n关注公众号",
                "导语。\n\n见[1]\n\n```\n编码\n```\n\n[![](http://e.com/qr.jpg)](http://e.com/)\n\n> 关注公众号".into(),
                None,
            ),
        ] {
            let learned = Boilerplate { lines: block.lines().map(str::to_owned).collect() };
            let mut article =
                Article { text: text.into(), markdown: Some(markdown), ..Article::default() };
            assert!(learned.cut(&mut article));
            assert_eq!(article.markdown.as_deref(), want, "{text}");
        }
    }

    #[test]
    fn what_was_learned_is_kept_with_the_profile() {
        let learned = Boilerplate { lines: ["说“是”\\n".to_owned(), "b".to_owned()].into() };
        let profile = format!("name = \"x\"\n{}", learned.to_toml());
        assert_eq!(Boilerplate::from_toml(&profile), learned);
        assert_eq!(Boilerplate::from_toml("not toml ["), Boilerplate::default());
    }
}
