//! Graphite's pickles on a connection: each behind its length, answered by nothing. So the sender is known by its address alone.

use super::budget::Taken;
use super::places::Place;
use super::reader::{End, Reader, keep};
use super::shared::Shared;
use super::shown::{Denied, Shown};
use super::storing::{Outcome, Sender, store};
use super::stream::Stream;
use base::limit;
use base::sample::RejectReason;
use base::scope::Domain;
use wire::ingest::pickle::{self, HEAD_BYTES};
use wire::ingest::{LineReject, Lines};

/// How much is made room for at once: a frame takes memory as it comes, not as it says.
const STEP_BYTES: usize = 64 * 1024;

/// Reads frames.
#[derive(Debug)]
pub(super) struct PickleReader<'s> {
    shared: &'s Shared,
    sender: Sender,
    shown: Shown,
    domain: Domain,
    /// Head and frame.
    buffer: Vec<u8>,
    filled: usize,
    /// The bytes of the buffer beyond the first step.
    taken: Taken<'s>,
}

impl<'s> PickleReader<'s> {
    pub(super) fn new(
        shared: &'s Shared,
        sender: Sender,
        place: &'s Place<'s>,
        shown: Shown,
    ) -> Result<Self, End> {
        let scope = shown.scope(shared).map_err(|_| {
            shared.refuse(sender.door, sender.source, "credential", 1);
            End::Quiet
        })?;
        let domain = scope.domain();
        keep(shared, place, domain).map_err(|_| End::Quiet)?;
        Ok(Self {
            shared,
            sender,
            shown,
            domain,
            buffer: vec![0; STEP_BYTES],
            filled: 0,
            taken: shared.in_flight.none(),
        })
    }

    /// Head and frame in bytes, once the head is there.
    fn whole(&self) -> Option<usize> {
        let head = self
            .buffer
            .get(..self.filled)?
            .first_chunk::<HEAD_BYTES>()?;
        let length = usize::try_from(pickle::length(*head)).unwrap_or(usize::MAX);
        Some(length.saturating_add(HEAD_BYTES))
    }

    fn refuse(&self, reason: &'static str) {
        self.shared
            .refuse(self.sender.door, self.sender.source, reason, 1);
    }

    fn frame(&self, whole: usize) -> Result<(), End> {
        let frame = self.buffer.get(HEAD_BYTES..whole).unwrap_or_default();
        let at = self.shared.app.clock.now();
        let decode = || {
            pickle::decode(frame, at).unwrap_or_else(|error| Lines {
                received: 1,
                rejects: vec![LineReject {
                    line: 1,
                    name: None,
                    reason: RejectReason::Malformed(error.to_string()),
                }],
                ..Lines::default()
            })
        };
        let patience = (self.shared.limits.held, 1);
        match store(self.shared, self.sender, &self.shown, patience, &decode) {
            Outcome::Done => Ok(()),
            Outcome::Denied(Denied::Gone(_) | Denied::ForNow(_)) => {
                self.refuse("credential");
                Err(End::Quiet)
            }
        }
    }
}

impl Reader for PickleReader<'_> {
    fn room(&mut self) -> &mut [u8] {
        if self.filled == self.buffer.len() {
            let larger = self.buffer.len() + STEP_BYTES;
            if !self.taken.grow(STEP_BYTES) {
                self.shared
                    .app
                    .metrics
                    .limited(&limit::SENDERS_IN_FLIGHT_BYTES);
                return &mut [];
            }
            self.buffer.resize(larger, 0);
        }
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    fn came(&mut self, bytes: usize, _: &mut Stream) -> Result<(), End> {
        self.filled += bytes;
        while let Some(whole) = self.whole() {
            let most = usize::try_from(limit::PICKLE_BYTES.default).unwrap_or(usize::MAX);
            if whole > most.saturating_add(HEAD_BYTES) {
                self.shared.app.metrics.limited(&limit::PICKLE_BYTES);
                self.refuse("too_large");
                self.filled = 0;
                return Err(End::Quiet);
            }
            if self.filled < whole {
                return Ok(());
            }
            self.frame(whole)?;
            self.buffer.copy_within(whole..self.filled, 0);
            self.filled -= whole;
            if self.buffer.len() > STEP_BYTES && self.filled <= STEP_BYTES {
                self.buffer.truncate(STEP_BYTES);
                self.buffer.shrink_to_fit();
                self.taken.clear();
            }
        }
        Ok(())
    }

    fn tick(&mut self, _: &mut Stream) -> Result<(), End> {
        match self.shown.scope(self.shared) {
            // Who cannot be verified for the moment sends nothing until the next frame.
            Ok(_) | Err(Denied::ForNow(_)) => Ok(()),
            Err(Denied::Gone(_)) => {
                self.refuse("credential");
                Err(End::Quiet)
            }
        }
    }

    fn end(&mut self) {
        if self.filled > 0 {
            self.refuse("cut_off");
        }
    }

    fn is_known(&self) -> bool {
        true
    }

    fn domain(&self) -> Option<Domain> {
        Some(self.domain)
    }
}
