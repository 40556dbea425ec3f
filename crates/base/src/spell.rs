//! A failure that lasts for a while: told when it begins and when it is over, and not each time that it is met.

use std::sync::atomic::{AtomicU64, Ordering};

/// How often something has failed since it last worked.
#[derive(Debug, Default)]
pub struct Spell(AtomicU64);

impl Spell {
    /// It works.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// It has failed; whether that is new.
    pub fn failed(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// It has worked; how often it had failed, where that is new.
    pub fn worked(&self) -> Option<u64> {
        let failed = self.0.swap(0, Ordering::Relaxed);
        (failed > 0).then_some(failed)
    }

    /// Whether it failed last.
    pub fn lasts(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_beginning_and_its_end_are_told_once() {
        let spell = Spell::new();
        assert_eq!(spell.worked(), None);
        assert!(spell.failed() && !spell.failed() && !spell.failed());
        assert!(spell.lasts());
        assert_eq!(spell.worked(), Some(3));
        assert_eq!(spell.worked(), None);
        assert!(!spell.lasts() && spell.failed());
    }
}
