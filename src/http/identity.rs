//! Who asks: bearer tokens, roles, permissions and the subtree a token is bound to.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};

use super::Context;
use super::error::ApiError;
use super::keys::Claims;
use crate::domain::codes::{Name, Region, UnitCode};
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

/// What a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// What may be seen of the service's own county.
    pub scope: Scope,
    /// The region whose counties may be read beside it.
    pub region: Option<Region>,
}

impl Bounds {
    /// A unit and everything below it, or the whole county; no other.
    pub fn of(unit: Option<UnitCode>) -> Self {
        Self { scope: unit.map_or(Scope::County, Scope::Subtree), region: None }
    }

    /// What a token says. Who sees other counties, within the widest region, sees all of their own and changes nothing.
    fn read(claims: &Claims, role: Role, widest: Option<&Region>) -> Result<Self, ApiError> {
        let unit = claims.unit.as_ref().map(|unit| unit.parse()).transpose();
        let bounds = Self::of(unit.map_err(|_| ApiError::Unauthenticated("unit"))?);
        let region = claims.region.as_ref().map(|region| region.parse()).transpose();
        let region: Option<Region> = region.map_err(|_| ApiError::Unauthenticated("region"))?;
        let within = |region: &Region| widest.is_some_and(|widest| widest.covers(region.as_str()));
        let fits = |region| within(region) && role == Role::Reader && bounds.scope == Scope::County;
        if !region.as_ref().is_none_or(fits) {
            return Err(ApiError::Unauthenticated("region"));
        }
        Ok(Self { region, ..bounds })
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
    /// The region whose counties it may read beside its own.
    pub region: Option<Region>,
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
        Self {
            subject,
            role,
            scope: Scope::County,
            region: None,
            token: None,
            address: None,
            request_id,
            permission: PhantomData,
        }
    }

    /// The same caller, if the role also has another right.
    ///
    /// # Errors
    /// [`ApiError::Forbidden`].
    pub fn also<Q: Permission>(&self) -> Result<Caller<Q>, ApiError> {
        if !Q::held_by(self.role) {
            return Err(ApiError::Forbidden { role: self.role, needs: Q::ALLOWS });
        }
        let Self { subject, role, scope, region, token, address, request_id, permission: _ } = self;
        let (subject, scope, request_id) = (subject.clone(), scope.clone(), request_id.clone());
        let (region, token, address) = (region.clone(), token.clone(), address.clone());
        Ok(Caller { subject, role: *role, scope, region, token, address, request_id, permission: PhantomData })
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
        let Bounds { scope, region } = Bounds::read(&claims, role, context.region.as_ref())?;
        if !P::held_by(role) {
            return Err(ApiError::Forbidden { role, needs: P::ALLOWS });
        }
        let request_id = super::problem::request_id(request);
        let address = super::address::of(request);
        Ok(Self {
            subject: claims.sub.clone(),
            role,
            scope,
            region,
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
