//! The audit as it is kept: bounded, without gaps, and by nobody's leave.

use crate::world::Whole as _;
use crate::world::{OWNER, World, code, on_both_databases, secret, source};
use iam::audit::{Action, Entry, Origin, Page, Recorded};
use iam::manage::api_key::NewKey;
use iam::manage::page::PageRequest;

async fn entries(world: &World) -> Vec<Recorded> {
    world.iam.audit(Page::default()).await.unwrap()
}

fn of<'a>(entries: &'a [Recorded], event: &str) -> Vec<&'a Recorded> {
    entries
        .iter()
        .filter(|entry| entry.event == event)
        .collect()
}

on_both_databases!(
    entries_have_no_gaps_though_two_nodes_write_at_once,
    each_space_of_a_deleted_organization_has_an_entry,
    what_is_old_goes,
    nobody_gets_a_code_for_an_address_that_is_not_proven,
    a_code_ends_with_a_change_of_the_password_and_with_its_day,
    what_cannot_be_written_is_kept,
);

async fn entries_have_no_gaps_though_two_nodes_write_at_once(world: World) {
    let other = world.node().await;
    let write = async |iam: &iam::Iam| {
        for _ in 0..20 {
            let enter = async { iam.enter(Entry::by_operator(Action::KeyMade)).await };
            Origin::new(source(), "id").scope(enter).await.unwrap();
        }
    };
    tokio::join!(write(&world.iam), write(&other));
    let found = entries(&world).await;
    let numbers = found.iter().filter_map(|entry| entry.number);
    assert!(numbers.eq(1..=found.len() as i64));
    assert!(found.len() > 40);
    let last = found.last().unwrap();
    assert_eq!((&*last.source, &*last.transaction), ("192.0.2.1", "id"));
    other.close().await;
}

async fn each_space_of_a_deleted_organization_has_an_entry(world: World) {
    let (owner, spaces) = (world.owner(), 40);
    let org = world.iam.create_org(&owner, "many", None).await.unwrap();
    let mut made = Vec::new();
    for number in 0..spaces {
        let name = format!("space{number}");
        let space = world.iam.create_space(&owner, org.id, &name).await.unwrap();
        made.push((format!("s-{}", space.id), name));
    }
    world.iam.delete_org(&owner, org.id, true).await.unwrap();
    let found = entries(&world).await;
    let numbers = found.iter().filter_map(|entry| entry.number);
    assert!(numbers.eq(1..=found.len() as i64));
    let of_org = of(&found, "org_deleted");
    assert_eq!(of_org[0].target, format!("o-{}", org.id));
    let deleted = of(&found, "space_deleted");
    assert_eq!(deleted.len(), spaces);
    for (target, name) in made {
        let deletion = deleted.iter().find(|entry| entry.target == target);
        let deletion = deletion.unwrap_or_else(|| panic!("no entry of {target}: {found:#?}"));
        assert!(deletion.details.contains(&name), "{deletion:?}");
        assert!(
            deletion.details.contains(&org.id.to_string()),
            "{deletion:?}"
        );
        assert_eq!(deletion.account, of_org[0].account);
        assert_eq!(deletion.outcome, of_org[0].outcome);
    }
}

async fn what_is_old_goes(world: World) {
    let before = entries(&world).await;
    world.clock.advance(400 * 86_400_000);
    world
        .iam
        .enter(Entry::by_operator(Action::KeyMade))
        .await
        .unwrap();
    world.iam.trim_audit().await.unwrap();
    assert_eq!(entries(&world).await.len(), before.len() + 1);
    world.clock.advance(1);
    world.iam.trim_audit().await.unwrap();
    let kept = entries(&world).await;
    assert_eq!(kept.len(), 1, "{kept:#?}");
    assert_eq!(kept[0].number, Some(before.len() as i64 + 1));
}

mod no_kind_and_no_account_pushes_another_out {
    use super::*;

    fn few(config: iam::IamConfig) -> iam::IamConfig {
        let limits = iam::IamLimits {
            audit_entries_per_account: 5,
            ..config.limits.clone()
        };
        iam::IamConfig { limits, ..config }
    }

    async fn story(world: World) {
        let owner = world.owner();
        for _ in 0..9 {
            world.key(&owner, NewKey::default()).await;
        }
        let made = world.made.password.clone();
        for _ in 0..3 {
            let _ = world.password(OWNER, made.expose()).await.unwrap();
        }
        let _ = world.password(OWNER, "wrong").await.unwrap_err();
        world.iam.write_counts(true).await.unwrap();
        world.iam.trim_audit().await.unwrap();
        let found = entries(&world).await;
        // The latest, one fewer than may be, and that some were dropped.
        let is_own = |row: &&&Recorded| row.kind == "own";
        let made = of(&found, "key_made");
        assert_eq!(made.iter().filter(is_own).count(), 4, "{found:#?}");
        assert_eq!(of(&found, "signed_in").len(), 3);
        assert_eq!(of(&found, "login_failed").len(), 1);
        // The operator's own are none of theirs.
        assert_eq!(of(&found, "account_made").len(), 1);
        let dropped = of(&found, "entries_dropped");
        assert_eq!(dropped.len(), 1);
        assert_eq!(dropped[0].account, world.made.account.to_string());
        let details: serde_json::Value = serde_json::from_str(&dropped[0].details).unwrap();
        assert_eq!(details["limit"], "audit_entries_per_account", "{details}");
        // A gap in the middle is a limit's doing where such an entry names it.
        let numbers = |found: &[Recorded]| -> Vec<i64> {
            found.iter().filter_map(|entry| entry.number).collect()
        };
        let left = numbers(&found);
        let [first, last] =
            ["first", "last"].map(|key| details[key].as_str().unwrap().parse::<i64>().unwrap());
        let all = 1..=*left.last().unwrap();
        let missing: Vec<i64> = all.filter(|number| !left.contains(number)).collect();
        assert!(
            !missing.is_empty() && missing.iter().all(|number| (first..=last).contains(number)),
            "{missing:?} {details}"
        );
        assert_eq!(details["entries"], missing.len().to_string(), "{details}");
        // What was dropped made room for the entry that says so: nothing more goes at the next look.
        world.iam.trim_audit().await.unwrap();
        assert_eq!(numbers(&entries(&world).await), left);
    }

    #[test]
    fn on_sqlite() {
        crate::world::on_sqlite(few, story);
    }

    #[test]
    fn on_postgres() {
        crate::world::on_postgres("no_kind_and_no_account_pushes_another_out", few, story);
    }
}

mod a_member_without_roles_pushes_out_nothing_of_others {
    use super::*;

    fn few(config: iam::IamConfig) -> iam::IamConfig {
        let limits = iam::IamLimits {
            audit_entries_per_account: 20,
            ..config.limits.clone()
        };
        iam::IamConfig { limits, ..config }
    }

    async fn story(world: World) {
        let bob = world.person("bob@example.org", None).await;
        let changes = |found: &[Recorded]| {
            let changes = found.iter().filter(|entry| entry.kind == "change");
            changes.map(|entry| entry.number).collect::<Vec<_>>()
        };
        let before = entries(&world).await;
        let chosen = "chosen at the beginning";
        for at in 0..12 {
            let tokens = world.password(&bob.email, chosen).await.unwrap();
            let session = world.enter(&crate::world::access_token(&tokens)).unwrap();
            world.iam.log_out(&session).await.unwrap();
            let (key, _) = world.key(&bob.identity, NewKey::default()).await;
            world
                .iam
                .delete_api_key(&bob.identity, key)
                .await
                .unwrap_or_else(|error| panic!("{at}: {error}"));
        }
        world.iam.write_counts(true).await.unwrap();
        world.iam.trim_audit().await.unwrap();
        let found = entries(&world).await;
        let kept = changes(&found);
        assert!(!changes(&before).is_empty());
        assert!(
            changes(&before).iter().all(|change| kept.contains(change)),
            "{found:#?}"
        );
        // The oldest entries of this user were dropped.
        assert!(of(&found, "session_ended").len() < 12);
        assert!(of(&found, "key_made").len() < 13);
    }

    #[test]
    fn on_sqlite() {
        crate::world::on_sqlite(few, story);
    }

    #[test]
    fn on_postgres() {
        let name = "a_member_without_roles_pushes_out_nothing_of_others";
        crate::world::on_postgres(name, few, story);
    }
}

async fn nobody_gets_a_code_for_an_address_that_is_not_proven(world: World) {
    let bob = world.person("bob@example.org", None).await;
    let iam = &world.iam;
    assert_eq!(code(iam.reset_code(&bob.email).await), "conflict");
    assert_eq!(
        code(iam.operators_key(&bob.email, None, "k").await),
        "conflict"
    );
    assert_eq!(
        code(iam.reset_code("nobody@example.org").await),
        "not_found"
    );
    assert_eq!(
        code(iam.operators_key("nobody@example.org", None, "k").await),
        "not_found"
    );
    iam.confirm(&bob.email).await.unwrap();
    let made = iam.reset_code("BOB@example.org").await.unwrap();
    let new = secret("chosen once more, and long");
    iam.redeem(source(), &bob.email, &made.code, new.clone())
        .await
        .unwrap();
    assert!(world.password(&bob.email, new.expose()).await.is_ok());
    // The user keeps what they had.
    let key = iam.operators_key(&bob.email, None, "k").await.unwrap();
    assert!(world.enter_key(key.text.expose()).is_ok());
}

async fn a_code_ends_with_a_change_of_the_password_and_with_its_day(world: World) {
    let iam = &world.iam;
    let redeem = async |code| {
        let new = secret("a passphrase that is new");
        iam.redeem(source(), OWNER, code, new).await
    };
    let made = iam.reset_code(OWNER).await.unwrap();
    world.clock.advance(86_400_000);
    assert_eq!(code(redeem(&made.code).await), "wrong_code");
    let made = iam.reset_code(OWNER).await.unwrap();
    let (old, new) = (
        world.made.password.clone(),
        secret("changed by the owner, lengthy"),
    );
    world
        .change_password(&world.owner(), source(), old, new)
        .await
        .unwrap();
    assert_eq!(code(redeem(&made.code).await), "wrong_code");
    // A weak one uses no code up.
    let made = iam.reset_code(OWNER).await.unwrap();
    let weak = iam
        .redeem(source(), OWNER, &made.code, secret("short"))
        .await;
    assert!(weak.is_err());
    redeem(&made.code).await.unwrap();
}

async fn what_cannot_be_written_is_kept(world: World) {
    let db = world.database().await;
    let rename = async |sql: &'static str| {
        let mut tx = db.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "a test breaks the table")]
        tx.commit().await.unwrap();
    };
    let _ = world.password(OWNER, "wrong").await.unwrap_err();
    rename("ALTER TABLE audit RENAME TO gone").await;
    assert!(world.iam.write_counts(true).await.is_err());
    assert!(
        world
            .iam
            .create_space(&world.owner(), world.org(), "more")
            .await
            .is_err()
    );
    assert_eq!(
        world
            .iam
            .spaces(&world.owner(), None, |_| true, PageRequest::WHOLE)
            .total,
        1
    );
    rename("ALTER TABLE gone RENAME TO audit").await;
    world.iam.write_counts(true).await.unwrap();
    assert_eq!(of(&entries(&world).await, "login_failed").len(), 1);
    db.close().await;
}
