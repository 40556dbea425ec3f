//! The server's address for clients, as the operator's commands print it. They run next to the server and know its settings, not
//! the address it bound.

use crate::config::Settings;
use crate::shell::word;

/// What a printed `vigie login` says after `-a`, and a line that explains it where it is not known.
#[derive(Debug)]
pub(crate) struct At {
    /// The address, or a word in its place.
    pub(crate) address: String,
    /// Said after the command; empty where the address is known.
    pub(crate) note: &'static str,
}

/// `public_url`, if it is set.
pub(crate) fn at(settings: &Settings) -> At {
    match settings.public_url.as_deref() {
        None => At {
            address: "ADDRESS".to_owned(),
            note: "\nADDRESS is where clients reach the server: `public_url` is not set here.\n",
        },
        Some(set) => At {
            address: word(set),
            note: "",
        },
    }
}
