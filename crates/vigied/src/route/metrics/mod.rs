//! `/v1/metrics` and `/v1/metrics/list`: send, query, list and delete. Source: `docs/guides/central-path.md`.

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

pub(crate) use self::{
    delete::delete, delete_series::delete_series, list::list, render::render, send::send,
};
