//! The bounds of a trusted profile that somebody has taken on.

use super::{AccountReach, CredentialBounds};
use crate::model::directory::Directory;
use base::id::ProfileId;

/// The reason when those who have taken on a trusted profile may not any more.
pub const NOT_ASSUMABLE: &str = "its trusted profile is not for its holder any more";

impl CredentialBounds {
    /// For a trusted profile that the principal takes on, in the profile's account alone. It ends with everything with which these
    /// bounds end, cannot be renewed, and is limited as they are.
    ///
    /// # Errors
    /// When these bounds do not open the account of the profile, or the principal may not take it on.
    pub(crate) fn assume(
        &self,
        directory: &Directory,
        profile: ProfileId,
    ) -> Result<Self, &'static str> {
        let account = directory.profile(profile).map(|profile| profile.account);
        let account = account.filter(|account| self.opens(directory, *account));
        let may = directory.assumption(profile, self.principal).is_some();
        let account = account.filter(|_| may).ok_or(NOT_ASSUMABLE)?;
        Ok(Self {
            principal: profile.into(),
            reach: AccountReach::One(account),
            renewable: false,
            assumed_by: Some(self.principal),
            ..*self
        })
    }
}
