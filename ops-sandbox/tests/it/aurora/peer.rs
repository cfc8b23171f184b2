//! An independent Thrift runtime against the sandbox's scheduler: `peers/thrift/call.py`, by the interpreter that
//! `THRIFT_PEER_PYTHON` names.

use std::io::Write;

use ops_sandbox::{Server, World, scenario};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "where the runtime is known to the script that installed it")]
async fn another_runtime_drives_the_scheduler_in_both_encodings() {
    let Ok(python) = std::env::var("THRIFT_PEER_PYTHON") else {
        assert!(std::env::var_os("CI").is_none(), "in CI the runtime must be there: THRIFT_PEER_PYTHON is not set");
        writeln!(std::io::stderr(), "skipped: run peers/thrift/install.sh and set THRIFT_PEER_PYTHON").unwrap();
        return;
    };
    let world = World::seeded(1);
    scenario::stack(&world);
    let server = Server::start(world).await.unwrap();
    let folder = std::env::temp_dir().join(format!("ops-sandbox-{}.thrift", std::process::id()));
    std::fs::write(&folder, aurora_client::wire::idl()).unwrap();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../peers/thrift/call.py");
    for encoding in ["json", "binary"] {
        let address = server.aurora_urls().first().cloned().unwrap();
        let output =
            tokio::process::Command::new(&python).arg(program).arg(&folder).arg(address).arg(encoding).output();
        let output = output.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["why"].as_array().unwrap().len(), 1, "{told}");
        let mut rest = told;
        rest.as_object_mut().unwrap().remove("why");
        assert_eq!(
            rest,
            json!({
                "checked": "OK", "created": "OK", "again": "INVALID_REQUEST", "running": 2, "label": ["tx-é\"\\\n"],
                "killed": "OK", "left": [0], "all": "OK", "nothing": ["No tasks to kill."], "jobs": "OK", "quota": "OK",
            })
        );
    }
    std::fs::remove_file(&folder).unwrap();
}
