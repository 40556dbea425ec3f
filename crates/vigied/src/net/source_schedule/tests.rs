use super::*;
use crate::net::active_sources::UNQUEUED;
use crate::net::remaining_body::{RemainingBody, SharedBody};
use std::cell::RefCell;
use std::rc::Rc;
use tokio::task::{JoinSet, LocalSet};

type Polls = Rc<RefCell<Vec<&'static str>>>;

fn connection(is_authenticated: bool) -> Arc<ConnectionState> {
    let state = ConnectionState::new(None);
    state.set_keeps_slot(is_authenticated);
    Arc::new(state)
}

/// A source that has used its time.
fn busy_source() -> Arc<SourceSchedule> {
    let schedule = Arc::new(SourceSchedule::default());
    schedule.lock().window_began = Some(Instant::now() + Duration::from_secs(3600));
    schedule.lock().spent = UNQUEUED;
    // Of polls that take long.
    schedule.lock().poll_time = Duration::from_secs(1);
    schedule
}

/// A task that is always ready, `times` times. A flood is so costly that few polls of it are released at once.
async fn always_ready(who: &'static str, times: usize, polls: Polls) {
    for _ in 0..times {
        polls.borrow_mut().push(who);
        let begun = Instant::now();
        while who == "flood" && begun.elapsed() < RELEASED_TIME / 2 {}
        go_behind_the_others().await;
    }
}

fn spawn_many(
    tasks: &mut JoinSet<()>,
    schedule: &Arc<SourceSchedule>,
    who: &'static str,
    polls: &Polls,
) {
    for _ in 0..50 {
        let task = always_ready(who, 10, Rc::clone(polls));
        let schedule = Some(Arc::clone(schedule));
        let of = (connection(false), TaskKind::Connection);
        tasks.spawn_local(scheduled(schedule, of, Box::pin(task)));
    }
}

/// The most polls of `flood` between two of `honest`.
fn longest_wait(polls: &Polls, flood: &str, honest: &str) -> usize {
    let polls = polls.borrow();
    let while_honest = polls.iter().rposition(|who| *who == honest).unwrap();
    let waits = polls[..while_honest].split(|who| *who == honest);
    let waits = waits.map(|wait| wait.iter().filter(|who| **who == flood).count());
    waits.max().unwrap()
}

#[tokio::test]
async fn a_flood_from_one_source_is_few_polls_ahead_of_another_and_ends() {
    LocalSet::new()
        .run_until(async {
            let polls = Polls::default();
            let mut tasks = JoinSet::new();
            spawn_many(&mut tasks, &busy_source(), "flood", &polls);
            let honest = always_ready("honest", 100, Rc::clone(&polls));
            let schedule = Some(Arc::default());
            let of = (connection(false), TaskKind::Connection);
            tasks.spawn_local(scheduled(schedule, of, Box::pin(honest)));
            while tasks.join_next().await.is_some() {}
            assert_eq!(polls.borrow().len(), 600);
            let longest = longest_wait(&polls, "flood", "honest");
            assert!(longest <= 4, "{longest}");
        })
        .await;
}

/// None of twenty used as much as one alone may, and all of their polls were ahead.
#[tokio::test]
async fn a_flood_from_twenty_sources_is_few_polls_ahead_of_another() {
    LocalSet::new()
        .run_until(async {
            let polls = Polls::default();
            let mut tasks = JoinSet::new();
            let sources = Arc::new(ActiveSources::default());
            let among = || Arc::new(SourceSchedule::among(&sources));
            for _ in 0..20 {
                spawn_many(&mut tasks, &among(), "flood", &polls);
            }
            let honest = always_ready("honest", 50, Rc::clone(&polls));
            let of = (connection(false), TaskKind::Connection);
            tasks.spawn_local(scheduled(Some(among()), of, Box::pin(honest)));
            while tasks.join_next().await.is_some() {}
            assert_eq!(polls.borrow().len(), 20 * 500 + 50);
            let longest = longest_wait(&polls, "flood", "honest");
            assert!(longest <= 60, "{longest}");
        })
        .await;
}

#[tokio::test]
async fn in_one_source_the_authenticated_take_turns_with_all_others() {
    LocalSet::new()
        .run_until(async {
            let polls = Polls::default();
            let mut tasks = JoinSet::new();
            let schedule = busy_source();
            spawn_many(&mut tasks, &schedule, "flood", &polls);
            let honest = always_ready("honest", 100, Rc::clone(&polls));
            let of = (connection(true), TaskKind::Connection);
            tasks.spawn_local(scheduled(Some(schedule), of, Box::pin(honest)));
            while tasks.join_next().await.is_some() {}
            let longest = longest_wait(&polls, "flood", "honest");
            assert!(longest <= 6, "{longest}");
        })
        .await;
}

#[tokio::test]
async fn a_queued_task_that_is_dropped_or_evicted_leaves_the_queue() {
    let schedule = busy_source();
    let state = connection(false);
    let task = || {
        let schedule = Some(Arc::clone(&schedule));
        let of = (Arc::clone(&state), TaskKind::Connection);
        Box::pin(scheduled(schedule, of, Box::pin(async {})))
    };
    let context = &mut Context::from_waker(Waker::noop());
    let (mut first, mut second) = (task(), task());
    assert!(first.as_mut().poll(context).is_pending());
    assert!(second.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().others.len(), 2);
    drop(first);
    assert_eq!(schedule.lock().others.len(), 1);
    state.evict();
    assert!(second.as_mut().poll(context).is_ready());
    assert!(schedule.lock().is_empty());
}

/// It waits for what others wait for, too: in its source's queue it would keep them waiting.
#[tokio::test]
async fn a_request_that_is_served_is_never_queued() {
    let schedule = busy_source();
    let context = &mut Context::from_waker(Waker::noop());
    let serving = |state: &Arc<ConnectionState>, kind| {
        let (schedule, of) = (Some(Arc::clone(&schedule)), (Arc::clone(state), kind));
        Box::pin(scheduled(schedule, of, Box::pin(tokio::task::yield_now())))
    };
    let state = connection(false);
    let mut idle = serving(&state, TaskKind::Connection);
    assert!(idle.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().others.len(), 1);
    drop(idle);
    let request = state.begin_request(http::Version::HTTP_11);
    let mut of_connection = serving(&state, TaskKind::Connection);
    assert!(of_connection.as_mut().poll(context).is_pending());
    assert!(schedule.lock().is_empty());
    // While a body still comes, its request has no slot.
    state.set_awaits_body(true);
    let mut receives = serving(&state, TaskKind::Connection);
    assert!(receives.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().others.len(), 1);
    drop(receives);
    state.set_awaits_body(false);
    drop(request);
    let unsent = RemainingBody {
        body: axum::body::Body::empty(),
        rest: axum::body::Bytes::new(),
    };
    let body = Arc::new(SharedBody::new(unsent));
    let answer = state.begin_answer(&body);
    let mut sends = serving(&state, TaskKind::Connection);
    assert!(sends.as_mut().poll(context).is_pending());
    assert!(schedule.lock().is_empty());
    state.end_answer(answer);

    let mut stream = serving(&state, TaskKind::Stream);
    assert!(stream.as_mut().poll(context).is_pending());
    let woken = schedule.lock().release(1, 1);
    assert_eq!(woken.map(|woken| woken.len()), Some(1));
    assert!(stream.as_mut().poll(context).is_pending());
    assert!(
        stream.as_mut().poll(context).is_ready(),
        "it was queued again"
    );
}

/// The time that a source has used: also on one thread, and where several sources take turns.
#[test]
fn a_source_is_queued_once_it_has_used_its_time_of_a_window() {
    let began = Instant::now();
    let at = |micros| began + Duration::from_micros(micros);
    let sources = ActiveSources::on(2);
    let mut schedule = Schedule::default();
    let is_unqueued = |schedule: &mut Schedule, at| schedule.is_unqueued(at, &sources);
    assert!(is_unqueued(&mut schedule, began));
    schedule.spent = Duration::from_micros(600);
    assert!(is_unqueued(&mut schedule, at(600)));
    schedule.spent = UNQUEUED;
    assert!(!is_unqueued(&mut schedule, at(2000)));
    assert!(!is_unqueued(&mut schedule, at(4999)));
    assert!(is_unqueued(&mut schedule, at(5000)));
    assert_eq!(schedule.spent, Duration::ZERO);
    schedule.enqueue(1, false, Waker::noop());
    assert!(
        !is_unqueued(&mut schedule, at(20_000)),
        "others wait before it"
    );
}

#[test]
fn as_many_are_released_as_keep_the_threads_busy_for_a_millisecond() {
    let released = |micros| {
        let poll_time = Duration::from_micros(micros);
        let schedule = Schedule {
            poll_time,
            ..Schedule::default()
        };
        [1, 2, 20].map(|sources| schedule.released_max(2, sources))
    };
    let all = [0, 20, 100, 1000, 100_000].map(released);
    let expected = [
        [128, 64, 6],
        [100, 50, 5],
        [20, 10, 1],
        [4, 2, 1],
        [4, 2, 1],
    ];
    assert_eq!(all, expected);
    let mut schedule = Schedule::default();
    for _ in 0..100 {
        schedule.note_poll(Duration::from_micros(100));
    }
    assert_eq!(schedule.released_max(1, 1), 10);
}
