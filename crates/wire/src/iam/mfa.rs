//! Second factors of a user: `/v1/mfa/accounts/{account}/status`. There are none, so nothing is asked for and nobody is enrolled.

use serde::{Deserialize, Serialize};

/// The second factors required of a user, and whether they meet the requirement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MfaStatus {
    /// The user.
    pub iam_id: String,
    /// `NONE`, or `NONE_NO_ROPC`: no program gets a token for a password.
    pub effective_mfa_type: String,
    /// By the identity.
    pub id_based_mfa: IdBasedMfa,
    /// By the account.
    pub account_based_mfa: AccountBasedMfa,
}

/// What is asked of each user of an account: `GET /v1/mfa/accounts/{account}/report/{reference}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MfaReport {
    /// Who asked for the report.
    pub created_by: String,
    /// Its reference.
    pub reference: String,
    /// When it was made.
    pub report_time: String,
    /// The account.
    pub account_id: String,
    /// The users.
    pub users: Vec<UserReportMfa>,
}

/// What is asked of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UserReportMfa {
    /// The user.
    pub iam_id: String,
    /// The name to show.
    pub name: String,
    /// The user name, an e-mail address.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// `NONE`, or `NONE_NO_ROPC`: no program gets a token for a password.
    pub effective_mfa_type: String,
    /// By the identity.
    pub id_based_mfa: IdBasedMfa,
    /// By the account.
    pub account_based_mfa: AccountBasedMfa,
}

/// The requirement for the identity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct IdBasedMfa {
    /// The account's requirement for everybody.
    pub trait_account_default: String,
    /// The requirement in force for the user: the same.
    pub trait_effective: String,
    /// Whether the user does it: always.
    pub complies: bool,
}

/// The account's requirement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AccountBasedMfa {
    /// Security questions.
    pub security_questions: MfaFactor,
    /// One-time passwords by time.
    pub totp: MfaFactor,
    /// Verisign.
    pub verisign: MfaFactor,
    /// Whether the user does what is asked for: always.
    pub complies: bool,
}

/// A factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MfaFactor {
    /// Whether it is asked for.
    pub required: bool,
    /// Whether the user has it.
    pub enrolled: bool,
}
