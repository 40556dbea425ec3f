//! Finds the form of an error by the path of the request, also where no route is.

use super::error_form::ErrorForm;
use std::collections::BTreeMap;

/// The forms of all routes, and of paths that are none.
#[derive(Debug)]
pub(crate) struct ErrorFormByPath {
    routes: BTreeMap<&'static str, ErrorForm>,
    /// By the first elements of paths; what the routes below disagree about is not there.
    beginnings: BTreeMap<&'static str, ErrorForm>,
}

impl ErrorFormByPath {
    /// `shared` are path prefixes below which routes have different forms, with the form for unknown paths there.
    pub(crate) fn new(
        routes: BTreeMap<&'static str, ErrorForm>,
        shared: &[(&'static str, ErrorForm)],
    ) -> Self {
        let mut seen = BTreeMap::new();
        for (path, route_form) in &routes {
            for beginning in beginnings_of(path) {
                let form = seen.entry(beginning).or_insert(Some(*route_form));
                if *form != Some(*route_form) {
                    *form = None;
                }
            }
        }
        let agreed = seen
            .into_iter()
            .filter_map(|(beginning, form)| Some((beginning, form?)));
        Self {
            beginnings: agreed.chain(shared.iter().copied()).collect(),
            routes,
        }
    }

    /// The form for a request: that of the route it fits; else that of the routes nearest to its path, so that a client who
    /// mistypes one is answered in the protocol that it speaks.
    pub(crate) fn of(&self, matched: Option<&str>, path: &str) -> ErrorForm {
        if let Some(form) = matched.and_then(|route| self.routes.get(route)) {
            return *form;
        }
        let nearest = beginnings_of(path).filter_map(|beginning| self.beginnings.get(beginning));
        nearest.last().copied().unwrap_or(ErrorForm::Monitoring)
    }
}

/// `/a`, `/a/b`, `/a/b/c`.
pub(crate) fn beginnings_of(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
    ends.chain([path.len()]).filter_map(|end| path.get(..end))
}
