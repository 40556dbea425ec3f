//! The condition of time of an access policy: what a request says about it, and what becomes of the one that a policy has.

use crate::model::directory::Policy;
use crate::model::time_condition::TimeCondition;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use std::sync::Arc;

/// What a request says about the condition of a policy.
#[derive(Debug, Clone)]
pub enum ConditionTerms {
    /// Nothing, because its form has no conditions: what it makes has none, and what has one is not replaced by it.
    NotInForm,
    /// This one, or none.
    Only(Option<TimeCondition>),
}

impl Iam {
    /// The condition of a new policy.
    pub(super) fn new_condition(
        &self,
        wanted: ConditionTerms,
    ) -> Result<Option<Arc<TimeCondition>>, Refusal> {
        match wanted {
            ConditionTerms::NotInForm | ConditionTerms::Only(None) => Ok(None),
            ConditionTerms::Only(Some(condition)) => {
                condition.check_is_met_from(self.0.clock.now())?;
                Ok(Some(Arc::new(condition)))
            }
        }
    }

    /// The condition of a policy that is replaced. It may keep the one that it had, also when that is over.
    pub(super) fn replaced_condition(
        &self,
        old: &Policy,
        wanted: ConditionTerms,
    ) -> Result<Option<Arc<TimeCondition>>, Refusal> {
        match (wanted, &old.condition) {
            (ConditionTerms::NotInForm, Some(_)) => Err(would_be_lost()),
            (ConditionTerms::Only(Some(wanted)), Some(held)) if wanted == **held => {
                Ok(Some(Arc::clone(held)))
            }
            (wanted, _) => self.new_condition(wanted),
        }
    }
}

/// The refusal of a form without conditions for a policy that has one.
fn would_be_lost() -> Refusal {
    let message = "the access policy has a condition of time, which this form has no members for: it would be in force at all times";
    Refusal::new(Reason::Conflict, message).remedy(Remedy::ReplaceWithCondition)
}
