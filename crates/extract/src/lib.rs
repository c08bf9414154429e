//! Turns the bytes of a file into blocks of text, in worker processes with limits.
//!
//! The way of one file: [`Format::detect`] names its format from name and first bytes, or refuses it by
//! name; [`read`] turns its bytes into an [`Extracted`]: the stored text and its blocks, each with its kind,
//! heading path and place. `read` is a pure function: it touches no file, clock or environment, and never
//! recurses, so that no input can overflow the stack.
//!
//! Inside: `decode` finds the encoding and gives clean Unicode, `plain`, `markdown` and `html` are one
//! reader each, and `compose` is what they share to build a valid [`Extracted`].
//!
//! Because tomorrow's formats need heavy parsers that hostile files may break, `read` is called in worker
//! processes from the start: a [`Pool`] starts the program's own binary with a hidden subcommand, whose
//! whole body is [`worker::run`]. A worker puts up its own walls before it reads the first byte (see
//! [`walls`]), gets the file over a pipe, and opens nothing. Whatever happens to it fails one file only.
//!
//! Every limit is in [`Limits`] (per file) and [`PoolOptions`] (per process).

mod compose;
mod decode;
mod error;
mod format;
mod frame;
mod html;
mod markdown;
mod plain;
mod pool;
pub mod walls;
pub mod worker;

use serde::{Deserialize, Serialize};
use trousseau_core::document::Extracted;

pub use self::error::{ExtractError, warning};
pub use self::format::{DETECT_BYTES, Format};
pub use self::pool::{Pool, PoolOptions, Source};

/// What one file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The most blocks a file may have.
    pub max_blocks: usize,
    /// The deepest nesting of lists, tables and quotes.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 20,
            max_blocks: 200_000,
            max_depth: 500,
        }
    }
}

impl Limits {
    /// Fails when a file of `bytes` bytes is over the limit. To be asked before the file is read.
    pub const fn check_size(&self, bytes: u64) -> Result<(), ExtractError> {
        if bytes > self.max_bytes {
            return Err(ExtractError::TooLarge {
                bytes,
                limit: self.max_bytes,
            });
        }
        Ok(())
    }
}

/// Reads `bytes` as a file of this format.
///
/// The stored text has `\n` as its only line end and no control character but `\n` and `\t`. A plain text
/// is otherwise kept verbatim, so that what is cited from it is found in the original; Markdown and HTML
/// become readable text without markup. Blocks are in order, do not overlap, and fall on character
/// boundaries.
///
/// # Errors
///
/// [`ExtractError::Empty`] when there is no text to be read, [`ExtractError::TooLarge`],
/// [`ExtractError::TooManyBlocks`] and [`ExtractError::TooDeep`] past `limits`,
/// [`ExtractError::Binary`] and [`ExtractError::BadEncoding`] when the bytes are no text.
pub fn read(format: Format, bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    limits.check_size(bytes.len() as u64)?;
    match format {
        Format::Text => plain::read(bytes, limits),
        Format::Markdown => markdown::read(bytes, limits),
        Format::Html => html::read(bytes, limits),
    }
}
