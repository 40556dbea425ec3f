//! The parameters of the management interface, Cloud Foundry's part of it too: those that its OpenAPI document names. Any other is
//! refused: otherwise what it asks for would be left out of the answer silently.

use super::params;
use crate::http::error_form::ErrorForm;
use crate::http::invalid::{invalid, invalid_whole};
use crate::http::json_objects::instead;
use crate::http::problem::Refusal;
use base::excerpt;
use std::collections::HashMap;
use std::sync::LazyLock;
use wire::openapi::QueryParameter;

/// The parameters, by the key of the route.
static DOCUMENTED: LazyLock<HashMap<String, Vec<QueryParameter>>> = LazyLock::new(|| {
    let all = wire::openapi::identity_queries().into_iter();
    all.map(|(method, path, parameters)| (key(&method, &path), parameters))
        .collect()
});

fn key(method: &str, path: &str) -> String {
    format!("{} {path}", method.to_uppercase())
}

/// The route whose parameters are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownQuery {
    verb: &'static str,
    path: &'static str,
}

impl KnownQuery {
    /// Of the management interface; other protocols say themselves what becomes of a parameter that is not known.
    pub(super) fn of(verb: &'static str, path: &'static str, form: ErrorForm) -> Option<Self> {
        is_documented(form).then_some(Self { verb, path })
    }

    /// Refuses the first parameter that is not known, or is given twice and is no list.
    pub(super) fn check(self, query: &str) -> Result<(), Refusal> {
        if query.is_empty() {
            return Ok(());
        }
        let query = params::query(query)?;
        let known = DOCUMENTED.get(&key(self.verb, self.path));
        let known = known.map(Vec::as_slice).unwrap_or_default();
        for (name, _) in query.iter() {
            let Some(parameter) = known.iter().find(|parameter| parameter.name == name) else {
                let other = excerpt::beginning(name);
                let names = known.iter().map(|parameter| parameter.name.as_str());
                let hint = instead(&other, names);
                let message = format!("the query has an unknown parameter `{other}`");
                let Refusal(problem) = invalid(other, message);
                return Err(Refusal(problem.hint(hint)));
            };
            if !parameter.is_list {
                query
                    .one(name)
                    .map_err(|error| invalid_whole(error.to_string()))?;
            }
        }
        Ok(())
    }
}

/// Whether routes of this form take the parameters alone that their document names.
fn is_documented(form: ErrorForm) -> bool {
    matches!(form, ErrorForm::Identity | ErrorForm::CloudFoundry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::table;
    use base::error::Problem;

    fn refused(verb: &'static str, path: &'static str, query: &str) -> Option<Problem> {
        let known = KnownQuery::of(verb, path, ErrorForm::Identity).unwrap();
        known.check(query).err().map(|Refusal(problem)| problem)
    }

    #[test]
    fn a_parameter_that_is_not_documented_is_refused() {
        let list = ("get", "/v1/serviceids");
        for query in ["", "name=a&pagesize=3", "include_history=false", "name"] {
            assert_eq!(refused(list.0, list.1, query), None, "{query}");
        }
        let slip = refused(list.0, list.1, "name=a&pageSize=3").unwrap();
        assert_eq!(slip.field.as_deref(), Some("pageSize"));
        assert_eq!(slip.hint.as_deref(), Some("did you mean `pagesize`?"));
        let more = refused("delete", "/v1/apikeys/{id}", "force=true").unwrap();
        assert_eq!(more.field.as_deref(), Some("force"));
        assert_eq!(more.hint.as_deref(), Some("leave it out: there are none"));
        // A list of values where one is read.
        assert!(refused(list.0, list.1, "name[]=a").is_some());
        assert!(refused(list.0, list.1, "name=a&name=a").is_some());
        let spaces = ("get", "/v2/spaces");
        let sent =
            "inline-relations-depth=1&include-relations=organization&order-direction=asc&page=1";
        assert_eq!(refused(spaces.0, spaces.1, sent), None);
        assert_eq!(refused(spaces.0, spaces.1, "q=name:a&q=name:b"), None);
        let filter = refused(spaces.0, spaces.1, "organization_guid=a").unwrap();
        assert_eq!(filter.field.as_deref(), Some("organization_guid"));
        assert!(KnownQuery::of("get", "/v1/metrics", ErrorForm::Monitoring).is_none());
    }

    #[test]
    fn every_route_of_the_interface_is_documented() {
        for route in table() {
            if is_documented(route.form) {
                let key = key(route.verb, route.path);
                assert!(DOCUMENTED.contains_key(&key), "{key}");
            }
        }
    }
}
