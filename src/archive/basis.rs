//! What a version was read with besides its pages and its profile: kept with it, so that it can be read again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::article::{Precision, Published};
use crate::capture::Digest;
use crate::entry::Entry;

/// What was known of an article before its page was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beforehand {
    /// What a listing said of it.
    pub entry: Option<Entry>,
    /// The digest of the text it had.
    pub known: Option<Digest>,
}

/// [`Beforehand`], and the date that the look was compared with, as the archive keeps them: in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// What a listing said of the article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Entry>,
    /// HTML of its text there, when the text was taken from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_body: Option<String>,
    /// The digest of the text that the article had, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// The date of publication that was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Dated>,
}

/// A date as it was known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    value: String,
    precision: String,
    approximate: bool,
    /// UTC seconds.
    from: i64,
    /// UTC seconds.
    to: i64,
}

impl Dated {
    fn of(published: &Published) -> Self {
        Self {
            value: published.value.clone(),
            precision: published.precision.as_str().to_owned(),
            approximate: published.approximate,
            from: published.from.as_second(),
            to: published.to.as_second(),
        }
    }

    /// The date.
    pub fn published(&self) -> Published {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        Published {
            value: self.value.clone(),
            precision: Precision::named(&self.precision),
            approximate: self.approximate,
            from: at(self.from),
            to: at(self.to),
        }
    }
}

impl Basis {
    /// What a version is kept with. The listing's text is, when the version's was taken from it.
    pub(super) fn of(beforehand: &Beforehand, takes_entry_body: bool, published: Option<&Published>) -> Self {
        let entry = beforehand.entry.as_ref();
        Self {
            entry: entry.map(|entry| Entry { body: None, ..entry.clone() }),
            entry_body: entry.filter(|_| takes_entry_body).and_then(|entry| entry.body.clone()),
            known: beforehand.known.map(|digest| digest.to_string()),
            published: published.map(Dated::of),
        }
    }

    /// The entry with its text.
    pub fn whole_entry(&self) -> Option<Entry> {
        self.entry.clone().map(|entry| Entry { body: self.entry_body.clone(), ..entry })
    }
}
