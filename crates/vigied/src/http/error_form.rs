//! The forms of error bodies: one for each protocol. Which one a route has is part of the table of routes.

/// The form of a route's error bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    Monitoring,
    Graphite,
    Influx1,
    Influx2,
    Token,
    Identity,
    Uaa,
    CloudFoundry,
}

impl ErrorForm {
    /// The word in the table of routes.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Monitoring => "monitoring",
            Self::Graphite => "graphite",
            Self::Influx1 => "influx-1",
            Self::Influx2 => "influx-2",
            Self::Token => "token",
            Self::Identity => "identity",
            Self::Uaa => "uaa",
            Self::CloudFoundry => "cloud-foundry",
        }
    }

    /// The path of the OpenAPI document with the routes of this form.
    pub(crate) const fn document(self) -> &'static str {
        match self {
            Self::Token | Self::Identity | Self::Uaa | Self::CloudFoundry => {
                "/identity/openapi.json"
            }
            Self::Monitoring | Self::Graphite | Self::Influx1 | Self::Influx2 => "/openapi.json",
        }
    }
}
