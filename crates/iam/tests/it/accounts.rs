//! People in more than one account: logging in, switching, inviting, removing. Every story runs on SQLite and on
//! PostgreSQL.

#[cfg(test)]
mod members;
#[cfg(test)]
mod switching;
#[cfg(test)]
mod world;
