//! The key of a service, and the tokens signed with it.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V2Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::identity::{Bounds, Role};
use crate::domain::codes::DivisionCode;

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Who it was given to.
    pub sub: String,
    /// The county's service that issued it.
    pub iss: String,
    /// What it is for.
    pub aud: String,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Its own id.
    pub jti: String,
    /// What it may do.
    pub role: String,
    /// The top of what it may see; the whole county where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The region whose counties it may read beside its own: how their codes begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

const AUDIENCE: &str = "jixiao";

/// The file of the key in a data directory.
pub const KEY_FILE: &str = "signing-key.der";

/// The local key pair (Ed25519), made on first start and readable by its owner only.
pub struct Keys {
    issuer: String,
    pair: Ed25519KeyPair,
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
    /// Tokens that were found good: a signature is checked once, when a token ends at every request.
    known: Cache<String, Arc<Claims>>,
}

/// How many tokens are remembered: a county has fewer callers.
const MOST_KNOWN: usize = 1_000;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 5;

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the key file {0}: {1}")]
    File(String, std::io::Error),
    /// The file holds no key of this kind.
    #[error("the key file {0} does not hold an Ed25519 key in PKCS#8")]
    NotAKey(String),
}

impl Keys {
    /// Reads the key of a data directory, which must be there.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open_existing(directory: &Path, county: &DivisionCode) -> Result<Self, KeyError> {
        let path = directory.join(KEY_FILE);
        std::fs::metadata(&path).map_err(|error| KeyError::File(path.display().to_string(), error))?;
        Self::open(directory, county)
    }

    /// Reads the key of a data directory, or makes it on first start.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(directory: &Path, county: &DivisionCode) -> Result<Self, KeyError> {
        let path = directory.join(KEY_FILE);
        let shown = || path.display().to_string();
        let pkcs8 = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::NotAKey(shown()))?;
                let der: Pkcs8V2Der<'_> = pair.as_der().map_err(|_| KeyError::NotAKey(shown()))?;
                keep_private(&path, der.as_ref())
                    .and_then(|()| std::fs::read(&path))
                    .map_err(|error| KeyError::File(shown(), error))?
            }
            Err(error) => return Err(KeyError::File(shown(), error)),
        };
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| KeyError::NotAKey(shown()))?;
        let issuer = format!("jixiao:{county}");
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&issuer]);
        // Each must be there: without this a token without audience would pass.
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        let checking = DecodingKey::from_ed_der(pair.public_key().as_ref());
        let (signing, known) = (EncodingKey::from_ed_der(&pkcs8), Cache::new(MOST_KNOWN));
        Ok(Self { issuer, pair, signing, checking, validation, known })
    }

    /// A token for a role, within its bounds.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue(
        &self,
        subject: &str,
        role: Role,
        bounds: &Bounds,
        now: DateTime<Utc>,
        lasting: TimeDelta,
    ) -> Result<String, ApiError> {
        let claims = Claims {
            sub: subject.into(),
            iss: self.issuer.clone(),
            aud: AUDIENCE.into(),
            iat: now.timestamp(),
            exp: (now + lasting).timestamp(),
            jti: uuid::Uuid::now_v7().to_string(),
            role: role.to_string(),
            unit: bounds.scope.top().map(ToString::to_string),
            region: bounds.region.as_ref().map(ToString::to_string),
        };
        self.sign(&claims)
    }

    /// Signs any claims.
    ///
    /// # Errors
    /// Signing failed.
    pub fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), claims, &self.signing)
            .map_err(|error| ApiError::internal(error.to_string()))
    }

    /// Signs what is not a token.
    pub fn seal(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// What a token says, if it is one of ours and in force.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`].
    pub fn verify(&self, token: &str) -> Result<Arc<Claims>, ApiError> {
        use jsonwebtoken::errors::ErrorKind;
        let now = i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap_or(i64::MAX);
        if let Some(claims) = self.known.get(token) {
            let ended = claims.exp.saturating_add(LEEWAY.cast_signed()) < now;
            return if ended { Err(ApiError::Unauthenticated("expired")) } else { Ok(claims) };
        }
        match jsonwebtoken::decode::<Claims>(token, &self.checking, &self.validation) {
            Ok(data) => {
                let claims = Arc::new(data.claims);
                self.known.insert(token.to_owned(), claims.clone());
                Ok(claims)
            }
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(ApiError::Unauthenticated("expired")),
            Err(_) => Err(ApiError::Unauthenticated("invalid")),
        }
    }
}

/// Writes a new file that only its owner can read, whole or not at all; one that is there stays, for two processes may
/// start at once.
fn keep_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let directory = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made readable by their owner only.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}
