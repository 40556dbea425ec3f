//! The form of errors for each path.

use super::table::{SHARED, table};
use crate::http::error_form::ErrorForm;
use crate::http::error_form_by_path::ErrorFormByPath;

/// Where the original's identity, policies, access groups, resources and accounts have routes of which this server has none: its
/// clients read errors in its form alone.
const UNSERVED: &[&str] = &[
    "/acms",
    "/apikeys",
    "/serviceids",
    "/v1/account-groups",
    "/v1/account_settings_assignments",
    "/v1/account_settings_templates",
    "/v1/action_control_assignments",
    "/v1/action_control_templates",
    "/v1/enterprises",
    "/v1/group_assignments",
    "/v1/group_templates",
    "/v1/idps",
    "/v1/policy_assignments",
    "/v1/policy_templates",
    "/v1/profile_assignments",
    "/v1/profile_templates",
    "/v1/reclamations",
    "/v1/role_assignments",
    "/v1/role_templates",
    "/v2/loginsettings",
    "/v2/resource_aliases",
    "/v2/resource_bindings",
];

/// For the paths of all routes, and for paths below them that are no routes.
pub(crate) fn error_form_by_path() -> ErrorFormByPath {
    let routes = table()
        .iter()
        .map(|route| (route.path, route.form))
        .collect();
    let unserved = UNSERVED.iter().map(|path| (*path, ErrorForm::Identity));
    let shared: Vec<(&'static str, ErrorForm)> = SHARED.iter().copied().chain(unserved).collect();
    ErrorFormByPath::new(routes, &shared)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::error_form_by_path::beginnings_of;
    use crate::request::routes::Route;

    #[test]
    fn a_path_that_is_no_route_is_answered_as_its_neighbours_are() {
        let forms = error_form_by_path();
        for (path, form) in [
            ("/identity/tokens", ErrorForm::Token),
            ("/oidc", ErrorForm::Token),
            ("/oauth/tokens", ErrorForm::Uaa),
            ("/v1/apikey", ErrorForm::Monitoring),
            ("/v1/apikeys/ApiKey-1/unlock", ErrorForm::Identity),
            ("/v1/metric", ErrorForm::Monitoring),
            ("/v2/organisations", ErrorForm::CloudFoundry),
            ("/v2/accounts/1/groups", ErrorForm::Identity),
            ("/coe/v3", ErrorForm::Identity),
            ("/v1/policies/1/2", ErrorForm::Identity),
            ("/v1/policy_templates/1", ErrorForm::Identity),
            ("/v1/profiles/1/2/3", ErrorForm::Identity),
            ("/v1/profile_templates", ErrorForm::Identity),
            ("/v1/activity/1", ErrorForm::Identity),
            ("/v2/groups/1/2", ErrorForm::Identity),
            ("/v2/resource_groups/1/2", ErrorForm::Identity),
            ("/v2/resource_bindings", ErrorForm::Identity),
            ("/v4/accounts/1/users", ErrorForm::Identity),
            ("/v1/v1/serviceids", ErrorForm::Identity),
            ("/v2/v2/policies", ErrorForm::Identity),
            ("/v1/identity/token", ErrorForm::Token),
            ("/render", ErrorForm::Graphite),
            ("/metrics/fnd", ErrorForm::Graphite),
            ("/tags/autoComplete/tag", ErrorForm::Graphite),
            ("//v2", ErrorForm::Monitoring),
            ("*", ErrorForm::Monitoring),
        ] {
            assert_eq!(forms.of(None, path), form, "{path}");
        }
    }

    #[test]
    fn what_is_said_to_be_unserved_is_unserved() {
        let table = table();
        for unserved in UNSERVED {
            let mut served = table.iter().flat_map(|route| beginnings_of(route.path));
            assert!(!served.any(|path| path == *unserved), "{unserved}");
        }
    }

    /// A new route of another form below a path must also declare the form of errors for unknown paths there.
    #[test]
    fn where_forms_are_mixed_one_is_named() {
        let table = table();
        for route in &table {
            for beginning in beginnings_of(route.path) {
                let below = |other: &&Route| beginnings_of(other.path).any(|it| it == beginning);
                let agreed = (table.iter().filter(below)).all(|other| other.form == route.form);
                let named = SHARED.iter().any(|(path, _)| *path == beginning);
                assert!(agreed != named, "{beginning}");
            }
        }
    }
}
