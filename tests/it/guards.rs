//! Who may do what, asked of every operation of the document.

use jixiao::http::identity::{
    Administer, Audit, Close, Define, Evaluate, Permission, Read, Report, Review, Role, Subscribe, Upload, Watch,
};
use jixiao::server;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Reply, Service, on_both};

/// An operation of the document.
struct Operation {
    method: Method,
    /// The path, with the id of an existing row of the centre or of the county in it.
    path: String,
    /// The permission the document names.
    permission: String,
    /// The collection.
    collection: String,
    /// Whether it is about one row.
    of_a_row: bool,
}

/// An upload that nobody sent.
pub const NO_UPLOAD: &str = "019aba5e-9c00-7000-8000-000000000001";

/// Every operation, `upload` being the id of an upload.
fn operations(upload: &str) -> Vec<Operation> {
    let document = server::document();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let collection = path.trim_start_matches("/v1/").split('/').next().unwrap().to_owned();
            if collection == "public" {
                // Nobody is asked who they are; `cycle.rs` shows what they see.
                assert_eq!(operation["security"], json!([{}]), "{path}");
                continue;
            }
            all.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: match collection.as_str() {
                    "monitoring" | "reminders" => format!("{path}?month=2023-12"),
                    "result-uses" => format!("{path}?year=2023"),
                    "league-tables" => format!("{path}?month=2023-12&scheme=national_2020"),
                    "uploads" => path.replace("{id}", upload),
                    "upload-templates" => path.replace("{kind}", "progress"),
                    "county-rows" => format!("{path}?resource=units"),
                    "exports" => path.replace("{resource}", "units"),
                    _ => path.replace("{id}", existing(&collection)).replace("{number}", "1"),
                },
                of_a_row: path.contains("{id}"),
                permission: operation["x-permission"].as_str().unwrap().to_owned(),
                collection,
            });
        }
    }
    assert!(all.len() >= 39, "the document lost operations");
    all
}

/// A row of the reference case in each collection; of the centre, or of the whole county.
pub fn existing(collection: &str) -> &'static str {
    match collection {
        "units" => "209002",
        "divisions" => "2023:430922",
        "economic-classes" => "2023:30201",
        "projects" => "209002:2023:209002-2023-01",
        "budget-lines" => "209002:2023:209002-2023-01:30201",
        "indicators" => "fdi",
        "targets" | "cascades" => "430922:2023::fdi:city",
        "progress" => "430922:2023-12:fdi",
        "evaluations" => "209002:2023:209002-2023-01:self",
        "reviews" => "209002:2024:209002-2024-01:self",
        "scorecards" | "cycles" => "209002:2023",
        "closings" | "approvals" => "209002:2031",
        "expenditures" => "209002:2023-06:209002-2023-01",
        "standards" => "2031",
        "schemes" => "own:2031",
        "rectifications" => "209002:2023:1",
        "webhooks" => "platform",
        "findings" | "monitoring" | "reminders" | "league-tables" | "result-uses" | "rollovers" | "finding-rules"
        | "uploads" | "upload-templates" | "exports" | "changes" | "snapshots" | "journal" | "counties"
        | "county-rows" => "",
        other => panic!("{other}: name one of its rows here"),
    }
}

/// Collections that every caller of the county may read: they belong to no unit.
const COMMON: [&str; 7] =
    ["divisions", "economic-classes", "indicators", "standards", "schemes", "finding-rules", "upload-templates"];

/// Collections that hold rows of all kinds: `changes.rs` and `counties.rs` show whose they show. The journal is the auditor's alone.
const MIXED: [&str; 6] = ["changes", "snapshots", "exports", "journal", "counties", "county-rows"];

fn held(permission: &str, role: Role) -> bool {
    match permission {
        Read::NAME => Read::held_by(role),
        Report::NAME => Report::held_by(role),
        Evaluate::NAME => Evaluate::held_by(role),
        Define::NAME => Define::held_by(role),
        Administer::NAME => Administer::held_by(role),
        Close::NAME => Close::held_by(role),
        Review::NAME => Review::held_by(role),
        Upload::NAME => Upload::held_by(role),
        Audit::NAME => Audit::held_by(role),
        Watch::NAME => Watch::held_by(role),
        Subscribe::NAME => Subscribe::held_by(role),
        other => panic!("no such permission: {other}"),
    }
}

impl Operation {
    /// What is sent where nothing is said: enough to be understood.
    fn usual_body(&self) -> Option<Value> {
        match (&self.method, self.path.rsplit('/').next()) {
            (&Method::PUT, _) | (&Method::POST, Some("what-if")) => Some(json!({})),
            (&Method::POST, Some("allocations")) => Some(json!({ "allocations": [] })),
            (&Method::POST, Some("actions")) if self.collection == "rectifications" => {
                Some(json!({ "action": "answer", "text": "已说明" }))
            }
            (&Method::POST, Some("actions")) => Some(json!({ "action": "submit" })),
            (&Method::POST, Some("rectifications")) => {
                Some(json!({ "unit": "209002", "year": "2023", "notices": [{ "demand": "补充说明" }] }))
            }
            (&Method::POST, Some("rollovers")) => Some(json!({ "unit": "209002", "year": "2023", "dry_run": true })),
            _ => None,
        }
    }

    async fn ask(&self, caller: &Caller<'_>, body: Option<Value>) -> Reply {
        if let Some(format) =
            self.path.strip_prefix("/v1/uploads/").filter(|_| self.method == Method::POST && !self.of_a_row)
        {
            let (media, file) = file(format);
            return caller
                .clone()
                .with("content-type", media)
                .send(Method::POST, &format!("{}?kind=units", self.path), Some(file))
                .await;
        }
        let body = body.or_else(|| self.usual_body());
        let body = body.filter(|_| self.method != Method::GET).map(|body| body.to_string().into_bytes());
        caller.send(self.method.clone(), &self.path, body).await
    }
}

/// A file that states a unit, and its media type.
fn file(format: &str) -> (&'static str, Vec<u8>) {
    match format {
        "csv" => ("text/csv", "code,name,kind,parent\nu1,甲,other,430922\n".into()),
        "xlsx" => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04".to_vec()),
        "ndjson" => {
            ("application/x-ndjson", br#"{"code": "u2", "name": "x", "kind": "other", "parent": "430922"}"#.to_vec())
        }
        _ => (
            "application/json",
            br#"{"rows": [{"code": "u3", "name": "x", "kind": "other", "parent": "430922"}]}"#.to_vec(),
        ),
    }
}

/// The reference case, a year that is closed, and a webhook of the centre.
async fn with_a_closing(service: Service) -> Service {
    let service = service.with_case().await;
    service.admin().put("/v1/closings/209002:2031", &json!({})).await.expect(201);
    service.admin().put("/v1/approvals/209002:2031", &json!({})).await.expect(201);
    state_a_standard(&service).await;
    // An evaluation that was submitted, so that there is a review.
    let facts = json!({ "scheme": "national_2020", "stated_score": "90" });
    service.admin().put("/v1/evaluations/209002:2024:209002-2024-01:self", &facts).await.expect(201);
    let submit = json!({ "action": "submit" });
    service.admin().post("/v1/evaluations/209002:2024:209002-2024-01:self/actions", &submit).await.expect(200);
    let notice = json!({ "unit": "209002", "year": "2023", "notices": [{ "demand": "补充说明" }] });
    service.admin().post("/v1/rectifications", &notice).await.expect(201);
    let spent = json!({ "executed": "1000.00" });
    service.admin().put("/v1/expenditures/209002:2023-06:209002-2023-01", &spent).await.expect(201);
    let webhook = json!({ "url": "http://127.0.0.1:9/", "unit": "209002" });
    service.admin().put("/v1/webhooks/platform", &webhook).await.expect(201);
    service
}

/// The national standard and a scheme, stated again for another year.
async fn state_a_standard(service: &Service) {
    let national = service.admin().get("/v1/standards/2020").await.expect(200).body["facts"].clone();
    service.admin().put("/v1/standards/2031", &national).await.expect(201);
    let own = service.admin().get("/v1/schemes/own:2020").await.expect(200).body["facts"].clone();
    service.admin().put("/v1/schemes/own:2031", &own).await.expect(201);
}

/// The reference case, and an upload of somebody who may see all of the county.
async fn with_an_upload(service: Service) -> (Service, String) {
    let service = with_a_closing(service).await;
    let (media, bytes) = file("csv");
    let admin = service.admin().with("content-type", media);
    let reply = admin.send(Method::POST, "/v1/uploads/csv?kind=units", Some(bytes)).await.expect(201);
    let id = reply.body["id"].as_str().unwrap().to_owned();
    (service, id)
}

async fn with_a_town(service: Service) -> Service {
    let service = service.with_case().await;
    let town = json!({ "name": "修山镇", "kind": "township", "parent": "430922" });
    service.admin().put("/v1/units/xiushan", &town).await.expect(201);
    state_a_standard(&service).await;
    service
}

on_both! {
    async fn without_a_token_every_operation_is_401(service: Service) {
        for operation in operations(NO_UPLOAD) {
            let reply = operation.ask(&service.nobody(), None).await;
            assert_eq!((reply.status, &reply.body["code"]), (401, &json!("unauthenticated")), "{}", operation.path);
            assert!(reply.header("www-authenticate").starts_with("Bearer"));
        }
    }

    async fn a_role_without_the_permission_is_403(service: Service) {
        let service = service.with_case().await;
        let mut refused = 0;
        for operation in operations(NO_UPLOAD) {
            for role in Role::ALL {
                let reply = if held(&operation.permission, *role) { continue } else {
                    operation.ask(&service.caller(*role), None).await
                };
                assert_eq!(reply.status, 403, "{role} {} {}", operation.method, operation.path);
                refused += 1;
            }
        }
        assert!(refused >= 30, "{refused}");
    }

    async fn an_administrator_is_admitted_everywhere(service: Service) {
        let (service, upload) = with_an_upload(service).await;
        // Nothing was sent that could be sent again.
        let asked = |one: &Operation| one.permission != Audit::NAME && !one.path.ends_with("/resend");
        for operation in operations(&upload).into_iter().filter(asked) {
            let reply = operation.ask(&service.admin(), None).await;
            assert!(![401, 403, 404, 405, 500].contains(&reply.status), "{} {}: {}", operation.method, operation.path, reply.status);
        }
    }

    async fn another_units_rows_are_404_whatever_is_asked(service: Service) {
        let (service, upload) = with_an_upload(service).await;
        let town = json!({ "name": "修山镇", "kind": "township", "parent": "430922" });
        service.admin().put("/v1/units/xiushan", &town).await.expect(201);
        let stranger = service.caller_of(Role::Admin, Some("xiushan"));
        let of_units = |one: &Operation| !COMMON.contains(&one.collection.as_str()) && !MIXED.contains(&one.collection.as_str());
        for operation in operations(&upload).into_iter().filter(of_units) {
            if operation.method == Method::POST && !operation.of_a_row {
                // A file states a unit below the county; what else is sent names the centre.
                let status = if operation.collection == "uploads" { 422 } else { 404 };
                assert_eq!(operation.ask(&stranger, None).await.status, status, "{}", operation.path);
                continue;
            }
            if !operation.of_a_row {
                let reply = operation.ask(&stranger, None).await.expect(200);
                let receipt = |item: &Value| item["receipt"]["scope"] == "xiushan";
                let foreign = |item: &Value| !receipt(item) && item["unit"].as_str().or(item["id"].as_str()) != Some("xiushan");
                assert!(!reply.body["items"].as_array().unwrap().iter().any(foreign), "{}", operation.path);
                continue;
            }
            let facts = if operation.method == Method::PUT {
                service.admin().get(&operation.path).await.expect(200).body["facts"].clone()
            } else {
                operation.usual_body().unwrap_or_else(|| json!({}))
            };
            let stranger = stranger.clone().with("if-match", "*");
            let reply = operation.ask(&stranger, Some(facts)).await;
            assert_eq!(reply.status, 404, "{} {}: {:#}", operation.method, operation.path, reply.body);
        }
    }

    async fn what_belongs_to_no_unit_is_read_by_all(service: Service) {
        let service = with_a_town(service).await;
        let stranger = service.caller_of(Role::Reader, Some("xiushan"));
        for operation in operations(NO_UPLOAD) {
            if operation.method == Method::GET && COMMON.contains(&operation.collection.as_str()) {
                operation.ask(&stranger, None).await.expect(200);
            }
        }
    }

    async fn what_belongs_to_the_county_is_changed_by_those_of_the_county(service: Service) {
        let service = with_a_town(service).await;
        let mut refused = 0;
        for operation in operations(NO_UPLOAD) {
            if operation.method != Method::GET && COMMON.contains(&operation.collection.as_str()) {
                let facts = service.admin().get(&operation.path).await.expect(200).body["facts"].clone();
                for role in [Role::Reviewer, Role::Admin] {
                    let caller = service.caller_of(role, Some("xiushan")).with("if-match", "*");
                    operation.ask(&caller, Some(facts.clone())).await.expect(403);
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, 18);
    }

    async fn what_was_set_from_above_is_not_changed_from_below(service: Service) {
        let service = with_a_town(service).await;
        let target = "/v1/targets/xiushan:2023::fdi:county";
        let own = "/v1/targets/xiushan:2023::fdi:unit";
        let (easy, admin) = (json!({ "value": "0.01" }), service.admin());
        admin.put(target, &json!({ "value": "5" })).await.expect(201);

        let town = service.caller_of(Role::Reporter, Some("xiushan")).with("if-match", "*");
        town.put(target, &easy).await.expect(403);
        town.delete(target).await.expect(403);
        service.caller_of(Role::Reporter, Some("xiushan")).put(own, &easy).await.expect(201);
        let county = service.caller_of(Role::Reporter, Some("430922"));
        county.with("if-match", "*").put(target, &json!({ "value": "6" })).await.expect(200);
    }

    async fn a_reporter_speaks_for_the_unit_and_a_reviewer_for_those_above(service: Service) {
        let service = service.with_case().await;
        let facts = json!({ "scheme": "national_2020" });
        let (reporter, reviewer) = (service.caller(Role::Reporter), service.caller(Role::Reviewer));
        let path = |kind: &str| format!("/v1/evaluations/209002:2024:209002-2024-01:{kind}");

        reporter.put(&path("self"), &facts).await.expect(201);
        reporter.put(&path("finance"), &facts).await.expect(403);
        reviewer.put(&path("finance"), &facts).await.expect(201);
        reviewer.put(&path("department"), &facts).await.expect(201);
        reviewer.with("if-match", "*").delete(&path("self")).await.expect(403);
    }
}
