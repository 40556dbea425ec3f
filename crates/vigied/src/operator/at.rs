//! The server's address for clients, as the operator's commands print it. A server that carries out a command knows its own
//! address; a command on the closed folder knows only the settings.

use crate::config::Settings;
use crate::http::own_address::OwnAddress;
use crate::text::shell::word;

/// What a printed `vigie login` says after `-a`, and a line that explains it where it is not known.
#[derive(Debug)]
pub(crate) struct At {
    /// The address, or a word in its place.
    pub(crate) address: String,
    /// Said after the command; empty where the address is known.
    pub(crate) note: &'static str,
}

impl At {
    /// By the settings, on a closed folder.
    pub(crate) fn of_settings(settings: &Settings) -> Self {
        settings
            .public_url
            .as_deref()
            .map_or_else(Self::unknown, Self::known)
    }

    /// By the server that runs.
    pub(crate) fn of_server(own: &OwnAddress) -> Self {
        match own.is_unknown() {
            true => Self::unknown(),
            false => Self::known(&own.fixed()),
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
