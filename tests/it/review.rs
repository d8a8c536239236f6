//! Reviews: each role against each state, four eyes, comments, what is frozen and what is not.

use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, Reply, Service, on_both};

const SELF: &str = "/v1/evaluations/209002:2023:209002-2023-01:self";
const ACTIONS: &str = "/v1/evaluations/209002:2023:209002-2023-01:self/actions";
const STATES: [&str; 6] = ["draft", "submitted", "returned", "accepted", "published", "applied"];

async fn act(caller: &Caller<'_>, path: &str, action: &str) -> Reply {
    let body = match action {
        "return" => json!({ "action": action, "opinion": "请说明三项未完成的原因" }),
        "apply" => json!({ "action": action, "decision": "压减下年预算" }),
        "comment" => {
            json!({ "action": action, "comments": [{ "resource": "targets", "id": "430922:2023::fdi:city", "text": "为何只有 6.56%？" }] })
        }
        "answer" => json!({ "action": action, "answers": [{ "number": 1, "text": "市场原因" }] }),
        _ => json!({ "action": action }),
    };
    caller.post(path, &body).await
}

/// An evaluation in a state, by way of the clerk and the officer.
async fn bring_to(service: &Service, path: &str, state: &str) {
    let (clerk, officer) = (service.caller_named("clerk", Role::Reporter, None), officer(service));
    let steps: &[(&Caller<'_>, &str)] = match state {
        "submitted" => &[(&clerk, "submit")],
        "returned" => &[(&clerk, "submit"), (&officer, "return")],
        "accepted" => &[(&clerk, "submit"), (&officer, "accept")],
        "published" => &[(&clerk, "submit"), (&officer, "accept"), (&officer, "publish")],
        "applied" => &[(&clerk, "submit"), (&officer, "accept"), (&officer, "publish"), (&officer, "apply")],
        _ => &[],
    };
    for (caller, action) in steps {
        act(caller, path, action).await.expect(200);
    }
}

fn clerk(service: &Service) -> Caller<'_> {
    service.caller_named("clerk", Role::Reporter, Some("209002"))
}

fn officer(service: &Service) -> Caller<'_> {
    service.caller_named("officer", Role::Reviewer, None)
}

/// Whether a role may do this in a state: the table of the regulation, said once more.
fn expected(role: Role, state: &str, action: &str) -> u16 {
    let unit = matches!(role, Role::Reporter | Role::Admin);
    let bureau = matches!(role, Role::Reviewer | Role::Admin);
    let right = match action {
        "submit" | "withdraw" | "answer" => unit,
        _ => bureau,
    };
    let possible = match action {
        "submit" => ["draft", "returned"].contains(&state),
        "withdraw" | "endorse" | "accept" => state == "submitted",
        "return" => ["submitted", "accepted", "published", "applied"].contains(&state),
        "publish" => state == "accepted",
        "apply" => state == "published",
        _ => ["submitted", "returned", "accepted", "published"].contains(&state),
    };
    match (right, possible, action) {
        (false, ..) => 403,
        (true, false, _) => 409,
        // There is no comment to be answered.
        (true, true, "answer") => 422,
        (true, true, _) => 200,
    }
}

on_both! {
    async fn every_role_in_every_state(service: Service) {
        let service = service.with_case().await;
        let actions = ["submit", "withdraw", "endorse", "return", "accept", "publish", "apply", "comment", "answer"];
        let (mut cell, admin) = (0, service.admin());
        for state in STATES {
            for action in actions {
                for role in Role::ALL {
                    // A unit of its own for each cell: an evaluation that nobody has touched.
                    cell += 1;
                    let unit = format!("u{cell}");
                    admin.put(&format!("/v1/units/{unit}"), &json!({ "name": "甲", "kind": "other", "parent": "430922" })).await.expect(201);
                    let path = format!("/v1/evaluations/{unit}:2023::self");
                    admin.put(&path, &json!({ "scheme": "national_2020", "stated_score": "90" })).await.expect(201);
                    let path = format!("{path}/actions");
                    bring_to(&service, &path, state).await;
                    let reply = act(&service.caller_named("somebody", *role, None), &path, action).await;
                    assert_eq!(reply.status, expected(*role, state, action), "{role} {action} in {state}: {:#}", reply.body);
                }
            }
        }
        assert_eq!(cell, 270);
    }

    async fn the_caller_is_told_what_they_may_do(service: Service) {
        let service = service.with_case().await;
        let told = async |caller: &Caller<'_>| {
            let reply = caller.get(SELF).await.expect(200);
            let actions = reply.body["review"]["allowed_actions"].as_array().unwrap().clone();
            actions.iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        let (clerk, officer, guest) = (clerk(&service), officer(&service), service.caller(Role::Reader));
        assert_eq!((told(&clerk).await.as_str(), told(&officer).await.as_str()), ("submit", ""));
        act(&clerk, ACTIONS, "submit").await.expect(200);
        assert_eq!((told(&clerk).await.as_str(), told(&officer).await.as_str(), told(&guest).await.as_str()),
            ("withdraw", "endorse return accept comment", ""));
        // What one may do is not served to another from a cache.
        let tag = clerk.get(SELF).await.expect(200).header("etag").to_owned();
        officer.clone().with("if-none-match", tag.clone()).get(SELF).await.expect(200);
        clerk.clone().with("if-none-match", tag).get(SELF).await.expect(304);
        let queue = officer.get("/v1/reviews?state=submitted").await.expect(200).body;
        assert_eq!(queue["items"][0]["id"], "209002:2023:209002-2023-01:self");
        assert_eq!(queue["items"][0]["allowed_actions"], json!(["endorse", "return", "accept", "comment"]));
    }

    async fn nobody_accepts_what_they_submitted(service: Service) {
        let service = service.with_case().await;
        let admin = service.caller_named("boss", Role::Admin, None);
        act(&admin, ACTIONS, "submit").await.expect(200);
        let refused = act(&admin, ACTIONS, "accept").await.expect(403);
        assert!(refused.body["detail"].as_str().unwrap().contains("本人提交"), "{:#}", refused.body);
        act(&officer(&service), ACTIONS, "accept").await.expect(200);
    }

    async fn a_return_says_why_and_comments_are_answered(service: Service) {
        let service = service.with_case().await;
        let (clerk, officer) = (clerk(&service), officer(&service));
        act(&clerk, ACTIONS, "submit").await.expect(200);
        let silent = officer.post(ACTIONS, &json!({ "action": "return" })).await.expect(422).errors();
        assert_eq!(silent, [("missing_field".into(), "/opinion".into())]);
        let returned = officer.post(ACTIONS, &json!({ "action": "return", "due_on": "2024-05-31", "comments": [
            { "resource": "targets", "id": "430922:2023::fdi:city", "pointer": "/value", "text": "完成率 6.56%，请说明原因" },
            { "resource": "budget_lines", "id": "209002:2023:209002-2023-01:30299", "pointer": "/executed_as_printed", "text": "“约79.4”须为准确数" },
        ] })).await.expect(200).body;
        let review = &returned["review"];
        assert_eq!((&review["facts"]["state"], &review["open_comments"], &review["overdue"]), (&json!("returned"), &json!(2), &json!(true)));
        // The unit mends and answers, then hands in again.
        assert_eq!(act(&clerk, ACTIONS, "submit").await.expect(422).errors()[0].0, "unanswered_comments");
        let mended = json!({ "action": "submit", "title": "单位负责人", "name": "张三", "answers": [
            { "number": 1, "text": "受国际市场影响" }, { "number": 2, "text": "已更正" }] });
        let again = clerk.post(ACTIONS, &mended).await.expect(200).body;
        let facts = &again["review"]["facts"];
        assert_eq!((&facts["round"], &facts["comments"][0]["answer"]), (&json!(2), &json!("受国际市场影响")));
        let signed: Vec<_> = facts["signatures"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
        assert_eq!(signed, ["submit", "return", "submit"]);
        // Every step is a change of its own.
        let history = officer.get("/v1/reviews/209002:2023:209002-2023-01:self/revisions").await.expect(200).body;
        assert_eq!(history["items"].as_array().unwrap().len(), 3);
    }

    async fn an_accepted_year_is_frozen_until_it_is_returned(service: Service) {
        let service = service.with_case().await;
        let (clerk, officer) = (clerk(&service), officer(&service));
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30299";
        let (more, change) = (json!({ "executed": "784000.00" }), clerk.clone().with("if-match", "*"));
        act(&clerk, ACTIONS, "submit").await.expect(200);
        // What was handed in stays; the rows it rests on are still the unit's.
        let facts = clerk.get(SELF).await.expect(200).body["facts"].clone();
        let mut other = facts.clone();
        other["contact"] = json!("李四");
        assert_eq!(change.put(SELF, &other).await.expect(409).body["code"], "frozen");
        change.put(line, &more).await.expect(200);

        let deductions = json!([{ "target": "430922:2023::fdi:city", "points": "10.51", "reason": "仅完成 6.56%" }]);
        let accepted = officer.post(ACTIONS, &json!({ "action": "accept", "deductions": deductions })).await.expect(200).body;
        assert_eq!(accepted["scores"], json!({ "stated": "100.00", "computed": "72.53", "computed_at_most": "82.53", "reviewed": "89.49" }));
        let review = &accepted["review"];
        assert_eq!((&review["reviewed_grade"], &review["unchanged_since_acceptance"]), (&json!("good"), &json!(true)));
        assert_eq!(review["facts"]["accepted_digest"].as_str().unwrap().len(), 64);

        let frozen = change.put(line, &json!({ "executed": "1.00" })).await.expect(409);
        assert_eq!(frozen.body["code"], "frozen");
        change.delete("/v1/targets/209002:2023:209002-2023-01:top500-projects:unit").await.expect(409);
        clerk.put("/v1/progress/209002:2023-12:top500-projects", &json!({ "value": "1" })).await.expect(409);
        clerk.put("/v1/expenditures/209002:2023-12:209002-2023-01", &json!({ "executed": "1.00" })).await.expect(409);
        let sheet = "unit,month,indicator,value\n209002,2023-12,top500-projects,1\n".as_bytes().to_vec();
        let upload = clerk.clone().with("content-type", "text/csv").send(reqwest::Method::POST, "/v1/uploads/csv?kind=progress", Some(sheet)).await.expect(422);
        assert_eq!(upload.body["errors"][0]["code"], "frozen");
        // Another year and another unit go on.
        change.put("/v1/targets/209002:2024:209002-2024-01:top500-projects:unit", &json!({ "value": "2" })).await.expect(200);
        // A department speaks beside it.
        officer.put("/v1/evaluations/209002:2023:209002-2023-01:department", &json!({ "scheme": "national_2020", "stated_score": "80" })).await.expect(201);

        // A figure of the county that the evaluation claims is not the unit's own; its change is found out.
        service.admin().with("if-match", "*").put("/v1/progress/430922:2023-12:fdi", &json!({ "value": "22" })).await.expect(200);
        let now = officer.get(SELF).await.expect(200).body;
        assert_eq!(now["review"]["unchanged_since_acceptance"], false);
        let found = officer.get("/v1/findings?unit=209002&year=2023&rule=evaluation.changed-since-acceptance").await.expect(200).body;
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        // What was accepted can be read as it was.
        let entry = now["review"]["facts"]["accepted_at"].as_i64().unwrap();
        let then = officer.get(&format!("{SELF}?as_of={entry}")).await.expect(200).body;
        assert_eq!(then["computed"]["score"]["earned"], "72.53");

        act(&officer, ACTIONS, "return").await.expect(200);
        change.put(line, &json!({ "executed": "794000.00", "executed_as_printed": "约79.4万元" })).await.expect(200);
        let after = officer.get(SELF).await.expect(200).body;
        assert_eq!((&after["scores"]["reviewed"], &after["review"]["facts"]["accepted_digest"]), (&Value::Null, &Value::Null));
    }

    async fn what_is_said_is_about_something(service: Service) {
        let service = service.with_case().await;
        let (clerk, officer) = (clerk(&service), officer(&service));
        act(&clerk, ACTIONS, "submit").await.expect(200);
        let comment = |resource: &str, id: &str, pointer: Option<&str>| {
            json!({ "action": "comment", "comments": [{ "resource": resource, "id": id, "pointer": pointer, "text": "？" }] })
        };
        let line = "209002:2023:209002-2023-01:30299";
        for (said, pointer) in [
            (comment("targets", "430922:2023::nothing:city", None), "/comments/0/id"),
            (comment("progress", line, None), "/comments/0/id"),
            (comment("webhooks", "platform", None), "/comments/0/id"),
            (comment("budget_lines", line, Some("/nothing")), "/comments/0/pointer"),
            (json!({ "action": "accept", "deductions": [{ "target": "209002:2023:209002-2023-01:top500-projects:unit", "points": "1", "reason": "？" }] }), "/deductions/0/target"),
        ] {
            assert_eq!(officer.post(ACTIONS, &said).await.expect(422).errors(), [("unknown_reference".into(), pointer.into())], "{said}");
        }
        officer.post(ACTIONS, &comment("budget_lines", line, Some("/executed"))).await.expect(200);
        officer.post(ACTIONS, &comment("divisions", "2023:430922", None)).await.expect(200);
    }

    async fn what_is_published_is_what_was_accepted(service: Service) {
        let service = service.with_case().await;
        let officer = officer(&service);
        let public = "/v1/public/evaluations/209002:2023:209002-2023-01:self";
        let reached = async |value: &str| {
            service.admin().with("if-match", "*").put("/v1/progress/430922:2023-12:fdi", &json!({ "value": value })).await.expect(200);
        };
        bring_to(&service, ACTIONS, "accepted").await;
        // Not with a figure of the county that was changed in between.
        reached("22").await;
        assert_eq!(act(&officer, ACTIONS, "publish").await.expect(422).errors(), [("changed_since_acceptance".into(), "/action".into())]);
        assert_eq!(officer.get(SELF).await.expect(200).body["review"]["allowed_actions"], json!(["return", "comment"]));
        reached("21").await;
        act(&officer, ACTIONS, "publish").await.expect(200);
        let published = service.nobody().get(public).await.expect(200);
        let tag = published.header("etag").to_owned();
        service.nobody().with("if-none-match", &tag).get(public).await.expect(304);
        assert_eq!((&published.body["targets"][0]["actual"], published.header("cache-control")), (&json!("21"), "public, max-age=60"));
        // What was published stays as it was, and goes when it is sent back.
        reached("22").await;
        assert_eq!(service.nobody().get(public).await.expect(200).body, published.body);
        assert_eq!(service.nobody().get("/v1/public/evaluations?unit=209002").await.expect(200).body["items"], json!([published.body]));
        assert_eq!(act(&officer, ACTIONS, "apply").await.expect(422).errors()[0].0, "changed_since_acceptance");
        act(&officer, ACTIONS, "return").await.expect(200);
        service.nobody().get(public).await.expect(404);
        assert_eq!(officer.get(SELF).await.expect(200).body["review"]["facts"]["published_digest"], Value::Null);
        assert_eq!(service.nobody().get("/v1/public/evaluations").await.expect(200).body["items"], json!([]));
    }

    async fn what_was_withdrawn_may_be_taken_away(service: Service) {
        let service = service.with_case().await;
        let clerk = clerk(&service);
        let gone = async || clerk.clone().with("if-match", "*").delete(SELF).await;
        act(&clerk, ACTIONS, "submit").await.expect(200);
        assert_eq!(gone().await.expect(409).body["code"], "frozen");
        act(&clerk, ACTIONS, "withdraw").await.expect(200);
        let stated = clerk.get(SELF).await.expect(200).body["facts"].clone();
        gone().await.expect(204);
        clerk.get("/v1/reviews/209002:2023:209002-2023-01:self").await.expect(404);
        // What somebody else had a say in stays, withdrawn or not.
        clerk.put(SELF, &stated).await.expect(201);
        act(&clerk, ACTIONS, "submit").await.expect(200);
        act(&officer(&service), ACTIONS, "return").await.expect(200);
        act(&clerk, ACTIONS, "submit").await.expect(200);
        act(&clerk, ACTIONS, "withdraw").await.expect(200);
        assert_eq!(gone().await.expect(409).body["code"], "in_use");
    }

    async fn what_an_action_does_not_use_is_refused(service: Service) {
        let service = service.with_case().await;
        let (clerk, officer) = (clerk(&service), officer(&service));
        let wrong = clerk.post(ACTIONS, &json!({ "action": "submit", "reviewed_score": "99" })).await.expect(422).errors();
        assert_eq!(wrong, [("not_used".into(), "/reviewed_score".into())]);
        act(&clerk, ACTIONS, "submit").await.expect(200);
        let too_much = json!({ "action": "accept", "deductions": [{ "points": "100.01", "reason": "x" }] });
        assert_eq!(officer.post(ACTIONS, &too_much).await.expect(422).errors()[0].1, "/deductions");
        // A retry with the same key is answered alike.
        let accept = officer.clone().with("idempotency-key", "accept-1");
        let first = accept.post(ACTIONS, &json!({ "action": "accept", "reviewed_score": "85.5" })).await.expect(200);
        let again = accept.post(ACTIONS, &json!({ "action": "accept", "reviewed_score": "85.5" })).await.expect(200);
        assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), "true"));
        act(&officer, ACTIONS, "accept").await.expect(409);
    }

    async fn what_was_not_handed_in_is_overdue(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let path = "/v1/evaluations/209002:2023::self";
        let draft = admin.put(path, &json!({ "scheme": "national_2020", "stated_score": "90" })).await.expect(201).body;
        // The 2023 self-evaluation was due in the spring of 2024, and this one was never handed in.
        assert_eq!((&draft["review"]["due_on"], &draft["review"]["overdue"]), (&json!("2024-04-30"), &json!(true)));
        // That of the case was, on paper, and is not waited for.
        assert_eq!(admin.get(SELF).await.expect(200).body["review"]["overdue"], false);
        let found = admin.get("/v1/findings?unit=209002&year=2023&rule=evaluation.overdue").await.expect(200).body;
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        let mut standard = admin.get("/v1/standards/2020").await.expect(200).body["facts"].clone();
        standard["self_evaluation_due"] = json!("03-31");
        admin.put("/v1/standards/2022", &standard).await.expect(201);
        assert_eq!(admin.get(path).await.expect(200).body["review"]["due_on"], "2024-03-31");
    }

    async fn a_department_signs_on_the_way_up(service: Service) {
        let service = service.with_case().await;
        act(&clerk(&service), ACTIONS, "submit").await.expect(200);
        let bureau = service.caller_named("commerce", Role::Reviewer, Some("209"));
        let endorsed = bureau.post(ACTIONS, &json!({ "action": "endorse", "opinion": "同意上报", "title": "主管部门", "name": "王五" })).await.expect(200).body;
        let signature = &endorsed["review"]["facts"]["signatures"][1];
        assert_eq!((&signature["title"], &signature["opinion"]), (&json!("主管部门"), &json!("同意上报")));
        service.caller_named("other", Role::Reviewer, Some("nobody")).post(ACTIONS, &json!({ "action": "return", "opinion": "x" })).await.expect(404);
    }

    async fn nobody_decides_on_their_own_unit(service: Service) {
        let service = service.with_case().await;
        act(&clerk(&service), ACTIONS, "submit").await.expect(200);
        let own = service.caller_named("insider", Role::Reviewer, Some("209002"));
        for action in ["accept", "return", "endorse", "comment"] {
            act(&own, ACTIONS, action).await.expect(403);
        }
        let notice = json!({ "unit": "209002", "year": "2023", "every_finding": true });
        own.post("/v1/rectifications", &notice).await.expect(403);
        // The department above sends back what was handed in, and leaves what the county accepted.
        let department = service.caller_named("commerce", Role::Reviewer, Some("209"));
        act(&department, ACTIONS, "accept").await.expect(403);
        act(&officer(&service), ACTIONS, "accept").await.expect(200);
        act(&department, ACTIONS, "return").await.expect(403);
        let seen = department.get(SELF).await.expect(200).body;
        assert_eq!(seen["review"]["allowed_actions"], json!(["comment"]));
    }
}
