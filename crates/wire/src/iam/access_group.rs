//! Access groups, their members and rules: `/v2/groups`.

use super::rule_condition::RuleCondition;
use super::rule_hours;
use crate::problem::IdentityError;
use serde::{Deserialize, Serialize};

/// An access group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessGroup {
    /// `AccessGroupId-<GUID>`; `AccessGroupId-PublicAccess` is everybody in the account.
    pub id: String,
    /// Its name, unique in the account.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// The account it belongs to.
    pub account_id: String,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by_id: String,
    /// When its name or description was changed last.
    pub last_modified_at: String,
    /// The IAM id of the principal who changed it last.
    pub last_modified_by_id: String,
    /// Its address.
    pub href: String,
    /// Whether it has dynamic rules; where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_federated: Option<bool>,
    /// Its CRN; where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crn: Option<String>,
}

/// The address of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupPage {
    /// The address.
    pub href: String,
}

/// A page of access groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccessGroupList {
    /// How many a page holds at most.
    pub limit: u64,
    /// How many are before this page.
    pub offset: u64,
    /// How many there are on all pages.
    pub total_count: u64,
    /// The first page.
    pub first: GroupPage,
    /// The page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<GroupPage>,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<GroupPage>,
    /// The last page.
    pub last: GroupPage,
    /// The groups.
    pub groups: Vec<AccessGroup>,
}

/// The body of `POST /v2/groups`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreateAccessGroup {
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The body of `PATCH /v2/groups/{id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UpdateAccessGroup {
    /// Its new name; absent: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its new description; absent: it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A member of an access group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupMember {
    /// The IAM id.
    pub iam_id: String,
    /// `user`, `service` or `profile`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `static`: by name; `dynamic`: by a rule, or because everybody is.
    pub membership_type: String,
    /// The name; with `verbose=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A user's e-mail address; with `verbose=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A service ID's description; with `verbose=true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of the membership.
    pub href: String,
    /// When it was put into the group: UTC, as `2017-11-01T12:00+0000`; of a static member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The IAM id of the principal who added it; of a static member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_id: Option<String>,
}

/// A page of the members of an access group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupMemberList {
    /// How many a page holds at most.
    pub limit: u64,
    /// How many are before this page.
    pub offset: u64,
    /// How many there are on all pages.
    pub total_count: u64,
    /// The first page.
    pub first: GroupPage,
    /// The page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<GroupPage>,
    /// The next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<GroupPage>,
    /// The last page.
    pub last: GroupPage,
    /// The members.
    pub members: Vec<GroupMember>,
}

/// A member that an access group shall have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewGroupMember {
    /// The IAM id.
    pub iam_id: String,
    /// `user`, `service` or `profile`: what the IAM id is of.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The body of `PUT /v2/groups/{id}/members`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddGroupMembers {
    /// Those to be put into the group.
    pub members: Vec<NewGroupMember>,
}

/// A requested member, and whether it is in the group now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddedGroupMember {
    /// The IAM id.
    pub iam_id: String,
    /// `user`, `service` or `profile`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// When it was put into the group, now or before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// The IAM id of the principal who added it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_id: Option<String>,
    /// 200 if it is in the group.
    pub status_code: u16,
    /// The transaction id.
    pub trace: String,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<IdentityError>,
}

/// The answer to `PUT /v2/groups/{id}/members`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddedGroupMembers {
    /// The members, in the order of the request.
    pub members: Vec<AddedGroupMember>,
}

/// The body of `POST /v2/groups/{id}/members/delete`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RemoveGroupMembers {
    /// The IAM ids of those to be taken out of the group.
    pub members: Vec<String>,
}

/// A requested member, and whether it was taken out of the group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RemovedGroupMember {
    /// The IAM id.
    pub iam_id: String,
    /// The transaction id.
    pub trace: String,
    /// 204 if it was taken out.
    pub status_code: u16,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<IdentityError>,
}

/// The answer to `POST /v2/groups/{id}/members/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RemovedGroupMembers {
    /// The group.
    pub access_group_id: String,
    /// The members, in the order of the request.
    pub members: Vec<RemovedGroupMember>,
}

/// The body of `PUT /v2/groups/_allgroups/members/{iam_id}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AddToAccessGroups {
    /// `user`, `service` or `profile`: what the IAM id is of.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The ids of the groups to put it into.
    pub groups: Vec<String>,
}

/// A requested group, and whether the member was put into it or taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangedMembership {
    /// The group.
    pub access_group_id: String,
    /// 200 if the member is in it, 204 if it was taken out.
    pub status_code: u16,
    /// The transaction id.
    pub trace: String,
    /// Why it was not done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<IdentityError>,
}

/// The answer to changes of `/v2/groups/_allgroups/members/{iam_id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangedMemberships {
    /// The IAM id of the member.
    pub iam_id: String,
    /// The groups.
    pub groups: Vec<ChangedMembership>,
}

/// The body of `POST /v2/groups/{id}/rules` and `PUT /v2/groups/{id}/rules/{rule}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupRuleRequest {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// For how many hours after they have proven who they are it lets users in: 1 to 24. A login proves it, and a request with an API
    /// key; a renewed token does not.
    #[serde(deserialize_with = "rule_hours::read")]
    pub expiration: u32,
    /// `IBMid`, the realm of this server's users.
    pub realm_name: String,
    /// The conditions, all of which must be met.
    pub conditions: Vec<RuleCondition>,
}

/// A dynamic rule: users who meet all its conditions are in the group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupRule {
    /// `ClaimRule-<GUID>`.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// For how many hours after they have proven who they are it lets users in.
    pub expiration: u32,
    /// The realm of the users it is about.
    pub realm_name: String,
    /// The group.
    pub access_group_id: String,
    /// The account of the group.
    pub account_id: String,
    /// The conditions, all of which must be met.
    pub conditions: Vec<RuleCondition>,
    /// When it was made: UTC, as `2017-11-01T12:00+0000`.
    pub created_at: String,
    /// The IAM id of its creator.
    pub created_by_id: String,
    /// When it was changed last.
    pub last_modified_at: String,
    /// The IAM id of the principal who changed it last.
    pub last_modified_by_id: String,
}

/// The rules of an access group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupRuleList {
    /// The rules, the oldest first.
    pub rules: Vec<GroupRule>,
}

/// The settings of an account's access groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GroupSettings {
    /// The account.
    pub account_id: String,
    /// Whether there is a public access group, in which everybody in the account is.
    pub public_access_enabled: bool,
}

/// The body of `PATCH /v2/groups/settings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChangeGroupSettings {
    /// Whether there shall be a public access group; `false` deletes its policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_enabled: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sdk_sends_is_read() {
        let text = "{\"members\":[{\"iam_id\":\"IBMid-1\",\"type\":\"user\"}]}";
        let wanted: AddGroupMembers = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
        let text = "{\"name\":\"ours\",\"expiration\":24,\"realm_name\":\"IBMid\",\
                    \"conditions\":[{\"claim\":\"email\",\"operator\":\"EQUALS\",\"value\":\"\\\"a@x.org\\\"\"}]}";
        let wanted: GroupRuleRequest = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&wanted).unwrap(), text);
    }
}
