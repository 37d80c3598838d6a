//! A robots.txt: what it says of a URL does not depend on when it is asked, `/robots.txt` itself is always allowed,
//! and the rule that decides stands in the file.

#![no_main]

use jianbao::politeness::robots::Robots;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
    let (bytes, path) = input;
    let robots = Robots::parse(bytes);
    let url = format!("http://e.com/{path}");
    let verdict = robots.verdict("jianbao", &url);
    assert_eq!(verdict, Robots::parse(bytes).verdict("jianbao", &url));
    assert!(verdict.allowed || verdict.rule.is_some(), "refused without a rule");
    assert!(verdict.crawl_delay.is_none_or(|delay| delay.is_finite() && delay >= 0.0));
    assert!(robots.verdict("jianbao", "http://e.com/robots.txt").allowed);
    assert!(bytes.contains(&b':') || verdict.allowed, "refused by a file without rules");
});
