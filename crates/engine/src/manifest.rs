//! The manifest: which files count, and from which record of the log on. The only truth; a file it does not name is deleted at the
//! next start. Here is what it says, as text and back; [`mod@file`] has the file of it.

mod file;

pub(crate) use file::{FILE, TEMPORARY};

use crate::registry::table::FingerprintKey;
use crate::tombstone::Tombstone;
use base::id::TenantId;
use base::scope::Owner;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The format that this build reads and writes.
const FORMAT: u32 = 2;

/// Fields of a later build, which are written back as they were read.
pub(crate) type UnknownFields = BTreeMap<String, Value>;

/// One segment file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentEntry {
    /// Relative to the samples folder.
    pub(crate) file: String,
    pub(crate) day: i32,
    /// Days after it of which it may hold samples as well.
    #[serde(default)]
    pub(crate) more_days: u16,
    pub(crate) sequence: u64,
    pub(crate) samples: u64,
    pub(crate) series: u32,
    pub(crate) bytes: u64,
    pub(crate) from: i64,
    pub(crate) until: i64,
    #[serde(flatten)]
    pub(crate) unknown_fields: UnknownFields,
}

/// The owner of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TenantOwner {
    tenant: u32,
    /// In hexadecimal digits: readers of JSON seldom know numbers of that length.
    owner: String,
}

impl TenantOwner {
    pub(crate) fn new(tenant: TenantId, owner: Owner) -> Self {
        Self {
            tenant: tenant.0,
            owner: format!("{:032x}", owner.to_bits()),
        }
    }

    /// The tenant and its owner; none where a later build says it in another way.
    pub(crate) fn read(&self) -> Option<(TenantId, Owner)> {
        let bits = u128::from_str_radix(&self.owner, 16).ok()?;
        Some((TenantId(self.tenant), Owner::from_bits(bits)))
    }
}

/// The state of retention's daily share on the last day of the clock on which it dropped something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExpiryEntry {
    /// The day of the clock.
    pub(crate) day: i32,
    /// The day that the clock was last set back from, which has had its share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) set_back_from: Option<i32>,
    /// How many more days may be dropped on it.
    pub(crate) left: u64,
    /// The first day that no share was used for.
    pub(crate) paid_before: i32,
}

/// The contents of the file. Fields that this build does not know may be left out of account, but for those of a tombstone:
/// whatever may not be raises `format`. They are kept for the build that wrote them: those of the manifest and of its segments. Not so
/// those in `owners` and `expiry`, which are made anew from what is in memory, and those beside the checksum, which speak of a text
/// that is written anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// Keys the fingerprints of names.
    pub(crate) fingerprint_key: FingerprintKey,
    /// The last record of the log whose effect is in the files named here.
    pub(crate) sequence: u64,
    /// The first log file that still counts.
    pub(crate) wal_first: u64,
    /// The number of the next segment or name file; never given twice.
    pub(crate) next_file: u64,
    /// The number of the next series, as of `sequence`.
    pub(crate) next_series: u32,
    /// Name files, in the order in which they are read.
    pub(crate) names: Vec<String>,
    pub(crate) segments: Vec<SegmentEntry>,
    pub(crate) tombstones: Vec<Tombstone>,
    /// The owners of the tenants with tombstones, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) owners: Vec<TenantOwner>,
    /// None where retention has dropped nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expiry: Option<ExpiryEntry>,
    #[serde(flatten)]
    pub(crate) unknown_fields: UnknownFields,
}

/// The text of a manifest with its checksum, as it is written.
#[derive(Serialize)]
struct WrittenEnvelope<'a> {
    crc32: u32,
    manifest: &'a RawValue,
}

/// The text of a manifest with its checksum, as it is read.
#[derive(Deserialize)]
struct ReadEnvelope {
    crc32: u32,
    manifest: Box<RawValue>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// It is not as it was written.
    #[error("{0}")]
    Damaged(String),
    /// It is as it was written, by a build that says what this one does not know and must not ignore.
    #[error(
        "it was written by another build, and this one cannot read it: {0}; nothing was touched. Start the build that wrote it"
    )]
    Unknown(String),
}

impl Manifest {
    pub(crate) const fn new(fingerprint_key: FingerprintKey) -> Self {
        Self {
            format: FORMAT,
            fingerprint_key,
            sequence: 0,
            wal_first: 1,
            next_file: 1,
            next_series: 0,
            names: Vec::new(),
            segments: Vec::new(),
            tombstones: Vec::new(),
            owners: Vec::new(),
            expiry: None,
            unknown_fields: UnknownFields::new(),
        }
    }

    pub(crate) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let manifest = RawValue::from_string(serde_json::to_string(self)?)?;
        let crc32 = crc32fast::hash(manifest.get().as_bytes());
        let mut text = serde_json::to_vec(&WrittenEnvelope {
            crc32,
            manifest: &manifest,
        })?;
        text.push(b'\n');
        Ok(text)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ManifestError> {
        let envelope: ReadEnvelope = serde_json::from_slice(bytes)
            .map_err(|error| ManifestError::Damaged(error.to_string()))?;
        if crc32fast::hash(envelope.manifest.get().as_bytes()) != envelope.crc32 {
            return Err(ManifestError::Damaged("the checksum differs".to_owned()));
        }
        serde_json::from_str(envelope.manifest.get())
            .map_err(|error| ManifestError::Unknown(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::sync::Arc;

    #[test]
    fn it_reads_back_and_notices_a_changed_byte() {
        let mut manifest = Manifest::new([1, u64::MAX]);
        manifest.names.push("names/1.names".to_owned());
        let owned = (TenantId(7), Owner::from_bits(u128::MAX - 5));
        manifest.owners.push(TenantOwner::new(owned.0, owned.1));
        assert_eq!(
            manifest.owners.first().and_then(TenantOwner::read),
            Some(owned)
        );
        manifest.expiry = Some(ExpiryEntry {
            day: 20_780,
            set_back_from: Some(20_790),
            left: 3,
            paid_before: -1,
        });
        let text = manifest.encode().unwrap();
        assert_eq!(Manifest::decode(&text).unwrap(), manifest);
        let changed = String::from_utf8(text)
            .unwrap()
            .replace("\"wal_first\":1", "\"wal_first\":2");
        assert_eq!(
            Manifest::decode(changed.as_bytes())
                .unwrap_err()
                .to_string(),
            "the checksum differs"
        );
    }

    #[test]
    fn fields_of_later_builds_are_kept_beside_and_in_segments_and_refused_in_a_tombstone() {
        let mut manifest = Manifest::new([1, 2]);
        manifest.segments.push(SegmentEntry {
            file: "segments/1".to_owned(),
            day: 1,
            more_days: 0,
            sequence: 1,
            samples: 1,
            series: 1,
            bytes: 1,
            from: 0,
            until: 0,
            unknown_fields: UnknownFields::new(),
        });
        manifest.tombstones.push(Tombstone {
            tenant: base::id::TenantId(0),
            sequence: 1,
            range: base::time::TimeRange::ALL,
            series: Arc::new([7].into()),
        });
        let text = serde_json::to_string(&manifest).unwrap();
        let with = |before: &str| {
            let more = text.replacen(before, &format!("{before}\"more\":[60],"), 1);
            assert_ne!(more, text, "{before}");
            let crc32 = crc32fast::hash(more.as_bytes());
            format!("{{\"more\":1,\"crc32\":{crc32},\"manifest\":{more}}}")
        };
        for before in ["{", "\"segments\":[{"] {
            let mut read = Manifest::decode(with(before).as_bytes()).unwrap();
            let again = Manifest::decode(&read.encode().unwrap()).unwrap();
            assert_eq!(again, read, "{before}");
            let kept = match before {
                "{" => std::mem::take(&mut read.unknown_fields),
                _ => std::mem::take(&mut read.segments[0].unknown_fields),
            };
            let expected = ("more".to_owned(), serde_json::json!([60]));
            assert_eq!(kept, UnknownFields::from([expected]), "{before}");
            assert_eq!(read, manifest, "{before}");
        }
        // It may say that less is deleted: who ignored it would hide more, and then rewrite the days without it.
        let refused = Manifest::decode(with("\"tombstones\":[{").as_bytes()).unwrap_err();
        let message = refused.to_string();
        assert!(
            message.contains("unknown field `more`")
                && message.contains("Start the build that wrote it"),
            "{message}"
        );
    }

    proptest! {
        #[test]
        fn any_manifest_reads_back_and_no_other_bit_pattern_does(
            key: [u64; 2],
            numbers in (any::<u64>(), any::<u64>(), any::<u64>(), any::<u32>()),
            names in prop::collection::vec("\\PC{0,9}", 0..4),
            segments in prop::collection::vec((any::<i32>(), any::<u64>(), any::<i64>()), 0..4),
            hidden in prop::collection::btree_set(any::<u32>(), 0..20),
            flip in any::<prop::sample::Index>(),
            bit in 0_u32..8,
        ) {
            let (sequence, wal_first, next_file, next_series) = numbers;
            let entry = |(day, sequence, from): (i32, u64, i64)| SegmentEntry {
                file: format!("segments/{day}"), day, more_days: 0, sequence, samples: sequence,
                series: next_series, bytes: next_file, from, until: from,
                unknown_fields: UnknownFields::new(),
            };
            let range = base::time::TimeRange::ALL;
            let manifest = Manifest {
                sequence, wal_first, next_file, next_series, names,
                segments: segments.into_iter().map(entry).collect(),
                tombstones: vec![Tombstone { tenant: base::id::TenantId(0), sequence, range, series: Arc::new(hidden.into_iter().collect()) }],
                ..Manifest::new(key)
            };
            let mut text = manifest.encode().unwrap();
            prop_assert_eq!(&Manifest::decode(&text).unwrap(), &manifest);
            let at = flip.index(text.len());
            text[at] ^= 1 << bit;
            // White space around the object may change into other white space.
            if let Ok(read) = Manifest::decode(&text) {
                prop_assert_eq!(read, manifest);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Manifest::decode(&bytes);
        }
    }
}
