//! `If-Match` of a change that has no body: a version may be named, and need not be.

use crate::http::header::single;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use iam::manage::of_version::OfVersion;

/// The header, if it came. A handler that takes it honours it; what has no versions takes none.
#[derive(Debug)]
pub(crate) struct IfMatch(Option<String>);

fn read(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refusal> {
    single(headers, "if-match", "If-Match")
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let tags = read(&parts.headers)?;
        // A value that is not text matches no tag.
        Ok(Self(
            tags.map(|tags| tags.to_str().unwrap_or_default().to_owned()),
        ))
    }
}

impl IfMatch {
    /// What is to be changed, in the version that the header names.
    pub(crate) fn of<T>(&self, id: T) -> OfVersion<T> {
        OfVersion::new(id, self.0.as_deref())
    }
}

/// Refuses a version for objects without versions: the change would be made whatever other changes came before it.
pub(crate) fn refuse(headers: &HeaderMap) -> Result<(), Refusal> {
    match read(headers)? {
        Some(tags) if tags != "*" => {
            let message = "`If-Match` names a version, and what this route changes has none that it could be compared with";
            let Refusal(problem) = invalid("If-Match", message);
            let hint = "leave the header out, or send `*`";
            Err(Refusal(problem.hint(hint)))
        }
        _ => Ok(()),
    }
}
