//! The actions and outcomes that the audit names.

/// The kind of an entry. Each kind has a limit of its own, so that one cannot displace another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A change.
    Change,
    /// A change that users make to their own keys and passwords, without any role.
    SelfService,
    /// Metrics were deleted.
    Data,
    /// A login, or the end of a session.
    SignIn,
    /// A refused login or request; counted by the minute.
    Refusal,
    /// Requests with a credential; counted by the hour.
    Requests,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Change,
        Self::SelfService,
        Self::Data,
        Self::SignIn,
        Self::Refusal,
        Self::Requests,
    ];

    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::SelfService => "own",
            Self::Data => "data",
            Self::SignIn => "sign_in",
            Self::Refusal => "refusal",
            Self::Requests => "requests",
        }
    }
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Done.
    Done,
    /// Begun; an entry with another outcome follows unless the work was interrupted.
    Begun,
    /// Failed, in whole or in part.
    Failed,
    /// Refused.
    Refused,
    /// Nobody can tell yet: what was begun may still take effect.
    Unknown,
}

impl Outcome {
    /// The word in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Begun => "begun",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

macro_rules! actions {
    ($($action:ident = $kind:ident $name:literal, $sentence:literal;)*) => {
        /// The action.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $sentence] $action,)*
        }

        impl Action {
            /// Every action, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// The word in log and table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }

            /// The kind of entry it makes.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self {
                    $(Self::$action => Kind::$kind,)*
                }
            }

            /// The sentence in the log.
            #[must_use]
            pub const fn log_sentence(self) -> &'static str {
                match self {
                    $(Self::$action => $sentence,)*
                }
            }
        }
    };
}

actions! {
    SignedIn = SignIn "signed_in", "somebody signed in";
    ProfileAssumed = SignIn "profile_assumed", "somebody took on a trusted profile";
    InstanceActed = SignIn "instance_acted", "a service ID began to act as the instance of its key";
    PasscodeMade = SignIn "passcode_made", "a one-time code for a login was made";
    SessionEnded = SignIn "session_ended", "a session was ended";
    LoginFailed = Refusal "login_failed", "a password was wrong";
    LoginSlowed = Refusal "login_slowed", "a login has to wait";
    ProofRefused = Refusal "proof_refused", "a key, code or token was refused";
    ClientRefused = Refusal "client_refused", "the client of a token request was refused: its `Authorization` header is missing or wrong";
    CredentialRefused = Refusal "credential_refused", "the credential of a request was refused";
    RightRefused = Refusal "right_refused", "a caller has no right to the request";
    RequestsMade = Requests "requests_made", "requests with a credential";
    AccountMade = Change "account_made", "an account was made";
    AccountLimited = Change "account_limited", "limits of an account were changed";
    AccountConfigured = Change "account_configured", "the settings of an account were changed";
    AccountDeleted = Change "account_deleted", "an account was deleted";
    AccountRestored = Change "account_restored", "a deleted account was restored";
    AccountGone = Change "account_gone", "a deleted account was removed for good, with its keys and roles";
    OrgMade = Change "org_made", "an organization was made";
    OrgRenamed = Change "org_renamed", "an organization was renamed";
    OrgDeleted = Change "org_deleted", "an organization was deleted";
    OrgRestored = Change "org_restored", "a deleted organization was restored";
    SpaceMade = Change "space_made", "a space was made";
    SpaceRenamed = Change "space_renamed", "a space was renamed";
    SpaceDeleted = Change "space_deleted", "a space was deleted";
    SpaceRestored = Change "space_restored", "a deleted space was restored";
    RemovalAdvanced = Change "removal_advanced", "the operator made a deletion due at once";
    DomainConfigured = Change "domain_configured", "the settings of a domain were changed";
    MetricsRemoved = Change "metrics_removed", "the metrics of a deleted domain were removed";
    MetricsDeleted = Data "metrics_deleted", "deleting metrics";
    EventsDeleted = Data "events_deleted", "events were deleted";
    UserMade = Change "user_made", "a user was made";
    UserInvited = Change "user_invited", "a user was invited into an account";
    UserRemoved = Change "user_removed", "a user was removed from an account";
    UserRenamed = Change "user_renamed", "the name of a user was changed";
    UserReclaimed = Change "user_reclaimed", "an address was returned to its owner, and its unproven user deleted";
    AddressProven = Change "address_proven", "an address was proven";
    InvitationAccepted = Change "invitation_accepted", "an invitation was accepted";
    InvitationDeclined = Change "invitation_declined", "an invitation was declined";
    InvitationWithdrawn = Change "invitation_withdrawn", "an invitation was withdrawn";
    InvitationCodeMade = Change "invitation_code_made", "the operator made a code for an invitation";
    RoleGiven = Change "role_given", "a role was given";
    RoleTaken = Change "role_taken", "a role was removed";
    KeyMade = SelfService "key_made", "an API key was made";
    KeyChanged = SelfService "key_changed", "an API key was changed";
    KeySwitched = SelfService "key_switched", "an API key was locked, unlocked, disabled or enabled";
    KeyDeleted = SelfService "key_deleted", "an API key was deleted";
    ServiceMade = Change "service_id_made", "a service ID was made";
    ServiceChanged = Change "service_id_changed", "a service ID was changed";
    ServiceSwitched = Change "service_id_switched", "a service ID was locked or unlocked";
    ServiceDeleted = Change "service_id_deleted", "a service ID was deleted, with its keys and roles";
    ServiceGroupMade = Change "service_id_group_made", "a group of service IDs was made";
    ServiceGroupChanged = Change "service_id_group_changed", "a group of service IDs was changed";
    ServiceGroupDeleted = Change "service_id_group_deleted", "a group of service IDs was deleted";
    ProfileMade = Change "trusted_profile_made", "a trusted profile was made";
    ProfileChanged = Change "trusted_profile_changed", "a trusted profile was changed";
    ProfileDeleted = Change "trusted_profile_deleted", "a trusted profile was deleted, with its rules, links, identities and roles";
    ProfileRuleMade = Change "profile_rule_made", "a claim rule of a trusted profile was made";
    ProfileRuleChanged = Change "profile_rule_changed", "a claim rule of a trusted profile was changed";
    ProfileRuleDeleted = Change "profile_rule_deleted", "a claim rule of a trusted profile was deleted";
    ProfileLinkMade = Change "profile_link_made", "a trusted profile was linked to a compute resource";
    ProfileLinkDeleted = Change "profile_link_deleted", "the link of a trusted profile to a compute resource was deleted";
    ProfileIdentityAdded = Change "profile_identity_added", "somebody was let to take on a trusted profile, or is described anew";
    ProfileIdentityRemoved = Change "profile_identity_removed", "somebody may not take on a trusted profile any more";
    AccessGroupMade = Change "access_group_made", "an access group was made";
    AccessGroupChanged = Change "access_group_changed", "an access group was changed";
    AccessGroupDeleted = Change "access_group_deleted", "an access group was deleted, with its members, rules and policies";
    GroupMemberAdded = Change "group_member_added", "somebody was put into an access group";
    GroupMemberRemoved = Change "group_member_removed", "somebody was taken out of an access group";
    GroupRuleMade = Change "group_rule_made", "a dynamic rule of an access group was made";
    GroupRuleChanged = Change "group_rule_changed", "a dynamic rule of an access group was changed";
    GroupRuleDeleted = Change "group_rule_deleted", "a dynamic rule of an access group was deleted";
    PublicAccessSwitched = Change "public_access_switched", "an account got a public access group, or lost it";
    PolicyMade = Change "policy_made", "an access policy was made";
    PolicyChanged = Change "policy_changed", "an access policy was changed";
    PolicyDeleted = Change "policy_deleted", "an access policy was deleted";
    CustomRoleMade = Change "custom_role_made", "a role was made of actions";
    CustomRoleChanged = Change "custom_role_changed", "a role of an account's own was changed";
    CustomRoleDeleted = Change "custom_role_deleted", "a role of an account's own was deleted";
    ResourceGroupMade = Change "resource_group_made", "a resource group was made";
    ResourceGroupChanged = Change "resource_group_changed", "a resource group was renamed";
    ResourceGroupDeleted = Change "resource_group_deleted", "a resource group was deleted";
    InstanceMade = Change "resource_instance_made", "an instance of the monitoring service was made for a space";
    InstanceChanged = Change "resource_instance_changed", "an instance of the monitoring service was renamed, or got another plan";
    InstanceSwitched = Change "resource_instance_switched", "an instance of the monitoring service was locked or unlocked";
    InstanceDeleted = Change "resource_instance_deleted", "an instance of the monitoring service was deleted, with its keys";
    ResourceKeyMade = Change "resource_key_made", "a key of an instance was made, with a service ID and an API key";
    ResourceKeyChanged = Change "resource_key_changed", "a key of an instance was renamed";
    ResourceKeyDeleted = Change "resource_key_deleted", "a key of an instance was deleted, with its service ID";
    ReportMade = Change "report_made", "a report about the identities of an account was made";
    PreferenceSet = SelfService "preference_set", "a preference was set";
    PreferenceDeleted = SelfService "preference_deleted", "a preference was deleted";
    PasswordChanged = SelfService "password_changed", "a password was changed";
    PasswordResetMade = Change "password_reset_made", "the operator made a code that sets a new password";
    PasswordReset = Change "password_reset", "a password was set with the operator's code";
    SigningKeyMade = Change "signing_key_made", "a key that signs tokens was made";
    SigningKeyRescheduled = Change "signing_key_rescheduled", "a key that a clock that was ahead had scheduled for much later signs soon";
    SigningKeyRetired = Change "signing_key_retired", "a key that signs tokens was retired";
    BackupMade = Change "backup_made", "a backup for the operator";
    OperationsTokenMade = Change "operations_token_made", "a token that opens the operators' listener was made";
    SenderSecretShown = Change "sender_secret_shown", "the operator was shown the secret that a sender signs or encrypts with";
    EntriesDropped = Change "entries_dropped", "the oldest audit entries were dropped because of a limit";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_have_the_same_word() {
        let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
        assert_eq!(names.len(), Action::ALL.len());
    }

    /// These are also written when the work has only begun, or has failed.
    #[test]
    fn regression_7_what_may_have_only_begun_is_not_said_to_be_done() {
        for action in [Action::MetricsDeleted, Action::BackupMade] {
            let sentence = action.log_sentence();
            let is_done = [" was ", " were ", " has "]
                .iter()
                .any(|verb| sentence.contains(verb));
            assert!(!is_done, "{sentence}");
        }
    }
}
