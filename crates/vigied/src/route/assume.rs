//! The grant of users and service IDs who take on a trusted profile: they show a token of theirs, and name the profile.

use super::form_field::{bounded, optional, required};
use super::profile_grant::{check_client, check_response_type, wanted_profile};
use super::token_refusal::{missing, wrong};
use crate::app::App;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::grant::{Client, Tokens};
use wire::iam::form::Form;

/// The fields of which the original takes one. There are no logins by cookie here.
const PROOFS: [&str; 3] = ["access_token", "refresh_token", "cookie"];

/// The tokens of the profile that the form names.
pub(super) async fn tokens(
    app: &App,
    source: Source,
    client: Option<Client>,
    form: &Form,
) -> Result<Tokens, Refusal> {
    check_client(client, form)?;
    let proof = proof(form)?;
    let profile = wanted_profile(form)?;
    let account = optional(form, "account", &limit::WORD_BYTES)?;
    if profile.name.is_some() && account.is_none() {
        return Err(missing(
            "account, in which there is a profile of that profile_name",
        ));
    }
    check_response_type(form, "those who take on a trusted profile")?;
    let login = ProfileLogin {
        proof,
        profile,
        account,
        client,
        source,
    };
    Ok(app.iam.profile_token(login).await?)
}

/// The one proof of the form.
fn proof(form: &Form) -> Result<AssumerProof, Refusal> {
    let given = PROOFS.into_iter().filter(|key| form.get(key).is_some());
    let given: Vec<&'static str> = given.collect();
    match given.as_slice() {
        [] => Err(missing("access_token or refresh_token")),
        ["access_token"] => Ok(AssumerProof::AccessToken(secret(form, "access_token")?)),
        ["refresh_token"] => Ok(AssumerProof::RefreshToken(secret(form, "refresh_token")?)),
        [one] => Err(wrong(format_args!(
            "{one} is no proof for this grant here: send `access_token` or `refresh_token`"
        ))),
        several => Err(wrong(format_args!(
            "{} are given together: send one of them",
            several.join(" and ")
        ))),
    }
}

fn secret(form: &Form, key: &'static str) -> Result<Secret<String>, Refusal> {
    let text = bounded(key, required(form, key)?, &limit::TOKEN_BYTES)?;
    Ok(Secret::new(text.to_owned()))
}
