//! The user at the other end of the operator's socket.

/// The user of the operating system at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) Option<u32>);
