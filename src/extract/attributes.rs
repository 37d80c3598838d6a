//! Which attributes of a page are kept. A quarter of what pages have is read by nobody (`data-…`,
//! `width`, `srcset`, most of `title`); to parse it would take a twelfth of the time of an extraction.

use std::borrow::Cow;

use memchr::memmem;

/// The attributes that a page keeps when it is parsed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Kept);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Kept {
    #[default]
    All,
    /// What the rules read, and these.
    Rules(Vec<String>),
}

impl Attributes {
    /// Every attribute.
    pub const ALL: Self = Self(Kept::All);

    /// Those that the rules read, and those that a selector in the profiles' texts names.
    pub fn for_profiles<'a>(tomls: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = Vec::new();
        for toml in tomls {
            for name in named(toml) {
                // An escaped name may be any.
                let Some(name) = name else { return Self::ALL };
                names.push(name);
            }
        }
        names.sort_unstable();
        names.dedup();
        Self(Kept::Rules(names))
    }

    pub(super) fn keeps(&self, name: &[u8], value: &[u8]) -> bool {
        let Kept::Rules(named) = &self.0 else { return true };
        let name = if name.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        is_read(&name, value) || named.iter().any(|named| named.as_bytes() == &*name)
    }
}

/// What `[name…]` and `attr(name)` in a profile's text name; `None` where the name is escaped. At its
/// beginning only a digit is (`[\31 a]`): `[\d` begins a class of characters in a pattern.
fn named(toml: &str) -> impl Iterator<Item = Option<String>> {
    let places = toml.match_indices('[').chain(toml.match_indices("attr("));
    places.filter_map(|(at, opening)| {
        let rest =
            toml[at + opening.len()..].trim_start_matches(|c: char| c.is_whitespace() || "*|".contains(c));
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "-_:".contains(c))).unwrap_or(rest.len());
        let escaped = rest[end..].strip_prefix('\\');
        if escaped.is_some_and(|rest| end > 0 || rest.starts_with(|c: char| c.is_ascii_digit())) {
            return Some(None);
        }
        (end > 0).then(|| Some(rest[..end].to_ascii_lowercase()))
    })
}

/// Whether the rules that know no site read an attribute; its name in lower case.
fn is_read(name: &[u8], value: &[u8]) -> bool {
    let says = |word: &str| memmem::find(value, word.as_bytes()).is_some();
    match name {
        b"class" | b"id" | b"href" | b"src" | b"rel" | b"type" | b"name" | b"content" | b"property"
        | b"role" | b"lang" | b"xml:lang" | b"datetime" | b"alt" | b"align" | b"start" | b"hidden"
        | b"aria-hidden" | b"http-equiv" | b"itemprop" | b"itemscope" | b"itemtype" | b"data-src"
        | b"data-original" | b"data-lazy-src" | b"data-testid" | b"data-ad-slot" | b"data-ad-client" => true,
        // What the arrow of a pager says: a word or two.
        b"title" | b"aria-label" => value.len() <= 24,
        // What is hidden, and what is centred like a caption.
        b"style" => says("none") || says("enter") || says("ENTER"),
        _ => name.len() >= 10 && memmem::find(name, b"breadcrumb").is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_selector_names_is_kept() {
        let ours = "title = 'h1[data-a]'\nbody = \"div[ data-b = 'x' ], div:not([*|DATA-C])\"\nauthor = 'a::attr(title)'";
        let kept = Attributes::for_profiles([ours]);
        for name in ["data-a", "data-b", "data-c", "DATA-A", "title", "class", "HREF", "data-breadcrumb-list"]
        {
            assert!(kept.keeps(name.as_bytes(), b""), "{name}");
        }
        assert!(!kept.keeps(b"data-d", b"x"));
        assert!(kept.keeps(b"style", b"='display: none'") && !kept.keeps(b"style", b"='color:red'"));
        assert!(Attributes::ALL.keeps(b"data-d", b"x"));
    }

    /// A rule that reads an attribute which is left out would find it in no page of a crawl.
    #[test]
    fn what_the_rules_read_is_kept() {
        let call = regex::Regex::new(r#"\battr(?:ibute)?\((?:[^"();]*,)?\s*"([a-z:-]+)"\)"#).unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root.join("extract"), root.join("discover")];
        let (kept, mut names) = (Attributes::for_profiles([]), 0);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let source = std::fs::read_to_string(&path).unwrap();
                for found in call.captures_iter(source.split("#[cfg(test)]").next().unwrap()) {
                    names += 1;
                    assert!(kept.keeps(found[1].as_bytes(), b"none"), "{}: {}", path.display(), &found[1]);
                }
            }
        }
        assert!(names > 40, "{names}");
    }

    #[test]
    fn an_escaped_name_keeps_everything() {
        for selector in ["h1[data\\.a]", "h1[\\31 a]"] {
            assert_eq!(Attributes::for_profiles([selector]), Attributes::ALL, "{selector}");
        }
    }

    #[test]
    fn the_profiles_that_come_along_leave_out_what_none_of_them_names() {
        let profiles = crate::profile::Profiles::built_in().unwrap();
        let kept = Attributes::for_profiles(profiles.iter().map(|profile| profile.toml.as_str()));
        assert!(!kept.keeps(b"data-d", b"x") && !kept.keeps(b"srcset", b"x"));
    }
}
