//! The size limit of a route's body. It follows from the type of the handler's last argument, so that no route can accept a body
//! without a limit.

use super::caller::{Caller, Manager};
use super::form_body::FormBody;
use super::if_match::IfMatch;
use super::params::Params;
use super::payload::{FormPayload, Payload, SamplesPayload};
use super::versioned_body::VersionedBody;
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::source;
use axum::extract::{RawQuery, State};
use base::limit::{self, Limit};
use http::HeaderMap;
use std::sync::Arc;

/// The limit of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyLimit {
    /// The route reads none.
    Nothing,
    /// The route takes none, and refuses one that asks for something (`request/empty_body.rs`).
    Empty,
    /// A form of a token endpoint.
    Form,
    /// JSON about accounts, keys, roles or settings.
    Management,
    /// Samples.
    Samples,
}

impl BodyLimit {
    /// The word in the table of routes: the limit on the body.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Nothing | Self::Empty => "none",
            Self::Form => limit::FORM_BYTES.name,
            Self::Management => limit::MANAGEMENT_BODY_BYTES.name,
            Self::Samples => limit::BODY_BYTES.name,
        }
    }

    /// The limit, and the bytes it allows, packed and plain.
    pub(crate) fn limit(self, app: &App) -> (&'static Limit, usize) {
        match self {
            Self::Nothing | Self::Form => (&limit::FORM_BYTES, wire::iam::form::FORM_BYTES_MAX),
            Self::Empty | Self::Management => (
                &limit::MANAGEMENT_BODY_BYTES,
                app.limits.management_body_bytes,
            ),
            Self::Samples => (&limit::BODY_BYTES, app.limits.body_bytes),
        }
    }
}

/// The part of the body that a handler's last argument reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how large a body it reads",
    note = "take the body as `Payload`, `VersionedBody`, `FormPayload` or `SamplesPayload`; for an argument that reads none, add it to `request/body_limit.rs`"
)]
pub(crate) trait LastArgument {
    const BODY_LIMIT: BodyLimit;
    /// Whether it reads the version that a change is meant for.
    const READS_IF_MATCH: bool = false;
}

impl LastArgument for VersionedBody {
    const BODY_LIMIT: BodyLimit = BodyLimit::Management;
    const READS_IF_MATCH: bool = true;
}

impl LastArgument for IfMatch {
    const BODY_LIMIT: BodyLimit = BodyLimit::Nothing;
    const READS_IF_MATCH: bool = true;
}

macro_rules! last {
    ($($kind:ty => $body_limit:ident;)*) => {
        $(impl LastArgument for $kind {
            const BODY_LIMIT: BodyLimit = BodyLimit::$body_limit;
        })*
    };
}

last! {
    FormPayload => Form;
    Payload => Management;
    FormBody => Management;
    SamplesPayload => Samples;
    State<Arc<App>> => Nothing;
    UrlForCaller => Nothing;
    Caller => Nothing;
    Manager => Nothing;
    Params => Nothing;
    HeaderMap => Nothing;
    RawQuery => Nothing;
    source::RequestSource => Nothing;
}

/// The part of the body that a handler reads: its arguments, as axum has them.
pub(crate) trait HandlerArguments {
    const BODY_LIMIT: BodyLimit;
    const READS_IF_MATCH: bool;
}

impl HandlerArguments for ((),) {
    const BODY_LIMIT: BodyLimit = BodyLimit::Nothing;
    const READS_IF_MATCH: bool = false;
}

macro_rules! takes {
    ($($before:ident)*) => {
        impl<M, $($before,)* L: LastArgument> HandlerArguments for (M, $($before,)* L,) {
            const BODY_LIMIT: BodyLimit = L::BODY_LIMIT;
            const READS_IF_MATCH: bool = L::READS_IF_MATCH;
        }
    };
}

takes!();
takes!(A);
takes!(A B);
takes!(A B C);
takes!(A B C D);
takes!(A B C D E);
takes!(A B C D E F);
