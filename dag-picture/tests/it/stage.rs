//! Runs to draw, and what stands in a drawing.

use std::collections::BTreeSet;

use dag_picture::{Mark, Node, Picture, SvgOptions, airflow};

pub(crate) const WORDS: [&str; 6] = ["success", "failed", "upstream_failed", "no_status", "running", "frozen"];

/// A box of a drawing.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) text: String,
    pub(crate) tasks: usize,
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

/// A drawing that was read again.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) boxes: Vec<Shown>,
    /// Where arrows begin and end, from left to right.
    pub(crate) arrows: Vec<(f64, f64)>,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) text: String,
    pub(crate) bytes: usize,
}

fn number(node: roxmltree::Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
}

pub(crate) fn drawn(picture: &Picture, boxes: usize) -> Drawing {
    let svg = picture.svg(&SvgOptions::default().boxes(boxes));
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}:\n{svg}"));
    let root = document.root_element();
    let texts = |node: roxmltree::Node<'_, '_>| {
        let texts = node.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
        texts.filter_map(|node| node.text().map(str::to_owned)).collect::<Vec<_>>().join(" ")
    };
    let groups = root.children().filter(|node| node.tag_name().name() == "g");
    let boxes = groups
        .map(|group| {
            let rects = group.children().filter(|node| node.attribute("rx") == Some("4"));
            let edges = rects.map(|rect| {
                let (x, y) = (number(rect, "x"), number(rect, "y"));
                (x, y, x + number(rect, "width"), y + number(rect, "height"))
            });
            let most = edges
                .reduce(|a, b| (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3)))
                .unwrap_or_else(|| panic!("a box without edge"));
            let text = texts(group);
            let many = text.split(" tasks").next().and_then(|before| before.rsplit(' ').next()?.parse().ok());
            let tasks = if text.contains(" tasks") { many.unwrap_or(1) } else { 1 };
            Shown { text, tasks, left: most.0, top: most.1, right: most.2, bottom: most.3 }
        })
        .collect();
    let arrows = root.children().filter(|node| node.tag_name().name() == "path").map(|path| {
        let numbers: Vec<f64> = path
            .attribute("d")
            .unwrap_or_default()
            .split(|c: char| c != '-' && c != '.' && !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        (numbers[0], numbers[6])
    });
    Drawing {
        boxes,
        arrows: arrows.collect(),
        width: number(root, "width"),
        height: number(root, "height"),
        text: texts(root),
        bytes: svg.len(),
    }
}

impl Drawing {
    /// No box lies over another one or outside of the picture, and every arrow goes to the right.
    #[track_caller]
    pub(crate) fn is_sound(&self) -> &Self {
        let mut boxes: Vec<&Shown> = self.boxes.iter().collect();
        boxes.sort_by(|a, b| a.left.total_cmp(&b.left).then(a.top.total_cmp(&b.top)));
        for (number, one) in boxes.iter().enumerate() {
            assert!(
                one.left >= 0.0 && one.top >= 0.0 && one.right <= self.width && one.bottom <= self.height,
                "{one:?}"
            );
            for other in boxes.iter().skip(number + 1).take_while(|other| other.left <= one.right) {
                assert!(one.bottom <= other.top || other.bottom <= one.top, "{one:?} lies over {other:?}");
            }
        }
        for (from, to) in &self.arrows {
            assert!(from < to, "an arrow goes from {from} to {to}");
        }
        self
    }

    /// How many tasks all boxes together are.
    pub(crate) fn tasks(&self) -> usize {
        self.boxes.iter().map(|shown| shown.tasks).sum()
    }
}

/// How many nodes of different ids there are.
pub(crate) fn distinct(picture: &Picture) -> usize {
    picture.nodes.iter().map(|node| &node.id).collect::<BTreeSet<_>>().len()
}

/// Models that need others, four tasks each; one of them failed, and passing over it is planned.
pub(crate) fn models(tasks: usize) -> Picture {
    let mut picture = Picture::new(format!("a run of {tasks} tasks"));
    for model in 0..tasks / 4 {
        let name = |step: &str| format!("{step}-model-{model:04}");
        for step in ["scale", "input", "run", "downscale"] {
            let node = match (model % 50, step) {
                (7, "run") => Node::new(name(step), airflow("failed"))
                    .becoming(airflow("success"))
                    .badge(Mark::Ours, "marked success"),
                (7, "downscale") => Node::new(name(step), airflow("upstream_failed"))
                    .becoming(airflow("no_status"))
                    .badge(Mark::Itself, "cleared"),
                _ => Node::new(name(step), airflow("success")),
            };
            picture = picture.node(node);
        }
        picture = picture.edge(name("scale"), name("input")).edge(name("input"), name("run"));
        picture = picture.edge(name("run"), name("downscale"));
        if model > 3 {
            picture = picture.edge(format!("run-model-{:04}", model * 3 / 4), name("scale"));
        }
    }
    picture
}
