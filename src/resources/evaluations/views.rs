//! An evaluation seen otherwise: imagined, as the official form, as a page to be read and printed.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};

use super::super::evaluations;
use crate::domain::evaluation::EvaluationKey;
use crate::domain::findings;
use crate::domain::report::{Subject, form, page};
use crate::domain::what_if::{WhatIf, WhatIfInput};
use crate::http::Context;
use crate::http::answer::{self, Answer, FileErrors, PutErrors};
use crate::http::body::Facts;
use crate::http::error::ApiError;
use crate::http::file::{FileBytes, PageText, XLSX};
use crate::http::identity::{Caller, Read};
use crate::http::moment::{AsOf, AsOfParameter};
use crate::http::mount::Mount;
use crate::http::path::Id;

/// Mounts these views of the room.
pub fn mount(config: &mut impl Mount) {
    config.service(create_what_if).service(get_evaluation_form).service(get_evaluation_report);
}

/// Imagine other facts
///
/// What the evaluation would be worth under another scheme, with other figures or other money, beside what it is worth.
/// Nothing is written.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "create_what_if",
    params(("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole")),
    request_body = WhatIfInput,
    responses((status = 200, description = "As it is, and as it would be", body = WhatIf), PutErrors),
    security(("bearer" = ["read"])),
)]
#[post("/evaluations/{id}/what-if")]
async fn create_what_if(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    input: Facts<WhatIfInput>,
) -> Answer {
    let snapshot = context.store.snapshot().await?;
    let answer = evaluations::what_if(&snapshot.view(), &caller.scope, &id, &input.0, context.today()?).await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// Read the official form of an evaluation
///
/// 项目支出绩效自评表 as a workbook, with computed points and a sheet that says where each comes from.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "get_evaluation_form",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        AsOfParameter,
    ),
    responses(
        (status = 200, description = "The workbook", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        FileErrors,
    ),
    security(("bearer" = ["read"])),
)]
#[get("/evaluations/{id}/form.xlsx")]
async fn get_evaluation_form(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    as_of: AsOf,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let view = sight.view();
    let (dossier, stated, department) = evaluations::subject(&view, &caller.scope, &id, sight.today).await?;
    let subject = Subject { dossier: &dossier, stated: &stated, findings: &[], department: department.as_deref() };
    let evaluation = dossier.evaluation(&stated, &caller.actor());
    let bytes =
        form::form(&subject, &evaluation).map_err(|error| ApiError::internal(format!("making a form: {error}")))?;
    Ok(answer::bytes(bytes, XLSX, "form.xlsx"))
}

/// Read the report of an evaluation
///
/// A page for people, in Chinese, to be read on a screen or a phone and to be printed: overview, completion of targets, money
/// by economic class, the score with its explanation, and what does not add up. It needs no script.
#[utoipa::path(
    tag = "evaluations",
    operation_id = "get_evaluation_report",
    params(
        ("id" = EvaluationKey, Path, description = "`unit:year:project:kind`, the project empty for the unit as a whole"),
        AsOfParameter,
    ),
    responses((status = 200, description = "The page", body = PageText, content_type = "text/html"), FileErrors),
    security(("bearer" = ["read"])),
)]
#[get("/evaluations/{id}/report.html")]
async fn get_evaluation_report(
    caller: Caller<Read>,
    context: Data<Context>,
    id: Id<EvaluationKey>,
    as_of: AsOf,
) -> Answer {
    let sight = context.sight(as_of).await?;
    let view = sight.view();
    let (dossier, stated, department) = evaluations::subject(&view, &caller.scope, &id, sight.today).await?;
    let found = findings::judge(&dossier);
    let subject = Subject { dossier: &dossier, stated: &stated, findings: &found, department: department.as_deref() };
    let html = page::page(&subject, &dossier.evaluation(&stated, &caller.actor()));
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        // Nothing but what stands in it: whatever a text of the county holds, it runs nowhere.
        .insert_header(("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(html))
}
