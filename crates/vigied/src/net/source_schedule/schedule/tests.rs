use super::*;
use crate::net::active_sources::{ActiveSources, UNQUEUED};
use proptest::prelude::*;

/// What is ready on a thread, in the order in which it is polled.
enum Ready {
    Releaser(usize),
    Task(Poll),
}

/// A poll of a queued task.
struct Poll {
    source: usize,
    ticket: Ticket,
    /// How many sources had queues when it was released.
    sources: usize,
}

/// The polls of one thread for sources with queues of these lengths, whose polls take so long.
fn poll_all(lengths: &[usize], poll_time: Duration) -> Vec<Poll> {
    let queued = |length: &usize| {
        let mut schedule = Schedule {
            poll_time,
            ..Schedule::default()
        };
        for _ in 0..*length {
            let ticket = schedule.draw_ticket(Lane::Others);
            schedule.enqueue(ticket, &ticket);
        }
        schedule
    };
    let mut schedules: Vec<Schedule<Ticket>> = lengths.iter().map(queued).collect();
    let mut ready: VecDeque<Ready> = (0..lengths.len()).map(Ready::Releaser).collect();
    let mut sources = lengths.len();
    let mut polls = Vec::new();
    while let Some(next) = ready.pop_front() {
        match next {
            Ready::Releaser(source) => {
                let mut woken = VecDeque::new();
                if !schedules[source].release(1, sources, &mut woken) {
                    sources -= 1;
                    continue;
                }
                ready.extend(woken.into_iter().map(|ticket| {
                    Ready::Task(Poll {
                        source,
                        ticket,
                        sources,
                    })
                }));
                ready.push_back(Ready::Releaser(source));
            }
            Ready::Task(poll) => {
                let schedule = &mut schedules[poll.source];
                assert!(schedule.is_released(poll.ticket));
                schedule.forget(poll.ticket);
                schedule.note_poll(poll_time);
                polls.push(poll);
            }
        }
    }
    polls
}

/// The polls of others before each poll of this source.
fn waits(polls: &[Poll], source: usize) -> impl Iterator<Item = &[Poll]> {
    let last = polls.iter().rposition(|poll| poll.source == source);
    polls[..last.unwrap_or(0)].split(move |poll| poll.source == source)
}

/// For how many polls of others a source waits at most, if `of_thread` polls take as long as tasks may be released for.
fn longest_wait(sources: usize, of_thread: usize) -> usize {
    (sources - 1) * (of_thread / sources).max(1)
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![Just(Lane::Authenticated), Just(Lane::Others)]
}

proptest! {
    #[test]
    fn no_source_waits_for_more_than_one_release_of_each_other(
        lengths in prop::collection::vec(0_usize..150, 2..8),
        of_thread in RELEASED_PER_THREAD_MIN..=RELEASED_PER_THREAD_MAX,
    ) {
        let poll_time = RELEASED_TIME / u32::try_from(of_thread).unwrap();
        let polls = poll_all(&lengths, poll_time);
        for (source, length) in lengths.iter().enumerate() {
            let polled = polls.iter().filter(|poll| poll.source == source);
            let numbers: Vec<u64> = polled.map(|poll| poll.ticket.number).collect();
            let in_order: Vec<u64> = (1..=*length as u64).collect();
            prop_assert_eq!(numbers, in_order, "each once, in order of arrival");
            for wait in waits(&polls, source) {
                let sources = wait.iter().map(|poll| poll.sources).min();
                let most = sources.map_or(0, |sources| longest_wait(sources, of_thread));
                prop_assert!(wait.len() <= most, "{} > {most}, among {sources:?}", wait.len());
            }
        }
    }

    /// `Some` is a task that is queued, `None` one that is released and polled.
    #[test]
    fn the_lanes_take_turns_while_tasks_wait_in_both(
        events in prop::collection::vec(prop::option::of(lane()), 0..200),
    ) {
        let mut schedule = Schedule::default();
        let mut waiting: [VecDeque<Ticket>; 2] = Default::default();
        let mut last: Option<Lane> = None;
        for event in events {
            if let Some(lane) = event {
                let ticket = schedule.draw_ticket(lane);
                schedule.enqueue(ticket, &ticket);
                waiting[lane as usize].push_back(ticket);
                continue;
            }
            let is_contested = waiting.iter().all(|lane| !lane.is_empty());
            let mut woken = VecDeque::new();
            // So many sources that one task is released at a time.
            let is_queued = schedule.release(1, usize::MAX, &mut woken);
            prop_assert_eq!(is_queued, waiting.iter().any(|lane| !lane.is_empty()));
            prop_assert_eq!(woken.len(), usize::from(is_queued));
            let Some(ticket) = woken.pop_front() else {
                continue;
            };
            schedule.forget(ticket);
            prop_assert_eq!(waiting[ticket.lane as usize].pop_front(), Some(ticket));
            if is_contested {
                prop_assert_ne!(last, Some(ticket.lane), "twice, while the other waits");
            }
            last = is_contested.then_some(ticket.lane);
        }
    }
}

/// The bound of the property above is reached, so a release of twice as many would exceed it.
#[test]
fn with_equal_queues_each_source_waits_for_one_release_of_each_other() {
    for (sources, of_thread, longest) in [(2, 2, 1), (2, 64, 32), (5, 50, 40), (20, 10, 19)] {
        let poll_time = RELEASED_TIME / u32::try_from(of_thread).unwrap();
        let polls = poll_all(&vec![200; sources], poll_time);
        // While all of them have queues.
        let polls: Vec<Poll> = polls
            .into_iter()
            .take_while(|poll| poll.sources == sources)
            .collect();
        let longest_of = |source| waits(&polls, source).map(<[Poll]>::len).max();
        let all: Vec<Option<usize>> = (0..sources).map(longest_of).collect();
        assert_eq!(all, vec![Some(longest); sources]);
        assert_eq!(longest, longest_wait(sources, of_thread));
    }
}

#[test]
fn after_a_releaser_that_was_cut_off_each_task_has_its_old_place() {
    let mut schedule = Schedule::default();
    let lanes = [Lane::Others, Lane::Authenticated, Lane::Others];
    let tickets = lanes.map(|lane| schedule.draw_ticket(lane));
    for ticket in tickets {
        schedule.enqueue(ticket, &ticket);
    }
    assert!(schedule.begin_release());
    assert!(!schedule.begin_release(), "it runs");
    let mut woken = VecDeque::new();
    assert!(schedule.release(1, usize::MAX, &mut woken));
    assert_eq!(woken, [tickets[1]]);
    let queued: Vec<Ticket> = schedule.abandon_release().collect();
    assert_eq!(queued, [tickets[0], tickets[2]]);
    assert!(!schedule.is_released(tickets[1]));
    for ticket in tickets.into_iter().rev() {
        schedule.enqueue(ticket, &ticket);
    }
    assert!(schedule.begin_release(), "another one");
    woken.clear();
    assert!(schedule.release(1, 1, &mut woken));
    assert_eq!(woken, [tickets[0], tickets[1], tickets[2]]);
}

/// The time that a source has used: also on one thread, and where several sources take turns.
#[test]
fn a_source_is_queued_once_it_has_used_its_time_of_a_window() {
    let began = Instant::now();
    let at = |micros| began + Duration::from_micros(micros);
    let sources = ActiveSources::on(2);
    let mut schedule = Schedule::default();
    let is_unqueued =
        |schedule: &mut Schedule<()>, at| schedule.is_unqueued(at, || sources.join(at));
    assert!(is_unqueued(&mut schedule, began));
    schedule.spent = Duration::from_micros(600);
    assert!(is_unqueued(&mut schedule, at(600)));
    schedule.spent = UNQUEUED;
    assert!(!is_unqueued(&mut schedule, at(2000)));
    assert!(!is_unqueued(&mut schedule, at(4999)));
    assert!(is_unqueued(&mut schedule, at(5000)));
    assert_eq!(schedule.spent, Duration::ZERO);
    let ticket = schedule.draw_ticket(Lane::Others);
    schedule.enqueue(ticket, &());
    assert!(
        !is_unqueued(&mut schedule, at(20_000)),
        "others wait before it"
    );
}

#[test]
fn as_many_are_released_as_keep_the_threads_busy_for_a_millisecond() {
    let released = |micros| {
        let poll_time = Duration::from_micros(micros);
        let schedule = Schedule::<()> {
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
    let mut schedule = Schedule::<()>::default();
    for _ in 0..100 {
        schedule.note_poll(Duration::from_micros(100));
    }
    assert_eq!(schedule.released_max(1, 1), 10);
}
