//! Negotiates the compression of an answer by `Accept-Encoding` (RFC 9110): gzip, zstd or none.

use http::{HeaderMap, header};

/// The encodings of a packed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    /// Its name in `Content-Encoding`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// How an answer may be packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EncodingChoice {
    /// Not at all.
    Plain,
    /// With this, where that is worth it.
    Packed(Packing),
    /// With this in any case: plain ones are refused.
    OnlyPacked(Packing),
}

/// A weight in thousandths. One that cannot be read counts as 0: what is not understood is not asked for.
fn weight(text: &str) -> u32 {
    let text = text.trim();
    let is_short = text.len() <= 5 && text.starts_with(['0', '1']);
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let weight: Option<f64> = text.parse().ok().filter(|_| is_short && is_plain);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 1000: the range has been looked at"
    )]
    weight
        .filter(|weight| (0.0..=1.0).contains(weight))
        .map_or(0, |weight| (weight * 1000.0).round() as u32)
}

/// The encoding to use, by the request's header. Of two that are equally welcome it is gzip, which takes less memory. Where the
/// header rules out plain and compressed answers alike, the answer is plain: refusing it would help nobody.
pub(crate) fn of(headers: &HeaderMap) -> EncodingChoice {
    let (mut gzip, mut zstd, mut identity, mut other) = (None, None, None, None);
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
    for item in lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')) {
        let Ok(item) = std::str::from_utf8(item) else {
            continue;
        };
        let mut parts = item.split(';');
        let coding = parts.next().unwrap_or_default().trim();
        let weight = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1000, |(_, text)| weight(text));
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            gzip = gzip.max(Some(weight));
        } else if coding.eq_ignore_ascii_case("zstd") {
            zstd = zstd.max(Some(weight));
        } else if coding.eq_ignore_ascii_case("identity") {
            identity = Some(weight);
        } else if coding == "*" {
            other = Some(weight);
        }
    }
    let gzip = gzip.or(other).unwrap_or(0);
    // Who names neither means what everybody has.
    let zstd = zstd.unwrap_or(0);
    let (packing, weight) = if zstd > gzip {
        (Packing::Zstd, zstd)
    } else {
        (Packing::Gzip, gzip)
    };
    // Plain answers are accepted unless denied, and preferred only if the client says so.
    let is_refused = identity.or(other) == Some(0);
    match weight {
        0 => EncodingChoice::Plain,
        _ if is_refused => EncodingChoice::OnlyPacked(packing),
        weight if identity.is_some_and(|identity| identity > weight) => EncodingChoice::Plain,
        _ => EncodingChoice::Packed(packing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn weights_decide() {
        for (line, accepted) in [
            ("gzip", EncodingChoice::Packed(Packing::Gzip)),
            ("*", EncodingChoice::Packed(Packing::Gzip)),
            ("*;q=0, gzip", EncodingChoice::OnlyPacked(Packing::Gzip)),
            (
                "identity;q=0, gzip;q=0.1",
                EncodingChoice::OnlyPacked(Packing::Gzip),
            ),
            ("identity;q=0", EncodingChoice::Plain),
            ("gzip;q=0.5, identity;q=0.6", EncodingChoice::Plain),
            ("gzip;q=0, x-gzip", EncodingChoice::Packed(Packing::Gzip)),
            ("gzip;q=1.001", EncodingChoice::Plain),
            ("gzip;q=-1", EncodingChoice::Plain),
            ("gzip;q=inf", EncodingChoice::Plain),
            ("gzip;q=", EncodingChoice::Plain),
            ("gzip;level=9", EncodingChoice::Packed(Packing::Gzip)),
            (",;,=,;q=1,,", EncodingChoice::Plain),
            ("zstd", EncodingChoice::Packed(Packing::Zstd)),
            (
                "gzip, deflate, br, zstd",
                EncodingChoice::Packed(Packing::Gzip),
            ),
            ("gzip;q=0.5, ZSTD", EncodingChoice::Packed(Packing::Zstd)),
            (
                "gzip;q=0, zstd;q=0.1",
                EncodingChoice::Packed(Packing::Zstd),
            ),
            ("zstd;q=0.5, *", EncodingChoice::Packed(Packing::Gzip)),
            ("zstd, *;q=0", EncodingChoice::OnlyPacked(Packing::Zstd)),
            ("zstd;q=0.5, identity", EncodingChoice::Plain),
            ("zstd;q=0", EncodingChoice::Plain),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
            assert_eq!(of(&headers), accepted, "{line}");
        }
        assert_eq!(of(&HeaderMap::new()), EncodingChoice::Plain);
    }
}
