//! Names among what was exchanged: told by their surroundings, since nothing else tells them.

use std::ops::Range;

/// Common Chinese surnames.
const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
/// What a name follows.
const BEFORE: [&str; 24] = [
    "记者",
    "通讯员",
    "作者",
    "编辑",
    "市长",
    "县长",
    "省长",
    "区长",
    "镇长",
    "部长",
    "局长",
    "校长",
    "院长",
    "行长",
    "书记",
    "主任",
    "主席",
    "总理",
    "经理",
    "董事长",
    "总裁",
    "教授",
    "专家",
    "负责人",
];
/// What follows a name.
const AFTER: [&str; 13] =
    ["先生", "女士", "教授", "表示", "介绍", "说", "告诉", "认为", "指出", "出席", "主持", "强调", "透露"];
/// Characters that end a name after a word said of people.
const BEHIND: &str = "在对从向和与及于将为也就报近今昨";
/// What names of places and institutions end with.
const ENDINGS: [&str; 16] = [
    "省", "市", "县", "区", "镇", "乡", "村", "州", "公司", "集团", "大学", "学院", "医院", "银行", "中心",
    "园区",
];
/// Characters of a Chinese person's name after the surname.
const GIVEN: usize = 2;

type Place<'a> = (&'a [char], &'a Range<usize>);

/// Both names, whole, where what was exchanged is one or part of one.
pub(super) fn names(old: Place<'_>, new: Place<'_>) -> Option<(Range<usize>, Range<usize>)> {
    if old.1.is_empty() || new.1.is_empty() {
        return None;
    }
    capitalised(old, new).or_else(|| person(old).zip(person(new))).or_else(|| institution(old, new))
}

/// Words with capitals on both sides, where no sentence begins.
fn capitalised(old: Place<'_>, new: Place<'_>) -> Option<(Range<usize>, Range<usize>)> {
    let is_name = |(sentence, place): Place<'_>| {
        let part: String = sentence[place.clone()].iter().collect();
        place.start > 0
            && part.split_whitespace().all(|word| word.starts_with(char::is_uppercase))
            && part.contains(char::is_lowercase)
    };
    (is_name(old) && is_name(new)).then(|| (old.1.clone(), new.1.clone()))
}

/// The person's name around a place: a surname, one or two characters, and a word before or after that
/// is said of people.
fn person((sentence, place): Place<'_>) -> Option<Range<usize>> {
    let earliest = place.start.saturating_sub(GIVEN);
    (earliest..=place.start).find_map(|start| {
        let is_surname = sentence.get(start).is_some_and(|c| SURNAMES.contains(*c));
        let shortest = place.end.max(start + 2);
        let ends = (shortest..=start + 1 + GIVEN).rev().filter(|end| *end <= sentence.len());
        let mut ends = ends.filter(|end| {
            let is_after = AFTER.iter().any(|word| follows(&sentence[*end..], word));
            let is_alone = sentence.get(*end).is_none_or(|c| !c.is_alphanumeric() || BEHIND.contains(*c));
            is_after || (is_alone && BEFORE.iter().any(|word| precedes(&sentence[..start], word)))
        });
        is_surname.then(|| ends.next()).flatten().map(|end| start..end)
    })
}

/// Names of places and institutions, whose endings stayed or were exchanged with them.
fn institution((old, a): Place<'_>, (new, b): Place<'_>) -> Option<(Range<usize>, Range<usize>)> {
    let is_longer = |place: &Range<usize>| place.len() >= 2;
    if !is_longer(a) || !is_longer(b) {
        return None;
    }
    ENDINGS.iter().find_map(|ending| {
        let length = ending.chars().count();
        if follows(&old[a.end..], ending) && follows(&new[b.end..], ending) {
            Some((a.start..a.end + length, b.start..b.end + length))
        } else {
            let ends = precedes(&old[a.clone()], ending) && precedes(&new[b.clone()], ending);
            ends.then(|| (a.clone(), b.clone()))
        }
    })
}

fn follows(rest: &[char], word: &str) -> bool {
    word.chars().eq(rest.iter().copied().take(word.chars().count()))
}

fn precedes(before: &[char], word: &str) -> bool {
    word.chars().rev().eq(before.iter().rev().copied().take(word.chars().count()))
}
