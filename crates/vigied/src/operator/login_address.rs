//! The server's address in a printed `vigie login`. A command that the server runs knows the address; a command on the closed
//! folder knows only the settings.

use crate::config::Settings;
use crate::http::advertised_address::AdvertisedAddress;
use crate::text::shell::word;

/// The argument of `-a`, and a note if the address is unknown.
#[derive(Debug)]
pub(crate) struct LoginAddress {
    /// The address, or a placeholder.
    pub(crate) address: String,
    /// Explains the placeholder; empty if the address is known.
    pub(crate) note: &'static str,
}

impl LoginAddress {
    /// From the settings, for a closed folder.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        settings
            .public_url
            .as_deref()
            .map_or_else(Self::unknown, Self::known)
    }

    /// From the running server.
    pub(crate) fn of_server(advertised: &AdvertisedAddress) -> Self {
        match advertised.is_unknown() {
            true => Self::unknown(),
            false => Self::known(&advertised.fixed()),
        }
    }

    fn known(address: &str) -> Self {
        Self {
            address: word(address),
            note: "",
        }
    }

    fn unknown() -> Self {
        Self {
            address: "ADDRESS".to_owned(),
            note: "\nADDRESS is where clients reach the server: `public_url` is not set here.\n",
        }
    }
}
