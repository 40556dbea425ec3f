//! Finds the configuration folder by the name the program was called by, the environment and the platform.
//!
//! `vigie` has a folder of its own, in the platform's usual place. Under the names of the original, the program uses the
//! original's folder, by the original's rules, so that both read each other's login. That folder may hold another program's login.

use crate::context::Name;
use crate::env::{self, Env, Variable};
use crate::error::Failure;
use std::path::{Path, PathBuf};

/// The owner of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Used by this program only.
    Own,
    /// Shared with another program, and named by a variable.
    Named,
    /// Shared with another program by default; no variable names it.
    Shared,
}

/// Where programs keep their configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    Xdg,
    Mac,
    Windows,
}

impl Platform {
    const fn this() -> Self {
        if cfg!(target_os = "macos") {
            Self::Mac
        } else if cfg!(windows) {
            Self::Windows
        } else {
            Self::Xdg
        }
    }

    /// The folder of `vigie`.
    fn of_vigie(self, env: &Env) -> Option<PathBuf> {
        let home = || env.get(env::USER_HOME).map(PathBuf::from);
        let given = |variable: Variable| {
            // The XDG base directory specification says to ignore relative paths.
            env.get(variable)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let parent = match self {
            Self::Xdg => given(env::XDG_CONFIG_HOME).or_else(|| Some(home()?.join(".config"))),
            Self::Mac => Some(home()?.join("Library").join("Application Support")),
            Self::Windows => env.get(env::APP_DATA).map(PathBuf::from).or_else(home),
        };
        Some(parent?.join("vigie"))
    }
}

/// Finds it.
pub(super) fn find(name: Name, env: &Env) -> Result<(PathBuf, Ownership), Failure> {
    if let Some(directory) = env.get(env::HOME_DIRECTORY) {
        return Ok((directory.into(), Ownership::Own));
    }
    if let Some(directory) = env.get(env::CONFIG_HOME) {
        return Ok((directory.into(), Ownership::Named));
    }
    let found = match name {
        Name::Vigie => Platform::this()
            .of_vigie(env)
            .map(|path| (path, Ownership::Own)),
        Name::Original(_) => original(env),
    };
    found.ok_or_else(|| {
        Failure::failed("no home directory is known to keep the login in")
            .hint("set `VIGIE_HOME` to a directory of your own")
    })
}

/// By the rules of the original: `.ibmcloud` if it is there, else `.bluemix`, in the parent that a variable names or the
/// home directory.
fn original(env: &Env) -> Option<(PathBuf, Ownership)> {
    let (parent, ownership) = match env.get(env::CONFIG_PARENT) {
        Some(parent) => (parent, Ownership::Named),
        None => (env.get(env::USER_HOME)?, Ownership::Shared),
    };
    let newer = Path::new(parent).join(".ibmcloud");
    let folder = if newer.is_dir() {
        newer
    } else {
        Path::new(parent).join(".bluemix")
    };
    Some((folder, ownership))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BX: Name = Name::Original("bx");

    fn found(name: Name, pairs: &[(&'static str, &str)]) -> (PathBuf, Ownership) {
        find(name, &Env::of(pairs)).unwrap()
    }

    #[test]
    fn the_folder_of_the_original_follows_the_variables_in_their_order() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path().to_str().unwrap();
        assert_eq!(
            found(BX, &[("HOME", parent)]),
            (Path::new(parent).join(".bluemix"), Ownership::Shared)
        );
        std::fs::create_dir(Path::new(parent).join(".ibmcloud")).unwrap();
        assert_eq!(
            found(BX, &[("HOME", "/nobody"), ("BLUEMIX_HOME", parent)]),
            (Path::new(parent).join(".ibmcloud"), Ownership::Named)
        );
        assert_eq!(
            found(
                BX,
                &[("IBMCLOUD_HOME", parent), ("IBMCLOUD_CONFIG_HOME", "/c")]
            ),
            ("/c".into(), Ownership::Named)
        );
        assert_eq!(
            found(BX, &[("IBMCLOUD_CONFIG_HOME", "/c"), ("VIGIE_HOME", "/v")]),
            ("/v".into(), Ownership::Own)
        );
    }

    #[test]
    fn vigie_has_the_folder_of_the_platform() {
        let of_vigie = |platform: Platform, pairs: &[(&'static str, &str)]| {
            let path = platform.of_vigie(&Env::of(pairs))?;
            Some(path.to_str()?.replace('\\', "/"))
        };
        let home = [
            ("HOME", "/h"),
            ("XDG_CONFIG_HOME", "/x"),
            ("APPDATA", "/roaming"),
        ];
        assert_eq!(of_vigie(Platform::Xdg, &home).unwrap(), "/x/vigie");
        assert_eq!(
            of_vigie(Platform::Xdg, &home[..1]).unwrap(),
            "/h/.config/vigie"
        );
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "x")];
        assert_eq!(
            of_vigie(Platform::Xdg, &relative).unwrap(),
            "/h/.config/vigie"
        );
        assert_eq!(
            of_vigie(Platform::Mac, &home).unwrap(),
            "/h/Library/Application Support/vigie"
        );
        assert_eq!(
            of_vigie(Platform::Windows, &home).unwrap(),
            "/roaming/vigie"
        );
        assert_eq!(of_vigie(Platform::Xdg, &[]), None);
        // Variables of the other program do not affect our folder.
        let theirs = [("HOME", "/h"), ("IBMCLOUD_HOME", "/i")];
        let (path, ownership) = found(Name::Vigie, &theirs);
        assert!(path.starts_with("/h") && ownership == Ownership::Own);
        assert!(find(Name::Vigie, &Env::of(&[])).is_err());
        assert!(find(BX, &Env::of(&[])).is_err());
    }
}
