//! Any bytes as one of Whisper's files: points or an error, never a panic, and no more points than its bytes can hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::import::whisper::{Archive, HEADER_BYTES_MAX, Header, POINT_BYTES};

fuzz_target!(|file: &[u8]| {
    let beginning = file.get(..HEADER_BYTES_MAX).unwrap_or(file);
    let Ok(header) = Header::read(beginning, file.len() as u64) else {
        return;
    };
    let mut count = 0;
    for (archive, seconds) in header.parts(1_700_000_000) {
        let begin = archive.offset as usize;
        let ring = &file[begin..begin + archive.bytes() as usize];
        let Some(base) = ring.first_chunk().and_then(Archive::base) else {
            continue;
        };
        for places in archive.places(base, &seconds) {
            let rows = &ring[places.start as usize * POINT_BYTES..places.end as usize * POINT_BYTES];
            let points = archive.points(base, places.start, rows, seconds.clone());
            count += points.count();
        }
    }
    assert!(count * POINT_BYTES <= file.len());
});
