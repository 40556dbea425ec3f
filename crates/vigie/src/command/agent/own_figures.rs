//! The agent's own figures: samples received, refused, sent and lost since its start. They are sent with the host's metrics if the agent
//! has listeners.

use super::delivery::DeliveryTotals;
use super::losses::Losses;
use agent::{Listeners, NamePrefix};
use base::name::SeriesName;
use base::sample::Batch;
use base::time::Millis;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where they come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnFigures<'a> {
    pub(super) naming: &'a NamePrefix,
    pub(super) listeners: &'a Listeners,
    pub(super) sent: &'a DeliveryTotals,
    pub(super) losses: &'a Losses,
}

impl OwnFigures<'_> {
    /// Adds them; `waiting` is how many samples are in the buffer.
    pub(super) fn add(&self, now: Millis, waiting: u64, batch: &mut Batch) {
        let mut push = |path: &str, number: u64| {
            let name = format!("{}.vigie-agent.{path}", self.naming.stem());
            // The stem was checked; with this it may be too long.
            if let Ok(name) = SeriesName::parse(&name) {
                #[expect(clippy::cast_precision_loss, reason = "fewer samples than 2^53")]
                batch.push(&name, now, number as f64);
            }
        };
        for (kind, counted) in self.listeners.counted() {
            push(&format!("{}.received", kind.word()), counted.received);
            push(&format!("{}.refused", kind.word()), counted.refused);
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        push("samples.stored", read(&self.sent.stored));
        push("samples.rejected", read(&self.sent.rejected));
        push("samples.lost", read(&self.losses.samples));
        push("samples.waiting", waiting);
    }
}
