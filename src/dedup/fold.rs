//! When two texts say the same: without regard to width, case and white space.

use crate::script::is_unspaced;

/// Whether two texts are equal when folded.
pub(super) fn says_the_same(a: &str, b: &str) -> bool {
    a == b || fold(a) == fold(b)
}

/// A text without what a site's template, input method or editor may change while it says the same.
///
/// Full-width and half-width forms are one, so are quotes straight and curly, upper and lower case.
/// White space, line breaks included, is a single space between words that need one, and nothing
/// elsewhere; characters that nobody sees are left out.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        let c = narrow(c);
        if c.is_whitespace() {
            gap = true;
            continue;
        }
        if gap && is_word(c) && folded.chars().next_back().is_some_and(is_word) {
            folded.push(' ');
        }
        gap = false;
        folded.extend(c.to_lowercase());
    }
    folded
}

/// The half-width form of full-width letters and punctuation, the full-width form of half-width kana.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '。' | '｡' => '.',
        '“' | '”' | '„' | '‟' => '"',
        '‘' | '’' | '‚' | '‛' => '\'',
        '｢' => '「',
        '｣' => '」',
        '､' => '、',
        '･' => '・',
        '\u{ff66}'..='\u{ff9f}' => {
            KANA.chars().nth(usize::try_from(u32::from(c) - 0xff66).unwrap_or(0)).unwrap_or(c)
        }
        '￠' => '¢',
        '￡' => '£',
        '￥' => '¥',
        '￦' => '₩',
        _ => c,
    }
}

/// What the half-width kana from U+FF66 on are in full width.
const KANA: &str = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309a}";

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Part of a word that a space may set apart from the next.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_unspaced(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_and_white_space_say_nothing() {
        for (a, b) in [
            ("园区引进ＡＩ企业１２家,投资3.5亿元。", "园区引进AI企业12家，投资３．５亿元｡"),
            ("“高质量”发展", "\"高质量\"发展"),
            ("共 12 家 企业", "共12家企业"),
            ("第一段。\n第二段。", "第一段。第二段。"),
            ("第一段。\n\n　　第二段。", "第一段。\n第二段。"),
            ("Ten parks\nopened", "ten  Parks\u{a0}opened"),
            ("看得\u{200b}见\u{feff}", "看得见"),
            ("ｶﾀｶﾅ､ﾃｽﾄ", "カタカナ、テスト"),
            ("it’s", "IT'S"),
            ("(周一)", "（周一）"),
        ] {
            assert!(says_the_same(a, b), "{a} / {b}: {} / {}", fold(a), fold(b));
        }
    }

    #[test]
    fn figures_and_words_count() {
        for (a, b) in [
            ("企业12家", "企业13家"),
            ("企业1 2家", "企业12家"),
            ("增长3.5%", "增长35%"),
            ("the rapist", "therapist"),
            ("没有完成", "没完成"),
            ("第一,二期", "第一、二期"),
            ("结束?", "结束!"),
            ("50㎡", "50m2"),
        ] {
            assert!(!says_the_same(a, b), "{a} / {b}");
        }
    }
}
