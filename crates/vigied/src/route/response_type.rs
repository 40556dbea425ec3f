//! `response_type` of the token service: what is wanted beside the access token.

use super::token_refusal::{no_client, wrong};
use crate::http::problem::Refusal;
use base::invisible::escaped;
use wire::iam::form::{self, Form};

/// The values that are known. `ims_portal` asks for a token of classic infrastructure, of which there is none here: clients of the
/// original send it with every login, and go on without the token.
const KNOWN: [&str; 4] = ["cloud_iam", "uaa", DELEGATED, "ims_portal"];

const DELEGATED: &str = "delegated_refresh_token";

/// How many characters of an unknown value an error repeats.
const EXCERPT_CHARACTERS: usize = 80;

/// The tokens that a client wants in addition to the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ResponseType {
    /// A token of the UAA.
    pub(super) uaa: bool,
    /// A refresh token for another client.
    pub(super) delegated: bool,
}

impl ResponseType {
    /// The form's list; nothing further is wanted without it.
    ///
    /// # Errors
    /// When a value is unknown: its client would wait for what never comes.
    pub(super) fn of(form: &Form) -> Result<Self, Refusal> {
        let types = form.get("response_type").unwrap_or_default();
        if let Some(other) = form::list(types).find(|word| !KNOWN.contains(word)) {
            let excerpt: String = other.chars().take(EXCERPT_CHARACTERS).collect();
            return Err(wrong(format_args!(
                "response_type `{}` is not known: it is a list of `cloud_iam`, `uaa` and `{DELEGATED}`",
                escaped(&excerpt)
            )));
        }
        let wants = |value: &str| form::list(types).any(|word| word == value);
        Ok(Self {
            uaa: wants("uaa"),
            delegated: wants(DELEGATED),
        })
    }

    /// Refuses the wish for a token of the UAA without a client: no login begins, and that token would be left out.
    ///
    /// # Errors
    /// When it is wished for.
    pub(super) fn check_without_client(self) -> Result<(), Refusal> {
        if !self.uaa {
            return Ok(());
        }
        Err(no_client(
            "The Authorization header is missing: a UAA token is for the client `bx:bx`. Send it, or leave `uaa` out of `response_type`",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(types: &str) -> Result<(bool, bool), String> {
        let body = format!("response_type={types}");
        let form = Form::parse(body.as_bytes()).unwrap();
        match ResponseType::of(&form) {
            Ok(wanted) => Ok((wanted.uaa, wanted.delegated)),
            Err(Refusal(problem)) => Err(format!("{} {}", problem.code, problem.message)),
        }
    }

    #[test]
    fn every_value_of_the_list_is_known() {
        assert_eq!(of(""), Ok((false, false)));
        assert_eq!(of("cloud_iam"), Ok((false, false)));
        assert_eq!(of("cloud_iam,uaa+ims_portal"), Ok((true, false)));
        assert_eq!(of("delegated_refresh_token"), Ok((false, true)));
        for types in ["foo", "cloud_iam,foo", "foo+uaa", "UAA%2Cfoo"] {
            let refused = of(types).unwrap_err();
            assert!(refused.starts_with("BXNIM0106E"), "{refused}");
        }
        let refused = of("cloud_iam,a%E2%80%AEb").unwrap_err();
        assert!(refused.contains(r"`a\u{202e}b`"), "{refused}");
    }

    #[test]
    fn a_token_of_the_uaa_needs_a_client() {
        let wanted = |uaa| ResponseType {
            uaa,
            delegated: true,
        };
        assert!(wanted(false).check_without_client().is_ok());
        let Err(Refusal(problem)) = wanted(true).check_without_client() else {
            panic!("it was let in");
        };
        assert_eq!(problem.code, "BXNIM0308E");
    }
}
