//! A page that was kept, read again as it was read: with the profile, the listing's word and the text that were known.
//! Pure.

use std::sync::Arc;

use serde_json::Value;

use crate::archive::{Basis, EXTRACTOR, Stored, version_fields};
use crate::article::Article;
use crate::dedup::{Boilerplate, compare};
use crate::extract::{Attributes, Page, PageKind, parts};
use crate::profile::Profile;

/// Fields of a version that do not follow from its page alone: they compare it with the site's others.
const OF_OTHERS: [&str; 1] = ["unusual"];

/// What reading a page again came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// It gives what was archived.
    Same,
    /// It gives something else.
    Differs {
        what: String,
        /// Another version of the program archived it: it may well read it otherwise.
        is_other_extractor: bool,
    },
    /// It can't be known what it gave.
    Unknown(&'static str),
}

/// What a version was read with.
#[derive(Debug, Clone)]
pub(super) enum Reader {
    /// The rules that know no site.
    Rules,
    /// A profile.
    Profile(Arc<Profile>),
    /// A profile that this version of the program can't use.
    Unusable,
}

impl Reader {
    pub(super) fn of(stored: &Stored) -> Self {
        if stored.profile.is_empty() {
            return Self::Rules;
        }
        let profile = Profile::from_toml(&stored.profile, Boilerplate::profile_of(&stored.toml));
        profile.map_or(Self::Unusable, |profile| Self::Profile(Arc::new(profile)))
    }
}

/// Reads a version's pages again.
pub(super) fn read(stored: &Stored, reader: &Reader) -> Reading {
    let is_other_extractor = stored.extractor != EXTRACTOR;
    let profile = match reader {
        Reader::Rules => None,
        Reader::Profile(profile) => Some(&**profile),
        Reader::Unusable if is_other_extractor => {
            return Reading::Unknown("this version can't use the profile that it was read with");
        }
        Reader::Unusable => {
            let what = "the profile that it was read with can't be used".to_owned();
            return Reading::Differs { what, is_other_extractor };
        }
    };
    let Some(article) = again(stored, profile) else {
        return Reading::Differs { what: "its page shows no article".to_owned(), is_other_extractor };
    };
    let differing = differing(stored, &article);
    if differing.is_empty() {
        return Reading::Same;
    }
    if stored.basis.is_none() {
        return Reading::Unknown(
            "what a listing said of it, and what was known before, was not kept by the version that archived it",
        );
    }
    Reading::Differs { what: format!("its page gives another {}", differing.join(", ")), is_other_extractor }
}

fn again(stored: &Stored, profile: Option<&Profile>) -> Option<Article> {
    let (first, rest) = stored.pages.split_first()?;
    let attributes = Attributes::for_profiles(profile.map(|profile| profile.toml.as_str()));
    let entry = stored.basis.as_ref().and_then(Basis::whole_entry);
    let page =
        Page::parse_keeping(&attributes, first).knowing(entry.as_ref()).known_as(stored.known.as_deref());
    let (kind, mut article) = page.read(profile);
    if kind != PageKind::Article {
        return None;
    }
    let continuation = page.continuation(&first.url, 1);
    parts::join(&mut article, rest, continuation.as_ref(), &attributes, profile);
    let learned = Boilerplate::from_toml(&stored.toml);
    learned.cut(&mut article);
    if let Some(previous) = &stored.previous {
        let mut previous = previous.clone();
        learned.cut(&mut previous);
        compare(&previous, &mut article);
    }
    Some(article)
}

/// The parts in which what was archived and what is read now differ.
fn differing(stored: &Stored, article: &Article) -> Vec<String> {
    let mut differing = Vec::new();
    if stored.text != article.text {
        differing.push("text".to_owned());
    }
    if stored.markdown != article.markdown {
        differing.push("markdown".to_owned());
    }
    let now = version_fields(article);
    let archived: Value = serde_json::from_str(&stored.fields).unwrap_or_default();
    let fields =
        now.as_object().into_iter().flatten().filter(|(name, _)| !OF_OTHERS.contains(&name.as_str()));
    let others = fields.filter(|(name, value)| archived.get(name.as_str()).unwrap_or(&Value::Null) != *value);
    differing.extend(others.map(|(name, _)| name.clone()));
    let origins: Value = serde_json::from_str(&stored.origins).unwrap_or_default();
    if origins != serde_json::json!(article.origins) {
        differing.push("origins".to_owned());
    }
    differing
}
