//! The names under which this installation has issued tokens.
//!
//! A token names its issuer by the address the server had when it was issued. The address may change (another port,
//! another host name); the tokens are the installation's own all the same, by its own keys, and stay good until they
//! expire. So every name is recorded, and a token is accepted under any of them, each for its own kind of token.

use crate::error::{AuthError, IamError};
use crate::service::IamConfig;
use crate::sync;
use db::{Db, Row};
use std::collections::HashMap;

/// The kinds of token, which must never be taken for one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Iam,
    Uaa,
}

impl Kind {
    /// The word for it in `X-Auth-User-Token`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Uaa => "uaa",
        }
    }
}

/// Every name, with the kind of token issued under it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Issuers(HashMap<String, Kind>);

impl Issuers {
    /// Those of the rows.
    pub(crate) fn of(rows: &[Row]) -> Result<Self, IamError> {
        let mut own = HashMap::new();
        for row in rows {
            let kind = row.text("kind")?;
            let kind = [Kind::Iam, Kind::Uaa]
                .into_iter()
                .find(|own| own.name() == kind)
                .ok_or(IamError::Stored {
                    value: kind,
                    expected: "a kind of token",
                })?;
            own.insert(row.text("issuer")?, kind);
        }
        Ok(Self(own))
    }

    /// The kind of token that `issuer` stands for, if it is one of ours.
    pub(crate) fn kind(&self, issuer: &str) -> Option<Kind> {
        self.0.get(issuer).copied()
    }

    /// Whether tokens of `wanted` kind are issued under `issuer`.
    pub(crate) fn check(&self, issuer: Option<&str>, wanted: Kind) -> Result<(), AuthError> {
        match issuer.and_then(|issuer| self.kind(issuer)) {
            None => Err(AuthError::WrongIssuer),
            Some(kind) if kind != wanted => Err(AuthError::WrongKind {
                sent: wanted.name(),
                is: kind.name(),
            }),
            Some(_) => Ok(()),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server's own names, recorded as it starts: no change that anybody made"
)]
async fn commit(tx: db::Tx) -> Result<(), IamError> {
    Ok(tx.commit().await?)
}

/// Records the names in use, and lets other nodes know of new ones.
pub(crate) async fn record(db: &Db, config: &IamConfig) -> Result<(), IamError> {
    let mut tx = db.begin().await?;
    for (issuer, kind) in [(&config.issuer, Kind::Iam), (&config.uaa_issuer, Kind::Uaa)] {
        let sql = "INSERT INTO issuers (issuer, kind) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        let values = [issuer.as_str().into(), kind.name().into()];
        tx.execute(sql, &values).await?;
    }
    sync::number(&mut tx).await?;
    commit(tx).await
}
