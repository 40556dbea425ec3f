//! `GET` and `POST /render`: targets as data or as a picture.

use super::evaluation::{self, TargetEvaluation};
use super::events::EventSource;
use super::json::{self, Json};
use super::parameters::{Parameters, invalid, time};
use super::picture;
use super::render_cache;
use super::request::{GraphiteRequest, JSON, SCRIPT, answer, callback, is_pretty};
use super::slice_target;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::request::caller::Caller;
use crate::request::form_body::FormBody;
use crate::request::request_access::RequestAccess;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::context::{Context, Reservation, Stop};
use base::limit;
use base::store::StoreError;
use http::HeaderMap;
use query::draw::PictureFormat;
use query::series::{Series, reduce};
use query::window::Window;
use std::sync::Arc;
use wire::code;
use wire::render::{Column, Sink as _, csv, dygraph, msgpack, pickle, raw, render_json, rickshaw};

/// `GET /render`.
pub(crate) async fn render(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), b"")?;
    respond(&app, (caller, admission), &headers, parameters).await
}

/// `POST /render`, whose parameters may be in a form.
pub(crate) async fn render_post(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    headers: HeaderMap,
    RawQuery(url): RawQuery,
    FormBody(form): FormBody,
) -> Result<Response, Refusal> {
    let parameters = Parameters::parse(url.as_deref(), &form)?;
    respond(&app, (caller, admission), &headers, parameters).await
}

async fn respond(
    app: &Arc<App>,
    caller: (Caller, RequestAccess),
    headers: &HeaderMap,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    let media_type = format_of(&parameters)?.media_type(callback(&parameters)?.is_some());
    check_targets(&parameters, app.limits.targets_per_render)?;
    answer(
        app,
        caller,
        headers,
        parameters,
        media_type,
        write_or_repeat,
    )
    .await
}

fn check_targets(parameters: &Parameters, targets_max: usize) -> Result<(), Refusal> {
    let count = parameters.all("target").len();
    if count <= targets_max {
        return Ok(());
    }
    let name = limit::TARGETS_PER_RENDER.name;
    let message = format!("the request has {count} targets, more than `{name}` = {targets_max}");
    let problem = code::TARGETS_TOO_MANY.problem(message).field("target");
    let hint = "split the request, or use a wildcard";
    Err(Refusal(
        problem.hint(hint).limit(&limit::TARGETS_PER_RENDER),
    ))
}

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
    Raw,
    Pickle,
    Msgpack,
    Rickshaw,
    Dygraph,
    Picture(PictureFormat),
}

impl Format {
    const fn media_type(self, has_callback: bool) -> &'static str {
        match self {
            Self::Json | Self::Rickshaw | Self::Dygraph if has_callback => SCRIPT,
            Self::Json | Self::Rickshaw | Self::Dygraph => JSON,
            Self::Csv => "text/csv",
            Self::Raw => "text/plain",
            Self::Pickle => "application/pickle",
            Self::Msgpack => "application/x-msgpack",
            Self::Picture(PictureFormat::Svg) => "image/svg+xml",
            Self::Picture(PictureFormat::Png) => "image/png",
            Self::Picture(PictureFormat::Pdf) => "application/x-pdf",
        }
    }
}

fn format_of(parameters: &Parameters) -> Result<Format, Refusal> {
    let named = match parameters.last("format").filter(|name| !name.is_empty()) {
        Some(name) => name,
        None if parameters.last("rawData").is_some() => "raw",
        None if parameters.last("pickle").is_some() => "pickle",
        None => "png",
    };
    Ok(match named {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "raw" => Format::Raw,
        "pickle" => Format::Pickle,
        "msgpack" => Format::Msgpack,
        "rickshaw" => Format::Rickshaw,
        "dygraph" => Format::Dygraph,
        "svg" => Format::Picture(PictureFormat::Svg),
        "pdf" => Format::Picture(PictureFormat::Pdf),
        "png" => Format::Picture(PictureFormat::Png),
        other => {
            let other = wire::excerpt::beginning(other);
            let formats = "json, csv, raw, pickle, msgpack, rickshaw, dygraph, png, svg or pdf";
            return Err(invalid(
                "format",
                format!("`format` is {formats}, not `{other}`"),
            ));
        }
    })
}

/// The same from what is kept, where that serves; pictures are drawn each time.
fn write_or_repeat(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    if matches!(format_of(&asked.parameters)?, Format::Picture(_)) {
        return write(asked, answer);
    }
    let context = answer.context();
    let step = evaluation::rules(&asked.app, &asked.scope, &context)?.finest_step();
    render_cache::write(asked, answer, step, write)
}

/// Evaluates the targets, and writes what was asked for.
fn write(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let parameters = &asked.parameters;
    let format = format_of(parameters)?;
    let window = window(asked)?;
    let context = answer.context();
    // Reserved until the last byte is written: a client may take its time to read them.
    let (series, _held) = evaluated(asked, answer, &window, &context)?;
    match format {
        Format::Picture(_) => picture::write(asked, answer, series, &window),
        _ => {
            let _points = consolidated(&context, &series)?;
            write_data(asked, answer, format, &series, &window)
        }
    }
}

/// The time that is asked for.
fn window(asked: &GraphiteRequest) -> Result<Window, Refusal> {
    let parameters = &asked.parameters;
    let clock = parameters.clock(&asked.app)?;
    let instant = |name: &'static str, default| match parameters.last(name) {
        Some(text) => time(text, clock.now, &clock.zone, name),
        None => Ok(default),
    };
    let until = instant("until", clock.now)?.secs();
    let from = instant("from", clock.now.plus(-86_400_000))?.secs();
    if from == until {
        let problem = code::RANGE_EMPTY.problem("`from` and `until` are the same second");
        return Err(Refusal(problem.field("from")));
    }
    Ok(Window::new(
        from.min(until),
        from.max(until),
        clock.now.secs(),
        clock.zone,
    ))
}

/// The series of all targets, in order, and their memory.
fn evaluated<'c>(
    asked: &GraphiteRequest,
    answer: &Answer,
    window: &Window,
    context: &'c Context,
) -> Result<(Vec<Series>, Reservation<'c>), Refusal> {
    let parameters = &asked.parameters;
    let given = parameters.all("target");
    let is_pie = parameters.last("graphType") == Some("pie");
    let slices: Vec<Option<String>> = given
        .iter()
        .map(|target| slice_target::as_call(target).filter(|_| is_pie))
        .collect();
    let targets: Vec<&str> = given
        .into_iter()
        .zip(&slices)
        .map(|(target, slice)| slice.as_deref().unwrap_or(target))
        .collect();
    let variables = parameters.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("template[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let share = match parameters.last("xFilesFactor") {
        None => 0.0,
        Some(text) => text.parse().map_err(|_| {
            let text = wire::excerpt::beginning(text);
            invalid(
                "xFilesFactor",
                format!("`xFilesFactor` is a number, not `{text}`"),
            )
        })?,
    };
    let rules = evaluation::rules(&asked.app, &asked.scope, context)?;
    let happened = EventSource::new(&asked.app, &asked.scope, answer);
    let evaluating = TargetEvaluation {
        app: &asked.app,
        scope: &asked.scope,
        context,
        rules: &rules,
        happened: &happened,
        window,
        has_tagged: false,
        variables: variables.collect(),
        x_files_factor: share,
    };
    let (series, held) = evaluating.series(context, &targets)?;
    let mut series: Vec<Series> = series.into_iter().flatten().collect();
    // The number of points that a graph has room for; of the formats for programs, only JSON takes it.
    let points_max = parameters
        .last("maxDataPoints")
        .filter(|_| parameters.last("format") == Some("json"));
    let is_digits =
        |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(points_max) = points_max
        .filter(is_digits)
        .and_then(|text| text.parse().ok())
    {
        reduce(&mut series, points_max);
    }
    Ok((series, held))
}

/// Reserves the memory for points that several values of a series become.
fn consolidated<'c>(context: &'c Context, series: &[Series]) -> Result<Reservation<'c>, Refusal> {
    let consolidated = series.iter().filter(|series| series.values_per_point > 1);
    let points = consolidated.map(|series| series.values.len().div_ceil(series.values_per_point));
    let bytes = (points.sum::<usize>() as u64).saturating_mul(8);
    let mut reserved = Reservation::new(context);
    reserved.grow(bytes).map_err(StoreError::Stopped)?;
    Ok(reserved)
}

fn write_data(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    format: Format,
    series: &[Series],
    window: &Window,
) -> Result<(), Refusal> {
    let points: Vec<_> = series.iter().map(Series::points).collect();
    let columns: Vec<Column<'_>> = series
        .iter()
        .zip(&points)
        .map(|(series, points)| Column {
            name: &series.name,
            is_unnamed: series.title().is_none(),
            tags: &series.tags,
            path_expression: &series.path_expression,
            start: series.start,
            end: series.end,
            step: series.step,
            values_per_point: series.values_per_point,
            consolidation: series.consolidation.name(),
            x_files_factor: series.x_files_factor,
            points,
            is_whole: series.is_whole,
        })
        .collect();
    let has_values = series.iter().any(|series| !series.values.is_empty());
    write_columns(asked, answer, (format, has_values), &columns, window)
}

fn write_columns(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    (format, has_values): (Format, bool),
    columns: &[Column<'_>],
    window: &Window,
) -> Result<(), Refusal> {
    if matches!(format, Format::Json | Format::Rickshaw | Format::Dygraph) {
        // JSON shows no series if none has a slot for a value; the other forms show them, as in graphite-web.
        let is_none = format == Format::Json && !has_values;
        let columns: &[Column<'_>] = if is_none { &[] } else { columns };
        let is_pretty = is_pretty(&asked.parameters) && format != Format::Dygraph;
        let nulls = asked.parameters.last("noNullPoints").is_none();
        return json::write_as(asked, answer, is_pretty, |sink| {
            write_json(sink, format, columns, nulls)
        });
    }
    let written = write_packed(answer, format, columns, window);
    Ok(written.map_err(StoreError::Stopped)?)
}

/// Writes one of the forms that are JSON.
fn write_json(
    sink: &mut Json<'_>,
    format: Format,
    columns: &[Column<'_>],
    nulls: bool,
) -> Result<(), Stop> {
    if format == Format::Dygraph {
        return dygraph::write(sink, columns);
    }
    sink.out().push(b'[');
    let mut is_first = true;
    for column in columns {
        if format == Format::Rickshaw {
            rickshaw::write(sink, column, is_first)?;
            is_first = false;
        } else {
            is_first &= !render_json::write(sink, column, is_first, nulls)?;
        }
    }
    sink.out().push(b']');
    Ok(())
}

fn write_packed(
    answer: &mut Answer,
    format: Format,
    columns: &[Column<'_>],
    window: &Window,
) -> Result<(), Stop> {
    match format {
        Format::Csv => {
            for column in columns {
                csv::write(answer, column, &window.zone)?;
            }
        }
        Format::Raw => {
            for column in columns {
                raw::write(answer, column)?;
            }
        }
        Format::Pickle => {
            pickle::begin(&mut answer.out);
            for column in columns {
                pickle::write(answer, column)?;
            }
            pickle::end(&mut answer.out);
        }
        Format::Msgpack => {
            msgpack::begin(&mut answer.out, columns.len());
            for column in columns {
                msgpack::write(answer, column)?;
            }
        }
        Format::Json | Format::Rickshaw | Format::Dygraph | Format::Picture(_) => {}
    }
    Ok(())
}
