//! The list of routes. A route is added together with its guard, and the guard is what verifies the caller: there is no
//! way to mount a handler without saying who may call it.

use super::admit::admit;
use super::bound::{Bound, Takes};
use super::caller::{self, Caller, Manager};
use super::line;
use super::noted;
use super::problem::Refusal;
use super::share::Owner;
use super::source;
use crate::app::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use base::scope::Action;
use http::{HeaderValue, header};
use std::sync::Arc;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Anyone; the route shows nothing that belongs to someone.
    Public,
    /// Anyone who brings a credential in the form or body itself: token endpoints.
    Credential,
    /// A verified caller; `iam` decides what he may see and change.
    Identity,
    /// A verified caller whose scope allows the action.
    Scope(Action),
}

impl Guard {
    /// The word in the table of routes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Credential => "credential",
            Self::Identity => "identity",
            Self::Scope(action) => action.name(),
        }
    }
}

/// The methods routes answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    const fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}

/// Something routes can be told to: the server, or the printed table.
pub(crate) trait Registry {
    fn add<H, T>(&mut self, verb: Verb, path: &'static str, guard: Guard, handler: H)
    where
        H: Handler<T, Arc<App>>,
        T: Takes + 'static;
}

/// Collects method, path and guard.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<(Verb, &'static str, Guard)>);

impl Registry for Table {
    fn add<H, T>(&mut self, verb: Verb, path: &'static str, guard: Guard, _: H)
    where
        H: Handler<T, Arc<App>>,
        T: Takes + 'static,
    {
        self.0.push((verb, path, guard));
    }
}

/// Mounts each handler behind its guard.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) router: Router<Arc<App>>,
    pub(crate) app: Arc<App>,
}

impl Registry for Mount {
    fn add<H, T>(&mut self, verb: Verb, path: &'static str, guard: Guard, handler: H)
    where
        H: Handler<T, Arc<App>>,
        T: Takes + 'static,
    {
        let state = (Arc::clone(&self.app), guard, T::BOUND);
        let route =
            on(verb.filter(), handler).route_layer(middleware::from_fn_with_state(state, verify));
        self.router = std::mem::take(&mut self.router).route(path, route);
    }
}

/// Verifies the caller, which is cheap; only then is the body taken in.
async fn verify(
    State((app, guard, bound)): State<(Arc<App>, Guard, Bound)>,
    mut request: Request,
    next: Next,
) -> Response {
    let repairs = match guard {
        Guard::Public => {
            let owner = owner(&app, &request);
            return admit(&app, owner, bound, request, next).await;
        }
        Guard::Credential => {
            let owner = owner(&app, &request);
            return with_tokens(admit(&app, owner, bound, request, next).await);
        }
        Guard::Identity => match caller::identity(&app, request.headers()) {
            Ok((manager, repairs)) => {
                request.extensions_mut().insert(manager);
                Ok(repairs)
            }
            Err(refusal) => Err(refusal.into()),
        },
        Guard::Scope(_) => match caller::scope(&app, request.headers()) {
            Ok((caller, repairs)) => {
                request.extensions_mut().insert(caller);
                Ok(repairs)
            }
            Err(kept_out) => Err(kept_out),
        },
    };
    match repairs {
        Err(kept_out) => {
            let shown = caller::kind(&app, request.headers());
            noted::kept_out(&app, &request, *kept_out, shown)
        }
        Ok(repairs) => {
            let who = noted::admitted(&app, &request);
            line::prove(&app, &request);
            let mut response = match allowed(guard, &request) {
                // Entered and logged as anything that is refused to somebody known.
                Err(refusal) => refusal.into_response(),
                Ok(()) => {
                    let owner = owner(&app, &request);
                    admit(&app, owner, bound, request, next).await
                }
            };
            noted::answered(&app, who, &mut response);
            if !repairs.is_empty()
                && let Ok(value) = HeaderValue::from_str(&repairs.header_value())
            {
                response.headers_mut().insert(caller::NOTICE_HEADER, value);
            }
            private(response)
        }
    }
}

/// Whether the caller's scope allows the route's action.
fn allowed(guard: Guard, request: &Request) -> Result<(), Refusal> {
    let (Guard::Scope(action), Some(caller)) = (guard, request.extensions().get::<Caller>()) else {
        return Ok(());
    };
    caller.scope.require(action).map_err(|forbidden| {
        let problem = wire::code::RIGHT_MISSING.problem(forbidden.to_string());
        Refusal(problem.hint("ask a manager of the domain for a role that allows it"))
    })
}

/// Whom the request counts for: the account of whoever was verified, else where it comes from.
fn owner(app: &App, request: &Request) -> Owner {
    let extensions = request.extensions();
    let account = match (extensions.get::<Manager>(), extensions.get::<Caller>()) {
        (Some(Manager(identity)), _) => Some(identity.account()),
        (None, Some(caller)) => app.iam.directory().account_of(caller.scope.domain()),
        (None, None) => None,
    };
    match (account, extensions.get::<source::From>()) {
        (Some(account), _) => Owner::Account(account),
        (None, Some(from)) => Owner::stranger(from.0),
        (None, None) => Owner::Proxy,
    }
}

/// RFC 6749 5.1: caches of HTTP/1.0 are told as well.
fn with_tokens(response: Response) -> Response {
    let mut response = private(response);
    response
        .headers_mut()
        .insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// What is answered to one caller is kept by no cache: it holds tokens, keys, or what he alone may see.
fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
