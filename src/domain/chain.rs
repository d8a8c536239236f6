//! The chain of the journal: the digest of an entry covers the entry and the digest of the one before it, so that
//! nothing in between can be changed, taken out or put in without every later digest telling.
//!
//! What is digested is the entry as JSON in canonical form (RFC 8785), with the digest before it under `previous`:
//!
//! ```json
//! {"actor":"…","address":"…","at":"2024-04-30T08:15:30.000000Z","became":{…},"county":"430922","id":"…",
//!  "operation":"updated","previous":"…","request_id":"…","resource":"units","role":"admin","sequence":17,
//!  "token":"…","unit":"430922","upload":null}
//! ```

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};

use super::violation::Wrong;
use super::word::Word;

/// A SHA-256 digest, hexadecimal in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands before the first entry.
    pub const NONE: Self = Self([0; 32]);

    /// The digest of a text.
    pub fn of(text: &str) -> Self {
        Self::of_bytes(digest(&SHA256, text.as_bytes()).as_ref()).unwrap_or(Self::NONE)
    }

    /// A digest of 32 bytes; nothing where they are more or fewer.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        // Written for every entry of a large upload: quicker than formatting byte by byte.
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let text: String = digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect();
        f.write_str(&text)
    }
}

impl FromStr for Digest {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Self, Wrong> {
        let digit =
            |one: char| one.to_digit(16).filter(|_| !one.is_ascii_uppercase()).and_then(|one| u8::try_from(one).ok());
        let digits: Option<Vec<u8>> = text.chars().map(digit).collect();
        let bytes = digits.filter(|digits| digits.len() == 64);
        let bytes = bytes.map(|digits| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<_>>());
        bytes.as_deref().and_then(Self::of_bytes).ok_or_else(|| {
            Wrong::new("invalid_digest", "应为 64 位十六进制数字（小写）", "must be 64 hexadecimal digits, lower case")
        })
    }
}

impl Word for Digest {
    fn pattern() -> Cow<'static, str> {
        "[0-9a-f]{64}".into()
    }
    const MIN_LENGTH: usize = 64;
    const MAX_LENGTH: usize = 64;
    const EXAMPLE: &'static str = "d7463af167311c6b758965549bdd3f7dd140170de28c7d94d8b5d73621e42705";
}

crate::word!(Digest);

/// Facts as the journal keeps them: JSON in canonical form (RFC 8785), for facts whose numbers are whole.
///
/// # Errors
/// They are no JSON.
pub fn canonical(facts: &impl serde::Serialize) -> Result<String, serde_json::Error> {
    let mut json = serde_json::to_value(facts)?;
    json.sort_all_objects();
    Ok(json.to_string())
}

/// An entry as the chain sees it.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    /// The county.
    pub county: &'a str,
    /// Its number.
    pub sequence: i64,
    /// When it was accepted, UTC, with microseconds.
    pub at: &'a str,
    /// Who did it.
    pub actor: &'a str,
    /// In which role.
    pub role: &'a str,
    /// The token's id.
    pub token: Option<&'a str>,
    /// The address it came from.
    pub address: Option<&'a str>,
    /// The request.
    pub request_id: &'a str,
    /// The upload.
    pub upload: Option<&'a str>,
    /// What was done.
    pub operation: &'a str,
    /// To which resource.
    pub resource: &'a str,
    /// Of which unit.
    pub unit: Option<&'a str>,
    /// To which row.
    pub id: &'a str,
    /// The row as it became: JSON in canonical form, put in as it is, so that every byte of it counts.
    pub became: Option<&'a str>,
}

impl Link<'_> {
    /// The digest of the entry behind the one with the digest `previous`.
    pub fn digest(&self, previous: &Digest) -> Digest {
        let bytes = digest(&SHA256, self.canonical(previous).as_bytes());
        Digest::of_bytes(bytes.as_ref()).unwrap_or(Digest::NONE)
    }

    /// The canonical form: names in order, no spaces.
    fn canonical(&self, previous: &Digest) -> String {
        let mut text = Canonical(String::with_capacity(512));
        text.string("{\"actor\":", self.actor);
        text.maybe(",\"address\":", self.address);
        text.string(",\"at\":", self.at);
        text.raw(",\"became\":", self.became.unwrap_or("null"));
        text.string(",\"county\":", self.county);
        text.string(",\"id\":", self.id);
        text.string(",\"operation\":", self.operation);
        text.string(",\"previous\":", &previous.to_string());
        text.string(",\"request_id\":", self.request_id);
        text.string(",\"resource\":", self.resource);
        text.string(",\"role\":", self.role);
        text.raw(",\"sequence\":", &self.sequence.to_string());
        text.maybe(",\"token\":", self.token);
        text.maybe(",\"unit\":", self.unit);
        text.maybe(",\"upload\":", self.upload);
        text.raw("}", "");
        text.0
    }
}

/// A walk along the chain, from its first entry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The number of the last entry that fits.
    pub sequence: i64,
    /// Its digest.
    pub digest: Digest,
    /// Entries at the beginning that have no digest: they are older than the chain.
    pub unsealed: i64,
}

impl Default for Walk {
    fn default() -> Self {
        Self { sequence: 0, digest: Digest::NONE, unsealed: 0 }
    }
}

/// Entries one behind the other that were let go of, and the digest of the last of them: the chain goes on from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// The number of the first.
    pub first: i64,
    /// The number of the last.
    pub last: i64,
    /// The digest of the last.
    pub digest: Digest,
}

/// Why an entry does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Break {
    /// Entries before it are gone.
    Missing,
    /// It has no digest, though entries before it do.
    Unsealed,
    /// It is not what it was when it was written.
    Changed,
}

impl Break {
    /// What it means, in Chinese and English.
    pub const fn sentences(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => ("之前的记录缺失", "entries before it are gone"),
            Self::Unsealed => ("没有摘要", "it has no digest"),
            Self::Changed => ("内容与摘要不符，已被改动", "it is not what its digest says: it was changed"),
        }
    }
}

impl Walk {
    /// Passes by entries that were let go of. Whether that was written down is seen when the walk comes to where it was.
    ///
    /// # Errors
    /// They are not the next.
    pub fn pass(&mut self, released: &Released) -> Result<(), Break> {
        if released.first != self.sequence + 1 || released.last < released.first {
            return Err(Break::Missing);
        }
        (self.sequence, self.digest) = (released.last, released.digest);
        Ok(())
    }

    /// Goes on to the next entry, `stored` being the digest that was kept with it.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn step(&mut self, link: &Link<'_>, stored: Option<&[u8]>) -> Result<(), Break> {
        if link.sequence != self.sequence + 1 {
            return Err(Break::Missing);
        }
        match stored {
            None if self.unsealed == self.sequence => self.unsealed += 1,
            None => return Err(Break::Unsealed),
            Some(stored) => {
                let digest = link.digest(&self.digest);
                if digest.bytes() != stored {
                    return Err(Break::Changed);
                }
                self.digest = digest;
            }
        }
        self.sequence = link.sequence;
        Ok(())
    }
}

struct Canonical(String);

impl Canonical {
    fn raw(&mut self, name: &str, value: &str) {
        self.0 += name;
        self.0 += value;
    }

    /// A string; JSON as `serde_json` writes it escapes what RFC 8785 escapes, in the same way. Most need none of it.
    fn string(&mut self, name: &str, value: &str) {
        if value.bytes().any(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
            let quoted = serde_json::Value::from(value).to_string();
            self.raw(name, &quoted);
        } else {
            self.raw(name, "\"");
            self.raw(value, "\"");
        }
    }

    fn maybe(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.string(name, value),
            None => self.raw(name, "null"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const LINK: Link<'static> = Link {
        county: "430922",
        sequence: 17,
        at: "2024-04-30T08:15:30.000000Z",
        actor: "张三 \"\u{1}\n",
        role: "reporter",
        token: Some("t-1"),
        address: None,
        request_id: "r-1",
        upload: None,
        operation: "updated",
        resource: "units",
        unit: Some("430922"),
        id: "430922",
        became: Some("{\"a\":1,\"b\":null}"),
    };

    #[test]
    fn the_form_is_that_of_the_standard() {
        let text = LINK.canonical(&Digest::NONE);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&read).unwrap(), text);
        assert_eq!(read["became"], json!({ "a": 1, "b": null }));
    }

    #[test]
    fn a_digest_comes_back_from_its_text() {
        let digest = LINK.digest(&Digest::NONE);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for bad in ["", "0", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn facts_are_in_the_form_of_the_standard() {
        let facts = json!({ "b": [{ "z": 1, "a": "\u{1}\"甲\\/\u{7f}\u{2028}\n" }], "a_as_printed": null, "a": true, "é": -5, "A": {} });
        assert_eq!(canonical(&facts).unwrap(), serde_json_canonicalizer::to_string(&facts).unwrap());
    }

    #[test]
    fn the_digest_is_that_of_any_other_program() {
        // Python: hashlib.sha256(json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        let plain = Link { actor: "a", ..LINK };
        let known = "d7463af167311c6b758965549bdd3f7dd140170de28c7d94d8b5d73621e42705";
        assert_eq!(plain.digest(&Digest::NONE).to_string(), known);
    }

    proptest! {
        #[test]
        fn every_field_counts(which in 0..13_usize, other in "[a-z0-9]{1,8}") {
            let mut changed = LINK;
            let seen = match which {
                0 => &mut changed.county,
                1 => &mut changed.at,
                2 => &mut changed.actor,
                3 => &mut changed.role,
                4 => &mut changed.request_id,
                5 => &mut changed.operation,
                6 => &mut changed.resource,
                7 => &mut changed.id,
                _ => {
                    let maybe = match which {
                        8 => &mut changed.token,
                        9 => &mut changed.address,
                        10 => &mut changed.upload,
                        11 => &mut changed.unit,
                        _ => &mut changed.became,
                    };
                    *maybe = Some(&other);
                    prop_assert_ne!(changed.digest(&Digest::NONE), LINK.digest(&Digest::NONE));
                    return Ok(());
                }
            };
            *seen = &other;
            prop_assert_ne!(changed.digest(&Digest::NONE), LINK.digest(&Digest::NONE));
            prop_assert_ne!(LINK.digest(&LINK.digest(&Digest::NONE)), LINK.digest(&Digest::NONE));
        }
    }
}
