// The schema, verbatim, and the data of the conformance scenario as its root value.
import { readFileSync } from "node:fs";
import { buildSchema, GraphQLError } from "graphql";

const file = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

export const schema = buildSchema(file("sonar-client/graphql/schema.graphql"));

// `buildSchema` takes custom scalars as they come. Checked here, a wrong one would be an error as on a strict server.
const scalar = (name, form) => {
  schema.getType(name).serialize = (value) => {
    if (typeof value !== "string" || !form.test(value)) throw new GraphQLError(`${value} is no ${name}`);
    return value;
  };
};
scalar("DateTime", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
scalar("Date", /^\d{4}-\d\d-\d\d$/);

const states = {
  ONLY_COMMITTED: (dataset) => dataset.committed,
  ONLY_UNCOMMITTED: (dataset) => !dataset.committed && !dataset.abortedAt,
  ONLY_ABORTED: (dataset) => Boolean(dataset.abortedAt),
};

const transaction = ({ datasets, ...facts }) => ({
  ...facts,
  datasets: ({ datasetNames, committed }) =>
    datasets
      .filter((dataset) => !datasetNames || datasetNames.includes(dataset.name))
      .filter((dataset) => !committed || states[committed](dataset))
      .map((dataset) => ({ transactionId: facts.id, ...dataset })),
  datasetConnection: { numCommittedDatasets: datasets.filter(states.ONLY_COMMITTED).length },
});

const transactions = JSON.parse(file("sonar-client/conformance/scenario.json")).transactions.map(transaction);

const readOnly = () => {
  throw new GraphQLError("this server only reads");
};

export const rootValue = {
  transaction: ({ transactionId }) => transactions.find(({ id }) => id === transactionId) ?? null,
  allTransactions: { edges: transactions.map((node) => ({ node })) },
  createTransaction: readOnly,
  commitDataset: readOnly,
  unapplyCompaction: readOnly,
};
