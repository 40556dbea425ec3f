//! The accounts' conditions on a login before tokens are given for it: the address it comes from, and whether a password is
//! enough.
//!
//! A refusal by one account concerns that account alone: a login with access to several still opens the others.

use crate::error::{AuthError, IamError};
use crate::model::account_settings::AccountSettings;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::token::issued::PASSWORD;
use crate::verify;
use base::id::AccountId;

/// Refuses tokens for an account to an address that it does not allow.
pub(super) fn check_address(iam: &Iam, account: AccountId) -> Result<(), IamError> {
    verify::check_address(&iam.directory(), account).map_err(|error| match error {
        AuthError::AddressNotAllowed { account, address } => {
            let message = format!(
                "The account {account} gives no tokens to the address {address} (`allowed_ip_addresses`)"
            );
            IamError::forbidden_without(message, Remedy::AllowAddress(account))
        }
        other => other.into(),
    })
}

/// Refuses tokens for an account if the login rests on a password, and that is not enough.
pub(super) fn check_password(
    iam: &Iam,
    account: AccountId,
    grant_type: &str,
) -> Result<(), IamError> {
    let directory = iam.directory();
    let stored = directory.account_settings.get(&account);
    stored.map_or(Ok(()), |stored| {
        check_proof(account, &stored.settings, grant_type)
    })
}

/// Refuses tokens for an account by either rule.
pub(super) fn check(iam: &Iam, account: AccountId, grant_type: &str) -> Result<(), IamError> {
    check_address(iam, account)?;
    check_password(iam, account, grant_type)
}

/// The account of a login that names none: the default, or the first other one that accepts it, else the default, which refuses it.
pub(super) fn accepting(
    iam: &Iam,
    bounds: &CredentialBounds,
    default: AccountId,
    grant_type: &str,
) -> AccountId {
    if check(iam, default, grant_type).is_ok() {
        return default;
    }
    let directory = iam.directory();
    let mut others = directory.accounts_of(bounds.principal()).iter().copied();
    let accepts = |account: &AccountId| {
        bounds.opens(&directory, *account) && check(iam, *account, grant_type).is_ok()
    };
    others.find(accepts).unwrap_or(default)
}

fn check_proof(
    account: AccountId,
    settings: &AccountSettings,
    grant_type: &str,
) -> Result<(), IamError> {
    if !settings.password_grant_refused || grant_type != PASSWORD {
        return Ok(());
    }
    let message = format!(
        "The account {account} gives no tokens for a password alone (`mfa`): show an API key, or a passcode from the server's page"
    );
    let refusal = Refusal::new(Reason::NotAllowed, message);
    Err(IamError::Refused(refusal.remedy(Remedy::LogInByKey)))
}
