//! Roles: who may do what in an account, an organization or a space.

pub(crate) mod account;
pub(crate) mod org;
pub(crate) mod space;

use crate::client::Request;
use crate::context::Context;
use crate::error::{Failure, Kind};
use base::id::{ProfileId, ServiceId};
use clap::ValueEnum;
use serde::Serialize;
use wire::iam::user::Username;

/// A role in an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum AccountRole {
    /// Everything
    Administrator,
    /// Send, read, list and delete metrics of the account
    Editor,
    /// Send and delete metrics of the account
    Operator,
    /// Read metrics of the account
    Viewer,
}

/// A role in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(crate) enum OrgRole {
    /// Manages the organization, its spaces and their roles
    OrgManager,
    /// Manages billing; no rights on metrics
    BillingManager,
    /// Reads and lists metrics of the organization
    OrgAuditor,
    /// Belongs to it; no rights on metrics
    OrgUser,
}

/// A role in a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
#[expect(clippy::enum_variant_names, reason = "these are the names people type")]
pub(crate) enum SpaceRole {
    /// Manages the roles of the space; all rights on its metrics
    SpaceManager,
    /// All rights on the metrics of the space
    SpaceDeveloper,
    /// Reads and lists metrics of the space
    SpaceAuditor,
}

/// The name that the command line and the server know.
pub(crate) fn name(role: &impl ValueEnum) -> String {
    role.to_possible_value()
        .map_or_else(String::new, |value| value.get_name().to_owned())
}

impl OrgRole {
    /// The path segment of the users who have it.
    pub(crate) const fn members(self) -> &'static str {
        match self {
            Self::OrgManager => "managers",
            Self::BillingManager => "billing_managers",
            Self::OrgAuditor => "auditors",
            Self::OrgUser => "users",
        }
    }
}

impl SpaceRole {
    /// The path segment of those who have it.
    pub(crate) const fn members(self) -> &'static str {
        match self {
            Self::SpaceManager => "managers",
            Self::SpaceDeveloper => "developers",
            Self::SpaceAuditor => "auditors",
        }
    }
}

/// Whether a role is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Given.
    Set,
    /// Taken.
    Unset,
}

/// A role that was given or taken.
#[derive(Serialize)]
struct RoleChange<'a> {
    place: &'a str,
    role: &'a str,
    set: bool,
    user: &'a str,
}

fn apply(
    context: &Context,
    change: Change,
    url: String,
    user: &str,
    role: &str,
    place: &str,
) -> Result<(), Failure> {
    let output = &context.output;
    let body = Username {
        username: user.to_owned(),
    };
    let holder = holder(user);
    let (request, sentence, doing) = match change {
        Change::Set => (
            Request::put(url),
            format!(
                "Giving role {role} in {place} to {holder} as {}...",
                context.user()
            ),
            "give the role",
        ),
        Change::Unset => (
            Request::delete(url),
            format!(
                "Taking role {role} in {place} from {holder} as {}...",
                context.user()
            ),
            "take the role",
        ),
    };
    output.action(sentence)?;
    let answered = context.ask(request.json(&body)?, doing);
    answered.map(drop).map_err(|failure| {
        match failure.kind == Kind::NotFound && change == Change::Set && failure.hints.is_empty() {
            true => failure.hint(
                "invite a person with `vigie account user-invite EMAIL`; a service ID is named by its IAM id, which \
                 `vigie iam service-id NAME` shows",
            ),
            false => failure,
        }
    })
}

/// The holder of a role for messages, with its kind in front.
fn holder(text: &str) -> String {
    let name = text.trim();
    let kind = if ServiceId::from_either(name).is_ok() {
        "service ID"
    } else if ProfileId::from_either(name).is_ok() {
        "trusted profile"
    } else {
        "user"
    };
    format!("{kind} {text}")
}

/// Ends a command that gave or took a role.
fn report(
    context: &Context,
    change: Change,
    user: &str,
    role: &str,
    place: &str,
) -> Result<(), Failure> {
    context.output.done(&RoleChange {
        place,
        role,
        set: change == Change::Set,
        user,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_called_what_it_is() {
        let guid = "01234567-89ab-cdef-0123-456789abcdef";
        for (text, kind) in [
            ("bo@example.org".to_owned(), "user"),
            (format!("IBMid-{guid}"), "user"),
            (format!("iam-ServiceId-{guid}"), "service ID"),
            (format!("ServiceId-{guid}"), "service ID"),
            (format!("iam-Profile-{guid}"), "trusted profile"),
            ("iam-ServiceId-1".to_owned(), "user"),
        ] {
            assert_eq!(holder(&text), format!("{kind} {text}"));
        }
    }
}
