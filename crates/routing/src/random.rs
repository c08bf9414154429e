//! Random numbers that are good enough to spread load, and cheap: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).

use std::sync::atomic::{AtomicU64, Ordering};

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where every thread takes a beginning from.
pub(crate) struct Source(AtomicU64);

impl Source {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A sequence of its own.
    pub(crate) fn draw(&self) -> Random {
        Random(mix(self.0.fetch_add(STEP, Ordering::Relaxed)))
    }
}

/// One sequence.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A number of 0 to `below` - 1; 0 where there is none.
    pub(crate) fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(below)) >> 64) as u64
    }
}

/// Spreads the bits of a number over all of them.
pub(crate) const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number for a name: the same on every machine and in every version (FNV-1a, mixed).
pub(crate) fn of_name(name: &str) -> u64 {
    let number = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |number, byte| {
        (number ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(number)
}
