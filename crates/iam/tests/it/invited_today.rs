//! How many people an account invites in a day.

use crate::world::{World, on_both_databases};
use base::limit;
use iam::IamError;
use iam::manage::invitation::{Invited, Invitee};

on_both_databases!(who_has_invited_enough_for_a_day_is_told_when_the_next_one_begins);

fn refused(result: Result<Vec<Invited>, IamError>) -> (&'static str, Option<u64>) {
    let error = result.unwrap_err();
    let refusal = error.refusal().unwrap();
    (refusal.reason.name(), refusal.retry_after)
}

/// They were told to come back after a second.
async fn who_has_invited_enough_for_a_day_is_told_when_the_next_one_begins(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let limit = limit::INVITATIONS_PER_DAY.name.to_owned();
    let limits = [(limit, Some(2))];
    world
        .iam
        .set_account_limits(account, &limits)
        .await
        .unwrap();
    let invite = async |names: &[&str]| {
        let invitee = |name: &&str| Invitee {
            email: format!("{name}@example.org"),
            role: None,
        };
        let wanted: Vec<Invitee> = names.iter().map(invitee).collect();
        world.iam.invite(&owner, account, &wanted).await
    };
    invite(&["bea"]).await.unwrap();
    // The clock of the tests begins 6400 seconds before midnight.
    let late = refused(invite(&["carl", "dora"]).await);
    assert_eq!(late, ("too_many_today", Some(6400)));
    world.wait(6399);
    let late = refused(invite(&["carl", "dora"]).await);
    assert_eq!(late, ("too_many_today", Some(1)));
    // Who is refused uses up nothing; and what no day has room for is not promised.
    let never = refused(invite(&["carl", "dora", "eve"]).await);
    assert_eq!(never, ("limit_reached", None));
    invite(&["carl"]).await.unwrap();
    world.wait(1);
    invite(&["dora", "eve"]).await.unwrap();
}
