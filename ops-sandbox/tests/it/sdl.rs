//! The sandbox's GraphQL is the one that the clients are written against: same types, same fields, same nullability.

use std::collections::BTreeMap;

use async_graphql_parser::parse_schema;
use async_graphql_parser::types::{
    FieldDefinition, InputValueDefinition, ServiceDocument, TypeKind, TypeSystemDefinition,
};

/// Every type with its lines in a fixed order, without descriptions and directives.
fn outline(document: &ServiceDocument) -> BTreeMap<String, Vec<String>> {
    let mut types = BTreeMap::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = &definition.node;
        let (kind, mut lines) = match &definition.kind {
            TypeKind::Scalar => ("scalar", Vec::new()),
            TypeKind::Object(object) => ("type", object.fields.iter().map(|one| field(&one.node)).collect()),
            TypeKind::Interface(interface) => {
                ("interface", interface.fields.iter().map(|one| field(&one.node)).collect())
            }
            TypeKind::Union(union) => ("union", union.members.iter().map(|one| one.node.to_string()).collect()),
            TypeKind::Enum(words) => ("enum", words.values.iter().map(|one| one.node.value.to_string()).collect()),
            TypeKind::InputObject(input) => ("input", input.fields.iter().map(|one| value(&one.node)).collect()),
        };
        lines.sort();
        assert!(types.insert(format!("{kind} {}", definition.name.node), lines).is_none(), "{}", definition.name.node);
    }
    types
}

fn field(field: &FieldDefinition) -> String {
    let mut arguments: Vec<_> = field.arguments.iter().map(|argument| value(&argument.node)).collect();
    arguments.sort();
    format!("{}({}): {}", field.name.node, arguments.join(", "), field.ty.node)
}

fn value(value: &InputValueDefinition) -> String {
    let default = value.default_value.as_ref().map(|default| format!(" = {}", default.node)).unwrap_or_default();
    format!("{}: {}{default}", value.name.node, value.ty.node)
}

#[test]
fn it_is_the_schema_of_the_clients() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../sonar-client/graphql/schema.graphql");
    let theirs = outline(&parse_schema(std::fs::read_to_string(file).unwrap()).unwrap());
    let ours = outline(&parse_schema(ops_sandbox::metapod::sdl()).unwrap());
    assert!(theirs.len() > 15 && theirs["type Query"].len() == 4, "the file was read as a schema");
    assert_eq!(ours, theirs);
}

#[test]
fn an_outline_tells_differences() {
    let outline = |text: &str| outline(&parse_schema(text).unwrap());
    let one = outline("type Query { a(x: Int, y: ID): [String] b: Int }");
    assert_eq!(one, outline("\"\"\"Told.\"\"\" type Query { b: Int @deprecated a(y: ID, x: Int): [String] }"));
    for other in
        ["type Query { a(x: Int, y: ID): [String!] b: Int }", "type Query { a(x: Int!, y: ID): [String] b: Int }"]
    {
        assert_ne!(one, outline(other));
    }
}
