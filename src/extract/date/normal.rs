//! Brings a date text into one form: half-width, simplified unit words, Arabic numbers.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// One character to one: full-width forms, traditional unit words, dashes.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' | '\r' => ' ',
        '–' | '—' | '‐' | '‑' | '−' => '-',
        '∶' | '︰' => ':',
        '時' => '时',
        '點' => '点',
        '鐘' | '鍾' | '锺' => '钟',
        '號' => '号',
        '週' => '周',
        '個' => '个',
        '兩' => '两',
        '國' => '国',
        '華' => '华',
        '發' => '发',
        '間' => '间',
        '佈' => '布',
        '編' => '编',
        '輯' => '辑',
        '禮' => '礼',
        '剛' => '刚',
        '後' => '后',
        '從' => '从',
        '約' => '约',
        '歲' => '岁',
        '○' | '〇' | '◯' => '〇',
        '٠'..='٩' => ascii_digit(c, '٠'),
        '۰'..='۹' => ascii_digit(c, '۰'),
        '๐'..='๙' => ascii_digit(c, '๐'),
        '년' => '年',
        '월' => '月',
        '일' => '日',
        _ => c,
    }
}

fn ascii_digit(c: char, zero: char) -> char {
    char::from_digit(c as u32 - zero as u32, 10).unwrap_or(c)
}

/// Levantine names of months that are two words or two letters, by the names that are used elsewhere.
const ARABIC_MONTHS: [(&str, &str); 5] = [
    ("كانون الثاني", "يناير"),
    ("تشرين الأول", "أكتوبر"),
    ("تشرين الثاني", "نوفمبر"),
    ("كانون الأول", "ديسمبر"),
    ("آب ", "أغسطس "),
];

/// Thai months in full and in short.
const THAI_MONTHS: [(&str, &str, &str); 12] = [
    ("มกราคม", "ม.ค.", "January"),
    ("กุมภาพันธ์", "ก.พ.", "February"),
    ("มีนาคม", "มี.ค.", "March"),
    ("เมษายน", "เม.ย.", "April"),
    ("พฤษภาคม", "พ.ค.", "May"),
    ("มิถุนายน", "มิ.ย.", "June"),
    ("กรกฎาคม", "ก.ค.", "July"),
    ("สิงหาคม", "ส.ค.", "August"),
    ("กันยายน", "ก.ย.", "September"),
    ("ตุลาคม", "ต.ค.", "October"),
    ("พฤศจิกายน", "พ.ย.", "November"),
    ("ธันวาคม", "ธ.ค.", "December"),
];

/// A year of the Buddhist era: with four digits, or with two behind the name of a month.
static BUDDHIST_YEAR: LazyLock<Regex> = static_regex!(
    r"(?:พ\.\s?ศ\.\s*)?\b(25\d{2})\b|(January|February|March|April|May|June|July|August|September|October|November|December)\s+(\d{2})\b"
);
/// The same in a date of numbers alone: no other calendar in use has come so far.
static BUDDHIST_DAY: LazyLock<Regex> = static_regex!(r"\b(\d{1,2}[-/.]\d{1,2}[-/.])(25\d{2})\b");

/// Years of the Buddhist era are 543 ahead.
fn common_era(year: &str) -> String {
    let year: u32 = year.parse().unwrap_or(0);
    (if year < 100 { year + 2500 } else { year }).saturating_sub(543).to_string()
}

fn from_thai(text: &str) -> String {
    let mut text = text.to_owned();
    for (long, short, english) in THAI_MONTHS {
        text = text.replace(long, english).replace(short, english);
    }
    let common = |found: &Captures<'_>| match (found.get(1), found.get(2), found.get(3)) {
        (_, Some(month), Some(year)) => format!("{} {}", month.as_str(), common_era(year.as_str())),
        (year, ..) => common_era(year.map_or("", |year| year.as_str())),
    };
    BUDDHIST_YEAR.replace_all(&text, common).into_owned()
}

/// Names and calendars of other scripts, written as Latin ones.
fn from_other_scripts(text: String) -> String {
    let has = |range: std::ops::RangeInclusive<char>| text.chars().any(|c| range.contains(&c));
    if text.is_ascii() {
        if !text.contains("25") {
            return text;
        }
        let common = |found: &Captures<'_>| format!("{}{}", &found[1], common_era(&found[2]));
        return BUDDHIST_DAY.replace_all(&text, common).into_owned();
    }
    if has('\u{e00}'..='\u{e7f}') {
        return from_thai(&text);
    }
    if has('\u{600}'..='\u{6ff}') {
        let replace = |text: String, (name, other): (&str, &str)| text.replace(name, other);
        return ARABIC_MONTHS.into_iter().fold(text, replace);
    }
    if text.contains('오') { text.replace("오전", "上午").replace("오후", "下午") } else { text }
}

static HAN_NUMBER: LazyLock<Regex> = static_regex!(
    r"([〇零一二三四五六七八九十百两廿卅]+)(\s*)(年|月|日|号|点|时|分|秒|天|周|星期|礼拜|个|小时|刻)",
);

/// The text with Chinese numbers in front of a date unit written as digits.
pub(super) fn normalise(text: &str) -> String {
    let plain = from_other_scripts(text.trim().chars().map(plain).collect());
    if !plain.chars().any(|c| "〇零一二三四五六七八九十两廿卅".contains(c)) {
        return plain;
    }
    HAN_NUMBER
        .replace_all(&plain, |found: &Captures<'_>| {
            let start = found.get(0).map_or(0, |m| m.start());
            // 第三天, 星期一 and 周三 count, they do not date.
            let ordinal = ["第", "期", "周", "拜"].iter().any(|word| plain[..start].ends_with(word));
            match han_number(&found[1]).filter(|_| !ordinal) {
                Some(number) => format!("{number}{}{}", &found[2], &found[3]),
                None => found[0].to_owned(),
            }
        })
        .into_owned()
}

/// `二〇二三` by position, `二十七` by value; `None` for anything else.
pub(super) fn han_number(text: &str) -> Option<u32> {
    let digit = |c: char| match c {
        '〇' | '零' => Some(0),
        '两' => Some(2),
        _ => "一二三四五六七八九".chars().position(|d| d == c).and_then(|i| u32::try_from(i + 1).ok()),
    };
    let text = text.replace('廿', "二十").replace('卅', "三十");
    // 一百一十二, as years of the Republic are written.
    if let Some((hundreds, rest)) = text.split_once('百') {
        let rest = rest.trim_start_matches(['零', '〇']);
        let rest = if rest.is_empty() { Some(0) } else { han_number(rest) };
        return Some(han_number(hundreds)? * 100 + rest.filter(|rest| *rest < 100)?);
    }
    if let Some((tens, ones)) = text.split_once('十') {
        let tens = if tens.is_empty() {
            1
        } else {
            digit(tens.chars().next()?).filter(|_| tens.chars().count() == 1)?
        };
        let mut rest = ones.chars();
        let ones = rest.next().map_or(Some(0), digit)?;
        return rest.next().is_none().then_some(tens * 10 + ones);
    }
    let digits: Option<Vec<u32>> = text.chars().map(digit).collect();
    let digits = digits.filter(|digits| (1..=4).contains(&digits.len()))?;
    Some(digits.into_iter().fold(0, |number, digit| number * 10 + digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_numbers_become_digits_only_in_front_of_a_unit() {
        for (input, want) in [
            ("二〇二三年二月二十七日", "2023年2月27日"),
            ("二○二三年十月三十一日", "2023年10月31日"),
            ("两小时前", "2小时前"),
            ("２０２３年", "2023年"),
            ("星期一", "星期一"),
            ("第三天", "第三天"),
            ("下午三點半", "下午3点半"),
            ("一带一路", "一带一路"),
            ("오후 3:05", "下午 3:05"),
            ("27 กุมภาพันธ์ พ.ศ. 2566", "27 February 2023"),
            ("๒๗ ก.พ. ๖๖", "27 February 2023"),
            ("27/02/2566", "27/02/2023"),
            ("27 كانون الثاني ٢٠٢٣", "27 يناير 2023"),
        ] {
            assert_eq!(normalise(input), want);
        }
    }
}
