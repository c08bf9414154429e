//! Puts sequenced entries into tiles and signs the new head.

use std::path::Path;

use crate::edge::Edge;
use crate::error::LedgerError;
use crate::merkle::Hash;
use crate::store::{Batch, Store};
use crate::text::checkpoint::Checkpoint;
use crate::text::key::SigningKey;
use crate::tile::{TILE_WIDTH, TileKind, TileName, bundle_entries, push_entry, write_hashes};
use crate::wal::replay::Pending;

/// The published log and what is needed to make it longer.
#[derive(Debug)]
pub(crate) struct Publisher {
    edge: Edge,
    /// The bytes of the last, partial bundle.
    bundle: Vec<u8>,
}

impl Publisher {
    /// Reads the right edge of the published log and checks it against the signed root.
    pub(crate) fn open(store: &Store, checkpoint: Option<&Checkpoint>) -> Result<Self, LedgerError> {
        let (size, root) = checkpoint.map_or((0, Hash::empty()), |head| (head.size, head.root));
        let edge = Edge::read(size, |name| store.hashes(name))?;
        if edge.root() != root {
            let reason = "does not agree with the last tiles of the log".to_owned();
            return Err(LedgerError::Tile {
                path: store.checkpoint_path(),
                reason,
            });
        }
        let bundle = if size.is_multiple_of(TILE_WIDTH) {
            Vec::new()
        } else {
            store.bundle(size - 1, size)?
        };
        let leaves = bundle_entries(&bundle).map(|entry| entry.map(Hash::leaf));
        if !leaves.eq(edge.row(0).iter().map(|leaf| Ok(*leaf))) {
            let name = TileName::covering(TileKind::Entries, size - 1, size)
                .ok_or(LedgerError::NoSuchEntry { index: size, size })?;
            let reason = "does not agree with its tile of hashes".to_owned();
            return Err(LedgerError::Tile {
                path: store.tile_path(name),
                reason,
            });
        }
        Ok(Self { edge, bundle })
    }

    /// The number of entries in tiles.
    pub(crate) fn size(&self) -> u64 {
        self.edge.size()
    }

    /// Writes the tiles of the log with `entries` added, then its checkpoint, each durable before the next
    /// begins. When anything fails, the published log is as before and the same may be tried again.
    pub(crate) fn publish(
        &mut self,
        store: &Store,
        key: &SigningKey,
        entries: &[Pending],
    ) -> Result<Checkpoint, LedgerError> {
        let mut edge = self.edge.clone();
        let mut bundle = self.bundle.clone();
        let mut tiles = Batch::default();
        let mut filled = Vec::new();
        for pending in entries {
            push_entry(&mut bundle, &pending.entry);
            let mut full = Vec::new();
            edge.push(pending.leaf, &mut |name, row| {
                full.push((name, write_hashes(row)));
            });
            if full.is_empty() {
                continue;
            }
            let number = edge.size() / TILE_WIDTH - 1;
            let name = TileName {
                kind: TileKind::Entries,
                number,
                width: 256,
            };
            tiles.write(&store.tile_path(name), &bundle)?;
            bundle.clear();
            filled.push(name);
            for (name, bytes) in full {
                tiles.write(&store.tile_path(name), &bytes)?;
                filled.push(name);
            }
        }
        self.write_partial(store, &edge, &bundle, &mut tiles)?;
        tiles.commit()?;

        let checkpoint = Checkpoint::sign(key, edge.size(), edge.root());
        write_durably(&store.checkpoint_path(), checkpoint.note.as_bytes())?;
        self.edge = edge;
        self.bundle = bundle;
        for name in filled {
            store.remove_partials(name);
        }
        Ok(checkpoint)
    }

    /// Writes the partial tiles that changed since the last time.
    fn write_partial(
        &self,
        store: &Store,
        edge: &Edge,
        bundle: &[u8],
        tiles: &mut Batch,
    ) -> Result<(), LedgerError> {
        let before: Vec<TileName> = self.edge.partial_tiles().map(|(name, _)| name).collect();
        for (name, row) in edge.partial_tiles().filter(|(name, _)| !before.contains(name)) {
            tiles.write(&store.tile_path(name), &write_hashes(row))?;
            if name.kind == TileKind::Hashes(0) {
                tiles.write(
                    &store.tile_path(TileName {
                        kind: TileKind::Entries,
                        ..name
                    }),
                    bundle,
                )?;
            }
        }
        Ok(())
    }
}

/// Writes one file whole, and its name.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let mut batch = Batch::default();
    batch.write(path, bytes)?;
    batch.commit()
}
