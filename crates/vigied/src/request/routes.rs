//! Routes. Each is made together with its guard, and the guard is what verifies the caller: there is no way to mount
//! a handler without declaring who may call it, the form of its errors, the bound of its work, and the size of its body.

use super::body_limit::{BodyLimit, HandlerArguments};
use super::caller::{self, Caller, Manager, OtherNodes, RejectedCaller};
use super::caller_audit;
use super::connection;
use super::cross_site::{self, Site};
pub(crate) use super::guard::Guard;
use super::if_match;
use super::in_turn::in_turn;
use super::known_query::KnownQuery;
use super::pending_change::{in_change, in_ending_change};
use super::presented_credential::{self, AuthorizationKinds};
use super::receive::receive;
use super::request_access::AskedAt;
use super::work::Work;
use crate::app::App;
use crate::http::error_form::ErrorForm;
use crate::http::fair_share::ShareOwner;
use crate::http::graphite_prefix::PathScope;
use crate::http::problem::{Refusal, TakesPassword, TokenRefused};
use crate::http::source;
use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use base::scope::{Action, Forbidden};
use http::{HeaderValue, StatusCode, header};
use iam::FromOtherNode;
use std::sync::Arc;
use wire::credential::Repairs;

/// One route: everything that is to be known of it before a request comes.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    pub(crate) guard: Guard,
    /// The form of its errors.
    pub(crate) form: ErrorForm,
    pub(crate) work: Work,
    /// How large a body it takes; by the last argument of its handler.
    pub(crate) body_limit: BodyLimit,
    /// Whether its handler takes the version that a change is meant for.
    reads_if_match: bool,
    when_full: bool,
    syncs_first: bool,
    /// Adds to its answers what its protocol wants, also to those of the guard.
    complete: Option<fn(Response) -> Response>,
    handler: MethodRouter<Arc<App>>,
}

/// The facts that the guard has of a route.
#[derive(Debug, Clone, Copy)]
struct Guarded {
    guard: Guard,
    body_limit: BodyLimit,
    when_full: bool,
    /// Whether it is there under `/graphite/SCOPE` too.
    takes_path_scope: bool,
    /// The parameters it takes, where others are refused.
    known_query: Option<KnownQuery>,
    /// Whether `If-Match` is honoured, or asks for nothing.
    takes_if_match: bool,
    /// Whether it goes by what there is of identity, so that what other nodes have done until now belongs to it: also a change, before which
    /// a role is looked for.
    syncs_first: bool,
}

impl Guarded {
    /// Refuses parameters that are not known.
    fn check_query(&self, request: &Request) -> Result<(), Refusal> {
        let query = request.uri().query().unwrap_or_default();
        self.known_query.map_or(Ok(()), |known| known.check(query))
    }

    /// Refuses what a request asks for and the handler would not read.
    fn check_asked(&self, request: &Request) -> Result<(), Refusal> {
        if !self.takes_if_match {
            if_match::refuse(request.headers())?;
        }
        self.check_query(request)
    }
}

impl Route {
    /// It answers also when all slots are taken: that is when it is needed.
    pub(crate) fn answered_when_full(mut self) -> Self {
        self.when_full = true;
        self
    }

    /// It goes by what other nodes have done until now, though it is not about identity alone.
    pub(crate) fn synced_first(mut self) -> Self {
        self.syncs_first = true;
        self
    }

    /// Its answers, also those of the guard, go through this function.
    pub(crate) fn completed_by(mut self, complete: fn(Response) -> Response) -> Self {
        self.complete = Some(complete);
        self
    }
}

macro_rules! verbs {
    ($($verb:ident $filter:ident;)*) => {
        $(#[doc = concat!("A route that answers to `", stringify!($filter), "`.")]
        pub(crate) fn $verb<H, T>(
            path: &'static str,
            guard: Guard,
            form: ErrorForm,
            work: Work,
            handler: H,
        ) -> Route
        where
            H: Handler<T, Arc<App>>,
            T: HandlerArguments + 'static,
        {
            Route {
                verb: stringify!($filter),
                path,
                guard,
                form,
                work,
                body_limit: T::BODY_LIMIT,
                reads_if_match: T::READS_IF_MATCH,
                when_full: false,
                syncs_first: false,
                complete: None,
                handler: on(MethodFilter::$filter, handler),
            }
        })*
    };
}

verbs! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}

/// Mounts each handler behind its guard; those that `takes_path_scope` names are there behind `/graphite/SCOPE` too.
pub(crate) fn mount(
    app: &Arc<App>,
    table: Vec<Route>,
    takes_path_scope: fn(&Route) -> bool,
) -> Router<Arc<App>> {
    table.into_iter().fold(Router::new(), |router, route| {
        let guarded = Guarded {
            guard: route.guard,
            body_limit: match (route.guard, route.verb, route.body_limit) {
                // A body has no meaning here, so its content must not be ignored silently.
                (Guard::Identity, "DELETE", BodyLimit::Nothing) => BodyLimit::Empty,
                (_, _, body_limit) => body_limit,
            },
            when_full: route.when_full,
            takes_path_scope: takes_path_scope(&route),
            known_query: KnownQuery::of(route.verb, route.path, route.form),
            takes_if_match: route.reads_if_match
                || route.verb == "GET"
                || !matches!(route.guard, Guard::Identity),
            syncs_first: route.syncs_first || matches!(route.guard, Guard::Identity),
        };
        let state = Arc::clone(app);
        let handler = match route.work {
            Work::InTurn => {
                let layer = middleware::from_fn_with_state(state, in_turn);
                route.handler.route_layer(layer)
            }
            Work::Change => {
                let layer = middleware::from_fn_with_state(state, in_change);
                route.handler.route_layer(layer)
            }
            Work::Ending => {
                let layer = middleware::from_fn_with_state(state, in_ending_change);
                route.handler.route_layer(layer)
            }
            Work::One | Work::UpTo(_) | Work::LateChange | Work::LateEnding | Work::Query => {
                route.handler
            }
        };
        let state = (Arc::clone(app), guarded);
        let guarded = handler.route_layer(middleware::from_fn_with_state(state, verify));
        let completed = match route.complete {
            Some(complete) => {
                guarded.route_layer(middleware::map_response(move |response: Response| {
                    std::future::ready(complete(response))
                }))
            }
            None => guarded,
        };
        router.route(route.path, completed)
    })
}

/// Verifies the caller, which is cheap; only then is the body taken in.
async fn verify(
    State((app, route)): State<(Arc<App>, Guarded)>,
    mut request: Request,
    next: Next,
) -> Response {
    let has_path_scope = request.extensions().get::<PathScope>().is_some();
    if has_path_scope && !route.takes_path_scope {
        return unknown(ErrorForm::Graphite).into_response();
    }
    let guard = route.guard;
    let body_limit = (route.body_limit, route.when_full);
    let asked_at = AskedAt(app.clock.now());
    request.extensions_mut().insert(asked_at);
    match guard {
        Guard::Public => {
            let owner = owner(&app, &request);
            return receive(&app, owner, body_limit, request, next).await;
        }
        Guard::Credential => {
            if let Err(refusal) = route.check_query(&request) {
                return with_tokens(refusal.into_response());
            }
            let owner = owner(&app, &request);
            return with_tokens(receive(&app, owner, body_limit, request, next).await);
        }
        Guard::Identity
        | Guard::Scope(_)
        | Guard::WholeScope(_)
        | Guard::Names
        | Guard::Sender(_) => {}
    }
    let mut repairs = verify_caller(&app, guard, &mut request, OtherNodes::NotAsked);
    let mut missing =
        missing_from_other_node(&app, guard, &request, &repairs, OtherNodes::NotAsked);
    if let FromOtherNode::Ask(moment) = missing {
        let other_nodes = match app.iam.ask_other_nodes(moment).await {
            true => OtherNodes::Asked,
            false => OtherNodes::Silent,
        };
        repairs = verify_caller(&app, guard, &mut request, other_nodes);
        missing = missing_from_other_node(&app, guard, &request, &repairs, other_nodes);
    }
    let kinds = AuthorizationKinds::of(guard);
    let may_ask_for_password = kinds == AuthorizationKinds::Metrics
        && cross_site::sec_fetch_site(request.headers()) != Some(Site::Other);
    let mut response = match repairs {
        Err(rejected) => {
            let presented = caller::kind(&app, kinds, request.headers());
            let mut response = caller_audit::rejected(&app, &request, *rejected, presented);
            if presented_credential::is_by_token(request.headers()) {
                response.extensions_mut().insert(TokenRefused);
            }
            response
        }
        Ok(repairs) => {
            let who = caller_audit::verified(&app, &request);
            connection::mark_authenticated(&app, &request);
            let allowed = allowed(&app, guard, &request, missing);
            let mut response = match allowed.and_then(|()| route.check_asked(&request)) {
                // Audited and logged like any refusal to a verified caller.
                Err(refusal) => refusal.into_response(),
                Ok(()) => {
                    let knows_all = !route.syncs_first || app.iam.sync_with_other_nodes().await;
                    let owner = owner(&app, &request);
                    let response = receive(&app, owner, body_limit, request, next).await;
                    match knows_all {
                        true => response,
                        false => undenied(response),
                    }
                }
            };
            caller_audit::answered(&app, who, &mut response);
            if !repairs.is_empty()
                && let Ok(value) = HeaderValue::from_str(&repairs.header_value())
            {
                response.headers_mut().insert(caller::NOTICE_HEADER, value);
            }
            private(response)
        }
    };
    if may_ask_for_password {
        response.extensions_mut().insert(TakesPassword);
    }
    response
}

/// The answer of a node that could not hear of what others have done: it denies nobody what another node may have given them, and says of
/// nothing that it is not there.
fn undenied(response: Response) -> Response {
    match response.status() {
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            caller::other_nodes_unreachable().into_response()
        }
        _ => response,
    }
}

/// Verifies the caller of a route that has one, by what this node knows, and hands them to its handler.
fn verify_caller(
    app: &App,
    guard: Guard,
    request: &mut Request,
    other_nodes: OtherNodes,
) -> Result<Repairs, Box<RejectedCaller>> {
    match guard {
        Guard::Public | Guard::Credential | Guard::Identity => {
            let sent = (request.headers(), source::of(request));
            let (manager, repairs) = caller::identity(app, sent, other_nodes)?;
            request.extensions_mut().insert(manager);
            Ok(repairs)
        }
        Guard::Scope(_) | Guard::WholeScope(_) | Guard::Names | Guard::Sender(_) => {
            let (caller, repairs) = caller::scope(app, request, guard, other_nodes)?;
            request.extensions_mut().insert(caller);
            Ok(repairs)
        }
    }
}

/// There is no such route; the form of the refusal is that of the routes beside it.
pub(crate) fn unknown(form: ErrorForm) -> Refusal {
    let problem = wire::code::ROUTE_UNKNOWN.problem("there is no such route");
    Refusal(problem.hint(listed_in(form)))
}

/// Where the routes of this form are listed.
pub(crate) fn listed_in(form: ErrorForm) -> String {
    format!("`{}` lists what there is", form.document())
}

/// Whether the caller's scope allows the route's action.
fn allowed(
    app: &App,
    guard: Guard,
    request: &Request,
    missing: FromOtherNode,
) -> Result<(), Refusal> {
    let Some(caller) = request.extensions().get::<Caller>() else {
        return Ok(());
    };
    if missing == FromOtherNode::CannotTell {
        return Err(caller::other_nodes_unreachable());
    }
    let action = caller.action;
    caller.scope.require(action).map_err(|forbidden| {
        let key = caller.key.as_ref();
        let directory = app.iam.directory();
        // No role would help: the key itself is limited.
        if action != Action::Write && key.is_some_and(|key| directory.sends_only(key)) {
            let problem = wire::code::KEY_SENDS_ALONE
                .problem("the API key was made to send alone, and this is not sending");
            return Refusal(problem.hint("anything but sending takes a key made without `--only`"));
        }
        caller::right_missing(&forbidden)
    })?;
    if matches!(guard, Guard::WholeScope(_)) && !caller.scope.reaches_all(action) {
        return Err(caller::needs_whole_domain(&caller.scope));
    }
    Ok(())
}

/// Whether another node may have made a moment ago what a caller lacks: the credential, or its role.
fn missing_from_other_node(
    app: &App,
    guard: Guard,
    request: &Request,
    verified: &Result<Repairs, Box<RejectedCaller>>,
    other_nodes: OtherNodes,
) -> FromOtherNode {
    match verified {
        Ok(_) => role_from_other_node(app, guard, request, other_nodes),
        // Where it cannot be told, the rejection says so.
        Err(rejected) => rejected.from,
    }
}

/// Whether another node may have given a verified caller, a moment ago, the role that they lack for the request. No role would help a key
/// that sends alone.
fn role_from_other_node(
    app: &App,
    guard: Guard,
    request: &Request,
    other_nodes: OtherNodes,
) -> FromOtherNode {
    let Some(caller) = request.extensions().get::<Caller>() else {
        return FromOtherNode::No;
    };
    let (scope, action) = (&caller.scope, caller.action);
    let is_whole = !matches!(guard, Guard::WholeScope(_)) || scope.reaches_all(action);
    if is_whole && scope.require(action).is_ok() {
        return FromOtherNode::No;
    }
    let sends_alone = |key| app.iam.directory().sends_only(key);
    if action != Action::Write && caller.key.as_ref().is_some_and(sends_alone) {
        return FromOtherNode::No;
    }
    other_nodes.before_refusal(|| {
        app.iam.role_may_be_from_other_node(&Forbidden {
            principal: scope.principal(),
            action,
            domain: scope.domain(),
        })
    })
}

/// The owner that the request counts for: the verified caller's account, else the source.
fn owner(app: &App, request: &Request) -> ShareOwner {
    let extensions = request.extensions();
    let account = match (extensions.get::<Manager>(), extensions.get::<Caller>()) {
        (Some(Manager(identity)), _) => Some(identity.account()),
        (None, Some(caller)) => app.iam.directory().account_of(caller.scope.domain()),
        (None, None) => None,
    };
    match (account, extensions.get::<source::RequestSource>()) {
        (Some(account), _) => ShareOwner::Account(account),
        (None, Some(from)) => ShareOwner::unauthenticated(from.0),
        (None, None) => ShareOwner::Proxy,
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

/// Responses to callers must not be cached: they hold tokens, keys, or data that only this caller may see.
fn private(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
