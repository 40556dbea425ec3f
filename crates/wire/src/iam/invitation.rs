//! Invitations, as the invited person sees and answers them; one-time codes.

use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// The answer of `GET /v2/users/self/invitations`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invitations {
    /// The address of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_url: Option<String>,
    /// The invitations that wait for the caller.
    pub resources: Vec<Invitation>,
}

/// One invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invitation {
    /// The invitation's id.
    pub id: String,
    /// The account it leads into.
    pub account_id: String,
    /// That account's name.
    pub account_name: String,
    /// The inviter's address; empty for the operator.
    pub invited_by: String,
    /// When it was made.
    pub created_at: String,
    /// Until when it can be accepted.
    pub expires_at: String,
}

/// The body of `POST /v2/users/self/invitations/{id}/accept`; none is as good as an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Accept {
    /// A one-time code that came to the caller's address: asked only of those whose address is not proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<SecretText>,
}

/// The body of `POST /v2/users/accept`, the original's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AcceptAccount {
    /// The account whose invitation is accepted.
    pub account_id: String,
}

/// The body of `POST /v2/users/redeem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Redeem {
    /// The address the code was made for.
    pub email: String,
    /// The one-time code, `vgc-` and five groups of four characters.
    pub one_time_code: SecretText,
    /// The password from now on.
    pub new_password: SecretText,
}

/// Letters and digits of a one-time code, with the three it begins with.
const CODE_LENGTH: usize = 23;

/// Whether a text is a one-time code, however it was typed, by which a program knows one in place of a password: hyphens,
/// blanks and capitals do not matter, to the server neither.
#[must_use]
pub fn is_code(text: &str) -> bool {
    let mut characters = text.bytes().filter(u8::is_ascii_alphanumeric);
    let begins_so = b"vgc".iter().all(|begin| {
        characters
            .next()
            .is_some_and(|character| character.eq_ignore_ascii_case(begin))
    });
    // No code holds a `u`, nor anything that is taken for one; words often do.
    begins_so
        && characters.clone().count() == CODE_LENGTH - 3
        && characters.all(|character| !character.eq_ignore_ascii_case(&b'u'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_from_a_password() {
        assert!(is_code("vgc-0123-4567-89ab-cdef-ghjk"));
        assert!(is_code(" VGC-0123-4567-89ab-cdef-ghjk\n"));
        assert!(is_code("vgc0123456789abcdefghjk"));
        assert!(is_code("vgc 0123 4567 89ab cdef ghjk"));
        assert!(is_code("VGC\u{2013}O123\u{2013}4567 89ab.cdef-ghjk"));
        for other in [
            "",
            "vgc-",
            "vgc-0123-4567-89ab-cdef",
            "vgk_0123-4567-89ab-cdef-ghjk",
            "vgc-0123-4567-89ab-cdef-gh k",
            "vgc-0123-4567-89ab-cdef-ghjk-m",
            "vgcorrect-horse-buttery",
            "vgCompletelyUsualWords!",
        ] {
            assert!(!is_code(other), "{other}");
        }
    }

    #[test]
    fn codes_and_passwords_are_hidden_from_logs() {
        let redeem = Redeem {
            email: "ada@example.org".to_owned(),
            one_time_code: "vgc-horse".into(),
            new_password: "staple".into(),
        };
        let debug = format!("{redeem:?}");
        assert!(
            !debug.contains("horse") && !debug.contains("staple"),
            "{debug}"
        );
    }
}
