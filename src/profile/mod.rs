//! Site profiles: `selectors/<site>.toml`, parsed, compiled, matched and tested on their samples.

mod matching;
mod rule;
mod sample;
mod schema;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

pub(crate) use rule::squeeze;
pub use rule::{Css, Pattern, Rule};
pub use sample::{SampleReport, check_sample};
pub use schema::{
    Clean, Count, Day, Discover, Expect, ExpectBody, Field, Fields, IdsRule, ListRule, Matching, RelatedRule,
    Sample, Schema, Version, Zone,
};

include!(concat!(env!("OUT_DIR"), "/builtin_profiles.rs"));

/// A usable profile: `extends` resolved, title and body present.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The file's name without its ending.
    pub key: String,
    /// What it is for, in words.
    pub name: String,
    /// BCP 47.
    pub language: Option<String>,
    /// For dates without an offset.
    pub timezone: Option<TimeZone>,
    /// The last day of the layout.
    pub valid_until: Option<jiff::civil::Date>,
    /// Fields that every article must have.
    pub required: Vec<Field>,
    /// Which pages it is for.
    pub matching: Matching,
    /// Where the fields are; `title` and `body` are present.
    pub article: Fields,
    /// What does not belong to the body.
    pub clean: Clean,
    /// The related list.
    pub related: Option<RelatedRule>,
    /// Where new articles show up.
    pub discover: Discover,
    /// Saved pages with what they must give.
    pub samples: Vec<Sample>,
    /// The text it was read from; of one that extends others, a text that has all of theirs.
    pub toml: String,
    /// Where it was read from; `None` for a built-in one.
    pub path: Option<PathBuf>,
}

/// Why a profile is unusable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The file or folder could not be read.
    #[error("could not read the profile `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not valid; the message shows line and column.
    #[error("the profile `{path}` is not valid\n{message}")]
    Invalid {
        /// The file.
        path: String,
        /// With line and caret.
        message: String,
    },
    /// `extends` names a profile that is not there, or itself.
    #[error("the profile `{path}` extends `{parent}`, which is {why}")]
    Extends {
        /// The file.
        path: String,
        /// The name after `extends`.
        parent: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A required part is missing.
    #[error("the profile `{path}` has no `{part}`; {hint}")]
    Missing {
        /// The file.
        path: String,
        /// The key.
        part: &'static str,
        /// What to do.
        hint: &'static str,
    },
    /// crawl.toml names a profile that is not there.
    #[error("there is no profile `{0}`")]
    Unknown(String),
}

/// All profiles, by key.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    by_key: BTreeMap<String, std::sync::Arc<Profile>>,
}

impl Profiles {
    /// The built-in profiles and those of `folder`, which come first where keys are equal. A folder
    /// that is not there adds nothing.
    pub fn load(folder: &Path) -> Result<Self, ProfileError> {
        let mut sources: BTreeMap<String, (String, Option<PathBuf>)> =
            BUILT_IN.iter().map(|(key, text)| ((*key).to_owned(), ((*text).to_owned(), None))).collect();
        for path in toml_files(folder)? {
            let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
            sources.insert(key_of(&path), (text, Some(path)));
        }
        Self::compile(&sources)
    }

    /// Only the built-in profiles.
    pub fn built_in() -> Result<Self, ProfileError> {
        Self::load(Path::new(""))
    }

    /// One file, with the others of its folder and the built-in ones to extend.
    pub fn load_file(path: &Path) -> Result<std::sync::Arc<Profile>, ProfileError> {
        // The file itself is read first, so that its errors are reported and not a neighbour's.
        let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
        let mut sources: BTreeMap<String, (String, Option<PathBuf>)> = BTreeMap::new();
        for (key, text) in BUILT_IN {
            sources.insert((*key).to_owned(), ((*text).to_owned(), None));
        }
        let schema = parse(&text, &path.display().to_string())?;
        if let Some(parent) = schema.extends {
            let beside = path.with_file_name(format!("{parent}.toml"));
            if let Ok(text) = std::fs::read_to_string(&beside) {
                sources.insert(parent, (text, Some(beside)));
            }
        }
        let key = key_of(path);
        sources.insert(key.clone(), (text, Some(path.to_owned())));
        Self::compile(&sources)?.get(&key)
    }

    fn compile(sources: &BTreeMap<String, (String, Option<PathBuf>)>) -> Result<Self, ProfileError> {
        let mut tables = schema::Tables::new();
        for (key, (text, path)) in sources {
            let label = label(key, path.as_deref());
            // Read once for errors with their place, once as a table for `extends`.
            parse(text, &label)?;
            let table = toml::from_str(text).map_err(|error: toml::de::Error| ProfileError::Invalid {
                path: label,
                message: error.to_string(),
            })?;
            tables.insert(key.clone(), table);
        }
        let mut by_key = BTreeMap::new();
        for (key, (text, path)) in sources {
            let profile = Profile::build(key, text, path.as_deref(), &tables)?;
            by_key.insert(key.clone(), std::sync::Arc::new(profile));
        }
        Ok(Self { by_key })
    }

    /// The profile of that key.
    pub fn get(&self, key: &str) -> Result<std::sync::Arc<Profile>, ProfileError> {
        self.by_key.get(key).cloned().ok_or_else(|| ProfileError::Unknown(key.to_owned()))
    }

    /// All profiles in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = &std::sync::Arc<Profile>> {
        self.by_key.values()
    }
}

impl Profile {
    /// A profile from text alone, extending built-in ones at most.
    pub fn from_toml(key: &str, text: &str) -> Result<Self, ProfileError> {
        let mut sources: BTreeMap<String, (String, Option<PathBuf>)> =
            BUILT_IN.iter().map(|(key, text)| ((*key).to_owned(), ((*text).to_owned(), None))).collect();
        sources.insert(key.to_owned(), (text.to_owned(), None));
        Ok((*Profiles::compile(&sources)?.get(key)?).clone())
    }

    fn build(
        key: &str,
        text: &str,
        path: Option<&Path>,
        tables: &schema::Tables,
    ) -> Result<Self, ProfileError> {
        let label = label(key, path);
        let (schema, whole) = resolve(key, &label, tables)?;
        let missing = |part, hint| ProfileError::Missing { path: label.clone(), part, hint };
        if schema.schema.is_none() {
            return Err(missing("schema", "begin the file with `schema = 1`"));
        }
        if schema.article.title.is_none() {
            return Err(missing("article.title", "every profile says where the headline is"));
        }
        if schema.article.body.is_none() {
            return Err(missing("article.body", "every profile says where the text is"));
        }
        if schema.samples.is_empty() {
            return Err(missing(
                "sample",
                "add at least one [[sample]] with a saved page and what it must give",
            ));
        }
        Ok(Self {
            key: key.to_owned(),
            name: schema.name.unwrap_or_else(|| key.to_owned()),
            language: schema.language,
            timezone: schema.timezone.map(|zone| zone.0),
            valid_until: schema.valid_until.map(|day| day.0),
            required: schema.required,
            matching: schema.matching,
            article: schema.article,
            clean: schema.clean,
            related: schema.related,
            discover: schema.discover,
            samples: schema.samples,
            toml: whole.unwrap_or_else(|| text.to_owned()),
            path: path.map(Path::to_owned),
        })
    }
}

fn parse(text: &str, label: &str) -> Result<Schema, ProfileError> {
    toml::from_str(text).map_err(|error: toml::de::Error| ProfileError::Invalid {
        path: label.to_owned(),
        message: error.to_string(),
    })
}

/// Follows `extends` to its end and merges: tables key by key, lists and values replace. Gives the merged text too, when
/// there was anything to merge.
fn resolve(
    key: &str,
    label: &str,
    tables: &schema::Tables,
) -> Result<(Schema, Option<String>), ProfileError> {
    let mut merged = tables.get(key).cloned().unwrap_or_default();
    let mut seen = vec![key.to_owned()];
    while let Some(parent) = merged.remove("extends").and_then(|p| p.as_str().map(str::to_owned)) {
        let extends = |why| ProfileError::Extends { path: label.to_owned(), parent: parent.clone(), why };
        if seen.contains(&parent) {
            return Err(extends("already one of its children"));
        }
        let mut base = tables.get(&parent).cloned().ok_or_else(|| extends("not there"))?;
        // The parent's samples show the parent's pages.
        base.remove("sample");
        merge(&mut base, merged);
        merged = base;
        seen.push(parent);
    }
    let whole = (seen.len() > 1).then(|| merged.to_string());
    let schema = merged.try_into().map_err(|error: toml::de::Error| ProfileError::Invalid {
        path: label.to_owned(),
        message: error.message().to_owned(),
    })?;
    Ok((schema, whole))
}

fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => merge(inner, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(unreadable(folder, source)),
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    Ok(paths)
}

fn key_of(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn label(key: &str, path: Option<&Path>) -> String {
    path.map_or_else(|| format!("{key} (built in)"), |path| path.display().to_string())
}

fn unreadable(path: &Path, source: std::io::Error) -> ProfileError {
    ProfileError::Unreadable { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "schema = 1\n[article]\ntitle = \"h1\"\nbody = \"article\"\n[[sample]]\npage = \"p.html\"\nurl = \"http://e.com/\"\nfetched_at = \"2025-03-10T08:00:00+08:00\"\n[sample.expect]\ntitle = \"T\"\n[sample.expect.body]\nstarts = \"a\"\nends = \"b\"\n";

    #[test]
    fn an_unknown_key_is_shown_with_line_and_caret() {
        let error = Profile::from_toml("x", &SMALL.replace("title = \"h1\"", "titl = \"h1\""))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 3, column 1") && error.contains("^^^^") && error.contains("`titl`"),
            "{error}"
        );
    }

    #[test]
    fn what_every_profile_needs_is_asked_for() {
        for (from, to, want) in [
            ("schema = 1\n", "", "no `schema`"),
            ("title = \"h1\"\n", "", "no `article.title`"),
            ("body = \"article\"\n", "", "no `article.body`"),
            ("starts = \"a\"\n", "", "missing field `starts`"),
            ("schema = 1", "schema = 2", "schema 2 is unknown"),
            ("schema = 1", "schema = 1\ntimezone = \"Asia/Beijing2\"", "`Asia/Beijing2` is not a time zone"),
            ("schema = 1", "schema = 1\nextends = \"nobody\"", "extends `nobody`, which is not there"),
            (
                "schema = 1",
                "schema = 1\nextends = \"x\"",
                "extends `x`, which is already one of its children",
            ),
        ] {
            let error = Profile::from_toml("x", &SMALL.replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }

    #[test]
    fn a_child_adds_to_its_parent_key_by_key() {
        let folder = tempfile::tempdir().unwrap();
        let parent = SMALL.replace("schema = 1", "schema = 1\nlanguage = \"zh\"\n[clean]\ndrop = ['a', 'b']");
        std::fs::write(folder.path().join("base.toml"), parent).unwrap();
        let child = SMALL
            .replace("schema = 1", "schema = 1\nextends = \"base\"\n[clean]\ndrop = ['c']")
            .replace("body = \"article\"\n", "author = \"i\"\n");
        std::fs::write(folder.path().join("child.toml"), child).unwrap();
        let profile = Profiles::load(folder.path()).unwrap().get("child").unwrap();
        assert_eq!(profile.language.as_deref(), Some("zh"));
        assert!(profile.article.body.is_some() && profile.article.author.is_some());
        assert_eq!(profile.clean.drop.len(), 1);
        // What an archive keeps of it needs no other file to be read again.
        let kept = Profile::from_toml("child", &profile.toml).unwrap();
        assert_eq!(kept.toml, profile.toml);
        assert!(kept.article.body.is_some() && kept.language == profile.language);
    }
}
