//! Appending, in two phases. First names are resolved, and new series and samples are encoded with their checksums; this needs no lock
//! but the catalog's for reading. Then they are written: series under the catalog's lock, samples under the lock of each shard in turn.

mod piece;
mod shard_groups;
#[cfg(test)]
mod tests;
mod yielding;

use self::piece::{PendingSample, Piece, PieceSize};
use self::shard_groups::{ShardGroup, ShardGroups};
use self::yielding::Yielding;
use crate::core::Core;
use crate::guard::{self, Lock};
use crate::head::append_counts::AppendCounts;
use crate::head::batches::Stamp;
use crate::head::mem_series::MemSeries;
use crate::head::shard_writer::ShardWriter;
use crate::head_reservations::Unwritten;
use crate::new_series::{NewSeries, NewSeriesRoom, name_bytes_left};
use crate::registry::table::Fingerprint;
use crate::resolve::Resolver;
use crate::series_ref::SeriesRef;
use crate::wal::record::{Kind, Payload, put_samples};
use base::duplicates;
use base::id::TenantId;
use base::sample::{Appended, Batch, RejectReason};
use base::scope::{Owner, Scope};
use base::store::{Durability, SeriesAllowance, StoreError};
use base::time::Millis;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Samples of a batch that are written as one piece, in some milliseconds. Readers see a piece as a whole or not at all. Nearly every
/// batch is one piece; a larger one is several.
const APPEND_PIECE: usize = 4096;

/// Samples of a piece whose series are looked up with the catalog locked once.
const LOOKED_UP: usize = 1024;

const MINUTE_MILLIS: i64 = 60_000;

/// The limits that the samples of an append are checked against.
#[derive(Debug, Clone, Copy)]
struct AppendLimits<'q> {
    tenant: TenantId,
    owner: Owner,
    retention_days: u32,
    oldest: Millis,
    newest: Millis,
    allowance: &'q dyn SeriesAllowance,
}

/// How far an append has come.
#[derive(Debug, Default)]
struct Progress {
    appended: Appended,
    /// The last record of the log that this append has written.
    sequence: u64,
    sum: AppendCounts,
    /// Samples that were written.
    written: u64,
    /// Their places, to find those that others of the batch overwrite.
    places: Places,
    /// Long series whose late samples are to be folded in.
    due_folds: Vec<(SeriesRef, Arc<MemSeries>)>,
}

/// Series and time of the samples that were written. Where a batch is one piece, as nearly every one is, they are seldom needed: the
/// samples themselves are kept, and not copied.
#[derive(Debug)]
enum Places {
    OfOnePiece(Vec<Vec<(SeriesRef, i64, f64)>>),
    OfSeveral(Vec<(SeriesRef, i64)>),
}

impl Default for Places {
    fn default() -> Self {
        Self::OfOnePiece(Vec::new())
    }
}

impl Places {
    /// For a batch of so many samples.
    fn of_batch(samples: usize) -> Self {
        if samples > APPEND_PIECE {
            return Self::OfSeveral(Vec::with_capacity(samples));
        }
        Self::default()
    }

    fn add(&mut self, samples: Vec<(SeriesRef, i64, f64)>) {
        match self {
            Self::OfOnePiece(groups) => groups.push(samples),
            Self::OfSeveral(places) => {
                places.extend(samples.iter().map(|(series, at, _)| (*series, *at)));
            }
        }
    }

    fn into_vec(self) -> Vec<(SeriesRef, i64)> {
        match self {
            Self::OfOnePiece(groups) => {
                let samples = groups.iter().flatten();
                samples.map(|(series, at, _)| (*series, *at)).collect()
            }
            Self::OfSeveral(places) => places,
        }
    }
}

impl Core {
    pub(crate) fn append(
        &self,
        scope: &Scope,
        batch: &Batch,
        durability: Durability,
        allowance: &dyn SeriesAllowance,
    ) -> Result<Appended, StoreError> {
        self.poison.check()?;
        self.require_resources()?;
        self.require_reserve()?;
        let future = i64::from(self.config.future_allowed_minutes) * MINUTE_MILLIS;
        let owner = scope.owner();
        self.state.owners.learn(scope.tenant(), owner);
        let limits = AppendLimits {
            tenant: scope.tenant(),
            owner,
            retention_days: self.retention_days(scope),
            oldest: self.oldest_of(scope),
            newest: self.clock.now().plus(future),
            allowance,
        };
        let is_accepted = |at| self.check_accepted(&limits, at).is_ok();
        let mut reservation = self.reserve_head(owner, batch, is_accepted)?;
        let mut progress = Progress {
            places: Places::of_batch(batch.len()),
            ..Progress::default()
        };
        let mut unwritten = Unwritten::new(batch);
        let (mut position, mut pieces) = (0, 0);
        while position < batch.len() {
            let piece = Piece::new(batch, position, APPEND_PIECE);
            let size = self.append_piece(&limits, piece, &mut progress)?;
            position += size.samples;
            pieces += 1;
            unwritten.record_written(size.samples, size.runs);
            // What was written is counted where it is.
            reservation.shrink_to(unwritten.bytes_max());
        }
        drop(reservation);
        let Progress {
            mut appended,
            sequence,
            sum,
            written,
            places,
            ..
        } = progress;
        if written == 0 {
            return Ok(appended);
        }
        if sum.again || pieces > 1 {
            appended.overwritten = duplicates::count(&mut places.into_vec());
        }
        appended.stored = written - appended.overwritten;
        if durability == Durability::Committed || self.wal.is_backlogged() {
            self.wal.commit(sequence)?;
        }
        self.counters
            .samples
            .fetch_add(appended.stored, Ordering::Relaxed);
        self.counters.late.fetch_add(sum.late, Ordering::Relaxed);
        self.flush_if_due(owner, self.state.version().head.samples());
        Ok(appended)
    }

    /// Writes the samples of a piece; says how much of its batch it was.
    fn append_piece(
        &self,
        limits: &AppendLimits<'_>,
        mut piece: Piece<'_>,
        progress: &mut Progress,
    ) -> Result<PieceSize, StoreError> {
        let before = progress.appended.rejected.len();
        // One visibility batch for the piece, also where series have to be resolved again, so that readers see it as a whole.
        let batch = self.state.batches.begin();
        // A panic between two groups leaves the piece half written, so it poisons the store.
        let on_panic = self.poison.on_panic("appended samples");
        let mut resolved = self.begin_resolving(limits, piece.len());
        while piece.has_more() {
            let part = piece.read(LOOKED_UP, |at| self.check_accepted(limits, at));
            self.resolve(limits, part, &mut resolved, progress);
        }
        let refused = self.write(limits, batch.stamp(), resolved, progress);
        if !refused.is_empty() {
            let due = piece.samples_at(refused);
            self.append_refused(limits, batch.stamp(), due, progress);
        }
        on_panic.disarm();
        drop(batch);
        // Readers wait for none of these.
        (self.state).fold(std::mem::take(&mut progress.due_folds), &self.poison);
        self.poison.check()?;
        let (size, rejected) = piece.end();
        progress.appended.rejected.extend(rejected);
        if let Some(rejected) = progress.appended.rejected.get_mut(before..) {
            rejected.sort_unstable_by_key(|(position, _)| *position);
        }
        Ok(size)
    }

    /// Retries samples that were not written because series of the tenant were dropped meanwhile. They are resolved again and written
    /// in smaller parts, between two pieces of a long deletion.
    fn append_refused(
        &self,
        limits: &AppendLimits<'_>,
        stamp: Stamp<'_>,
        mut due: Vec<PendingSample<'_>>,
        progress: &mut Progress,
    ) {
        let mut at_once = (due.len() / 2).max(1);
        // Another batch may write between two of these, and `mark` then does not know that this batch has been there.
        progress.sum.again = true;
        while let Some(some) = due.chunks(at_once).next() {
            let tried = some.len();
            let mut resolved = self.begin_resolving(limits, tried);
            for part in some.chunks(LOOKED_UP) {
                self.resolve(limits, part.iter().copied(), &mut resolved, progress);
            }
            let refused = self.write(limits, stamp, resolved, progress);
            if !refused.is_empty() {
                at_once = (tried / 2).max(1);
            }
            piece::retain_unwritten(&mut due, tried, refused);
        }
    }

    /// Whether a sample of this time may be stored, whatever its series.
    const fn check_accepted(
        &self,
        limits: &AppendLimits<'_>,
        at: Millis,
    ) -> Result<(), RejectReason> {
        if at.0 < limits.oldest.0 {
            return Err(RejectReason::TooOld {
                retention_days: limits.retention_days,
            });
        }
        if at.0 > limits.newest.0 {
            return Err(RejectReason::TooNew {
                allowed_minutes: self.config.future_allowed_minutes,
            });
        }
        Ok(())
    }

    /// Drops are counted before names are looked up: a series that is dropped after that is noticed when its samples are written.
    fn begin_resolving(&self, limits: &AppendLimits<'_>, samples: usize) -> ResolvedSamples {
        ResolvedSamples {
            drops: self.state.drop_generation(limits.tenant),
            groups: ShardGroups::new(samples),
            yielding: Yielding::default(),
        }
    }

    /// Finds the series of these samples; those that do not exist are made.
    fn resolve<'b>(
        &self,
        limits: &AppendLimits<'_>,
        samples: impl Iterator<Item = PendingSample<'b>>,
        resolved: &mut ResolvedSamples,
        progress: &mut Progress,
    ) {
        let groups = &mut resolved.groups;
        let mut unknown: Vec<(Fingerprint, PendingSample<'_>)> = Vec::new();
        let mut count = 0;
        let catalog = self.state.catalog().read();
        let mut resolver = Resolver::new(
            &catalog.registry,
            limits.tenant,
            |sample: PendingSample<'b>, found| match found {
                Ok(series) => groups.add(series, &sample),
                Err(fingerprint) => unknown.push((fingerprint, sample)),
            },
        );
        samples.for_each(|sample| {
            count += 1;
            resolver.push(sample.name, sample);
        });
        resolver.finish();
        drop(catalog);
        if !unknown.is_empty() {
            self.create_missing(limits, &unknown, groups, progress);
        }
        resolved.yielding.done(count);
    }

    /// Creates the series that do not exist yet, as far as the limits allow. They are looked up again, numbered and encoded first; the
    /// catalog is locked for writing only while they are added.
    fn create_missing(
        &self,
        limits: &AppendLimits<'_>,
        unknown: &[(Fingerprint, PendingSample<'_>)],
        groups: &mut ShardGroups,
        progress: &mut Progress,
    ) {
        // No other thread creates series while this is held: unknown names stay unknown, and the next number stays the next.
        let creating = self.state.creating();
        let (known, room) = self.look_up_again(limits, unknown);
        let mut new = NewSeries::new(limits.tenant, room);
        for ((fingerprint, sample), known) in unknown.iter().zip(known) {
            let series = known.map_or_else(|| new.number(*fingerprint, sample.name), Ok);
            match series {
                Ok(series) => groups.add(series, sample),
                Err(reason) => progress.appended.rejected.push((sample.position, reason)),
            }
        }
        if new.is_empty() {
            return;
        }
        let payload = new.payload();
        let (made, name_bytes) = (new.len() as u64, new.name_bytes());
        progress.appended.created += made;
        progress.appended.created_name_bytes += name_bytes;
        let mut catalog = self.state.catalog().write();
        let on_panic = self.poison.on_panic("made series");
        for (fingerprint, created) in new.into_series() {
            catalog.create(fingerprint, created);
        }
        progress.sequence = self.wal.push(&payload);
        self.state.publish_names(&catalog.registry);
        on_panic.disarm();
        drop(catalog);
        // After they are there: whoever sums them up now counts them twice for a while, but never not at all.
        limits.allowance.made(made, name_bytes);
        drop(creating);
    }

    /// Looks the unknown names up again, because this batch or another append may have created their series meanwhile; and says how
    /// many series may still be created. Called while no other thread creates any.
    fn look_up_again(
        &self,
        limits: &AppendLimits<'_>,
        unknown: &[(Fingerprint, PendingSample<'_>)],
    ) -> (Vec<Option<SeriesRef>>, NewSeriesRoom) {
        let (tenant, quota) = (limits.tenant, limits.allowance.left());
        let tenant_limit = self.config.series_per_tenant;
        let catalog = self.state.catalog().read();
        let registry = &catalog.registry;
        let known = unknown
            .iter()
            .map(|(fingerprint, sample)| registry.lookup(*fingerprint, tenant, sample.name))
            .collect();
        let room = NewSeriesRoom {
            first_number: registry.next(),
            left_of_tenant: tenant_limit.saturating_sub(registry.names().count(tenant)),
            tenant_limit,
            name_bytes: name_bytes_left(&self.config, registry.names(), tenant, quota),
            quota,
        };
        (known, room)
    }

    /// Writes the resolved samples shard by shard; shards that no other thread has locked come first. Returns the positions of the
    /// samples that were not written because series of the tenant were dropped meanwhile.
    fn write(
        &self,
        limits: &AppendLimits<'_>,
        stamp: Stamp<'_>,
        resolved: ResolvedSamples,
        progress: &mut Progress,
    ) -> Vec<usize> {
        let ResolvedSamples { drops, groups, .. } = resolved;
        let mut yielding = Yielding::default();
        let terms = GroupTerms {
            tenant: limits.tenant,
            owner: limits.owner,
            stamp,
            drops,
        };
        let mut unwritten: Vec<(ShardGroup, Payload)> = groups
            .into_groups()
            .map(|group| {
                let payload = Payload::new(Kind::Samples, put_samples(&group.samples));
                (group, payload)
            })
            .collect();
        let mut refused = Vec::new();
        while !unwritten.is_empty() {
            let waiting = unwritten.len();
            let mut busy = Vec::with_capacity(waiting);
            for (group, payload) in unwritten {
                let shard = self.state.shard(group.shard);
                match shard.and_then(Lock::try_write) {
                    Some(mut writer) => {
                        let written = self.write_group(terms, &mut writer, &group, &payload);
                        let deferred = writer.take_deferred();
                        drop(writer);
                        progress.due_folds.extend(deferred.due);
                        yielding.done(group.samples.len());
                        progress.add(group, written, &mut refused);
                    }
                    None => busy.push((group, payload)),
                }
            }
            unwritten = busy;
            // All shards are busy: wait for the first.
            if unwritten.len() == waiting {
                let (group, payload) = unwritten.swap_remove(0);
                if let Some(shard) = self.state.shard(group.shard) {
                    let mut writer = shard.write();
                    let written = self.write_group(terms, &mut writer, &group, &payload);
                    let deferred = writer.take_deferred();
                    drop(writer);
                    progress.due_folds.extend(deferred.due);
                    progress.add(group, written, &mut refused);
                }
            }
        }
        refused
    }

    /// Writes a group to the log and to the head; `None` where series of the tenant have been dropped since it was resolved.
    fn write_group(
        &self,
        terms: GroupTerms<'_>,
        writer: &mut ShardWriter,
        group: &ShardGroup,
        payload: &Payload,
    ) -> Option<(u64, AppendCounts)> {
        if self.state.drop_generation(terms.tenant) != terms.drops {
            return None;
        }
        // Created after the lock is taken, so that a panic poisons the store before another thread can take the lock.
        let on_panic = self.poison.on_panic("appended samples");
        let sequence = self.wal.push(payload);
        guard::step(1);
        let (tenant, stamp) = (terms.tenant, terms.stamp);
        let sum = self.state.append(writer, tenant, stamp, &group.samples);
        writer.head().count_owner(terms.owner, sum.bytes);
        on_panic.disarm();
        Some((sequence, sum))
    }
}

/// Samples whose series were found.
#[derive(Debug)]
struct ResolvedSamples {
    /// How many drops of the tenant there were before.
    drops: u64,
    groups: ShardGroups,
    yielding: Yielding,
}

/// The common properties of samples that are resolved together.
#[derive(Debug, Clone, Copy)]
struct GroupTerms<'b> {
    tenant: TenantId,
    owner: Owner,
    stamp: Stamp<'b>,
    /// How many drops of the tenant there were when the series were resolved.
    drops: u64,
}

impl Progress {
    fn add(
        &mut self,
        group: ShardGroup,
        written: Option<(u64, AppendCounts)>,
        refused: &mut Vec<usize>,
    ) {
        let Some((sequence, sum)) = written else {
            refused.extend(group.positions);
            return;
        };
        self.sequence = self.sequence.max(sequence);
        self.sum.add(sum);
        self.written += group.samples.len() as u64;
        self.places.add(group.samples);
    }
}
