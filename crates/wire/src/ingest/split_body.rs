//! Cuts a body in two, for a server that takes smaller ones.

/// The two halves of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitBody {
    /// The first half.
    pub first: Vec<u8>,
    /// How many samples are in it.
    pub first_samples: usize,
    /// The second half, which has as many samples, or one more.
    pub second: Vec<u8>,
}

/// Cuts a JSON array between two of its items, unchanged to the byte; `None` if it has fewer than two, or is no array.
#[must_use]
pub fn split_body(body: &[u8]) -> Option<SplitBody> {
    let items = body.trim_ascii();
    let items = items.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let commas = commas(items);
    let half = commas.len().checked_sub(1)? / 2;
    let (first, second) = items.split_at_checked(*commas.get(half)?)?;
    let array = |items: &[u8]| [b"[".as_slice(), items, b"]"].concat();
    Some(SplitBody {
        first: array(first),
        first_samples: half + 1,
        second: array(second.strip_prefix(b",")?),
    })
}

/// Where the commas between the items are.
fn commas(items: &[u8]) -> Vec<usize> {
    let (mut depth, mut is_text, mut is_escaped) = (0_usize, false, false);
    let mut found = Vec::new();
    for (at, byte) in items.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => found.push(at),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_or_changed() {
        let texts = [
            r#"{"name":"a,b","value":1}"#,
            r#"{"name":"a\",]}[{","value":-0.10}"#,
            r#"{"name":"c","tags":[1,{"x":[2,3]}]}"#,
            "4",
            r#""\\""#,
        ];
        for count in 2..=texts.len() {
            let body = format!("[{}]", texts[..count].join(","));
            let cut = split_body(body.as_bytes()).unwrap();
            let parts: [Vec<serde_json::Value>; 2] =
                [&cut.first, &cut.second].map(|part| serde_json::from_slice(part).unwrap());
            assert_eq!(parts[0].len(), cut.first_samples);
            assert!(
                [0, 1].contains(&(parts[1].len() - parts[0].len())),
                "{body}"
            );
            let inner = |part: &[u8]| String::from_utf8(part[1..part.len() - 1].to_vec()).unwrap();
            let again = format!("[{},{}]", inner(&cut.first), inner(&cut.second));
            assert_eq!(again, body);
        }
    }

    #[test]
    fn one_item_and_what_is_no_array_stay_whole() {
        for body in ["", "[", "]", "[]", "[1]", "{\"a\":1,\"b\":2}", r#"["a,b"]"#] {
            assert_eq!(split_body(body.as_bytes()), None, "{body}");
        }
        assert!(split_body(b" [1,2] ").is_some());
    }
}
