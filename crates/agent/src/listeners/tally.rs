//! Counts of what one connection has sent, and of what was refused. The sender gets the report at the end only: a sender that never
//! reads would otherwise close with unread bytes, and the system would reset the connection, losing lines still on their way.

/// How much of a reason is repeated, in characters: enough for every name that is allowed.
const REASON_CHARACTERS_MAX: usize = 1500;

/// The counts of one connection.
#[derive(Debug, Default)]
pub(super) struct Tally {
    received: u64,
    refused: u64,
    /// The reason of the first reject.
    first: String,
}

impl Tally {
    /// So many have come, whatever becomes of them.
    pub(super) const fn receive(&mut self, count: u64) {
        self.received += count;
    }

    /// Of those that have come, so many are refused.
    pub(super) fn refuse(&mut self, count: u64, why: impl FnOnce() -> String) {
        if count > 0 && self.refused == 0 {
            self.first = why();
        }
        self.refused += count;
    }

    /// The closing message to the sender about its `lines`; nothing if all were accepted.
    pub(super) fn message(&self, lines: &str) -> Option<String> {
        let were = match self.refused {
            0 => return None,
            1 => "was",
            _ => "were",
        };
        // It repeats what was sent, and may be shown on a terminal.
        let first = self.first.chars().take(REASON_CHARACTERS_MAX);
        let first: String = first
            .map(|character| {
                if character.is_control() {
                    '?'
                } else {
                    character
                }
            })
            .collect();
        let Self {
            received, refused, ..
        } = self;
        Some(format!(
            "{refused} of {received} {lines} {were} refused; the first: {first}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_with_the_first_reason() {
        let mut tally = Tally::default();
        tally.receive(3);
        tally.refuse(0, || panic!("nothing was refused"));
        assert_eq!(tally.message("lines"), None);
        tally.refuse(1, || "a \u{1b}[31m b".to_owned());
        let expected = "1 of 3 lines was refused; the first: a ?[31m b";
        assert_eq!(tally.message("lines").as_deref(), Some(expected));
        tally.refuse(1, || "another".to_owned());
        let expected = "2 of 3 lines were refused; the first: a ?[31m b";
        assert_eq!(tally.message("lines").as_deref(), Some(expected));
    }
}
