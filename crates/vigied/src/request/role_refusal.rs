//! The refusal of an action that the caller's roles do not allow: it names the action, and the roles and policies that do.

use base::error::Problem;
use base::scope::{Action, Forbidden};
use iam::directory::NamedRole;
use wire::code;
use wire::iam::role;

/// The refusal, with the roles of such a domain that allow it.
pub(crate) fn missing(forbidden: &Forbidden) -> Problem {
    let roles: Vec<_> = role::allowing(forbidden.action, forbidden.domain).collect();
    let message = format!("{forbidden}: that takes {}", roles.join(" or "));
    let problem = code::RIGHT_MISSING.problem(message);
    problem.hint(format!(
        "`vigie account roles` shows what each role allows; an access policy allows this with the role {}, or with one of the \
         account's own that has the action `{}`",
        policy_roles(forbidden.action),
        forbidden.action.name()
    ))
}

/// The roles of policies that allow it, which do so in every kind of domain.
fn policy_roles(action: Action) -> String {
    let all = NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE);
    let all = all.filter(|role| role.actions().contains(action));
    let all: Vec<&str> = all.map(NamedRole::name).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId, UserId};
    use base::scope::{Action, Domain};

    #[test]
    fn a_refusal_says_which_role_it_takes_in_words_of_people() {
        let guid = Guid::from_random([1; 16]);
        let problem = missing(&Forbidden {
            principal: UserId(guid).into(),
            action: Action::Write,
            domain: Domain::Space(SpaceId(guid)),
        });
        let expected =
            format!("you may not send to `s-{guid}`: that takes SpaceManager or SpaceDeveloper");
        assert_eq!(problem.message, expected);
        let hint = problem.hint.unwrap();
        let policy = "the role Operator, Editor, Administrator, Writer, Manager, or";
        assert!(hint.contains(policy), "{hint}");
        assert!(hint.contains("the action `domain.write`"), "{hint}");
    }
}
