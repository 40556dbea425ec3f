//! The bound of a route's work: what a request of it may cost, however much the account has.

use base::limit::Limit;

/// The bound on the work that a request causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// It is about one thing, with what belongs to that, or about what the request carries, or the answer is the same for everybody.
    One,
    /// It is about a list that this limit keeps short.
    UpTo(&'static Limit),
    /// It grows with what the account has. It is done in a turn of the account, off the reactor threads (`request/in_turn.rs`).
    InTurn,
    /// It changes what the database has of the caller's account, or of a domain of it. Its handler runs in a turn for changes of the
    /// account, and to its end (`request/pending_change.rs`).
    Change,
    /// It ends credentials, or who holds them: a change as well, but never refused for how many of these wait. Whoever has a stolen
    /// credential must not keep its owner from ending it, and what was made with it.
    Ending,
    /// It does the same as a change, but computes or waits before: the handler takes that turn itself, once it knows what to write.
    LateChange,
    /// It does the same as an ending, but looks for what there is to end, or computes, before: the handler takes that turn itself.
    LateEnding,
    /// It reads samples, names or events, or what takes as long. The handler does it as a query, which has a turn and a budget of its
    /// own (`query/mod.rs`).
    Query,
}

impl Work {
    /// The word in the table of routes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::UpTo(limit) => limit.name,
            Self::InTurn => "turn",
            Self::Change | Self::LateChange => "change",
            Self::Ending | Self::LateEnding => "ending",
            Self::Query => "query",
        }
    }
}
