use std::fmt;

/// A system that the sandbox plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// The catalogue of datasets.
    Metapod,
    /// The window on it.
    Sonar,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $variant:ident = $system:ident $name:literal $change:literal),+ $(,)?) => {
        /// What can be asked of a system: the methods of its ports, one to one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Operation {
            $($(#[$doc])* $variant,)+
        }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The system that is asked.
            pub fn system(self) -> System {
                match self {
                    $(Self::$variant => System::$system,)+
                }
            }

            /// `system.verb`, as the clients' errors say it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Whether it changes something.
            pub fn changes(self) -> bool {
                match self {
                    $(Self::$variant => $change,)+
                }
            }
        }
    };
}

operations! {
    /// Metapod's version.
    MetapodProbe = Metapod "metapod.probe" false,
    /// Metapod's health.
    MetapodHealth = Metapod "metapod.health" false,
    /// One transaction, asked of Metapod.
    MetapodTransaction = Metapod "metapod.transaction" false,
    /// Taking a commit back.
    RetractCommittedDataset = Metapod "metapod.retract_committed_dataset" true,
    /// Taking an attribute out of a schema.
    RetractAttribute = Metapod "metapod.retract_attribute" true,
    /// Taking an indexed attribute away.
    RetractIndexedAttribute = Metapod "metapod.retract_indexed_attribute" true,
    /// Committing a dataset.
    CommitDataset = Metapod "metapod.commit_dataset" true,
    /// Copying a transaction.
    CopyTransaction = Metapod "metapod.copy_transaction" true,
    /// Making a transaction.
    CreateTransaction = Metapod "metapod.create_transaction" true,
    /// Whether Sonar answers.
    SonarProbe = Sonar "sonar.probe" false,
    /// One transaction, asked of Sonar.
    SonarTransaction = Sonar "sonar.transaction" false,
    /// All transactions.
    SonarTransactions = Sonar "sonar.transactions" false,
    /// The datasets of a transaction.
    SonarDatasets = Sonar "sonar.datasets" false,
    /// All that is known of some datasets.
    SonarDetails = Sonar "sonar.details" false,
    /// How many datasets are committed.
    SonarCommittedCount = Sonar "sonar.committed_count" false,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
