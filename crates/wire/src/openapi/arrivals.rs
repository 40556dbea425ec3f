//! Senders and refused samples of a domain.

use super::build::{Document, Operation};
use super::guarded::guarded_whole;
use crate::arrivals::{RejectList, SenderList};

/// Adds the routes.
pub(super) fn routes(document: &mut Document) {
    let senders = document.schema::<SenderList>();
    let operation = Operation::new(
        "listSenders",
        "The senders to the domain since the server started, by listener, address and key, and which of them went silent",
    )
    .answers("200", "the senders", senders);
    let operation = guarded_whole(document, operation);
    document.route("GET", "/v1/metrics/senders", operation);
    let rejects = document.schema::<RejectList>();
    let operation = Operation::new(
        "listRejects",
        "What was refused of the domain's samples since the server started, by reason, with the last ones",
    )
    .answers("200", "the counts, and the last ones", rejects);
    let operation = guarded_whole(document, operation);
    document.route("GET", "/v1/metrics/rejects", operation);
}
