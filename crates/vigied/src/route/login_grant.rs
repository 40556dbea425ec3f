//! The proof in a form of the token service: a key, a password, a one-time code or a refresh token.

use super::form_field::{bounded, required};
use super::not_served;
use crate::http::problem::Refusal;
use base::limit::{self, Limit};
use base::secret::Secret;
use iam::flow::grant::{APIKEY, DELEGATED, Grant, PASSCODE, PASSWORD, REFRESH_TOKEN};
use wire::iam::form::Form;

/// The credential in a form of the token service.
pub(super) fn grant(form: &Form) -> Result<Grant, Refusal> {
    match required(form, "grant_type")? {
        APIKEY => {
            // No key ends a line: a text read from a file may.
            let key = required(form, "apikey")?.trim_end_matches(['\r', '\n']);
            let key = bounded("apikey", key, &limit::KEY_TEXT_BYTES)?;
            Ok(Grant::ApiKey(Secret::new(key.to_owned())))
        }
        PASSWORD => name_and_password(form),
        PASSCODE => Ok(Grant::Passcode(secret(
            form,
            "passcode",
            &limit::WORD_BYTES,
        )?)),
        REFRESH_TOKEN | DELEGATED => {
            let token = secret(form, "refresh_token", &limit::TOKEN_BYTES)?;
            Ok(Grant::RefreshToken(token))
        }
        other => Err(not_served::grant(other)),
    }
}

/// User name and password from a form.
pub(super) fn name_and_password(form: &Form) -> Result<Grant, Refusal> {
    let username = required(form, "username")?;
    Ok(Grant::Password {
        username: bounded("username", username, &limit::ADDRESS_BYTES)?.to_owned(),
        password: secret(form, "password", &limit::PASSWORD_BYTES)?,
    })
}

fn secret(
    form: &Form,
    key: &'static str,
    limit: &'static Limit,
) -> Result<Secret<String>, Refusal> {
    let text = bounded(key, required(form, key)?, limit)?;
    Ok(Secret::new(text.to_owned()))
}
