export type ConsolePlace = { what: "queue" | "log" | "function"; name: string } | { what: "alarms"; name?: undefined };

/** Undefined if the alarm's ARN doesn't name the region and account. */
export function consoleUrl(
  { what, name }: ConsolePlace,
  { arn, stage }: { arn: string | undefined; stage: string },
): string | undefined {
  const [, region, account] = arn?.match(/^arn:aws:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:/) ?? [];
  if (!region || !account) return undefined;
  const prefix = `weighbridge-${stage}`;
  const inConsole = (service: string, rest: string) =>
    `https://${region}.console.aws.amazon.com/${service}/home?region=${region}#${rest}`;
  switch (what) {
    case "queue": {
      const queue = `https://sqs.${region}.amazonaws.com/${account}/${prefix}-${name}`;
      return inConsole("sqs/v3", `/queues/${encodeURIComponent(queue)}`);
    }
    case "log":
      // The console escapes twice, with a dollar instead of the percent sign.
      return name
        ? inConsole("cloudwatch", `logsV2:log-groups/log-group/$252Faws$252Flambda$252F${prefix}-${name}`)
        : inConsole("cloudwatch", `logsV2:log-groups$3FlogGroupNameFilter$3D${prefix}`);
    case "function":
      return inConsole("lambda", `/functions/${prefix}-${name}`);
    case "alarms":
      return inConsole("cloudwatch", "alarmsV2:");
  }
}
