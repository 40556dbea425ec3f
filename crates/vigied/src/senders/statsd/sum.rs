//! The sums of one domain.

use super::super::credential::SenderCredential;
use super::super::storing::Sender;
use base::id::{AccountId, KeyId};
use base::scope::Domain;
use base::time::Millis;
use std::collections::VecDeque;
use wire::ingest::statsd::{Aggregator, DecodeSummary};

/// Bytes of sums that have no series yet: tables, and the names of their statistics.
pub(super) const EMPTY_BYTES: usize = 8192;

/// Bytes of the sums of one name, at the most: every account may have so much.
pub(super) const ONE_NAME_BYTES: usize = EMPTY_BYTES + 2048;

/// How many senders are remembered to store under the right of: one of them is enough.
const SENDERS_MAX: usize = 16;

/// The owner of sums: a domain, or one key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Owner {
    pub(super) domain: Domain,
    /// Where the key reaches a part of the names alone, its sums are its own: nobody's values are stored under the right of another
    /// who reaches more.
    pub(super) key: Option<KeyId>,
}

/// A sender and its listener.
#[derive(Debug)]
pub(super) struct SampleOrigin {
    pub(super) credential: SenderCredential,
    pub(super) sender: Sender,
}

impl SampleOrigin {
    /// A copy; none of a credential that cannot be copied.
    pub(super) fn copy(&self) -> Option<Self> {
        Some(Self {
            credential: self.credential.of_key()?,
            sender: self.sender,
        })
    }
}

/// The outcome of the lines of a datagram that had waited.
pub(super) type DelayedReading = (SampleOrigin, DecodeSummary);

/// The outcome of lines.
#[derive(Debug)]
pub(super) enum LinesOutcome {
    /// They were read, or wait until the sums are free; and with them what had waited.
    Read(DecodeSummary, Vec<DelayedReading>),
    /// Another has the sums, and no more may wait for them. With what had waited, as before.
    Busy(Vec<DelayedReading>),
    NoDomain,
}

/// Sums of one owner.
#[derive(Debug)]
pub(super) struct Sum {
    pub(super) account: AccountId,
    pub(super) aggregator: Aggregator,
    /// The senders, the last one first.
    pub(super) senders: VecDeque<SampleOrigin>,
    /// How many bytes are reserved for it.
    pub(super) reserved_bytes: usize,
    /// When it was last flushed.
    pub(super) flushed_at: Millis,
    /// It was taken out of the table.
    pub(super) is_closed: bool,
}

impl Sum {
    /// Sums without a series, for which [`EMPTY_BYTES`] are reserved.
    pub(super) fn new(account: AccountId, aggregator: Aggregator) -> Self {
        Self {
            account,
            aggregator,
            senders: VecDeque::new(),
            reserved_bytes: EMPTY_BYTES,
            flushed_at: Millis(i64::MIN / 2),
            is_closed: false,
        }
    }

    /// How many bytes it takes now.
    pub(super) const fn bytes(&self) -> usize {
        EMPTY_BYTES + self.aggregator.bytes()
    }

    /// Remembers who has sent.
    pub(super) fn add_origin(&mut self, credential: &SenderCredential, sender: Sender) {
        let Some(credential) = credential.of_key() else {
            return;
        };
        let is_same =
            |origin: &SampleOrigin| origin.credential.named_key() == credential.named_key();
        match self.senders.iter().position(is_same) {
            Some(0) => {}
            Some(at) => {
                if let Some(origin) = self.senders.remove(at) {
                    self.senders.push_front(origin);
                }
            }
            None => {
                self.senders.truncate(SENDERS_MAX - 1);
                self.senders.push_front(SampleOrigin { credential, sender });
            }
        }
    }
}
