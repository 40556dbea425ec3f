//! The requests and answers of `metrics get`.

use super::get_args::GetArgs;
use crate::client::Request;
use crate::error::Failure;
use crate::monitoring::{Monitoring, RetryPolicy};
use crate::shown::Shown;
use wire::render::json::ReadRow;

/// The maximum number of targets in one request.
const TARGETS_PER_REQUEST: usize = base::limit::TARGETS_PER_QUERY.default as usize;

/// A request for the samples from `from` on.
pub(super) fn fetch(
    args: &GetArgs,
    from: Option<&str>,
    zone: &str,
    monitoring: &Monitoring<'_>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut bodies = Vec::new();
    for targets in args.targets.chunks(TARGETS_PER_REQUEST) {
        let make = || {
            let mut request = Request::get(monitoring.url("/v1/metrics"));
            for target in targets {
                request = request.query("target", target);
            }
            for (name, value) in [("from", from), ("until", args.until.as_deref())] {
                if let Some(value) = value {
                    request = request.query(name, value);
                }
            }
            if let Some(points) = args.max_points {
                request = request.query("maxDataPoints", &points.to_string());
            }
            request.query("tz", zone).query("format", "json")
        };
        let reply = monitoring
            .exchange(make, RetryPolicy::Once)?
            .success("get metrics")?;
        bodies.push(reply.body);
    }
    Ok(bodies)
}

/// The rows of several answers. Overlapping targets name a series twice; it is shown once.
pub(super) fn rows(bodies: &[Vec<u8>]) -> Result<Vec<ReadRow>, Failure> {
    let mut rows: Vec<ReadRow> = Vec::new();
    for body in bodies {
        let read = wire::render::json::read(body).map_err(|error| {
            Failure::failed(format!("cannot read the server's answer: {error}"))
        })?;
        for row in read {
            if !rows.iter().any(|known| known.target == row.target) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

pub(super) fn nothing_read(rows: &[ReadRow], monitoring: &Monitoring<'_>) -> Shown {
    if rows.is_empty() {
        monitoring.empty()
    } else {
        "No samples found in this time.".into()
    }
}

/// The header line of CSV.
pub(super) const CSV_HEADER: &str = "name,timestamp,value\n";
