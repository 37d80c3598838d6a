//! Words for the demo site: deterministic, from the lists of `data/demo/words.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

static LISTS: LazyLock<HashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut lists: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut current = "";
    for line in include_str!("../../data/demo/words.txt").lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = name;
        } else if !line.is_empty() && !line.starts_with('#') {
            lists.entry(current).or_default().push(line);
        }
    }
    lists
});

/// A small generator of numbers (SplitMix64): the same seed gives the same site everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        crate::hash::mixed(self.0)
    }

    /// A number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list.get(self.below(list.len())).copied().unwrap_or_default()
    }
}

/// A line of the list `name`, its placeholders filled in.
pub(crate) fn line(name: &str, dice: &mut Dice) -> String {
    let empty = Vec::new();
    let template = dice.pick(LISTS.get(name).unwrap_or(&empty));
    fill(template, dice)
}

fn fill(template: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        match name {
            "n" => out.push_str(&(3 + dice.below(95)).to_string()),
            list => out.push_str(&line(list, dice)),
        }
        rest = after;
    }
    out + rest
}

/// Paragraphs of an article.
pub(crate) fn paragraphs(dice: &mut Dice) -> Vec<String> {
    let count = 5 + dice.below(9);
    (0..count)
        .map(|_| {
            let sentences = 1 + dice.below(4);
            (0..sentences).map(|_| line("sentence", dice)).collect()
        })
        .collect()
}
