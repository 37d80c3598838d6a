//! An encoding: any bytes decode, to at most three bytes each, and valid UTF-8 with a declared name to itself.

#![no_main]

use jianbao::extract::charset::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], Option<&str>)| {
    let (bytes, content_type) = input;
    let decoded = decode(bytes, content_type);
    assert!(decoded.text.len() <= bytes.len() * 3, "{} of {}", decoded.text.len(), bytes.len());
    assert_eq!(decoded, decode(bytes, content_type));
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.is_ascii()
        && !text.contains(['\0', '\u{feff}'])
    {
        assert_eq!(decoded.text, text);
    }
});
