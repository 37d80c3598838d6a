//! The formats that are one stream of bytes.

use std::io::Write;

use super::{Csv, ExportError, Format, Jsonl, Start};

/// A format that is one stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values.
    Csv(Start),
    /// Typed columns.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl Stream {
    /// Its name, and the ending of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv(_) => "csv",
            #[cfg(feature = "parquet")]
            Self::Parquet => "parquet",
        }
    }

    /// Begins to write to `out`.
    pub fn to<'a>(self, out: &'a mut (dyn Write + Send)) -> Result<Box<dyn Format + 'a>, ExportError> {
        Ok(match self {
            Self::Jsonl => Box::new(Jsonl(out)),
            Self::Csv(start) => Box::new(Csv::new(out, start)),
            #[cfg(feature = "parquet")]
            Self::Parquet => Box::new(super::Parquet::new(out)?),
        })
    }
}
