//! Large runs: sound, and of a bounded size. How long it takes is a matter for benchmarks.

use dag_picture::{Node, Picture, TreeOptions, airflow};

use crate::stage::{drawn, models};

#[test]
fn two_hundred_tasks_are_all_drawn() {
    let drawing = drawn(&models(200), 300);
    assert_eq!(drawing.is_sound().boxes.len(), 200);
    assert!(drawing.text.contains("run-model-0007"));
    // Thirty columns, one below another what stands in them.
    assert!(drawing.width < 8_000.0 && drawing.height < 4_000.0, "{} x {}", drawing.width, drawing.height);
}

#[test]
fn five_thousand_tasks_are_all_counted() {
    let picture = models(5_000);
    let drawing = drawn(&picture, 300);
    assert_eq!(drawing.is_sound().tasks(), 5_000);
    assert!(drawing.text.contains("5000 tasks in"), "what is folded is said");
    assert!(drawing.text.contains("run-model-0007"), "what failed is named");
    assert!(drawing.bytes < 300_000, "{} bytes", drawing.bytes);
    let tree = picture.tree(&TreeOptions::default());
    assert!(tree.contains("run-model-0007") && tree.lines().count() < 120, "{tree}");
}

#[test]
fn the_hardest_shapes_come_to_an_end() {
    let good = || airflow("success");
    let node = |number: usize| Node::new(format!("n{number}"), good());
    let with = |tasks: usize, arrows: &dyn Fn(usize) -> Vec<usize>| {
        let mut picture = Picture::new("hard");
        for number in 0..tasks {
            picture = picture.node(node(number));
            for to in arrows(number) {
                picture = picture.edge(format!("n{number}"), format!("n{to}"));
            }
        }
        picture
    };
    for (what, picture) in [
        ("a chain", with(5_000, &|n| vec![n + 1])),
        ("nothing follows anything", with(5_000, &|_| Vec::new())),
        ("all follow one", with(5_000, &|n| if n == 0 { (1..5_000).collect() } else { Vec::new() })),
        ("each follows all before it", with(290, &|n| (n + 1..290).collect())),
        ("two full columns", with(120, &|n| if n < 60 { (60..120).collect() } else { Vec::new() })),
        ("one large circle", with(5_000, &|n| vec![(n + 1) % 5_000])),
        ("each leads to each", with(200, &|n| (0..200).filter(|&to| to != n).collect())),
    ] {
        let drawing = drawn(&picture, 300);
        assert_eq!(drawing.is_sound().tasks(), picture.nodes.len(), "{what}");
        assert!(drawing.bytes < 1_500_000, "{what}: {} bytes", drawing.bytes);
        assert!(picture.tree(&TreeOptions::default()).lines().count() < 400, "{what}");
    }
}

#[test]
fn names_of_any_length_take_no_more_room() {
    let long = "x".repeat(1_000_000);
    let picture = Picture::new(&long)
        .note(&long)
        .node(Node::new(&long, airflow("failed")).badge(dag_picture::Mark::Ours, &long))
        .node(Node::new("short", airflow("success")));
    let drawing = drawn(&picture, 300);
    assert!(drawing.is_sound().width < 1_000.0 && drawing.bytes < 20_000, "{} bytes", drawing.bytes);
}
