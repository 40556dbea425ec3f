//! Lines waiting to be stored, by domain.

use base::scope::Domain;

/// How many bytes are kept before they are stored.
const BYTES: usize = 64 * 1024;

/// How much room each domain keeps.
const KEPT_BYTES: usize = 1024;

/// The most domains that one connection's pending lines are for.
const DOMAINS: usize = 32;

/// The lines of one connection. What held one portion is kept for the next, so that few lines cost an allocation.
#[derive(Debug, Default)]
pub(super) struct PendingByDomain {
    /// Only the first ones are in use.
    all: Vec<Portion>,
    used: usize,
    bytes: usize,
}

/// The waiting lines of one domain.
#[derive(Debug)]
pub(super) struct Portion {
    pub(super) domain: Domain,
    pub(super) lines: Vec<u8>,
    pub(super) count: u64,
}

impl PendingByDomain {
    /// Adds a line, which has no end of its own.
    pub(super) fn add(&mut self, domain: Domain, line: &[u8]) {
        let used = self.all.get_mut(..self.used).unwrap_or_default();
        let at = match used.iter().position(|portion| portion.domain == domain) {
            Some(at) => at,
            None => self.begin(domain),
        };
        if let Some(portion) = self.all.get_mut(at) {
            portion.lines.extend_from_slice(line);
            portion.lines.push(b'\n');
            portion.count += 1;
            self.bytes += line.len() + 1;
        }
    }

    fn begin(&mut self, domain: Domain) -> usize {
        let at = self.used;
        self.used += 1;
        match self.all.get_mut(at) {
            Some(portion) => portion.domain = domain,
            None => self.all.push(Portion {
                domain,
                lines: Vec::new(),
                count: 0,
            }),
        }
        at
    }

    /// Whether it is time to store them.
    pub(super) const fn is_full(&self) -> bool {
        self.bytes >= BYTES || self.used >= DOMAINS
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// The portions waiting.
    pub(super) fn portions(&self) -> &[Portion] {
        self.all.get(..self.used).unwrap_or_default()
    }

    /// How many lines are there.
    pub(super) fn count(&self) -> u64 {
        self.portions().iter().map(|portion| portion.count).sum()
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        for portion in self.all.get_mut(..self.used).unwrap_or_default() {
            portion.lines.clear();
            // Else each of them would keep the most that it ever held.
            portion.lines.shrink_to(KEPT_BYTES);
            portion.count = 0;
        }
        self.used = 0;
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    fn space(number: u8) -> Domain {
        Domain::Space(SpaceId(Guid::from_random([number; 16])))
    }

    #[test]
    fn lines_are_kept_by_domain_until_they_are_stored() {
        let mut pending = PendingByDomain::default();
        for _ in 0..2 {
            for (number, line) in [(1, "a 1"), (2, "b 2"), (1, "c 3")] {
                pending.add(space(number), line.as_bytes());
            }
            let reported: Vec<_> = pending
                .portions()
                .iter()
                .map(|portion| (portion.domain, portion.lines.as_slice(), portion.count))
                .collect();
            let expected: [(Domain, &[u8], u64); 2] =
                [(space(1), b"a 1\nc 3\n", 2), (space(2), b"b 2\n", 1)];
            assert_eq!(reported, expected);
            assert_eq!((pending.count(), pending.is_full()), (3, false));
            pending.clear();
            assert!(pending.is_empty() && pending.portions().is_empty());
        }
    }

    #[test]
    fn many_bytes_or_domains_are_enough() {
        let mut pending = PendingByDomain::default();
        pending.add(space(1), &[b'x'; BYTES]);
        assert!(pending.is_full());
        pending.clear();
        for number in 0..32 {
            assert!(!pending.is_full());
            pending.add(space(number), b"a 1");
        }
        assert!(pending.is_full());
    }
}
