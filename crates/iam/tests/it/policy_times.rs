//! Access policies with conditions of time: from when and until when they give their roles, on every node, and what forms and stored
//! rows can do to that.

use crate::node::soon;
use crate::reach::written_by_a_newer_node;
use crate::world::{START, World, code, on_both_databases};
use base::scope::{Action, Domain};
use iam::directory::{Attribute, NamedRole, Policy, PolicyRole, PolicySubject};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms, policy_tag};
use iam::manage::policy_condition::ConditionTerms;
use iam::{Credential, Iam, TimeCondition};
use serde_json::{Value, json};
use std::time::Duration;

on_both_databases!(
    one_is_in_force_from_its_beginning_to_its_end_on_every_node,
    a_node_that_begins_looks_at_the_clock,
    a_task_keeps_to_the_times,
    hours_of_the_week_come_again,
    a_form_without_conditions_takes_none_away,
    what_never_holds_is_not_made_and_what_is_over_may_stay,
    one_whose_condition_is_not_known_gives_nothing,
);

fn text(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn one(key: &str, operator: &str, value: impl Into<Value>) -> Value {
    let key = format!("{{{{environment.attributes.{key}}}}}");
    json!({ "key": key, "operator": operator, "value": value.into() })
}

/// From one second to the last one.
fn span(from: i64, to: i64) -> TimeCondition {
    let conditions = [
        one(
            "current_date_time",
            "dateTimeGreaterThanOrEquals",
            text(from),
        ),
        one("current_date_time", "dateTimeLessThanOrEquals", text(to)),
    ];
    let rule = json!({ "operator": "and", "conditions": conditions });
    TimeCondition::read("time-based-conditions:once", rule).unwrap()
}

fn only(condition: TimeCondition) -> ConditionTerms {
    ConditionTerms::Only(Some(condition))
}

/// A policy for the service ID of a scenario, in its account.
struct Subject<'w> {
    world: &'w World,
    subject: PolicySubject,
    key: String,
}

impl<'w> Subject<'w> {
    async fn of(world: &'w World) -> Self {
        let (principal, key) = world.service().await;
        Self {
            world,
            subject: PolicySubject::Principal(principal),
            key,
        }
    }

    fn terms(&self, role: NamedRole, condition: ConditionTerms) -> PolicyTerms {
        let account = self.world.made.account.to_string();
        PolicyTerms {
            condition,
            subject: self.subject,
            grant: PolicyGrant {
                description: String::new(),
                roles: vec![PolicyRole::Named(role)],
                attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
            },
        }
    }

    async fn make(&self, condition: ConditionTerms) -> Policy {
        let terms = self.terms(NamedRole::Viewer, condition);
        let owner = self.world.owner();
        let made = self.world.iam.create_policy(&owner, terms).await;
        made.unwrap()
    }

    fn may_query(&self, iam: &Iam) -> bool {
        let space = Domain::Space(self.world.space());
        let key = Credential::ApiKey(&self.key);
        let scope = iam.verifier().scope(key, Some(space));
        scope.is_ok_and(|scope| scope.actions().contains(Action::Render))
    }
}

async fn one_is_in_force_from_its_beginning_to_its_end_on_every_node(world: World) {
    let subject = Subject::of(&world).await;
    let node = world.node().await;
    let made = subject.make(only(span(START + 600, START + 1200))).await;
    let read = node.policy(&world.owner(), made.id).await.unwrap();
    assert_eq!(read, made);
    // The seconds that pass, and whether it is in force then; at last somebody sets the clock back.
    for (seconds, expected) in [
        (0, false),
        (599, false),
        (1, true),
        (600, true),
        (1, false),
        (86_400, false),
        (-86_401, true),
        (-601, false),
    ] {
        world.wait(seconds);
        for iam in [&world.iam, &node] {
            iam.sync().await.unwrap();
            assert_eq!(subject.may_query(iam), expected, "{seconds}");
            assert!(iam::inspect::matches_database(iam).await.unwrap());
        }
    }
    node.close().await;
}

async fn a_node_that_begins_looks_at_the_clock(world: World) {
    let subject = Subject::of(&world).await;
    subject.make(only(span(START, START + 600))).await;
    assert!(subject.may_query(&world.iam), "from the call that made it");
    world.wait(601);
    let late = world.node().await;
    assert!(!subject.may_query(&late));
    late.close().await;
    world.wait(-1);
    let early = world.node().await;
    assert!(subject.may_query(&early));
    early.close().await;
    world.iam.sync().await.unwrap();
}

/// Longer than any machine takes to notice the end.
const PATIENCE: Duration = Duration::from_secs(20);

async fn a_task_keeps_to_the_times(world: World) {
    let subject = Subject::of(&world).await;
    subject.make(only(span(START + 600, START + 1200))).await;
    let task = tokio::spawn(world.iam.policy_watch());
    for (seconds, expected) in [(600, true), (601, false), (-1, true)] {
        world.wait(seconds);
        soon("a policy turns", || {
            subject.may_query(&world.iam) == expected
        })
        .await;
    }
    world.iam.close().await;
    let ended = tokio::time::timeout(PATIENCE, task).await;
    ended.expect("it goes on").unwrap();
}

async fn hours_of_the_week_come_again(world: World) {
    let subject = Subject::of(&world).await;
    // It is Tuesday, 22:13:20 in UTC, and Wednesday already by the clock of the rule.
    let conditions = [
        one("day_of_week", "dayOfWeekEquals", "3+02:00"),
        one("current_time", "timeGreaterThanOrEquals", "01:00:00+02:00"),
        one("current_time", "timeLessThan", "02:00:00+02:00"),
    ];
    let rule = json!({ "operator": "and", "conditions": conditions });
    let pattern = "time-based-conditions:weekly:custom-hours";
    let condition = TimeCondition::read(pattern, rule).unwrap();
    let begin = 46 * 60 + 40;
    subject.make(only(condition)).await;
    for (seconds, expected) in [
        (0, false),
        (begin, true),
        (3599, true),
        (1, false),
        (86_400, false),
        (6 * 86_400 - 3600, true),
    ] {
        world.wait(seconds);
        world.iam.sync().await.unwrap();
        assert_eq!(subject.may_query(&world.iam), expected, "{seconds}");
    }
}

async fn a_form_without_conditions_takes_none_away(world: World) {
    let (iam, owner) = (&world.iam, world.owner());
    let subject = Subject::of(&world).await;
    let later = span(START + 600, START + 1200);
    let policy = subject.make(only(later.clone())).await;
    let (id, tag) = (policy.id, policy_tag(&policy));
    // The same at other times is another policy, and the same at the same times is not.
    subject.make(only(span(START + 7200, START + 9000))).await;
    let again = subject.terms(NamedRole::Viewer, only(later.clone()));
    assert_eq!(code(iam.create_policy(&owner, again).await), "same_policy");
    for if_match in ["*", tag.as_str()] {
        let terms = subject.terms(NamedRole::Editor, ConditionTerms::NotInForm);
        let refused = iam.replace_policy(&owner, id, if_match, terms).await;
        assert_eq!(code(refused), "conflict");
    }
    let off = iam.switch_policy(&owner, id, &tag, false).await.unwrap();
    let on = iam.switch_policy(&owner, id, &policy_tag(&off), true).await;
    assert_eq!(on.unwrap().condition.as_deref(), Some(&later));
    let terms = subject.terms(NamedRole::Viewer, ConditionTerms::Only(None));
    let changed = iam.replace_policy(&owner, id, "*", terms).await.unwrap();
    assert_eq!(changed.condition, None);
    assert_ne!(policy_tag(&changed), tag);
    assert!(subject.may_query(iam));
    let terms = subject.terms(NamedRole::Viewer, only(later));
    iam.replace_policy(&owner, id, "*", terms).await.unwrap();
    assert!(!subject.may_query(iam));
}

async fn what_never_holds_is_not_made_and_what_is_over_may_stay(world: World) {
    let (iam, owner) = (&world.iam, world.owner());
    let subject = Subject::of(&world).await;
    let soon_over = span(START, START + 60);
    let policy = subject.make(only(soon_over.clone())).await;
    world.wait(61);
    let over = subject.terms(NamedRole::Editor, only(span(START, START + 30)));
    let refused = iam.create_policy(&owner, over.clone()).await;
    assert_eq!(code(refused), "field");
    let refused = iam.replace_policy(&owner, policy.id, "*", over).await;
    assert_eq!(code(refused), "field");
    let same = subject.terms(NamedRole::Editor, only(soon_over));
    let kept = iam.replace_policy(&owner, policy.id, "*", same).await;
    assert_eq!(kept.unwrap().condition, policy.condition);
    assert!(!subject.may_query(iam));
}

async fn one_whose_condition_is_not_known_gives_nothing(world: World) {
    let subject = Subject::of(&world).await;
    let policy = subject.make(only(span(START, START + 600))).await;
    assert!(subject.may_query(&world.iam));
    // A program that does not know the column does not know an attribute, so that it leaves the policy out.
    let db = world.database().await;
    let sql = "SELECT attributes FROM policies WHERE guid = $1";
    let row = db.all(sql, &[policy.id.to_string().into()]).await.unwrap();
    db.close().await;
    let stored: Vec<(String, String, String)> =
        serde_json::from_str(&row[0].text("attributes").unwrap()).unwrap();
    let mut read = stored
        .iter()
        .map(|(key, operator, value)| Attribute::read(key, Some(operator.as_str()), value));
    assert!(read.any(|attribute| attribute.is_err()));
    for stored in [
        Some(r#"{"pattern":"to come","rule":{}}"#),
        Some(
            r#"{"pattern":"time-based-conditions:once","rule":{"operator":"and","conditions":[]}}"#,
        ),
        Some("{}"),
        Some("?"),
        None,
    ] {
        let sql = "UPDATE policies SET time_condition = $2 WHERE guid = $1";
        let text = db::Value::Text(stored.map(str::to_owned));
        let values = [policy.id.to_string().into(), text];
        written_by_a_newer_node(&world, sql, &values).await;
        world.iam.sync().await.unwrap();
        assert!(!subject.may_query(&world.iam), "{stored:?}");
    }
}
