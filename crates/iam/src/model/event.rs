//! Events of a domain.

use base::time::Millis;

/// An event to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// When it happened.
    pub at: Millis,
    /// The error, in words.
    pub what: String,
    /// Its tags, as they were sent.
    pub tags: String,
    /// More about it.
    pub data: String,
}

/// The position of an event among those of its domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPosition {
    /// When it happened.
    pub at: Millis,
    /// Its number in the domain.
    pub number: i64,
}

impl EventPosition {
    /// The place before all events that happen from then on.
    #[must_use]
    pub const fn before(at: Millis) -> Self {
        Self { at, number: 0 }
    }
}

/// The fields by which an event is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    /// Its place.
    pub place: EventPosition,
    /// Its tags, as they were sent.
    pub tags: String,
}

/// An event that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Place and tags.
    pub mark: EventSummary,
    /// The error, in words.
    pub what: String,
    /// More about it.
    pub data: String,
}
