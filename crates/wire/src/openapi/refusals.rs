//! The refusals of operations: by the layers before their handlers, and by handlers of the same sort.
//!
//! Each status is named, and no range: a client sees what may come, and a test what may not. No operation has 405, which answers to
//! methods that a path does not have.

use serde_json::Value;

/// A status, and what it means.
pub(super) type Refused = (&'static str, &'static str);

const WRONG: Refused = ("400", "the request is wrong");
pub(super) const UNPROVEN: Refused = ("401", "no credential, or one that is no good");
pub(super) const FORBIDDEN: Refused = ("403", "a good credential without the right");
pub(super) const UNKNOWN: Refused = ("404", "it does not exist, or is not the caller's to see");
pub(super) const NO_DOMAIN: Refused = (
    "404",
    "the domain does not exist, or is not the caller's to see",
);
const SLOW: Refused = ("408", "the body did not come in time");
const CONFLICT: Refused = (
    "409",
    "it conflicts with what is there, with a limit, or with another change at this moment",
);
const TOO_LARGE: Refused = ("413", "the body is too large");
pub(super) const BUSY: Refused = (
    "429",
    "too many at once, or in this time: send again after `Retry-After` seconds",
);
const LONG_HEADERS: Refused = ("431", "the headers are too large");
pub(super) const FAILED: Refused = ("500", "the server failed");
/// In place of [`FAILED`] where something is changed.
pub(super) const OUTCOME_UNKNOWN: Refused = (
    "500",
    "the server failed; with `BXNMSSV12E`, or where the message says so, the change may have been made: look before you send it again",
);
pub(super) const NOT_NOW: Refused = ("503", "not now: send again after `Retry-After` seconds");

/// Of every request, whatever it is.
pub(super) const ALWAYS: [Refused; 4] = [WRONG, LONG_HEADERS, FAILED, NOT_NOW];

/// Of a request with a body, beside what is refused always.
pub(super) const WITH_BODY: [Refused; 2] = [SLOW, TOO_LARGE];

/// The refusals that an operation without a body cannot have.
pub(super) const NO_BODY: &[&str] = &[SLOW.0, TOO_LARGE.0];

/// Of a form of the token service that changes something, whoever sends it.
pub(super) const FORM: [Refused; 7] = [
    WRONG,
    SLOW,
    TOO_LARGE,
    BUSY,
    LONG_HEADERS,
    OUTCOME_UNKNOWN,
    NOT_NOW,
];

/// Of a caller's request to a domain.
pub(super) const OF_DOMAIN: [Refused; 10] = [
    WRONG,
    UNPROVEN,
    FORBIDDEN,
    NO_DOMAIN,
    SLOW,
    TOO_LARGE,
    BUSY,
    LONG_HEADERS,
    FAILED,
    NOT_NOW,
];

/// The effect of a request on stored data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It reads alone.
    Reads,
    /// It ends logins, or changes the caller's password, which nothing conflicts with.
    Ends,
    /// It changes what an account has.
    Changes,
}

/// A caller's request to the management interface.
#[derive(Debug, Clone)]
pub(super) struct Managed {
    /// The form of its errors.
    pub(super) error: Value,
    pub(super) effect: Effect,
    /// Whether it has a body, or may have one to be refused for.
    pub(super) reads_body: bool,
    /// Whether it names what may not be there.
    pub(super) names_something: bool,
}

impl Managed {
    /// What it may be refused with.
    pub(super) fn refusals(&self) -> impl Iterator<Item = Refused> {
        let always = [WRONG, UNPROVEN, FORBIDDEN, BUSY, LONG_HEADERS, NOT_NOW];
        let with_body = WITH_BODY.into_iter().filter(|_| self.reads_body);
        // A change is of an account, which may be deleted at this moment.
        let is_change = self.effect == Effect::Changes;
        let unknown = (is_change || self.names_something).then_some(UNKNOWN);
        let conflict = is_change.then_some(CONFLICT);
        let failed = match self.effect {
            Effect::Reads => FAILED,
            Effect::Ends | Effect::Changes => OUTCOME_UNKNOWN,
        };
        (always.into_iter().chain(with_body))
            .chain(unknown)
            .chain(conflict)
            .chain([failed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statuses(effect: Effect, reads_body: bool, names_something: bool) -> Vec<&'static str> {
        let managed = Managed {
            error: Value::Null,
            effect,
            reads_body,
            names_something,
        };
        let mut all: Vec<&str> = managed.refusals().map(|(status, _)| status).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_request_is_refused_by_what_it_does() {
        let list = ["400", "401", "403", "429", "431", "500", "503"];
        assert_eq!(statuses(Effect::Reads, false, false), list);
        let one = ["400", "401", "403", "404", "429", "431", "500", "503"];
        assert_eq!(statuses(Effect::Reads, false, true), one);
        assert_eq!(statuses(Effect::Ends, false, true), one);
        let change = [
            "400", "401", "403", "404", "408", "409", "413", "429", "431", "500", "503",
        ];
        assert_eq!(statuses(Effect::Changes, true, false), change);
    }

    #[test]
    fn whoever_changes_something_is_told_to_look_first() {
        for (effect, expected) in [
            (Effect::Reads, FAILED),
            (Effect::Ends, OUTCOME_UNKNOWN),
            (Effect::Changes, OUTCOME_UNKNOWN),
        ] {
            let managed = Managed {
                error: Value::Null,
                effect,
                reads_body: false,
                names_something: false,
            };
            let failed: Vec<Refused> = managed
                .refusals()
                .filter(|(status, _)| *status == "500")
                .collect();
            assert_eq!(failed, [expected]);
        }
    }
}
