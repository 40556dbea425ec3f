//! The credential, the scope and the errors that all routes of metrics share.

use super::build::{Document, Operation};
use super::refusals::OF_DOMAIN;
use crate::problem::{GraphiteBody, MonitoringBody};
use serde_json::Value;

/// How a time may be written.
pub(super) const TIME: &str = "a Graphite time expression: `-24h`, `now`, epoch seconds, `02:00_20170701`, `monday`, `noon yesterday`";

/// How a time may be written where more than Graphite's forms are read.
pub(super) const ANY_TIME: &str = "a time: `-24h`, `10min`, `now`, `yesterday`, epoch seconds, ISO 8601 (`2017-07-01T12:00Z`), or another form of Graphite's (`02:00_20170701`, `monday`)";

/// Credential, scope, and the errors every route can answer.
pub(super) fn guarded(document: &mut Document, operation: Operation) -> Operation {
    let error = document.schema::<MonitoringBody>();
    refused_as(operation, &error)
}

/// As [`guarded`], on Graphite's routes.
pub(super) fn guarded_graphite(document: &mut Document, operation: Operation) -> Operation {
    let error = document.schema::<GraphiteBody>();
    refused_as(operation, &error)
}

pub(super) fn refused_as(operation: Operation, error: &Value) -> Operation {
    operation
        .needs(&["UserToken", "Bearer", "Basic"])
        .header(
            "X-Auth-Scope-Id",
            "`s-<space GUID>`, `o-<organization GUID>` or `a-<account id>`; absent: the token's account. A `uaa` credential needs it.",
            false,
        )
        .refused(OF_DOMAIN, error)
}

/// As [`guarded`], where nobody is let in who reaches some series alone.
pub(super) fn guarded_whole(document: &mut Document, operation: Operation) -> Operation {
    let error = document.schema::<MonitoringBody>();
    whole(guarded(document, operation), error)
}

/// As [`guarded_whole`], on Graphite's routes.
pub(super) fn guarded_whole_graphite(document: &mut Document, operation: Operation) -> Operation {
    let error = document.schema::<GraphiteBody>();
    whole(guarded_graphite(document, operation), error)
}

fn whole(guarded: Operation, error: Value) -> Operation {
    // The last description counts.
    guarded.answers(
        "403",
        "a good credential without the right, or one that reaches some series alone: this is about all of them",
        error,
    )
}
