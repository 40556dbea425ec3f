//! The time range of an evaluation.

use crate::source::Range;
use jiff::tz::TimeZone;

/// From when until when, seen from when and where.
#[derive(Debug, Clone)]
pub struct Window {
    /// Epoch second; what is at it is not asked for.
    pub from: i64,
    /// Epoch second; what is at it is asked for.
    pub until: i64,
    /// Epoch second that counts as now.
    pub now: i64,
    /// Where days begin.
    pub zone: TimeZone,
    /// Whether it is the request's own, and not one that a function asks for.
    pub(crate) is_requested: bool,
}

impl Window {
    /// The window of a request.
    #[must_use]
    pub const fn new(from: i64, until: i64, now: i64, zone: TimeZone) -> Self {
        Self {
            from,
            until,
            now,
            zone,
            is_requested: true,
        }
    }

    /// Another window, as seen from the same instant.
    #[must_use]
    pub fn between(&self, from: i64, until: i64) -> Self {
        Self {
            from,
            until,
            now: self.now,
            zone: self.zone.clone(),
            is_requested: false,
        }
    }

    /// The range to ask a source for.
    #[must_use]
    pub const fn range(&self) -> Range {
        Range {
            from: self.from,
            until: self.until,
        }
    }
}
