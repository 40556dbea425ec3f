//! How often this node asks for the changes of other nodes because of a credential that it refuses: another node may have made it a
//! moment ago, and whoever guesses must not be able to keep the database busy. What was asked for a moment ago and not there is not asked
//! for again: if it is made meanwhile, the node hears of it by itself.

use super::shared_query::QueryMoment;
use crate::entropy::sha256;
use base::rate_limit::{Rate, Table, TokenBucket};
use base::source::SourceKey;
use base::time::Millis;
use std::sync::{Mutex, PoisonError};

/// The same credential, once in a second.
const SAME: Rate = Rate::per(1, 1000);

/// Those of one source: ten each second, and twenty at once.
const OF_SOURCE: Rate = Rate::one_each(100, 20);

/// Those of one holder of good credentials, who may want what does not exist: ten each second, and fifty at once. Else few sources with
/// one token would ask for all.
const OF_HOLDER: Rate = Rate::one_each(100, 50);

/// Those of all holders, and those of all whom nobody knows: a hundred each second, and a hundred at once. Strangers use up nothing of the
/// others' part.
const OF_ALL: Rate = Rate::one_each(10, 100);

/// Credentials, holders, and sources, that are remembered.
const REMEMBERED: usize = 4096;

/// The first half of a hash of a credential and of what is wanted with it, or of a holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 16]);

impl Fingerprint {
    /// Of all parts, each by itself: what is at the end of one is not taken for the beginning of the next.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let hashes: Vec<u8> = (parts.iter())
            .flat_map(|part| sha256(part.as_bytes()))
            .collect();
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(sha256(&hashes).split_at(16).0);
        Self(fingerprint)
    }
}

/// A question to other nodes about an object that one of them may have just created.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    /// The credential, and what is wanted with it.
    pub(crate) about: Fingerprint,
    /// The holder of the credential, if known.
    pub(crate) holder: Option<Fingerprint>,
}

/// The recent questions.
#[derive(Debug)]
pub(crate) struct Questions(Mutex<Asked>);

#[derive(Debug)]
struct Asked {
    credentials: Table<Fingerprint, AskedBefore>,
    holders: Table<Fingerprint, TokenBucket>,
    sources: Table<SourceKey, TokenBucket>,
    all_holders: TokenBucket,
    strangers: TokenBucket,
}

/// When the same was asked for last.
#[derive(Debug, Default)]
struct AskedBefore {
    bucket: TokenBucket,
    at: QueryMoment,
}

/// Whether a question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permit {
    /// It is asked now.
    Given,
    /// It was asked a moment ago.
    AskedAt(QueryMoment),
    /// Too many others were.
    Denied,
}

impl Default for Questions {
    fn default() -> Self {
        Self(Mutex::new(Asked {
            credentials: Table::new(REMEMBERED),
            holders: Table::new(REMEMBERED),
            sources: Table::new(REMEMBERED),
            all_holders: TokenBucket::default(),
            strangers: TokenBucket::default(),
        }))
    }
}

impl Questions {
    /// Whether the node may ask this at this moment; counts it if so.
    pub(crate) fn may_ask(
        &self,
        Question { about, holder }: Question,
        source: Option<SourceKey>,
        (now, moment): (Millis, QueryMoment),
    ) -> Permit {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Asked {
            credentials,
            holders,
            sources,
            all_holders,
            strangers,
        } = &mut *asked;
        let same = credentials.entry(about);
        if same.bucket.wait(SAME, now) > 0 {
            return Permit::AskedAt(same.at);
        }
        let mut limits = [
            Some((
                OF_ALL,
                if holder.is_some() {
                    all_holders
                } else {
                    strangers
                },
            )),
            holder.map(|holder| (OF_HOLDER, holders.entry(holder))),
            source.map(|source| (OF_SOURCE, sources.entry(source))),
        ];
        // What one of them refuses counts for none: it was not asked.
        let mut each = limits.iter_mut().flatten();
        if each.any(|(rate, bucket)| bucket.wait(*rate, now) > 0) {
            return Permit::Denied;
        }
        for (rate, bucket) in limits.into_iter().flatten() {
            bucket.spend(rate, now, 1);
        }
        same.bucket.spend(SAME, now, 1);
        same.at = moment;
        Permit::Given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const NOW: Millis = Millis(1_000_000);

    fn source(number: u8) -> Option<SourceKey> {
        Some(SourceKey::of(Ipv4Addr::new(192, 0, 2, number).into()))
    }

    fn may_ask(
        questions: &Questions,
        question: Question,
        source: Option<SourceKey>,
        now: Millis,
    ) -> bool {
        let permit = questions.may_ask(question, source, (now, QueryMoment::default()));
        permit == Permit::Given
    }

    fn credential(number: u16) -> Question {
        Question {
            about: Fingerprint::of(&[&number.to_string()]),
            holder: None,
        }
    }

    #[test]
    fn each_part_of_a_question_counts_by_itself() {
        let of = Fingerprint::of;
        assert_eq!(of(&["a token", "a profile"]), of(&["a token", "a profile"]));
        let differing = [
            of(&["a token"]),
            of(&["a token", "a profile"]),
            of(&["a token", "another profile"]),
            of(&["a tokena", " profile"]),
            of(&["a token", "", "a profile"]),
        ];
        for (place, one) in differing.iter().enumerate() {
            assert!(!differing[..place].contains(one), "{place}");
        }
    }

    /// Ten sources that showed one good token with profiles that do not exist asked as often as all together may.
    #[test]
    fn a_holder_who_wants_what_does_not_exist_uses_up_their_own_part() {
        let questions = Questions::default();
        let mut next = 0;
        let mut asks = |holder: &str, from: u8, now: Millis| {
            next += 1;
            let wanted = next.to_string();
            let question = Question {
                about: Fingerprint::of(&["a token", &wanted]),
                holder: Some(Fingerprint::of(&[holder])),
            };
            may_ask(&questions, question, source(from), now)
        };
        let of_all_sources = (0..100).filter(|number| asks("thief", number % 10, NOW));
        assert_eq!(of_all_sources.count(), 50);
        assert!(asks("another", 1, NOW));
        assert!(asks("thief", 1, NOW.plus(100)));
        assert!(!asks("thief", 2, NOW.plus(100)));
    }

    #[test]
    fn the_same_credential_is_asked_for_once_in_a_while() {
        let questions = Questions::default();
        assert!(may_ask(&questions, credential(1), source(1), NOW));
        assert!(!may_ask(&questions, credential(1), source(2), NOW));
        assert!(may_ask(&questions, credential(2), source(1), NOW));
        assert!(may_ask(
            &questions,
            credential(1),
            source(2),
            NOW.plus(1000)
        ));
    }

    /// What a source had used up its part for could not be asked for by another within the second.
    #[test]
    fn what_is_not_asked_counts_for_no_limit() {
        let questions = Questions::default();
        let asked =
            (0..30).filter(|number| may_ask(&questions, credential(*number), source(1), NOW));
        assert_eq!(asked.count(), 20);
        assert!(!may_ask(&questions, credential(40), source(1), NOW));
        assert!(may_ask(&questions, credential(40), source(2), NOW));
    }

    #[test]
    fn whoever_guesses_uses_up_their_own_part_and_all_together_theirs() {
        let questions = Questions::default();
        let mut next = 0;
        let mut asks = |from: Option<SourceKey>, now: Millis| {
            next += 1;
            may_ask(&questions, credential(next), from, now)
        };
        assert_eq!((0..100).filter(|_| asks(source(1), NOW)).count(), 20);
        assert!(asks(source(2), NOW));
        let others = (3..200).filter(|number| asks(source(*number), NOW));
        assert_eq!(others.count(), 79);
        assert!(!asks(source(201), NOW));
        assert!(asks(source(1), NOW.plus(100)));
    }

    /// Strangers made a healthy node deny a holder what another node had given them.
    #[test]
    fn strangers_use_up_nothing_of_what_is_for_holders() {
        let questions = Questions::default();
        let strangers = (0..200).filter(|number: &u16| {
            let from = source(u8::try_from(number % 200).unwrap_or_default());
            may_ask(&questions, credential(*number), from, NOW)
        });
        assert_eq!(strangers.count(), 100);
        assert!(!may_ask(&questions, credential(300), source(250), NOW));
        let of_holder = Question {
            about: Fingerprint::of(&["a right"]),
            holder: Some(Fingerprint::of(&["a holder"])),
        };
        assert!(may_ask(&questions, of_holder, source(250), NOW));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let questions = Questions::default();
        for number in 0..10_000 {
            may_ask(&questions, credential(number), None, NOW);
        }
        assert!(questions.0.lock().unwrap().credentials.len() <= REMEMBERED);
    }
}
