//! The login of a connection of lines, and its renewal by further `AUTH` lines of the same sender.

use super::credential::SenderCredential;
use crate::http::fair_share::ShareOwner;
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use wire::auth_line::{self, AuthLineError};

/// Bytes that a failed renewal counts as, which may be sent again and again. A token with a forged signature, the costliest, takes
/// 0.10 ms of a processor, what is no token at all 0.01 ms; 64 KiB of lines that are stored take 1.75 ms (a release build). So 4
/// KiB would be its price among lines. It is sixteen times that, because it is of no use: at the default rate one domain has 512
/// of them a second, which are a twentieth of a processor, where its lines may take nine tenths of one. An honest sender pays
/// nothing for it: as many fit into what may come at once, and with the smallest rate a failure is paid for within
/// `sender_debt_seconds`.
pub(super) const FAILED_BYTES: usize = 64 * 1024;

/// Before a token ends, its sender is warned: so long before at most, and a third of its life where that is less.
const WARN_MILLIS: i64 = 60_000;

/// The login of a connection of lines.
#[derive(Debug)]
pub(super) struct Login {
    pub(super) credential: SenderCredential,
    pub(super) principal: Principal,
    pub(super) domain: Domain,
    /// For whom it counts what it takes.
    pub(super) owner: ShareOwner,
    /// When to warn; `None` when it was done, or the credential lasts.
    pub(super) warn_at: Option<Millis>,
}

/// When to warn of a token that ends in so many milliseconds.
pub(super) fn warn_at(now: Millis, left: i64) -> Millis {
    now.plus(left - (left / 3).min(WARN_MILLIS))
}

/// Whether a line can only renew the open login: it names no other domain, and the open login was made with a credential. A sender
/// known by its address that presents a credential claims another identity.
pub(super) fn is_renewal(line: &[u8], open: &Login) -> bool {
    matches!(open.credential, SenderCredential::Credential { .. })
        && names_no_other(line, open.domain)
}

/// Where the next `AUTH` line is: from its first byte to its end.
pub(super) fn next_auth(lines: &[u8], mut from: usize) -> Option<(usize, usize)> {
    loop {
        let rest = lines.get(from..)?;
        let found = from + memchr::memmem::find(rest, auth_line::WORD)?;
        let stop = found + memchr::memchr(b'\n', lines.get(found..)?)?;
        let before = found.checked_sub(1).and_then(|at| lines.get(at));
        let begins = found == from || before == Some(&b'\n');
        if begins && auth_line::is_one(lines.get(found..stop)?) {
            return Some((found, stop));
        }
        from = stop + 1;
    }
}

fn names_no_other(line: &[u8], domain: Domain) -> bool {
    match auth_line::parse(line) {
        Ok(line) => line.scope.is_none_or(|scope| scope == domain),
        Err(AuthLineError::Scope(_)) => false,
        // `AUTH`, kind and credential: after these would be a domain.
        Err(AuthLineError::Credential(_)) => {
            let words = line.split(u8::is_ascii_whitespace);
            words.filter(|word| !word.is_empty()).count() <= 3
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{Guid, SpaceId};

    #[test]
    fn auth_lines_are_found_where_lines_begin() {
        let text = b"a 1\nAUTH iam x\nb.AUTH 1\n AUTH iam\nAUTHX 1\nAUTH\r\nc 2\n";
        assert_eq!(next_auth(text, 0), Some((4, 14)));
        let (at, stop) = next_auth(text, 15).unwrap();
        assert_eq!(&text[at..stop], b"AUTH\r");
        assert_eq!(next_auth(text, stop + 1), None);
        assert_eq!(next_auth(b"x 1\n", 0), None);
        assert_eq!(next_auth(b"", 0), None);
    }

    #[test]
    fn an_auth_line_for_another_domain_renews_nothing() {
        let domain = Domain::Space(SpaceId(Guid::from_random([1; 16])));
        let other = Domain::Space(SpaceId(Guid::from_random([2; 16])));
        for (line, expected) in [
            ("AUTH iam x".to_owned(), true),
            (format!("AUTH iam x {domain}"), true),
            (format!("AUTH iam x {other}\r"), false),
            ("AUTH iam x s-none".to_owned(), false),
            ("AUTH nothing".to_owned(), true),
            (format!("AUTH nothing x {domain}"), false),
        ] {
            assert_eq!(names_no_other(line.as_bytes(), domain), expected, "{line}");
        }
    }
}
