//! How much of a domain an action reaches: nothing, all of it, or the series that a filter allows.

use super::{Action, Actions};
use crate::selector::NameFilter;
use std::sync::Arc;

/// The series that an action reaches.
#[derive(Debug, Clone, Default)]
pub enum Reach {
    /// Nothing: the action is forbidden.
    #[default]
    Nothing,
    /// Every series of the domain.
    All,
    /// These, as if there were no others.
    Names(Arc<NameFilter>),
}

/// The reach of each action. Cloning copies no filter.
#[derive(Debug, Clone, Default)]
pub struct Grants([Reach; Action::ALL.len()]);

impl Grants {
    /// These grants, with `action` reaching this.
    #[must_use]
    pub fn with(mut self, action: Action, reach: Reach) -> Self {
        if let Some(place) = self.0.get_mut(action as usize) {
            *place = reach;
        }
        self
    }

    /// The reach of `action`.
    #[must_use]
    pub fn reach(&self, action: Action) -> &Reach {
        self.0.get(action as usize).unwrap_or(&Reach::Nothing)
    }

    /// The actions that reach something.
    #[must_use]
    pub fn actions(&self) -> Actions {
        let reaching = |action: &Action| !matches!(self.reach(*action), Reach::Nothing);
        let actions = Action::ALL.iter().copied().filter(reaching);
        actions.fold(Actions::NONE, |all, action| {
            all.union(Actions::of(&[action]))
        })
    }
}

impl From<Actions> for Grants {
    /// Each of the actions reaches everything.
    fn from(actions: Actions) -> Self {
        let all = Action::ALL.iter().copied();
        let allowed = all.filter(|action| actions.contains(*action));
        allowed.fold(Self::default(), |grants, action| {
            grants.with(action, Reach::All)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_reach_everything_and_others_nothing() {
        let some = Actions::of(&[Action::Write, Action::Find]);
        let grants = Grants::from(some);
        assert_eq!(grants.actions(), some);
        assert!(matches!(grants.reach(Action::Find), Reach::All));
        assert!(matches!(grants.reach(Action::Delete), Reach::Nothing));
        let filter = Arc::new(NameFilter::any(Vec::new()).unwrap());
        let grants = grants
            .with(Action::Write, Reach::Nothing)
            .with(Action::Render, Reach::Names(filter));
        let left = Actions::of(&[Action::Find, Action::Render]);
        assert_eq!(grants.actions(), left);
    }
}
