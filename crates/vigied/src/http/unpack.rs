//! Decompresses a body in steps. Its result is bounded by what the route may have, each step by the bytes of all bodies, and
//! empty members by their number.

use super::bodies::BodyReservation;
use super::problem::Refusal;
use base::limit;
use flate2::bufread::GzDecoder;
use std::io::Read as _;
use wire::code;

/// Bytes unpacked at once.
const STEP_BYTES: usize = 16 * 1024;

/// Why a body was not unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unpackable {
    /// It becomes larger than allowed.
    TooLarge,
    /// Anything else.
    Other(Refusal),
}

/// Adds to a body that grows with what has come: at most a quarter is taken in advance.
pub(crate) fn grown(bytes: &mut Vec<u8>, more: &[u8]) {
    if bytes.capacity() - bytes.len() < more.len() {
        bytes.reserve_exact(more.len().max(bytes.len() / 4));
    }
    bytes.extend_from_slice(more);
}

fn malformed(message: String) -> Unpackable {
    let problem = code::REQUEST_MALFORMED.problem(message);
    Unpackable::Other(Refusal(problem.field("Content-Encoding")))
}

/// The plain body.
///
/// # Errors
/// [`Unpackable`].
pub(crate) fn unpack(
    packed: &[u8],
    allowed: usize,
    held: &mut BodyReservation,
) -> Result<Vec<u8>, Unpackable> {
    let (mut rest, mut plain) = (packed, Vec::new());
    let mut step = vec![0; STEP_BYTES];
    for _ in 0..limit::GZIP_MEMBERS.default {
        let mut member = GzDecoder::new(rest);
        loop {
            let read = member.read(&mut step);
            let read = read.map_err(|_| malformed("the body is not valid gzip".to_owned()))?;
            let more = step.get(..read).unwrap_or_default();
            if more.is_empty() {
                break;
            }
            if plain.len() + more.len() > allowed {
                return Err(Unpackable::TooLarge);
            }
            if let Err(over) = held.grow(more.len()) {
                // The packed body is held as well.
                let never = held.never_fits(packed.len() + more.len());
                return Err(Unpackable::Other(match never {
                    Some(most) => most.never_fits(),
                    None => over.refusal(),
                }));
            }
            grown(&mut plain, more);
        }
        rest = member.into_inner();
        if rest.is_empty() {
            return Ok(plain);
        }
    }
    let (name, allowed) = (limit::GZIP_MEMBERS.name, limit::GZIP_MEMBERS.default);
    let message = format!("the packed body has more than `{name}` = {allowed} members");
    Err(match malformed(message) {
        Unpackable::Other(Refusal(problem)) => Unpackable::Other(Refusal(
            problem
                .hint("pack the body as a whole")
                .limit(&limit::GZIP_MEMBERS),
        )),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::bodies::tests::bodies;
    use crate::http::fair_share::ShareOwner;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn tried(packed: &[u8], allowed: usize) -> Result<Vec<u8>, Unpackable> {
        let mut held = BodyReservation::nothing(&bodies(1, 1_000_000), ShareOwner::Proxy);
        unpack(packed, allowed, &mut held)
    }

    #[test]
    fn members_are_one_body_and_no_more_than_may_be() {
        let two = [packed(b"ab"), packed(b""), packed(b"c")].concat();
        assert_eq!(tried(&two, 3).unwrap(), b"abc");
        assert_eq!(tried(&two, 2), Err(Unpackable::TooLarge));
        let most = usize::try_from(limit::GZIP_MEMBERS.default).unwrap();
        assert_eq!(tried(&packed(b"").repeat(most), 0).unwrap(), b"");
        let Err(Unpackable::Other(refusal)) = tried(&packed(b"").repeat(most + 1), 0) else {
            panic!("one member too many");
        };
        assert_eq!(refusal.0.limit, Some(&limit::GZIP_MEMBERS));
    }

    #[test]
    fn what_is_no_gzip_is_said_so() {
        let good = packed(b"abc");
        let garbage = [&good[..], b"x"].concat();
        let cut = &good[..good.len() - 1];
        for bad in [&b""[..], b"abc", cut, &garbage] {
            assert!(matches!(tried(bad, 100), Err(Unpackable::Other(_))));
        }
    }

    #[test]
    fn every_step_is_counted() {
        let large = packed(&vec![0; 2_000_000]);
        let Err(Unpackable::Other(refusal)) = tried(&large, 10_000_000) else {
            panic!("more than all bodies may have");
        };
        assert_eq!(refusal.0.limit, Some(&limit::BODIES_IN_FLIGHT_BYTES));
        assert_eq!(refusal.0.kind.status(), 413, "nobody can ever have so many");
    }
}
