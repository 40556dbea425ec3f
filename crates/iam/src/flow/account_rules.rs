//! The accounts' conditions on a login before tokens are given for it: the address it comes from, and whether a password is
//! enough.

use crate::audit::Origin;
use crate::error::IamError;
use crate::model::account_settings::AccountSettings;
use crate::model::bounds::{AccountReach, CredentialBounds};
use crate::model::directory::Directory;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::token::issued::PASSWORD;
use base::id::AccountId;

/// The settings of the accounts that the bounds open; most accounts have none.
pub(super) fn opened<'d>(
    directory: &'d Directory,
    bounds: &CredentialBounds,
) -> impl Iterator<Item = &'d AccountSettings> {
    let reach = bounds.reach();
    let is_opened = move |account: &&AccountId| match reach {
        AccountReach::Any => true,
        AccountReach::One(only) => only == **account,
    };
    let accounts = directory.accounts_of(bounds.principal()).iter();
    accounts
        .filter(is_opened)
        .filter_map(|account| directory.account_settings.get(account))
        .map(|own| &own.settings)
}

/// Refuses tokens for an account to an address that it does not allow.
pub(super) fn check_address(iam: &Iam, account: AccountId) -> Result<(), IamError> {
    let directory = iam.directory();
    let own = directory.account_settings.get(&account);
    own.map_or(Ok(()), |own| address_is_allowed(&own.settings))
}

/// Refuses tokens for an account if the login rests on a password, and that is not enough.
pub(super) fn check_password(
    iam: &Iam,
    account: AccountId,
    grant_type: &str,
) -> Result<(), IamError> {
    let directory = iam.directory();
    let own = directory.account_settings.get(&account);
    own.map_or(Ok(()), |own| is_enough(&own.settings, grant_type))
}

/// Both checks, for tokens that open every account within the bounds.
pub(super) fn check_all(
    iam: &Iam,
    bounds: &CredentialBounds,
    grant_type: &str,
) -> Result<(), IamError> {
    let directory = iam.directory();
    for settings in opened(&directory, bounds) {
        address_is_allowed(settings)?;
        is_enough(settings, grant_type)?;
    }
    Ok(())
}

fn address_is_allowed(settings: &AccountSettings) -> Result<(), IamError> {
    let address = Origin::current().source().address();
    if settings.allowed_addresses.allows(address) {
        return Ok(());
    }
    let message = format!("The account gives no tokens to the address {address}");
    Err(IamError::refused(Reason::NotAllowed, message))
}

fn is_enough(settings: &AccountSettings, grant_type: &str) -> Result<(), IamError> {
    if !settings.password_grant_refused || grant_type != PASSWORD {
        return Ok(());
    }
    let message = "The account gives no tokens for a password alone: show an API key or a passcode";
    let refusal = Refusal::new(Reason::NotAllowed, message);
    Err(IamError::Refused(refusal.remedy(Remedy::LogInByKey)))
}
