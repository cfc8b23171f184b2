//! What is said, and how.

use dag_picture::{Mark, Node, Picture, TreeOptions, airflow};

use crate::stage::{drawn, models};

fn small() -> Picture {
    Picture::new("nightly")
        .node(Node::new("first", airflow("success")).badge(Mark::Fact, "try 2"))
        .node(Node::new("model", airflow("failed")).becoming(airflow("success")).badge(Mark::Ours, "marked success"))
        .node(
            Node::new("load", airflow("upstream_failed")).becoming(airflow("no_status")).badge(Mark::Itself, "cleared"),
        )
        .node(Node::new("report", airflow("upstream_failed")).badge(Mark::Alone, "needs policy-model, which failed"))
        .edge("first", "model")
        .edge("model", "load")
        .edge("model", "report")
        .meaning(Mark::Itself, "Airflow clears it by itself")
}

#[test]
fn before_and_after_are_told_without_colour() {
    let drawing = drawn(&small(), 300);
    let text = |name: &str| drawing.boxes.iter().find(|shown| shown.text.contains(name)).map(|shown| &*shown.text);
    assert_eq!(text("model"), Some("F✗ → S✓ model marked success"));
    assert_eq!(text("first"), Some("S✓ first success · try 2"));
    assert_eq!(text("report"), Some("U↑ report needs policy-model, which failed"));
    for said in ["failed 1 → 0", "upstream_failed 2 → 1", "no_status 0 → 1", "Airflow clears it by itself", "done here"]
    {
        assert!(drawing.text.contains(said), "«{said}» in {}", drawing.text);
    }
}

#[test]
fn a_tree_fits_into_fifty_columns() {
    let tree = small().tree(&TreeOptions::default().width(50));
    assert_eq!(
        tree,
        "nightly\n\
         4 tasks: U ↑ upstream_failed 2 → 1,\n  \
         F ✗ failed 1 → 0, N · no_status 0 → 1,\n  \
         S ✓ success 1 → 2\n\
         S ✓ first  try 2\n\
         F ✗ → S ✓ model  marked success\n\
         ├ U ↑ → N · load  cleared\n\
         └ U ↑ report  needs policy-model, which failed\n"
    );
    for size in [40, 200, 5_000] {
        let tree = models(size).tree(&TreeOptions::default().width(50));
        let wide: Vec<&str> = tree.lines().filter(|line| line.chars().count() > 50).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
}

#[test]
fn colour_is_only_on_top() {
    let plain = small().tree(&TreeOptions::default());
    let painted = small().tree(&TreeOptions::default().colours(true));
    assert!(painted.contains("\u{1b}[38;5;208mF ✗\u{1b}[0m"));
    let mut bare = painted.clone();
    for code in ["\u{1b}[38;5;208m", "\u{1b}[38;5;33m", "\u{1b}[0m"] {
        bare = bare.replace(code, "");
    }
    assert_eq!(bare, plain);
}

#[test]
fn what_a_server_says_stays_in_its_place() {
    let nasty = "</text><script>alert(1)</script>\u{1b}[2J\u{202e}&\"'\u{0}\u{ffff}";
    let picture = Picture::new(nasty).note(nasty).node(Node::new(nasty, airflow(nasty)).badge(Mark::Ours, nasty));
    let svg = picture.svg(&dag_picture::SvgOptions::default());
    assert!(!svg.contains("<script") && !svg.contains('\u{1b}') && !svg.contains('\u{202e}'), "{svg}");
    drawn(&picture, 300).is_sound();
    let tree = picture.tree(&TreeOptions::default());
    assert!(!tree.contains('\u{1b}') && !tree.contains('\u{202e}') && !tree.contains('\u{0}'), "{tree}");
}

#[test]
fn what_is_wrong_with_the_input_is_said() {
    let good = || airflow("success");
    let picture = Picture::new("wrong")
        .node(Node::new("a", good()))
        .node(Node::new("b", good()))
        .node(Node::new("a", airflow("failed")))
        .edge("a", "b")
        .edge("b", "a")
        .edge("b", "gone");
    let drawing = drawn(&picture, 300);
    let tree = picture.tree(&TreeOptions::default());
    for said in
        ["1 arrow closes a circle", "1 arrow goes from or to nowhere", "1 node bears an id that another one has"]
    {
        assert!(drawing.text.contains(said) && tree.contains(said), "{said}: {} {tree}", drawing.text);
    }
    assert!(drawn(&Picture::new("empty"), 300).text.contains("there is nothing to draw"));
    assert!(Picture::new("empty").tree(&TreeOptions::default()).contains("there is nothing to draw"));
}
