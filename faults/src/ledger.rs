//! A second reader of ledgers, written from C2SP's tlog-tiles, tlog-checkpoint and signed-note and from RFC 6962, not from the
//! program. It reads what lies in the folder, checks all of it, and gives back the entries.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

type Hash = [u8; 32];

const WIDTH: usize = 256;

/// Every entry of the ledger in `folder`, in their order.
pub(crate) fn read(folder: &Path) -> Result<Vec<Value>> {
    let key = fs_err::read_to_string(folder.join("log.vkey"))?;
    let checkpoint = fs_err::read_to_string(folder.join("checkpoint"))?;
    let (size, root) = head(&checkpoint, key.trim())?;
    let mut entries = Vec::with_capacity(size);
    for number in 0..size.div_ceil(WIDTH) {
        let width = WIDTH.min(size - number * WIDTH);
        let path = format!("tile/entries/{}", name(number, width));
        let bundle = fs_err::read(folder.join(&path))?;
        entries.extend(bundled(&bundle).with_context(|| path.clone())?);
        ensure!(
            entries.len() == number * WIDTH + width,
            "{path} has another number of entries"
        );
    }
    let leaves: Vec<Hash> = entries.iter().map(|entry| hash(&[&[0], entry])).collect();
    ensure!(
        tree(&leaves) == root,
        "the root of the checkpoint is not that of the entries"
    );
    check_tiles(folder, &leaves)?;
    let parsed = entries
        .iter()
        .map(|entry| serde_json::from_slice(entry).context("an entry that is no JSON"));
    parsed.collect()
}

/// The size and the root of a checkpoint, once its signature is found good under a key as `log.vkey` writes it.
fn head(note: &str, key: &str) -> Result<(usize, Hash)> {
    let mut parts = key.splitn(3, '+');
    let (Some(origin), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        anyhow::bail!("log.vkey is no key");
    };
    let key = STANDARD.decode(key)?;
    let (kind, key) = key.split_first().context("log.vkey holds no key")?;
    ensure!(*kind == 1, "log.vkey is not of Ed25519");
    let named = hash(&[origin.as_bytes(), b"\n\x01", key]);
    ensure!(
        id == hex(&named[..4]),
        "the number of the key in log.vkey is another's"
    );
    let (text, signatures) = note.split_once("\n\n").context("the checkpoint is not signed")?;
    let text = format!("{text}\n");
    let begin = format!("\u{2014} {origin} ");
    let signature = signatures.lines().find_map(|line| line.strip_prefix(&begin));
    let signature = STANDARD.decode(signature.context("nobody of that name signed the checkpoint")?)?;
    ensure!(
        signature.len() == 68 && signature[..4] == named[..4],
        "the signature is another key's"
    );
    let verifier = VerifyingKey::from_bytes(key.try_into()?)?;
    let signature = Signature::from_slice(&signature[4..])?;
    verifier
        .verify_strict(text.as_bytes(), &signature)
        .context("the checkpoint's signature is wrong")?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(origin), "the checkpoint is another log's");
    let size = lines.next().context("the checkpoint has no size")?.parse()?;
    let root = STANDARD.decode(lines.next().context("the checkpoint has no root")?)?;
    Ok((size, root.try_into().ok().context("the root is not of 32 bytes")?))
}

/// `x001/x234/067`, with `.p/17` where it is not full.
fn name(number: usize, width: usize) -> String {
    let mut name = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1000);
        rest /= 1000;
    }
    if width < WIDTH {
        format!("{name}.p/{width}")
    } else {
        name
    }
}

fn bundled(mut bundle: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        ensure!(rest.len() >= length, "an entry is cut");
        let (entry, rest) = rest.split_at(length);
        entries.push(entry.to_vec());
        bundle = rest;
    }
    ensure!(bundle.is_empty(), "a length is cut");
    Ok(entries)
}

/// Every tile holds the hashes that it must: of leaves on level 0, of full tiles above.
fn check_tiles(folder: &Path, leaves: &[Hash]) -> Result<()> {
    let mut hashes = leaves.to_vec();
    for level in 0.. {
        for (number, wanted) in hashes.chunks(WIDTH).enumerate() {
            let path = format!("tile/{level}/{}", name(number, wanted.len()));
            let tile = fs_err::read(folder.join(&path))?;
            ensure!(tile == wanted.concat(), "{path} holds other hashes");
        }
        if hashes.len() < WIDTH {
            return Ok(());
        }
        hashes = hashes.chunks_exact(WIDTH).map(tree).collect();
    }
    Ok(())
}

/// The Merkle tree hash of RFC 6962, section 2.1, over hashes of leaves.
fn tree(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        _ => {
            let half = leaves.len().div_ceil(2).next_power_of_two();
            let (left, right) = leaves.split_at(half);
            hash(&[&[1], &tree(left), &tree(right)])
        }
    }
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_that_of_the_standard() {
        // The first roots of the test vectors of RFC 6962's reference implementation.
        let inputs: [&[u8]; 3] = [b"", b"\0", b"\x10"];
        let leaves: Vec<Hash> = inputs.iter().map(|input| hash(&[&[0], input])).collect();
        assert_eq!(
            hex(&tree(&[])),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(
            hex(&tree(&leaves[..1])),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(&tree(&leaves[..2])),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
        assert_eq!(
            hex(&tree(&leaves)),
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
        );
    }

    #[test]
    fn tiles_are_named_as_the_specification_says() {
        assert_eq!(name(0, 256), "000");
        assert_eq!(name(1_234_067, 256), "x001/x234/067");
        assert_eq!(name(5, 17), "005.p/17");
    }

    #[test]
    fn a_cut_bundle_is_found() {
        assert_eq!(
            bundled(b"\0\x01a\0\x02bc").unwrap(),
            [b"a".to_vec(), b"bc".to_vec()]
        );
        assert!(bundled(b"\0\x03ab").is_err() && bundled(b"\0").is_err());
    }
}
