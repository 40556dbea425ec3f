//! Samples between the listeners and the journal: many threads put them in, one writes them out.
//!
//! One record holds what came from all senders within a moment, because each record costs a sync of the disk. Who must
//! know that theirs are on disk waits for that ([`Intake::settle`]), and is not made to wait for others then.

use base::sample::Batch;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::ingest::encode::BodyWriter;

/// A record of listeners is full with so many bytes or samples: well under what a request holds, and under a file of the journal. A
/// reading of this host goes into the journal as one record, whatever its size, and comes through here only where that refuses it.
const RECORD_BYTES: usize = 128 * 1024;
const RECORD_SAMPLES: usize = 2000;

/// How many bytes wait for the disk at most. Senders by TCP are read no further then, and datagrams are refused.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// How long samples wait for others, so that a sender of single lines does not cost a sync for each.
const GATHERING: Duration = Duration::from_millis(100);

/// Pause before a record that could not be written is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Which samples: all that were put in before this many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Ticket(u64);

#[derive(Debug, Default)]
struct State {
    /// Records that are full: their bodies, and how many samples each has.
    full: VecDeque<(Vec<u8>, u32)>,
    full_bytes: usize,
    /// The record that is being filled.
    open: BodyWriter,
    put: u64,
    written: u64,
    given_up: u64,
    /// How many threads wait in `settle`.
    settling: usize,
    is_hurried: bool,
    is_closed: bool,
}

impl State {
    fn bytes(&self) -> usize {
        self.full_bytes + self.open.bytes()
    }

    fn is_empty(&self) -> bool {
        self.full.is_empty() && self.open.is_empty()
    }

    fn add(&mut self, batch: &Batch) -> Ticket {
        for sample in batch.iter() {
            self.open.push(&sample);
            if self.open.bytes() >= RECORD_BYTES || self.open.len() >= RECORD_SAMPLES {
                self.fill();
            }
        }
        self.put += batch.len() as u64;
        Ticket(self.put)
    }

    /// Begins a new record.
    fn fill(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let open = std::mem::take(&mut self.open);
        let samples = u32::try_from(open.len()).unwrap_or(u32::MAX);
        let body = open.finish();
        self.full_bytes += body.len();
        self.full.push_back((body, samples));
    }

    /// Whether these samples are written or given up.
    const fn is_settled(&self, ticket: Ticket) -> bool {
        self.written + self.given_up >= ticket.0
    }

    fn next(&mut self) -> Option<(Vec<u8>, u32)> {
        if self.full.is_empty() {
            self.fill();
        }
        let (body, samples) = self.full.pop_front()?;
        self.full_bytes -= body.len();
        Some((body, samples))
    }
}

/// Lines that listeners have read and the journal does not have yet.
#[derive(Debug, Default)]
pub struct Intake {
    state: Mutex<State>,
    /// There is something to write, or somebody waits for it.
    arrived: Condvar,
    /// Something was written.
    went: Condvar,
}

impl Intake {
    // A panic never leaves these fields half-changed: each is changed by itself.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes samples; waits while too many wait for the disk. `None` after the end: they are not taken.
    pub fn put(&self, batch: &Batch) -> Option<Ticket> {
        let full = |state: &mut State| !state.is_closed && state.bytes() >= WAITING_BYTES_MAX;
        let state = self.went.wait_while(self.state(), full);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        if state.is_closed {
            return None;
        }
        let ticket = state.add(batch);
        drop(state);
        self.arrived.notify_one();
        Some(ticket)
    }

    /// Takes samples if there is room for them at once.
    pub fn try_put(&self, batch: &Batch) -> bool {
        let mut state = self.state();
        if state.is_closed || state.bytes() >= WAITING_BYTES_MAX {
            return false;
        }
        state.add(batch);
        drop(state);
        self.arrived.notify_one();
        true
    }

    /// Waits until the samples are in the journal; `false` if they, or any before them, will never be.
    pub fn settle(&self, ticket: Ticket) -> bool {
        let mut state = self.state();
        if !state.is_settled(ticket) {
            state.settling += 1;
            self.arrived.notify_one();
            let unsettled = |state: &mut State| !state.is_settled(ticket);
            let waited = self.went.wait_while(state, unsettled);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            state.settling -= 1;
        }
        state.written >= ticket.0
    }

    /// From now on nothing waits for a full disk: what it does not take at once is dropped.
    pub fn stop_waiting_for_disk(&self) {
        self.state().is_hurried = true;
        self.arrived.notify_all();
    }

    /// Takes no more; what was put in is still written.
    pub fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.is_hurried = true;
        drop(state);
        self.arrived.notify_all();
        self.went.notify_all();
    }

    /// Gives records to `append` (their bodies, and the number of samples) until [`Self::close`], and then the rest. One for which
    /// `append` returns `false` is tried again until [`Self::stop_waiting_for_disk`], and once more then. Returns how many samples were given up.
    pub fn write(&self, mut append: impl FnMut(&[u8], u32) -> bool) -> u64 {
        while let Some((body, samples)) = self.wait_for_record() {
            let is_written = self.append_at_last(&body, samples, &mut append);
            let mut state = self.state();
            if is_written {
                state.written += u64::from(samples);
            } else {
                state.given_up += u64::from(samples);
            }
            drop(state);
            self.went.notify_all();
        }
        self.state().given_up
    }

    /// The next record; `None` after the last one.
    fn wait_for_record(&self) -> Option<(Vec<u8>, u32)> {
        let idle = |state: &mut State| state.is_empty() && !state.is_closed;
        let state = self.arrived.wait_while(self.state(), idle);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let may_gather =
            |state: &mut State| state.full.is_empty() && state.settling == 0 && !state.is_hurried;
        let gathered = self
            .arrived
            .wait_timeout_while(state, GATHERING, may_gather);
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.next()
    }

    fn append_at_last(
        &self,
        body: &[u8],
        samples: u32,
        append: &mut impl FnMut(&[u8], u32) -> bool,
    ) -> bool {
        loop {
            let was_hurried = self.state().is_hurried;
            if append(body, samples) {
                return true;
            }
            if was_hurried {
                return false;
            }
            let state = self.state();
            let waited = self
                .arrived
                .wait_timeout_while(state, RETRY, |state| !state.is_hurried);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::name::SeriesName;
    use base::time::Millis;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    fn batch(names: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for name in names {
            batch.push(&SeriesName::parse(name).unwrap(), Millis(1000), 1.0);
        }
        batch
    }

    /// The names in a body, in order.
    fn names(body: &[u8]) -> Vec<String> {
        let text = std::str::from_utf8(body).unwrap();
        let parts = text.split("\"name\":\"").skip(1);
        parts
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_settled_was_written_in_the_order_in_which_it_came() {
        let (intake, written) = (Intake::default(), Mutex::new(Vec::new()));
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                intake.write(|body, samples| {
                    let names = names(body);
                    assert_eq!(names.len(), samples as usize);
                    written.lock().unwrap().extend(names);
                    true
                })
            });
            let mut expected = Vec::new();
            for round in 0..50 {
                let name = format!("a.b{round}");
                let ticket = intake.put(&batch(&[&name, "a.c"])).unwrap();
                expected.extend([name, "a.c".to_owned()]);
                if round % 10 == 9 {
                    assert!(intake.settle(ticket));
                    assert_eq!(*written.lock().unwrap(), expected);
                }
            }
            intake.close();
            assert_eq!(writer.join().unwrap(), 0);
            assert!(intake.put(&batch(&["late"])).is_none());
            assert!(!intake.try_put(&batch(&["late"])));
            assert_eq!(*written.lock().unwrap(), expected);
        });
    }

    #[test]
    fn a_record_is_no_larger_than_it_may_be() {
        let (intake, largest) = (Intake::default(), AtomicUsize::new(0));
        let many = vec!["a.b"; 3 * RECORD_SAMPLES + 1];
        intake.put(&batch(&many)).unwrap();
        let long = "x".repeat(900);
        intake.put(&batch(&vec![long.as_str(); 1000])).unwrap();
        intake.close();
        let mut samples = 0;
        intake.write(|body, count| {
            assert!(count as usize <= RECORD_SAMPLES);
            largest.fetch_max(body.len(), Ordering::Relaxed);
            samples += count as usize;
            true
        });
        assert_eq!(samples, many.len() + 1000);
        assert!(largest.load(Ordering::Relaxed) < RECORD_BYTES + 2048);
    }

    #[test]
    fn what_could_not_be_written_is_tried_again_and_keeps_its_place() {
        let (intake, tries) = (Intake::default(), AtomicUsize::new(0));
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                let mut seen = Vec::new();
                let given_up = intake.write(|body, _| {
                    let is_first = tries.fetch_add(1, Ordering::Relaxed) == 0;
                    if !is_first {
                        seen.extend(names(body));
                    }
                    !is_first
                });
                (given_up, seen)
            });
            let ticket = intake.put(&batch(&["a"])).unwrap();
            assert!(intake.settle(ticket), "the second try");
            let ticket = intake.put(&batch(&["b"])).unwrap();
            assert!(intake.settle(ticket));
            intake.close();
            let (given_up, seen) = writer.join().unwrap();
            assert_eq!((given_up, seen.join(" ").as_str()), (0, "a b"));
        });
    }

    #[test]
    fn at_the_end_what_cannot_be_written_is_given_up_and_nobody_waits_for_it() {
        let intake = Intake::default();
        let tried = AtomicBool::new(false);
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                intake.write(|_, _| {
                    tried.store(true, Ordering::Relaxed);
                    false
                })
            });
            let ticket = intake.put(&batch(&["a", "b"])).unwrap();
            intake.stop_waiting_for_disk();
            assert!(!intake.settle(ticket));
            intake.close();
            assert_eq!(writer.join().unwrap(), 2);
            assert!(tried.load(Ordering::Relaxed));
        });
    }

    #[test]
    fn where_the_disk_takes_nothing_a_datagram_is_refused_and_others_wait() {
        let intake = Intake::default();
        let long = "x".repeat(900);
        let batch = batch(&vec![long.as_str(); 500]);
        let mut rounds = 0;
        while intake.try_put(&batch) {
            rounds += 1;
            assert!(rounds < 100, "more than there is room for");
        }
        std::thread::scope(|threads| {
            let waits = threads.spawn(|| intake.put(&batch).is_some());
            let writer = threads.spawn(|| intake.write(|_, _| true));
            assert!(waits.join().unwrap());
            intake.close();
            writer.join().unwrap();
        });
    }
}
