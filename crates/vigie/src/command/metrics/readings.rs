//! The requests and answers of `metrics get`.

use super::caret::marked;
use super::get_args::GetArgs;
use crate::client::Request;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy};
use crate::printable_text::PrintableText;
use wire::render::json::ReadRow;
use wire::target::{Target, TargetError};

/// The maximum number of targets in one request.
const TARGETS_PER_REQUEST: usize = base::limit::TARGETS_PER_QUERY.default as usize;

/// A query.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadRequest<'a> {
    pub(super) targets: &'a [String],
    pub(super) from: Option<&'a str>,
    pub(super) until: Option<&'a str>,
    pub(super) max_points: Option<u32>,
    pub(super) has_nulls: bool,
    /// Whether as they were sent, whatever rules about steps say.
    pub(super) as_sent: bool,
    pub(super) zone: &'a str,
}

impl<'a> ReadRequest<'a> {
    /// As the command line says it.
    pub(super) fn of(args: &'a GetArgs, zone: &'a str) -> Self {
        Self {
            targets: &args.targets,
            from: args.from.as_deref(),
            until: args.until.as_deref(),
            max_points: args.max_points,
            has_nulls: !args.no_null_points,
            as_sent: args.as_sent,
            zone,
        }
    }
}

/// Asks the server, a few targets at a time.
pub(super) fn fetch(
    read_request: ReadRequest<'_>,
    monitoring: &Monitoring<'_>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut bodies = Vec::new();
    for targets in read_request.targets.chunks(TARGETS_PER_REQUEST) {
        let make = || {
            let mut request = Request::get(monitoring.url("/v1/metrics"));
            for target in targets {
                request = request.query("target", target);
            }
            for (name, value) in [("from", read_request.from), ("until", read_request.until)] {
                if let Some(value) = value {
                    request = request.query(name, value);
                }
            }
            if let Some(points) = read_request.max_points {
                request = request.query("maxDataPoints", &points.to_string());
            }
            if !read_request.has_nulls {
                request = request.query("noNullPoints", "true");
            }
            if read_request.as_sent {
                request = request.query("as", "sent");
            }
            request
                .query("tz", read_request.zone)
                .query("format", "json")
        };
        let reply = monitoring.exchange(make, RetryPolicy::Once)?;
        if !reply.is_success() {
            return Err(marked(reply.refusal("get metrics"), &reply.body, targets));
        }
        bodies.push(reply.body);
    }
    Ok(bodies)
}

/// The rows of several answers. Overlapping targets name a series twice; it is shown once. Of functions, only what is the same
/// in everything is one series: their names may be anything.
pub(super) fn rows(targets: &[String], bodies: &[Vec<u8>]) -> Result<Vec<ReadRow>, Failure> {
    let has_calls = targets.iter().any(|target| Target::parse(target).is_err());
    let mut rows: Vec<ReadRow> = Vec::new();
    for body in bodies {
        let read = wire::render::json::read(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        for row in read {
            let is_known = |known: &ReadRow| {
                known.target == row.target && (!has_calls || known.datapoints == row.datapoints)
            };
            if !rows.iter().any(is_known) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

/// Whether a series has no value: no point, or, under rules about steps, empty ones alone.
pub(super) fn is_empty(row: &ReadRow) -> bool {
    row.datapoints.iter().all(|(value, _)| value.is_none())
}

/// Whether a target calls functions.
pub(super) fn is_call(target: &str) -> bool {
    matches!(Target::parse(target), Err(TargetError::Function { .. }))
}

pub(super) fn nothing_read(rows: &[ReadRow], monitoring: &Monitoring<'_>) -> PrintableText {
    if rows.is_empty() {
        monitoring.empty()
    } else {
        "No samples found in this time.".into()
    }
}

/// The header line of CSV.
pub(super) const CSV_HEADER: &str = "name,timestamp,value\n";
