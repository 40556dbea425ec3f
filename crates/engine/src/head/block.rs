//! A block of samples.

use std::num::NonZeroU64;

/// A block, by the number of its first cell. That one is its link to the next block, and is followed by the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    first: NonZeroU64,
    size: u32,
}

impl Block {
    /// The block that begins there, of so many samples.
    pub(super) const fn of(first: NonZeroU64, size: u32) -> Self {
        Self { first, size }
    }

    /// The block with this link, of so many samples; 0 links to none.
    pub(super) fn at(link: u64, size: u32) -> Option<Self> {
        NonZeroU64::new(link).map(|first| Self { first, size })
    }

    /// What a link to it says.
    pub(super) const fn link(self) -> u64 {
        self.first.get()
    }

    /// How many samples fit.
    pub(super) const fn size(self) -> u32 {
        self.size
    }
}
