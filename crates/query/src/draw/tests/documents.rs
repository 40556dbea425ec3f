//! Whatever is asked for, a picture is a whole document, as other programs read it, and no larger than its points account for.

use super::*;

/// Bytes of a picture besides its points: axes, labels, a legend.
const FRAME_BYTES_MAX: usize = 400_000;

/// The options that a request may have, with values of the right kind and of others.
fn parameter() -> impl Strategy<Value = (String, String)> {
    let sizes = ["width", "height"].map(|name| (name, "[0-9]{2,3}"));
    let numbers = [
        "margin",
        "fontSize",
        "lineWidth",
        "areaAlpha",
        "connectedLimit",
        "yMin",
        "yMax",
        "yStep",
        "yMinLeft",
        "yMaxLeft",
        "yStepLeft",
        "yMinRight",
        "yMaxRight",
        "yStepRight",
        "yLimit",
        "minorY",
        "logBase",
    ]
    .map(|name| {
        (
            name,
            "-?[0-9]{1,3}(\\.[0-9]{1,2})?|-?1e-?[0-9]{1,3}|-?inf|e",
        )
    });
    let switches = [
        "fontBold",
        "drawNullAsZero",
        "hideLegend",
        "hideGrid",
        "hideXAxis",
        "hideYAxis",
        "hideAxes",
        "graphOnly",
        "uniqueLegend",
    ]
    .map(|name| (name, "true|false"));
    let words = [
        ("areaMode", "none|first|all|stacked"),
        ("lineMode", "slope|staircase|connected"),
        ("yAxisSide", "left|right"),
        ("yUnitSystem", "si|binary|sec|msec|none"),
        ("graphType", "line|pie"),
        ("pieMode", "average|maximum|minimum"),
        ("bgcolor", "red|[0-9a-f]{6}"),
        ("fgcolor", "white|[0-9a-f]{6}"),
        (
            "colorList",
            "(red|blue|[0-9a-f]{6})(,(red|[0-9a-f]{6})){0,3}",
        ),
        ("template", "plain|solarized-dark|[a-z]{3}"),
        ("title", ".{0,12}|[<>&'\"\\]-]{1,12}"),
        ("vtitle", ".{0,12}|(]]>|<!--|&#0;)"),
        ("vtitleRight", ".{0,12}"),
        ("xFormat", "%[a-zA-Z%]( %[a-zA-Z]){0,2}|.{0,6}"),
    ];
    let all: Vec<_> = [&sizes[..], &sizes, &numbers, &switches, &words].concat();
    prop::sample::select(all).prop_flat_map(|(name, values)| {
        let values = proptest::string::string_regex(values).unwrap();
        (Just(name.to_owned()), values)
    })
}

fn several() -> impl Strategy<Value = Vec<Series>> {
    let value = prop_oneof![
        6 => -1e3..1e3,
        1 => any::<f64>(),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(f64::NEG_INFINITY),
        1 => Just(0.0),
    ];
    let values = prop::collection::vec(value, 0..40);
    let one = (
        ".{0,12}|[<>&'\"]{1,6}|[\u{0}-\u{1f}]{1,4}",
        values,
        any::<bool>(),
    );
    let one = one.prop_map(|(name, values, is_second)| {
        let mut curve = series(&name, values);
        curve.drawing.is_on_second_axis = is_second;
        curve
    });
    prop::collection::vec(one, 0..5)
}

/// The text between two others, and what is after the second.
fn cut<'t>(text: &'t str, before: &str, after: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(before)?.split_once(after)
}

/// Reads as strict readers of XML do: characters that it knows, elements closed in order, attributes once, nothing but its own
/// entities.
fn is_xml(text: &str) -> Result<(), String> {
    let is_allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'))
    };
    if let Some(other) = text.chars().find(|character| !is_allowed(*character)) {
        return Err(format!("{other:?} is no character of XML"));
    }
    let (_, mut rest) = cut(text, "<?xml ", "?>").ok_or("no declaration")?;
    let (mut open, mut elements) = (Vec::new(), 0);
    while let Some(at) = rest.find('<') {
        let (between, tag) = rest.split_at(at);
        entities(between)?;
        if open.is_empty() && !between.trim().is_empty() {
            return Err(format!("{between:?} is outside of the root"));
        }
        let (inside, after) = cut(tag, "<", ">").ok_or("a tag is open")?;
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("{name} is closed, and was not open"));
            }
            continue;
        }
        elements += usize::from(open.is_empty());
        let (inside, is_empty) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("{name:?} is no element"));
        }
        self::attributes(attributes)?;
        if !is_empty {
            open.push(name);
        }
    }
    match (open.is_empty(), elements, rest.trim()) {
        (true, 1, "") => Ok(()),
        other => Err(format!("it does not end: {other:?}")),
    }
}

fn attributes(text: &str) -> Result<(), String> {
    let (mut rest, mut seen) = (text.trim_start(), Vec::new());
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or("an attribute has no value")?;
        let (value, after) = after.split_once('"').ok_or("a value is open")?;
        entities(value)?;
        if seen.contains(&name)
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":-".contains(&byte))
        {
            return Err(format!("{name:?} is no attribute, or there twice"));
        }
        if value.contains("NaN") || value.contains("inf") {
            return Err(format!("{name} is {value}"));
        }
        seen.push(name);
        rest = after.trim_start();
    }
    Ok(())
}

fn entities(text: &str) -> Result<(), String> {
    let known = ["lt;", "gt;", "amp;", "quot;", "apos;", "#39;", "#34;"];
    let unknown = text
        .split('&')
        .skip(1)
        .find(|line| !known.iter().any(|known| line.starts_with(known)));
    unknown.map_or(Ok(()), |unknown| Err(format!("&{unknown} is unknown")))
}

/// The checksum of PNG's chunks.
fn checksum(bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    });
    !crc
}

/// Reads the chunks; width and height.
fn is_png(bytes: &[u8]) -> Result<(u32, u32), String> {
    let mut rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n").ok_or("no PNG")?;
    let (mut size, mut kinds) = (None, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (named, after) = after
            .split_at_checked(length + 4)
            .ok_or("a chunk is cut off")?;
        let (sum, after) = after
            .split_first_chunk::<4>()
            .ok_or("a chunk has no checksum")?;
        if checksum(named) != u32::from_be_bytes(*sum) {
            return Err("a checksum is wrong".to_owned());
        }
        let (kind, data) = named.split_at(4);
        if kind == b"IHDR" {
            let number = |at: usize| u32::from_be_bytes(data[at..at + 4].try_into().unwrap());
            size = Some((number(0), number(4)));
        }
        kinds.push(String::from_utf8_lossy(kind).into_owned());
        rest = after;
    }
    let is_whole = kinds.first().is_some_and(|kind| kind == "IHDR")
        && kinds.last().is_some_and(|kind| kind == "IEND")
        && kinds.iter().any(|kind| kind == "IDAT")
        && rest.is_empty();
    size.filter(|_| is_whole)
        .ok_or_else(|| format!("{kinds:?}"))
}

/// Reads the table of objects, and the length of the page.
fn is_pdf(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let whole = text
        .strip_prefix("%PDF-1.4\n")
        .and_then(|rest| rest.strip_suffix("\n%%EOF\n"));
    let (_, table) = whole
        .and_then(|whole| whole.rsplit_once("startxref\n"))
        .ok_or("no end")?;
    let table: usize = table.parse().map_err(|_| "the table has no place")?;
    let table = text
        .get(table..)
        .and_then(|rest| rest.strip_prefix("xref\n0 "));
    let mut lines = table.ok_or("no table")?.lines();
    let count: usize = lines
        .next()
        .and_then(|line| line.parse().ok())
        .ok_or("no count")?;
    for (place, line) in lines.take(count).enumerate().skip(1) {
        let at: usize = line
            .get(..10)
            .and_then(|digits| digits.parse().ok())
            .ok_or("no offset")?;
        let object = text.get(at..).unwrap_or_default();
        if !object.starts_with(&format!("{place} 0 obj\n")) {
            return Err(format!("object {place} is not where it should be"));
        }
    }
    let (_, page) = text.split_once("<</Length ").ok_or("no page")?;
    let (length, page) = page.split_once(">>\nstream\n").ok_or("no stream")?;
    let length: usize = length.parse().map_err(|_| "no length")?;
    let (page, end) = page.split_at_checked(length).ok_or("the page is cut off")?;
    if !end.starts_with("\nendstream") || page.contains("NaN") || page.contains("inf") {
        return Err("the page is longer than it says, or has a place that is none".to_owned());
    }
    Ok(())
}

#[test]
fn the_readers_know_what_is_broken() {
    let root = |inside: &str| {
        is_xml(&format!(
            "<?xml version=\"1.0\"?>\n<svg a=\"b\">{inside}</svg>\n"
        ))
    };
    assert_eq!(root("<g><rect x=\"1\"/>a &lt; b</g>"), Ok(()));
    for broken in [
        "<g>",
        "</g>",
        "&x;",
        "a & b",
        "<a b=c/>",
        "<a b=\"NaN\"/>",
        "<a b=\"1\" b=\"1\"/>",
        "\u{1}",
    ] {
        assert!(root(broken).is_err(), "{broken}");
    }
    let mut png = drawn(Vec::new(), &[]);
    assert_eq!(is_png(&png), Ok((330, 250)));
    png[40] ^= 1;
    assert!(is_png(&png).is_err());
    let mut pdf = drawn(Vec::new(), &[("format", "pdf")]);
    assert_eq!(is_pdf(&pdf), Ok(()));
    pdf.insert(20, b' ');
    assert!(is_pdf(&pdf).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_picture_is_a_whole_document(
        series in several(),
        parameters in prop::collection::vec(parameter(), 0..10),
        form in prop::sample::select(vec!["svg", "png", "pdf"]),
        (from, span) in (0_i64..4_000_000_000, prop_oneof![1_i64..100_000, 1_i64..1_000_000_000]),
    ) {
        let all = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let Ok(options) = Options::parse(all.chain([("format", form)])) else {
            return Ok(());
        };
        let points: usize = series.iter().map(|series| series.values.len()).sum();
        let picture = Picture {
            series,
            from,
            until: from + span,
            zone: TimeZone::UTC,
            options: &options,
        };
        let pixels = usize::try_from(picture.pixels()).unwrap();
        let document = draw(picture, &Context::unlimited()).unwrap();
        let most = FRAME_BYTES_MAX + points * BYTES_PER_POINT as usize + pixels * BYTES_PER_PIXEL as usize;
        prop_assert!(document.len() <= most, "{} bytes", document.len());
        let read = match form {
            "svg" => std::str::from_utf8(&document).map_err(|error| error.to_string()).and_then(is_xml),
            "pdf" => is_pdf(&document),
            _ => is_png(&document).and_then(|(width, height)| {
                let is_asked = (f64::from(width), f64::from(height)) == (options.width, options.height);
                is_asked.then_some(()).ok_or_else(|| format!("{width} by {height}"))
            }),
        };
        prop_assert_eq!(read, Ok(()));
    }
}
