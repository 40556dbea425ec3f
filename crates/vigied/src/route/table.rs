//! Every route: verb, path, guard, form of errors, the bound of its work, and handler, whose last argument determines the largest
//! body. `vigied routes` prints this table.

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
use crate::request::work::Work::{
    Change, Ending, InTurn, LateChange, LateEnding, One, Query, UpTo,
};
use base::id::{OrgId, SpaceId};
use base::limit::{
    IDENTITIES_PER_PROFILE, LINKS_PER_PROFILE, PREFERENCES_PER_IDENTITY, REJECTS_LISTED_PER_DOMAIN,
    RESOURCE_KEYS_PER_INSTANCE, RULES_PER_GROUP, RULES_PER_PROFILE, SENDERS_LISTED_PER_DOMAIN,
    SERVICE_ID_GROUPS_PER_ACCOUNT,
};
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
        get("/", Public, Monitoring, One, home::home),
        get("/openapi.json", Public, Monitoring, One, home::monitoring),
        get("/identity/openapi.json", Public, Token, One, home::identity),
        // Monitoring.
        get("/health/live", Public, Monitoring, One, health::live).answered_when_full(),
        get("/health/ready", Public, Monitoring, One, health::ready).answered_when_full(),
        get("/metrics", WholeScope(Action::Render), Monitoring, InTurn, health::metrics),
        post("/v1/metrics", Scope(Action::Write), Monitoring, One, metrics::send),
        get("/v1/metrics", Scope(Action::Render), Monitoring, Query, metrics::render),
        get("/v1/metrics/list", Scope(Action::Find), Monitoring, Query, metrics::list),
        delete("/v1/metrics/list", Scope(Action::Delete), Monitoring, Query, metrics::delete),
        get("/v1/metrics/senders", WholeScope(Action::Render), Monitoring, UpTo(&SENDERS_LISTED_PER_DOMAIN), metrics::senders),
        get("/v1/metrics/rejects", WholeScope(Action::Render), Monitoring, UpTo(&REJECTS_LISTED_PER_DOMAIN), metrics::rejects),
        get("/v1/settings/domain", Scope(Action::Render), Monitoring, One, settings::show).synced_first(),
        put("/v1/settings/domain", WholeScope(Action::Configure), Monitoring, LateChange, settings::change),
        // collectd's `write_http`.
        post("/collectd", Sender(SpaceParameter::Nothing), Monitoring, One, collectd::write),
        // Logins for senders of the original, whose protocol is not HTTP.
        post("/login", Credential, Monitoring, One, space_login::log_in),
        get("/token", Credential, Monitoring, One, space_login::token),
        // InfluxDB's senders.
        post("/write", Sender(SpaceParameter::Db), Influx1, One, influx::write),
        post("/api/v2/write", Sender(SpaceParameter::Bucket), Influx2, One, influx::write_v2),
        get("/query", Sender(SpaceParameter::Nothing), Influx1, One, influx::query),
        post("/query", Sender(SpaceParameter::Nothing), Influx1, One, influx::query_post),
        get("/ping", Public, Influx1, One, influx::ping),
        get("/api/v2/ping", Public, Influx2, One, influx::ping),
        get("/health", Public, Monitoring, One, influx::health),
        get("/ready", Public, Influx2, One, influx::ready),
        // Graphite.
        get("/render", Scope(Action::Render), Graphite, Query, graphite::render),
        post("/render", Scope(Action::Render), Graphite, Query, graphite::render_post),
        get("/metrics/find", Names, Graphite, Query, graphite::find),
        post("/metrics/find", Names, Graphite, Query, graphite::find_post),
        get("/metrics/expand", Names, Graphite, Query, graphite::expand),
        post("/metrics/expand", Names, Graphite, Query, graphite::expand_post),
        get("/metrics/index.json", Names, Graphite, Query, graphite::index),
        post("/metrics/index.json", Names, Graphite, Query, graphite::index_post),
        get("/functions", Scope(Action::Render), Graphite, Query, graphite::functions),
        get("/functions/{name}", Scope(Action::Render), Graphite, Query, graphite::function),
        get("/tags", Names, Graphite, Query, graphite::tags),
        post("/tags", Names, Graphite, Query, graphite::tags_post),
        get("/tags/findSeries", Names, Graphite, Query, graphite::find_series),
        post("/tags/findSeries", Names, Graphite, Query, graphite::find_series_post),
        get("/tags/autoComplete/tags", Names, Graphite, Query, graphite::complete_tags),
        post("/tags/autoComplete/tags", Names, Graphite, Query, graphite::complete_tags_post),
        get("/tags/autoComplete/values", Names, Graphite, Query, graphite::complete_values),
        post("/tags/autoComplete/values", Names, Graphite, Query, graphite::complete_values_post),
        get("/tags/{tag}", Names, Graphite, Query, graphite::tag),
        post("/tags/tagSeries", Scope(Action::Write), Graphite, One, graphite::tag_series),
        post("/tags/tagMultiSeries", Scope(Action::Write), Graphite, One, graphite::tag_multi_series),
        post("/tags/delSeries", Scope(Action::Delete), Graphite, Query, metrics::delete_series),
        get("/events", Names, Graphite, Query, graphite::event_data),
        get("/events/", Names, Graphite, Query, graphite::event_data),
        post("/events", WholeScope(Action::Write), Graphite, Change, graphite::post_event),
        post("/events/", WholeScope(Action::Write), Graphite, Change, graphite::post_event),
        delete("/events", WholeScope(Action::Delete), Graphite, Change, graphite::delete_events),
        delete("/events/", WholeScope(Action::Delete), Graphite, Change, graphite::delete_events),
        get("/events/get_data", Names, Graphite, Query, graphite::event_data),
        post("/events/get_data", Names, Graphite, Query, graphite::event_data_post),
        get("/events/{id}", Names, Graphite, Query, graphite::event),
        get("/events/{id}/", Names, Graphite, Query, graphite::event),
        get("/version", Scope(Action::Render), Graphite, One, graphite::version),
        post("/version", Scope(Action::Render), Graphite, One, graphite::version_post),
        // The token service.
        post("/identity/token", Credential, Token, One, token::token).completed_by(oauth_error::complete),
        post("/oidc/token", Credential, Token, One, token::token).completed_by(oauth_error::complete),
        get("/identity/keys", Public, Token, One, public_keys::keys),
        get("/oidc/keys", Public, Token, One, public_keys::keys),
        get("/identity/.well-known/openid-configuration", Public, Token, One, discovery::discovery),
        get("/.well-known/openid-configuration", Public, Token, One, discovery::discovery),
        get("/.well-known/oauth-authorization-server", Public, Token, One, discovery::discovery),
        get("/.well-known/oauth-authorization-server/identity", Public, Token, One, discovery::discovery),
        get("/identity/authorize", Public, Token, One, authorize::authorize),
        post("/identity/introspect", Credential, Token, One, introspection::introspect),
        post("/identity/revoke", Credential, Token, One, revocation::revoke).completed_by(oauth_error::complete),
        get("/identity/userinfo", Identity, Token, One, userinfo::userinfo),
        post("/identity/userinfo", Identity, Token, One, userinfo::userinfo_post),
        get("/identity/passcode", Public, Token, One, passcode::page),
        post("/identity/passcode", Credential, Token, One, passcode::issue),
        // API keys.
        get("/v1/apikeys", Identity, Account, InTurn, api_key::list),
        post("/v1/apikeys", Identity, Account, Change, api_key::create),
        get("/v1/apikeys/details", Identity, Account, InTurn, api_key::details),
        get("/v1/apikeys/{id}", Identity, Account, InTurn, api_key::show),
        put("/v1/apikeys/{id}", Identity, Account, Change, api_key::update),
        delete("/v1/apikeys/{id}", Identity, Account, Ending, api_key::delete),
        post("/v1/apikeys/{id}/lock", Identity, Account, Change, api_key::lock),
        delete("/v1/apikeys/{id}/lock", Identity, Account, Change, api_key::unlock),
        post("/v1/apikeys/{id}/disable", Identity, Account, Ending, api_key::disable),
        delete("/v1/apikeys/{id}/disable", Identity, Account, Change, api_key::enable),
        // Service IDs.
        get("/v1/serviceids", Identity, Account, InTurn, service_id::list),
        post("/v1/serviceids", Identity, Account, Change, service_id::create),
        get("/v1/serviceids/{id}", Identity, Account, InTurn, service_id::show),
        put("/v1/serviceids/{id}", Identity, Account, Change, service_id::update),
        delete("/v1/serviceids/{id}", Identity, Account, Ending, service_id::delete),
        post("/v1/serviceids/{id}/lock", Identity, Account, Change, service_id::lock),
        delete("/v1/serviceids/{id}/lock", Identity, Account, Change, service_id::unlock),
        get("/v1/serviceid_groups", Identity, Account, UpTo(&SERVICE_ID_GROUPS_PER_ACCOUNT), service_id_group::list),
        post("/v1/serviceid_groups", Identity, Account, Change, service_id_group::create),
        get("/v1/serviceid_groups/{id}", Identity, Account, One, service_id_group::show),
        put("/v1/serviceid_groups/{id}", Identity, Account, Change, service_id_group::update),
        delete("/v1/serviceid_groups/{id}", Identity, Account, Change, service_id_group::delete),
        // Trusted profiles, and who may take them on.
        get("/v1/profiles", Identity, Account, InTurn, trusted_profile::list),
        post("/v1/profiles", Identity, Account, Change, trusted_profile::create),
        get("/v1/profiles/{id}", Identity, Account, InTurn, trusted_profile::show),
        put("/v1/profiles/{id}", Identity, Account, Change, trusted_profile::update),
        delete("/v1/profiles/{id}", Identity, Account, Ending, trusted_profile::delete),
        get("/v1/profiles/{id}/rules", Identity, Account, UpTo(&RULES_PER_PROFILE), profile_rule::list),
        post("/v1/profiles/{id}/rules", Identity, Account, Change, profile_rule::create),
        get("/v1/profiles/{id}/rules/{rule}", Identity, Account, One, profile_rule::show),
        put("/v1/profiles/{id}/rules/{rule}", Identity, Account, Change, profile_rule::replace),
        delete("/v1/profiles/{id}/rules/{rule}", Identity, Account, Ending, profile_rule::delete),
        get("/v1/profiles/{id}/links", Identity, Account, UpTo(&LINKS_PER_PROFILE), profile_link::list),
        post("/v1/profiles/{id}/links", Identity, Account, Change, profile_link::create),
        delete("/v1/profiles/{id}/links", Identity, Account, Ending, profile_link::delete_named),
        get("/v1/profiles/{id}/links/{link}", Identity, Account, One, profile_link::show),
        delete("/v1/profiles/{id}/links/{link}", Identity, Account, Ending, profile_link::delete),
        get("/v1/profiles/{id}/identities", Identity, Account, UpTo(&IDENTITIES_PER_PROFILE), profile_identity::list),
        put("/v1/profiles/{id}/identities", Identity, Account, Change, profile_identity::set),
        post("/v1/profiles/{id}/identities/{kind}", Identity, Account, Change, profile_identity::add),
        get("/v1/profiles/{id}/identities/{kind}/{identifier}", Identity, Account, One, profile_identity::show),
        delete("/v1/profiles/{id}/identities/{kind}/{identifier}", Identity, Account, Ending, profile_identity::remove),
        // Settings of accounts.
        get("/v1/accounts/{account}/settings/identity", Identity, Account, InTurn, account_settings::show),
        put("/v1/accounts/{account}/settings/identity", Identity, Account, Change, account_settings::change),
        get("/v1/accounts/{account}/effective_settings/identity", Identity, Account, InTurn, account_settings::effective),
        get("/v1/mfa/accounts/{account}/status", Identity, Account, One, mfa::status),
        post("/v1/mfa/accounts/{account}/report", Identity, Account, Change, mfa::make_report),
        get("/v1/mfa/accounts/{account}/report/{reference}", Identity, Account, InTurn, mfa::report),
        post("/v1/activity/accounts/{account}/report", Identity, Account, Change, identity_report::make),
        get("/v1/activity/accounts/{account}/report/{reference}", Identity, Account, InTurn, identity_report::show),
        get("/v1/accounts/{account}/limits/identity", Identity, Account, InTurn, identity_limits::show),
        post("/v1/accounts/{account}/limits/identity", Identity, Account, InTurn, identity_limits::show_several),
        // What clients keep for users and service IDs.
        get("/v1/preferences/accounts/{account}/identities/{iam_id}", Identity, Account, UpTo(&PREFERENCES_PER_IDENTITY), preference::list),
        get("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, One, preference::show),
        put("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, Change, preference::set),
        delete("/v1/preferences/accounts/{account}/identities/{iam_id}/{service}/{preference}", Identity, Account, Change, preference::delete),
        // Login sessions.
        get("/v1/sessions", Identity, Account, InTurn, session::list),
        delete("/v1/sessions", Identity, Account, Ending, session::end_all),
        delete("/v1/sessions/{id}", Identity, Account, LateEnding, session::end),
        patch("/v1/sessions/{id}/state", Credential, Account, One, session::keep_alive),
        // Access groups, their members and rules.
        get("/v2/groups", Identity, Account, InTurn, access_group::list),
        post("/v2/groups", Identity, Account, Change, access_group::create),
        get("/v2/groups/settings", Identity, Account, One, access_group::settings),
        patch("/v2/groups/settings", Identity, Account, Change, access_group::change_settings),
        get("/v2/groups/{id}", Identity, Account, One, access_group::show),
        patch("/v2/groups/{id}", Identity, Account, Change, access_group::update),
        delete("/v2/groups/{id}", Identity, Account, Change, access_group::delete),
        put("/v2/groups/_allgroups/members/{iam_id}", Identity, Account, Change, group_member::add_to_groups),
        delete("/v2/groups/_allgroups/members/{iam_id}", Identity, Account, Change, group_member::remove_from_all),
        get("/v2/groups/{id}/members", Identity, Account, InTurn, group_member::list),
        put("/v2/groups/{id}/members", Identity, Account, Change, group_member::add),
        post("/v2/groups/{id}/members/delete", Identity, Account, Change, group_member::remove_several),
        get("/v2/groups/{id}/members/{iam_id}", Identity, Account, One, group_member::check),
        delete("/v2/groups/{id}/members/{iam_id}", Identity, Account, Change, group_member::remove),
        get("/v2/groups/{id}/rules", Identity, Account, UpTo(&RULES_PER_GROUP), group_rule::list),
        post("/v2/groups/{id}/rules", Identity, Account, Change, group_rule::create),
        get("/v2/groups/{id}/rules/{rule}", Identity, Account, One, group_rule::show),
        put("/v2/groups/{id}/rules/{rule}", Identity, Account, Change, group_rule::replace),
        delete("/v2/groups/{id}/rules/{rule}", Identity, Account, Change, group_rule::delete),
        // Access policies, and the roles that they give.
        get("/v1/policies", Identity, Account, InTurn, access_policy::list::<V1>),
        post("/v1/policies", Identity, Account, Change, access_policy::create::<V1>),
        get("/v1/policies/{id}", Identity, Account, One, access_policy::show::<V1>),
        put("/v1/policies/{id}", Identity, Account, Change, access_policy::replace::<V1>),
        patch("/v1/policies/{id}", Identity, Account, Change, access_policy::switch),
        delete("/v1/policies/{id}", Identity, Account, Ending, access_policy::delete),
        get("/v2/policies", Identity, Account, InTurn, access_policy::list::<V2>),
        post("/v2/policies", Identity, Account, Change, access_policy::create::<V2>),
        get("/v2/policies/{id}", Identity, Account, One, access_policy::show::<V2>),
        put("/v2/policies/{id}", Identity, Account, Change, access_policy::replace::<V2>),
        delete("/v2/policies/{id}", Identity, Account, Ending, access_policy::delete),
        get("/v2/roles", Identity, Account, InTurn, access_role::list),
        post("/v2/roles", Identity, Account, Change, access_role::create),
        get("/v2/roles/{id}", Identity, Account, One, access_role::show),
        put("/v2/roles/{id}", Identity, Account, Change, access_role::replace),
        delete("/v2/roles/{id}", Identity, Account, Change, access_role::delete),
        post("/v2/authz", Identity, Account, InTurn, authz::decide),
        get("/v1/accounts/{account}/settings/access_management", Identity, Account, One, access_settings::show),
        patch("/v1/accounts/{account}/settings/access_management", Identity, Account, Change, access_settings::change),
        // Resource groups, the instances in them, and their keys.
        get("/v2/resource_groups", Identity, Account, InTurn, resource_group::list),
        post("/v2/resource_groups", Identity, Account, Change, resource_group::create),
        get("/v2/resource_groups/{id}", Identity, Account, One, resource_group::show),
        patch("/v2/resource_groups/{id}", Identity, Account, Change, resource_group::update),
        delete("/v2/resource_groups/{id}", Identity, Account, Change, resource_group::delete),
        get("/v2/quota_definitions", Identity, Account, One, resource_group::quotas),
        get("/v2/quota_definitions/{id}", Identity, Account, One, resource_group::show_quota),
        get("/v2/resource_instances", Identity, Account, InTurn, resource_instance::list),
        post("/v2/resource_instances", Identity, Account, Change, resource_instance::create),
        get("/v2/resource_instances/{id}", Identity, Account, One, resource_instance::show),
        patch("/v2/resource_instances/{id}", Identity, Account, Change, resource_instance::update),
        delete("/v2/resource_instances/{id}", Identity, Account, Ending, resource_instance::delete),
        post("/v2/resource_instances/{id}/lock", Identity, Account, Change, resource_instance::lock),
        delete("/v2/resource_instances/{id}/lock", Identity, Account, Change, resource_instance::unlock),
        get("/v2/resource_instances/{id}/resource_keys", Identity, Account, UpTo(&RESOURCE_KEYS_PER_INSTANCE), resource_key::of_instance),
        get("/v2/resource_keys", Identity, Account, InTurn, resource_key::list),
        post("/v2/resource_keys", Identity, Account, Change, resource_key::create),
        get("/v2/resource_keys/{id}", Identity, Account, One, resource_key::show),
        patch("/v2/resource_keys/{id}", Identity, Account, Change, resource_key::update),
        delete("/v2/resource_keys/{id}", Identity, Account, Ending, resource_key::delete),
        // Accounts and their people.
        get("/coe/v2/accounts", Identity, Account, InTurn, account::accounts),
        get("/coe/v2/accounts/{id}", Identity, Account, InTurn, account::account),
        get("/v4/accounts/{id}", Identity, Account, One, account::managed),
        get("/v2/accounts/{account}/users", Identity, Account, InTurn, account::users),
        get("/v2/accounts/{account}/users/{iam_id}", Identity, Account, One, user_profile::show),
        patch("/v2/accounts/{account}/users/{iam_id}", Identity, Account, Change, user_profile::update),
        delete("/v2/accounts/{account}/users/{iam_id}", Identity, Account, Ending, account::remove),
        delete("/v3/accounts/{account}/users/{iam_id}", Identity, Account, Ending, account::remove_v3),
        get("/v2/accounts/{account}/users/{iam_id}/settings", Identity, Account, One, user_profile::settings),
        patch("/v2/accounts/{account}/users/{iam_id}/settings", Identity, Account, Change, user_profile::change_settings),
        get("/v2/accounts/{account}/roles/{role}", Identity, Account, InTurn, account::role_holders),
        put("/v2/accounts/{account}/roles/{role}", Identity, Account, Change, account::set_role),
        delete("/v2/accounts/{account}/roles/{role}", Identity, Account, Change, account::unset_role),
        put("/v2/users/self/password", Identity, Account, LateEnding, account::password),
        post("/v2/accounts/{account}/users", Identity, Account, Change, invitation::invite),
        get("/v2/users/self/invitations", Identity, Account, InTurn, invitation::waiting),
        post("/v2/users/self/invitations/{id}/accept", Identity, Account, Change, invitation::accept),
        post("/v2/users/self/invitations/{id}/decline", Identity, Account, Change, invitation::decline),
        post("/v2/users/accept", Identity, Account, Change, invitation::accept_account),
        post("/v2/users/redeem", Credential, Account, One, invitation::redeem),
        // The UAA.
        post("/oauth/token", Credential, Uaa, One, uaa::token),
        post("/oauth/token/disconnect", Identity, Uaa, One, uaa::disconnect),
        // Cloud Foundry.
        get("/v2/info", Public, CloudFoundry, One, cloud_foundry::info),
        get("/v2/regions", Public, CloudFoundry, One, cloud_foundry::regions),
        get("/v2/organizations", Identity, CloudFoundry, InTurn, cloud_foundry::orgs),
        post("/v2/organizations", Identity, CloudFoundry, Change, cloud_foundry::create_org),
        get("/v2/organizations/{guid}", Identity, CloudFoundry, InTurn, cloud_foundry::org),
        put("/v2/organizations/{guid}", Identity, CloudFoundry, Change, cloud_foundry::rename_org),
        delete("/v2/organizations/{guid}", Identity, CloudFoundry, Change, cloud_foundry::delete_org),
        get("/v2/organizations/{guid}/spaces", Identity, CloudFoundry, InTurn, cloud_foundry::org_spaces),
        get("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, InTurn, cloud_foundry::holders::<OrgId>),
        put("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, Change, cloud_foundry::set_role::<OrgId>),
        delete("/v2/organizations/{guid}/{role}", Identity, CloudFoundry, Change, cloud_foundry::unset_role::<OrgId>),
        get("/v2/spaces", Identity, CloudFoundry, InTurn, cloud_foundry::spaces),
        post("/v2/spaces", Identity, CloudFoundry, Change, cloud_foundry::create_space),
        get("/v2/spaces/{guid}", Identity, CloudFoundry, One, cloud_foundry::space),
        put("/v2/spaces/{guid}", Identity, CloudFoundry, Change, cloud_foundry::rename_space),
        delete("/v2/spaces/{guid}", Identity, CloudFoundry, Change, cloud_foundry::delete_space),
        get("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, InTurn, cloud_foundry::holders::<SpaceId>),
        put("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, Change, cloud_foundry::set_role::<SpaceId>),
        delete("/v2/spaces/{guid}/{role}", Identity, CloudFoundry, Change, cloud_foundry::unset_role::<SpaceId>),
        get("/v2/deleted", Identity, CloudFoundry, InTurn, deleted::list),
        post("/v2/spaces/{guid}/restore", Identity, CloudFoundry, Change, deleted::restore_space),
        post("/v2/organizations/{guid}/restore", Identity, CloudFoundry, Change, deleted::restore_org),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::limit::UNPAGED_ENTRIES;

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

    /// The ends of paths that name one thing in a word, where other words name a list.
    const ONE_THING: [&str; 9] = [
        "/apikeys/details",
        "/settings",
        "/settings/identity",
        "/effective_settings/identity",
        "/settings/access_management",
        "/status",
        // There is one alone.
        "/quota_definitions",
        "/v2/info",
        "/v2/regions",
    ];

    /// The ends of paths that name a list by whose or of which role it is.
    const LISTS_OF: [&str; 2] = ["/{role}", "/identities/{iam_id}"];

    /// Whether a path of the interface for management names a list.
    fn names_list(path: &str) -> bool {
        let ends_in_one_of = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
        ends_in_one_of(&LISTS_OF) || !(path.ends_with('}') || ends_in_one_of(&ONE_THING))
    }

    #[test]
    fn a_list_has_its_turn_or_a_small_bound() {
        let is_managing = |route: &Route| matches!(route.form, Account | CloudFoundry);
        let lists = table()
            .into_iter()
            .filter(|route| route.verb == "GET" && is_managing(route) && names_list(route.path));
        let lists: Vec<Route> = lists.collect();
        assert!(lists.len() > 20, "{}", lists.len());
        for Route { path, work, .. } in lists {
            let is_bounded = match work {
                InTurn => true,
                UpTo(limit) => !limit.settable,
                One | Change | Ending | LateChange | LateEnding | Query => false,
            };
            assert!(is_bounded, "{path}: {work:?}");
        }
    }

    #[test]
    fn a_list_without_a_turn_is_no_longer_than_one_without_pages() {
        let bounds = table().into_iter().filter_map(|route| match route.work {
            UpTo(limit) => Some((route.path, limit)),
            One | InTurn | Change | Ending | LateChange | LateEnding | Query => None,
        });
        let bounds: Vec<_> = bounds.collect();
        assert!(!bounds.is_empty());
        for (path, limit) in bounds {
            assert!(
                limit.default <= UNPAGED_ENTRIES.default,
                "{path}: {limit:?}"
            );
        }
    }

    /// What is no GET and takes no turn for changes, though it is of an identity or a whole domain.
    const WITHOUT_TURN: [(&str, &str, &str); 4] = [
        ("POST", "/identity/userinfo", "the form of OpenID for a GET"),
        ("POST", "/v1/accounts/{account}/limits/identity", "counts"),
        ("POST", "/v2/authz", "decides"),
        (
            "POST",
            "/oauth/token/disconnect",
            "waits among the logins of the account, and keeps no change waiting meanwhile",
        ),
    ];

    #[test]
    fn what_identities_send_is_a_change_or_listed() {
        let mut others = Vec::new();
        for Route {
            verb,
            path,
            guard,
            work,
            ..
        } in table()
        {
            let is_change = matches!(work, Change | Ending | LateChange | LateEnding);
            let may_change = verb != "GET" && matches!(guard, Identity | WholeScope(_));
            // The turn is of the account of a verified caller who may change something.
            assert!(may_change || !is_change, "{verb} {path}: {work:?}");
            if may_change && !is_change {
                others.push((verb, path));
            }
        }
        let listed = WITHOUT_TURN.map(|(verb, path, _)| (verb, path));
        assert_eq!(others, listed, "the list says why something takes no turn");
    }

    /// What has credentials, or lets somebody have one: with it they end. `vigied routes` shows `ending` for its deletion.
    const HOLDERS: [&str; 8] = [
        "/apikeys/",
        "/serviceids/",
        "/profiles/",
        "/resource_keys/",
        "/resource_instances/",
        "/sessions",
        "/users/",
        "/policies/",
    ];

    /// What is deleted under the path of a holder and ends no credential.
    const ENDS_NONE: [(&str, &str); 4] = [
        ("/v1/apikeys/{id}/lock", "a lock"),
        ("/v1/apikeys/{id}/disable", "lets a key in again"),
        ("/v1/serviceids/{id}/lock", "a lock"),
        ("/v2/resource_instances/{id}/lock", "a lock"),
    ];

    /// A stolen key filled its owner's places, and what the thief had made with it could not be deleted.
    #[test]
    fn a_deletion_that_ends_credentials_is_never_refused_for_those_that_wait() {
        let mut endings = 0;
        for Route {
            verb, path, work, ..
        } in table()
        {
            let has_credentials = HOLDERS.iter().any(|holder| path.contains(holder));
            if verb != "DELETE" || !has_credentials {
                continue;
            }
            let ends_none = ENDS_NONE.iter().any(|(other, _)| *other == path);
            assert_ne!(work.word() == "ending", ends_none, "{path}: {work:?}");
            endings += u32::from(!ends_none);
        }
        assert!(endings >= 12, "{endings}");
    }

    /// Names of series are read by queries alone; and a turn is of a verified caller's account.
    #[test]
    fn names_are_queried_and_turns_are_taken_by_callers() {
        for route in table() {
            let path = route.path;
            match route.guard {
                Names => assert_eq!(route.work, Query, "{path}"),
                Public | Credential => assert_eq!(route.work, One, "{path}"),
                Identity => assert_ne!(route.work, Query, "{path}"),
                Scope(_) | WholeScope(_) | Sender(_) => {}
            }
        }
    }
}
