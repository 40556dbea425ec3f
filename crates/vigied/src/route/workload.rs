//! The grant of compute resources: a workload shows the token of what it runs on, and names the trusted profile that it takes on.

use super::form_field::{bounded, property, required};
use crate::app::App;
use crate::http::problem::Refusal;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use base::secret::Secret;
use base::source::Source;
use iam::flow::grant::{Client, Tokens};
use iam::flow::workload::{WantedProfile, WorkloadLogin};
use wire::iam::form::{self, Form};

pub(super) fn invalid(what: &str) -> Refusal {
    property("BXNIM0106E", format!("Property validation failed: {what}"))
}

/// A field that may be left out.
pub(super) fn optional(
    form: &Form,
    key: &'static str,
    limit: &'static Limit,
) -> Result<Option<String>, Refusal> {
    let found = form.get(key).filter(|text| !text.is_empty());
    let found = found.map(|text| bounded(key, text, limit)).transpose()?;
    Ok(found.map(str::to_owned))
}

/// Refuses the clients that may not use the grants of trusted profiles.
pub(super) fn check_client(client: Option<Client>) -> Result<(), Refusal> {
    if client.is_none_or(|client| client == Client::Bx) {
        return Ok(());
    }
    let message =
        "The client is none that may use this grant: send `bx:bx`, or no Authorization header";
    let problem = Problem::new(Kind::Unauthenticated, "BXNIM0308E", message);
    Err(Refusal(problem))
}

/// The trusted profile that the form names.
pub(super) fn wanted_profile(form: &Form) -> Result<WantedProfile, Refusal> {
    let profile = WantedProfile {
        id: optional(form, "profile_id", &limit::WORD_BYTES)?,
        name: optional(form, "profile_name", &limit::LABEL_BYTES)?,
        crn: optional(form, "profile_crn", &limit::LABEL_BYTES)?,
    };
    if profile.id.is_none() && profile.name.is_none() && profile.crn.is_none() {
        let message = "Property missing or empty: profile_id, profile_name or profile_crn";
        return Err(property("BXNIM0109E", message.to_owned()));
    }
    Ok(profile)
}

/// Refuses a wish for more than an access token.
pub(super) fn check_response_type(form: &Form, receivers: &str) -> Result<(), Refusal> {
    let types = form.get("response_type").unwrap_or_default();
    match form::list(types).find(|word| *word != "cloud_iam") {
        None => Ok(()),
        Some(other) => {
            let excerpt: String = other.chars().take(80).collect();
            Err(invalid(&format!(
                "response_type `{excerpt}` is not for {receivers}: they get an access token alone"
            )))
        }
    }
}

/// The tokens for the compute resource of the form.
pub(super) async fn tokens(
    app: &App,
    source: Source,
    client: Option<Client>,
    form: &Form,
) -> Result<Tokens, Refusal> {
    check_client(client)?;
    // IBM's SDKs send the file with the token as it is, which often ends with a new line.
    let token = required(form, "cr_token")?.trim_ascii();
    let token = bounded("cr_token", token, &limit::TOKEN_BYTES)?;
    let profile = wanted_profile(form)?;
    check_response_type(form, "compute resources")?;
    let login = WorkloadLogin {
        token: Secret::new(token.to_owned()),
        profile,
        account: optional(form, "account", &limit::WORD_BYTES)?,
        client,
        source,
    };
    Ok(app.iam.workload_token(login).await?)
}
