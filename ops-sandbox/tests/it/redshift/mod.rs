//! The warehouse: locks that are waited for, the loader's life, clusters.

mod clusters;
mod http;
mod loader;
mod sessions;

use ops_sandbox::World;

/// A world whose clock stands.
fn world() -> World {
    World::seeded(1).at("2018-01-18T09:20:00Z".parse().unwrap())
}
