//! The partial tiles that earlier checkpoints needed, which stay until the tile is full.

use super::bundle::{ReadBundle, compare};
use super::finding::Finding;
use crate::edge::Edge;
use crate::error::LedgerError;
use crate::store::Store;
use crate::tile::{TILE_WIDTH, TileKind, TileName, parse_hashes};

/// What does not agree in the partial tiles that are shorter than those of the `edge`.
pub(crate) fn earlier_partials(store: &Store, edge: &Edge) -> Result<Vec<Finding>, LedgerError> {
    let mut findings = Vec::new();
    for (name, _) in edge.partial_tiles() {
        findings.extend(compare_partials(store, name, edge)?);
        if name.kind == TileKind::Hashes(0) {
            findings.extend(compare_partials(
                store,
                TileName {
                    kind: TileKind::Entries,
                    ..name
                },
                edge,
            )?);
        }
    }
    Ok(findings)
}

fn compare_partials(store: &Store, name: TileName, edge: &Edge) -> Result<Vec<Finding>, LedgerError> {
    let mut widths = store.partial_widths(name)?;
    widths.retain(|width| *width < name.width);
    widths.sort_unstable();
    let mut findings = Vec::new();
    for width in widths {
        let name = TileName { width, ..name };
        // A writer may remove it meanwhile: then the full tile is read, and is as good.
        let Some((found, bytes)) = store.read_tile(name)? else {
            continue;
        };
        let path = store.tile_path(found);
        match name.kind {
            TileKind::Hashes(level) => {
                let row = &edge.row(level)[..usize::from(width)];
                let Some(hashes) = parse_hashes(&bytes, found.width) else {
                    let expected = 32 * u64::from(found.width);
                    findings.push(Finding::TileLength {
                        path,
                        bytes: bytes.len() as u64,
                        expected,
                    });
                    continue;
                };
                let apart = row.iter().zip(&hashes).position(|(signed, hash)| signed != hash);
                findings.extend(apart.map(|at| Finding::TileChanged {
                    path,
                    position: at as u64,
                }));
            }
            TileKind::Entries => {
                let row = &edge.row(0)[..usize::from(width)];
                let bundle = ReadBundle::new(&bytes, (found != name).then_some(width));
                if bundle.cut.is_some() || bundle.leaves != row {
                    let start = name.number * TILE_WIDTH;
                    findings.extend(compare(&bundle, row, start, &path, &mut 0));
                }
            }
        }
    }
    Ok(findings)
}
