//! A summary of a caller's roles, for answers that may speak of the caller alone.

/// A summary of a caller's roles in the account of their credential, or in all accounts for a credential without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerRoles {
    /// No role.
    NoRole,
    /// None, for a resource instance has none: authorizations let it act.
    OfInstance,
    /// Only roles in the account itself, which show no organization or space.
    AccountAlone,
    /// A role in an organization or a space.
    Somewhere,
    /// The Administrator of the account, who sees every organization and space, with a role there or without.
    Administrator,
}
