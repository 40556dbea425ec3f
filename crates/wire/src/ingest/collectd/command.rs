//! The commands that `write_http` sends where it is told so, and `exec` writes: `PUTVAL "host/plugin-instance/type-instance"
//! interval=10 1519862400.250:1.5:2`, a line each. What the values of a list are called is in collectd's `types.db` alone: they
//! are known here for the types that come with it.

use super::path::Identity;
use super::types::Types;
use super::{ListValue, VALUES_MAX, push, refuse};
use crate::ingest::line::{Line, Splitter};
use crate::ingest::{Lines, Moment, Now, timestamp, value};
use base::sample::RejectReason;
use std::borrow::Cow;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 8192;

/// Takes chunks of a stream and makes samples of its commands.
#[derive(Debug)]
pub struct Decoder {
    splitter: Splitter,
    types: Types,
    ready: Lines,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            splitter: Splitter::new(LINE_BYTES_MAX),
            types: Types::default(),
            ready: Lines::default(),
        }
    }
}

impl Decoder {
    /// Takes the next bytes; `now` is when they were read, the time of values that have none.
    pub fn feed<'n>(&mut self, chunk: &[u8], now: impl Into<Now<'n>>) {
        let (ready, types, now) = (&mut self.ready, &self.types, now.into());
        self.splitter
            .feed(chunk, |number, line| take(ready, types, number, &line, now));
    }

    /// The stream has ended; a last line without its end counts.
    pub fn finish<'n>(&mut self, now: impl Into<Now<'n>>) {
        let (ready, types, now) = (&mut self.ready, &self.types, now.into());
        self.splitter
            .finish(|number, line| take(ready, types, number, &line, now));
    }

    /// Hands out what is ready.
    pub fn take(&mut self) -> Lines {
        std::mem::take(&mut self.ready)
    }

    /// The values decoded so far.
    #[must_use]
    pub const fn ready(&self) -> &Lines {
        &self.ready
    }
}

fn take(ready: &mut Lines, types: &Types, number: u64, line: &Line<'_>, now: Now<'_>) {
    let text = match line {
        Line::TooLong => Err(format!("the line has more than {LINE_BYTES_MAX} bytes")),
        Line::Whole(bytes) => std::str::from_utf8(bytes)
            .map_err(|error| format!("the line is not UTF-8 at offset {}", error.valid_up_to())),
    };
    let read = text.map_err(RejectReason::Malformed).and_then(|text| {
        let text = text.trim_matches([' ', '\t', '\r']);
        if text.is_empty() || text.starts_with('#') {
            return Ok(());
        }
        command(ready, types, number, text, now)
    });
    if let Err(reason) = read {
        refuse(ready, number, None, reason);
    }
}

fn malformed(what: impl Into<String>) -> RejectReason {
    RejectReason::Malformed(what.into())
}

fn command(
    ready: &mut Lines,
    types: &Types,
    number: u64,
    text: &str,
    now: Now<'_>,
) -> Result<(), RejectReason> {
    let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    if !word.eq_ignore_ascii_case("PUTVAL") {
        return Err(malformed(
            "the line is no `PUTVAL \"host/plugin/type\" time:value`",
        ));
    }
    let (identifier, rest) = quoted(rest.trim_start())?;
    let identity = identity(&identifier)?;
    let mut lists = rest
        .split_whitespace()
        .filter(|word| !is_option(word))
        .peekable();
    if lists.peek().is_none() {
        return Err(malformed("the command has no `time:value`"));
    }
    for list in lists {
        if let Err(reason) = values(ready, (types, &identity), number, list, now) {
            refuse(ready, number, Some(identifier.clone().into_owned()), reason);
        }
    }
    Ok(())
}

/// `interval=10`
fn is_option(word: &str) -> bool {
    let key = word.split_once('=').map(|halves| halves.0);
    key.is_some_and(|key| {
        key.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

fn values(
    ready: &mut Lines,
    (types, identity): (&Types, &Identity<'_>),
    number: u64,
    list: &str,
    now: Now<'_>,
) -> Result<(), RejectReason> {
    let (time, values) = list
        .split_once(':')
        .ok_or_else(|| malformed("the command has no `time:value`"))?;
    let time = match time {
        "N" | "n" => now.moment(),
        text => Moment::from(timestamp(text)?),
    };
    let values: Vec<&str> = values.split(':').collect();
    let count = values.len();
    if count > VALUES_MAX {
        let what = format!("the list has {count} values, expected 1 to {VALUES_MAX}");
        return Err(malformed(what));
    }
    let sources = types.sources(identity.kind);
    if count > 1 && sources.is_none_or(|names| names.len() != count) {
        let kind = crate::excerpt::beginning(identity.kind);
        let what = format!(
            "what the {count} values of the type `{kind}` are called is not known: let `write_http` send `Format \"JSON\"`"
        );
        return Err(malformed(what));
    }
    let source = |at: usize| sources.and_then(|names| names.name(at));
    let given = values.iter().map(|text| given(text));
    push(ready, identity, given, source, (time, number));
    Ok(())
}

fn given(text: &str) -> ListValue {
    match text {
        "U" | "u" => Err(RejectReason::Value(
            "the value is `U`: collectd did not know it".to_owned(),
        )),
        number => value(number),
    }
}

/// The word that a text begins with, out of its quotes, and what follows.
fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), RejectReason> {
    let Some(inner) = text.strip_prefix('"') else {
        let (word, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
        return Ok((Cow::Borrowed(word), rest));
    };
    let mut word = String::new();
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let rest = inner.get(at + 1..).unwrap_or_default();
                return Ok((Cow::Owned(word), rest));
            }
            '\\' => word.extend(characters.next().map(|character| character.1)),
            other => word.push(other),
        }
    }
    Err(malformed("unbalanced quotes"))
}

/// `host/plugin-instance/type-instance`
fn identity(text: &str) -> Result<Identity<'_>, RejectReason> {
    let mut parts = text.splitn(3, '/');
    let (Some(host), Some(plugin), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(malformed("the identifier is not `host/plugin/type`"));
    };
    let (plugin, plugin_instance) = plugin.split_once('-').unwrap_or((plugin, ""));
    let (kind, type_instance) = kind.split_once('-').unwrap_or((kind, ""));
    if [host, plugin, kind].contains(&"") {
        return Err(malformed("the identifier is not `host/plugin/type`"));
    }
    Ok(Identity {
        host,
        plugin,
        plugin_instance,
        kind,
        type_instance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;
    use proptest::prelude::*;

    fn decode(text: &str) -> Lines {
        let mut decoder = Decoder::default();
        decoder.feed(text.as_bytes(), Millis(7));
        decoder.finish(Millis(7));
        decoder.take()
    }

    fn samples(lines: &Lines) -> Vec<(String, i64, f64)> {
        let all = lines.batch.iter();
        all.map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
            .collect()
    }

    #[test]
    fn commands_become_samples() {
        let lines = decode(
            "PUTVAL web1.example.com/load/load interval=10.000 1519862400.250:0.5:1:1.5\r\nputval \"a/cpu-0/cpu-user \\\"x\\\"\" interval=10 N:1 1519862401:2\n\n# nothing\nPUTVAL a/interface-eth0-1/if_octets 1519862400:U:2\n",
        );
        let load = |source: &str| format!("web1_example_com.load.load.{source}");
        assert_eq!(
            samples(&lines),
            [
                (load("shortterm"), 1_519_862_400_250, 0.5),
                (load("midterm"), 1_519_862_400_250, 1.0),
                (load("longterm"), 1_519_862_400_250, 1.5),
                ("a.cpu-0.cpu-user__x_".to_owned(), 7, 1.0),
                ("a.cpu-0.cpu-user__x_".to_owned(), 1_519_862_401_000, 2.0),
                (
                    "a.interface-eth0-1.if_octets.tx".to_owned(),
                    1_519_862_400_000,
                    2.0
                ),
            ]
        );
        assert_eq!((lines.received, lines.rejects.len()), (7, 1));
    }

    #[test]
    fn what_is_no_command_says_why() {
        for (text, expected) in [
            ("GETVAL a/b/c", "no `PUTVAL"),
            ("PUTVAL", "not `host/plugin/type`"),
            ("PUTVAL a/b 1:1", "not `host/plugin/type`"),
            ("PUTVAL a//c 1:1", "not `host/plugin/type`"),
            ("PUTVAL \"a/b/c 1:1", "unbalanced quotes"),
            ("PUTVAL a/b/c", "no `time:value`"),
            ("PUTVAL a/b/c interval=10", "no `time:value`"),
            ("PUTVAL a/b/c 5", "no `time:value`"),
            ("PUTVAL a/b/c x:1", "`x` is not a number of seconds"),
            ("PUTVAL a/b/c 1:x", "`x` is not a number"),
            ("PUTVAL a/b/c 1:nan", "not a finite number"),
            ("PUTVAL a/b/c 1:1:2", "`Format \"JSON\"`"),
            ("PUTVAL a/b/load 1:1:2", "`Format \"JSON\"`"),
        ] {
            let lines = decode(text);
            assert_eq!((lines.received, lines.rejects.len()), (1, 1), "{text}");
            let reason = lines.rejects[0].reason.to_string();
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_all_is_accounted_for(text in "(PUTVAL |a/b/c |\"|\\\\|1:1 |N:U|:|\n|.){0,20}") {
            let lines = decode(&text);
            prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
        }
    }
}
