//! A line, or a part of one, that is not in InfluxDB's format.

use base::sample::RejectReason;

/// The reason, in InfluxDB's words where it has some.
pub(super) fn malformed(what: impl Into<String>) -> RejectReason {
    RejectReason::Malformed(what.into())
}
