//! `DELETE /v1/metrics/list`.

use super::audited::Deleter;
use super::bounds::bounds;
use super::parameters::{NoticeSlot, invalid, parameter, query_of, reserve_tables, selector};
use crate::app::App;
use crate::http::accept_encoding::EncodingChoice;
use crate::http::problem::Refusal;
use crate::query::{self, answer::Answer};
use crate::request::caller::Caller;
use crate::request::request_access::RequestAccess;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::limit::NAMES_PER_DRY_RUN;
use base::scope::Scope;
use base::store::DeleteQuery;
use http::{HeaderMap, header};
use std::sync::Arc;
use wire::code;
use wire::excerpt::beginning;
use wire::find::delete::DeleteReply;
use wire::query::Query;

/// The parameters of a deletion.
const PARAMETERS: [&str; 6] = ["query", "from", "until", "now", "tz", "dry_run"];

/// `DELETE /v1/metrics/list`: deletes what the same query would list, with everything below it.
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Refusal> {
    let has_body = has_body(&headers);
    let deleter = Deleter::new(&app, &caller);
    let (worker, scope) = (Arc::clone(&app), caller.scope);
    let asked = scope.clone();
    let notice_slot = NoticeSlot::default();
    let writer_slot = notice_slot.clone();
    let answered = query::answer(
        &app.queries,
        (&asked, Box::new(admission)),
        EncodingChoice::Plain,
        move |answer| {
            remove(
                &worker,
                &deleter,
                &scope,
                (raw.as_deref(), has_body),
                &writer_slot,
                answer,
            )
        },
    );
    Ok(notice_slot.add_to(answered.await?))
}

/// Whether the request has a body, in which a client may have put the parameters.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || headers.contains_key(header::TRANSFER_ENCODING)
}

/// The `query`, which has no default.
fn pattern(query: &Query, has_body: bool) -> Result<&str, Refusal> {
    let message = match parameter(query, "query")? {
        Some("") => "the `query` of the deletion is empty",
        Some(text) => return Ok(text),
        None if has_body => {
            "a deletion takes its `query` from the URL, where there is none; the body was not read"
        }
        None => "a deletion needs its `query`, in the URL",
    };
    let problem = code::QUERY_MISSING.problem(message).field("query");
    Err(Refusal(problem.hint(
        "add `query=PATTERN` to the URL; `query=*` deletes everything in the domain",
    )))
}

fn remove(
    app: &App,
    deleter: &Deleter,
    scope: &Scope,
    (raw, has_body): (Option<&str>, bool),
    notice_slot: &NoticeSlot,
    answer: &mut Answer,
) -> Result<(), Refusal> {
    let query = query_of(raw)?;
    // A mistyped `dry_run`, `from` or `until` must not delete more than was meant.
    if let Some(other) = query.unknown(&PARAMETERS) {
        let message = format!("a deletion has no parameter `{}`", beginning(other));
        let Refusal(problem) = invalid("query", message);
        let known = PARAMETERS.map(|name| format!("`{name}`")).join(", ");
        return Err(Refusal(problem.hint(format!("it knows {known}"))));
    }
    let text = pattern(&query, has_body)?;
    let dry_run = match parameter(&query, "dry_run")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return Err(invalid(
                "dry_run",
                format!("`dry_run` is `true` or `false`, not `{}`", beginning(other)),
            ));
        }
    };
    let parsed = selector(text)?;
    let (range, notice) = bounds(app, &query)?;
    notice_slot.set(notice);
    let delete = DeleteQuery {
        selector: &parsed,
        range,
        exact: false,
        dry_run,
        names: if dry_run {
            usize::try_from(NAMES_PER_DRY_RUN.default).unwrap_or(usize::MAX)
        } else {
            0
        },
    };
    let context = answer.context();
    reserve_tables(&context, &parsed)?;
    let deleted = match dry_run {
        true => app.store.delete(scope, &delete, &context)?,
        false => deleter.delete(scope, text, &delete, answer)?,
    };
    let reply = DeleteReply {
        query: text.to_owned(),
        deleted: deleted.series,
        below: deleted.series_below,
        dry_run,
        names: (deleted.names.iter())
            .map(|key| key.graphite().into_owned())
            .collect(),
    };
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(&mut answer.out, &reply);
    Ok(())
}
