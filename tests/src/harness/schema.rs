//! The published schema of the JSON lines.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

/// The schema that is published for readers.
const SCHEMA: &str = include_str!("../../../docs/json-lines.schema.json");

/// The published schema, but without unknown keys. Readers must accept unknown keys, since a later
/// version may add some; this version must not write them.
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    schema["unevaluatedProperties"] = json!(false);
    jsonschema::validator_for(&schema).expect("the schema is valid")
});

/// Returns how a line violates the schema.
pub(super) fn violations(line: &Value) -> Vec<String> {
    VALIDATOR
        .iter_errors(line)
        .map(|error| format!("{error} (at {:?})", error.instance_path().as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_schemas_events_and_unknown_keys_are_refused() {
        let good = json!({"schema": 1, "event": "begin"});
        assert_eq!(violations(&good), [""; 0]);
        for (key, value) in [
            ("schema", json!(2)),
            ("event", json!("began")),
            ("color", json!("red")),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert_ne!(violations(&bad), [""; 0], "{bad}");
        }
    }

    #[test]
    fn an_outcome_needs_the_counts_of_exactly_one_command() {
        let end = |more: Value| {
            let mut line = json!({
                "schema": 1, "event": "end", "outcome": "success", "exit_code": 0, "hresult": "0x00000000",
                "milliseconds": 1
            });
            for (key, value) in more.as_object().expect("the argument is an object") {
                line[key] = value.clone();
            }
            violations(&line)
        };
        assert_eq!(
            end(
                json!({"file": "licenses.zip", "restored": 1, "bytes": 2, "present": 0, "conflicts": 0, "dry_run": false})
            ),
            [""; 0]
        );
        assert_ne!(end(json!({})), [""; 0]);
        assert_ne!(
            end(
                json!({"restored": 1, "file": "licenses.zip", "bytes": 2, "licenses": 0, "skipped": 0})
            ),
            [""; 0]
        );
    }
}
