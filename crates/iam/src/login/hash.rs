//! Argon2id: the stored hash of a password, and the memory for its computation.
//!
//! The memory belongs to a permit of the queue ([`super::queue`]) and is reused: if each check allocated it, the
//! allocator would keep one copy for every thread that ever made a check.

use crate::config::PasswordCost;
use crate::entropy;
use crate::error::IamError;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base::secret::constant_time_eq;
use zeroize::Zeroize;

/// A password is hashed on one core.
const LANES: u32 = 1;

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// The memory of one check at a time; by the default cost 19 MiB from the first check on.
#[derive(Default)]
pub(crate) struct HashMemory(Vec<Block>);

impl std::fmt::Debug for HashMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} blocks)", self.0.len())
    }
}

fn argon(params: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn params(cost: PasswordCost) -> Result<Params, IamError> {
    Params::new(cost.memory_kib, cost.passes, LANES, Some(HASH_BYTES))
        .map_err(|_| IamError::Crypto("set up password hashing"))
}

/// Fills `out` and wipes the memory, because the next check is another user's.
fn compute(
    memory: &mut HashMemory,
    params: Params,
    password: &str,
    salt: &[u8],
    out: &mut [u8],
) -> Result<(), argon2::Error> {
    let blocks = params.block_count();
    if memory.0.len() < blocks {
        memory.0.resize_with(blocks, Block::default);
    }
    let done =
        argon(params).hash_password_into_with_memory(password.as_bytes(), salt, out, &mut memory.0);
    for block in &mut memory.0 {
        block.as_mut().zeroize();
    }
    done
}

/// The stored hash of a password.
pub(crate) fn hash(
    memory: &mut HashMemory,
    cost: PasswordCost,
    password: &str,
) -> Result<String, IamError> {
    let failed = || IamError::Crypto("hash the password");
    let (params, salt) = (params(cost)?, entropy::bytes::<16>());
    let mut out = [0_u8; HASH_BYTES];
    compute(memory, params.clone(), password, &salt, &mut out).map_err(|_| failed())?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| failed())?,
        salt: Some(Salt::new(&salt).map_err(|_| failed())?),
        hash: Some(Output::new(&out).map_err(|_| failed())?),
    };
    Ok(hash.to_string())
}

/// Whether the password matches the stored hash.
pub(crate) fn verify(
    memory: &mut HashMemory,
    password: &str,
    stored: &str,
) -> Result<bool, IamError> {
    let failed = || IamError::Crypto("read a stored password");
    let stored = PasswordHash::new(stored).map_err(|_| failed())?;
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
        return Err(failed());
    };
    let params = Params::try_from(&stored).map_err(|_| failed())?;
    let mut out = vec![0_u8; expected.len()];
    compute(memory, params, password, salt, &mut out).map_err(|_| failed())?;
    Ok(constant_time_eq(&out, expected.as_bytes()))
}

/// The hash for unknown users: it costs as much as any other and matches no password.
pub(crate) fn decoy(cost: PasswordCost) -> Result<String, IamError> {
    let (params, salt) = (params(cost)?, entropy::bytes::<16>());
    let failed = || IamError::Crypto("set up password hashing");
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| failed())?,
        salt: Some(Salt::new(&salt).map_err(|_| failed())?),
        hash: Some(Output::new(&entropy::bytes::<HASH_BYTES>()).map_err(|_| failed())?),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_fits_its_password_alone_and_leaves_nothing_in_memory() {
        let mut memory = HashMemory::default();
        let cost = PasswordCost::default();
        let stored = hash(&mut memory, cost, "correct horse").unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(verify(&mut memory, "correct horse", &stored).unwrap());
        assert!(!verify(&mut memory, "correct horsf", &stored).unwrap());
        assert!(!verify(&mut memory, "", &decoy(cost).unwrap()).unwrap());
        let blank = |block: &Block| block.as_ref().iter().all(|word| *word == 0);
        assert!(memory.0.iter().all(blank));
        assert_eq!(memory.0.len(), 19 * 1024);
    }

    #[test]
    fn what_the_library_writes_by_itself_is_read() {
        use argon2::password_hash::PasswordHasher;
        let stored = argon(params(PasswordCost::default()).unwrap())
            .hash_password_with_salt(b"correct horse", &[7; 16])
            .unwrap()
            .to_string();
        assert!(verify(&mut HashMemory::default(), "correct horse", &stored).unwrap());
    }
}
