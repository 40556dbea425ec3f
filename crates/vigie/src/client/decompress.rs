//! Unpacks compressed replies.

use crate::error::{Failure, code};
use crate::printable_text::{PrintableText, shown};
use flate2::bufread::MultiGzDecoder;
use std::io::Read as _;
use ureq::http::{HeaderMap, header};

/// Why a reply cannot be unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It has another coding than requested.
    Coding(String),
    /// It is invalid or truncated gzip.
    Broken,
    /// It unpacks to more bytes than this.
    TooLarge(u64),
}

impl Unreadable {
    /// The failure.
    pub(super) fn failure(self, origin: &str) -> Failure {
        let code = match self {
            Self::TooLarge(_) => code::ANSWER_TOO_LARGE,
            Self::Coding(_) | Self::Broken => code::ANSWER_MALFORMED,
        };
        let why = match self {
            Self::Coding(name) => shown!(
                "packed as `{}`, which was not asked for",
                PrintableText::untrusted(&name)
            ),
            Self::Broken => "packed by gzip, which ends early or is damaged".into(),
            Self::TooLarge(most) => shown!("larger than {} MiB", most >> 20),
        };
        Failure::failed(shown!(
            "the answer of `{}` is {}",
            PrintableText::untrusted(origin),
            why
        ))
        .coded(code)
        .hint("a proxy on the way may have changed it")
    }
}

/// The unpacked body, of at most `most` bytes.
pub(super) fn body(headers: &HeaderMap, body: Vec<u8>, most: u64) -> Result<Vec<u8>, Unreadable> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let coding = match (codings.next(), codings.next()) {
        (None, _) => return Ok(body),
        (Some(one), None) => String::from_utf8_lossy(one.as_bytes())
            .trim()
            .to_ascii_lowercase(),
        (Some(_), Some(_)) => return Err(Unreadable::Coding("several".to_owned())),
    };
    match coding.as_str() {
        "" | "identity" => return Ok(body),
        // Some servers name a coding for an empty body.
        "gzip" | "x-gzip" if body.is_empty() => return Ok(body),
        "gzip" | "x-gzip" => {}
        _ => return Err(Unreadable::Coding(coding)),
    }
    let mut plain = Vec::new();
    let mut packed = MultiGzDecoder::new(body.as_slice()).take(most.saturating_add(1));
    packed
        .read_to_end(&mut plain)
        .map_err(|_| Unreadable::Broken)?;
    if plain.len() as u64 > most {
        return Err(Unreadable::TooLarge(most));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;
    use ureq::http::HeaderValue;

    fn content_encoding(coding: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        headers
    }

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn an_answer_is_read_as_it_is_packed_and_no_further_than_it_may() {
        let plain = vec![b'1'; 5000];
        let gzip = packed(&plain);
        assert!(gzip.len() < 100);
        assert_eq!(
            body(&content_encoding("GZIP"), gzip.clone(), 5000),
            Ok(plain.clone())
        );
        assert_eq!(
            body(&content_encoding("x-gzip"), gzip.clone(), 5000),
            Ok(plain.clone())
        );
        assert_eq!(body(&HeaderMap::new(), plain.clone(), 1), Ok(plain.clone()));
        assert_eq!(
            body(&content_encoding("identity"), plain.clone(), 1),
            Ok(plain)
        );
        assert_eq!(
            body(&content_encoding("gzip"), Vec::new(), 1),
            Ok(Vec::new())
        );
        assert_eq!(
            body(&content_encoding("gzip"), gzip.clone(), 4999),
            Err(Unreadable::TooLarge(4999))
        );
        let cut = gzip[..gzip.len() - 1].to_vec();
        for broken in [cut, b"no gzip".to_vec()] {
            assert_eq!(
                body(&content_encoding("gzip"), broken, 5000),
                Err(Unreadable::Broken)
            );
        }
        for other in ["br", "gzip, gzip"] {
            let answered = body(&content_encoding(other), gzip.clone(), 5000);
            assert_eq!(answered, Err(Unreadable::Coding(other.to_owned())));
        }
        let mut twice = content_encoding("gzip");
        twice.append(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(matches!(
            body(&twice, gzip, 5000),
            Err(Unreadable::Coding(_))
        ));
    }
}
