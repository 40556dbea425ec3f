//! Whether the conditions of time hold, and when each may change: in the order of time, so that an edge of one costs nothing for the
//! others, whoever's they are.

use super::map::Map;
use super::sharded::Sharded;
use crate::model::time_condition::{Judgement, Span};
use base::id::PolicyId;
use base::time::Millis;
use std::collections::BTreeSet;

/// The judgements of the policies that have a condition.
#[derive(Debug, Clone, Default)]
pub(super) struct Judgements {
    by_policy: Map<PolicyId, Judgement>,
    /// It is made of the others.
    edges: Sharded<Edges>,
}

/// Where the spans of some judgements begin and end, if they do.
#[derive(Debug, Clone, Default)]
struct Edges {
    begins: BTreeSet<(i64, PolicyId)>,
    ends: BTreeSet<(i64, PolicyId)>,
}

impl PartialEq for Judgements {
    fn eq(&self, other: &Self) -> bool {
        self.by_policy == other.by_policy
    }
}

impl Judgements {
    /// The judgement of a policy, if it has a condition.
    pub(super) fn get(&self, id: PolicyId) -> Option<&Judgement> {
        self.by_policy.get(&id)
    }

    /// Adds a judgement, in place of the policy's last one.
    pub(super) fn insert(&mut self, id: PolicyId, judgement: Judgement) {
        self.remove(id);
        if let Some(edges) = self.edges.of_mut(&id) {
            edges.add(id, judgement.span);
        }
        self.by_policy.insert(id, judgement);
    }

    /// Removes the judgement of a policy, if there is one.
    pub(super) fn remove(&mut self, id: PolicyId) {
        let Some(judgement) = self.by_policy.get(&id) else {
            return;
        };
        if let Some(edges) = self.edges.of_mut(&id) {
            edges.remove(id, judgement.span);
        }
        self.by_policy.remove(&id);
    }

    /// The span of time for which all judgements are right; without an instant where they are not of one time.
    pub(super) fn right_for(&self) -> Span {
        let spans = self.edges.iter().map(Edges::between);
        spans.fold(Span::ALL, Span::intersect)
    }

    /// The policies whose judgements are not right at this instant, whichever way the clock went.
    pub(super) fn due(&self, now: Millis) -> Vec<PolicyId> {
        let at = now.secs();
        let due = self.edges.iter().flat_map(|edges| edges.due(at));
        due.collect()
    }
}

impl Edges {
    fn add(&mut self, id: PolicyId, span: Span) {
        if span.since != Span::ALL.since {
            self.begins.insert((span.since, id));
        }
        if span.until != Span::ALL.until {
            self.ends.insert((span.until, id));
        }
    }

    fn remove(&mut self, id: PolicyId, span: Span) {
        self.begins.remove(&(span.since, id));
        self.ends.remove(&(span.until, id));
    }

    /// The span between the last beginning and the first end.
    fn between(&self) -> Span {
        Span {
            since: (self.begins.last()).map_or(Span::ALL.since, |(since, _)| *since),
            until: (self.ends.first()).map_or(Span::ALL.until, |(until, _)| *until),
        }
    }

    /// A span ends after it begins, so none is in both.
    fn due(&self, at: i64) -> impl Iterator<Item = PolicyId> {
        let ended = self.ends.iter().take_while(move |(until, _)| *until <= at);
        let ahead = (self.begins.iter().rev()).take_while(move |(since, _)| *since > at);
        ended.chain(ahead).map(|(_, id)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sharded::SHARDS;
    use super::*;
    use base::id::Guid;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn policy(number: u16) -> PolicyId {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        PolicyId(Guid::from_random(bytes))
    }

    fn judgement() -> impl Strategy<Value = Judgement> {
        let since = prop_oneof![Just(i64::MIN), -20_i64..20];
        let length = prop_oneof![Just(None), (1_i64..20).prop_map(Some)];
        (any::<bool>(), since, length).prop_map(|(is_met, since, length)| {
            let from = since.max(-20);
            let until = length.map_or(i64::MAX, |length| from + length);
            Judgement {
                is_met,
                span: Span { since, until },
            }
        })
    }

    proptest! {
        #[test]
        fn it_finds_what_a_look_at_all_of_them_finds(
            steps in prop::collection::vec((0_u16..12, prop::option::of(judgement()), -25_i64..45), 0..60)
        ) {
            let (mut tested, mut model) = (Judgements::default(), BTreeMap::new());
            for (number, judgement, at) in steps {
                let id = policy(number);
                match judgement {
                    Some(judgement) => {
                        tested.insert(id, judgement);
                        model.insert(id, judgement);
                    }
                    None => {
                        tested.remove(id);
                        model.remove(&id);
                    }
                }
                let now = Millis::from_secs(at);
                let is_due = |(_, judgement): &(&PolicyId, &Judgement)| !judgement.span.contains(now);
                let expected: Vec<PolicyId> = model.iter().filter(is_due).map(|(id, _)| *id).collect();
                let mut due = tested.due(now);
                due.sort_unstable();
                prop_assert_eq!(&due, &expected);
                let spans = model.values().map(|judgement| judgement.span);
                let right_for = tested.right_for();
                prop_assert_eq!(right_for, spans.fold(Span::ALL, Span::intersect));
                prop_assert_eq!(right_for.contains(now), due.is_empty());
            }
        }
    }

    #[test]
    fn an_edge_of_one_copies_the_part_that_it_is_in_alone() {
        let mut judged = Judgements::default();
        let of = |until| Judgement {
            is_met: true,
            span: Span { since: 0, until },
        };
        for number in 0..2000 {
            judged.insert(policy(number), of(100 + i64::from(number)));
        }
        let before = judged.clone();
        assert_eq!(judged.due(Millis::from_secs(100)), [policy(0)]);
        judged.insert(policy(0), of(10_000));
        assert_eq!(judged.edges.shared_with(&before.edges), SHARDS - 1);
    }
}
