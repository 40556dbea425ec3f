//! Reads Graphite's pickles from a connection, each after its length. The protocol has no answer and no credential, so the
//! sender is known by its address alone.

use super::budget::BudgetReservation;
use super::credential::{Denied, SenderCredential};
use super::decoding::malformed;
use super::reader::{End, Reader, keep};
use super::sender_slots::SenderSlot;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, store};
use super::stream::Stream;
use crate::http::fair_share::ShareOwner;
use base::limit::{self, Limit};
use base::scope::Domain;
use std::time::Instant;
use wire::ingest::pickle::{self, HEAD_BYTES};

/// Without more room than this a frame is read that is no larger.
const STEP_BYTES: usize = 64 * 1024;

/// Reads pickles, each after its length.
#[derive(Debug)]
pub(super) struct PickleReader<'s> {
    shared: &'s SenderContext,
    sender: Sender,
    credential: SenderCredential,
    domain: Domain,
    owner: ShareOwner,
    /// Head and frame.
    buffer: Vec<u8>,
    filled: usize,
    /// The bytes of the buffer beyond the first step.
    taken: BudgetReservation<'s>,
    /// When there was room for the frame that is larger than a step, until its end is there.
    begun: Option<Instant>,
}

impl<'s> PickleReader<'s> {
    pub(super) fn new(
        shared: &'s SenderContext,
        sender: Sender,
        slot: &'s SenderSlot<'s>,
        credential: SenderCredential,
    ) -> Result<Self, End> {
        let scope = credential.scope(shared).map_err(|_| {
            shared.refuse(sender.listener, sender.source, "credential", 1);
            End::Quiet
        })?;
        let domain = scope.domain();
        let owner = keep(shared, slot, domain).map_err(|_| End::Quiet)?;
        Ok(Self {
            shared,
            sender,
            credential,
            domain,
            owner,
            buffer: vec![0; STEP_BYTES],
            filled: 0,
            taken: shared.in_flight.none(owner),
            begun: None,
        })
    }

    /// Head and frame in bytes from `at` on, once the head is there.
    fn whole(&self, at: usize) -> Option<usize> {
        let begun_frame = self.buffer.get(at..self.filled)?;
        let head = begun_frame.first_chunk::<HEAD_BYTES>()?;
        let length = usize::try_from(pickle::length(*head)).unwrap_or(usize::MAX);
        Some(length.saturating_add(HEAD_BYTES))
    }

    /// Refuses a frame that is too large, and ends.
    fn too_large(&mut self, limit: &'static Limit) -> End {
        self.shared.app.metrics.limited(limit);
        self.refuse("too_large");
        self.filled = 0;
        End::Quiet
    }

    /// Whether a frame that has room of all senders comes more slowly than a body may: others wait for the room.
    fn is_slow(&self) -> bool {
        let Some(begun) = self.begun else {
            return false;
        };
        let (least, stall) = self.shared.limits.least_rate;
        let counted = begun.elapsed().saturating_sub(stall);
        (self.filled as u64) < counted.as_secs().saturating_mul(least)
    }

    fn refuse(&self, reason: &'static str) {
        self.shared
            .refuse(self.sender.listener, self.sender.source, reason, 1);
    }

    fn frame(&self, from: usize, to: usize) -> Result<(), End> {
        let frame = self.buffer.get(from + HEAD_BYTES..to).unwrap_or_default();
        let at = self.shared.app.clock.now();
        let decode =
            || pickle::decode(frame, at).unwrap_or_else(|error| malformed(&error.to_string()));
        let patience = (self.shared.limits.held, 1);
        match store(
            self.shared,
            self.sender,
            &self.credential,
            patience,
            &decode,
        ) {
            Outcome::Done => Ok(()),
            Outcome::Denied(Denied::Gone(_) | Denied::ForNow(_)) => {
                self.refuse("credential");
                Err(End::Quiet)
            }
        }
    }
}

impl Reader for PickleReader<'_> {
    fn read_buffer(&mut self) -> &mut [u8] {
        // All of a frame, or nothing: those who have a part of theirs would wait for each other.
        let larger = self.whole(0).filter(|whole| *whole > self.buffer.len());
        if let Some(whole) = larger {
            if !self.taken.grow(whole - self.buffer.len()) {
                let metrics = &self.shared.app.metrics;
                metrics.limited(&limit::SENDERS_IN_FLIGHT_BYTES);
                return &mut [];
            }
            self.buffer.resize(whole, 0);
            self.begun = Some(Instant::now());
        }
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    fn on_bytes(&mut self, bytes: usize, _: &mut Stream) -> Result<(), End> {
        self.filled += bytes;
        let most = usize::try_from(limit::PICKLE_BYTES.default).unwrap_or(usize::MAX);
        let mut from = 0;
        while let Some(whole) = self.whole(from) {
            if whole > most.saturating_add(HEAD_BYTES) {
                return Err(self.too_large(&limit::PICKLE_BYTES));
            }
            let beyond = whole.saturating_sub(STEP_BYTES) as u64;
            if beyond > self.shared.in_flight.most(self.owner) {
                // More than the account could have if nobody else had any: waiting would never help.
                return Err(self.too_large(&limit::SENDERS_IN_FLIGHT_BYTES));
            }
            if self.filled - from < whole {
                break;
            }
            self.frame(from, from + whole)?;
            from += whole;
        }
        if from == 0 {
            return Ok(());
        }
        self.begun = None;
        self.buffer.copy_within(from..self.filled, 0);
        self.filled -= from;
        if self.buffer.len() > STEP_BYTES && self.filled <= STEP_BYTES {
            self.buffer.truncate(STEP_BYTES);
            self.buffer.shrink_to_fit();
            self.taken.clear();
        }
        Ok(())
    }

    fn tick(&mut self, _: &mut Stream) -> Result<(), End> {
        if self.is_slow() {
            let metrics = &self.shared.app.metrics;
            metrics.limited(&limit::BODY_BYTES_PER_SECOND_MIN);
            self.refuse("too_slow");
            self.filled = 0;
            return Err(End::Quiet);
        }
        match self.credential.scope(self.shared) {
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
