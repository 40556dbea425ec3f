//! UDP datagrams of a listener. A sender gets no answer; what is refused is counted.

use super::lines::LineReader;
use super::listener::{LAST, ListenerContext, ListenerKind, TICK};
use super::statsd::StatsdReader;
use std::io::ErrorKind;
use std::time::Instant;

/// The largest datagram there can be.
const DATAGRAM_BYTES: usize = 64 * 1024;

/// Reads datagrams until the end, and then those that have already come.
pub(super) fn serve(serving: ListenerContext<'_>) {
    let mut lines = LineReader::new(serving);
    let mut statsd = StatsdReader::new(serving);
    let mut buffer = vec![0; DATAGRAM_BYTES];
    let mut stopped_at = None;
    loop {
        match serving.listener.sockets.udp.recv(&mut buffer) {
            Ok(bytes) => {
                let packet = buffer.get(..bytes).unwrap_or_default();
                match serving.listener.kind {
                    ListenerKind::Graphite => lines.datagram(packet),
                    ListenerKind::Statsd => statsd.datagram(packet),
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if serving.notifier.is_stopped() {
                    return;
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                serving
                    .listener
                    .counts
                    .refuse(1, || format!("a datagram: {error}"));
                serving.notifier.sleep(TICK);
            }
        }
        if serving.notifier.is_stopped()
            && stopped_at.get_or_insert_with(Instant::now).elapsed() > LAST
        {
            return;
        }
    }
}
