//! Sums that several threads add to. Those that read connections wait for one another. The thread that reads the datagrams of all
//! domains waits for nobody: what comes while another has the sums is left with them, and read by the thread that has them next.

use super::super::credential::SenderCredential;
use super::super::storing::Sender;
use super::sum::{SampleOrigin, Sum};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// How many bytes of datagrams may wait for the sums of one owner: four of the largest. A connection has the sums for as long as
/// 32 KiB take, which is a few milliseconds.
pub(super) const WAITING_BYTES_MAX: usize = 256 * 1024;

/// Bytes of a datagram beside its own.
const PACKET_BYTES: usize = 160;

/// The sums of one owner, and the datagrams that wait for them.
#[derive(Debug)]
pub(super) struct SharedSum {
    sum: Mutex<Sum>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    packets: VecDeque<Packet>,
    /// The bytes of all of them.
    bytes: usize,
    /// The sums are forgotten, so nothing may wait for them.
    is_closed: bool,
}

/// A datagram that waits.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) lines: Vec<u8>,
    pub(super) origin: SampleOrigin,
}

impl Packet {
    /// A copy of lines, unless their sender is known by a text.
    pub(super) fn new(lines: &[u8], credential: &SenderCredential, sender: Sender) -> Option<Self> {
        let credential = credential.of_key()?;
        Some(Self {
            lines: lines.to_vec(),
            origin: SampleOrigin { credential, sender },
        })
    }

    /// Its size in memory, about.
    pub(super) const fn bytes(&self) -> usize {
        PACKET_BYTES + self.lines.len()
    }
}

/// Why a datagram cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CannotWait {
    /// As many wait as are allowed to.
    Full,
    /// The sums are forgotten: there are new ones, or will be.
    Closed,
}

impl SharedSum {
    pub(super) fn new(sum: Sum) -> Self {
        Self {
            sum: Mutex::new(sum),
            waiting: Mutex::default(),
        }
    }

    /// The sums, as soon as nobody else has them.
    pub(super) fn lock(&self) -> MutexGuard<'_, Sum> {
        self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sums, unless another has them.
    pub(super) fn try_lock(&self) -> Option<MutexGuard<'_, Sum>> {
        match self.sum.try_lock() {
            Ok(sum) => Some(sum),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Held for a moment only, and never while the sums are waited for.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a datagram wait behind those that wait already.
    pub(super) fn leave(&self, packet: Packet) -> Result<(), CannotWait> {
        let mut waiting = self.waiting();
        if waiting.is_closed {
            return Err(CannotWait::Closed);
        }
        let bytes = waiting.bytes + packet.bytes();
        if bytes > WAITING_BYTES_MAX {
            return Err(CannotWait::Full);
        }
        waiting.bytes = bytes;
        waiting.packets.push_back(packet);
        Ok(())
    }

    /// The datagram that has waited longest.
    pub(super) fn next(&self) -> Option<Packet> {
        let mut waiting = self.waiting();
        let packet = waiting.packets.pop_front()?;
        waiting.bytes -= packet.bytes();
        Some(packet)
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting().packets.is_empty()
    }

    /// Lets nothing wait any more; `false` where something does.
    pub(super) fn close(&self) -> bool {
        let mut waiting = self.waiting();
        waiting.is_closed = waiting.packets.is_empty();
        waiting.is_closed
    }
}
