//! `POST /tags/delSeries`: Graphite's deletion of series by their names.

use super::audited::{Deleter, Removal, Wait};
use super::parameters::{invalid, query_refusal, reserve_tables};
use crate::app::App;
use crate::http::accept_encoding::EncodingChoice;
use crate::http::problem::Refusal;
use crate::query::{self, answer::Answer};
use crate::request::caller::Caller;
use crate::request::form_body::FormBody;
use crate::request::request_access::RequestAccess;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::scope::Scope;
use base::selector::Selector;
use base::series::SeriesKey;
use base::store::DeleteQuery;
use http::{HeaderValue, header};
use std::sync::Arc;
use wire::excerpt::beginning;
use wire::query::Query;

/// `POST /tags/delSeries`: deletes exactly these series, with their samples, and nothing below their names. One that does not
/// exist counts as deleted.
pub(crate) async fn delete_series(
    State(app): State<Arc<App>>,
    caller: Caller,
    admission: RequestAccess,
    RawQuery(url): RawQuery,
    FormBody(form): FormBody,
) -> Result<Response, Refusal> {
    let named = named(url.as_deref(), &form)?;
    let deleter = Deleter::new(&app, &caller);
    let scope = caller.scope;
    let asked = scope.clone();
    let answered = query::answer(
        &app.queries,
        (&asked, Box::new(admission)),
        EncodingChoice::Plain,
        move |answer| remove(&deleter, &scope, &named, answer),
    );
    let mut response = answered.await?;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// A series: its name as Graphite writes it, and a selector that matches no other.
struct Named {
    text: String,
    selector: Selector,
}

/// Every name is parsed before any series is deleted.
fn named(url: Option<&str>, form: &[u8]) -> Result<Vec<Named>, Refusal> {
    let url = Query::parse(url.unwrap_or_default()).map_err(|error| query_refusal(&error))?;
    let form = Query::parse_bytes(form).map_err(|error| query_refusal(&error))?;
    let paths = [url.all("path"), form.all("path")].concat();
    if paths.is_empty() {
        let message = "`path` is missing: write a series, for example `cpu;host=web1`";
        return Err(invalid("path", message.to_owned()));
    }
    paths.into_iter().map(named_series).collect()
}

fn named_series(path: &str) -> Result<Named, Refusal> {
    let no_series = |error: &dyn std::fmt::Display| {
        let path = beginning(path);
        invalid("path", format!("`{path}` names no series: {error}"))
    };
    let key = SeriesKey::parse_graphite(path).map_err(|error| no_series(&error))?;
    let text = key.graphite().into_owned();
    let selector = Selector::parse(&base::pattern::escape(&text));
    let selector = selector.map_err(|error| no_series(&error))?;
    Ok(Named { text, selector })
}

fn remove(
    deleter: &Deleter,
    scope: &Scope,
    named: &[Named],
    answer: &mut Answer,
) -> Result<(), Refusal> {
    let mut wait = Wait::AsAChange;
    for series in named {
        let query = DeleteQuery {
            selector: &series.selector,
            range: None,
            exact: true,
            dry_run: false,
            names: 0,
        };
        let context = answer.context();
        reserve_tables(&context, &series.selector)?;
        let removal = Removal {
            query: &query,
            wait,
        };
        let deleted = deleter.delete_one(scope, &series.text, removal, answer)?;
        if deleted.series > 0 {
            wait = Wait::ToComplete;
        }
        context.release(series.selector.table_bytes());
    }
    answer.out.extend_from_slice(b"true");
    Ok(())
}
