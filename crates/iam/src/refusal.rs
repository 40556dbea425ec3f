//! What identity says "no" to a caller with: what sort of refusal it is, in one sentence, and what mends it. Which code,
//! status and command that means is the program's matter.

use crate::auth_error::AuthError;
use base::id::AccountId;
use base::limit::Limit;
use std::borrow::Cow;
use std::fmt;

/// What sort of refusal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The credential opens nothing, or not this.
    Credential(Box<AuthError>),
    /// It is not there, or not the caller's to see.
    NotFound,
    /// It is in another account than the one the credential is for.
    WrongAccount,
    /// A token was asked for an account that the user is not in.
    NotAMember,
    /// The caller's roles, or the credential, do not allow it.
    NotAllowed,
    /// A field has a value that is not accepted.
    Field,
    /// It collides with what is there.
    Conflict,
    /// It is locked.
    Locked,
    /// The address of the user is not proven.
    AddressUnproven,
    /// A one-time code that sets a password fits nothing.
    WrongCode,
    /// The account has as many as it may.
    LimitReached,
    /// As many as a day allows.
    TooManyToday,
    /// The grant needs a client.
    NoClient,
    /// The API key is none, or cannot be used.
    WrongKey,
    /// The refresh token is none, or its login has ended.
    WrongRefreshToken,
    /// The refresh token has expired.
    RefreshTokenExpired,
    /// User name, password or one-time code is wrong.
    WrongProof,
    /// Too many logins, or too many that failed.
    TooManyLogins,
    /// The login was renewed too often.
    TooManyRenewals,
    /// A proof that is none, in the words of the UAA.
    UaaProof,
    /// An IAM token that is none, in the words of the UAA.
    UaaToken,
    /// The credential is of no session that could end.
    NoSession,
}

impl Reason {
    /// A word for it.
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
            Self::Locked => "locked",
            Self::AddressUnproven => "address_unproven",
            Self::WrongCode => "wrong_code",
            Self::LimitReached => "limit_reached",
            Self::TooManyToday => "too_many_today",
            Self::NoClient => "no_client",
            Self::WrongKey => "wrong_key",
            Self::WrongRefreshToken => "wrong_refresh_token",
            Self::RefreshTokenExpired => "refresh_token_expired",
            Self::WrongProof => "wrong_proof",
            Self::TooManyLogins => "too_many_logins",
            Self::TooManyRenewals => "too_many_renewals",
            Self::UaaProof => "uaa_proof",
            Self::UaaToken => "uaa_token",
            Self::NoSession => "no_session",
        }
    }

    /// Whether a key, code or refresh token is wrong: what somebody who guesses hears.
    pub(crate) const fn is_wrong_guess(&self) -> bool {
        matches!(
            self,
            Self::WrongKey
                | Self::WrongRefreshToken
                | Self::WrongProof
                | Self::UaaProof
                | Self::UaaToken
                | Self::NoSession
        )
    }

    /// Whether the request at the token endpoint is wrong in itself, and not only at this moment.
    pub(crate) const fn is_wrong_request(&self) -> bool {
        self.is_wrong_guess()
            || matches!(
                self,
                Self::NoClient
                    | Self::NotAMember
                    | Self::RefreshTokenExpired
                    | Self::WrongCode
                    | Self::Field
            )
    }
}

/// What mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// A token for that account.
    SwitchTo(AccountId),
    /// Looking which accounts one is in.
    ListOwnAccounts,
    /// An earlier end, or a credential that lasts longer.
    ShorterLife,
    /// Keeping a login.
    KeepLogin,
    /// The access token that is there, or another login.
    UseAccessToken,
    /// What needs no password check.
    NoPasswordCheck,
    /// Right keys and codes, which go on working.
    StopGuessing,
    /// A text that is made.
    MadeKey,
    /// A stronger password.
    BetterPassword,
    /// Fewer keys.
    DeleteKeys,
    /// Fewer of what the limit counts, or another limit.
    RaiseLimit(AccountId, &'static Limit),
    /// Waiting until some of what was deleted has gone, or having it go at once.
    WaitForDeletions,
    /// Inviting the others tomorrow.
    InviteTomorrow,
    /// Fewer invitations that wait.
    WithdrawInvitations,
    /// Several requests.
    SeveralRequests,
    /// A login with the password.
    LogInByPassword,
    /// Looking which invitations wait.
    ListInvitations,
    /// A proof of the address.
    ProveAddress,
    /// Another one-time code.
    AnotherCode,
    /// Answering with the own password.
    AnswerByPassword,
    /// A one-time code from the operator for whoever is invited.
    LetInByCode,
    /// Naming an account; the others can be accepted later.
    NameAccount,
    /// Naming the account of a key.
    NameAccountOfKey,
    /// Inviting the person, or making an account for them.
    InviteOrMake,
    /// A space that is there, by its GUID.
    NameSpace,
    /// Looking who is in which account.
    ListUsers,
    /// Looking who is a user, or a one-time code.
    ListUsersOrLetIn,
    /// The operator's word for the address, or a one-time code.
    ConfirmOrLetIn,
    /// Looking which accounts there are.
    ListAccounts,
    /// A name that no account has.
    AnotherAccountName,
    /// Another account, before the last one goes.
    MakeAnotherAccount,
    /// Looking which accounts can be brought back.
    ListDeletedAccounts,
    /// The operator, who brings the account back.
    RestoreAccount,
    /// An Administrator of the account, who invites the user again.
    InviteAgain,
    /// Either of the two.
    InviteAgainOrRestore,
    /// Bringing it back under another name.
    RestoreUnderAnotherName,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What sort.
    pub reason: Reason,
    /// What happened, in one sentence without a full stop. Never holds a secret.
    pub message: Cow<'static, str>,
    /// What mends it.
    pub remedy: Option<Remedy>,
    /// The field, parameter or header at fault.
    pub field: Option<&'static str>,
    /// The limit that was hit.
    pub limit: Option<&'static Limit>,
    /// After how many seconds it is worth another try.
    pub retry_after: Option<u64>,
    /// Whether it was one too many of a source's guesses: whatever it was, the caller has to wait.
    pub is_slowed: bool,
}

impl Refusal {
    /// One without remedy or field.
    pub fn new(reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            message: message.into(),
            remedy: None,
            field: None,
            limit: None,
            retry_after: None,
            is_slowed: false,
        }
    }

    /// Adds what mends it.
    #[must_use]
    pub const fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// Adds the field at fault.
    #[must_use]
    pub const fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// Adds the limit that was hit.
    #[must_use]
    pub const fn limit(mut self, limit: &'static Limit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Adds after how many seconds it is worth another try.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
