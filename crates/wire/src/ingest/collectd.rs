//! Decoders for collectd: lists of values, named as its plugin `write_graphite` names them with its defaults.

mod bounded;
pub mod command;
pub mod json;
pub mod network;
pub mod path;
pub mod types;

use crate::ingest::{LineReject, Lines, Moment, Names, short_text};
use base::sample::RejectReason;
use path::Identity;

/// The most values of one list.
pub const VALUES_MAX: usize = types::SOURCES_MAX;

/// A value of a list, or why it is none.
type ListValue = Result<f64, RejectReason>;

/// Adds the values of a list. `source` names the one at a place, where there are several.
fn push<'s>(
    ready: &mut Lines,
    identity: &Identity<'_>,
    values: impl ExactSizeIterator<Item = ListValue>,
    source: impl Fn(usize) -> Option<&'s str>,
    (time, number): (Moment, u64),
) {
    let is_one = values.len() == 1;
    let mut path = String::new();
    for (at, value) in values.enumerate() {
        identity.write(&mut path);
        if !is_one && let Some(source) = source(at) {
            path::push_source(&mut path, source);
        }
        // Nothing of collectd's is a label.
        let has_mark = path.contains(';');
        if has_mark {
            path = path.replace(';', "_");
        }
        let names = Names::replacing('_').unwrap_or_default();
        let sample = value.and_then(|value| Ok((names.read(&path)?, value)));
        ready.received += 1;
        match sample {
            Ok((name, value)) => {
                ready.renamed += u64::from(has_mark || names.changes(&path));
                ready.push(&name, time, value, number);
            }
            Err(reason) => ready.rejects.push(LineReject {
                line: number,
                name: Some(short_text::name(&path)),
                reason,
            }),
        }
    }
}

/// Something that is no list of values.
fn refuse(ready: &mut Lines, number: u64, name: Option<String>, reason: RejectReason) {
    ready.received += 1;
    ready.rejects.push(LineReject {
        line: number,
        name: name.map(|name| short_text::name(&name)),
        reason,
    });
}
