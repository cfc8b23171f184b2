//! Lists as writers of other times spelt them, which no peer writes any more.

use std::sync::Arc;

use dataset_files::{FilesRead, Value};
use parquet::data_type::Int32Type;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::Lake;

/// A file of three rows: of each column its definition and repetition levels, and its values.
fn file(message: &str, columns: &[(&[i16], &[i16], &[i32])]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(message).unwrap());
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::builder().build())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for (def, rep, values) in columns {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(values, Some(def), Some(rep)).unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[tokio::test]
async fn each_way_to_spell_a_list_is_read() {
    let bare: (&[i16], &[i16], &[i32]) = (&[1, 1, 0, 1], &[0, 1, 0, 0], &[1, 2, 3]);
    let optional: (&[i16], &[i16], &[i32]) = (&[2, 2, 1, 0], &[0, 1, 0, 0], &[1, 2]);
    for (message, columns, kind, rows) in [
        ("message m { repeated int32 c; }", vec![bare], "array<integer>", ["[1,2]", "[]", "[3]"]),
        (
            "message m { optional group c (LIST) { repeated int32 array; } }",
            vec![optional],
            "array<integer>",
            ["[1,2]", "[]", "null"],
        ),
        (
            "message m { optional group c (LIST) { repeated group array { required int32 x; } } }",
            vec![optional],
            "array<struct<x: integer>>",
            ["[{\"x\":1},{\"x\":2}]", "[]", "null"],
        ),
        (
            "message m { optional group c (LIST) { repeated group c_tuple { required int32 x; required int32 y; } } }",
            vec![optional, optional],
            "array<struct<x: integer, y: integer>>",
            ["[{\"x\":1,\"y\":1},{\"x\":2,\"y\":2}]", "[]", "null"],
        ),
        (
            "message m { optional group c (MAP_KEY_VALUE) { repeated group map { required int32 key; required int32 value; } } }",
            vec![optional, optional],
            "map<integer, integer>",
            ["{\"1\":1,\"2\":2}", "{}", "null"],
        ),
        (
            "message m { repeated group c { required int32 x; } }",
            vec![bare],
            "array<struct<x: integer>>",
            ["[{\"x\":1},{\"x\":2}]", "[]", "[{\"x\":3}]"],
        ),
    ] {
        let lake = Lake::new();
        let at = lake.put("x", file(message, &columns)).await;
        let preview = lake.files.first_rows(&at, 9).await.unwrap();
        assert_eq!(preview.columns[0].kind, kind);
        let shown: Vec<String> = preview.rows.iter().flatten().map(Value::to_string).collect();
        assert_eq!(shown, rows, "{message}");
    }
}
