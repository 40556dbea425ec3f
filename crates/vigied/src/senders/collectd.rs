//! Packets of collectd's plugin `network`: signed or encrypted with the secret of a key, or in clear from an address that the
//! operator has named.
//!
//! The protocol has nothing against a packet that is sent again. What was recorded is refused once the times of its values are
//! further from the clock than `collectd.replay_seconds`; before that it stores the same values at the same times once more.

mod cryptography;

use super::by_identity::paced;
use super::credential::SenderCredential;
use super::reports::NO_IDENTITY;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, store};
use crate::app::App;
use crate::config::CollectdSettings;
use anyhow::{Context, bail};
use base::sample::{Batch, RejectReason};
use base::time::Millis;
use cryptography::Secrets;
use std::cell::Cell;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wire::ingest::collectd::network::{self, Packet, Protection, Protections, Refused, Rules};
use wire::ingest::collectd::types::{TYPES_BYTES_MAX, Types};
use wire::ingest::{LineReject, Lines, Names};

/// Reads collectd's packets: the rules, and the secrets of their senders.
#[derive(Debug)]
pub(super) struct Packets {
    types: Types,
    names: Names,
    secrets: Secrets,
    least: Protections,
    replay: Duration,
}

impl Packets {
    pub(super) fn new(settings: &CollectdSettings, app: &Arc<App>) -> anyhow::Result<Self> {
        let mut types = Types::default();
        for path in &settings.types {
            let what = || format!("cannot read `{}` (`collectd.types_db`)", path.display());
            let text = types_text(path).with_context(what)?;
            types.read(&text).with_context(what)?;
        }
        Ok(Self {
            types,
            names: Names::replacing('_').unwrap_or_default(),
            secrets: Secrets::new(settings.users.clone(), app),
            least: settings.least,
            replay: settings.replay,
        })
    }

    /// Rejects the values whose time is too far from the clock.
    fn reject_distant_times(&self, packet: &mut Packet, now: Millis) {
        let most = i64::try_from(self.replay.as_millis()).unwrap_or(i64::MAX);
        let is_within = |at: Millis| at.0.abs_diff(now.0) <= most.unsigned_abs();
        if packet.batch.iter().all(|sample| is_within(sample.at)) {
            return;
        }
        let mut batch = Batch::default();
        let mut positions = Vec::new();
        let all = std::mem::take(&mut packet.batch);
        for (sample, position) in all.iter().zip(&packet.positions) {
            if is_within(sample.at) {
                batch.add(&sample.key, sample.at, sample.value);
                positions.push(*position);
                continue;
            }
            packet.rejects.push(wire::ingest::Reject {
                index: *position,
                name: Some(sample.name().into_owned()),
                reason: RejectReason::Timestamp(format!(
                    "the time is further from the clock than `collectd.replay_seconds` = {}",
                    self.replay.as_secs()
                )),
            });
        }
        packet.batch = batch;
        packet.positions = positions;
    }
}

/// Reads a packet, and stores its values.
pub(super) fn datagram(shared: &SenderContext, packets: &Packets, sender: Sender, packet: &[u8]) {
    let refuse = |reason, count| shared.refuse(sender.listener, sender.source, reason, count);
    let now = shared.app.clock.now();
    let rules = Rules {
        types: &packets.types,
        names: packets.names,
        least: packets.least,
    };
    let mut read = match network::decode(packet, rules, &packets.secrets, now) {
        Ok(read) => read,
        Err(why) => return refuse(reason(&why), 1),
    };
    let count = read.received as u64;
    if read.notifications > 0 {
        let metrics = &shared.app.metrics;
        metrics.not_stored(sender.listener, "notification", read.notifications);
    }
    let credential = match &read.protection {
        Protection::None => {
            let address = sender.source.address();
            shared.sources.key(address).map(SenderCredential::Source)
        }
        Protection::Signed(user) | Protection::Encrypted(user) => {
            packets.secrets.key(user).map(SenderCredential::Secret)
        }
    };
    let Some(credential) = credential else {
        return refuse(NO_IDENTITY, count.max(1));
    };
    if read.protection.kind() > Protections::None {
        // Without a time it could be sent again for ever.
        if read.stamped > 0 {
            return refuse("no_time", count);
        }
        packets.reject_distant_times(&mut read, now);
    }
    match paced(shared, sender, &credential, packet.len(), count) {
        Ok(true) => {}
        Ok(false) => return,
        Err(_) => return refuse("credential", count.max(1)),
    }
    // Nobody waits here, so it is decoded once.
    let lines = Cell::new(Some(lines(read)));
    let decode = || lines.take().unwrap_or_default();
    match store(
        shared,
        sender,
        &credential,
        (Duration::ZERO, count),
        &decode,
    ) {
        Outcome::Done => {}
        Outcome::Denied(_) => refuse("credential", count),
    }
}

const fn reason(why: &Refused) -> &'static str {
    match why {
        Refused::Malformed | Refused::Partly => "malformed",
        Refused::Password => "credential",
        Refused::Unprotected { .. } => "unprotected",
    }
}

fn lines(read: Packet) -> Lines {
    let number = |index: usize| index as u64 + 1;
    Lines {
        lines: read
            .positions
            .iter()
            .map(|position| number(*position))
            .collect(),
        rejects: read
            .rejects
            .into_iter()
            .map(|reject| LineReject {
                line: number(reject.index),
                name: reject.name,
                reason: reject.reason,
            })
            .collect(),
        batch: read.batch,
        received: read.received as u64,
        stamped: read.stamped as u64,
        renamed: read.renamed as u64,
        notice: None,
    }
}

/// The text of a `types.db`, no more of it than one may have.
fn types_text(path: &Path) -> anyhow::Result<String> {
    let file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        bail!("it is no file");
    }
    let mut text = String::new();
    file.take(TYPES_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}
