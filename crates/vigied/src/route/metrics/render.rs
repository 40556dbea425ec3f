//! `GET /v1/metrics`.

use super::parameters::{
    NoticeSlot, Times, invalid, parameter, pattern_refusal, query_of, reserve_tables, times,
};
use super::reading::reading;
use super::rows::Rows;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::admission::Admission;
use crate::request::caller::Caller;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::grid::{Fold, Window};
use base::limit;
use base::scope::Scope;
use base::store::{FetchQuery, Shape};
use base::time::{Step, TimeRange};
use base::time_expr;
use http::HeaderMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::query::Query;
use wire::target::{Target, TargetError};

/// `GET /v1/metrics`: Graphite's render JSON for one to five targets.
pub(crate) async fn render(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: Admission,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    reading(&app, (caller, admission), &headers, raw, draw).await
}

fn draw(
    app: &App,
    scope: &Scope,
    raw: Option<&str>,
    notice_slot: &NoticeSlot,
    answer: &mut Answer,
) -> Result<(), Refusal> {
    let query = query_of(raw)?;
    let targets = targets(app, &query)?;
    let Times { range, now, notice } = times(app, &query)?;
    notice_slot.set(notice);
    let range = range.unwrap_or(time_expr::default_range(now));
    match parameter(&query, "format")? {
        None | Some("json") => {}
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `json`, not `{}`", excerpt::beginning(other)),
            ));
        }
    }
    // Graphite ignores values that are not positive numbers.
    let points_max = parameter(&query, "maxDataPoints")?
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|number| *number > 0);
    let resolution = app
        .iam
        .resolution_seconds(scope.domain())
        .and_then(|seconds| Step::new(i64::from(seconds).saturating_mul(1000)));
    let window = match resolution {
        // A grid ends at the present; a range that begins later has no series.
        Some(_) if range.from > now => {
            answer.out.extend_from_slice(b"[]");
            return Ok(());
        }
        Some(step) => {
            let until = range.until.min(now);
            Some(
                Window::of(TimeRange { until, ..range }, step)
                    .map_err(|error| too_large(error.to_string()))?,
            )
        }
        None => None,
    };
    let shape = window.map_or(Shape::Raw(range), |window| Shape::Grid {
        window,
        fold: Fold::Average,
    });
    let context = answer.context();
    for target in &targets {
        reserve_tables(&context, target.selector())?;
    }
    context.set_slots_per_series(window.map_or(0, |window| window.slots() as u64));
    let queries: Vec<FetchQuery<'_>> = targets
        .iter()
        .map(|target| FetchQuery {
            selector: target.selector(),
            shape,
        })
        .collect();
    let mut rows = Rows::new(answer, &context, window, points_max);
    app.store
        .read_all(scope, &queries, &context, &mut |series| {
            rows.write(series)?;
            Ok(ControlFlow::Continue(()))
        })?;
    rows.end();
    Ok(())
}

fn too_large(message: String) -> Refusal {
    let problem = code::RESULT_TOO_LARGE.problem(message);
    let hint = "ask for a shorter range, or let an Administrator set a larger `resolution_seconds`";
    Refusal(problem.hint(hint).limit(&limit::SLOTS_PER_SERIES))
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
    let parse = |text: &&str| Target::parse(text).map_err(|error| malformed(text, error));
    texts.iter().map(parse).collect()
}

fn malformed(text: &str, error: TargetError) -> Refusal {
    match error {
        TargetError::Pattern(error) => {
            pattern_refusal(&code::TARGET_MALFORMED, "target", text, &error)
        }
        TargetError::Function { start, .. } => {
            let message = format!("`{}`: {error}", excerpt::around(text, start));
            Refusal(code::FUNCTION_UNSUPPORTED.problem(message).field("target"))
        }
        TargetError::Empty => {
            let message = error.to_string();
            Refusal(code::TARGET_MALFORMED.problem(message).field("target"))
        }
    }
}
