//! Merges segments of a day when there are too many, and all of them when they hold deleted samples: overwritten and
//! deleted samples and dropped series are left out, so that their bytes go with the old files.

use super::run::SegmentExtent;
use super::unwinding::OnUnwind;
use super::{Purge, run};
use crate::core::Core;
use crate::day::Day;
use crate::error;
use crate::failed_merges::{MergeGroup, MergeReason};
use crate::guard::PIECE;
use crate::segment::reader::Segment;
use crate::series_ref::SeriesRef;
use crate::tombstone::Tombstone;
use base::context::Context;
use base::store::StoreError;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

fn group(segment: &Segment) -> MergeGroup {
    (!segment.is_late()).then_some(segment.day())
}

impl Core {
    /// Merges every day that asks for it. Flushes go on meanwhile. What nobody waits for ends when the engine does, also in
    /// the middle of a day.
    pub(crate) fn compact(&self, asked: Purge) -> Result<(), StoreError> {
        self.poison.check()?;
        let failed = self.compacting.lock();
        let mut failed = failed.unwrap_or_else(PoisonError::into_inner);
        // What a flush has left frozen for lack of room comes before what is rewritten.
        self.flush_rest(&mut self.flushing())?;
        let now = self.clock.now();
        let version = self.state.version();
        let last = *self.purged();
        let due = asked.is_due(now, last, version.tombstones.len());
        let purge = due && self.state.purge.swap(false, Ordering::SeqCst);
        let unwinding = OnUnwind::new(|| {
            if purge {
                self.state.purge.store(true, Ordering::SeqCst);
            }
        });
        let groups: BTreeSet<MergeGroup> = version
            .segments
            .iter()
            .map(|segment| group(segment))
            .collect();
        drop(version);
        failed.retain(&groups);
        let context = match asked {
            Purge::Now => {
                failed.end_pauses();
                Context::unlimited()
            }
            Purge::WhenWorthIt => Context::unlimited().with_cancel_flag(Arc::clone(&self.stopping)),
        };
        let wanted = if purge {
            MergeReason::Purge
        } else {
            MergeReason::Crowded
        };
        let mut outcome = Ok(());
        // Whether a lack of room, or the end of the engine, has left out something that is tried again soon.
        let mut is_unfinished = false;
        for group in groups {
            let Some(reason) = failed.next_try(group, wanted, now) else {
                continue;
            };
            let compacted = self.compact_group(group, reason == MergeReason::Purge, &context);
            let is_over = matches!(compacted, Err(StoreError::Stopped(_)));
            if !is_over {
                self.poison.check()?;
            }
            match compacted {
                Ok(()) => failed.succeed(group, reason),
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
        if is_unfinished && purge {
            self.state.purge.store(true, Ordering::SeqCst);
        } else if purge {
            *self.purged() = Some(now);
        }
        drop(unwinding);
        drop(failed);
        match outcome {
            // The engine ends: what is left undone is done after the next start.
            Err(StoreError::Stopped(_)) if asked == Purge::WhenWorthIt => Ok(()),
            outcome => outcome,
        }
    }

    fn compact_group(
        &self,
        of: MergeGroup,
        purge: bool,
        context: &Context,
    ) -> Result<(), StoreError> {
        // Segments and deletions of one moment: what is merged counts as purged of all deletions up to its last record.
        let version = self.state.version();
        let tombstones = Arc::clone(&version.tombstones);
        let all = version.segments.iter().cloned();
        let (mut members, others): (Vec<Arc<Segment>>, Vec<Arc<Segment>>) =
            all.partition(|segment| group(segment) == of);
        drop(version);
        members.sort_by_key(|segment| segment.sequence());
        let places = |all: &[Arc<Segment>]| -> Vec<SegmentExtent> {
            let place =
                |segment: &Arc<Segment>| (segment.sequence(), (segment.day(), segment.last_day()));
            all.iter().map(place).collect()
        };
        let parts = run::parts(&places(&members), &places(&others));
        drop(others);
        let mut outcome = Ok(());
        for begin in parts.into_iter().rev().chain([0]) {
            // Not kept alive here: a merged file is removed with its last reader.
            let part = members.split_off(begin);
            let merged = self.compact_part(part, &tombstones, purge, context);
            let is_over = merged.is_err();
            outcome = outcome.and(merged);
            if is_over {
                break;
            }
        }
        outcome
    }

    /// Merges the part of an uninterrupted run that is worth merging.
    fn compact_part(
        &self,
        mut members: Vec<Arc<Segment>>,
        tombstones: &[Tombstone],
        purge: bool,
        context: &Context,
    ) -> Result<(), StoreError> {
        let crowded = members.len() > self.config.segments_per_day;
        let mut is_whole = false;
        for segment in members.iter().filter(|_| purge) {
            is_whole =
                self.holds_expired(segment) || self.holds_deleted(segment, tombstones, context)?;
            if is_whole {
                break;
            }
        }
        if !is_whole {
            if !crowded {
                return Ok(());
            }
            let sizes: Vec<u64> = members.iter().map(|segment| segment.bytes()).collect();
            members.drain(..run::start(&sizes));
        }
        if self.merge(members, tombstones, context)? {
            self.counters.merges.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The first day that is kept, as far as retention has come.
    pub(super) fn first_kept(&self) -> Day {
        Day(self.state.retention_start.load(Ordering::SeqCst))
    }

    /// Whether some of its days lie past the retention and others do not.
    fn holds_expired(&self, segment: &Segment) -> bool {
        segment.is_late() && Day::of(segment.range().from) < self.first_kept()
    }

    /// Whether a series in it was dropped, or a deletion hides some of it.
    fn holds_deleted(
        &self,
        segment: &Segment,
        tombstones: &[Tombstone],
        context: &Context,
    ) -> Result<bool, StoreError> {
        let hiding: Vec<&Tombstone> = tombstones
            .iter()
            .filter(|tombstone| {
                tombstone.sequence > segment.purged() && tombstone.range.overlaps(&segment.range())
            })
            .collect();
        let is_hidden = |series: SeriesRef| {
            hiding
                .iter()
                .any(|deletion| deletion.series.contains(series.0))
        };
        let mut rest = segment
            .series()
            .map(|entry| entry.map(|(_, series)| series));
        loop {
            // Where nothing was deleted it goes over all series of the day.
            context.check(Instant::now())?;
            let piece: Vec<SeriesRef> = rest.by_ref().take(PIECE).collect::<Result<_, _>>()?;
            if piece.is_empty() {
                return Ok(false);
            }
            if piece.iter().copied().any(is_hidden) {
                return Ok(true);
            }
            let catalog = self.state.catalog().read();
            if piece
                .iter()
                .any(|series_ref| !catalog.registry.contains(*series_ref))
            {
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
        core.state.purge.store(true, Ordering::SeqCst);
        for (stopping, is_due) in [(true, true), (false, false)] {
            core.stopping.store(stopping, Ordering::SeqCst);
            core.compact(Purge::WhenWorthIt).unwrap();
            assert_eq!(core.state.purge.load(Ordering::SeqCst), is_due);
        }
    }
}
