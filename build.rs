//! Embeds `selectors/*.toml`, so that a new profile needs no line of Rust.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    let root = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let out = std::env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    println!("cargo::rerun-if-changed=selectors");
    let folder = Path::new(&root).join("selectors");
    let entries = std::fs::read_dir(&folder).expect("the folder selectors/ is there");
    let mut paths: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();

    let mut code = String::from(
        "/// The profiles of `selectors/`: key and text.\nconst BUILT_IN: &[(&str, &str)] = &[\n",
    );
    for path in &paths {
        let key = path.file_stem().unwrap_or_default().to_string_lossy();
        // The text and not its path: the build outlives the folder it was made in.
        let text = std::fs::read_to_string(path).expect("a profile is UTF-8 text");
        writeln!(code, "    ({key:?}, {text:?}),").expect("writing to memory");
    }
    code.push_str("];\n");
    std::fs::write(Path::new(&out).join("builtin_profiles.rs"), code).expect("OUT_DIR is writable");
}
