//! The documentation is an interface: what can be typed or configured is in it.

use std::path::Path;

use crate::support::Desk;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_command_and_flag_is_in_the_reference() {
    let reference = read("docs/commands.md");
    let desk = Desk::new();
    for command in [
        "demo",
        "crawl",
        "check",
        "extract",
        "show",
        "search",
        "export",
        "verify",
        "status",
        "try",
        "try date",
        "try robots",
        "try charset",
        "try url",
        "config",
    ] {
        assert!(
            reference.contains(&format!("jianbao {command}")),
            "docs/commands.md does not name `jianbao {command}`"
        );
        let help = desk.run(&format!("{command} --help")).expect_code(0).stdout;
        for flag in help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2) {
            let flag = flag.trim_end_matches([',', ']', '.']).split(['=', '[']).next().unwrap();
            assert!(reference.contains(flag), "docs/commands.md does not name {flag} of `{command}`");
        }
    }
    for code in ["| 0 |", "| 1 |", "| 2 |", "| 3 |", "| 75 |", "| 130 |"] {
        assert!(reference.contains(code), "exit code {code}");
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
