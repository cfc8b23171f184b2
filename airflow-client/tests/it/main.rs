//! The client against servers that answer as told.
