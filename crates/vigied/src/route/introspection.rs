//! Introspection: shows the contents of a token to anyone who has it. Like the original, it needs no client authentication.
//!
//! The credential is in the form (`token`, `apikey`) or else in `X-Auth-User-Token`. Guesses are rate-limited by the client's
//! own credential if there is one, else by source.

use super::form_field::required;
use super::reply::{json, json_bytes};
use super::token_client::client;
use super::token_form::form;
use crate::app::App;
use crate::failure::refused;
use crate::http::guesses::Guesser;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller;
use crate::request::params::Params;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use base::scope::Domain;
use http::{HeaderMap, StatusCode, header};
use iam::Credential;
use std::sync::Arc;
use wire::code;
use wire::credential;
use wire::iam::api_key::KeyReach;
use wire::iam::introspection::{Introspection, TokenAccount};

pub(super) async fn introspect(
    State(app): State<Arc<App>>,
    params: Params,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Result<Response, Refusal> {
    let pretty = params.flag("pretty")?;
    let presented = caller::presented(&app, &headers)?;
    // With a credential in its own header, `Authorization` may be meant for a proxy. A bearer token is no client credential
    // that could be wrong.
    let is_bearer = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|value| credential::authorization(value.as_bytes()).is_ok());
    let form = form(&headers, &body)?;
    if presented.is_none() && !is_bearer {
        client(&app, &headers, &form)?;
    }
    let asked = |key| form.get(key).filter(|text| !text.is_empty());
    let credential = match (asked("apikey"), asked("token"), presented) {
        (Some(_), Some(_), _) => {
            let problem = code::REQUEST_MALFORMED
                .problem("the form has both `token` and `apikey`: send only one of them");
            return Err(Refusal(problem.hint("send one of the two").field("token")));
        }
        (Some(key), None, _) => Credential::ApiKey(key),
        (None, Some(token), _) => Credential::Iam(token),
        (None, None, Some(presented)) => presented,
        (None, None, None) => Credential::Iam(required(&form, "token")?),
    };
    let caller = caller::if_any(&app, &headers);
    let guesser = match &caller {
        Some(caller) => Some(Guesser::Principal(caller.principal())),
        None => source.key().map(Guesser::Source),
    };
    let guess = app.guesses.take(guesser, app.clock.now())?;
    let (claims, subject) = match app.iam.introspect_at_any_node(credential).await {
        Ok(Some(found)) => found,
        Ok(None) => return reply(pretty, &Introspection::inactive()),
        Err(undecided) => {
            guess.give_back();
            return Err(Refusal(refused::credential(&undecided)));
        }
    };
    guess.give_back();
    let only_space = app.verifier.only_space(credential);
    let answer = Introspection {
        active: true,
        iss: Some(claims.iss),
        realm_id: Some(claims.realmid),
        identifier: Some(claims.identifier),
        sub: Some(subject.sub()),
        sub_type: subject.sub_type().map(str::to_owned),
        iam_id: Some(claims.iam_id),
        account: Some(TokenAccount {
            bss: claims.account.bss,
            ims: None,
            valid: None,
        }),
        reach: claims.reach.map(|reach| KeyReach {
            domain: reach.domain,
            only: reach.only,
        }),
        only_space: only_space.map(|space| Domain::Space(space).to_string()),
        scope: Some(claims.scope),
        client_id: Some(claims.client_id),
        grant_type: Some(claims.grant_type),
        name: Some(subject.name()),
        email: subject.user().map(|user| user.email.clone()),
        session_id: claims.session_id,
        auth_time: claims.auth_time,
        iat: Some(claims.iat),
        exp: Some(claims.exp),
    };
    reply(pretty, &answer)
}

fn reply(pretty: bool, answer: &Introspection) -> Result<Response, Refusal> {
    if !pretty {
        return json(StatusCode::OK, answer);
    }
    let body = serde_json::to_vec_pretty(answer).map_err(|error| {
        tracing::error!(%error, "cannot write a reply");
        Refusal(code::INTERNAL.problem("the reply could not be written"))
    })?;
    Ok(json_bytes(StatusCode::OK, body))
}
