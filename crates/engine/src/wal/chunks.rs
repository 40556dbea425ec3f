//! Records that gather until they are written, in chunks: none is ever copied to make room for more, and written chunks are used
//! again.

/// Size of a chunk. A larger record gets a chunk of its own size.
const CHUNK_BYTES: usize = 256 << 10;

/// Chunks that are kept for later records: 8 MiB of them.
const SPARE_MAX: usize = (8 << 20) / CHUNK_BYTES;

/// Records in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct Chunks(Vec<Vec<u8>>);

/// Empty chunks for later records.
#[derive(Debug, Default)]
pub(crate) struct SpareChunks(Vec<Vec<u8>>);

impl Chunks {
    /// The chunk for a record of so many bytes.
    pub(crate) fn with_room(
        &mut self,
        bytes: usize,
        spare: &mut SpareChunks,
    ) -> Option<&mut Vec<u8>> {
        let has_room = |chunk: &Vec<u8>| chunk.capacity() - chunk.len() >= bytes;
        if !self.0.last().is_some_and(has_room) {
            self.0.push(spare.take(bytes));
        }
        self.0.last_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts these records before those it has.
    pub(crate) fn prepend(&mut self, mut earlier: Self) {
        earlier.0.append(&mut self.0);
        *self = earlier;
    }
}

impl SpareChunks {
    fn take(&mut self, bytes: usize) -> Vec<u8> {
        match self.0.pop_if(|chunk| chunk.capacity() >= bytes) {
            Some(chunk) => chunk,
            None => Vec::with_capacity(bytes.max(CHUNK_BYTES)),
        }
    }

    /// Keeps the chunks of written records, unless they are large or too many; returns those that are not needed, to be freed
    /// without a lock.
    pub(crate) fn recycle(&mut self, mut written: Chunks) -> Chunks {
        let room = SPARE_MAX.saturating_sub(self.0.len());
        let small = |chunk: &mut Vec<u8>| chunk.capacity() <= CHUNK_BYTES;
        let kept = written.0.extract_if(.., small).take(room);
        self.0.extend(kept.map(|mut chunk| {
            chunk.clear();
            chunk
        }));
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(chunks: &mut Chunks, spare: &mut SpareChunks, record: &[u8]) {
        let chunk = chunks.with_room(record.len(), spare).unwrap();
        chunk.extend_from_slice(record);
    }

    fn all(chunks: &Chunks) -> Vec<u8> {
        chunks.iter().flatten().copied().collect()
    }

    #[test]
    fn records_stay_in_order_and_whole_and_no_chunk_grows() {
        let (mut chunks, mut spare) = (Chunks::default(), SpareChunks::default());
        let mut expected = Vec::new();
        for (byte, length) in [(1, 10), (2, CHUNK_BYTES), (3, 3 * CHUNK_BYTES), (4, 5)] {
            let record = vec![byte; length];
            add(&mut chunks, &mut spare, &record);
            expected.extend(record);
        }
        assert!(all(&chunks) == expected && chunks.len() == expected.len());
        let lengths: Vec<usize> = chunks.iter().map(<[u8]>::len).collect();
        assert_eq!(lengths, [10, CHUNK_BYTES, 3 * CHUNK_BYTES, 5]);
    }

    #[test]
    fn what_could_not_be_written_comes_before_what_was_added_since() {
        let (mut chunks, mut spare) = (Chunks::default(), SpareChunks::default());
        add(&mut chunks, &mut spare, b"a");
        let earlier = std::mem::take(&mut chunks);
        add(&mut chunks, &mut spare, b"b");
        chunks.prepend(earlier);
        add(&mut chunks, &mut spare, b"c");
        assert_eq!(all(&chunks), b"abc");
    }

    #[test]
    fn chunks_are_used_again_but_not_large_or_many_ones() {
        let (mut chunks, mut spare) = (Chunks::default(), SpareChunks::default());
        for _ in 0..SPARE_MAX + 3 {
            add(&mut chunks, &mut spare, &vec![0; CHUNK_BYTES]);
        }
        assert_eq!(spare.recycle(chunks).0.len(), 3);
        assert_eq!(spare.0.len(), SPARE_MAX);
        let mut chunks = Chunks::default();
        add(&mut chunks, &mut spare, b"a");
        assert_eq!((spare.0.len(), chunks.len()), (SPARE_MAX - 1, 1));
        add(&mut chunks, &mut spare, &vec![0; CHUNK_BYTES + 1]);
        assert_eq!(spare.recycle(chunks).len(), CHUNK_BYTES + 1);
        assert_eq!(spare.0.len(), SPARE_MAX);
    }
}
