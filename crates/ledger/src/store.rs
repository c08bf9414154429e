//! The files of a log: tiles, bundles and the checkpoint, read by anybody and written by the one writer.
//!
//! A file is written beside its place, synced and renamed, and its folder is synced: after a crash it is there
//! whole or not at all. Tiles and bundles never change once written.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::error::{At as _, LedgerError};
use crate::merkle::{Hash, Subtree, consistency_proof, inclusion_proof, root_from_inclusion};
use crate::text::TextFault;
use crate::text::checkpoint::Checkpoint;
use crate::text::key::VerifierKey;
use crate::text::proof::Proof;
use crate::tile::{
    TILE_HEIGHT, TILE_WIDTH, TileKind, TileName, bundle_entries, parse_hashes, subtree_in_tile,
};

/// The folder of a log.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn checkpoint_path(&self) -> PathBuf {
        self.dir.join("checkpoint")
    }

    pub(crate) fn verifier_path(&self) -> PathBuf {
        self.dir.join("log.vkey")
    }

    pub(crate) fn wal_path(&self) -> PathBuf {
        self.dir.join("wal")
    }

    pub(crate) fn tile_path(&self, name: TileName) -> PathBuf {
        self.dir.join(name.path())
    }

    /// The published checkpoint, its signatures not looked at; `None` when nothing was published.
    pub(crate) fn checkpoint(&self) -> Result<Option<Checkpoint>, LedgerError> {
        let path = self.checkpoint_path();
        let text = read_text(&path, "checkpoint")?;
        text.map(|text| Checkpoint::parse_unverified(&text))
            .transpose()
            .at(&path)
    }

    /// The verifier key that was published beside the checkpoint.
    pub(crate) fn verifier(&self) -> Result<Option<VerifierKey>, LedgerError> {
        let path = self.verifier_path();
        let text = read_text(&path, "key")?;
        text.map(|text| text.trim_end().parse::<VerifierKey>())
            .transpose()
            .at(&path)
    }

    /// The bytes of a tile and the file they are from: the tile itself or, in the place of a partial one, the
    /// full one. `None` when there is neither.
    pub(crate) fn read_tile(&self, name: TileName) -> Result<Option<(TileName, Vec<u8>)>, LedgerError> {
        for name in [name, name.full()] {
            let path = self.tile_path(name);
            match fs_err::read(&path) {
                Ok(bytes) => return Ok(Some((name, bytes))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(LedgerError::io(&path, error)),
            }
        }
        Ok(None)
    }

    /// The hashes of a tile, as many as its name says.
    pub(crate) fn hashes(&self, name: TileName) -> Result<Vec<Hash>, LedgerError> {
        let (found, bytes) = self.read_tile(name)?.ok_or_else(|| self.missing(name))?;
        let mut hashes = parse_hashes(&bytes, found.width).ok_or_else(|| {
            self.tile_fault(
                found,
                format!("{} bytes instead of {}", bytes.len(), 32 * u64::from(found.width)),
            )
        })?;
        hashes.truncate(usize::from(name.width));
        Ok(hashes)
    }

    /// The bundle that holds entry `index` of a log of `size` entries, cut to the entries that this size has.
    pub(crate) fn bundle(&self, index: u64, size: u64) -> Result<Vec<u8>, LedgerError> {
        let name = TileName::covering(TileKind::Entries, index, size)
            .ok_or(LedgerError::NoSuchEntry { index, size })?;
        let (found, mut bytes) = self.read_tile(name)?.ok_or_else(|| self.missing(name))?;
        let mut length = 0;
        let mut entries = bundle_entries(&bytes);
        for _ in 0..name.width {
            match entries.next() {
                Some(Ok(entry)) => length += 2 + entry.len(),
                _ => return Err(self.tile_fault(found, format!("no entry at byte {length}"))),
            }
        }
        if found == name && length != bytes.len() {
            return Err(self.tile_fault(found, format!("more than {} entries", name.width)));
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// One entry of a log of `size` entries.
    pub(crate) fn entry(&self, index: u64, size: u64) -> Result<Vec<u8>, LedgerError> {
        let bundle = self.bundle(index, size)?;
        let within = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
        match bundle_entries(&bundle).nth(within) {
            Some(Ok(entry)) => Ok(entry.to_vec()),
            _ => Err(LedgerError::NoSuchEntry { index, size }),
        }
    }

    /// The hash of a perfect subtree of a tree of `size` leaves.
    pub(crate) fn subtree(&self, at: Subtree, size: u64) -> Result<Hash, LedgerError> {
        let level = u8::try_from(at.height / TILE_HEIGHT).unwrap_or(u8::MAX);
        let height = at.height % TILE_HEIGHT;
        let position = at.number << height;
        let name =
            TileName::covering(TileKind::Hashes(level), position, size).ok_or(LedgerError::NoSuchEntry {
                index: at.number << at.height,
                size,
            })?;
        let hashes = self.hashes(name)?;
        let offset = usize::try_from(position % TILE_WIDTH).unwrap_or(usize::MAX);
        subtree_in_tile(&hashes, offset, height)
            .ok_or_else(|| self.tile_fault(name, format!("nothing at hash {offset}")))
    }

    /// The proof that entry `index` is under `checkpoint`.
    pub(crate) fn prove(&self, index: u64, checkpoint: Checkpoint) -> Result<Proof, LedgerError> {
        let size = checkpoint.size;
        let hashes = inclusion_proof(index, size, |at| self.subtree(at, size))?
            .ok_or(LedgerError::NoSuchEntry { index, size })?;
        let leaf = self.subtree(
            Subtree {
                height: 0,
                number: index,
            },
            size,
        )?;
        if root_from_inclusion(&leaf, index, size, &hashes) != Some(checkpoint.root) {
            let name = TileName::covering(TileKind::Hashes(0), index, size)
                .ok_or(LedgerError::NoSuchEntry { index, size })?;
            return Err(self.tile_fault(name, "does not lead to the root of the checkpoint".to_owned()));
        }
        Ok(Proof {
            index,
            hashes,
            checkpoint,
            extra: None,
        })
    }

    /// The proof that the first `old` entries are the beginning of the tree of `size` leaves.
    pub(crate) fn prove_consistency(&self, old: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        consistency_proof(old, size, |at| self.subtree(at, size))?.ok_or(LedgerError::NoSuchEntry {
            index: old.saturating_sub(1),
            size,
        })
    }

    /// A tile of hashes or entries that a log of `size` entries cannot have: the log was longer once.
    pub(crate) fn tile_beyond(&self, size: u64) -> Result<Option<TileName>, LedgerError> {
        let number = size / TILE_WIDTH;
        for kind in [TileKind::Hashes(0), TileKind::Entries] {
            let full = TileName {
                kind,
                number,
                width: 256,
            };
            if self.tile_path(full).try_exists().at(&self.tile_path(full))? {
                return Ok(Some(full));
            }
            let widest = self.partial_widths(full)?.into_iter().max();
            if let Some(width) = widest.filter(|width| u64::from(*width) > size % TILE_WIDTH) {
                return Ok(Some(TileName { width, ..full }));
            }
        }
        Ok(None)
    }

    /// How many entries the bundles and tiles of level 0 hold, as far as they go without a gap.
    pub(crate) fn reach(&self) -> Result<u64, LedgerError> {
        for number in 0.. {
            let full = TileName {
                kind: TileKind::Entries,
                number,
                width: 256,
            };
            if self.tile_path(full).try_exists().at(&self.tile_path(full))? {
                continue;
            }
            let width = self.partial_widths(full)?.into_iter().max().unwrap_or(0);
            return Ok(number * TILE_WIDTH + u64::from(width));
        }
        Ok(0)
    }

    /// The widths of the partial tiles that lie in the place of a tile.
    pub(crate) fn partial_widths(&self, full: TileName) -> Result<Vec<u16>, LedgerError> {
        let folder = self.partial_folder(full);
        let listing = match fs_err::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing.at(&folder)?,
        };
        let mut widths = Vec::new();
        for file in listing {
            let name = file.at(&folder)?.file_name();
            widths.extend(name.to_str().and_then(|name| name.parse::<u16>().ok()));
        }
        Ok(widths)
    }

    fn partial_folder(&self, full: TileName) -> PathBuf {
        let mut folder = self.tile_path(full.full()).into_os_string();
        folder.push(".p");
        PathBuf::from(folder)
    }

    /// Removes the partial tiles that a full tile stands for now.
    pub(crate) fn remove_partials(&self, full: TileName) {
        // What stays behind takes room and does no harm.
        let _ = fs_err::remove_dir_all(self.partial_folder(full));
    }

    fn missing(&self, name: TileName) -> LedgerError {
        self.tile_fault(name, "is missing".to_owned())
    }

    fn tile_fault(&self, name: TileName, reason: String) -> LedgerError {
        LedgerError::Tile {
            path: self.tile_path(name),
            reason,
        }
    }
}

/// The text of a file, if there is one; `what` names it when it is not UTF-8.
fn read_text(path: &Path, what: &'static str) -> Result<Option<String>, LedgerError> {
    let bytes = match fs_err::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        bytes => bytes.at(path)?,
    };
    let fault = TextFault {
        what,
        line: 1,
        reason: "not UTF-8",
    };
    String::from_utf8(bytes).map(Some).map_err(|_| fault).at(path)
}

/// Writes files that appear whole; the folders they lie in are synced together by [`Batch::commit`].
#[derive(Debug, Default)]
pub(crate) struct Batch {
    folders: BTreeSet<PathBuf>,
}

impl Batch {
    /// Writes and syncs one file beside its place and renames it.
    pub(crate) fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        self.ensure_folder(folder)?;
        let mut draft = path.as_os_str().to_owned();
        draft.push(".tmp");
        let draft = PathBuf::from(draft);
        let written = fs_err::File::create(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs_err::rename(&draft, path)
        });
        if let Err(error) = written {
            // On a full disk the half-written draft is only in the way.
            let _ = fs_err::remove_file(&draft);
            return Err(LedgerError::io(path, error));
        }
        self.folders.insert(folder.to_owned());
        Ok(())
    }

    /// Makes a folder and those above it.
    pub(crate) fn ensure_folder(&mut self, folder: &Path) -> Result<(), LedgerError> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        let parent = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        self.ensure_folder(parent)?;
        match fs_err::create_dir(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.at(folder)?,
        }
        self.folders.insert(parent.to_owned());
        Ok(())
    }

    /// Makes the names of all that was written durable.
    pub(crate) fn commit(self) -> Result<(), LedgerError> {
        for folder in &self.folders {
            fs_err::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .at(folder)?;
        }
        Ok(())
    }
}
