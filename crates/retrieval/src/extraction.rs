//! Files read by worker processes: the step of ingestion between loading and cutting.

use trousseau_core::document::Extracted;
use trousseau_extract::{DETECT_BYTES, ExtractError, Format, Pool, Source};

/// A file in memory, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Unread<'a> {
    /// Its name or path, as it is shown; the extension speaks for the format.
    pub name: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A file's format and what was read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// The format's name.
    pub format: &'static str,
    /// What was read.
    pub extracted: Extracted,
}

/// The worker processes that read files, kept within limits and replaced when they fail.
pub struct Extraction {
    pool: Pool,
}

impl Extraction {
    /// Reads with the workers of `pool`.
    pub const fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// Reads files side by side; each fails on its own.
    pub async fn read_all(&self, files: &[Unread<'_>]) -> Vec<Result<ReadFile, ExtractError>> {
        let mut read: Vec<Option<Result<ReadFile, ExtractError>>> = Vec::with_capacity(files.len());
        let mut sources = Vec::with_capacity(files.len());
        for file in files {
            let first = file
                .bytes
                .get(..file.bytes.len().min(DETECT_BYTES))
                .unwrap_or_default();
            match Format::detect(file.name, first) {
                Ok(format) => {
                    sources.push(Source {
                        name: file.name,
                        format,
                        bytes: file.bytes,
                    });
                    read.push(None);
                }
                Err(error) => read.push(Some(Err(error))),
            }
        }
        let extracted = self.pool.extract_all(&sources).await;
        let mut extracted = sources.iter().zip(extracted).map(|(source, end)| {
            end.map(|extracted| ReadFile {
                format: source.format.name(),
                extracted,
            })
        });
        read.into_iter()
            .filter_map(|end| end.or_else(|| extracted.next()))
            .collect()
    }

    /// The walls that the workers could not put up, in words for people who run the machine; each named once.
    pub fn missing_walls(&self) -> Vec<String> {
        self.pool.missing_walls()
    }

    /// Ends the worker processes.
    pub async fn shut_down(&self) {
        self.pool.shut_down().await;
    }
}
