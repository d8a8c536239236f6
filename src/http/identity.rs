//! Who asks: bearer tokens, roles, permissions and the subtree a token is bound to.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use aws_lc_rs::encoding::{AsDer, Pkcs8V2Der};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};

use super::Context;
use super::error::ApiError;
use crate::domain::codes::{DivisionCode, Name, UnitCode};
use crate::domain::review::Actor;

crate::choice! {
    /// What a token may do.
    pub enum Role {
        /// Reads.
        Reader = "reader", "只读";
        /// Reads, and reports for its units.
        Reporter = "reporter", "填报";
        /// Reads, evaluates and keeps the indicators.
        Reviewer = "reviewer", "审核";
        /// Reads everything, the journal too, and changes nothing.
        Auditor = "auditor", "审计";
        /// Everything but the journal.
        Admin = "admin", "管理";
    }
}

/// What a caller lacks, in Chinese and English.
pub type Lack = (&'static str, &'static str);

const WHOLE_COUNTY: Lack = ("修改全县共用数据", "change what belongs to the whole county");

const OWN_UNIT: Lack = ("对本单位作出决定", "decide on its own unit");

/// A right an operation asks for; the document names it in the operation's `security`.
pub trait Permission: 'static {
    /// Its name.
    const NAME: &'static str;
    /// What it allows, in Chinese and English.
    const ALLOWS: Lack;
    /// Whether a role has it.
    fn held_by(role: Role) -> bool;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $zh:literal: $($role:ident)|+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Permission for $name {
            const NAME: &'static str = $text;
            const ALLOWS: Lack = ($zh, $text);

            fn held_by(role: Role) -> bool {
                matches!(role, $(Role::$role)|+)
            }
        }
    )+};
}

permissions! {
    /// To read.
    Read = "read", "读取": Reader | Reporter | Reviewer | Auditor | Admin;
    /// To read the journal.
    Audit = "audit", "查阅流水账": Auditor;
    /// To report projects, lines, targets and progress.
    Report = "report", "填报": Reporter | Admin;
    /// To evaluate: a reporter its own units, a reviewer for department or finance bureau.
    Evaluate = "evaluate", "评价": Reporter | Reviewer | Admin;
    /// To define what is measured.
    Define = "define", "维护指标": Reviewer | Admin;
    /// To upload what the role may state.
    Upload = "upload", "上报": Reporter | Reviewer | Admin;
    /// To close a year, and to open it again.
    Close = "close", "关账": Reviewer | Admin;
    /// To approve targets, and to decide on evaluations and rectification.
    Review = "review", "审核": Reviewer | Admin;
    /// To see who is told of changes, and what was delivered.
    Watch = "watch", "查看推送订阅": Auditor | Admin;
    /// To say who is told of changes.
    Subscribe = "subscribe", "维护推送订阅": Admin;
    /// To keep units and code lists.
    Administer = "administer", "维护单位和代码表": Admin;
}

/// The part of the unit tree a caller may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole county.
    County,
    /// A unit and everything below it.
    Subtree(UnitCode),
}

impl Scope {
    /// The top of what may be seen; nothing for the whole county.
    pub fn top(&self) -> Option<&UnitCode> {
        match self {
            Self::County => None,
            Self::Subtree(top) => Some(top),
        }
    }
}

/// Who asks, as far as the token says: kept with the request, for what is told of it later.
#[derive(Debug, Clone, Default)]
pub struct Who {
    /// The token's subject.
    pub subject: String,
    /// Its role.
    pub role: String,
    /// The token's id.
    pub token: Option<String>,
    /// The unit it is bound to.
    pub unit: Option<String>,
}

/// A caller who may do `P`.
///
/// As a handler's first argument it is ready at once: a stranger's body is never read.
#[derive(Debug)]
pub struct Caller<P> {
    /// Who: the token's subject.
    pub subject: String,
    /// In which role.
    pub role: Role,
    /// What it may see.
    pub scope: Scope,
    /// The token's id; nothing for whoever sits at the machine.
    pub token: Option<String>,
    /// The address the request came from.
    pub address: Option<String>,
    /// The request's id.
    pub request_id: String,
    permission: PhantomData<P>,
}

impl<P: Permission> FromRequest for Caller<P> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl<P: Permission> Caller<P> {
    /// Whoever sits at the machine, acting in a role over the whole county.
    pub fn local(subject: &str, role: Role) -> Self {
        let (subject, request_id) = (subject.to_owned(), uuid::Uuid::now_v7().to_string());
        Self { subject, role, scope: Scope::County, token: None, address: None, request_id, permission: PhantomData }
    }

    /// The same caller, if the role also has another right.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn also<Q: Permission>(&self) -> Result<Caller<Q>, ApiError> {
        if !Q::held_by(self.role) {
            return Err(ApiError::Forbidden { role: self.role, needs: Q::ALLOWS });
        }
        let Self { subject, role, scope, token, address, request_id, permission: _ } = self;
        let (subject, scope, request_id) = (subject.clone(), scope.clone(), request_id.clone());
        let (token, address) = (token.clone(), address.clone());
        Ok(Caller { subject, role: *role, scope, token, address, request_id, permission: PhantomData })
    }

    /// The caller's name, to be kept with what they do.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`] where the token's subject is no name.
    pub fn name(&self) -> Result<Name, ApiError> {
        self.subject.parse().map_err(|_| ApiError::Unauthenticated("subject"))
    }

    /// The caller as reviews know them.
    pub fn actor(&self) -> Actor {
        let role = self.role;
        Actor {
            subject: self.subject.clone(),
            speaks_for_units: matches!(role, Role::Reporter | Role::Admin),
            speaks_for_those_above: matches!(role, Role::Reviewer | Role::Admin),
            decides: matches!(role, Role::Reviewer | Role::Admin),
            top: self.scope.top().cloned(),
        }
    }

    /// Refuses a caller who is bound to the very unit that is decided on.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn require_above(&self, unit: &UnitCode) -> Result<(), ApiError> {
        if self.scope.top() == Some(unit) {
            return Err(ApiError::Forbidden { role: self.role, needs: OWN_UNIT });
        }
        Ok(())
    }

    /// Refuses a caller bound to a subtree: what belongs to the whole county is changed for all of it.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn require_whole_county(&self) -> Result<(), ApiError> {
        match self.scope {
            Scope::County => Ok(()),
            Scope::Subtree(_) => Err(ApiError::Forbidden { role: self.role, needs: WHOLE_COUNTY }),
        }
    }

    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let context = request
            .app_data::<Data<Context>>()
            .ok_or_else(|| ApiError::internal("the context is not mounted".into()))?;
        let token = bearer(request).ok_or(ApiError::Unauthenticated("missing"))?;
        let claims = context.keys.verify(token)?;
        request.extensions_mut().insert(Who {
            subject: claims.sub.clone(),
            role: claims.role.clone(),
            token: Some(claims.jti.clone()),
            unit: claims.unit.clone(),
        });
        let role: Role = claims.role.parse().map_err(|_| ApiError::Unauthenticated("role"))?;
        let scope = match &claims.unit {
            None => Scope::County,
            Some(unit) => Scope::Subtree(unit.parse().map_err(|_| ApiError::Unauthenticated("unit"))?),
        };
        if !P::held_by(role) {
            return Err(ApiError::Forbidden { role, needs: P::ALLOWS });
        }
        let request_id = super::problem::request_id(request);
        let address = request.peer_addr().map(|address| address.ip().to_string());
        Ok(Self {
            subject: claims.sub.clone(),
            role,
            scope,
            token: Some(claims.jti.clone()),
            address,
            request_id,
            permission: PhantomData,
        })
    }
}

/// The token that a request carries.
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    let (scheme, token) = request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

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

    /// A token for a role, bound to a unit's subtree or to the whole county.
    ///
    /// # Errors
    /// Signing failed.
    pub fn issue(
        &self,
        subject: &str,
        role: Role,
        unit: Option<&UnitCode>,
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
            unit: unit.map(ToString::to_string),
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
