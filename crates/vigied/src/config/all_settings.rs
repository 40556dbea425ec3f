//! All settings: those of the tables, and the limits that can be set.

use super::collectd_setting::COLLECTD;
use super::setting::{OWN, Setting, Shape};
use super::statsd_setting::STATSD;
use base::limit;
use std::borrow::Cow;

/// Every setting, limits last.
pub(crate) fn all() -> Vec<Setting> {
    let settable = limit::ALL.iter().filter(|limit| limit.settable);
    let limits = settable.map(|limit| Setting {
        key: Cow::Owned(format!("limits.{}", limit.name)),
        shape: Shape::Number {
            // A default of 0 means that the value depends on the machine.
            min: limit.default.min(1),
            max: if limit.unit == "percent" {
                100
            } else {
                1 << 50
            },
        },
        default: Cow::Owned(limit.default.to_string()),
        help: limit.help,
    });
    let senders = STATSD.iter().chain(COLLECTD);
    OWN.iter().chain(senders).cloned().chain(limits).collect()
}
