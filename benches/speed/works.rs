//! What is asked of both.

use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::body::Bytes;

use super::data;
use super::load::{Ask, Line};

/// The request of a turn.
pub(super) type Next = Box<dyn Fn(usize) -> Ask + Sync>;

/// One kind of request, as the limit and as Jixiao know it.
pub(super) struct Work {
    pub(super) name: &'static str,
    /// How many connections ask at once.
    pub(super) lines: usize,
    /// How often, where what is written makes later turns cheaper or dearer: both must have written the same.
    pub(super) turns: Option<usize>,
    pub(super) limit: Next,
    pub(super) ours: Next,
    /// What each answers.
    pub(super) statuses: (u16, u16),
    /// The entries that a request leaves in the journal, at least: one that changes nothing measures nothing.
    pub(super) entries: usize,
    /// The ratios that are wanted, on PostgreSQL and on SQLite; nothing where none was set.
    pub(super) wanted: [&'static str; 2],
}

/// Spreads turns over numbers, the same way for both.
fn spread(turn: usize, most: usize) -> usize {
    turn.wrapping_mul(7_919) % most
}

fn unit(turn: usize) -> String {
    format!("u{:03}", spread(turn, data::UNITS))
}

/// A figure that differs from turn to turn, and from what was stated of the same row before.
fn value(turn: usize) -> Bytes {
    format!(r#"{{"value":"{}.{:02}"}}"#, turn % 9_000 + 20, turn % 100).into()
}

/// Every kind; before, that the bytes are the same.
pub(super) async fn all(ours: u16, token: &str, limit: u16) -> Vec<Work> {
    let bearer = format!("Bearer {token}");
    let asking = {
        let bearer = bearer.clone();
        move |path: String| Ask::get(path).with("authorization", bearer.clone())
    };
    let (mut us, mut them) = (Line::open(ours).await, Line::open(limit).await);

    let item = |turn| data::key(spread(turn, data::count()));
    let ask = asking.clone();
    let our_item = move |turn| ask(format!("/v1/progress/{}", item(turn).join(":")));
    let their_item = move |turn| Ask::get(format!("/item/{}", item(turn).join("/")));
    assert_eq!(us.ask(&our_item(1)).await.body, them.ask(&their_item(1)).await.body);

    let ask = asking.clone();
    let our_page = move |turn| ask(format!("/v1/progress?unit={}&year=2023&limit=100", unit(turn)));
    // A cursor begins with the fingerprint of the filter; the limit is told it.
    let mut prints = Vec::new();
    let mut tags = Vec::new();
    for number in 0..data::UNITS {
        let page = us.ask(&our_page(number)).await;
        let read: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
        let cursor = read["next"].as_str().unwrap().to_owned();
        prints.push((unit(number), cursor.split_once('.').unwrap().0.to_owned()));
        tags.push((unit(number), page.tag.unwrap()));
    }
    let prints: std::collections::HashMap<_, _> = prints.into_iter().collect();
    let tags: std::collections::HashMap<_, _> = tags.into_iter().collect();
    let their_page = move |turn| {
        let unit = unit(turn);
        Ask::get(format!("/page?unit={unit}&year=2023&print={}", prints[&unit]))
    };
    assert_eq!(us.ask(&our_page(1)).await.body, them.ask(&their_page(1)).await.body);

    // Of all rows of the county: the first page, and one of the last.
    let far = data::key(500 * 100 - 1);
    let ask = asking.clone();
    let first = ask("/v1/progress?limit=100".into());
    let cursor = serde_json::from_slice::<serde_json::Value>(&us.ask(&first).await.body).unwrap();
    let print = cursor["next"].as_str().unwrap().split_once('.').unwrap().0.to_owned();
    let behind = |key: [&str; 3]| {
        let [unit, month, indicator] = key;
        Ask::get(format!("/behind?unit={unit}&month={month}&indicator={indicator}&print={print}"))
    };
    let their_first = behind(["", "", ""]);
    let their_last = behind([&far[0], &far[1], &far[2]]);
    let last = ask(format!("/v1/progress?limit=100&after={print}.{}", far.join(":")));
    assert_eq!(us.ask(&first).await.body, them.ask(&their_first).await.body);
    assert_eq!(us.ask(&last).await.body, them.ask(&their_last).await.body);
    let always = |ask: Ask| -> Next { Box::new(move |_| ask.clone()) };

    let page = our_page.clone();
    let our_condition = move |turn| page(turn).with("if-none-match", tags[&unit(turn)].clone());
    let their_condition = move |turn| Ask::get(format!("/condition/{}", item(turn).join("/")));

    let ask = asking.clone();
    let our_card = move |turn| ask(format!("/v1/scorecards/{}:2023", unit(turn)));
    let their_card = move |turn| Ask::get(format!("/unit?unit={}&year=2023", unit(turn)));
    let ask = asking.clone();
    let our_year = move |_| ask("/v1/monitoring?month=2023-12&limit=1000".into());
    let their_year = move |_| Ask::get("/year");
    for (name, body) in [("unit", us.ask(&our_card(1)).await.body), ("year", us.ask(&our_year(1)).await.body)] {
        assert_eq!(them.ask(&Ask::get(format!("/keep/{name}")).sending("PUT", body)).await.status, 204);
    }

    let read = |name, limit: Next, ours: Next, wanted| Work {
        name,
        lines: 32,
        turns: None,
        limit,
        ours,
        statuses: (200, 200),
        entries: 0,
        wanted,
    };
    let (found, none) = (["0.7", "0.5"], [""; 2]);
    vec![
        read("one item by id", Box::new(their_item), Box::new(our_item), found),
        read("a page of 100", Box::new(their_page), Box::new(our_page), found),
        read("the first page of all", always(their_first), always(first), found),
        read("page 500 of all", always(their_last), always(last), found),
        Work {
            statuses: (304, 304),
            ..read("304 for a page", Box::new(their_condition), Box::new(our_condition), ["0.9"; 2])
        },
        read("a scorecard", Box::new(their_card), Box::new(our_card), none),
        Work { lines: 4, ..read("monitoring of a year", Box::new(their_year), Box::new(our_year), none) },
    ]
    .into_iter()
    .chain(writes(token))
    .collect()
}

/// The changes.
fn writes(token: &str) -> [Work; 4] {
    let bearer = format!("Bearer {token}");
    let item = |turn| data::key(spread(turn, data::count()));
    let puts = |lines: usize, name: &'static str| {
        let bearer = bearer.clone();
        let ours = move |_: usize| {
            let turn = next_of(&OURS);
            Ask::get(format!("/v1/progress/{}", item(turn).join(":")))
                .with("authorization", bearer.clone())
                .with("content-type", "application/json")
                .with("if-match", "*")
                .sending("PUT", value(turn))
        };
        let theirs = move |_: usize| {
            let turn = next_of(&THEIRS);
            Ask::get(format!("/put/{}", item(turn).join("/"))).sending("PUT", value(turn))
        };
        let (limit, ours): (Next, Next) = (Box::new(theirs), Box::new(ours));
        Work { name, lines, turns: None, limit, ours, statuses: (200, 200), entries: 1, wanted: ["0.4", ""] }
    };
    let uploads = |rows: usize, name: &'static str| {
        let bearer = bearer.clone();
        let ours = move |_: usize| {
            Ask::get("/v1/uploads/csv?kind=progress")
                .with("authorization", bearer.clone())
                .with("content-type", "text/csv")
                .sending("POST", data::sheet(rows, next_of(&OURS)))
        };
        let theirs = move |_: usize| Ask::get("/upload").sending("POST", data::sheet(rows, next_of(&THEIRS)));
        let turns = Some(40_000_usize.div_ceil(rows));
        let (limit, ours): (Next, Next) = (Box::new(theirs), Box::new(ours));
        let wanted = if rows == 10_000 { ["0.4"; 2] } else { [""; 2] };
        Work { name, lines: 1, turns, limit, ours, statuses: (201, 201), entries: rows, wanted }
    };
    [
        puts(1, "one put, one writer"),
        puts(32, "one put, 32 writers"),
        uploads(10_000, "an upload of 10,000 rows"),
        uploads(100_000, "an upload of 100,000 rows"),
    ]
}

/// What was written so far: nothing is stated twice, by neither, in no round. Jixiao would leave no entry, and the limit
/// would have less to write.
static OURS: AtomicUsize = AtomicUsize::new(0);
static THEIRS: AtomicUsize = AtomicUsize::new(0);

fn next_of(written: &AtomicUsize) -> usize {
    written.fetch_add(1, Ordering::Relaxed)
}
