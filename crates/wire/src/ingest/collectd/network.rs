//! collectd's binary protocol, as its plugin `network` sends it by UDP: a packet of parts, each of which changes one field of
//! the value lists that follow, or is one.
//!
//! A packet is bounded by the datagram, and every length in it is checked against what is left before it is used. Parts of
//! unknown kinds are passed over, as the protocol asks for; notifications are counted and passed over.
//!
//! A packet may be signed (HMAC-SHA-256) or encrypted (AES-256 in OFB mode, with a SHA-1 of the text) with the password of a
//! user. This crate has no cryptography of its own: who calls gives it ([`Cryptography`]), and the passwords with it. Neither
//! way has a protection against being sent again; the time in it, and that a sample replaces the same sample, make that
//! harmless. SHA-1 inside of the cipher is what collectd has, not what one would choose.
//!
//! Values are taken as they are sent: a counter is a counter, and no rate.

mod parts;
mod protection;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer;

pub use protection::{Cryptography, Protection, Protections, Refused};

use crate::ingest::collectd::types::Types;
use crate::ingest::{Names, Now, Reject};
use base::sample::Batch;

/// What a packet holds: `received = batch.len() + rejects.len()`.
#[derive(Debug, Clone, Default)]
pub struct Packet {
    /// The samples.
    pub batch: Batch,
    /// The place in the packet of each sample: which of its values it was.
    pub positions: Vec<usize>,
    /// The values that are none, and one for the rest of a packet that breaks off.
    pub rejects: Vec<Reject>,
    /// How many values there were.
    pub received: usize,
    /// How many of the samples have the time of their reading, since they had none.
    pub stamped: usize,
    /// How many of the samples have a name in which a character was replaced.
    pub renamed: usize,
    /// Notifications, which are no samples.
    pub notifications: u64,
    /// Parts of kinds that are not known.
    pub unknown: u64,
    /// Whose it is.
    pub protection: Protection,
}

/// How packets are read.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// What lists of several values are called.
    pub types: &'a Types,
    /// How names are read.
    pub names: Names,
    /// What is taken: all packets, signed ones, or encrypted ones alone.
    pub least: Protections,
}

/// Reads a packet.
///
/// # Errors
/// [`Refused`]: nothing of it is used, since it does not come from who it says, or is not as protected as it must be.
pub fn decode<'n>(
    packet: &[u8],
    rules: Rules<'_>,
    cryptography: &dyn Cryptography,
    now: impl Into<Now<'n>>,
) -> Result<Packet, Refused> {
    let (protection, opened) = protection::open(packet, cryptography)?;
    if protection.kind() < rules.least {
        return Err(Refused::Unprotected {
            found: protection.kind(),
            least: rules.least,
        });
    }
    let mut read = Packet {
        protection,
        ..Packet::default()
    };
    parts::read(&opened, rules, now.into(), &mut read);
    Ok(read)
}
