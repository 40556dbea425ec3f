//! The data folder of `vigied quickstart`, recognised by the key in it.

use crate::text::shell::word;
use anyhow::ensure;
use std::path::Path;

/// The file with the owner's API key, readable only by its user: this server is for one person.
pub(crate) const KEY_FILE: &str = "quickstart-key";

/// Refuses to create an account in the folder of the tour.
pub(crate) fn refuse(data: &Path) -> anyhow::Result<()> {
    let key = data.join(KEY_FILE);
    let data = word(&data.display().to_string());
    ensure!(
        !key.exists(),
        "nothing was changed in `{data}`: it is the folder of `vigied quickstart`, with an account and its key in it\nhint: take another folder with `--data DIR`, or go on with this one: `vigied serve --data {data}`, and `vigie login --apikey @{}`",
        key.display()
    );
    Ok(())
}
