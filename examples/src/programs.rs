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

/// How a run of a recipe is taken back.
pub fn undo(recipe: &str, folder: impl std::fmt::Display) -> String {
    format!("undo:   {} --undo {folder}", program(recipe))
}
