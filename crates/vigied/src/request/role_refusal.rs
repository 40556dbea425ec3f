//! The refusal of an action that the caller's roles do not allow: it names the action and the roles that do.

use base::error::Problem;
use base::scope::Forbidden;
use wire::code;
use wire::iam::role;

/// The refusal, with the roles of such a domain that allow it.
pub(crate) fn missing(forbidden: &Forbidden) -> Problem {
    let roles: Vec<_> = role::allowing(forbidden.action, forbidden.domain).collect();
    let message = format!("{forbidden}: that takes {}", roles.join(" or "));
    let problem = code::RIGHT_MISSING.problem(message);
    problem.hint("`vigie account roles` shows what each role allows")
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
    }
}
