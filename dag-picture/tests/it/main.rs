//! What a person, and a program that embeds the pictures, relies on.

mod properties;
mod scale;
mod stage;
mod words;
