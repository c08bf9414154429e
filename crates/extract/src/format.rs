//! Which format a file is in, by its name and its first bytes.

use serde::{Deserialize, Serialize};

use crate::ExtractError;
use crate::decode;

/// How many of a file's first bytes [`Format::detect`] wants; more do not hurt.
pub const DETECT_BYTES: usize = 8192;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Plain text.
    Text,
    /// Markdown: CommonMark with tables and footnotes.
    Markdown,
    /// HTML.
    Html,
}

/// Extensions of formats that have no reader yet, with the name to refuse them by.
const REFUSED: &[(&str, &str)] = &[
    ("pdf", "PDF"),
    ("docx docm dotx", "Word (docx)"),
    ("doc dot", "Word (doc)"),
    ("odt ott fodt", "OpenDocument text"),
    ("ods ots fods", "OpenDocument spreadsheet"),
    ("odp otp fodp", "OpenDocument presentation"),
    ("odf odg", "OpenDocument"),
    ("xlsx xlsm xls xlsb", "Excel"),
    ("pptx pptm ppt pps ppsx", "PowerPoint"),
    ("rtf", "RTF"),
    ("epub", "EPUB"),
    ("pages numbers key", "Apple iWork"),
    ("csv tsv", "CSV"),
    ("json jsonl ndjson", "JSON"),
    ("xml xsd xsl xslt", "XML"),
    ("eml msg mbox mht mhtml", "e-mail"),
    ("rst adoc asciidoc org tex", "structured text other than Markdown"),
    ("png jpg jpeg gif bmp tif tiff webp heic avif ico svg", "image"),
    ("mp3 wav ogg oga flac m4a opus", "sound"),
    ("mp4 avi mkv mov webm", "video"),
    ("zip 7z rar tar gz tgz bz2 xz zst jar", "archive"),
    ("exe dll so dylib bin o a class wasm pyc", "program"),
    ("sqlite sqlite3 db mdb accdb parquet", "database"),
    ("woff woff2 ttf otf eot", "font"),
];

/// First bytes of formats that a name may hide.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF-", "PDF"),
    (b"PK\x03\x04", "zip archive or office document"),
    (b"PK\x05\x06", "zip archive or office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "older office document"),
    (b"{\\rtf", "RTF"),
    (b"\x7fELF", "program"),
    (b"MZ\x90\x00", "program"),
    (b"\x89PNG\r\n\x1a\n", "PNG image"),
    (b"\xff\xd8\xff", "JPEG image"),
    (b"GIF87a", "GIF image"),
    (b"GIF89a", "GIF image"),
    (b"II*\x00", "TIFF image"),
    (b"MM\x00*", "TIFF image"),
    (b"\x1f\x8b\x08", "gzip archive"),
    (b"BZh", "bzip2 archive"),
    (b"\xfd7zXZ\x00", "xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive"),
    (b"(\xb5/\xfd", "zstd archive"),
    (b"Rar!\x1a\x07", "rar archive"),
    (b"SQLite format 3\x00", "SQLite database"),
    (b"ID3\x03", "sound"),
    (b"OggS\x00", "sound"),
];

impl Format {
    /// The format of the file called `name` (a file name or a path) that begins with `first`: about
    /// [`DETECT_BYTES`] bytes, or the whole file.
    ///
    /// The name decides among formats of text; where it is no known one, the bytes do.
    ///
    /// # Errors
    ///
    /// [`ExtractError::Unsupported`] by the format's name where there is no reader for it yet,
    /// [`ExtractError::Binary`] where a text's name stands on something else, [`ExtractError::Empty`] for
    /// no bytes at all, [`ExtractError::BadEncoding`] for UTF-32.
    pub fn detect(name: &str, first: &[u8]) -> Result<Self, ExtractError> {
        let extension = extension(name);
        let named = match extension.as_str() {
            "txt" | "text" | "log" | "asc" => Some(Self::Text),
            "md" | "markdown" | "mdown" | "mkd" | "mkdn" | "mdtext" => Some(Self::Markdown),
            "html" | "htm" | "xhtml" | "xht" | "shtml" => Some(Self::Html),
            other => {
                refuse_by_name(other)?;
                None
            }
        };
        if first.is_empty() {
            return Err(ExtractError::Empty);
        }
        if let Some(&(_, found)) = MAGIC.iter().find(|(magic, _)| first.starts_with(magic)) {
            let found = found.to_owned();
            return Err(if named.is_some() {
                ExtractError::Binary { found }
            } else {
                ExtractError::Unsupported { format: found }
            });
        }
        decode::refuse_binary(first)?;
        Ok(named.unwrap_or_else(|| sniff(first)))
    }

    /// The name used on the wire and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }
}

fn extension(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match file.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}

fn refuse_by_name(extension: &str) -> Result<(), ExtractError> {
    let refused = |(extensions, _): &&(&str, &str)| extensions.split(' ').any(|known| known == extension);
    match REFUSED.iter().find(refused) {
        Some((_, format)) => Err(ExtractError::Unsupported {
            format: (*format).to_owned(),
        }),
        None => Ok(()),
    }
}

/// HTML says so at its beginning; anything else is plain text.
fn sniff(first: &[u8]) -> Format {
    let text = decode::preview(first);
    let text = text.trim_start();
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if begins("<!doctype html") || begins("<html") || begins("<head") || begins("<body") {
        Format::Html
    } else {
        Format::Text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_decides_among_texts_and_the_bytes_where_it_is_unknown() {
        for (name, bytes, format) in [
            ("note.txt", "<html>", Format::Text),
            ("Dossier été/NOTE.MD", "# a", Format::Markdown),
            ("page.HTM", "bonjour", Format::Html),
            ("LISEZMOI", "bonjour", Format::Text),
            ("page", " \n<!DOCTYPE HTML><p>", Format::Html),
            (".profil", "bonjour", Format::Text),
            ("a.b/c", "bonjour", Format::Text),
            ("note.2024", "bonjour", Format::Text),
        ] {
            assert_eq!(Format::detect(name, bytes.as_bytes()), Ok(format), "{name}");
        }
    }

    #[test]
    fn formats_without_a_reader_are_refused_by_name() {
        for (name, format) in [
            ("a.pdf", "PDF"),
            ("a.DOCX", "Word (docx)"),
            ("a.odt", "OpenDocument text"),
            ("a.jpeg", "image"),
            ("a.tar.gz", "archive"),
        ] {
            let format = format.to_owned();
            assert_eq!(
                Format::detect(name, b"abc"),
                Err(ExtractError::Unsupported { format }),
                "{name}"
            );
        }
        let format = "PDF".to_owned();
        assert_eq!(
            Format::detect("scan", b"%PDF-1.7"),
            Err(ExtractError::Unsupported { format })
        );
    }

    #[test]
    fn a_text_s_name_on_something_else_is_refused_as_binary() {
        for bytes in [
            b"\x7fELF\x02\x01\x01\0\0".as_slice(),
            b"\x89PNG\r\n\x1a\n\0",
            b"PK\x03\x04\x14",
            b"abc\0\0\x01\x02\0def\0\0\0\x07",
            b"\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11",
        ] {
            let refused = Format::detect("note.txt", bytes);
            assert!(
                matches!(refused, Err(ExtractError::Binary { .. })),
                "{bytes:?}: {refused:?}"
            );
        }
        assert_eq!(Format::detect("note.txt", b""), Err(ExtractError::Empty));
    }
}
