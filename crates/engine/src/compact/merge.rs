//! Merges segments of a day when there are too many, and all of them when they hold deleted samples: overwritten and
//! deleted samples and dropped series are left out, so that their bytes go with the old files.

use super::deletions::Deletions;
use super::run::SegmentExtent;
use super::{Purge, run};
use crate::core::{Core, MergePasses};
use crate::error;
use crate::failed_merges::{MergeGroup, MergeReason};
use crate::guard::PIECE;
use crate::purge_budget::PurgeBudget;
use crate::purge_schedule::PurgeCandidate;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::id::TenantId;
use base::store::StoreError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

fn group(segment: &Segment) -> MergeGroup {
    (!segment.is_late()).then_some(segment.day())
}

/// The groups of which a purge would free something. A day is rewritten as a whole; of late segments, those that hold something
/// deleted, each by itself.
fn candidates(segments: &[Arc<Segment>], deletions: &Deletions) -> Vec<PurgeCandidate> {
    let freed = segments
        .iter()
        .map(|segment| deletions.freed_bytes(segment));
    let freed: Vec<Option<u64>> = freed.collect();
    let mut groups: BTreeMap<MergeGroup, PurgeCandidate> = BTreeMap::new();
    for (segment, freed) in segments.iter().zip(&freed) {
        if let Some(freed) = freed {
            let group = group(segment);
            let new = PurgeCandidate {
                group,
                rewritten: 0,
                dearest: 0,
                freed: 0,
            };
            groups.entry(group).or_insert(new).freed += freed;
        }
    }
    for (segment, freed) in segments.iter().zip(&freed) {
        let is_rewritten = !segment.is_late() || freed.is_some();
        let candidate = groups.get_mut(&group(segment));
        if let Some(candidate) = candidate.filter(|_| is_rewritten) {
            candidate.rewritten += segment.bytes();
            candidate.dearest = match segment.is_late() {
                true => candidate.dearest.max(segment.bytes()),
                false => candidate.rewritten,
            };
        }
    }
    groups.into_values().collect()
}

impl Core {
    /// Merges every day that asks for it. Flushes go on meanwhile. What nobody waits for ends when the engine does, also in
    /// the middle of a day, and rewrites no more because of deletions than a budget allows.
    pub(crate) fn compact(&self, asked: Purge) -> Result<(), StoreError> {
        self.poison.check()?;
        let passes = self.compacting.lock();
        let mut passes = passes.unwrap_or_else(PoisonError::into_inner);
        let MergePasses { failed, purges } = &mut *passes;
        // What a flush has left frozen for lack of room comes before what is rewritten.
        self.flush_rest(&mut self.flushing())?;
        let now = self.clock.now();
        self.state.forget_dropped();
        let (version, deletions) = self.deletions();
        let segments = version.segments.iter();
        let groups: BTreeSet<MergeGroup> = segments.map(|segment| group(segment)).collect();
        let candidates = candidates(&version.segments, &deletions);
        let stored: u64 = version.segments.iter().map(|segment| segment.bytes()).sum();
        let is_due = asked == Purge::Now || purges.is_due(now, version.tombstones.len());
        drop((version, deletions));
        failed.retain(&groups);
        let dearest = candidates.iter().map(|candidate| candidate.dearest).max();
        let to_purge = purges.ordered(now, candidates);
        let to_purge = if is_due { to_purge } else { Vec::new() };
        let (context, mut budget) = match asked {
            Purge::Now => {
                failed.end_pauses();
                (Context::unlimited(), PurgeBudget::unlimited())
            }
            Purge::WhenWorthIt => {
                let mut budget = std::mem::take(&mut purges.budget);
                if is_due {
                    let hourly_min = self.config.purge_bytes_min;
                    budget.refill(now, stored, hourly_min, dearest.unwrap_or_default());
                }
                let ends_with_the_engine =
                    Context::unlimited().with_cancel_flag(Arc::clone(&self.stopping));
                (ends_with_the_engine, budget)
            }
        };
        let is_purged: BTreeSet<MergeGroup> = to_purge.iter().copied().collect();
        let others = groups.iter().filter(|group| !is_purged.contains(group));
        let mut outcome = Ok(());
        // Whether a lack of room, or the end of the engine, has left out something that is tried again soon.
        let (mut is_unfinished, mut is_over) = (false, false);
        for group in to_purge.iter().chain(others).copied() {
            let wanted = match is_purged.contains(&group) {
                true => MergeReason::Purge,
                false => MergeReason::Crowded,
            };
            let Some(reason) = failed.next_try(group, wanted, now) else {
                continue;
            };
            let purge = (reason == MergeReason::Purge).then_some(&mut budget);
            let compacted = self.compact_group(group, purge, &context);
            is_over = matches!(compacted, Err(StoreError::Stopped(_)));
            if !is_over {
                self.poison.check()?;
            }
            match compacted {
                Ok(()) => {
                    failed.succeed(group, reason);
                    if reason == MergeReason::Purge && !budget.is_used_up() {
                        purges.purged(group);
                    }
                }
                Err(error) if is_over || error::is_retryable(&error) => {
                    is_unfinished = true;
                    outcome = outcome.and(Err(error));
                }
                Err(error) => {
                    // A damaged day costs the others nothing: they go on, and it is left alone for a while.
                    failed.fail(group, reason, now);
                    if outcome.is_ok() {
                        outcome = Err(error);
                    } else {
                        // The answer is the first; nobody else would hear of this one.
                        self.merge_failed(&error, true);
                    }
                }
            }
            if is_over {
                break;
            }
        }
        if asked == Purge::WhenWorthIt {
            // The next purge goes on where the budget has ended this one.
            self.requests().purge |= budget.is_used_up();
            purges.budget = budget;
        }
        if !to_purge.is_empty() && !is_unfinished {
            purges.got_through(now);
        }
        if !to_purge.is_empty() && !is_over {
            outcome = outcome.and(self.forget_tombstones());
        }
        drop(passes);
        match outcome {
            // The engine ends: what is left undone is done after the next start.
            Err(StoreError::Stopped(_)) if asked == Purge::WhenWorthIt => Ok(()),
            outcome => outcome,
        }
    }

    /// Merges what a group has too much of; with a budget, what was deleted in it as well.
    fn compact_group(
        &self,
        of: MergeGroup,
        mut purge: Option<&mut PurgeBudget>,
        context: &Context,
    ) -> Result<(), StoreError> {
        // Segments and deletions of one moment: what is merged counts as purged of all deletions up to its last record.
        let (version, deletions) = self.deletions();
        let all = version.segments.iter().cloned();
        let (mut members, others): (Vec<Arc<Segment>>, Vec<Arc<Segment>>) =
            all.partition(|segment| group(segment) == of);
        let stored: u64 = version.segments.iter().map(|segment| segment.bytes()).sum();
        drop(version);
        let bytes_max = match of {
            Some(_) => u64::MAX,
            None => run::late_bytes_max(stored),
        };
        members.sort_by_key(|segment| segment.sequence());
        let places = |all: &[Arc<Segment>]| -> Vec<SegmentExtent> {
            let place =
                |segment: &Arc<Segment>| (segment.sequence(), (segment.day(), segment.last_day()));
            all.iter().map(place).collect()
        };
        let is_each_alone = purge.is_some() && of.is_none();
        let parts = match is_each_alone {
            true => (1..members.len()).collect(),
            false => run::parts(&places(&members), &places(&others)),
        };
        drop(others);
        for begin in parts.into_iter().rev().chain([0]) {
            // Not kept alive here: a merged file is removed with its last reader.
            let part = members.split_off(begin);
            let purge = purge.as_deref_mut();
            self.compact_part(part, &deletions, purge, bytes_max, context)?;
        }
        if is_each_alone {
            return self.compact_group(of, None, context);
        }
        Ok(())
    }

    /// Merges the part of an uninterrupted run that is worth merging: where there are too many, no more than `bytes_max`.
    fn compact_part(
        &self,
        mut members: Vec<Arc<Segment>>,
        deletions: &Deletions,
        purge: Option<&mut PurgeBudget>,
        bytes_max: u64,
        context: &Context,
    ) -> Result<(), StoreError> {
        let is_purged = match purge {
            Some(budget) => self.is_to_purge(&members, deletions, budget, context)?,
            None => false,
        };
        if !is_purged {
            let sizes: Vec<u64> = members.iter().map(|segment| segment.bytes()).collect();
            let Some(first) = run::crowded(&sizes, self.config.segments_per_day, bytes_max) else {
                return Ok(());
            };
            members.drain(..first);
        }
        if self.merge(members, deletions, context)? {
            self.counters.merges.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether they hold something that was deleted, and the budget allows to rewrite them. What was searched for nothing is not
    /// searched for it again.
    fn is_to_purge(
        &self,
        members: &[Arc<Segment>],
        deletions: &Deletions,
        budget: &mut PurgeBudget,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let rewritten: u64 = members.iter().map(|segment| segment.bytes()).sum();
        for segment in members {
            if deletions.freed_bytes(segment).is_none() {
                continue;
            }
            if !budget.allows(rewritten) {
                return Ok(false);
            }
            if deletions.holds_expired(segment)
                || self.holds_deleted(segment, deletions, context)?
            {
                budget.spend(rewritten);
                let purged = &self.counters.purged_bytes;
                purged.fetch_add(rewritten, Ordering::Relaxed);
                return Ok(true);
            }
            budget.spend(segment.directory_bytes());
            segment.set_searched(deletions.last_sequence());
        }
        Ok(false)
    }

    /// Whether a series in it was dropped, or a deletion hides some of it.
    fn holds_deleted(
        &self,
        segment: &Segment,
        deletions: &Deletions,
        context: &Context,
    ) -> Result<bool, StoreError> {
        let hiding_of = |tenant: TenantId| -> Vec<&Tombstone> {
            let own = deletions.tombstones.of(tenant).iter();
            own.filter(|own| segment.is_touched_by(own)).collect()
        };
        // Series ascend by tenant.
        let (mut of_tenant, mut hiding) = (None, Vec::new());
        let mut rest = segment.series();
        loop {
            // Where nothing was deleted it goes over all series of the day.
            context.check(Instant::now())?;
            let piece = rest.by_ref().take(PIECE);
            let piece: Vec<(TenantId, SeriesRef)> = piece.collect::<Result<_, _>>()?;
            if piece.is_empty() {
                return Ok(false);
            }
            for (tenant, series) in &piece {
                if of_tenant != Some(*tenant) {
                    of_tenant = Some(*tenant);
                    hiding = hiding_of(*tenant);
                }
                let mut hiding = hiding.iter();
                if hiding.any(|deletion| deletion.series.contains(series.0)) {
                    return Ok(true);
                }
            }
            let catalog = self.state.catalog().read();
            let mut series = piece.iter().map(|(_, series)| *series);
            if series.any(|series| !catalog.registry.contains(series)) {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EngineConfig;
    use crate::events::Silent;
    use crate::recover;
    use crate::storage::faulty::Faulty;
    use base::id::{AccountId, Guid, TenantId};
    use base::name::SeriesName;
    use base::principal::Principal;
    use base::sample::Batch;
    use base::scope::{Actions, Domain, Scope};
    use base::store::{Durability, SeriesQuota};
    use base::time::{ManualClock, Millis};

    /// It went over all series of all days, and the end of the engine waited for it.
    #[test]
    fn a_search_for_deleted_samples_ends_with_the_engine_and_is_due_again() {
        let config = EngineConfig::new("/samples");
        let clock = Arc::new(ManualClock::at(Millis(0)));
        let opened = recover::open(config, clock, Arc::new(Faulty::new(1)), Arc::new(Silent));
        let core = opened.unwrap().0;
        let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
        #[expect(
            clippy::disallowed_methods,
            reason = "tests have no identity service to be granted a scope by"
        )]
        let scope = Scope::granted(Principal::Server, TenantId(1), domain, Actions::ALL);
        let mut batch = Batch::default();
        batch.push(&SeriesName::parse("a").unwrap(), Millis(0), 1.0);
        let quota = SeriesQuota::UNLIMITED;
        core.append(&scope, &batch, Durability::Buffered, quota)
            .unwrap();
        core.flush().unwrap();
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
