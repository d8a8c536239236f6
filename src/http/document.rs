//! The OpenAPI document: what utoipa collects from the mounted routes, made fit for client generators.
//!
//! Each step says which generator fails without it. None of them adds or removes an operation or a field.

use serde_json::{Map, Value, json};

/// Makes a document fit for generators.
pub fn tidy(document: &mut Value) {
    inline_words(document);
    simplify_nulls(document);
    require_all(document);
    split_inputs(document);
    drop_unused(document);
    parameters(document);
    permissions(document);
}

fn schemas(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.pointer_mut("/components/schemas")?.as_object_mut()
}

/// Visits every object of a document.
fn visit(value: &mut Value, each: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(map) => {
            each(map);
            map.values_mut().for_each(|one| visit(one, each));
        }
        Value::Array(list) => list.iter_mut().for_each(|one| visit(one, each)),
        _ => {}
    }
}

/// Puts words (strings with a pattern, bounded integers) in place of references to them.
///
/// A reference that may be null is a union to most generators, and a named string is an empty class to some.
fn inline_words(document: &mut Value) {
    let Some(all) = schemas(document) else { return };
    let word = |schema: &Value| schema["type"] != "object" && schema.get("enum").is_none();
    let words: Map<String, Value> =
        all.iter().filter(|(_, schema)| word(schema)).map(|(name, schema)| (name.clone(), schema.clone())).collect();
    all.retain(|name, _| !words.contains_key(name));
    visit(document, &mut |map| {
        let name = map.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        if let Some(Value::Object(word)) = name.and_then(|name| words.get(name)).cloned() {
            map.shift_remove("$ref");
            for (key, value) in word {
                map.entry(key).or_insert(value);
            }
        }
    });
}

/// `oneOf: [null, string]` becomes `type: [string, null]`, and a union of one is that one.
fn simplify_nulls(document: &mut Value) {
    visit(document, &mut |map| {
        let Some(Value::Array(choices)) = map.get("oneOf") else { return };
        let rest: Vec<_> = choices.iter().filter(|one| one["type"] != "null").cloned().collect();
        let (nullable, [Value::Object(only)]) = (rest.len() < choices.len(), rest.as_slice()) else { return };
        map.shift_remove("oneOf");
        for (key, value) in only {
            let value = if nullable && key == "type" { json!([value, "null"]) } else { value.clone() };
            map.entry(key.clone()).or_insert(value);
        }
    });
}

/// Every field of an answer is always sent; a generated client need not ask whether it is there.
fn require_all(document: &mut Value) {
    let Some(all) = schemas(document) else { return };
    for schema in all.values_mut() {
        let names: Vec<_> =
            schema["properties"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
        if !names.is_empty() {
            schema["required"] = json!(names);
        }
    }
}

/// Gives every body its own schema, in which what may be null or is a list may also be left out.
///
/// Answers must be able to grow: a client that was generated before a field existed must still be able to put.
fn split_inputs(document: &mut Value) {
    let Some(all) = schemas(document).cloned() else { return };
    let mut bodies = Vec::new();
    visit(document, &mut |map| {
        let Some(schema) =
            map.get_mut("requestBody").and_then(|body| body.pointer_mut("/content/application~1json/schema"))
        else {
            return;
        };
        if let Some(name) = referred(schema) {
            bodies.push(name.clone());
            *schema = json!({ "$ref": format!("#/components/schemas/{name}Input") });
        }
    });
    let mut done: Vec<String> = Vec::new();
    while let Some(name) = bodies.pop() {
        let Some(mut schema) = all.get(&name).cloned().filter(|_| !done.contains(&name)) else { continue };
        done.push(name.clone());
        let optional = |field: &Value| {
            field["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
                || (field["type"] == "array" && field.get("minItems").is_none())
        };
        let properties = schema["properties"].as_object().cloned().unwrap_or_default();
        // A flag that is left out is off.
        let flag = |field: &Value| field["type"] == "boolean" && field.get("default").is_some();
        let required: Vec<_> =
            properties.iter().filter(|(_, field)| !optional(field) && !flag(field)).map(|(name, _)| name).collect();
        if required.is_empty() {
            schema.as_object_mut().map(|schema| schema.shift_remove("required"));
        } else {
            schema["required"] = json!(required);
        }
        // Rows of an upload have whatever columns they have.
        if schema.get("additionalProperties").is_none() {
            schema["additionalProperties"] = json!(false);
        }
        visit(&mut schema, &mut |map| {
            let Some(inner) = map.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) else {
                return;
            };
            if all.get(inner).is_some_and(|schema| schema["type"] == "object") {
                bodies.push(inner.to_owned());
                map.insert("$ref".into(), json!(format!("#/components/schemas/{inner}Input")));
            }
        });
        if let Some(all) = schemas(document) {
            all.insert(format!("{name}Input"), schema);
        }
    }
}

/// Takes out schemas that nothing refers to any more: a type that is only ever a body has its own schema for that.
fn drop_unused(document: &mut Value) {
    loop {
        let mut used = Vec::new();
        visit(document, &mut |map| used.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned)));
        let Some(all) = schemas(document) else { return };
        let before = all.len();
        all.retain(|name, _| used.iter().any(|one| one.rsplit('/').next() == Some(name)));
        if all.len() == before {
            return;
        }
    }
}

fn referred(schema: &Value) -> Option<String> {
    schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).map(str::to_owned)
}

/// Moves the permission an operation asks for from the scopes of its bearer token to `x-permission`.
///
/// OpenAPI 3.1 allows scopes there, but linters and generators that grew up with 3.0 do not.
fn permissions(document: &mut Value) {
    visit(document, &mut |map| {
        let Some(names) = map.get_mut("security").and_then(|all| all.pointer_mut("/0/bearer")) else { return };
        let name = names.get(0).cloned();
        *names = json!([]);
        if let Some(name) = name {
            map.insert("x-permission".into(), name);
        }
    });
}

/// A parameter that is left out is not null: `?year=null` means nothing.
fn parameters(document: &mut Value) {
    visit(document, &mut |map| {
        let Some(Value::Array(parameters)) = map.get_mut("parameters") else { return };
        for schema in parameters.iter_mut().filter_map(|parameter| parameter.get_mut("schema")) {
            let Some(types) = schema["type"].as_array() else { continue };
            if let Some(only) = types.iter().find(|one| *one != "null").cloned() {
                schema["type"] = only;
            }
        }
    });
}
