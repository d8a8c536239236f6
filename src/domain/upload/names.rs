//! Names where codes are wanted: 维护费 → 30213, 鸬鹚渡镇 → its unit. Exactly one thing, or none.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::cell::{folded, narrow};
use crate::domain::indicator::IndicatorFacts;
use crate::domain::violation::{Wrong, nearest, shortened};

/// The names and codes of one kind of thing.
#[derive(Debug, Default)]
pub struct Names {
    codes: HashMap<String, String>,
    named: HashMap<String, BTreeSet<String>>,
    /// What was looked up in vain, so that a wrong name in a hundred thousand rows is compared once.
    missed: RefCell<HashMap<String, Wrong>>,
}

impl Names {
    /// Adds a thing.
    pub fn add(&mut self, code: &str, name: &str) {
        self.codes.insert(code.to_owned(), name.to_owned());
        self.called(code, name);
    }

    /// Adds another name of a thing.
    pub fn called(&mut self, code: &str, name: &str) {
        self.named.entry(folded(name)).or_default().insert(code.to_owned());
    }

    /// The official name of a code.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.codes.get(code).map(String::as_str)
    }

    /// Every code with its official name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.codes.iter().map(|(code, name)| (code.as_str(), name.as_str()))
    }

    /// The codes that a name is a name of.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &String> {
        self.named.get(&folded(name)).into_iter().flatten()
    }

    /// The code of what is written, `what` being what it should be, in Chinese and English.
    ///
    /// # Errors
    /// `unknown_name`, with a suggestion where one is near; `ambiguous_name`, with the codes.
    pub fn resolve(&self, written: &str, what: (&str, &str)) -> Result<&str, Wrong> {
        if let Some((code, _)) = self.codes.get_key_value(written) {
            return Ok(code);
        }
        if let Some((code, _)) = self.codes.get_key_value(&narrow(written)) {
            return Ok(code);
        }
        let mut named = self.named(written);
        match (named.next(), named.next()) {
            (Some(code), None) => Ok(code),
            (Some(one), Some(other)) => {
                let codes: Vec<&str> = [one, other].into_iter().chain(named).map(String::as_str).take(10).collect();
                let (written, zh, en) = (shortened(written), codes.join("、"), codes.join(", "));
                Err(Wrong::new(
                    "ambiguous_name",
                    format!("“{written}”对应多个{}，请填编码：{zh}", what.0),
                    format!("`{written}` names more than one {}; give the code: {en}", what.1),
                ))
            }
            (None, _) => Err(self.unknown(written, what)),
        }
    }

    fn unknown(&self, written: &str, what: (&str, &str)) -> Wrong {
        /// So many wrong names get a suggestion; the rest are only said to be unknown.
        const MOST: usize = 200;
        let mut missed = self.missed.borrow_mut();
        if let Some(wrong) = missed.get(written) {
            return wrong.clone();
        }
        let many = missed.len() >= MOST;
        let near = if many { None } else { self.near(written) };
        let short = shortened(written);
        let (hint_zh, hint_en) = near.map_or_else(Default::default, |(code, name)| {
            (format!("，是否为“{name}”（{code}）"), format!("; did you mean `{name}` ({code})"))
        });
        let wrong = Wrong::new(
            "unknown_name",
            format!("没有{}“{short}”{hint_zh}", what.0),
            format!("there is no {} `{short}`{hint_en}", what.1),
        );
        if !many {
            missed.insert(written.to_owned(), wrong.clone());
        }
        wrong
    }

    /// The nearest thing, by code or name.
    fn near(&self, written: &str) -> Option<(&str, &str)> {
        let written = folded(written);
        let code = nearest(&written, self.codes.keys().map(String::as_str)).filter(|_| written.is_ascii());
        let code = code.or_else(|| {
            // Of a Chinese name every character counts: one wrong of three is a slip, two are another name.
            let close = |name: &&String| {
                let length = name.chars().count().max(written.chars().count());
                strsim::damerau_levenshtein(name, &written) <= (length / 3).max(1) || name.contains(&written)
            };
            let mut names: Vec<_> = self.named.keys().filter(|_| written.chars().count() > 1).filter(close).collect();
            names.sort_by_key(|name| strsim::damerau_levenshtein(name, &written));
            names.first().and_then(|name| self.named.get(*name)?.first()).map(String::as_str)
        })?;
        self.codes.get_key_value(code).map(|(code, name)| (code.as_str(), name.as_str()))
    }
}

/// What rows may name: everything of the county that the caller may see.
#[derive(Debug, Default)]
pub struct Directory {
    /// Units.
    pub units: Names,
    /// Indicators.
    pub indicators: Names,
    /// Assessment schemes.
    pub schemes: Names,
    /// What is known of them.
    pub indicator_facts: HashMap<String, IndicatorFacts>,
    /// Economic classes of each year.
    pub classes: HashMap<i32, Names>,
    /// Projects of each unit and year.
    pub projects: HashMap<(String, i32), Names>,
}

/// Other ways to write an official name: 维修（护）费 is also 维修费, 维护费 and 维修护费; 其他交通费用 also 其他交通费.
pub fn variants(official: &str) -> Vec<String> {
    let name = folded(official);
    let mut all = vec![name.clone()];
    if let Some((before, rest)) = name.split_once('(')
        && let Some((inside, after)) = rest.split_once(')')
    {
        let kept: String = before.chars().take(before.chars().count().saturating_sub(inside.chars().count())).collect();
        all.extend([format!("{before}{after}"), format!("{before}{inside}{after}"), format!("{kept}{inside}{after}")]);
    }
    let short: Vec<String> = all.iter().filter_map(|name| name.strip_suffix('用')).map(str::to_owned).collect();
    let long: Vec<String> = all.iter().filter(|name| name.ends_with('费')).map(|name| format!("{name}用")).collect();
    all.extend(short);
    all.extend(long);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: (&str, &str) = ("单位", "unit");

    fn towns() -> Names {
        let mut names = Names::default();
        for (code, name) in [("430922103", "鸬鹚渡镇"), ("430922101", "修山镇"), ("1", "财政所"), ("2", "财政所")]
        {
            names.add(code, name);
        }
        names
    }

    #[test]
    fn a_name_is_exactly_one_thing_or_none() {
        let names = towns();
        for written in ["430922103", "鸬鹚渡镇", " 鸬鹚渡镇 ", "４３０９２２１０３"] {
            assert_eq!(names.resolve(written, UNIT), Ok("430922103"), "{written}");
        }
        let wrong = names.resolve("财政所", UNIT).unwrap_err();
        assert_eq!((wrong.code, wrong.en.ends_with("1, 2")), ("ambiguous_name", true));
    }

    #[test]
    fn a_name_that_is_nearly_one_gets_a_suggestion() {
        let names = towns();
        for written in ["鸬鹚镇", "鸬兹渡镇", "鸬鹚渡"] {
            let wrong = names.resolve(written, UNIT).unwrap_err();
            assert_eq!(wrong.code, "unknown_name");
            assert!(wrong.zh.contains("是否为“鸬鹚渡镇”（430922103）"), "{}", wrong.zh);
        }
        assert_eq!(names.resolve("长沙市", UNIT).unwrap_err().zh, "没有单位“长沙市”");
        assert!(names.resolve("430922104", UNIT).unwrap_err().en.contains("did you mean"));
    }

    #[test]
    fn official_names_have_variants() {
        let has = |official: &str, written: &str| variants(official).contains(&folded(written));
        for (official, written) in [
            ("维修（护）费", "维护费"),
            ("维修（护）费", "维修(护)费"),
            ("维修（护）费", "维修费"),
            ("其他交通费用", "其他交通费"),
            ("因公出国（境）费用", "因公出国费"),
            ("办公费", "办公费用"),
        ] {
            assert!(has(official, written), "{official} {written}: {:?}", variants(official));
        }
        assert!(!has("办公费", "公费"));
    }
}
