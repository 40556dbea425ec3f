//! `/proc/net/dev`.

use super::counters;

/// An interface's counters since it came up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interface {
    /// The kernel's name, for example `eth0`.
    pub(crate) name: String,
    /// Received.
    pub(crate) received: Traffic,
    /// Sent.
    pub(crate) sent: Traffic,
}

/// The counters of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// Bytes.
    pub(crate) bytes: u64,
    /// Packets.
    pub(crate) packets: u64,
    /// Packets with errors.
    pub(crate) errors: u64,
    /// Dropped packets.
    pub(crate) dropped: u64,
}

/// The interfaces that have ever carried a packet.
pub(crate) fn interfaces(dev: &str) -> Vec<Interface> {
    dev.lines()
        .filter_map(|line| {
            // The colon need not be followed by a blank: an old kernel writes `eth0:184656980`. An alias such as
            // `eth0:1` contains one.
            let (name, rest) = line.rsplit_once(':')?;
            let counted = counters(rest.split_ascii_whitespace());
            let [
                bytes_in,
                packets_in,
                errors_in,
                dropped_in,
                _,
                _,
                _,
                _,
                bytes_out,
                packets_out,
                errors_out,
                dropped_out,
                ..,
            ] = *counted.as_slice()
            else {
                return None;
            };
            (packets_in > 0 || packets_out > 0).then(|| Interface {
                name: name.trim().to_owned(),
                received: Traffic {
                    bytes: bytes_in,
                    packets: packets_in,
                    errors: errors_in,
                    dropped: dropped_in,
                },
                sent: Traffic {
                    bytes: bytes_out,
                    packets: packets_out,
                    errors: errors_out,
                    dropped: dropped_out,
                },
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_interfaces_are_left_out() {
        let interfaces = interfaces(include_str!("../../tests/proc/net-dev"));
        let names: Vec<&str> = interfaces.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["lo", "eth0"]);
        assert_eq!(interfaces[1].received.bytes, 184_656_980);
        assert_eq!(interfaces[1].sent.packets, 4855);
    }

    #[test]
    fn a_line_of_an_old_kernel() {
        let interfaces = interfaces("  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
        assert_eq!(interfaces[0].name, "eth0");
        assert_eq!(interfaces[0].sent.bytes, 9);
    }
}
