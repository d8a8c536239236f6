//! Uploads: files as people send them, each taken once, with a receipt.

use jixiao::http::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Reply, on_both};

/// Sends a CSV file.
async fn csv(caller: &Caller<'_>, options: &str, text: impl Into<Vec<u8>>) -> Reply {
    let caller = caller.clone().with("content-type", "text/csv");
    caller.send(Method::POST, &format!("/v1/uploads/csv?{options}"), Some(text.into())).await
}

/// Received, created, updated, unchanged, rejected.
fn counts(receipt: &Value) -> [i64; 5] {
    ["received", "created", "updated", "unchanged", "rejected"].map(|name| receipt[name].as_i64().unwrap())
}

/// The errors of a rejected upload: cell, code.
fn wrong(reply: &Reply) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|one| (text(&one["column"]) + &one["row"].to_string(), text(&one["code"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(cell, code)| ((*cell).to_owned(), (*code).to_owned())).collect()
}

const SHEET: &str = "附件1\n2023年度支出明细,,,单位：万元\n单位,年度,项目,科目名称,执行数\n\
    209002,2023,招商引资专项,办公费,11\n209002,2023,招商引资专项,维护费,1.58\n\
    209002,2023,招商引资专项,因公出国费,约0.4\n合计,,,,12.98\n";

on_both! {
    async fn a_sheet_is_in_exactly_once_with_a_receipt(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let reply = csv(&clerk, "kind=budget_lines&file_name=支出.csv", SHEET).await.expect(201);
        let receipt = &reply.body["receipt"];

        assert_eq!((&receipt["state"], counts(receipt)), (&json!("accepted"), [3, 1, 1, 1, 0]));
        assert_eq!((&receipt["charset"], &receipt["head_row"]), (&json!("utf8"), &json!(3)));
        assert_eq!(receipt["asides"], json!([{ "row": 7, "reason": "total" }]));
        assert_eq!(reply.header("location"), format!("/v1/uploads/{}", reply.body["id"].as_str().unwrap()));
        let line = clerk.get("/v1/budget-lines/209002:2023:209002-2023-01:30212").await.expect(200).body;
        assert_eq!(line["facts"]["executed_as_printed"], "约0.4万元");
        assert_eq!((&line["facts"]["name_as_printed"], &line["computed"]["approximate"]), (&json!("因公出国费"), &json!(true)));
        let kept = clerk.get(reply.header("location")).await.expect(200);
        assert_eq!(kept.body, reply.body);
        let listed = clerk.get("/v1/uploads?kind=budget_lines&state=accepted").await.expect(200).body;
        assert_eq!(listed["items"], json!([reply.body]));
    }

    async fn one_wrong_cell_keeps_everything_out_and_is_named(service: Service) {
        let service = service.with_case().await;
        let before = service.context.store.view().journal_position().await.unwrap();
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = SHEET.replace("1.58", "1,58").replace("因公出国费", "因公出行费").replace("209002,2023,招商引资专项,办", "209002,二〇二三,招商引资专项,办");
        let reply = csv(&clerk, "kind=budget_lines", sheet).await.expect(422);

        assert_eq!(reply.body["code"], "upload_rejected");
        assert_eq!(wrong(&reply), pairs(&[("B4", "invalid_year"), ("F5", "no_column"), ("D6", "unknown_name")]));
        let error = &reply.body["errors"][2];
        assert_eq!((&error["header"], &error["value"]), (&json!("科目名称"), &json!("因公出行费")));
        assert!(error["detail_zh"].as_str().unwrap().contains("因公出国（境）费用"), "{error}");
        assert!(!error["detail_en"].as_str().unwrap().is_empty());
        let receipt = clerk.get(&format!("/v1/uploads/{}", reply.body["upload"].as_str().unwrap())).await.expect(200).body;
        assert_eq!((&receipt["receipt"]["state"], counts(&receipt["receipt"])), (&json!("rejected"), [3, 0, 0, 0, 3]));
        // The receipt itself is the only thing that was written.
        assert_eq!(service.context.store.view().journal_position().await.unwrap(), before + 1);
    }

    async fn right_rows_are_taken_alone_where_that_is_wanted(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = SHEET.replace("1.58", "许多");
        let reply = csv(&clerk, "kind=budget_lines&mode=valid_rows", sheet).await.expect(201);
        let receipt = &reply.body["receipt"];
        assert_eq!((&receipt["state"], counts(receipt)), (&json!("accepted_in_part"), [3, 1, 1, 0, 1]));
        assert_eq!(receipt["errors"][0]["code"], "not_a_number");
    }

    async fn a_dry_run_says_what_would_be_and_writes_nothing(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let reply = csv(&clerk, "kind=budget_lines&dry_run=true", SHEET).await.expect(200);
        let receipt = &reply.body["receipt"];
        assert_eq!((&receipt["state"], &receipt["outcome"]), (&json!("dry_run"), &json!("accepted")));
        assert_eq!(counts(receipt), [3, 1, 1, 1, 0]);
        clerk.get("/v1/budget-lines/209002:2023:209002-2023-01:30212").await.expect(404);
    }

    async fn the_same_bytes_are_recognised(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let colleague = service.caller_of(Role::Admin, Some("209"));
        let first = csv(&clerk, "kind=budget_lines", SHEET).await.expect(201);
        let path = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let corrected = json!({ "executed": "100.00" });
        clerk.clone().with("if-match", "*").put(path, &corrected).await.expect(200);

        for caller in [&clerk, &colleague] {
            let options = if std::ptr::eq(caller, &clerk) { "kind=budget_lines" } else { "kind=budget_lines&unit=209002" };
            let second = csv(caller, options, SHEET).await.expect(200);
            assert_eq!((second.body["id"].clone(), second.header("idempotent-replayed")), (first.body["id"].clone(), "true"));
        }
        let kept = clerk.get(path).await.body["facts"]["executed"].clone();
        assert_eq!(kept, "100.00", "what was corrected since is not overwritten by the same file");
        let again = csv(&clerk, "kind=budget_lines&again=true", SHEET).await.expect(201);
        assert_eq!(counts(&again.body["receipt"]), [3, 0, 1, 2, 0]);
    }
}
