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

mod packet;
mod part;
mod parts;
mod protection;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod writer;

pub use packet::{Packet, Rules};
pub use protection::{Cryptography, Protection, Protections, Refused};

use crate::ingest::Now;

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
