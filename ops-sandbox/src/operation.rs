use std::fmt;

/// A system that the sandbox plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum System {
    /// The catalogue of datasets.
    Metapod,
    /// The window on it.
    Sonar,
    /// What runs the DAGs.
    Airflow,
    /// What runs the jobs.
    Aurora,
    /// What gives the jobs their places.
    Mesos,
    /// The machines.
    Fleet,
    /// What builds and deploys.
    Gocd,
    /// The page on which people look into the warehouse.
    Metabase,
    /// Where people and programs write to each other.
    Slack,
    /// The clusters of the warehouse.
    Redshift,
    /// The warehouse's SQL.
    Warehouse,
    /// The services' stacks.
    CloudFormation,
    /// The services themselves.
    Services,
    /// The tables, and what is known of their use.
    DynamoDb,
    /// The workspace in which people look at data.
    Databricks,
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

            /// Whether it is answered only to who logged in, where that is asked for at all.
            pub(crate) fn needs_login(self) -> bool {
                match self.system() {
                    System::Airflow => !matches!(self, Self::AirflowProbe | Self::AirflowHealth),
                    // Reads are never challenged.
                    System::Aurora => self.changes() || self == Self::AuroraHosts,
                    System::Services => false,
                    System::Metabase => !matches!(self, Self::MetabaseProbe | Self::MetabaseLogin),
                    System::Databricks => self != Self::DatabricksLogin,
                    _ => true,
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
    /// Airflow's version.
    AirflowProbe = Airflow "airflow.probe" false,
    /// Airflow's health.
    AirflowHealth = Airflow "airflow.health" false,
    /// A login: a session, or a token.
    AirflowLogin = Airflow "airflow.login" false,
    /// All DAGs.
    AirflowDags = Airflow "airflow.dags" false,
    /// One DAG.
    AirflowDag = Airflow "airflow.dag" false,
    /// The tasks of a DAG.
    AirflowGraph = Airflow "airflow.graph" false,
    /// The runs of a DAG, or of all.
    AirflowRuns = Airflow "airflow.dag_runs" false,
    /// One run.
    AirflowRun = Airflow "airflow.dag_run" false,
    /// The task instances of a run.
    AirflowTasks = Airflow "airflow.task_instances" false,
    /// One task instance.
    AirflowTask = Airflow "airflow.task_instance" false,
    /// The tries of a task instance.
    AirflowTries = Airflow "airflow.tries" false,
    /// What a mark would change.
    PreviewTaskState = Airflow "airflow.preview_task_state" false,
    /// What a clear would take.
    PreviewClear = Airflow "airflow.preview_clear" false,
    /// Whether one may change runs.
    MayChange = Airflow "airflow.may_change" false,
    /// The log of a try.
    AirflowLog = Airflow "airflow.log" false,
    /// The rendered fields of a task.
    RenderedFields = Airflow "airflow.rendered_fields" false,
    /// The names of what a task left.
    XcomKeys = Airflow "airflow.xcom_keys" false,
    /// What a task left.
    Xcom = Airflow "airflow.xcom" false,
    /// All variables.
    AirflowVariables = Airflow "airflow.variables" false,
    /// One variable.
    AirflowVariable = Airflow "airflow.variable" false,
    /// All pools.
    AirflowPools = Airflow "airflow.pools" false,
    /// The DAG files that cannot be read.
    ImportErrors = Airflow "airflow.import_errors" false,
    /// Who did what.
    AirflowEvents = Airflow "airflow.events" false,
    /// Giving a task a state.
    SetTaskState = Airflow "airflow.set_task_state" true,
    /// Clearing tasks of a run.
    ClearTasks = Airflow "airflow.clear" true,
    /// Giving a run a state.
    SetRunState = Airflow "airflow.set_run_state" true,
    /// Clearing a run.
    ClearRun = Airflow "airflow.clear_run" true,
    /// Forgetting a run.
    DeleteRun = Airflow "airflow.delete_run" true,
    /// Pausing a DAG, or letting it go on.
    SetPaused = Airflow "airflow.set_paused" true,
    /// Setting a variable.
    SetVariable = Airflow "airflow.set_variable" true,
    /// Forgetting a variable.
    DeleteVariable = Airflow "airflow.delete_variable" true,
    /// Making a run.
    TriggerRun = Airflow "airflow.trigger" true,
    /// Whether a leading scheduler answers.
    AuroraProbe = Aurora "aurora.probe" false,
    /// How each scheduler feels.
    AuroraSchedulers = Aurora "aurora.schedulers" false,
    /// Tasks.
    AuroraTasks = Aurora "aurora.tasks" false,
    /// Why tasks wait.
    AuroraPendingReasons = Aurora "aurora.pending_reasons" false,
    /// All jobs.
    AuroraJobs = Aurora "aurora.jobs" false,
    /// The server's check of a job that might be created.
    AuroraCheck = Aurora "aurora.check" false,
    /// What a role may take.
    AuroraQuota = Aurora "aurora.quota" false,
    /// Whether one may change jobs.
    AuroraMayChange = Aurora "aurora.may_change" false,
    /// Creating a job.
    AuroraCreate = Aurora "aurora.create" true,
    /// Telling tasks to end.
    AuroraKill = Aurora "aurora.kill" true,
    /// Restarting instances.
    AuroraRestart = Aurora "aurora.restart" true,
    /// What hosts may take.
    AuroraHosts = Aurora "aurora.hosts" false,
    /// Keeping new tasks away from hosts.
    StartMaintenance = Aurora "aurora.start_maintenance" true,
    /// Moving all tasks away from hosts.
    DrainHosts = Aurora "aurora.drain" true,
    /// Letting hosts take tasks again.
    EndMaintenance = Aurora "aurora.end_maintenance" true,
    /// Setting what a role may take.
    SetQuota = Aurora "aurora.set_quota" true,
    /// Writing down the whole state.
    AuroraSnapshot = Aurora "aurora.snapshot" true,
    /// Whether a Mesos master answers.
    MesosProbe = Mesos "mesos.probe" false,
    /// What the leading master knows.
    MesosLook = Mesos "mesos.look" false,
    /// Forgetting a framework.
    MesosTeardown = Mesos "mesos.teardown" true,
    /// Whether the service of the machines answers.
    FleetProbe = Fleet "fleet.probe" false,
    /// Groups.
    FleetGroups = Fleet "fleet.groups" false,
    /// One group.
    FleetGroup = Fleet "fleet.group" false,
    /// The refreshes of a group.
    FleetRefreshes = Fleet "fleet.refreshes" false,
    /// Ending a machine, for another to take its place.
    ReplaceMachine = Fleet "fleet.replace" true,
    /// How many machines a group shall have.
    SetGroupSize = Fleet "fleet.set_size" true,
    /// Replacing all machines of a group.
    StartRefresh = Fleet "fleet.start_refresh" true,
    /// Ending a refresh.
    CancelRefresh = Fleet "fleet.cancel_refresh" true,
    /// GoCD's version.
    GocdProbe = Gocd "gocd.probe" false,
    /// The builds of a pipeline.
    GocdHistory = Gocd "gocd.history" false,
    /// Whether a pipeline may be built.
    GocdStatus = Gocd "gocd.status" false,
    /// Metabase's version.
    MetabaseProbe = Metabase "metabase.probe" false,
    /// A login: a session.
    MetabaseLogin = Metabase "metabase.login" false,
    /// Who asks.
    MetabaseMe = Metabase "metabase.me" false,
    /// All databases.
    MetabaseDatabases = Metabase "metabase.databases" false,
    /// The tables of a database.
    MetabaseMetadata = Metabase "metabase.metadata" false,
    /// Rows of a table.
    MetabaseQuery = Metabase "metabase.query" false,
    /// What a saved question finds.
    MetabaseQuestion = Metabase "metabase.question" false,
    /// Who asks Slack.
    SlackProbe = Slack "slack.probe" false,
    /// The messages of a channel.
    SlackHistory = Slack "slack.history" false,
    /// Whether the service of the clusters answers.
    RedshiftProbe = Redshift "redshift.probe" false,
    /// All clusters.
    RedshiftClusters = Redshift "redshift.clusters" false,
    /// One cluster.
    RedshiftCluster = Redshift "redshift.cluster" false,
    /// What happened to a cluster.
    RedshiftEvents = Redshift "redshift.events" false,
    /// The snapshots of a cluster.
    RedshiftSnapshots = Redshift "redshift.snapshots_in_progress" false,
    /// The change of a cluster's size.
    RedshiftResize = Redshift "redshift.resize" false,
    /// Restarting a cluster.
    RebootCluster = Redshift "redshift.reboot" true,
    /// Pausing a cluster.
    PauseCluster = Redshift "redshift.pause" true,
    /// Taking a paused cluster back.
    ResumeCluster = Redshift "redshift.resume" true,
    /// Whether the warehouse answers.
    WarehouseProbe = Warehouse "warehouse.probe" false,
    /// Who asks the warehouse.
    WarehouseMe = Warehouse "warehouse.me" false,
    /// The warehouse's sessions.
    WarehouseSessions = Warehouse "warehouse.sessions" false,
    /// What runs in the warehouse.
    WarehouseRunning = Warehouse "warehouse.running" false,
    /// What a session did last.
    WarehouseLastQuery = Warehouse "warehouse.last_query" false,
    /// The locks that are waited for.
    WarehouseContendedLocks = Warehouse "warehouse.contended_locks" false,
    /// The locks of a session.
    WarehouseLocksOf = Warehouse "warehouse.locks_of" false,
    /// The warehouse's schemas.
    WarehouseSchemas = Warehouse "warehouse.schemas" false,
    /// What could not be loaded.
    WarehouseLoadErrors = Warehouse "warehouse.load_errors" false,
    /// The Loads table.
    WarehouseLoads = Warehouse "warehouse.loads" false,
    /// Ending a session.
    TerminateSession = Warehouse "warehouse.terminate" true,
    /// Cancelling what a session runs.
    CancelSession = Warehouse "warehouse.cancel" true,
    /// Whether the service of the stacks answers.
    StacksProbe = CloudFormation "cloudformation.probe" false,
    /// Stacks.
    Stacks = CloudFormation "cloudformation.stacks" false,
    /// One stack.
    Stack = CloudFormation "cloudformation.stack" false,
    /// What happened to a stack.
    StackEvents = CloudFormation "cloudformation.events" false,
    /// What a change would do.
    ChangeSet = CloudFormation "cloudformation.change_set" false,
    /// The change sets of a stack.
    ChangeSets = CloudFormation "cloudformation.change_sets" false,
    /// Comparing a stack with its template.
    StartDriftCheck = CloudFormation "cloudformation.start_drift_check" false,
    /// What such a comparison found.
    DriftCheck = CloudFormation "cloudformation.drift_check" false,
    /// Having it computed what a change would do.
    CreateChangeSet = CloudFormation "cloudformation.create_change_set" true,
    /// Updating a stack.
    ExecuteChangeSet = CloudFormation "cloudformation.execute_change_set" true,
    /// Forgetting a change set.
    DeleteChangeSet = CloudFormation "cloudformation.delete_change_set" true,
    /// Ending an update.
    CancelUpdate = CloudFormation "cloudformation.cancel_update" true,
    /// Going on with a rollback that failed.
    ContinueRollback = CloudFormation "cloudformation.continue_rollback" true,
    /// Taking a failed update back.
    RollBackStack = CloudFormation "cloudformation.roll_back" true,
    /// The version of a service.
    Version = Services "version.ask" false,
    /// The health of a service.
    Health = Services "version.health" false,
    /// Whether the service of the tables answers.
    TablesProbe = DynamoDb "dynamodb.probe" false,
    /// One table.
    Table = DynamoDb "dynamodb.table" false,
    /// The names of tables.
    TableNames = DynamoDb "dynamodb.tables" false,
    /// How much the account may have.
    TableLimits = DynamoDb "dynamodb.limits" false,
    /// What a table was asked for.
    TableUsage = DynamoDb "dynamodb.usage" false,
    /// What scales by itself.
    TableScaling = DynamoDb "dynamodb.scaling" false,
    /// Setting units.
    SetCapacity = DynamoDb "dynamodb.set_capacity" true,
    /// Setting the bounds of what scales by itself.
    SetScaling = DynamoDb "dynamodb.set_scaling" true,
    /// A login: a token for a machine.
    DatabricksLogin = Databricks "databricks.log_in" false,
    /// Whether the workspace answers.
    DatabricksProbe = Databricks "databricks.probe" false,
    /// Who asks.
    DatabricksMe = Databricks "databricks.me" false,
    /// What lies at a path.
    DatabricksPathStatus = Databricks "databricks.path_status" false,
    /// What lies in a folder.
    DatabricksList = Databricks "databricks.list" false,
    /// All clusters.
    DatabricksClusters = Databricks "databricks.clusters" false,
    /// What stands in the workspace's tree.
    DatabricksNotebook = Databricks "databricks.notebook" false,
    /// One run.
    DatabricksRun = Databricks "databricks.run" false,
    /// What a run told.
    DatabricksRunOutput = Databricks "databricks.run_output" false,
    /// One statement, and what it found.
    DatabricksStatement = Databricks "databricks.statement" false,
    /// Beginning a context.
    CreateContext = Databricks "databricks.create_context" true,
    /// How a context stands.
    ContextStatus = Databricks "databricks.context_status" false,
    /// Ending a context.
    DestroyContext = Databricks "databricks.destroy_context" true,
    /// Beginning a command.
    ExecuteCommand = Databricks "databricks.execute" true,
    /// How a command stands.
    CommandStatus = Databricks "databricks.command_status" false,
    /// Ending a command.
    CancelCommand = Databricks "databricks.cancel_command" true,
    /// Writing a notebook.
    ImportNotebook = Databricks "databricks.import_notebook" true,
    /// Taking a notebook away.
    DeleteNotebook = Databricks "databricks.delete_notebook" true,
    /// Running a notebook.
    SubmitRun = Databricks "databricks.submit" true,
    /// Ending a run.
    CancelRun = Databricks "databricks.cancel_run" true,
    /// Beginning a statement.
    ExecuteStatement = Databricks "databricks.execute_statement" true,
    /// Ending a statement.
    CancelStatement = Databricks "databricks.cancel_statement" true,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
