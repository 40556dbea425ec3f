//! The monitoring interface.

use super::build::{Document, Operation, any_of, headers, user_token};
use super::caller::public;
use super::guarded::{ANY_TIME, guarded, guarded_whole};
use super::refusals::{ALWAYS, NO_BODY, NOT_NOW, OUTCOME_UNKNOWN};
use crate::find::delete::DeleteReply;
use crate::find::list::NodeItem;
use crate::home::Home;
use crate::problem::MonitoringBody;
use crate::receipt::Receipt;
use crate::settings::{DomainChange, DomainSettings};
use serde_json::{Value, json};

pub(super) fn document() -> Value {
    let mut document = Document::new(
        "Vigie monitoring",
        "Send, read, list and delete metrics of one domain: an account, an organization or a space.",
        json!({
            "UserToken": user_token(),
            "Bearer": { "type": "http", "scheme": "bearer", "description": "an IAM or UAA access token, or an API key" },
            "Basic": { "type": "http", "scheme": "basic", "description": "the kind of a credential as the user name, and the credential as the password: `apikey` and an API key, `iam` and an IAM token, `token` and any of them" },
        }),
        headers(&[
            "Transaction-Id",
            "X-Vigie-Credential-Notice",
            "X-Vigie-Time-Notice",
        ]),
    );
    metrics(&mut document);
    listing(&mut document);
    settings(&mut document);
    super::arrivals::routes(&mut document);
    super::influx::routes(&mut document);
    super::login::routes(&mut document);
    super::graphite::routes(&mut document);
    super::events::routes(&mut document);
    let text = || json!({ "type": "string" });
    front_listener(&mut document);
    health(&mut document);
    let operation = Operation::new(
        "ownMetrics",
        "The counters of an account's domains, or of the one asked in, for a caller who reaches all of their series; the server's own are on the operators' listener",
    )
    .answers_as("200", "Prometheus text", "text/plain", text());
    let operation = guarded_whole(&mut document, operation);
    document.route("GET", "/metrics", operation);
    document.finish()
}

fn front_listener(document: &mut Document) {
    let home = document.schema::<Home>();
    let error = document.schema::<MonitoringBody>();
    let page = json!({ "type": "string" });
    let operation = Operation::new(
        "home",
        "What this is and where to go on: a page for browsers, JSON for all else",
    )
    .answers("200", "the links", home)
    .or_as("200", "text/html", page)
    .answers("400", "a parameter: it has none", error.clone());
    document.route("GET", "/", public(operation, &error));
    let operation = Operation::new("openapi", "This document, with the server's own address");
    let object = json!({ "type": "object" });
    let operation = operation.answers("200", "the document", object);
    document.route("GET", "/openapi.json", public(operation, &error));
}

/// Both answer when no slot is free.
fn health(document: &mut Document) {
    let error = document.schema::<MonitoringBody>();
    let operation = Operation::new("live", "Whether the process is alive")
        .answers("200", "it is", words(&["status"]))
        .refused(ALWAYS, &error);
    document.route("GET", "/health/live", operation);
    let operation = Operation::new("ready", "Whether requests are served")
        .answers("200", "they are", words(&["status"]))
        .refused(ALWAYS, &error)
        .answers(
            "503",
            "they are not, and the operators' listener says why; or not now",
            any_of([words(&["status"]), error]),
        );
    document.route("GET", "/health/ready", operation);
}

/// An object of these texts.
fn words(names: &[&str]) -> Value {
    let text = |name: &&str| ((*name).to_owned(), json!({ "type": "string" }));
    let properties: serde_json::Map<String, Value> = names.iter().map(text).collect();
    json!({ "type": "object", "required": names, "properties": properties })
}

fn metrics(document: &mut Document) {
    let receipt = document.schema::<Receipt>();
    let error = document.schema::<MonitoringBody>();
    let samples = json!({
        "oneOf": [
            { "type": "array", "items": sample() },
            sample(),
        ],
    });
    let send = Operation::new("sendMetrics", "Sends samples; the answer is a receipt")
        .query_of(
            "durability",
            "when the answer comes: once the samples are on stable storage (`committed`), or as soon as they can be read (`buffered`): they are on stable storage within `storage.commit_interval_ms`, and a crash of the process or the machine loses what came in that time",
            false,
            json!({ "type": "string", "enum": ["committed", "buffered"], "default": "committed" }),
        )
        .json(samples)
        .answers("200", "at least one sample was stored, or none was sent", receipt.clone());
    let send = guarded(document, send).answers(
        "503",
        "not now: the disk has no room, or the store takes no writes. The samples may be stored all the same, at once or once there is room; sending them again is right, and counts once",
        error.clone(),
    )
    // It keeps its words, and has the time to send again.
    .refused([NOT_NOW], &error)
    .answers(
        "400",
        "nothing was stored: the body is no JSON array, or every sample was rejected, each with its reason",
        any_of([receipt, error]),
    );
    document.route("POST", "/v1/metrics", send);

    let series = json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["target", "datapoints"],
            "properties": {
                "target": { "type": "string" },
                "datapoints": {
                    "type": "array",
                    "description": "pairs of a value, `null` where there is none, and epoch seconds",
                    "items": {
                        "type": "array",
                        "prefixItems": [{ "type": ["number", "null"] }, { "type": "number" }],
                        "minItems": 2,
                        "maxItems": 2,
                    },
                },
            },
        },
    });
    let targets =
        json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 5 });
    let query = Operation::new("queryMetrics", "Reads samples, or functions of them, of one to five targets")
        .query_of(
            "target",
            "a path, or functions of paths as in Graphite; wildcards `*`, `?`, `[a-z]`, `{a,b}` inside an element, `**` for any number of elements; also written `target[]`",
            true,
            targets,
        )
        .query("from", &format!("{ANY_TIME}; 24 hours before `until` by default"))
        .query("until", &format!("{ANY_TIME}; now by default"))
        .query_of(
            "maxDataPoints",
            "consolidates to at most so many points; what is no number above 0 is ignored, as Graphite does",
            false,
            json!({ "type": "integer", "minimum": 1 }),
        )
        .query("noNullPoints", "leaves out points without a value, and series without any, whatever it says")
        .query_of(
            "as",
            "`sent`: the samples as they were sent, whatever rules about steps and `resolution_seconds` say; refused where a target calls a function",
            false,
            json!({ "type": "string", "enum": ["sent"] }),
        )
        .query("xFilesFactor", "the share of values that a consolidated one needs; 0 by default")
        .query("template[NAME]", "what `$NAME` in a `template` stands for")
        .query_of(
            "format",
            "the form of the answer",
            false,
            json!({ "type": "string", "enum": ["json"], "default": "json" }),
        )
        .query(
            "tz",
            "the time zone of `from` and `until`, and of functions that look at days, for example `Europe/Berlin`; UTC by default",
        )
        .query("now", "the instant that relative times count from; the clock's by default")
        .answers(
            "200",
            "one entry for each series that fits; packed where `Accept-Encoding` takes `gzip` or `zstd`",
            series,
        );
    let query = guarded(document, query);
    document.route("GET", "/v1/metrics", query);
}

fn listing(document: &mut Document) {
    let node = document.schema::<NodeItem>();
    let paths = any_of([
        json!({ "type": "array", "items": { "type": "string" } }),
        json!({ "type": "array", "items": node }),
    ]);
    let list = Operation::new("listMetrics", "Lists paths")
        .query_of(
            "query",
            "a path with wildcards, as a `target`",
            false,
            json!({ "type": "string", "default": "*" }),
        )
        .query("from", "only what has samples from here on, by whole days")
        .query("until", "only what has samples up to here, by whole days")
        .query_of(
            "format",
            "`nodes` tells leaves from branches",
            false,
            json!({ "type": "string", "enum": ["nodes"] }),
        )
        .answers(
            "200",
            "full paths, ascending; packed where `Accept-Encoding` takes `gzip` or `zstd`",
            paths,
        );
    let list = guarded(document, list);
    document.route("GET", "/v1/metrics/list", list);

    let deleted = document.schema::<DeleteReply>();
    let delete = Operation::new(
        "deleteMetrics",
        "Deletes the series that fit, and those below a node that fits",
    )
    .query_of(
        "query",
        "a path with wildcards, as a `target`; everything below what fits is deleted too, so `*` is everything",
        true,
        json!({ "type": "string" }),
    )
    .query("from", "deletes only the samples from here on, this instant included; without it, from the earliest on. With `from` or `until` a series itself stays, and counts, also where no sample of it is left")
    .query("until", "deletes only the samples up to here, this instant included; without it, up to the latest, those of the future too. Has to be later than `from`, or it is refused")
    .query("now", "the instant that relative times count from; the server's clock by default")
    .query("tz", "the time zone of `from` and `until`, for example `Europe/Berlin`; UTC by default, and one that is unknown is refused")
    .query_of(
        "dry_run",
        "only counts",
        false,
        json!({ "type": "boolean", "default": false }),
    )
    .answers("200", "how many series", deleted);
    let delete = guarded(document, delete).never(NO_BODY);
    document.route("DELETE", "/v1/metrics/list", delete);
}

fn settings(document: &mut Document) {
    let settings = document.schema::<DomainSettings>();
    let read = Operation::new("readDomainSettings", "Reads the domain's settings").answers(
        "200",
        "the settings",
        settings.clone(),
    );
    let read = guarded(document, read);
    document.route("GET", "/v1/settings/domain", read);
    let change = document.schema::<DomainChange>();
    let write = Operation::new("writeDomainSettings", "Changes the domain's settings")
        .query_of(
            "dry_run",
            "only checks them, and answers with what would be",
            false,
            json!({ "type": "boolean", "default": false }),
        )
        .json(change)
        .answers("200", "the settings from now on", settings);
    let error = document.schema::<MonitoringBody>();
    let write = write.refused([OUTCOME_UNKNOWN], &error);
    let write = guarded_whole(document, write).answers(
        "409",
        "the account has as many rules as it may",
        error,
    );
    document.route("PUT", "/v1/settings/domain", write);
}

fn sample() -> Value {
    json!({
        "type": "object",
        "required": ["name", "value"],
        "properties": {
            "name": { "type": "string", "description": "a dotted path; tags may follow as `;tag=value`" },
            "value": { "type": "number" },
            "timestamp": { "type": ["number", "null"], "description": "epoch seconds, decimals allowed (from 1e11 on: milliseconds); absent: now" },
        },
    })
}
