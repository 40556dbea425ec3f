//! `GET /v1/metrics`. A target that is a path is answered with the samples as they were sent where the domain has no rule; one
//! that calls functions, and every target of a domain with rules, in the view of the rules, as `/render` has it. `as=sent` asks for
//! the samples of paths as they were sent whatever the rules are.

use super::parameters::{NoticeSlot, invalid, parameter, query_of, reserve_tables, times};
use super::reading::reading;
use super::rows::{RowOptions, Rows};
use super::targets::{MetricsTarget, targets};
use super::views::RuleViews;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use crate::route::graphite::evaluation::{self, TargetEvaluation};
use crate::route::graphite::events::EventSource;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::grid::{Fold, Window};
use base::limit;
use base::scope::Scope;
use base::store::{FetchQuery, Shape};
use base::time::{Millis, Step, TimeRange};
use base::time_expr;
use http::HeaderMap;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::query::Query;

/// `GET /v1/metrics`: Graphite's render JSON for one to five targets.
pub(crate) async fn render(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
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
    let times = times(app, &query)?;
    notice_slot.set(times.notice);
    match parameter(&query, "format")? {
        None | Some("json") => {}
        Some(other) => {
            return Err(invalid(
                "format",
                format!("`format` is `json`, not `{}`", excerpt::beginning(other)),
            ));
        }
    }
    let asks_for_sent = asks_for_sent(&query, &targets)?;
    let x_files_factor = x_files_factor(&query)?;
    let form = RowOptions {
        // Graphite ignores values that are not positive numbers.
        points_max: parameter(&query, "maxDataPoints")?
            .and_then(|text| text.parse::<usize>().ok())
            .filter(|number| *number > 0),
        has_nulls: parameter(&query, "noNullPoints")?.is_none(),
    };
    let context = answer.context();
    for target in targets.iter().filter_map(MetricsTarget::path) {
        reserve_tables(&context, target.selector())?;
    }
    let rules = evaluation::rules(app, scope, &context)?;
    let step = app
        .iam
        .resolution_seconds(scope.domain())
        .filter(|_| !asks_for_sent)
        .and_then(|seconds| Step::new(i64::from(seconds).saturating_mul(1000)));
    let is_as_sent = asks_for_sent || (step.is_none() && rules.has_no_step_rules());
    let range = times.range.unwrap_or(time_expr::default_range(times.now));
    let has_calls = targets.iter().any(|target| target.path().is_none());
    // The store's own grid knows only the mean of all samples.
    let is_mean = rules.is_empty() && (form.points_max.is_none() || x_files_factor <= 0.0);
    if !has_calls && (is_as_sent || is_mean) {
        let shape = match step {
            // A grid ends at the present; a range that begins later has no series.
            Some(_) if range.from > times.now => {
                answer.out.extend_from_slice(b"[]");
                return Ok(());
            }
            Some(step) => Shape::Grid {
                window: window(range, times.now, step)?,
                fold: Fold::Average,
            },
            None => Shape::Raw(range),
        };
        let mut rows = Rows::new(answer, &context, shape, form);
        read(app, scope, &targets, &mut rows)?;
        rows.end();
        return Ok(());
    }
    let (from, until) = (range.from.secs(), range.until.secs());
    let graphite_window = query::window::Window::new(from, until, times.now.secs(), times.zone);
    let happened = EventSource::new(app, scope, answer);
    let evaluating = TargetEvaluation {
        app,
        scope,
        context: &context,
        rules: &rules,
        happened: &happened,
        window: &graphite_window,
        has_tagged: true,
        variables: variables(&query),
        x_files_factor,
    };
    let mut views = RuleViews::read(&evaluating, &context, &targets, !is_as_sent)?;
    if let Some(most) = form.points_max {
        views.reduce(most);
    }
    let mut rows = Rows::new(answer, &context, Shape::Raw(range), form);
    for (target, series) in targets.chunks(1).zip(&views.of_targets) {
        if is_as_sent {
            read(app, scope, target, &mut rows)?;
        }
        for series in series {
            rows.write_view(series)?;
        }
    }
    rows.end();
    Ok(())
}

fn window(range: TimeRange, now: Millis, step: Step) -> Result<Window, Refusal> {
    let until = range.until.min(now);
    let window = Window::of(TimeRange { until, ..range }, step);
    window.map_err(|error| too_large(error.to_string()))
}

/// Writes the rows of those targets that are paths, from one state of the store.
fn read(
    app: &App,
    scope: &Scope,
    targets: &[MetricsTarget<'_>],
    rows: &mut Rows<'_>,
) -> Result<(), Refusal> {
    let queries: Vec<FetchQuery<'_>> = targets
        .iter()
        .filter_map(MetricsTarget::path)
        .map(|target| FetchQuery {
            selector: target.selector(),
            shape: rows.shape,
        })
        .collect();
    if queries.is_empty() {
        return Ok(());
    }
    let context = rows.context;
    app.store
        .read_all(scope, &queries, context, &mut |series| {
            rows.write(series)?;
            Ok(ControlFlow::Continue(()))
        })?;
    Ok(())
}

/// The values of `$NAME` in a template.
fn variables(query: &Query) -> BTreeMap<String, String> {
    let variables = query.iter().filter_map(|(key, value)| {
        let name = key.strip_prefix("template[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.to_owned()))
    });
    variables.collect()
}

/// Whether the samples are asked for as they were sent, which only paths have.
fn asks_for_sent(query: &Query, targets: &[MetricsTarget<'_>]) -> Result<bool, Refusal> {
    match parameter(query, "as")? {
        None => return Ok(false),
        Some("sent") => {}
        Some(other) => {
            let other = excerpt::beginning(other);
            return Err(invalid("as", format!("`as` is `sent`, not `{other}`")));
        }
    }
    let call = targets.iter().find_map(|target| match target {
        MetricsTarget::Call(text) => Some(*text),
        MetricsTarget::Path(_) => None,
    });
    let Some(text) = call else {
        return Ok(true);
    };
    let text = excerpt::beginning(text);
    let message = format!("`as=sent` is for paths alone, and `{text}` calls a function");
    let Refusal(problem) = invalid("as", message);
    let hint = "leave `as` out, or ask for the functions in a request of their own";
    Err(Refusal(problem.hint(hint)))
}

fn x_files_factor(query: &Query) -> Result<f64, Refusal> {
    let Some(text) = parameter(query, "xFilesFactor")? else {
        return Ok(0.0);
    };
    text.parse().map_err(|_| {
        let text = excerpt::beginning(text);
        let message = format!("`xFilesFactor` is a number, not `{text}`");
        invalid("xFilesFactor", message)
    })
}

fn too_large(message: String) -> Refusal {
    let problem = code::RESULT_TOO_LARGE.problem(message);
    let hint = "ask for a shorter range, or let an Administrator set a larger `resolution_seconds`";
    Refusal(problem.hint(hint).limit(&limit::SLOTS_PER_SERIES))
}
