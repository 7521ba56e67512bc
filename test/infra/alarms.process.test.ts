import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { ALARM_KEYS } from "../../src/bot/words/alarm-keys.ts";
import { ASKED, packaged, type Resource, STAGE } from "./packaged.ts";
import { ofType, resolved } from "./resolved.ts";

const TOPIC = `weighbridge-${STAGE}-alarms`;
const FUNCTION_ARN = `arn:aws:lambda:eu-central-1:123456789012:function:weighbridge-${STAGE}`;

const ANY_IN_FIVE_MINUTES = {
  Statistic: "Sum",
  Period: 300,
  EvaluationPeriods: 1,
  ComparisonOperator: "GreaterThanThreshold",
  Threshold: 0,
};
/** Accounts run every half hour, and trouble in every run has to be one alarm. */
const ANY_IN_AN_HOUR = { ...ANY_IN_FIVE_MINUTES, EvaluationPeriods: 12, DatapointsToAlarm: 1 };

const Metric = z.object({
  Namespace: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.string() })),
});
const Alarm = z.looseObject({
  AlarmName: z.string(),
  AlarmActions: z.array(z.string()),
  OKActions: z.array(z.string()),
  ActionsEnabled: z.literal(true).optional(),
});
const Filter = z.strictObject({
  LogGroupName: z.string(),
  FilterPattern: z.string(),
  MetricTransformations: z.tuple([
    z.strictObject({ MetricNamespace: z.string(), MetricName: z.string(), MetricValue: z.literal("1") }),
  ]),
});

let resources: Record<string, Resource>;
let withEmail: Record<string, Resource>;
let alarms: Record<string, z.infer<typeof Alarm>>;
let filters: Array<z.infer<typeof Filter>>;

beforeAll(async () => {
  resources = resolved((await packaged()).template);
  withEmail = resolved((await packaged(ASKED)).template);
  alarms = Object.fromEntries(
    ofType(resources, "AWS::CloudWatch::Alarm").map((it) => {
      const alarm = Alarm.parse(it);
      return [alarm.AlarmName.replace(`weighbridge-${STAGE}-`, ""), alarm];
    }),
  );
  filters = ofType(resources, "AWS::Logs::MetricFilter").map((it) => Filter.parse(it));
}, 120_000);

/** What an alarm counts, as `namespace metric Dimension=value`. */
function metricOf(key: string): string {
  const { Namespace, MetricName, Dimensions } = Metric.parse(alarms[key]);
  return [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)].join(" ");
}
const feeding = (key: string) =>
  filters.filter(({ MetricTransformations: [{ MetricNamespace, MetricName }] }) => {
    return `${MetricNamespace} ${MetricName}` === metricOf(key);
  });

test("at most ten metrics carry an alarm, because ten are free", () => {
  // One that calculates would count each metric in it, and a composite one costs as much as five.
  expect(ofType(resources, "AWS::CloudWatch::CompositeAlarm")).toEqual([]);
  expect(new Set(Object.keys(alarms).map(metricOf)).size).toBe(Object.keys(alarms).length);
  expect(Object.keys(alarms).length).toBeLessThanOrEqual(10);
});

test("every alarm reports its start and its end to the topic", () => {
  expect(Object.keys(alarms).sort()).toEqual([...ALARM_KEYS].sort());
  for (const { AlarmActions, OKActions } of Object.values(alarms)) {
    expect({ AlarmActions, OKActions }).toEqual({ AlarmActions: [TOPIC], OKActions: [TOPIC] });
  }
});

test("the topic calls the function alarm, and may", () => {
  // CloudWatch can't publish to an encrypted topic.
  expect(ofType(resources, "AWS::SNS::Topic")).toEqual([{ TopicName: TOPIC }]);
  expect(ofType(resources, "AWS::SNS::Subscription")).toEqual([
    { TopicArn: TOPIC, Protocol: "lambda", Endpoint: `${FUNCTION_ARN}-alarm` },
  ]);
  expect(ofType(resources, "AWS::Lambda::Permission")).toContainEqual({
    FunctionName: `${FUNCTION_ARN}-alarm`,
    Action: "lambda:InvokeFunction",
    Principal: "sns.amazonaws.com",
    SourceArn: TOPIC,
  });
});

test("the topic also reaches the e-mail address, if there is one", () => {
  expect(ofType(withEmail, "AWS::SNS::Subscription")).toContainEqual({
    TopicArn: TOPIC,
    Protocol: "email",
    Endpoint: "owner@example.org",
  });
});

test.each(["sweep", "alarm"])("%s has an alarm for its first error", (name) => {
  expect(metricOf(`${name}-errors`)).toBe(`AWS/Lambda Errors FunctionName=weighbridge-${STAGE}-${name}`);
  expect(alarms[`${name}-errors`]).toMatchObject({ ...ANY_IN_FIVE_MINUTES, TreatMissingData: "notBreaching" });
});

test("one alarm is for every function that AWS refuses to run, as all of them share one limit", () => {
  expect(metricOf("throttles")).toBe("AWS/Lambda Throttles");
  expect(alarms.throttles).toMatchObject({ ...ANY_IN_FIVE_MINUTES, TreatMissingData: "notBreaching" });
});

test("a dead-lettered job raises an alarm, which stays on while nobody reads the queue", () => {
  expect(metricOf("dead-jobs")).toBe(
    `AWS/SQS ApproximateNumberOfMessagesVisible QueueName=weighbridge-${STAGE}-dead.fifo`,
  );
  expect(alarms["dead-jobs"]).toMatchObject({
    ...ANY_IN_FIVE_MINUTES,
    Statistic: "Maximum",
    TreatMissingData: "ignore",
  });
});

test("a job that waits for an hour raises an alarm, because nothing has failed then", () => {
  expect(metricOf("jobs-waiting")).toBe(
    `AWS/SQS ApproximateAgeOfOldestMessage QueueName=weighbridge-${STAGE}-jobs.fifo`,
  );
  expect(alarms["jobs-waiting"]).toMatchObject({
    ...ANY_IN_FIVE_MINUTES,
    Statistic: "Maximum",
    Threshold: 3600,
    TreatMissingData: "notBreaching",
  });
});

test("three intervals without a sweep raise an alarm, even if there is no data", () => {
  expect(metricOf("sweep-missing")).toBe(`AWS/Lambda Invocations FunctionName=weighbridge-${STAGE}-sweep`);
  expect(alarms["sweep-missing"]).toMatchObject({
    Statistic: "Sum",
    Period: 300,
    EvaluationPeriods: 3,
    ComparisonOperator: "LessThanThreshold",
    Threshold: 1,
    TreatMissingData: "breaching",
  });
});

test.each([
  ["webhook-failing", ["sweep"]],
  ["stale-session", ["worker", "http"]],
  ["broken", ["http", "worker", "sweep"]],
])("%s is raised by a line in the log of %s", (key, names) => {
  const byEvent = feeding(key).filter(({ FilterPattern }) => FilterPattern.includes("$.event"));
  expect(byEvent.map(({ LogGroupName }) => LogGroupName)).toEqual(
    names.map((name) => `/aws/lambda/weighbridge-${STAGE}-${name}`),
  );
  expect(new Set(byEvent.map(({ FilterPattern }) => FilterPattern)).size).toBe(1);
  expect(alarms[key]).toMatchObject({ ...ANY_IN_AN_HOUR, TreatMissingData: "notBreaching" });
});

test("a crash of http or worker counts as broken, by Lambda’s own line about it", () => {
  const crashes = feeding("broken").filter(({ FilterPattern }) => !FilterPattern.includes("$.event"));
  expect(crashes.map(({ LogGroupName, FilterPattern }) => [LogGroupName, FilterPattern])).toEqual(
    ["http", "worker"].map((name) => [
      `/aws/lambda/weighbridge-${STAGE}-${name}`,
      '{ ($.record.status = "error") || ($.record.status = "timeout") || ($.record.status = "failure") }',
    ]),
  );
});

/** Whether the alarm counts a line with this event. */
function rings(key: string, event: string): boolean {
  const filter = feeding(key).find(({ FilterPattern }) => FilterPattern.includes("$.event"));
  // AWS refuses longer ones.
  expect(filter?.FilterPattern.length).toBeLessThanOrEqual(1024);
  const one = String.raw`\(?\$\.event = "[\w*]+"\)?`;
  expect(filter?.FilterPattern).toMatch(new RegExp(String.raw`^\{ ${one}( \|\| ${one})* \}$`));
  const wanted = [...(filter?.FilterPattern.matchAll(/"([^"]+)"/g) ?? [])].map(([, text = ""]) => text);
  return wanted.some((text) => new RegExp(`^${text.replaceAll("*", ".*")}$`).test(event));
}

test("a stale session and a failing webhook raise alarms by the event of their line", () => {
  expect(rings("broken", "webhook_failing")).toBe(false);
  expect(rings("stale-session", "link_stale")).toBe(true);
  expect(rings("webhook-failing", "webhook_failing")).toBe(true);
  expect(rings("webhook-failing", "webhook_taken")).toBe(true);
});

/** Somebody blocked the bot, or Telegram was unreachable: the notice is sent later. */
const NO_FAULT_OF_OURS = ["notice_not_delivered"];

test("every event logged as an error raises an alarm, and no warning counts as something broken", () => {
  const events = (level: "error" | "warn") =>
    readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .flatMap((file) => [
        ...readFileSync(path.join("src", file), "utf8").matchAll(new RegExp(`log\\.${level}\\(\\s*"([^"]+)"`, "g")),
      ])
      .map(([, event = ""]) => event);
  const errors = [...new Set(events("error"))].filter((event) => !NO_FAULT_OF_OURS.includes(event));
  expect(errors.length).toBeGreaterThan(15);
  const ringsSomewhere = (event: string) =>
    ["broken", "stale-session", "webhook-failing"].some((key) => rings(key, event));
  expect(errors.filter((event) => !ringsSomewhere(event))).toEqual([]);
  expect(events("warn").filter((event) => rings("broken", event))).toEqual([]);
});
