//! One error on the way out. Handlers return [`Refusal`]; the outermost layer writes it in the form that the route's
//! protocol expects (monitoring, token service, identity API, UAA, Cloud Foundry).

#[cfg(test)]
mod tests;

use super::error_form::ErrorForm;
use super::fault_log::{FAULTS, IDENTITY_AWAY};
use super::limit_exceeded::LimitExceeded;
use crate::failure::refused;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base::context::Stop;
use base::error::{Kind, Problem};
use base::error_chain::Chain;
use base::invisible;
use base::limit::{self, Limit};
use base::store::{Outage, StoreError, Unavailable};
use db::DbError;
use http::{HeaderValue, StatusCode, header};
use iam::IamError;
use iam::token::key_error::KeyError;
use std::borrow::Cow;
use std::time::Instant;
use wire::code;
use wire::influx::{InfluxError, InfluxMessage};
use wire::problem::{
    CloudFoundryBody, ErrorContext, GraphiteBody, IdentityBody, MonitoringBody, TokenErrorBody,
    UaaBody,
};

/// The remedy for a lack of memory for samples.
const FEWER: &str =
    "send again after `Retry-After` seconds, with fewer samples at once where a request has many";

/// A handler's "no".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) Problem);

/// Marks an answer of a route that takes a credential by `Authorization: Basic`: a refusal says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakesPassword;

/// Marks a refusal by an endpoint of OAuth 2.0: its body has the standard's members as well, with this word, or none of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OAuthWord(pub(crate) Option<&'static str>);

/// Marks the refusal of a token or key that came as such, and not as the password of a browser: the challenge says that it is no
/// good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRefused;

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let problem = match &error {
            StoreError::Forbidden(_) => code::RIGHT_MISSING.problem(message),
            StoreError::Stopped(Stop::Budget {
                limit,
                needed,
                allowed,
            }) => code::RESULT_TOO_LARGE
                .problem(if *limit == &limit::QUERIES_IN_FLIGHT_BYTES {
                    // The figure is the share of one, which is less than the limit.
                    format!(
                        "the query needs {needed} bytes or more, and one account may have {allowed} of `{}`",
                        limit.name
                    )
                } else {
                    message
                })
                .hint("ask for a narrower pattern or a shorter range")
                .limit(limit),
            StoreError::Stopped(Stop::Busy {
                whole,
                limit,
                allowed,
            }) => {
                let (whole, limit, allowed) = (*whole, *limit, *allowed);
                return LimitExceeded {
                    whole,
                    limit,
                    allowed,
                }
                .refusal();
            }
            StoreError::Stopped(Stop::Share { limit, .. }) => {
                code::TOO_BUSY.problem(message).hint(FEWER).limit(limit)
            }
            StoreError::Stopped(Stop::TooMuch { limit, .. }) => code::BODY_TOO_LARGE
                .problem(message)
                .hint("send fewer samples at once, above all of series that are new")
                .limit(limit),
            StoreError::Stopped(Stop::Deadline { .. } | Stop::Cancelled) => Problem {
                kind: Kind::Unavailable,
                ..code::TIMEOUT.problem(message)
            }
            .hint("ask for a narrower pattern or a shorter range")
            .limit(&limit::REQUEST_SECONDS),
            StoreError::Unavailable(cause) => unavailable(cause),
            StoreError::Damaged { .. } | StoreError::Failed { .. } | StoreError::Unsupported(_) => {
                let message = Chain(&error).to_string();
                if let Some(left_out) = FAULTS.should_log(&message, Instant::now()) {
                    tracing::error!(error = message, left_out, "the store failed");
                }
                code::INTERNAL.problem("the store could not answer; the server's log says why")
            }
        };
        Self(problem)
    }
}

/// The store's reason names paths of the server: not a caller's business.
fn unavailable(cause: &Unavailable) -> Problem {
    let problem = match cause.outage {
        // `disk_watch` logs each once.
        Outage::DiskFull => code::DISK_FULL
            // Who meets the full disk first is applied in memory already, and durable once there is room.
            .problem("the server's disk is full: what was sent is not acknowledged, and may be stored or deleted later")
            .hint("send again later; the operator makes room"),
        Outage::DiskReserveReached => code::DISK_FULL
            .problem("the server's disk is too full for samples")
            .hint("send again later; deleting makes room, and so can the operator"),
        Outage::ResourcesExhausted => code::UNAVAILABLE
            .problem("the server is out of descriptors or memory: what was sent is not acknowledged, and may be stored or deleted later")
            .hint("send again later; the operator raises the limit of open files, or finds more in the log"),
        Outage::ReadOnly => code::UNAVAILABLE
            .problem("the store takes no writes since a failure; reads go on")
            .hint("the operator finds the cause in the server's log and at `/health/ready`; send again later"),
        Outage::Stuck => code::UNAVAILABLE
            .problem("the store is stuck; the operator finds more in the server's log"),
    };
    let retry_after = cause.retry_after.into_iter();
    retry_after.fold(problem, Problem::retry_after)
}

/// When to ask again a database that is busy or away.
const DATABASE_RETRY_SECONDS: u64 = 5;

impl From<IamError> for Refusal {
    fn from(error: IamError) -> Self {
        if let Some(problem) = refused::of(&error) {
            return Self(problem);
        }
        if matches!(error, IamError::Db(DbError::Full { .. })) {
            return Self(
                code::DISK_FULL
                    .problem(
                        "the disk of the server's identity database is full: nothing was changed",
                    )
                    .hint("send again later; the operator makes room")
                    .retry_after(30),
            );
        }
        if let IamError::Silent | IamError::Db(DbError::Unavailable { .. }) = error {
            // `disk_watch` says when it is over.
            if IDENTITY_AWAY.record(Instant::now()) {
                tracing::warn!(error = %Chain(&error), "the identity database is not available");
            } else {
                tracing::debug!(error = %Chain(&error), "the identity database is not available yet");
            }
            return Self(
                code::UNAVAILABLE
                    .problem("the server's identity database is busy or does not answer")
                    .hint("send again after `Retry-After` seconds")
                    .retry_after(DATABASE_RETRY_SECONDS),
            );
        }
        if matches!(error, IamError::Key(KeyError::NoSigningKey)) {
            return Self(
                code::UNAVAILABLE
                    .problem("the server has no key to sign tokens with at the moment")
                    .hint("send again after `Retry-After` seconds")
                    .retry_after(DATABASE_RETRY_SECONDS),
            );
        }
        if matches!(error, IamError::Db(DbError::OutcomeUnknown { .. })) {
            // `iam` has logged it. Never with a time to send again: a second one might be made.
            return Self(
                code::OUTCOME_UNKNOWN
                    .problem("the server's identity database did not say whether it made the change: it may have been made")
                    .hint("look whether it was made before you send it again"),
            );
        }
        let message = Chain(&error).to_string();
        if let Some(left_out) = FAULTS.should_log(&message, Instant::now()) {
            tracing::error!(error = message, left_out, "identity failed");
        }
        Self(code::INTERNAL.problem("identity could not answer; the server's log says why"))
    }
}

impl LimitExceeded {
    /// The answer to it.
    pub(crate) fn refusal(&self) -> Refusal {
        let (allowed, name) = (self.allowed, self.limit.name);
        let (whole, unit) = (self.whole.name, self.whole.unit);
        let message = if self.is_whole() {
            format!(
                "the server is full: of `{whole}` = {allowed} {unit} none is left for this caller"
            )
        } else {
            let who = if self.limit == &limit::ACCOUNT_SHARE_PERCENT {
                "the account has"
            } else if self.limit == &limit::SOURCE_SHARE_PERCENT {
                "the address has, without a credential,"
            } else {
                "callers without a credential have"
            };
            format!(
                "{who} the most that is allowed at once: {allowed} {unit}, the `{name}` of `{whole}`"
            )
        };
        let hint = if self.limit == &limit::ACCOUNT_SHARE_PERCENT {
            "send again after `Retry-After` seconds; the operator can give one account another share with `vigied account limit ACCOUNT account_share_percent=NUMBER`"
        } else if self.whole == &limit::HEAD_BYTES {
            FEWER
        } else {
            "send again after `Retry-After` seconds"
        };
        let problem = code::TOO_BUSY.problem(message);
        Refusal(problem.hint(hint).limit(self.limit))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.0.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Facts of the request that some error bodies repeat.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) form: ErrorForm,
    pub(crate) path: &'a str,
    pub(crate) transaction: &'a str,
    pub(crate) user_agent: &'a str,
    pub(crate) public_url: &'a str,
    pub(crate) started: base::time::Millis,
    pub(crate) ended: base::time::Millis,
}

/// The labels under which a written problem is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemLabels {
    pub(crate) code: &'static str,
    pub(crate) limit: Option<&'static Limit>,
}

/// Most characters of a message. What a caller sent may stand in it, and is not sent back at any length.
const MESSAGE_CHARACTERS_MAX: usize = 1000;

/// Escapes invisible characters, and cuts the message to the maximum, as it is escaped.
fn shorten(message: &mut Cow<'static, str>) {
    if let Cow::Owned(escaped) = invisible::escaped(message) {
        *message = escaped.into();
    }
    if let Some((at, _)) = message.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        let kept = message.get(..at).unwrap_or_default();
        *message = format!("{kept}…").into();
    }
}

/// Writes the problem a response carries, if it carries one.
pub(crate) fn write(response: &mut Response, request: &Request<'_>) -> Option<ProblemLabels> {
    let mut problem = response.extensions_mut().remove::<Problem>()?;
    let takes_password = response.extensions_mut().remove::<TakesPassword>();
    let oauth = response.extensions_mut().remove::<OAuthWord>();
    let is_token_refused = response.extensions_mut().remove::<TokenRefused>().is_some()
        && problem.code != code::CREDENTIAL_MISSING.code;
    shorten(&mut problem.message);
    let form = request.form;
    // Senders drop what InfluxDB 1 refuses with any status of 400 to 499, and keep it after 503.
    if form == ErrorForm::Influx1 && problem.kind == Kind::Busy {
        problem.kind = Kind::Unavailable;
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    if form == ErrorForm::Token && problem.kind == Kind::Method {
        problem.code = "BXNIM0060E";
    }
    let body = match form {
        ErrorForm::Monitoring => serde_json::to_vec(&MonitoringBody::from(&problem)),
        ErrorForm::Graphite => serde_json::to_vec(&GraphiteBody::from(&problem)),
        ErrorForm::Influx1 => serde_json::to_vec(&InfluxError::from(&problem)),
        ErrorForm::Influx2 => serde_json::to_vec(&InfluxMessage::from(&problem)),
        ErrorForm::Token => {
            let context = context(request);
            serde_json::to_vec(&match oauth {
                Some(OAuthWord(Some(word))) => TokenErrorBody::for_oauth(word, &problem, context),
                Some(OAuthWord(None)) | None => TokenErrorBody::new(&problem, context),
            })
        }
        ErrorForm::Identity => {
            serde_json::to_vec(&IdentityBody::new(&problem, request.transaction))
        }
        // A code without capitals is one of the UAA's own words.
        ErrorForm::Uaa if problem.code.starts_with(|c: char| c.is_ascii_lowercase()) => {
            serde_json::to_vec(&UaaBody::with_word(problem.code, &problem))
        }
        ErrorForm::Uaa => serde_json::to_vec(&UaaBody::new(&problem)),
        ErrorForm::CloudFoundry => serde_json::to_vec(&CloudFoundryBody::new(&problem)),
    };
    let mut body = body.unwrap_or_default();
    body.push(b'\n');
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    match problem.kind {
        Kind::Busy | Kind::Unavailable => {
            let seconds = problem.retry_after.unwrap_or(1);
            headers
                .entry(header::RETRY_AFTER)
                .or_insert(HeaderValue::from(seconds));
        }
        Kind::Unauthenticated => {
            // RFC 6750 3.1: without a token, nothing is said about one.
            let scheme = match (is_token_refused, takes_password.is_some()) {
                _ if CLIENT_REFUSED.contains(&problem.code) => "Basic realm=\"vigie\"",
                (true, true) => {
                    "Bearer realm=\"vigie\", error=\"invalid_token\", Basic realm=\"vigie\""
                }
                (true, false) => "Bearer realm=\"vigie\", error=\"invalid_token\"",
                (false, true) => "Bearer realm=\"vigie\", Basic realm=\"vigie\"",
                (false, false) => "Bearer realm=\"vigie\"",
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        _ => {}
    }
    Some(ProblemLabels {
        code: problem.code,
        limit: problem.limit,
    })
}

/// Codes that mean a missing client, which is proved by Basic.
const CLIENT_REFUSED: [&str; 2] = ["BXNIM0308E", "unauthorized"];

/// Headers of every answer of the token service.
pub(crate) fn mark(headers: &mut http::HeaderMap, form: ErrorForm) {
    if form == ErrorForm::Token {
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static("en-US"));
        headers.insert(
            "ibm-cloud-service-name",
            HeaderValue::from_static("iam-identity"),
        );
    }
}

/// The kind of request as the original writes it: `incoming.Identity_Token`.
fn request_type(path: &str) -> String {
    let mut text = String::from("incoming.");
    let mut begins = true;
    for letter in path.trim_matches('/').chars() {
        match letter {
            '/' => text.push('_'),
            _ if begins => text.extend(letter.to_uppercase()),
            _ => text.push(letter),
        }
        begins = letter == '/';
    }
    text
}

fn context(request: &Request<'_>) -> ErrorContext {
    let elapsed = request.ended.0.saturating_sub(request.started.0).max(0);
    ErrorContext {
        request_id: request.transaction.to_owned(),
        request_type: request_type(request.path),
        user_agent: request.user_agent.to_owned(),
        url: request.public_url.to_owned(),
        start_time: wire::problem::context_time(request.started),
        end_time: wire::problem::context_time(request.ended),
        elapsed_time: elapsed.to_string(),
        locale: "en_US".to_owned(),
        ..ErrorContext::default()
    }
}
