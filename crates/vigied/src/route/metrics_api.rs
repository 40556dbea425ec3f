//! `/v1/metrics` and `/v1/metrics/list`: send, query, list and delete. Source: `docs/guides/central-path.md`.

use super::reply::{blocking, json, json_bytes};
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::payload::Payload;
use crate::http::problem::Refusal;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::pattern::Pattern;
use base::sample::{Appended, Grid, RejectReason, Series};
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery};
use base::time::{Millis, Step, TimeRange};
use http::StatusCode;
use std::sync::Arc;
use wire::code;
use wire::ingest::json::Decoded;
use wire::ingest::{Reject, json as ingest};
use wire::problem::MonitoringError;
use wire::query::Query;
use wire::receipt::{Receipt, Rejection};
use wire::render::consolidate::{self, Function, Window};
use wire::render::json::{Points, Row};
use wire::target::{Target, TargetError};
use wire::time_expr::{self, TimeError};

fn query_of(raw: Option<&str>) -> Result<Query, Refusal> {
    Query::parse(raw.unwrap_or_default())
        .map_err(|error| Refusal(code::REQUEST_MALFORMED.problem(error.to_string())))
}

fn parameter<'q>(query: &'q Query, key: &'static str) -> Result<Option<&'q str>, Refusal> {
    query.one(key).map_err(|error| {
        Refusal(
            code::PARAMETER_INVALID
                .problem(error.to_string())
                .field(key),
        )
    })
}

fn invalid(key: &'static str, message: String) -> Refusal {
    Refusal(code::PARAMETER_INVALID.problem(message).field(key))
}

/// `POST /v1/metrics`: a receipt says what became of every item.
pub(crate) async fn send(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
    Payload(body): Payload,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    let durability = match parameter(&query, "durability")? {
        None | Some("committed") => Durability::Committed,
        Some("buffered") => Durability::Buffered,
        Some(other) => {
            return Err(invalid(
                "durability",
                format!("`durability` is `committed` or `buffered`, not `{other}`"),
            ));
        }
    };
    let now = app.clock.now();
    let worker = Arc::clone(&app);
    let outcome = blocking(move || {
        let decoded = match ingest::decode(&body, now) {
            Ok(decoded) => decoded,
            Err(error) => return Ok(Err(error)),
        };
        let scope = &caller.scope;
        let appended = worker.store.append(scope, &decoded.batch, durability)?;
        let reasons = || {
            decoded
                .rejects
                .iter()
                .map(|reject| &reject.reason)
                .chain(appended.rejected.iter().map(|r| &r.1))
        };
        // Counted here, beside the store, so that a caller who hangs up is counted all the same.
        worker
            .metrics
            .wrote(scope.domain(), appended.stored, reasons());
        Ok(Ok(receipt(&decoded, &appended)))
    })
    .await?;
    let receipt = outcome.map_err(|error| {
        let problem = code::BODY_MALFORMED.problem(error.to_string());
        Refusal(problem.hint(
            "send a JSON array like `[{\"name\":\"a.b\",\"value\":1.5,\"timestamp\":1519862400}]`",
        ))
    })?;
    let nothing = receipt.received > 0 && receipt.stored == 0;
    json(
        if nothing {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        },
        &receipt,
    )
}

fn receipt(decoded: &Decoded, appended: &Appended) -> Receipt {
    let names: Vec<&str> = if appended.rejected.is_empty() {
        Vec::new()
    } else {
        decoded.batch.iter().map(|sample| sample.name).collect()
    };
    let mut rejections: Vec<Rejection> = decoded.rejects.iter().map(Rejection::from).collect();
    rejections.extend(appended.rejected.iter().map(|(at, reason)| {
        let index = decoded.positions.get(*at).copied().unwrap_or(*at);
        let name = names.get(*at).map(|name| (*name).to_owned());
        Rejection::from(&Reject {
            index,
            name,
            reason: RejectReason::clone(reason),
        })
    }));
    rejections.sort_by_key(|rejection| rejection.index);
    let received = decoded.received as u64;
    let errors = if appended.stored == 0 && received > 0 {
        let first = rejections
            .first()
            .map_or("", |rejection| rejection.reason.as_str());
        let problem = code::NOTHING_STORED
            .problem(format!(
                "none of the {received} items was stored; the first because {first}"
            ))
            .hint("`rejections` says why for each");
        vec![MonitoringError::from(&problem)]
    } else {
        Vec::new()
    };
    Receipt {
        received,
        stored: appended.stored,
        rejected: rejections.len() as u64,
        rejections,
        errors,
    }
}

/// `GET /v1/metrics`: Graphite's render JSON for one to five targets.
pub(crate) async fn render(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    let targets = targets(&app, &query)?;
    let Times { range, now } = times(&app, &query)?;
    let range = range.unwrap_or(time_expr::default_range(now));
    match parameter(&query, "format")? {
        None | Some("json") => {}
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `json`, not `{other}`"),
            ));
        }
    }
    // Graphite ignores what is no number above 0 here.
    let points_max = parameter(&query, "maxDataPoints")?
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|number| *number > 0);
    let resolution = app
        .iam
        .resolution_seconds(caller.scope.domain())
        .and_then(|seconds| Step::new(i64::from(seconds).saturating_mul(1000)));
    let window = match resolution {
        // A grid ends now at the latest, and one that would begin later has no series.
        Some(_) if range.from > now => return Ok(json_bytes(StatusCode::OK, b"[]".to_vec())),
        Some(step) => {
            let until = range.until.min(now);
            Some(
                Window::of(TimeRange { until, ..range }, step)
                    .map_err(|error| too_large(error.to_string()))?,
            )
        }
        None => None,
    };
    let range = window.map_or(range, |window| window.range());
    let worker = Arc::clone(&app);
    let fetched = blocking(move || {
        let (mut series_left, mut samples_left) = (
            worker.limits.series_per_query,
            worker.limits.samples_per_query,
        );
        let mut all = Vec::new();
        for target in &targets {
            let query = FetchQuery {
                pattern: target.pattern(),
                range,
                series_max: series_left,
                samples_max: samples_left,
            };
            let found = worker.store.fetch(&caller.scope, &query)?;
            series_left = series_left.saturating_sub(found.len() as u64);
            let samples: usize = found.iter().map(|series| series.values.len()).sum();
            samples_left = samples_left.saturating_sub(samples as u64);
            all.extend(found);
        }
        Ok(all)
    })
    .await?;
    let slots = fetched.len() as u64 * window.map_or(0, |window| window.slots() as u64);
    if slots > app.limits.samples_per_query {
        let limit = app.limits.samples_per_query;
        let Refusal(problem) = too_large(format!(
            "the answer would have {slots} slots, more than `samples_per_query` = {limit}"
        ));
        return Err(Refusal(problem.limit(&base::limit::SAMPLES_PER_QUERY)));
    }
    let body = blocking(move || Ok(rows(&fetched, window, points_max))).await?;
    Ok(json_bytes(StatusCode::OK, body))
}

fn too_large(message: String) -> Refusal {
    let problem = code::RESULT_TOO_LARGE.problem(message);
    Refusal(problem.hint("ask for a shorter range"))
}

fn rows(fetched: &[Series], window: Option<Window>, points_max: Option<usize>) -> Vec<u8> {
    if let Some(window) = window {
        let grids: Vec<Grid> = fetched
            .iter()
            .map(|series| {
                let grid = window.grid(series, Function::Average);
                match points_max {
                    Some(most) => consolidate::at_most(&grid, most, Function::Average),
                    None => grid,
                }
            })
            .collect();
        let rows: Vec<Row<'_>> = fetched
            .iter()
            .zip(&grids)
            .map(|(series, grid)| Row {
                target: &series.name,
                points: Points::Grid(grid),
            })
            .collect();
        return wire::render::json::write(&rows);
    }
    let shorter: Option<Vec<Series>> = points_max.map(|most| {
        fetched
            .iter()
            .map(|series| consolidate::raw_at_most(series, most, Function::Average))
            .collect()
    });
    let shown = shorter.as_deref().unwrap_or(fetched);
    let rows: Vec<Row<'_>> = shown
        .iter()
        .map(|series| Row {
            target: &series.name,
            points: Points::Raw(series),
        })
        .collect();
    wire::render::json::write(&rows)
}

fn targets(app: &App, query: &Query) -> Result<Vec<Target>, Refusal> {
    let texts = query.all("target");
    let most = app.limits.targets_per_query;
    if texts.is_empty() {
        let problem = code::TARGET_MISSING.problem("the query has no `target`");
        return Err(Refusal(
            problem
                .hint("add `target=PATH`, up to five times")
                .field("target"),
        ));
    }
    if texts.len() > most {
        let problem = code::TARGETS_TOO_MANY.problem(format!(
            "the query has {} targets, more than `targets_per_query` = {most}",
            texts.len()
        ));
        return Err(Refusal(
            problem
                .hint("split the query, or use a wildcard")
                .field("target")
                .limit(&base::limit::TARGETS_PER_QUERY),
        ));
    }
    let parse = |text: &&str| {
        Target::parse(text).map_err(|error| {
            let code = match &error {
                TargetError::Function { .. } => &code::FUNCTION_UNSUPPORTED,
                _ => &code::TARGET_MALFORMED,
            };
            Refusal(code.problem(format!("`{text}`: {error}")).field("target"))
        })
    };
    texts.iter().map(parse).collect()
}

/// What a query says about time.
struct Times {
    /// The range of `from` and `until`; `None` when neither is given.
    range: Option<TimeRange>,
    /// The instant that relative times count from: the query's `now`, or the clock's.
    now: Millis,
}

fn times(app: &App, query: &Query) -> Result<Times, Refusal> {
    let zone = match parameter(query, "tz")? {
        // Graphite takes UTC for a zone it does not know.
        Some(name) => time_expr::zone(name),
        None => None,
    };
    let zone = zone.unwrap_or(jiff::tz::TimeZone::UTC);
    let refuse = |error: TimeError| {
        let code = match &error {
            TimeError::EmptyRange => &code::RANGE_EMPTY,
            _ => &code::TIME_MALFORMED,
        };
        Refusal(
            code.problem(error.to_string())
                .hint("write times like `-24h`, `now`, `02:00_20170701` or epoch seconds"),
        )
    };
    let clock = app.clock.now();
    let now = match parameter(query, "now")? {
        Some(text) => time_expr::parse(text, clock, &zone).map_err(refuse)?,
        None => clock,
    };
    let (from, until) = (parameter(query, "from")?, parameter(query, "until")?);
    let range = if from.is_none() && until.is_none() {
        None
    } else {
        Some(time_expr::range(from, until, now, &zone).map_err(refuse)?)
    };
    Ok(Times { range, now })
}

fn pattern(text: &str) -> Result<Pattern, Refusal> {
    Pattern::parse(text).map_err(|error| {
        Refusal(
            code::QUERY_MALFORMED
                .problem(format!("`{text}`: {error}"))
                .field("query"),
        )
    })
}

/// `GET /v1/metrics/list`: the nodes of the tree that fit the query.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    let pattern = pattern(
        parameter(&query, "query")?
            .filter(|text| !text.is_empty())
            .unwrap_or("*"),
    )?;
    let range = times(&app, &query)?.range;
    let as_nodes = match parameter(&query, "format")? {
        None | Some("paths" | "json") => false,
        Some("nodes") => true,
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `paths` or `nodes`, not `{other}`"),
            ));
        }
    };
    let limit = app.limits.nodes_per_list;
    let nodes = blocking(move || {
        app.store.find(
            &caller.scope,
            &FindQuery {
                pattern: &pattern,
                range,
                limit,
            },
        )
    })
    .await?;
    let body = if as_nodes {
        wire::find::list::write_nodes(&nodes)
    } else {
        wire::find::list::write(&nodes)
    };
    Ok(json_bytes(StatusCode::OK, body))
}

/// What a deletion can be told.
const DELETE_PARAMETERS: [&str; 6] = ["query", "from", "until", "now", "tz", "dry_run"];

/// `DELETE /v1/metrics/list`: deletes what the same query would list, with everything below it.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let query = query_of(raw.as_deref())?;
    // A mistyped `dry_run`, `from` or `until` must not delete more than was meant.
    if let Some(other) = query.unknown(&DELETE_PARAMETERS) {
        let message = format!("a deletion has no parameter `{other}`");
        let Refusal(problem) = invalid("query", message);
        let known = DELETE_PARAMETERS.map(|name| format!("`{name}`")).join(", ");
        return Err(Refusal(problem.hint(format!("it knows {known}"))));
    }
    let Some(text) = parameter(&query, "query")?.filter(|text| !text.is_empty()) else {
        let problem = code::QUERY_MISSING.problem("a deletion needs its `query`");
        return Err(Refusal(
            problem
                .hint("add `query=PATTERN`; `query=*` deletes everything in the domain")
                .field("query"),
        ));
    };
    let dry_run = match parameter(&query, "dry_run")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return Err(invalid(
                "dry_run",
                format!("`dry_run` is `true` or `false`, not `{other}`"),
            ));
        }
    };
    let parsed = pattern(text)?;
    let range = times(&app, &query)?.range;
    let text = text.to_owned();
    let deleted = blocking(move || {
        app.store.delete(
            &caller.scope,
            &DeleteQuery {
                pattern: &parsed,
                range,
                dry_run,
            },
        )
    })
    .await?;
    json(
        StatusCode::OK,
        &wire::find::delete::DeleteReply {
            query: text,
            deleted: deleted.series,
            dry_run,
        },
    )
}
