//! Schemas of files to be made.

use dataset_files::{ErrorKind, FileSchema, FilesRead, empty_parquet};
use metapod_model::{Attribute, LogicalType, Schema};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::Lake;

fn attribute(name: &str, kind: LogicalType) -> Attribute {
    Attribute::new(name).with_type(kind)
}

#[test]
fn spark_s_note_says_what_the_columns_say() {
    let schema = FileSchema::parse(
        "message spark_schema {
           required int64 id;
           optional int32 day (DATE);
           optional int32 small (INTEGER(16,true));
           optional int64 at (TIMESTAMP(MICROS,true));
           optional int64 local (TIMESTAMP(MICROS,false));
           optional int96 old;
           optional int32 size (INTEGER(8,false));
           optional group tags (LIST) { repeated group list { required binary element (STRING); } }
           optional group prices (MAP) { repeated group key_value { required binary key (STRING); optional int64 value (DECIMAL(18,2)); } }
           optional group inner { optional double a; repeated int32 b; }
         }",
    )
    .unwrap();
    let field = |name: &str, kind: Value, nullable: bool| json!({ "name": name, "type": kind, "nullable": nullable, "metadata": {} });
    let wanted = json!({ "type": "struct", "fields": [
        field("id", json!("long"), false),
        field("day", json!("date"), true),
        field("small", json!("short"), true),
        field("at", json!("timestamp"), true),
        field("local", json!("timestamp_ntz"), true),
        field("old", json!("timestamp"), true),
        field("size", json!("short"), true),
        field("tags", json!({ "type": "array", "elementType": "string", "containsNull": false }), true),
        field("prices", json!({ "type": "map", "keyType": "string", "valueType": "decimal(18,2)", "valueContainsNull": true }), true),
        field("inner", json!({ "type": "struct", "fields": [
            field("a", json!("double"), true),
            field("b", json!({ "type": "array", "elementType": "integer", "containsNull": false }), false),
        ] }), true),
    ] });
    assert_eq!(serde_json::from_str::<Value>(schema.spark()).unwrap(), wanted);
}

#[test]
fn what_is_no_schema_is_refused_with_the_reason() {
    for (message, says) in [
        ("", "no Parquet message type"),
        ("message m { }", "without a column"),
        ("message m { optional int64 a; optional int32 a; }", "the column a is there twice"),
        (
            "message m { optional int32 a (TIME(MILLIS,true)); }",
            "column a is of the type time, which Spark does not have",
        ),
        ("message m { optional group a { optional fixed_len_byte_array(12) b (INTERVAL); } }", "column a.b"),
        (
            &format!("message m {{ {} optional int32 x; {} }}", "optional group a {".repeat(99), "}".repeat(99)),
            "64 levels",
        ),
    ] {
        let error = FileSchema::parse(message).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{says} is not in {error}");
    }
}

#[test]
fn what_metapod_does_not_tell_is_not_made_up() {
    let mut of_arrays = attribute("a", LogicalType::Array);
    of_arrays.logical_sub_type = Some(LogicalType::Array);
    for (attributes, says) in [
        (vec![], "without a column"),
        (vec![Attribute::new("a")], "attribute a has no type"),
        (vec![attribute("a", LogicalType::Other("POINT".into()))], "attribute a has the type POINT"),
        (vec![attribute("a", LogicalType::Array)], "the elements have no type"),
        (vec![of_arrays], "an array of arrays"),
        (vec![attribute("a", LogicalType::Date), attribute("a", LogicalType::Date)], "the attribute a twice"),
        (vec![attribute("a b", LogicalType::Date)], "«a b» is no name"),
        (vec![attribute("", LogicalType::Date)], "«» is no name"),
    ] {
        let error = FileSchema::from_metapod(&Schema::new(attributes)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(says), "{says} is not in {error}");
    }
}

#[tokio::test]
async fn a_note_that_is_about_other_columns_is_not_kept() {
    let lake = Lake::new();
    let schema = FileSchema::parse("message m { optional int64 id; }").unwrap();
    let at = lake.put("x", empty_parquet(&schema).unwrap()).await;
    let mut file = lake.files.describe(&at).await.unwrap();

    let theirs =
        r#"{"type":"struct","fields":[{"name":"id","type":"long","nullable":false,"metadata":{"comment":"theirs"}}]}"#;
    file.spark_schema = Some(theirs.into());
    assert_eq!(FileSchema::of(&file).unwrap().spark(), theirs);
    for other in [theirs.replace("\"id\"", "\"no\""), theirs.replace("long", "string"), "no JSON".into(), "{}".into()] {
        file.spark_schema = Some(other);
        assert_eq!(FileSchema::of(&file).unwrap(), schema);
    }
}

/// A message type of everything that Spark has.
fn fields(depth: u32) -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "boolean {};",
        "int32 {};",
        "int64 {};",
        "int96 {};",
        "float {};",
        "double {};",
        "binary {};",
        "binary {} (STRING);",
        "binary {} (ENUM);",
        "binary {} (JSON);",
        "int32 {} (DATE);",
        "int32 {} (INTEGER(8,true));",
        "int64 {} (INTEGER(64,false));",
        "int64 {} (TIMESTAMP(MILLIS,true));",
        "int64 {} (TIMESTAMP(NANOS,false));",
        "int32 {} (DECIMAL(9,2));",
        "fixed_len_byte_array(16) {} (DECIMAL(38,18));",
        "fixed_len_byte_array(16) {} (UUID);",
        "fixed_len_byte_array(7) {};",
        "binary {} (DECIMAL(20,5));",
        "binary {} (UTF8);",
        "int64 {} (TIMESTAMP_MICROS);",
    ]);
    let repetition = prop::sample::select(vec!["optional", "required", "repeated"]);
    let leaf = (repetition.clone(), leaf).prop_map(|(repetition, leaf)| format!("{repetition} {leaf}"));
    leaf.prop_recursive(depth, 32, 4, move |inner| {
        let element =
            inner.clone().prop_map(|inner| inner.replacen("repeated", "optional", 1).replacen("{}", "element", 1));
        prop_oneof![
            (repetition.clone(), prop::collection::vec(inner, 1..4)).prop_map(|(repetition, parts)| {
                let parts: String =
                    parts.iter().enumerate().map(|(at, part)| part.replacen("{}", &format!("f{at}"), 1)).collect();
                format!("{repetition} group {{}} {{ {parts} }}")
            }),
            element.prop_map(|element| format!("optional group {{}} (LIST) {{ repeated group list {{ {element} }} }}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever schema Spark may have: its empty file is read back with the same columns, and makes the same file again.
    #[test]
    fn an_empty_file_tells_the_schema_that_it_was_made_of(parts in prop::collection::vec(fields(4), 1..6)) {
        let parts: String = parts.iter().enumerate().map(|(at, part)| part.replacen("{}", &format!("c{at}"), 1)).collect();
        let schema = FileSchema::parse(&format!("message spark_schema {{ {parts} }}")).unwrap();
        let content = empty_parquet(&schema).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let file = runtime.block_on(async {
            let lake = Lake::new();
            let at = lake.put("x", content.clone()).await;
            let preview = lake.files.first_rows(&at, 3).await.unwrap();
            prop_assert!(preview.rows.is_empty() && !preview.more);
            Ok(lake.files.describe(&at).await.unwrap())
        })?;
        prop_assert_eq!(file.columns.clone(), schema.columns());
        prop_assert_eq!(file.spark_schema.as_deref(), Some(schema.spark()));
        let again = FileSchema::of(&file).unwrap();
        prop_assert_eq!(empty_parquet(&again).unwrap(), content);
    }

    /// No text of a schema does harm.
    #[test]
    fn any_text_is_a_schema_or_is_refused(words in prop::collection::vec(prop::sample::select(vec![
        "message", "m", "{", "}", "optional", "required", "repeated", "group", "int32", "binary", "fixed_len_byte_array", "(", ")", "16",
        "DECIMAL", "LIST", "MAP", ",", "-1", "99999999999", ";", "=", "a", "TIMESTAMP", "MILLIS", "true", "INTEGER", "é",
    ]), 0..40)) {
        let text = format!("message m {{ {}", words.join(" "));
        if let Ok(schema) = FileSchema::parse(&text) {
            empty_parquet(&schema).unwrap();
        }
    }
}
