//! Name files: the series that were created, and those that were dropped, between two flushes. Read in the order in which the
//! manifest names them, they give the registry.
//!
//! Layout: magic `VIGNAM02`; created series: count varint, each, ascending by tenant and name: tenant varint, number varint, kind
//! of samples u8, bytes shared with the name before varint, length of the rest varint, the rest; dropped series: count varint,
//! numbers varint; CRC-32 (u32) of all before it.

use crate::column::Damaged;
use crate::column::varint::{Reader, put};
use crate::created_series::CreatedSeries;
use crate::series_ref::SeriesRef;
use crate::undecoded::Undecoded;
use crate::wal::record::FLOATS;
use base::id::TenantId;

const MAGIC: [u8; 8] = *b"VIGNAM02";

/// The contents of a name file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NameFile {
    pub(crate) created: Vec<CreatedSeries>,
    pub(crate) dropped: Vec<SeriesRef>,
}

impl NameFile {
    pub(crate) fn encode(mut self) -> Vec<u8> {
        self.created.sort_unstable();
        let mut out = MAGIC.to_vec();
        put(&mut out, self.created.len() as u64);
        let mut previous: &[u8] = &[];
        for CreatedSeries {
            tenant,
            name,
            series,
        } in &self.created
        {
            let name = name.as_bytes();
            let shared = previous
                .iter()
                .zip(name)
                .take_while(|(a, b)| a == b)
                .count();
            let rest = name.get(shared..).unwrap_or_default();
            put(&mut out, u64::from(tenant.0));
            put(&mut out, u64::from(series.0));
            out.push(FLOATS);
            put(&mut out, shared as u64);
            put(&mut out, rest.len() as u64);
            out.extend_from_slice(rest);
            previous = name;
        }
        put(&mut out, self.dropped.len() as u64);
        for series in &self.dropped {
            put(&mut out, u64::from(series.0));
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Undecoded> {
        let (body, crc) = bytes
            .split_last_chunk::<4>()
            .ok_or(Damaged("too short for a name file"))?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return Err(Damaged("the checksum differs").into());
        }
        let mut reader = Reader::new(body);
        if reader.array()? != MAGIC {
            return Err(Damaged("not a name file").into());
        }
        let mut file = Self::default();
        let mut name = Vec::new();
        let created = reader.count(5)?;
        file.created.reserve(created);
        for _ in 0..created {
            let tenant = TenantId(reader.number()?);
            let series = SeriesRef(reader.number()?);
            if reader.byte()? != FLOATS {
                return Err(Undecoded::Unknown("a series of an unknown kind of samples"));
            }
            let shared = reader.varint()?;
            if shared > name.len() as u64 {
                return Err(Damaged("a name shares more than there is").into());
            }
            name.truncate(shared as usize);
            let rest = reader.count(1)?;
            name.extend_from_slice(reader.take(rest)?);
            let text = std::str::from_utf8(&name).map_err(|_| Damaged("a name is not UTF-8"))?;
            file.created.push(CreatedSeries {
                tenant,
                name: text.into(),
                series,
            });
        }
        for _ in 0..reader.count(1)? {
            file.dropped.push(SeriesRef(reader.number()?));
        }
        reader.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_series_of_an_unknown_kind_of_samples_is_told_from_a_damaged_file() {
        let file = NameFile {
            created: vec![CreatedSeries {
                tenant: TenantId(1),
                name: "a".into(),
                series: SeriesRef(1),
            }],
            dropped: Vec::new(),
        };
        let mut bytes = file.encode();
        bytes.truncate(bytes.len() - 4);
        // Behind the count, the tenant and the number.
        let kind = MAGIC.len() + 3;
        assert_eq!(bytes[kind], FLOATS);
        bytes[kind] += 1;
        let damaged = NameFile::decode(&bytes).unwrap_err();
        assert!(matches!(damaged, Undecoded::Damaged(_)), "{damaged:?}");
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        let refused = Undecoded::Unknown("a series of an unknown kind of samples");
        assert_eq!(NameFile::decode(&bytes), Err(refused));
    }

    proptest! {
        #[test]
        fn names_read_back(
            created in prop::collection::btree_set((0_u32..3, "[a-cé.]{1,12}"), 0..40),
            dropped: Vec<u32>,
        ) {
            let file = NameFile {
                created: created
                    .into_iter()
                    .zip(0..)
                    .map(|((tenant, name), series)| CreatedSeries {
                        tenant: TenantId(tenant),
                        name: name.into(),
                        series: SeriesRef(series),
                    })
                    .collect(),
                dropped: dropped.into_iter().map(SeriesRef).collect(),
            };
            prop_assert_eq!(NameFile::decode(&file.clone().encode()), Ok(file));
        }

        #[test]
        fn no_bytes_panic(mut body: Vec<u8>) {
            let _ = NameFile::decode(&body);
            body.splice(0..0, MAGIC);
            let crc = crc32fast::hash(&body);
            body.extend_from_slice(&crc.to_le_bytes());
            let _ = NameFile::decode(&body);
        }
    }
}
