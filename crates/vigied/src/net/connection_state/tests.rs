//! When each stage of a connection ends, and what ends with it.

use super::*;
use crate::net::answer::Paced;
use axum::body::Body;
use http_body_util::BodyExt as _;

const TIMES: Times = Times {
    head: Duration::from_secs(15),
    idle: Duration::from_secs(90),
    stall: Duration::from_secs(30),
    rate: 1000,
    half_closed: Duration::from_secs(5),
};

fn state() -> Arc<ConnectionState> {
    Arc::new(ConnectionState::new(None))
}

/// Whether it ends so many seconds after something that was done since then, however long ago that was.
fn ends_after(state: &ConnectionState, seconds: u64, since: Instant) -> bool {
    let span = Duration::from_secs(seconds);
    let at = state.deadline(&TIMES);
    at.is_some_and(|at| (since + span..=Instant::now() + span).contains(&at))
}

#[test]
fn each_stage_has_its_time_and_bytes_prolong_none() {
    let begun = Instant::now();
    let state = state();
    assert!(ends_after(&state, 15, begun));
    let first = state.deadline(&TIMES);
    state.record_read(1);
    assert_eq!(state.deadline(&TIMES), first);
    let asked = state.begin_request(Version::HTTP_11);
    assert_eq!(state.deadline(&TIMES), None);
    assert!(matches!(state.usage().activity, Activity::Busy(since) if since >= begun));
    drop(asked);
    assert!(ends_after(&state, 90, begun));
    state.record_read(1);
    assert!(ends_after(&state, 15, begun));
}

/// The first byte and the TLS handshake are one stage; what a PROXY header has taken is no part of it.
#[test]
fn a_stage_before_the_first_head_ends_where_it_began_and_the_next_has_its_own_time() {
    let begun = Instant::now();
    let state = state();
    let end = state.stage_end(&TIMES);
    assert!((begun + TIMES.head..=Instant::now() + TIMES.head).contains(&end));
    state.record_read(1);
    while Instant::now() + TIMES.head <= end {}
    assert_eq!(state.stage_end(&TIMES), end, "however late it is asked");
    state.begin_stage();
    assert!(state.stage_end(&TIMES) > end);
}

/// The end of an answer that lay in the library's buffer, for a client that takes it slowly, was cut off by an eviction.
#[test]
fn a_connection_is_idle_when_what_was_written_is_gone() {
    let state = state();
    drop(state.begin_request(Version::HTTP_11));
    state.record_write(false);
    assert!(matches!(state.usage().activity, Activity::Busy(_)));
    state.record_write(true);
    assert!(matches!(state.usage().activity, Activity::Idle(_)));
}

#[test]
fn an_evicted_connection_has_little_time_in_any_stage() {
    let begun = Instant::now();
    let (silent, idle) = (state(), state());
    drop(idle.begin_request(Version::HTTP_11));
    for state in [silent, idle] {
        state.begin_leaving();
        assert!(ends_after(&state, 5, begun));
        drop(state.begin_request(Version::HTTP_2));
        assert!(ends_after(&state, 5, begun));
    }
}

/// Its other requests go on, and so does a connection that a proxy shares among its clients.
#[tokio::test]
async fn a_connection_ends_when_all_that_is_open_on_it_is_withdrawn() {
    let is_ended = async |state: &ConnectionState| {
        let evicted = tokio::time::timeout(Duration::ZERO, state.evicted());
        evicted.await.is_ok() && state.discards_unsent()
    };
    let answer = |state: &Arc<ConnectionState>| {
        let asked = state.begin_request(Version::HTTP_2);
        let withdrawn = Arc::new(AtomicBool::new(false));
        let paced = Paced::new(Body::from("x"), state).bind_to_access(&withdrawn);
        drop(asked);
        (paced, withdrawn)
    };
    let withdraw = |state: &ConnectionState, withdrawn: &AtomicBool| {
        withdrawn.store(true, Ordering::Release);
        state.withdraw();
    };
    let (single, shared) = (state(), state());
    shared.set_shared();
    let [first, second, others] = [(); 3].map(|()| answer(&single));
    let first_of_shared = answer(&shared);
    withdraw(&single, &first.1);
    withdraw(&shared, &first_of_shared.1);
    // It has ended by itself, and the other goes on.
    drop(first);
    assert!(!is_ended(&single).await && !is_ended(&shared).await);
    withdraw(&single, &second.1);
    assert!(!is_ended(&single).await && !is_ended(&shared).await);
    drop(others);
    assert!(is_ended(&single).await);
    drop((second, first_of_shared));
    assert!(!is_ended(&shared).await);
}

#[test]
fn pings_do_not_prolong_an_idle_http2_connection() {
    let state = state();
    drop(state.begin_request(Version::HTTP_2));
    let idle = state.deadline(&TIMES);
    state.record_read(1);
    assert_eq!(state.deadline(&TIMES), idle);
}

#[test]
fn a_socket_that_takes_nothing_is_a_stage_of_its_own() {
    let begun = Instant::now();
    let state = state();
    let _asked = state.begin_request(Version::HTTP_11);
    state.record_write(false);
    let stalled = state.deadline(&TIMES);
    assert!(ends_after(&state, 30, begun));
    state.record_write(false);
    assert_eq!(state.deadline(&TIMES), stalled);
    state.record_write(true);
    assert_eq!(state.deadline(&TIMES), None);
}

#[test]
fn one_answer_among_others_is_given_up_alone() {
    let state = state();
    let none = Times {
        stall: Duration::ZERO,
        ..TIMES
    };
    let (mut first, second) = (
        Paced::new(Body::from("first"), &state),
        Paced::new(Body::from("second"), &state),
    );
    let Some(TimedOut::Answer(shared_body, limit)) = state.overdue(&none) else {
        panic!("nothing is given up");
    };
    assert_eq!(limit.name, "write_stall_seconds");
    shared_body.give_up();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert!(runtime.block_on(first.frame()).unwrap().is_err());
    let last = state.overdue(&none);
    assert!(matches!(last, Some(TimedOut::Connection(_))), "{last:?}");
    drop((first, second));
    assert!(matches!(state.usage().activity, Activity::Idle(_)));
}

/// Frames of HTTP/2 that are no request were read in pieces of the largest size, however long each took.
#[test]
fn a_connection_is_taken_for_http_2_until_a_request_says_otherwise() {
    let (first, second) = (state(), state());
    assert!(!first.is_http1());
    drop(first.begin_request(Version::HTTP_2));
    assert!(!first.is_http1() && first.is_http2());
    drop(second.begin_request(Version::HTTP_11));
    assert!(second.is_http1() && !second.is_http2());
}
