//! Formats the times of `metrics senders` and `metrics rejects`.

use crate::figures;

/// A time of the server, in UTC.
pub(super) fn moment(epoch_seconds: i64) -> String {
    figures::instant(epoch_seconds).unwrap_or_else(|| epoch_seconds.to_string())
}
