//! Undoes content encodings under a cap, and keeps what could be read of a damaged body.
//!
//! HTTP clients' own decoding loses data: of a gzip body in several members they keep the first,
//! `x-gzip` and stacked encodings stay undecoded without an error, and a truncated body is gone.

use std::io::Read;

use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};

/// The most bytes that a gzipped sitemap may unpack to (sitemaps.org: 50 MB).
const MAX_SITEMAP: u64 = 50 << 20;
/// Encodings on top of each other; more than this is an attack.
const MAX_LAYERS: usize = 3;

/// How every gzip member begins (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A decoded body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflated {
    /// What could be decoded.
    pub bytes: Vec<u8>,
    /// What went wrong, in words; `None` when nothing did.
    pub damage: Option<String>,
}

/// Why a body can't be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InflateError {
    /// A `Content-Encoding` that nothing here undoes.
    #[error("the content encoding `{0}` is unknown")]
    Unknown(String),
    /// More encodings than any server needs.
    #[error("the body is encoded {0} times over")]
    TooManyLayers(usize),
    /// It unpacks to more than the cap.
    #[error("the body unpacks to more than {0} bytes")]
    TooLarge(u64),
}

/// How many bytes a body may unpack to, and whether one that goes on is refused or cut there.
#[derive(Debug, Clone, Copy)]
struct Cap {
    bytes: u64,
    is_cut: bool,
}

/// Undoes the encodings of a `Content-Encoding` header, the last one first, up to `cap` bytes.
pub fn inflate(body: Vec<u8>, content_encoding: Option<&str>, cap: u64) -> Result<Inflated, InflateError> {
    undo_all(body, content_encoding, Cap { bytes: cap, is_cut: false })
}

/// The same for a body of which the first `most` bytes are enough: where it goes on is no error.
pub fn inflate_start(
    body: Vec<u8>,
    content_encoding: Option<&str>,
    most: u64,
) -> Result<Inflated, InflateError> {
    undo_all(body, content_encoding, Cap { bytes: most, is_cut: true })
}

fn undo_all(body: Vec<u8>, content_encoding: Option<&str>, cap: Cap) -> Result<Inflated, InflateError> {
    let layers: Vec<String> = content_encoding
        .unwrap_or_default()
        .split(',')
        .map(|layer| layer.trim().to_ascii_lowercase())
        .filter(|layer| !layer.is_empty() && layer != "identity")
        .collect();
    if layers.len() > MAX_LAYERS {
        return Err(InflateError::TooManyLayers(layers.len()));
    }
    let mut inflated = Inflated { bytes: body, damage: None };
    for layer in layers.iter().rev() {
        let next = undo(layer, &inflated.bytes, cap)?;
        inflated = Inflated { bytes: next.bytes, damage: inflated.damage.or(next.damage) };
    }
    Ok(inflated)
}

/// Unpacks gzip up to the size of the largest sitemap; `None` when nothing could be read.
pub fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    undo("gzip", bytes, Cap { bytes: MAX_SITEMAP, is_cut: false })
        .ok()
        .map(|inflated| inflated.bytes)
        .filter(|bytes| !bytes.is_empty())
}

fn undo(layer: &str, bytes: &[u8], cap: Cap) -> Result<Inflated, InflateError> {
    match layer {
        "gzip" | "x-gzip" if bytes.starts_with(&GZIP) => members(bytes, layer, cap),
        "br" => read(brotli_decompressor::Decompressor::new(bytes, 4096), layer, cap),
        "zstd" => match zstd::stream::read::Decoder::new(bytes) {
            Ok(decoder) => read(decoder, layer, cap),
            Err(_) => Ok(as_sent(bytes)),
        },
        // RFC 9110 means zlib; many servers send raw deflate.
        "deflate" | "x-deflate" if looks_like_zlib(bytes) => read(ZlibDecoder::new(bytes), layer, cap),
        "deflate" | "x-deflate" => {
            let inflated = read(DeflateDecoder::new(bytes), layer, cap)?;
            Ok(if inflated.bytes.is_empty() && !bytes.is_empty() { as_sent(bytes) } else { inflated })
        }
        "gzip" | "x-gzip" => Ok(as_sent(bytes)),
        unknown => Err(InflateError::Unknown(unknown.to_owned())),
    }
}

/// Some servers label plain bytes as compressed. Nothing is lost by that.
fn as_sent(bytes: &[u8]) -> Inflated {
    Inflated { bytes: bytes.to_vec(), damage: None }
}

/// Unpacks the members of a gzip body one after the other. Padding behind the last one is no damage.
fn members(bytes: &[u8], layer: &str, cap: Cap) -> Result<Inflated, InflateError> {
    let mut whole = Inflated { bytes: Vec::new(), damage: None };
    let mut rest = bytes;
    while whole.damage.is_none() && rest.starts_with(&GZIP) {
        let mut member = GzDecoder::new(rest);
        let left = Cap { bytes: cap.bytes.saturating_sub(whole.bytes.len() as u64), ..cap };
        let next = read(&mut member, layer, left).map_err(|_| InflateError::TooLarge(cap.bytes))?;
        whole.bytes.extend(next.bytes);
        whole.damage = next.damage;
        rest = member.into_inner();
    }
    Ok(whole)
}

fn looks_like_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [cmf, flg, ..] if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)).is_multiple_of(31))
}

fn read(decoder: impl Read, layer: &str, cap: Cap) -> Result<Inflated, InflateError> {
    let mut bytes = Vec::new();
    let outcome = decoder.take(cap.bytes + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > cap.bytes {
        if !cap.is_cut {
            return Err(InflateError::TooLarge(cap.bytes));
        }
        bytes.truncate(usize::try_from(cap.bytes).unwrap_or(usize::MAX));
    }
    let damage = outcome.err().map(|error| format!("the {layer} body is damaged: {error}"));
    Ok(Inflated { bytes, damage })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn text(body: Vec<u8>, encoding: &str) -> (String, bool) {
        let inflated = inflate(body, Some(encoding), 1 << 20).unwrap();
        (String::from_utf8_lossy(&inflated.bytes).into_owned(), inflated.damage.is_some())
    }

    #[test]
    fn every_encoding_in_use_is_undone() {
        let mut members = gzip(b"one ");
        members.extend(gzip(b"two"));
        assert_eq!(text(members, "gzip"), ("one two".into(), false));
        assert_eq!(text(gzip(b"x"), "x-gzip"), ("x".into(), false));
        assert_eq!(text(gzip(&gzip(b"x")), "gzip, gzip"), ("x".into(), false));
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(b"z").unwrap();
        assert_eq!(text(zlib.finish().unwrap(), "deflate"), ("z".into(), false));
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(b"r").unwrap();
        assert_eq!(text(raw.finish().unwrap(), "Deflate"), ("r".into(), false));
        assert_eq!(text(zstd::bulk::compress(b"s", 1).unwrap(), "zstd"), ("s".into(), false));
        assert_eq!(text(b"plain".to_vec(), "identity"), ("plain".into(), false));
    }

    #[test]
    fn damaged_bodies_keep_what_could_be_read_and_say_so() {
        let long = vec![b'a'; 100_000];
        let mut cut = gzip(&long);
        cut.truncate(cut.len() - 12);
        let (read, damaged) = text(cut, "gzip");
        assert!(damaged && read.len() > 1000);
    }

    #[test]
    fn no_encoding_hides_that_a_body_was_cut_or_changed() {
        let page: Vec<u8> = (0..40_000_u32)
            .flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 9).to_string().into_bytes())
            .collect();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(&page).unwrap();
        let zlib = zlib.finish().unwrap();
        let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        raw.write_all(&page).unwrap();
        let raw = raw.finish().unwrap();
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        zstd.include_checksum(true).unwrap();
        zstd.write_all(&page).unwrap();
        let zstd = zstd.finish().unwrap();
        for (encoding, sent) in [
            ("gzip", gzip(&page)),
            ("deflate", zlib),
            ("deflate", raw),
            ("zstd", zstd),
            ("br", BROTLI.to_vec()),
        ] {
            assert!(!text(sent.clone(), encoding).1, "{encoding} as sent");
            for kept in [sent.len() / 3, sent.len() * 9 / 10, sent.len() - 3, sent.len() - 1] {
                assert!(
                    text(sent[..kept].to_vec(), encoding).1,
                    "{encoding} cut to {kept} of {}",
                    sent.len()
                );
            }
            let has_checksum = encoding != "br" && (encoding != "deflate" || looks_like_zlib(&sent));
            if has_checksum {
                let mut changed = sent.clone();
                let at = changed.len() - 6;
                changed[at] ^= 1;
                assert!(text(changed, encoding).1, "{encoding} with a changed bit");
            }
        }
    }

    /// `printf 'the quick brown fox jumps over the lazy dog, again and again' | brotli`.
    const BROTLI: &[u8] = &[
        0x1b, 0x3b, 0x00, 0x50, 0x9d, 0x09, 0x76, 0xac, 0x0b, 0xeb, 0x58, 0xce, 0xc3, 0x9a, 0xcc, 0x8c, 0x8d,
        0x4e, 0x83, 0xb0, 0xcc, 0xe5, 0xcd, 0x33, 0x3c, 0xbd, 0x7c, 0x43, 0x0b, 0x83, 0x0d, 0x38, 0x70, 0x08,
        0x30, 0xc8, 0x07, 0xd2, 0x61, 0x03, 0xce, 0x63, 0x8b, 0x17, 0x5c, 0x64, 0xdd, 0x7f, 0x85, 0xa8, 0x6f,
        0x4a, 0xb4, 0x51, 0xa7, 0x3e, 0xc8, 0x26, 0x04,
    ];

    #[test]
    fn a_wrong_label_and_padding_are_no_damage() {
        assert_eq!(text(b"<html>".to_vec(), "gzip"), ("<html>".into(), false));
        let mut padded = gzip(b"page");
        padded.extend([0; 20]);
        assert_eq!(text(padded, "gzip"), ("page".into(), false));
        let mut with_text = gzip(b"page");
        with_text.extend(b"\r\n");
        assert_eq!(text(with_text, "gzip"), ("page".into(), false));
    }

    #[test]
    fn bombs_and_unknown_encodings_are_refused() {
        let bomb = gzip(&vec![0; 5 << 20]);
        assert_eq!(inflate(bomb, Some("gzip"), 1 << 20), Err(InflateError::TooLarge(1 << 20)));
        let start = inflate_start(gzip(&vec![7; 5 << 20]), Some("gzip"), 1 << 20).unwrap();
        assert_eq!(start, Inflated { bytes: vec![7; 1 << 20], damage: None });
        assert_eq!(inflate(vec![1], Some("x-magic"), 10), Err(InflateError::Unknown("x-magic".into())));
        assert_eq!(inflate(vec![1], Some("br,br,br,br"), 10), Err(InflateError::TooManyLayers(4)));
    }
}
