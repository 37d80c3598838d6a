//! One Markdown file per article, with front matter, in a folder per site: for Obsidian and the like.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::file::{failed, put};
use super::temporary::remove_left;
use super::{ExportError, Format};
use crate::archive::ArticleRecord;
use crate::visible::is_hidden;

/// Bytes of a title in a file's name; systems allow 255 for the whole.
const TITLE_BYTES: usize = 160;

/// Writes files into a folder. Other files there stay; the earlier file of an article is replaced, also
/// when its title was another.
#[derive(Debug)]
pub struct Markdown {
    folder: PathBuf,
    /// Site → article → its file's name, as found in the folder.
    known: HashMap<String, HashMap<i64, String>>,
}

impl Markdown {
    /// Writes into `folder`, which is made when it is not there.
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), known: HashMap::new() }
    }
}

impl Format for Markdown {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        let site = file_name(&article.site);
        let folder = self.folder.join(&site);
        if !self.known.contains_key(&site) {
            std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
            remove_left(&folder, |of| of.strip_suffix(".md").is_some());
            self.known.insert(site.clone(), files(&folder).map_err(failed(&folder))?);
        }
        let name = file_name(&format!("{} {}", article.id, article.title)) + ".md";
        put(&folder.join(&name), page(&article).as_bytes())?;
        let earlier = self.known.get_mut(&site).and_then(|known| known.insert(article.id, name.clone()));
        if let Some(earlier) = earlier.filter(|earlier| *earlier != name) {
            std::fs::remove_file(folder.join(&earlier)).map_err(failed(&folder))?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        std::fs::create_dir_all(&self.folder).map_err(failed(&self.folder))
    }
}

/// The articles of a folder by number: `17 Title.md`, with the front matter of that number. What else
/// begins with a number is somebody's own.
fn files(folder: &Path) -> std::io::Result<HashMap<i64, String>> {
    let mut files = HashMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A name that is not UTF-8 is none that was written here.
        let Ok(name) = entry.file_name().into_string() else { continue };
        let number = name.strip_suffix(".md").and_then(|name| name.split_once(' '));
        if let Some(number) = number.and_then(|(number, _)| number.parse().ok())
            && begins_with(&entry.path(), front(number).as_bytes())
        {
            files.insert(number, name);
        }
    }
    Ok(files)
}

/// How the file of an article begins.
fn front(id: i64) -> String {
    format!("---\nid: {id}\n")
}

fn begins_with(path: &Path, start: &[u8]) -> bool {
    let mut found = vec![0; start.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut found)).is_ok() && found == start
}

/// A name that every system allows, and that no program takes for a link.
fn file_name(text: &str) -> String {
    let is_bad = |c: char| c.is_control() || "/\\:*?\"<>|#^[]".contains(c);
    let is_unseen = |c: &char| is_hidden(*c) || matches!(c, '\u{200c}' | '\u{200d}');
    let seen = text.chars().filter(|c| c.is_control() || !is_unseen(c));
    let mut name: String = seen.map(|c| if is_bad(c) { ' ' } else { c }).collect();
    name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = (0..=TITLE_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

/// Front matter in YAML, of which JSON's strings and lists are a part, then the text.
fn page(article: &ArticleRecord) -> String {
    let tags: Vec<String> = serde_json::from_str(article.tags.get()).unwrap_or_default();
    // A tag with a space is two words to Obsidian.
    let tags: Vec<String> =
        tags.iter().map(|tag| tag.split_whitespace().collect::<Vec<_>>().join("-")).collect();
    let capture = article.capture.as_ref();
    let fields = [
        ("title", json!(article.title)),
        ("url", json!(article.url)),
        ("site", json!(article.site)),
        ("author", json!(article.author)),
        ("source", json!(article.source)),
        ("editor", json!(article.editor)),
        ("category", json!(article.category)),
        ("published", json!(article.published)),
        (
            "published_approximate",
            json!(article.published_approximate.filter(|is_approximate| *is_approximate)),
        ),
        ("modified", json!(article.modified)),
        ("language", json!(article.language)),
        ("tags", if tags.is_empty() { json!(null) } else { json!(tags) }),
        ("version", json!(article.version)),
        ("first_seen", json!(article.first_seen)),
        ("gone_since", json!(article.gone_since)),
        ("fetched_at", json!(capture.map(|capture| &capture.fetched_at))),
        ("digest", json!(capture.map(|capture| &capture.digest))),
        ("damage", json!(capture.and_then(|capture| capture.damage.as_ref()))),
    ];
    let mut page = front(article.id);
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let _ = writeln!(page, "{name}: {value}");
    }
    let _ = write!(page, "---\n\n{}", markdown(article));
    page
}

/// The article as Markdown under its title. What a text shows is shown, never run: a `<` that could
/// begin HTML is written `&lt;`, also in code, and a title has no markup.
pub fn markdown(article: &ArticleRecord) -> String {
    let mut title = String::with_capacity(article.title.len());
    for c in article.title.chars() {
        if "\\`*_[]".contains(c) {
            title.push('\\');
        }
        title.push(c);
    }
    format!("# {}\n\n{}\n", without_html(&title), without_html(&article.markdown))
}

fn without_html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut parts = text.split('<');
    safe.extend(parts.next());
    for part in parts {
        let begins = part.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        safe.push_str(if begins { "&lt;" } else { "<" });
        safe.push_str(part);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_good_on_every_system() {
        for (title, want) in [
            ("7 园区/开工:第一天?", "7 园区 开工 第一天"),
            ("7 a\u{0}b\n#c [d]", "7 a b c d"),
            ("..", "_"),
            ("7 end. ", "7 end"),
            ("7 \u{202e}gpj\u{202c}.\u{200b}exe\u{feff}", "7 gpj.exe"),
            ("7 a\u{2028}b\u{1b}[2J", "7 ab 2J"),
        ] {
            assert_eq!(file_name(title), want);
        }
        assert!(file_name(&"长".repeat(100)).len() <= TITLE_BYTES);
    }
}
