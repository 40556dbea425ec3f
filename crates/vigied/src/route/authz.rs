//! `/v2/authz`: whether somebody may do something, as it is now. Everybody may ask about themselves, and an Administrator about
//! everybody in the account; a resource of another account is answered as one that is not there.

mod resource;

use self::resource::Named;
use super::iam_id;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::{self, check_length};
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::list;
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::limit;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use iam::directory::SERVICE_NAME;
use iam::flow::token_body::TokenBody;
use iam::{AuthError, Identity};
use std::collections::HashMap;
use std::sync::Arc;
use wire::iam::authz::{
    AuthzDecision, AuthzError, AuthzObligation, AuthzReply, AuthzRequest, AuthzResponse,
    AuthzSubject,
};

/// The code of a wrong parameter.
const INVALID: &str = "invalid_parameter";

/// The principal that each id means.
type PrincipalsById = HashMap<Principal, Principal>;

/// The subject of a question: a principal, or the holder of a token with its bounds.
#[derive(Debug)]
enum Subject {
    Principal(Principal),
    Holder(TokenBody),
}

impl Subject {
    fn read(wanted: &AuthzSubject) -> Result<Self, Refusal> {
        match (&wanted.attributes, &wanted.access_token_body) {
            (Some(attributes), None) => {
                iam_id::read("subject", &attributes.id).map(Self::Principal)
            }
            (None, Some(body)) => Ok(Self::Holder(token_body(body)?)),
            _ => {
                let message = "`subject` takes `attributes` with an `id`, or `accessTokenBody`";
                Err(invalid("subject", message.to_owned()))
            }
        }
    }

    fn resolved(self, by_id: &PrincipalsById) -> Self {
        match self {
            Self::Principal(named) => Self::Principal(by_id.get(&named).copied().unwrap_or(named)),
            holder @ Self::Holder(_) => holder,
        }
    }

    const fn principal(&self) -> Principal {
        match self {
            Self::Principal(principal) => *principal,
            Self::Holder(body) => body.principal(),
        }
    }
}

/// The decisions made for a request so far: several questions may be about one subject and one domain.
#[derive(Debug, Default)]
struct Decided(HashMap<(Principal, Domain), Actions>);

impl Decided {
    fn actions(&mut self, app: &App, subject: &Subject, domain: Domain) -> Actions {
        match subject {
            Subject::Principal(principal) => {
                let decided = self.0.entry((*principal, domain));
                *decided.or_insert_with(|| app.iam.directory().actions(*principal, domain))
            }
            Subject::Holder(body) => app.iam.permitted_by(body, domain),
        }
    }
}

/// The claims of a token. They are not verified, and give nothing: they only say what the question is about.
fn token_body(text: &str) -> Result<TokenBody, Refusal> {
    let field = "accessTokenBody";
    check_length(field, text, &limit::TOKEN_BYTES)?;
    if text.contains('.') {
        let message = format!(
            "`{field}` is the middle part of an access token, what stands between its two dots, and not all of it"
        );
        return Err(invalid(field, message));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok();
    bytes.and_then(|bytes| TokenBody::read(&bytes)).ok_or_else(|| {
        let message = format!("`{field}` is not the middle part of an access token: Base64 of its claims, with an `iam_id`");
        invalid(field, message)
    })
}

/// The action, or why there is none of this name.
fn action(name: &str) -> Result<Result<Action, AuthzError>, Refusal> {
    let plain = name.strip_prefix(SERVICE_NAME);
    let plain = plain.and_then(|rest| rest.strip_prefix('.'));
    let plain = plain.unwrap_or(name);
    let found = Action::ALL
        .into_iter()
        .find(|action| action.name() == plain);
    if let Some(action) = found {
        return Ok(Ok(action));
    }
    check_length("action", name, &limit::WORD_BYTES)?;
    let known = Action::ALL.map(|action| format!("`{}`", action.name()));
    let message = format!(
        "there is no action `{name}`: there are {}",
        known.join(", ")
    );
    Ok(Err(AuthzError {
        code: INVALID.to_owned(),
        message,
    }))
}

/// The principals that the questions name by id; the id of an accepted invitation means the user who accepted it. For a caller who may
/// only ask about themselves, nothing is looked up after the first question about somebody else, which is refused.
async fn principals_by_id(
    app: &App,
    caller: &Identity,
    wanted: &[AuthzRequest],
) -> Result<PrincipalsById, Refusal> {
    let may_ask = app.iam.may_manage_policies(caller).is_ok();
    let mut by_id = PrincipalsById::new();
    let named = wanted.iter().filter_map(|one| {
        let attributes = one.subject.attributes.as_ref()?;
        attributes.id.parse::<Principal>().ok()
    });
    for named in named {
        if by_id.contains_key(&named) {
            continue;
        }
        let found = app.iam.principal_named(caller, named).await?;
        by_id.insert(named, found);
        if !may_ask && found != caller.principal() {
            break;
        }
    }
    Ok(by_id)
}

fn decision(
    app: &App,
    caller: &Identity,
    (by_id, decided): (&PrincipalsById, &mut Decided),
    wanted: &AuthzRequest,
) -> Result<AuthzResponse, Refusal> {
    let (subject, named) = (
        Subject::read(&wanted.subject)?.resolved(by_id),
        Named::read(&wanted.resource)?,
    );
    let action = action(&wanted.action)?;
    if subject.principal() != caller.principal() && app.iam.may_manage_policies(caller).is_err() {
        let message = "a question about somebody else needs the account role Administrator";
        let problem = Problem::new(Kind::Forbidden, "insufficient_permissions", message);
        return Err(Refusal(problem.field("subject")));
    }
    let action = match action {
        Ok(action) => action,
        // The other questions are answered.
        Err(error) => {
            return Ok(AuthzResponse {
                status: "400".to_owned(),
                authorization_decision: AuthzDecision::default(),
                error: Some(error),
            });
        }
    };
    let directory = app.iam.directory();
    let domain = named.domain(app);
    let domain = domain.filter(|domain| directory.account_of(*domain) == Some(caller.account()));
    let actions = domain.map_or(Actions::NONE, |domain| {
        decided.actions(app, &subject, domain)
    });
    let permitted = actions.contains(action);
    // What another node has opened a moment ago is not denied.
    if !permitted && app.iam.is_cut_off() {
        return Err(Refusal(refused::credential(&AuthError::Unheard)));
    }
    let allowed = Action::ALL
        .iter()
        .filter(|action| actions.contains(**action));
    let obligation = permitted.then(|| AuthzObligation {
        actions: allowed.map(|action| action.name().to_owned()).collect(),
        max_cache_age_seconds: 0,
    });
    Ok(AuthzResponse {
        status: "200".to_owned(),
        authorization_decision: AuthzDecision {
            permitted,
            obligation,
        },
        error: None,
    })
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: Vec<AuthzRequest> = list(&bytes)?;
    let (count, limit) = (wanted.len() as u64, &limit::AUTHZ_DECISIONS);
    if count > limit.default {
        let (name, most) = (limit.name, limit.default);
        let message = format!("the body asks for {count} decisions, more than `{name}` = {most}");
        let problem = Problem::new(Kind::Invalid, INVALID, message);
        return Err(Refusal(problem.limit(limit)));
    }
    let by_id = principals_by_id(&app, &caller, &wanted).await?;
    let mut decided = Decided::default();
    let each = wanted.iter();
    let each = each.map(|one| decision(&app, &caller, (&by_id, &mut decided), one));
    let responses = each.collect::<Result<Vec<AuthzResponse>, Refusal>>()?;
    json(StatusCode::OK, &AuthzReply { responses })
}
