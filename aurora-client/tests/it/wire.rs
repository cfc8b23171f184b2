//! The encodings: bodies that others wrote, and whatever else may come.

use aurora_client::wire::*;
use proptest::prelude::*;
use serde_json::Value as Json;

const RECORDED: [&str; 4] = [
    include_str!("../data/python-json.jsonl"),
    include_str!("../data/python-binary.jsonl"),
    include_str!("../data/gorealis-json.jsonl"),
    include_str!("../data/gorealis-binary.jsonl"),
];
const CRAFTED: &str = include_str!("../data/crafted.jsonl");

struct Body {
    name: String,
    encoding: Encoding,
    bytes: Vec<u8>,
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().map(|digit| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

fn body(name: String, encoding: &str, text: &str) -> Body {
    match encoding {
        "tjson-text" => Body { name, encoding: Encoding::Json, bytes: text.as_bytes().to_vec() },
        "tbinary-hex" => Body { name, encoding: Encoding::Binary, bytes: hex(text) },
        other => panic!("{other}"),
    }
}

/// All bodies, in the order of the files.
fn recorded() -> Vec<Body> {
    let mut all = Vec::new();
    for line in RECORDED.iter().flat_map(|file| file.lines()) {
        let line: Json = serde_json::from_str(line).unwrap();
        for which in ["request", "response"] {
            let name = format!("{} {} {which}", line["n"], line["method"]);
            all.push(body(name, line["encoding"].as_str().unwrap(), line[which].as_str().unwrap()));
        }
    }
    all
}

fn crafted() -> Vec<[Body; 2]> {
    let lines = CRAFTED.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    lines
        .map(|line| {
            let name = line["name"].as_str().unwrap();
            [
                body(name.to_owned(), "tjson-text", line["tjson"].as_str().unwrap()),
                body(name.to_owned(), "tbinary-hex", line["tbinary_hex"].as_str().unwrap()),
            ]
        })
        .collect()
}

/// A body read and written again, in both encodings; and what it says, for comparison.
fn again(body: &Body) -> Result<([Vec<u8>; 2], String), DecodeError> {
    macro_rules! of {
        ($($method:ident)+) => {{
            let message = Message::open(body.encoding, &body.bytes)?;
            let (name, seq) = (message.name.clone(), message.seq);
            match (message.kind, name.as_str()) {
                (MessageKind::Reply, _) => {
                    let reply_body: ReplyBody = message.body()?;
                    let said = format!("{reply_body:?}");
                    let write = |encoding| match &reply_body.success {
                        Some(response) => reply(encoding, &name, seq, response.clone()),
                        None => Vec::new(),
                    };
                    Ok(([write(Encoding::Json), write(Encoding::Binary)], said))
                }
                (MessageKind::Exception, _) => {
                    let what: ApplicationException = message.body()?;
                    let write = |encoding| exception(encoding, &name, seq, &what);
                    Ok(([write(Encoding::Json), write(Encoding::Binary)], format!("{what:?}")))
                }
                $((_, name) if name == $method::NAME => {
                    let ask: $method = message.body()?;
                    let write = |encoding| call(encoding, seq, &ask);
                    Ok(([write(Encoding::Json), write(Encoding::Binary)], format!("{ask:?}")))
                })+
                (_, other) => panic!("a method that is not in the tables: {other}"),
            }
        }};
    }
    of!(GetTasksStatus GetTasksWithoutConfigs GetPendingReason GetConfigSummary GetJobs GetJobSummary GetRoleSummary GetQuota
        PopulateJobConfig GetJobUpdateSummaries GetJobUpdateDetails GetJobUpdateDiff GetTierConfigs CreateJob KillTasks
        RestartShards AddInstances StartJobUpdate PauseJobUpdate ResumeJobUpdate AbortJobUpdate RollbackJobUpdate
        PulseJobUpdate ScheduleCronJob ReplaceCronTemplate DescheduleCronJob StartCronJob SetQuota ForceTaskState
        StartMaintenance DrainHosts MaintenanceStatus EndMaintenance SlaDrainHosts Snapshot PerformBackup ListBackups
        TriggerExplicitTaskReconciliation TriggerImplicitTaskReconciliation PruneTasks)
}

#[test]
fn every_recorded_body_is_read_and_most_are_written_byte_for_byte() {
    let all = recorded();
    assert_eq!(all.len(), 284);
    let mut same = 0;
    for body in &all {
        let ([json, binary], said) = again(body).unwrap_or_else(|error| panic!("{}: {error}", body.name));
        let ours = if body.encoding == Encoding::Json { &json } else { &binary };
        same += usize::from(*ours == body.bytes);
        // What was written says the same, in both encodings.
        for (encoding, bytes) in [(Encoding::Json, json.clone()), (Encoding::Binary, binary.clone())] {
            let back = Body { name: body.name.clone(), encoding, bytes };
            assert_eq!(again(&back).unwrap().1, said, "{}", body.name);
        }
    }
    // The others write real numbers, or the order of fields, in another way.
    assert!(same >= 260, "only {same} of 284 are the same bytes");
}

#[test]
fn what_was_crafted_is_read_alike_in_both_encodings() {
    let all = crafted();
    assert_eq!(all.len(), 18);
    for [json, binary] in &all {
        let said = again(binary).unwrap_or_else(|error| panic!("{}: {error}", binary.name)).1;
        match again(json) {
            Ok((_, same)) => assert_eq!(same, said, "{}", json.name),
            Err(error) => {
                assert_eq!(json.name, "call-string-escapes", "{error}");
                assert!(error.to_string().contains("control character"), "{error}");
            }
        }
    }
}

#[test]
fn unknown_things_are_kept_or_passed_over() {
    let body = br#"[1,"getJobs",2,1,{"0":{"rec":{"1":{"i32":99},"77":{"map":["str","lst",1,{"a":["i32",2,1,2]}]},"3":{"rec":{"99":{"str":"x\"}]"}}},"6":{"lst":["rec",1,{}]}}}}]"#;
    let message = Message::open(Encoding::Json, body).unwrap();
    let response = message.body::<ReplyBody>().unwrap().success.unwrap();
    assert_eq!(response.response_code, Some(ResponseCode::Unknown(99)));
    assert_eq!(response.result, Some(Answer::Unknown(99)));
    assert_eq!(response.details.unwrap()[0].message, None, "a detail may have no words");
}

#[test]
fn limits_hold() {
    let read = |body: &str| Message::open(Encoding::Json, body.as_bytes()).and_then(Message::body::<ReplyBody>);
    let wrong = |body: &str| read(body).unwrap_err().to_string();
    let deep = format!(r#"[1,"x",2,1,{{"9":{{"lst":{}{}}}}}]"#, "[\"lst\",1,".repeat(100), "]".repeat(100));
    assert!(wrong(&deep).contains("too deep"), "{}", wrong(&deep));
    let many = r#"[1,"x",2,1,{"0":{"rec":{"6":{"lst":["rec",2000000000,{}]}}}}]"#;
    assert!(wrong(many).contains("more values than bytes"), "{}", wrong(many));
    assert!(wrong(r#"[1,"x",2,1,{}] x"#).contains("more than a message"));
    assert!(wrong(r#"[2,"x",2,1,{}]"#).contains("another version"));
    assert!(wrong("<html>").contains("no message"));
    let mut bytes = hex("80010002000000017800000001");
    bytes.extend(hex("0c00000f00060c7fffffff"));
    let error = Message::open(Encoding::Binary, &bytes).and_then(Message::body::<ReplyBody>).unwrap_err();
    assert!(error.to_string().contains("more values than bytes"), "{error}");
}

/// A task that says nothing is one byte long in binary, and some hundred in memory.
#[test]
fn no_message_takes_far_more_memory_than_it_is_long() {
    let count = 1_000_000;
    let json = format!(
        r#"[1,"getTasksStatus",2,7,{{"0":{{"rec":{{"3":{{"rec":{{"3":{{"rec":{{"1":{{"lst":["rec",{count}{}]}}}}}}}}}}}}}}}}]"#,
        ",{}".repeat(count)
    );
    let mut binary = hex("800100020000000e");
    binary.extend(b"getTasksStatus");
    binary.extend(hex("000000070c00000c00030c00030f00010c"));
    binary.extend(i32::try_from(count).unwrap().to_be_bytes());
    binary.extend(vec![0; count + 4]);
    for (encoding, bytes) in [(Encoding::Json, json.into_bytes()), (Encoding::Binary, binary)] {
        // Not `unwrap_err`, which would print a million tasks.
        let error = Message::open(encoding, &bytes).and_then(Message::body::<ReplyBody>).err();
        assert!(error.is_some_and(|error| error.to_string().contains("more memory")), "{encoding:?}");
    }
    // What really comes, and empty things in a short message, have room enough.
    let details = Response { details: Some(vec![ResponseDetail::default(); 10_000]), ..Response::default() };
    for encoding in [Encoding::Json, Encoding::Binary] {
        let bytes = reply(encoding, "getJobs", 1, details.clone());
        let body = Message::open(encoding, &bytes).and_then(Message::body::<ReplyBody>).unwrap();
        assert_eq!(body.success.as_ref(), Some(&details));
    }
}

#[test]
fn what_an_executor_reads_is_never_shown() {
    let config = ExecutorConfig { name: Some("AuroraExecutor".into()), data: Some(Hidden("planted".into())) };
    assert_eq!(format!("{config:?}"), r#"ExecutorConfig { name: Some("AuroraExecutor"), data: Some((7 bytes)) }"#);
}

fn text() -> impl Strategy<Value = String> {
    "[ -~]{0,12}|\\PC{0,6}|[\u{0}-\u{1f}\"\\\\/]{0,4}"
}

fn task_config() -> impl Strategy<Value = TaskConfig> {
    let resource = prop_oneof![
        any::<f64>().prop_filter("NaN is not itself", |number| !number.is_nan()).prop_map(Resource::NumCpus),
        any::<i64>().prop_map(Resource::RamMb),
        text().prop_map(Resource::NamedPort),
    ];
    (
        proptest::option::of(any::<bool>()),
        proptest::option::of(any::<i32>()),
        proptest::collection::vec(resource, 0..4),
        proptest::collection::btree_map(text(), text(), 0..3),
        proptest::option::of(text()),
    )
        .prop_map(|(is_service, priority, resources, task_links, tier)| TaskConfig {
            is_service,
            priority,
            resources: Some(Set(resources)),
            task_links: Some(task_links),
            tier,
            executor_config: Some(ExecutorConfig { name: None, data: Some(Hidden("{}".into())) }),
            ..TaskConfig::default()
        })
}

proptest! {
    #[test]
    fn both_encodings_say_the_same(config in task_config(), seq in any::<i32>()) {
        let ask = CreateJob {
            description: Some(JobConfiguration { task_config: Some(config), ..JobConfiguration::default() }),
        };
        for encoding in [Encoding::Json, Encoding::Binary] {
            let bytes = call(encoding, seq, &ask);
            let message = Message::open(encoding, &bytes).unwrap();
            prop_assert_eq!(message.seq, seq);
            prop_assert_eq!(&message.body::<CreateJob>().unwrap(), &ask);
        }
    }

    #[test]
    fn our_json_is_json(config in task_config()) {
        let ask = CreateJob {
            description: Some(JobConfiguration { task_config: Some(config), ..JobConfiguration::default() }),
        };
        let bytes = call(Encoding::Json, 1, &ask);
        prop_assert!(serde_json::from_slice::<Json>(&bytes).is_ok());
    }

    #[test]
    fn nothing_makes_it_panic(which in 0_usize..284, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut body = recorded().swap_remove(which);
        let place = at.index(body.bytes.len());
        body.bytes[place] = byte;
        let message = Message::open(body.encoding, &body.bytes);
        let _ = message.and_then(Message::body::<ReplyBody>);
        body.bytes.truncate(cut.index(body.bytes.len()));
        let message = Message::open(body.encoding, &body.bytes);
        let _ = message.and_then(Message::body::<CreateJob>);
    }
}
