//! Names and bytes of C2SP tlog-tiles: where a tile lies, how a bundle of entries is written.
//!
//! Pure functions; the files themselves are read and written in `store`.

use crate::merkle::{Hash, halve};

/// How many hashes a full tile holds, and how many entries a full bundle.
pub const TILE_WIDTH: u64 = 256;

/// The logarithm of [`TILE_WIDTH`].
pub(crate) const TILE_HEIGHT: u32 = 8;

/// The longest entry: bundles write lengths in 16 bits.
pub const MAX_ENTRY_BYTES: usize = u16::MAX as usize;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The hashes of full tiles of the level below; of leaves at level 0.
    Hashes(u8),
    /// The entries themselves.
    Entries,
}

/// The name of one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileName {
    /// What it holds, and on which level.
    pub kind: TileKind,
    /// Its number within the level, from the left.
    pub number: u64,
    /// How many hashes or entries it holds: 1 to 256.
    pub width: u16,
}

impl TileName {
    /// The path below the log's folder: `tile/0/x001/x234/067`, `tile/entries/000.p/17`.
    pub fn path(&self) -> String {
        let level = match self.kind {
            TileKind::Hashes(level) => level.to_string(),
            TileKind::Entries => "entries".to_owned(),
        };
        let mut groups = vec![format!("{:03}", self.number % 1000)];
        let mut rest = self.number / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        groups.reverse();
        let number = groups.join("/");
        if u64::from(self.width) == TILE_WIDTH {
            format!("tile/{level}/{number}")
        } else {
            format!("tile/{level}/{number}.p/{}", self.width)
        }
    }

    /// Reads a path; `None` unless it is written exactly as [`TileName::path`] writes it.
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match level {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().ok().filter(|level| *level < 64)?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (
                number,
                width.parse().ok().filter(|width| (1..256).contains(width))?,
            ),
            None => (rest, 256),
        };
        let mut value: u64 = 0;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            value = value.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let name = Self {
            kind,
            number: value,
            width,
        };
        (name.path() == path).then_some(name)
    }

    /// The tile of a tree of `size` leaves that holds what stands at `position` of its level, as wide as that
    /// tree has it; `None` when the tree does not reach that far.
    pub fn covering(kind: TileKind, position: u64, size: u64) -> Option<Self> {
        let level = match kind {
            TileKind::Hashes(level) => u32::from(level),
            TileKind::Entries => 0,
        };
        let count = size.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
        if position >= count {
            return None;
        }
        let number = position / TILE_WIDTH;
        let width = (count - number * TILE_WIDTH).min(TILE_WIDTH);
        Some(Self {
            kind,
            number,
            width: u16::try_from(width).ok()?,
        })
    }

    /// The same tile when it is full.
    pub fn full(self) -> Self {
        Self { width: 256, ..self }
    }
}

/// The hash of a perfect subtree inside a tile: `2^height` hashes from `offset` on.
pub(crate) fn subtree_in_tile(hashes: &[Hash], offset: usize, height: u32) -> Option<Hash> {
    let mut row = hashes.get(offset..offset + (1 << height))?.to_vec();
    for _ in 0..height {
        halve(&mut row);
    }
    row.first().copied()
}

/// Reads the hashes of a tile of `width` hashes; `None` when it has another length.
pub fn parse_hashes(bytes: &[u8], width: u16) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == usize::from(width)).then(|| hashes.iter().map(|h| Hash(*h)).collect())
}

/// Writes the hashes of a tile.
pub(crate) fn write_hashes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Adds one entry to a bundle: its length in two bytes, big-endian, and its bytes.
///
/// An entry above [`MAX_ENTRY_BYTES`] is refused where it is appended, long before this.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
}

/// The entries of a bundle, in order; after bytes that are no entry, one `Err` with their offset and nothing
/// more.
pub fn bundle_entries(bundle: &[u8]) -> BundleEntries<'_> {
    BundleEntries {
        bundle,
        at: 0,
        ended: false,
    }
}

/// The iterator of [`bundle_entries`].
#[derive(Clone, Debug)]
pub struct BundleEntries<'a> {
    bundle: &'a [u8],
    at: usize,
    ended: bool,
}

impl<'a> Iterator for BundleEntries<'a> {
    type Item = Result<&'a [u8], usize>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.at == self.bundle.len() {
            return None;
        }
        let entry = self.bundle[self.at..]
            .split_first_chunk::<2>()
            .and_then(|(length, rest)| rest.get(..usize::from(u16::from_be_bytes(*length))));
        match entry {
            Some(entry) => {
                self.at += 2 + entry.len();
                Some(Ok(entry))
            }
            None => {
                self.ended = true;
                Some(Err(self.at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        let check = |kind, number, width, path: &str| {
            let name = TileName { kind, number, width };
            assert_eq!(name.path(), path);
            assert_eq!(TileName::parse(path), Some(name));
        };
        check(TileKind::Hashes(0), 1_234_067, 256, "tile/0/x001/x234/067");
        check(TileKind::Hashes(0), 273, 112, "tile/0/273.p/112");
        check(TileKind::Entries, 1001, 44, "tile/entries/x001/001.p/44");
        check(TileKind::Entries, 0, 256, "tile/entries/000");
        check(TileKind::Hashes(63), 1000, 1, "tile/63/x001/000.p/1");
        check(
            TileKind::Hashes(7),
            u64::MAX,
            255,
            "tile/7/x018/x446/x744/x073/x709/x551/615.p/255",
        );
    }

    #[test]
    fn a_tree_past_256_times_256_has_the_tiles_of_the_specification() {
        let last = |kind, position| TileName::covering(kind, position, 70_000).map(|name| name.path());
        assert_eq!(last(TileKind::Hashes(0), 69_887).as_deref(), Some("tile/0/272"));
        assert_eq!(
            last(TileKind::Hashes(0), 69_888).as_deref(),
            Some("tile/0/273.p/112")
        );
        assert_eq!(
            last(TileKind::Entries, 69_999).as_deref(),
            Some("tile/entries/273.p/112")
        );
        assert_eq!(last(TileKind::Hashes(1), 255).as_deref(), Some("tile/1/000"));
        assert_eq!(last(TileKind::Hashes(1), 256).as_deref(), Some("tile/1/001.p/17"));
        assert_eq!(last(TileKind::Hashes(2), 0).as_deref(), Some("tile/2/000.p/1"));
        assert_eq!(last(TileKind::Hashes(2), 1), None);
        assert_eq!(last(TileKind::Hashes(3), 0), None);
        assert_eq!(last(TileKind::Hashes(63), 0), None);
    }

    #[test]
    fn other_spellings_of_a_path_are_refused() {
        for path in [
            "tile/0/1",
            "tile/0/0001",
            "tile/00/001",
            "tile/64/000",
            "tile/0/001/000",
            "tile/0/x000/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/01",
            "tile/0/001.p/",
            "tile/data/000",
            "0/000",
            "tile/0/+01",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ] {
            assert_eq!(TileName::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_cut_bundle_says_where() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"one");
        push_entry(&mut bundle, b"two");
        bundle.pop();
        let entries: Vec<_> = bundle_entries(&bundle).collect();
        assert_eq!(entries, [Ok(&b"one"[..]), Err(5)]);
        assert_eq!(bundle_entries(&[0]).collect::<Vec<_>>(), [Err(0)]);
    }

    proptest! {
        #[test]
        fn a_bundle_gives_back_its_entries(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20)) {
            let mut bundle = Vec::new();
            for entry in &entries {
                push_entry(&mut bundle, entry);
            }
            let read: Result<Vec<_>, _> = bundle_entries(&bundle).collect();
            prop_assert_eq!(read, Ok(entries.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), path in ".{0,40}") {
            for entry in bundle_entries(&bytes) {
                prop_assert!(entry.is_err() || entry.is_ok_and(|entry| entry.len() <= bytes.len()));
            }
            if let Some(name) = TileName::parse(&path) {
                prop_assert_eq!(name.path(), path);
            }
        }
    }
}
