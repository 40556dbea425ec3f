//! The bytes of a segment file. `docs/design/engine.md` draws them; pure functions here write and read them.

use crate::column::varint::Reader;
use crate::column::{Damaged, choose};
use crate::day::{DAY_MILLIS, Day};
use crate::series_ref::SeriesRef;
use crate::undecoded::Undecoded;
use crate::wal::record::FLOATS;
use base::id::TenantId;
use base::time::{Millis, TimeRange};

pub(crate) const MAGIC: [u8; 8] = *b"VIGSEG02";
pub(crate) const END_MAGIC: [u8; 8] = *b"VIGSEGND";
pub(crate) const VERSION: u16 = 2;
pub(crate) const HEADER_BYTES: usize = 48;
pub(crate) const FOOTER_BYTES: usize = 88;
pub(crate) const BLOCK_BYTES: usize = 36;
pub(crate) const TENANT_BYTES: usize = 40;

/// Samples of one block.
pub(crate) const BLOCK_SAMPLES: usize = 1024;

/// The first bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The first day it may hold samples of.
    pub(crate) day: Day,
    /// How many more days it may hold samples of: 0 but for what came late for many days at once.
    pub(crate) more_days: u16,
    /// The last record of the log that is in it: of two segments with the same instant, the higher one's sample counts.
    pub(crate) sequence: u64,
    /// Deletions up to this record were applied when it was written; only later ones hide anything in it.
    pub(crate) purged: u64,
}

/// One block of one series: where its columns are, and what time they span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) series: SeriesRef,
    pub(crate) count: u16,
    pub(crate) timestamps_code: u8,
    pub(crate) values_code: u8,
    /// Its day, counted from the segment's first.
    pub(crate) day: u16,
    /// Milliseconds since the start of its day, as [`Self::until`], both included.
    pub(crate) from: u32,
    pub(crate) until: u32,
    pub(crate) offset: u64,
    pub(crate) timestamps_bytes: u32,
    pub(crate) values_bytes: u32,
    pub(crate) crc: u32,
}

/// The blocks of one tenant: a contiguous run of the block directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) tenant: TenantId,
    pub(crate) first: u32,
    pub(crate) blocks: u32,
    pub(crate) series: u32,
    pub(crate) bytes: u64,
    pub(crate) from: i64,
    pub(crate) until: i64,
}

impl Tenant {
    /// From its first to its last sample.
    pub(crate) const fn range(&self) -> TimeRange {
        TimeRange {
            from: Millis(self.from),
            until: Millis(self.until),
        }
    }
}

/// The last bytes of the file: where the directories are, and what the whole file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) blocks_offset: u64,
    pub(crate) blocks: u32,
    pub(crate) tenants: u32,
    pub(crate) tenants_offset: u64,
    pub(crate) blocks_crc: u32,
    pub(crate) tenants_crc: u32,
    pub(crate) samples: u64,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) sequence: u64,
    pub(crate) series: u32,
    pub(crate) header_crc: u32,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        // The tier: 0 for samples as they came.
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(&self.day.0.to_le_bytes());
        out.extend_from_slice(&self.more_days.to_le_bytes());
        // The shard, and the milliseconds of a slot of a coarser tier.
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(&0_u32.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.purged.to_le_bytes());
        out.extend_from_slice(&0_u32.to_le_bytes());
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Undecoded> {
        let mut reader = Reader::new(bytes);
        if reader.array()? != MAGIC {
            return Err(Damaged("not a segment file").into());
        }
        let version = reader.u16()?;
        let tier = reader.u16()?;
        let day = Day(reader.u32()?.cast_signed());
        let more_days = reader.u16()?;
        let (shard, slot_millis) = (reader.u16()?, reader.u32()?);
        let sequence = reader.u64()?;
        let purged = reader.u64()?;
        let unused = reader.u32()?;
        checked(bytes, &mut reader)?;
        if version != VERSION {
            return Err(Undecoded::Unknown("a segment of an unknown format version"));
        }
        if tier != 0 {
            return Err(Undecoded::Unknown("a segment of an unknown tier"));
        }
        if shard != 0 || slot_millis != 0 || unused != 0 {
            return Err(Undecoded::Unknown("a segment with unknown fields"));
        }
        Ok(Self {
            day,
            more_days,
            sequence,
            purged,
        })
    }

    /// The last day it may hold samples of.
    pub(crate) const fn last_day(&self) -> Day {
        Day(self.day.0.saturating_add(self.more_days as i32))
    }

    /// Whether it has samples of many days: those of a flush that came late.
    pub(crate) const fn is_multi_day(&self) -> bool {
        self.more_days > 0
    }
}

impl Block {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.series.0.to_le_bytes());
        out.extend_from_slice(&self.count.to_le_bytes());
        out.push(self.timestamps_code);
        out.push(self.values_code);
        out.extend_from_slice(&self.from.to_le_bytes());
        out.extend_from_slice(&self.until.to_le_bytes());
        write_low_bytes(out, self.offset, 5);
        write_low_bytes(out, u64::from(self.timestamps_bytes), 3);
        write_low_bytes(out, u64::from(self.values_bytes), 3);
        // The kind of samples: 64-bit floats.
        out.push(FLOATS);
        out.extend_from_slice(&self.day.to_le_bytes());
        out.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(&self.crc.to_le_bytes());
    }

    /// Of bytes whose checksum is right: what it does not know is otherwise damage.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Undecoded> {
        let mut block = Self {
            series: SeriesRef(reader.u32()?),
            count: reader.u16()?,
            timestamps_code: reader.byte()?,
            values_code: reader.byte()?,
            day: 0,
            from: reader.u32()?,
            until: reader.u32()?,
            offset: read_low_bytes(reader, 5)?,
            timestamps_bytes: read_low_bytes(reader, 3)? as u32,
            values_bytes: read_low_bytes(reader, 3)? as u32,
            crc: 0,
        };
        if reader.byte()? != FLOATS {
            return Err(Undecoded::Unknown("a block of an unknown kind of samples"));
        }
        if !choose::is_timestamps_code(block.timestamps_code)
            || !choose::is_values_code(block.values_code)
        {
            return Err(Undecoded::Unknown(
                "a block with a column of an unknown code",
            ));
        }
        block.day = reader.u16()?;
        if reader.u16()? != 0 {
            return Err(Undecoded::Unknown("a block with an unknown field"));
        }
        block.crc = reader.u32()?;
        if block.from > block.until || i64::from(block.until) >= DAY_MILLIS || block.count == 0 {
            return Err(Damaged("a block spans no time of its day").into());
        }
        Ok(block)
    }

    /// The time it spans, in a segment whose first day is `first`.
    pub(crate) const fn span(&self, first: Day) -> TimeRange {
        let start = self.start(first);
        TimeRange {
            from: Millis(start + self.from as i64),
            until: Millis(start + self.until as i64),
        }
    }

    /// The start of its day.
    pub(crate) const fn start(&self, first: Day) -> i64 {
        self.day_in(first).start()
    }

    /// Its day.
    pub(crate) const fn day_in(&self, first: Day) -> Day {
        Day(first.0.saturating_add(self.day as i32))
    }

    /// Bytes of both columns.
    pub(crate) const fn bytes(&self) -> usize {
        self.timestamps_bytes as usize + self.values_bytes as usize
    }
}

impl Tenant {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.tenant.0.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        out.extend_from_slice(&self.blocks.to_le_bytes());
        out.extend_from_slice(&self.series.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&self.from.to_le_bytes());
        out.extend_from_slice(&self.until.to_le_bytes());
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            tenant: TenantId(reader.u32()?),
            first: reader.u32()?,
            blocks: reader.u32()?,
            series: reader.u32()?,
            bytes: reader.u64()?,
            from: reader.i64()?,
            until: reader.i64()?,
        })
    }
}

impl Footer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FOOTER_BYTES);
        out.extend_from_slice(&self.blocks_offset.to_le_bytes());
        out.extend_from_slice(&self.blocks.to_le_bytes());
        out.extend_from_slice(&self.tenants.to_le_bytes());
        out.extend_from_slice(&self.tenants_offset.to_le_bytes());
        out.extend_from_slice(&self.blocks_crc.to_le_bytes());
        out.extend_from_slice(&self.tenants_crc.to_le_bytes());
        out.extend_from_slice(&self.samples.to_le_bytes());
        out.extend_from_slice(&self.from.to_le_bytes());
        out.extend_from_slice(&self.until.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.series.to_le_bytes());
        out.extend_from_slice(&self.header_crc.to_le_bytes());
        out.extend_from_slice(&0_u32.to_le_bytes());
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&END_MAGIC);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Undecoded> {
        let mut reader = Reader::new(bytes);
        let footer = Self {
            blocks_offset: reader.u64()?,
            blocks: reader.u32()?,
            tenants: reader.u32()?,
            tenants_offset: reader.u64()?,
            blocks_crc: reader.u32()?,
            tenants_crc: reader.u32()?,
            samples: reader.u64()?,
            from: reader.i64()?,
            until: reader.i64()?,
            sequence: reader.u64()?,
            series: reader.u32()?,
            header_crc: reader.u32()?,
        };
        let unused = reader.u32()?;
        checked(bytes, &mut reader)?;
        if reader.array()? != END_MAGIC {
            return Err(Damaged("the footer's magic is missing").into());
        }
        if unused != 0 {
            return Err(Undecoded::Unknown("a footer with an unknown field"));
        }
        Ok(footer)
    }
}

/// Reads the checksum of everything before it, and compares.
fn checked(bytes: &[u8], reader: &mut Reader<'_>) -> Result<(), Damaged> {
    let sum = crc32fast::hash(bytes.get(..reader.position()).unwrap_or_default());
    if reader.u32()? == sum {
        Ok(())
    } else {
        Err(Damaged("the checksum differs"))
    }
}

fn write_low_bytes(out: &mut Vec<u8>, value: u64, bytes: usize) {
    debug_assert!(value >> (8 * bytes) == 0);
    out.extend(value.to_le_bytes().iter().take(bytes));
}

fn read_low_bytes(reader: &mut Reader<'_>, bytes: usize) -> Result<u64, Damaged> {
    let slice = reader.take(bytes)?;
    Ok(slice
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block() -> Block {
        Block {
            series: SeriesRef(7),
            count: 1024,
            timestamps_code: 2,
            values_code: 0x10,
            day: 65_535,
            from: 1,
            until: 86_399_999,
            offset: (1 << 40) - 1,
            timestamps_bytes: (1 << 24) - 1,
            values_bytes: 99,
            crc: 0xdead_beef,
        }
    }

    fn footer() -> Footer {
        Footer {
            blocks_offset: 1,
            blocks: 2,
            tenants: 3,
            tenants_offset: 4,
            blocks_crc: 5,
            tenants_crc: 6,
            samples: 7,
            from: -8,
            until: 9,
            sequence: 10,
            series: 11,
            header_crc: 12,
        }
    }

    #[test]
    fn sizes_are_as_drawn_and_read_back() {
        let header = Header {
            day: Day(-3),
            more_days: 7300,
            sequence: 9,
            purged: 10,
        };
        assert_eq!(header.encode().len(), HEADER_BYTES);
        assert_eq!(Header::decode(&header.encode()), Ok(header));
        let mut out = Vec::new();
        block().encode(&mut out);
        assert_eq!(out.len(), BLOCK_BYTES);
        assert_eq!(Block::decode(&mut Reader::new(&out)), Ok(block()));
        let tenant = Tenant {
            tenant: TenantId(1),
            first: 2,
            blocks: 3,
            series: 4,
            bytes: 5,
            from: 6,
            until: 7,
        };
        out.clear();
        tenant.encode(&mut out);
        assert_eq!(out.len(), TENANT_BYTES);
        assert_eq!(Tenant::decode(&mut Reader::new(&out)), Ok(tenant));
        assert_eq!(footer().encode().len(), FOOTER_BYTES);
        assert_eq!(Footer::decode(&footer().encode()), Ok(footer()));
    }

    #[test]
    fn a_header_of_a_newer_build_is_told_from_a_damaged_one() {
        let header = Header {
            day: Day(3),
            more_days: 0,
            sequence: 9,
            purged: 10,
        };
        // The version, the tier, the shard, the length of a slot, and what is not used.
        for at in [8, 10, 18, 20, 23, 40, 43] {
            let mut bytes = header.encode();
            bytes[at] = 9;
            assert!(matches!(Header::decode(&bytes), Err(Undecoded::Damaged(_))));
            let crc = crc32fast::hash(&bytes[..HEADER_BYTES - 4]);
            bytes[HEADER_BYTES - 4..].copy_from_slice(&crc.to_le_bytes());
            assert!(matches!(Header::decode(&bytes), Err(Undecoded::Unknown(_))));
        }
    }

    #[test]
    fn a_block_of_a_newer_build_is_told_from_a_damaged_one() {
        let mut out = Vec::new();
        block().encode(&mut out);
        // Behind the series (4) and the count (2): the codes of both columns.
        for code in [6, 7] {
            let mut bytes = out.clone();
            bytes[code] = 0xff;
            let refused = Undecoded::Unknown("a block with a column of an unknown code");
            assert_eq!(Block::decode(&mut Reader::new(&bytes)), Err(refused));
        }
        // Before the day (2), what is not used (2) and the checksum (4).
        let kind = BLOCK_BYTES - 9;
        assert_eq!(out[kind], FLOATS);
        let mut bytes = out.clone();
        bytes[kind] += 1;
        let refused = Undecoded::Unknown("a block of an unknown kind of samples");
        assert_eq!(Block::decode(&mut Reader::new(&bytes)), Err(refused));
        for unused in [BLOCK_BYTES - 6, BLOCK_BYTES - 5] {
            let mut bytes = out.clone();
            bytes[unused] = 1;
            let refused = Undecoded::Unknown("a block with an unknown field");
            assert_eq!(Block::decode(&mut Reader::new(&bytes)), Err(refused));
        }
    }

    #[test]
    fn a_footer_of_a_newer_build_is_told_from_a_damaged_one() {
        let encoded = footer().encode();
        // Before the checksum (4) and the magic (8).
        for at in [FOOTER_BYTES - 16, FOOTER_BYTES - 13] {
            let mut bytes = encoded.clone();
            bytes[at] = 1;
            assert!(matches!(Footer::decode(&bytes), Err(Undecoded::Damaged(_))));
            let checksum = FOOTER_BYTES - 12;
            let crc = crc32fast::hash(&bytes[..checksum]);
            bytes[checksum..checksum + 4].copy_from_slice(&crc.to_le_bytes());
            assert!(matches!(Footer::decode(&bytes), Err(Undecoded::Unknown(_))));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Header::decode(&bytes);
            let _ = Footer::decode(&bytes);
            let _ = Block::decode(&mut Reader::new(&bytes));
            let _ = Tenant::decode(&mut Reader::new(&bytes));
        }

        #[test]
        fn a_flipped_byte_is_seen(at in 0_usize..HEADER_BYTES, flip in 1_u8..) {
            let header = Header { day: Day(3), more_days: 0, sequence: 9, purged: 10 };
            let mut bytes = header.encode();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= flip;
                prop_assert!(Header::decode(&bytes).is_err());
            }
        }
    }
}
