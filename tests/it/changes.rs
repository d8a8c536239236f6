//! Following along: every change once, in order, to whoever may see it; and a place to begin from.

use std::collections::BTreeMap;

use jixiao::http::identity::Role;
use serde_json::{Value, json};
use sqlx::Connection;

use crate::harness::{Caller, on_both};

/// Rows by resource and id, with what they hold.
type Copy = BTreeMap<(String, String), Value>;

fn name(row: &Value) -> (String, String) {
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    (text("resource"), text("id"))
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Takes a snapshot, page by page; the rows and the number they stand at.
async fn snapshot(caller: &Caller<'_>, options: &str) -> (Copy, i64) {
    let at = number(&caller.get("/v1/snapshots?limit=1").await.expect(200).body["at"]);
    (snapshot_at(caller, at, options).await, at)
}

/// The rows as they stood at a number.
async fn snapshot_at(caller: &Caller<'_>, at: i64, options: &str) -> Copy {
    let (mut copy, mut after) = (Copy::new(), 0);
    loop {
        let page = caller.get(&format!("/v1/snapshots?limit=50&at={at}&after={after}{options}")).await.expect(200).body;
        assert_eq!(page["at"], at);
        for row in page["items"].as_array().unwrap() {
            assert!(copy.insert(name(row), row["facts"].clone()).is_none(), "{row} comes twice");
        }
        let Some(next) = page["next"].as_i64() else { return copy };
        after = next;
    }
}

/// Follows the changes after a number to the end; the copy with them, and where it stands.
async fn follow(caller: &Caller<'_>, mut copy: Copy, mut after: i64, options: &str) -> (Copy, i64) {
    loop {
        let page = caller.get(&format!("/v1/changes?limit=50&after={after}{options}")).await.expect(200).body;
        let items = page["items"].as_array().unwrap();
        for change in items {
            assert!(number(&change["sequence"]) > after, "{change} is not after {after}");
            after = number(&change["sequence"]);
            if change["operation"] == "deleted" {
                copy.remove(&name(change));
            } else {
                copy.insert(name(change), change["facts"].clone());
            }
        }
        after = number(&page["next"]);
        if items.is_empty() {
            return (copy, after);
        }
    }
}

on_both! {
    async fn changes_come_once_and_in_order_with_the_ends_of_rows(service: Service) {
        let admin = service.admin();
        let unit = json!({ "name": "甲", "kind": "other" });
        admin.put("/v1/units/a", &unit).await.expect(201);
        admin.put("/v1/units/a", &unit).await.expect(200); // no change
        admin.put("/v1/units/a", &json!({})).await.expect(422); // none either
        let other = json!({ "name": "乙", "kind": "other" });
        let changed = admin.clone().with("if-match", "*").put("/v1/units/a", &other).await.expect(200).body;
        admin.clone().with("if-match", "*").delete("/v1/units/a").await.expect(204);

        let page = admin.get("/v1/changes").await.expect(200).body;
        let told: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| (number(&one["sequence"]), one["operation"].as_str().unwrap())).collect();
        assert_eq!((told, &page["next"]), (vec![(1, "created"), (2, "updated"), (3, "deleted")], &json!(3)));
        let second = &page["items"][1];
        assert_eq!((&second["facts"], &second["sequence"], &second["unit"]), (&changed["facts"], &changed["revision"], &json!("a")));
        assert_eq!(page["items"][2]["facts"], json!(null));

        let rest = admin.get("/v1/changes?after=1&limit=1").await.expect(200).body;
        assert_eq!((&rest["items"][0]["sequence"], &rest["next"]), (&json!(2), &json!(2)));
        let none = admin.get("/v1/changes?after=3").await.expect(200).body;
        assert_eq!((&none["items"], &none["next"]), (&json!([]), &json!(3)));
        // A number alone does not say of which journal it is; its digest does.
        let first = admin.get("/v1/changes?limit=1").await.expect(200);
        let (next, digest) = (first.body["next"].as_i64().unwrap(), first.body["digest"].as_str().unwrap());
        let line = admin.get("/v1/changes/ndjson?limit=1").await.expect(200);
        assert_eq!((line.header("jixiao-next"), line.header("jixiao-digest")), (&*next.to_string(), digest));
        admin.get(&format!("/v1/changes?after={next}&digest={digest}")).await.expect(200);
        let other = digest.chars().rev().collect::<String>();
        let reply = admin.get(&format!("/v1/changes?after={next}&digest={other}")).await.expect(400);
        assert_eq!(reply.body["errors"][0]["code"], "other_journal");
        let snapshot = admin.get("/v1/snapshots").await.expect(200).body;
        let (at, digest) = (&snapshot["at"], snapshot["digest"].as_str().unwrap());
        admin.get(&format!("/v1/changes?after={at}&digest={digest}")).await.expect(200);
        // A number that is not there yet is of another journal: whoever names it must begin again.
        assert_eq!(admin.get("/v1/changes?after=4").await.expect(400).body["errors"][0]["code"], "not_reached");
        for wrong in ["after=-1", "after=x", "limit=0", "limit=1001", "wait=31", "resource=unit", "since=1"] {
            admin.get(&format!("/v1/changes?{wrong}")).await.expect(400);
        }

        let lines = admin.get_bytes("/v1/changes/ndjson?after=1").await;
        let lines: Vec<Value> = String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, page["items"].as_array().unwrap()[1..]);
        assert_eq!(admin.get("/v1/changes/ndjson?after=3").await.expect(200).header("jixiao-next"), "3");
    }

    async fn a_copy_is_the_same_from_zero_and_from_any_snapshot(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let (begun, at) = snapshot(&admin, "").await;
        // Written while somebody reads the pages of a snapshot: it stands where it stood.
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        admin.clone().with("if-match", "*").put(line, &json!({ "executed": "7.00" })).await.expect(200);
        admin.clone().with("if-match", "*").delete("/v1/budget-lines/209002:2023:209002-2023-01:30202").await;
        admin.put("/v1/units/new", &json!({ "name": "甲", "kind": "other" })).await.expect(201);
        assert_eq!(snapshot_at(&admin, at, "").await, begun);

        let (now, position) = snapshot(&admin, "").await;
        assert_ne!(now, begun);
        assert_eq!(follow(&admin, begun, at, "").await, (now.clone(), position));
        assert_eq!(follow(&admin, Copy::new(), 0, "").await, (now.clone(), position));
        for ((resource, id), facts) in now.iter().filter(|((resource, _), _)| resource != "uploads") {
            let item = admin.get(&format!("/v1/{}/{id}", resource.replace('_', "-"))).await.expect(200).body;
            assert_eq!(&item["facts"], facts, "{resource}/{id}");
        }
        admin.get(&format!("/v1/snapshots?at={}", position + 1)).await.expect(400);
    }

    async fn whoever_is_bound_to_a_unit_sees_its_changes_and_what_is_common(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let (whole, _) = snapshot(&admin, "").await;
        for unit in ["209", "209002", "430922"] {
            let bound = service.caller_of(Role::Reader, Some(unit));
            let (seen, at) = snapshot(&bound, "").await;
            assert!(seen.iter().all(|(row, facts)| whole[row] == *facts) && seen.len() <= whole.len());
            assert_eq!(follow(&bound, Copy::new(), 0, "").await, (seen.clone(), at), "the feed shows what the snapshot shows");
            // What a row's own address shows, and what it hides, is what a copy has.
            for (resource, id) in whole.keys().filter(|(resource, _)| resource != "uploads") {
                let reply = bound.get(&format!("/v1/{}/{id}", resource.replace('_', "-"))).await;
                let wanted = if seen.contains_key(&(resource.clone(), id.clone())) { 200 } else { 404 };
                assert_eq!(reply.status, wanted, "{unit} sees {resource}/{id}");
            }
        }
        let lines = snapshot(&admin, "&resource=budget_lines&unit=209").await.0;
        assert!(!lines.is_empty() && lines.keys().all(|(resource, id)| resource == "budget_lines" && id.starts_with("209")));
    }

    async fn the_revisions_of_a_row_are_all_it_ever_was(service: Service) {
        let service = service.with_case().await;
        let clerk = service.caller_of(Role::Reporter, Some("209002")).with("if-match", "*");
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let first = clerk.get(line).await.expect(200).body;
        for executed in ["7.00", "8.00"] {
            clerk.put(line, &json!({ "executed": executed })).await.expect(200);
        }
        clerk.delete(line).await.expect(204);
        let found = clerk.get(&format!("{line}/revisions")).await.expect(200).body;
        let told: Vec<_> = found["items"].as_array().unwrap().iter().map(|one| (&one["operation"], &one["facts"]["executed"])).collect();
        let operation = |text: &str| json!(text);
        assert_eq!(told, [
            (&operation("created"), &first["facts"]["executed"]), (&operation("updated"), &json!("7.00")),
            (&operation("updated"), &json!("8.00")), (&operation("deleted"), &json!(null)),
        ]);
        let page = clerk.get(&format!("{line}/revisions?limit=3")).await.expect(200).body;
        let rest = clerk.get(&format!("{line}/revisions?limit=3&after={}", page["next"].as_str().unwrap())).await.expect(200).body;
        assert_eq!((&rest["items"][0], &rest["next"]), (&found["items"][3], &json!(null)));
        // What is not there is told like what is not the caller's to see.
        clerk.get("/v1/budget-lines/209002:2031:x:30201/revisions").await.expect(404);
        let town = json!({ "name": "修山镇", "kind": "township", "parent": "430922" });
        service.admin().put("/v1/units/xiushan", &town).await.expect(201);
        service.caller_of(Role::Reader, Some("xiushan")).get(&format!("{line}/revisions")).await.expect(404);
    }

    async fn the_end_of_a_unit_is_told_to_those_above_it(service: Service) {
        let service = service.with_case().await;
        let admin = service.admin();
        let (a, b) = (json!({ "name": "甲", "kind": "other", "parent": "209" }), json!({ "name": "乙", "kind": "other", "parent": "a" }));
        admin.put("/v1/units/a", &a).await.expect(201);
        admin.put("/v1/units/b", &b).await.expect(201);
        let bound = service.caller_of(Role::Reader, Some("209"));
        let (copy, at) = snapshot(&bound, "").await;
        assert!(copy.contains_key(&("units".into(), "b".into())));
        for unit in ["b", "a"] {
            admin.clone().with("if-match", "*").delete(&format!("/v1/units/{unit}")).await.expect(204);
        }
        let (copy, _) = follow(&bound, copy, at, "").await;
        assert_eq!(copy, snapshot(&bound, "").await.0);
        assert!(!copy.contains_key(&("units".into(), "b".into())));
    }

    async fn whoever_waits_is_answered_as_soon_as_there_is_a_change(service: Service) {
        let service = service.with_case().await;
        let (admin, reader) = (service.admin(), service.caller_of(Role::Reader, Some("209002")));
        let after = number(&reader.get("/v1/changes?after=0&limit=1000").await.expect(200).body["next"]);
        let path = format!("/v1/changes?after={after}&wait=20");
        let begun = std::time::Instant::now();
        let writing = async {
            actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
            // Of no interest to the reader.
            admin.put("/v1/units/other", &json!({ "name": "甲", "kind": "other" })).await.expect(201);
            actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
            let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
            admin.clone().with("if-match", "*").put(line, &json!({ "executed": "7.00" })).await.expect(200)
        };
        let (found, changed) = futures_util::join!(reader.get(&path), writing);
        let found = found.expect(200).body;
        assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["sequence"]), (1, &changed.body["revision"]));
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
        let none = reader.get(&format!("/v1/changes?after={}&wait=1", number(&found["next"]))).await.expect(200).body;
        assert_eq!(none["items"], json!([]));
        // A service that leaves keeps nobody waiting.
        let (begun, path) = (std::time::Instant::now(), format!("/v1/changes?after={}&wait=30", number(&found["next"])));
        let leaving = async {
            actix_web::rt::time::sleep(std::time::Duration::from_millis(300)).await;
            service.context.leave();
        };
        let (none, ()) = futures_util::join!(reader.get(&path), leaving);
        assert_eq!(none.expect(200).body["items"], json!([]));
        assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
    }
}

/// The example of `examples/platform-sync`, stopped and started again and again beside busy writers.
#[actix_web::test]
async fn the_example_keeps_a_copy_of_a_busy_service() {
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    use crate::harness::{Kind, Service};

    for kind in [Kind::Sqlite, Kind::Postgres] {
        let Some(service) = Service::start(kind).await else { continue };
        let service = service.with_case().await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("copy.db");
        let token = service.token(Role::Reader, None);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/platform-sync/sync.py");
        let sync = |once: bool| {
            let mut command = Command::new(&script);
            command.arg(&path).env("JIXIAO_SERVER", &service.url).env("JIXIAO_TOKEN", &token);
            command.args(once.then_some("--once")).stdout(std::process::Stdio::null());
            command
        };
        let admin = service.admin().with("if-match", "*");
        let writing = async {
            for round in 0..60 {
                let line = format!("/v1/budget-lines/209002:2023:209002-2023-01:302{:02}", round % 17 + 1);
                admin.put(&line, &json!({ "executed": format!("{round}.00") })).await;
                admin
                    .clone()
                    .put(&format!("/v1/units/u{}", round % 7), &json!({ "name": "甲", "kind": "other" }))
                    .await;
                service
                    .admin()
                    .put(&format!("/v1/units/u{}", round % 7), &json!({ "name": "甲", "kind": "other" }))
                    .await;
                admin.delete(&format!("/v1/units/u{}", round % 5)).await;
            }
        };
        let stopping = async {
            for _ in 0..8 {
                let mut running = sync(false).spawn().unwrap();
                actix_web::rt::time::sleep(Duration::from_millis(250)).await;
                running.kill().unwrap();
                running.wait().unwrap();
            }
        };
        futures_util::join!(writing, stopping);
        let mut last = sync(true);
        assert!(actix_web::rt::task::spawn_blocking(move || last.status().unwrap()).await.unwrap().success());

        let (wanted, at) = snapshot(&service.admin(), "").await;
        let mut copy = sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT resource, id, facts FROM row").fetch_all(&mut copy).await.unwrap();
        let kept: Copy = rows
            .into_iter()
            .map(|(resource, id, facts)| ((resource, id), serde_json::from_str(&facts).unwrap()))
            .collect();
        assert_eq!(kept, wanted);
        let place: (i64, Option<i64>) =
            sqlx::query_as("SELECT at, after FROM place").fetch_one(&mut copy).await.unwrap();
        assert_eq!(place, (at, None));
        assert!(at > 150, "{at}: the writers wrote next to nothing");
    }
}
