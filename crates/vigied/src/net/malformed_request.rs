//! Answers to malformed requests. The HTTP library refuses them with a status and no body; this module replaces that by a normal
//! error, in the form of the monitoring routes, because no route is known.

use base::error::Problem;
use base::limit;
use wire::code;
use wire::problem::MonitoringBody;

/// The library's own refusals are shorter.
const HEAD_BYTES_MAX: usize = 256;

/// The replacement for `bytes`, if these are exactly a refusal of the library. Our own answers never match: they carry more
/// headers.
pub(super) fn replacement_for(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > HEAD_BYTES_MAX {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(1..5)?;
    let mut date = None;
    for line in lines {
        match line {
            "connection: close" | "content-length: 0" => {}
            _ => date = Some(line.strip_prefix("date: ")?),
        }
    }
    let (first, problem) = match status.trim() {
        // A target that is too long is refused like a head that is too large.
        "431" | "414" => ("431 Request Header Fields Too Large", too_large()),
        "400" => ("400 Bad Request", malformed()),
        _ => return None,
    };
    let mut body = serde_json::to_vec(&MonitoringBody::from(&problem)).ok()?;
    body.push(b'\n');
    let head = format!(
        "HTTP/1.1 {first}\r\ncontent-type: application/json\r\ntransaction-id: {}\r\nx-content-type-options: nosniff\r\n\
         connection: close\r\ncontent-length: {}\r\ndate: {}\r\n\r\n",
        iam::entropy::guid(),
        body.len(),
        date?
    );
    Some([head.as_bytes(), &body].concat())
}

fn too_large() -> Problem {
    let name = limit::HEADER_BYTES.name;
    let message = format!(
        "the request's head is far larger than `{name}` allows, or has more than 100 lines"
    );
    code::HEADERS_TOO_LARGE
        .problem(message)
        .limit(&limit::HEADER_BYTES)
}

fn malformed() -> Problem {
    code::REQUEST_MALFORMED
        .problem("the method, target, version or a header line of the request cannot be read")
        .hint(
            "send HTTP/1.1 or HTTP/2, with nothing but visible ASCII in the first line; \
             a query has `%22`, `%3C` and `%3E` in place of `\"`, `<` and `>`",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "date: Thu, 26 Nov 2026 07:00:00 GMT\r\n";

    #[test]
    fn only_the_librarys_own_answer_is_replaced() {
        let answer = |status: &str| {
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n{DATE}\r\n")
        };
        for (status, code) in [
            ("431 Request Header Fields Too Large", "BXNMSSV04E"),
            ("414 URI Too Long", "BXNMSSV04E"),
            ("400 Bad Request", "BXNMSSV09E"),
        ] {
            let bytes = replacement_for(answer(status).as_bytes()).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains(code) && text.contains(DATE), "{text}");
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
        }
        for other in [
            answer("200 OK"),
            answer("404 Not Found"),
            answer("400 Bad Request") + "x",
            answer("400 Bad Request").replace("date", "transaction-id: a\r\ndate"),
            "x".to_owned() + &answer("400 Bad Request"),
        ] {
            assert_eq!(replacement_for(other.as_bytes()), None, "{other}");
        }
    }
}
