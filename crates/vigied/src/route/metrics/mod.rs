//! `/v1/metrics` and `/v1/metrics/list`: send, query, list and delete. Source: `docs/guides/central-path.md`.

mod arrivals;
mod audited;
mod bounds;
mod delete;
mod delete_series;
mod list;
mod parameters;
mod reading;
mod render;
mod rows;
mod send;
mod targets;
mod views;

pub(crate) use self::{
    arrivals::rejects, arrivals::senders, delete::delete, delete_series::delete_series, list::list,
    render::render, send::send,
};
