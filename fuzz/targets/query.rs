//! A query: what is asked of the index is bounded by its length, and an article with all of its text is judged.

#![no_main]

use jianbao::search::{Plan, Query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Query::parse(text) {
        Ok(query) => {
            let plan = Plan::of(&query);
            // A character is a token of two, in quotes, with an operator before it.
            let length = plan.expression.map_or(0, |expression| expression.len());
            assert!(length <= 100 + text.len() * 40, "{length} of {}", text.len());
            assert!(query.leaves().len() <= text.len());
            query.holds_in(text, text);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
