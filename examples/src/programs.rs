//! Which program asks for a recipe: mostly the one of its name.

/// The program that asks for a recipe.
pub fn program(recipe: &str) -> &str {
    match recipe {
        "create-job" => "aurora-jobs create",
        "restart-job" => "aurora-jobs restart",
        "kill-job" => "aurora-jobs kill",
        "scale-up" => "scale-cluster up",
        "scale-down" => "scale-cluster down",
        other => other,
    }
}

/// Whether the program of a recipe takes its runs back: a ladder is climbed, and what a rung owes is said by its report.
pub fn undoes(recipe: &str) -> bool {
    recipe != "recover-run"
}

/// How a run of a recipe is taken back.
pub fn undo(recipe: &str, folder: impl std::fmt::Display) -> String {
    format!("undo:   {} --undo {folder}", program(recipe))
}
