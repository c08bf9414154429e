//! HTML, read from its tokens: no tree is built, so that depth costs nothing.
//!
//! Elements that begin on a new line in a browser separate words and blocks here; all others do not.
//! What a browser would not show (scripts, styles, hidden elements) and navigation is left out.

mod attributes;
mod elements;
mod page;
mod sink;

use encoding_rs::Encoding;
use html5ever::interface::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tokenizer, TokenizerOpts};
use trousseau_core::document::Extracted;

use self::page::Page;
use self::sink::Sink;
use crate::compose::{Composer, Gap};
use crate::decode::{Decoded, decode};
use crate::error::warning;
use crate::{ExtractError, Limits};

/// How far into a file its encoding may be declared; the standard says 1,024 bytes, files say otherwise.
const DECLARATION_BYTES: usize = 4096;

pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let Decoded { text, mut warnings } = decode(bytes, declared_encoding(bytes))?;
    let mut page = run(&text, Page::new(limits, Composer::new(limits)))?;
    if page.in_title {
        // A title without an end has swallowed the page.
        page = run(&text, Page::new(limits, Composer::new(limits)).without_title())?;
    }
    if page.hidden {
        warnings.push(warning::HIDDEN_TEXT);
    }
    let title = page.title.or_else(|| page.out.first_title());
    page.out.finish(title, &warnings)
}

/// Reads a piece of HTML that stands in another format; gives the warning it causes, if any.
pub(crate) fn append(
    markup: &str,
    limits: &Limits,
    out: &mut Composer,
) -> Result<Option<&'static str>, ExtractError> {
    let mine = std::mem::replace(out, Composer::new(limits));
    let page = run(markup, Page::new(limits, mine).without_title())?;
    *out = page.out;
    Ok(page.hidden.then_some(warning::HIDDEN_TEXT))
}

/// What a single tag, as it stands in Markdown, puts between the words around it.
pub(crate) fn break_of(tag: &str) -> Gap {
    let name = tag.trim_start_matches(['<', '/']);
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(name.len());
    let name = name[..end].to_ascii_lowercase();
    if name == "br" || elements::is_block(&name) {
        Gap::Line
    } else {
        Gap::None
    }
}

fn run(text: &str, page: Page) -> Result<Page, ExtractError> {
    attributes::check(text)?;
    let tokenizer = Tokenizer::new(Sink::new(page), TokenizerOpts::default());
    let input = BufferQueue::default();
    // The tokenizer goes on after a script without running it.
    for piece in pieces(text) {
        input.push_back(StrTendril::from_slice(piece));
        while let TokenizerResult::Script(()) = tokenizer.feed(&input) {}
        tokenizer.sink.failed()?;
    }
    tokenizer.end();
    tokenizer.sink.finish()
}

/// Cuts a text into pieces, so that a failure stops the reading early and no buffer is large.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const PIECE: usize = 1 << 20;
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        Some(piece)
    })
}

/// The encoding that `<meta charset>`, `<meta http-equiv>` or `<?xml encoding?>` declares.
fn declared_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(DECLARATION_BYTES)].to_ascii_lowercase();
    let after =
        |word: &[u8], from: usize| memchr::memmem::find(&head[from..], word).map(|at| from + at + word.len());
    let value = |from: usize| {
        let rest = head[from..]
            .trim_ascii_start()
            .strip_prefix(b"=")?
            .trim_ascii_start();
        let rest = rest
            .strip_prefix(b"\"")
            .or_else(|| rest.strip_prefix(b"'"))
            .unwrap_or(rest);
        let label = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.".contains(byte);
        Encoding::for_label(rest.split(|byte| !label(byte)).next()?)
    };
    if head.starts_with(b"<?xml") {
        let end = memchr::memmem::find(&head, b"?>")?;
        if let Some(at) = after(b"encoding", 0).filter(|&at| at < end) {
            return value(at);
        }
    }
    let mut from = 0;
    while let Some(meta) = after(b"<meta", from) {
        let end = memchr::memchr(b'>', &head[meta..]).map_or(head.len(), |length| meta + length);
        if let Some(found) = after(b"charset", meta).filter(|&at| at < end).and_then(value) {
            return Some(found);
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declared_encoding_is_found() {
        for (head, name) in [
            ("<meta charset=utf-8>", Some("UTF-8")),
            (
                "<META name=a><meta CHARSET = 'ISO-8859-15' />",
                Some("ISO-8859-15"),
            ),
            (
                "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1252\">",
                Some("windows-1252"),
            ),
            (
                "<?xml version='1.0' encoding='latin1'?><html>",
                Some("windows-1252"),
            ),
            ("<p>charset=utf-8", None),
            ("<meta charset=klingon>", None),
            ("<meta charset", None),
        ] {
            assert_eq!(
                declared_encoding(head.as_bytes()).map(Encoding::name),
                name,
                "{head}"
            );
        }
    }

    #[test]
    fn a_tag_in_markdown_breaks_as_it_does_in_html() {
        assert_eq!(break_of("<br/>"), Gap::Line);
        assert_eq!(break_of("</DIV>"), Gap::Line);
        assert_eq!(break_of("<strong class='a'>"), Gap::None);
        assert_eq!(break_of("<!-- br -->"), Gap::None);
    }
}
