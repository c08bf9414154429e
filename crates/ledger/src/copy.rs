//! A copy of a published log, made while it grows.

use std::path::Path;

use crate::error::LedgerError;
use crate::merkle::Hash;
use crate::reader::LogReader;
use crate::store::{Batch, Store};
use crate::text::checkpoint::Checkpoint;
use crate::tile::{TILE_WIDTH, TileKind, TileName, write_hashes};

impl LogReader {
    /// Writes the published log, as it was when it was opened, into the folder `to`: its tiles, then its key, then
    /// its checkpoint. Entries that are sequenced and not yet published are not in the copy. A later run may open
    /// the copy to write to it.
    ///
    /// # Errors
    ///
    /// When tiles cannot be read or the copy cannot be written.
    pub fn copy_to(&self, to: &Path) -> Result<Checkpoint, LedgerError> {
        let (from, copy) = (self.store(), Store::new(to));
        let checkpoint = self.checkpoint().clone();
        let size = checkpoint.size;
        let mut batch = Batch::default();
        batch.ensure_folder(to)?;
        for start in (0..size).step_by(TILE_WIDTH as usize) {
            let name = covering(TileKind::Entries, start, size)?;
            batch.write(&copy.tile_path(name), &from.bundle(start, size)?)?;
        }
        let mut hashes = size;
        for level in 0.. {
            for start in (0..hashes).step_by(TILE_WIDTH as usize) {
                let name = covering(TileKind::Hashes(level), start, size)?;
                let row: Vec<Hash> = from.hashes(name)?;
                batch.write(&copy.tile_path(name), &write_hashes(&row))?;
            }
            hashes /= TILE_WIDTH;
            if hashes == 0 {
                break;
            }
        }
        let key = format!("{}\n", self.verifier());
        batch.write(&copy.verifier_path(), key.as_bytes())?;
        batch.commit()?;
        let mut last = Batch::default();
        last.write(&copy.checkpoint_path(), checkpoint.note.as_bytes())?;
        last.commit()?;
        Ok(checkpoint)
    }
}

fn covering(kind: TileKind, position: u64, size: u64) -> Result<TileName, LedgerError> {
    TileName::covering(kind, position, size).ok_or(LedgerError::NoSuchEntry {
        index: position,
        size,
    })
}
