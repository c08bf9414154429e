//! Recomputes the tree level by level and finds which file is at fault where two disagree.
//!
//! A tile of hashes and what lies below it are two accounts of the same thing. Where they differ, the hash above
//! them, and at the right edge the signed root, tells which of the two is the changed one; the other goes on
//! upwards, so that one fault is reported once.

use std::path::PathBuf;

use super::bundle::{ReadBundle, compare};
use super::finding::Finding;
use crate::edge::Edge;
use crate::error::LedgerError;
use crate::merkle::{Hash, root_of};
use crate::store::Store;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileKind, TileName, parse_hashes};

/// The pass gives up after so many findings.
pub(crate) const MAX_FINDINGS: usize = 100;

/// How many bytes are hashed at most in search of single changed bytes.
const BYTE_SEARCH_EFFORT: usize = 128 << 20;

/// The recomputed tree.
pub(crate) struct Tree {
    pub(crate) size: u64,
    pub(crate) entries: u64,
    pub(crate) tiles: u64,
    /// The right edge, and by it the root, unless tiles and entries of one place are both missing.
    pub(crate) edge: Option<Edge>,
    pub(crate) findings: Vec<Finding>,
    /// The edges of the trees of the sizes asked for.
    pub(crate) earlier: Vec<Edge>,
    /// The leaves asked for.
    pub(crate) leaves: Vec<(u64, Hash)>,
}

/// What is wanted beside the root.
pub(crate) struct Wanted {
    pub(crate) sizes: Vec<u64>,
    pub(crate) leaves: Vec<u64>,
}

/// A tile as its file has it and as what lies below has it.
struct Accounts {
    name: TileName,
    path: PathBuf,
    file: Option<Vec<Hash>>,
    below: Option<Vec<Hash>>,
    /// What to report when the file is right.
    if_below_changed: Vec<Finding>,
}

impl Accounts {
    fn differ(&self) -> bool {
        matches!((&self.file, &self.below), (Some(file), Some(below)) if file != below)
    }

    fn row(&self, is_file_right: bool) -> Option<&Vec<Hash>> {
        if is_file_right {
            self.file.as_ref().or(self.below.as_ref())
        } else {
            self.below.as_ref().or(self.file.as_ref())
        }
    }

    /// What to report once it is known which account is right.
    fn findings(&self, is_file_right: bool) -> Vec<Finding> {
        let (Some(file), Some(below)) = (&self.file, &self.below) else {
            return Vec::new();
        };
        if is_file_right {
            return self.if_below_changed.clone();
        }
        let apart = (0..file.len()).filter(|at| below.get(*at) != Some(&file[*at]));
        apart
            .map(|at| Finding::TileChanged {
                path: self.path.clone(),
                position: at as u64,
            })
            .collect()
    }
}

/// Recomputes the tree of `size` leaves; `signed` is the root that it should have.
pub(crate) fn recompute(
    store: &Store,
    size: u64,
    signed: Option<Hash>,
    wanted: &Wanted,
) -> Result<Tree, LedgerError> {
    let earlier = wanted
        .sizes
        .iter()
        .map(|size| Edge::of_rows(*size, Vec::new()))
        .collect();
    let mut tree = Tree {
        size,
        entries: 0,
        tiles: 0,
        edge: None,
        findings: Vec::new(),
        earlier,
        leaves: Vec::new(),
    };
    let mut pass = Pass {
        store,
        tree: &mut tree,
        wanted,
        effort: BYTE_SEARCH_EFFORT,
    };
    let mut edge = Vec::new();
    let mut below: Vec<Option<Hash>> = Vec::new();
    for level in 0..u8::MAX {
        let count = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
        if count == 0 {
            break;
        }
        let (roots, partial) = pass.level(level, count, &below)?;
        below = roots;
        edge.push(partial);
        if pass.tree.findings.len() > MAX_FINDINGS {
            return Ok(tree);
        }
    }
    pass.settle_edge(edge, signed);
    Ok(tree)
}

struct Pass<'a> {
    store: &'a Store,
    tree: &'a mut Tree,
    wanted: &'a Wanted,
    effort: usize,
}

impl Pass<'_> {
    /// Goes through the `count` hashes of a level. Gives back the roots of its full tiles, and its partial tile.
    fn level(
        &mut self,
        level: u8,
        count: u64,
        below: &[Option<Hash>],
    ) -> Result<(Vec<Option<Hash>>, Option<Accounts>), LedgerError> {
        let mut roots = Vec::new();
        let mut partial = None;
        for number in 0..count.div_ceil(TILE_WIDTH) {
            let Some(name) = TileName::covering(TileKind::Hashes(level), number * TILE_WIDTH, self.tree.size)
            else {
                break;
            };
            let accounts = self.accounts(name, below)?;
            if u64::from(name.width) < TILE_WIDTH {
                partial = Some(accounts);
                break;
            }
            let is_file_right = accounts.differ() && self.is_file_right(&accounts)?;
            self.tree.findings.extend(accounts.findings(is_file_right));
            let row = accounts.row(is_file_right);
            if let Some(row) = row {
                self.keep_wanted(level, number, row);
            }
            roots.push(row.map(|row| root_of(row)));
            if self.tree.findings.len() > MAX_FINDINGS {
                break;
            }
        }
        Ok((roots, partial))
    }

    fn accounts(&mut self, name: TileName, below: &[Option<Hash>]) -> Result<Accounts, LedgerError> {
        let path = self.store.tile_path(name);
        let file = self.tile(name)?;
        self.tree.tiles += 1;
        let mut accounts = Accounts {
            name,
            path,
            file,
            below: None,
            if_below_changed: Vec::new(),
        };
        if name.kind == TileKind::Hashes(0) {
            self.read_bundle(&mut accounts)?;
            return Ok(accounts);
        }
        let start = usize::try_from(name.number * TILE_WIDTH).unwrap_or(usize::MAX);
        let hashes = below.iter().skip(start).take(usize::from(name.width)).enumerate();
        let file = accounts.file.as_ref();
        let row: Option<Vec<Hash>> = hashes
            .map(|(at, hash)| hash.or_else(|| file?.get(at).copied()))
            .collect();
        accounts.below = row.filter(|row| row.len() == usize::from(name.width));
        if accounts.differ()
            && let (Some(file), Some(row)) = (&accounts.file, &accounts.below)
            && let TileKind::Hashes(level) = name.kind
        {
            let span = 1_u64 << (TILE_HEIGHT * u32::from(level));
            let apart = (0..file.len()).filter(|at| file[*at] != row[*at]);
            accounts.if_below_changed = apart
                .map(|at| {
                    let first = (name.number * TILE_WIDTH + at as u64) * span;
                    Finding::EntriesRewritten {
                        first,
                        last: first + span - 1,
                        path: accounts.path.clone(),
                    }
                })
                .collect();
        }
        Ok(accounts)
    }

    fn read_bundle(&mut self, accounts: &mut Accounts) -> Result<(), LedgerError> {
        let name = TileName {
            kind: TileKind::Entries,
            ..accounts.name
        };
        let path = self.store.tile_path(name);
        let Some((found, bytes)) = self.store.read_tile(name)? else {
            self.tree.findings.push(Finding::TileMissing { path });
            return Ok(());
        };
        let bundle = ReadBundle::new(&bytes, (found != name).then_some(name.width));
        self.tree.entries += bundle.leaves.len() as u64;
        let start = name.number * TILE_WIDTH;
        let is_whole = bundle.cut.is_none() && bundle.leaves.len() == usize::from(name.width);
        match &accounts.file {
            Some(file) if *file != bundle.leaves || bundle.cut.is_some() => {
                let path = self.store.tile_path(found);
                accounts.if_below_changed = compare(&bundle, file, start, &path, &mut self.effort);
                if !is_whole {
                    // Such a bundle cannot be right, whatever the hashes say.
                    self.tree.findings.append(&mut accounts.if_below_changed);
                }
            }
            Some(_) => {}
            None if is_whole => {}
            None => {
                let offset = bundle.cut.unwrap_or(bytes.len()) as u64;
                let index = start + bundle.leaves.len() as u64;
                self.tree
                    .findings
                    .push(Finding::BundleCut { path, offset, index });
            }
        }
        if is_whole {
            accounts.below = Some(bundle.leaves);
        }
        Ok(())
    }

    fn tile(&mut self, name: TileName) -> Result<Option<Vec<Hash>>, LedgerError> {
        let Some((found, bytes)) = self.store.read_tile(name)? else {
            self.tree.findings.push(Finding::TileMissing {
                path: self.store.tile_path(name),
            });
            return Ok(None);
        };
        let Some(mut hashes) = parse_hashes(&bytes, found.width) else {
            let path = self.store.tile_path(found);
            let expected = 32 * u64::from(found.width);
            self.tree.findings.push(Finding::TileLength {
                path,
                bytes: bytes.len() as u64,
                expected,
            });
            return Ok(None);
        };
        hashes.truncate(usize::from(name.width));
        Ok(Some(hashes))
    }

    /// Asks the tile above which account of a full tile is right.
    fn is_file_right(&self, accounts: &Accounts) -> Result<bool, LedgerError> {
        let TileKind::Hashes(level) = accounts.name.kind else {
            return Ok(false);
        };
        let number = accounts.name.number;
        let above = TileName::covering(TileKind::Hashes(level + 1), number, self.tree.size);
        let Some((found, bytes)) = above
            .map(|above| self.store.read_tile(above))
            .transpose()?
            .flatten()
        else {
            return Ok(false);
        };
        let hashes = parse_hashes(&bytes, found.width).unwrap_or_default();
        let at = usize::try_from(number % TILE_WIDTH).unwrap_or(usize::MAX);
        // Entries and hashes that neither agree nor lead upwards: the entries count as the changed ones.
        let is_right =
            |row: &Option<Vec<Hash>>| row.as_ref().map(|row| root_of(row)).as_ref() == hashes.get(at);
        Ok(is_right(&accounts.file) || !is_right(&accounts.below))
    }

    /// Chooses among the accounts of the partial tiles those that lead to the signed root.
    fn settle_edge(&mut self, edge: Vec<Option<Accounts>>, signed: Option<Hash>) {
        let open: Vec<usize> = (0..edge.len())
            .filter(|level| edge[*level].as_ref().is_some_and(Accounts::differ))
            .collect();
        let choose = |choice: u32| {
            let is_file = |level| {
                open.iter()
                    .position(|open| *open == level)
                    .is_some_and(|at| choice >> at & 1 == 1)
            };
            let rows: Option<Vec<Vec<Hash>>> = edge
                .iter()
                .enumerate()
                .map(|(level, accounts)| match accounts {
                    Some(accounts) => accounts.row(is_file(level)).cloned(),
                    None => Some(Vec::new()),
                })
                .collect();
            rows.map(|rows| Edge::of_rows(self.tree.size, rows))
        };
        let choices = 0..1_u32 << open.len().min(16);
        let fitting = choices
            .clone()
            .find(|choice| choose(*choice).map(|edge| edge.root()) == signed);
        // Where nothing fits, the entries at the edge count as changed and the tiles as they were.
        let choice = fitting.unwrap_or(choices.end - 1);
        let chosen = choose(choice);
        for (at, level) in open.iter().enumerate() {
            if let Some(accounts) = &edge[*level] {
                self.tree
                    .findings
                    .extend(accounts.findings(choice >> at & 1 == 1));
            }
        }
        if let Some(chosen) = &chosen {
            for level in 0..u8::try_from(edge.len()).unwrap_or(u8::MAX) {
                let number = self.tree.size >> (TILE_HEIGHT * u32::from(level)) >> TILE_HEIGHT;
                self.keep_wanted(level, number, chosen.row(level));
            }
        }
        self.tree.edge = chosen;
    }

    /// Keeps the part of a tile that belongs to an earlier tree or to a leaf that somebody asked for.
    fn keep_wanted(&mut self, level: u8, number: u64, row: &[Hash]) {
        for edge in &mut self.tree.earlier {
            let count = edge
                .size()
                .checked_shr(TILE_HEIGHT * u32::from(level))
                .unwrap_or(0);
            let width = usize::try_from(count % TILE_WIDTH).unwrap_or(usize::MAX);
            if count / TILE_WIDTH == number && width <= row.len() && count > 0 {
                edge.set_row(level, row[..width].to_vec());
            }
        }
        if level == 0 {
            for index in self
                .wanted
                .leaves
                .iter()
                .filter(|index| *index / TILE_WIDTH == number)
            {
                let at = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
                self.tree.leaves.extend(row.get(at).map(|leaf| (*index, *leaf)));
            }
        }
    }
}
