//! A background thread that panics begins again: what it does must go on for as long as the engine is open.
//!
//! Whatever a panic may have left half done poisons by itself, and [`Core::health`] says so from then on
//! ([`crate::poison::Poison::on_panic`]); what can be done again is done again.

use crate::core::Core;
use crate::events::Event;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a thread pauses after its first panic. The pause doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_millis(100);

/// The longest pause after a panic: work that always panics costs little, and work that has stopped panicking resumes soon.
const PAUSE_MAX: Duration = Duration::from_mins(5);

/// A thread that went on for so long begins with short pauses once more.
const WELL_AFTER: Duration = Duration::from_hours(1);

impl Core {
    /// Does `work`, which runs until told to stop, again after each panic.
    pub(crate) fn run_thread(&self, name: &'static str, work: fn(&Self)) {
        let mut pause = PAUSE_MIN;
        loop {
            let begun = Instant::now();
            if catch_unwind(AssertUnwindSafe(|| work(self))).is_ok() {
                return;
            }
            self.counters.panics.fetch_add(1, Ordering::Relaxed);
            self.events.on_event(Event::Panicked { thread: name });
            if begun.elapsed() >= WELL_AFTER {
                pause = PAUSE_MIN;
            }
            if self.wait_for_stop(pause) {
                return;
            }
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    fn wait_for_stop(&self, pause: Duration) -> bool {
        let wait = (self.wake).wait_timeout_while(self.requests(), pause, |wanted| !wanted.stop);
        let (mut wanted, _) = wait.unwrap_or_else(PoisonError::into_inner);
        // Whatever it had been asked for is not done.
        wanted.flush = true;
        wanted.merge = true;
        wanted.stop
    }
}
