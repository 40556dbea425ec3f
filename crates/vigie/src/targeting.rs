//! Where the session works: its account, then its region, then its organization, then its space. The organizations are those
//! of the account in the region, so another account or region targets no organization and no space.
//!
//! | step | called by | stored in |
//! |---|---|---|
//! | account (`target_account`) | `login`; `target -c` | `config.json`, with the token for it |
//! | region (`target_region`) | `login`; `target -r` | `config.json`; the addresses of its Cloud Foundry API in `.cf/config.json` |
//! | organization and space (`target_place`) | `login`; `target -o`, `-s`, `--cf`, and after another account or region | `.cf/config.json` |
//!
//! A login stores all of it at its end. A key that is narrowed (`session/reach.rs`) takes the region alone; a login with one
//! also targets the only space that it can mean. Both commands then show the target (`print_target`).

mod account;
mod org_and_space;
mod region;
mod report;

pub(crate) use self::org_and_space::{Prompting, TargetOutcome};
pub(crate) use self::report::PlaceRow;
