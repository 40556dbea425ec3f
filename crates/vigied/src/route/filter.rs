//! The filter of a list, as `filter` of the identity interface asks for it.

use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::limit;
use wire::iam::filter::{Attribute, Filter};

/// The filter that the request asks for, if it asks for one.
pub(super) fn asked_for(params: &Params) -> Result<Option<Filter>, Refusal> {
    let Some(text) = params.word("filter", &limit::FILTER_BYTES)? else {
        return Ok(None);
    };
    Filter::parse(text).map(Some).map_err(|error| {
        let message = format!("`filter` is not understood: {error}");
        let Refusal(problem) = invalid("filter", message);
        Refusal(problem.hint("write it as in `name sw \"ci\" and description co_ci \"build\"`"))
    })
}

/// Whether an entry with this name and description is shown.
pub(super) fn shows<'v>(filter: Option<&Filter>, name: &'v str, description: &'v str) -> bool {
    let value = |attribute: Attribute| match attribute {
        Attribute::Name => name,
        Attribute::Description => description,
    };
    filter.is_none_or(|filter| filter.matches(value))
}
