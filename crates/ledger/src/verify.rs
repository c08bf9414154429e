//! The offline verifier: recomputes a log from its entries and says what does not agree.

mod bundle;
mod earlier;
mod finding;
mod tree;

use std::path::Path;

use crate::edge::Edge;
use crate::error::LedgerError;
use crate::merkle::root_from_inclusion;
use crate::reader::consistent_read;
use crate::store::Store;
use crate::text::TextFault;
use crate::text::checkpoint::Checkpoint;
use crate::text::key::VerifierKey;
use crate::text::proof::Proof;
use crate::tile::TILE_WIDTH;
use crate::wal::replay::{Replay, replay};

use earlier::earlier_partials;
pub use finding::Finding;
use tree::{Tree, Wanted, recompute};

/// What to verify a log against.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// The key that the log should be signed with; else the one that lies beside the checkpoint, which an
    /// intruder could have changed together with the log.
    pub key: Option<VerifierKey>,
    /// What somebody holds of the same log. Only against this can a rollback or a fork be found.
    pub newer: Vec<Evidence>,
}

/// A signed statement about the log that somebody kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A checkpoint.
    Checkpoint(Checkpoint),
    /// The proof of an entry.
    Proof(Proof),
}

impl Evidence {
    /// Reads a checkpoint or a `.tlog-proof`.
    ///
    /// # Errors
    ///
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        if text.starts_with("c2sp.org/tlog-proof@") {
            Proof::parse(text).map(Self::Proof)
        } else {
            Checkpoint::parse_unverified(text).map(Self::Checkpoint)
        }
    }

    fn checkpoint(&self) -> &Checkpoint {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint,
            Self::Proof(proof) => &proof.checkpoint,
        }
    }
}

/// What a verification did and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The checkpoint, when it can be read.
    pub checkpoint: Option<Checkpoint>,
    /// The key that the signature was checked with.
    pub key: Option<VerifierKey>,
    /// Whether that key was given, rather than found beside the checkpoint.
    pub is_key_given: bool,
    /// How many entries under the checkpoint were recomputed.
    pub entries: u64,
    /// How many tiles of hashes were compared.
    pub tiles: u64,
    /// How many entries are sequenced and not yet covered by the checkpoint: a crash cannot take them, but nothing
    /// is signed over them yet.
    pub uncovered: u64,
    /// How many bytes at the end of the write-ahead file are an unfinished write.
    pub torn_bytes: u64,
    /// How many pieces of evidence the log was compared with; with none, a rollback was not checked.
    pub evidence: usize,
    /// What does not agree. Beyond a hundred findings the search ends.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether the log was compared with something that somebody else holds.
    pub fn is_rollback_checked(&self) -> bool {
        self.evidence > 0
    }
}

/// Verifies the log in `dir`, also while it is written to: every entry, every tile, the root and the signature of
/// the checkpoint, the write-ahead file behind it, and the evidence.
///
/// # Errors
///
/// Only when verifying itself is impossible: [`LedgerError::NoLog`], a file that cannot be read, a newer format.
/// What is wrong with the log stands in the report.
pub fn verify(dir: &Path, options: &VerifyOptions) -> Result<Report, LedgerError> {
    let store = Store::new(dir);
    let mut findings = Vec::new();
    let key = find_key(&store, options, &mut findings)?;
    let Head {
        checkpoint,
        size,
        replay,
    } = read_head(&store, &mut findings)?;
    if let (Some(checkpoint), Some(key)) = (&checkpoint, &key)
        && !checkpoint.is_signed_by(key)
    {
        findings.push(Finding::CheckpointEdited {
            path: store.checkpoint_path(),
            key: key.to_string(),
        });
    }

    let signed = checkpoint.as_ref().map(|checkpoint| checkpoint.root);
    let tree = recompute(&store, size, signed, &wanted(options))?;
    findings.extend_from_slice(&tree.findings);
    if let (Some(signed), Some(computed)) = (signed, tree.edge.as_ref().map(Edge::root))
        && signed != computed
    {
        findings.push(Finding::RootMismatch {
            size,
            computed,
            signed,
        });
    }
    if let Some(edge) = &tree.edge {
        findings.extend(earlier_partials(&store, edge)?);
    }
    let (uncovered, torn_bytes) = match replay {
        Ok(replay) => (replay.pending.len() as u64, replay.torn_bytes),
        Err(LedgerError::WalDamaged { path, offset, index }) => {
            findings.push(Finding::WalDamaged { path, offset, index });
            (0, 0)
        }
        Err(error) => return Err(error),
    };
    findings.extend(set_back(&store, size + uncovered)?);
    for evidence in &options.newer {
        findings.extend(compare_evidence(evidence, key.as_ref(), &tree));
    }
    let (entries, tiles) = (tree.entries, tree.tiles);
    let (is_key_given, evidence) = (options.key.is_some(), options.newer.len());
    Ok(Report {
        checkpoint,
        key,
        is_key_given,
        entries,
        tiles,
        uncovered,
        torn_bytes,
        evidence,
        findings,
    })
}

fn find_key(
    store: &Store,
    options: &VerifyOptions,
    findings: &mut Vec<Finding>,
) -> Result<Option<VerifierKey>, LedgerError> {
    let path = store.verifier_path();
    let beside = match store.verifier() {
        Err(LedgerError::Malformed { .. }) => None,
        Ok(None) => {
            findings.push(Finding::KeyMissing { path });
            return Ok(options.key.clone());
        }
        other => other?,
    };
    let expected = options.key.clone().or_else(|| beside.clone());
    if beside.is_none() || expected != beside {
        let expected = expected.as_ref().map(ToString::to_string).unwrap_or_default();
        findings.push(Finding::KeyChanged { path, expected });
    }
    Ok(expected)
}

/// The published head of a log, or the nearest to it.
struct Head {
    checkpoint: Option<Checkpoint>,
    size: u64,
    replay: Result<Replay, LedgerError>,
}

fn read_head(store: &Store, findings: &mut Vec<Finding>) -> Result<Head, LedgerError> {
    match consistent_read(store) {
        Ok((checkpoint, replay)) => {
            return Ok(Head {
                size: checkpoint.size,
                checkpoint: Some(checkpoint),
                replay,
            });
        }
        Err(LedgerError::Malformed { path, fault }) => {
            findings.push(Finding::CheckpointMalformed { path, fault });
        }
        Err(error @ LedgerError::NoLog { .. }) => {
            if !store.dir().join("tile").is_dir() && !store.wal_path().is_dir() {
                return Err(error);
            }
            findings.push(Finding::CheckpointMissing {
                path: store.checkpoint_path(),
            });
        }
        Err(error) => return Err(error),
    }
    // Without a checkpoint, the tiles tell how far the log reached.
    let size = store.reach()?;
    Ok(Head {
        checkpoint: None,
        size,
        replay: replay(&store.wal_path(), size),
    })
}

fn wanted(options: &VerifyOptions) -> Wanted {
    let sizes = options
        .newer
        .iter()
        .map(|evidence| evidence.checkpoint().size)
        .collect();
    let leaves = options
        .newer
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Proof(proof) => Some(proof.index),
            Evidence::Checkpoint(_) => None,
        })
        .collect();
    Wanted { sizes, leaves }
}

/// A tile that reaches beyond the log, unless a writer put it there since the log was read: what it holds was in
/// the write-ahead file before.
fn set_back(store: &Store, size: u64) -> Result<Option<Finding>, LedgerError> {
    let Some(found) = store.tile_beyond(size)? else {
        return Ok(None);
    };
    let reach = found.number * TILE_WIDTH + u64::from(found.width);
    let size = match consistent_read(store) {
        Ok((checkpoint, Ok(replay))) => checkpoint.size + replay.pending.len() as u64,
        _ => size,
    };
    Ok((size < reach).then(|| Finding::SetBack {
        path: store.tile_path(found),
        size,
    }))
}

fn compare_evidence(evidence: &Evidence, key: Option<&VerifierKey>, tree: &Tree) -> Option<Finding> {
    let held = evidence.checkpoint();
    let is_inclusion_right = |proof: &Proof, leaf| {
        root_from_inclusion(leaf, proof.index, held.size, &proof.hashes) == Some(held.root)
    };
    if key.is_none_or(|key| !held.is_signed_by(key)) {
        let key = key.map(ToString::to_string).unwrap_or_default();
        return Some(Finding::EvidenceInvalid {
            origin: held.origin.clone(),
            key,
        });
    }
    if held.size > tree.size {
        return Some(Finding::RolledBack {
            size: tree.size,
            held: held.size,
        });
    }
    let root = tree
        .earlier
        .iter()
        .find(|edge| edge.size() == held.size)
        .map(|edge| edge.root());
    if root != Some(held.root) {
        return Some(Finding::Forked { held: held.size });
    }
    let Evidence::Proof(proof) = evidence else {
        return None;
    };
    let leaf = tree.leaves.iter().find(|(index, _)| *index == proof.index);
    if leaf.is_some_and(|(_, leaf)| is_inclusion_right(proof, leaf)) {
        return None;
    }
    let key = key.map(ToString::to_string).unwrap_or_default();
    Some(Finding::EvidenceInvalid {
        origin: held.origin.clone(),
        key,
    })
}
