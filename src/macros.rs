//! Regular expressions that are part of the program.

/// A [`regex::Regex`] compiled at first use.
macro_rules! static_regex {
    ($pattern:expr $(,)?) => {
        std::sync::LazyLock::new(|| match regex::Regex::new($pattern) {
            Ok(regex) => regex,
            Err(error) => unreachable!("a constant pattern: {error}"),
        })
    };
}

/// The same over bytes.
macro_rules! static_byte_regex {
    ($pattern:expr $(,)?) => {
        std::sync::LazyLock::new(|| match regex::bytes::Regex::new($pattern) {
            Ok(regex) => regex,
            Err(error) => unreachable!("a constant pattern: {error}"),
        })
    };
}
