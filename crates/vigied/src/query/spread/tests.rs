//! Work by several threads comes to what one thread comes to, gives way, and ends.

mod left_behind;

use super::super::helpers::Helpers;
use super::super::turns::Turns;
use super::super::turns::tests::{account, poll, take, turns};
use super::*;
use base::context::{Budget, MemoryReservation, Resource};
use base::cursor::{Piece, SeriesVisitor};
use base::limit;
use base::series::SeriesKey;
use proptest::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;

const PATIENCE: Duration = Duration::from_secs(60);

/// One series, which has a number.
struct Numbered(usize);

impl Cursor for Numbered {
    fn key(&self) -> SeriesKey<'_> {
        SeriesKey::from_canonical_unchecked("a")
    }

    fn query(&self) -> usize {
        self.0
    }

    fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        Ok(None)
    }

    fn rewind(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

type Act<'a> = dyn Fn(usize, &Context) -> Result<(), StoreError> + Sync + 'a;

/// A part that does something, and then has one series.
struct Acting<'a> {
    number: usize,
    cost: u64,
    act: &'a Act<'a>,
}

impl ReadPart for Acting<'_> {
    fn cost(&self) -> u64 {
        self.cost
    }

    fn read(
        &self,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        context.check(Instant::now())?;
        (self.act)(self.number, context)?;
        take(&mut Numbered(self.number))
    }

    fn read_out(
        self: Box<Self>,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        self.read(context, take)
    }
}

fn acting<'a>(count: usize, act: &'a Act<'a>) -> Vec<Box<dyn ReadPart + 'a>> {
    let cost = SPREAD_COST;
    (0..count)
        .map(|number| Box::new(Acting { number, cost, act }) as Box<dyn ReadPart>)
        .collect()
}

/// The numbers of the series, with memory for each.
struct Numbers<'s>(Option<&'s Arc<Room>>, u64);

#[derive(Debug)]
struct Made {
    numbers: Vec<usize>,
    held: Vec<InRoom>,
}

impl PartReader for Numbers<'_> {
    type Out = Made;

    fn begin(&self) -> Made {
        Made {
            numbers: Vec::new(),
            held: Vec::new(),
        }
    }

    fn series(
        &self,
        _: &Context,
        cursor: &mut dyn Cursor,
        out: &mut Made,
    ) -> Result<(), StoreError> {
        if let Some(room) = self.0 {
            out.held.push(InRoom::of(room, self.1)?);
        }
        out.numbers.push(cursor.query());
        Ok(())
    }
}

fn numbers(outs: &[Made]) -> Vec<usize> {
    let all = outs.iter().flat_map(|out| &out.numbers);
    all.copied().collect()
}

/// So much memory.
#[derive(Debug)]
struct Room {
    bytes: u64,
    used: AtomicU64,
}

impl MemoryReservation for Room {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let fits = |used: u64| (used + bytes <= self.bytes).then_some(used + bytes);
        let used = self
            .used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits);
        let limit = &limit::QUERIES_IN_FLIGHT_BYTES;
        let over = |used| Stop::Budget {
            limit,
            needed: used + bytes,
            allowed: self.bytes,
        };
        used.map(drop).map_err(over)
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct InRoom(Arc<Room>, u64);

impl InRoom {
    fn of(room: &Arc<Room>, bytes: u64) -> Result<Self, Stop> {
        room.reserve(bytes)?;
        Ok(Self(Arc::clone(room), bytes))
    }
}

impl Drop for InRoom {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

/// Threads that may always help, and whose turn is wanted each so many times that they ask.
#[derive(Debug)]
struct Fickle {
    most: usize,
    wanted_each: u64,
    asked: Arc<AtomicU64>,
    given: AtomicU64,
}

impl ThreadPool for Fickle {
    fn max_helpers(&self) -> usize {
        self.most
    }

    fn acquire(&self) -> Option<Box<dyn Helper>> {
        self.given.fetch_add(1, Ordering::Relaxed);
        Some(Box::new(FickleHelper(
            self.wanted_each,
            Arc::clone(&self.asked),
        )))
    }
}

#[derive(Debug)]
struct FickleHelper(u64, Arc<AtomicU64>);

impl Helper for FickleHelper {
    fn is_wanted(&self) -> bool {
        self.0 > 0
            && self
                .1
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(self.0)
    }
}

fn fickle(most: usize, wanted_each: u64) -> Arc<Fickle> {
    Arc::new(Fickle {
        most,
        wanted_each,
        asked: Arc::default(),
        given: AtomicU64::new(0),
    })
}

fn is_helper() -> bool {
    thread::current().name() == Some("query")
}

#[derive(Debug, Clone)]
struct World {
    /// The cost of each part: samples, steps, and bytes of memory while it is read.
    parts: Vec<(u64, u64, u64)>,
    samples: u64,
    steps: u64,
    room: u64,
    /// Memory for what is made of each part.
    kept: u64,
    /// The part that is damaged.
    damaged: usize,
}

fn world() -> impl Strategy<Value = World> {
    let part = (0_u64..20, 0_u64..20, 0_u64..20);
    let parts = prop::collection::vec(part, 2..40);
    // Each is enough in about half of the worlds.
    let of = |most: u64| 0_u64..most;
    (parts, of(800), of(800), of(300), 0_u64..12, 0_usize..80).prop_map(
        |(parts, samples, steps, room, kept, damaged)| World {
            parts,
            samples,
            steps,
            room,
            kept,
            damaged,
        },
    )
}

/// The outcome of the work: the series or the error, and what was spent and is held.
fn done(world: &World, helping: Option<Arc<Fickle>>) -> (Result<Vec<usize>, String>, Vec<u64>) {
    let room = Arc::new(Room {
        bytes: world.room,
        used: AtomicU64::new(0),
    });
    let mut context = Context::new(Budget {
        samples: world.samples,
        steps: world.steps,
        ..Budget::UNLIMITED
    })
    .with_memory(Arc::clone(&room) as _);
    if let Some(helping) = helping {
        context = context.with_thread_pool(helping);
    }
    let act = |number: usize, context: &Context| {
        let Some((samples, steps, bytes)) = world.parts.get(number).copied() else {
            return Ok(());
        };
        for _ in 0..4 {
            context.spend(Resource::Steps, steps)?;
            context.spend(Resource::Samples, samples)?;
            context.check(Instant::now())?;
        }
        // More than what is kept of it would fit or not as others are done before it or not.
        let _held = InRoom::of(&room, bytes.min(world.kept))?;
        thread::yield_now();
        if number == world.damaged {
            return Err(StoreError::Unsupported("read what is damaged"));
        }
        Ok(())
    };
    let reading = Numbers(Some(&room), world.kept);
    let read = read(&context, acting(world.parts.len(), &act), &reading);
    let outcome = match &read {
        Ok(outs) => Ok(numbers(outs)),
        Err(error) => Err(error.to_string()),
    };
    let spent = [Resource::Samples, Resource::Steps].map(|resource| context.spent(resource));
    let held = room.used.load(Ordering::SeqCst);
    drop(read);
    assert_eq!(room.used.load(Ordering::SeqCst), 0);
    (outcome, [&spent[..], &[held]].concat())
}

proptest! {
    #[test]
    fn several_threads_come_to_what_one_comes_to(
        world in world(),
        most in 1_usize..4,
        wanted_each in prop_oneof![Just(0_u64), 1_u64..9],
    ) {
        let alone = done(&world, None);
        let helping = fickle(most, wanted_each);
        let together = done(&world, Some(Arc::clone(&helping)));
        prop_assert_eq!(together, alone);
        prop_assert!(helping.given.load(Ordering::Relaxed) > 0);
    }
}

#[test]
fn little_is_read_by_one_thread() {
    let helping = fickle(3, 0);
    let context = Context::unlimited().with_thread_pool(Arc::clone(&helping) as _);
    let act = |_: usize, _: &Context| {
        assert!(!is_helper());
        Ok(())
    };
    let cost = SPREAD_COST / 10 - 1;
    let part = |number| Acting {
        number,
        cost,
        act: &act,
    };
    let parts = (0..10).map(|number| Box::new(part(number)) as Box<dyn ReadPart>);
    let outs = read(&context, parts.collect(), &Numbers(None, 0)).unwrap();
    assert_eq!(numbers(&outs), (0..10).collect::<Vec<_>>());
    // One part cannot be divided.
    read(&context, acting(1, &act), &Numbers(None, 0)).unwrap();
    assert_eq!(helping.given.load(Ordering::Relaxed), 0);
}

/// Ends when the work is to end.
fn until_told(context: &Context) -> Result<(), StoreError> {
    let begun = Instant::now();
    loop {
        context.check(Instant::now())?;
        assert!(begun.elapsed() < PATIENCE, "nobody told it to end");
        thread::yield_now();
    }
}

fn helpers(turns: &Arc<Turns>) -> Arc<Helpers> {
    Arc::new(Helpers {
        turns: Arc::clone(turns),
        owner: account(1),
        person: Arc::from("IBMid-a"),
        most: 8,
        total: Arc::default(),
    })
}

fn pair<T>() -> (Mutex<Sender<T>>, Receiver<T>) {
    let (sender, receiver) = channel();
    (Mutex::new(sender), receiver)
}

/// One account's query had all turns that were idle, and another account's waited for the end of it.
#[tokio::test]
async fn a_thread_that_helps_gives_its_turn_to_who_waits_in_the_middle_of_its_part() {
    let turns = turns(2, 8, 100);
    let _own = take(&turns, account(1)).await.unwrap();
    let context = Context::unlimited().with_thread_pool(helpers(&turns));
    let (begins, begun) = pair();
    let (ends, end) = pair();
    let end = Mutex::new(end);
    let is_ended = AtomicBool::new(false);
    let act = |_: usize, context: &Context| {
        if is_helper() {
            begins.lock().unwrap().send(()).unwrap();
            return until_told(context);
        }
        if !is_ended.load(Ordering::SeqCst) {
            end.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            is_ended.store(true, Ordering::SeqCst);
        }
        Ok(())
    };
    thread::scope(|threads| {
        let work = threads.spawn(|| read(&context, acting(6, &act), &Numbers(None, 0)));
        begun.recv_timeout(PATIENCE).unwrap();
        let since = Instant::now();
        let mut other = pin!(take(&turns, account(2)));
        let _turn = loop {
            if let Poll::Ready(turn) = poll(other.as_mut()) {
                break turn.unwrap();
            }
            assert!(since.elapsed() < PATIENCE, "it keeps its turn");
            thread::yield_now();
        };
        // The query goes on with the turn it has, and no further one is idle, also where a third account waits.
        assert!(!work.is_finished());
        let mut third = pin!(take(&turns, account(3)));
        assert!(poll(third.as_mut()).is_pending());
        assert!(helpers(&turns).acquire().is_none());
        ends.lock().unwrap().send(()).unwrap();
        let outs = work.join().unwrap().unwrap();
        assert_eq!(numbers(&outs), (0..6).collect::<Vec<_>>());
        assert!(
            poll(third.as_mut()).is_pending(),
            "the turns of others are theirs"
        );
    });
}

#[tokio::test]
async fn a_query_has_further_turns_only_within_the_share_of_its_account() {
    let turns = turns(8, 8, 50);
    let _own = take(&turns, account(1)).await.unwrap();
    let helpers = helpers(&turns);
    let helping: Vec<_> = std::iter::from_fn(|| helpers.acquire()).take(9).collect();
    assert_eq!(helping.len(), 3, "half of eight, with its own");
    assert!(helping.iter().all(|helper| !helper.is_wanted()));
    // A second query of the account is more than a second thread of the first.
    let mut second = pin!(take(&turns, account(1)));
    assert!(poll(second.as_mut()).is_pending());
    assert!(helping.iter().all(|helper| helper.is_wanted()));
    drop(helping);
    assert!(poll(second.as_mut()).is_ready());
}

#[test]
fn all_threads_end_with_the_query() {
    let past = Instant::now();
    let allowed = Duration::from_millis(200);
    let budget = Budget {
        steps: 1000,
        ..Budget::UNLIMITED
    };
    let over = "the query needs 1001 steps or more, and `steps_per_query` is 1000";
    for (name, context, expected) in [
        (
            "cancelled",
            Context::unlimited(),
            Stop::Cancelled.to_string(),
        ),
        (
            "late",
            Context::unlimited().with_deadline(past + allowed, allowed),
            Stop::Deadline { allowed }.to_string(),
        ),
        ("over budget", Context::new(budget), over.to_owned()),
    ] {
        let context = context.with_thread_pool(fickle(3, 0) as _);
        let flag = context.cancel_flag();
        let reading = AtomicUsize::new(0);
        let act = |_: usize, context: &Context| {
            // Four threads at a time, until one finds that the work has ended.
            if reading.fetch_add(1, Ordering::SeqCst) == 3 && name == "cancelled" {
                flag.store(true, Ordering::Relaxed);
            }
            if name == "over budget" {
                loop {
                    context.spend(Resource::Steps, 1)?;
                    context.check(Instant::now())?;
                }
            }
            until_told(context)
        };
        let error = read(&context, acting(9, &act), &Numbers(None, 0)).unwrap_err();
        assert!(error.to_string().contains(&expected), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_part_that_panics_ends_the_query_and_leaves_no_turn_behind() {
    for panics_in_helper in [true, false] {
        let turns = turns(3, 8, 100);
        let turn = take(&turns, account(1)).await.unwrap();
        let context = Context::unlimited().with_thread_pool(helpers(&turns));
        let (begins, begun) = pair();
        let begun = Mutex::new(begun);
        let act = |_: usize, context: &Context| {
            if is_helper() {
                begins.lock().unwrap().send(()).unwrap();
            }
            if is_helper() == panics_in_helper {
                if !is_helper() {
                    begun.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                }
                panic!("as a bug would");
            }
            match is_helper() {
                true => until_told(context),
                false => Ok(()),
            }
        };
        // Until a thread that helps has begun: the query's own may be done with all before.
        let panicked = (0..1000).find_map(|_| {
            let work = || read(&context, acting(64, &act), &Numbers(None, 0));
            catch_unwind(AssertUnwindSafe(work)).err()
        });
        let panicked = panicked.unwrap();
        assert_eq!(panicked.downcast_ref::<&str>(), Some(&"as a bug would"));
        // All that helped have given their turns back.
        drop(turn);
        let all = helpers(&turns);
        let all: Vec<_> = std::iter::from_fn(|| all.acquire()).take(9).collect();
        assert_eq!(all.len(), 3);
    }
}
