//! Every route: verb, path, guard, form of errors, and handler, whose last argument determines the largest body. `vigied
//! routes` prints this table.

use super::access_policy::{V1, V2};
use super::{
    access_group, access_policy, access_role, access_settings, account, account_settings, api_key,
    authorize, authz, cloud_foundry, collectd, deleted, discovery, graphite, group_member,
    group_rule, health, home, identity_limits, identity_report, influx, introspection, invitation,
    metrics, mfa, oauth_error, passcode, preference, profile_identity, profile_link, profile_rule,
    public_keys, resource_group, resource_instance, resource_key, revocation, service_id,
    service_id_group, session, settings, space_login, token, trusted_profile, uaa, user_profile,
    userinfo,
};
use crate::http::error_form::ErrorForm::{
    self, CloudFoundry, Graphite, Identity as Account, Influx1, Influx2, Monitoring, Token, Uaa,
};
use crate::request::destination::SpaceParameter;
use crate::request::routes::Guard::{
    Credential, Identity, Names, Public, Scope, Sender, WholeScope,
};
use crate::request::routes::{Route, delete, get, patch, post, put};
use base::id::{OrgId, SpaceId};
use base::scope::Action;

/// Path prefixes below which routes have several forms of errors, with the form for unknown paths there. The last ones are what
/// IBM's clients make of a base address that ends in a part that they add themselves: they read no other form.
pub(crate) const SHARED: &[(&str, ErrorForm)] = &[
    ("/metrics", Graphite),
    ("/v1", Monitoring),
    ("/v2", CloudFoundry),
    ("/v1/identity", Token),
    ("/v1/v1", Account),
    ("/v1/v2", Account),
    ("/v2/identity", Token),
    ("/v2/v1", Account),
    ("/v2/v2", Account),
];

/// Paths of Graphite's routes, with all that is below them: they are also there behind `/graphite/SCOPE`.
const GRAPHITE: &[&str] = &[
    "/render",
    "/metrics/find",
    "/metrics/expand",
    "/metrics/index.json",
    "/functions",
    "/tags",
    "/events",
    "/version",
];

/// Whether a route is one of Graphite's.
pub(crate) fn is_graphite(route: &Route) -> bool {
    GRAPHITE.iter().any(|beginning| {
        let rest = route.path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// All routes, in the order of `vigied routes`.
#[rustfmt::skip]
pub(crate) fn table() -> Vec<Route> {
    vec![
        // Home page and documents.
        get("/", Public, Monitoring, home::home),
        get("/openapi.json", Public, Monitoring, home::monitoring),
        get("/identity/openapi.json", Public, Token, home::identity),
        // Monitoring.
        get("/health/live", Public, Monitoring, health::live).answered_when_full(),
        get("/health/ready", Public, Monitoring, health::ready).answered_when_full(),
        get("/metrics", WholeScope(Action::Render), Monitoring, health::metrics),
        post("/v1/metrics", Scope(Action::Write), Monitoring, metrics::send),
        get("/v1/metrics", Scope(Action::Render), Monitoring, metrics::render),
        get("/v1/metrics/list", Scope(Action::Find), Monitoring, metrics::list),
        delete("/v1/metrics/list", Scope(Action::Delete), Monitoring, metrics::delete),
        get("/v1/metrics/senders", WholeScope(Action::Render), Monitoring, metrics::senders),
        get("/v1/metrics/rejects", WholeScope(Action::Render), Monitoring, metrics::rejects),
        get("/v1/settings/domain", Scope(Action::Render), Monitoring, settings::show),
        put("/v1/settings/domain", WholeScope(Action::Configure), Monitoring, settings::change),
        // collectd's `write_http`.
        post("/collectd", Sender(SpaceParameter::Nothing), Monitoring, collectd::write),
        // Logins for senders of the original, whose protocol is not HTTP.
        post("/login", Credential, Monitoring, space_login::log_in),
        get("/token", Credential, Monitoring, space_login::token),
        // InfluxDB's senders.
        post("/write", Sender(SpaceParameter::Db), Influx1, influx::write),
        post("/api/v2/write", Sender(SpaceParameter::Bucket), Influx2, influx::write_v2),
        get("/query", Sender(SpaceParameter::Nothing), Influx1, influx::query),
        post("/query", Sender(SpaceParameter::Nothing), Influx1, influx::query_post),
        get("/ping", Public, Influx1, influx::ping),
        get("/api/v2/ping", Public, Influx2, influx::ping),
        get("/health", Public, Monitoring, influx::health),
        get("/ready", Public, Influx2, influx::ready),
        // Graphite.
        get("/render", Scope(Action::Render), Graphite, graphite::render),
        post("/render", Scope(Action::Render), Graphite, graphite::render_post),
        get("/metrics/find", Names, Graphite, graphite::find),
        post("/metrics/find", Names, Graphite, graphite::find_post),
        get("/metrics/expand", Names, Graphite, graphite::expand),
        post("/metrics/expand", Names, Graphite, graphite::expand_post),
        get("/metrics/index.json", Names, Graphite, graphite::index),
        post("/metrics/index.json", Names, Graphite, graphite::index_post),
        get("/functions", Scope(Action::Render), Graphite, graphite::functions),
        get("/functions/{name}", Scope(Action::Render), Graphite, graphite::function),
        get("/tags", Names, Graphite, graphite::tags),
        post("/tags", Names, Graphite, graphite::tags_post),
        get("/tags/findSeries", Names, Graphite, graphite::find_series),
        post("/tags/findSeries", Names, Graphite, graphite::find_series_post),
        get("/tags/autoComplete/tags", Names, Graphite, graphite::complete_tags),
        post("/tags/autoComplete/tags", Names, Graphite, graphite::complete_tags_post),
        get("/tags/autoComplete/values", Names, Graphite, graphite::complete_values),
        post("/tags/autoComplete/values", Names, Graphite, graphite::complete_values_post),
        get("/tags/{tag}", Names, Graphite, graphite::tag),
        post("/tags/tagSeries", Scope(Action::Write), Graphite, graphite::tag_series),
        post("/tags/tagMultiSeries", Scope(Action::Write), Graphite, graphite::tag_multi_series),
        post("/tags/delSeries", Scope(Action::Delete), Graphite, metrics::delete_series),
        get("/events", Names, Graphite, graphite::event_data),
        get("/events/", Names, Graphite, graphite::event_data),
        post("/events", WholeScope(Action::Write), Graphite, graphite::post_event),
        post("/events/", WholeScope(Action::Write), Graphite, graphite::post_event),
        delete("/events", WholeScope(Action::Delete), Graphite, graphite::delete_events),
        delete("/events/", WholeScope(Action::Delete), Graphite, graphite::delete_events),
        get("/events/get_data", Names, Graphite, graphite::event_data),
        post("/events/get_data", Names, Graphite, graphite::event_data_post),
        get("/events/{id}", Names, Graphite, graphite::event),
        get("/events/{id}/", Names, Graphite, graphite::event),
        get("/version", Scope(Action::Render), Graphite, graphite::version),
        post("/version", Scope(Action::Render), Graphite, graphite::version_post),
        // The token service.
        post("/identity/token", Credential, Token, token::token).completed_by(oauth_error::complete),
        post("/oidc/token", Credential, Token, token::token).completed_by(oauth_error::complete),
        get("/identity/keys", Public, Token, public_keys::keys),
        get("/oidc/keys", Public, Token, public_keys::keys),
        get("/identity/.well-known/openid-configuration", Public, Token, discovery::discovery),
        get("/.well-known/openid-configuration", Public, Token, discovery::discovery),
        get("/.well-known/oauth-authorization-server", Public, Token, discovery::discovery),
        get("/.well-known/oauth-authorization-server/identity", Public, Token, discovery::discovery),
        get("/identity/authorize", Public, Token, authorize::authorize),
        post("/identity/introspect", Credential, Token, introspection::introspect),
        post("/identity/revoke", Credential, Token, revocation::revoke).completed_by(oauth_error::complete),
        get("/identity/userinfo", Identity, Token, userinfo::userinfo),
        post("/identity/userinfo", Identity, Token, userinfo::userinfo_post),
        get("/identity/passcode", Public, Token, passcode::page),
        post("/identity/passcode", Credential, Token, passcode::issue),
        // API keys.
        get("/v1/apikeys", Identity, Account, api_key::list),
        post("/v1/apikeys", Identity, Account, api_key::create),
        get("/v1/apikeys/details", Identity, Account, api_key::details),
        get("/v1/apikeys/{id}", Identity, Account, api_key::show),
        put("/v1/apikeys/{id}", Identity, Account, api_key::update),
        delete("/v1/apikeys/{id}", Identity, Account, api_key::delete),
        post("/v1/apikeys/{id}/lock", Identity, Account, api_key::lock),
        delete("/v1/apikeys/{id}/lock", Identity, Account, api_key::unlock),
        post("/v1/apikeys/{id}/disable", Identity, Account, api_key::disable),
        delete("/v1/apikeys/{id}/disable", Identity, Account, api_key::enable),
        // Service IDs.
        get("/v1/serviceids", Identity, Account, service_id::list),
        post("/v1/serviceids", Identity, Account, service_id::create),
        get("/v1/serviceids/{id}", Identity, Account, service_id::show),
        put("/v1/serviceids/{id}", Identity, Account, service_id::update),
        delete("/v1/serviceids/{id}", Identity, Account, service_id::delete),
        post("/v1/serviceids/{id}/lock", Identity, Account, service_id::lock),
        delete("/v1/serviceids/{id}/lock", Identity, Account, service_id::unlock),
        get("/v1/serviceid_groups", Identity, Account, service_id_group::list),
        post("/v1/serviceid_groups", Identity, Account, service_id_group::create),
        get("/v1/serviceid_groups/{id}", Identity, Account, service_id_group::show),
        put("/v1/serviceid_groups/{id}", Identity, Account, service_id_group::update),
        delete("/v1/serviceid_groups/{id}", Identity, Account, service_id_group::delete),
        // Trusted profiles, and who may take them on.
        get("/v1/profiles", Identity, Account, trusted_profile::list),
        post("/v1/profiles", Identity, Account, trusted_profile::create),
        get("/v1/profiles/{id}", Identity, Account, trusted_profile::show),
        put("/v1/profiles/{id}", Identity, Account, trusted_profile::update),
        delete("/v1/profiles/{id}", Identity, Account, trusted_profile::delete),
        get("/v1/profiles/{id}/rules", Identity, Account, profile_rule::list),
        post("/v1/profiles/{id}/rules", Identity, Account, profile_rule::create),
        get("/v1/profiles/{id}/rules/{rule}", Identity, Account, profile_rule::show),
        put("/v1/profiles/{id}/rules/{rule}", Identity, Account, profile_rule::replace),
        delete("/v1/profiles/{id}/rules/{rule}", Identity, Account, profile_rule::delete),
        get("/v1/profiles/{id}/links", Identity, Account, profile_link::list),
        post("/v1/profiles/{id}/links", Identity, Account, profile_link::create),
        delete("/v1/profiles/{id}/links", Identity, Account, profile_link::delete_named),
        get("/v1/profiles/{id}/links/{link}", Identity, Account, profile_link::show),
        delete("/v1/profiles/{id}/links/{link}", Identity, Account, profile_link::delete),
        get("/v1/profiles/{id}/identities", Identity, Account, profile_identity::list),
        put("/v1/profiles/{id}/identities", Identity, Account, profile_identity::set),
        post("/v1/profiles/{id}/identities/{kind}", Identity, Account, profile_identity::add),
        get("/v1/profiles/{id}/identities/{kind}/{identifier}", Identity, Account, profile_identity::show),
        delete("/v1/profiles/{id}/identities/{kind}/{identifier}", Identity, Account, profile_identity::remove),
        // Settings of accounts.
        get("/v1/accounts/{account}/settings/identity", Identity, Account, account_settings::show),
        put("/v1/accounts/{account}/settings/identity", Identity, Account, account_settings::change),
        get("/v1/accounts/{account}/effective_settings/identity", Identity, Account, account_settings::effective),
        get("/v1/mfa/accounts/{account}/status", Identity, Account, mfa::status),
        post("/v1/mfa/accounts/{account}/report", Identity, Account, mfa::make_report),
        get("/v1/mfa/accounts/{account}/report/{reference}", Identity, Account, mfa::report),
        post("/v1/activity/accounts/{account}/report", Identity, Account, identity_report::make),
        get("/v1/activity/accounts/{account}/report/{reference}", Identity, Account, identity_report::show),
        get("/v1/accounts/{account}/limits/identity", Identity, Account, identity_limits::show),
        post("/v1/accounts/{account}/limits/identity", Identity, Account, identity_limits::show_several),
        // What clients keep for users and service IDs.
        get("/v1/preferences/accounts/{account}/identities/{iam_id}", Identity, Account, preference::list),
        get("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, preference::show),
        put("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, preference::set),
        delete("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, preference::delete),
        // Login sessions.
        get("/v1/sessions", Identity, Account, session::list),
        delete("/v1/sessions", Identity, Account, session::end_all),
        delete("/v1/sessions/{id}", Identity, Account, session::end),
        patch("/v1/sessions/{id}/state", Credential, Account, session::keep_alive),
        // Access groups, their members and rules.
        get("/v2/groups", Identity, Account, access_group::list),
        post("/v2/groups", Identity, Account, access_group::create),
        get("/v2/groups/settings", Identity, Account, access_group::settings),
        patch("/v2/groups/settings", Identity, Account, access_group::change_settings),
        get("/v2/groups/{id}", Identity, Account, access_group::show),
        patch("/v2/groups/{id}", Identity, Account, access_group::update),
        delete("/v2/groups/{id}", Identity, Account, access_group::delete),
        put("/v2/groups/_allgroups/members/{iam_id}", Identity, Account, group_member::add_to_groups),
        delete("/v2/groups/_allgroups/members/{iam_id}", Identity, Account, group_member::remove_from_all),
        get("/v2/groups/{id}/members", Identity, Account, group_member::list),
        put("/v2/groups/{id}/members", Identity, Account, group_member::add),
        post("/v2/groups/{id}/members/delete", Identity, Account, group_member::remove_several),
        get("/v2/groups/{id}/members/{iam_id}", Identity, Account, group_member::check),
        delete("/v2/groups/{id}/members/{iam_id}", Identity, Account, group_member::remove),
        get("/v2/groups/{id}/rules", Identity, Account, group_rule::list),
        post("/v2/groups/{id}/rules", Identity, Account, group_rule::create),
        get("/v2/groups/{id}/rules/{rule}", Identity, Account, group_rule::show),
        put("/v2/groups/{id}/rules/{rule}", Identity, Account, group_rule::replace),
        delete("/v2/groups/{id}/rules/{rule}", Identity, Account, group_rule::delete),
        // Access policies, and the roles that they give.
        get("/v1/policies", Identity, Account, access_policy::list::<V1>),
        post("/v1/policies", Identity, Account, access_policy::create::<V1>),
        get("/v1/policies/{id}", Identity, Account, access_policy::show::<V1>),
        put("/v1/policies/{id}", Identity, Account, access_policy::replace::<V1>),
        patch("/v1/policies/{id}", Identity, Account, access_policy::switch),
        delete("/v1/policies/{id}", Identity, Account, access_policy::delete),
        get("/v2/policies", Identity, Account, access_policy::list::<V2>),
        post("/v2/policies", Identity, Account, access_policy::create::<V2>),
        get("/v2/policies/{id}", Identity, Account, access_policy::show::<V2>),
        put("/v2/policies/{id}", Identity, Account, access_policy::replace::<V2>),
        delete("/v2/policies/{id}", Identity, Account, access_policy::delete),
        get("/v2/roles", Identity, Account, access_role::list),
        post("/v2/roles", Identity, Account, access_role::create),
        get("/v2/roles/{id}", Identity, Account, access_role::show),
        put("/v2/roles/{id}", Identity, Account, access_role::replace),
        delete("/v2/roles/{id}", Identity, Account, access_role::delete),
        post("/v2/authz", Identity, Account, authz::decide),
        get("/v1/accounts/{account}/settings/access_management", Identity, Account, access_settings::show),
        patch("/v1/accounts/{account}/settings/access_management", Identity, Account, access_settings::change),
        // Resource groups, the instances in them, and their keys.
        get("/v2/resource_groups", Identity, Account, resource_group::list),
        post("/v2/resource_groups", Identity, Account, resource_group::create),
        get("/v2/resource_groups/{id}", Identity, Account, resource_group::show),
        patch("/v2/resource_groups/{id}", Identity, Account, resource_group::update),
        delete("/v2/resource_groups/{id}", Identity, Account, resource_group::delete),
        get("/v2/quota_definitions", Identity, Account, resource_group::quotas),
        get("/v2/quota_definitions/{id}", Identity, Account, resource_group::show_quota),
        get("/v2/resource_instances", Identity, Account, resource_instance::list),
        post("/v2/resource_instances", Identity, Account, resource_instance::create),
        get("/v2/resource_instances/{id}", Identity, Account, resource_instance::show),
        patch("/v2/resource_instances/{id}", Identity, Account, resource_instance::update),
        delete("/v2/resource_instances/{id}", Identity, Account, resource_instance::delete),
        post("/v2/resource_instances/{id}/lock", Identity, Account, resource_instance::lock),
        delete("/v2/resource_instances/{id}/lock", Identity, Account, resource_instance::unlock),
        get("/v2/resource_instances/{id}/resource_keys", Identity, Account, resource_key::of_instance),
        get("/v2/resource_keys", Identity, Account, resource_key::list),
        post("/v2/resource_keys", Identity, Account, resource_key::create),
        get("/v2/resource_keys/{id}", Identity, Account, resource_key::show),
        patch("/v2/resource_keys/{id}", Identity, Account, resource_key::update),
        delete("/v2/resource_keys/{id}", Identity, Account, resource_key::delete),
        // Accounts and their people.
        get("/coe/v2/accounts", Identity, Account, account::accounts),
        get("/coe/v2/accounts/{id}", Identity, Account, account::account),
        get("/v4/accounts/{id}", Identity, Account, account::managed),
        get("/v2/accounts/{account}/users", Identity, Account, account::users),
        get("/v2/accounts/{account}/users/{iam_id}", Identity, Account, user_profile::show),
        patch("/v2/accounts/{account}/users/{iam_id}", Identity, Account, user_profile::update),
        delete("/v2/accounts/{account}/users/{iam_id}", Identity, Account, account::remove),
        delete("/v3/accounts/{account}/users/{iam_id}", Identity, Account, account::remove_v3),
        get("/v2/accounts/{account}/users/{iam_id}/settings", Identity, Account, user_profile::settings),
        patch("/v2/accounts/{account}/users/{iam_id}/settings", Identity, Account, user_profile::change_settings),
        put("/v2/accounts/{account}/roles/{role}", Identity, Account, account::set_role),
        delete("/v2/accounts/{account}/roles/{role}", Identity, Account, account::unset_role),
        put("/v2/users/self/password", Identity, Account, account::password),
        post("/v2/accounts/{account}/users", Identity, Account, invitation::invite),
        get("/v2/users/self/invitations", Identity, Account, invitation::waiting),
        post("/v2/users/self/invitations/{id}/accept", Identity, Account, invitation::accept),
        post("/v2/users/self/invitations/{id}/decline", Identity, Account, invitation::decline),
        post("/v2/users/accept", Identity, Account, invitation::accept_account),
        post("/v2/users/redeem", Credential, Account, invitation::redeem),
        // The UAA.
        post("/oauth/token", Credential, Uaa, uaa::token),
        post("/oauth/token/disconnect", Identity, Uaa, uaa::disconnect),
        // Cloud Foundry.
        get("/v2/info", Public, CloudFoundry, cloud_foundry::info),
        get("/v2/regions", Public, CloudFoundry, cloud_foundry::regions),
        get("/v2/organizations", Identity, CloudFoundry, cloud_foundry::orgs),
        post("/v2/organizations", Identity, CloudFoundry, cloud_foundry::create_org),
        get("/v2/organizations/{guid}", Identity, CloudFoundry, cloud_foundry::org),
        put("/v2/organizations/{guid}", Identity, CloudFoundry, cloud_foundry::rename_org),
        delete("/v2/organizations/{guid}", Identity, CloudFoundry, cloud_foundry::delete_org),
        get("/v2/organizations/{guid}/spaces", Identity, CloudFoundry, cloud_foundry::org_spaces),
        get("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::holders::<OrgId>),
        put("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::set_role::<OrgId>),
        delete("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::unset_role::<OrgId>),
        get("/v2/spaces", Identity, CloudFoundry, cloud_foundry::spaces),
        post("/v2/spaces", Identity, CloudFoundry, cloud_foundry::create_space),
        get("/v2/spaces/{guid}", Identity, CloudFoundry, cloud_foundry::space),
        put("/v2/spaces/{guid}", Identity, CloudFoundry, cloud_foundry::rename_space),
        delete("/v2/spaces/{guid}", Identity, CloudFoundry, cloud_foundry::delete_space),
        get("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::holders::<SpaceId>),
        put("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::set_role::<SpaceId>),
        delete("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, cloud_foundry::unset_role::<SpaceId>),
        get("/v2/deleted", Identity, CloudFoundry, deleted::list),
        post("/v2/spaces/{guid}/restore", Identity, CloudFoundry, deleted::restore_space),
        post("/v2/organizations/{guid}/restore", Identity, CloudFoundry, deleted::restore_org),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new route of metrics is Graphite's, or of our own interface: nothing is left out of `/graphite/SCOPE` by oversight.
    #[test]
    fn routes_of_metrics_are_graphites_or_our_own() {
        for route in table() {
            let is_of_metrics = matches!(route.guard, Scope(_) | WholeScope(_) | Names);
            let is_our_own = route.path.starts_with("/v1/") || route.path == "/metrics";
            let path = route.path;
            assert_eq!(is_graphite(&route), is_of_metrics && !is_our_own, "{path}");
        }
    }
}
