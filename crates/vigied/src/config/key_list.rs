//! A list of settings that names keys: `WHO=ApiKey-GUID, WHO=ApiKey-GUID`, where WHO is an address, a certificate or a user.

use base::id::KeyId;

/// How a list is written, and how long it may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyList {
    /// The form of its entries, for errors.
    pub(super) form: &'static str,
    pub(super) entries_max: usize,
}

impl KeyList {
    /// Each entry: who it is about, which `who` reads, its key, and who it is about as it was written.
    pub(super) fn read<W: PartialEq>(
        self,
        text: &str,
        who: impl Fn(&str) -> Result<W, String>,
    ) -> Result<Vec<(W, KeyId, String)>, String> {
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let Self { form, entries_max } = self;
        let count = text.split(',').count();
        if count > entries_max {
            return Err(format!(
                "must have at most {entries_max} entries, not {count}"
            ));
        }
        let mut all: Vec<(W, KeyId, String)> = Vec::with_capacity(count);
        for entry in text.split(',').map(str::trim) {
            // What stands there may be the key itself or a password by mistake, so it is not repeated.
            let (written, key) = entry.split_once('=').ok_or(form)?;
            let written = written.trim();
            let one = who(written)?;
            let key = key.trim().parse().map_err(|_| {
                format!("{form}: `{written}=` must be followed by the id of a key (not its text), as `vigie iam api-keys` shows it")
            })?;
            if all.iter().any(|(known, ..)| *known == one) {
                return Err(format!("must name `{written}` once"));
            }
            all.push((one, key, written.to_owned()));
        }
        Ok(all)
    }
}
