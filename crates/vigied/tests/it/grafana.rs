//! Requests of Grafana's Graphite data source: panels, variables, tags, annotations, alerts and the settings page, with the headers
//! that Grafana sends, and the files by which it is set up.

mod errors;
mod guide;
mod relative;
mod requests;
mod source;
