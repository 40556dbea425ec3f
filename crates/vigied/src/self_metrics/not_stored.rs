//! Counts what senders sent through a listener and was not stored, by listener and reason. Lines that hold no valid sample are
//! in the counters of their domain instead.

use super::text::head;
use base::mutex::lock;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

const NAME: &str = "vigie_senders_not_stored_total";

/// Counts of what was not stored, by listener and reason.
#[derive(Debug, Default)]
pub(super) struct NotStored(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl NotStored {
    pub(super) fn add(&self, listener: &'static str, reason: &'static str, count: u64) {
        *lock(&self.0).entry((listener, reason)).or_default() += count;
    }

    pub(super) fn render(&self, out: &mut String) {
        head(
            out,
            NAME,
            "Lines, pickles and connections of senders that were not stored, by listener and reason.",
            "counter",
        );
        for ((listener, reason), count) in lock(&self.0).iter() {
            let _ = writeln!(
                out,
                "{NAME}{{listener=\"{listener}\",reason=\"{reason}\"}} {count}"
            );
        }
    }
}
