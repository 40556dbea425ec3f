//! The answer to the deletion of a space or organization.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::worker;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use iam::manage::deletion::Deletion;
use std::sync::Arc;
use wire::cf::deleted::{REMOVED_AT, SERIES, instant};

/// The answer: how many series are removed, and when.
pub(super) async fn deletion_reply(
    app: &Arc<App>,
    deletion: &Deletion,
) -> Result<Response, Refusal> {
    let (store, tenants) = (Arc::clone(&app.store), deletion.tenants.clone());
    let counted = worker::run(move || {
        let each = tenants.into_iter().map(|tenant| store.usage(&tenant));
        each.map(|usage| usage.map(|deleted| deleted.series)).sum()
    });
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    if let Ok(value) = instant(deletion.removed_at).parse() {
        headers.insert(REMOVED_AT, value);
    }
    // The domain is deleted even if its series cannot be counted.
    if let Ok(Ok(series)) = counted.await {
        let series: u64 = series;
        headers.insert(SERIES, series.into());
    }
    Ok(response)
}
