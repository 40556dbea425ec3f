//! A pass of merges: which groups it merges, in which order, and which it leaves for the next pass.

use super::Purge;
use super::deletions::Deletions;
use super::group::group_of;
use crate::core::{Core, MergePasses};
use crate::error;
use crate::failed_merges::{MergeGroup, MergeReason};
use crate::purge_budget::PurgeBudget;
use crate::purge_schedule::PurgeCandidate;
use crate::segment::reader::Segment;
use base::context::Context;
use base::store::StoreError;
use base::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

/// The groups of which a purge would free something. A day is rewritten as a whole; of segments of many days, those that hold something
/// deleted, each by itself.
fn purge_candidates(segments: &[Arc<Segment>], deletions: &Deletions) -> Vec<PurgeCandidate> {
    let freed = segments
        .iter()
        .map(|segment| deletions.freed_bytes(segment));
    let freed: Vec<Option<u64>> = freed.collect();
    let mut groups: BTreeMap<MergeGroup, PurgeCandidate> = BTreeMap::new();
    for (segment, freed) in segments.iter().zip(&freed) {
        if let Some(freed) = freed {
            let group = group_of(segment);
            let new = PurgeCandidate {
                group,
                rewritten: 0,
                costliest: 0,
                freed: 0,
            };
            groups.entry(group).or_insert(new).freed += freed;
        }
    }
    for (segment, freed) in segments.iter().zip(&freed) {
        let is_rewritten = !segment.is_multi_day() || freed.is_some();
        let candidate = groups.get_mut(&group_of(segment));
        if let Some(candidate) = candidate.filter(|_| is_rewritten) {
            candidate.rewritten += segment.bytes();
            candidate.costliest = match segment.is_multi_day() {
                true => candidate.costliest.max(segment.bytes()),
                false => candidate.rewritten,
            };
        }
    }
    groups.into_values().collect()
}

/// The work of one pass.
struct PassPlan {
    now: Millis,
    /// The groups, each with the reason to merge it: first those to purge, in the order of the schedule, then all others.
    groups: Vec<(MergeGroup, MergeReason)>,
    /// The budget of its purges.
    budget: PurgeBudget,
    context: Context,
}

impl PassPlan {
    /// Whether it purges any group.
    fn is_purge(&self) -> bool {
        let mut reasons = self.groups.iter().map(|(_, reason)| *reason);
        reasons.any(|reason| reason == MergeReason::Purge)
    }
}

/// How far a pass came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PassEnd {
    /// To its end. A damaged group counts as done: it has a pause of its own.
    Complete,
    /// A lack of room or of file descriptors has left out something, which is tried again soon.
    Unfinished,
    /// The engine is being closed, and the rest was not tried.
    Stopped,
}

/// The result of a pass.
struct PassOutcome {
    end: PassEnd,
    /// The first failure.
    result: Result<(), StoreError>,
}

impl Core {
    /// Merges every group that is due. Flushes are not held up. A pass in the background ends when the engine is closed, also in the
    /// middle of a group, and its purges rewrite no more than their budget allows.
    pub(crate) fn compact(&self, asked: Purge) -> Result<(), StoreError> {
        self.poison.check()?;
        let passes = self.compacting.lock();
        let mut passes = passes.unwrap_or_else(PoisonError::into_inner);
        // A flush that found no room is completed before anything is rewritten.
        self.flush_rest(&mut self.flushing())?;
        let mut plan = self.begin_pass(asked, &mut passes);
        let PassOutcome { end, mut result } = self.merge_groups(&mut plan, &mut passes)?;
        if plan.is_purge() {
            if end == PassEnd::Complete {
                passes.purges.end_pass(plan.now);
            }
            if end != PassEnd::Stopped {
                result = result.and(self.forget_tombstones());
                self.forget_owners();
            }
        }
        if asked == Purge::WhenWorthIt {
            // The budget has ended this purge: the next one continues.
            self.requests().purge |= plan.budget.is_used_up();
            passes.purges.budget = plan.budget;
        }
        drop(passes);
        match result {
            // The engine is being closed: the rest is merged after the next start.
            Err(StoreError::Stopped(_)) if asked == Purge::WhenWorthIt => Ok(()),
            result => result,
        }
    }

    /// Forgets the owners of tenants that have neither series nor tombstones.
    fn forget_owners(&self) {
        let state = &self.state;
        let version = state.version();
        let is_needed =
            |tenant| state.count(tenant) > 0 || !version.tombstones.of_tenant(tenant).is_empty();
        state.owners.retain(is_needed);
    }

    /// Plans a pass, and begins it: forgets the failures of groups that are gone, and takes the budget out of `passes` until the pass has
    /// ended.
    fn begin_pass(&self, asked: Purge, passes: &mut MergePasses) -> PassPlan {
        let MergePasses { failed, purges } = passes;
        let now = self.clock.now();
        self.state.forget_dropped();
        let (version, deletions) = self.deletions();
        let segments = version.segments.iter();
        let groups: BTreeSet<MergeGroup> = segments.map(|segment| group_of(segment)).collect();
        failed.retain(&groups);
        let is_due = asked == Purge::Now || purges.is_due(now, version.tombstones.len());
        let candidates = match is_due {
            true => purge_candidates(&version.segments, &deletions),
            false => Vec::new(),
        };
        let (context, budget) = match asked {
            Purge::Now => {
                failed.end_pauses();
                (Context::unlimited(), PurgeBudget::unlimited())
            }
            Purge::WhenWorthIt => {
                // Nothing is left of it where the pass panics: it may have spent all.
                let rest = PurgeBudget::used_up_at(now);
                let mut budget = std::mem::replace(&mut purges.budget, rest);
                if is_due {
                    let stored = version.segments.iter().map(|segment| segment.bytes());
                    let costliest = candidates.iter().map(|candidate| candidate.costliest);
                    let costliest = costliest.max().unwrap_or_default();
                    budget.refill(now, stored.sum(), self.config.purge_bytes_min, costliest);
                }
                let context = Context::unlimited();
                (context.with_cancel_flag(Arc::clone(&self.stopping)), budget)
            }
        };
        let to_purge = match is_due {
            true => purges.ordered(now, candidates),
            false => Vec::new(),
        };
        let purged: BTreeSet<MergeGroup> = to_purge.iter().copied().collect();
        let rest = groups.difference(&purged).copied();
        let to_purge = to_purge
            .into_iter()
            .map(|group| (group, MergeReason::Purge));
        let rest = rest.map(|group| (group, MergeReason::TooManySegments));
        PassPlan {
            now,
            groups: to_purge.chain(rest).collect(),
            budget,
            context,
        }
    }

    /// Merges what is planned, group by group. An error of its own is one after which nothing may be written.
    fn merge_groups(
        &self,
        plan: &mut PassPlan,
        passes: &mut MergePasses,
    ) -> Result<PassOutcome, StoreError> {
        let MergePasses { failed, purges } = passes;
        let mut end = PassEnd::Complete;
        let mut result = Ok(());
        for (group, wanted) in plan.groups.iter().copied() {
            let Some(reason) = failed.next_try(group, wanted, plan.now) else {
                continue;
            };
            let budget = (reason == MergeReason::Purge).then_some(&mut plan.budget);
            let merged = self.compact_group(group, budget, &plan.context);
            if let Err(stopped @ StoreError::Stopped(_)) = merged {
                end = PassEnd::Stopped;
                result = result.and(Err(stopped));
                break;
            }
            self.poison.check()?;
            match merged {
                Ok(()) => {
                    failed.succeed(group, reason);
                    if reason == MergeReason::Purge && !plan.budget.is_used_up() {
                        purges.purged(group);
                    }
                }
                Err(error) if error::is_retryable(&error) => {
                    end = PassEnd::Unfinished;
                    result = result.and(Err(error));
                }
                Err(error) => {
                    // A damaged group does not stop the others; it is tried again after a pause.
                    failed.fail(group, reason, plan.now);
                    if result.is_ok() {
                        result = Err(error);
                    } else {
                        // The caller gets the first failure; this one is reported as an event.
                        self.merge_failed(&error, true);
                    }
                }
            }
        }
        Ok(PassOutcome { end, result })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::store_of_one_segment;
    use std::sync::atomic::Ordering;

    /// It went over all series of all days, and the end of the engine waited for it.
    #[test]
    fn a_search_for_deleted_samples_ends_with_the_engine_and_is_due_again() {
        let core = store_of_one_segment(Millis(0), [0]);
        // Of a series that is there no more, as far as anybody can tell without looking.
        core.state.clear_dropped(&[0].into(), 9);
        for (stopping, searched) in [(true, false), (false, true)] {
            core.stopping.store(stopping, Ordering::SeqCst);
            core.compact(Purge::WhenWorthIt).unwrap();
            let version = core.state.version();
            let purged = version.segments.first().unwrap().purged();
            assert_eq!(purged >= 9, searched);
        }
    }
}
