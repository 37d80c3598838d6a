//! Layers of configuration: built-in < file < environment < flags.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Config;
use crate::url::UrlError;

/// Why a configuration is unusable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read.
    #[error("could not read the configuration `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not valid; the message shows line and column.
    #[error("the configuration `{path}` is not valid\n{message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// With line and caret.
        message: String,
    },
    /// A variable or flag has a value that its key can't take.
    #[error("{origin} is not valid: {message}")]
    Override {
        /// The variable or flag.
        origin: Source,
        /// What is wrong.
        message: String,
    },
    /// Two sites of one name.
    #[error("two sites are named `{0}`; give each its own name")]
    DuplicateSite(String),
    /// Two sites of one host: each would ask it at its own pace, and get some of its pages.
    #[error("the sites `{site}` and `{other}` have seeds on one host, `{host}`; make them one site")]
    SharedHost {
        /// The later site.
        site: String,
        /// The one before.
        other: String,
        /// The host's origin.
        host: String,
    },
    /// A seed that is no URL.
    #[error("a seed of the site `{site}` can't be used: {source}")]
    Seed {
        /// The site.
        site: String,
        /// What is wrong with it.
        source: UrlError,
    },
    /// A site without seeds.
    #[error("the site `{0}` has no seeds; add at least one URL to `seeds`")]
    NoSeeds(String),
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// One effective value.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Such as `politeness.delay`.
    pub key: String,
    /// The value as TOML.
    pub value: toml::Value,
    /// Where it came from.
    pub source: Source,
}

/// A value given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag as typed, such as `--archive`.
    pub flag: &'static str,
    /// The key that it sets.
    pub key: &'static str,
    /// Its value.
    pub value: String,
}

/// The effective configuration.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The values.
    pub config: Config,
    /// Each value (but for sites) and its source, by key.
    pub values: Vec<Value>,
    /// The folder that relative paths start from.
    pub base: PathBuf,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
}

/// Loads the configuration from `file` (none: built-in values) under `variables` and `flags`.
pub fn load(
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (String, String)>,
    flags: &[Flag],
) -> Result<Loaded, ConfigError> {
    let mut values = flatten(&to_table(&Config::default()), &Source::Default);
    let mut sites = Vec::new();
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        let invalid = |error: toml::de::Error| ConfigError::Invalid {
            path: path.to_owned(),
            message: without_webhook(&error.to_string()),
        };
        let config: Config = toml::from_str(&text).map_err(invalid)?;
        sites = config.sites;
        let table: toml::Table = toml::from_str(&text).map_err(invalid)?;
        values.extend(flatten(&table, &Source::File(path.to_owned())));
    }
    for (name, text) in variables {
        if let Some(key) = key_of_variable(&name, &values) {
            set(&mut values, key, &text, &Source::Variable(name))?;
        }
    }
    for flag in flags {
        set(&mut values, flag.key.to_owned(), &flag.value, &Source::Flag(flag.flag))?;
    }
    let mut config: Config = build(&values)?;
    config.sites = sites;
    let base = file.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let values = values.into_iter().map(|(key, (value, source))| Value { key, value, source }).collect();
    Ok(Loaded { config, values, base, file: file.map(Path::to_owned) })
}

/// A message that may quote lines of the file, without what they say of the webhook.
fn without_webhook(message: &str) -> String {
    let masked = message.lines().map(|line| {
        let value = line.find("webhook").and_then(|at| Some(at + line[at..].find('=')?));
        value.map_or(line.to_owned(), |at| format!("{}= \"…\"", &line[..at]))
    });
    let masked: Vec<String> = masked.collect();
    masked.join("\n")
}

type Values = BTreeMap<String, (toml::Value, Source)>;

fn to_table<T: Serialize>(value: &T) -> toml::Table {
    toml::Table::try_from(value).unwrap_or_default()
}

/// `section.key` → value; sites are left out.
fn flatten(table: &toml::Table, source: &Source) -> Values {
    let sections = table.iter().filter_map(|(section, keys)| Some((section, keys.as_table()?)));
    sections
        .flat_map(|(section, keys)| {
            keys.iter().map(move |(key, value)| (format!("{section}.{key}"), (value.clone(), source.clone())))
        })
        .collect()
}

fn build(values: &Values) -> Result<Config, ConfigError> {
    let mut table = toml::Table::new();
    for (key, (value, _)) in values {
        let Some((section, key)) = key.split_once('.') else { continue };
        if let Some(section) =
            table.entry(section).or_insert_with(|| toml::Table::new().into()).as_table_mut()
        {
            section.insert(key.to_owned(), value.clone());
        }
    }
    Config::try_from_table(table)
}

impl Config {
    fn try_from_table(table: toml::Table) -> Result<Self, ConfigError> {
        table.try_into().map_err(|error: toml::de::Error| ConfigError::Override {
            origin: Source::Flag("the configuration"),
            message: error.message().to_owned(),
        })
    }
}

/// `JIANBAO_POLITENESS_MAX_DELAY` → `politeness.max_delay`, when there is such a key.
fn key_of_variable(name: &str, values: &Values) -> Option<String> {
    let rest = name.strip_prefix("JIANBAO_")?.to_lowercase();
    values.keys().find(|key| key.replacen('.', "_", 1) == rest).cloned()
}

/// Sets a value from text, in the type that the key has, and checks it.
fn set(values: &mut Values, key: String, text: &str, source: &Source) -> Result<(), ConfigError> {
    let invalid = |message: String| ConfigError::Override { origin: source.clone(), message };
    let value = match values.get(&key).map(|(value, _)| value) {
        Some(toml::Value::String(_)) | None => toml::Value::String(text.to_owned()),
        Some(_) => {
            let line: toml::Table = toml::from_str(&format!("v = {text}"))
                .map_err(|error| invalid(error.message().to_owned()))?;
            line.get("v").cloned().ok_or_else(|| invalid(format!("`{text}` is empty")))?
        }
    };
    let mut changed = values.clone();
    changed.insert(key, (value, source.clone()));
    build(&changed)
        .map_err(|error| invalid(error.to_string().replace("the configuration is not valid: ", "")))?;
    *values = changed;
    Ok(())
}

/// `base` with the keys of `table` in place of its own.
pub(super) fn overlay<T: Serialize + DeserializeOwned>(
    base: &T,
    table: &toml::Table,
) -> Result<T, ConfigError> {
    let mut merged = to_table(base);
    merged.extend(table.clone());
    merged.try_into().map_err(|error: toml::de::Error| ConfigError::Override {
        origin: Source::Flag("a site's override"),
        message: error.message().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let variables = variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        load(Some(file.path()), variables, &[])
    }

    #[test]
    fn the_shipped_file_shows_every_key_with_its_default() {
        let shipped: toml::Table = toml::from_str(include_str!("../../crawl.toml")).unwrap();
        let shipped = flatten(&shipped, &Source::Default);
        let built_in = flatten(&to_table(&Config::default()), &Source::Default);
        assert_eq!(shipped, built_in);
        let parsed: Config = toml::from_str(include_str!("../../crawl.toml")).unwrap();
        assert_eq!(parsed, Config::default());
    }

    #[test]
    fn an_unknown_key_is_shown_with_line_and_caret() {
        let error = load_text("[politeness]\ndelay = \"1s\"\ndealy = \"2s\"\n", &[]).unwrap_err().to_string();
        assert!(
            error.contains("line 3, column 1") && error.contains("^^^^^") && error.contains("`dealy`"),
            "{error}"
        );
        let error =
            load_text("[[site]]\nname=\"a\"\nseeds=[]\npoliteness.dealy = \"2s\"\n", &[]).unwrap_err();
        assert!(error.to_string().contains("line 4") && error.to_string().contains("`dealy`"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_shown_with_line_and_caret() {
        for (text, part) in [
            ("[politeness]\ndelay = \"fast\"\n", "`fast` is not a length of time"),
            ("[politeness]\ndelay_factor = 1e300\n", "must be a number from 0 to 1000"),
            ("[fetch]\ntimeout = \"9999999d\"\n", "`9999999d` is not a length of time"),
            ("[scope]\nexclude = ['(']\n", "`(` is not a regular expression"),
            ("[archive]\nkeep = \"all\"\n", "unknown variant `all`"),
            ("[fetch]\nconcurrency = 0\n", "must be 1 or more"),
            ("[fetch]\nallow = ['10.0.0.7/8']\n", "write \"10.0.0.0/8\""),
            ("[fetch]\ntimeout = \"0s\"\n", "must be longer than 0"),
            ("[politeness]\ndelay_factor = nan\n", "from 0 to 1000"),
            ("[recrawl]\nunchanged_factor = 0.5\n", "1 or more"),
            ("[identity]\nname = \"jian bao/1.0\"\n", "letters a to z"),
            ("[identity]\ncontact = \"hello\"\n", "URL or an e-mail address"),
            ("[[site]]\nname = \"\"\nseeds = []\n", "a name to call the site by"),
            ("[[site]]\nname = \"a\\u001b[2J\"\nseeds = []\n", "without control characters"),
        ] {
            let error = load_text(text, &[]).unwrap_err().to_string();
            assert!(error.contains("line 2") && error.contains('^') && error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_error_quotes_no_secret_of_the_webhook() {
        for text in [
            "[notify]\nwebhook = \"ftp://me:secret@a.example/secret?k=secret\"\n",
            "[notify]\nwebhook = \"https://a.example/secret\n",
            "notify = { webhook = \"https://a.example/secret\", onn = \"always\" }\n",
        ] {
            let error = load_text(text, &[]).unwrap_err().to_string();
            assert!(error.contains("webhook") && !error.contains("secret"), "{error}");
        }
        let error = load_text("", &[("JIANBAO_NOTIFY_WEBHOOK", "ftp://a.example/secret")]).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn later_layers_win_and_say_so() {
        let loaded = load_text(
            "[politeness]\ndelay = \"3s\"\n",
            &[("JIANBAO_POLITENESS_MAX_DELAY", "1m"), ("JIANBAO_X", "1")],
        )
        .unwrap();
        let source = |key: &str| loaded.values.iter().find(|v| v.key == key).unwrap().source.clone();
        assert!(matches!(source("politeness.delay"), Source::File(_)));
        assert_eq!(source("politeness.max_delay"), Source::Variable("JIANBAO_POLITENESS_MAX_DELAY".into()));
        assert_eq!(source("politeness.concurrency"), Source::Default);
        assert_eq!(loaded.config.politeness.max_delay.0.as_secs(), 60);
        let error = load_text("", &[("JIANBAO_FETCH_RETRIES", "many")]).unwrap_err().to_string();
        assert!(error.contains("JIANBAO_FETCH_RETRIES"), "{error}");
    }

    #[test]
    fn a_site_overrides_what_it_names_and_nothing_else() {
        let text = "[politeness]\nmax_delay = \"9s\"\n[[site]]\nname = \"a\"\nseeds = [\"http://e.com\"]\npoliteness.delay = \"7s\"\n";
        let site = load_text(text, &[]).unwrap().config.resolved_sites().unwrap().remove(0);
        assert_eq!((site.politeness.delay.0.as_secs(), site.politeness.max_delay.0.as_secs()), (7, 9));
        assert_eq!(site.discover.len(), 5);
    }
}
