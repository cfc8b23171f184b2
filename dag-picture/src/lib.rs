#![doc = include_str!("../README.md")]

mod fold;
mod graph;
mod items;
mod legend;
mod model;
mod order;
mod palette;
mod place;
mod rows;
mod spanning;
mod svg;
mod text;
mod tree;

pub use model::{Badge, Colour, Mark, Node, Picture, State, Tone};
pub use palette::airflow;
pub use svg::SvgOptions;
pub use tree::TreeOptions;
