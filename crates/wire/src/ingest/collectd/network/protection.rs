//! The sender of a packet: the first part names it, and then covers all of the packet, or the packet is refused.

use super::part::{ENCRYPTION, Part, SIGNATURE, part};
use base::secret::{Secret, constant_time_eq};
use std::borrow::Cow;

/// The longest name of a user.
const USER_BYTES_MAX: usize = 255;

/// The cryptography and the passwords that this protocol needs.
pub trait Cryptography {
    /// The password of a user; none for one who is not known.
    fn password(&self, user: &str) -> Option<Secret<String>>;
    /// SHA-1.
    fn sha1(&self, text: &[u8]) -> [u8; 20];
    /// SHA-256.
    fn sha256(&self, text: &[u8]) -> [u8; 32];
    /// HMAC with SHA-256.
    fn hmac_sha256(&self, key: &[u8], text: &[u8]) -> [u8; 32];
    /// AES with a key of 256 bits, in OFB mode, in place; `false` where it failed.
    fn aes256_ofb(&self, key: &[u8; 32], vector: [u8; 16], text: &mut [u8]) -> bool;
}

/// How a packet is protected, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Protections {
    /// Not at all: anybody can have made it.
    #[default]
    None,
    /// Signed: only who knows the password can have made it.
    Signed,
    /// Encrypted: and only they can read it.
    Encrypted,
}

/// The sender of a packet, and how that is proven.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Protection {
    /// Nobody's.
    #[default]
    None,
    /// It is signed with the password of this user.
    Signed(String),
    /// It is encrypted with the password of this user.
    Encrypted(String),
}

impl Protection {
    /// How it is protected.
    #[must_use]
    pub const fn kind(&self) -> Protections {
        match self {
            Self::None => Protections::None,
            Self::Signed(_) => Protections::Signed,
            Self::Encrypted(_) => Protections::Encrypted,
        }
    }

    /// The user whose password signed or encrypted the packet.
    #[must_use]
    pub const fn user(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::Signed(user) | Self::Encrypted(user) => Some(user.as_str()),
        }
    }
}

/// Why nothing of a packet is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The part that signs or encrypts is none.
    #[error("the part that signs or encrypts the packet is malformed")]
    Malformed,
    /// No such user, or another password; not revealed which of the two.
    #[error("the user is not known, or the password is another")]
    Password,
    /// It covers a part of the packet alone.
    #[error("there is something besides the encrypted part, which must be the whole packet")]
    Partly,
    /// Not protected as it must be.
    #[error("the packet is {}, but must be {}", found.word(), least.word())]
    Unprotected {
        /// How it is.
        found: Protections,
        /// How it must be.
        least: Protections,
    },
}

impl Protections {
    const fn word(self) -> &'static str {
        match self {
            Self::None => "neither signed nor encrypted",
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
        }
    }
}

/// Finds out whose a packet is, and gives its parts in clear.
pub(super) fn open<'p>(
    packet: &'p [u8],
    cryptography: &dyn Cryptography,
) -> Result<(Protection, Cow<'p, [u8]>), Refused> {
    match part(packet) {
        Some((
            Part {
                kind: SIGNATURE,
                body,
            },
            after,
        )) => {
            let user = verify(body, after, cryptography)?;
            Ok((Protection::Signed(user), after.into()))
        }
        Some((
            Part {
                kind: ENCRYPTION,
                body,
            },
            after,
        )) => {
            if !after.is_empty() {
                return Err(Refused::Partly);
            }
            let (user, text) = decrypt(body, cryptography)?;
            Ok((Protection::Encrypted(user), text.into()))
        }
        _ if begins_with(packet, SIGNATURE) || begins_with(packet, ENCRYPTION) => {
            Err(Refused::Malformed)
        }
        _ => Ok((Protection::None, packet.into())),
    }
}

/// A packet that breaks off within its first part is still one that claims to be protected.
fn begins_with(packet: &[u8], kind: u16) -> bool {
    packet.first_chunk() == Some(&kind.to_be_bytes())
}

/// The user who signed; the signature is of their name and all that follows.
fn verify(body: &[u8], after: &[u8], cryptography: &dyn Cryptography) -> Result<String, Refused> {
    let (signature, user) = body.split_first_chunk::<32>().ok_or(Refused::Malformed)?;
    let name = user_name(user)?;
    let signed = [user, after].concat();
    let password = cryptography.password(name);
    // Nobody's password is tried as well, so that who asks does not learn from the time who is known.
    let key = password
        .as_ref()
        .map_or("", |password| password.expose().as_str());
    let expected = cryptography.hmac_sha256(key.as_bytes(), &signed);
    if constant_time_eq(&expected, signature) && !key.is_empty() {
        Ok(name.to_owned())
    } else {
        Err(Refused::Password)
    }
}

/// The user whose password opens it, and what is in it.
fn decrypt(body: &[u8], cryptography: &dyn Cryptography) -> Result<(String, Vec<u8>), Refused> {
    let (length, rest) = body.split_first_chunk::<2>().ok_or(Refused::Malformed)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (user, rest) = rest.split_at_checked(length).ok_or(Refused::Malformed)?;
    let (vector, rest) = rest.split_first_chunk::<16>().ok_or(Refused::Malformed)?;
    if rest.len() < 20 {
        return Err(Refused::Malformed);
    }
    let name = user_name(user)?;
    let password = cryptography.password(name);
    let key = password
        .as_ref()
        .map_or("", |password| password.expose().as_str());
    let is_known = !key.is_empty();
    let key = Secret::new(cryptography.sha256(key.as_bytes()));
    let mut text = rest.to_vec();
    let is_open = cryptography.aes256_ofb(key.expose(), *vector, &mut text);
    let (sum, text) = text.split_first_chunk::<20>().ok_or(Refused::Malformed)?;
    if constant_time_eq(&cryptography.sha1(text), sum) && is_open && is_known {
        Ok((name.to_owned(), text.to_vec()))
    } else {
        Err(Refused::Password)
    }
}

fn user_name(bytes: &[u8]) -> Result<&str, Refused> {
    if bytes.is_empty() || bytes.len() > USER_BYTES_MAX {
        return Err(Refused::Malformed);
    }
    std::str::from_utf8(bytes).map_err(|_| Refused::Malformed)
}
