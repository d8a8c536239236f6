//! The one write path: a change and its entry together, numbered without gaps in commit order, or neither.

use futures_util::future::join_all;
use jixiao::http::identity::Role;
use serde_json::{Value, json};

use crate::harness::on_both;

const UNIT: &str = "/v1/units/430922";

fn county(name: &str) -> Value {
    json!({ "name": name, "kind": "county" })
}

on_both! {
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

    async fn the_connections_for_reading_cannot_write(service: Service) {
        use sea_orm::ConnectionTrait;
        let view = service.context.store.view();
        let refused = view.db().execute_unprepared("DELETE FROM unit").await.unwrap_err().to_string();
        assert!(refused.contains("read-only") || refused.contains("readonly"), "{refused}");
    }
}

#[actix_web::test]
async fn a_restart_of_the_database_costs_nobody_an_error() {
    use crate::harness::{Kind, Service};
    use sqlx::Connection;
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let service = service.with_case().await;
    let mut other = sqlx::PgConnection::connect(&service.database.url).await.unwrap();
    for _ in 0..3 {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        sqlx::query(end).execute(&mut other).await.unwrap();
        service.admin().get(UNIT).await.expect(200);
        service.admin().get("/readyz").await.expect(204);
        service.admin().put("/v1/units/new", &json!({ "name": "甲", "kind": "other" })).await;
        service.admin().get("/v1/units/new").await.expect(200);
    }
}
