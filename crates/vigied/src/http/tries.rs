//! Counts what a source has tried in vain, for routes where a stranger may guess.

use base::source::{Source, SourceKey};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Sources remembered at once; beyond it the oldest are forgotten together.
const SOURCES_MAX: usize = 65_536;

const WINDOW: Duration = Duration::from_secs(60);

/// Failures by source, within a minute of the first.
#[derive(Debug)]
pub(crate) struct Tries {
    allowed: u64,
    failed: Mutex<HashMap<SourceKey, (Instant, u64)>>,
}

impl Tries {
    /// None yet.
    pub(crate) fn new(allowed: u64) -> Self {
        Self {
            allowed,
            failed: Mutex::default(),
        }
    }

    /// How many a source has.
    pub(crate) const fn allowed(&self) -> u64 {
        self.allowed
    }

    /// Whether the source may try: `Err` with how long it has to wait.
    pub(crate) fn check(&self, source: Source, now: Instant) -> Result<(), Duration> {
        let Some(key) = source.key() else {
            return Ok(());
        };
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.get(&key) {
            Some((begun, count)) if *count >= self.allowed => {
                let left = WINDOW.saturating_sub(now.saturating_duration_since(*begun));
                if left.is_zero() { Ok(()) } else { Err(left) }
            }
            _ => Ok(()),
        }
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, source: Source, now: Instant) {
        let Some(key) = source.key() else {
            return;
        };
        let is_over = |begun: Instant| now.saturating_duration_since(begun) >= WINDOW;
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= SOURCES_MAX && !failed.contains_key(&key) {
            failed.retain(|_, (begun, _)| !is_over(*begun));
            if failed.len() >= SOURCES_MAX {
                failed.clear();
            }
        }
        let own = failed.entry(key).or_insert((now, 0));
        if is_over(own.0) {
            *own = (now, 0);
        }
        own.1 = own.1.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_has_its_own_and_a_minute_heals() {
        let tries = Tries::new(2);
        let source = |text: &str| Source::client(text.parse().unwrap());
        let (one, other, now) = (source("192.0.2.1"), source("192.0.2.2"), Instant::now());
        for _ in 0..2 {
            assert_eq!(tries.check(one, now), Ok(()));
            tries.failed(one, now);
        }
        assert_eq!(tries.check(one, now), Err(WINDOW));
        assert_eq!(tries.check(other, now), Ok(()));
        assert_eq!(tries.check(one, now + WINDOW), Ok(()));
        tries.failed(one, now + WINDOW);
        assert_eq!(tries.check(one, now + WINDOW), Ok(()));
        let proxy = Source::proxy("192.0.2.3".parse().unwrap());
        for _ in 0..5 {
            tries.failed(proxy, now);
        }
        assert_eq!(tries.check(proxy, now), Ok(()));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let tries = Tries::new(1);
        let now = Instant::now();
        for address in 0..u32::try_from(SOURCES_MAX).unwrap() + 9 {
            let source = Source::client(std::net::Ipv4Addr::from_bits(address).into());
            tries.failed(source, now);
        }
        assert!(tries.failed.lock().unwrap().len() <= SOURCES_MAX);
    }
}
