//! A credential that the token service refuses.

use super::credential::Credential;
use crate::error::{Failure, Kind};
use crate::printable_text::escaped;
use crate::refused_key;

/// The message that scripts know, with hints.
pub(super) fn rejected(refusal: &Failure, credential: &Credential) -> Failure {
    let text = refusal.text.as_deref().unwrap_or("none");
    let message = escaped!(
        "Credentials were rejected.\nCode: {}, message: {}",
        refusal.code.as_deref().unwrap_or("none"),
        text,
    );
    let mut failure = Failure::new(Kind::NotLoggedIn, message);
    failure.status = refusal.status;
    failure.code.clone_from(&refusal.code);
    failure.transaction_id.clone_from(&refusal.transaction_id);
    // The password may be right, but is not enough there. What the server says in its hint has no commands.
    if matches!(credential, Credential::Password(..)) && text.contains("(`mfa`)") {
        return failure.hint(
            "`vigie login --sso` logs in with a one-time code from the server's page, `vigie login --apikey @FILE` with an API key",
        );
    }
    // The credential is correct, but opens nothing any more. Checking it would not help; the server's hint does.
    let code = refusal.code.as_deref();
    let is_right = matches!(code, Some("BXNIM0141E" | "insufficient_permissions"))
        || text.contains("cannot be used:");
    if is_right && !refusal.hints.is_empty() {
        failure.hints.clone_from(&refusal.hints);
        return failure;
    }
    failure.hint(match credential {
        Credential::ApiKey(_) => refused_key::hint(text),
        Credential::Password(..) => "check the user and the password",
        Credential::Passcode(_) => {
            "a code is good once and for a few minutes; get a new one with `vigie login --sso`"
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::secret::Secret;

    fn hints(text: &str, credential: &Credential) -> String {
        let mut refusal = Failure::new(Kind::NotLoggedIn, "refused");
        refusal.code = Some("insufficient_permissions".into());
        refusal.text = Some(text.to_owned());
        let refusal = refusal.hint("log in with the API key itself");
        let hints = rejected(&refusal, credential).hints;
        let all: Vec<String> = hints.iter().map(ToString::to_string).collect();
        all.join("\n")
    }

    #[test]
    fn where_a_password_is_not_enough_the_other_ways_are_named() {
        let password = Credential::Password("ann".to_owned(), Secret::new("x".to_owned()));
        let text = "The account 1 gives no tokens for a password alone (`mfa`): show an API key";
        let named = hints(text, &password);
        assert!(
            named.contains("login --sso") && named.contains("--apikey"),
            "{named}"
        );
        // Of any other refusal the server knows best what mends it.
        let other = hints("The user may not log in", &password);
        assert_eq!(other, "log in with the API key itself");
    }
}
