//! What samples that are in no segment yet may take in memory: a budget for all tenants together.
//!
//! From half of it on the head is flushed before its time. What is beyond three quarters is for those who have less than an
//! equal share: whoever has more is refused first. The last eighth is parted among all, and kept for who has less than that.

use crate::core::Core;
use base::context::Stop;
use base::id::TenantId;
use base::limit;
use base::store::StoreError;

/// What a sample takes at the least, as long as it is not known whose series it is.
const SAMPLE_BYTES: u64 = 16;

/// What is in memory, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    all: u64,
    own: u64,
    tenants: u64,
}

/// What stands against so many bytes more: the figure that is allowed, of the whole or of the caller's share.
fn over(budget: u64, held: Held, more: u64) -> Option<u64> {
    let all = held.all.saturating_add(more);
    if all > budget {
        return Some(budget);
    }
    // One more, for who has nothing yet. The last eighth is parted among all, so that it is there for who has little.
    let parts = held.tenants + 1;
    let stages = [
        (budget - budget / 4, budget / parts),
        (budget - budget / 8, budget / 8 / parts),
    ];
    let own = held.own.saturating_add(more);
    let mut narrow = stages.into_iter().filter(|(begin, _)| all > *begin);
    narrow
        .rfind(|(_, share)| own > *share)
        .map(|(_, share)| share)
}

impl Core {
    /// Bytes of samples that are in no segment: those that came in since the last flush began, and those that it writes.
    pub(crate) fn head_bytes(&self) -> u64 {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|own| own.head.bytes());
        version.head.bytes() + frozen.unwrap_or_default()
    }

    fn held(&self, tenant: TenantId) -> Held {
        let version = self.state.version();
        let frozen = version.frozen.as_ref().map(|own| own.head.as_ref());
        let heads = frozen.into_iter().chain([version.head.as_ref()]);
        let mut held = Held {
            all: 0,
            own: 0,
            tenants: 0,
        };
        for head in heads {
            held.all += head.bytes();
            held.own += head.bytes_of(tenant);
            // Of two heads they are mostly the same.
            held.tenants = held.tenants.max(head.tenants() as u64);
        }
        held
    }

    /// Refuses samples for which there is no room in memory, or none for this tenant; a flush makes room.
    pub(crate) fn require_head(&self, tenant: TenantId, samples: usize) -> Result<(), StoreError> {
        let more = samples as u64 * SAMPLE_BYTES;
        let Some(allowed) = over(self.config.head_bytes, self.held(tenant), more) else {
            return Ok(());
        };
        self.ask_for_flush();
        Err(StoreError::Stopped(Stop::Busy {
            whole: &limit::HEAD_BYTES,
            limit: &limit::HEAD_BYTES,
            allowed,
        }))
    }

    /// Whether the head is to be flushed before its time.
    pub(crate) fn is_head_large(&self) -> bool {
        self.state.version().head.bytes() >= self.config.head_bytes / 2
    }

    /// Whether the tenant has as much in the head as others have in the mean: who has less need not wait for a flush that
    /// others have made due.
    pub(crate) fn has_share(&self, tenant: TenantId) -> bool {
        let held = self.held(tenant);
        held.own.saturating_mul(held.tenants) >= held.all
    }

    /// The flusher has work, as soon as it has done what it is at.
    pub(crate) fn ask_for_flush(&self) {
        self.wanted().flush = true;
        self.wake.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_more_than_their_share_is_refused_first_and_all_when_nothing_is_left() {
        let held = |all, own, tenants| Held { all, own, tenants };
        assert_eq!(
            over(800, held(0, 0, 0), 600),
            None,
            "alone, up to three quarters"
        );
        assert_eq!(over(800, held(600, 600, 1), 1), Some(400));
        assert_eq!(over(800, held(600, 0, 1), 50), None, "the other");
        assert_eq!(over(800, held(640, 100, 3), 50), None);
        assert_eq!(over(800, held(640, 180, 3), 50), Some(200));
        let last_eighth = over(800, held(700, 180, 3), 50);
        assert_eq!(last_eighth, Some(25));
        assert_eq!(over(800, held(700, 20, 3), 5), None);
        assert_eq!(
            over(800, held(700, 0, 3), 101),
            Some(800),
            "nothing is left"
        );
        assert_eq!(over(u64::MAX, held(0, 0, 0), u64::MAX), Some(u64::MAX / 8));
    }
}
