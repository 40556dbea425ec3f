//! The routes that senders of other systems know: InfluxDB's, and collectd's.

use super::build::{Document, Operation, any_of};
use super::caller::public;
use super::guarded::{guarded, refused_as};
use crate::influx::{InfluxError, InfluxHealth, InfluxMessage};
use crate::problem::MonitoringBody;
use crate::receipt::Receipt;
use serde_json::{Value, json};

const SPACE: &str = "the space: its name, `ORG/SPACE` or `s-GUID`, in the credential's reach; absent: `X-Auth-Scope-Id`, else the domain that the key was made for";

/// Of the first form: 503 comes in its place, as its senders drop what is refused with any status of 400 to 499.
const BUSY: &[&str] = &["429"];

const NOT_SERVED: &str = "they are not, or not now";
const PRECISION: &str =
    "the unit of times: `ns` (the default), `us`, `ms`, `s`, `m` or `h`; also `n` and `u`";

/// Adds the routes.
pub(super) fn routes(document: &mut Document) {
    let receipt = document.schema::<Receipt>();
    let error = document.schema::<MonitoringBody>();
    let collectd = Operation::new(
        "collectdWrite",
        "Stores what collectd's `write_http` sends, as JSON or as commands; names are those of its `write_graphite`",
    )
    .optional_json(json!({ "type": "array", "items": { "type": "object" } }))
    .answers("200", "at least one value was stored, or none was sent", receipt.clone());
    let collectd = guarded(document, collectd).answers(
        "400",
        "nothing was stored: the body is neither form, or every value was rejected",
        any_of([receipt, error]),
    );
    document.route("POST", "/collectd", collectd);
    let first = document.schema::<InfluxError>();
    let second = document.schema::<InfluxMessage>();
    let write = Operation::new("influxWrite", "Stores lines as InfluxDB 1 takes them")
        .query("db", SPACE)
        .query("rp", "read, and of no meaning")
        .query("precision", PRECISION)
        .body("text/plain", text(), false);
    document.route("POST", "/write", written(write, &first).never(BUSY));
    let write = Operation::new("influxWrite2", "Stores lines as InfluxDB 2 takes them")
        .query("bucket", SPACE)
        .query(
            "org",
            "chooses where several organizations have a space of this name, and is of no meaning otherwise",
        )
        .query("precision", PRECISION)
        .body("text/plain", text(), false);
    document.route("POST", "/api/v2/write", written(write, &second));
    for (method, id) in [("GET", "influxQuery"), ("POST", "influxQueryByForm")] {
        let ask = "Answers `CREATE DATABASE` and `SHOW DATABASES`, as senders ask before they write; nothing is changed or told";
        let operation = Operation::new(id, ask)
            .query("q", "the statements, with a `;` between them")
            .answers("200", "one result for each", json!({ "type": "object" }));
        document.route(method, "/query", refused_as(operation, &first).never(BUSY));
    }
    let ping = |id: &'static str| {
        let summary = "Says in a header which version of InfluxDB is answered as";
        Operation::new(id, summary).answers_empty("204", "somebody is here")
    };
    let first = public(ping("influxPing"), &first).never(BUSY);
    document.route("GET", "/ping", first);
    document.route("GET", "/api/v2/ping", public(ping("influxPing2"), &second));
    probes(document, &second);
}

/// Whether requests are served.
fn probes(document: &mut Document, second: &Value) {
    let error = document.schema::<MonitoringBody>();
    let health = document.schema::<InfluxHealth>();
    let operation = Operation::new(
        "influxHealth",
        "Whether requests are served, in InfluxDB's form",
    )
    .answers("200", "they are", health.clone())
    .answers("503", NOT_SERVED, any_of([health, error.clone()]));
    document.route("GET", "/health", public(operation, &error));
    let status = json!({ "type": "object", "properties": { "status": text() } });
    let operation = Operation::new(
        "influxReady",
        "Whether requests are served, in InfluxDB 2's form",
    )
    .answers("200", "they are", status.clone())
    .answers("503", NOT_SERVED, any_of([status, second.clone()]));
    document.route("GET", "/ready", public(operation, second));
}

fn written(operation: Operation, error: &Value) -> Operation {
    let stored = "everything was stored, texts aside; `X-Vigie-Receipt` has the counts";
    refused_as(operation, error).answers_empty("204", stored)
}

fn text() -> Value {
    json!({ "type": "string" })
}
