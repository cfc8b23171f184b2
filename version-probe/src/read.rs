//! What bodies say: a version, a health document.

use serde_json::Value;

const LONGEST: usize = 128;
/// How many ill components are named.
const MOST_NAMED: usize = 5;
const WELL: [&str; 7] = ["ok", "up", "healthy", "pass", "passed", "green", "success"];

/// The version below the first of the keys that is there; or the whole text.
pub(crate) fn version(body: &[u8], keys: &[String]) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(all)) => keys.iter().find_map(|key| all.get(key)?.as_str().map(str::to_owned))?,
        Ok(Value::String(text)) => text,
        // A commit may be all digits, or look like a number with an exponent: 1234567, 12e4567.
        Ok(Value::Number(_)) | Err(_) => std::str::from_utf8(body).ok()?.to_owned(),
        Ok(_) => return None,
    };
    let text = text.trim();
    let good = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    (good && !text.starts_with(['{', '[', '<'])).then(|| text.to_owned())
}

/// Why a health document says that its service is ill; nothing where it is well, or where the document says nothing
/// that is known.
pub(crate) fn illness(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let (well, components) = match &document {
        Value::Array(pair) => (pair.first().and_then(Value::as_bool), pair.get(1)),
        all => (well(all), ["components", "checks"].iter().find_map(|key| all.get(key))),
    };
    if well != Some(false) {
        return None;
    }
    let mut ill: Vec<String> = match components {
        Some(Value::Object(all)) => {
            all.iter().filter(|(_, one)| self::well(one) == Some(false)).map(|(name, _)| short(name)).collect()
        }
        _ => Vec::new(),
    };
    let more = ill.len().saturating_sub(MOST_NAMED);
    ill.truncate(MOST_NAMED);
    Some(match (ill.is_empty(), more) {
        (true, _) => "it says that it is not healthy".to_owned(),
        (_, 0) => format!("not healthy: {}", ill.join(", ")),
        _ => format!("not healthy: {}, and {more} more", ill.join(", ")),
    })
}

fn well(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(well) => Some(*well),
        Value::Object(all) => ["healthy", "ok", "status"].iter().find_map(|key| well(all.get(*key)?)),
        Value::String(word) => Some(WELL.iter().any(|well| word.trim().eq_ignore_ascii_case(well))),
        _ => None,
    }
}

fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let keys = ["version", "git-sha"].map(str::to_owned);
        for (body, wanted) in [
            (r#"{"version": "6c957ed"}"#, Some("6c957ed")),
            (r#"{"git-sha": "6c957ed", "other": 1}"#, Some("6c957ed")),
            (r#"{"version": null, "git-sha": "6c957ed"}"#, Some("6c957ed")),
            (r#"{"version": "MISSING"}"#, Some("MISSING")),
            (r#""6c957ed""#, Some("6c957ed")),
            ("6c957ed\n", Some("6c957ed")),
            ("1234567", Some("1234567")),
            ("12e4567", Some("12e4567")),
            (r#"{"sha": "6c957ed"}"#, None),
            (r#"{"version": 7}"#, None),
            (r#"{"version": ""}"#, None),
            (r#"{"version": "6c9"#, None),
            ("", None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            ("not a version", None),
            ("é6c957ed", None),
        ] {
            assert_eq!(version(body.as_bytes(), &keys).as_deref(), wanted, "{body}");
        }
        assert_eq!(version("a".repeat(129).as_bytes(), &keys), None);
        assert_eq!(version(&[0xff, 0xfe], &keys), None);
    }

    #[test]
    fn health_documents() {
        for (body, wanted) in [
            ("[true, {}]", None),
            (r#"[true, {"http": {"healthy": false}}]"#, None),
            (
                r#"[false, {"http": {"healthy": true, "checks": []}, "datomic": {"healthy": false, "checks": "x"}}]"#,
                Some("not healthy: datomic"),
            ),
            (r#"{"healthy": true}"#, None),
            (r#"{"healthy": false, "components": {"kafka": {"status": "DOWN"}}}"#, Some("not healthy: kafka")),
            (r#"{"status": "UP"}"#, None),
            (r#"{"status": "degraded"}"#, Some("it says that it is not healthy")),
            ("true", None),
            ("false", Some("it says that it is not healthy")),
            ("OK", None),
            ("[]", None),
            (r#"{"uptime": 7}"#, None),
        ] {
            assert_eq!(illness(body.as_bytes()).as_deref(), wanted, "{body}");
        }
        let many: Vec<String> = (0..9).map(|n| format!(r#""c{n}": {{"healthy": false}}"#)).collect();
        let told = illness(format!("[false, {{{}}}]", many.join(",")).as_bytes()).unwrap();
        assert_eq!(told, "not healthy: c0, c1, c2, c3, c4, and 4 more");
    }
}
