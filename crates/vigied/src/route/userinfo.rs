//! `/identity/userinfo`: whose a token is.

use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;
use wire::code;
use wire::iam::introspection::{TokenAccount, UserInfo};

pub(super) async fn userinfo(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
) -> Result<Response, Refusal> {
    let Some(claims) = caller.claims() else {
        return Err(Refusal(
            code::CREDENTIAL_KIND
                .problem("this needs an IAM token")
                .hint("`vigie iam oauth-tokens` prints one"),
        ));
    };
    let subject = app.iam.caller_subject(&caller)?;
    let user = subject.user();
    let answer = UserInfo {
        active: true,
        realm_id: claims.realmid.clone(),
        identifier: claims.identifier.clone(),
        iam_id: claims.iam_id.clone(),
        given_name: user.map(|user| user.given_name.clone()),
        family_name: user.map(|user| user.family_name.clone()),
        name: subject.name(),
        email: user.map(|user| user.email.clone()),
        sub: subject.sub(),
        account: TokenAccount {
            bss: claims.account.bss.clone(),
            ims: None,
            valid: None,
        },
        auth_time: claims.auth_time,
        iat: claims.iat,
        exp: claims.exp,
        iss: claims.iss.clone(),
        grant_type: claims.grant_type.clone(),
        client_id: claims.client_id.clone(),
        scope: claims.scope.clone(),
        acr: claims.acr,
        amr: claims.amr.clone(),
    };
    json(StatusCode::OK, &answer)
}

/// The same, as `OpenID` Connect Core 5.3.1 has it too. The credential is in a header; what a form says beside it is not read.
pub(super) async fn userinfo_post(
    state: State<Arc<App>>,
    caller: Manager,
    FormPayload(_): FormPayload,
) -> Result<Response, Refusal> {
    userinfo(state, caller).await
}
