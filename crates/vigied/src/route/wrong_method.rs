//! The refusal of a method that a path does not answer to: it names those that it does, and the path below that has this one.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::routes::{self, Route};
use axum::extract::{MatchedPath, Request};
use http::Method;
use std::collections::BTreeMap;
use wire::code;

/// The methods of all routes, by path.
#[derive(Debug)]
pub(super) struct MethodsByPath(BTreeMap<&'static str, Vec<&'static str>>);

impl MethodsByPath {
    pub(super) fn of(table: &[Route]) -> Self {
        let mut methods = BTreeMap::<&'static str, Vec<&'static str>>::new();
        for route in table {
            methods.entry(route.path).or_default().push(route.verb);
        }
        Self(methods)
    }

    /// The answer to a request of another method.
    pub(super) fn refuse(&self, app: &App, request: &Request) -> Refusal {
        let matched = request.extensions().get::<MatchedPath>();
        let matched = matched.map(MatchedPath::as_str);
        let form = app.error_form_by_path.of(matched, request.uri().path());
        let path = matched.unwrap_or_default();
        let problem = code::METHOD_UNKNOWN.problem(self.message(path, request.method()));
        let listed = routes::listed_in(form);
        let hint = match self.below(path, request.method()) {
            Some(below) => format!("`{} {below}` is a route; {listed}", request.method()),
            None => listed,
        };
        Refusal(problem.hint(hint))
    }

    fn message(&self, path: &str, asked: &Method) -> String {
        let methods = self.0.get(path).map(|methods| methods.join(", "));
        // A method may be any word: it is told only where it is one that some route has.
        let asked = match self.0.values().flatten().any(|verb| asked == *verb) {
            true => format!("`{asked}`"),
            false => "this method".to_owned(),
        };
        match methods {
            Some(methods) => format!("the route does not answer to {asked}, but to {methods}"),
            None => format!("the route does not answer to {asked}"),
        }
    }

    /// The only path right below that answers to the method and needs no more than its name.
    fn below(&self, path: &str, asked: &Method) -> Option<&'static str> {
        let is_below = |other: &&str| {
            let rest = other
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix('/'));
            rest.is_some_and(|rest| !rest.contains(['/', '{']))
        };
        let mut found = self
            .0
            .iter()
            .filter(|(other, verbs)| is_below(other) && verbs.iter().any(|verb| asked == *verb));
        let (only, _) = found.next()?;
        found.next().is_none().then_some(*only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::table;

    #[test]
    fn a_wrong_method_is_told_the_right_ones_and_the_path_that_has_it() {
        let methods = MethodsByPath::of(&table());
        let told = |path, method: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            (methods.message(path, &method), methods.below(path, &method))
        };
        let (message, below) = told("/v1/metrics", "DELETE");
        assert_eq!(
            message,
            "the route does not answer to `DELETE`, but to POST, GET"
        );
        assert_eq!(below, Some("/v1/metrics/list"));
        let (message, below) = told("/v1/metrics/list", "SECRET-WORD");
        assert_eq!(
            message,
            "the route does not answer to this method, but to GET, DELETE"
        );
        assert_eq!(below, None);
    }
}
