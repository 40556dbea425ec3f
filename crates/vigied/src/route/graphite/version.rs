//! `GET` and `POST /version`: the version of graphite-web that these routes behave like.

use crate::request::caller::Caller;
use crate::request::form_body::FormBody;
use axum::response::{IntoResponse as _, Response};
use http::header;

/// The version whose answers these are.
const GRAPHITE_WEB: &str = "1.1.10\n";

/// `GET /version`.
pub(crate) async fn version(_: Caller) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], GRAPHITE_WEB).into_response()
}

/// `POST /version`, whose form is ignored.
pub(crate) async fn version_post(caller: Caller, _: FormBody) -> Response {
    version(caller).await
}
