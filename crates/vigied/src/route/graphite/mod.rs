//! Graphite's own endpoints: `/render`, `/metrics/find`, `/metrics/expand`, `/metrics/index.json`, `/functions`, `/tags`,
//! `/events` and `/version`, with GET and POST, each under the caller's scope. They answer as graphite-web 1.1.10 does.
//! `/v1/metrics` evaluates its targets with the same code ([`evaluation`]).

pub(super) mod evaluation;
pub(super) mod events;
mod find;
mod functions;
mod glob;
mod json;
mod parameters;
mod picture;
mod render;
mod render_cache;
mod request;
mod slice_target;
mod store_source;
mod tag_selector;
mod tagging;
mod tags;
mod version;

pub(crate) use self::{
    events::{delete_events, event, event_data, event_data_post, post_event},
    find::{expand, expand_post, find, find_post, index, index_post},
    functions::{function, functions},
    render::{render, render_post},
    tagging::{tag_multi_series, tag_series},
    tags::{
        complete_tags, complete_tags_post, complete_values, complete_values_post, find_series,
        find_series_post, tag, tags, tags_post,
    },
    version::{version, version_post},
};
