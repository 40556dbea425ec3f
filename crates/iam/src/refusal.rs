//! Refusals that a caller is told: the reason, one sentence, and the remedy. The server and the command line decide
//! which code, status and command that becomes.

use crate::auth_error::AuthError;
use base::id::AccountId;
use base::limit::Limit;
use std::borrow::Cow;
use std::fmt;

/// The reason of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The credential is not valid, or not for this request.
    Credential(Box<AuthError>),
    /// The object does not exist, or the caller may not see it.
    NotFound,
    /// The object is in another account than the one the credential is for.
    WrongAccount,
    /// The user is not in the account of the token request.
    NotAMember,
    /// The caller's roles or the credential do not allow it.
    NotAllowed,
    /// A field has an invalid value.
    Field,
    /// It conflicts with existing data.
    Conflict,
    /// Another access policy says the same.
    SamePolicy,
    /// Another role has the name.
    SameRole,
    /// The key, service ID or instance is locked.
    Locked,
    /// The user's address is not proven.
    AddressUnproven,
    /// A one-time code for a password matches nothing.
    WrongCode,
    /// The account has reached a limit.
    LimitReached,
    /// The daily limit is reached.
    TooManyToday,
    /// The grant needs an authenticated client.
    NoClient,
    /// The API key is unknown, or cannot be used.
    WrongKey,
    /// The id of a service, or the key that it shows as its secret, is wrong.
    WrongClient,
    /// The refresh token is unknown, or its login has ended.
    WrongRefreshToken,
    /// The refresh token has expired.
    RefreshTokenExpired,
    /// The session was not used for too long.
    SessionIdle,
    /// The user name, password or one-time code is wrong.
    WrongProof,
    /// The token that a token request shows as its proof, of a compute resource or of this server, is no good.
    WrongToken,
    /// The issuer of a compute resource's token cannot be asked for its keys.
    IssuerAway,
    /// The caller may not act as another: the trusted profile is not there or not for them, or no authorization allows it.
    NotAuthorized,
    /// Too many logins, or too many failed ones.
    TooManyLogins,
    /// The login was renewed too often.
    TooManyRenewals,
    /// An invalid proof, in the words of the UAA.
    UaaProof,
    /// An invalid IAM token, in the words of the UAA.
    UaaToken,
    /// The credential has no session that could end.
    NoSession,
}

impl Reason {
    /// The name of the reason.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Credential(_) => "credential",
            Self::NotFound => "not_found",
            Self::WrongAccount => "wrong_account",
            Self::NotAMember => "not_a_member",
            Self::NotAllowed => "not_allowed",
            Self::Field => "field",
            Self::Conflict => "conflict",
            Self::SamePolicy => "same_policy",
            Self::SameRole => "same_role",
            Self::Locked => "locked",
            Self::AddressUnproven => "address_unproven",
            Self::WrongCode => "wrong_code",
            Self::LimitReached => "limit_reached",
            Self::TooManyToday => "too_many_today",
            Self::NoClient => "no_client",
            Self::WrongKey => "wrong_key",
            Self::WrongClient => "wrong_client",
            Self::WrongRefreshToken => "wrong_refresh_token",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::SessionIdle => "session_idle",
            Self::WrongProof => "wrong_proof",
            Self::WrongToken => "wrong_token",
            Self::IssuerAway => "issuer_away",
            Self::NotAuthorized => "not_authorized",
            Self::TooManyLogins => "too_many_logins",
            Self::TooManyRenewals => "too_many_renewals",
            Self::UaaProof => "uaa_proof",
            Self::UaaToken => "uaa_token",
            Self::NoSession => "no_session",
        }
    }

    /// Whether a key, code or refresh token is wrong: the answers that somebody who guesses gets.
    pub(crate) const fn is_wrong_guess(&self) -> bool {
        matches!(
            self,
            Self::WrongKey
                | Self::WrongClient
                | Self::WrongRefreshToken
                | Self::WrongProof
                | Self::WrongToken
                | Self::UaaProof
                | Self::UaaToken
                | Self::NoSession
        )
    }

    /// Whether the token request itself is wrong, and not only its time.
    pub(crate) const fn is_wrong_request(&self) -> bool {
        self.is_wrong_guess()
            || matches!(
                self,
                Self::NoClient
                    | Self::NotAMember
                    | Self::NotAuthorized
                    | Self::RefreshTokenExpired
                    | Self::SessionIdle
                    | Self::WrongCode
                    | Self::Field
            )
    }

    /// Whether a proof that is refused for it is entered in the audit: also a right one, of which its account takes nothing, as from
    /// this address.
    pub(crate) const fn is_entered(&self) -> bool {
        self.is_wrong_request() || matches!(self, Self::NotAllowed | Self::Credential(_))
    }
}

/// What can be locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lockable {
    /// A user's API key.
    Key,
    /// An API key of a service ID.
    ServiceKey,
    /// A service ID.
    ServiceId,
    /// A resource instance.
    Instance,
}

/// The remedy that the caller has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Get a token for that account.
    SwitchTo(AccountId),
    /// List one's accounts.
    ListOwnAccounts,
    /// Name no account: there is one alone.
    LeaveAccountOut,
    /// Choose an earlier expiry, or use a credential that lasts longer.
    ShorterLife,
    /// Authenticate as the client of the command line.
    SendClient,
    /// List the roles.
    ListRoles,
    /// Keep a login.
    KeepLogin,
    /// Use the current access token, or log in again.
    UseAccessToken,
    /// Use the current access token, or have another login delegate a token.
    DelegateAnew,
    /// Log in again.
    LogInAgain,
    /// Log in with a password or an API key, not with what another login gave.
    LogInAnew,
    /// Log in with a password or a one-time code: they open every account of the user.
    LogInForAnyAccount,
    /// Log in with the API key itself.
    LogInByKey,
    /// Use a credential that needs no password check.
    NoPasswordCheck,
    /// Use right keys and codes, which are still accepted.
    StopGuessing,
    /// Let the server generate the text.
    MadeKey,
    /// Choose a stronger password.
    BetterPassword,
    /// Delete keys.
    DeleteKeys,
    /// Unlock it.
    Unlock(Lockable),
    /// Have fewer of what the limit counts, or have the operator raise the limit.
    RaiseLimit(AccountId, &'static Limit),
    /// Delete events.
    DeleteEvents,
    /// Wait until some of the deleted samples are gone, or have the operator purge them.
    WaitForDeletions,
    /// Invite the others tomorrow.
    InviteTomorrow,
    /// Have fewer open invitations.
    WithdrawInvitations,
    /// Split the request.
    SeveralRequests,
    /// Log in with the password.
    LogInByPassword,
    /// List the open invitations.
    ListInvitations,
    /// Prove the address.
    ProveAddress,
    /// Get another one-time code.
    AnotherCode,
    /// Answer the invitation with one's own password.
    AnswerByPassword,
    /// Get a one-time code for the invited user from the operator.
    LetInByCode,
    /// Name an account; the others can be accepted later.
    NameAccount,
    /// Name the account of the key.
    NameAccountOfKey,
    /// Invite the user, or create an account for them.
    InviteOrMake,
    /// A space that is there, by its GUID.
    NameSpace,
    /// An organization that is there, by its GUID.
    NameOrg,
    /// An organization or a space that is there, by its GUID.
    NameDomain,
    /// An access group that is there, by its id.
    NameAccessGroup,
    /// A resource group that is there, by its id.
    NameResourceGroup,
    /// Replace the policy in the form that has conditions.
    ReplaceWithCondition,
    /// Have an Administrator do it, or give this role in the account.
    HaveAccountRoleGiven(&'static str),
    /// Ask somebody who may do it, or who may give the role of this title.
    HaveRoleGiven(&'static str),
    /// Delete the spaces of the organization first, or all at once.
    DeleteRecursively,
    /// Have an Administrator give a role in a space to the person with this e-mail address, or the program with this IAM id.
    AskForRole(String),
    /// List the members of the accounts.
    ListUsers,
    /// List the users, or make a one-time code.
    ListUsersOrLetIn,
    /// Have the operator confirm the address, or use a one-time code.
    ConfirmOrLetIn,
    /// List the accounts.
    ListAccounts,
    /// Choose a name that no account has.
    AnotherAccountName,
    /// Create another account before deleting the last one.
    MakeAnotherAccount,
    /// List the accounts that can be restored.
    ListDeletedAccounts,
    /// Ask the operator to restore the account.
    RestoreAccount,
    /// Restore the organization first.
    RestoreOrg,
    /// Ask an Administrator of the account for a new invitation.
    InviteAgain,
    /// Either of the two.
    InviteAgainOrRestore,
    /// Restore it under another name.
    RestoreUnderAnotherName,
    /// Have the address put into the account's list of those that are allowed.
    AllowAddress(AccountId),
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// One sentence without a full stop. Never holds a secret.
    pub message: Cow<'static, str>,
    /// The remedy.
    pub remedy: Option<Remedy>,
    /// The field, parameter or header at fault.
    pub field: Option<&'static str>,
    /// The limit that was reached.
    pub limit: Option<&'static Limit>,
    /// After how many seconds the caller may try again.
    pub retry_after: Option<u64>,
    /// Whether the source has made too many wrong guesses: the caller has to wait, whatever the reason.
    pub is_slowed: bool,
    /// Whether the request names what another node may have made a moment ago, though the reason does not say that it is not there.
    pub(crate) may_be_unknown: bool,
}

impl Refusal {
    /// A refusal without remedy or field.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            message: message.into(),
            remedy: None,
            field: None,
            limit: None,
            retry_after: None,
            is_slowed: false,
            may_be_unknown: false,
        }
    }

    /// Something that does not exist or that the caller may not see.
    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("{what} does not exist, or you may not see it");
        Self::new(Reason::NotFound, message)
    }

    /// Something in an account the caller is in, with a credential for another account.
    pub(crate) fn elsewhere(account: AccountId, token_account: AccountId) -> Self {
        let message =
            format!("this is of account `{account}`, and the token is for `{token_account}`");
        Self::new(Reason::WrongAccount, message).remedy(Remedy::SwitchTo(account))
    }

    /// A field with an invalid value.
    pub(crate) fn invalid(field: &'static str, what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Field, what).field(field)
    }

    /// Adds the remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Adds the field at fault.
    #[must_use]
    pub const fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// Tells that the request names what another node may have made a moment ago.
    #[must_use]
    pub(crate) const fn maybe_unknown(mut self) -> Self {
        self.may_be_unknown = true;
        self
    }

    /// Adds the limit that was reached.
    #[must_use]
    pub const fn limit(mut self, limit: &'static Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Adds the limit that was reached, and that it leaves room again after this many seconds.
    #[must_use]
    pub(crate) const fn limit_for(mut self, limit: &'static Limit, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self.limit(limit)
    }

    /// The account that lets nobody in from the address of the request, if that is why.
    #[must_use]
    pub fn closed_account(&self) -> Option<AccountId> {
        if let Some(Remedy::AllowAddress(account)) = self.remedy {
            return Some(account);
        }
        match &self.reason {
            Reason::Credential(error) => error.closed_account(),
            _ => None,
        }
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        let message = error.to_string();
        Self::new(Reason::Credential(Box::new(error)), message)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
