//! One Parquet file for each site and month of publication, in folders named as Hive names them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::Parquet;
use crate::archive::ArticleRecord;
use crate::export::file::failed;
use crate::export::{ExportError, Format};

/// What Hive calls a partition without a value; readers make it null.
const UNKNOWN: &str = "__HIVE_DEFAULT_PARTITION__";

/// Whether an entry of a folder is a partition by site.
pub fn is_partition(name: &str) -> bool {
    name.starts_with("site=")
}

/// Writes articles that come by site and month into `site=…/month=…/articles.parquet`.
#[derive(Debug)]
pub struct Partitioned {
    root: PathBuf,
    open: Option<(PathBuf, Parquet<BufWriter<File>>)>,
}

impl Partitioned {
    /// Writes below `root`, which is there.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), open: None }
    }

    fn file(&mut self, folder: &Path) -> Result<&mut Parquet<BufWriter<File>>, ExportError> {
        if self.open.as_ref().is_none_or(|(open, _)| open != folder) {
            self.finish()?;
            std::fs::create_dir_all(folder).map_err(failed(folder))?;
            let path = folder.join("articles.parquet");
            let file = File::create_new(&path).map_err(failed(&path))?;
            self.open = Some((folder.to_owned(), Parquet::without_site(BufWriter::new(file))?));
        }
        match &mut self.open {
            Some((_, parquet)) => Ok(parquet),
            None => unreachable!("it was opened above"),
        }
    }
}

impl Format for Partitioned {
    fn write(&mut self, article: ArticleRecord) -> Result<(), ExportError> {
        let month = article.published.as_deref().and_then(|published| published.get(..7)).unwrap_or(UNKNOWN);
        let folder = format!("site={}/month={month}", escaped(&article.site));
        self.file(&self.root.join(folder))?.write(article)
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        match self.open.take() {
            Some((_, mut parquet)) => parquet.finish(),
            None => Ok(()),
        }
    }
}

/// Percent-encoded but for letters, digits and a few signs, as readers of such folders decode it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
