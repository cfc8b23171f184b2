//! Airflow's states, in the colours that its own pages give them.

use crate::{Colour, State, Tone};

/// A state of Airflow by its word: `failed`, `upstream_failed`, … The colours are those of Airflow's own table of states
/// (`STATE_COLORS` of 2.11; names of CSS, here as numbers). A word that is not known keeps its own name.
///
/// ```
/// let state = dag_picture::airflow("upstream_failed");
/// assert_eq!((state.to_string(), state.fill.to_string()), ("U ↑".into(), "#ffa500".into()));
/// ```
pub fn airflow(word: &str) -> State {
    let (letter, sign, fill, tone) = match word {
        "success" => ('S', '✓', Colour(0, 128, 0), Tone::Good),
        "running" => ('R', '▶', Colour(0, 255, 0), Tone::Busy),
        "failed" => ('F', '✗', Colour(255, 0, 0), Tone::Bad),
        "upstream_failed" => ('U', '↑', Colour(255, 165, 0), Tone::Bad),
        "skipped" => ('K', '»', Colour(255, 105, 180), Tone::Idle),
        "up_for_retry" => ('T', '↻', Colour(255, 215, 0), Tone::Bad),
        "up_for_reschedule" => ('L', '↻', Colour(64, 224, 208), Tone::Busy),
        "queued" => ('Q', '…', Colour(128, 128, 128), Tone::Busy),
        "scheduled" => ('H', '…', Colour(210, 180, 140), Tone::Busy),
        "deferred" => ('D', '…', Colour(147, 112, 219), Tone::Busy),
        "restarting" => ('G', '↻', Colour(238, 130, 238), Tone::Busy),
        "removed" => ('X', '-', Colour(211, 211, 211), Tone::Idle),
        "awaiting_input" => ('A', '?', Colour(255, 255, 255), Tone::Busy),
        "no_status" => ('N', '·', Colour(173, 216, 230), Tone::Idle),
        _ => ('?', '?', Colour(255, 255, 255), Tone::Busy),
    };
    State::new(word, letter, sign, fill, tone)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_states_look_the_same_without_colour() {
        let words = [
            "success",
            "running",
            "failed",
            "upstream_failed",
            "skipped",
            "up_for_retry",
            "up_for_reschedule",
            "queued",
            "scheduled",
            "deferred",
            "restarting",
            "removed",
            "awaiting_input",
            "no_status",
            "frozen",
        ];
        let letters: BTreeSet<char> = words.iter().map(|word| airflow(word).letter).collect();
        assert_eq!(letters.len(), words.len());
        assert_eq!(airflow("frozen").word, "frozen");
    }
}
