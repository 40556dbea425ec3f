//! All SQL statements. A table has a file; an act that changes several tables in one transaction and exists for that alone
//! (a new account, an invitation that is accepted, a departure, a deletion, what is brought back) has one of its own.

pub(crate) mod account_limits;
pub(crate) mod accounts;
pub(crate) mod api_keys;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod column;
pub(crate) mod counters;
pub(crate) mod counts;
mod decode;
pub(crate) mod deletions;
pub(crate) mod departures;
pub(crate) mod domains;
pub(crate) mod events;
pub(crate) mod invitation_lists;
pub(crate) mod invitations;
pub(crate) mod issuers;
pub(crate) mod login_sources;
pub(crate) mod mails;
pub(crate) mod members;
pub(crate) mod orgs;
pub(crate) mod passcodes;
pub(crate) mod password_resets;
pub(crate) mod principals;
pub(crate) mod refresh_tokens;
pub(crate) mod regions;
pub(crate) mod restores;
pub(crate) mod roles;
pub(crate) mod rows;
pub(crate) mod session_counts;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod spaces;
pub(crate) mod used_today;
pub(crate) mod users;
