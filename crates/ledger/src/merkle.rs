//! The hash tree of RFC 6962 (section 2.1) and the proofs of RFC 9162 (section 2.1.3 and 2.1.4), as pure functions.
//!
//! A proof is made from *perfect subtrees*: the subtree of height `h` and number `n` covers the leaves
//! `n * 2^h .. (n + 1) * 2^h`. Whoever asks for a proof hands in a function that finds the hash of such a
//! subtree; here nothing is read and nothing is kept.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The hash of a leaf, of a subtree or of the whole tree: SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of an entry: SHA-256 of a zero byte and the entry.
    pub fn leaf(entry: &[u8]) -> Self {
        Self(Sha256::new_with_prefix([0]).chain_update(entry).finalize().into())
    }

    /// The hash of an inner node: SHA-256 of a one byte, the left and the right hash.
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// The root of the tree without a leaf: SHA-256 of nothing.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Reads 44 characters of standard base64.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

/// Standard base64, as checkpoints and proofs write it.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The root of the tree over `leaves`, or of the subtree over a part of them that starts at a multiple of
/// the next power of two.
pub fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty(),
        [leaf] => *leaf,
        _ => {
            let mut row = leaves.to_vec();
            while row.len() > 1 {
                halve(&mut row);
            }
            row[0]
        }
    }
}

/// Hashes neighbours together; a last hash without a neighbour moves up as it is.
pub(crate) fn halve(row: &mut Vec<Hash>) {
    let pairs = row.len() / 2;
    for pair in 0..pairs {
        row[pair] = Hash::node(&row[2 * pair], &row[2 * pair + 1]);
    }
    if row.len() % 2 == 1 {
        row[pairs] = row[row.len() - 1];
        row.truncate(pairs + 1);
    } else {
        row.truncate(pairs);
    }
}

/// A perfect subtree: the leaves `number * 2^height .. (number + 1) * 2^height`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtree {
    /// The logarithm of the number of leaves.
    pub height: u32,
    /// How many subtrees of this height lie to its left.
    pub number: u64,
}

/// The proof that the leaf `index` is in the tree of `size` leaves, from the leaf's sibling upwards
/// (RFC 9162, section 2.1.3.1). `None` unless `index < size`.
pub fn inclusion_proof<E>(
    index: u64,
    size: u64,
    mut subtree: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if index >= size {
        return Ok(None);
    }
    let mut siblings = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((start, middle));
            start = middle;
        }
    }
    siblings
        .into_iter()
        .rev()
        .map(|(start, end)| range_hash(start, end, &mut subtree))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 9162, section
/// 2.1.4.1): empty when the two are the same or the old one is empty. `None` unless `old <= new`.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    mut subtree: impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Option<Vec<Hash>>, E> {
    if old > new {
        return Ok(None);
    }
    if old == 0 || old == new {
        return Ok(Some(Vec::new()));
    }
    let mut ranges = Vec::new();
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((start, middle));
            start = middle;
        }
    }
    // The old tree itself is known to whoever holds its root.
    if start != 0 {
        ranges.push((start, end));
    }
    ranges
        .into_iter()
        .rev()
        .map(|(start, end)| range_hash(start, end, &mut subtree))
        .collect::<Result<_, _>>()
        .map(Some)
}

/// The root of the first `size` leaves.
pub fn tree_root<E>(size: u64, mut subtree: impl FnMut(Subtree) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 {
        return Ok(Hash::empty());
    }
    range_hash(0, size, &mut subtree)
}

/// The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2), or `None` when the proof has the
/// wrong length or the leaf cannot be in a tree of this size.
pub fn root_from_inclusion(leaf: &Hash, index: u64, size: u64, proof: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return None;
        }
        if node % 2 == 1 || node == last {
            hash = Hash::node(sibling, &hash);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// Whether `proof` shows that the tree of `old` leaves is the beginning of the tree of `new` leaves
/// (RFC 9162, section 2.1.4.2). Each tree is its size and its root.
pub fn is_consistent(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    if old.0 > new.0 {
        return false;
    }
    if old.0 == new.0 {
        return old.1 == new.1 && proof.is_empty();
    }
    if old.0 == 0 {
        return *old.1 == Hash::empty() && proof.is_empty();
    }
    let mut hashes = proof.iter();
    let (mut node, mut last) = (old.0 - 1, new.0 - 1);
    while node % 2 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let first = if old.0.is_power_of_two() {
        Some(old.1)
    } else {
        hashes.next()
    };
    let Some(first) = first else { return false };
    let (mut old_root, mut new_root) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if node % 2 == 1 || node == last {
            old_root = Hash::node(sibling, &old_root);
            new_root = Hash::node(sibling, &new_root);
            while node % 2 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_root = Hash::node(&new_root, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_root == *old.1 && new_root == *new.1
}

/// The largest power of two below `leaves`, which is at least two.
fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The hash over the leaves `start..end`, a range that [`split`] has cut out of a tree.
fn range_hash<E>(
    start: u64,
    end: u64,
    subtree: &mut impl FnMut(Subtree) -> Result<Hash, E>,
) -> Result<Hash, E> {
    let leaves = end - start;
    if leaves.is_power_of_two() {
        let height = leaves.ilog2();
        return subtree(Subtree {
            height,
            number: start >> height,
        });
    }
    let middle = start + split(leaves);
    let left = range_hash(start, middle, subtree)?;
    let right = range_hash(middle, end, subtree)?;
    Ok(Hash::node(&left, &right))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The tree of RFC 6962, section 2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::empty(),
            [leaf] => *leaf,
            _ => {
                let k = largest_power_below(leaves.len());
                Hash::node(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
            }
        }
    }

    /// PATH of RFC 6962, section 2.1.1.
    fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = largest_power_below(leaves.len());
        let (left, right) = leaves.split_at(k);
        if m < k {
            [naive_path(m, left), vec![naive_root(right)]].concat()
        } else {
            [naive_path(m - k, right), vec![naive_root(left)]].concat()
        }
    }

    /// SUBPROOF of RFC 6962, section 2.1.2.
    fn naive_subproof(m: usize, leaves: &[Hash], complete: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if complete {
                Vec::new()
            } else {
                vec![naive_root(leaves)]
            };
        }
        let k = largest_power_below(leaves.len());
        let (left, right) = leaves.split_at(k);
        if m <= k {
            [naive_subproof(m, left, complete), vec![naive_root(right)]].concat()
        } else {
            [naive_subproof(m - k, right, false), vec![naive_root(left)]].concat()
        }
    }

    fn largest_power_below(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|i| Hash::leaf(&i.to_le_bytes())).collect()
    }

    fn source(leaves: &[Hash]) -> impl FnMut(Subtree) -> Result<Hash, Infallible> {
        |at| {
            let start = usize::try_from(at.number << at.height).unwrap();
            Ok(naive_root(&leaves[start..start + (1 << at.height)]))
        }
    }

    #[test]
    fn hashes_are_those_of_rfc_6962() {
        // The empty tree's root is SHA-256 of nothing; an empty leaf is SHA-256 of one zero byte.
        assert_eq!(
            Hash::empty().to_string(),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        );
        assert_eq!(
            Hash::leaf(b"").to_string(),
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
        );
        assert_eq!(Hash::from_base64(&Hash::empty().to_string()), Some(Hash::empty()));
        assert_eq!(Hash::from_base64("AAAA"), None);
    }

    #[test]
    fn nothing_is_proved_beyond_the_tree() {
        let leaves = leaves(5);
        assert_eq!(inclusion_proof(5, 5, source(&leaves)), Ok(None));
        assert_eq!(consistency_proof(6, 5, source(&leaves)), Ok(None));
        assert_eq!(root_from_inclusion(&leaves[0], 5, 5, &[]), None);
        assert!(!is_consistent((6, &leaves[0]), (5, &leaves[0]), &[]));
    }

    proptest! {
        #[test]
        fn the_root_is_the_recursive_one(count in 0_usize..600) {
            let leaves = leaves(count);
            prop_assert_eq!(root_of(&leaves), naive_root(&leaves));
            prop_assert_eq!(tree_root(count as u64, source(&leaves)), Ok(naive_root(&leaves)));
        }

        #[test]
        fn inclusion_is_proved_as_the_rfc_says(
            (count, index) in (1_usize..600).prop_flat_map(|n| (Just(n), 0..n)),
        ) {
            let leaves = leaves(count);
            let proof = inclusion_proof(index as u64, count as u64, source(&leaves)).unwrap().unwrap();
            prop_assert_eq!(&proof, &naive_path(index, &leaves));
            let root = root_from_inclusion(&leaves[index], index as u64, count as u64, &proof);
            prop_assert_eq!(root, Some(naive_root(&leaves)));
        }

        #[test]
        fn a_changed_inclusion_proof_leads_elsewhere(
            (count, index, other) in (2_usize..600).prop_flat_map(|n| (Just(n), 0..n, 0..n)),
            at in any::<prop::sample::Index>(), bit in 0_usize..256,
        ) {
            let leaves = leaves(count);
            let root = Some(naive_root(&leaves));
            let (size, place) = (count as u64, index as u64);
            let mut proof = naive_path(index, &leaves);
            if other != index {
                prop_assert_ne!(root_from_inclusion(&leaves[other], place, size, &proof), root);
                prop_assert_ne!(root_from_inclusion(&leaves[index], other as u64, size, &proof), root);
            }
            let at = at.index(proof.len());
            proof[at].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_ne!(root_from_inclusion(&leaves[index], place, size, &proof), root);
            proof[at].0[bit / 8] ^= 1 << (bit % 8);
            let extra = [proof.clone(), vec![Hash::empty()]].concat();
            prop_assert_eq!(root_from_inclusion(&leaves[index], place, size, &extra), None);
            proof.pop();
            prop_assert_eq!(root_from_inclusion(&leaves[index], place, size, &proof), None);
        }

        #[test]
        fn consistency_is_proved_as_the_rfc_says(
            (new, old) in (1_usize..600).prop_flat_map(|n| (Just(n), 1..=n)),
        ) {
            let leaves = leaves(new);
            let proof = consistency_proof(old as u64, new as u64, source(&leaves)).unwrap().unwrap();
            prop_assert_eq!(&proof, &naive_subproof(old, &leaves, true));
            let (old_root, new_root) = (naive_root(&leaves[..old]), naive_root(&leaves));
            let (old_tree, new_tree) = ((old as u64, &old_root), (new as u64, &new_root));
            prop_assert!(is_consistent(old_tree, new_tree, &proof));
            prop_assert!(!is_consistent((old as u64, &Hash::empty()), new_tree, &proof));
            prop_assert!(!is_consistent(old_tree, (new as u64, &Hash::empty()), &proof));
            let extra = [proof, vec![Hash::empty()]].concat();
            prop_assert!(!is_consistent(old_tree, new_tree, &extra));
        }
    }
}
