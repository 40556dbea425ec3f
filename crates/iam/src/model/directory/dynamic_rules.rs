//! The users who meet the dynamic rules of access groups. They are computed when a rule or a user changes, not at each request: a
//! changed rule is compared with the users of the account, and a changed user with the rules.

use super::Directory;
use super::access_group::{AccessGroup, GroupRule, RuledGroup, most_hours};
use super::change::Change;
use super::user_claims::UserClaims;
use base::id::{AccessGroupId, AccountId, UserId};
use base::principal::Principal;
use std::collections::BTreeSet;

impl Directory {
    /// Compares all rules with all users, where everything is new.
    pub(super) fn compare_all_rules(&mut self) {
        let ruled = self.groups.values().filter(|group| !group.rules.is_empty());
        let accounts: BTreeSet<AccountId> = ruled.map(|group| group.account).collect();
        let users = accounts
            .iter()
            .flat_map(|account| self.members_of(*account));
        let users: BTreeSet<UserId> = users.collect();
        for user in users {
            self.compare_rules_with(user);
        }
    }

    /// Compares after changes, before which the directory was `before`: only what they are about is compared again.
    pub(super) fn compare_changed_rules<'a>(
        &mut self,
        before: &Self,
        changes: impl Iterator<Item = &'a Change>,
    ) {
        // Groups come first: a user who has changed as well is compared with them afterwards.
        for change in changes {
            match *change {
                Change::AccessGroup(id) => self.compare_changed_group(before, id),
                Change::Principal(guid) => self.compare_changed_user(before, UserId(guid)),
                _ => {}
            }
        }
    }

    fn compare_changed_group(&mut self, before: &Self, id: AccessGroupId) {
        let old = before.groups.get(&id);
        let new = self.groups.get(&id);
        let of = |group: Option<&AccessGroup>| -> Vec<GroupRule> {
            group.map_or_else(Vec::new, |group| group.rules.clone())
        };
        let (old_rules, new_rules) = (of(old), of(new));
        let only_in = |these: &[GroupRule], others: &[GroupRule]| -> Vec<GroupRule> {
            let all = these.iter().filter(|rule| !others.contains(rule));
            all.cloned().collect()
        };
        let removed = only_in(&old_rules, &new_rules);
        let added = only_in(&new_rules, &old_rules);
        if removed.is_empty() && added.is_empty() {
            return;
        }
        let Some(account) = old.or(new).map(|group| group.account) else {
            return;
        };
        // Whoever is in it meets an old rule: one that is still there, unless they meet one that is not.
        let leave = |user: &UserId| {
            let is_inside = self.meets_rule_of(*user, id);
            is_inside && self.meets_any(*user, &removed) && !self.meets_any(*user, &new_rules)
        };
        let leaving: Vec<UserId> = before.members_of(account).filter(leave).collect();
        // Whoever meets none of the rules that have come or gone is in it for as long as before.
        let is_concerned =
            |user: UserId| self.meets_any(user, &removed) || self.meets_any(user, &added);
        let enter = |user: UserId| {
            if !is_concerned(user) {
                return None;
            }
            let hours = self.hours_by(user, &new_rules)?;
            Some((user, RuledGroup { id, hours }))
        };
        let entering: Vec<(UserId, RuledGroup)> =
            self.members_of(account).filter_map(enter).collect();
        for user in leaving {
            self.forget_met_rule(user.into(), id);
        }
        for (user, group) in entering {
            self.note_met_rule(user.into(), group);
        }
    }

    /// A new role or access group of the user changes nothing here: only another name, address or account does.
    fn compare_changed_user(&mut self, before: &Self, id: UserId) {
        let is_same = before.users.get(&id) == self.users.get(&id)
            && before.accounts_of(id) == self.accounts_of(id);
        if !is_same {
            self.compare_rules_with(id);
        }
    }

    /// Compares the rules of the user's accounts with the user.
    fn compare_rules_with(&mut self, id: UserId) {
        self.group_ruled.remove(&Principal::from(id));
        let Some(user) = self.users.get(&id) else {
            return;
        };
        let this = &*self;
        let claims = UserClaims::of(user);
        let groups = this.accounts_of(id).iter();
        let groups = groups.flat_map(|account| this.access_groups_of(*account));
        let ruled = |group: &AccessGroup| {
            let hours = most_hours(&group.rules, &claims)?;
            Some(RuledGroup {
                id: group.id,
                hours,
            })
        };
        let groups: Vec<RuledGroup> = groups.filter_map(ruled).collect();
        for group in groups {
            self.note_met_rule(id.into(), group);
        }
    }

    /// Whether the user was found to meet a rule of the group.
    fn meets_rule_of(&self, user: UserId, group: AccessGroupId) -> bool {
        self.ruled_group(user.into(), group).is_some()
    }

    fn meets_any(&self, user: UserId, rules: &[GroupRule]) -> bool {
        self.hours_by(user, rules).is_some()
    }

    /// For how many hours after their proof these rules let the user in, if they do.
    fn hours_by(&self, user: UserId, rules: &[GroupRule]) -> Option<u32> {
        let user = self.users.get(&user).filter(|_| !rules.is_empty())?;
        most_hours(rules, &UserClaims::of(user))
    }

    fn note_met_rule(&mut self, user: Principal, group: RuledGroup) {
        self.group_ruled.change(user, |all| {
            match all.binary_search_by_key(&group.id, |present| present.id) {
                Ok(at) => {
                    if let Some(present) = all.get_mut(at) {
                        *present = group;
                    }
                }
                Err(at) => all.insert(at, group),
            }
        });
    }

    fn forget_met_rule(&mut self, user: Principal, group: AccessGroupId) {
        if self.ruled_groups(user).len() == 1 {
            self.group_ruled.remove(&user);
        } else {
            self.group_ruled
                .change(user, |all| all.retain(|present| present.id != group));
        }
    }
}
