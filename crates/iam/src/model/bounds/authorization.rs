//! The bounds of what acts as an instance of the monitoring service, which authorizations let do so.

use super::{AccountReach, CredentialBounds};
use crate::model::directory::Directory;
use base::id::InstanceId;

/// The reason when the service ID of an instance's key may not act as the instance, or may not any more.
pub const NOT_AUTHORIZED: &str = "no authorization lets the instance of its holder act any more";

impl CredentialBounds {
    /// For the instance as which the principal acts, in the instance's account alone: a service ID by itself, of which the caller knows
    /// that it is of a key of the instance. It ends with everything with which these bounds end, cannot be renewed, and is limited as
    /// they are.
    ///
    /// # Errors
    /// When these bounds do not open the account of the instance, or no authorization in force is for it.
    pub(crate) fn act_as(
        &self,
        directory: &Directory,
        instance: InstanceId,
    ) -> Result<Self, &'static str> {
        let account = directory
            .instance(instance)
            .map(|instance| instance.account);
        let account = account.filter(|account| self.opens(directory, *account));
        let may = self.assumed_by.is_none() && directory.may_act_as(self.principal, instance);
        let account = account.filter(|_| may).ok_or(NOT_AUTHORIZED)?;
        Ok(Self {
            principal: instance.into(),
            reach: AccountReach::One(account),
            renewable: false,
            assumed_by: Some(self.principal),
            ..*self
        })
    }
}
