//! One JSON object a line.

use std::io::Write;

use super::{ExportError, Format};
use crate::archive::ArticleRecord;

/// Writes JSON lines.
#[derive(Debug)]
pub struct Jsonl<W>(pub W);

impl<W: Write> Format for Jsonl<W> {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.0, &article).map_err(std::io::Error::from)?;
        Ok(self.0.write_all(b"\n")?)
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(self.0.flush()?)
    }
}
