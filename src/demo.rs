//! The reference case: the 2023 performance report of the Taojiang County Investment Promotion Service Centre,
//! loaded through the same verbs the API uses, and shown.

use std::fmt::Write as _;
use std::net::SocketAddr;

use chrono::TimeDelta;
use deserr::Deserr;

use crate::domain::findings::Severity;
use crate::domain::period::Year;
use crate::domain::scorecard::{Scorecard, ScorecardKey};
use crate::domain::violation::{Violations, Wrong};
use crate::http::error::ApiError;
use crate::http::identity::{Administer, Bounds, Caller, Evaluate, Role, Scope};
use crate::http::{Context, body};
use crate::resources::{
    budget_lines, divisions, economic_classes, evaluations, indicators, progress, projects, scorecards, targets, units,
};
use crate::store::write::Expected;

/// A file of the reference case: items with their ids and facts, as the API takes them.
macro_rules! case {
    ($name:literal) => {
        include_str!(concat!("../examples/taojiang-2023/", $name, ".json"))
    };
}

/// Loads the case into an empty county; a county that has anything keeps what it has.
///
/// # Errors
/// The database's. The case itself is held by the tests.
pub async fn load(context: &Context) -> Result<(), ApiError> {
    if context.store.view().journal_position().await? > 0 {
        return Ok(());
    }
    let everything = Scope::County;
    let caller = Caller::<Evaluate>::local("demo", Role::Admin);
    let mut write = context.begin(&caller).await?;
    let write_to = &mut write;
    economic_classes::put_official(write_to, Year::new(2023).map_err(broken)?).await?;
    for (key, facts) in items(case!("units"))? {
        units::put(write_to, &everything, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("divisions"))? {
        divisions::put(write_to, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("projects"))? {
        projects::put(write_to, &everything, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("budget-lines"))? {
        budget_lines::put(write_to, &everything, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("indicators"))? {
        indicators::put(write_to, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("targets"))? {
        targets::put(write_to, &Caller::local("demo", Role::Admin), key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("progress"))? {
        progress::put(write_to, &everything, key, facts, Expected::Unsaid).await?;
    }
    for (key, facts) in items(case!("evaluations"))? {
        evaluations::put(write_to, &caller, key, facts, Expected::Unsaid).await?;
    }
    Ok(write.commit().await?)
}

/// Loads the national economic classification as the list of a year; tells how many classes are new.
///
/// # Errors
/// The database's.
pub async fn load_codes(context: &Context, year: Year) -> Result<usize, ApiError> {
    let mut write = context.begin(&Caller::<Administer>::local("cli", Role::Admin)).await?;
    let changed = economic_classes::put_official(&mut write, year).await?;
    write.commit().await?;
    Ok(changed)
}

/// Reads a file of the case as the API would read each of its bodies.
fn items<K, F>(json: &str) -> Result<Vec<(K, F)>, ApiError>
where
    K: Deserr<Violations>,
    F: Deserr<Violations>,
{
    #[derive(Deserr)]
    #[deserr(error = Violations, deny_unknown_fields, where_predicate = K: Deserr<Violations>, where_predicate = F: Deserr<Violations>)]
    struct Item<K, F> {
        id: K,
        facts: F,
    }
    let items: Vec<Item<K, F>> = body::read(json.as_bytes())?;
    Ok(items.into_iter().map(|item| (item.id, item.facts)).collect())
}

fn broken(wrong: Wrong) -> ApiError {
    ApiError::internal(format!("the reference case: {}", wrong.en))
}

/// What a person sees when the demo has started.
///
/// # Errors
/// The database's.
pub async fn summary(context: &Context, address: SocketAddr) -> Result<String, ApiError> {
    let key = |text: &str| text.parse::<ScorecardKey>().map_err(broken);
    let (snapshot, today) = (context.store.snapshot().await?, context.today()?);
    let view = snapshot.view();
    let mut text = String::from("\n绩效 Jixiao · 桃江县投资促进服务中心 2023\n\n");
    let county = scorecards::get(&view, &Scope::County, &key("430922:2023")?, today).await;
    let centre = scorecards::get(&view, &Scope::County, &key("209002:2023")?, today).await;
    // Writing to a string cannot fail.
    let _ = match (county, centre) {
        (Ok(county), Ok(centre)) => write_completions(&mut text, &county)
            .and_then(|()| write_score(&mut text, &centre))
            .and_then(|()| write_findings(&mut text, &centre)),
        (Err(ApiError::NotFound), _) | (_, Err(ApiError::NotFound)) => {
            writeln!(
                text,
                "  数据目录中已有其他数据，未载入示例。This data directory holds other data; the case was not loaded."
            )
        }
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let url = format!("http://{address}");
    let _ = write!(text, "\n  API   {url}/v1\n  docs  {url}/docs/\n\n  tokens, good for a day:\n");
    for role in Role::ALL {
        // People of their own, for nobody accepts what they submitted.
        let token = context.keys.issue(
            &format!("demo-{role}"),
            *role,
            &Bounds::of(None),
            (context.now)(),
            TimeDelta::days(1),
        )?;
        let _ = writeln!(text, "  {:<9} {token}", role.code());
    }
    let _ = write!(
        text,
        "\n  worth trying, with TOKEN set to one of them:\n\
         \x20 curl -s -H \"Authorization: Bearer $TOKEN\" {url}/v1/scorecards/209002:2023\n\
         \x20 curl -s -H \"Authorization: Bearer $TOKEN\" '{url}/v1/findings?unit=209002&severity=error'\n\
         \x20 curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -X PUT \\\n\
         \x20   -d '{{\"value\": \"12.5.0\"}}' {url}/v1/progress/430922:2023-13:fdi\n\n"
    );
    Ok(text)
}

/// The completions as bars, 100 % being twenty blocks.
fn write_completions(text: &mut String, card: &Scorecard) -> std::fmt::Result {
    writeln!(text, "  完成率 completion\n")?;
    for outcome in &card.targets {
        let hundredths = outcome.completion.percent.map_or(0, crate::domain::quantity::Rate::hundredths);
        let blocks = usize::try_from(hundredths / 500).unwrap_or(0).min(30);
        let mark = match outcome.completion.state.code() {
            "met" => "✓",
            "missed" => "✗",
            _ => "?",
        };
        let rate = outcome.completion.percent.map_or_else(|| "?".into(), |rate| format!("{rate}%"));
        let bar = "█".repeat(blocks.max(1));
        let name = padded(outcome.name.as_str(), 32);
        writeln!(text, "  {name} {rate:>8} {mark} {bar}")?;
    }
    Ok(())
}

fn write_score(text: &mut String, card: &Scorecard) -> std::fmt::Result {
    for evaluation in &card.evaluations {
        let (facts, score) = (&evaluation.facts, &evaluation.computed.score);
        let stated = facts.stated_score.map_or_else(|| "—".into(), |score| score.to_string());
        let grade = facts.stated_grade.as_ref().map_or("", |grade| grade.as_str());
        let (earned, unknown, at_most) = (score.earned, score.unknown, score.at_most);
        writeln!(
            text,
            "\n  自评 stated {stated} {grade} · 计算 computed {earned} + {unknown} 未知 unknown ≤ {at_most}"
        )?;
    }
    Ok(())
}

fn write_findings(text: &mut String, card: &Scorecard) -> std::fmt::Result {
    writeln!(text, "\n  疑点 findings: {}\n", card.findings.len())?;
    for finding in &card.findings {
        let mark = match finding.severity {
            Severity::Error => "✗",
            Severity::Warning => "!",
            Severity::Info => "·",
        };
        writeln!(text, "  {mark} {:<42} {}", finding.rule, finding.detail_zh)?;
    }
    Ok(())
}

/// Text filled up to a width on the screen, on which a Chinese character takes two places.
fn padded(text: &str, width: usize) -> String {
    let taken: usize = text.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    format!("{text}{}", " ".repeat(width.saturating_sub(taken)))
}
