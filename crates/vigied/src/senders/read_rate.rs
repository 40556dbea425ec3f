//! Limits the bytes per second that are read, by source and by domain, so that neither many connections nor many machines get
//! around the limit. Connections through a trusted proxy count for no source. Connections that have not authenticated
//! count separately, so that they do not slow down those of the same source that have. The debt of a flood is capped, so that
//! later senders from the same address do not wait long for it.

use base::limit;
use base::rate_limit::{Rate, Table, TokenBucket};
use base::scope::Domain;
use base::source::SourceKey;
use base::time::Millis;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many sources, and domains, are remembered.
const REMEMBERED: usize = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum RateKey {
    Unauthenticated(SourceKey),
    Source(SourceKey),
    Domain(Domain),
}

/// The rate limiter for bytes read from senders.
#[derive(Debug)]
pub(super) struct ReadRate {
    rate: Rate,
    sent: Mutex<Table<RateKey, TokenBucket>>,
}

impl ReadRate {
    pub(super) fn new(bytes_per_second: u64) -> Self {
        Self {
            rate: Rate::per(bytes_per_second.max(1), 1000),
            sent: Mutex::new(Table::new(REMEMBERED)),
        }
    }

    /// Counts bytes that were read, and wasted work as if so many more had come; returns how long to wait before reading more.
    ///
    /// Wasted work counts for the domain alone: it may be ten thousand times what has come, and others send from the same address.
    /// If the domain is not known yet, it counts for the address.
    pub(super) fn sent(
        &self,
        source: Option<SourceKey>,
        domain: Option<Domain>,
        (bytes, wasted): (usize, usize),
        now: Millis,
    ) -> Duration {
        let all = bytes.saturating_add(wasted);
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut longest = 0;
        let counted = match domain {
            None => [
                source.map(|address| (RateKey::Unauthenticated(address), all)),
                None,
            ],
            Some(domain) => [
                source.map(|address| (RateKey::Source(address), bytes)),
                Some((RateKey::Domain(domain), all)),
            ],
        };
        for (who, bytes) in counted.into_iter().flatten() {
            let rate = sent.entry(who);
            rate.spend(self.rate, now, bytes as u64);
            rate.cap_debt(self.rate, limit::SENDER_DEBT_SECONDS.default * 1000);
            longest = longest.max(rate.wait(self.rate, now));
        }
        Duration::from_millis(longest)
    }

    /// Counts work for a domain beyond its bytes, as if so many more had come. The next sender to it waits, or is refused.
    pub(super) fn charge_work(&self, domain: Domain, bytes: u64, now: Millis) {
        if bytes == 0 {
            return;
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = sent.entry(RateKey::Domain(domain));
        rate.spend(self.rate, now, bytes);
        rate.cap_debt(self.rate, limit::SENDER_DEBT_SECONDS.default * 1000);
    }

    /// Whether a datagram may be taken. Its bytes are counted only then: what is refused keeps nobody waiting.
    pub(super) fn takes(
        &self,
        source: Option<SourceKey>,
        domain: Domain,
        bytes: usize,
        now: Millis,
    ) -> bool {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = [source.map(RateKey::Source), Some(RateKey::Domain(domain))];
        let counted = counted.into_iter().flatten();
        let is_within = counted
            .clone()
            .all(|who| sent.entry(who).wait(self.rate, now) == 0);
        if is_within {
            for who in counted {
                sent.entry(who).spend(self.rate, now, bytes as u64);
            }
        }
        is_within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    #[test]
    fn a_source_above_the_rate_waits_and_no_other_does() {
        let read_rate = ReadRate::new(1000);
        let source = |number: u8| Some(SourceKey::of([192, 0, 2, number].into()));
        assert_eq!(
            read_rate.sent(source(1), None, (500, 0), Millis(0)),
            Duration::ZERO
        );
        let wait = read_rate.sent(source(1), None, (1500, 0), Millis(0));
        assert!(wait > Duration::from_millis(900) && wait < Duration::from_millis(1100));
        assert_eq!(
            read_rate.sent(source(2), None, (500, 0), Millis(0)),
            Duration::ZERO
        );
        assert_eq!(
            read_rate.sent(source(1), None, (0, 0), Millis(3000)),
            Duration::ZERO
        );
    }

    /// Behind a balancer that is trusted, all senders were one source.
    #[test]
    fn a_trusted_proxy_is_not_slowed_and_each_domain_behind_it_is() {
        let read_rate = ReadRate::new(1000);
        let space = |number| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        assert!(
            read_rate
                .sent(None, None, (1 << 20, 0), Millis(0))
                .is_zero()
        );
        assert!(
            !read_rate
                .sent(None, Some(space(1)), (5000, 0), Millis(0))
                .is_zero()
        );
        assert!(
            read_rate
                .sent(None, Some(space(2)), (500, 0), Millis(0))
                .is_zero()
        );
        assert!(!read_rate.takes(None, space(1), 1, Millis(0)));
        assert!(read_rate.takes(None, space(3), 1, Millis(0)));
    }

    /// It had none: a sender that came after a flood from the same address, or to the same domain, waited for hours.
    #[test]
    fn what_is_owed_has_an_end() {
        let read_rate = ReadRate::new(1000);
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let domain = Domain::Space(SpaceId(Guid::from_random([1; 16])));
        for _ in 0..1000 {
            read_rate.sent(source, Some(domain), (1 << 20, 0), Millis(0));
        }
        let most = Duration::from_secs(limit::SENDER_DEBT_SECONDS.default);
        let wait = read_rate.sent(source, Some(domain), (0, 0), Millis(0));
        assert!(
            wait > most / 2 && wait <= most + Duration::from_millis(2),
            "{wait:?}"
        );
        let after = Millis(i64::try_from(wait.as_millis()).unwrap());
        assert!(
            read_rate
                .sent(source, Some(domain), (0, 0), after)
                .is_zero()
        );
        assert!(read_rate.takes(source, domain, 100, after));
    }

    /// Refused datagrams counted too, so that a sender above the rate had nothing stored at all.
    #[test]
    fn datagrams_above_the_rate_leave_those_within_it() {
        let read_rate = ReadRate::new(1000);
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let domain = Domain::Space(SpaceId(Guid::from_random([1; 16])));
        let sent = (0..1000_i64).filter(|at| read_rate.takes(source, domain, 100, Millis(at * 10)));
        // Ten seconds, at ten of them a second, and what may be had at once.
        assert!((100..=112).contains(&sent.count()));
    }

    /// The cost of looking at them counted for the address as well, so that a few bytes of one account shut out all others there.
    #[test]
    fn what_is_done_for_nothing_slows_down_its_own_domain_alone() {
        let read_rate = ReadRate::new(1 << 20);
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let space = |number| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        for _ in 0..1000 {
            // A renewal that fails.
            read_rate.sent(source, Some(space(1)), (5, 64 * 1024), Millis(0));
        }
        assert!(!read_rate.takes(source, space(1), 1, Millis(0)));
        assert!(read_rate.takes(source, space(2), 1000, Millis(0)));
        let wait = read_rate.sent(source, Some(space(2)), (1000, 0), Millis(0));
        assert!(wait.is_zero(), "{wait:?}");
        // What is not authenticated counts for its address.
        assert!(
            !read_rate
                .sent(source, None, (5, 2 << 20), Millis(0))
                .is_zero()
        );
        assert!(read_rate.takes(source, space(2), 1000, Millis(0)));
    }

    /// A datagram whose lines have thousands of values each counted as its bytes.
    #[test]
    fn work_that_bytes_do_not_tell_slows_down_its_own_domain_alone() {
        let read_rate = ReadRate::new(1 << 20);
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let space = |number| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        read_rate.charge_work(space(1), 0, Millis(0));
        assert!(read_rate.takes(source, space(1), 8192, Millis(0)));
        read_rate.charge_work(space(1), 3 << 20, Millis(0));
        assert!(!read_rate.takes(source, space(1), 1, Millis(1000)));
        assert!(read_rate.takes(source, space(2), 8192, Millis(0)));
        assert!(read_rate.takes(source, space(1), 1, Millis(3000)));
        // A connection waits for it, and no longer than for anything that is owed.
        read_rate.charge_work(space(1), u64::MAX, Millis(3000));
        let wait = read_rate.sent(source, Some(space(1)), (1, 0), Millis(3000));
        let most = Duration::from_secs(limit::SENDER_DEBT_SECONDS.default);
        assert!(
            wait > most / 2 && wait <= most + Duration::from_millis(2),
            "{wait:?}"
        );
    }

    /// An unauthenticated sender slowed down the known senders at the same address.
    #[test]
    fn strangers_slow_down_nobody_who_is_known() {
        let read_rate = ReadRate::new(1000);
        let source = Some(SourceKey::of([192, 0, 2, 1].into()));
        let space = |number| Domain::Space(SpaceId(Guid::from_random([number; 16])));
        assert!(
            !read_rate
                .sent(source, None, (100_000, 0), Millis(0))
                .is_zero()
        );
        let sent = |domain, bytes| read_rate.sent(source, Some(domain), (bytes, 0), Millis(0));
        assert!(sent(space(1), 500).is_zero());
        assert!(!sent(space(2), 900).is_zero());
    }
}
