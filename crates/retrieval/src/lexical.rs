//! The lexical index: one tantivy folder per tenant, derived from the document store and rebuilt when lost.
//!
//! tantivy keeps postings and positions on disk and merges them; scoring is ours ([`rank`](crate::rank)), over what the
//! reader may read and nothing else: neither hits nor their scores tell of documents behind the filter.
//!
//! Each commit carries the sequence number of the last change applied, so that after a crash the index and the
//! outbox of the store agree on where to go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::Term;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy};
use trousseau_core::chat::Rarities;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::Class;
use trousseau_text::terms::Steps;

use self::fields::Fields;
use self::snapshot::Snapshot;
use self::written::{WRITTEN, Written};
use crate::rank::Weights;

mod fields;
mod question;
mod snapshot;
mod spelling;
mod tables;
#[cfg(test)]
mod tests;
mod written;

/// The version of what the index holds and how: another one is rebuilt.
const FORMAT: &str = "1";

/// What the writer may hold before it writes a segment, in bytes.
const WRITER_MEMORY: usize = 20_000_000;

/// Indexes up to this size are read whole and compared with their checksums when they are opened.
const VERIFIED_SIZE: u64 = 32 << 20;

/// A document as it is indexed.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedDocument {
    /// Its id, unique in the tenant.
    pub id: String,
    /// The collection it belongs to.
    pub collection: String,
    /// Who may read it: users and groups, in the spelling of [`Filter::readers`].
    pub readers: Vec<String>,
    /// The class of its label.
    pub class: Class,
    /// Its title.
    pub title: String,
    /// Its chunks, in reading order.
    pub chunks: Vec<IndexedChunk>,
}

/// A chunk as it is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedChunk {
    /// Its id, unique in the tenant.
    pub id: i64,
    /// The headings it stands under, outermost first.
    pub heading: Vec<String>,
    /// Its text.
    pub text: String,
}

/// One change of the index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Puts a document in, in place of all chunks it had.
    Put(IndexedDocument),
    /// Takes the document of this id out.
    Remove(String),
}

/// What a reader may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Only these collections; all when `None`.
    pub collections: Option<Vec<String>>,
    /// Only documents that one of these users or groups may read; all when `None`.
    pub readers: Option<Vec<String>>,
    /// Only documents up to this class.
    pub clearance: Class,
}

/// A chunk found.
#[derive(Clone, Debug, PartialEq)]
pub struct LexicalHit {
    /// The chunk's id.
    pub chunk: i64,
    /// Its document's id.
    pub document: String,
    /// Its score, higher is better.
    pub score: f32,
}

/// How texts are analysed and chunks scored. What is indexed and searched with other steps than these finds
/// little: the steps can be changed only for an empty index.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// The steps of the analysis.
    pub steps: Steps,
    /// What counts how much.
    pub weights: Weights,
}

/// Why the index could not be opened, changed or searched.
#[derive(Debug, thiserror::Error)]
pub enum LexicalError {
    /// The folder cannot be made, emptied or read.
    #[error("lexical index {folder}: {source}")]
    Folder {
        /// The index's folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The engine refused: disk full, files lost.
    #[error("lexical index {folder}: {source}")]
    Engine {
        /// The index's folder.
        folder: PathBuf,
        /// What the engine says.
        source: Box<tantivy::TantivyError>,
    },
    /// The files hold what no engine wrote: open the index again to have it emptied, then rebuild it.
    #[error("lexical index {folder} is damaged")]
    Damaged {
        /// The index's folder.
        folder: PathBuf,
    },
}

impl Explain for LexicalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { .. } | Self::Engine { .. } => ErrorKind::Internal,
            Self::Damaged { .. } => ErrorKind::Corrupt,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "lexical-folder",
            Self::Engine { .. } => "lexical-engine",
            Self::Damaged { .. } => "lexical-damaged",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder { folder, source } => {
                vec![
                    ("folder", folder.display().to_string()),
                    ("cause", source.to_string()),
                ]
            }
            Self::Engine { folder, source } => {
                vec![
                    ("folder", folder.display().to_string()),
                    ("cause", source.to_string()),
                ]
            }
            Self::Damaged { folder } => vec![("folder", folder.display().to_string())],
        }
    }
}

/// The lexical index of one tenant. Searches run beside one another and beside one writer.
pub struct LexicalIndex {
    folder: PathBuf,
    options: Options,
    fields: Fields,
    index: Index,
    reader: IndexReader,
    /// Made at the first change: searching alone takes no lock and no writer's memory.
    writer: Mutex<Option<IndexWriter>>,
    snapshot: RwLock<Arc<Snapshot>>,
}

impl LexicalIndex {
    /// Opens the index in `folder`, with the sequence number of the last change it holds.
    ///
    /// `None` means that the index is empty and to be rebuilt: it is new, or it was damaged or of another version
    /// and has been emptied.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, emptied or read.
    pub fn open(folder: &Path) -> Result<(Self, Option<u64>), LexicalError> {
        Self::open_with(folder, Options::default())
    }

    /// Opens the index as [`open`](Self::open) does, with other options, to measure what they are worth.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(folder: &Path, options: Options) -> Result<(Self, Option<u64>), LexicalError> {
        match Self::open_existing(folder, options) {
            Some(opened) => Ok(opened),
            None => Ok((Self::begin_with(folder, options)?, None)),
        }
    }

    /// Begins the index in `folder` anew, whatever lies there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or emptied.
    pub fn begin(folder: &Path) -> Result<Self, LexicalError> {
        Self::begin_with(folder, Options::default())
    }

    fn begin_with(folder: &Path, options: Options) -> Result<Self, LexicalError> {
        let failed = |source| LexicalError::Folder {
            folder: folder.to_owned(),
            source,
        };
        fs_err::create_dir_all(folder).map_err(failed)?;
        remove_index_files(folder).map_err(failed)?;
        let engine = |source| engine_error(folder, source);
        let index = Index::create_in_dir(folder, Fields::schema()).map_err(engine)?;
        Self::over(folder, index, options).map_err(engine)
    }

    /// Opens the index in `folder` to search it and nothing else, whoever writes to it meanwhile; `None` when there
    /// is none yet.
    ///
    /// # Errors
    ///
    /// When it is damaged or of another version.
    pub fn open_to_read(folder: &Path) -> Result<Option<Self>, LexicalError> {
        if !folder.join("meta.json").is_file() {
            return Ok(None);
        }
        let opened = catch_unwind(|| {
            let index = Index::open_in_dir(folder).ok()?;
            let known = index.schema() == Fields::schema();
            known
                .then(|| Self::over(folder, index, Options::default()).ok())
                .flatten()
        });
        let damaged = || LexicalError::Damaged {
            folder: folder.to_owned(),
        };
        opened.ok().flatten().map(Some).ok_or_else(damaged)
    }

    /// The index as it lies on disk, when it is whole and of this version.
    fn open_existing(folder: &Path, options: Options) -> Option<(Self, Option<u64>)> {
        catch_unwind(|| {
            let index = Index::open_in_dir(folder).ok()?;
            let payload = index.load_metas().ok()?.payload?;
            let sequence = payload.strip_prefix(FORMAT)?.strip_prefix(' ')?.parse().ok()?;
            let whole = index.schema() == Fields::schema() && is_verified(&index, folder);
            let opened = whole.then(|| Self::over(folder, index, options).ok()).flatten()?;
            Some((opened, Some(sequence)))
        })
        .ok()
        .flatten()
    }

    fn over(folder: &Path, index: Index, options: Options) -> tantivy::Result<Self> {
        index.tokenizers().register(WRITTEN, Written::default());
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let reader: IndexReader = reader;
        let snapshot = Snapshot::of(reader.searcher())?;
        Ok(Self {
            folder: folder.to_owned(),
            options,
            fields: Fields::of(&index.schema())?,
            index,
            reader,
            writer: Mutex::new(None),
            snapshot: RwLock::new(Arc::new(snapshot)),
        })
    }

    /// Applies `changes` in order, in one commit that also records `sequence`. Blocks until they are on disk and
    /// seen by searches that begin afterwards.
    ///
    /// # Errors
    ///
    /// When the engine fails, none of the changes is kept; they can be applied again.
    pub fn apply(&self, changes: Vec<Change>, sequence: u64) -> Result<(), LexicalError> {
        let mut slot = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = self.commit(&mut slot, changes, sequence);
        if applied.is_err() {
            // A writer that failed once may be dead; the next change gets a new one.
            *slot = None;
        }
        applied.map_err(|source| engine_error(&self.folder, source))
    }

    fn commit(
        &self,
        slot: &mut Option<IndexWriter>,
        changes: Vec<Change>,
        sequence: u64,
    ) -> tantivy::Result<()> {
        let writer = match slot {
            Some(writer) => writer,
            None => slot.insert(self.open_writer()?),
        };
        for change in changes {
            match change {
                Change::Remove(id) => {
                    writer.delete_term(Term::from_field_text(self.fields.document, &id));
                }
                Change::Put(document) => {
                    writer.delete_term(Term::from_field_text(self.fields.document, &document.id));
                    for chunk in self.fields.chunks(&document, self.options.steps) {
                        writer.add_document(chunk)?;
                    }
                }
            }
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&format!("{FORMAT} {sequence}"));
        commit.commit()?;
        self.reader.reload()?;
        let snapshot = Arc::new(Snapshot::of(self.reader.searcher())?);
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(())
    }

    fn open_writer(&self) -> tantivy::Result<IndexWriter> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_MEMORY)
            .build();
        let writer = self.index.writer_with_options(options)?;
        // A process killed before its commit leaves files that no commit names. The next commit may choose
        // the same names, and would fail on them.
        writer.garbage_collect_files().wait()?;
        Ok(writer)
    }

    /// How rare the terms of `question` are in what the filter lets through.
    ///
    /// # Errors
    ///
    /// As [`search`](Self::search).
    pub fn rarities(&self, question: &str, filter: &Filter) -> Result<Rarities, LexicalError> {
        self.read_snapshot(|snapshot| snapshot.rarities(&self.fields, &self.options, question, filter))
    }

    /// The best `limit` chunks for `question` among those that `filter` lets through, best first.
    ///
    /// Any word of the question may be missing from a chunk. The question is only words: no character in it is
    /// an operator, and of a very long one only the beginning counts.
    ///
    /// # Errors
    ///
    /// When the index's files cannot be read or are damaged.
    pub fn search(
        &self,
        question: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<LexicalHit>, LexicalError> {
        self.read_snapshot(|snapshot| snapshot.search(&self.fields, &self.options, question, filter, limit))
    }

    /// Reads the index as it stands; damage that shows while reading is an error, not a panic.
    fn read_snapshot<T>(
        &self,
        read: impl FnOnce(&Snapshot) -> tantivy::Result<T>,
    ) -> Result<T, LexicalError> {
        let snapshot = Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner));
        match catch_unwind(AssertUnwindSafe(|| read(&snapshot))) {
            Ok(found) => found.map_err(|source| engine_error(&self.folder, source)),
            Err(_) => Err(LexicalError::Damaged {
                folder: self.folder.clone(),
            }),
        }
    }
}

fn engine_error(folder: &Path, source: tantivy::TantivyError) -> LexicalError {
    LexicalError::Engine {
        folder: folder.to_owned(),
        source: Box::new(source),
    }
}

/// Removes what the engine wrote, and nothing else that may lie there.
fn remove_index_files(folder: &Path) -> std::io::Result<()> {
    const FIXED: [&str; 4] = [
        "meta.json",
        ".managed.json",
        ".tantivy-writer.lock",
        ".tantivy-meta.lock",
    ];
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let segment = name.split('.').next().unwrap_or_default();
        let of_segment = segment.len() == 32 && segment.bytes().all(|byte| byte.is_ascii_hexdigit());
        if of_segment || FIXED.contains(&name.as_str()) {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether the files match their checksums. A large index is trusted, so that opening stays fast: its
/// damage shows at the first search that meets it.
fn is_verified(index: &Index, folder: &Path) -> bool {
    let Ok(entries) = fs_err::read_dir(folder) else {
        return false;
    };
    let size: u64 = entries
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|metadata| metadata.len())
        .sum();
    size > VERIFIED_SIZE || index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
}
