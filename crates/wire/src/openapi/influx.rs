//! The routes that senders of other systems know: InfluxDB's, and collectd's.

use super::build::{Document, Operation, any_of};
use super::guarded::{guarded, refused_as};
use crate::influx::{InfluxError, InfluxHealth, InfluxMessage};
use crate::problem::MonitoringBody;
use crate::receipt::Receipt;
use serde_json::{Value, json};

const SPACE: &str = "the space: its name, `ORG/SPACE` or `s-GUID`, in the credential's reach; absent: `X-Auth-Scope-Id`, else the domain that the key was made for";
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
    document.route("POST", "/write", written(write, &first));
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
        document.route(method, "/query", refused_as(operation, &first));
    }
    for (path, id) in [("/ping", "influxPing"), ("/api/v2/ping", "influxPing2")] {
        let ping = Operation::new(
            id,
            "Says in a header which version of InfluxDB is answered as",
        );
        document.route("GET", path, ping.answers_empty("204", "somebody is here"));
    }
    let health = document.schema::<InfluxHealth>();
    let operation = Operation::new(
        "influxHealth",
        "Whether requests are served, in InfluxDB's form",
    )
    .answers("200", "they are", health.clone())
    .answers("503", "they are not", health);
    document.route("GET", "/health", operation);
    let status = json!({ "type": "object", "properties": { "status": text() } });
    let operation = Operation::new(
        "influxReady",
        "Whether requests are served, in InfluxDB 2's form",
    )
    .answers("200", "they are", status.clone())
    .answers("503", "they are not", status);
    document.route("GET", "/ready", operation);
}

fn written(operation: Operation, error: &Value) -> Operation {
    let stored = "everything was stored, texts aside; `X-Vigie-Receipt` has the counts";
    refused_as(operation, error).answers_empty("204", stored)
}

fn text() -> Value {
    json!({ "type": "string" })
}
