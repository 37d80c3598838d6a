//! The documentation is an interface: what can be typed or configured is in it.

use std::path::Path;

use crate::support::Desk;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap_or_default().lines();
    let list = list.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    list.filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_and_flag_is_in_its_section_of_the_reference() {
    let reference = read("docs/commands.md");
    let section = |heading: &str| {
        let start = reference.find(heading).unwrap_or_else(|| panic!("docs/commands.md has no `{heading}`"));
        let end = reference[start + 1..].find("\n## ").map_or(reference.len(), |end| start + 1 + end);
        &reference[start..end]
    };
    let of_all = section("## Flags of every command");
    let desk = Desk::new();
    let known = commands(&desk.run("--help").expect_code(0).stdout);
    assert!(known.len() >= 12, "{known:?}");
    for command in known {
        let section = section(&format!("## `jianbao {command}"));
        let help = desk.run(&format!("{command} --help")).expect_code(0).stdout;
        let parts = commands(&help).into_iter().map(|part| format!("{command} {part}"));
        for line in parts.chain([command.clone()]) {
            assert!(section.contains(&format!("jianbao {line}")), "docs/commands.md does not name `{line}`");
            let help = desk.run(&format!("{line} --help")).expect_code(0).stdout;
            for flag in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
                let flag = flag.trim_end_matches([',', ']', '.']).split(['=', '[']).next().unwrap();
                let is_known = [section, of_all].iter().any(|section| section.contains(flag));
                assert!(is_known, "docs/commands.md does not name {flag} of `{line}`");
            }
        }
    }
    for code in ["| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 75 |", "| 130 |"] {
        assert!(section("## Exit codes").contains(code), "exit code {code}");
    }
}

#[test]
fn every_configuration_key_is_in_the_reference() {
    let reference = read("docs/config.md");
    let shipped: toml::Table = toml::from_str(&read("crawl.toml")).unwrap();
    for (section, keys) in &shipped {
        for key in keys.as_table().unwrap().keys() {
            assert!(
                reference.contains(&format!("`{section}.{key}`")),
                "docs/config.md does not name `{section}.{key}`"
            );
        }
    }
}

#[test]
fn every_profile_key_is_in_its_reference() {
    let reference = read("docs/profile.md");
    for key in [
        "schema",
        "name",
        "language",
        "timezone",
        "extends",
        "valid_until",
        "required",
        "hosts",
        "fingerprint",
        "article",
        "title",
        "body",
        "author",
        "source",
        "editor",
        "category",
        "views",
        "published",
        "modified",
        "permalink",
        "breadcrumbs",
        "tags",
        "remove",
        "cut_from",
        "drop",
        "item",
        "url",
        "excerpt",
        "feeds",
        "sitemaps",
        "lists",
        "first",
        "next",
        "ids",
        "page",
        "fetched_at",
        "content_type",
        "expect",
        "related",
        "starts",
        "ends",
        "contains",
        "excludes",
        "chars",
    ] {
        assert!(reference.contains(&format!("`{key}`")), "docs/profile.md does not name `{key}`");
    }
}

#[test]
fn every_table_and_view_of_the_archive_is_documented() {
    let reference = read("docs/archive.md");
    let schema = read("src/archive/schema.sql");
    for line in schema.lines() {
        for start in ["CREATE TABLE ", "CREATE VIEW "] {
            if let Some(rest) = line.strip_prefix(start) {
                let name = rest.split([' ', '(']).next().unwrap();
                assert!(reference.contains(&format!("`{name}`")), "docs/archive.md does not name `{name}`");
            }
        }
    }
}

#[test]
fn the_readme_shows_the_two_commands() {
    let readme = read("README.md");
    assert!(readme.contains("cargo run --release -- demo") && readme.contains("cargo test"));
}

#[test]
fn every_configuration_in_the_recipes_is_valid() {
    let recipes = read("docs/recipes.md");
    let configurations: Vec<&str> =
        recipes.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(configurations.len() >= 4);
    for configuration in configurations {
        Desk::with_config(configuration).run("config").expect_code(0);
    }
}
