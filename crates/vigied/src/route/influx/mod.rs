//! The write interfaces of InfluxDB 1 and 2, and the probes that their clients send first. Source: InfluxDB's documentation of its
//! HTTP interface, and what its clients send.

mod answer;
mod probes;
mod statements;
mod write;

pub(crate) use self::{
    probes::{health, ping, ready},
    statements::{query, query_post},
    write::{write, write_v2},
};
