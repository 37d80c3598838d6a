//! Parquet: typed columns, compressed with zstd; one file, or one for each site and month.

mod columns;
mod partition;

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::{ExportError, Format};
use crate::archive::ArticleRecord;
use columns::Columns;
pub use partition::{Partitioned, is_partition};

/// What a row is. Times are UTC; `published` is only as precise as known, `published_from` and
/// `published_to` bound it.
const SCHEMA: &str = "message article {
    REQUIRED INT64 id;
    REQUIRED BYTE_ARRAY site (STRING);
    REQUIRED BYTE_ARRAY url (STRING);
    REQUIRED BYTE_ARRAY title (STRING);
    OPTIONAL BYTE_ARRAY author (STRING);
    OPTIONAL BYTE_ARRAY source (STRING);
    OPTIONAL BYTE_ARRAY editor (STRING);
    OPTIONAL BYTE_ARRAY category (STRING);
    OPTIONAL BYTE_ARRAY published (STRING);
    OPTIONAL BYTE_ARRAY published_precision (STRING);
    OPTIONAL BOOLEAN published_approximate;
    OPTIONAL INT64 published_from (TIMESTAMP(MILLIS,true));
    OPTIONAL INT64 published_to (TIMESTAMP(MILLIS,true));
    OPTIONAL BYTE_ARRAY modified (STRING);
    OPTIONAL BYTE_ARRAY language (STRING);
    OPTIONAL INT64 views;
    REQUIRED group tags (LIST) { REPEATED group list { REQUIRED BYTE_ARRAY element (STRING); } }
    REQUIRED group breadcrumbs (LIST) { REPEATED group list { REQUIRED BYTE_ARRAY element (STRING); } }
    OPTIONAL BYTE_ARRAY site_name (STRING);
    OPTIONAL BYTE_ARRAY permalink (STRING);
    REQUIRED group aliases (LIST) { REPEATED group list { REQUIRED BYTE_ARRAY element (STRING); } }
    REQUIRED BYTE_ARRAY body (STRING);
    OPTIONAL BYTE_ARRAY markdown (STRING);
    REQUIRED group related (LIST) { REPEATED group list { REQUIRED group element {
        REQUIRED BYTE_ARRAY url (STRING); REQUIRED BYTE_ARRAY title (STRING); OPTIONAL BYTE_ARRAY excerpt (STRING);
    } } }
    REQUIRED group images (LIST) { REPEATED group list { REQUIRED group element {
        REQUIRED BYTE_ARRAY url (STRING); OPTIONAL BYTE_ARRAY alt (STRING); OPTIONAL BYTE_ARRAY caption (STRING);
    } } }
    REQUIRED INT64 first_seen (TIMESTAMP(MILLIS,true));
    REQUIRED INT64 last_seen (TIMESTAMP(MILLIS,true));
    OPTIONAL INT64 gone_since (TIMESTAMP(MILLIS,true));
    REQUIRED INT64 version;
    OPTIONAL INT64 cluster;
    REQUIRED BYTE_ARRAY origins (JSON);
    OPTIONAL INT64 fetched_at (TIMESTAMP(MILLIS,true));
    OPTIONAL INT64 status;
    OPTIONAL BYTE_ARRAY digest (STRING);
    OPTIONAL BYTE_ARRAY damage (STRING);
}";
/// The column that a partition's folder names instead.
const SITE: &str = "    REQUIRED BYTE_ARRAY site (STRING);\n";
/// Columns whose values hardly ever repeat: a dictionary and limits would only cost time.
const UNIQUE: [&str; 6] = ["url", "title", "body", "markdown", "digest", "permalink"];
/// A row group is written when it holds so many bytes: what an export takes of memory.
const GROUP_BYTES: usize = 16 << 20;
/// Or so many rows.
const GROUP_ROWS: usize = 20_000;

/// Writes one Parquet file.
pub struct Parquet<W: Write + Send> {
    /// None once it is finished.
    writer: Option<SerializedFileWriter<W>>,
    columns: Columns,
    has_site: bool,
}

impl<W: Write + Send> std::fmt::Debug for Parquet<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parquet").field("has_site", &self.has_site).finish_non_exhaustive()
    }
}

impl<W: Write + Send> Parquet<W> {
    /// Writes to `out`, from its first byte on.
    pub fn new(out: W) -> Result<Self, ExportError> {
        Self::with_schema(out, SCHEMA, true)
    }

    fn without_site(out: W) -> Result<Self, ExportError> {
        Self::with_schema(out, &SCHEMA.replace(SITE, ""), false)
    }

    fn with_schema(out: W, schema: &str, has_site: bool) -> Result<Self, ExportError> {
        let schema = Arc::new(parse_message_type(schema).map_err(output)?);
        let writer = SerializedFileWriter::new(out, schema, Arc::new(properties()?)).map_err(output)?;
        let columns = Columns::of(writer.schema_descr());
        Ok(Self { writer: Some(writer), columns, has_site })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        match &mut self.writer {
            Some(writer) if self.columns.rows() > 0 => self.columns.write(writer).map_err(output),
            _ => Ok(()),
        }
    }
}

impl<W: Write + Send> Format for Parquet<W> {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        columns::fill(&mut self.columns, article, self.has_site)?;
        if self.columns.bytes() >= GROUP_BYTES || self.columns.rows() >= GROUP_ROWS {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.write_group()?;
        match self.writer.take() {
            Some(writer) => {
                let mut out = writer.into_inner().map_err(output)?;
                Ok(out.flush()?)
            }
            None => Ok(()),
        }
    }
}

/// Fixed, so that equal articles give equal bytes.
fn properties() -> Result<WriterProperties, ExportError> {
    let level = ZstdLevel::try_new(3).map_err(output)?;
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by(concat!("jianbao ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for name in UNIQUE {
        let path = ColumnPath::from(name);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_statistics_enabled(path, EnabledStatistics::None);
    }
    Ok(properties.build())
}

/// Errors of the crate are errors of what it writes to; a closed pipe stays one.
fn output(error: ParquetError) -> ExportError {
    let error = match error {
        ParquetError::External(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => *error,
            Err(error) => std::io::Error::other(error),
        },
        error => std::io::Error::other(error),
    };
    ExportError::Output(error)
}
