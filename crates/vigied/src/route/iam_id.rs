//! IAM ids in bodies and queries. A near miss is refused with the right spelling.

use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::limit;
use base::principal::Principal;
use iam::Identity;

/// The principal that a field names by its IAM id.
pub(super) fn read(field: &'static str, text: &str) -> Result<Principal, Refusal> {
    check_length(field, text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message = format!("`{field}`: `{text}` is no IAM id");
        let Refusal(problem) = invalid(field, message);
        Refusal(problem.hint(hint(text)))
    })
}

/// The principal that the parameter `iam_id` names, if the request has it; the id of an accepted invitation means the user who accepted
/// it. An empty value is refused, not taken for none: a script's variable may be empty, and without a name the caller's own sessions
/// would be ended.
pub(super) async fn asked_for(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<Option<Principal>, Refusal> {
    match params.one("iam_id")? {
        None => Ok(None),
        Some("") => Err(invalid(
            "iam_id",
            "`iam_id` is empty: name somebody, or leave it out",
        )),
        Some(text) => {
            let named = read("iam_id", text)?;
            Ok(Some(app.iam.principal_named(caller, named).await?))
        }
    }
}

/// The IAM id of who has roles, keys, sessions or memberships. Instances have none of these; another principal is named as it is shown.
pub(super) fn of(principal: Principal) -> String {
    principal.iam_id().unwrap_or_else(|| principal.to_string())
}

/// The IAM id of what is named by its id alone, as `ServiceId-…` names a service ID.
pub(super) fn of_id(text: &str) -> Option<String> {
    let whole = format!("iam-{text}");
    whole.parse::<Principal>().is_ok().then_some(whole)
}

fn hint(text: &str) -> String {
    match of_id(text) {
        Some(whole) => format!("write `{whole}`: the `iam_id`, not the `id`"),
        None => "an IAM id is `IBMid-GUID` of a user, `iam-ServiceId-GUID` of a service ID or `iam-Profile-GUID` of a trusted profile; \
                 `vigie account users --output json` shows those of users as `ibmUniqueId`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, ServiceId};

    #[test]
    fn an_iam_id_is_read_back_as_the_principal() {
        let service = Principal::Service(ServiceId(Guid::from_random([7; 16])));
        let named = read("iam_id", &of(service));
        assert!(matches!(named, Ok(principal) if principal == service));
    }

    #[test]
    fn an_id_without_its_beginning_is_refused_with_the_whole_one() {
        let guid = "01234567-89ab-cdef-0123-456789abcdef";
        for kind in ["ServiceId", "Profile"] {
            let whole = format!("iam-{kind}-{guid}");
            assert!(read("iam_id", &whole).is_ok());
            let Refusal(problem) = read("iam_id", &format!("{kind}-{guid}")).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("iam_id"));
            let hint = problem.hint.unwrap();
            assert!(hint.contains(&format!("`{whole}`")), "{hint}");
        }
        for none in ["ada@example.org", "ServiceId-1", ""] {
            let Refusal(problem) = read("subject", none).unwrap_err();
            let hint = problem.hint.unwrap();
            assert!(hint.contains("iam-ServiceId-GUID"), "{none}: {hint}");
        }
    }
}
