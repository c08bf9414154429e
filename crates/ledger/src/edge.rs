//! The right edge of a growing tree: all that is needed to add leaves and to know the root.

use crate::merkle::{Hash, root_of};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileKind, TileName};

/// The hashes of the last, partial tile of each level: at most 255 a level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    size: u64,
    rows: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves; `row` reads the partial tile of a level.
    pub(crate) fn read<E>(
        size: u64,
        mut row: impl FnMut(TileName) -> Result<Vec<Hash>, E>,
    ) -> Result<Self, E> {
        let mut rows = Vec::new();
        for level in 0..u8::MAX {
            let count = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
            if count == 0 {
                break;
            }
            let partial = TileName::covering(TileKind::Hashes(level), count - 1, size)
                .filter(|name| u64::from(name.width) < TILE_WIDTH);
            rows.push(partial.map_or_else(|| Ok(Vec::new()), &mut row)?);
        }
        Ok(Self { size, rows })
    }

    /// The number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; `full` is handed each tile that it completes, the lowest first.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut impl FnMut(TileName, &[Hash])) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0..u8::MAX {
            let at = usize::from(level);
            if self.rows.len() == at {
                self.rows.push(Vec::new());
            }
            let row = &mut self.rows[at];
            row.push(hash);
            if (row.len() as u64) < TILE_WIDTH {
                return;
            }
            let number = (self.size >> (TILE_HEIGHT * (u32::from(level) + 1))) - 1;
            full(
                TileName {
                    kind: TileKind::Hashes(level),
                    number,
                    width: 256,
                },
                row,
            );
            hash = root_of(row);
            row.clear();
        }
    }

    /// The partial tiles, the lowest first.
    pub(crate) fn partial_tiles(&self) -> impl Iterator<Item = (TileName, &[Hash])> {
        self.rows
            .iter()
            .zip(0_u8..)
            .filter(|(row, _)| !row.is_empty())
            .map(|(row, level)| {
                let number = self
                    .size
                    .checked_shr(TILE_HEIGHT * (u32::from(level) + 1))
                    .unwrap_or(0);
                let width = u16::try_from(row.len()).unwrap_or(u16::MAX);
                (
                    TileName {
                        kind: TileKind::Hashes(level),
                        number,
                        width,
                    },
                    row.as_slice(),
                )
            })
    }

    /// The row of a level; empty when its last tile is full.
    pub(crate) fn row(&self, level: u8) -> &[Hash] {
        self.rows.get(usize::from(level)).map_or(&[], Vec::as_slice)
    }

    /// The edge of a tree whose partial tiles are known.
    pub(crate) fn of_rows(size: u64, rows: Vec<Vec<Hash>>) -> Self {
        Self { size, rows }
    }

    /// Puts in the partial tile of a level.
    pub(crate) fn set_row(&mut self, level: u8, row: Vec<Hash>) {
        let at = usize::from(level);
        if self.rows.len() <= at {
            self.rows.resize(at + 1, Vec::new());
        }
        self.rows[at] = row;
    }

    /// The root over all leaves.
    pub(crate) fn root(&self) -> Hash {
        let mut root: Option<Hash> = None;
        for row in &self.rows {
            let mut end = row.len();
            // From the right: the perfect subtrees that the row's length is made of.
            while end > 0 {
                let width = 1 << end.trailing_zeros();
                let left = root_of(&row[end - width..end]);
                root = Some(root.map_or(left, |right| Hash::node(&left, &right)));
                end -= width;
            }
        }
        root.unwrap_or_else(Hash::empty)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn the_edge_has_the_root_and_the_tiles_of_the_tree() {
        let leaves: Vec<Hash> = (0..66_100_u32).map(|i| Hash::leaf(&i.to_le_bytes())).collect();
        let mut edge = Edge::default();
        let mut tiles = HashMap::new();
        assert_eq!(edge.root(), Hash::empty());
        for (count, leaf) in (1..).zip(&leaves) {
            edge.push(*leaf, &mut |name, row| _ = tiles.insert(name, row.to_vec()));
            if [
                1, 2, 3, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 66_100,
            ]
            .contains(&count)
            {
                check_edge(&edge, &leaves[..count]);
            }
        }
        assert_eq!(tiles.len(), 66_100 / 256 + 1);
        let top = &tiles[&TileName {
            kind: TileKind::Hashes(1),
            number: 0,
            width: 256,
        }];
        assert_eq!(top[7], root_of(&leaves[7 * 256..8 * 256]));
    }

    fn check_edge(edge: &Edge, leaves: &[Hash]) {
        let size = leaves.len() as u64;
        assert_eq!((edge.size(), edge.root()), (size, root_of(leaves)));
        let rows: HashMap<_, _> = edge
            .partial_tiles()
            .map(|(name, row)| (name, row.to_vec()))
            .collect();
        let read = Edge::read(size, |name| Ok::<_, Infallible>(rows[&name].clone())).unwrap();
        assert_eq!(read.root(), edge.root(), "{size}");
        for name in rows.keys() {
            let TileKind::Hashes(level) = name.kind else {
                panic!("{name:?}")
            };
            assert_eq!(
                TileName::covering(name.kind, (size >> (8 * level)) - 1, size),
                Some(*name)
            );
        }
    }
}
