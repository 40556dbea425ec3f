//! The peer on the socket for the operator's commands.

/// The user of the operating system at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) Option<u32>);
