//! Passwords: right, wrong, tried too often, and changed.

use crate::world::{OWNER, World, access_token, at, code, on_both_databases, secret, source};
use base::source::Source;
use iam::flow::grant::{Client, Grant};
use iam::{AuthError, Credential, IamConfig, IamError, Reason};

on_both_databases!(
    with crate::world::with_costly_passwords;
    a_name_is_known_in_any_case_and_a_wrong_password_by_none,
    too_many_failures_bring_pauses_that_grow,
    where_a_person_was_let_in_their_password_is_always_looked_at,
    a_new_password_forgets_where_the_old_one_let_in,
    a_new_password_forgets_on_every_node_where_the_old_one_let_in,
    the_places_that_are_kept_are_bounded,
    what_is_no_password_for_the_person_is_refused,
    a_proxy_that_does_not_say_for_whom_is_not_slowed,
    a_burst_of_guesses_is_counted_as_if_they_came_one_by_one,
    a_guess_whose_caller_hangs_up_is_counted,
    a_password_is_changed_by_who_knows_it,
    of_two_changes_with_one_old_password_one_is_made,
    a_change_beside_a_logout_does_not_outlive_it,
    a_new_password_ends_the_sessions_of_the_old_one,
);

fn reason(error: &IamError) -> Reason {
    error.refusal().unwrap().reason.clone()
}

async fn a_name_is_known_in_any_case_and_a_wrong_password_by_none(world: World) {
    let password = world.made.password.expose().clone();
    world.password("ADA@Example.ORG", &password).await.unwrap();
    for (user, password) in [
        (OWNER, "wrong"),
        (OWNER, ""),
        ("nobody@example.org", password.as_str()),
    ] {
        let refused = world.password(user, password).await.unwrap_err();
        assert_eq!(reason(&refused), Reason::WrongProof, "{user}");
    }
}

async fn too_many_failures_bring_pauses_that_grow(world: World) {
    let password = world.made.password.expose().clone();
    let elsewhere = at(9);
    let guess = async |password: &str| world.password_from(elsewhere, OWNER, password).await;
    for _ in 0..10 {
        let refused = guess("wrong").await.unwrap_err();
        assert_eq!(reason(&refused), Reason::WrongProof);
    }
    for password in ["wrong", password.as_str()] {
        let refused = guess(password).await.unwrap_err();
        assert_eq!(reason(&refused), Reason::TooManyLogins);
        let problem = refused.refusal().unwrap();
        assert_eq!(problem.retry_after, Some(60), "{problem}");
        assert!(
            problem
                .message
                .contains("`login_failures_per_address`): wait 60 s"),
            "{problem}"
        );
    }
    // It applies to this name and this source: the user's key works there, and the password from elsewhere.
    let key = Grant::ApiKey(world.made.api_key.clone());
    World::ask_from(elsewhere, &world.iam, key, Some(Client::Bx))
        .await
        .unwrap();
    world.password(OWNER, &password).await.unwrap();
    world.clock.advance(59_999);
    assert_eq!(
        reason(&guess(&password).await.unwrap_err()),
        Reason::TooManyLogins
    );
    world.clock.advance(1);
    assert_eq!(
        reason(&guess("wrong").await.unwrap_err()),
        Reason::WrongProof
    );
    world.clock.advance(119_999);
    assert_eq!(
        reason(&guess(&password).await.unwrap_err()),
        Reason::TooManyLogins
    );
    world.clock.advance(1);
    guess(&password).await.unwrap();
}

async fn where_a_person_was_let_in_their_password_is_always_looked_at(world: World) {
    let password = world.made.password.expose().clone();
    world.password(OWNER, &password).await.unwrap();
    for _ in 0..11 {
        let refused = world.password(OWNER, "wrong").await.unwrap_err();
        assert_eq!(reason(&refused), Reason::WrongProof);
    }
    // Strangers on the same source are slowed when there are too many; a known user is not.
    for number in 0..50 {
        let refused = world
            .password(&format!("n{number}@example.org"), "wrong")
            .await;
        assert_eq!(reason(&refused.unwrap_err()), Reason::WrongProof);
    }
    let stranger = world.password("another@example.org", "wrong").await;
    let stranger = stranger.unwrap_err();
    assert_eq!(reason(&stranger), Reason::TooManyLogins);
    assert!(stranger.to_string().contains("login_failures_per_source"));
    world.password(OWNER, &password).await.unwrap();
    // Another node knows the source.
    let node = world.node().await;
    let grant = || Grant::Password {
        username: OWNER.to_owned(),
        password: secret("wrong"),
    };
    for _ in 0..11 {
        let refused = World::ask(&node, grant(), Some(Client::Bx)).await;
        assert_eq!(reason(&refused.unwrap_err()), Reason::WrongProof);
    }
    // After thirty days without a login the source is no longer known.
    world.wait(31 * 86_400);
    for _ in 0..10 {
        world.password(OWNER, "wrong").await.unwrap_err();
    }
    let forgotten = world.password(OWNER, &password).await.unwrap_err();
    assert_eq!(reason(&forgotten), Reason::TooManyLogins);
    node.close().await;
}

async fn a_new_password_forgets_where_the_old_one_let_in(world: World) {
    let old = world.made.password.expose().clone();
    let thief = at(66);
    world.password_from(thief, OWNER, &old).await.unwrap();
    let owner = world.owner();
    let change = world.change_password(
        &owner,
        source(),
        secret(&old),
        secret("correct horse battery"),
    );
    change.await.unwrap();
    for _ in 0..10 {
        let refused = world.password_from(thief, OWNER, "wrong").await;
        assert_eq!(reason(&refused.unwrap_err()), Reason::WrongProof);
    }
    let slowed = world
        .password_from(thief, OWNER, "wrong")
        .await
        .unwrap_err();
    assert_eq!(reason(&slowed), Reason::TooManyLogins);
}

async fn the_places_that_are_kept_are_bounded(world: World) {
    let password = world.made.password.expose().clone();
    for number in 0..40 {
        world.wait(1);
        world
            .password_from(at(number + 100), OWNER, &password)
            .await
            .unwrap();
    }
    let db = world.database().await;
    let row = db.one("SELECT COUNT(*) AS rows FROM login_sources", &[]);
    let rows = row.await.unwrap().unwrap().int("rows").unwrap();
    assert_eq!(rows, 32);
    db.close().await;
}

async fn a_proxy_that_does_not_say_for_whom_is_not_slowed(world: World) {
    let proxy = Source::proxy([192, 0, 2, 1].into());
    for _ in 0..12 {
        let refused = world.password_from(proxy, OWNER, "wrong").await;
        assert_eq!(reason(&refused.unwrap_err()), Reason::WrongProof);
    }
    let password = world.made.password.expose().clone();
    world.password_from(proxy, OWNER, &password).await.unwrap();
}

/// A write waits for the disk, so its time would reveal which names exist.
#[test]
fn a_wrong_password_writes_nothing_whoever_it_is_for() {
    async fn story(world: World) {
        let db = world.database().await;
        let version = async || {
            let row = db.one("PRAGMA data_version", &[]).await.unwrap().unwrap();
            row.int("data_version").unwrap()
        };
        let before = version().await;
        for user in [OWNER, "nobody@example.org"] {
            for _ in 0..12 {
                world.password_from(at(7), user, "wrong").await.unwrap_err();
                assert_eq!(version().await, before, "{user}");
            }
        }
        let password = world.made.password.expose().clone();
        world.password(OWNER, &password).await.unwrap();
        assert_ne!(version().await, before, "the question is none");
        db.close().await;
    }
    crate::world::on_sqlite(crate::world::with_costly_passwords, story);
}

async fn a_burst_of_guesses_is_counted_as_if_they_came_one_by_one(world: World) {
    let guess = || {
        let iam = world.iam.clone();
        let grant = Grant::Password {
            username: OWNER.to_owned(),
            password: secret("wrong"),
        };
        tokio::spawn(async move { World::ask(&iam, grant, Some(Client::Bx)).await.unwrap_err() })
    };
    let guesses: Vec<_> = (0..40).map(|_| guess()).collect();
    let mut checked = 0;
    for guess in guesses {
        if reason(&guess.await.unwrap()) == Reason::WrongProof {
            checked += 1;
        }
    }
    // Checks that find the queue full are refused at once; no more of the waiting ones run than there are places.
    assert_eq!(checked, 10, "passwords were compared");
}

async fn a_guess_whose_caller_hangs_up_is_counted(world: World) {
    let mut made = Vec::new();
    for number in 1..=3 {
        // On a busy machine a caller can hang up before the check has begun, and nothing is to be counted.
        made.push(guesses_until_refused(&world, at(number)).await);
        if made.last() == Some(&10) {
            return;
        }
    }
    panic!("guesses until the next was refused: {made:?}");
}

/// How many guesses are made from a source until one is refused unseen; the caller of one of them hangs up.
async fn guesses_until_refused(world: &World, from: Source) -> u32 {
    let guess = async || {
        let begun = std::time::Instant::now();
        let refused = world.password_from(from, OWNER, "wrong").await.unwrap_err();
        (reason(&refused), begun.elapsed())
    };
    let (_, mut whole) = guess().await;
    let mut made = 1;
    // Most of a guess is the check itself: a caller who hangs up in the middle leaves one that has begun. A guess that is
    // answered before that is one more, and says how long one takes now.
    loop {
        made += 1;
        match tokio::time::timeout(whole / 2, guess()).await {
            Ok((_, quicker)) => whole = quicker,
            Err(_) => break,
        }
        assert!(
            made < 9,
            "each guess was answered in half the time of the one before"
        );
    }
    while guess().await.0 == Reason::WrongProof {
        made += 1;
    }
    made
}

async fn what_is_no_password_for_the_person_is_refused(world: World) {
    let owner = world.owner();
    for weak in [
        "short",
        "12345678",
        "Password",
        "ada@example.org",
        "aaaaaaaaaaaa",
    ] {
        let old = world.made.password.clone();
        let change = world.change_password(&owner, source(), old, secret(weak));
        assert_eq!(code(change.await), "field", "{weak}");
    }
}

async fn a_password_is_changed_by_who_knows_it(world: World) {
    let (owner, old) = (world.owner(), world.made.password.expose().clone());
    let change =
        |from: &str, to: &str| world.change_password(&owner, source(), secret(from), secret(to));
    assert_eq!(code(change("wrong", "long enough").await), "wrong_proof");
    assert_eq!(code(change(&old, "short").await), "field");
    assert_eq!(code(change(&old, &"x".repeat(1025)).await), "field");
    world.password(OWNER, &old).await.unwrap();
    change(&old, "long enough").await.unwrap();
    assert_eq!(code(world.password(OWNER, &old).await), "wrong_proof");
    world.password(OWNER, "long enough").await.unwrap();
}

async fn a_new_password_ends_the_sessions_of_the_old_one(world: World) {
    let old = world.made.password.expose().clone();
    let login = async || access_token(&world.password(OWNER, &old).await.unwrap());
    let (current, other) = (login().await, login().await);
    let key = access_token(
        &world
            .key_session(world.made.api_key.expose())
            .await
            .unwrap(),
    );
    let who = |token: &str| world.iam.verifier().identity(Credential::Iam(token));
    let caller = who(&current).unwrap();
    world
        .change_password(&caller, source(), secret(&old), secret("long enough"))
        .await
        .unwrap();
    who(&current).unwrap();
    who(&key).unwrap();
    assert!(matches!(who(&other), Err(AuthError::Revoked(_))));
}

/// Otherwise somebody who learned the old password could change it after its owner did, and keep what the owner's
/// change was to end.
async fn of_two_changes_with_one_old_password_one_is_made(world: World) {
    let mut current = world.made.password.expose().clone();
    for round in 0..4 {
        let mut callers = Vec::new();
        for _ in 0..2 {
            let tokens = world.password(OWNER, &current).await.unwrap();
            callers.push(world.enter(&access_token(&tokens)).unwrap());
        }
        let wanted = [
            format!("the one of round {round}"),
            format!("the other of {round}"),
        ];
        let change = |at: usize| {
            let (old, new) = (secret(&current), secret(&wanted[at]));
            world.change_password(&callers[at], source(), old, new)
        };
        let (one, other) = tokio::join!(change(0), change(1));
        let (made, refused) = match (one, other) {
            (Ok(()), Err(refused)) => (0, refused),
            (Err(refused), Ok(())) => (1, refused),
            both => panic!("round {round}: {both:?}"),
        };
        let code = refused.refusal().unwrap().reason.name();
        assert!(
            ["wrong_proof", "wrong_refresh_token"].contains(&code),
            "{code}"
        );
        current.clone_from(&wanted[made]);
        world.password(OWNER, &wanted[1 - made]).await.unwrap_err();
    }
    world.password(OWNER, &current).await.unwrap();
}

async fn a_change_beside_a_logout_does_not_outlive_it(world: World) {
    let current = world.made.password.expose().clone();
    let tokens = world.password(OWNER, &current).await.unwrap();
    let caller = world.enter(&access_token(&tokens)).unwrap();
    // Verified, and logged out before the change is written.
    world
        .iam
        .revoke(&secret(&access_token(&tokens)))
        .await
        .unwrap();
    let change = world.change_password(
        &caller,
        source(),
        secret(&current),
        secret("chosen too late"),
    );
    assert_eq!(code(change.await), "wrong_refresh_token");
    world.password(OWNER, &current).await.unwrap();
}

/// Another node remembers the source, and forgets it no later than it learns of the new password.
async fn a_new_password_forgets_on_every_node_where_the_old_one_let_in(world: World) {
    let old = world.made.password.expose().clone();
    let thief = at(66);
    world.password_from(thief, OWNER, &old).await.unwrap();
    // Reads the sources remembered until now.
    let node = world.node().await;
    node.watch();
    world.wait(1);
    let new = "correct horse battery";
    let owner = world.owner();
    let change = world.change_password(&owner, source(), secret(&old), secret(new));
    change.await.unwrap();
    let changed = world.iam.changes();
    let begun = std::time::Instant::now();
    while node.changes() < changed {
        assert!(
            begun.elapsed().as_secs() < 300,
            "the node never heard of it"
        );
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let there = |password: &str| {
        let grant = Grant::Password {
            username: OWNER.to_owned(),
            password: secret(password),
        };
        World::ask_from(thief, &node, grant, Some(Client::Bx))
    };
    for _ in 0..10 {
        assert_eq!(
            reason(&there("wrong").await.unwrap_err()),
            Reason::WrongProof
        );
    }
    // A known source is paced and its tries are checked; this one is no longer known.
    let slowed = there(new).await.unwrap_err();
    assert_eq!(reason(&slowed), Reason::TooManyLogins);
    assert!(
        slowed.to_string().contains("login_failures_per_address"),
        "{slowed}"
    );
    // The new password makes it known again, on this node as well.
    world.wait(20 * 60);
    there(new).await.unwrap();
    for _ in 0..10 {
        assert_eq!(
            reason(&there("wrong").await.unwrap_err()),
            Reason::WrongProof
        );
    }
    world.wait(3);
    there(new).await.unwrap();
    node.close().await;
}

/// A user who sets their first password waits in the queue of their source, which others may have filled; from
/// elsewhere they need not wait.
#[test]
fn a_first_password_waits_behind_what_else_its_source_asks_for() {
    async fn story(world: World) {
        let guesses = || {
            let guess = || {
                let iam = world.iam.clone();
                let grant = Grant::Password {
                    username: "nobody@example.org".to_owned(),
                    password: secret("a guess"),
                };
                tokio::spawn(
                    async move { World::ask_from(at(66), &iam, grant, Some(Client::Bx)).await },
                )
            };
            [(); 6].map(|()| guess())
        };
        let mut number = 0;
        let mut refused = None;
        while refused.is_none() {
            assert!(
                number < 100,
                "no check was refused because of the others of its source"
            );
            let email = format!("new{number}@example.org");
            number += 1;
            let code = world.invited(&email).await;
            let begin = async |from: u8| {
                let chosen = secret("correct horse battery");
                world.iam.redeem(at(from), &email, &code, chosen).await
            };
            let others = guesses();
            if let Err(error) = begin(66).await {
                // From elsewhere the check runs although that source's queue is full, and the code is still valid.
                begin(2).await.unwrap();
                refused = Some(error);
            }
            for other in others {
                other.await.unwrap().unwrap_err();
            }
        }
        let refused = refused.unwrap();
        assert_eq!(reason(&refused), Reason::TooManyLogins);
        let text = refused.to_string();
        assert!(
            text.contains("password_checks_waiting_per_source"),
            "{text}"
        );
    }
    let few = |config: IamConfig| IamConfig {
        limits: iam::IamLimits {
            password_checks_waiting_per_source: 1,
            login_failures_per_address: 10_000,
            login_failures_per_source: 10_000,
            ..config.limits
        },
        password_cost: iam::PasswordCost::default(),
        ..config
    };
    crate::world::on_sqlite(few, story);
}
