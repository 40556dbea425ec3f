//! One line: a name, and for each of its values the type, the rate and the tags that follow it.

use super::name::LineName;
use super::{Metric, Value};
use crate::ingest::{short_text, value};
use base::sample::RejectReason;
use std::borrow::Cow;

/// The fields after the type of a value.
#[derive(Debug, Default)]
struct Fields<'t> {
    rate: Option<&'t str>,
    tags: Option<&'t str>,
}

/// The value of a line: a metric, or the reason why a value (or all of it) is none.
pub(super) type LineValue<'t> = Result<Metric<'t>, RejectReason>;

/// Reads a line, and gives what it finds one by one: at least one.
pub(super) fn read(text: &str, sanitize: bool, take: &mut impl FnMut(LineValue<'_>)) {
    if text.starts_with("_e{") || text.starts_with("_sc|") {
        return take(Err(malformed(
            "an event or a service check of DogStatsD, which are no metrics".to_owned(),
        )));
    }
    let Some((begin, mut rest)) = text.split_once(':') else {
        return take(Err(malformed(
            "the line has no value, expected `name:value|type`".to_owned(),
        )));
    };
    let mut name = LineName::new(begin, sanitize);
    loop {
        let Some((values, after)) = rest.split_once('|') else {
            return take(Err(malformed(format!(
                "the value `{}` has no type, expected `name:value|type`",
                short_text::short(rest)
            ))));
        };
        let (kind, fields, next) = match fields(after) {
            Ok(found) => found,
            Err(reason) => return take(Err(reason)),
        };
        let named = name.with_tags(fields.tags, next.is_none());
        for text in values.split(':') {
            let found = match &named {
                Ok(name) => metric(name, (kind, text), fields.rate),
                Err(error) => Err(error.clone().into()),
            };
            take(found);
        }
        match next {
            Some(next) => rest = next,
            None => return,
        }
    }
}

/// A value of a type, with its rate.
fn metric<'n>(
    name: &'n str,
    (kind, text): (&str, &'n str),
    rate_text: Option<&str>,
) -> LineValue<'n> {
    Ok(Metric {
        name: Cow::Borrowed(name),
        value: read_value(kind, text)?,
        rate: rate(rate_text)?,
    })
}

/// The type, what follows it, and the next value of the same name where there is one.
fn fields(after: &str) -> Result<(&str, Fields<'_>, Option<&str>), RejectReason> {
    let (kind, mut rest) = cut_at(after, ['|', ':']);
    let mut fields = Fields::default();
    loop {
        let field = match rest {
            None => return Ok((kind.trim(), fields, None)),
            Some((':', next)) => return Ok((kind.trim(), fields, Some(next))),
            Some((_, field)) => field,
        };
        // Tags and what follows them may hold colons: they end with the line, or with the next field.
        let (text, after) = match field.bytes().next() {
            Some(b'@') => cut_at(field, ['|', ':']),
            _ => cut_at(field, ['|', '|']),
        };
        let (slot, text) = match text.split_at_checked(1) {
            Some(("@", rate)) => (&mut fields.rate, rate),
            Some(("#", tags)) => (&mut fields.tags, tags),
            // Where the sender runs, by the number of its container: no tag, and of no use to who asks.
            _ if text.starts_with("c:") || text.starts_with("e:") => {
                rest = after;
                continue;
            }
            Some(("T", _)) => {
                return Err(malformed(format!(
                    "`|{}` sets a time, but what is summed up has the time of its sum",
                    short_text::short(text)
                )));
            }
            _ => {
                return Err(malformed(format!(
                    "`|{}` is neither a rate (`|@0.1`) nor tags (`|#k:v`)",
                    short_text::short(text)
                )));
            }
        };
        if slot.replace(text).is_some() {
            return Err(malformed(
                "the value has two rates, or tags twice".to_owned(),
            ));
        }
        rest = after;
    }
}

/// Up to one of two characters; then which one it was, and what follows it.
fn cut_at(text: &str, ends: [char; 2]) -> (&str, Option<(char, &str)>) {
    let Some(at) = text.find(ends) else {
        return (text, None);
    };
    let (head, tail) = text.split_at(at);
    let mut tail = tail.chars();
    (head, tail.next().map(|end| (end, tail.as_str())))
}

fn rate(text: Option<&str>) -> Result<f64, RejectReason> {
    let Some(text) = text else {
        return Ok(1.0);
    };
    match fast_float2::parse::<f64, _>(text.trim()) {
        Ok(rate) if rate > 0.0 && rate <= 1.0 => Ok(rate),
        _ => Err(malformed(format!(
            "the rate `@{}` is no share of 1, as `@0.1`",
            short_text::short(text)
        ))),
    }
}

fn read_value<'t>(kind: &str, text: &'t str) -> Result<Value<'t>, RejectReason> {
    let text = text.trim_matches([' ', '\t']);
    match kind {
        "c" | "m" => value(text).map(Value::Count),
        "g" if text.starts_with(['+', '-']) => value(text).map(Value::GaugeChange),
        "g" => value(text).map(Value::Gauge),
        "ms" => match value(text)? {
            time if time < 0.0 => Err(RejectReason::Value(format!(
                "the time `{}` is less than nothing",
                short_text::short(text)
            ))),
            time => Ok(Value::Timer(time)),
        },
        "h" | "d" => value(text).map(Value::Timer),
        // As etsy's: nothing is a member, too.
        "s" => Ok(Value::Member(if text.is_empty() { "0" } else { text })),
        _ => Err(malformed(format!(
            "`{}` is no type; the types are `c`, `g`, `ms`, `h`, `d`, `m` and `s`",
            short_text::short(kind)
        ))),
    }
}

fn malformed(what: String) -> RejectReason {
    RejectReason::Malformed(what)
}
