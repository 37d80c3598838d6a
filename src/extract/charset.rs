//! The encoding of a page by vote: byte order mark, header, `<meta>`, and the bytes themselves.
//!
//! Headers and `<meta>` lie often enough that neither decides alone: what they claim must decode
//! the bytes about as well as the best candidate does. UTF-8 is recognised by the *number* of its
//! errors, so that one bad byte does not turn a page into mojibake.

use std::borrow::Cow;
use std::sync::LazyLock;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use regex::bytes::Regex;

/// Where a `<meta>` is looked for; the HTML standard reads 1 KB, real pages have it later.
const META_WITHIN: usize = 64 * 1024;
/// How much of a page is sampled to weigh candidates.
const SAMPLE: usize = 256 * 1024;

/// Decoded text and the encoding it was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The encoding's name in the Encoding Standard.
    pub encoding: &'static str,
    /// The text, without a byte order mark.
    pub text: Cow<'a, str>,
}

/// Decodes a page; `content_type` is the header's value.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    // Nearly every page: valid UTF-8 without a mark, and not ASCII alone.
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
        && !text.starts_with('\u{feff}')
        && !text.contains('\0')
    {
        return Decoded { encoding: UTF_8.name(), text: Cow::Borrowed(text) };
    }
    let (encoding, bytes) = choose(bytes, content_type);
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Decoded { encoding: encoding.name(), text: strip_marks(text) }
}

/// A second byte order mark turns up as a character.
fn strip_marks(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        Cow::Owned(text) if text.starts_with('\u{feff}') => {
            Cow::Owned(text.trim_start_matches('\u{feff}').to_owned())
        }
        Cow::Owned(text) => Cow::Owned(text),
    }
}

fn choose<'a>(bytes: &'a [u8], content_type: Option<&str>) -> (&'static Encoding, &'a [u8]) {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return (encoding, &bytes[length..]);
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        return (encoding, bytes);
    }
    let utf8 = Utf8Weight::of(bytes);
    if utf8.is_likely() {
        let is_ascii = utf8.sequences == 0 && utf8.errors == 0;
        // ASCII reads alike in every declared encoding but ISO-2022-JP, where only the label tells.
        let declared = || header_label(content_type).or_else(|| meta_label(bytes));
        return (if is_ascii { declared().unwrap_or(UTF_8) } else { UTF_8 }, bytes);
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let declared = [header_label(content_type), meta_label(bytes)];
    let chosen = proven(sample, declared).unwrap_or_else(|| vote(sample, declared, detect(bytes)));
    (chosen, bytes)
}

/// The claim of a multi-byte or national encoding that decodes the sample without any error: no vote
/// would choose another.
fn proven(sample: &[u8], declared: [Option<&'static Encoding>; 2]) -> Option<&'static Encoding> {
    let mut claims = declared.into_iter().flatten();
    claims.find(|claim| *claim != WINDOWS_1252 && *claim != UTF_8 && errors_in(claim, sample) == 0)
}

/// The claim that decodes the sample with the fewest errors; claims come before detection.
fn vote(
    sample: &[u8],
    declared: [Option<&'static Encoding>; 2],
    detected: &'static Encoding,
) -> &'static Encoding {
    let multibyte_detected = !detected.is_single_byte();
    let mut best: Option<(usize, &'static Encoding)> = None;
    let candidates = declared.into_iter().flatten().chain([detected]);
    for encoding in candidates {
        // Every byte is a letter in Latin-1: its lack of errors proves nothing against a
        // detected multi-byte encoding or against the other claim.
        let weak = encoding == WINDOWS_1252 && (multibyte_detected || claims_other(declared));
        if weak || encoding == UTF_8 {
            continue;
        }
        let errors = errors_in(encoding, sample);
        if best.is_none_or(|(fewest, _)| errors < fewest) {
            best = Some((errors, encoding));
        }
    }
    let mut chosen = best.map_or(detected, |(_, encoding)| encoding);
    if chosen == GBK && errors_in(GB18030, sample) < errors_in(GBK, sample) {
        chosen = GB18030;
    }
    chosen
}

fn claims_other(declared: [Option<&'static Encoding>; 2]) -> bool {
    declared.into_iter().flatten().any(|encoding| encoding != WINDOWS_1252 && encoding != UTF_8)
}

/// Replacement characters, and private-use ones, which no news page prints.
fn errors_in(encoding: &'static Encoding, sample: &[u8]) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let strange = |c: char| c == '\u{fffd}' || ('\u{e000}'..='\u{f8ff}').contains(&c);
    let rare = text.chars().filter(|c| strange(*c)).count();
    // Half-width katakana in rows are what GBK looks like in Shift_JIS.
    let katakana = if encoding.name() == "Shift_JIS" {
        text.chars().filter(|c| ('\u{ff61}'..='\u{ff9f}').contains(c)).count() / 4
    } else {
        0
    };
    rare + katakana
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // Tags carry no evidence, and there is more text further on; the whole page is fed.
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Deny)
}

/// How well bytes fit UTF-8.
struct Utf8Weight {
    sequences: usize,
    errors: usize,
}

impl Utf8Weight {
    fn of(mut bytes: &[u8]) -> Self {
        let mut weight = Self { sequences: 0, errors: 0 };
        loop {
            let valid = match std::str::from_utf8(bytes) {
                Ok(text) => {
                    weight.sequences += count_sequences(text);
                    return weight;
                }
                Err(error) => error,
            };
            let good = &bytes[..valid.valid_up_to()];
            weight.sequences += count_sequences(std::str::from_utf8(good).unwrap_or_default());
            match valid.error_len() {
                Some(length) => {
                    weight.errors += 1;
                    bytes = &bytes[valid.valid_up_to() + length..];
                }
                // Cut off in the middle of a character: no error of the page's.
                None => return weight,
            }
        }
    }

    /// Random bytes of another encoding form few valid sequences and many errors.
    fn is_likely(&self) -> bool {
        self.errors == 0 || self.sequences > self.errors * 4
    }
}

fn count_sequences(text: &str) -> usize {
    text.len() - text.bytes().filter(u8::is_ascii).count() - text.bytes().filter(|b| b & 0xc0 == 0x80).count()
}

/// UTF-16 shows in zero bytes at every other place of its ASCII characters.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(512)];
    if head.len() < 8 {
        return None;
    }
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let half = head.len() / 2;
    match (zeros(0), zeros(1)) {
        (even, odd) if odd * 10 > half * 7 && even * 10 < half => Some(UTF_16LE),
        (even, odd) if even * 10 > half * 7 && odd * 10 < half => Some(UTF_16BE),
        _ => None,
    }
}

/// The `charset` parameter of a Content-Type.
fn header_label(content_type: Option<&str>) -> Option<&'static Encoding> {
    let value = content_type?;
    let at = value.to_ascii_lowercase().find("charset")?;
    let value = value[at + "charset".len()..].trim_start().strip_prefix('=')?;
    let label = value.trim().trim_start_matches(['"', '\'']);
    named(label.split(['"', '\'', ';', ',', ' ']).next()?)
}

static META: LazyLock<Regex> =
    static_byte_regex!(r#"(?i)<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([a-z0-9_:\-]+)"#);
static XML_DECLARATION: LazyLock<Regex> =
    static_byte_regex!(r#"(?i)^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']\s*([a-z0-9_:\-]+)"#);

/// The encoding that a `<meta>` or the XML declaration names. A page that says UTF-16 in ASCII
/// bytes is not.
fn meta_label(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(META_WITHIN)];
    let found = XML_DECLARATION.captures(head).or_else(|| META.captures(head))?;
    named(std::str::from_utf8(&found[1]).ok()?).filter(|e| *e != UTF_16LE && *e != UTF_16BE)
}

/// Labels of the Encoding Standard, and those that Chinese sites invent.
fn named(label: &str) -> Option<&'static Encoding> {
    let lower = label.trim().to_ascii_lowercase();
    match lower.as_str() {
        "gb_2312" | "gb-2312" | "gb2312-80" | "gbk2312" | "cp936" | "ms936" | "windows-936" | "euc-cn"
        | "x-gb2312" => Some(GBK),
        "gb-18030" | "gb18030-2000" => Some(GB18030),
        "big-5" | "cp950" | "big5-eten" | "big5hkscs" => Some(BIG5),
        "utf" | "utf-8-bom" | "utf_8" | "utf8mb4" | "unicode" => Some(UTF_8),
        _ => Encoding::for_label(lower.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<html><title>园区新闻</title><body>春天的开发区里，机器在转，工人们忙着把货物装上车。企业负责人说，订单已经排到了年底，大家信心很足。</body></html>";

    fn name(bytes: &[u8], content_type: Option<&str>) -> &'static str {
        decode(bytes, content_type).encoding
    }

    #[test]
    fn chinese_pages_are_read_whatever_they_claim() {
        let gbk = GBK.encode(TEXT).0.into_owned();
        for content_type in [
            None,
            Some("text/html"),
            Some("text/html; charset=utf-8"),
            Some("text/html; charset=ISO-8859-1"),
            Some("text/html;charset=gb2312"),
        ] {
            let decoded = decode(&gbk, content_type);
            assert_eq!(
                (decoded.encoding, decoded.text.contains("订单已经排到了年底")),
                ("GBK", true),
                "{content_type:?}"
            );
        }
        let traditional =
            "<meta charset=big5><title>園區新聞</title>企業負責人說，訂單已經排到了年底，大家信心很足。";
        assert_eq!(name(&BIG5.encode(traditional).0, Some("text/html; charset=utf-8")), "Big5");
    }

    #[test]
    fn one_bad_byte_does_not_turn_utf8_into_mojibake() {
        let mut bytes = TEXT.as_bytes().to_vec();
        bytes.insert(40, 0xff);
        assert_eq!(name(&bytes, None), "UTF-8");
        assert_eq!(name(&bytes, Some("text/html; charset=gbk")), "UTF-8");
    }

    #[test]
    fn marks_beat_everything() {
        assert_eq!(name(b"\xef\xbb\xbf\xef\xbb\xbfabc", Some("text/html; charset=gbk")), "UTF-8");
        assert_eq!(decode(b"\xef\xbb\xbf\xef\xbb\xbfabc", None).text, "abc");
        assert_eq!(name(b"\xff\xfea\0b\0", None), "UTF-16LE");
    }

    #[test]
    fn latin_pages_stay_latin() {
        let page = WINDOWS_1252.encode("<p>Café — “naïve” 100 €, déjà vu</p>").0.into_owned();
        assert_eq!(
            decode(&page, Some("text/html; charset=ISO-8859-1")).text,
            "<p>Café — “naïve” 100 €, déjà vu</p>"
        );
    }
}
