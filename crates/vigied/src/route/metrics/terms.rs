//! The terms on which a request's questions to the store are answered.

use crate::app::App;
use base::context::{Budget, Context};
use std::time::Instant;

/// One budget for the whole request, which begins now.
pub(super) fn terms(app: &App) -> Context {
    let limits = &app.limits;
    let context = Context::new(Budget {
        steps: limits.steps_per_query,
        nodes: limits.nodes_per_list,
        series: limits.series_per_query,
        samples: limits.samples_per_query,
        bytes: limits.bytes_per_query,
    });
    match Instant::now().checked_add(limits.request_time) {
        Some(deadline) => context.until(deadline),
        None => context,
    }
}
