//! The one write path: a change and its entry together, numbered without gaps in commit order, or neither.

use futures_util::future::join_all;
use jixiao::http::Context;
use jixiao::http::identity::Role;
use jixiao::store::stamp::{Refusal, Stamp};
use serde_json::{Value, json};

use crate::harness::{Kind, Service, on_both};

const UNIT: &str = "/v1/units/430922";

fn county(name: &str) -> Value {
    json!({ "name": name, "kind": "county" })
}

/// Statements by somebody at the database, beside the service.
async fn by_hand(service: &Service, statements: &[&str]) -> Result<(), String> {
    use sqlx::{AssertSqlSafe, Connection, Executor};
    let text = |error: sqlx::Error| error.to_string();
    match service.database.kind {
        Kind::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(&service.database.url).await.map_err(text)?;
            for statement in statements {
                connection.execute(AssertSqlSafe((*statement).to_owned())).await.map_err(text)?;
            }
        }
        Kind::Postgres => {
            let mut connection = sqlx::PgConnection::connect(&service.database.url).await.map_err(text)?;
            for statement in statements {
                connection.execute(AssertSqlSafe((*statement).to_owned())).await.map_err(text)?;
            }
        }
    }
    Ok(())
}

/// The same by somebody who first takes away what keeps the journal from being changed.
async fn forge(service: &Service, statements: &[String]) {
    let unlock: &[&str] = match service.database.kind {
        Kind::Sqlite => &["DROP TRIGGER IF EXISTS journal_not_updated", "DROP TRIGGER IF EXISTS journal_not_deleted"],
        Kind::Postgres => &[
            "DROP TRIGGER IF EXISTS journal_append_only ON journal",
            "DROP TRIGGER IF EXISTS journal_not_deleted ON journal",
        ],
    };
    let statements: Vec<&str> = unlock.iter().copied().chain(statements.iter().map(String::as_str)).collect();
    by_hand(service, &statements).await.unwrap();
}

/// Where there are no triggers the service's role has no right to change the journal: it may do all else.
#[actix_web::test]
async fn a_role_that_owns_nothing_serves_and_cannot_change_the_journal() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let role = format!("role_{}", service.context.instance.replace('-', "_"));
    let rights = include_str!("../../migration/rights.sql").replace(":\"role\"", &format!("\"{role}\""));
    forge(&service, &[format!("CREATE ROLE \"{role}\" LOGIN PASSWORD 'x'"), rights]).await;
    let served = service.as_role(&role, "x").await;
    served.context.store.migrate().await.unwrap();
    served.admin().put(UNIT, &county("桃江")).await.expect(201);
    served.admin().with("if-match", "*").put(UNIT, &county("桃江县")).await.expect(200);
    served.nobody().get(UNIT).await.expect(401);
    served.context.refusals.write(&served.context).await.unwrap();
    served.admin().put("/v1/webhooks/w", &json!({ "url": "https://a.example/" })).await.expect(201);
    for change in [
        "UPDATE journal SET actor = 'x'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "DELETE FROM journal_released",
        "DROP TABLE journal",
    ] {
        let refused = by_hand(&served, &[change]).await.unwrap_err();
        assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{change}: {refused}");
    }
    drop(served);
    by_hand(&service, &[&format!("DROP OWNED BY \"{role}\""), &format!("DROP ROLE \"{role}\"")]).await.unwrap();
}

/// A clock that is slow by more than half a year.
fn half_a_year_ago() -> chrono::DateTime<chrono::Utc> {
    Context::system_clock() - chrono::TimeDelta::days(185)
}

/// The journal as the auditor sees it.
async fn entries(service: &Service) -> Vec<Value> {
    let all = service.caller(Role::Auditor).get("/v1/journal?limit=1000").await.expect(200);
    all.body["items"].as_array().unwrap().clone()
}

/// What `jixiao verify` says of a service's journal.
async fn verify(service: &Service, arguments: &[&str]) -> (bool, String) {
    let mut command = service.command();
    command.arg("verify").args(arguments);
    let output = actix_web::rt::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

on_both! {
    async fn changes_that_share_a_transaction_do_not_spoil_one_another(service: Service) {
        let service = service.with_case().await;
        let before = service.context.store.view().journal_head().await.unwrap().0;
        let admin = service.admin();
        // Right ones, wrong ones, and callers who hang up in the middle.
        let one = async |number: usize| {
            let path = format!("/v1/progress/430922:{}-{:02}:fdi", 2030 + number / 12, number % 12 + 1);
            match number % 3 {
                0 => drop(admin.put("/v1/progress/430922:2030-01:none", &json!({ "value": "1" })).await.expect(422)),
                1 => {
                    let facts = json!({ "value": "7" });
                    let gone = admin.put(&path, &facts);
                    let patience = std::time::Duration::from_micros(u64::try_from(number).unwrap() * 200);
                    let _ = tokio::time::timeout(patience, gone).await;
                }
                _ => {
                    admin.put(&path, &json!({ "value": number.to_string() })).await.expect(201);
                    let kept = admin.get(&path).await.expect(200);
                    assert_eq!(kept.body["facts"]["value"], json!(number.to_string()));
                }
            }
        };
        join_all((0..96).map(one)).await;
        let entries = service.context.store.view().journal_after(before, 1000).await.unwrap();
        let numbers: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
        assert_eq!(numbers, (before + 1..=before + i64::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
        // What was acknowledged is there, and every row has its entry.
        let made = entries.iter().filter(|entry| entry.operation == "created").count();
        let page = admin.get("/v1/progress?unit=430922&indicator=fdi&limit=1000").await.expect(200);
        let rows = page.body["items"].as_array().unwrap();
        let rows: Vec<_> = rows.iter().filter(|row| row["month"].as_str().unwrap() >= "2030").collect();
        assert!((32..=64).contains(&rows.len()) && rows.len() == made, "{} rows, {made} entries", rows.len());
    }

    async fn every_change_is_one_entry_and_what_changes_nothing_is_none(service: Service) {
        let admin = service.admin();
        let view = service.context.store.view();
        admin.clone().with("x-request-id", "r-1").put(UNIT, &county("桃江")).await.expect(201);
        admin.put(UNIT, &county("桃江")).await.expect(200); // the same
        admin.put(UNIT, &county("桃江县")).await.expect(428); // refused
        admin.put(UNIT, &json!({})).await.expect(422); // wrong
        let changed = admin.clone().with("if-match", "*").put(UNIT, &county("桃江县")).await.expect(200);
        admin.clone().with("if-match", "*").delete(UNIT).await.expect(204);

        let entries = view.journal_after(0, 100).await.unwrap();
        let told: Vec<_> = entries.iter().map(|entry| (entry.sequence, entry.operation.as_str())).collect();
        assert_eq!(told, [(1, "created"), (2, "updated"), (3, "deleted")]);
        let first = &entries[0];
        assert_eq!((first.actor.as_str(), first.role.as_str(), first.request_id.as_str()), ("tester", "admin", "r-1"));
        assert_eq!((first.resource.as_str(), first.id.as_str()), ("units", "430922"));
        let became: Value = serde_json::from_str(entries[1].became.as_deref().unwrap()).unwrap();
        assert_eq!(became, changed.body["facts"]);
        assert_eq!((changed.body["revision"].as_i64(), &entries[2].became), (Some(2), &None));
        assert_eq!(view.journal_position().await.unwrap(), 3);
    }

    async fn writers_at_once_leave_no_gap_and_lose_nothing(service: Service) {
        let service = service.with_case().await;
        let before = service.context.store.view().journal_position().await.unwrap();
        let caller = service.caller(Role::Admin);
        let paths: Vec<_> = (0..40).map(|n| format!("/v1/units/u{n}")).collect();
        let writing = paths.iter().map(|path| async {
            caller.put(path, &json!({ "name": "甲", "kind": "other" })).await.expect(201).body["revision"].as_i64().unwrap()
        });
        let reading = async {
            // A reader that follows must never see a number after one that it has not seen.
            let mut seen = before;
            while seen < before + 40 {
                for entry in service.context.store.view().journal_after(seen, 1000).await.unwrap() {
                    assert_eq!(entry.sequence, seen + 1);
                    seen = entry.sequence;
                }
            }
        };
        let (mut revisions, ()) = futures_util::join!(join_all(writing), reading);
        revisions.sort_unstable();
        assert_eq!(revisions, (before + 1..=before + 40).collect::<Vec<_>>());
    }

    async fn two_writers_of_one_item_do_not_overwrite_each_other(service: Service) {
        let service = service.with_case().await;
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let tag = service.admin().get(line).await.header("etag").to_owned();
        let caller = service.admin().with("if-match", tag);
        let bodies: Vec<_> = (1..=8).map(|n| json!({ "executed": format!("{n}.00") })).collect();
        let replies = join_all(bodies.iter().map(|body| caller.put(line, body))).await;

        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 7);
    }

    async fn an_abandoned_write_leaves_nothing_behind(service: Service) {
        use jixiao::http::identity::{Administer, Caller, Scope};
        use jixiao::resources::units;
        use jixiao::store::write::Expected;
        let caller = Caller::<Administer>::local("tester", Role::Admin);
        {
            let mut write = service.context.begin(&caller).await.unwrap();
            let facts = jixiao::http::body::read(county("桃江县").to_string().as_bytes()).unwrap();
            units::put(&mut write, &Scope::County, "430922".parse().unwrap(), facts, Expected::Unsaid).await.unwrap();
        }
        service.admin().get(UNIT).await.expect(404);
        assert_eq!(service.context.store.view().journal_position().await.unwrap(), 0);
        service.admin().put(UNIT, &county("桃江县")).await.expect(201);
    }

    async fn the_database_refuses_to_change_or_delete_an_entry(service: Service) {
        let service = service.with_case().await;
        for change in ["UPDATE journal SET actor = 'x' WHERE sequence = 3", "DELETE FROM journal WHERE sequence = 3"] {
            let refused = by_hand(&service, &[change]).await.unwrap_err();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }

    async fn an_entry_that_was_changed_by_hand_is_named(service: Service) {
        let service = service.with_case().await;
        let (fine, said) = verify(&service, &[]).await;
        assert!(fine && said.contains("环环相扣"), "{said}");
        let later = match service.database.kind {
            Kind::Postgres => "\"at\" + interval '1 microsecond'",
            Kind::Sqlite => "replace(\"at\", ':', '.')",
        };
        let other = |column: &'static str| (column, format!("coalesce({column}, '') || 'x'"));
        let mut changes: Vec<_> =
            ["county", "actor", "role", "token", "address", "request_id", "upload", "operation", "resource", "unit", "id"].map(other).into();
        changes.push(("became", "replace(became, '\"', ' \"')".to_owned()));
        changes.push(("at", later.to_owned()));
        for (column, value) in changes {
            if (column, service.database.kind) == ("at", Kind::Sqlite) {
                continue; // Any other text is no instant, and cannot be read at all.
            }
            let keep = "CREATE TABLE before AS SELECT * FROM journal WHERE sequence = 17".to_owned();
            let change = format!("UPDATE journal SET \"{column}\" = {value} WHERE sequence = 17");
            forge(&service, &[keep, change]).await;
            let (fine, said) = verify(&service, &[]).await;
            // An entry of another county leaves a hole in this one's.
            let named = if column == "county" { "第 18 条" } else { "第 17 条" };
            assert!(!fine && said.starts_with(named), "{column}: {said}");
            forge(&service, &[
                "DELETE FROM journal WHERE sequence = 17".into(),
                "INSERT INTO journal SELECT * FROM before".into(),
                "DROP TABLE before".into(),
            ]).await;
        }
        assert!(verify(&service, &[]).await.0, "as it was");
        forge(&service, &["DELETE FROM journal WHERE sequence = 40".into()]).await;
        let (_, said) = verify(&service, &[]).await;
        assert!(said.starts_with("第 41 条: 之前的记录缺失"), "{said}");
    }

    async fn entries_that_were_cut_off_the_end_are_missed_by_whoever_kept_the_head(service: Service) {
        let service = service.with_case().await;
        let auditor = service.caller(Role::Auditor);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("head.json");
        let head = auditor.get("/v1/journal/head").await.expect(200).body;
        std::fs::write(&path, head.to_string()).unwrap();
        let kept = ["--head", path.to_str().unwrap()];
        service.admin().put("/v1/units/x", &json!({ "name": "甲", "kind": "other" })).await.expect(201);
        assert!(verify(&service, &kept).await.0, "what came later does no harm");

        let last = head["head"]["sequence"].as_i64().unwrap();
        forge(&service, &[
            format!("DELETE FROM journal WHERE sequence >= {last}"),
            format!("UPDATE journal_head SET sequence = {0}, digest = (SELECT digest FROM journal WHERE sequence = {0})", last - 1),
        ]).await;
        assert!(verify(&service, &[]).await.0, "the chain itself is whole");
        let (fine, said) = verify(&service, &kept).await;
        assert!(!fine && said.contains("与另存的头不符"), "{said}");

        std::fs::write(&path, head.to_string().replace(&format!(":{last},"), ":1,")).unwrap();
        let (fine, said) = verify(&service, &kept).await;
        assert!(!fine && said.contains("签名无效"), "{said}");
    }

    async fn the_auditor_reads_who_did_what_and_changes_nothing(service: Service) {
        let service = service.with_case().await;
        let auditor = service.caller(Role::Auditor);
        service.admin().with("x-request-id", "r-7").put("/v1/units/x", &json!({ "name": "甲", "kind": "other" })).await.expect(201);
        let found = auditor.get("/v1/journal?request_id=r-7&actor=tester&resource=units&unit=x").await.expect(200).body;
        let entry = &found["items"][0];
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
        assert_eq!((&entry["operation"], &entry["address"], &entry["became"]["name"]), (&json!("created"), &json!("127.0.0.1"), &json!("甲")));
        assert_eq!(entry["token"].as_str().unwrap().len(), 36);
        let head = auditor.get("/v1/journal/head").await.expect(200).body;
        assert_eq!((&entry["digest"], &entry["sequence"]), (&head["head"]["digest"], &head["head"]["sequence"]));

        // Whoever has an entry and the digest before it can digest it.
        let before = auditor.get(&format!("/v1/journal?limit=1000&until={}", "2100-01-01T00:00:00Z")).await.expect(200).body;
        let items = before["items"].as_array().unwrap();
        let mut own = items[items.len() - 1].clone();
        let digest = own.as_object_mut().unwrap().remove("digest").unwrap();
        own["previous"] = items[items.len() - 2]["digest"].clone();
        let canonical = serde_json_canonicalizer::to_vec(&own).unwrap();
        let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &canonical);
        let sum = jixiao::domain::chain::Digest::of_bytes(sum.as_ref()).unwrap();
        assert_eq!(digest, sum.to_string());

        assert_eq!(auditor.get("/v1/journal?since=2100-01-01T00:00:00Z").await.expect(200).body["items"], json!([]));
        auditor.get("/v1/journal?since=yesterday").await.expect(400);
        auditor.put("/v1/units/y", &json!({ "name": "乙", "kind": "other" })).await.expect(403);
        service.caller_of(Role::Auditor, Some("209002")).get("/v1/journal").await.expect(403);
        for role in [Role::Reader, Role::Reporter, Role::Reviewer, Role::Admin] {
            service.caller(role).get("/v1/journal").await.expect(403);
            service.caller(role).get("/v1/journal/head").await.expect(403);
        }
    }

    async fn attempts_whose_time_is_over_are_let_go_of_and_nothing_else(service: Service) {
        // Half a year ago: a change, three attempts, a change, an attempt.
        let attempt = |service: &Service| {
            let context = service.context.clone();
            async move {
                let mut write = context.store.begin(Stamp { now: half_a_year_ago, ..context.own_stamp() }).await.unwrap();
                write.refused(vec![Refusal { asked: "GET /v1/units".into(), answer: json!({ "status": 401 }), ..Refusal::default() }]).await.unwrap();
                write.commit().await.unwrap();
            }
        };
        let file = |name: &str| std::env::temp_dir().join(format!("{}-{name}", service.context.instance));
        let (directory, kept) = (tempfile::tempdir().unwrap(), file("head.json"));
        service.admin().put(UNIT, &county("桃江")).await.expect(201);
        attempt(&service).await;
        attempt(&service).await;
        let head = service.caller(Role::Auditor).get("/v1/journal/head").await.expect(200).body;
        std::fs::write(&kept, head.to_string()).unwrap();
        attempt(&service).await;
        service.admin().with("if-match", "*").put(UNIT, &county("桃江县")).await.expect(200);
        attempt(&service).await;
        // And one of today.
        service.nobody().get("/v1/units").await.expect(401);
        service.context.refusals.write(&service.context).await.unwrap();
        let before: Vec<Value> = entries(&service).await;
        assert_eq!(before.len(), 7);

        let release = |keep: &'static str| {
            let mut command = service.command();
            command.env("JIXIAO_KEEP_ACCESS", keep).arg("release").arg(directory.path());
            async move { actix_web::rt::task::spawn_blocking(move || command.output().unwrap()).await.unwrap() }
        };
        assert!(!release("179d").await.status.success());
        let said = String::from_utf8(release("184d").await.stdout).unwrap();
        let exported = directory.path().join("access-430922-2-6.ndjson");
        assert!(said.contains("access-430922-2-6.ndjson: 4"), "{said}");
        let lines = std::fs::read_to_string(&exported).unwrap();
        let gone: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(gone, [&before[1..4], &before[5..6]].concat());
        // What is left, and that the others were let go of.
        let left = entries(&service).await;
        assert_eq!(left[..3], [before[0].clone(), before[4].clone(), before[6].clone()]);
        assert_eq!((&left[3]["operation"], &left[3]["id"]), (&json!("released"), &json!("2-6")));
        let runs = json!([[2, 4, before[3]["digest"]], [6, 6, before[5]["digest"]]]);
        assert_eq!(left[3]["became"]["runs"], runs);

        let exported = exported.to_str().unwrap();
        let (fits, said) = verify(&service, &[]).await;
        assert!(fits && said.contains("8 entries") && said.contains("4 of them were let go of"), "{said}");
        let kept = kept.to_str().unwrap();
        let (fits, said) = verify(&service, &["--head", kept]).await;
        assert!(!fits && said.contains("--released"), "{said}");
        let (fits, said) = verify(&service, &["--head", kept, "--released", exported]).await;
        assert!(fits && !said.contains("let go of"), "{said}");
        std::fs::write(exported, lines.replacen("GET /v1/units", "GET /v1/other", 2)).unwrap();
        let (fits, said) = verify(&service, &["--released", exported]).await;
        assert!(!fits && said.contains("第 2 条"), "{said}");
        std::fs::remove_file(kept).unwrap();

        assert!(String::from_utf8(release("184d").await.stdout).unwrap().contains("no refused attempt"));
        for change in [
            "DELETE FROM journal WHERE sequence = 7",
            "DELETE FROM journal_released",
            "UPDATE journal_released SET last = 7",
        ] {
            assert!(by_hand(&service, &[change]).await.unwrap_err().contains("append-only"), "{change}");
        }
        // Whoever says so beside the journal may delete, and is found out.
        let digest = before[6]["digest"].as_str().unwrap();
        let blob = if service.database.kind == Kind::Sqlite { format!("x'{digest}'") } else { format!("'\\x{digest}'") };
        let forged = format!("INSERT INTO journal_released VALUES ('430922', 7, 7, {blob})");
        by_hand(&service, &[&forged, "DELETE FROM journal WHERE sequence = 7"]).await.unwrap();
        let (fits, said) = verify(&service, &[]).await;
        assert!(!fits && said.contains("第 7 条") && said.contains("let go of"), "{said}");
    }

    async fn attempts_that_were_refused_are_in_the_chain(service: Service) {
        let service = service.with_case().await;
        let line = "/v1/budget-lines/209002:2023:209002-2023-01:30201";
        let clerk = service.caller_of(Role::Reporter, Some("209002"));
        let before = service.context.store.view().journal_position().await.unwrap();
        service.nobody().with("x-request-id", "a-1").get(line).await.expect(401);
        service.caller(Role::Reader).with("x-request-id", "a-2").put(line, &json!({ "executed": "1.00" })).await.expect(403);
        clerk.clone().with("x-request-id", "a-3").get("/v1/units/430922").await.expect(404);
        clerk.clone().with("x-request-id", "a-4").with("if-match", "\"1\"").put(line, &json!({ "executed": "1.00" })).await.expect(412);
        service.admin().with("x-request-id", "a-5").with("if-match", "*").delete("/v1/units/209002").await.expect(409);
        // What nobody is to blame for is none.
        service.admin().with("x-request-id", "a-6").get("/v1/units/nobody").await.expect(404);
        service.admin().with("x-request-id", "a-7").put(line, &json!({})).await.expect(428);
        service.context.refusals.write(&service.context).await.unwrap();

        let auditor = service.caller(Role::Auditor);
        let found = auditor.get("/v1/journal?operation=refused").await.expect(200).body;
        let told: Vec<_> = found["items"].as_array().unwrap().iter().map(|one| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&one["request_id"]), text(&one["id"]), one["became"]["status"].as_i64().unwrap(), text(&one["actor"]), text(&one["role"]), text(&one["unit"]))
        }).collect();
        let row = |id: &str, asked: &str, status, actor: &str, role: &str, unit: &str| (id.to_owned(), asked.to_owned(), status, actor.to_owned(), role.to_owned(), unit.to_owned());
        assert_eq!(told, [
            row("a-1", &format!("GET {line}"), 401, "", "", ""),
            row("a-2", &format!("PUT {line}"), 403, "tester", "reader", ""),
            row("a-3", "GET /v1/units/430922", 404, "tester", "reporter", "209002"),
            row("a-4", &format!("PUT {line}"), 412, "tester", "reporter", "209002"),
            row("a-5", "DELETE /v1/units/209002", 409, "tester", "admin", ""),
        ]);
        assert_eq!(found["items"][0]["resource"], "access");
        assert!(verify(&service, &[]).await.0, "they are links of the chain");
        // They change nothing, and nobody who follows is told of them.
        assert_eq!(service.context.store.view().journal_position().await.unwrap(), before);
        let changes = service.admin().get(&format!("/v1/changes?after={before}")).await.expect(200).body;
        assert_eq!((&changes["items"], &changes["next"]), (&json!([]), &json!(before)));
        let kept = service.admin().put("/v1/units/x", &json!({ "name": "甲", "kind": "other" })).await.expect(201).body;
        assert_eq!(kept["revision"], before + 6, "numbers are given to all entries");
    }

    async fn behind_a_proxy_the_address_is_that_of_whoever_asked(service: Service) {
        let unit = json!({ "name": "修山镇", "kind": "township" });
        let asked = service.admin().with("x-forwarded-for", "8.8.8.8, 203.0.113.7");
        asked.put("/v1/units/xiushan", &unit).await.expect(201);
        service.nobody().with("x-forwarded-for", "甲, 203.0.113.8").get("/v1/units").await.expect(401);
        service.context.refusals.write(&service.context).await.unwrap();
        let entries = service.caller(Role::Auditor).get("/v1/journal").await.expect(200).body;
        let from: Vec<_> = entries["items"].as_array().unwrap().iter().map(|entry| entry["address"].clone()).collect();
        assert_eq!(from, [json!("203.0.113.7"), json!("203.0.113.8")]);
    }

    async fn a_flood_of_attempts_becomes_a_few_entries(service: Service) {
        for _ in 0..250 {
            service.nobody().get("/v1/units").await.expect(401);
        }
        service.context.refusals.write(&service.context).await.unwrap();
        let found = service.caller(Role::Auditor).get("/v1/journal?operation=refused&limit=1000").await.expect(200).body;
        let items = found["items"].as_array().unwrap();
        let more: i64 = items.iter().filter_map(|one| one["became"]["more"].as_i64()).sum();
        let single = items.iter().filter(|one| one["became"]["status"] == 401).count();
        assert_eq!(i64::try_from(single).unwrap() + more, 250);
        assert!(single <= 20 * items.len().div_ceil(21), "{single}");
        // Its number is one that may be asked for, though it changed nothing.
        let head = service.caller(Role::Auditor).get("/v1/journal/head").await.expect(200).body["head"]["sequence"].clone();
        let changes = service.admin().get(&format!("/v1/changes?after={head}")).await.expect(200).body;
        assert_eq!((&changes["items"], &changes["next"]), (&json!([]), &head));
        service.admin().get(&format!("/v1/units?as_of={head}")).await.expect(200);
        service.admin().get(&format!("/v1/snapshots?at={head}")).await.expect(200);
    }

    async fn the_connections_for_reading_cannot_write(service: Service) {
        use sea_orm::ConnectionTrait;
        let view = service.context.store.view();
        let refused = view.db().execute_unprepared("DELETE FROM unit").await.unwrap_err().to_string();
        assert!(refused.contains("read-only") || refused.contains("readonly"), "{refused}");
    }
}

#[actix_web::test]
async fn a_restart_of_the_database_costs_nobody_an_error() {
    use sqlx::Connection;
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let service = service.with_case().await;
    let mut other = sqlx::PgConnection::connect(&service.database.url).await.unwrap();
    for _ in 0..3 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut other).await.unwrap();
        service.admin().get(UNIT).await.expect(200);
        service.admin().get("/readyz").await.expect(200);
        service.admin().put("/v1/units/new", &json!({ "name": "甲", "kind": "other" })).await;
        service.admin().get("/v1/units/new").await.expect(200);
    }
}

/// Who states one row after the other is believed to be alone for a moment; others are noticed all the same.
#[actix_web::test]
async fn servers_that_change_by_turns_make_one_chain() {
    use sqlx::{Connection, Executor};
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let other = service.beside().await;
    let mut by_hand = sqlx::PgConnection::connect(&service.database.url).await.unwrap();
    let before = service.context.store.view().journal_position().await.unwrap();
    let put = async |by: &Service, number: i64| {
        let facts = json!({ "name": "甲", "measure_unit": "个", "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": false });
        let stated = by.admin().put(&format!("/v1/indicators/i{number}"), &facts).await.expect(201);
        assert_eq!(stated.body["revision"], before + number);
    };
    // Some by each: the third time nobody asks where the journal stands.
    for number in 1..=40 {
        put(if number / 5 % 2 == 0 { &service } else { &other }, number).await;
    }
    assert!(verify(&service, &[]).await.0);
    // After a failover another server may have given the same number to something else.
    actix_web::rt::time::sleep(std::time::Duration::from_secs(1)).await;
    put(&service, 41).await;
    put(&service, 42).await;
    by_hand.execute("UPDATE journal_head SET digest = sha256('another')").await.unwrap();
    put(&service, 43).await;
    let (fine, said) = verify(&service, &[]).await;
    assert!(!fine && said.contains(&format!("{}", before + 43)), "the chain goes on from what was read: {said}");
}

/// Whoever states again what was there is answered by what is so now, not by what was believed.
#[actix_web::test]
async fn what_was_hidden_a_moment_ago_is_not_answered_to_a_retry() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let service = service.with_case().await;
    let admin = service.admin();
    let of = |parent: &str| json!({ "name": "乡镇", "kind": "township", "parent": parent });
    for (unit, parent) in [("t1", "430922"), ("t2", "430922"), ("u", "t1")] {
        admin.put(&format!("/v1/units/{unit}"), &of(parent)).await.expect(201);
    }
    let clerk = service.caller_of(Role::Reporter, Some("t1"));
    let (path, facts) = ("/v1/progress/u:2022-03:fdi", json!({ "value": "3" }));
    clerk.put("/v1/progress/u:2022-01:fdi", &json!({ "value": "1" })).await.expect(201);
    clerk.put("/v1/progress/u:2022-02:fdi", &json!({ "value": "2" })).await.expect(201);
    clerk.put(path, &facts).await.expect(201);
    admin.with("if-match", "*").put("/v1/units/u", &of("t2")).await.expect(200);
    clerk.put(path, &facts).await.expect(404);
}
