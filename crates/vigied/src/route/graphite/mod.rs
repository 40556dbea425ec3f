//! Graphite's own endpoints: `/render`, `/metrics/find`, `/metrics/expand`, `/metrics/index.json`, `/functions`, `/tags` and
//! `/version`, with GET and POST, each under the caller's scope. They answer as graphite-web 1.1.10 does.

mod answering;
mod find;
mod functions;
mod glob;
mod parameters;
mod render;
mod stored;
mod tags;
mod version;

pub(crate) use self::{
    find::{expand, find, index},
    functions::{function, functions},
    render::{render, render_post},
    tags::{complete_tags, complete_values, find_series, tag, tags},
    version::version,
};
