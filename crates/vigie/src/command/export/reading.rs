//! Reads the series of a domain, level by level, and their samples, in times of which an answer is not too large.

use super::waiting::{Branch, TooManyNames, WAITING_BYTES_MAX, WaitingNames};
use crate::client::Request;
use crate::command::metrics::list::{nodes, nodes_request};
use crate::command::metrics::stop::StopFlag;
use crate::error::{Failure, code};
use crate::monitoring::{Monitoring, RetryPolicy};
use base::time::{Millis, TimeRange};
use std::sync::Arc;
use wire::find::list::NodeItem;
use wire::render::json::ReadRow;

/// The series that are asked for in one request.
const SERIES_AT_ONCE: usize = base::limit::TARGETS_PER_QUERY.default as usize;

/// The levels that names have at most.
const DEPTH_MAX: usize = base::limit::NAME_ELEMENTS.default as usize;

/// Larger answers are asked for in parts: about two and a half million samples.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// After smaller answers a longer time is asked for.
const SMALL_BYTES: u64 = ANSWER_BYTES_MAX / 8;

/// The shortest time that is asked for.
const SHORT_MS: i64 = 1000;

/// The code with which the server says that a query would read or answer too much.
const TOO_LARGE: &str = "BXNMSMT12E";

/// The series that fit a pattern or lie below what fits, a few at a time.
pub(super) struct SeriesGroups<'m> {
    monitoring: &'m Monitoring<'m>,
    stop: &'m Arc<StopFlag>,
    /// Whether nothing was asked yet: a person waits for the first answer, and the job of hours for the others.
    is_first: bool,
    waiting: WaitingNames,
}

impl<'m> SeriesGroups<'m> {
    pub(super) fn new(
        monitoring: &'m Monitoring<'m>,
        pattern: &str,
        stop: &'m Arc<StopFlag>,
    ) -> Self {
        Self {
            monitoring,
            stop,
            is_first: true,
            waiting: WaitingNames::new(pattern, WAITING_BYTES_MAX),
        }
    }

    fn level(&mut self, branch: &Branch) -> Result<(), Failure> {
        let query = &*branch.pattern;
        let found = match std::mem::take(&mut self.is_first) {
            true => nodes(self.monitoring, query)?,
            false => self.nodes(query)?,
        };
        // A `**` has found what is below already. No name is deeper than the deepest, whatever the server says.
        let goes_on = !query.contains("**") && branch.depth < DEPTH_MAX;
        let mut deeper = Vec::new();
        for node in found {
            if node.branch && goes_on {
                deeper.push(Branch {
                    pattern: format!("{}.*", node.path),
                    depth: branch.depth + 1,
                });
            }
            if node.leaf {
                let added = self.waiting.add_series(node.path);
                added.map_err(|TooManyNames| too_many_names())?;
            }
        }
        // In the order of the names.
        let added = self.waiting.add_branches(deeper);
        added.map_err(|TooManyNames| too_many_names())
    }

    fn nodes(&self, query: &str) -> Result<Vec<NodeItem>, Failure> {
        let make = || nodes_request(self.monitoring, query);
        let wait = |wait| self.stop.wait(wait);
        let reply = self
            .monitoring
            .exchange_while(make, RetryPolicy::Patient, wait)?;
        reply.parse("list metrics")
    }
}

impl Iterator for SeriesGroups<'_> {
    type Item = Result<Vec<String>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.waiting.series() < SERIES_AT_ONCE
            && let Some(branch) = self.waiting.next_branch()
        {
            if let Err(failure) = self.level(&branch) {
                self.waiting.clear();
                return Some(Err(failure));
            }
        }
        let group = self.waiting.next_series(SERIES_AT_ONCE);
        (!group.is_empty()).then_some(Ok(group))
    }
}

/// The failure where the names alone take more memory than an export may.
fn too_many_names() -> Failure {
    Failure::failed(format!(
        "the names that are to be exported take more than {} MiB",
        WAITING_BYTES_MAX >> 20
    ))
    .hint("export in parts, each with a pattern of its own")
}

/// Reads samples.
pub(super) struct SampleReader<'m> {
    monitoring: &'m Monitoring<'m>,
    range: TimeRange,
    stop: &'m Arc<StopFlag>,
    /// How long a time an answer is not too large for.
    length: i64,
}

impl<'m> SampleReader<'m> {
    pub(super) fn new(
        monitoring: &'m Monitoring<'m>,
        range: TimeRange,
        stop: &'m Arc<StopFlag>,
    ) -> Self {
        Self {
            monitoring,
            range,
            stop,
            length: range.until.0.saturating_sub(range.from.0).saturating_add(1),
        }
    }

    /// Gives the samples of these series to `take`, some time after the other, each in the order of time.
    pub(super) fn read(
        &mut self,
        series: &[String],
        mut take: impl FnMut(ReadRow) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut from = self.range.from;
        while from <= self.range.until {
            let until = Millis(from.0.saturating_add(self.length - 1)).min(self.range.until);
            let body = match self.ask(series, from, until) {
                Ok(body) => body,
                Err(failure) => {
                    let is_large =
                        [code::ANSWER_TOO_LARGE, TOO_LARGE].contains(&failure.machine_code());
                    let length = until.0 - from.0 + 1;
                    if !is_large || length <= SHORT_MS {
                        return Err(failure);
                    }
                    self.length = (length / 2).max(SHORT_MS);
                    continue;
                }
            };
            if (body.len() as u64) < SMALL_BYTES {
                self.length = self.length.saturating_mul(2);
            }
            let rows = wire::render::json::read(&body).map_err(|error| {
                Failure::failed(format!("cannot read the server's answer: {error}"))
                    .coded(code::ANSWER_MALFORMED)
            })?;
            drop(body);
            rows.into_iter().try_for_each(&mut take)?;
            from = until.plus(1);
        }
        Ok(())
    }

    fn ask(&self, series: &[String], from: Millis, until: Millis) -> Result<Vec<u8>, Failure> {
        let instant = |at: Millis| {
            jiff::Timestamp::from_millisecond(at.0)
                .map(|instant| instant.to_string())
                .map_err(|error| Failure::usage(format!("the time cannot be written: {error}")))
        };
        let (from, until) = (instant(from)?, instant(until)?);
        let make = || {
            let mut request = Request::get(self.monitoring.url("/v1/metrics"));
            for name in series {
                request = request.query("target", name);
            }
            request
                .query("from", &from)
                .query("until", &until)
                .query("as", "sent")
                .query("noNullPoints", "true")
                .answer_at_most(ANSWER_BYTES_MAX)
        };
        let reply = self
            .monitoring
            .exchange_while(make, RetryPolicy::Patient, |wait| self.stop.wait(wait))?;
        Ok(reply.success("read samples")?.body)
    }
}
