//! What changed between two versions of an article: its fields, and its text paragraph by paragraph. And
//! between an article and its copy elsewhere: figures, names, words and passages.
//!
//! The result says what stayed, went and came, and nothing of how it looks: a terminal and a web page
//! draw the same [`Diff`]. Work is bounded by the length of the texts, never by time.

mod copy;
mod paragraphs;
mod pieces;

use serde::{Deserialize, Serialize};

pub use copy::{CopyChanges, Exchange, FigureChange, FigureExchange};
pub use paragraphs::Paragraph;
pub use pieces::{Change, Piece};

/// A version as it is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields of an article, as `Article` describes them")]
pub struct Edition {
    pub title: Option<String>,
    pub author: Option<String>,
    pub source: Option<String>,
    pub editor: Option<String>,
    pub category: Option<String>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub tags: Vec<String>,
    /// Plain text, one line a paragraph.
    #[serde(skip)]
    pub text: String,
}

impl Edition {
    /// A version out of its fields, a JSON object whose other keys don't count, and its text.
    ///
    /// # Errors
    /// When the fields are no such object.
    pub fn read(fields: &str, text: &str) -> serde_json::Result<Self> {
        Ok(Self { text: text.to_owned(), ..serde_json::from_str(fields)? })
    }

    /// The fields in the order in which they are shown.
    fn fields(&self) -> [(&'static str, Option<String>); 8] {
        let tags = (!self.tags.is_empty()).then(|| self.tags.join(" · "));
        [
            ("title", self.title.clone()),
            ("author", self.author.clone()),
            ("source", self.source.clone()),
            ("editor", self.editor.clone()),
            ("category", self.category.clone()),
            ("published", self.published.clone()),
            ("modified", self.modified.clone()),
            ("tags", tags),
        ]
    }
}

/// What changed from one version to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Fields that changed.
    pub fields: Vec<FieldChange>,
    /// All paragraphs of both texts, in reading order.
    pub text: Vec<Paragraph>,
}

/// A field that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Its name.
    pub field: &'static str,
    /// What it was; tags are joined by ` · `.
    pub old: Option<String>,
    /// What it became.
    pub new: Option<String>,
    /// Both, piece by piece.
    pub pieces: Vec<Piece>,
}

/// Characters of a text that went and came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Characters that came.
    pub inserted: usize,
    /// Characters that went.
    pub deleted: usize,
}

impl Diff {
    /// Compares two versions.
    pub fn between(old: &Edition, new: &Edition) -> Self {
        let fields = old.fields().into_iter().zip(new.fields()).filter(|((_, old), (_, new))| old != new);
        let fields = fields.map(|((field, old), (_, new))| FieldChange {
            field,
            pieces: pieces::between(
                old.as_deref().unwrap_or_default(),
                new.as_deref().unwrap_or_default(),
                &mut pieces::Budget::default(),
            ),
            old,
            new,
        });
        Self { fields: fields.collect(), text: paragraphs::between(&old.text, &new.text) }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.extent() == Extent::default()
    }

    /// How much of the text changed.
    pub fn extent(&self) -> Extent {
        let mut extent = Extent::default();
        let mut count = |change: Change, text: &str| match change {
            Change::Same => {}
            Change::Deleted => extent.deleted += text.chars().count(),
            Change::Inserted => extent.inserted += text.chars().count(),
        };
        for paragraph in &self.text {
            match paragraph {
                Paragraph::Same { .. } => {}
                Paragraph::Deleted { text } => count(Change::Deleted, text),
                Paragraph::Inserted { text } => count(Change::Inserted, text),
                Paragraph::Changed { pieces } => {
                    for piece in pieces {
                        count(piece.change, &piece.text);
                    }
                }
            }
        }
        extent
    }

    /// What changed in a few words: `title, text +12 −3`.
    pub fn summary(&self) -> String {
        let mut parts: Vec<String> = self.fields.iter().map(|change| change.field.to_owned()).collect();
        let Extent { inserted, deleted } = self.extent();
        match (inserted, deleted) {
            (0, 0) => {}
            (inserted, 0) => parts.push(format!("text +{inserted}")),
            (0, deleted) => parts.push(format!("text −{deleted}")),
            (inserted, deleted) => parts.push(format!("text +{inserted} −{deleted}")),
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_text_are_told_apart() {
        let fields =
            r#"{"title":"园区引进企业12家","author":null,"tags":["园区"],"views":3,"template":"div"}"#;
        let old = Edition::read(fields, "第一段。\n第二段。").unwrap();
        let new = Edition {
            title: Some("园区引进企业15家".into()),
            author: Some("张三".into()),
            text: "第一段。\n第二段改了。".into(),
            ..old.clone()
        };
        let diff = Diff::between(&old, &new);
        let names: Vec<&str> = diff.fields.iter().map(|change| change.field).collect();
        assert_eq!(names, ["title", "author"]);
        assert_eq!(diff.extent(), Extent { inserted: 2, deleted: 0 });
        assert_eq!(diff.summary(), "title, author, text +2");
        assert!(Diff::between(&old, &old).is_empty());
    }

    #[test]
    fn what_would_cost_too_much_to_compare_is_replaced_whole() {
        let han = |seed: u32, lines: u32| -> String {
            let mut state = seed;
            let mut line = || -> String {
                let mut character = || {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    char::from_u32(0x4e00 + (state >> 16) % 3000).unwrap_or('一')
                };
                (0..100).map(|_| character()).collect()
            };
            (0..lines).map(|_| line()).collect::<Vec<_>>().join("\n")
        };
        let edition = |text: String| Edition { text, ..Edition::default() };
        let diff = Diff::between(&edition(han(1, 3000)), &edition(han(2, 3000)));
        assert_eq!(diff.extent(), Extent { inserted: 300_000, deleted: 300_000 });
        // No pair was looked for.
        assert_eq!(diff.text.len(), 6000);
        assert!(!diff.text.iter().any(|paragraph| matches!(paragraph, Paragraph::Changed { .. })));
        // One paragraph of a book's length.
        let (old, new) = (han(1, 3000).replace('\n', ""), han(2, 3000).replace('\n', ""));
        let diff = Diff::between(&edition(old), &edition(new));
        assert_eq!(diff.extent(), Extent { inserted: 300_000, deleted: 300_000 });
    }
}
