//! Where the identity is that an operator's command is about.

use crate::config::Settings;
use crate::control;

/// The settings of a command, with the database of the server that runs on the folder: the server may have been given it where this
/// command does not see it, as by a variable of its unit.
pub(crate) fn with_database_of_server(settings: Settings) -> Settings {
    match control::identity_place(settings.data()) {
        Some(place) => settings.with_database(place.database),
        None => settings,
    }
}
