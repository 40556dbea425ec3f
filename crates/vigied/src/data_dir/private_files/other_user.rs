//! The remedy for data of another user, such as the user of the service.

use crate::text::shell::word;
use std::path::Path;

/// The hint for user `euid` about a file of `owner`. The superuser is not told to take over the folder: the server could then
/// not open it any more.
pub(super) fn remedy(path: &Path, owner: u32, euid: u32) -> String {
    let path = word(&path.display().to_string());
    if euid != 0 {
        return format!("run this as that user, or give it to yours with `chown -R {euid} {path}`");
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match name(&users, owner) {
        Some(name) => format!(
            "run this as that user: `runuser -u {} -- vigied …`",
            word(name)
        ),
        None => format!("run this as that user: `setpriv --reuid={owner} --clear-groups vigied …`"),
    }
}

/// The name of a user in the text of `/etc/passwd`.
fn name(users: &str, number: u32) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_superuser_is_told_to_be_the_user_and_not_to_take_the_folder() {
        let path = Path::new("/var/lib/vigie/data");
        assert_eq!(
            remedy(path, 997, 1000),
            "run this as that user, or give it to yours with `chown -R 1000 /var/lib/vigie/data`"
        );
        let hint = remedy(path, u32::MAX - 7, 0);
        assert!(hint.contains("setpriv --reuid=4294967288"), "{hint}");
        assert!(!hint.contains("chown"), "{hint}");
    }

    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/bash\nvigie:x:997:996::/var/lib/vigie:/usr/sbin/nologin\nbroken\n";
        assert_eq!(name(users, 997), Some("vigie"));
        assert_eq!(name(users, 996), None);
    }
}
