//! Ids in paths and lists in queries.

use crate::failure::refused::check_length;
use crate::http::invalid::{invalid_whole, unserved};
use crate::http::json_objects::{self, Fault};
use crate::http::not_json;
use crate::http::problem::Refusal;
use axum::extract::{FromRequestParts, Path};
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use http::request::Parts;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::str::FromStr;
use wire::query::{Query, QueryError};

/// The parts of a path and its query.
#[derive(Debug)]
pub(crate) struct Params {
    path: HashMap<String, String>,
    query: Query,
}

/// The refusal of a text in a path that names nothing.
pub(crate) fn names_nothing(text: &str) -> Refusal {
    let message = format!("there is no `{text}`");
    Refusal(Problem::new(Kind::NotFound, "not_found", message))
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let path = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        let Path(path) = path.map_err(|_| invalid_whole("the path is not valid text"))?;
        let query = query(parts.uri.query().unwrap_or_default())?;
        Ok(Self { path, query })
    }
}

/// The parameters of a query.
pub(super) fn query(text: &str) -> Result<Query, Refusal> {
    Query::parse(text).map_err(|error| match error {
        QueryError::TooMany => Refusal(
            invalid_whole(error.to_string())
                .0
                .limit(&limit::QUERY_PARAMETERS),
        ),
        _ => invalid_whole(error.to_string()),
    })
}

impl Params {
    /// A part of the path as text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// An id in the path; what is no id names nothing.
    pub(crate) fn id<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        let text = self.text(name);
        text.parse().map_err(|_| names_nothing(text))
    }

    /// A parameter of the query.
    pub(crate) fn one(&self, key: &str) -> Result<Option<&str>, Refusal> {
        self.query
            .one(key)
            .map_err(|error| invalid_whole(error.to_string()))
    }

    /// A parameter of the query that is not empty, and no longer than the limit of its texts.
    pub(crate) fn word(
        &self,
        key: &'static str,
        limit: &'static Limit,
    ) -> Result<Option<&str>, Refusal> {
        let found = self.one(key)?.filter(|text| !text.is_empty());
        check_length(key, found.unwrap_or_default(), limit)?;
        Ok(found)
    }

    /// Every value of a parameter that may be given several times, in their order.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        self.query.all(key)
    }

    /// A parameter that is `true` or `false`.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Refusal> {
        match self.one(key)? {
            None | Some("false" | "") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(invalid_whole(format!(
                "`{key}` is `true` or `false`, not `{other}`"
            ))),
        }
    }

    /// Refuses parameters that the original has and this server does not serve: without what they ask for, the answer would be
    /// taken for another. One that is `false` or empty asks for nothing.
    pub(crate) fn refuse_unserved(&self, names: &[&'static str]) -> Result<(), Refusal> {
        for &name in names {
            match self.one(name)? {
                None | Some("false" | "") => {}
                Some(_) => return Err(unserved(name)),
            }
        }
        Ok(())
    }
}

const NOT_ASKED_FOR: &str = "the body is not the JSON asked for";

/// A JSON body that is an object. Members that are not known are refused, however deep.
pub(crate) fn body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    match not_json::is_list(bytes) {
        true => Err(invalid_whole(format!(
            "{NOT_ASKED_FOR}: it is a list, not an object"
        ))),
        false => any_body(bytes),
    }
}

/// As [`body`], of one out of which its handler has taken the members that it refuses itself.
pub(crate) fn rest_of_body<T: serde::de::DeserializeOwned>(
    rest: Map<String, Value>,
) -> Result<T, Refusal> {
    json_objects::from_value(Value::Object(rest)).map_err(|fault| wrong_body(&fault))
}

/// A JSON body that is a list.
pub(crate) fn list<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, Refusal> {
    any_body(bytes)
}

fn any_body<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    json_objects::from_slice(bytes).map_err(|fault| {
        let Some(kind) = not_json::kind(bytes) else {
            return wrong_body(&fault);
        };
        let Refusal(problem) = invalid_whole(format!("{NOT_ASKED_FOR}: it is {kind}"));
        Refusal(problem.hint(not_json::HINT))
    })
}

fn wrong_body(fault: &Fault) -> Refusal {
    let message = match fault {
        Fault::Unknown { .. } => format!("the body has the {fault}"),
        Fault::Missing { .. } => fault.to_string(),
        Fault::Malformed { .. } => format!("{NOT_ASKED_FOR}: {fault}"),
    };
    let Refusal(mut problem) = invalid_whole(message);
    if let Some(member) = fault.member() {
        problem = problem.field(member.to_owned());
    }
    if let Some(hint) = fault.hint() {
        problem = problem.hint(hint);
    }
    Refusal(problem)
}
