//! What to do about a domain that is not there, or not to be seen. It follows from the caller's own roles alone: a hint that
//! depended on the domain would tell whether it exists.

use crate::text::shell::word;
use iam::{HiddenDomain, Standing};

/// The hint for the caller.
pub(super) fn hint(hidden: &HiddenDomain) -> String {
    let role = given_with(hidden.address.as_deref());
    match hidden.standing {
        Standing::NoRole => {
            format!("you have no role here yet; an Administrator gives one{role}")
        }
        Standing::AccountAlone => format!(
            "your role is in the account itself, which `--scope account` names (in the API: no `X-Auth-Scope-Id`); \
             an Administrator gives one in a space{role}"
        ),
        Standing::Somewhere => format!(
            "`vigie account spaces` and `vigie account orgs` list what you can see; a role counts only where it is held, and \
             an OrgManager or Administrator gives another{role}"
        ),
        Standing::Administrator => format!(
            "`vigie account orgs` and `vigie account spaces -o ORG` list what there is; a role counts only where it is held, and \
             as Administrator you can take one{role}"
        ),
    }
}

/// The hint for a caller without a role in a space.
pub(super) fn role_in_space(address: &str) -> String {
    let role = given_with(Some(address));
    format!("you have no role in a space yet; an Administrator gives one{role}")
}

/// The command that gives a role in a space; a service has no address to be named by.
fn given_with(address: Option<&str>) -> String {
    address.map_or_else(String::new, |address| {
        format!(
            " with `vigie account space-role-set {} ORG SPACE SpaceDeveloper`",
            word(address)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};
    use base::scope::Domain;

    fn told(standing: Standing, address: Option<&str>) -> String {
        hint(&HiddenDomain {
            domain: Domain::Space(SpaceId(Guid::from_random([7; 16]))),
            standing,
            address: address.map(str::to_owned),
        })
    }

    #[test]
    fn who_has_no_role_is_told_the_command_that_gives_one_and_no_list() {
        let hint = told(Standing::NoRole, Some("bea@example.org"));
        assert_eq!(
            hint,
            "you have no role here yet; an Administrator gives one with \
             `vigie account space-role-set bea@example.org ORG SPACE SpaceDeveloper`"
        );
        let hint = told(Standing::NoRole, Some("o'hara@example.org"));
        assert!(hint.contains(r"'o'\''hara@example.org' ORG"), "{hint}");
        let hint = told(Standing::NoRole, None);
        assert_eq!(
            hint,
            "you have no role here yet; an Administrator gives one"
        );
    }

    #[test]
    fn lists_are_named_to_who_sees_something_in_them() {
        let lists = "`vigie account spaces";
        for (standing, sees) in [
            (Standing::NoRole, false),
            (Standing::AccountAlone, false),
            (Standing::Somewhere, true),
            (Standing::Administrator, true),
        ] {
            let hint = told(standing, Some("bea@example.org"));
            assert_eq!(hint.contains(lists), sees, "{standing:?}: {hint}");
            let scope = hint.contains("--scope account");
            assert_eq!(scope, standing == Standing::AccountAlone, "{hint}");
        }
    }
}
