//! What does not add up about a unit itself.

use super::{Observation, Rule, Severity};
use crate::domain::dossier::Dossier;
use crate::domain::kept::Resource;
use crate::domain::quantity::Rate;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "unit.posts-exceeded",
        severity: Severity::Error,
        zh: "在编人数超过核定编制",
        en: "More posts filled than approved",
        look: posts_exceeded,
    },
    Rule {
        id: "unit.posts-vacant",
        severity: Severity::Info,
        zh: "编制空缺",
        en: "Approved posts are vacant",
        look: posts_vacant,
    },
];

fn posts(dossier: &Dossier) -> Option<(i32, i32)> {
    let facts = &dossier.unit.facts;
    Some((facts.approved_posts?.number(), facts.filled_posts?.number()))
}

fn posts_exceeded(dossier: &Dossier) -> Vec<Observation> {
    let Some((approved, filled)) = posts(dossier).filter(|(approved, filled)| filled > approved) else {
        return Vec::new();
    };
    let over = filled - approved;
    vec![
        Observation::new(
            "posts",
            format!("在编 {filled} 人，超过核定编制 {approved} 名，超编 {over} 人"),
            format!("{filled} posts are filled, {over} more than the {approved} approved"),
        )
        .number("approved_posts", approved, "名")
        .number("filled_posts", filled, "人")
        .row(Resource::Units, &dossier.unit, "/filled_posts"),
    ]
}

/// Finding 20 of the field notes: 核定编制 25, 现有编制 20. Are the 20 posts or people?
fn posts_vacant(dossier: &Dossier) -> Vec<Observation> {
    let Some((approved, filled)) = posts(dossier).filter(|(approved, filled)| filled < approved) else {
        return Vec::new();
    };
    let vacant = approved - filled;
    let rate = Rate::of(filled, approved).map_or_else(String::new, |rate| rate.to_string());
    vec![
        Observation::new(
            "posts",
            format!("核定编制 {approved} 名，在编 {filled} 人，空编 {vacant} 名，满编率 {rate}%"),
            format!("{filled} of {approved} approved posts are filled, {vacant} vacant ({rate}%)"),
        )
        .number("approved_posts", approved, "名")
        .number("filled_posts", filled, "人")
        .number("vacant_posts", vacant, "名")
        .number("fill_rate", rate, "%")
        .row(Resource::Units, &dossier.unit, "/filled_posts"),
    ]
}
