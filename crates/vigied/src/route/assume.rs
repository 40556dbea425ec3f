//! The grant of users and service IDs who take on a trusted profile: they show their access token, and name the profile.

use super::form_field::{bounded, optional, required};
use super::profile_grant::{check_client, check_response_type, wanted_profile};
use super::token_refusal::{missing, wrong};
use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::flow::assume::ProfileLogin;
use iam::flow::grant::{Client, Tokens};
use wire::iam::form::Form;

/// What the original takes instead of an access token.
const OTHER_PROOFS: [&str; 2] = ["refresh_token", "cookie"];

/// The tokens of the profile that the form names.
pub(super) async fn tokens(
    app: &App,
    source: Source,
    client: Option<Client>,
    form: &Form,
) -> Result<Tokens, Refusal> {
    check_client(client)?;
    if let Some(key) = OTHER_PROOFS.iter().find(|key| form.get(key).is_some()) {
        return Err(wrong(format_args!(
            "{key} is no proof for this grant here: send `access_token`"
        )));
    }
    let token = required(form, "access_token")?;
    let token = bounded("access_token", token, &limit::TOKEN_BYTES)?;
    let profile = wanted_profile(form)?;
    let account = optional(form, "account", &limit::WORD_BYTES)?;
    if profile.name.is_some() && account.is_none() {
        return Err(missing(
            "account, in which there is a profile of that profile_name",
        ));
    }
    check_response_type(form, "those who take on a trusted profile")?;
    let login = ProfileLogin {
        token: Secret::new(token.to_owned()),
        profile,
        account,
        client,
        source,
    };
    Ok(app.iam.profile_token(login).await?)
}
