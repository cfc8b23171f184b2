//! What is answered, in the shapes of Databricks.

use databricks_client::{
    Cluster, Column, Command, CommandResult, Me, Notebook, PathStatus, Run, RunOutput, Statement, Table,
};
use serde_json::{Value, json};

pub(super) fn me(me: &Me) -> Value {
    let groups: Vec<Value> = me.groups.iter().map(|group| json!({"display": group, "type": "direct"})).collect();
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "1", "active": true,
           "userName": me.user_name, "displayName": me.display_name, "groups": groups})
}

pub(super) fn dbfs(status: &PathStatus) -> Value {
    json!({"path": status.path.absolute(), "is_dir": status.is_folder, "file_size": status.size.unwrap_or_default(),
           "modification_time": status.modified.map_or(0, |at| at.as_millisecond())})
}

pub(super) fn entry(status: &PathStatus) -> Value {
    let mut told = json!({"path": status.path.absolute(), "name": status.path.name(),
                          "is_directory": status.is_folder});
    if let Some(size) = status.size.filter(|_| !status.is_folder) {
        told["file_size"] = size.into();
    }
    if let Some(at) = status.modified {
        told["last_modified"] = at.as_millisecond().into();
    }
    told
}

pub(super) fn cluster(cluster: &Cluster) -> Value {
    json!({"cluster_id": cluster.id, "cluster_name": cluster.name, "state": cluster.state.as_str(),
           "state_message": cluster.message.as_deref().unwrap_or_default(), "spark_version": cluster.spark_version})
}

pub(super) fn notebook(notebook: &Notebook) -> Value {
    let mut told = json!({"path": notebook.path, "object_type": notebook.kind.as_str(),
                          "object_id": notebook.object_id.unwrap_or_default()});
    if let Some(language) = notebook.language {
        told["language"] = language.of_notebook().into();
    }
    told
}

pub(super) fn run(run: &Run) -> Value {
    let state = |life_cycle: &str, result: Option<&str>, message: Option<&str>| {
        let mut state = json!({"life_cycle_state": life_cycle, "state_message": message.unwrap_or_default(),
                               "user_cancelled_or_timedout": result == Some("CANCELED")});
        if let Some(result) = result {
            state["result_state"] = result.into();
        }
        state
    };
    let tasks = run.tasks.iter().map(|task| {
        let result = task.result.as_ref().map(|result| result.as_str());
        json!({"task_key": task.key, "run_id": task.run, "attempt_number": 0,
               "state": state(task.life_cycle.as_str(), result, None)})
    });
    json!({
        "run_id": run.id, "run_name": run.name, "run_type": "SUBMIT_RUN", "number_in_job": run.id,
        "state": state(run.life_cycle.as_str(), run.result.as_ref().map(|result| result.as_str()), run.message.as_deref()),
        "start_time": run.started.map_or(0, |at| at.as_millisecond()),
        "end_time": run.ended.map_or(0, |at| at.as_millisecond()),
        "run_page_url": run.page, "tasks": tasks.collect::<Vec<_>>(),
    })
}

pub(super) fn output(output: &RunOutput) -> Value {
    let mut told = json!({"metadata": {}});
    if let Some(result) = &output.result {
        told["notebook_output"] = json!({"result": result, "truncated": output.truncated});
    }
    if let Some(error) = &output.error {
        told["error"] = error.as_str().into();
        told["error_trace"] = output.trace.as_deref().unwrap_or_default().into();
    }
    told
}

pub(super) fn command(id: &str, command: &Command) -> Value {
    json!({"id": id, "status": command.state.as_str(), "results": command.result.as_ref().map(result)})
}

fn result(result: &CommandResult) -> Value {
    match result {
        CommandResult::Text(text) => json!({"resultType": "text", "data": text}),
        CommandResult::Error { summary, cause } => {
            json!({"resultType": "error", "summary": summary, "cause": cause})
        }
        CommandResult::Table(table) => {
            let column = |column: &Column| {
                json!({"name": column.name, "type": format!("\"{}\"", column.kind),
                                                  "metadata": "{}"})
            };
            json!({"resultType": "table", "data": table.rows, "truncated": table.truncated, "isJsonSchema": true,
                   "schema": table.columns.iter().map(column).collect::<Vec<_>>()})
        }
        _ => json!({"resultType": "image", "fileName": "picture.png"}),
    }
}

/// With the first part of its rows.
pub(super) fn statement(statement: &Statement, part: usize) -> Value {
    let mut told = json!({"statement_id": statement.id, "status": {"state": statement.state.as_str()}});
    if let Some(error) = &statement.error {
        told["status"]["error"] = json!({"error_code": error.code, "message": error.message});
    }
    if let Some(table) = &statement.table {
        let column = |(position, column): (usize, &Column)| {
            json!({"name": column.name, "type_text": column.kind, "type_name": column.kind.to_uppercase(),
                   "position": position})
        };
        told["manifest"] = json!({
            "format": "JSON_ARRAY", "truncated": table.truncated, "total_row_count": table.rows.len(),
            "schema": {"column_count": table.columns.len(),
                       "columns": table.columns.iter().enumerate().map(column).collect::<Vec<_>>()},
        });
        told["result"] = chunk(table, 0, part);
    }
    told
}

/// One part of the rows, of so many rows each.
pub(super) fn chunk(table: &Table, index: usize, part: usize) -> Value {
    let from = index.saturating_mul(part);
    let rows: Vec<_> = table.rows.iter().skip(from).take(part).collect();
    let mut told = json!({"chunk_index": index, "row_offset": from, "row_count": rows.len(), "data_array": rows});
    if from.saturating_add(part) < table.rows.len() {
        told["next_chunk_index"] = (index + 1).into();
    }
    told
}
