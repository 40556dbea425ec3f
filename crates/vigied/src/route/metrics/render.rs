//! `GET /v1/metrics`.

use super::question::{Times, hold, invalid, no_pattern, parameter, query_of, times};
use crate::app::App;
use crate::http::caller::Caller;
use crate::http::problem::Refusal;
use crate::query::{self, answer::Answer};
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::context::{Context, Stop};
use base::sample::Series;
use base::scope::Scope;
use base::store::{FetchQuery, StoreError};
use base::time::{Step, TimeRange};
use std::ops::ControlFlow;
use std::sync::Arc;
use wire::code;
use wire::excerpt;
use wire::query::Query;
use wire::render::consolidate::{self, Function, Window};
use wire::render::json::{self, Points, Row, Sink};
use wire::target::{Target, TargetError};
use wire::time_expr;

/// What a point takes: an instant and a value, or the slot of a grid and that of the coarser one made of it.
const POINT_BYTES: u64 = 16;

/// `GET /v1/metrics`: Graphite's render JSON for one to five targets.
pub(crate) async fn render(
    State(app): State<Arc<App>>,
    caller: Caller,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let (worker, scope) = (Arc::clone(&app), caller.scope);
    let asked = scope.clone();
    query::answer(&app, &asked, move |answer| {
        draw(&worker, &scope, raw.as_deref(), answer)
    })
    .await
}

fn draw(app: &App, scope: &Scope, raw: Option<&str>, answer: &mut Answer) -> Result<(), Refusal> {
    let query = query_of(raw)?;
    let targets = targets(app, &query)?;
    let Times { range, now } = times(app, &query)?;
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
    // Graphite ignores what is no number above 0 here.
    let points_max = parameter(&query, "maxDataPoints")?
        .and_then(|text| text.parse::<usize>().ok())
        .filter(|number| *number > 0);
    let resolution = app
        .iam
        .resolution_seconds(scope.domain())
        .and_then(|seconds| Step::new(i64::from(seconds).saturating_mul(1000)));
    let window = match resolution {
        // A grid ends now at the latest, and one that would begin later has no series.
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
    let range = window.map_or(range, |window| window.range());
    let context = answer.context();
    for target in &targets {
        hold(&context, target.pattern())?;
    }
    context.answers_slots(window.map_or(0, |window| window.slots() as u64));
    let queries: Vec<FetchQuery<'_>> = targets
        .iter()
        .map(|target| FetchQuery {
            pattern: target.pattern(),
            range,
        })
        .collect();
    let mut rows = Rows {
        answer,
        context: &context,
        window,
        points_max,
        any: false,
    };
    let mut stopped = None;
    app.store.fetch_all(
        scope,
        &queries,
        &context,
        &mut |series| match rows.write(&series) {
            Ok(()) => ControlFlow::Continue(()),
            Err(stop) => {
                stopped = Some(stop);
                ControlFlow::Break(())
            }
        },
    )?;
    if let Some(stop) = stopped {
        return Err(StoreError::Stopped(stop).into());
    }
    if !rows.any {
        answer.out.push(b'[');
    }
    answer.out.push(b']');
    Ok(())
}

/// The rows of an answer, written as they come.
struct Rows<'a> {
    answer: &'a mut Answer,
    context: &'a Context,
    window: Option<Window>,
    points_max: Option<usize>,
    /// Whether there has been one.
    any: bool,
}

impl Rows<'_> {
    fn write(&mut self, series: &Series) -> Result<(), Stop> {
        self.answer.out.push(if self.any { b',' } else { b'[' });
        self.any = true;
        match (self.window, self.points_max) {
            (Some(window), _) => self.write_slots(series, window),
            (None, Some(most)) if most < series.timestamps.len() => self.write_fewer(series, most),
            (None, _) => self.row(&series.name, Points::Raw(series)),
        }
    }

    fn write_fewer(&mut self, series: &Series, most: usize) -> Result<(), Stop> {
        let bytes = (most as u64).saturating_mul(POINT_BYTES);
        self.context.hold(bytes)?;
        let fewer = consolidate::raw_at_most(series, most, Function::Average);
        let written = self.row(&fewer.name, Points::Raw(&fewer));
        drop(fewer);
        self.context.release(bytes);
        written
    }

    fn write_slots(&mut self, series: &Series, window: Window) -> Result<(), Stop> {
        let bytes = (window.slots() as u64).saturating_mul(POINT_BYTES);
        self.context.hold(bytes)?;
        let mut grid = window.grid(series, Function::Average);
        if let Some(most) = self.points_max {
            grid = consolidate::at_most(&grid, most, Function::Average);
        }
        let written = self.row(&series.name, Points::Grid(&grid));
        drop(grid);
        self.context.release(bytes);
        written
    }

    fn row(&mut self, target: &str, points: Points<'_>) -> Result<(), Stop> {
        json::write_row(self.answer, &Row { target, points })
    }
}

impl Sink for Answer {
    type Error = Stop;

    fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    fn step(&mut self) -> Result<(), Stop> {
        Self::step(self)
    }
}

fn too_large(message: String) -> Refusal {
    let problem = code::RESULT_TOO_LARGE.problem(message);
    Refusal(problem.hint("ask for a shorter range"))
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
        TargetError::Pattern(error) => no_pattern(&code::TARGET_MALFORMED, "target", text, &error),
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
