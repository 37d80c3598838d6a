//! What one text is to another: a copy, a part, a template filled in anew.
//!
//! Re-posts are mostly partial: what counts is how much of one text stands in the other (containment,
//! Broder 1997), not how alike they are. Releases made from one template are told apart by their
//! figures.

use super::shingles::Shingles;

/// A text stems from another when so much of the shorter one stands there.
const RELATED: f64 = 0.6;
/// The same in short rows: what has less in common is not even made from one template.
const ALIKE: f64 = 0.5;
/// Texts are the same, and a part is a part, from here on.
const MOSTLY: f64 = 0.8;
/// From here on a text that is longer or shorter than the other is an extended one or an excerpt.
const LARGELY: f64 = 0.6;
/// Two texts with so many figures each are made from one template …
const FIGURES: usize = 4;
/// … when a smaller share of the shorter one's stands among the same words in the other.
const SAME_FIGURES: f64 = 0.5;

/// What a text is to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The same, with small changes.
    Copy,
    /// A part of it.
    Excerpt,
    /// All of it, or nearly, and more.
    Extended,
    /// Much of it in other words.
    Rewritten,
    /// The same words around other figures: a release of the same kind.
    SameTemplate,
}

impl Relation {
    /// The name in the archive.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::Excerpt => "excerpt",
            Self::Extended => "extended",
            Self::Rewritten => "rewritten",
            Self::SameTemplate => "same_template",
        }
    }
}

/// How much two texts have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    /// What the later one is to the earlier one.
    pub relation: Relation,
    /// Share of the later one that stands in the earlier one in rows of twenty characters or more; from 0 to 1.
    pub of_article: f64,
    /// Share of the earlier one that stands in the later one, likewise.
    pub of_source: f64,
}

impl Likeness {
    /// Compares a text with an earlier one; `None` when neither stems from the other.
    pub fn between(source: &Shingles, article: &Shingles) -> Option<Self> {
        let (in_source, in_article) = (article.in_rows_of(source), source.in_rows_of(article));
        let (of_article, of_source) = (in_source.share, in_article.share);
        let of_shorter = if article.len() < source.len() { in_source } else { in_article };
        if of_shorter.in_short_rows < ALIKE {
            return None;
        }
        let has_figures = source.count_figures().min(article.count_figures()) >= FIGURES;
        let relation = if has_figures && of_shorter.figures < SAME_FIGURES {
            Relation::SameTemplate
        } else if of_shorter.share < RELATED {
            return None;
        } else if of_article.min(of_source) >= MOSTLY {
            Relation::Copy
        } else if of_article >= LARGELY && of_source < of_article * MOSTLY {
            Relation::Excerpt
        } else if of_source >= LARGELY && of_article < of_source * MOSTLY {
            Relation::Extended
        } else {
            Relation::Rewritten
        };
        Some(Self { relation, of_article, of_source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::fold::fold_text;

    fn relation(source: &str, article: &str) -> Option<Relation> {
        let shingles = |text| Shingles::of(&fold_text(text));
        Likeness::between(&shingles(source), &shingles(article)).map(|likeness| likeness.relation)
    }

    const TEXT: &str = "历时八个月,老码头的改造工程在本周末完工,步道向居民开放。\
        改造后的码头保留了三座老仓库,并新建了一条滨水步道。\
        记者在现场看到,不少老人带着孩子前来散步,也有摄影爱好者架起了相机。\
        项目负责人表示,二期工程将于明年春天启动,届时还会增加一座游船码头。";

    #[test]
    fn relations_follow_from_what_stands_where() {
        let sentences: Vec<&str> = TEXT.split_inclusive('。').collect();
        let more = "另据了解,沿岸的三家餐馆也将在下个月重新开张,老板们说生意值得期待。";
        assert_eq!(relation(TEXT, TEXT), Some(Relation::Copy));
        assert_eq!(relation(TEXT, &TEXT.replace("周末", "周日")), Some(Relation::Copy));
        assert_eq!(relation(TEXT, &sentences[..2].concat()), Some(Relation::Excerpt));
        assert_eq!(relation(&sentences[..2].concat(), TEXT), Some(Relation::Extended));
        let rewritten = format!("{}{}{more}{}", sentences[0], sentences[1], sentences[3]);
        assert_eq!(relation(TEXT, &rewritten), Some(Relation::Rewritten));
        assert_eq!(relation(TEXT, &more.repeat(3)), None);
        assert_eq!(relation("图片新闻", "图片新闻"), Some(Relation::Copy));
        assert_eq!(relation("更多精彩内容请点击查看。园区开工", "更多精彩内容请点击查看。码头完工"), None);
    }

    #[test]
    fn a_template_with_other_figures_is_no_copy() {
        let release = |month: &str, figures: [&str; 4]| {
            let [a, b, c, d] = figures;
            format!(
                "统计局今日公布数据,{month}份全市完成工业总产值{a}亿元,固定资产投资{b}亿元,社会消费品零售总额{c}亿元,进出口总额{d}亿元。总体来看,经济运行延续恢复态势,但外部环境仍然复杂,下阶段将继续做好各项工作。"
            )
        };
        let first = release("三月", ["312.5", "88.1", "140.7", "56.3"]);
        assert_eq!(
            relation(&first, &release("四月", ["298.4", "91.6", "151.2", "60.9"])),
            Some(Relation::SameTemplate)
        );
        assert_eq!(
            relation(&first, &release("三月", ["3125", "88.1", "140.7", "56.3"])),
            Some(Relation::Copy)
        );
    }
}
