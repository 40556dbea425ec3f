//! Every route, each with its guard. `vigied routes` prints this table.

mod account;
mod api_key;
mod cloud_foundry;
mod cross_site;
mod deleted;
mod health;
mod home;
mod identity;
mod introspection;
mod invitation;
mod metrics;
mod paging;
pub(crate) mod params;
mod passcode;
mod reply;
mod settings;
mod uaa;

use crate::app::App;
use crate::http::observe;
use crate::http::problem::Refusal;
use crate::http::routes::Verb::{Delete, Get, Post, Put};
use crate::http::routes::{Guard, Mount, Registry, Table};
use axum::Router;
use axum::middleware;
use base::scope::Action;
use std::sync::Arc;
use wire::code;

/// Tells `registry` every route.
fn register(registry: &mut impl Registry) {
    let r = registry;
    home::register(r);
    r.add(Get, "/health/live", Guard::Public, health::live);
    r.add(Get, "/health/ready", Guard::Public, health::ready);
    r.add(
        Get,
        "/metrics",
        Guard::Scope(Action::Render),
        health::metrics,
    );

    r.add(
        Post,
        "/v1/metrics",
        Guard::Scope(Action::Write),
        metrics::send,
    );
    r.add(
        Get,
        "/v1/metrics",
        Guard::Scope(Action::Render),
        metrics::render,
    );
    r.add(
        Get,
        "/v1/metrics/list",
        Guard::Scope(Action::Find),
        metrics::list,
    );
    r.add(
        Delete,
        "/v1/metrics/list",
        Guard::Scope(Action::Delete),
        metrics::delete,
    );
    r.add(
        Get,
        "/v1/settings/domain",
        Guard::Scope(Action::Render),
        settings::show,
    );
    r.add(
        Put,
        "/v1/settings/domain",
        Guard::Scope(Action::Configure),
        settings::change,
    );

    identity::register(r);
    passcode::register(r);
    api_key::register(r);
    account::register(r);
    invitation::register(r);
    uaa::register(r);
    cloud_foundry::register(r);
    deleted::register(r);
}

/// The routes with their guards, in the order they were added.
pub(crate) fn table() -> Vec<(&'static str, &'static str, &'static str)> {
    let mut table = Table::default();
    register(&mut table);
    table
        .0
        .into_iter()
        .map(|(verb, path, guard)| (verb.name(), path, guard.word()))
        .collect()
}

/// The whole server as one service.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let mut mount = Mount {
        router: Router::new(),
        app: Arc::clone(app),
    };
    register(&mut mount);
    mount
        .router
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(
            Arc::clone(app),
            observe::observe,
        ))
        .with_state(Arc::clone(app))
}

async fn unknown() -> Refusal {
    Refusal(
        code::ROUTE_UNKNOWN
            .problem("there is no such route")
            .hint("`vigied routes` lists what there is"),
    )
}

async fn wrong_method() -> Refusal {
    Refusal(
        code::METHOD_UNKNOWN
            .problem("the route does not answer to this method")
            .hint("`vigied routes` lists what there is"),
    )
}
