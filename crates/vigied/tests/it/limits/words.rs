//! Limits that nobody can reach by the texts of JSON and Graphite, which `name_bytes` bounds: tried where the words are, in
//! `base::series` and `base::selector`; some that take too many callers, tried in
//! `iam`; and those of `preferences`.

use base::limit::{self, Limit};

pub(super) const LIMITS: [Limit; 11] = [
    limit::LABELS_PER_SERIES,
    limit::LABEL_NAME_BYTES,
    limit::LABEL_VALUE_BYTES,
    limit::SERIES_KEY_BYTES,
    limit::MATCHERS_PER_SELECTOR,
    limit::SELECTORS_PER_FILTER,
    limit::ACTIVITY_UNWRITTEN,
    limit::PREFERENCES_PER_IDENTITY,
    limit::PREFERENCE_BYTES,
    limit::REPORT_ENTRIES,
    limit::REPORTS_KEPT,
];
