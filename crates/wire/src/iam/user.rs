//! Users of an account, invitations, roles and passwords.

use crate::iam::activity::Activity;
use crate::iam::policy::InvitedPolicy;
use crate::secret::SecretText;
use serde::{Deserialize, Serialize};

/// The answer of `GET /v2/accounts/{account}/users`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Users {
    /// How many users the account has.
    pub total_results: u64,
    /// How many a page holds at most.
    pub limit: u64,
    /// The address of the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_url: Option<String>,
    /// The address of the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_url: Option<String>,
    /// The users.
    pub resources: Vec<User>,
}

/// One user of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct User {
    /// The user's id; of an invitation, its id, as the answer to the invitation has it.
    pub id: String,
    /// The user's IAM id.
    pub iam_id: String,
    /// The realm, for example `IBMid`.
    pub realm: String,
    /// The user name, an e-mail address.
    pub user_id: String,
    /// First name.
    pub firstname: String,
    /// Last name.
    pub lastname: String,
    /// For example `ACTIVE` or `PENDING`.
    pub state: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number.
    pub phonenumber: String,
    /// Another telephone number.
    pub altphonenumber: String,
    /// The address of a picture.
    pub photo: String,
    /// The account.
    pub account_id: String,
    /// When the user came into the account.
    pub added_on: String,
    /// The account roles the user holds (ours).
    pub account_roles: Vec<String>,
    /// The settings of the user, where `include_settings` asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<UserSettings>,
    /// When the user has authenticated last, and how often, where `include_activity` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
}

/// The settings of a user, in an account: nothing is set, and nothing can be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct UserSettings {
    /// The language of the console.
    pub language: String,
    /// The language of notifications.
    pub notification_language: String,
    /// The addresses from which the user may log in; the account has such a list for everybody.
    pub allowed_ip_addresses: String,
    /// Whether the user may change the list.
    pub self_manage: bool,
}

/// The body of `PATCH /v2/accounts/{account}/users/{iam_id}/settings`: what is as it is already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateUserSettings {
    /// The language of the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The language of notifications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_language: Option<String>,
    /// The addresses from which the user may log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_ip_addresses: Option<String>,
    /// Whether the user may change the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_manage: Option<bool>,
}

/// The body of `PATCH /v2/accounts/{account}/users/{iam_id}`: names; everything else as it is already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateUser {
    /// The first name from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firstname: Option<String>,
    /// The last name from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lastname: Option<String>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phonenumber: Option<String>,
    /// Another telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altphonenumber: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<String>,
}

/// The body of `POST /v2/accounts/{account}/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InviteUsers {
    /// The people to invite.
    pub users: Vec<Invite>,
    /// Access policies for each of them, which begin with the acceptance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iam_policy: Option<Vec<InvitedPolicy>>,
    /// Ids of access groups, in which each of them is from the acceptance on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_groups: Option<Vec<String>>,
}

/// One person to invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invite {
    /// E-mail address.
    pub email: String,
    /// An account role to begin with, for example `Viewer`; `Member` is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_role: Option<String>,
}

/// The answer to an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Invited {
    /// One for each person invited.
    pub resources: Vec<InvitedUser>,
}

/// One person invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvitedUser {
    /// E-mail address.
    pub email: String,
    /// The id of the invitation, which also means the person in this account once they have accepted: reading the user by it tells
    /// the IAM id that is theirs from then on.
    pub id: String,
    /// `PENDING`: in the account once the person accepts.
    pub state: String,
    /// A one-time code to hand on (ours), with which a password of one's own is set. Shown once, while the server has a
    /// single account, and no mail is sent; what else is answered is the same for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_time_code: Option<SecretText>,
    /// Whether the code takes the place of an earlier one of this invitation, which is good for nothing then (ours).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces_code: Option<bool>,
}

/// The body of every call that gives a role or takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Username {
    /// A user's e-mail address or IAM id, or the id of their invitation; or the IAM id of a service ID or trusted profile.
    pub username: String,
}

/// The body of `PUT /v2/users/self/password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangePassword {
    /// The password until now.
    pub current_password: SecretText,
    /// The password from now on.
    pub new_password: SecretText,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_one_time_code_is_hidden_from_logs() {
        let invited = InvitedUser {
            email: "ada@example.org".to_owned(),
            id: "IBMid-1".to_owned(),
            state: "PENDING".to_owned(),
            one_time_code: Some("correct horse".into()),
            replaces_code: Some(false),
        };
        assert!(!format!("{invited:?}").contains("horse"));
        let text = serde_json::to_string(&invited).unwrap();
        assert!(text.contains("correct horse"));
        assert_eq!(serde_json::from_str::<InvitedUser>(&text).unwrap(), invited);
    }
}
