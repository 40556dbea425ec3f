//! The common part of the two routes that read: runs the query, and adds its notice to the answer.

use super::parameters::NoticeSlot;
use crate::app::App;
use crate::http::accept_encoding;
use crate::http::problem::Refusal;
use crate::query::{self, answer::Answer};
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use axum::response::Response;
use base::scope::Scope;
use http::HeaderMap;
use std::sync::Arc;

/// Writes the answer of a route.
pub(super) type AnswerWriter =
    fn(&App, &Scope, Option<&str>, &NoticeSlot, &mut Answer) -> Result<(), Refusal>;

/// Answers with the output of `read`.
pub(super) async fn reading(
    app: &Arc<App>,
    (caller, admission): (Caller, RequestAccess),
    headers: &HeaderMap,
    raw: Option<String>,
    read: AnswerWriter,
) -> Result<Response, Refusal> {
    let (worker, scope) = (Arc::clone(app), caller.scope);
    let asked = scope.clone();
    let notice_slot = NoticeSlot::default();
    let writer_slot = notice_slot.clone();
    let answered = query::answer(
        &app.queries,
        (&asked, Box::new(admission)),
        accept_encoding::of(headers),
        move |answer| read(&worker, &scope, raw.as_deref(), &writer_slot, answer),
    );
    Ok(notice_slot.add_to(answered.await?))
}
