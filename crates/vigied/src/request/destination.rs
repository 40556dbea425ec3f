//! The domain of senders that can be configured with a name, but not with a header: InfluxDB's `db` or `bucket` names a
//! space that the credential can access; without it, the header's domain is used, or else the key's own.

use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use axum::extract::Request;
use base::scope::Domain;
use iam::{Credential, SpaceName, SpaceNameError};
use std::borrow::Cow;
use wire::code;
use wire::excerpt;
use wire::query::Query;
use wire::scope_id;

/// By which parameter a route's senders name the space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpaceParameter {
    /// By none.
    Nothing,
    /// By `db`, as to InfluxDB 1.
    Db,
    /// By `bucket`, as to InfluxDB 2.
    Bucket,
}

impl SpaceParameter {
    const fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Db => Some("db"),
            Self::Bucket => Some("bucket"),
        }
    }
}

/// Refuses a credential in the URL, where clients of InfluxDB 1 may put it: logs and proxies keep URLs.
pub(super) fn refuse_url_credential(request: &Request) -> Result<(), Refusal> {
    let query = query_of(request)?;
    let Some(key) = ["u", "p"]
        .into_iter()
        .find(|key| query.iter().any(|pair| pair.0 == *key))
    else {
        return Ok(());
    };
    let message = "a credential in the URL (`u`, `p`) is not read: logs and proxies keep URLs";
    let hint = "send the key by `Authorization: Basic` with the user name `apikey`, or as `Authorization: Token KEY`; this one has been in a URL, so make another";
    let problem = code::CREDENTIAL_KIND.problem(message);
    Err(Refusal(problem.hint(hint).field(key)))
}

/// The domain that the request names; `None` if it names none.
pub(super) fn domain(
    app: &App,
    request: &Request,
    (credential, named): (Credential<'_>, SpaceParameter),
    in_header: Option<Domain>,
) -> Result<Option<Domain>, Refusal> {
    let query = query_of(request)?;
    let one = |key| {
        let text = query.one(key).map_err(|error| {
            let problem = code::PARAMETER_INVALID.problem(error.to_string());
            Refusal(problem.field(key))
        });
        text.map(|text| text.filter(|text| !text.is_empty()))
    };
    let key = named.parameter();
    let text = key.map(one).transpose()?.flatten();
    let (Some(text), Some(key)) = (text, key) else {
        return Ok(match in_header {
            Some(domain) => Some(domain),
            // An error means that the credential is not valid: the guard refuses it later.
            None => app
                .verifier
                .resolve_space(credential, None)
                .unwrap_or_default(),
        });
    };
    let domain = match scope_id::parse(text.as_bytes()) {
        Ok(domain) => Some(domain),
        Err(_) => by_name(app, credential, (key, text), one("org")?)?,
    };
    if in_header.is_some() && domain.is_some() && in_header != domain {
        let message = format!("`X-Auth-Scope-Id` and `{key}` name different domains");
        let problem = code::REQUEST_MALFORMED.problem(message);
        return Err(Refusal(problem.hint("leave out the header").field(key)));
    }
    Ok(domain)
}

fn by_name(
    app: &App,
    credential: Credential<'_>,
    (key, text): (&'static str, &str),
    org: Option<&str>,
) -> Result<Option<Domain>, Refusal> {
    let (in_org, space) = match text.split_once('/') {
        Some((org, space)) => (Some(org), space),
        None => (None, text),
    };
    let name = SpaceName {
        org: in_org,
        org_if_several: org,
        space,
    };
    app.verifier.resolve_space(credential, Some(name)).map_err(|error| {
        let written = excerpt::beginning(text);
        let problem = match error {
            SpaceNameError::Unknown => {
                let problem = code::DOMAIN_NOT_FOUND
                    .problem(format!("the credential reaches no space `{written}`"));
                match without_role(app, credential) {
                    Some(hint) => problem.hint(hint),
                    None => problem.hint(
                        "name a space, `ORG/SPACE`, or `s-GUID`; `vigie account space NAME --guid` prints the GUID",
                    ),
                }
            }
            SpaceNameError::Several => code::PARAMETER_INVALID
                .problem(format!("the credential reaches several spaces `{written}`"))
                .hint("name the organization with it, `ORG/SPACE`, or use a key that was made for one space"),
        };
        Refusal(problem.field(key))
    })
}

/// The hint for a caller whose roles show no space, so that there is none to name.
fn without_role(app: &App, credential: Credential<'_>) -> Option<Cow<'static, str>> {
    match app.scopes.proven_scope(credential, None).0 {
        Err(error) if error.has_no_role() => refused::credential(&error).hint,
        _ => None,
    }
}

fn query_of(request: &Request) -> Result<Query, Refusal> {
    let raw = request.uri().query().unwrap_or_default();
    Query::parse(raw).map_err(|error| Refusal(code::REQUEST_MALFORMED.problem(error.to_string())))
}
