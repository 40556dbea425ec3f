//! One part of a packet: two bytes of kind, two of length, and what the length counts.

/// The kind of a part that signs what follows it.
pub(super) const SIGNATURE: u16 = 0x0200;
/// The kind of a part that holds others, encrypted.
pub(super) const ENCRYPTION: u16 = 0x0210;

/// One part: what it is, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part<'p> {
    pub(super) kind: u16,
    pub(super) body: &'p [u8],
}

/// The first part of what is left, and what follows it; none where it breaks off.
pub(super) fn part(rest: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let (kind, after) = rest.split_first_chunk::<2>()?;
    let (length, _) = after.split_first_chunk::<2>()?;
    let (head, after) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let kind = u16::from_be_bytes(*kind);
    Some((
        Part {
            kind,
            body: head.get(4..)?,
        },
        after,
    ))
}
