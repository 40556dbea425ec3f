//! A credential that the token service refuses.

use super::credential::Credential;
use crate::error::{Failure, Kind};
use crate::printable_text::shown;

/// The message that scripts know, with hints.
pub(super) fn rejected(refusal: &Failure, credential: &Credential) -> Failure {
    let text = refusal.text.as_deref().unwrap_or("none");
    let message = shown!(
        "Credentials were rejected.\nCode: {}, message: {}",
        refusal.code.as_deref().unwrap_or("none"),
        text,
    );
    let mut failure = Failure::new(Kind::NotLoggedIn, message);
    failure.status = refusal.status;
    failure.code.clone_from(&refusal.code);
    failure.transaction_id.clone_from(&refusal.transaction_id);
    // The credential is correct, but opens nothing any more. Checking it would not help; the server's hint does.
    let code = refusal.code.as_deref();
    let is_right = matches!(code, Some("BXNIM0141E" | "insufficient_permissions"))
        || text.contains("cannot be used:");
    if is_right && !refusal.hints.is_empty() {
        failure.hints.clone_from(&refusal.hints);
        return failure;
    }
    failure.hint(match credential {
        Credential::ApiKey(_) => key_hint(text),
        Credential::Password(..) => "check the user and the password",
        Credential::Passcode(_) => {
            "a code is good once and for a few minutes; get a new one with `vigie login --sso`"
        }
    })
}

/// Hints by the server's reason. A new key needs another way to log in.
fn key_hint(message: &str) -> &'static str {
    if message.contains("its account was deleted") {
        "the server's operator alone can bring a deleted account back, and its keys with it; for another account, take a key of that one"
    } else if message.contains("cannot be used") {
        "log in with `vigie login -u USER`; then fix this key, or make another with `vigie iam api-key-create NAME`; for a service ID an Administrator does, with `vigie iam service-api-key-create NAME SERVICE_ID`"
    } else {
        "is it the whole key, and not deleted? for a new one, log in with `vigie login -u USER` and use `vigie iam api-key-create NAME`; for a service ID an Administrator does, with `vigie iam service-api-key-create NAME SERVICE_ID`"
    }
}
