//! Work under a context: every step is paid for, and every so often the clock and the flag are looked at.

use crate::guard;
use base::context::{Context, Resource, Stop};
use std::time::Instant;

/// After so many steps the clock is looked at: well below a millisecond.
const LOOK_AFTER: u64 = 256;

/// So many words of a pattern's automaton are a step. To read one takes some tens of nanoseconds, so such a step takes about as long
/// as others.
const WORDS_PER_STEP: u64 = 16;

/// So many bytes of a name that are compared or copied are a step. A name is compared with a few others whenever one is sought.
const NAME_BYTES_PER_STEP: usize = 256;

const fn steps_for_name_bytes(bytes: usize) -> u64 {
    (bytes / NAME_BYTES_PER_STEP) as u64
}

/// It may block for as long as others come in between.
fn check(context: &Context) -> Result<(), Stop> {
    guard::may_wait();
    context.check(Instant::now())
}

/// Charges the work of one thread to a context.
#[derive(Debug)]
pub(crate) struct QueryMeter<'c> {
    context: &'c Context,
    since: u64,
}

impl<'c> QueryMeter<'c> {
    pub(crate) fn new(context: &'c Context) -> Result<Self, Stop> {
        check(context)?;
        Ok(Self { context, since: 0 })
    }

    pub(crate) const fn context(&self) -> &'c Context {
        self.context
    }

    /// Pays for `steps`.
    pub(crate) fn steps(&mut self, steps: u64) -> Result<(), Stop> {
        guard::query_step();
        self.context.spend(Resource::Steps, steps)?;
        self.since += steps;
        if self.since >= LOOK_AFTER {
            self.since = 0;
            check(self.context)?;
        }
        Ok(())
    }

    /// Looks at clock and flag, whatever has been paid for.
    pub(crate) fn check(&mut self) -> Result<(), Stop> {
        self.since = 0;
        check(self.context)
    }

    /// Pays for a name of so many bytes that is looked at.
    pub(crate) fn name(&mut self, bytes: usize) -> Result<(), Stop> {
        self.steps(1 + steps_for_name_bytes(bytes))
    }

    /// Pays for the length of a name, in bytes, that is sought, compared or copied once more. For a short one that is nothing.
    pub(crate) fn name_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        match steps_for_name_bytes(bytes) {
            0 => Ok(()),
            steps => self.steps(steps),
        }
    }

    /// Pays for a name that was matched, which took `words`.
    pub(crate) fn matched(&mut self, words: u64) -> Result<(), Stop> {
        self.steps(1 + words / WORDS_PER_STEP)
    }
}
