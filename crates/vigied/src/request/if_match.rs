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
        // A value that is not text names nothing.
        let tags = tags.map(|tags| tags.to_str().unwrap_or_default());
        Ok(Self(tags.map(naming).transpose()?.map(str::to_owned)))
    }
}

impl IfMatch {
    /// The object to change, in the version that the header names.
    pub(crate) fn of<T>(&self, id: T) -> OfVersion<T> {
        OfVersion::new(id, self.0.as_deref())
    }
}

/// The entity tags of the header, if there is one: that nothing has an empty one is no change of what was read.
pub(super) fn naming(tags: &str) -> Result<&str, Refusal> {
    let is_tag = |tag: &str| {
        let tag = tag.trim();
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        !tag.trim_matches('"').trim().is_empty()
    };
    match tags.split(',').any(is_tag) {
        true => Ok(tags),
        false => Err(invalid(
            "If-Match",
            "the header `If-Match` has no entity tag: send that of the version that was read, or `*`",
        )),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_with_nothing_between_them_are_no_tag() {
        for none in ["", "\"\"", " ", "W/\"\"", "\"\", ,\" \"", "W/"] {
            let Refusal(problem) = naming(none).unwrap_err();
            assert_eq!(problem.kind.status(), 400, "{none}");
        }
        for some in ["*", "1-x", "\"1-x\"", "W/\"1-x\"", "\"\", \"1-x\""] {
            assert_eq!(naming(some).unwrap(), some);
        }
    }
}
