//! Detects the format of an input by its file name and first bytes; also what packs it, where that is not read here.

use super::input_format::Format;
use crate::error::Failure;
use std::path::Path;
use wire::ingest::graphite_raw;

/// The format by the file's ending, else by its first line.
pub(super) fn recognised(path: &Path, beginning: &[u8]) -> Result<Format, Failure> {
    if let Some((packer, unpacks)) = packed(beginning) {
        return Err(Failure::failed(format!(
            "the input is packed by {packer}, which is not read here, only gzip"
        ))
        .hint(format!(
            "unpack it on the way: `{unpacks} FILE | vigie metrics send -`"
        )));
    }
    let is_packed = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let plain = if is_packed {
        path.file_stem().map_or(path, Path::new)
    } else {
        path
    };
    let ending = plain
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("json" | "jsonl" | "ndjson") => return Ok(Format::Json),
        Some("csv" | "tsv") => return Ok(Format::Csv),
        Some("lp") => return Ok(Format::Influx),
        _ => {}
    }
    let first = without_mark(beginning).trim_ascii_start();
    let mut lines = first.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default().trim_ascii_end();
    if matches!(first.first(), Some(b'[' | b'{')) {
        return Ok(Format::Json);
    }
    if std::str::from_utf8(line).is_ok_and(graphite_raw::is_raw) {
        return Ok(Format::Raw);
    }
    if is_influx(line) {
        return Ok(Format::Influx);
    }
    Ok(if is_header(line) && !line.starts_with(b"#") {
        Format::Csv
    } else {
        Format::Graphite
    })
}

/// Whether it is the header line of a CSV table, and not `name value time`, which is separated by blanks or tabs as well, and whose
/// name may have tags after a `;`.
fn is_header(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let is_number = |word: &str| word.trim().parse::<f64>().is_ok();
    if line.contains([',', ';']) {
        let words: Vec<&str> = line.split_whitespace().collect();
        return match words.as_slice() {
            [_, .., value, time] if is_number(value) && is_number(time) => false,
            [name, value] if is_number(value) => !name.ends_with(';') && !name.contains('='),
            [_, _, ..] => !line.contains('='),
            _ => true,
        };
    }
    let is_column = |column: &str| !column.trim().is_empty() && !is_number(column);
    line.contains('\t') && line.split('\t').all(is_column)
}

/// Other compression formats, and the program that unpacks each.
fn packed(beginning: &[u8]) -> Option<(&'static str, &'static str)> {
    let known: [(&[u8], _, _); 3] = [
        (&[0x28, 0xb5, 0x2f, 0xfd], "zstd", "zstdcat"),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz", "xzcat"),
        (b"BZh", "bzip2", "bzcat"),
    ];
    let mut known = known.into_iter();
    let (_, packer, unpacks) = known.find(|(magic, ..)| beginning.starts_with(magic))?;
    Some((packer, unpacks))
}

/// Whether it is a line in InfluxDB's format: a name, then `key=value` after the first blank.
fn is_influx(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    let mut words = line.split(' ');
    let (Some(series), Some(fields)) = (words.next(), words.next()) else {
        return false;
    };
    let is_field = |field: &str| {
        let value = field.split_once('=').map_or("", |(_, value)| value);
        let value = value.strip_suffix(['i', 'u']).unwrap_or(value);
        value.parse::<f64>().is_ok() || value.starts_with('"') || matches!(value, "true" | "false")
    };
    let mut tags = series.split(',').skip(1);
    fields.split(',').all(is_field)
        && tags.all(|tag| tag.contains('='))
        && words.next().is_none_or(|time| time.parse::<i64>().is_ok())
}

/// The text without a byte order mark.
pub(super) fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_it_is() {
        for (name, text, format) in [
            ("-", "a.b 1 1519862400\n", Format::Graphite),
            ("-", "a.b;host=web1 1\n", Format::Graphite),
            ("-", "# by hand, in haste\na.b 1\n", Format::Graphite),
            ("-", "a=b 1\n", Format::Graphite),
            ("-", "name,value\n", Format::Csv),
            ("-", "Date;bureau.temp\n", Format::Csv),
            ("-", "sep=;\n", Format::Csv),
            ("-", "Time,web 1,web 2\n", Format::Csv),
            ("-", "a.O'Brien,x 1 1519862400\n", Format::Graphite),
            ("-", "a.b;host=web1 x 1519862400\n", Format::Graphite),
            ("-", "a.b; 1\n", Format::Graphite),
            ("-", "Time;web 1;web 2\n", Format::Csv),
            ("-", "a.b; 1 1519862400\n", Format::Graphite),
            ("-", "name\tvalue\ttimestamp\n", Format::Csv),
            ("-", "a.b\t1\t1519862400\n", Format::Graphite),
            ("-", "a.b\t\t1519862400\n", Format::Graphite),
            ("-", "a.b\tx\t1519862400\n", Format::Graphite),
            ("-", "a.b x\n", Format::Graphite),
            ("-", "  [1]", Format::Json),
            ("-", "\u{feff}{\"name\":1}", Format::Json),
            (
                "-",
                "cpu,host=a usage=1.5 1700000000000000000\n",
                Format::Influx,
            ),
            ("-", "cpu usage=1.5,idle=3i\n", Format::Influx),
            ("-", "cpu,host=a,dc=b state=\"up\"\n", Format::Influx),
            ("-", "a.b,1519862400,1519862520,60|1.5,None\n", Format::Raw),
            ("-", "a.|b,c 1 1519862400\n", Format::Graphite),
            ("x.lp", "", Format::Influx),
            ("x.ndjson", "", Format::Json),
            ("x.TSV", "", Format::Csv),
            ("x.csv.gz", "a 1\n", Format::Csv),
            ("x.gz", "name,value\n", Format::Csv),
        ] {
            let found = recognised(Path::new(name), text.as_bytes());
            assert_eq!(found.unwrap(), format, "{name} {text:?}");
        }
    }

    #[test]
    fn what_is_not_read_is_told_apart() {
        let error = recognised(Path::new("x.csv"), b"\xfd7zXZ\0\0").unwrap_err();
        assert!(error.message.to_string().contains("packed by xz"));
    }
}
