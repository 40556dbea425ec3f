//! Checks of limits on numbers of objects: one more than a limit allows is refused, and so is a longer list in a request. Each refusal
//! names the limit.

use crate::refusal::{Reason, Refusal};
use base::limit::Limit;

/// The refusal of one more where there are as many as are allowed. `holder` begins the sentence, as in `the account has`.
pub(crate) fn full(holder: &str, held: u64, limit: &'static Limit, allowed: u64) -> Refusal {
    let (unit, name) = (limit.unit, limit.name);
    let message = format!("{holder} {held} {unit}, as many as `{name}` = {allowed} allows");
    Refusal::new(Reason::LimitReached, message).limit(limit)
}

/// The refusal of several more, with which there would be more than are allowed. `holder` is as in `the account would have`.
pub(crate) fn over(holder: &str, wanted: u64, limit: &'static Limit, allowed: u64) -> Refusal {
    let (unit, name) = (limit.unit, limit.name);
    let message = format!("{holder} {wanted} {unit}, more than `{name}` = {allowed} allows");
    Refusal::new(Reason::LimitReached, message).limit(limit)
}

/// Refuses one more where there are as many as the limit allows, which is the same for everybody.
pub(crate) fn check_room(holder: &str, held: u64, limit: &'static Limit) -> Result<(), Refusal> {
    match held < limit.default {
        true => Ok(()),
        false => Err(full(holder, held, limit, limit.default)),
    }
}

/// Refuses a list in a request that has more entries than the limit.
///
/// # Errors
/// Names the field, the number of entries and the limit.
pub fn check_count(
    field: &'static str,
    count: usize,
    limit: &'static Limit,
) -> Result<(), Refusal> {
    let count = count as u64;
    if count <= limit.default {
        return Ok(());
    }
    let (name, most) = (limit.name, limit.default);
    let message = format!("`{field}` has {count} entries, more than `{name}` = {most}");
    Err(Refusal::invalid(field, message).limit(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::limit;

    #[test]
    fn there_is_room_up_to_the_limit_and_the_refusal_names_it() {
        let limit = &limit::RULES_PER_GROUP;
        let most = limit.default;
        assert_eq!(check_room("the group has", most - 1, limit), Ok(()));
        let refused = check_room("the group has", most, limit).unwrap_err();
        let expected = format!(
            "the group has {most} dynamic rules, as many as `rules_per_group` = {most} allows"
        );
        assert_eq!(refused.message, expected);
        assert_eq!(refused.reason, Reason::LimitReached);
        assert_eq!(refused.limit.map(|limit| limit.name), Some(limit.name));
    }

    #[test]
    fn what_would_be_too_much_is_told_with_what_is_allowed() {
        let refused = over("the account would have", 8, &limit::USERS_PER_ACCOUNT, 7);
        let expected = format!(
            "the account would have 8 {}, more than `users_per_account` = 7 allows",
            limit::USERS_PER_ACCOUNT.unit
        );
        assert_eq!(refused.message, expected);
        assert_eq!(refused.reason, Reason::LimitReached);
    }

    #[test]
    fn a_list_may_be_as_long_as_its_limit_and_its_field_is_named() {
        let limit = &limit::CONDITIONS_PER_RULE;
        let most = usize::try_from(limit.default).unwrap();
        assert_eq!(check_count("conditions", most, limit), Ok(()));
        let refused = check_count("conditions", most + 1, limit).unwrap_err();
        assert_eq!(refused.field, Some("conditions"));
        assert_eq!(refused.reason, Reason::Field);
        assert_eq!(refused.limit.map(|limit| limit.name), Some(limit.name));
    }
}
