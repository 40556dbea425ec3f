//! Events in responses.

use super::tags;
use base::time::Millis;
use serde::Serialize;

/// An event of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventListing<'a> {
    when: i64,
    what: &'a str,
    data: &'a str,
    tags: Vec<&'a str>,
    id: i64,
}

impl<'a> EventListing<'a> {
    /// The event of a number, with its tags as they were sent.
    #[must_use]
    pub fn new(id: i64, at: Millis, (what, tags, data): (&'a str, &'a str, &'a str)) -> Self {
        Self {
            when: at.secs(),
            what,
            data,
            tags: tags::listed(tags),
            id,
        }
    }
}

/// An event by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Single<'a> {
    id: i64,
    when: String,
    what: &'a str,
    data: &'a str,
    tags: Vec<&'a str>,
}

impl<'a> Single<'a> {
    /// The event of a number, with its tags as they were sent. Its instant is a date.
    #[must_use]
    pub fn new(id: i64, at: Millis, (what, tags, data): (&'a str, &'a str, &'a str)) -> Self {
        Self {
            id,
            when: date(at),
            what,
            data,
            tags: tags::listed(tags),
        }
    }
}

/// `2023-11-14T22:13:20Z`, with three digits after the point where there is a part of a second.
fn date(at: Millis) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(stamp) if at.0 % 1000 == 0 => format!("{stamp:.0}"),
        Ok(stamp) => format!("{stamp:.3}"),
        // No event is kept that is outside the years that there are.
        Err(_) => String::new(),
    }
}

/// The answer to a deletion of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Deleted {
    /// How many events.
    pub deleted: u64,
}
