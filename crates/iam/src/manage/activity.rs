//! The last authentication of API keys, service IDs, trusted profiles and users, and their number.

pub use crate::model::activity::Activity;

use crate::error::IamError;
use crate::model::activity::Subject;
use crate::repo::activity;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, KeyId, ProfileId, ServiceId};
use base::principal::Principal;

impl Iam {
    /// The activity of an API key.
    ///
    /// # Errors
    /// When the caller does not see the key; when the database fails.
    pub async fn key_activity(&self, caller: &Identity, id: KeyId) -> Result<Activity, IamError> {
        let key = self.api_key(caller, id).await?;
        self.activity_of(key.account, key.principal, Some(key.id))
            .await
    }

    /// The activity of a service ID.
    ///
    /// # Errors
    /// When the caller does not see it; when the database fails.
    pub async fn service_activity(
        &self,
        caller: &Identity,
        id: ServiceId,
    ) -> Result<Activity, IamError> {
        let service = self.service_id(caller, id).await?;
        self.activity_of(service.account, service.id.into(), None)
            .await
    }

    /// The activity of a trusted profile: how often it was taken on.
    ///
    /// # Errors
    /// When the caller does not see it; when the database fails.
    pub async fn profile_activity(
        &self,
        caller: &Identity,
        id: ProfileId,
    ) -> Result<Activity, IamError> {
        let profile = self.profile(caller, id).await?;
        self.activity_of(profile.account, profile.id.into(), None)
            .await
    }

    /// The activity of a principal in an account, or of one of its API keys: what every node has written, and this one has counted.
    pub(super) async fn activity_of(
        &self,
        account: AccountId,
        principal: Principal,
        key: Option<KeyId>,
    ) -> Result<Activity, IamError> {
        let Some(holder) = principal.guid() else {
            return Ok(Activity::default());
        };
        let subject = Subject {
            account,
            holder,
            guid: key.map_or(holder, |key| key.0),
        };
        let unwritten = &self.0.activity;
        let _turn = unwritten.turns.take(account).await;
        let written = activity::of(&self.0.db, subject).await?;
        Ok(written.and(unwritten.of(subject)))
    }
}
