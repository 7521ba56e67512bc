import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { ALARM_KEYS } from "../../src/bot/words/alarm-keys.ts";
import { FUNCTIONS, packaged, type Resource, STAGE } from "./packaged.ts";
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
  Metrics: z.array(z.looseObject({ MetricStat: z.looseObject({ Metric }).optional() })).optional(),
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
  withEmail = resolved((await packaged({ alarmEmail: "owner@example.org" })).template);
  alarms = Object.fromEntries(
    ofType(resources, "AWS::CloudWatch::Alarm").map((it) => {
      const alarm = Alarm.parse(it);
      return [alarm.AlarmName.replace(`weighbridge-${STAGE}-`, ""), alarm];
    }),
  );
  filters = ofType(resources, "AWS::Logs::MetricFilter").map((it) => Filter.parse(it));
}, 120_000);

/** What an alarm counts, as `namespace metric Dimension=value`. */
function metricsOf(key: string): string[] {
  const alarm = alarms[key];
  const several = alarm?.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
  return (several ?? [Metric.parse(alarm)]).map(({ Namespace, MetricName, Dimensions }) =>
    [Namespace, MetricName, ...Dimensions.map(({ Name, Value }) => `${Name}=${Value}`)].join(" "),
  );
}

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

test.each(FUNCTIONS)("%s has an alarm for its first error and its first throttling", (name) => {
  for (const [key, metric] of Object.entries({ errors: "Errors", throttles: "Throttles" })) {
    expect(metricsOf(`${name}-${key}`)).toEqual([`AWS/Lambda ${metric} FunctionName=weighbridge-${STAGE}-${name}`]);
    expect(alarms[`${name}-${key}`]).toMatchObject({ ...ANY_IN_FIVE_MINUTES, TreatMissingData: "notBreaching" });
  }
});

test("a dead-lettered job raises an alarm, which stays on while nobody reads the queue", () => {
  expect(metricsOf("dead-jobs")).toEqual([
    `AWS/SQS ApproximateNumberOfMessagesVisible QueueName=weighbridge-${STAGE}-dead.fifo`,
  ]);
  expect(alarms["dead-jobs"]).toMatchObject({
    ...ANY_IN_FIVE_MINUTES,
    Statistic: "Maximum",
    TreatMissingData: "ignore",
  });
});

test("a job that waits for an hour raises an alarm, because nothing has failed then", () => {
  expect(metricsOf("jobs-waiting")).toEqual([
    `AWS/SQS ApproximateAgeOfOldestMessage QueueName=weighbridge-${STAGE}-jobs.fifo`,
  ]);
  expect(alarms["jobs-waiting"]).toMatchObject({
    ...ANY_IN_FIVE_MINUTES,
    Statistic: "Maximum",
    Threshold: 3600,
    TreatMissingData: "notBreaching",
  });
});

test("three intervals without a sweep raise an alarm, even if there is no data", () => {
  expect(metricsOf("sweep-missing")).toEqual([`AWS/Lambda Invocations FunctionName=weighbridge-${STAGE}-sweep`]);
  expect(alarms["sweep-missing"]).toMatchObject({
    Statistic: "Sum",
    Period: 300,
    EvaluationPeriods: 3,
    ComparisonOperator: "LessThanThreshold",
    Threshold: 1,
    TreatMissingData: "breaching",
  });
});

test("a throttled read or write of the table raises an alarm", () => {
  expect(metricsOf("table-throttled")).toEqual([
    `AWS/DynamoDB ReadThrottleEvents TableName=weighbridge-${STAGE}`,
    `AWS/DynamoDB WriteThrottleEvents TableName=weighbridge-${STAGE}`,
  ]);
  const { Statistic: _, Period: __, ...rest } = ANY_IN_FIVE_MINUTES;
  expect(alarms["table-throttled"]).toMatchObject({
    ...rest,
    TreatMissingData: "notBreaching",
    Metrics: [
      { Expression: "FILL(reads, 0) + FILL(writes, 0)" },
      { Id: "reads", ReturnData: false, MetricStat: { Stat: "Sum", Period: 300 } },
      { Id: "writes", ReturnData: false, MetricStat: { Stat: "Sum", Period: 300 } },
    ],
  });
});

test.each([
  ["webhook-failing", ["sweep"]],
  ["stale-session", ["worker", "http"]],
  ["broken", ["http", "worker", "sweep"]],
])("%s is raised by a line in the log of %s", (key, names) => {
  const [metric] = metricsOf(key);
  const feeding = filters.filter(({ MetricTransformations: [{ MetricNamespace, MetricName }] }) => {
    return `${MetricNamespace} ${MetricName}` === metric;
  });
  expect(feeding.map(({ LogGroupName }) => LogGroupName)).toEqual(
    names.map((name) => `/aws/lambda/weighbridge-${STAGE}-${name}`),
  );
  expect(new Set(feeding.map(({ FilterPattern }) => FilterPattern)).size).toBe(1);
  expect(alarms[key]).toMatchObject({ ...ANY_IN_AN_HOUR, TreatMissingData: "notBreaching" });
});

/** Whether the alarm counts a line with this event. */
function rings(key: string, event: string): boolean {
  const [metric] = metricsOf(key);
  const filter = filters.find(({ MetricTransformations: [{ MetricNamespace, MetricName }] }) => {
    return `${MetricNamespace} ${MetricName}` === metric;
  });
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
