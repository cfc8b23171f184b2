//! Draws a few runs, to look at them: `shapes nightly|wide|large [svg]`.
#![expect(clippy::print_stdout, reason = "a program")]

use dag_picture::{Mark, Node, Picture, SvgOptions, TreeOptions, airflow};

/// A nightly run in which a model failed, and what passing over it does.
fn nightly() -> Picture {
    let mut picture = Picture::new("unblock-downstream: dagao, target date 2026-11-25 (execution date 2026-11-24)")
        .note("run scheduled__2026-11-24T00:00:00+00:00 in staging; fx-model is marked success, 4 tasks run again")
        .meaning(Mark::Ours, "this plan does it")
        .meaning(Mark::Itself, "Airflow clears it by itself when fx-model is marked")
        .meaning(Mark::Alone, "left alone");
    for id in ["itaipu-contracts", "itaipu-core", "core-checks", "scale-ec2-policy-model", "itaipu-policy-model"] {
        picture = picture.node(Node::new(id, airflow("success")).badge(Mark::Fact, "try 1"));
    }
    for id in ["policy-model", "downscale-policy-model", "scale-ec2-fx-model", "itaipu-fx-model"] {
        picture = picture.node(Node::new(id, airflow("success")));
    }
    picture = picture
        .node(Node::new("fx-model", airflow("failed")).becoming(airflow("success")).badge(Mark::Ours, "marked success"))
        .node(
            Node::new("downscale-fx-model", airflow("success"))
                .badge(Mark::Alone, "left: green all_done, machines are gone"),
        );
    for id in ["databricks_load-models", "scale-ec2-rest", "itaipu-rest", "downscale-rest"] {
        let node = Node::new(id, airflow("upstream_failed")).becoming(airflow("no_status"));
        picture = picture.node(node.badge(Mark::Itself, "cleared by Airflow"));
    }
    for (from, to) in [
        ("itaipu-contracts", "itaipu-core"),
        ("itaipu-core", "core-checks"),
        ("scale-ec2-rest", "itaipu-rest"),
        ("itaipu-rest", "downscale-rest"),
    ] {
        picture = picture.edge(from, to);
    }
    for model in ["policy-model", "fx-model"] {
        let (scale, itaipu, down) =
            (format!("scale-ec2-{model}"), format!("itaipu-{model}"), format!("downscale-{model}"));
        picture = picture.edge("itaipu-contracts", &scale).edge(&scale, &itaipu).edge(&itaipu, model);
        picture = picture.edge(model, "databricks_load-models").edge(model, "scale-ec2-rest").edge(model, down);
    }
    picture
}

/// So many tasks: models of four tasks each, some of which need others; one of the first failed.
fn models(tasks: usize) -> Picture {
    let mut picture = Picture::new(format!("nightly run of {tasks} tasks"));
    let all = tasks / 4;
    let mut bad = vec![false; all];
    for model in 0..all {
        let needs: Vec<usize> =
            (0..2).map(|k| (model * (k + 2)) / 7 + k).filter(|&other| other < model && model > 3).collect();
        bad[model] = model == 5 || needs.iter().any(|&other| bad[other] && model % 3 != 1);
        for step in ["scale-ec2", "itaipu", "run", "downscale"] {
            let state = match (bad[model], model == 5, step) {
                (false, ..) | (true, true, "scale-ec2" | "itaipu" | "downscale") => airflow("success"),
                (true, true, _) => airflow("failed"),
                _ => airflow("upstream_failed"),
            };
            let mut node = Node::new(format!("{step}-model-{model:03}"), state.clone());
            if state.word == "failed" {
                node = node.becoming(airflow("success")).badge(Mark::Ours, "marked success");
            } else if state.word == "upstream_failed" {
                node = node.becoming(airflow("no_status")).badge(Mark::Itself, "cleared by Airflow");
            }
            picture = picture.node(node);
        }
        let name = |step: &str| format!("{step}-model-{model:03}");
        picture = picture.edge(name("scale-ec2"), name("itaipu")).edge(name("itaipu"), name("run"));
        picture = picture.edge(name("run"), name("downscale"));
        for other in needs {
            picture = picture.edge(format!("run-model-{other:03}"), name("scale-ec2"));
        }
    }
    picture
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| arguments.get(at).map(String::as_str);
    let picture = match word(0) {
        Some("wide") => models(200),
        Some("large") => models(5000),
        _ => nightly(),
    };
    match word(1) {
        Some("svg") => print!("{}", picture.svg(&SvgOptions::default())),
        width => {
            let width = width.and_then(|width| width.parse().ok()).unwrap_or(80);
            print!("{}", picture.tree(&TreeOptions::default().width(width)));
        }
    }
}
