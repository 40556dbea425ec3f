//! Changes of whatever version there is (`If-Match: *`): one that another change has overtaken, perhaps at another node, begins anew with
//! what there is now. Who names a version is refused then.

use crate::error::IamError;
use crate::model::entity_tag;
use crate::refusal::Reason;
use crate::service::Iam;

/// How often: more than anybody changes one thing at the same moment.
const TRIES: u32 = 50;

/// What is left of the tries of one change.
pub(super) struct AnyVersion {
    left: u32,
}

impl AnyVersion {
    pub(super) fn of(if_match: &str) -> Self {
        Self {
            left: if entity_tag::is_any(if_match) {
                TRIES
            } else {
                0
            },
        }
    }

    /// Whether the change begins anew after this answer.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn begins_anew<T>(
        &mut self,
        iam: &Iam,
        answer: &Result<T, IamError>,
    ) -> Result<bool, IamError> {
        let refusal = answer.as_ref().err().and_then(IamError::refusal);
        let is_overtaken = refusal
            .is_some_and(|own| own.reason == Reason::Conflict && own.field == Some("If-Match"));
        if !is_overtaken || self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        iam.sync().await?;
        Ok(true)
    }
}
