//! An API key before a name: `KEY.name value time`, or `KEY.name:value|type`. It is taken off before anything else sees the line:
//! what is decoded, stored, counted and logged never holds it. Only a key that may do no more than send into one domain counts, and
//! only where that domain's settings take it, because the key crosses the network as often as a line does.

use super::credential::SenderCredential;
use super::pending_lines::count;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender};
use crate::failure::refused;
use base::error::Problem;
use base::id::KeyId;
use base::name::API_KEY_PREFIX;
use base::scope::Domain;
use iam::AuthError;

/// Lines by who sends them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LinesByKey {
    /// Those without a key.
    pub(super) plain: Vec<u8>,
    /// Those of each key, without it.
    pub(super) keyed: Vec<(KeyId, Vec<u8>)>,
    /// How many have a key that does not exist.
    pub(super) unknown: u64,
}

/// The outcome of lines with keys.
#[derive(Debug, Default)]
pub(super) struct KeyedOutcome {
    /// The last key that was let in, and where it sends to.
    pub(super) last: Option<(KeyId, Domain)>,
    /// Why the last one was not.
    pub(super) refused: Option<Problem>,
}

impl LinesByKey {
    /// Has the lines of each key stored; those of a key that may not send are counted.
    pub(super) fn store(
        &self,
        shared: &SenderContext,
        sender: Sender,
        put: impl Fn(&SenderCredential, &[u8]) -> Outcome,
    ) -> KeyedOutcome {
        let mut keyed = KeyedOutcome::default();
        let refuse = |count| shared.refuse(sender.listener, sender.source, "credential", count);
        if self.unknown > 0 {
            refuse(self.unknown);
            keyed.refused = Some(refused::credential(&AuthError::KeyUnknown));
        }
        for (key, lines) in &self.keyed {
            let credential = SenderCredential::BeforeNames(*key);
            let denied = match credential.scope(shared) {
                Err(denied) => denied,
                Ok(scope) => match put(&credential, lines) {
                    Outcome::Done => {
                        keyed.last = Some((*key, scope.domain()));
                        continue;
                    }
                    Outcome::Denied(denied) => denied,
                },
            };
            refuse(count(lines));
            keyed.refused = Some(denied.problem().clone());
        }
        keyed
    }
}

/// Parts lines by the keys before their names; `None` where there is none.
pub(super) fn part(shared: &SenderContext, lines: &[u8]) -> Option<LinesByKey> {
    part_by(lines, |key| shared.app.verifier.key_with_text(key))
}

fn part_by(lines: &[u8], known: impl Fn(&str) -> Option<KeyId>) -> Option<LinesByKey> {
    memchr::memmem::find(lines, API_KEY_PREFIX.as_bytes())?;
    let mut parted = LinesByKey::default();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let Some((key, rest)) = split(line) else {
            parted.plain.extend_from_slice(line);
            continue;
        };
        let Some(id) = known(key) else {
            parted.unknown += 1;
            continue;
        };
        match parted.keyed.iter_mut().find(|entry| entry.0 == id) {
            Some((_, lines)) => lines.extend_from_slice(rest),
            None => parted.keyed.push((id, rest.to_vec())),
        }
    }
    Some(parted)
}

/// The key of a line, and the line after its dot.
fn split(line: &[u8]) -> Option<(&str, &[u8])> {
    let line = line.trim_ascii_start();
    if !line.starts_with(API_KEY_PREFIX.as_bytes()) {
        return None;
    }
    let (key, rest) = line.split_at_checked(memchr::memchr(b'.', line)?)?;
    let key = std::str::from_utf8(key).ok()?;
    let is_key = iam::key_text::is_well_formed(key);
    is_key.then(|| (key, rest.get(1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn lines_are_parted_and_no_key_is_left_in_any() {
        let (one, two) = (iam::key_text::generate(), iam::key_text::generate());
        let (one, two) = (one.expose().as_str(), two.expose().as_str());
        let ids = [1, 2].map(|byte| KeyId(Guid::from_random([byte; 16])));
        let known = |key: &str| [(one, ids[0])].into_iter().find(|entry| entry.0 == key);
        let known = |key: &str| known(key).map(|entry| entry.1);
        assert_eq!(part_by(b"a.b 1 2\n", known), None);
        let text = format!(
            "a.b 1 2\n {one}.c.d 3 4\n{two}.e 5 6\n{one}.f:1|c\n{one} 7 8\nx.{one}.g 9 1\n{one}.h 1"
        );
        let parted = part_by(text.as_bytes(), known).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(
            text(&parted.plain),
            format!("a.b 1 2\n{one} 7 8\nx.{one}.g 9 1\n")
        );
        assert_eq!(parted.unknown, 1);
        assert_eq!(parted.keyed.len(), 1);
        assert_eq!(parted.keyed[0].0, ids[0]);
        assert_eq!(text(&parted.keyed[0].1), "c.d 3 4\nf:1|c\nh 1");
    }
}
