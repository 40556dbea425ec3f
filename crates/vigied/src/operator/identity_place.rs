//! The place of the identity database for an operator's command.

use crate::config::Settings;
use crate::control;
use crate::data_dir::private_files;

/// The settings of a command, with the database of the server that runs on the folder: the server may have been given it where this
/// command does not see it, as by a variable of its unit. Only a server of the same user, or of the superuser, is asked: nobody else
/// says what the command opens.
pub(crate) fn with_database_of_server(settings: Settings) -> Settings {
    let data = settings.data();
    if !private_files::is_own_socket(&control::path(data)).unwrap_or(false) {
        return settings;
    }
    match control::identity_place(data) {
        Some(place) => settings.with_database(place.database),
        None => settings,
    }
}
