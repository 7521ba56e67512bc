/**
 * Amazon's list prices for us-east-1 in US dollars, from its price pages and guides to them in 2026. Nothing looks them up:
 * change them for another region or a later time. Free amounts are those that don't end after a year.
 */
export const PRICES = {
  lambdaGbSeconds: { dollars: 0.0000133334, free: 400_000, source: "aws.amazon.com/lambda/pricing, arm64" },
  lambdaRequests: { dollars: 0.2e-6, free: 1e6, source: "aws.amazon.com/lambda/pricing" },
  tableReads: { dollars: 0.125e-6, free: 0, source: "aws.amazon.com/dynamodb/pricing/on-demand" },
  tableWrites: { dollars: 0.625e-6, free: 0, source: "aws.amazon.com/dynamodb/pricing/on-demand" },
  tableGb: { dollars: 0.25, free: 25, source: "aws.amazon.com/dynamodb/pricing/on-demand" },
  tableBackupGb: { dollars: 0.2, free: 0, source: "aws.amazon.com/dynamodb/pricing/on-demand, point-in-time recovery" },
  queueRequests: { dollars: 0.5e-6, free: 1e6, source: "aws.amazon.com/sqs/pricing, FIFO" },
  keyRequests: { dollars: 0.03 / 10_000, free: 20_000, source: "aws.amazon.com/kms/pricing" },
  logGb: {
    dollars: 0.53,
    free: 5,
    source: "aws.amazon.com/cloudwatch/pricing, 0.50 taken in and 0.03 kept for a month",
  },
  alarmMetrics: { dollars: 0.1, free: 10, source: "aws.amazon.com/cloudwatch/pricing" },
  ownMetrics: { dollars: 0.3, free: 10, source: "aws.amazon.com/cloudwatch/pricing" },
} as const;
export type Priced = keyof typeof PRICES;
export type Usage = Record<Priced, number>;

export function dollarsOf(usage: Usage, { withFree }: { withFree: boolean }): Record<Priced, number> & { all: number } {
  const of = (name: Priced) => {
    const { dollars, free } = PRICES[name];
    return Math.max(0, usage[name] - (withFree ? free : 0)) * dollars;
  };
  const names = Object.keys(PRICES) as Priced[];
  const each = Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Priced, number>;
  return { ...each, all: names.reduce((sum, name) => sum + each[name], 0) };
}
