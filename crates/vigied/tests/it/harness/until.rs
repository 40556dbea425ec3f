//! Waiting for what must come about.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything takes at most, however busy the machine is.
const LONG: Duration = Duration::from_secs(300);

/// Between two looks: whoever looks all the time takes the processor from what they wait for, and from the tests beside them.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Looks until it is so; less often where it has taken long already.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        let waited = begun.elapsed();
        assert!(waited < LONG, "never: {what}");
        sleep((waited / 20).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
    }
}
