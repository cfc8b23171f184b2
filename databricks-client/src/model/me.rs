//! Who asks.

/// Whoever a credential belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Me {
    /// The e-mail address of a person, the application's id of a service principal.
    pub user_name: String,
    /// How they are called, where that is known.
    pub display_name: Option<String>,
    /// The groups that they belong to.
    pub groups: Vec<String>,
}

impl Me {
    /// Somebody of this name.
    pub fn new(user_name: impl Into<String>) -> Self {
        Self { user_name: user_name.into(), display_name: None, groups: Vec::new() }
    }

    /// Called so.
    #[must_use]
    pub fn with_display_name(mut self, name: impl Into<String>) -> Self {
        self.display_name = Some(name.into());
        self
    }

    /// In these groups.
    #[must_use]
    pub fn with_groups<T: Into<String>>(mut self, groups: impl IntoIterator<Item = T>) -> Self {
        self.groups = groups.into_iter().map(Into::into).collect();
        self
    }
}
