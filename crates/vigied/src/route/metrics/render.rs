//! `GET /v1/metrics`.

use super::question::{Times, invalid, parameter, query_of, times};
use super::terms::terms;
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Refusal;
use crate::route::reply::{blocking, json_bytes};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::context::Context;
use base::sample::{Grid, Series};
use base::scope::Scope;
use base::store::{FetchQuery, StoreError};
use base::time::{Step, TimeRange};
use http::StatusCode;
use std::sync::Arc;
use wire::code;
use wire::query::Query;
use wire::render::consolidate::{self, Function, Window};
use wire::render::json::{Points, Row};
use wire::target::{Target, TargetError};
use wire::time_expr;

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
    let terms = terms(&app);
    let worker = Arc::clone(&app);
    let fetched = blocking(move || fetch(&worker, &caller.scope, &targets, range, &terms)).await?;
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

/// All targets together stay within the budget of one query.
fn fetch(
    app: &App,
    scope: &Scope,
    targets: &[Target],
    range: TimeRange,
    terms: &Context,
) -> Result<Vec<Series>, StoreError> {
    let mut all = Vec::new();
    for target in targets {
        let query = FetchQuery {
            pattern: target.pattern(),
            range,
        };
        all.extend(app.store.fetch(scope, &query, terms)?);
    }
    Ok(all)
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
