//! Finds the domain of an API key when no argument names it. An agent that starts while the server cannot be reached uses the
//! space of its existing buffer.

use super::domain::Domain;
use super::{Credential, Monitoring, buffer_key, directory_name};
use crate::client::Request;
use crate::error::Failure;
use crate::listings::Space;
use crate::missing_role;
use crate::pages::{PAGE_SIZE, read_all};
use crate::printable_text::{PrintableText, escaped};
use crate::session::{only_space, reach};
use crate::token::{Claims, Reach};
use std::path::Path;
use wire::cf::list::List;
use wire::cf::space::SpaceEntity;

/// The maximum number of spaces in an error message.
const LISTED_MAX: usize = 20;

impl Monitoring<'_> {
    /// The domain of an API key: the only domain that it reaches, else the targeted space, else the only space that it can see.
    /// While the server cannot be reached: the domain that an earlier run with the same key has sent to, if the key reaches no
    /// other, else the targeted space, else the space that an earlier run with the same key has sent to. A key that is narrowed
    /// to no domain has neither: one must be named, unless its account has one space.
    pub(super) fn domain_of_key(
        &self,
        targeted: Option<Domain>,
        root: &str,
        buffer: &Path,
    ) -> Result<Domain, Failure> {
        let reach = self
            .token()
            .map(|token| Claims::of(token.expose()).and_then(|claims| claims.reach));
        match reach {
            Ok(Some(Reach {
                domain: Some(id), ..
            })) => return Ok(Domain::of_id(&id)),
            Ok(Some(_)) => {
                // Not the space of an earlier buffer: that may be another key's.
                return targeted
                    .or_else(|| self.only_space())
                    .ok_or_else(reach::no_space_named);
            }
            Ok(None) => {}
            Err(_) => {
                if let Some(domain) = self.only_domain(buffer) {
                    return Ok(domain);
                }
            }
        }
        if let Some(targeted) = targeted {
            return Ok(targeted);
        }
        let spaces = match self.spaces_of_key(root) {
            Ok(spaces) => spaces,
            Err(failure) => return self.remembered(buffer, failure),
        };
        let found = match spaces.as_slice() {
            [only] => Domain::new("space", "s-", (&only.metadata.guid, &only.entity.name)),
            _ => None,
        };
        found.ok_or_else(|| self.ambiguous_space(&spaces))
    }

    /// The only space that the key can mean.
    fn only_space(&self) -> Option<Domain> {
        let Credential::Key { iam, .. } = &self.credential else {
            return None;
        };
        let id = only_space(self.context, iam, self.token().ok()?.expose())?;
        Some(Domain::of_id(&id))
    }

    /// The domain of the buffer that this key has filled, where the key reaches no other: the target is that of the login, and the
    /// server would refuse for ever what waits for it.
    fn only_domain(&self, buffer: &Path) -> Option<Domain> {
        let Credential::Key { key, .. } = &self.credential else {
            return None;
        };
        let folder = buffer.join(directory_name(self.host()));
        let mut of_key =
            names_in(&folder).filter(|id| buffer_key::is_of_only(&folder.join(id), key));
        of_key.next().map(|id| Domain::of_id(&id))
    }

    /// The space of the only buffer that this key has filled, else `unreachable` with what mends it.
    fn remembered(&self, buffer: &Path, unreachable: Failure) -> Result<Domain, Failure> {
        let Credential::Key { key, .. } = &self.credential else {
            return Err(unreachable);
        };
        let folder = buffer.join(directory_name(self.host()));
        let ids = buffered(&folder);
        let mut of_key = (ids.iter()).filter(|id| buffer_key::is_of(&folder.join(id), key));
        match (of_key.next(), of_key.next(), ids.first()) {
            (Some(id), None, _) => Ok(Domain::of_id(id)),
            (None, _, Some(other)) => Err(unreachable.hint(escaped!(
                "the buffer of `{}` was not filled with this key, and its space is not taken for this key's: name the space with `--scope {}`, if that is where it sends, or start when the server answers",
                PrintableText::word(other.as_str()),
                PrintableText::word(other.as_str())
            ))),
            _ => Err(unreachable.hint("the space is found by asking the server; name it with `--scope s-GUID`, and the agent starts without")),
        }
    }

    /// The failure where no single space is meant; what is hinted at is there for this key.
    fn ambiguous_space(&self, spaces: &[Space]) -> Failure {
        let failure = Failure::usage(several_or_none(spaces));
        let by_scope = "name the space with `--scope s-GUID`, or mean the account itself with `--scope account`";
        if !spaces.is_empty() {
            return failure.hint(by_scope);
        }
        let claims = self
            .token()
            .ok()
            .and_then(|token| Claims::of(token.expose()));
        let failure = failure.hint(missing_role::hint(claims.as_ref()));
        let account = self.attempt(Request::get(self.url(missing_role::PROBE)));
        match account.is_ok_and(|reply| missing_role::is_hidden(&reply)) {
            true => failure,
            false => failure.hint(by_scope),
        }
    }

    fn spaces_of_key(&self, root: &str) -> Result<Vec<Space>, Failure> {
        let doing = "list the spaces of the API key";
        let first = Request::get(format!("{root}/v2/spaces")).query("results-per-page", PAGE_SIZE);
        let address = |next: &str| self.context.next_page(root, next);
        read_all::<List<SpaceEntity>>(first, doing, address, |request| {
            let token = self.token()?;
            self.context
                .send(request.bearer(token.expose()))?
                .success(doing)
        })
    }
}

/// The spaces that the key sees.
fn several_or_none(spaces: &[Space]) -> PrintableText {
    if spaces.is_empty() {
        return "no space is targeted, and the API key sees none".into();
    }
    let mut text = PrintableText::from("no space is targeted, and the API key sees several:");
    for space in spaces.iter().take(LISTED_MAX) {
        text.push(&escaped!(
            "\n  s-{}   {}",
            space.metadata.guid,
            space.entity.name
        ));
    }
    if let Some(more) = (spaces.len())
        .checked_sub(LISTED_MAX)
        .filter(|more| *more > 0)
    {
        text.push(&escaped!("\n  and {} more", more));
    }
    text
}

/// The spaces that have a buffer for this server.
fn buffered(buffers: &Path) -> Vec<String> {
    names_in(buffers)
        .filter(|name| name.starts_with("s-"))
        .collect()
}

/// The names of what is in a folder; none where it is not there.
fn names_in(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}
