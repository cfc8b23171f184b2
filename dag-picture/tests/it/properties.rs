//! Whatever is given: nothing hangs, panics, overlaps or is lost.

use dag_picture::{Mark, Node, Picture, TreeOptions, airflow};
use proptest::prelude::*;

use crate::stage::{WORDS, distinct, drawn};

/// Any picture: names with anything in them, ids that are there twice, arrows to anywhere, circles among them.
fn any_picture(most: usize) -> impl Strategy<Value = Picture> {
    let node =
        (".{0,12}", any::<proptest::sample::Index>(), 0..WORDS.len(), proptest::option::of(0..WORDS.len()), 0..5_usize);
    let nodes = proptest::collection::vec(node, 0..most);
    let edges =
        proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 0..most * 3);
    ("(?s).{0,40}", nodes, edges).prop_map(|(title, nodes, edges)| {
        let mut picture = Picture::new(title);
        let size = nodes.len();
        let mut ids = Vec::new();
        for (number, (label, same, state, after, badge)) in nodes.into_iter().enumerate() {
            // One in ten bears an id that is there already, perhaps.
            let id = if number % 10 == 9 { format!("n{}", same.index(size)) } else { format!("n{number}") };
            let mut node = Node::new(&id, airflow(WORDS[state])).label(format!("‹{number}›{label}"));
            if let Some(after) = after {
                node = node.becoming(airflow(WORDS[after]));
            }
            node = match badge {
                1 => node.badge(Mark::Ours, &label),
                2 => node.badge(Mark::Alone, "left alone because of something else that failed, too"),
                3 => node.badge(Mark::Fact, "try 2").group(label),
                _ => node,
            };
            picture = picture.node(node);
            ids.push(id);
        }
        for (from, to) in edges {
            if !ids.is_empty() {
                picture = picture.edge(&ids[from.index(ids.len())], &ids[to.index(ids.len())]);
            }
        }
        picture
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn every_node_is_drawn_once_and_over_no_other(picture in any_picture(60)) {
        let drawing = drawn(&picture, 300);
        drawing.is_sound();
        prop_assert_eq!(drawing.tasks(), distinct(&picture));
    }

    #[test]
    fn what_is_folded_is_counted(picture in any_picture(200)) {
        let drawing = drawn(&picture, 50);
        drawing.is_sound();
        prop_assert_eq!(drawing.tasks(), distinct(&picture));
        prop_assert!(drawing.boxes.len() <= 50);
    }

    #[test]
    fn every_node_is_in_the_tree_once(picture in any_picture(60), width in 0..120_usize) {
        let tree = picture.tree(&TreeOptions::default().width(width).lines(10_000));
        let mut seen = std::collections::BTreeSet::new();
        for (number, node) in picture.nodes.iter().enumerate() {
            let first = seen.insert(&node.id);
            let mark = format!("‹{number}›");
            // As a task of its own; what is named behind ↪ stands elsewhere.
            let lines = tree.lines().filter(|line| line.contains(&mark)).collect::<Vec<_>>();
            let own = lines.iter().filter(|line| WORDS.iter().any(|word| line.contains(&format!("{} {mark}", airflow(word)))));
            prop_assert_eq!(own.count(), usize::from(first), "{} in\n{}", mark, tree);
        }
        prop_assert!(!tree.contains('\u{1b}'), "a colour that nobody asked for");
    }

    #[test]
    fn a_tree_has_a_size(picture in any_picture(300), lines in 0..40_usize) {
        let tree = picture.tree(&TreeOptions::default().lines(lines).width(50));
        // The legend, what does not fit on its line, and what was left out come on top.
        prop_assert!(tree.lines().count() <= lines.max(10) * 2 + 40, "{}", tree);
    }
}
