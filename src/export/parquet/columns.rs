//! Rows into columns, with the levels by which Parquet tells nulls and lists
//! (the format's documentation, "Nested Encoding").

use std::io::Write;

use jiff::Timestamp;
use parquet::basic::Type;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::SchemaDescriptor;

use crate::archive::ArticleRecord;
use crate::article::paragraphs_as_markdown;
use crate::export::ExportError;

/// The values of a row group.
#[derive(Debug)]
pub(super) struct Columns {
    all: Vec<Column>,
    /// The column that the next value of the row belongs to.
    next: usize,
    rows: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Column {
    values: Values,
    /// How much of the path to each value is there; the most means the value itself.
    definition: Vec<i16>,
    /// 0 begins a row, 1 goes on with its list.
    repetition: Vec<i16>,
    most: i16,
    is_list: bool,
}

#[derive(Debug)]
enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Flags(Vec<bool>),
}

impl Columns {
    pub(super) fn of(schema: &SchemaDescriptor) -> Self {
        let column = |column: &parquet::schema::types::ColumnDescPtr| Column {
            values: match column.physical_type() {
                Type::INT64 => Values::Integers(Vec::new()),
                Type::BOOLEAN => Values::Flags(Vec::new()),
                _ => Values::Texts(Vec::new()),
            },
            definition: Vec::new(),
            repetition: Vec::new(),
            most: column.max_def_level(),
            is_list: column.max_rep_level() > 0,
        };
        Self { all: schema.columns().iter().map(column).collect(), next: 0, rows: 0, bytes: 0 }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the texts.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes what was collected as a row group, and is empty again.
    pub(super) fn write<W: Write + Send>(
        &mut self,
        writer: &mut SerializedFileWriter<W>,
    ) -> Result<(), ParquetError> {
        let mut group = writer.next_row_group()?;
        for column in &mut self.all {
            let Some(mut out) = group.next_column()? else { break };
            let definition = (column.most > 0).then_some(column.definition.as_slice());
            let repetition = column.is_list.then_some(column.repetition.as_slice());
            match &mut column.values {
                Values::Texts(texts) => {
                    out.typed::<ByteArrayType>().write_batch(texts, definition, repetition)?;
                    texts.clear();
                }
                Values::Integers(integers) => {
                    out.typed::<Int64Type>().write_batch(integers, definition, repetition)?;
                    integers.clear();
                }
                Values::Flags(flags) => {
                    out.typed::<BoolType>().write_batch(flags, definition, repetition)?;
                    flags.clear();
                }
            }
            out.close()?;
            column.definition.clear();
            column.repetition.clear();
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// The next column of the row.
    fn column(&mut self) -> &mut Column {
        let at = self.next;
        self.next = (at + 1) % self.all.len();
        self.rows += usize::from(self.next == 0);
        &mut self.all[at]
    }

    fn text(&mut self, text: impl Into<Option<String>>) {
        let text: Option<String> = text.into();
        self.bytes += text.as_ref().map_or(0, String::len);
        self.column().add(0, text.map(Value::Text));
    }

    fn integer(&mut self, value: impl Into<Option<i64>>) {
        let value: Option<i64> = value.into();
        self.column().add(0, value.map(Value::Integer));
    }

    fn flag(&mut self, value: Option<bool>) {
        self.column().add(0, value.map(Value::Flag));
    }

    /// An ISO 8601 moment in UTC milliseconds.
    fn moment(&mut self, text: Option<&str>) {
        let moment = text.and_then(|text| text.parse::<Timestamp>().ok());
        self.integer(moment.map(Timestamp::as_millisecond));
    }

    fn list(&mut self, texts: impl IntoIterator<Item = Option<String>>) {
        let mut bytes = 0;
        let column = self.column();
        let mut repetition = 0;
        for text in texts {
            bytes += text.as_ref().map_or(0, String::len);
            column.add(repetition, text.map(Value::Text));
            repetition = 1;
        }
        if repetition == 0 {
            column.definition.push(0);
            column.repetition.push(0);
        }
        self.bytes += bytes;
    }
}

enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
}

impl Column {
    fn add(&mut self, repetition: i16, value: Option<Value>) {
        if self.most > 0 {
            self.definition.push(self.most - i16::from(value.is_none()));
        }
        if self.is_list {
            self.repetition.push(repetition);
        }
        match (&mut self.values, value) {
            (Values::Texts(texts), Some(Value::Text(text))) => texts.push(text.into_bytes().into()),
            (Values::Integers(integers), Some(Value::Integer(integer))) => integers.push(integer),
            (Values::Flags(flags), Some(Value::Flag(flag))) => flags.push(flag),
            (_, None) => {}
            (values, Some(_)) => unreachable!("the row and the schema agree: {values:?}"),
        }
    }
}

/// Adds a row; its order is the schema's.
pub(super) fn fill(row: &mut Columns, article: ArticleRecord, has_site: bool) -> Result<(), ExportError> {
    let strings = |json: &str| -> Result<Vec<Option<String>>, ExportError> {
        let strings: Vec<String> = serde_json::from_str(json).map_err(std::io::Error::from)?;
        Ok(strings.into_iter().map(Some).collect())
    };
    row.integer(article.id);
    if has_site {
        row.text(article.site);
    }
    row.text(article.url);
    row.text(article.title);
    row.text(article.author);
    row.text(article.source);
    row.text(article.editor);
    row.text(article.category);
    row.text(article.published);
    row.text(article.published_precision);
    row.flag(article.published_approximate);
    row.moment(article.published_from.as_deref());
    row.moment(article.published_to.as_deref());
    row.text(article.modified);
    row.text(article.language);
    row.integer(article.views);
    row.list(strings(article.tags.get())?);
    row.list(strings(article.breadcrumbs.get())?);
    row.text(article.site_name);
    row.text(article.permalink);
    row.list(article.aliases.into_iter().map(Some));
    let is_plain = article.markdown == paragraphs_as_markdown(&article.body);
    row.text(article.body);
    row.text((!is_plain).then_some(article.markdown));
    row.list(article.related.iter().map(|related| Some(related.url.clone())));
    row.list(article.related.iter().map(|related| Some(related.title.clone())));
    row.list(article.related.into_iter().map(|related| related.excerpt));
    row.list(article.images.iter().map(|image| Some(image.url.clone())));
    row.list(article.images.iter().map(|image| image.alt.clone()));
    row.list(article.images.into_iter().map(|image| image.caption));
    row.moment(Some(&article.first_seen));
    row.moment(Some(&article.last_seen));
    row.moment(article.gone_since.as_deref());
    row.integer(article.version);
    row.integer(article.cluster);
    row.text(article.origins.get().to_owned());
    let capture = article.capture;
    row.moment(capture.as_ref().map(|capture| capture.fetched_at.as_str()));
    row.integer(capture.as_ref().map(|capture| capture.status));
    row.text(capture.as_ref().map(|capture| capture.digest.clone()));
    row.text(capture.and_then(|capture| capture.damage));
    Ok(())
}
