//! Reads samples from JSON: an array of items, one item per line, or the output of `metrics get --format json`.

use super::recognise::without_mark;
use crate::error::Failure;
use base::sample::RejectReason;
use wire::ingest::{LineReject, Lines, Names, Now, json};

/// Reads a whole text; `now` is the time of items without one.
pub(super) fn decoded(body: &[u8], now: Now<'_>, names: Names) -> Result<Lines, Failure> {
    let body = without_mark(body).trim_ascii();
    if is_answer(body) {
        return answer(body, names);
    }
    let joined = lines_joined(body);
    let decoded = json::decode_with(joined.as_deref().unwrap_or(body), now, names)
        .map_err(|error| Failure::failed(format!("the JSON cannot be read: {error}")))?;
    Ok(Lines {
        batch: decoded.batch,
        lines: decoded
            .positions
            .into_iter()
            .map(|position| position as u64 + 1)
            .collect(),
        rejects: decoded
            .rejects
            .into_iter()
            .map(|reject| LineReject {
                line: reject.index as u64 + 1,
                name: reject.name,
                reason: reject.reason,
            })
            .collect(),
        received: decoded.received as u64,
        stamped: decoded.stamped as u64,
        renamed: decoded.renamed as u64,
        notice: decoded.notice,
    })
}

/// Joins objects on lines of their own to an array.
fn lines_joined(body: &[u8]) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = body
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    let is_object = |line: &&[u8]| line.starts_with(b"{") && line.ends_with(b"}");
    (lines.len() > 1 && lines.iter().all(is_object)).then(|| {
        let mut array = b"[".to_vec();
        array.extend(lines.join(&b","[..]));
        array.push(b']');
        array
    })
}

/// Whether it is the answer to a read: rows of `target` and `datapoints`.
fn is_answer(body: &[u8]) -> bool {
    let head: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .take(10)
        .collect();
    head == b"[{\"target\""
}

/// Makes an item of each datapoint that is not `null`.
fn answer(body: &[u8], names: Names) -> Result<Lines, Failure> {
    let rows = wire::render::json::read(body)
        .map_err(|error| Failure::failed(format!("the JSON cannot be read: {error}")))?;
    let mut lines = Lines::default();
    for row in rows {
        let name = names.read(&row.target);
        let is_renamed = names.changes(&row.target);
        for (value, at) in &row.datapoints {
            let Some(value) = value else { continue };
            lines.received += 1;
            match &name {
                Ok(name) => {
                    lines.batch.push(name, *at, *value);
                    lines.lines.push(lines.received);
                    lines.renamed += u64::from(is_renamed);
                }
                Err(error) => lines.rejects.push(LineReject {
                    line: lines.received,
                    name: Some(row.target.clone()),
                    reason: RejectReason::Name(error.clone()),
                }),
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;

    fn names(text: &str) -> Vec<(String, i64, f64)> {
        let lines = decoded(text.as_bytes(), Millis(7).into(), Names::default()).unwrap();
        assert_eq!(lines.rejects, []);
        let samples = lines.batch.iter();
        samples
            .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect()
    }

    #[test]
    fn arrays_lines_and_answers_are_read() {
        let one = [("a.b".to_owned(), 7, 1.0)];
        for text in [
            "\u{feff}[{\"name\":\"a.b\",\"value\":1}]",
            "{\"name\":\"a.b\",\"value\":1}",
            "{\n  \"name\": \"a.b\",\n  \"value\": 1\n}\n",
        ] {
            assert_eq!(names(text), one, "{text}");
        }
        let lines = "{\"name\":\"a.b\",\"value\":1}\n\n{\"name\":\"a.c\",\"value\":2}\r\n";
        assert_eq!(names(lines).len(), 2);
        let answer = "[\n {\"target\": \"a.b\", \"datapoints\": [[1, 1.5], [null, 2], [3, 4]]}]";
        assert_eq!(
            names(answer),
            [("a.b".to_owned(), 1500, 1.0), ("a.b".to_owned(), 4000, 3.0)]
        );
    }
}
