use super::schedule::RELEASED_TIME;
use super::*;
use crate::net::remaining_body::{RemainingBody, SharedBody};
use std::cell::RefCell;
use std::rc::Rc;
use std::task::Wake;
use std::time::Duration;
use tokio::task::{JoinSet, LocalSet};

type Polls = Rc<RefCell<Vec<&'static str>>>;

fn connection(is_authenticated: bool) -> ConnectionTask {
    let state = ConnectionState::new(None);
    state.set_keeps_slot(is_authenticated);
    of(&Arc::new(state), TaskKind::Connection)
}

fn of(state: &Arc<ConnectionState>, kind: TaskKind) -> ConnectionTask {
    ConnectionTask {
        state: Arc::clone(state),
        kind,
    }
}

fn source(schedule: Schedule<Waker>, sources: &Arc<ActiveSources>) -> Arc<SourceSchedule> {
    let source = SourceSchedule::among(sources);
    *source.lock() = schedule;
    Arc::new(source)
}

/// A source that has used its time, with polls that take long.
fn busy_source() -> Arc<SourceSchedule> {
    source(Schedule::busy(), &Arc::default())
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
    times: usize,
    polls: &Polls,
) {
    for _ in 0..50 {
        let task = always_ready("flood", times, Rc::clone(polls));
        let schedule = Some(Arc::clone(schedule));
        tasks.spawn_local(scheduled(schedule, connection(false), Box::pin(task)));
    }
}

/// The polls of the flood before the first one of `honest`, and the most between two of `honest`.
fn waits(polls: &Polls) -> (usize, usize) {
    let polls = polls.borrow();
    let last = polls.iter().rposition(|who| *who == "honest").unwrap();
    let mut waits = polls[..last].split(|who| *who == "honest").map(<[_]>::len);
    (waits.next().unwrap(), waits.max().unwrap())
}

#[tokio::test]
async fn a_flood_from_one_source_is_few_polls_ahead_of_another_and_ends() {
    LocalSet::new()
        .run_until(async {
            let polls = Polls::default();
            let mut tasks = JoinSet::new();
            spawn_many(&mut tasks, &busy_source(), 10, &polls);
            let honest = always_ready("honest", 100, Rc::clone(&polls));
            let schedule = Some(Arc::default());
            tasks.spawn_local(scheduled(schedule, connection(false), Box::pin(honest)));
            while tasks.join_next().await.is_some() {}
            assert_eq!(polls.borrow().len(), 600);
            let (first, longest) = waits(&polls);
            assert!(first == 0 && longest <= 2, "{first}, {longest}");
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
            for _ in 0..20 {
                let source = source(Schedule::of_long_polls(), &sources);
                spawn_many(&mut tasks, &source, 2, &polls);
            }
            let honest = always_ready("honest", 50, Rc::clone(&polls));
            let schedule = Some(Arc::new(SourceSchedule::among(&sources)));
            tasks.spawn_local(scheduled(schedule, connection(false), Box::pin(honest)));
            while tasks.join_next().await.is_some() {}
            assert_eq!(polls.borrow().len(), 20 * 100 + 50);
            let (first, longest) = waits(&polls);
            // One of each source, and one that the first had released before there were others.
            assert!(longest <= 21, "{longest}");
            // By the clock, until their queues begin: of two milliseconds for each, it would be eighty.
            assert!(first <= 60, "{first}");
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
            spawn_many(&mut tasks, &schedule, 10, &polls);
            let honest = always_ready("honest", 100, Rc::clone(&polls));
            tasks.spawn_local(scheduled(
                Some(schedule),
                connection(true),
                Box::pin(honest),
            ));
            while tasks.join_next().await.is_some() {}
            let (first, longest) = waits(&polls);
            assert!(first == 0 && longest <= 4, "{first}, {longest}");
        })
        .await;
}

#[tokio::test]
async fn a_queued_task_that_is_dropped_or_evicted_leaves_the_queue() {
    let schedule = busy_source();
    let ConnectionTask { state, kind } = connection(false);
    let task = || {
        let schedule = Some(Arc::clone(&schedule));
        Box::pin(scheduled(schedule, of(&state, kind), Box::pin(async {})))
    };
    let context = &mut Context::from_waker(Waker::noop());
    let (mut first, mut second) = (task(), task());
    assert!(first.as_mut().poll(context).is_pending());
    assert!(second.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().queued_count(), 2);
    drop(first);
    assert_eq!(schedule.lock().queued_count(), 1);
    state.evict();
    assert!(second.as_mut().poll(context).is_ready());
    assert_eq!(schedule.lock().queued_count(), 0);
}

struct PanicsWhenWoken;

impl Wake for PanicsWhenWoken {
    fn wake(self: Arc<Self>) {
        panic!("the releaser ends here");
    }
}

/// One was released with the task whose waker panics, and one was still queued.
#[tokio::test]
async fn a_releaser_that_panics_is_followed_by_another() {
    let schedule = busy_source();
    let place = || Some(Arc::clone(&schedule));
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        tasks.spawn(scheduled(place(), connection(false), Box::pin(async {})));
    }
    // Queued before them, and the releaser starts after them.
    let mut panics = Box::pin(scheduled(place(), connection(false), Box::pin(async {})));
    let waker = Waker::from(Arc::new(PanicsWhenWoken));
    let polled = panics.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    let all = tokio::time::timeout(Duration::from_secs(10), tasks.join_all());
    assert!(all.await.is_ok(), "they wait for the first releaser");
    assert_eq!(schedule.lock().queued_count(), 0);
}

/// It waits for what others wait for, too: in its source's queue it would keep them waiting.
#[tokio::test]
async fn a_request_that_is_served_is_never_queued() {
    let schedule = busy_source();
    let context = &mut Context::from_waker(Waker::noop());
    let serving = |state: &Arc<ConnectionState>, kind| {
        let schedule = Some(Arc::clone(&schedule));
        let future = Box::pin(tokio::task::yield_now());
        Box::pin(scheduled(schedule, of(state, kind), future))
    };
    let state = connection(false).state;
    let mut idle = serving(&state, TaskKind::Connection);
    assert!(idle.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().queued_count(), 1);
    drop(idle);
    let request = state.begin_request(http::Version::HTTP_11);
    let mut of_connection = serving(&state, TaskKind::Connection);
    assert!(of_connection.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().queued_count(), 0);
    // While a body still comes, its request has no slot.
    state.set_awaits_body(true);
    let mut receives = serving(&state, TaskKind::Connection);
    assert!(receives.as_mut().poll(context).is_pending());
    assert_eq!(schedule.lock().queued_count(), 1);
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
    assert_eq!(schedule.lock().queued_count(), 0);
    state.end_answer(answer);

    let mut stream = serving(&state, TaskKind::Stream);
    assert!(stream.as_mut().poll(context).is_pending());
    let mut woken = VecDeque::new();
    assert!(schedule.lock().release(1, 1, &mut woken));
    assert_eq!(woken.len(), 1);
    assert!(stream.as_mut().poll(context).is_pending());
    assert!(
        stream.as_mut().poll(context).is_ready(),
        "it was queued again"
    );
}
