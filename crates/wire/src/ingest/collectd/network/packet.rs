//! Decodes a packet, and the rules for it.

use super::protection::{Protection, Protections};
use crate::ingest::collectd::types::Types;
use crate::ingest::{Names, Reject};
use base::sample::Batch;

/// The contents of a packet: `received = batch.len() + rejects.len()`.
#[derive(Debug, Clone, Default)]
pub struct Packet {
    /// The samples.
    pub batch: Batch,
    /// The place in the packet of each sample: which of its values it was.
    pub positions: Vec<usize>,
    /// The values that are none, and one for the rest of a packet that breaks off.
    pub rejects: Vec<Reject>,
    /// How many values there were.
    pub received: usize,
    /// How many of the samples have the time of their reading, since they had none.
    pub stamped: usize,
    /// How many of the samples have a name in which a character was replaced.
    pub renamed: usize,
    /// Notifications, which are no samples.
    pub notifications: u64,
    /// Parts of kinds that are not known.
    pub unknown: u64,
    /// Its owner.
    pub protection: Protection,
}

/// How packets are read.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The names of lists of several values.
    pub types: &'a Types,
    /// How names are read.
    pub names: Names,
    /// The packets taken: all, signed ones, or encrypted ones alone.
    pub least: Protections,
}
