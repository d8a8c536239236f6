//! What must not be published of persons (个人信息保护法 §28, 政府信息公开条例 §15): their names and the numbers by which
//! they are reached, known or paid.
//!
//! Only names that stand in a field of a person are known. A name that stands in prose alone is not recognised; whoever
//! publishes reads the text first.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::codes::Prose;

/// What stands in place of a name.
const SOMEBODY: &str = "某";
/// What stands in place of a number.
const NUMBER: &str = "***";

/// Surnames of two characters that are met with; all others have one.
const COMPOUND: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "司徒", "夏侯", "慕容"];
/// How persons are called after their surname. No word that goes on after a surname's character in common prose: 资金总额,
/// 基金经理 and 现金会计 are nobody.
const TITLES: &str = "副?(?:主任|局长|书记|镇长|乡长|县长|市长|科长|股长|站长|所长|处长|部长|院长|校长)|同志|先生|女士";

/// Addresses of mail, and digits in groups.
static REACHED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[0-9A-Za-z._%+-]+@[0-9A-Za-z.-]+\.[A-Za-z]{2,}|\+?[0-9.]+(?:[ -][0-9.]+)*[Xx]?").ok()
});

/// The surname of a name.
fn surname(name: &str) -> &str {
    let end = name.char_indices().nth(1).map_or(name.len(), |(at, _)| at);
    COMPOUND.into_iter().find(|one| name.starts_with(one)).unwrap_or(&name[..end])
}

/// Whether digits are a telephone's, an identity card's or an account's, and no amount or date. `groups` are what stands
/// between blanks and dashes.
fn is_somebodys(groups: &[&str]) -> bool {
    let digits = groups.concat();
    let is_mobile =
        |digits: &str| digits.len() == 11 && digits.starts_with('1') && !matches!(digits.as_bytes()[1], b'0'..=b'2');
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let mobile = match lengths.as_slice() {
        [11] | [3, 4, 4] => is_mobile(&digits),
        [13] | [2, 11] | [2, 3, 4, 4] => digits.strip_prefix("86").is_some_and(is_mobile),
        _ => false,
    };
    let landline =
        matches!(lengths.as_slice(), [10..=12] | [3 | 4, 7 | 8] | [3 | 4, 3 | 4, 4]) && digits.starts_with('0');
    // Identity cards have 15 or 18 digits, bank cards 16 to 19; in groups of four where they are grouped.
    let in_fours = lengths.len() >= 4 && lengths[..lengths.len() - 1].iter().all(|length| *length == 4);
    let long = (15..=19).contains(&digits.len()) && (lengths.len() == 1 || in_fours);
    mobile || landline || long
}

/// A run of digits, blanks, dashes and points without what is somebody's in it: the longest groups that are go first.
fn without_numbers(run: &str) -> String {
    /// A bank card in groups has so many.
    const MOST: usize = 5;
    let is_digit = |one: char| one.is_ascii_digit() || matches!(one, 'X' | 'x');
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, one) in run.char_indices() {
        match groups.last_mut() {
            Some((_, end)) if *end == at && is_digit(one) => *end = at + one.len_utf8(),
            _ if is_digit(one) => groups.push((at, at + one.len_utf8())),
            _ => {}
        }
    }
    let joined = |one: (usize, usize), other: (usize, usize)| matches!(&run[one.1..other.0], " " | "-");
    // 12345678901.50 is an amount.
    let amount = |(start, end): (usize, usize)| {
        let cents = |rest: &str| {
            rest.strip_prefix('.')
                .is_some_and(|rest| (1..=2).contains(&rest.bytes().take_while(u8::is_ascii_digit).count()))
        };
        cents(&run[end..]) || run[..start].ends_with('.') && end - start <= 2
    };
    let (mut said, mut place, mut copied) = (String::new(), 0, 0);
    while place < groups.len() {
        let most = (place..groups.len().min(place + MOST))
            .take_while(|last| *last == place || joined(groups[last - 1], groups[*last]))
            .last()
            .unwrap_or(place);
        let found = (place..=most).rev().find(|last| {
            let window = &groups[place..=*last];
            let texts: Vec<&str> = window.iter().map(|(start, end)| &run[*start..*end]).collect();
            is_somebodys(&texts) && !window.iter().any(|group| amount(*group))
        });
        if let Some(last) = found {
            let start = groups[place].0;
            // The plus of +86 goes with it.
            said.push_str(run[copied..start].trim_end_matches('+'));
            said.push_str(NUMBER);
            copied = groups[last].1;
            place = last + 1;
        } else {
            place += 1;
        }
    }
    said.push_str(&run[copied..]);
    said
}

/// A text without the persons whose names are known, and without telephones, identity and bank cards, and addresses of mail.
/// `known` are the fields of persons; several may stand in one.
pub fn without_persons(text: &Prose, known: &[&str]) -> Option<Prose> {
    let apart =
        |field: &&str| field.split(['、', '，', ',', '；', ';', '/', ' ', '　']).map(str::to_owned).collect::<Vec<_>>();
    let mut known: Vec<String> = known.iter().flat_map(apart).filter(|name| name.chars().count() > 1).collect();
    // A name inside a longer one is replaced after it.
    known.sort_by_key(|name| std::cmp::Reverse(name.chars().count()));
    let narrow = |one: char| match one {
        '０'..='９' => char::from_u32(one as u32 - '０' as u32 + '0' as u32).unwrap_or(one),
        _ => one,
    };
    let mut said: String = text.as_str().chars().map(narrow).collect();
    for name in &known {
        said = said.replace(name, SOMEBODY);
    }
    for name in &known {
        if let Ok(called) = Regex::new(&format!("{}({TITLES})", regex::escape(surname(name)))) {
            said = called.replace_all(&said, format!("{SOMEBODY}$1")).into_owned();
        }
    }
    if let Some(reached) = &*REACHED {
        let hidden = |found: &Captures<'_>| {
            if found[0].contains('@') { NUMBER.to_owned() } else { without_numbers(&found[0]) }
        };
        said = reached.replace_all(&said, hidden).into_owned();
    }
    said.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_not_named() {
        for (known, said, public) in [
            (vec!["张三", "张三丰"], "张三丰与张三到会", "某与某到会"),
            (vec!["张三、李四"], "张三、李四，李主任", "某、某，某主任"),
            (vec!["刘伟"], "经刘主任同意，刘副局长分管", "经某主任同意，某副局长分管"),
            (vec!["欧阳修"], "欧阳书记批示", "某书记批示"),
            // Nobody else of that surname, no place, no word.
            (vec!["刘伟"], "刘家村 3 个项目", "刘家村 3 个项目"),
            (vec!["王"], "王家湾", "王家湾"),
            (
                vec!["金伟", "成刚", "高明"],
                "项目资金总额345万元，完成总投资，提高总产值",
                "项目资金总额345万元，完成总投资，提高总产值",
            ),
        ] {
            assert_eq!(without_persons(&said.parse().unwrap(), &known).unwrap().as_str(), public);
        }
    }

    #[test]
    fn nobody_is_reached_or_paid_by_what_is_published() {
        for number in [
            "13873712345",
            "１３８７３７１２３４５",
            "+8613873712345",
            "86-13873712345",
            "138 7371 2345",
            "138-7371-2345",
            "0737-8882345",
            "43092219800101123X",
            "430922800101123",
            "6222021909001234567",
            "6222 0219 0900 1234",
            "a.b@example.cn",
        ] {
            let said = format!("请联系{number}。").parse().unwrap();
            assert_eq!(without_persons(&said, &[]).unwrap().as_str(), "请联系***。", "{number}");
        }
        for (said, public) in [
            ("13873712345 13973712345", "*** ***"),
            ("2023-12-31 13873712345", "2023-12-31 ***"),
            ("0737-8882345 13873712345", "*** ***"),
            ("1.13873712345；2.13973712345", "1.***；2.***"),
            ("13873712345、138 7371 2345.", "***、***."),
        ] {
            assert_eq!(without_persons(&said.parse().unwrap(), &[]).unwrap().as_str(), public);
        }
        for text in [
            "支出 3459100.00 元，另 12345678901.50 元",
            "2023-12-31 前完成",
            "三年为 120 130 140 150 160",
            "13 家、47 个，完成 6.56%",
            "2021 2022 2023 三年",
        ] {
            assert_eq!(without_persons(&text.parse().unwrap(), &[]).unwrap().as_str(), text);
        }
    }
}
