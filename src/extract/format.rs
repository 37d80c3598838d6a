//! Files that are no pages, by how they begin.

/// A beginning, where it stands, and the name of what begins so.
struct Beginning {
    at: usize,
    bytes: &'static [u8],
    name: &'static str,
}

const fn begins(bytes: &'static [u8], name: &'static str) -> Beginning {
    Beginning { at: 0, bytes, name }
}

/// As `file` and the MIME Sniffing Standard know them.
const BEGINNINGS: [Beginning; 33] = [
    begins(b"%PDF-", "a PDF document"),
    begins(b"%!PS", "a PostScript document"),
    begins(b"{\\rtf", "an RTF document"),
    begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document"),
    begins(b"AT&TFORM", "a DjVu document"),
    begins(b"\x89PNG", "a PNG image"),
    begins(b"\xff\xd8\xff", "a JPEG image"),
    begins(b"GIF8", "a GIF image"),
    Beginning { at: 8, bytes: b"WEBP", name: "a WebP image" },
    begins(b"II*\0", "a TIFF image"),
    begins(b"MM\0*", "a TIFF image"),
    begins(b"\0\0\x01\0", "an icon"),
    begins(b"8BPS", "a Photoshop image"),
    begins(b"PK\x03\x04", "a ZIP archive, as .docx, .xlsx and .epub files are"),
    begins(b"PK\x05\x06", "an empty ZIP archive"),
    begins(b"\x1f\x8b", "a gzip file"),
    begins(b"BZh", "a bzip2 file"),
    begins(b"\xfd7zXZ\0", "an xz file"),
    begins(b"\x28\xb5\x2f\xfd", "a zstd file"),
    begins(b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    begins(b"Rar!", "a RAR archive"),
    Beginning { at: 257, bytes: b"ustar", name: "a tar archive" },
    begins(b"SQLite format 3\0", "an SQLite database"),
    begins(b"RIFF", "a sound or video file (RIFF)"),
    begins(b"OggS", "a sound or video file (Ogg)"),
    begins(b"ID3", "a sound file (MP3)"),
    begins(b"fLaC", "a sound file (FLAC)"),
    Beginning { at: 4, bytes: b"ftyp", name: "a video or image file (MP4, HEIF)" },
    begins(b"\x1a\x45\xdf\xa3", "a video file (Matroska, WebM)"),
    begins(b"wOFF", "a font"),
    begins(b"wOF2", "a font"),
    begins(b"\x7fELF", "a program"),
    begins(b"MZ\x90\0", "a program"),
];

/// The name of what the bytes are when their beginning says that they are no page, as in `a PDF document`.
pub fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let is_there =
        |known: &&Beginning| bytes.get(known.at..).is_some_and(|rest| rest.starts_with(known.bytes));
    BEGINNINGS.iter().find(is_there).map(|known| known.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_how_they_begin() {
        for (bytes, name) in [
            (&b"%PDF-1.7\n<html>"[..], Some("a PDF document")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("a WebP image")),
            (b"RIFF\x10\0\0\0WAVEfmt ", Some("a sound or video file (RIFF)")),
            (b"<!DOCTYPE html><p>%PDF-", None),
            (b"P", None),
            (b"", None),
        ] {
            assert_eq!(other_format(bytes), name);
        }
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert_eq!(other_format(&tar), Some("a tar archive"));
    }
}
