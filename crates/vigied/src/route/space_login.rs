//! `POST /login` and `GET /token`: how senders of the original get the credentials for port 9095.

use super::not_served;
use super::reply::json;
use super::token_form::form_limit;
use crate::app::App;
use crate::failure::refused::{self, check_length};
use crate::http::header::single;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::id::SpaceId;
use base::limit::{self, Limit};
use base::scope::Domain;
use base::secret::Secret;
use http::{HeaderMap, StatusCode};
use iam::audit::{Action, Credential as AuditedCredential, Refused};
use iam::flow::grant::Grant;
use iam::manage::space_login::{LoggingToken, SpaceLogin, SpaceTokens};
use iam::{Credential, IamError, Reason};
use std::sync::Arc;
use wire::cf::login::{LoginReply, SpaceTokenReply};
use wire::code;
use wire::iam::form::Form;
use wire::secret::SecretText;

const TOKEN: (&str, &str) = ("x-auth-token", "X-Auth-Token");
const SPACE: (&str, &str) = ("x-auth-project-id", "X-Auth-Project-Id");

/// Gives a UAA token, and the key that a sender to the named space shows.
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    FormPayload(body): FormPayload,
) -> Result<Response, Refusal> {
    let login = login(&body)?;
    let tokens = app.iam.space_login(source, login).await;
    json(StatusCode::OK, &reply(&tokens.map_err(refusal)?))
}

fn login(body: &[u8]) -> Result<SpaceLogin, Refusal> {
    let form = Form::parse(body).map_err(|error| {
        let problem = code::REQUEST_MALFORMED.problem(error.to_string());
        let problem =
            problem.hint("send `user`, `passwd`, `space` and `organization`, URL-encoded");
        Refusal(match form_limit(&error) {
            Some(limit) => problem.limit(limit),
            None => problem,
        })
    })?;
    if let Some((key, why)) = not_served::second_proof(&form) {
        return Err(Refusal(code::PARAMETER_INVALID.problem(why).field(key)));
    }
    let field = |key: &'static str, limit: &'static Limit| {
        let text = form.get(key);
        if let Some(text) = text {
            check_length(key, text, limit).map_err(|problem| Problem {
                code: code::PARAMETER_INVALID.code,
                ..problem
            })?;
        }
        Ok::<_, Refusal>(text.map(str::to_owned))
    };
    let needed = |key: &'static str, limit| {
        field(key, limit)?.ok_or_else(|| {
            let problem = code::REQUEST_MALFORMED.problem(format!("the field `{key}` is missing"));
            let hint =
                "send `user` and `passwd`; for an API key `user` is `apikey` and `passwd` the key";
            Refusal(problem.hint(hint).field(key))
        })
    };
    let user = needed("user", &limit::ADDRESS_BYTES)?;
    let password = Secret::new(needed("passwd", &limit::PASSWORD_BYTES)?);
    Ok(SpaceLogin {
        grant: if user == "apikey" {
            Grant::ApiKey(password)
        } else {
            Grant::Password {
                username: user,
                password,
            }
        },
        organization: field("organization", &limit::LABEL_BYTES)?,
        space: field("space", &limit::LABEL_BYTES)?,
    })
}

/// A refusal in the words of this interface: a wrong proof has the original's code.
fn refusal(error: IamError) -> Refusal {
    let Some(reason) = error.refusal().map(|refusal| refusal.reason.clone()) else {
        return error.into();
    };
    let Some(problem) = refused::of(&error) else {
        return error.into();
    };
    let (code, kind) = match reason {
        Reason::Credential(_) => return Refusal(problem),
        Reason::UaaProof | Reason::WrongProof | Reason::WrongKey => {
            (code::CREDENTIALS_INVALID, Kind::Unauthenticated)
        }
        Reason::TooManyLogins => (code::TOO_BUSY, Kind::Busy),
        Reason::NotAllowed => (code::RIGHT_MISSING, Kind::Forbidden),
        _ => (code::PARAMETER_INVALID, Kind::Invalid),
    };
    let (code, kind) = match problem.kind {
        Kind::Busy => (code::TOO_BUSY, Kind::Busy),
        _ => (code, kind),
    };
    Refusal(Problem {
        code: code.code,
        kind,
        ..problem
    })
}

fn reply(tokens: &SpaceTokens) -> LoginReply {
    let (key, message) = match &tokens.logging_token {
        None => (
            None,
            Some(
                "you see no space of that name in that organization, or several: name both, `space` and `organization`",
            ),
        ),
        Some(LoggingToken::NoRole) => (None, Some("your roles do not allow to send to this space")),
        Some(LoggingToken::Restricted) => (
            None,
            Some(
                "Administrators alone make API keys in this account (`restrict_create_platform_apikey`): ask one for a key of a service ID",
            ),
        ),
        Some(LoggingToken::Key(key)) => (Some(key), None),
    };
    let text = |secret: &Secret<String>| SecretText::new(secret.expose().clone());
    LoginReply {
        access_token: text(&tokens.access_token),
        logging_token: key.map(text),
        org_id: tokens.org.map(|id| id.to_string()),
        space_id: tokens.space.map(|id| id.to_string()),
        message: message.map(str::to_owned),
    }
}

/// Answers with the UAA token that was shown, if it opens the space. Nothing is made here: one token opens all that its user has.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let text = |(name, field)| {
        let value = single(&headers, name, field)?;
        let text = value.and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        text.ok_or_else(|| {
            let problem = code::CREDENTIAL_MISSING.problem(format!("the request has no `{field}`"));
            let hint = "send `X-Auth-Token: TOKEN`, a UAA token without the word `bearer`, and `X-Auth-Project-Id: GUID`, the space";
            Refusal(problem.hint(hint).field(field))
        })
    };
    let (token, space) = (text(TOKEN)?, text(SPACE)?);
    let space = space.strip_prefix("s-").unwrap_or(space);
    let space: SpaceId = space.parse().map_err(|_| {
        let problem = code::SCOPE_MALFORMED.problem("`X-Auth-Project-Id` is no GUID of a space");
        let hint = "`vigie account space NAME --guid` prints the GUID";
        Refusal(problem.hint(hint).field(SPACE.1))
    })?;
    let (scope, proof) = app
        .scopes
        .proven_scope(Credential::Uaa(token), Some(Domain::Space(space)));
    scope.map_err(|error| {
        let problem = refused::credential(&error);
        app.metrics.refused(problem.code);
        app.iam.note_refused(Refused {
            action: Action::CredentialRefused,
            principal: proof.as_ref().map(|proof| proof.principal),
            account: proof.as_ref().and_then(|proof| proof.account),
            credential: AuditedCredential::UaaToken,
            why: problem.code,
        });
        Refusal(problem)
    })?;
    if let Some(proof) = proof {
        let presented = (AuditedCredential::UaaToken, proof.key);
        app.iam
            .note_caller(proof.principal, proof.account, presented, source);
    }
    let directory = app.iam.directory();
    let org = directory.org_of(space);
    let org = org.ok_or_else(|| {
        Refusal(code::DOMAIN_NOT_FOUND.problem(format!("there is no space `{space}`")))
    })?;
    let reply = SpaceTokenReply {
        access_token: SecretText::new(token),
        org_id: org.to_string(),
        space_id: space.to_string(),
    };
    json(StatusCode::OK, &reply)
}
