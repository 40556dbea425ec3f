//! The common part of grants whose token is for another principal than the one that has authenticated: those of trusted profiles (by
//! compute resources, or by users and service IDs), and that of instances.

use super::form_field::optional;
use super::token_refusal::{missing, no_client, wrong};
use crate::http::problem::Refusal;
use base::limit;
use iam::flow::grant::Client;
use iam::flow::wanted_profile::WantedProfile;
use wire::excerpt;
use wire::iam::form::{self, Form};

/// Refuses the clients that may not use these grants. Only what is shown without a refresh token needs none.
pub(super) fn check_client(client: Option<Client>, form: &Form) -> Result<(), Refusal> {
    if client.is_none_or(|client| client == Client::Bx) {
        return Ok(());
    }
    let message = match form.get("refresh_token") {
        Some(_) => {
            "The client is none that may use this grant: send `bx:bx`, whose refresh tokens take on profiles"
        }
        None => {
            "The client is none that may use this grant: send `bx:bx`, or no Authorization header"
        }
    };
    Err(no_client(message))
}

/// The trusted profile that the form names.
pub(super) fn wanted_profile(form: &Form) -> Result<WantedProfile, Refusal> {
    let profile = WantedProfile {
        id: optional(form, "profile_id", &limit::WORD_BYTES)?,
        name: optional(form, "profile_name", &limit::LABEL_BYTES)?,
        crn: optional(form, "profile_crn", &limit::LABEL_BYTES)?,
    };
    if profile.id.is_none() && profile.name.is_none() && profile.crn.is_none() {
        return Err(missing("profile_id, profile_name or profile_crn"));
    }
    Ok(profile)
}

/// Refuses a wish for more than an access token.
pub(super) fn check_response_type(form: &Form, receivers: &str) -> Result<(), Refusal> {
    let types = form.get("response_type").unwrap_or_default();
    match form::list(types).find(|word| *word != "cloud_iam") {
        None => Ok(()),
        Some(other) => {
            let excerpt = excerpt::beginning(other);
            Err(wrong(format_args!(
                "response_type `{excerpt}` is not for {receivers}: they get an access token alone"
            )))
        }
    }
}
