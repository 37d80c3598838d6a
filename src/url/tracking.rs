//! Query parameters that never select a document, from `data/tracking_params.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

/// A value condition, `None` when the name alone decides.
type Condition = Option<Regex>;

struct Table {
    exact: HashMap<String, Condition>,
    prefixes: Vec<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| read(include_str!("../../data/tracking_params.txt")));

/// Whether `name=value` only serves tracking, sharing or sessions. Names compare without case.
pub(crate) fn is_tracking(name: &str, value: &str) -> bool {
    let lower;
    let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
        lower = name.to_ascii_lowercase();
        &lower
    } else {
        name
    };
    match TABLE.exact.get(name) {
        Some(None) => true,
        Some(Some(condition)) => condition.is_match(value),
        None => TABLE.prefixes.iter().any(|prefix| name.starts_with(prefix.as_str())),
    }
}

fn read(text: &str) -> Table {
    let mut table = Table { exact: HashMap::new(), prefixes: Vec::new() };
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some((name, condition)) = line.split_once(" = ") {
            let condition = Regex::new(&format!("^(?i:{condition})$")).ok();
            table.exact.insert(name.trim().to_owned(), condition);
        } else if let Some(prefix) = line.strip_suffix('*') {
            table.prefixes.push(prefix.to_owned());
        } else {
            table.exact.insert(line.to_owned(), None);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_in_the_shipped_table_compiles() {
        let text = include_str!("../../data/tracking_params.txt");
        let conditions = text.lines().filter(|l| l.contains(" = ") && !l.starts_with('#')).count();
        assert_eq!(TABLE.exact.values().filter(|c| c.is_some()).count(), conditions);
        assert!(conditions > 3 && TABLE.prefixes.len() > 5);
    }

    #[test]
    fn names_decide_without_case_and_values_where_a_name_is_ambiguous() {
        for (name, value, want) in [
            ("utm_source", "weibo", true),
            ("UTM_Campaign", "x", true),
            ("fbclid", "abc", true),
            ("from", "timeline", true),
            ("from", "2023", false),
            ("sid", "0123456789abcdef0123456789abcdef", true),
            ("sid", "12", false),
            ("id", "17328", false),
            ("page", "2", false),
        ] {
            assert_eq!(is_tracking(name, value), want, "{name}={value}");
        }
    }
}
