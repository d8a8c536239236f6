//! Webhooks: receivers that are told of every change they want, once it is true, in order, signed, until they have it.

use std::time::{Duration, Instant};

use jixiao::http::identity::Role;
use jixiao::server;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::receiver::{Answer, Receiver};
use crate::harness::{Kind, Service, on_both};

/// A webhook with a secret, and the secret.
async fn subscribe(service: &Service, id: &str, facts: Value) -> String {
    service.admin().put(&format!("/v1/webhooks/{id}"), &facts).await.expect(201);
    let reply = service.admin().send(Method::POST, &format!("/v1/webhooks/{id}/secrets"), None).await.expect(201);
    assert_eq!(reply.header("cache-control"), "no-store");
    reply.body["secret"].as_str().unwrap().to_owned()
}

async fn post(service: &Service, path: &str) -> crate::harness::Reply {
    service.admin().send(Method::POST, path, None).await
}

async fn unit(service: &Service, code: &str, parent: Option<&str>) {
    let kind = if parent.is_none() { "county" } else { "township" };
    let facts = json!({ "name": code, "kind": kind, "parent": parent });
    service.admin().put(&format!("/v1/units/{code}"), &facts).await.expect(201);
}

async fn status(service: &Service, id: &str) -> Value {
    service.admin().get(&format!("/v1/webhooks/{id}/status")).await.expect(200).body
}

/// Waits for a webhook to be in a state.
async fn until(service: &Service, id: &str, state: &str) -> Value {
    until_it_says(service, &format!("/v1/webhooks/{id}/status"), |status| status["state"] == state).await
}

/// Reads a path until it says what is waited for: a receiver has a message before the sender has written down that it has.
async fn until_it_says(service: &Service, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let said = service.admin().get(path).await.expect(200).body;
        if wanted(&said) {
            return said;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{path}: {said:#}");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether every event names the one before it.
fn none_is_missing(events: &[Value]) -> bool {
    let mut previous = events[0]["previous"].clone();
    events.iter().all(|event| event["previous"] == std::mem::replace(&mut previous, event["sequence"].clone()))
}

on_both! {
    async fn a_receiver_is_told_of_every_change_in_order(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        let secret = subscribe(&service, "platform", json!({ "url": receiver.url })).await;
        assert!(secret.starts_with("whsec_"));
        for number in 0..5 {
            unit(&service, &format!("u{number}"), Some("430922")).await;
        }
        service.admin().with("if-match", "*").delete("/v1/units/u0").await.expect(204);

        let came = receiver.messages(6).await;
        let status = until(&service, "platform", "up_to_date").await;
        assert!(came.iter().all(|message| message.is_signed_with(&secret)));
        assert!(came.iter().all(|message| message.media == "application/cloudevents+json"));
        let events = receiver.events();
        assert!(none_is_missing(&events), "{events:#?}");
        let feed = service.admin().get("/v1/changes?after=1").await.expect(200).body;
        let told: Vec<_> = events.iter().map(|event| event["data"].clone()).collect();
        assert_eq!(json!(told), feed["items"]);
        assert_eq!(events[5]["type"], "jixiao.units.deleted");
        assert_eq!(events[5]["subject"], "units/u0");
        // What stood before there was a webhook.
        assert_eq!(events[0]["previous"], "0000000000000001");
        assert!(came[0].id.starts_with("msg_") && !came[0].id.contains('.'));
        assert_eq!((&status["last_event"], &status["behind"]), (&json!(9), &json!(0)));
        // Who is told of changes is in the journal, and not told.
        let audit = service.caller(Role::Auditor).get("/v1/journal?resource=webhooks").await.expect(200).body;
        assert_eq!(audit["items"][0]["id"], "platform");
        assert!(!audit.to_string().contains(&secret[6..]));
    }

    async fn a_receiver_is_told_what_it_wants_alone(service: Service) {
        let (receiver, service) = (Receiver::start(), service.with_case().await);
        let facts = json!({ "url": receiver.url, "unit": "209002", "resources": ["units", "indicators"], "most_events": 10 });
        subscribe(&service, "centre", facts).await;
        unit(&service, "elsewhere", Some("430922")).await;
        unit(&service, "below", Some("209002")).await;
        service.admin().put("/v1/targets/209002:2025::fdi:unit", &json!({ "value": "1" })).await.expect(201);
        let indicator = json!({ "name": "新", "measure_unit": "个", "category": "output", "subcategory": "quantity", "direction": "at_least", "cumulative": true });
        service.admin().put("/v1/indicators/new", &indicator).await.expect(201);
        until(&service, "centre", "up_to_date").await;
        let events = receiver.events();
        let subjects: Vec<_> = events.iter().map(|event| event["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects, ["units/below", "indicators/new"]);
        assert!(none_is_missing(&events));
        // As a list, since several may come at once.
        assert!(receiver.came().iter().all(|message| message.media == "application/cloudevents-batch+json"));
    }

    async fn an_upload_comes_in_few_messages(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url, "most_events": 500 })).await;
        let rows: Vec<_> = (0..1200).map(|n| format!("t{n},乡镇{n},township,430922")).collect();
        let admin = service.admin().with("content-type", "text/csv");
        let file = format!("code,name,kind,parent\n{}", rows.join("\n")).into_bytes();
        admin.send(Method::POST, "/v1/uploads/csv?kind=units", Some(file)).await.expect(201);
        until(&service, "platform", "up_to_date").await;
        // The rows and the upload itself.
        assert_eq!(receiver.events().len(), 1201);
        assert!(none_is_missing(&receiver.events()));
        // As many events as were asked for, in as many bytes as every framework takes.
        let came = receiver.came();
        assert!((4..20).contains(&came.len()) && came.iter().all(|one| one.body.len() < 100_000), "{}", came.len());
        let log = service.admin().get("/v1/webhooks/platform/deliveries?limit=2").await.expect(200);
        assert_eq!(log.body["items"][0]["number"], came.len());
        assert_eq!(log.body["items"][0]["events"], came.last().unwrap().events().len());
        let next = log.body["next"].as_str().unwrap();
        let rest = service.admin().get(&format!("/v1/webhooks/platform/deliveries?after={next}")).await.expect(200);
        assert_eq!((&rest.body["items"][0]["number"], &rest.body["next"]), (&json!(came.len() - 2), &Value::Null));
    }

    async fn what_fails_is_tried_again_before_anything_else_is_sent(service: Service) {
        let receiver = Receiver::start();
        receiver.answers([Answer::With(500)]);
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url, "most_events": 3 })).await;
        unit(&service, "one", Some("430922")).await;
        let failing = until(&service, "platform", "failing").await;
        assert_eq!(failing["failures"], 1);
        assert!(failing["next_attempt_at"].as_str() > failing["failing_since"].as_str());
        unit(&service, "two", Some("430922")).await;
        let came = receiver.messages(3).await;
        // The same message, though by now there would be more to put into it.
        assert_eq!((&came[0].id, &came[0].body), (&came[1].id, &came[1].body));
        assert_eq!(came[2].events()[0]["subject"], "units/two");
        until(&service, "platform", "up_to_date").await;
        let log = service.admin().get("/v1/webhooks/platform/deliveries").await.expect(200).body;
        let seen: Vec<_> = log["items"].as_array().unwrap().iter()
            .map(|one| (one["attempt"].as_i64().unwrap(), one["delivered"].as_bool().unwrap(), one["status"].as_i64().unwrap()))
            .collect();
        assert_eq!(seen, [(1, true, 204), (2, true, 204), (1, false, 500)]);
        let failed = service.admin().get("/v1/webhooks/platform/deliveries?delivered=false").await.expect(200).body;
        assert_eq!(failed["items"].as_array().unwrap().len(), 1);
    }

    async fn metrics_tell_how_far_a_receiver_is_behind(service: Service) {
        jixiao::operations::metrics::start();
        // Counts are those of the process, whatever else it serves.
        let (receiver, id) = (Receiver::start(), format!("behind-{:?}", service.database.kind).to_lowercase());
        receiver.answers([Answer::With(500)]);
        unit(&service, "430922", None).await;
        subscribe(&service, &id, json!({ "url": receiver.url })).await;
        unit(&service, "one", Some("430922")).await;
        let gauge = async |name: &str| {
            let text = reqwest::get(format!("{}/metrics", service.url)).await.unwrap().text().await.unwrap();
            let start = format!("jixiao_webhook_{name}{{webhook=\"{id}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&start)).and_then(|number| number.parse::<f64>().ok())
        };
        until(&service, &id, "failing").await;
        assert!(gauge("lag_entries").await >= Some(1.0) && gauge("failures").await >= Some(1.0));
        until(&service, &id, "up_to_date").await;
        // What is looked up in vain, because everybody is busy, is as it was.
        let begun = Instant::now();
        while (gauge("lag_entries").await, gauge("failures").await) != (Some(0.0), Some(0.0)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", gauge("lag_entries").await);
        }
    }

    async fn who_fails_for_too_long_is_disabled_and_misses_nothing(service: Service) {
        let receiver = Receiver::start();
        receiver.answers([Answer::With(500), Answer::MovedTo("http://127.0.0.1:9/")]);
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url })).await;
        unit(&service, "one", Some("430922")).await;
        // The patience of these tests is a second.
        let disabled = until(&service, "platform", "disabled").await;
        assert_eq!(disabled["failures"], 2);
        let findings = service.admin().get("/v1/findings?rule=webhook.disabled").await.expect(200).body;
        assert_eq!(findings["items"][0]["unit"], "430922");
        assert_eq!(findings["items"][0]["rows"][0], json!({ "resource": "webhooks", "id": "platform", "pointer": "/paused" }));
        let journal = service.caller(Role::Auditor).get("/v1/journal?resource=webhooks").await.expect(200).body;
        assert_eq!((&journal["items"][1]["actor"], &journal["items"][1]["role"]), (&json!("jixiao"), &json!("service")));

        unit(&service, "two", Some("430922")).await;
        let webhook = service.admin().get("/v1/webhooks/platform").await.expect(200);
        assert_eq!((&webhook.body["facts"]["paused"], webhook.body["facts"]["disabled_at"].is_string()), (&json!(true), true));
        let mut own = webhook.body["facts"].clone();
        own["disabled_at"] = json!("2020-01-01T00:00:00Z");
        let refused = service.admin().with("if-match", "*").put("/v1/webhooks/platform", &own).await.expect(422);
        assert_eq!(refused.errors(), [("service_only".into(), "/disabled_at".into())]);
        // What it was then, it will always have been.
        let at = journal["items"][1]["sequence"].as_i64().unwrap();
        let then = service.admin().get(&format!("/v1/findings?rule=webhook.disabled&as_of={at}")).await.expect(200).body;
        assert_eq!(then["items"][0]["rows"][0]["id"], "platform");
        let again = service.admin().with("if-match", webhook.header("etag"));
        again.put("/v1/webhooks/platform", &json!({ "url": receiver.url })).await.expect(200);
        let came = receiver.messages(4).await;
        assert_eq!(came[2].id, came[0].id);
        let told: Vec<_> = came[2..].iter().flat_map(crate::harness::receiver::Message::events).collect();
        assert!(none_is_missing(&told));
        assert_eq!(told[1]["subject"], "units/two");
        let findings = service.admin().get("/v1/findings?rule=webhook.disabled").await.expect(200).body;
        assert_eq!(findings["items"], json!([]));
    }

    async fn a_receiver_that_is_gone_is_told_nothing_more(service: Service) {
        let receiver = Receiver::start();
        receiver.answers([Answer::With(410)]);
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url, "unit": "430922" })).await;
        unit(&service, "one", Some("430922")).await;
        until(&service, "platform", "disabled").await;
        unit(&service, "two", Some("430922")).await;
        actix_web::rt::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(receiver.came().len(), 1);
    }

    async fn a_secret_is_changed_while_messages_come(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        service.admin().put("/v1/webhooks/platform", &json!({ "url": receiver.url })).await.expect(201);
        unit(&service, "one", Some("430922")).await;
        // Nothing is sent unsigned.
        actix_web::rt::time::sleep(Duration::from_millis(1200)).await;
        assert_eq!(status(&service, "platform").await["state"], "no_secret");
        assert!(receiver.came().is_empty());

        let secret = |reply: crate::harness::Reply| reply.expect(201).body["secret"].as_str().unwrap().to_owned();
        let once = service.admin().with("idempotency-key", "k-1");
        let first = secret(once.send(Method::POST, "/v1/webhooks/platform/secrets", None).await);
        assert_eq!(secret(once.send(Method::POST, "/v1/webhooks/platform/secrets", None).await), first);
        assert!(receiver.messages(1).await[0].is_signed_with(&first));
        let reply = post(&service, "/v1/webhooks/platform/secrets?overlap_hours=1").await;
        assert!(reply.body["previous_valid_until"].is_string());
        let second = secret(reply);
        assert_eq!(status(&service, "platform").await["secrets"], 2);
        unit(&service, "two", Some("430922")).await;
        let message = receiver.messages(2).await.pop().unwrap();
        assert_eq!(message.signatures(), 2);
        assert!(message.is_signed_with(&first) && message.is_signed_with(&second));
        let third = secret(post(&service, "/v1/webhooks/platform/secrets?overlap_hours=0").await);
        unit(&service, "three", Some("430922")).await;
        let message = receiver.messages(3).await.pop().unwrap();
        assert!(message.is_signed_with(&third) && !message.is_signed_with(&second) && !message.is_signed_with(&first));
    }

    async fn messages_are_sent_again_on_demand(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url })).await;
        for code in ["one", "two", "three"] {
            unit(&service, code, Some("430922")).await;
        }
        until(&service, "platform", "up_to_date").await;
        let first = receiver.messages(3).await;

        post(&service, "/v1/webhooks/platform/deliveries/2/resend").await.expect(202);
        post(&service, "/v1/webhooks/platform/deliveries/99/resend").await.expect(404);
        let again = receiver.messages(4).await.pop().unwrap();
        assert_eq!((&again.id, &again.body), (&first[1].id, &first[1].body));
        let again_in_the_log = |log: &Value| (&log["items"][0]["attempt"], &log["items"][0]["delivered"]) == (&Value::Null, &json!(true));
        until_it_says(&service, "/v1/webhooks/platform/deliveries", again_in_the_log).await;

        // Who asked for it is in the journal.
        let done = service.caller(Role::Auditor).get("/v1/journal?operation=performed").await.expect(200).body;
        let done: Vec<_> = done["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(done, ["POST /v1/webhooks/platform/secrets", "POST /v1/webhooks/platform/deliveries/2/resend"]);

        // All over again from the second on: the receiver lost its disk.
        let after = first[0].events()[0]["data"]["sequence"].as_i64().unwrap();
        post(&service, &format!("/v1/webhooks/platform/recovery?after={after}")).await.expect(202);
        let came = receiver.messages(6).await;
        let bodies = |messages: &[crate::harness::receiver::Message]| messages.iter().map(|one| one.body.clone()).collect::<Vec<_>>();
        assert_eq!(bodies(&came[4..]), bodies(&first[1..]));
        until(&service, "platform", "up_to_date").await;
        post(&service, "/v1/webhooks/platform/recovery?since=2020-01-01T00:00:00Z").await.expect(202);
        assert_eq!(receiver.messages(10).await[6].events()[0]["subject"], "units/430922");

        for wrong in ["", "?after=1&since=2020-01-01T00:00:00Z", "?after=100000"] {
            post(&service, &format!("/v1/webhooks/platform/recovery{wrong}")).await.expect(400);
        }
    }

    async fn what_is_wanted_may_change_while_something_waits(service: Service) {
        let receiver = Receiver::start();
        receiver.answers([Answer::With(500)]);
        unit(&service, "430922", None).await;
        unit(&service, "top", Some("430922")).await;
        subscribe(&service, "w", json!({ "url": receiver.url, "unit": "top", "most_events": 10 })).await;
        unit(&service, "below", Some("top")).await;
        until(&service, "w", "failing").await;
        unit(&service, "moved", Some("430922")).await;
        // Another batch size, and a unit that comes below: nothing is passed by, and what came before is seen to be missing.
        let webhook = service.admin().get("/v1/webhooks/w").await.expect(200);
        let facts = json!({ "url": receiver.url, "unit": "top" });
        service.admin().with("if-match", webhook.header("etag")).put("/v1/webhooks/w", &facts).await.expect(200);
        let came = receiver.messages(2).await;
        assert_eq!(came[1].events()[0]["subject"], "units/below");
        let moved = json!({ "name": "moved", "kind": "township", "parent": "top" });
        service.admin().with("if-match", "*").put("/v1/units/moved", &moved).await.expect(200);
        until(&service, "w", "up_to_date").await;
        let told = receiver.events();
        assert_eq!(told[2]["subject"], "units/moved");
        // A batch that is sent again when batches are no more is a list still.
        post(&service, "/v1/webhooks/w/deliveries/1/resend").await.expect(202);
        let again = receiver.messages(told.len() + 1).await.pop().unwrap();
        assert_eq!(again.events()[0]["subject"], "units/below");
        // Stating the same again is no news, but one that waits is tried at once.
        receiver.answers([Answer::With(503), Answer::With(503)]);
        unit(&service, "last", Some("top")).await;
        until(&service, "w", "failing").await;
        service.admin().put("/v1/webhooks/w", &facts).await.expect(200);
        let begun = Instant::now();
        receiver.messages(told.len() + 3).await;
        assert!(begun.elapsed() < Duration::from_secs(4));
        until_it_says(&service, "/v1/webhooks/w/status", |status| status["failures"] == 2).await;
    }

    async fn a_secret_made_twice_leaves_the_first_valid(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        let first = subscribe(&service, "w", json!({ "url": receiver.url })).await;
        // An answer was lost, and another secret was asked for.
        post(&service, "/v1/webhooks/w/secrets").await.expect(201);
        post(&service, "/v1/webhooks/w/secrets").await.expect(201);
        unit(&service, "one", Some("430922")).await;
        let message = receiver.messages(1).await.remove(0);
        assert!(message.is_signed_with(&first) && message.signatures() == 3);
        // A name that is used again is another webhook: the secret of the first is not shown for it.
        let once = service.admin().with("idempotency-key", "k");
        once.send(Method::POST, "/v1/webhooks/w/secrets", None).await.expect(201);
        let shown_again = once.send(Method::POST, "/v1/webhooks/w/secrets", None).await.expect(201);
        assert_eq!(shown_again.header("cache-control"), "no-store");
        service.admin().with("if-match", "*").delete("/v1/webhooks/w").await.expect(204);
        service.admin().put("/v1/webhooks/w", &json!({ "url": receiver.url })).await.expect(201);
        let reply = once.send(Method::POST, "/v1/webhooks/w/secrets", None).await.expect(201);
        assert_ne!(reply.body["secret"], shown_again.body["secret"]);
    }

    async fn an_address_that_nobody_allowed_is_refused(service: Service) {
        unit(&service, "430922", None).await;
        for url in ["http://10.0.0.1/", "https://169.254.169.254/latest", "http://8.8.8.8/", "https://[::1]/"] {
            let reply = service.admin().put("/v1/webhooks/w", &json!({ "url": url })).await.expect(422);
            assert_eq!(reply.errors(), [("refused_address".into(), "/url".into())], "{url}");
        }
        // A name is looked up when it is called.
        subscribe(&service, "named", json!({ "url": "https://localhost:1/" })).await;
        unit(&service, "one", Some("430922")).await;
        until(&service, "named", "failing").await;
        let log = service.admin().get("/v1/webhooks/named/deliveries").await.expect(200).body;
        assert_eq!((&log["items"][0]["status"], &log["items"][0]["failure"]), (&Value::Null, &json!("no_connection")));
        let facts = json!({ "url": "https://a.example/", "resources": ["units", "units", "webhooks"], "most_events": 0 });
        let reply = service.admin().put("/v1/webhooks/w", &facts).await.expect(422);
        assert_eq!(reply.errors(), [("out_of_range".into(), "/most_events".into())]);
        let facts = json!({ "url": "https://a.example/", "resources": ["units", "units", "webhooks"], "unit": "nobody" });
        let reply = service.admin().put("/v1/webhooks/w", &facts).await.expect(422);
        assert_eq!(reply.errors(), [("duplicate".into(), "/resources/1".into()), ("not_sent".into(), "/resources/2".into())]);
        let reply = service.admin().put("/v1/webhooks/w", &json!({ "url": "https://a.example/", "unit": "nobody" })).await.expect(422);
        assert_eq!(reply.errors(), [("unknown_reference".into(), "/unit".into())]);
    }

    async fn whoever_is_bound_to_a_unit_subscribes_to_it_alone(service: Service) {
        let service = service.with_case().await;
        let bound = service.caller_of(Role::Admin, Some("209002"));
        bound.put("/v1/webhooks/w", &json!({ "url": "https://a.example/" })).await.expect(403);
        bound.put("/v1/webhooks/w", &json!({ "url": "https://a.example/", "unit": "430922" })).await.expect(422);
        bound.put("/v1/webhooks/w", &json!({ "url": "https://a.example/", "unit": "209002" })).await.expect(201);
        service.admin().put("/v1/webhooks/all", &json!({ "url": "https://a.example/" })).await.expect(201);
        let seen = bound.get("/v1/webhooks").await.expect(200);
        assert_eq!((&seen.body["items"][0]["id"], seen.body["items"].as_array().unwrap().len()), (&json!("w"), 1));
        bound.get("/v1/webhooks/all/status").await.expect(404);
        bound.with("if-match", "*").put("/v1/webhooks/all", &json!({ "url": "https://a.example/", "unit": "209002" })).await.expect(404);
        service.caller(Role::Auditor).get("/v1/webhooks/all").await.expect(200);
        service.caller(Role::Reader).get("/v1/webhooks/all").await.expect(403);
        // The feed is not the place to read who is told.
        let feed = service.admin().get("/v1/changes?resource=webhooks").await.expect(200);
        assert_eq!(feed.body["items"], json!([]));
    }

    async fn a_receiver_that_sleeps_holds_up_nobody(service: Service) {
        let (sleeping, awake) = (Receiver::start(), Receiver::start());
        sleeping.answers([Answer::After(Duration::from_secs(6)); 1]);
        unit(&service, "430922", None).await;
        subscribe(&service, "sleeping", json!({ "url": sleeping.url })).await;
        subscribe(&service, "awake", json!({ "url": awake.url })).await;
        unit(&service, "first", Some("430922")).await;
        sleeping.messages(1).await;
        let begun = Instant::now();
        for number in 0..20 {
            unit(&service, &format!("u{number}"), Some("430922")).await;
        }
        awake.messages(21).await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert_eq!(sleeping.came().len(), 1);
        assert!(none_is_missing(&awake.events()));
        sleeping.messages(21).await;
        assert!(none_is_missing(&sleeping.events()));
    }

    async fn of_several_replicas_one_sends(service: Service) {
        let receiver = Receiver::start();
        unit(&service, "430922", None).await;
        subscribe(&service, "platform", json!({ "url": receiver.url })).await;
        let replicas: Vec<_> = futures_util::future::join_all((0..3).map(|_| service.replica())).await;
        for replica in &replicas {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            actix_web::rt::spawn(server::serve(listener, replica.clone()).unwrap());
        }
        for number in 0..60 {
            unit(&service, &format!("u{number}"), Some("430922")).await;
            if number % 20 == 19 {
                until(&service, "platform", "up_to_date").await;
            }
        }
        let events = receiver.events();
        assert_eq!((events.len(), receiver.came().len()), (60, 60));
        assert!(none_is_missing(&events));
    }
}

/// Another replica takes over what one that died was sending.
#[actix_web::test]
async fn a_sender_that_died_lets_go() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let receiver = Receiver::start();
    unit(&service, "430922", None).await;
    subscribe(&service, "platform", json!({ "url": receiver.url })).await;
    let (store, id, now) = (&service.context.store, "platform".parse().unwrap(), (service.context.now)());
    // A replica that held it, and whose time is over in two seconds.
    assert!(store.hold(&id, "dead", now, now + chrono::TimeDelta::seconds(2)).await.unwrap());
    assert!(!store.hold(&id, "other", now, now).await.unwrap());
    unit(&service, "one", Some("430922")).await;
    actix_web::rt::time::sleep(Duration::from_millis(1200)).await;
    assert!(receiver.came().is_empty());
    receiver.messages(1).await;
    // What it would still say is not heard.
    let before = store.view().outbox(&id).await.unwrap().unwrap();
    let settled = jixiao::store::outbox::Settled { after: before.clone(), attempt: None, asked: None };
    assert!(!store.settle(&before, "dead", settled).await.unwrap());
}

/// A replica is killed again and again while it sends: nothing is missed, and what comes twice is the same message.
#[actix_web::test]
async fn a_sender_that_is_killed_loses_nothing() {
    let Some(service) = Service::start(Kind::Postgres).await else { return };
    let receiver = Receiver::start();
    receiver.answers(std::iter::repeat_n(Answer::After(Duration::from_millis(30)), 1000));
    unit(&service, "430922", None).await;
    subscribe(&service, "platform", json!({ "url": receiver.url })).await;
    let killing = async {
        for _ in 0..3 {
            let mut command = service.command();
            command.env("JIXIAO_BIND", "127.0.0.1:0").env("JIXIAO_WEBHOOK_NETWORKS", "127.0.0.1");
            command.env("JIXIAO_LOG", "error").arg("serve");
            let mut replica = command.spawn().unwrap();
            actix_web::rt::time::sleep(Duration::from_millis(2300)).await;
            replica.kill().unwrap();
            replica.wait().unwrap();
        }
    };
    let writing = async {
        for number in 0..70 {
            unit(&service, &format!("u{number}"), Some("430922")).await;
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
    };
    futures_util::join!(killing, writing);
    until(&service, "platform", "up_to_date").await;
    let mut once: Vec<crate::harness::receiver::Message> = Vec::new();
    for message in receiver.came() {
        match once.iter().find(|before| before.id == message.id) {
            Some(before) => assert_eq!(before.body, message.body),
            None => once.push(message),
        }
    }
    let events: Vec<Value> = once.iter().flat_map(crate::harness::receiver::Message::events).collect();
    assert_eq!(events.len(), 70);
    assert!(none_is_missing(&events));
}
