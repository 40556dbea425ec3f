//! Reports about identities of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::mfa::MfaReport;
use crate::iam::report::{ActivityReport, ReportReference};
use crate::problem::IdentityBody;

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let made = document.schema::<ReportReference>();
    let activity = document.schema::<ActivityReport>();
    let mfa = document.schema::<MfaReport>();
    let of = |id: &'static str, summary: &'static str| {
        Operation::new(id, summary)
            .needs(&CALLER)
            .path("account", "the account")
    };
    let path = "/v1/activity/accounts/{account}/report";
    let operation = of(
        "makeActivityReport",
        "Makes a report of the identities that have not authenticated for some hours",
    )
    .query("type", "`inactive`, which is also meant without it")
    .query("duration", "how many hours; 720 without it")
    .answers("202", "by which it is read", made.clone());
    document.route("POST", path, failing(operation, &error));
    let reference = "the reference, or `latest`";
    let path = "/v1/activity/accounts/{account}/report/{reference}";
    let operation = of("readActivityReport", "Reads such a report")
        .path("reference", reference)
        .answers("200", "the report", activity);
    document.route("GET", path, failing(operation, &error));
    let path = "/v1/mfa/accounts/{account}/report";
    let operation = of(
        "makeMfaReport",
        "Makes a report of what is asked of each user beside the password",
    )
    .query("type", "`mfa_status`, which is also meant without it")
    .answers("202", "by which it is read", made);
    document.route("POST", path, failing(operation, &error));
    let path = "/v1/mfa/accounts/{account}/report/{reference}";
    let operation = of("readMfaReport", "Reads such a report")
        .path("reference", reference)
        .answers("200", "the report", mfa);
    document.route("GET", path, failing(operation, &error));
}
