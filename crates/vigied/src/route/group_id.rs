//! The ids of access groups as requests and answers have them, and the members that a request names.

use super::iam_id;
use crate::failure::refused::check_length;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::params::{Params, names_nothing};
use base::id::{AccessGroupId, AccountId};
use base::limit;
use base::principal::Principal;
use iam::Identity;
use iam::directory::MembershipKind;

/// The id of the public access group, the same in every account.
const PUBLIC: &str = "AccessGroupId-PublicAccess";

/// The access group of this id.
pub(super) fn read(account: AccountId, text: &str) -> Option<AccessGroupId> {
    match text {
        PUBLIC => Some(AccessGroupId::public(account)),
        _ => text.parse().ok(),
    }
}

/// The id in an answer.
pub(super) fn to_wire(account: AccountId, group: AccessGroupId) -> String {
    match group == AccessGroupId::public(account) {
        true => PUBLIC.to_owned(),
        false => group.to_string(),
    }
}

/// The group that a path names; what is no id names nothing.
pub(super) fn of_path(caller: &Identity, params: &Params) -> Result<AccessGroupId, Refusal> {
    let text = params.text("id");
    read(caller.account(), text).ok_or_else(|| names_nothing(text))
}

/// The word for the kind of principal.
pub(super) const fn sort(principal: Principal) -> &'static str {
    match principal {
        Principal::User(_) => "user",
        Principal::Service(_) => "service",
        Principal::Profile(_) => "profile",
        Principal::Instance(_) => "instance",
        Principal::Server => "server",
    }
}

/// The sorts of principals that are in groups.
pub(super) const MEMBER_TYPES: [&str; 3] = ["user", "service", "profile"];

/// The principal of an IAM id, which is of the sort that the request names, if it names one.
pub(super) fn member(text: &str, named: Option<&str>) -> Result<Principal, Refusal> {
    let principal = iam_id::read("iam_id", text)?;
    let actual = sort(principal);
    match named {
        Some(named) if named != actual => {
            check_length("type", named, &limit::WORD_BYTES)?;
            let message = format!("`type` of `{text}` is `{actual}`, not `{named}`");
            Err(invalid("type", message))
        }
        _ => Ok(principal),
    }
}

/// The word of a kind of membership.
pub(super) const fn kind_text(kind: MembershipKind) -> &'static str {
    match kind {
        MembershipKind::Static => "static",
        MembershipKind::Dynamic => "dynamic",
    }
}

/// The kind of membership that a query asks for; none: any.
pub(super) fn kind(params: &Params) -> Result<Option<MembershipKind>, Refusal> {
    match params.word("membership_type", &limit::WORD_BYTES)? {
        None | Some("all") => Ok(None),
        Some("static") => Ok(Some(MembershipKind::Static)),
        Some("dynamic") => Ok(Some(MembershipKind::Dynamic)),
        Some(other) => {
            let message =
                format!("`membership_type` is `static`, `dynamic` or `all`, not `{other}`");
            Err(invalid("membership_type", message))
        }
    }
}
