//! Any bytes are a packet of statsd: every value is taken or refused, in pieces as in one, and what was taken is summed up within
//! its bounds.

#![no_main]

use base::limit::SERIES_PER_TENANT;
use base::time::Millis;
use libfuzzer_sys::fuzz_target;
use wire::ingest::statsd::{
    Aggregator, AggregatorLimit, AggregatorLimits, Decoder, Settings, packet,
};

const BYTES: u64 = 64 * 1024;

fuzz_target!(|input: (&[u8], u8)| {
    let (bytes, chunk) = input;
    let bound = |allowed| AggregatorLimit {
        limit: SERIES_PER_TENANT,
        allowed,
    };
    let bounds = AggregatorLimits {
        series: bound(100),
        bytes: bound(BYTES),
    };
    let mut aggregator = Aggregator::new(Settings::default(), bounds).expect("the defaults");
    let mut taken = 0;
    let whole = packet(bytes, true, |metric| {
        aggregator.add(metric)?;
        taken += 1;
        Ok(())
    });
    assert_eq!(whole.received, taken + whole.rejected());
    assert!(aggregator.series() <= 100 && aggregator.bytes() as u64 <= BYTES);
    let most = aggregator.series() * (9 + 5);
    let batch = aggregator.flush(Millis(0));
    assert!(batch.len() <= most);

    let (mut received, mut rejected) = (0, 0);
    let mut decoder = Decoder::new(true);
    let mut add = |reading: wire::ingest::statsd::Reading| {
        received += reading.received;
        rejected += reading.rejected();
    };
    for chunk in bytes.chunks(usize::from(chunk).max(1)) {
        add(decoder.feed(chunk, |_| Ok(())));
    }
    add(decoder.finish(|_| Ok(())));
    assert_eq!(received, whole.received);
    assert!(rejected <= whole.rejected());
});
