//! Uploads: files as people send them, each taken once, with a receipt.

use std::fmt::Write as _;
use std::ops::Range;

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

    async fn what_was_spent_comes_month_by_month(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        // The project is one of the month's year.
        let sheet = "项目名称,月份,累计支出（万元）\n招商引资专项,2023年1-6月,约120.5\n招商引资专项,2023-07,140\n";
        let reply = csv(&clerk, "kind=expenditures", sheet).await.expect(201);
        assert_eq!(counts(&reply.body["receipt"]), [2, 2, 0, 0, 0]);
        let june = clerk.get("/v1/expenditures/209002:2023-06:209002-2023-01").await.expect(200).body;
        assert_eq!(june["facts"], json!({ "executed": "1205000.00", "executed_as_printed": "约120.5万元", "note": null }));
        let unknown = csv(&clerk, "kind=expenditures", "项目编码,月份,executed\n209002-2023-01,2026-01,1\n").await.expect(422);
        assert_eq!(wrong(&unknown)[0].1, "unknown_reference", "{:#}", unknown.body);
        let taken_back = clerk.send(Method::POST, &format!("/v1/uploads/{}/reversal", reply.body["id"].as_str().unwrap()), None).await;
        taken_back.expect(200);
        clerk.get("/v1/expenditures/209002:2023-06:209002-2023-01").await.expect(404);
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

        // The colleague's token is of another unit, so that the file's unit has to be said.
        for (caller, options) in [(&clerk, "kind=budget_lines"), (&colleague, "kind=budget_lines&unit=209002")] {
            let second = csv(caller, options, SHEET).await.expect(200);
            assert_eq!((second.body["id"].clone(), second.header("idempotent-replayed")), (first.body["id"].clone(), "true"));
        }
        let kept = clerk.get(path).await.body["facts"]["executed"].clone();
        assert_eq!(kept, "100.00", "what was corrected since is not overwritten by the same file");
        let again = csv(&clerk, "kind=budget_lines&again=true", SHEET).await.expect(201);
        assert_eq!(counts(&again.body["receipt"]), [3, 0, 1, 2, 0]);

        // An answer that was given under a key is given again, though the upload is no more.
        let keyed = clerk.clone().with("idempotency-key", "twice");
        let known = csv(&keyed, "kind=budget_lines", SHEET).await.expect(200);
        clerk.send(Method::POST, &format!("/v1/uploads/{}/reversal", known.body["id"].as_str().unwrap()), None).await.expect(200);
        assert_eq!(csv(&keyed, "kind=budget_lines", SHEET).await.expect(200).body, known.body);
    }

    async fn a_file_that_was_taken_in_part_is_taken_again(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = "单位,年度,项目,科目,执行数（元）\n209002,2023,209002-2023-01,30216,1\n209002,2023,p-2,30216,2\n";
        let first = csv(&clerk, "kind=budget_lines&mode=valid_rows", sheet).await.expect(201);
        assert_eq!(counts(&first.body["receipt"]), [2, 1, 0, 0, 1]);
        clerk.put("/v1/projects/209002:2023:p-2", &json!({ "name": "二" })).await.expect(201);
        let second = csv(&clerk, "kind=budget_lines&mode=valid_rows", sheet).await.expect(201);
        assert_eq!(counts(&second.body["receipt"]), [2, 1, 0, 1, 0]);
        // The same bytes to another end are another upload.
        csv(&clerk, "kind=budget_lines", sheet).await.expect(200);
        csv(&clerk, "kind=budget_lines&on_existing=skip", sheet).await.expect(201);
    }
}

/// A township, an indicator by the month and one that is cumulative.
async fn with_a_town(service: crate::harness::Service) -> crate::harness::Service {
    let service = service.with_case().await;
    let town = json!({ "name": "鸬鹚渡镇", "kind": "township", "parent": "430922" });
    service.admin().put("/v1/units/430922103", &town).await.expect(201);
    service
}

const MONTHLY: &str = "乡镇,指标,月份,完成值\n鸬鹚渡镇,外商直接投资,2023年6月,20\n鸬鹚渡镇,外商直接投资,1-7月,15\n\
    鸬鹚渡镇,省外境内资金,2023.7,12457\n鸬鹚渡镇,省外境内资金,2023.8,1.3\n鸬鹚渡镇,新签约项目,2023年7月,/\n";

on_both! {
    async fn odd_months_are_taken_and_told(service: Service) {
        let service = with_a_town(service).await;
        let clerk = service.caller_of(Role::Reporter, Some("430922103"));
        let reply = csv(&clerk, "kind=progress&year=2023", MONTHLY).await.expect(201);
        let receipt = &reply.body["receipt"];
        assert_eq!(counts(receipt), [4, 4, 0, 0, 0]);
        assert_eq!(receipt["asides"], json!([{ "row": 6, "reason": "nothing_stated" }]));
        let odd: Vec<_> = receipt["warnings"].as_array().unwrap().iter()
            .map(|one| (one["row"].as_i64().unwrap(), one["code"].as_str().unwrap(), one["column"].as_str().unwrap()))
            .collect();
        assert_eq!(odd, [(3, "cumulative_fell", "D"), (5, "unit_slip", "D")]);

        // A later file with an earlier month is compared with what is there.
        let late = csv(&clerk, "kind=progress", "单位,月份,指标,完成值\n鸬鹚渡镇,2023-05,fdi,30\n").await.expect(201);
        assert_eq!(late.body["receipt"]["warnings"][0]["code"], "cumulative_fell");
        let slip = csv(&clerk, "kind=progress", "单位,月份,指标,完成值\n鸬鹚渡镇,2023-06,fdi,200000\n").await.expect(201);
        let codes: Vec<_> = slip.body["receipt"]["warnings"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
        assert!(codes.contains(&json!("unit_slip")), "{codes:?}");
    }

    async fn an_upload_is_taken_back_but_for_what_changed_since(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let line = |class: &str| format!("/v1/budget-lines/209002:2023:209002-2023-01:{class}");
        let before = clerk.get(&line("30201")).await.expect(200).body["facts"].clone();
        let sheet = SHEET.to_owned().replace("维护费,1.58", "维护费,2") + "";
        let reply = csv(&clerk, "kind=budget_lines", sheet).await.expect(201);
        assert_eq!(counts(&reply.body["receipt"]), [3, 1, 2, 0, 0]);
        clerk.clone().with("if-match", "*").put(&line("30213"), &json!({ "executed": "5.00" })).await.expect(200);

        let path = format!("/v1/uploads/{}/reversal", reply.body["id"].as_str().unwrap());
        let back = clerk.send(Method::POST, &path, None).await.expect(200);
        let reversal = &back.body["reversals"][0];
        assert_eq!((&reversal["reversed"], &reversal["kept"], &reversal["refused"]), (&json!(2), &json!(1), &json!(0)));
        assert_eq!(reversal["stay"], json!([{ "id": "209002:2023:209002-2023-01:30213", "reason": "changed_since" }]));
        assert_eq!(clerk.get(&line("30201")).await.body["facts"], before);
        clerk.get(&line("30212")).await.expect(404);
        assert_eq!(clerk.get(&line("30213")).await.body["facts"]["executed"], "5.00");

        // Asked again, what was taken back stays so, and what stayed stays.
        let again = clerk.send(Method::POST, &path, None).await.expect(200);
        assert_eq!((&again.body["reversals"][1]["reversed"], &again.body["reversals"][1]["kept"]), (&json!(2), &json!(1)));
        // What was taken back may be sent again.
        csv(&clerk, "kind=budget_lines", SHEET).await.expect(201);
    }

    async fn what_others_refer_to_stays_when_an_upload_is_taken_back(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let units = "编码,名称,类型,上级单位\nb,乙镇,乡镇,a\na,甲局,县直部门,桃江县商务局\n";
        let reply = csv(&admin, "kind=units", units).await.expect(201);
        assert_eq!(counts(&reply.body["receipt"]), [2, 2, 0, 0, 0], "a superior may stand below, or be named");
        admin.put("/v1/progress/b:2023-12:fdi", &json!({ "value": "1" })).await.expect(201);

        let path = format!("/v1/uploads/{}/reversal", reply.body["id"].as_str().unwrap());
        let back = admin.send(Method::POST, &path, None).await.expect(200);
        let reversal = &back.body["reversals"][0];
        assert_eq!((&reversal["reversed"], &reversal["refused"]), (&json!(0), &json!(2)));
        assert_eq!(reversal["stay"][0]["reason"], "in_use");
    }

    async fn a_closed_year_is_frozen_for_rows_and_uploads(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let sent = csv(&clerk, "kind=budget_lines", SHEET).await.expect(201);
        let reviewer = service.caller(Role::Reviewer);
        reviewer.put("/v1/closings/209:2023", &json!({ "reason": "决算已批复" })).await.expect(201);

        let refused = clerk.clone().with("if-match", "*").put(line, &json!({ "executed": "1.00" })).await.expect(409);
        assert_eq!(refused.body["code"], "frozen");
        assert!(refused.body["detail"].as_str().unwrap().contains("209 的 2023 年度已关账"));
        clerk.clone().with("if-match", "*").delete(line).await.expect(409);
        let again = csv(&clerk, "kind=budget_lines&again=true", SHEET.replace("11\n", "12\n")).await.expect(422);
        assert_eq!(wrong(&again), pairs(&[("4", "frozen")]), "the other rows state what is there");
        let path = format!("/v1/uploads/{}/reversal", sent.body["id"].as_str().unwrap());
        let back = clerk.send(Method::POST, &path, None).await.expect(200);
        assert_eq!((&back.body["reversals"][0]["refused"], &back.body["reversals"][0]["stay"][0]["reason"]), (&json!(2), &json!("frozen")));

        reviewer.with("if-match", "*").delete("/v1/closings/209:2023").await.expect(204);
        // What had to stay can go by now.
        let back = clerk.send(Method::POST, &path, None).await.expect(200);
        assert_eq!((&back.body["reversals"][1]["reversed"], &back.body["reversals"][1]["refused"]), (&json!(2), &json!(0)));
        clerk.send(Method::POST, &path, None).await.expect(409);
        clerk.with("if-match", "*").put(line, &json!({ "executed": "1.00" })).await.expect(200);
    }

    async fn uploads_are_taken_back_one_after_another(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let before = clerk.get(line).await.expect(200).body["facts"].clone();
        let mut paths = Vec::new();
        for amount in ["7\n", "8\n"] {
            let sheet = format!("单位,年度,项目,科目,执行数（元）\n209002,2023,209002-2023-01,30201,{amount}");
            let sent = csv(&clerk, "kind=budget_lines", sheet).await.expect(201);
            paths.push(format!("/v1/uploads/{}/reversal", sent.body["id"].as_str().unwrap()));
        }
        for (path, executed) in paths.iter().rev().zip([json!("7.00"), before["executed"].clone()]) {
            let back = clerk.send(Method::POST, path, None).await.expect(200);
            assert_eq!(back.body["reversals"][0]["reversed"], 1);
            assert_eq!(clerk.get(line).await.body["facts"]["executed"], executed);
        }
    }

    async fn nobody_takes_back_what_is_not_theirs_to_change(service: Service) {
        let service = service.with_case().await;
        let admin = service.caller_of(Role::Admin, Some("209002"));
        let evaluations = "单位,年度,项目,评价类型,权重方案,目标编号,分值\n209002,2024,209002-2024-01,部门评价,自定权重,209002:2024:209002-2024-01:top500-projects:unit,90\n209002,2024,209002-2024-01,单位自评,自定权重,209002:2024:209002-2024-01:top500-projects:unit,90\n";
        let sent = csv(&admin, "kind=evaluations", evaluations).await.expect(201);
        let path = format!("/v1/uploads/{}/reversal", sent.body["id"].as_str().unwrap());
        let (own, other) = ("209002:2024:209002-2024-01:self", "209002:2024:209002-2024-01:department");
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let back = clerk.send(Method::POST, &path, None).await.expect(200);
        assert_eq!(back.body["reversals"][0]["stay"], json!([{ "id": other, "reason": "forbidden" }]));
        admin.get(&format!("/v1/evaluations/{other}")).await.expect(200);
        admin.get(&format!("/v1/evaluations/{own}")).await.expect(404);
        let rest = admin.send(Method::POST, &path, None).await.expect(200);
        assert_eq!((&rest.body["reversals"][1]["reversed"], &rest.body["reversals"][1]["refused"]), (&json!(2), &json!(0)));
        admin.get(&format!("/v1/evaluations/{other}")).await.expect(404);
    }

    async fn a_key_makes_a_retry_no_second_upload(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let keyed = clerk.clone().with("idempotency-key", "k-1");
        let first = csv(&keyed, "kind=budget_lines", SHEET).await.expect(201);
        let second = csv(&keyed, "kind=budget_lines", SHEET).await.expect(201);
        assert_eq!((first.body.clone(), second.header("idempotent-replayed")), (second.body.clone(), "true"));
        assert_eq!(first.header("location"), second.header("location"));
        let other = csv(&keyed, "kind=budget_lines", SHEET.replace("11", "12")).await.expect(422);
        assert_eq!(other.body["code"], "key_reused");
        csv(&keyed, "kind=budget_lines&dry_run=true", SHEET).await.expect(422);

        let wrong = clerk.clone().with("idempotency-key", "k-2");
        let refused = csv(&wrong, "kind=budget_lines", "x").await.expect(422);
        let refused_again = csv(&wrong, "kind=budget_lines", "x").await.expect(422);
        assert_eq!((&refused.body["upload"], &refused.body["errors"]), (&refused_again.body["upload"], &refused_again.body["errors"]));
        assert_eq!(refused_again.header("idempotent-replayed"), "true");

        let path = format!("{}/reversal", first.header("location"));
        let undo = clerk.clone().with("idempotency-key", "k-1");
        let back = undo.send(Method::POST, &path, None).await.expect(200);
        assert_eq!(undo.send(Method::POST, &path, None).await.expect(200).body, back.body);
        clerk.send(Method::POST, &path, None).await.expect(409);
        csv(&clerk.clone().with("idempotency-key", "ä"), "kind=budget_lines", SHEET).await.expect(400);
    }

    async fn twins_in_flight_are_told_to_wait_and_only_one_is_taken(service: Service) {
        let service = with_a_town(service).await;
        let clerk = service.caller_of(Role::Reporter, Some("430922103")).with("idempotency-key", "twin");
        let row = |n: usize| format!("430922103,{}-{:02},fdi,1\n", 1950 + n / 12, n % 12 + 1);
        let sheet = "unit,month,indicator,value\n".to_owned() + &(0..1500).map(row).collect::<Vec<_>>().concat();
        let twins = (0..4).map(|_| csv(&clerk, "kind=progress", sheet.clone()));
        let replies = futures_util::future::join_all(twins).await;
        let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert!(statuses.iter().all(|status| [201, 409].contains(status)) && statuses[0] == 201, "{statuses:?}");
        for reply in replies.iter().filter(|reply| reply.status == 409) {
            assert_eq!((&reply.body["code"], reply.header("retry-after")), (&json!("in_flight"), "1"));
        }
        let uploads = clerk.get("/v1/uploads").await.expect(200).body;
        assert_eq!(uploads["items"].as_array().unwrap().len(), 1);
    }

    async fn rows_come_back_with_what_is_wrong(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = SHEET.replace("维护费,1.58", "维护费,许多");
        let part = csv(&clerk, "kind=budget_lines&mode=valid_rows", sheet.clone()).await.expect(201);
        let back = |id: &Value, file: &str| format!("/v1/uploads/{}/{file}", id.as_str().unwrap());
        let rejected = clerk.get_bytes(&back(&part.body["id"], "rejected.csv")).await;
        let text = String::from_utf8(rejected).unwrap();
        let lines: Vec<_> = text.trim_start_matches('\u{feff}').lines().collect();
        assert!(text.starts_with('\u{feff}'));
        assert_eq!((lines.len(), lines[1], lines[2]), (4, "2023年度支出明细,,,单位：万元", "单位,年度,项目,科目名称,执行数,错误"));
        assert!(lines[3].starts_with("209002,2023,招商引资专项,维护费,许多,E 列“执行数”：不是数字（not a number）"), "{}", lines[3]);

        // Mended, and sent as it came back: the column 错误 does no harm.
        let mended = text.replace("许多", "1.6");
        let again = csv(&clerk, "kind=budget_lines", mended).await.expect(201);
        assert_eq!(counts(&again.body["receipt"]), [1, 0, 1, 0, 0]);
        assert_eq!(again.body["receipt"]["warnings"], json!([]));

        let whole = csv(&clerk, "kind=budget_lines&again=true", sheet).await.expect(422);
        let rejected = String::from_utf8(clerk.get_bytes(&back(&whole.body["upload"], "rejected.csv")).await).unwrap();
        assert_eq!(rejected.lines().count(), 7, "nothing is in: every row comes back\n{rejected}");
    }

    async fn rows_of_merged_cells_come_back_whole(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = "单位,年度,项目,科目,执行数（元）\n209002,2023,209002-2023-01,30216,1\n,,,30217,二\n小计,,,,1\n,,,30201,三\n";
        let part = csv(&clerk, "kind=budget_lines&mode=valid_rows&fill_down=true", sheet).await.expect(201);
        let path = format!("/v1/uploads/{}/rejected.csv", part.body["id"].as_str().unwrap());
        let text = String::from_utf8(clerk.get_bytes(&path).await).unwrap();
        let rows: Vec<_> = text.lines().skip(1).map(|line| line.split(',').take(5).collect::<Vec<_>>().join(",")).collect();
        assert_eq!(rows, ["209002,2023,209002-2023-01,30217,二", "209002,2023,209002-2023-01,30201,三"]);
        // Mended, they need nothing above them.
        let mended = text.replace('二', "2").replace('三', "3");
        let again = csv(&clerk, "kind=budget_lines", mended).await.expect(201);
        assert_eq!(again.body["receipt"]["received"], 2);
    }

    async fn objects_come_back_under_a_head_of_their_own(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002")).with("content-type", "application/x-ndjson");
        // More than are ever held at once, and a name that only the last of them has.
        let row = "{\"unit\": \"209002\", \"year\": 2023, \"economic_class\": 30216}\n";
        let text = row.repeat(50_001) + "{\"executed\": 1}\n";
        let reply = clerk.send(Method::POST, "/v1/uploads/ndjson?kind=budget_lines", Some(text.into_bytes())).await.expect(422);
        assert_eq!(reply.body["errors_total"].as_i64().unwrap(), 50_001 + 3);
        let path = format!("/v1/uploads/{}", reply.body["upload"].as_str().unwrap());
        let rejected = String::from_utf8(clerk.get_bytes(&format!("{path}/rejected.csv")).await).unwrap();
        assert!(rejected.starts_with("\u{feff}unit,year,economic_class,executed,错误\r\n209002,2023,30216,,"), "{}", &rejected[..100]);
        assert_eq!(rejected.lines().count(), 1 + 50_002);
        let sheet = cells(clerk.get_bytes(&format!("{path}/annotated.xlsx")).await, "预算行");
        assert_eq!((sheet["A1"].as_str(), sheet["E1"].as_str(), sheet["C2"].as_str()), ("unit", "错误", "30216"));
        assert!(sheet["E2"].contains("项目编码") && sheet["D50003"] == "1");
    }

    async fn a_file_that_is_too_long_is_refused_before_it_is_read(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let long = "x".repeat(8 * 1024 * 1024 + 1);
        let reply = csv(&clerk, "kind=budget_lines", long).await.expect(413);
        assert_eq!(reply.body["code"], "body_too_long");
        let wrong = clerk.clone().with("content-type", "application/x-www-form-urlencoded");
        let reply = wrong.send(Method::POST, "/v1/uploads/csv?kind=budget_lines", Some(b"x".to_vec())).await.expect(415);
        assert!(reply.body["detail"].as_str().unwrap().contains("text/csv"));
        csv(&clerk, "kind=budget_line", SHEET).await.expect(400);
        csv(&clerk, "kind=units", "code,name\n1,2\n").await.expect(403);
        csv(&service.caller(Role::Reader), "kind=progress", MONTHLY).await.expect(403);
    }
}

/// A connection that breaks after so many bytes of the body.
#[actix_web::test]
async fn a_connection_cut_at_any_byte_leaves_nothing() {
    use std::io::Write;
    let service = crate::harness::Service::start(crate::harness::Kind::Sqlite).await.unwrap().with_case().await;
    let token = service.token(Role::Reporter, Some("209002"));
    let address = service.url.trim_start_matches("http://").to_owned();
    let view = service.context.store.view();
    let before = view.journal_position().await.unwrap();
    for cut in [0, 1, SHEET.len() / 2, SHEET.len() - 1] {
        for chunked in [false, true] {
            let mut line = std::net::TcpStream::connect(&address).unwrap();
            let length = if chunked {
                "transfer-encoding: chunked".to_owned()
            } else {
                format!("content-length: {}", SHEET.len())
            };
            write!(line, "POST /v1/uploads/csv?kind=budget_lines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: text/csv\r\n{length}\r\n\r\n").unwrap();
            if chunked {
                write!(line, "{:x}\r\n", SHEET.len()).unwrap();
            }
            line.write_all(&SHEET.as_bytes()[..cut]).unwrap();
            drop(line);
        }
    }
    actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(view.journal_position().await.unwrap(), before);
}

/// The cells of a workbook's sheet, by address.
fn cells(bytes: Vec<u8>, sheet: &str) -> std::collections::BTreeMap<String, String> {
    use calamine::{Reader, Xlsx};
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range(sheet).unwrap();
    let (row, column) = range.start().unwrap_or_default();
    let address = |(down, across, value): (usize, usize, &calamine::Data)| {
        let letter = jixiao::domain::sheet::letters(across + column as usize);
        (format!("{letter}{}", down + row as usize + 1), value.to_string())
    };
    range.used_cells().map(address).collect()
}

/// What a part of a workbook says, as XML.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
    text
}

on_both! {
    async fn the_sheet_comes_back_with_wrong_cells_marked(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let sheet = SHEET.replace("维护费,1.58", "维护费,许多");
        let refused = csv(&clerk, "kind=budget_lines", sheet).await.expect(422);
        let path = format!("/v1/uploads/{}/annotated.xlsx", refused.body["upload"].as_str().unwrap());
        let bytes = clerk.get_bytes(&path).await;
        let cells = cells(bytes.clone(), "预算行");

        for (address, value) in [("A1", "附件1"), ("D2", "单位：万元"), ("E3", "执行数"), ("F3", "错误"), ("D4", "办公费"), ("E5", "许多"), ("A7", "合计")] {
            assert_eq!(cells.get(address).map(String::as_str), Some(value), "{address}");
        }
        assert!(cells["F5"].starts_with("E 列“执行数”：不是数字"), "{}", cells["F5"]);
        assert!(!cells.contains_key("F4") && !cells.contains_key("F6"), "only the wrong row says so");
        // The wrong cell has a look of its own, and a note.
        let xml = part(&bytes, "xl/worksheets/sheet1.xml");
        let look = |address: &str| xml.split(&format!("<c r=\"{address}\" s=\"")).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        assert!(look("E5").is_some() && look("E5") != look("E4"), "{xml}");
        assert!(part(&bytes, "xl/comments1.xml").contains("不是数字"));
    }

    async fn templates_are_filled_in_and_sent_as_they_are(service: Service) {
        let service = with_a_town(service).await;
        let admin = service.admin();
        for kind in ["units", "projects", "budget_lines", "indicators", "targets", "progress", "evaluations"] {
            let text = String::from_utf8(admin.get_bytes(&format!("/v1/upload-templates/{kind}.csv")).await).unwrap();
            assert_eq!(text.lines().count(), 2, "{text}");
            // Sent back untouched it has a head that is understood, and nothing in it but an example.
            let reply = csv(&admin, &format!("kind={kind}"), text).await.expect(422);
            assert_eq!(wrong(&reply), pairs(&[("null", "no_rows")]), "{kind}");
            let upload = admin.get(&format!("/v1/uploads/{}", reply.body["upload"].as_str().unwrap())).await.body;
            assert_eq!(upload["receipt"]["asides"], json!([{ "row": 2, "reason": "example" }]), "{kind}");
            admin.get_bytes(&format!("/v1/upload-templates/{kind}.xlsx")).await;
        }
        let bytes = service.caller_of(Role::Reporter, Some("430922103")).get_bytes("/v1/upload-templates/budget_lines.xlsx?year=2023").await;
        let (head, lists) = (cells(bytes.clone(), "预算行"), cells(bytes.clone(), "代码表"));
        assert_eq!((head["A1"].as_str(), head["A2"].as_str()), ("单位编码", "示例：209002"));
        assert_eq!(lists["A1"], "鸬鹚渡镇", "only what the caller may see is offered");
        assert!(!lists.contains_key("A2"));
        assert!(lists.values().any(|choice| choice == "30213 维修（护）费"), "{lists:?}");
        let xml = part(&bytes, "xl/worksheets/sheet1.xml");
        assert!(xml.contains("<dataValidation type=\"list\"") && xml.contains("代码表"), "{xml}");
        admin.get("/v1/upload-templates/nothing.csv").await.expect(400);
    }

    async fn files_are_seen_by_those_who_may_see_their_sender(service: Service) {
        let service = with_a_town(service).await;
        let town = service.caller_of(Role::Reporter, Some("430922103"));
        let sent = csv(&town, "kind=progress&year=2023", MONTHLY).await.expect(201);
        let path = format!("/v1/uploads/{}", sent.body["id"].as_str().unwrap());
        service.caller_of(Role::Reader, Some("430922")).get(&path).await.expect(200);
        let stranger = service.caller_of(Role::Admin, Some("209002"));
        for file in ["", "/rejected.csv", "/annotated.xlsx"] {
            stranger.get(&format!("{path}{file}")).await.expect(404);
        }
        stranger.send(Method::POST, &format!("{path}/reversal"), None).await.expect(404);
        // The same bytes from somebody who may not see the first are taken on their own.
        let other = csv(&stranger, "kind=progress&year=2023", MONTHLY).await.expect(422);
        assert_eq!(wrong(&other)[0].1, "unknown_name");
        // What a foreign row holds is not told by stating it.
        let guess = csv(&stranger, "kind=progress", "id,完成值\n430922:2023-12:fdi,21\n").await.expect(422);
        assert_eq!(wrong(&guess), pairs(&[("2", "unknown_name")]));
    }

    async fn what_a_file_does_not_speak_of_stays(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30216";
        let facts = json!({ "approved": "20000.00", "executed": "1.00" });
        clerk.put(line, &facts).await.expect(201);
        let sheet = "单位,年度,项目,科目,执行数（元）\n209002,2023,209002-2023-01,培训费,5\n";
        csv(&clerk, "kind=budget_lines", sheet).await.expect(201);
        let kept = clerk.get(line).await.body["facts"].clone();
        assert_eq!((&kept["approved"], &kept["executed"]), (&json!("20000.00"), &json!("5.00")));
        let cleared = "单位,年度,项目,科目,年初预算数（元）,执行数（元）\n209002,2023,209002-2023-01,培训费,-,5\n";
        csv(&clerk, "kind=budget_lines", cleared).await.expect(201);
        assert_eq!(clerk.get(line).await.body["facts"]["approved"], json!(null));

        let other = sheet.replace(",5\n", ",6\n");
        let skipped = csv(&clerk, "kind=budget_lines&on_existing=skip", other.clone()).await.expect(201);
        assert_eq!(counts(&skipped.body["receipt"]), [1, 0, 0, 1, 0]);
        let refused = csv(&clerk, "kind=budget_lines&on_existing=reject&again=true", other).await.expect(422);
        assert_eq!(wrong(&refused), pairs(&[("2", "exists")]));
    }

    async fn new_rows_raise_their_findings_at_once(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let reply = csv(&clerk, "kind=budget_lines", SHEET).await.expect(201);
        let rules: Vec<_> = reply.body["receipt"]["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&"budget.sum-mismatch") && rules.iter().all(|rule| rule.starts_with("budget.")), "{rules:?}");
        assert_eq!(reply.body["receipt"]["findings_total"], rules.len());
    }

    async fn rows_that_lie_beside_those_of_a_file_stay_as_they_are(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let mut indicators = String::from("code,name,measure_unit,category,subcategory,direction,cumulative\n");
        for one in 0..30 {
            writeln!(indicators, "x{one:02},指标{one},个,output,quantity,at_least,false").unwrap();
        }
        csv(&admin, "kind=indicators", indicators).await.expect(201);
        // Of every month some rows in a row; the batches that are looked up together end in the middle of months.
        let send = async |years: Range<u32>, some: Range<u32>, value: fn(u32) -> u32| {
            let mut sheet = String::from("unit,month,indicator,value\n");
            for (year, month, one) in months_and(years, some) {
                writeln!(sheet, "209002,{year}-{month:02},x{one:02},{}", value(one)).unwrap();
            }
            counts(&csv(&admin, "kind=progress&again=true", sheet).await.expect(201).body["receipt"])
        };
        assert_eq!(send(2022..2023, 0..20, |_| 1).await, [240, 240, 0, 0, 0]);
        // Ten are as they were, five are not, ten are new; five that lie beside them are not spoken of.
        assert_eq!(send(2022..2023, 5..30, |one| if one < 15 { 1 } else { 2 }).await, [300, 120, 60, 120, 0]);
        let page = admin.get("/v1/progress?unit=209002&month=2022-07&limit=100").await.expect(200).body;
        let rows = page["items"].as_array().unwrap();
        let values: Vec<_> = rows.iter().map(|row| row["facts"]["value"].as_str().unwrap()).collect();
        assert_eq!(values, [["1"; 15], ["2"; 15]].concat());
        assert_eq!(send(2016..2021, 0..30, |_| 3).await, [1800, 1800, 0, 0, 0]);
        assert_eq!(send(2016..2021, 0..30, |_| 3).await, [1800, 0, 0, 1800, 0]);
    }
}

/// Some in each month of years.
fn months_and(years: Range<u32>, some: Range<u32>) -> impl Iterator<Item = (u32, u32, u32)> {
    let months = years.flat_map(|year| (1..13).map(move |month| (year, month)));
    months.flat_map(move |(year, month)| some.clone().map(move |one| (year, month, one)))
}
