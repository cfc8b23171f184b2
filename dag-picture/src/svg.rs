//! The picture as SVG.

use std::fmt::Write as _;

use crate::fold::fold;
use crate::graph::Graph;
use crate::items::{Items, Part};
use crate::legend;
use crate::place::{Room, place};
use crate::rows::Face;
use crate::text::{columns, cut, escape, wrap};
use crate::{Mark, Picture};

/// How a tile is made, in pixels.
const HEIGHT: f64 = 40.0;
const BETWEEN: f64 = 12.0;
const PASSING: f64 = 4.0;
const SIGN: f64 = 34.0;
const TURN: f64 = 18.0;
const PAD: f64 = 8.0;
/// How wide a character of each size is: that of the widest of the usual typefaces of one width.
const NAME: f64 = 7.3;
const LINE: f64 = 6.4;
/// Between columns, and around everything.
const GAP: f64 = 56.0;
const MARGIN: f64 = 24.0;
/// How narrow a picture may become: the legend must have room.
const NARROWEST: f64 = 760.0;
/// How many arrows are drawn. Nobody follows more with their eyes, and a file has a size.
const ARROWS: usize = 6_000;

const FONT: &str = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace";
const BLUE: &str = "#0050b3";

/// How the picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SvgOptions {
    /// How many boxes there may be before tasks are folded into one; 48 at least.
    pub boxes: usize,
}

impl Default for SvgOptions {
    /// Up to 300 boxes.
    fn default() -> Self {
        Self { boxes: 300 }
    }
}

impl SvgOptions {
    /// Up to so many boxes.
    #[must_use]
    pub fn boxes(mut self, most: usize) -> Self {
        self.boxes = most;
        self
    }
}

impl Picture {
    /// The picture as SVG: a document of its own, with no reference to anything outside. Columns from left to right, a box for
    /// each node. What would be too much is folded into boxes that say how many nodes they are.
    pub fn svg(&self, options: &SvgOptions) -> String {
        let graph = Graph::of(self);
        let folded = fold(&graph, options.boxes);
        let faces: Vec<Face<'_>> = folded.tiles.iter().filter_map(|tile| Face::of(&graph, tile)).collect();
        let mut items = Items::of(&folded);
        crate::order::order(&mut items);
        let y = place(&items, Room { tile: HEIGHT, between: BETWEEN, passing: PASSING });
        let changes = legend::changes(&graph);
        let mut notes = self.notes.clone();
        notes.extend(folded.said);
        if items.parts.len() > ARROWS {
            notes.push(format!("{} parts of arrows of {} are drawn", ARROWS, items.parts.len()));
        }
        notes.extend(graph.left_out());
        if graph.nodes.is_empty() {
            notes.push("there is nothing to draw".into());
        }

        let columns_at = columns_at(&items, &faces);
        let wide = columns_at.last().map_or(0.0, |&(x, width)| x + width).max(NARROWEST);
        let mut out = Drawing { body: String::new(), y: MARGIN };
        out.heading(self, &notes, wide);
        out.y += 14.0;
        out.legend(self, &graph, changes, wide);
        let top = out.y + 12.0;
        let bottom = (0..items.column.len()).map(|item| y[item] + HEIGHT / 2.0).fold(0.0, f64::max);
        for part in items.parts.iter().take(ARROWS) {
            out.arrow(part, &items, &columns_at, &faces, &y, top);
        }
        for (item, face) in faces.iter().enumerate() {
            let Some(&(x, width)) = columns_at.get(items.column[item]) else { continue };
            out.tile(face, x, top + y[item] - HEIGHT / 2.0, width, changes);
        }
        out.y = top + bottom + 8.0;
        out.document(self, wide + 2.0 * MARGIN)
    }
}

/// By column: where it begins, and how wide its boxes are.
fn columns_at(items: &Items, faces: &[Face<'_>]) -> Vec<(f64, f64)> {
    let mut x = MARGIN;
    let mut at = Vec::with_capacity(items.columns.len());
    for (number, column) in items.columns.iter().enumerate() {
        let tiles = column.iter().filter_map(|&item| faces.get(item));
        let width = tiles.map(width_of).fold(0.0, f64::max);
        at.push((x, width));
        // Where much passes, there is more room for it to turn.
        let through = items.columns.get(number + 1).map_or(0, Vec::len);
        x += width + GAP + (through as f64 * 1.5).min(80.0);
    }
    at
}

fn signs_of(face: &Face<'_>) -> f64 {
    if face.after.is_some() { 2.0 * SIGN + TURN } else { SIGN }
}

fn width_of(face: &Face<'_>) -> f64 {
    let text = (columns(&face.name) as f64 * NAME).max(columns(&face.line) as f64 * LINE);
    (signs_of(face) + 2.0 * PAD + text).ceil()
}

/// What was drawn so far, and how far down that is.
struct Drawing {
    body: String,
    y: f64,
}

impl Drawing {
    fn add(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(what);
        self.body.push('\n');
    }

    fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let text = escape(text);
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>"));
    }

    fn heading(&mut self, picture: &Picture, notes: &[String], wide: f64) {
        for line in wrap(&cut(&picture.title, 300), fits(wide, 10.9)) {
            self.y += 18.0;
            let y = self.y;
            self.text(MARGIN, y, "t", &line);
            self.y += 6.0;
        }
        for line in notes.iter().flat_map(|note| wrap(&cut(note, 600), fits(wide, NAME))) {
            self.y += 18.0;
            let y = self.y;
            self.text(MARGIN, y, "n", &line);
        }
    }

    fn tile(&mut self, face: &Face<'_>, x: f64, y: f64, width: f64, changes: bool) {
        let calm = changes && !face.remarkable;
        let class = if calm { "calm" } else { "node" };
        self.add(format_args!("<g class=\"{class}\"><title>{}</title>", escape(&face.hover)));
        if face.members > 1 {
            // A second edge behind it: there is more than one.
            let (x, y) = (x + 4.0, y + 4.0);
            self.add(format_args!(
                "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#fff\" stroke=\"#888\"/>"
            ));
        }
        let edge = edge(face.mark);
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"4\" fill=\"#fff\" {edge}/>"
        ));
        self.sign(face.state, x + 3.0, y + 3.0);
        if let Some(after) = face.after {
            self.text(x + SIGN + TURN / 2.0, y + 25.0, "a", "→");
            self.sign(after, x + SIGN + TURN, y + 3.0);
        }
        let at = x + signs_of(face) + PAD;
        self.text(at, y + 17.0, "b", &face.name);
        self.text(at, y + 32.0, "l", &face.line);
        self.body.push_str("</g>\n");
    }

    fn sign(&mut self, state: &crate::State, x: f64, y: f64) {
        let (width, height) = (SIGN - 3.0, HEIGHT - 6.0);
        let (fill, ink) = (state.fill, state.fill.ink());
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\" rx=\"2\" fill=\"{fill}\" stroke=\"#555\" stroke-width=\".5\"/>"
        ));
        let (x, y) = (x + width / 2.0, y + height / 2.0 + 5.0);
        let text = escape(&format!("{}{}", state.letter, state.sign));
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"s\" fill=\"{ink}\">{text}</text>"));
    }

    fn arrow(&mut self, part: &Part, items: &Items, at: &[(f64, f64)], faces: &[Face<'_>], y: &[f64], top: f64) {
        let (Some(&(x, width)), Some(&(end, through))) =
            (at.get(items.column[part.from]), at.get(items.column[part.to]))
        else {
            return;
        };
        let x = x + width;
        let (from, to) = (top + y[part.from], top + y[part.to]);
        let arrives = items.is_tile(part.to);
        let end = if arrives { end - 5.0 } else { end };
        let middle = x + (end - x) / 2.0;
        let on = if arrives { String::new() } else { format!(" H{:.1}", end + through) };
        let head = if arrives { " marker-end=\"url(#h)\"" } else { "" };
        let acts = |tile: usize| faces.get(tile).is_some_and(|face| face.mark > Mark::Alone);
        let strong = acts(part.source) && (!arrives || acts(part.to));
        let class = if strong { "e x" } else { "e" };
        let thick = if part.arrows > 1 { " stroke-width=\"2.2\"" } else { "" };
        self.add(format_args!(
            "<path class=\"{class}\" d=\"M{x:.1} {from:.1} C{middle:.1} {from:.1} {middle:.1} {to:.1} {end:.1} {to:.1}{on}\"{thick}{head}/>"
        ));
    }

    fn legend(&mut self, picture: &Picture, graph: &Graph<'_>, changes: bool, wide: f64) {
        let (entries, others) = legend::entries(graph);
        let mut x = MARGIN;
        for entry in &entries {
            let text = entry.text(changes);
            let width = SIGN + 8.0 + columns(&text) as f64 * NAME + 24.0;
            if x + width > MARGIN + wide && x > MARGIN {
                x = MARGIN;
                self.y += HEIGHT;
            }
            let y = self.y;
            self.sign(entry.state, x, y);
            self.text(x + SIGN + 5.0, y + 22.0, "n", &text);
            x += width;
        }
        if others > 0 {
            self.text(x, self.y + 22.0, "n", &format!("in other states {others}"));
        }
        self.y += HEIGHT + 6.0;
        for mark in legend::marks(graph) {
            let (y, edge) = (self.y, edge(mark));
            self.add(format_args!(
                "<rect x=\"{MARGIN:.1}\" y=\"{y:.1}\" width=\"30\" height=\"16\" rx=\"3\" fill=\"#fff\" {edge}/>"
            ));
            self.text(MARGIN + 40.0, y + 13.0, "n", &cut(picture.meant(mark), fits(wide, NAME) - 6));
            self.y += 24.0;
        }
    }

    fn document(&self, picture: &Picture, width: f64) -> String {
        let height = self.y + MARGIN;
        let title = escape(&cut(&picture.title, 300));
        let body = &self.body;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"{FONT}\" font-size=\"12\">\n\
             <title>{title}</title>\n<defs>\n\
             <marker id=\"h\" viewBox=\"0 0 8 8\" refX=\"6\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\" fill=\"#666\"/></marker>\n\
             <style>.t{{font-size:18px;font-weight:bold}}.n{{font-size:12px;fill:#333}}.b{{font-weight:bold}}\
             .l{{font-size:10.5px;fill:#333}}.s{{font-size:14px;font-weight:bold;text-anchor:middle}}\
             .a{{font-size:16px;fill:{BLUE};font-weight:bold;text-anchor:middle}}.e{{fill:none;stroke:#999;stroke-width:1.2}}\
             .x{{stroke:{BLUE}}}.calm{{opacity:.62}}</style>\n</defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{body}</svg>\n"
        )
    }
}

/// The edge of a box: what is done is told by its shape as well as by its colour.
fn edge(mark: Mark) -> String {
    match mark {
        Mark::Fact => "stroke=\"#777\"".into(),
        Mark::Ours => format!("stroke=\"{BLUE}\" stroke-width=\"3.5\""),
        Mark::Itself => format!("stroke=\"{BLUE}\" stroke-width=\"2.5\" stroke-dasharray=\"7 3\""),
        Mark::Alone => "stroke=\"#b34700\" stroke-width=\"2.5\" stroke-dasharray=\"2 3\"".into(),
    }
}

/// How many columns of this width there is room for.
fn fits(wide: f64, column: f64) -> usize {
    (wide / column) as usize
}
