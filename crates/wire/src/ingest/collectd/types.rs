//! The names of the values of a list that has several: collectd's file `types.db`, and a table of the common ones for who has
//! none.

use std::collections::HashMap;

/// The most types a file may have, in how many bytes.
pub const TYPES_MAX: usize = 10_000;
/// The largest file.
pub const TYPES_BYTES_MAX: usize = 1 << 20;
/// The most values of a type.
pub const SOURCES_MAX: usize = 64;
/// The longest name, as in collectd.
const NAME_BYTES_MAX: usize = 128;

/// The types whose lists have several values; all others have one, which needs no name.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "arc_counts",
        &[
            "demand_data",
            "demand_metadata",
            "prefetch_data",
            "prefetch_metadata",
        ],
    ),
    ("arc_l2_bytes", READ_WRITE),
    ("arc_size", &["current", "target", "minlimit", "maxlimit"]),
    ("compression", &["uncompressed", "compressed"]),
    ("df", &["used", "free"]),
    ("disk_io_time", &["io_time", "weighted_io_time"]),
    ("disk_latency", READ_WRITE),
    ("disk_merged", READ_WRITE),
    ("disk_octets", READ_WRITE),
    ("disk_ops", READ_WRITE),
    ("disk_time", READ_WRITE),
    ("dns_octets", &["queries", "responses"]),
    ("domain_state", &["state", "reason"]),
    ("if_dropped", RX_TX),
    ("if_errors", RX_TX),
    ("if_octets", RX_TX),
    ("if_packets", RX_TX),
    ("io_octets", RX_TX),
    ("io_ops", READ_WRITE),
    ("io_packets", RX_TX),
    ("load", &["shortterm", "midterm", "longterm"]),
    ("memcached_octets", RX_TX),
    ("mysql_octets", RX_TX),
    (
        "mysql_qcache",
        &[
            "hits",
            "inserts",
            "not_cached",
            "lowmem_prunes",
            "queries_in_cache",
        ],
    ),
    (
        "mysql_threads",
        &["running", "connected", "cached", "created"],
    ),
    ("node_octets", RX_TX),
    ("ps_count", &["processes", "threads"]),
    ("ps_cputime", &["user", "syst"]),
    ("ps_disk_octets", READ_WRITE),
    ("ps_disk_ops", READ_WRITE),
    ("ps_pagefaults", FAULTS),
    ("serial_octets", RX_TX),
    (
        "smart_attribute",
        &["current", "worst", "threshold", "pretty"],
    ),
    ("vf_bytes", VF),
    ("vf_dropped", VF),
    ("vf_packets", VF),
    ("vmpage_faults", FAULTS),
    ("vmpage_io", &["in", "out"]),
    ("voltage_threshold", &["value", "threshold"]),
];
const READ_WRITE: &[&str] = &["read", "write"];
const RX_TX: &[&str] = &["rx", "tx"];
const VF: &[&str] = &["vf_rx", "vf_tx"];
const FAULTS: &[&str] = &["minflt", "majflt"];

/// Types, and the names of their values.
#[derive(Debug, Clone, Default)]
pub struct Types {
    read: HashMap<Box<str>, Vec<Box<str>>>,
}

/// The data sources of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources<'a> {
    /// Their names, from a file.
    Read(&'a [Box<str>]),
    /// Their names, from the table.
    Known(&'a [&'a str]),
}

impl<'a> Sources<'a> {
    /// How many values the type has.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Read(names) => names.len(),
            Self::Known(names) => names.len(),
        }
    }

    /// Whether it has none, which no type has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of one of them.
    #[must_use]
    pub fn name(&self, at: usize) -> Option<&'a str> {
        match self {
            Self::Read(names) => names.get(at).map(|name| &**name),
            Self::Known(names) => names.get(at).copied(),
        }
    }
}

impl Types {
    /// Adds what a file says: what it says of a type counts before the table, and what a later line says before an earlier one.
    ///
    /// # Errors
    /// [`TypesError`] names the line that is none.
    pub fn read(&mut self, text: &str) -> Result<(), TypesError> {
        if text.len() > TYPES_BYTES_MAX {
            return Err(TypesError::TooLarge(text.len()));
        }
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let wrong = |what| TypesError::Line { line, what };
            let (name, sources) = text
                .split_once([' ', '\t'])
                .ok_or_else(|| wrong(NO_SOURCE))?;
            let mut names = Vec::new();
            for source in sources.split(',') {
                names.push(source_name(source.trim()).map_err(wrong)?.into());
                if names.len() > SOURCES_MAX {
                    return Err(wrong("more than 64 values"));
                }
            }
            if name.len() > NAME_BYTES_MAX {
                return Err(wrong(LONG));
            }
            self.read.insert(name.into(), names);
            if self.read.len() > TYPES_MAX {
                return Err(wrong("more than 10000 types"));
            }
        }
        Ok(())
    }

    /// The data sources of a type.
    #[must_use]
    pub fn sources(&self, kind: &str) -> Option<Sources<'_>> {
        if let Some(names) = self.read.get(kind) {
            return Some(Sources::Read(names));
        }
        let at = KNOWN.binary_search_by_key(&kind, |(name, _)| name).ok()?;
        KNOWN.get(at).map(|(_, names)| Sources::Known(names))
    }
}

const NO_SOURCE: &str =
    "expected a name and its values, as `if_octets rx:DERIVE:0:U, tx:DERIVE:0:U`";
const LONG: &str = "a name of more than 128 bytes";

/// The name in `name:KIND:MIN:MAX`.
fn source_name(text: &str) -> Result<&str, &'static str> {
    let mut fields = text.split(':');
    let (name, kind) = (fields.next().unwrap_or_default(), fields.next());
    let is_kind = kind.is_some_and(|kind| {
        ["gauge", "counter", "derive", "absolute"].contains(&kind.to_ascii_lowercase().as_str())
    });
    if name.is_empty() || !is_kind || fields.count() != 2 {
        return Err(NO_SOURCE);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(LONG);
    }
    Ok(name)
}

/// Why a file is no `types.db`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TypesError {
    /// More than [`TYPES_BYTES_MAX`].
    #[error("{0} bytes are more than the 1048576 that a types.db may have")]
    TooLarge(usize),
    /// A line is none.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// The reason.
        what: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(types: &Types, kind: &str) -> Option<Vec<String>> {
        let sources = types.sources(kind)?;
        assert!(!sources.is_empty());
        let names = (0..sources.len()).map(|at| sources.name(at).unwrap().to_owned());
        Some(names.collect())
    }

    #[test]
    fn the_table_can_be_searched() {
        assert!(KNOWN.is_sorted_by_key(|(name, _)| name));
        assert!(KNOWN.iter().all(|(_, names)| names.len() > 1));
        let types = Types::default();
        assert_eq!(
            names(&types, "load").unwrap(),
            ["shortterm", "midterm", "longterm"]
        );
        assert_eq!(names(&types, "if_octets").unwrap(), ["rx", "tx"]);
        assert_eq!(names(&types, "cpu"), None);
    }

    #[test]
    fn a_file_counts_before_the_table() {
        let mut types = Types::default();
        let text = "# ours\n\nload\tone:GAUGE:0:U,two:gauge:0:U\nown  value:ABSOLUTE:0:U\n load a:DERIVE:U:U, b:COUNTER:0:1.5 ,c:GAUGE:U:U\r\n";
        types.read(text).unwrap();
        assert_eq!(names(&types, "load").unwrap(), ["a", "b", "c"]);
        assert_eq!(names(&types, "own").unwrap(), ["value"]);
        assert_eq!(names(&types, "df").unwrap(), ["used", "free"]);
    }

    #[test]
    fn what_is_no_types_db_says_where() {
        for (text, reason) in [
            ("a value:GAUGE:0:U\nb", NO_SOURCE),
            ("\na value", NO_SOURCE),
            ("\na value:NUMBER:0:U", NO_SOURCE),
            ("\na value:GAUGE:0", NO_SOURCE),
            ("\na value:GAUGE:0:U:1", NO_SOURCE),
            ("\na value:GAUGE:0:U,", NO_SOURCE),
            ("\na :GAUGE:0:U", NO_SOURCE),
        ] {
            let error = Types::default().read(text).unwrap_err();
            assert_eq!(error.to_string(), format!("line 2: {reason}"), "{text}");
        }
        let many: String = (0..=TYPES_MAX)
            .map(|at| format!("t{at} v:GAUGE:0:U\n"))
            .collect();
        assert!(Types::default().read(&many).is_err());
        let wide = format!("a {}", vec!["v:GAUGE:0:U"; SOURCES_MAX + 1].join(","));
        assert!(Types::default().read(&wide).is_err());
        assert!(
            Types::default()
                .read(&" ".repeat(TYPES_BYTES_MAX + 1))
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "([a-z]{1,3} |[a-z]:GAUGE:0:U|,|\n|.){0,20}") {
            let _ = Types::default().read(&text);
        }
    }
}
