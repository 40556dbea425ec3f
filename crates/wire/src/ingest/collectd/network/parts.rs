//! The parts of a packet in clear: the state that they make, and the values that are read with it.

use super::packet::{Packet, Rules};
use super::part::{ENCRYPTION, Part, SIGNATURE, part};
use crate::ingest::collectd::path::{Identity, push_source};
use crate::ingest::collectd::types::Sources;
use crate::ingest::{LATEST, Now, Reject, short_text};
use base::sample::RejectReason;
use base::time::Millis;

/// The longest text of an identity, as in collectd, with its end.
const TEXT_BYTES_MAX: usize = 128;
/// The longest notification.
const MESSAGE_BYTES_MAX: usize = 4096;

const HOST: u16 = 0x0000;
const TIME: u16 = 0x0001;
const PLUGIN: u16 = 0x0002;
const PLUGIN_INSTANCE: u16 = 0x0003;
const TYPE: u16 = 0x0004;
const TYPE_INSTANCE: u16 = 0x0005;
const VALUES: u16 = 0x0006;
const INTERVAL: u16 = 0x0007;
const TIME_HIGH: u16 = 0x0008;
const INTERVAL_HIGH: u16 = 0x0009;
const MESSAGE: u16 = 0x0100;
const SEVERITY: u16 = 0x0101;

/// Reads all parts.
pub(super) fn read(packet: &[u8], rules: Rules<'_>, now: Now<'_>, read: &mut Packet) {
    let mut state = State {
        identity: Identity::default(),
        time: None,
        rules,
        now,
        path: String::new(),
        read,
    };
    let mut rest = packet;
    while !rest.is_empty() {
        let Some((part, after)) = part(rest) else {
            return state.broken("the packet breaks off within a part");
        };
        if let Err(what) = state.take(part) {
            return state.broken(what);
        }
        rest = after;
    }
}

/// The state that the parts of a packet have set so far.
struct State<'p, 'r> {
    identity: Identity<'p>,
    /// None before a part says one; 0 is none as well.
    time: Option<Result<Millis, RejectReason>>,
    rules: Rules<'r>,
    now: Now<'r>,
    path: String,
    read: &'r mut Packet,
}

impl<'p, 'r> State<'p, 'r> {
    fn take(&mut self, part: Part<'p>) -> Result<(), &'static str> {
        let body = part.body;
        let identity = &mut self.identity;
        match part.kind {
            HOST => identity.host = text(body, TEXT_BYTES_MAX)?,
            PLUGIN => identity.plugin = text(body, TEXT_BYTES_MAX)?,
            PLUGIN_INSTANCE => identity.plugin_instance = text(body, TEXT_BYTES_MAX)?,
            TYPE => identity.kind = text(body, TEXT_BYTES_MAX)?,
            TYPE_INSTANCE => identity.type_instance = text(body, TEXT_BYTES_MAX)?,
            TIME => self.time = time(number(body)?, |seconds| seconds.checked_mul(1000)),
            // In units of 2^-30 seconds.
            TIME_HIGH => {
                self.time = time(number(body)?, |units| {
                    let milliseconds = (u128::from(units) * 1000 + (1 << 29)) >> 30;
                    u64::try_from(milliseconds).ok()
                });
            }
            VALUES => self.values(body)?,
            // How often it is measured, which the samples show; how bad a notification is.
            INTERVAL | INTERVAL_HIGH | SEVERITY => {
                number(body)?;
            }
            MESSAGE => {
                text(body, MESSAGE_BYTES_MAX)?;
                self.read.notifications += 1;
            }
            SIGNATURE | ENCRYPTION => {
                return Err("the packet is signed or encrypted after its beginning");
            }
            _ => self.read.unknown += 1,
        }
        Ok(())
    }

    /// A list: how many values, the kind of each, and the values.
    fn values(&mut self, body: &[u8]) -> Result<(), &'static str> {
        const WRONG: &str = "the length of a list of values is not that of its values";
        let (count, rest) = body.split_first_chunk::<2>().ok_or(WRONG)?;
        let count = usize::from(u16::from_be_bytes(*count));
        let (kinds, values) = rest.split_at_checked(count).ok_or(WRONG)?;
        let (values, more) = values.as_chunks::<8>();
        if values.len() != count || !more.is_empty() || count == 0 {
            return Err(WRONG);
        }
        let named = self.named(count);
        let path_bytes = self.path.len();
        let mut is_named = false;
        for (at, (kind, bytes)) in kinds.iter().zip(values).enumerate() {
            let position = self.read.received;
            self.read.received += 1;
            self.path.truncate(path_bytes);
            let sample = match &named {
                Err(reason) => Err(reason.clone()),
                Ok(sources) => {
                    if let Some(source) = sources.and_then(|sources| sources.name(at)) {
                        push_source(&mut self.path, source);
                    }
                    self.push(*kind, *bytes)
                }
            };
            match sample {
                Ok(()) => self.read.positions.push(position),
                Err(reason) => {
                    // The name once for a list: it may be many times as long as a value.
                    let name =
                        (!is_named && !self.path.is_empty()).then(|| short_text::name(&self.path));
                    is_named = true;
                    self.read.rejects.push(Reject {
                        index: position,
                        name,
                        reason,
                    });
                }
            }
        }
        Ok(())
    }

    /// Makes the path of a list, and finds out what its values are called, where there are several.
    fn named(&mut self, count: usize) -> Result<Option<Sources<'r>>, RejectReason> {
        let identity = self.identity;
        identity.write(&mut self.path);
        for (part, what) in [
            (identity.host, "host"),
            (identity.plugin, "plugin"),
            (identity.kind, "type"),
        ] {
            if part.is_empty() {
                return Err(RejectReason::Malformed(format!(
                    "the list of values has no {what}"
                )));
            }
        }
        match self.rules.types.sources(identity.kind) {
            Some(sources) if sources.len() != count => Err(RejectReason::Malformed(format!(
                "the type `{}` has {} values by `types.db`, but {count} were sent",
                identity.kind,
                sources.len()
            ))),
            Some(sources) => Ok(Some(sources).filter(|_| count > 1)),
            None if count > 1 => Err(RejectReason::Malformed(format!(
                "the type `{}` has {count} values that are in no `types.db`",
                identity.kind
            ))),
            None => Ok(None),
        }
    }

    /// Adds the sample whose path is made.
    fn push(&mut self, kind: u8, bytes: [u8; 8]) -> Result<(), RejectReason> {
        let names = self.rules.names;
        // Nothing of collectd's is a label.
        let has_mark = self.path.contains(';');
        if has_mark {
            self.path = self.path.replace(';', "_");
        }
        let name = names.read(&self.path)?;
        let value = value(kind, bytes)?;
        let at = match &self.time {
            Some(time) => time.clone()?,
            None => {
                self.read.stamped += 1;
                self.now.exact()
            }
        };
        self.read.renamed += usize::from(has_mark || names.changes(&self.path));
        self.read.batch.push(&name, at, value);
        Ok(())
    }

    /// Counts the rest of a packet that breaks off as one.
    fn broken(self, what: &str) {
        self.read.rejects.push(Reject {
            index: self.read.received,
            name: None,
            reason: RejectReason::Malformed(what.to_owned()),
        });
        self.read.received += 1;
    }
}

/// A text, which ends with a zero.
fn text(body: &[u8], bytes_max: usize) -> Result<&str, &'static str> {
    let Some((0, text)) = body.split_last() else {
        return Err("a text does not end with a zero");
    };
    if body.len() > bytes_max {
        return Err("a text is longer than collectd allows");
    }
    if text.contains(&0) {
        return Err("a text holds a zero");
    }
    std::str::from_utf8(text).map_err(|_| "a text is not UTF-8")
}

fn number(body: &[u8]) -> Result<u64, &'static str> {
    let bytes = body.try_into().map_err(|_| "a number has not 8 bytes")?;
    Ok(u64::from_be_bytes(bytes))
}

/// A time; 0 is none.
fn time(
    units: u64,
    milliseconds: impl FnOnce(u64) -> Option<u64>,
) -> Option<Result<Millis, RejectReason>> {
    let time = milliseconds(units).and_then(|time| i64::try_from(time).ok());
    #[expect(clippy::cast_possible_truncation, reason = "the year 9999")]
    let known = time.filter(|time| *time <= LATEST as i64);
    (units != 0).then(|| {
        known.map(Millis).ok_or_else(|| {
            RejectReason::Timestamp("the timestamp lies beyond the year 9999".to_owned())
        })
    })
}

/// A value, whose kind says how it is written.
#[expect(clippy::cast_precision_loss, reason = "a counter is stored as a float")]
fn value(kind: u8, bytes: [u8; 8]) -> Result<f64, RejectReason> {
    match kind {
        // A counter, and an amount since the last one.
        0 | 3 => Ok(u64::from_be_bytes(bytes) as f64),
        1 => match f64::from_le_bytes(bytes) {
            gauge if gauge.is_finite() => Ok(gauge),
            other => Err(RejectReason::Value(format!(
                "the value `{other}` is not a finite number"
            ))),
        },
        2 => Ok(i64::from_be_bytes(bytes) as f64),
        _ => Err(RejectReason::Value(format!(
            "the value is of the unknown kind {kind}"
        ))),
    }
}
