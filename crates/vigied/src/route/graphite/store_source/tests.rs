//! All that one request reads is one question to the store, and is counted as memory while it is read.

use super::*;
use crate::store::test_store::{Answers, TestStore};
use base::context::{Budget, Helper, MemoryReservation, Stop, ThreadPool};
use base::cursor::{Cursor, Piece, SeriesVisitor};
use base::id::{AccountId, Guid, TenantId};
use base::principal::Principal;
use base::scope::{Action, Actions, Domain};
use base::series::SeriesKey;
use base::store::{PartsVisitor, ReadPart};
use query::evaluate::Evaluation;
use reading::SLOT_BYTES;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

const SLOTS: i64 = 60;

/// A store of three series, of each a sample each second; it remembers how many queries came together.
type Counting = TestStore<Asked>;

#[derive(Debug, Default)]
struct Asked {
    asked: Mutex<Vec<usize>>,
}

/// A part of one series, at which a thread has a lot to do.
#[derive(Clone)]
struct Samples {
    name: &'static str,
    query: usize,
    piece: i64,
}

impl Cursor for Samples {
    fn key(&self) -> SeriesKey<'_> {
        SeriesKey::from_canonical_unchecked(self.name)
    }

    fn query(&self) -> usize {
        self.query
    }

    fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        let piece = self.piece;
        self.piece += 1;
        // Pieces that do not end where slots do.
        let seconds = piece * 49..((piece + 1) * 49).min((SLOTS + 1) * 60);
        Ok((piece * 49 < (SLOTS + 1) * 60).then(|| Piece {
            timestamps: seconds.clone().map(Millis::from_secs).collect(),
            values: seconds.map(|second| (second / 60) as f64).collect(),
        }))
    }

    fn rewind(&mut self) -> Result<(), StoreError> {
        self.piece = 0;
        Ok(())
    }
}

impl ReadPart for Samples {
    fn cost(&self) -> u64 {
        1 << 20
    }

    fn read(
        &self,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        context.check(Instant::now())?;
        take(&mut self.clone())
    }

    fn read_out(
        self: Box<Self>,
        context: &Context,
        take: &mut SeriesVisitor<'_>,
    ) -> Result<ControlFlow<()>, StoreError> {
        self.read(context, take)
    }
}

impl Answers for Asked {
    fn on_read(
        &self,
        queries: &[FetchQuery<'_>],
        visit: &mut PartsVisitor<'_>,
    ) -> Result<(), StoreError> {
        self.asked.lock().unwrap().push(queries.len());
        let mut parts: Vec<Box<dyn ReadPart>> = Vec::new();
        for (query, asked) in queries.iter().enumerate() {
            let fits = |name: &&str| {
                asked
                    .selector
                    .matches(&SeriesKey::from_canonical_unchecked(name))
            };
            for name in ["a.x", "a.y", "b.x"].into_iter().filter(fits) {
                parts.push(Box::new(Samples {
                    name,
                    query,
                    piece: 0,
                }));
            }
        }
        visit(parts)
    }
}

/// Memory with so much room.
#[derive(Debug)]
struct Room {
    bytes: AtomicU64,
    used: AtomicU64,
}

impl MemoryReservation for Room {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if used > self.bytes.load(Ordering::Relaxed) {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Stop::Cancelled);
        }
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test has no identity service to be granted a scope by"
)]
fn scope() -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    Scope::granted(
        Principal::Server,
        TenantId(1),
        domain,
        Actions::of(&Action::ALL),
    )
}

/// Two threads may help.
#[derive(Debug)]
struct Two;

impl ThreadPool for Two {
    fn max_helpers(&self) -> usize {
        2
    }

    fn acquire(&self) -> Option<Box<dyn Helper>> {
        Some(Box::new(Self))
    }
}

impl Helper for Two {
    fn is_wanted(&self) -> bool {
        false
    }
}

/// The output of a source of the store with so much room for memory, and what of it is still in use: the same by one thread and by
/// three.
fn read<T: PartialEq + std::fmt::Debug>(
    bytes: u64,
    work: impl Fn(&StoreSource<'_>, &Context) -> T,
) -> (T, Vec<usize>, u64) {
    let helped = read_by(
        bytes,
        |context| context.with_thread_pool(Arc::new(Two)),
        &work,
    );
    let alone = read_by(bytes, |context| context, work);
    assert_eq!(helped, alone);
    alone
}

fn read_by<T>(
    bytes: u64,
    helped: impl FnOnce(Context) -> Context,
    work: impl FnOnce(&StoreSource<'_>, &Context) -> T,
) -> (T, Vec<usize>, u64) {
    let store = Counting::default();
    let room = Arc::new(Room {
        bytes: AtomicU64::new(bytes),
        used: AtomicU64::new(0),
    });
    let context = Context::new(Budget::UNLIMITED).with_memory(Arc::clone(&room) as _);
    let context = helped(context);
    let rules = Rules::default();
    let stored = StoreSource {
        store: &store,
        scope: &scope(),
        context: &context,
        rules: &rules,
        happened: None,
        has_tagged: false,
        now: SLOTS * 60,
    };
    let done = work(&stored, &context);
    let asked = store.asked.lock().unwrap().clone();
    (done, asked, room.used.load(Ordering::Relaxed))
}

#[test]
fn the_paths_of_a_request_are_one_question_to_the_store() {
    let targets = [
        "sumSeries(a.*)",
        "divideSeries(a.x,b.x)",
        "a.*",
        "no-such.x",
    ];
    let (answers, asked, left) = read(u64::MAX, |stored, context| {
        let zone = jiff::tz::TimeZone::UTC;
        let window = query::window::Window::new(0, SLOTS * 60, SLOTS * 60, zone);
        let mut evaluation = Evaluation::new(stored, context);
        let answers = evaluation.targets(&targets, &window).unwrap();
        let one =
            |series: &query::series::Series| (series.name.to_string(), series.values.to_vec());
        let all = answers
            .iter()
            .map(|answer| answer.iter().map(one).collect());
        all.collect::<Vec<Vec<(String, Vec<f64>)>>>()
    });
    assert_eq!(asked, [4], "a.*, a.x, b.x and no-such.x");
    assert_eq!(left, 0);
    let names: Vec<Vec<&str>> = answers
        .iter()
        .map(|answer| answer.iter().map(|(name, _)| name.as_str()).collect())
        .collect();
    let expected: [&[&str]; 4] = [
        &["sumSeries(a.*)"],
        &["divideSeries(a.x,b.x)"],
        &["a.x", "a.y"],
        &[],
    ];
    assert_eq!(names, expected);
    // The mean of each minute is its number, and of two series the sum twice that.
    let sum = answers.first().and_then(|answer| answer.first()).unwrap();
    for (place, value) in (1_i64..).zip(sum.1.iter()) {
        assert_eq!(*value, (2 * place) as f64);
    }
}

#[test]
fn what_is_read_counts_as_memory_until_all_of_it_is() {
    let paths = [Path::Glob("a.*".to_owned()), Path::Glob("b.*".to_owned())];
    let range = Range {
        from: 0,
        until: SLOTS * 60,
    };
    let tables: u64 = paths
        .iter()
        .filter_map(|path| Some(PathSelector::of(path, false)?.selector().table_bytes()))
        .sum();
    let needed = tables + 3 * SLOTS as u64 * SLOT_BYTES;
    let fetch = |stored: &StoreSource<'_>, _: &Context| stored.fetch(&paths, range).is_ok();
    assert_eq!(read(needed, fetch), (true, vec![2], 0));
    assert_eq!(read(needed - 1, fetch), (false, vec![2], 0));
}

#[test]
fn what_moving_functions_look_at_is_one_question_unless_rules_say_steps() {
    let target = "movingAverage(a.*,5)";
    let answered = |stored: &StoreSource<'_>, context: &Context| {
        let zone = jiff::tz::TimeZone::UTC;
        let window = query::window::Window::new(20 * 60 + 7, SLOTS * 60, SLOTS * 60, zone);
        let mut evaluation = Evaluation::new(stored, context);
        let answers = evaluation.targets(&[target], &window).unwrap();
        let one = |series: &query::series::Series| {
            (series.name.clone(), series.start, series.values.to_vec())
        };
        answers.iter().flatten().map(one).collect::<Vec<_>>()
    };
    let (together, asked, left) = read(u64::MAX, answered);
    assert_eq!((asked, left), (vec![1], 0));
    let rules = Rules::parse("[a]\npattern = ^a\nretentions = 60s:1d\n", "").unwrap();
    let (apart, asked, _) = read(u64::MAX, |stored, context| {
        let stored = StoreSource {
            rules: &rules,
            ..*stored
        };
        answered(&stored, context)
    });
    assert_eq!(asked, [1, 1]);
    assert_eq!(together, apart);
    // The mean of five minutes is the number of the one in the middle.
    let (_, start, values) = together.first().unwrap();
    assert_eq!((*start, values.first()), (21 * 60, Some(&19.0)));
}
