//! The bytes of the log: a file header, then records. Pure functions.

use crate::column::Damaged;
use crate::column::varint::{Reader, put, put_signed};
use crate::created_series::CreatedSeries;
use crate::series_ref::SeriesRef;
use crate::undecoded::Undecoded;
use base::id::TenantId;
use base::time::{Millis, TimeRange};

pub(crate) const MAGIC: [u8; 8] = *b"VIGWAL02";
pub(crate) const VERSION: u16 = 2;
pub(crate) const FILE_HEADER_BYTES: usize = 32;
pub(crate) const RECORD_HEADER_BYTES: usize = 24;

/// No batch that fits a request makes a larger record; a length beyond it is damage.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 1 << 30;

/// The kind of a series' samples: 64-bit floats. There are no others yet.
pub(crate) const FLOATS: u8 = base::sample::Kind::Float.code();

/// The kind of a record; its byte in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Created = 1,
    Samples = 2,
    DeleteSeries = 3,
    DeleteRange = 4,
    /// Everything before this record was on stable storage when it was written.
    Synced = 5,
    DropTenant = 6,
}

/// A decoded record of the log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Record {
    Created(Vec<CreatedSeries>),
    Samples(Vec<(SeriesRef, i64, f64)>),
    DeleteSeries(Vec<SeriesRef>),
    DeleteRange(TimeRange, Vec<SeriesRef>),
    Synced,
    /// All series of the tenant with lower numbers end.
    DropTenant(TenantId, SeriesRef),
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecodedRecord {
    pub(crate) sequence: u64,
    pub(crate) record: Record,
    /// How many bytes it takes, with its header.
    pub(crate) length: usize,
}

/// The beginning of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) file_number: u64,
    /// The sequence of its first record.
    pub(crate) first_sequence: u64,
}

impl FileHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(&self.file_number.to_le_bytes());
        out.extend_from_slice(&self.first_sequence.to_le_bytes());
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Undecoded> {
        let header = bytes
            .get(..FILE_HEADER_BYTES)
            .ok_or(Damaged("too short for a log file"))?;
        let mut reader = Reader::new(header);
        if reader.array()? != MAGIC {
            return Err(Damaged("not a log file").into());
        }
        let version = reader.u16()?;
        let unused = reader.u16()?;
        let decoded = Self {
            file_number: reader.u64()?,
            first_sequence: reader.u64()?,
        };
        let sum = crc32fast::hash(header.get(..reader.position()).unwrap_or_default());
        if reader.u32()? != sum {
            return Err(Damaged("the checksum of the file header differs").into());
        }
        if version != VERSION {
            return Err(Undecoded::Unknown(
                "a log file of an unknown format version",
            ));
        }
        if unused != 0 {
            return Err(Undecoded::Unknown("a log file with an unknown field"));
        }
        Ok(decoded)
    }
}

/// The contents of a record with their checksum: the slow part, made before the record has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Payload {
    kind: Kind,
    bytes: Vec<u8>,
    crc: u32,
}

impl Payload {
    pub(crate) fn new(kind: Kind, bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.len() <= PAYLOAD_BYTES_MAX);
        Self {
            kind,
            crc: crc32fast::hash(&bytes),
            bytes,
        }
    }

    /// Bytes of a record with these contents.
    pub(crate) const fn record_bytes(&self) -> usize {
        RECORD_HEADER_BYTES + self.bytes.len()
    }
}

/// Appends a record.
pub(crate) fn encode(out: &mut Vec<u8>, sequence: u64, payload: &Payload) {
    let at = out.len();
    out.extend_from_slice(&(payload.bytes.len() as u32).to_le_bytes());
    // Behind the kind: flags, and the log's shard.
    out.extend_from_slice(&[payload.kind as u8, 0, 0, 0]);
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(&payload.crc.to_le_bytes());
    let crc = crc32fast::hash(out.get(at..).unwrap_or_default());
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&payload.bytes);
}

/// Reads the record at the beginning of `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Result<DecodedRecord, Undecoded> {
    let mut reader = Reader::new(bytes);
    let length = reader.u32()? as usize;
    let [kind, flags, shard @ ..]: [u8; 4] = reader.array()?;
    let sequence = reader.u64()?;
    let payload_crc = reader.u32()?;
    let sum = crc32fast::hash(bytes.get(..reader.position()).unwrap_or_default());
    if reader.u32()? != sum {
        return Err(Damaged("the checksum of a record's header differs").into());
    }
    if length > PAYLOAD_BYTES_MAX {
        return Err(Damaged("the length of a record is absurd").into());
    }
    let length = RECORD_HEADER_BYTES + length;
    let payload = bytes
        .get(RECORD_HEADER_BYTES..length)
        .ok_or(Damaged("the file ends within a record"))?;
    if crc32fast::hash(payload) != payload_crc {
        return Err(Damaged("the checksum of a record differs").into());
    }
    if flags != 0 || shard != [0; 2] {
        return Err(Undecoded::Unknown("a record with unknown flags"));
    }
    // Both checksums are right: whatever is amiss from here on was written so, and is no torn write.
    let record = contents(kind, payload).map_err(|Damaged(what)| Undecoded::Unknown(what))?;
    Ok(DecodedRecord {
        sequence,
        record,
        length,
    })
}

/// Decodes the payload of a record of this kind.
fn contents(kind: u8, payload: &[u8]) -> Result<Record, Damaged> {
    let mut payload = Reader::new(payload);
    let record = match kind {
        1 => Record::Created(created(&mut payload)?),
        2 => Record::Samples(samples(&mut payload)?),
        3 => Record::DeleteSeries(numbers(&mut payload)?),
        4 => {
            let range = TimeRange {
                from: Millis(payload.i64()?),
                until: Millis(payload.i64()?),
            };
            Record::DeleteRange(range, numbers(&mut payload)?)
        }
        5 => Record::Synced,
        6 => Record::DropTenant(TenantId(payload.number()?), SeriesRef(payload.number()?)),
        _ => return Err(Damaged("a record of an unknown kind")),
    };
    payload.finish()?;
    Ok(record)
}

/// Whether a [`Kind::Synced`] record begins anywhere in `bytes`: whatever is damaged before it was on stable storage
/// once, and no torn write. Such a record has no payload, so its first four bytes are zero.
pub(crate) fn holds_synced_record(bytes: &[u8]) -> bool {
    bytes.windows(RECORD_HEADER_BYTES).any(|window| {
        window.starts_with(&[0; 4])
            && window.get(4) == Some(&(Kind::Synced as u8))
            && decode(window).is_ok()
    })
}

/// The payload of [`Kind::Created`].
pub(crate) fn put_created(created: &[CreatedSeries]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, created.len() as u64);
    for CreatedSeries {
        tenant,
        name,
        series,
    } in created
    {
        put(&mut out, u64::from(tenant.0));
        put(&mut out, u64::from(series.0));
        out.push(FLOATS);
        put(&mut out, name.len() as u64);
        out.extend_from_slice(name.as_bytes());
    }
    out
}

fn created(reader: &mut Reader<'_>) -> Result<Vec<CreatedSeries>, Damaged> {
    let count = reader.count(4)?;
    let mut created = Vec::with_capacity(count);
    for _ in 0..count {
        let tenant = TenantId(reader.number()?);
        let series = SeriesRef(reader.number()?);
        if reader.byte()? != FLOATS {
            return Err(Damaged("a series of an unknown kind of samples"));
        }
        let length = reader.count(1)?;
        let name = std::str::from_utf8(reader.take(length)?)
            .map_err(|_| Damaged("a name is not UTF-8"))?;
        created.push(CreatedSeries {
            tenant,
            name: name.into(),
            series,
        });
    }
    Ok(created)
}

/// The payload of [`Kind::Samples`]: numbers and instants as differences, values as they are, column by column.
pub(crate) fn put_samples(samples: &[(SeriesRef, i64, f64)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(samples.len() * 11 + 5);
    put(&mut out, samples.len() as u64);
    let mut previous = 0_i64;
    for (series, _, _) in samples {
        put_signed(&mut out, i64::from(series.0) - previous);
        previous = i64::from(series.0);
    }
    let mut previous = 0_i64;
    for (_, at, _) in samples {
        put_signed(&mut out, at.wrapping_sub(previous));
        previous = *at;
    }
    for (_, _, value) in samples {
        out.extend_from_slice(&value.to_le_bytes());
    }
    out
}

fn samples(reader: &mut Reader<'_>) -> Result<Vec<(SeriesRef, i64, f64)>, Damaged> {
    let count = reader.count(10)?;
    let mut samples = Vec::with_capacity(count);
    let mut previous = 0_i64;
    for _ in 0..count {
        previous = previous.wrapping_add(reader.signed()?);
        let series = u32::try_from(previous).map_err(|_| Damaged("a number exceeds 32 bits"))?;
        samples.push((SeriesRef(series), 0, 0.0));
    }
    let mut previous = 0_i64;
    for (_, at, _) in &mut samples {
        previous = previous.wrapping_add(reader.signed()?);
        *at = previous;
    }
    for (_, _, value) in &mut samples {
        *value = f64::from_le_bytes(reader.array()?);
    }
    Ok(samples)
}

/// The payload of [`Kind::DeleteSeries`].
pub(crate) fn put_numbers(out: &mut Vec<u8>, numbers: impl ExactSizeIterator<Item = u32>) {
    put(out, numbers.len() as u64);
    for number in numbers {
        put(out, u64::from(number));
    }
}

/// The payload of [`Kind::DeleteRange`].
pub(crate) fn put_range(range: &TimeRange, numbers: impl ExactSizeIterator<Item = u32>) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend_from_slice(&range.from.0.to_le_bytes());
    out.extend_from_slice(&range.until.0.to_le_bytes());
    put_numbers(&mut out, numbers);
    out
}

/// The payload of [`Kind::DropTenant`].
pub(crate) fn put_drop_tenant(tenant: TenantId, below: SeriesRef) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, u64::from(tenant.0));
    put(&mut out, u64::from(below.0));
    out
}

fn numbers(reader: &mut Reader<'_>) -> Result<Vec<SeriesRef>, Damaged> {
    let count = reader.count(1)?;
    (0..count).map(|_| reader.number().map(SeriesRef)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reads_back(kind: Kind, payload: &[u8], record: &Record) {
        let mut out = Vec::new();
        encode(&mut out, 77, &Payload::new(kind, payload.to_vec()));
        let length = out.len();
        out.extend_from_slice(b"what follows");
        let decoded = DecodedRecord {
            sequence: 77,
            record: record.clone(),
            length,
        };
        assert_eq!(decode(&out), Ok(decoded));
        for at in 0..length {
            out[at] ^= 1;
            assert!(decode(&out).is_err(), "byte {at}");
            out[at] ^= 1;
        }
    }

    #[test]
    fn a_synced_record_is_found_wherever_it_is() {
        let mut bytes = vec![0; 13];
        assert!(!holds_synced_record(&bytes));
        encode(&mut bytes, 3, &Payload::new(Kind::Synced, Vec::new()));
        bytes.extend_from_slice(&[0; 5]);
        assert!(holds_synced_record(&bytes));
        bytes[13 + 19] ^= 1;
        assert!(!holds_synced_record(&bytes));
    }

    #[test]
    fn a_file_header_reads_back() {
        let header = FileHeader {
            file_number: 3,
            first_sequence: 9,
        };
        assert_eq!(header.encode().len(), FILE_HEADER_BYTES);
        assert_eq!(FileHeader::decode(&header.encode()), Ok(header));
    }

    #[test]
    fn a_file_header_of_a_newer_build_is_told_from_a_damaged_one() {
        let header = FileHeader {
            file_number: 3,
            first_sequence: 9,
        };
        // The version, and what is not used.
        for at in [8, 10, 11] {
            let mut bytes = header.encode();
            bytes[at] = 9;
            let decoded = FileHeader::decode(&bytes);
            assert!(matches!(decoded, Err(Undecoded::Damaged(_))));
            let crc = crc32fast::hash(&bytes[..28]);
            bytes[28..].copy_from_slice(&crc.to_le_bytes());
            let decoded = FileHeader::decode(&bytes);
            assert!(matches!(decoded, Err(Undecoded::Unknown(_))));
        }
    }

    /// A later build's: its bytes would mean something else here.
    #[test]
    fn a_series_of_an_unknown_kind_of_samples_is_refused() {
        let mut payload = put_created(&[CreatedSeries {
            tenant: TenantId(1),
            name: "a".into(),
            series: SeriesRef(1),
        }]);
        // Behind the count, the tenant and the number.
        assert_eq!(payload[3], FLOATS);
        payload[3] += 1;
        let mut out = Vec::new();
        encode(&mut out, 1, &Payload::new(Kind::Created, payload));
        let refused = Undecoded::Unknown("a series of an unknown kind of samples");
        assert_eq!(decode(&out), Err(refused));
    }

    /// As the first build with this kind wrote it.
    #[test]
    fn a_dropped_tenant_is_read_for_ever() {
        let payload = [0xac, 0x02, 0xf0, 0xa2, 0x04];
        let dropped = (TenantId(300), SeriesRef(70_000));
        assert_eq!(put_drop_tenant(dropped.0, dropped.1), payload);
        let read = contents(6, &payload);
        assert_eq!(read, Ok(Record::DropTenant(dropped.0, dropped.1)));
        reads_back(Kind::DropTenant, &payload, &read.unwrap());
    }

    #[test]
    fn what_a_newer_build_wrote_whole_is_unknown_and_torn_is_damaged() {
        // The kind, the flags, and the shard.
        for at in 4..8 {
            let mut out = Vec::new();
            encode(&mut out, 1, &Payload::new(Kind::Samples, put_samples(&[])));
            out[at] = 99;
            assert!(matches!(decode(&out), Err(Undecoded::Damaged(_))), "{at}");
            let crc = crc32fast::hash(&out[..20]);
            out[20..24].copy_from_slice(&crc.to_le_bytes());
            assert!(matches!(decode(&out), Err(Undecoded::Unknown(_))), "{at}");
            out.pop();
            assert!(matches!(decode(&out), Err(Undecoded::Damaged(_))), "{at}");
        }
    }

    proptest! {
        #[test]
        fn records_read_back(
            samples in prop::collection::vec((any::<u32>(), any::<i64>(), -1e9..1e9), 0..20),
            created in prop::collection::vec((any::<u32>(), any::<u32>(), "\\PC{0,8}"), 0..9),
            numbers: Vec<u32>, from: i64, until: i64,
        ) {
            let samples: Vec<_> = samples.into_iter().map(|(s, at, value)| (SeriesRef(s), at, value)).collect();
            reads_back(Kind::Samples, &put_samples(&samples), &Record::Samples(samples.clone()));
            let of = |(tenant, series, name): (u32, u32, String)| CreatedSeries {
                tenant: TenantId(tenant),
                name: name.into(),
                series: SeriesRef(series),
            };
            let created: Vec<_> = created.into_iter().map(of).collect();
            reads_back(Kind::Created, &put_created(&created), &Record::Created(created));
            let range = TimeRange { from: Millis(from), until: Millis(until) };
            let refs: Vec<_> = numbers.iter().map(|number| SeriesRef(*number)).collect();
            reads_back(
                Kind::DeleteRange,
                &put_range(&range, numbers.iter().copied()),
                &Record::DeleteRange(range, refs.clone()),
            );
            let mut payload = Vec::new();
            put_numbers(&mut payload, numbers.iter().copied());
            reads_back(Kind::DeleteSeries, &payload, &Record::DeleteSeries(refs));
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, kind in 0_u8..8) {
            let _ = decode(&bytes);
            let _ = FileHeader::decode(&bytes);
            let mut out = Vec::new();
            encode(&mut out, 1, &Payload::new(Kind::Samples, bytes));
            out[4] = kind;
            let crc = crc32fast::hash(&out[..20]);
            out[20..24].copy_from_slice(&crc.to_le_bytes());
            let _ = decode(&out);
        }
    }
}
