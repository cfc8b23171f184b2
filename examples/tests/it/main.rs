//! Every program, end to end, as a person or a script would start it.

mod apply;
mod approval;
mod demo;
mod first;
mod input;
mod output;
mod runs;
mod secrets;
mod stage;
mod terminal;
