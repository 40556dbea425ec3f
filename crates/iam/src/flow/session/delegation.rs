//! The delegation of refresh tokens.

use base::time::Millis;

/// That a refresh token is delegated: it stays for its account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delegation {
    /// Neither the token nor a successor of it expires later.
    pub(crate) until: Millis,
    /// It is not the first token, but a successor.
    pub(crate) is_renewed: bool,
}
