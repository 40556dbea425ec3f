//! One SQL text on SQLite and PostgreSQL.
//!
//! What it is: a pool, parameters, rows, transactions and migrations. Callers write one statement with `$1` places and
//! the types TEXT, INTEGER (64 bits; instants are milliseconds) and BLOB; only the address decides which database runs
//! it.
//!
//! What it is not: it knows no table but its own list of migrations, and it builds no SQL.

mod address;
mod connect;
mod disk_space;
mod error;
mod listen;
mod migrate;
mod open;
mod outcome;
mod pool;
mod row;
mod silence;
mod statement;
mod timeouts;
mod tls;
mod tx;
mod write_turns;

pub use connect::{ConnectFailure, DatabaseAddress, unknown_parameter};
pub use disk_space::DiskTracked;
pub use error::DbError;
pub use listen::Follower;
pub use pool::Db;
pub use row::{Row, Value};
pub use tx::Tx;
pub use write_turns::{WriteTurn, WriteTurns};
