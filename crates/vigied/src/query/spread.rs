//! Reads the series of a query, by several threads where they are many and nobody waits for a turn.
//!
//! The outcome is that of one thread which reads part after part: the same results in the same order, or the same error with the
//! same figure. Threads take the parts in order. A part that fails, or is left because another query wants the turn, counts as not
//! begun (its spending is undone, and its results are dropped); after a failure the query's own thread goes on alone, from the
//! first part that is missing, and comes to the same failure or to none.

mod parts;
#[cfg(test)]
mod tests;

use base::context::{Context, Helper, PartSpent, Stop, ThreadPool, TurnYield};
use base::cursor::Cursor;
use base::store::{ReadPart, StoreError};
use parts::{NumberedPart, Parts};
use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

/// A cheaper query is read by one thread: 256 series, or a million samples.
const SPREAD_COST: u64 = 256 * 4096;

/// Reads a part of the series.
pub(crate) trait PartReader: Sync {
    /// The result of a part.
    type Out: Send;

    /// With no series yet.
    fn begin(&self) -> Self::Out;

    /// Takes in one series. What it spends is counted in `context`.
    ///
    /// # Errors
    /// As [`base::store::SampleStore::read_all`].
    fn series(
        &self,
        context: &Context,
        cursor: &mut dyn Cursor,
        out: &mut Self::Out,
    ) -> Result<(), StoreError>;
}

/// Reads all `parts`: what was made of each, in order.
///
/// # Errors
/// The first, in the order of the parts.
pub(crate) fn read<R: PartReader>(
    context: &Context,
    mut parts: Vec<Box<dyn ReadPart + '_>>,
    reading: &R,
) -> Result<Vec<R::Out>, StoreError> {
    let mut outs = Vec::with_capacity(parts.len());
    let cost = parts.iter().map(|part| part.cost());
    let cost = cost.fold(0, u64::saturating_add);
    if let Some(thread_pool) = context.thread_pool()
        && cost >= SPREAD_COST
        && parts.len() > 1
        && thread_pool.max_helpers() > 0
        && let Some(helper) = thread_pool.acquire()
    {
        (outs, parts) = together(context, (&**thread_pool, helper), parts, reading);
    }
    for part in parts {
        let mut out = reading.begin();
        let _ = part.read_out(context, &mut |cursor| {
            reading.series(context, cursor, &mut out)?;
            Ok(ControlFlow::Continue(()))
        })?;
        outs.push(out);
    }
    Ok(outs)
}

/// The results of the first parts, and the parts that are left.
type Progress<'p, R> = (Vec<<R as PartReader>::Out>, Vec<Box<dyn ReadPart + 'p>>);

fn together<'p, R: PartReader>(
    context: &Context,
    (thread_pool, helper): (&dyn ThreadPool, Box<dyn Helper>),
    parts: Vec<Box<dyn ReadPart + 'p>>,
    reading: &R,
) -> Progress<'p, R> {
    let ended = Arc::new(AtomicBool::new(false));
    let shared = Spreading {
        context,
        reading,
        parts: Parts::new(parts),
        ended: Arc::clone(&ended),
        helpers: AtomicUsize::new(0),
        panic: Mutex::new(None),
    };
    // It waits for all threads.
    thread::scope(|threads| {
        let _end_on_drop = EndOnDrop(&ended);
        shared.spawn(threads, helper);
        while let Some((at, part)) = shared.parts.claim_or_wait() {
            while shared.more(threads, thread_pool) {}
            let (part_context, spent) = context.part();
            match shared.read(&part_context, &*part) {
                Ok(out) => shared.parts.done((at, part), spent, out),
                Err(_) => shared.fail((at, part), spent),
            }
        }
    });
    let Spreading { parts, panic, .. } = shared;
    if let Some(panic) = panic.into_inner().unwrap_or_else(PoisonError::into_inner) {
        resume_unwind(panic);
    }
    parts.into_outcome()
}

/// Work on parts by several threads.
struct Spreading<'s, 'p, R: PartReader> {
    context: &'s Context,
    reading: &'s R,
    parts: Parts<'p, R::Out>,
    /// Set when no thread is to go on.
    ended: Arc<AtomicBool>,
    helpers: AtomicUsize,
    /// Of a thread that helped.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Ends all threads, also when this one panics.
struct EndOnDrop<'s>(&'s AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl<'p, R: PartReader> Spreading<'_, 'p, R> {
    /// Starts a thread that helps; whether the system has one. Nobody joins it, so that it leaves nothing behind when it ends: a
    /// query whose turns are wanted again and again starts one for each of its parts.
    fn spawn<'t, 'e: 't>(&'e self, threads: &'t Scope<'t, 'e>, helper: Box<dyn Helper>) -> bool {
        let thread = thread::Builder::new().name("query".to_owned());
        let thread = thread.stack_size(::query::evaluate::STACK_BYTES);
        self.helpers.fetch_add(1, Ordering::Relaxed);
        let counted = HelperCountGuard(&self.helpers);
        let spawned = thread.spawn_scoped(threads, move || {
            let _counted = counted;
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.help(helper))) {
                let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
                if first.is_none() {
                    *first = Some(panic);
                }
            }
        });
        spawned.is_ok()
    }

    /// Starts one more, where a part is left for it and a turn is free; whether it did.
    fn more<'t, 'e: 't>(
        &'e self,
        threads: &'t Scope<'t, 'e>,
        thread_pool: &dyn ThreadPool,
    ) -> bool {
        let is_room = self.helpers.load(Ordering::Relaxed) < thread_pool.max_helpers();
        let helper = (is_room && self.parts.is_any_left()).then(|| thread_pool.acquire());
        helper
            .flatten()
            .is_some_and(|helper| self.spawn(threads, helper))
    }

    /// Reads parts until there is none, or the turn is wanted.
    fn help(&self, helper: Box<dyn Helper>) {
        let gives_way = Arc::new(HelperYield {
            helper,
            ended: Arc::clone(&self.ended),
        });
        while !gives_way.is_over()
            && let Some((at, part)) = self.parts.claim()
        {
            let fail_on_drop = self.parts.fail_on_drop();
            let (part_context, spent) = self.context.part();
            let part_context = part_context.with_turn_yield(Arc::clone(&gives_way) as _);
            let read = self.read(&part_context, &*part);
            fail_on_drop.disarm();
            match read {
                Ok(out) => self.parts.done((at, part), spent, out),
                Err(_) if gives_way.is_over() => {
                    spent.undo();
                    // The turn is free before the part is another thread's.
                    drop((part_context, gives_way));
                    return self.parts.give_back((at, part));
                }
                Err(_) => return self.fail((at, part), spent),
            }
        }
    }

    fn fail(&self, claimed: NumberedPart<'p>, spent: PartSpent) {
        spent.undo();
        self.parts.failed(claimed);
        self.ended.store(true, Ordering::Relaxed);
    }

    fn read(&self, context: &Context, part: &(dyn ReadPart + 'p)) -> Result<R::Out, StoreError> {
        let mut out = self.reading.begin();
        let _ = part.read(context, &mut |cursor| {
            self.reading.series(context, cursor, &mut out)?;
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(out)
    }
}

/// One thread that helps, until dropped.
struct HelperCountGuard<'s>(&'s AtomicUsize);

impl Drop for HelperCountGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Ends the work of a thread that helps when its turn is wanted: it waits for nobody.
#[derive(Debug)]
struct HelperYield {
    helper: Box<dyn Helper>,
    ended: Arc<AtomicBool>,
}

impl HelperYield {
    fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.helper.is_wanted()
    }
}

impl TurnYield for HelperYield {
    fn yield_turn(&self, _: Instant) -> Result<Duration, Stop> {
        match self.is_over() {
            true => Err(Stop::Cancelled),
            false => Ok(Duration::ZERO),
        }
    }
}
