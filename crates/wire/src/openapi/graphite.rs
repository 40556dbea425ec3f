//! Graphite's own routes.

use super::build::{Document, Operation};
use super::drawing::drawn;
use super::guarded::{TIME, guarded_graphite};
use serde_json::{Value, json};

/// The media types of binary and text answers of `/render`.
const RENDERED: [&str; 8] = [
    "text/csv",
    "text/plain",
    "text/javascript",
    "application/pickle",
    "application/x-msgpack",
    "image/png",
    "image/svg+xml",
    "application/x-pdf",
];

const PRETTY: &str = "anything: on several lines";

/// Adds the routes. Where a route takes GET and POST, the parameters of a POST may stand in a form.
pub(super) fn routes(document: &mut Document) {
    both(document, "render", "/render", |id| {
        let operation = Operation::new(id, "Evaluates targets: as data, or as a picture")
            .query_of("target", "a target: a path, or functions of paths; also written `target[]`", false, texts())
            .query("from", &format!("{TIME}; 24 hours ago by default"))
            .query("until", &format!("{TIME}; now by default"))
            .query_of("format", "the form of the answer", false, json!({
                "type": "string",
                "enum": ["png", "svg", "pdf", "json", "csv", "raw", "pickle", "msgpack", "rickshaw", "dygraph"],
                "default": "png",
            }))
            .query("maxDataPoints", "`json` alone: consolidates to at most so many points")
            .query("noNullPoints", "`json` alone: leaves out points without a value")
            .query("xFilesFactor", "the share of values that a consolidated one needs; 0 by default")
            .query("pretty", "`json` and `rickshaw` alone; anything: on several lines")
            .query("template[NAME]", "what `$NAME` in a `template` stands for")
            .query("cacheTimeout", "how many seconds old the answer may be, up to 60, though something was written since; 0: made anew, and not kept")
            .query("noCache", "anything: made anew, and not kept")
            .answers("200", "one entry for each series, or a picture of them", any());
        let operation = drawn(common(operation)).query(
            "jsonp",
            "`json` alone: the name of a function; the answer is a script that calls it",
        );
        RENDERED.iter().fold(operation, |operation, kind| {
            operation.or_as("200", kind, text())
        })
    });
    both(document, "findNodes", "/metrics/find", |id| {
        let operation = Operation::new(id, "Lists the nodes that a path fits")
            .query_of("query", "a path with wildcards", true, text())
            .query_of(
                "format",
                "the form of the answer",
                false,
                json!({
                    "type": "string",
                    "enum": ["treejson", "completer", "json", "nodelist", "pickle", "msgpack"],
                    "default": "treejson",
                }),
            )
            .query("pretty", PRETTY)
            .query("from", &format!("{TIME}; read, and narrows nothing"))
            .query("until", &format!("{TIME}; read, and narrows nothing"))
            .query("leavesOnly", "1: series alone")
            .query("wildcards", "1: `*` comes first where there are several")
            .query(
                "position",
                "`nodelist`: which element of the paths; the last by default",
            )
            .query(
                "automatic_variants",
                "`completer`, 1: `a,b` as an element is either",
            )
            .answers("200", "the nodes", any())
            .or_as("200", "application/pickle", text())
            .or_as("200", "application/x-msgpack", text());
        scripted(common(operation))
    });
    both(document, "expandPaths", "/metrics/expand", |id| {
        let operation = Operation::new(id, "Lists the paths that fit")
            .query_of(
                "query",
                "a path with wildcards; it may be given often",
                false,
                texts(),
            )
            .query("groupByExpr", "1: the paths of each query by themselves")
            .query("leavesOnly", "1: series alone")
            .query("pretty", PRETTY)
            .answers("200", "the paths", any());
        scripted(operation)
    });
    both(document, "indexSeries", "/metrics/index.json", |id| {
        let operation = Operation::new(id, "Lists the paths of all series without tags")
            .query("pretty", PRETTY)
            .answers("200", "the paths, ascending", any());
        scripted(operation)
    });
    functions(document);
    tags(document);
    deletion(document);
    both(document, "graphiteVersion", "/version", |id| {
        let about = "Which graphite-web these routes answer as";
        Operation::new(id, about).answers_as("200", "the version", "text/plain", text())
    });
}

fn functions(document: &mut Document) {
    let all = Operation::new("listFunctions", "Lists the functions of targets")
        .query("grouped", "1: by group")
        .query("group", "one group alone")
        .query("pretty", PRETTY)
        .answers("200", "each with its parameters", any());
    let all = guarded_graphite(document, scripted(all));
    document.route("GET", "/functions", all);
    let one = Operation::new("showFunction", "Shows one function of targets")
        .path("name", "the function")
        .query("pretty", PRETTY)
        .answers("200", "it, with its parameters", any());
    let one = guarded_graphite(document, scripted(one));
    document.route("GET", "/functions/{name}", one);
}

fn tags(document: &mut Document) {
    let filtered = |operation: Operation| {
        let operation = operation
            .query("filter", "a regular expression that begins what is listed")
            .query("limit", "how many at most")
            .query("pretty", PRETTY);
        scripted(operation.answers("200", "in order", any()))
    };
    both(document, "listTags", "/tags", |id| {
        filtered(Operation::new(id, "Lists the tags of series"))
    });
    let one = Operation::new("listTagValues", "Lists the values of a tag")
        .path("tag", "the tag; `name` is the path of a series");
    let one = guarded_graphite(document, filtered(one));
    document.route("GET", "/tags/{tag}", one);
    let expressions = |operation: Operation| {
        let meaning = "a tag expression: `tag=value`, `!=`, `=~` or `!=~`; all of them must fit";
        let operation = operation.query_of("expr", meaning, false, texts());
        operation.query("pretty", PRETTY)
    };
    both(document, "findTaggedSeries", "/tags/findSeries", |id| {
        let operation = Operation::new(id, "Lists the series whose tags fit expressions");
        scripted(expressions(operation).answers("200", "as they are written, in order", any()))
    });
    both(document, "completeTags", "/tags/autoComplete/tags", |id| {
        let operation = Operation::new(id, "Suggests tags to ask for")
            .query("tagPrefix", "how they begin")
            .query("limit", "how many at most; 100 by default");
        scripted(expressions(operation).answers("200", "in order", any()))
    });
    both(
        document,
        "completeTagValues",
        "/tags/autoComplete/values",
        |id| {
            let operation = Operation::new(id, "Suggests values of a tag")
                .query("tag", "the tag")
                .query("valuePrefix", "how they begin")
                .query("limit", "how many at most; 100 by default");
            scripted(expressions(operation).answers("200", "in order", any()))
        },
    );
    for (id, path, summary) in [
        (
            "tagSeries",
            "/tags/tagSeries",
            "Says how a series with tags is written",
        ),
        (
            "tagMultiSeries",
            "/tags/tagMultiSeries",
            "Says how several series with tags are written",
        ),
    ] {
        let operation = Operation::new(id, summary)
            .query_of(
                "path",
                "a series, for example `cpu;host=web1`",
                true,
                texts(),
            )
            .answers(
                "200",
                "the tags of a series are its name: nothing is kept",
                any(),
            );
        let operation = guarded_graphite(document, operation);
        document.route("POST", path, operation);
    }
}

/// Adds the deletion of series by name.
fn deletion(document: &mut Document) {
    let operation = Operation::new(
        "deleteSeries",
        "Deletes exactly these series, and nothing below their names",
    )
    .query_of(
        "path",
        "a series as it is written, for example `cpu;host=web1`; it may be given often, and in a form",
        true,
        texts(),
    )
    .answers("200", "`true`, also where there was none", any());
    let operation = guarded_graphite(document, operation);
    document.route("POST", "/tags/delSeries", operation);
}

/// A route for GET and POST.
fn both(document: &mut Document, id: &str, path: &str, operation: impl Fn(String) -> Operation) {
    for (method, id) in [("GET", id.to_owned()), ("POST", format!("{id}ByForm"))] {
        let operation = guarded_graphite(document, operation(id));
        document.route(method, path, operation);
    }
}

fn common(operation: Operation) -> Operation {
    operation
        .query(
            "tz",
            "the time zone of times; UTC by default, and where there is none of that name",
        )
        .query(
            "now",
            "the instant that relative times count from; the clock's by default",
        )
}

fn scripted(operation: Operation) -> Operation {
    operation
        .query(
            "jsonp",
            "the name of a function: the answer is a script that calls it",
        )
        .or_as("200", "text/javascript", text())
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn texts() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

/// Any answer of graphite-web.
fn any() -> Value {
    json!({})
}
