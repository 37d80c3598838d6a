//! Index files of web archives: CDX of the Wayback Machine, as lines
//! (<https://archive.org/web/researcher/cdx_file_format.php>) or as its server's JSON, and CDXJ of
//! Common Crawl and pywb.

use serde_json::Value;

/// Lines at the head that are looked at to tell the form.
const LOOKED_AT: usize = 20;

/// Why a file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIndex {
    /// The pages themselves.
    #[error(
        "it is a WARC or WACZ file; index files of them (CDX, CDXJ) can be imported, the pages in them not yet"
    )]
    Pages,
    /// Something else.
    #[error(
        "it has no form that is known; known are CDX lines (`com,example)/ 20240518093000 http://example.com/ text/html 200 …`), the CDX server's JSON (`[[\"urlkey\",\"timestamp\",\"original\",…],…]`) and CDXJ (`com,example)/ 20240518093000 {{\"url\": …}}`)"
    )]
    Unknown,
}

/// A capture that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// As it was captured.
    pub url: String,
    status: Option<String>,
    mime: Option<String>,
}

impl Indexed {
    /// Whether it may be a page: answered with success and as HTML, as far as the index says. A revisit
    /// stands for an equal capture before it.
    pub fn is_page(&self) -> bool {
        let says = |said: &Option<String>| {
            said.as_deref().filter(|said| !matches!(*said, "" | "-")).map(str::to_owned)
        };
        let is_answer = says(&self.status).is_none_or(|status| status.starts_with('2'));
        let is_html = says(&self.mime)
            .is_none_or(|mime| mime.contains("html") || mime.contains("revisit") || mime == "unk");
        is_answer && is_html
    }
}

/// What a record of a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// A capture.
    Capture(Indexed),
    /// A header, or nothing.
    Empty,
    /// Not what the file's other records are.
    Malformed,
}

/// Reads records of one file.
#[derive(Debug, Clone)]
pub struct IndexReader {
    form: Form,
    /// Where URL, type and status stand.
    columns: [Option<usize>; 3],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Cdx,
    Json,
    Cdxj,
}

impl IndexReader {
    /// Tells the form by the beginning of a file, unpacked.
    pub fn detect(head: &[u8]) -> Result<Self, NoIndex> {
        if head.starts_with(b"WARC/") || head.starts_with(b"PK\x03\x04") {
            return Err(NoIndex::Pages);
        }
        let text = String::from_utf8_lossy(head);
        let of = |form| Self { form, columns: [Some(2), Some(3), Some(4)] };
        if text.trim_start().starts_with('[') {
            return Ok(of(Form::Json));
        }
        for line in text.lines().take(LOOKED_AT) {
            for mut reader in [of(Form::Cdxj), of(Form::Cdx)] {
                if is_header(line) && reader.form == Form::Cdx
                    || matches!(reader.read(line), Record::Capture(_))
                {
                    return Ok(of(reader.form));
                }
            }
        }
        Err(NoIndex::Unknown)
    }

    /// The byte that ends a record. A row of JSON ends with its bracket, on a line of its own or not.
    pub fn end(&self) -> u8 {
        if self.form == Form::Json { b']' } else { b'\n' }
    }

    /// Reads a record, up to its end.
    pub fn read(&mut self, record: &str) -> Record {
        let record = record.trim();
        if record.is_empty() {
            return Record::Empty;
        }
        let found = match self.form {
            Form::Cdx if is_header(record) => {
                let letters: Vec<&str> = record.split_ascii_whitespace().skip(1).collect();
                self.columns = ["a", "m", "s"].map(|letter| letters.iter().position(|l| *l == letter));
                return Record::Empty;
            }
            Form::Cdx => self.row(&record.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()),
            Form::Cdxj => of_cdxj(record),
            Form::Json => {
                let row = record.trim_start_matches(|c: char| matches!(c, '[' | ',') || c.is_whitespace());
                if matches!(row, "" | "]") {
                    return Record::Empty;
                }
                let Ok(row) = serde_json::from_str::<Vec<String>>(&format!("[{row}")) else {
                    return Record::Malformed;
                };
                if row.iter().any(|name| name == "original") {
                    self.columns = ["original", "mimetype", "statuscode"]
                        .map(|wanted| row.iter().position(|name| name == wanted));
                    return Record::Empty;
                }
                self.row(&row)
            }
        };
        found.map_or(Record::Malformed, Record::Capture)
    }

    fn row(&self, row: &[String]) -> Option<Indexed> {
        let column = |n: usize| self.columns[n].and_then(|at| row.get(at)).cloned();
        let url = column(0).filter(|url| url.contains("://"))?;
        Some(Indexed { url, mime: column(1), status: column(2) })
    }
}

fn is_header(line: &str) -> bool {
    line.trim_start().starts_with("CDX ")
}

fn of_cdxj(line: &str) -> Option<Indexed> {
    let (_, json) = line.split_at_checked(line.find('{')?)?;
    let said: Value = serde_json::from_str(json).ok()?;
    let text = |key: &str| match &said[key] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let url = text("url").filter(|url| url.contains("://"))?;
    Some(Indexed { url, status: text("status"), mime: text("mime") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// URLs of pages, and the number of malformed records.
    fn read(file: &str) -> (Vec<String>, usize) {
        let mut reader = IndexReader::detect(file.as_bytes()).unwrap();
        let (mut urls, mut malformed) = (Vec::new(), 0);
        for record in file.split_inclusive(char::from(reader.end())) {
            match reader.read(record) {
                Record::Capture(capture) if capture.is_page() => urls.push(capture.url),
                Record::Capture(_) | Record::Empty => {}
                Record::Malformed => malformed += 1,
            }
        }
        (urls, malformed)
    }

    #[test]
    fn lines_with_and_without_a_header_are_read() {
        let lines = "com,e)/1 20240518093000 http://e.com/1 text/html 200 ABC 1234\n\
                     com,e)/2 20240518093000 http://e.com/2 text/html 404 ABC 1234\n\
                     com,e)/3 20240518093000 http://e.com/3 warc/revisit - ABC 1234\n\
                     com,e)/4.jpg 20240518093000 http://e.com/4.jpg image/jpeg 200 ABC 1234\n\
                     broken\n";
        assert_eq!(read(lines), (vec!["http://e.com/1".to_owned(), "http://e.com/3".to_owned()], 1));
        let other = " CDX a b m s\nhttp://e.com/1 20240518093000 text/html 200\n";
        assert_eq!(read(other), (vec!["http://e.com/1".to_owned()], 0));
    }

    #[test]
    fn the_servers_json_is_read_on_many_lines_or_on_one() {
        let rows = r#"[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],
            ["com,e)/1","20240518093000","http://e.com/1","text/html","200","ABC","1"],
            ["com,e)/2",7],
            ["com,e)/3","20240518093000","http://e.com/3","text/html","-","ABC","1"]]"#;
        let want = (vec!["http://e.com/1".to_owned(), "http://e.com/3".to_owned()], 1);
        assert_eq!(read(rows), want);
        assert_eq!(read(&rows.replace('\n', "").replace("            ", "")), want);
        assert_eq!(read(r#"[["original"],["http://e.com/9"]]"#).0, ["http://e.com/9"]);
    }

    #[test]
    fn cdxj_is_read() {
        let lines = "com,e)/1 20240518093000 {\"url\": \"https://e.com/1\", \"mime\": \"text/html\", \"status\": \"200\"}\n\
                     com,e)/2 20240518093000 {\"url\": \"https://e.com/2\", \"mi\n\
                     {\"urlkey\": \"com,e)/3\", \"url\": \"https://e.com/3\", \"status\": 200}\n";
        assert_eq!(read(lines), (vec!["https://e.com/1".to_owned(), "https://e.com/3".to_owned()], 1));
    }

    #[test]
    fn what_is_no_index_is_named() {
        let detect = |head: &[u8]| IndexReader::detect(head).unwrap_err();
        assert_eq!(detect(b"WARC/1.0\r\n"), NoIndex::Pages);
        assert_eq!(detect(b"PK\x03\x04.."), NoIndex::Pages);
        assert_eq!(detect(b"<html>"), NoIndex::Unknown);
        assert_eq!(detect(b""), NoIndex::Unknown);
    }
}
