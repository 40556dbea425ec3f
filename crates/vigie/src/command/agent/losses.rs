//! Puts samples into the buffer, and reports lost ones.

use crate::figures::counted;
use crate::output::Output;
use agent::{Intake, Journal, JournalError, LostRecords};
use base::sample::Batch;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Stores the samples of one reading. Those that the disk does not take wait in memory for it, or for the server.
pub(super) fn append(buffer: (&Mutex<Journal>, &Output, &Losses), batch: &Batch, intake: &Intake) {
    let samples = u32::try_from(batch.len()).unwrap_or(u32::MAX);
    let body = wire::ingest::encode::body(batch);
    if let Err(error) = append_body(buffer, &body, samples)
        && !intake.try_put(batch)
    {
        let (_, output, losses) = buffer;
        losses
            .samples
            .fetch_add(u64::from(samples), Ordering::Relaxed);
        let samples = counted(u64::from(samples), "sample", "samples");
        output.warn(format!("agent: {samples} lost: {error}"));
    }
}

/// Stores a body of so many samples, and reports what gave way to it.
pub(super) fn append_body(
    (journal, output, losses): (&Mutex<Journal>, &Output, &Losses),
    body: &[u8],
    samples: u32,
) -> Result<(), JournalError> {
    let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
    let appended = journal.append(body, samples);
    let lost = journal.take_lost();
    drop(journal);
    losses.report(output, lost);
    appended
}

/// Samples lost since the start, reported when it happens, and again at the end.
#[derive(Debug, Default)]
pub(super) struct Losses {
    pub(super) samples: AtomicU64,
}

impl Losses {
    /// Reports what the journal lost.
    pub(super) fn report(&self, output: &Output, lost: LostRecords) {
        if lost.dropped > 0 {
            self.samples.fetch_add(lost.dropped, Ordering::Relaxed);
            let oldest = match lost.dropped {
                1 => "oldest sample was".to_owned(),
                dropped => format!("{dropped} oldest samples were"),
            };
            output.warn(format!("agent: the buffer is full; the {oldest} dropped"));
        }
        if lost.torn > 0 {
            output.warn(format!(
                "agent: {} not whole when the agent or the host stopped: left out",
                counted(
                    lost.torn,
                    "record in the buffer was",
                    "records in the buffer were"
                )
            ));
        }
        if lost.damaged > 0 {
            output.warn(format!(
                "agent: {} left out",
                counted(
                    lost.damaged,
                    "damaged record in the buffer was",
                    "damaged records in the buffer were"
                )
            ));
        }
    }
}
