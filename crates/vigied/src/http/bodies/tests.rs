//! Which bodies are accepted, and which are dropped.

use super::*;
use base::id::{AccountId, Guid};
use base::source::SourceKey;

const STALL: Duration = Duration::from_millis(200);

/// A table of so many bodies and bytes, of which everybody may have everything.
pub(crate) fn bodies(arriving: u64, bytes: u64) -> Arc<Bodies> {
    shared(arriving, bytes, Shares::whole())
}

fn shared(arriving: u64, bytes: u64, shares: Shares) -> Arc<Bodies> {
    Arc::new(Bodies::new(&BodyLimits {
        arriving,
        bytes,
        stall: STALL,
        bytes_per_second: 1000,
        shares,
    }))
}

fn halves() -> Shares {
    Shares::of(50, 50, 75)
}

fn account(number: u8) -> ShareOwner {
    ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
}

fn source(number: u8) -> ShareOwner {
    ShareOwner::Source(SourceKey::of([127, 0, 0, number].into()))
}

/// Whether the body was told to give way.
async fn was_told_to_leave(body: &ArrivingBody) -> bool {
    let leaving = body.leave.notified();
    tokio::time::timeout(Duration::ZERO, leaving).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn the_oldest_body_of_a_stranger_gives_way_to_a_newcomer() {
    let bodies = shared(8, 1000, halves());
    let enter = |owner| bodies.enter(owner).unwrap();
    let of_one: Vec<ArrivingBody> = (0..5).map(|_| enter(source(1))).collect();
    // Beyond its share an address gives way to itself.
    assert!(was_told_to_leave(&of_one[0]).await && !was_told_to_leave(&of_one[1]).await);
    let others: Vec<ArrivingBody> = (2..=4).map(|number| enter(source(number))).collect();
    // Beyond the share of unauthenticated clients, the oldest of them all.
    assert!(was_told_to_leave(&of_one[1]).await && !was_told_to_leave(&others[0]).await);
    let bodies_of_one: Vec<ArrivingBody> = (0..4).map(|_| enter(account(1))).collect();
    for old in &of_one[2..] {
        assert!(was_told_to_leave(old).await);
    }
    assert!(!was_told_to_leave(&others[0]).await && !was_told_to_leave(&bodies_of_one[0]).await);
    // The last of eight is reserved for owners without any.
    assert_eq!(bodies.lock().entries.len(), 7);
    drop((of_one, others, bodies_of_one));
    assert_eq!(bodies.lock().entries.len(), 0);
    assert_eq!(bodies.lock().arriving.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_accounts_body_gives_way_when_it_has_fallen_behind() {
    let bodies = shared(4, 1000, halves());
    let begun = Instant::now();
    let first = bodies.enter_at(account(1), begun).unwrap();
    let second = bodies.enter_at(account(1), begun + STALL).unwrap();
    let over = bodies.enter_at(account(1), begun).unwrap_err();
    assert_eq!(over.limit, &limit::ACCOUNT_SHARE_PERCENT);
    let third = bodies.enter_at(account(1), begun + STALL).unwrap();
    assert!(was_told_to_leave(&first).await && !was_told_to_leave(&second).await);
    // Full of accounts' bodies: the account with most loses its oldest to another account, and none to an unauthenticated client.
    let more = [account(2), account(3)].map(|id| bodies.enter_at(id, begun).unwrap());
    let over = bodies.enter_at(source(1), begun).unwrap_err();
    assert_eq!(over.limit, &limit::ARRIVING_BODIES);
    let fourth = bodies.enter_at(account(4), begun).unwrap();
    assert!(was_told_to_leave(&second).await && !was_told_to_leave(&third).await);
    // All have one: nobody has too much.
    assert!(bodies.enter_at(account(5), begun).is_err());
    drop((first, second, third, more, fourth));
}

#[tokio::test(start_paused = true)]
async fn time_is_won_by_what_has_come_and_never_more_than_a_stall() {
    let bodies = bodies(1, 1000);
    let begun = Instant::now();
    let mut body = bodies.enter_at(ShareOwner::Proxy, begun).unwrap();
    assert_eq!(body.deadline() - begun, STALL);
    body.postpone(STALL / 4, begun + STALL / 2);
    assert_eq!(body.deadline() - begun, STALL * 5 / 4);
    body.postpone(STALL * 100, begun + STALL);
    assert_eq!(body.deadline() - begun, STALL * 2);
    // At 1000 bytes a second, 100 bytes are a tenth of one.
    let before = body.deadline();
    body.record_received(100);
    assert!(body.deadline() <= before + Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn bytes_are_waited_for_and_given_back() {
    let bodies = shared(8, 1000, halves());
    let mut one = bodies.enter(account(1)).unwrap();
    one.reserve(400).await.unwrap();
    let over = one.reserve(200).await.unwrap_err();
    assert_eq!(over.limit, &limit::ACCOUNT_SHARE_PERCENT);
    let held = one.arrived();
    let mut two = bodies.enter(account(1)).unwrap();
    let (grown, ()) = tokio::join!(two.reserve(200), async {
        tokio::task::yield_now().await;
        drop(held);
    });
    grown.unwrap();
    assert_eq!(bodies.lock().bytes.used(), 200);
    drop(two);
    assert_eq!(bodies.lock().bytes.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn large_bodies_leave_bytes_to_other_accounts() {
    let total = 16 * SMALL_BYTES;
    let bodies = shared(8, total, halves());
    let size = |bytes: u64| usize::try_from(bytes).unwrap();
    let mut large = bodies.enter(account(1)).unwrap();
    large.reserve(size(total / 2)).await.unwrap();
    large.record_received(size(total / 2));
    let mut second = bodies.enter(account(2)).unwrap();
    second.reserve(size(total * 3 / 8)).await.unwrap();
    // The last eighth is reserved for owners that use little.
    let mut third = bodies.enter(account(3)).unwrap();
    assert!(third.held.grow(size(total / 16)).is_err());
    third.held.grow(size(total / 32)).unwrap();
    // The owner with most loses a body, once that body has had its time.
    tokio::time::sleep(STALL * 2).await;
    let (grown, ()) = tokio::join!(third.reserve(size(SMALL_BYTES)), async move {
        large.leave().notified().await;
        drop(large);
    });
    grown.unwrap();
}
