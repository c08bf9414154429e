//! Tile names and tile bytes of a log that somebody else wrote.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trousseau_ledger::merkle::{Hash, is_consistent, root_from_inclusion};
use trousseau_ledger::tile::{TileName, bundle_entries, parse_hashes};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(path) = str::from_utf8(bytes)
        && let Some(tile) = TileName::parse(path)
    {
        assert_eq!(tile.path(), path, "a tile has one name");
    }
    let _ = bundle_entries(bytes).count();
    let [size, rest @ ..] = bytes else { return };
    let width = u16::from(*size) + 1;
    let Some(hashes) = parse_hashes(rest, width) else {
        return;
    };
    assert_eq!(hashes.len(), usize::from(width));
    let (index, size) = (u64::from(*size) / 2, u64::from(*size));
    let leaf = Hash::leaf(rest);
    let _ = root_from_inclusion(&leaf, index, size, &hashes);
    let _ = is_consistent((index, &leaf), (size, &Hash::empty()), &hashes);
});
