//! Who may use whom, and who may touch the world. The table is the picture in ARCHITECTURE.md.

use std::path::{Path, PathBuf};

/// Module → what of the crate it may use.
const MAY_USE: [(&str, &[&str]); 30] = [
    ("url", &[]),
    ("address", &[]),
    ("clock", &[]),
    ("script", &[]),
    ("visible", &[]),
    ("hash", &[]),
    ("inflate", &[]),
    ("capture", &["url"]),
    ("article", &["capture", "url"]),
    ("entry", &[]),
    ("config", &["address", "url", "visible"]),
    ("politeness", &["clock"]),
    ("profile", &["article", "capture", "extract", "url"]),
    ("extract", &["article", "capture", "entry", "hash", "profile", "script", "url"]),
    ("coverage", &[]),
    ("dedup", &["article", "hash", "script", "search"]),
    ("diff", &["script", "search"]),
    ("watch", &["article"]),
    ("search", &["capture"]),
    ("frontier", &["config", "dedup", "entry", "url"]),
    ("discover", &["capture", "config", "entry", "extract", "frontier", "inflate", "profile", "url"]),
    ("fetch", &["address", "capture", "clock", "inflate", "url"]),
    (
        "archive",
        &[
            "article",
            "capture",
            "config",
            "coverage",
            "dedup",
            "entry",
            "frontier",
            "politeness",
            "search",
            "url",
            "watch",
        ],
    ),
    ("export", &["archive", "article", "capture", "visible"]),
    ("verify", &["archive", "article", "dedup", "extract", "profile"]),
    ("demo", &["hash"]),
    ("crawl", &["*"]),
    ("sim", &["*"]),
    ("cli", &["*"]),
    ("macros", &[]),
];

/// Modules that decide: bytes and the present moment come in as arguments.
const PURE: [&str; 18] = [
    "visible",
    "address",
    "hash",
    "url",
    "entry",
    "capture",
    "article",
    "coverage",
    "politeness",
    "frontier",
    "discover",
    "extract",
    "dedup",
    "diff",
    "script",
    "inflate",
    "watch",
    "search",
];
const EFFECTS: [&str; 9] = [
    "tokio::",
    "reqwest::",
    "rusqlite::",
    "std::fs",
    "std::net::Tcp",
    "Timestamp::now",
    "Instant::now",
    "SystemTime",
    "thread::sleep",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            sources(&entry.path(), found);
        } else if entry.path().extension().is_some_and(|ending| ending == "rs") {
            found.push(entry.path());
        }
    }
}

/// Module, path and text without its tests.
fn modules() -> Vec<(String, String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut modules = Vec::new();
    for path in files {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let module = name.split(['/', '.']).next().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
        if !matches!(module.as_str(), "main" | "lib") {
            modules.push((module, name, code));
        }
    }
    modules
}

#[test]
fn modules_use_only_what_lies_before_them() {
    for (module, path, code) in modules() {
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} is not in the table"));
        for used in code.match_indices("crate::").map(|(at, _)| {
            code[at + 7..].split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
        }) {
            let is_allowed = used == module || allowed.contains(&"*") || allowed.contains(&used);
            assert!(is_allowed, "src/{path} uses crate::{used}, which {module} may not");
        }
    }
}

#[test]
fn what_decides_touches_nothing() {
    for (module, path, code) in modules() {
        if !PURE.contains(&module.as_str()) {
            continue;
        }
        for effect in EFFECTS {
            assert!(!code.contains(effect), "src/{path} has `{effect}`, and {module} only decides");
        }
    }
}

#[test]
fn files_stay_readable() {
    for (_, path, _) in modules() {
        let text =
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(&path)).unwrap();
        let lines = text.lines().count();
        assert!(lines <= 600, "src/{path} has {lines} lines; what are its two halves?");
        assert!(text.starts_with("//!"), "src/{path} does not say what it is");
    }
}
