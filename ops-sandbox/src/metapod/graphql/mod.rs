//! Metapod's GraphQL, the one that Sonar is a window on: `sonar-client/graphql/schema.graphql` by another hand.

mod classify;
mod input;
mod list;
mod mutation;
mod query;
mod types;
mod words;

use async_graphql::EmptySubscription;

pub(crate) use classify::{Asked, asked};
pub(crate) use mutation::Mutation;
pub(crate) use query::Query;

use crate::World;

/// The schema, served from a world.
pub(crate) type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

pub(crate) fn schema(world: World) -> Schema {
    let (query, mutation) = (Query { world: world.clone() }, Mutation { world });
    Schema::build(query, mutation, EmptySubscription).finish()
}

/// What the sandbox's GraphQL looks like, in the schema language.
pub fn sdl() -> String {
    schema(World::seeded(0)).sdl()
}
