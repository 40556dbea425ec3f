//! Hints about a domain that does not exist, or that the caller may not see. They follow from the caller's own roles alone: a
//! hint that depended on the domain would tell whether it exists.

use crate::text::shell::word;
use base::scope::Domain;
use iam::{CallerRoles, HiddenDomain};

/// The hint for the caller.
pub(super) fn hint(hidden: &HiddenDomain) -> String {
    let mut hint = hint_by_roles(hidden);
    if hidden.has_policy_out_of_time {
        let policy = match hidden.roles {
            CallerRoles::OfInstance => "an authorization that lets you act",
            _ => "an access policy for you",
        };
        hint = format!(
            "{policy} is not in force now: its rule says at which times it is; if it is for another domain, or its time is over: {hint}"
        );
    }
    if hidden.is_proof_too_old {
        hint.push_str(
            "; or log in again (`vigie login`), which may help: your login is too old for a dynamic rule of an access group, which lets \
             you in for some hours",
        );
    }
    hint
}

fn hint_by_roles(hidden: &HiddenDomain) -> String {
    let role = match hidden.holder.as_deref() {
        Some(holder) => given_in(hidden.domain, holder),
        None => String::new(),
    };
    match hidden.roles {
        CallerRoles::NoRole => {
            let begin = "you have no role here yet; an Administrator";
            format!("{begin} gives one{role}, or makes an access policy for you")
        }
        CallerRoles::OfInstance => {
            "a resource instance acts where an authorization lets it; an Administrator of the account makes one for this domain, \
             with `POST /v2/policies` and the type `authorization`"
                .to_owned()
        }
        CallerRoles::AccountAlone => format!(
            "your role is in the account itself, which `--scope account` names (in the API: no `X-Auth-Scope-Id`); \
             an Administrator gives one in a space{role}"
        ),
        CallerRoles::Somewhere if matches!(hidden.domain, Domain::Account(_)) => format!(
            "`X-Auth-Scope-Id: s-GUID` names a space, and `vigie account spaces` lists those you can see; without it the account itself \
             is asked, in which an Administrator gives a role{role}"
        ),
        CallerRoles::Somewhere => format!(
            "`vigie account spaces` and `vigie account orgs` list what you can see; a role counts only where it is held, and \
             an OrgManager or Administrator gives another{role}"
        ),
        CallerRoles::Administrator => format!(
            "`vigie account orgs` and `vigie account spaces -o ORG` list what there is; a role counts only where it is held, and \
             as Administrator you can take one{role}"
        ),
    }
}

/// The hint for a caller without a role in a space.
pub(super) fn role_in_space(holder: &str) -> String {
    let role = in_space(holder);
    format!("you have no role in a space yet; an Administrator gives one with {role}")
}

/// The commands that give the holder a role where it opens the named domain, and in a space. They follow from what the caller has
/// named.
fn given_in(domain: Domain, holder: &str) -> String {
    let space = in_space(holder);
    let holder = word(holder);
    match domain {
        Domain::Space(_) => format!(" with {space}"),
        Domain::Org(_) => format!(
            " with `vigie account org-role-set {holder} ORG OrgManager` (OrgAuditor to read alone), or one in a space with {space}"
        ),
        Domain::Account(_) => format!(
            " with `vigie account role-set {holder} Editor` (Viewer to read alone), or one in a space with {space}"
        ),
    }
}

/// The command that gives a role in a space.
fn in_space(holder: &str) -> String {
    format!(
        "`vigie account space-role-set {} ORG SPACE SpaceDeveloper`",
        word(holder)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    fn hint_for(roles: CallerRoles, holder: Option<&str>) -> String {
        hint(&HiddenDomain {
            domain: Domain::Space(SpaceId(Guid::from_random([7; 16]))),
            roles,
            is_proof_too_old: false,
            has_policy_out_of_time: false,
            holder: holder.map(str::to_owned),
        })
    }

    #[test]
    fn who_would_be_in_a_group_by_a_new_login_is_told_to_log_in() {
        let hint = hint(&HiddenDomain {
            domain: Domain::Space(SpaceId(Guid::from_random([7; 16]))),
            roles: CallerRoles::NoRole,
            is_proof_too_old: true,
            has_policy_out_of_time: false,
            holder: Some("bea@example.org".to_owned()),
        });
        assert!(hint.starts_with("you have no role here yet"), "{hint}");
        assert!(hint.contains("space-role-set bea@example.org"), "{hint}");
        let login = "; or log in again (`vigie login`), which may help";
        assert!(hint.contains(login), "{hint}");
    }

    #[test]
    fn who_has_a_policy_for_another_time_is_told_so_before_a_role_is_named() {
        for (roles, beginning, rest) in [
            (
                CallerRoles::NoRole,
                "an access policy for you is not in force now",
                "you have no role here yet",
            ),
            (
                CallerRoles::OfInstance,
                "an authorization that lets you act is not in force now",
                "`POST /v2/policies`",
            ),
        ] {
            let hint = hint(&HiddenDomain {
                domain: Domain::Space(SpaceId(Guid::from_random([7; 16]))),
                roles,
                is_proof_too_old: false,
                has_policy_out_of_time: true,
                holder: None,
            });
            assert!(hint.starts_with(beginning), "{hint}");
            assert!(hint.contains(rest), "{hint}");
            assert!(!hint.contains("log in again"), "{hint}");
        }
    }

    #[test]
    fn a_caller_without_a_role_gets_the_command_that_gives_one_and_no_list() {
        let hint = hint_for(CallerRoles::NoRole, Some("bea@example.org"));
        assert_eq!(
            hint,
            "you have no role here yet; an Administrator gives one with \
             `vigie account space-role-set bea@example.org ORG SPACE SpaceDeveloper`, or makes an access policy for you"
        );
        let hint = hint_for(CallerRoles::NoRole, Some("o'hara@example.org"));
        assert!(hint.contains(r"'o'\''hara@example.org' ORG"), "{hint}");
        let hint = hint_for(CallerRoles::NoRole, None);
        assert_eq!(
            hint,
            "you have no role here yet; an Administrator gives one, or makes an access policy for you"
        );
    }

    #[test]
    fn an_instance_is_not_sent_to_a_command_that_gives_people_roles() {
        let hint = hint_for(CallerRoles::OfInstance, Some("crn-crn:v1:bluemix"));
        assert!(
            hint.contains("authorization") && !hint.contains("role-set"),
            "{hint}"
        );
    }

    #[test]
    fn lists_are_named_to_who_sees_something_in_them() {
        let lists = "`vigie account spaces";
        for (roles, is_listed) in [
            (CallerRoles::NoRole, false),
            (CallerRoles::AccountAlone, false),
            (CallerRoles::Somewhere, true),
            (CallerRoles::Administrator, true),
        ] {
            let hint = hint_for(roles, Some("bea@example.org"));
            assert_eq!(hint.contains(lists), is_listed, "{roles:?}: {hint}");
            let scope = hint.contains("--scope account");
            assert_eq!(scope, roles == CallerRoles::AccountAlone, "{hint}");
        }
    }
}
