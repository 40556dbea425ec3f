//! Which error body an answer has, by its path.

use super::form::Form;
use super::routes::Route;
use std::collections::BTreeMap;

/// The forms of all routes, and of paths that are none.
#[derive(Debug)]
pub(crate) struct Forms {
    routes: BTreeMap<&'static str, Form>,
    /// By the first elements of paths; what the routes below disagree about is not there.
    beginnings: BTreeMap<&'static str, Form>,
}

impl Forms {
    /// `shared` are the beginnings of paths below which routes of several forms lie, with the form of whatever is no route there.
    pub(crate) fn new(table: &[Route], shared: &[(&'static str, Form)]) -> Self {
        let mut seen = BTreeMap::new();
        for route in table {
            for beginning in beginnings_of(route.path) {
                let form = seen.entry(beginning).or_insert(Some(route.form));
                if *form != Some(route.form) {
                    *form = None;
                }
            }
        }
        let agreed = seen
            .into_iter()
            .filter_map(|(beginning, form)| Some((beginning, form?)));
        Self {
            routes: table.iter().map(|own| (own.path, own.form)).collect(),
            beginnings: agreed.chain(shared.iter().copied()).collect(),
        }
    }

    /// The form for a request: that of the route it fits; else that of the routes nearest to its path, so that a client who
    /// mistypes one is answered in the protocol that it speaks.
    pub(crate) fn of(&self, matched: Option<&str>, path: &str) -> Form {
        if let Some(form) = matched.and_then(|route| self.routes.get(route)) {
            return *form;
        }
        let nearest = beginnings_of(path).filter_map(|own| self.beginnings.get(own));
        nearest.last().copied().unwrap_or(Form::Monitoring)
    }
}

/// `/a`, `/a/b`, `/a/b/c`.
fn beginnings_of(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::{SHARED, table};

    #[test]
    fn a_path_that_is_no_route_is_answered_as_its_neighbours_are() {
        let forms = Forms::new(&table(), SHARED);
        for (path, form) in [
            ("/identity/tokens", Form::Token),
            ("/oidc", Form::Token),
            ("/oauth/tokens", Form::Uaa),
            ("/v1/apikey", Form::Monitoring),
            ("/v1/apikeys/ApiKey-1/unlock", Form::Identity),
            ("/v1/metric", Form::Monitoring),
            ("/v2/organisations", Form::CloudFoundry),
            ("/v2/accounts/1/groups", Form::Identity),
            ("/coe/v3", Form::Identity),
            ("/render", Form::Monitoring),
            ("//v2", Form::Monitoring),
            ("*", Form::Monitoring),
        ] {
            assert_eq!(forms.of(None, path), form, "{path}");
        }
    }

    /// Whoever adds a route of another form below a path says what a slip there is answered with.
    #[test]
    fn where_forms_are_mixed_one_is_named() {
        let table = table();
        for route in &table {
            for beginning in beginnings_of(route.path) {
                let below = |own: &&Route| beginnings_of(own.path).any(|it| it == beginning);
                let agreed = (table.iter().filter(below)).all(|own| own.form == route.form);
                let named = SHARED.iter().any(|(own, _)| *own == beginning);
                assert!(agreed != named, "{beginning}");
            }
        }
    }
}
