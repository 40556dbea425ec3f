//! The handlers of all routes; [`table()`] lists the routes.

mod access_group;
mod access_policy;
mod access_role;
mod access_settings;
mod account;
mod account_parameter;
mod account_settings;
mod activity;
mod api_key;
mod assume;
mod authorize;
mod authz;
mod cloud_foundry;
mod cloud_foundry_filter;
mod collectd;
mod cross_site;
mod delegation;
mod deleted;
mod deletion_reply;
mod discovery;
mod doubled_base;
mod empty_part;
mod entity_tag;
mod error_form_by_path;
mod filter;
mod form_field;
mod graphite;
mod group_id;
mod group_member;
mod group_rule;
mod health;
mod history;
mod home;
mod iam_authz;
mod iam_id;
mod identity_crn;
mod identity_limits;
mod identity_list;
mod identity_report;
mod influx;
mod introspection;
mod invitation;
mod list_cursor;
mod login_grant;
mod metrics;
mod mfa;
#[cfg(test)]
mod name_filter_tests;
mod not_served;
mod oauth_error;
mod old_policy_route;
mod order;
mod paging;
mod passcode;
mod portions;
mod preference;
mod profile_grant;
mod profile_identity;
mod profile_link;
mod profile_rule;
mod public_keys;
mod reply;
mod resource_group;
mod resource_instance;
mod resource_key;
mod response_type;
mod revocation;
mod role_holders;
mod rule_condition;
mod service_id;
mod service_id_group;
mod session;
mod settings;
mod space_login;
mod table;
mod tenant;
mod token;
mod token_client;
mod token_form;
mod token_refusal;
mod token_reply;
mod trusted_profile;
mod uaa;
mod user_profile;
mod userinfo;
mod workload;
mod wrong_method;

pub(crate) use error_form_by_path::error_form_by_path;
pub(crate) use table::{is_graphite, table};

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::cors;
use crate::request::observe;
use crate::request::routes::{self, mount};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware;
use std::sync::Arc;
use wrong_method::MethodsByPath;

/// All routes as one service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let table = table();
    let shared = Arc::new(cors::CorsMethods::of(&table));
    let methods = Arc::new(MethodsByPath::of(&table));
    let wrong_method = |State(app): State<Arc<App>>, request: Request| async move {
        methods.refuse(&app, &request)
    };
    mount(app, table, is_graphite)
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(
            (Arc::clone(app), shared),
            cors::share,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(app),
            observe::observe,
        ))
        .with_state(Arc::clone(app))
}

async fn unknown(State(app): State<Arc<App>>, request: Request) -> Refusal {
    let path = request.uri().path();
    let form = app.error_form_by_path.of(None, path);
    let refusal = doubled_base::explained(path, routes::unknown(form));
    let refusal = empty_part::explained(request.method(), path, refusal);
    old_policy_route::explained(path, refusal)
}
